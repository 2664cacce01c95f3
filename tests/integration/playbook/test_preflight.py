# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Real ansible-playbook runs of the preflight: what it says, what it costs, and whom it stops."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest

from ansible_collections.hyperv.replica.tests.integration.playbook.conftest import SetStage
from ansible_collections.hyperv.replica.tests.integration.playbook.estates import replicated, two_sites
from ansible_collections.hyperv.replica.tests.integration.playbook.stage import Run, Stage


def networked(name: str = "WEB01", **more: Any) -> dict[str, Any]:
    """A VM whose replica's adapter is connected nowhere."""
    return replicated(name, adapters=[{"name": "NIC", "switch": "Production"}], **more)


def queries(run: Run) -> Counter[tuple[str, str]]:
    """How often each host was asked for each class; further pages of an answer are not counted."""
    return Counter((entry["host"], entry["class_name"]) for entry in run.sent if entry["action"] == "Enumerate")


def test_a_move_that_may_begin_is_told_so_and_changes_nothing(stage: Stage) -> None:
    run = stage.task("hyperv_replica_preflight", "hv-b", ["WEB01", "SQL01"], peer="hv-a", operation="planned")

    assert (run.status, run.result["changed"], run.changes) == ("ok", False, [])
    assert run.result["msg"].startswith("Ready")
    assert {vm["verdict"] for vm in run.result["vms"]} <= {"passed", "warned"}


def test_what_blocks_names_the_machine_the_finding_and_the_next_move(set_stage: SetStage) -> None:
    stage = set_stage(two_sites(networked()))

    run = stage.task("hyperv_replica_preflight", "hv-b", ["WEB01"], peer="hv-a", operation="planned")

    assert run.status == "failed"
    assert run.result["vms"][0]["blocked_by"] == ["switches"]
    for word in ("NOT READY", "WEB01 on hv-b", "disconnected here", "Connect the replica's adapters"):
        assert word in run.result["msg"]


def test_a_waived_rule_stops_nothing_and_is_told_apart(set_stage: SetStage) -> None:
    waive = [{"rule": "switches", "vm": "WEB01", "reason": "isolated on purpose, CHG0042"}]
    stage = set_stage(two_sites(networked()))

    run = stage.task("hyperv_replica_preflight", "hv-b", ["WEB01"], peer="hv-a", operation="planned", waive=waive)

    assert run.status == "ok"
    assert [(one["rule"], one["waived"]) for one in run.result["waived"]] == [
        ("switches", "isolated on purpose, CHG0042")
    ]


def test_a_dead_primary_does_not_stop_and_a_live_one_does(stage: Stage) -> None:
    alive = stage.task("hyperv_replica_preflight", "hv-b", ["WEB01"], peer="hv-a", operation="unplanned")
    stage.simulation.act("power_loss", host="HV-A")
    dead = stage.task("hyperv_replica_preflight", "hv-b", ["WEB01"], peer="hv-a", operation="unplanned")

    assert (alive.status, alive.result["vms"][0]["blocked_by"]) == ("failed", ["split_brain"])
    assert (dead.status, dead.result["verdict"]) == ("ok", "warned")
    assert "hv-a" in {one["host"] for one in dead.result["rules"] if one["result"] == "not_checked"}


def test_a_destination_that_does_not_answer_is_unreachable(stage: Stage) -> None:
    stage.simulation.act("power_loss", host="HV-B")

    run = stage.task("hyperv_replica_preflight", "hv-b", ["WEB01"], peer="hv-a", operation="planned")

    assert run.status == "unreachable"


@pytest.mark.parametrize("option", [{"planned_stay": "long"}, {"memory_reserve": "much"}, {"outage_began": "today"}])
def test_an_option_that_means_nothing_is_refused(stage: Stage, option: dict[str, Any]) -> None:
    run = stage.task("hyperv_replica_preflight", "hv-b", ["WEB01"], peer="hv-a", operation="planned", **option)

    assert (run.status, run.error["kind"]) == ("failed", "bad_option")


def test_forty_vms_take_as_many_queries_as_one(set_stage: SetStage) -> None:
    one = set_stage(two_sites(replicated("VM000")))
    many = set_stage(two_sites(*(replicated(f"VM{number:03}") for number in range(40))), rate=1.0)

    of_one, of_many = (
        stage.task("hyperv_replica_preflight", "hv-b", names, peer="hv-a", operation="test")
        for stage, names in ((one, ["VM000"]), (many, [f"VM{number:03}" for number in range(40)]))
    )

    assert (len(of_one.result["vms"]), len(of_many.result["vms"])) == (1, 40)
    assert queries(of_many) == queries(of_one)


PLAN: dict[str, Any] = {
    "schema_version": 1,
    "name": "test",
    "vms": [
        {"name": "WEB01", "home": "hv-a", "recovery": "hv-b", "limits": {"rpo": "1h"}},
        {"name": "SQL01", "home": "hv-a", "recovery": "hv-b"},
    ],
}


def run_role(stage: Stage, role: str, *arguments: str, more: Sequence[dict[str, Any]] = (), **variables: Any) -> Run:
    """Include a role from localhost, and show what it keeps even where it fails."""
    include = {"ansible.builtin.include_role": {"name": f"hyperv.replica.{role}"}}
    show = {"ansible.builtin.debug": {"var": "preflight_results"}}
    known = {"hyperv_replica_plan": PLAN, **variables}
    stage.play("localhost", [{"block": [include], "always": [show, *more]}], vars=known, connection="local")
    return stage.run(*arguments)


