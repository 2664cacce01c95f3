# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Verification of a whole plan: all its hosts at the same time, and each VM within its own time."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from ansible_collections.hyperv.replica.tests.integration.playbook.conftest import SetStage
from ansible_collections.hyperv.replica.tests.integration.playbook.estates import (
    replicated,
    three_tiers,
    tiered_plan,
    two_sites,
)
from ansible_collections.hyperv.replica.tests.integration.playbook.stage import Run, Stage
from ansible_collections.hyperv.replica.tests.integration.playbook.test_drill_roles import PLAN, facts, role


def verified(stage: Stage, plan: dict[str, Any], *vms: str, **options: Any) -> Run:
    """One task over the plan, on the controller."""
    return stage.task("hyperv_replica_verify", "localhost", vms, keywords={"connection": "local"}, plan=plan, **options)


def recovered(vms: list[dict[str, Any]]) -> dict[str, datetime | None]:
    return {
        vm["name"]: None if vm["recovered_at"] is None else datetime.fromisoformat(vm["recovered_at"]) for vm in vms
    }


def told(run: Run) -> dict[str, str]:
    return {vm["name"]: vm["verdict"] for vm in run.result.get("vms", ())} or {"": str(run.result)}


def plan_of(tier_size: int = 1, **limits: str) -> dict[str, Any]:
    """Three tiers on two pairs of hosts, with limits for those that are named; no probes."""
    plan = tiered_plan(tier_size)
    for vm in plan["vms"]:
        vm["probes"] = []
        if vm["name"] in limits:
            vm["limits"] = {"rto": limits[vm["name"]]}
    return plan


def test_a_dead_vm_does_not_hold_up_the_vms_of_other_hosts(set_stage: SetStage) -> None:
    stage = set_stage(three_tiers(1))
    stage.simulation.act("stop_guest_answering", host="HV-A", vm="DB1")
    stage.simulation.act("stop_guest_answering", host="HV-C", vm="APP1")

    run = verified(stage, plan_of(DB1="12s", APP1="3s"), at="home")

    ended, at = datetime.now(timezone.utc), recovered(run.result["vms"])
    assert told(run) == {"DB1": "failed", "APP1": "failed", "WEB1": "passed"}
    assert (at["DB1"], at["APP1"]) == (None, None)
    assert at["WEB1"] is not None
    assert (ended - at["WEB1"]).total_seconds() > 10  # the dead one was waited for until its time was over


def test_each_vm_of_any_host_is_recovered_when_it_is_and_not_when_the_others_are(set_stage: SetStage) -> None:
    stage = set_stage(three_tiers(1), rate=1.0)
    stage.simulation.act("stop_guest_answering", host="HV-A", vm="DB1")
    plan = plan_of(DB1="60s", APP1="60s")
    stage.play(
        "localhost",
        [{"hyperv.replica.hyperv_replica_verify": {"plan": plan, "poll_interval": 0.2}}],
        connection="local",
    )
    running = stage.start()
    running.until(lambda sent: len([one for one in sent if one["host"] == "HV-A"]) > 90)
    stage.simulation.act("let_guest_answer", host="HV-A", vm="DB1")
    run = stage.finish(running)

    at = recovered(run.result["vms"])
    assert run.code == 0, run.output
    assert at["DB1"] is not None
    assert at["APP1"] is not None
    assert (at["DB1"] - at["APP1"]).total_seconds() > 1


def test_each_host_is_asked_one_query_per_class_however_many_vms_it_has(set_stage: SetStage) -> None:
    stage = set_stage(three_tiers(4))

    few = verified(stage, plan_of(4), "DB1", "DB2")
    many = verified(stage, plan_of(4))

    assert few.result["summary"]["passed"] == 2
    assert many.result["summary"]["passed"] == 12
    assert many.result["exchanges"] == few.result["exchanges"]
    assert set(many.result["exchanges"]) == {"hv-a", "hv-b", "hv-c", "hv-d"}


