# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Real ansible-playbook runs that end half way: who was switched off serves again, and who was off stays off."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.hyperv.replica.tests.integration.playbook.conftest import SetStage
from ansible_collections.hyperv.replica.tests.integration.playbook.estates import three_tiers, tiered, tiered_plan
from ansible_collections.hyperv.replica.tests.integration.playbook.stage import Run, Stage
from ansible_collections.hyperv.replica.tests.integration.playbook.test_plan_roles import ran, results

#: What no guest is waited for long with.
DEAD: dict[str, Any] = {"guest_shutdown_timeout": 1, "if_guest_stays_up": "turn_off", "guest_timeout": 2}
#: The hosts' time runs so much faster, so what was a short time ago by theirs is one by ours.
RATE = 120.0
#: What may end a role between two tiers.
AROUND: dict[str, dict[str, Any]] = {
    "hook": {"before": ["hooks/no.yml"]},
    "pause": {"pause_before": "Is the storage team ready?"},
}
FAILS = "- ansible.builtin.fail: {msg: the storage team says no}\n"
HOME = {"DB1": ["HV-A"], "DB2": ["HV-C"], "APP1": ["HV-A"], "APP2": ["HV-C"], "WEB1": ["HV-A"], "WEB2": []}
THERE = {name: [{"HV-A": "HV-B", "HV-C": "HV-D"}[host] for host in on] for name, on in HOME.items()}


def staged(set_stage: SetStage, *, dead: str = "") -> Stage:
    """Six VMs in three tiers, of which WEB2 was off before all began; the guest of one of them may be dead."""
    estate = three_tiers(2)
    for vm in estate["replicated"]:
        vm["power"] = "off" if vm["name"] == "WEB2" else "running"
        vm["guest"]["answers"] = vm["name"] != dead
    stage = set_stage(estate, rate=RATE)
    stage.inventory(of={host["name"].lower(): {"hyperv_replica_simulated_rate": RATE} for host in estate["hosts"]})
    return stage


def where(stage: Stage) -> dict[str, list[str]]:
    return {name: stage.runs_on(name) for name in tiered(2)}


def moved(stage: Stage, **options: Any) -> Run:
    given: dict[str, Any] = {
        "plan": tiered_plan(2),
        "simulated_guests": True,
        "simulated_rate": RATE,
        "poll_interval": 0.05,
    }
    given |= {**DEAD, **options}
    return stage.task("hyperv_replica_recovery_plan", "localhost", arguments=["-c", "local"], **given)


def hooked(stage: Stage, **of_tier: Any) -> dict[str, Any]:
    """The plan with something around its second tier."""
    written = tiered_plan(2)
    written["tiers"][1] |= of_tier
    stage.write("hooks/no.yml", FAILS)
    return written


def test_a_run_back_starts_what_a_stopped_run_had_switched_off_and_nothing_else(set_stage: SetStage) -> None:
    stage = staged(set_stage, dead="DB1")
    over = moved(stage, to="recovery", on_failure="stop")
    between = where(stage)

    back = moved(stage, to="home", on_vm_failure="continue")

    assert over.status == "failed"
    assert (between["APP1"], between["WEB1"]) == ([], [])
    assert {vm["name"] for vm in over.result["vms"] if not vm["served_before"]} == {"WEB2"}
    assert where(stage) == HOME, back.output
    assert stage.lossless()


def test_a_caller_who_knows_who_served_is_believed_however_late_it_is(set_stage: SetStage) -> None:
    stage = staged(set_stage, dead="DB1")
    over = moved(stage, to="recovery", on_failure="stop")
    served = [vm["name"] for vm in over.result["vms"] if vm["served_before"]]
    stage.simulation.advance(20 * 86400)

    back = moved(stage, to="home", on_vm_failure="continue", served_before=served)

    assert where(stage) == HOME, back.output


def test_a_hook_that_fails_leaves_later_tiers_off_and_running_it_again_goes_on(set_stage: SetStage) -> None:
    stage = staged(set_stage)
    written = hooked(stage, before=["hooks/no.yml"])

    over = ran(stage, "failover", written)
    between = where(stage)
    stage.write("hooks/no.yml", "[]\n")
    again = ran(stage, "failover", written)

    assert over.code != 0
    assert between == {"DB1": ["HV-B"], "DB2": ["HV-D"], "APP1": [], "APP2": [], "WEB1": [], "WEB2": []}
    assert "Switched off and not started yet: APP1, APP2, WEB1." in " ".join(results(over)["messages"])
    assert again.code == 0, again.output
    assert where(stage) == THERE
    assert stage.lossless()


def test_a_no_at_a_pause_is_gone_on_from_days_later_by_whom_it_said_to_start(set_stage: SetStage) -> None:
    stage = staged(set_stage)
    written = hooked(stage, pause_before="Is the storage team ready?")
    over = ran(stage, "failover", written)
    stage.simulation.advance(20 * 86400)

    again = ran(stage, "failover", written, pauses="approved", served_before=[n for n, on in HOME.items() if on])

    assert f"failover_served_before: {json.dumps([n for n, on in HOME.items() if on])}" in " ".join(
        results(over)["messages"]
    )
    assert again.code == 0, again.output
    assert where(stage) == THERE


@pytest.mark.parametrize("what", ["hook", "pause"])
@pytest.mark.parametrize("role", ["failover", "failback"])
def test_what_ends_a_role_between_two_tiers_makes_it_walk_back_where_the_plan_says_so(
    set_stage: SetStage, what: str, role: str
) -> None:
    stage = staged(set_stage)
    if role == "failback":
        moved(stage, to="recovery")
    begun = where(stage)
    around = AROUND[what]

    run = ran(stage, role, hooked(stage, on_vm_failure="walk_back", **around))

    said = {"hook": "the storage team says no", "pause": "Is the storage team ready?"}[what]
    assert run.code != 0
    assert said in json.dumps(results(run)["messages"])
    assert where(stage) == begun
    assert stage.lossless()


def test_dependents_of_a_dead_guest_come_back_into_service_when_a_role_walks_back(set_stage: SetStage) -> None:
    stage = staged(set_stage, dead="DB1")
    written = tiered_plan(2)
    for tier in written["tiers"]:
        tier["on_vm_failure"] = "walk_back"

    run = ran(stage, "failover", written, **DEAD, on_failure="stop")

    assert run.code != 0
    assert where(stage) == HOME
    assert stage.lossless()
