# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Playbooks of this collection, started as AWX starts jobs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ansible_collections.hyperv.replica.tests.integration.awx.conftest import Begin
from ansible_collections.hyperv.replica.tests.integration.awx.job import Controller, Event

PLAN: dict[str, Any] = {
    "schema_version": 1,
    "name": "accounting",
    "vms": [
        {"name": "SQL01", "home": "hv-a", "recovery": "hv-b"},
        {"name": "WEB01", "home": "hv-a", "recovery": "hv-b"},
    ],
}
MOVE: dict[str, Any] = {"hyperv_replica_plan": PLAN, "failover_poll_interval": 0.2, "failback_poll_interval": 0.2}


def runs_on(controller: Controller) -> dict[str, list[str]]:
    """The hosts that each virtual machine is alive on."""
    found: dict[str, list[str]] = {}
    for name, host in controller.simulation.world()["hosts"].items():
        for copy in host["vms"].values():
            found.setdefault(copy["name"], []).extend([name] if copy["alive"] else [])
    return found


def changes(controller: Controller, since: int) -> list[str]:
    return [entry["method"] for entry in controller.simulation.log(since) if entry["mutating"]]


def test_a_password_given_at_the_prompt_moves_the_plan_and_stands_in_nothing_that_is_kept(begin: Begin) -> None:
    controller = begin()

    job = controller.start("failover.yml", MOVE)

    assert job.status == "successful", job.output
    assert runs_on(controller) == {"SQL01": ["HV-B"], "WEB01": ["HV-B"]}
    password = controller.simulation.access["password"]
    assert password not in json.dumps(job.events)
    kept = [
        path for path in controller.folder.rglob("*") if path.is_file() and not path.is_relative_to(home(controller))
    ]
    assert [path.name for path in kept if password in path.read_text(encoding="utf-8", errors="replace")] == []


def home(controller: Controller) -> Path:
    return controller.folder / "home"


def test_progress_is_an_event_while_the_task_runs(begin: Begin) -> None:
    controller = begin()
    seen: list[tuple[str, str]] = []

    def watch(event: Event) -> None:
        seen.append((event["event"], event["stdout"]))

    job = controller.start("failover.yml", MOVE, watch=watch)

    assert job.status == "successful", job.output
    said = [number for number, (kind, text) in enumerate(seen) if kind == "verbose" and "InitiateFailover on" in text]
    told = [number for number, (kind, text) in enumerate(seen) if "moved" in text and kind.startswith("runner")]
    assert said
    assert said[0] < told[0]


def test_a_cancelled_job_begins_no_new_step_and_its_output_says_what_was_under_way(begin: Begin) -> None:
    controller = begin(
        rate=1.0
    )  # the guests take ten seconds to shut down; the runner looks every few whether to go on
    shutting: list[str] = []

    def watch(event: Event) -> None:
        if "InitiateShutdown on" in event["stdout"]:
            shutting.append(event["stdout"])

    began = controller.simulation.mark("job")
    job = controller.start("failover.yml", MOVE, watch=watch, cancelled=lambda: bool(shutting))
    asked = changes(controller, began)
    controller.simulation.advance(600)

    assert job.status == "canceled"
    assert changes(controller, began) == asked
    assert set(asked) == {"InitiateShutdown"}
    assert "InitiateShutdown on hv-a" in job.output

    controller.simulation.set_rate(120)
    again = controller.start("failover.yml", MOVE)

    assert again.status == "successful", again.output
    assert runs_on(controller) == {"SQL01": ["HV-B"], "WEB01": ["HV-B"]}


def test_a_slice_that_lacks_a_host_is_refused_with_the_reason(begin: Begin) -> None:
    controller = begin()
    controller.only = ["hv-b"]
    began = controller.simulation.mark("job")

    job = controller.start("failover.yml", MOVE)

    assert job.status == "failed"
    assert changes(controller, began) == []
    assert "hv-a" in job.output
    assert "slice" in job.output
    assert "plan_shard" in job.output


def test_a_check_job_changes_nothing_and_shows_the_plan(begin: Begin) -> None:
    controller = begin()
    began = controller.simulation.mark("job")

    job = controller.start("failover.yml", MOVE, check=True)

    assert job.status == "successful", job.output
    assert changes(controller, began) == []


def test_what_a_survey_asked_reaches_the_run(begin: Begin) -> None:
    controller = begin()
    answers = {"awx_reason": "quarterly drill, CHG1", "awx_vms": "WEB01\n\n", "failover_consent": ["resume_suspended"]}

    job = controller.start("failover.yml", {**MOVE, **answers})

    assert job.status == "successful", job.output
    assert runs_on(controller) == {"SQL01": ["HV-A"], "WEB01": ["HV-B"]}
    consents = [result["consent"] for result in job.results("hyperv_replica_recovery_plan")]
    assert {"given": ["resume_suspended"], "reason": "quarterly drill, CHG1"} in consents


def test_two_shards_move_the_plan_together_and_no_machine_twice(begin: Begin) -> None:
    controller = begin()

    first = controller.start("failover.yml", {**MOVE, "failover_plan_shard": "1/2"})
    second = controller.transmit("failover.yml", {**MOVE, "failover_plan_shard": "2/2"})

    assert (first.status, second.status) == ("successful", "successful"), first.output + second.output
    assert runs_on(controller) == {"SQL01": ["HV-B"], "WEB01": ["HV-B"]}


def test_a_job_runs_on_another_node_by_transmit_worker_and_process(begin: Begin) -> None:
    controller = begin()

    job = controller.transmit("failover.yml", MOVE)

    assert job.status == "successful", job.output
    assert runs_on(controller) == {"SQL01": ["HV-B"], "WEB01": ["HV-B"]}
