# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Drills with production that are killed in any of their stages, and run again."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.hyperv.replica.tests.integration.playbook.conftest import SetStage
from ansible_collections.hyperv.replica.tests.integration.playbook.estates import replicated, two_sites
from ansible_collections.hyperv.replica.tests.integration.playbook.stage import Running, Stage
from ansible_collections.hyperv.replica.tests.integration.playbook.test_drill import bundles, drilled, play, results
from ansible_collections.hyperv.replica.tests.integration.playbook.test_drill_roles import PLAN
from ansible_collections.hyperv.replica.tests.integration.playbook.test_hyperv_drill_report import entries

Moment = Callable[[Running], None]
WEB = {**PLAN, "vms": PLAN["vms"][:1]}


def asked(host: str, method: str) -> Moment:
    """A host has carried out this method."""

    def met(sent: list[dict[str, Any]]) -> bool:
        return any((one["host"], one["method"]) == (host, method) and one["executed"] for one in sent)

    return lambda running: running.until(met)


def said(words: str) -> Moment:
    """The playbook has begun this task."""

    def wait(running: Running) -> None:
        deadline = time.monotonic() + 180
        while words not in (running.stage.folder / "output.txt").read_text(encoding="utf-8"):
            if running.process.poll() is not None or time.monotonic() > deadline:
                running.kill()
                raise AssertionError((running.stage.folder / "output.txt").read_text(encoding="utf-8"))
            time.sleep(0.02)

    return wait


MOMENTS: dict[str, Moment] = {
    "preflight": said("Hold the rules against each pair of hosts"),
    "shut down": asked("HV-A", "InitiateShutdown"),
    "prepared": asked("HV-A", "RequestReplicationStateChangeEx"),
    "failed over": asked("HV-B", "InitiateFailover"),
    "started there": asked("HV-B", "RequestStateChange"),
    "verify there": said("Verify at the recovery site"),
    "on the way home": asked("HV-A", "InitiateFailover"),
    "verify at home": said("Verify at home"),
    "report": said("Write the bundle"),
}


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_drill_that_was_killed_is_ended_by_running_it_again(set_stage: SetStage, moment: str) -> None:
    # Not as fast as elsewhere: a machine that went off an hour of simulated time ago counts as switched off on purpose.
    stage = set_stage(two_sites(replicated("WEB01")), rate=40.0)
    play(stage, WEB)
    first = stage.start()
    MOMENTS[moment](first)
    first.kill()
    changed = [one for one in stage.simulation.log(first.number) if one["mutating"] and one["executed"]]

    again = drilled(stage, WEB)

    assert again.code == 0, again.output
    assert results(stage)["verdict"] == "PASSED"
    assert stage.runs_on("WEB01") == ["HV-A"]
    assert stage.copy("hv-a", "WEB01")["relationships"][0]["state"]["name"] == "REPLICATING"
    assert stage.lossless()
    [bundle] = bundles(stage)
    methods = [record["method"] for record in entries(bundle, "record") if record["event"] == "asking"]
    assert [one["method"] for one in changed] == methods[: len(changed)]
    assert failovers(stage) == ["HV-B", "HV-A"], "there once, and home once"


@pytest.mark.parametrize("moment", ["shut down", "failed over"])
def test_what_a_killed_drill_had_shut_down_is_started_however_late(set_stage: SetStage, moment: str) -> None:
    stage = set_stage(two_sites(replicated("WEB01")), rate=40.0)
    play(stage, WEB)
    first = stage.start()
    MOMENTS[moment](first)
    first.kill()
    stage.simulation.advance(3 * 3600)

    again = drilled(stage, WEB)

    assert again.code == 0, again.output
    assert stage.runs_on("WEB01") == ["HV-A"]
    assert failovers(stage) == ["HV-B", "HV-A"]


def failovers(stage: Stage) -> list[str]:
    """The hosts that a virtual machine was failed over to, in all runs."""
    return [one["host"] for one in stage.simulation.log() if one["method"] == "InitiateFailover" and one["executed"]]
