# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Real ansible-playbook runs of the roles failover and failback over a plan with tiers, hooks and pauses."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.hyperv.replica.plugins.module_utils._drill.budget import most_calls
from ansible_collections.hyperv.replica.plugins.module_utils._drill.plan_reading import read_plan
from ansible_collections.hyperv.replica.tests.integration.playbook.conftest import SetStage
from ansible_collections.hyperv.replica.tests.integration.playbook.estates import three_tiers, tiered, tiered_plan
from ansible_collections.hyperv.replica.tests.integration.playbook.stage import Run, Stage

MARK = "- ansible.builtin.lineinfile: {path: marks.txt, line: MARK, create: true, insertafter: EOF, mode: '0644'}\n"


@pytest.fixture
def stage(set_stage: SetStage) -> Stage:
    """Twelve VMs in three tiers on two pairs of hosts."""
    return set_stage(three_tiers())


def plan(stage: Stage, tier_size: int = 4, **more: Any) -> dict[str, Any]:
    """The plan with a hook before and after each tier, which leaves its name in ``marks.txt``."""
    written = tiered_plan(tier_size, **more)
    for tier in written["tiers"]:
        for when in ("before", "after"):
            file = f"hooks/{when}_{tier['name']}.yml"
            stage.write(file, MARK.replace("path: marks.txt", f"path: {stage.folder}/marks.txt").replace("MARK", file))
            tier[when] = [file]
    return written


def play(stage: Stage, role: str, written: dict[str, Any], **options: Any) -> None:
    variables = {
        "hyperv_replica_plan": written,
        "hyperv_replica_project_dir": str(stage.folder),
        f"{role}_poll_interval": 0.05,
        f"{role}_expect_source_running": False,
    }
    include = {"name": role, "ansible.builtin.include_role": {"name": f"hyperv.replica.{role}"}}
    shown = {"name": "results", "ansible.builtin.debug": {"msg": "{{ " + role + "_results }}"}}
    tasks = [{"name": "move", "block": [include], "always": [shown]}]
    given = {f"{role}_{name}": value for name, value in options.items()}
    stage.play("localhost", tasks, connection="local", vars={**variables, **given})


def ran(stage: Stage, role: str, written: dict[str, Any], *arguments: str, **options: Any) -> Run:
    """Run a role over the plan."""
    play(stage, role, written, **options)
    return stage.run(*arguments)


def results(run: Run) -> dict[str, Any]:
    """What the role left."""
    told = [task["result"]["msg"] for task in run.tasks if task["task"] == "results" and task["status"] == "ok"]
    assert told, run.output
    found: dict[str, Any] = told[-1]
    return found


def outcomes(run: Run) -> dict[str, str]:
    return {vm["name"]: vm["outcome"] for vm in results(run)["vms"]}


def calls(run: Run) -> int:
    """How many tasks over the plan the role ran, which is what a job's timeout is counted from."""
    return len([task for task in run.tasks if task["task"].endswith(": Run the plan") and task["status"] != "skipped"])


def where(stage: Stage, tier_size: int = 4) -> set[str]:
    return {host for name in tiered(tier_size) for host in stage.runs_on(name)}


def marks(stage: Stage) -> list[str]:
    return (stage.folder / "marks.txt").read_text(encoding="utf-8").split()


def test_a_plan_with_hooks_goes_over_and_comes_home(stage: Stage) -> None:
    written = plan(stage)

    over = ran(stage, "failover", written)
    there, hooks = where(stage), marks(stage)
    again = ran(stage, "failover", written)
    home = ran(stage, "failback", written)
    most = most_calls(read_plan(written))

    assert over.code == 0, over.output
    assert calls(over) == calls(home) == most - 2  # nothing was left to start, and nobody walked back
    assert there == {"HV-B", "HV-D"}
    assert hooks == [
        f"hooks/{when}_{t}.yml" for t in ("database", "application", "web") for when in ("before", "after")
    ]
    assert set(outcomes(over).values()) == {"moved"}
    assert all(vm["rto_from_outage"] > 0 and vm["recovered_at"] for vm in results(over)["vms"])
    assert again.code == 0, again.output
    assert (again.changes, set(outcomes(again).values())) == ([], {"already_there"})
    assert home.code == 0, home.output
    assert where(stage) == {"HV-A", "HV-C"}
    assert stage.lossless()


