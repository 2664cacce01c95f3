# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A job that is cancelled in the middle of a plan over several hosts, here and on another node."""

from __future__ import annotations

import json
import re
import subprocess
from typing import Any

from ansible_collections.hyperv.replica.tests.integration.awx.conftest import Begin
from ansible_collections.hyperv.replica.tests.integration.awx.job import Controller, Ended, Event
from ansible_collections.hyperv.replica.tests.integration.awx.test_jobs import changes, runs_on
from ansible_collections.hyperv.replica.tests.integration.playbook.estates import three_tiers, tiered, tiered_plan

PLAN = tiered_plan(2)
MOVE: dict[str, Any] = {"hyperv_replica_plan": PLAN, "failover_poll_interval": 0.2}

#: A host is asked for something on behalf of a machine, as ``DB1: hv-a → hv-b: Method on hv-a: why``.
ASKED = re.compile(r"\w+: hv-\w → hv-\w: (\w+) on (hv-\w):")


def announced(job: Ended) -> set[tuple[str, str]]:
    """Method and host of each step that the output names."""
    return {(match[1], match[2]) for match in ASKED.finditer(job.output)}


def sent(controller: Controller, since: int) -> set[tuple[str, str]]:
    return {(entry["method"], entry["host"].lower()) for entry in controller.simulation.log(since) if entry["mutating"]}


def settled(controller: Controller, began: int, job: Ended) -> None:
    """Nothing is asked for after the job, whatever the hosts come to, and the output says all that was asked for."""
    asked = changes(controller, began)
    controller.simulation.advance(600)
    assert changes(controller, began) == asked
    assert {("InitiateShutdown", "hv-a"), ("InitiateShutdown", "hv-c")} <= sent(controller, began)
    assert sent(controller, began) <= announced(job), job.output


def goes_on(controller: Controller) -> None:
    controller.simulation.set_rate(120)
    again = controller.start("failover.yml", MOVE)

    assert again.status == "successful", again.output
    assert set(runs_on(controller)) == set(tiered(2))
    assert {host for hosts in runs_on(controller).values() for host in hosts} == {"HV-B", "HV-D"}


def shutting_down(text: str) -> set[str]:
    return {match[2] for match in ASKED.finditer(text) if match[1] == "InitiateShutdown"}


def test_a_cancelled_job_over_several_hosts_asks_for_nothing_more_and_says_what_each_was_asked_for(
    begin: Begin,
) -> None:
    controller = begin(three_tiers(2), rate=1.0)
    seen: set[str] = set()

    def watch(event: Event) -> None:
        seen.update(shutting_down(event["stdout"]))

    began = controller.simulation.mark("job")
    job = controller.start("failover.yml", MOVE, watch=watch, cancelled=lambda: {"hv-a", "hv-c"} <= seen)

    assert job.status == "canceled", job.output
    settled(controller, began, job)
    goes_on(controller)


def test_a_worker_that_is_told_to_end_asks_for_nothing_more_and_says_what_each_was_asked_for(begin: Begin) -> None:
    controller = begin(three_tiers(2), rate=1.0)

    def watch(line: bytes, worker: subprocess.Popen[bytes], seen: set[str]) -> None:
        told = json.loads(line) if line.startswith(b"{") else {}
        seen.update(shutting_down(str(told.get("stdout", ""))))
        if {"hv-a", "hv-c"} <= seen:
            worker.terminate()  # what receptor does with a unit of work that is cancelled

    began = controller.simulation.mark("job")
    job = controller.transmit("failover.yml", MOVE, watch=watch)

    assert job.status == "canceled", job.output
    settled(controller, began, job)
    goes_on(controller)
