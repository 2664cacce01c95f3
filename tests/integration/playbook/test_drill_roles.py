# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The roles verify and test_failover as people call them: by a plan, from the folder of a project."""

from __future__ import annotations

import json
from typing import Any

from ansible_collections.hyperv.replica.tests.integration.playbook.conftest import SetStage
from ansible_collections.hyperv.replica.tests.integration.playbook.estates import replicated, two_sites
from ansible_collections.hyperv.replica.tests.integration.playbook.stage import Run, Stage

PLAN: dict[str, Any] = {
    "schema_version": 1,
    "name": "both",
    "vms": [{"name": name, "home": "hv-a", "recovery": "hv-b"} for name in ("WEB01", "SQL01")],
}


def with_probes(*probes: dict[str, Any], **more: Any) -> dict[str, Any]:
    """The plan with these probes for WEB01."""
    web, sql = PLAN["vms"]
    return {**PLAN, "vms": [{**web, "probes": [*probes], **more}, sql]}


def role(stage: Stage, name: str, plan: dict[str, Any], *arguments: str, **options: Any) -> Run:
    """Run a role on localhost and leave its facts in a file."""
    polled = {f"{name}_poll_interval": 0.1} if name in ("verify", "test_failover") else {}
    tasks = [
        {
            "name": "Role and facts",
            "block": [{"ansible.builtin.include_role": {"name": f"hyperv.replica.{name}"}, "vars": polled | options}],
            "always": [
                {
                    "ansible.builtin.copy": {"content": f"{{{{ {name}_results | to_json }}}}", "dest": "facts.json"},
                    "check_mode": False,
                }
            ],
        }
    ]
    stage.play("localhost", tasks, vars={"hyperv_replica_plan": plan}, connection="local")
    return stage.run(*arguments)


def facts(stage: Stage) -> dict[str, Any]:
    told: dict[str, Any] = json.loads((stage.folder / "facts.json").read_text(encoding="utf-8"))
    return told


def result_of(stage: Stage, vm: str) -> dict[str, Any]:
    return next(one for one in facts(stage)["vms"] if one["name"] == vm)


def test_a_plan_is_verified_with_the_probes_and_limits_of_each_vm(stage: Stage) -> None:
    plan = with_probes({"addresses": ["192.0.2.0/24"]}, limits={"rpo": "30m", "rto": "5m"})

    run = role(stage, "verify", plan)

    assert run.code == 0, run.output
    assert [check["check"] for check in result_of(stage, "WEB01")["checks"]] == [
        "state",
        "health",
        "rpo",
        "heartbeat",
        "addresses",
    ]
    assert facts(stage)["failed"] is False
    assert facts(stage)["messages"] == ["2 VMs passed."]
    assert all(vm["recovered_at"] for vm in facts(stage)["vms"])


def test_a_task_file_is_run_again_until_it_ends_well_and_that_is_when_its_vm_is_recovered(stage: Stage) -> None:
    stage.write(
        "checks/web.yml",
        """
- name: Count
  ansible.builtin.shell: echo {{ verify_vm.name }} {{ verify_host }} >> {{ playbook_dir }}/tries.txt
- name: Pass the third time
  ansible.builtin.assert:
    that: lookup('ansible.builtin.file', playbook_dir ~ '/tries.txt').splitlines() | length >= 3
    fail_msg: too early
""",
    )

    run = role(stage, "verify", with_probes({"tasks": "checks/web.yml"}), verify_within=60, verify_retry_pause=1)

    assert run.code == 0, run.output
    assert (stage.folder / "tries.txt").read_text().splitlines() == ["WEB01 hv-a"] * 3
    assert result_of(stage, "WEB01")["checks"][-1]["result"] == "pass"
    assert result_of(stage, "WEB01")["recovered_at"] > result_of(stage, "SQL01")["recovered_at"]


def test_a_task_file_that_fails_fails_its_vm_and_the_role_when_the_time_is_over(stage: Stage) -> None:
    stage.write("checks/web.yml", "- ansible.builtin.fail: {msg: no orders today}")

    run = role(stage, "verify", with_probes({"tasks": "checks/web.yml"}), verify_within=1, verify_retry_pause=1)

    assert run.code == 2
    assert (result_of(stage, "WEB01")["verdict"], result_of(stage, "SQL01")["verdict"]) == ("failed", "passed")
    assert "WEB01: tasks fail: no orders today, wanted checks/web.yml" in facts(stage)["messages"][0]
    assert facts(stage)["failed"] is True


