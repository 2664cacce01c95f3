# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Real ansible-playbook runs of a whole plan over two pairs of hosts, from a task on the controller."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.hyperv.replica.tests.integration.playbook.conftest import SetStage
from ansible_collections.hyperv.replica.tests.integration.playbook.estates import three_tiers, tiered, tiered_plan
from ansible_collections.hyperv.replica.tests.integration.playbook.stage import Run, Stage

#: Where each VM of ``three_tiers`` runs after the move.
THERE = {name: ["HV-B" if place % 2 == 0 else "HV-D"] for place, name in enumerate(tiered())}
HOME = {name: ["HV-A" if place % 2 == 0 else "HV-C"] for place, name in enumerate(tiered())}


@pytest.fixture
def stage(set_stage: SetStage) -> Stage:
    """Twelve VMs in three tiers on two pairs of hosts."""
    return set_stage(three_tiers())


def moved(stage: Stage, plan: dict[str, Any] | None = None, *arguments: str, **options: Any) -> Run:
    """Run the module on the controller."""
    given = {"plan": plan or tiered_plan(), "to": "recovery", "simulated_guests": True, **options}
    return stage.task("hyperv_replica_recovery_plan", "localhost", arguments=["-c", "local", *arguments], **given)


def where(stage: Stage) -> dict[str, list[str]]:
    return {name: stage.runs_on(name) for name in tiered()}


def asked(run: Run, method: str) -> list[str]:
    """The VMs for which a method was asked, as the journal of the run has it."""
    return [
        record["vm"] for record in run.result["records"] if record["event"] == "asking" and record["method"] == method
    ]


def test_a_plan_goes_over_and_comes_home_in_its_order_and_a_second_run_changes_nothing(stage: Stage) -> None:
    over = moved(stage)
    there = where(stage)
    again = moved(stage)
    home = moved(stage, to="home")

    assert over.code == 0, over.output
    assert there == THERE
    assert asked(over, "InitiateShutdown") == tiered()[::-1]
    assert all(vm["recovered_at"] == vm["served_at"] for vm in over.result["vms"])
    assert {vm["tier"] for vm in over.result["vms"]} == {"database", "application", "web"}
    assert set(over.result["exchanges"]) == {"hv-a", "hv-b", "hv-c", "hv-d"}
    assert (again.result["changed"], again.changes) == (False, [])
    assert set(again.outcomes.values()) == {"already_there"}
    assert where(stage) == HOME
    assert set(home.outcomes.values()) == {"moved"}
    assert stage.lossless()


def test_the_timetable_is_printed_before_anything_moves_and_beside_it_what_came_of_it(stage: Stage) -> None:
    check = moved(stage, None, "--check", "--diff")
    run = moved(stage)

    predicted = run.result["schedule"]
    assert check.changes == []
    assert check.result["schedule"]["lines"] == predicted["lines"]
    assert all(line in check.output for line in predicted["lines"])
    assert run.output.index(predicted["lines"][0]) < run.output.index(predicted["compared"][-1])
    assert [row["name"] for row in predicted["vms"]] == tiered()
    assert all(row["actual_seconds"] is not None for row in predicted["vms"])
    planned = {vm["name"]: [step["method"] for step in vm["plan"] if step["mutates"]] for vm in check.result["vms"]}
    done = {vm["name"]: [step["method"] for step in vm["performed"] if step["mutates"]] for vm in run.result["vms"]}
    assert planned == done


def test_a_host_that_is_away_fails_its_own_vms_and_nothing_is_unreachable(stage: Stage) -> None:
    stage.inventory(of={"hv-d": {"ansible_port": 9, "ansible_psrp_port": 9}})

    run = moved(stage, on_vm_failure="continue")

    lost = {vm["name"] for vm in run.result["vms"] if vm["error"] and vm["error"]["kind"] == "peer_unreachable"}
    assert run.status == "failed"
    assert lost == {name for name, hosts in THERE.items() if hosts == ["HV-D"]}
    assert stage.runs_on("DB1") == ["HV-B"]
    assert stage.runs_on("DB2") == ["HV-C"]