def test_a_dead_guest_makes_it_walk_back_and_say_who_it_was(set_stage: SetStage) -> None:
    estate = three_tiers(2)
    estate["replicated"][2]["guest"]["answers"] = False
    stage = set_stage(estate)
    written = plan(stage, 2)
    written["tiers"][1]["on_vm_failure"] = "walk_back"
    dead = {"guest_shutdown_timeout": 1, "if_guest_stays_up": "turn_off", "guest_timeout": 2}

    run = ran(stage, "failover", written, **dead, on_failure="stop")

    bad = {vm["name"]: vm["error"]["kind"] for vm in results(run)["vms"] if vm["error"]}
    assert 3 < calls(run) <= most_calls(read_plan(written))
    assert run.code != 0
    assert bad["APP1"] in ("guest_silent", "probe_failed")
    assert "APP1" in " ".join(results(run)["messages"])
    assert where(stage, 2) == {"HV-A", "HV-C"}
    assert "hooks/after_application.yml" not in marks(stage)
    assert stage.lossless()


def test_a_shard_is_asked_about_its_own_machines_only_and_may_have_none(set_stage: SetStage) -> None:
    stage = set_stage(three_tiers(1))
    two = [
        {"name": "DB1", "home": "hv-a", "recovery": "hv-b"},
        {"name": "NOBODY", "home": "hv-c", "recovery": "hv-d"},
    ]
    written = {"schema_version": 1, "name": "shop", "vms": two}
    waive = [{"rule": "replica_in_sync", "vm": "NOBODY", "reason": "tests"}]

    own = ran(stage, "failover", written, plan_shard="1/2", waive=waive)
    other = ran(stage, "failover", written, plan_shard="2/2")
    none = ran(stage, "failback", written, plan_shard="3/3")

    assert own.code == 0, own.output
    assert outcomes(own) == {"DB1": "moved"}
    assert other.code != 0
    assert "NOBODY" in other.output
    assert none.code == 0, none.output
    assert (none.changes, outcomes(none)) == ([], {})


def test_a_missing_hook_stops_it_before_anything_moves(stage: Stage) -> None:
    written = tiered_plan()
    written["tiers"][2]["after"] = ["hooks/nowhere.yml"]

    run = ran(stage, "failover", written)

    assert run.code != 0
    assert "hooks/nowhere.yml" in run.output
    assert results(run)["failed"]
    assert run.changes == []


def test_a_pause_waits_for_a_yes_or_for_an_approval_given_elsewhere(set_stage: SetStage) -> None:
    stage = set_stage(three_tiers(1))
    written = tiered_plan(1)
    written["tiers"][1]["pause_before"] = "Is the storage team ready?"

    asked = ran(stage, "failover", written)
    approved = ran(stage, "failover", written, pauses="approved")

    assert asked.code != 0
    assert "Is the storage team ready?" in json.dumps(results(asked)["messages"])
    assert approved.code == 0, approved.output
    assert where(stage, 1) == {"HV-B", "HV-D"}


def test_a_role_that_is_killed_in_the_middle_is_ended_by_running_it_again(set_stage: SetStage) -> None:
    stage = set_stage(three_tiers(2))
    written = plan(stage, 2)
    play(stage, "failover", written)
    running = stage.start()
    running.until_asked("ReverseReplicationRelationship")
    running.kill()

    again = ran(stage, "failover", written)

    assert again.code == 0, again.output
    assert where(stage, 2) == {"HV-B", "HV-D"}
    assert stage.lossless()


def test_check_mode_says_the_whole_plan_and_sends_nothing(stage: Stage) -> None:
    run = ran(stage, "failover", plan(stage), "--check")

    assert run.code == 0, run.output
    assert run.changes == []
    assert set(outcomes(run).values()) == {"planned"}