def moved(run: Run) -> dict[str, dict[str, Any]]:
    """What the role failover said of each VM."""
    results = next(task["result"]["msg"] for task in reversed(run.tasks) if task["task"] == "moved")
    return {vm["name"]: vm for vm in results["vms"]}


def kept(run: Run) -> dict[str, Any]:
    """What the role preflight kept."""
    return next(
        result["result"]["preflight_results"]
        for result in reversed(run.tasks)
        if "preflight_results" in result["result"]
    )


def test_the_role_tells_of_all_pairs_of_the_plan(stage: Stage) -> None:
    first, *others = PLAN["vms"]
    providing = PLAN | {"vms": [first | {"provides": ["dns"]}, *others]}

    run = run_role(stage, "preflight", hyperv_replica_plan=providing)

    told = kept(run)
    assert (run.code, told["failed"], {vm["name"] for vm in told["vms"]}) == (0, False, {"WEB01", "SQL01"})
    assert "dns is provided by WEB01 alone" in next(
        rule["found"] for rule in told["rules"] if rule["rule"] == "providers"
    )


def test_a_planned_failover_that_may_not_go_is_not_begun(set_stage: SetStage) -> None:
    stage = set_stage(two_sites(networked("WEB01"), replicated("SQL01")))

    run = run_role(stage, "failover", failover_mode="planned")

    assert run.code != 0
    assert (run.changes, stage.runs_on("WEB01"), stage.runs_on("SQL01")) == ([], ["HV-A"], ["HV-A"])
    assert "disconnected here" in run.output


def test_a_waiver_lets_a_planned_failover_go(set_stage: SetStage) -> None:
    stage = set_stage(two_sites(networked("WEB01"), replicated("SQL01")))
    waive = [{"rule": "switches", "vm": "WEB01", "reason": "isolated on purpose"}]

    run = run_role(stage, "failover", failover_waive=waive, failover_poll_interval=0.05)

    assert run.code == 0, run.output
    assert (stage.runs_on("WEB01"), kept(run)["waived"][0]["waived"]) == (["HV-B"], "isolated on purpose")


def test_a_dead_primary_does_not_stop_an_unplanned_failover_by_the_role(stage: Stage) -> None:
    stage.simulation.act("power_loss", host="HV-A")
    asked: dict[str, Any] = {"failover_mode": "unplanned", "failover_outage_began": "from_last_replication"}
    asked |= {"failover_max_data_loss": "1h", "failover_primary_confirmed_down": "test"}

    run = run_role(stage, "failover", **asked, failover_expect_source_running=False, failover_poll_interval=0.05)

    assert run.code == 0, run.output
    assert (stage.runs_on("WEB01"), stage.runs_on("SQL01")) == (["HV-B"], ["HV-B"])


def disaster(stage: Stage, after: float, **more: Any) -> dict[str, Any]:
    """Lose HV-A after so many seconds, and give the options of an unplanned failover."""
    began = stage.simulation.advance(after)["now"]
    stage.simulation.act("power_loss", host="HV-A")
    known = {"mode": "unplanned", "outage_began": began, "primary_confirmed_down": "test", "poll_interval": 0.05}
    return {f"failover_{name}": value for name, value in known.items()} | {
        "failover_expect_source_running": False,
        **more,
    }


def test_in_a_disaster_who_may_not_go_is_said_first_and_stays_and_the_others_go(stage: Stage) -> None:
    stage.simulation.act("suspend", host="HV-A", vm="SQL01")
    asked = disaster(stage, after=3 * 3600, failover_max_data_loss="1h")
    shown = {"name": "moved", "ansible.builtin.debug": {"msg": "{{ failover_results }}"}}

    first = run_role(stage, "failover", more=[shown], **asked)
    there = {vm: stage.runs_on(vm) for vm in ("WEB01", "SQL01")}
    again = run_role(stage, "failover", more=[shown], **asked | {"failover_max_data_loss": "1d"})

    told = moved(first)
    assert first.code == 2, first.output
    assert there == {"WEB01": ["HV-B"], "SQL01": []}
    assert {name: vm["outcome"] for name, vm in told.items()} == {"WEB01": "moved", "SQL01": "failed"}
    assert told["SQL01"]["error"]["kind"] == "preflight"
    assert "loss_limit" in told["SQL01"]["error"]["msg"]
    assert "IS NOT MOVED" in first.output.split("Move everything in one go")[0]
    assert again.code == 0, again.output
    assert {name: vm["outcome"] for name, vm in moved(again).items()} == {"WEB01": "already_there", "SQL01": "moved"}


def test_in_a_disaster_nothing_is_begun_where_nobody_may_go(stage: Stage) -> None:
    asked = disaster(stage, after=900, failover_max_data_loss="1s")

    run = run_role(stage, "failover", **asked)

    assert run.code == 2
    assert run.changes == []
    assert all(f"{vm} IS NOT MOVED: loss_limit" in run.output for vm in ("WEB01", "SQL01"))


def test_the_roles_ask_in_check_mode_too(stage: Stage) -> None:
    run = run_role(stage, "failover", "--check")

    assert (run.code, run.changes, kept(run)["failed"]) == (0, [], False), run.output