def test_a_dead_guest_fails_its_dependents_and_users_are_told_which(set_stage: SetStage) -> None:
    estate = three_tiers()
    estate["replicated"][0]["guest"]["answers"] = False
    stage = set_stage(estate)
    dead: dict[str, Any] = {"guest_shutdown_timeout": 1, "if_guest_stays_up": "turn_off", "guest_timeout": 2}

    run = moved(stage, on_vm_failure="continue", on_failure="stop", **dead)

    kinds = {vm["name"]: vm["error"]["kind"] for vm in run.result["vms"] if vm["error"]}
    assert kinds.pop("DB1") == "guest_silent"
    assert set(kinds.values()) == {"dependency"}
    assert set(kinds) == {f"{tier}{number}" for tier in ("APP", "WEB") for number in range(1, 5)}


def test_a_run_that_is_killed_in_the_middle_is_ended_by_running_it_again(stage: Stage) -> None:
    given = {"plan": tiered_plan(), "to": "recovery", "simulated_guests": True, "poll_interval": 0.05}
    stage.play("localhost", [{"name": "move", "hyperv.replica.hyperv_replica_recovery_plan": given}])
    running = stage.start("-c", "local")
    running.until_asked("InitiateFailover")
    running.kill()

    again = stage.run("-c", "local")

    assert again.code == 0, again.output
    assert where(stage) == THERE
    assert stage.lossless()


def test_a_part_of_a_plan_waits_for_what_it_depends_on_where_that_is(stage: Stage) -> None:
    first = moved(stage, tiers=["database"])
    shard = moved(stage, tiers=["application", "web"])
    stranger = moved(stage, vms=["DB9"])

    assert set(first.outcomes) == {"DB1", "DB2", "DB3", "DB4"}
    assert set(shard.outcomes.values()) == {"moved"}
    assert where(stage) == THERE
    assert stranger.error["kind"] == "bad_option"


def test_what_others_need_moves_last_and_alone_and_is_tried_before_the_next(stage: Stage) -> None:
    plan = tiered_plan()
    for vm in plan["vms"]:
        vm["depends_on"] = []
    plan["vms"][0]["provides"] = ["dns"]
    plan["vms"][1]["provides"] = ["kdc"]
    plan["provided_elsewhere"] = ["dns", "kdc"]

    run = moved(stage, plan)

    order = asked(run, "InitiateShutdown")
    switched = max(place for place, entry in enumerate(run.sent) if entry["method"] == "ReverseReplicationRelationship")
    shut = [place for place, entry in enumerate(run.sent) if entry["method"] == "InitiateShutdown"]
    between = run.sent[shut[-2] : shut[-1]]
    tried = {entry["host"] for entry in between if entry["method"] == "TestReplicationConnection"}
    signed_in = {entry["host"] for entry in between if entry["kind"] == "sign_in"}
    assert run.code == 0, run.output
    assert order[-2:] == ["DB1", "DB2"]
    assert switched > shut[-1]
    assert tried == {"HV-A", "HV-B"}
    assert signed_in == {"HV-A", "HV-B"}
    assert stage.lossless()


def test_a_lost_site_does_not_stop_an_unplanned_move_of_the_whole_plan(stage: Stage) -> None:
    for host in ("HV-A", "HV-C"):
        stage.simulation.act("power_loss", host=host)
    stage.simulation.advance(900)
    lost: dict[str, Any] = {
        "mode": "unplanned",
        "max_data_loss": "1h",
        "outage_began": "from_last_replication",
        "primary_confirmed_down": "the night shift, INC0099120",
    }

    run = moved(stage, **lost)

    assert run.code == 0, run.output
    assert where(stage) == THERE
    assert {vm["strategy"] for vm in run.result["vms"]} == {"unplanned"}
    assert not stage.simulation.ledger()["split_brains"]
