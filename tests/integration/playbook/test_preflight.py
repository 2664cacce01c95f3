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
