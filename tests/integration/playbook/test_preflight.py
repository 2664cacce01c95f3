# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Real ansible-playbook runs of the preflight: what it says, what it costs, and whom it stops."""

from __future__ import annotations

from collections import Counter
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


def run_role(stage: Stage, role: str, *arguments: str, **variables: Any) -> Run:
    """Include a role from localhost, and show what it keeps even where it fails."""
    include = {"ansible.builtin.include_role": {"name": f"hyperv.replica.{role}"}}
    show = {"ansible.builtin.debug": {"var": "preflight_results"}}
    known = {"hyperv_replica_plan": PLAN, **variables}
    stage.play("localhost", [{"block": [include], "always": [show]}], vars=known, connection="local")
    return stage.run(*arguments)


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
    asked = {"failover_mode": "unplanned", "failover_outage_began": "from_last_replication"}
    asked |= {"failover_max_data_loss": "1h", "failover_primary_confirmed_down": "test"}

    run = run_role(stage, "failover", **asked, failover_expect_source_running=False, failover_poll_interval=0.05)

    assert run.code == 0, run.output
    assert (stage.runs_on("WEB01"), stage.runs_on("SQL01")) == (["HV-B"], ["HV-B"])


def test_the_roles_ask_in_check_mode_too(stage: Stage) -> None:
    run = run_role(stage, "failover", "--check")

    assert (run.code, run.changes, kept(run)["failed"]) == (0, [], False), run.output