def test_hosts_that_are_silent_at_first_are_asked_again_and_their_vms_found(set_stage: SetStage) -> None:
    stage = set_stage(three_tiers(1))
    for host in ("HV-A", "HV-B"):
        stage.simulation.trouble({"kind": "refuse_connection", "match": {"host": host}, "seconds": 4})

    run = verified(stage, plan_of(DB1="60s", WEB1="60s"))

    at = recovered(run.result["vms"])
    assert told(run) == {"DB1": "passed", "APP1": "passed", "WEB1": "passed"}, run.output
    assert run.result["not_reached"] == []
    assert at["DB1"] is not None
    assert at["APP1"] is not None
    assert at["DB1"] > at["APP1"]


def test_a_vm_that_is_not_there_is_red_alone_and_says_why(set_stage: SetStage) -> None:
    stage = set_stage(two_sites(replicated("WEB01")))

    run = verified(stage, PLAN)

    assert told(run) == {"WEB01": "passed", "SQL01": "failed"}
    assert "SQL01" in run.result["vms"][1]["failing"]
    assert run.status == "failed"


def test_a_host_beside_the_plan_is_refused_before_anything_is_asked(stage: Stage) -> None:
    run = verified(stage, {**PLAN, "vms": [{**PLAN["vms"][0], "home": "hv-z"}]})

    assert run.error["kind"] == "bad_plan"
    assert "hv-z" in run.error["msg"]
    assert run.sent == []


def test_a_plan_and_a_peer_are_not_given_together(stage: Stage) -> None:
    run = verified(stage, PLAN, peer="hv-b")

    assert run.status == "failed"
    assert "mutually exclusive" in run.output


def test_a_task_file_does_not_wait_for_a_vm_that_stays_dead(stage: Stage) -> None:
    stage.simulation.act("stop_guest_answering", host="HV-A", vm="SQL01")
    stage.write("checks/web.yml", "- ansible.builtin.command: echo well\n")
    web, sql = PLAN["vms"]
    plan = {**PLAN, "vms": [{**sql, "limits": {"rto": "20m"}}, {**web, "probes": [{"tasks": "checks/web.yml"}]}]}
    fast = {"hyperv_replica_simulated_rate": 120}
    stage.inventory(of={"hv-a": fast, "hv-b": fast})

    run = role(stage, "verify", plan, verify_retry_pause=1)

    ended, at = datetime.now(timezone.utc), recovered(facts(stage)["vms"])
    assert run.code == 2
    assert {vm["name"]: vm["verdict"] for vm in facts(stage)["vms"]} == {"SQL01": "failed", "WEB01": "passed"}
    assert at["WEB01"] is not None
    assert (ended - at["WEB01"]).total_seconds() > 5  # ten seconds were given to the dead one


#: A guest that nobody reaches, as a task file asks it.
DEAD_GUEST = """
- name: Ask the guest
  ansible.builtin.setup:
  delegate_to: sql01.guest
- name: Never come here
  ansible.builtin.command: touch {{ playbook_dir }}/came_here
"""


def with_guest(stage: Stage) -> dict[str, Any]:
    """The plan with a task file that asks a guest which cannot be reached."""
    guest = {"ansible_connection": "ssh", "ansible_host": "127.0.0.1", "ansible_port": 1}
    stage.inventory(of={"sql01.guest": guest})
    stage.write("checks/sql.yml", DEAD_GUEST)
    web, sql = PLAN["vms"]
    return {**PLAN, "vms": [web, {**sql, "probes": [{"tasks": "checks/sql.yml"}]}]}


def test_a_guest_that_cannot_be_reached_fails_its_vm_and_ends_no_play(stage: Stage) -> None:
    plan = with_guest(stage)

    run = role(stage, "verify", plan, verify_fail_on="never")

    sql = next(vm for vm in facts(stage)["vms"] if vm["name"] == "SQL01")
    assert run.code == 0, run.output
    assert {vm["name"]: vm["verdict"] for vm in facts(stage)["vms"]} == {"WEB01": "passed", "SQL01": "failed"}
    assert "unreachable: " in sql["failing"]
    assert sql["recovered_at"] is None
    assert not (stage.folder / "came_here").exists()
    assert [file.name for file in (stage.folder / "checks").iterdir()] == ["sql.yml"]
