# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Real ansible-playbook runs of a plan whose home holds no copy of some of its machines any more."""

from __future__ import annotations

from typing import Any

from ansible_collections.hyperv.replica.tests.integration.playbook.conftest import SetStage
from ansible_collections.hyperv.replica.tests.integration.playbook.estates import replicated, two_sites
from ansible_collections.hyperv.replica.tests.integration.playbook.stage import Run, Stage
from ansible_collections.hyperv.replica.tests.integration.playbook.test_plan_roles import outcomes, ran, results
from ansible_collections.hyperv.replica.tests.integration.playbook.test_verified_plan import moved, plan

NEW: dict[str, Any] = {
    "replica_servers": [{"home": "hv-a", "replica_server": "hv-a.example.test"}],
    "assumed_bandwidth": 1000,
}
NAMES = ("SQL01", "WEB01")


def away(set_stage: SetStage) -> Stage:
    """SQL01 and WEB01 run on HV-B, which is not their home."""
    return set_stage(two_sites(*(replicated(name, primary="HV-B", replica="HV-A") for name in NAMES)))


def asked(run: Run, method: str) -> list[str]:
    told = [one for one in run.result["records"] if one["event"] == "asking" and one["method"] == method]
    return [one["vm"] for one in told]


def test_a_rebuilt_home_gets_new_copies_of_a_whole_plan_whose_sizes_and_times_were_told_before(
    set_stage: SetStage,
) -> None:
    stage = away(set_stage)
    stage.simulation.act("rebuild_host", host="HV-A")
    stage.simulation.act("open_replica_server", host="HV-A", authorize="HV-B")
    given = {"to": "home", "strategy": "new_copy", "new_copy": NEW}

    stage.play(
        "localhost", [{"name": "plan", "hyperv.replica.hyperv_replica_recovery_plan": {"plan": plan(), **given}}]
    )
    check = stage.run("-c", "local", "--check")
    real = moved(stage, plan(), **given)
    again = moved(stage, plan(), **given)

    told = check.result["vms"][0]["facts"]["first_copy"]
    planned = [[step["method"] for step in vm["plan"] if step["mutates"]] for vm in check.result["vms"]]
    done = [[step["method"] for step in vm["performed"] if step["mutates"]] for vm in real.result["vms"]]
    assert (check.changes, told["bytes"], told["bandwidth_from"]) == ([], 4 << 30, "option")
    assert "First copies from hv-b, before anybody is shut down: SQL01, WEB01: 8.0 GiB" in check.output
    assert real.outcomes == {"SQL01": "moved", "WEB01": "moved"}, real.output
    assert planned == done
    assert asked(real, "InitiateShutdown") == ["WEB01", "SQL01"]
    assert {host for name in NAMES for host in stage.runs_on(name)} == {"HV-A"}
    assert (again.changes, set(again.outcomes.values())) == ([], {"already_there"})


def test_the_role_makes_a_new_copy_of_the_named_ones_and_its_preflight_asks_for_what_these_need(
    set_stage: SetStage,
) -> None:
    stage = away(set_stage)
    stage.simulation.act("delete_vm", host="HV-A", vm="SQL01")
    stage.simulation.act("remove_files", host="HV-A")
    waive = [{"rule": "switches", "reason": "none of them is connected"}]

    plain = ran(stage, "failback", plan(), waive=waive)
    run = ran(stage, "failback", plan(), strategy="new_copy", new_copy={**NEW, "vms": ["SQL01"]}, waive=waive)

    strategies = {vm["name"]: vm["strategy"] for vm in results(run)["vms"]}
    assert plain.code != 0
    assert plain.changes == []
    assert run.code == 0, run.output
    assert outcomes(run) == {"SQL01": "moved", "WEB01": "moved"}
    assert strategies == {"SQL01": "new_copy", "WEB01": "reverse"}
    assert {host for name in NAMES for host in stage.runs_on(name)} == {"HV-A"}


def test_the_preflight_still_stops_a_new_copy_where_it_cannot_be_made(set_stage: SetStage) -> None:
    stage = away(set_stage)
    stage.simulation.act("set_replication", host="HV-B", vm="SQL01", state="replicating", mode="none")

    run = ran(stage, "failback", plan(), strategy="new_copy", new_copy={**NEW, "vms": ["SQL01"]})

    assert run.code != 0
    assert "room_for_copy" in run.output
    assert run.changes == []