def test_a_task_file_that_is_not_there_is_refused_before_anything_is_asked(stage: Stage) -> None:
    run = role(stage, "verify", with_probes({"tasks": "checks/none.yml"}))

    assert run.code == 2
    assert "No such task file" in run.output
    assert run.sent == []


def test_a_host_that_cannot_be_reached_fails_the_role_and_the_others_are_told_of(set_stage: SetStage) -> None:
    stage = set_stage(two_sites(more=("HV-C",)))
    stage.inventory(of={"hv-c": {"ansible_port": 1}})
    plan = {**PLAN, "vms": [*PLAN["vms"], {"name": "APP01", "home": "hv-c", "recovery": "hv-b"}]}

    run = role(stage, "verify", plan)

    assert run.code == 2, run.output
    assert facts(stage)["unreachable"] == ["hv-c"]
    assert [vm["verdict"] for vm in facts(stage)["vms"]] == ["passed", "passed", "failed"]
    assert "hv-c" in result_of(stage, "APP01")["failing"]


def bubble(**more: Any) -> dict[str, Any]:
    adapter = {"name": "LAN", "switch": "Production", "test_switch": "Bubble"}
    plain = two_sites(replicated("WEB01", adapters=[adapter], replica_switch="Production"), replicated("SQL01"))
    for host in plain["hosts"]:
        host["switches"] = ["Production", "Bubble"]
    return plain | more


def copies(stage: Stage) -> list[str]:
    hosts = stage.simulation.world()["hosts"]
    return [copy["name"] for host in hosts.values() for copy in host["vms"].values() if "Test" in copy["name"]]


def test_copies_start_on_the_networks_of_the_plan_and_are_gone_afterwards(set_stage: SetStage) -> None:
    stage = set_stage(bubble())
    plan = with_probes({"heartbeat": True}, {"tcp": 443, "address": "127.0.0.1"}, network={"test": "configured"})

    run = role(stage, "test_failover", plan)

    assert run.code == 0, run.output
    assert result_of(stage, "WEB01")["test_copy"]["connected_to"] == ["Bubble"]
    assert result_of(stage, "SQL01")["test_copy"]["connected_to"] == []
    assert facts(stage)["not_asked"] == [{"vm": "WEB01", "check": "tcp"}]
    assert copies(stage) == []
    assert stage.runs_on("WEB01") == ["HV-A"]
    assert stage.lossless()


def test_copies_that_are_not_well_fail_the_role_and_are_gone_all_the_same(set_stage: SetStage) -> None:
    stage = set_stage(bubble())
    stage.simulation.act("stop_guest_answering", host="HV-B", vm="WEB01")

    run = role(stage, "test_failover", PLAN, test_failover_guest_timeout=2)

    assert run.code == 2
    assert facts(stage)["failed"] is True
    assert copies(stage) == []


def test_a_run_that_was_killed_leaves_copies_that_the_next_one_removes(set_stage: SetStage) -> None:
    stage = set_stage(bubble())
    stage.simulation.trouble({"kind": "delay", "match": {"method": "RequestStateChange"}, "seconds": 30})
    plan = {"name": "Role", "ansible.builtin.include_role": {"name": "hyperv.replica.test_failover"}}
    stage.play("localhost", [plan], vars={"hyperv_replica_plan": PLAN}, connection="local")
    running = stage.start()
    running.until_asked("TestReplicaSystem")
    running.kill()
    stage.simulation.trouble(clear=True)
    stage.simulation.advance(60)
    assert copies(stage) != []

    run = role(stage, "test_failover", PLAN)

    assert run.code == 0, run.output
    assert copies(stage) == []


def test_the_playbook_cleanup_removes_copies_of_the_plan_and_lists_those_of_others(set_stage: SetStage) -> None:
    stage = set_stage(bubble())
    stage.task("hyperv_replica_test_failover", "hv-b", ["WEB01", "SQL01"], state="present", start=True)
    plan = {**PLAN, "vms": PLAN["vms"][:1]}
    stage.write("play.yml", "- ansible.builtin.import_playbook: hyperv.replica.cleanup")

    run = stage.run("-e", json.dumps({"hyperv_replica_plan": plan}))

    assert run.code == 0, run.output
    assert copies(stage) == ["SQL01 - Test"]
    assert "SQL01 - Test (" in run.output


def test_check_mode_makes_no_copy(set_stage: SetStage) -> None:
    stage = set_stage(bubble())

    run = role(stage, "test_failover", PLAN, "--check", "--diff")

    assert (run.code, run.changes) == (0, []), run.output
    assert "TestReplicaSystem" in run.output
