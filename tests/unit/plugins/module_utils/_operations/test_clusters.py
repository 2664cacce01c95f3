# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Moves from and to clusters: the VM is found on whichever node has it, and the cluster's own doings are seen."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.states import Power
from ansible_collections.hyperv.replica.plugins.module_utils._operations.goal import OnFailure
from ansible_collections.hyperv.replica.plugins.module_utils._operations.plan import Target
from ansible_collections.hyperv.replica.tests.unit.plugins.module_utils._operations.cluster_run import ClusterSite
from ansible_collections.hyperv.replica.tests.unit.plugins.module_utils._operations.estate_run import (
    ALL_CONSENTS,
    Run,
    guid,
    moved,
)

AT_A = ((1, 3, "RUNNING"), (2, 3, "OFF"))
AT_B = ((2, 3, "OFF"), (1, 3, "RUNNING"))
CONFIRMED = {"primary_confirmed_down": "shift lead by phone, INC-1"}
RESTARTS = {"A": {"groups": [{"vm": "VM001", "shutdown_action": "fail", "restart_seconds": 1}]}}


def went_well(run: Run) -> None:
    assert run.one.error is None, str(run.one.error)


def unharmed(site: ClusterSite) -> None:
    assert (site.lost, site.split_brains) == (0, 0)


def sent_to(run: Run, method: str) -> list[str]:
    """The hosts that a method was sent to, in order."""
    return [request.host for request in run.requests if request.method == method]


@pytest.mark.parametrize("clustered", ["A", "B", "AB"])
def test_a_planned_failover_and_the_failback_lose_nothing_with_a_cluster_at_either_end(clustered: str) -> None:
    site = ClusterSite(clustered)
    went_well(site.failover())
    assert site.shown() == AT_B
    went_well(site.failback())
    assert site.shown() == AT_A
    assert site.failback().one.already_there
    unharmed(site)


@pytest.mark.parametrize("side", ["A", "B"])
def test_a_vm_on_the_second_node_is_found_there(side: str) -> None:
    site = ClusterSite()
    site.move(side)
    run = site.failover()
    went_well(run)
    assert site.shown() == AT_B
    assert set(sent_to(run, "InitiateFailover")) == {site.at("B").name}
    unharmed(site)


def test_the_reverse_names_the_broker_and_not_a_node_so_that_replication_survives_the_next_move() -> None:
    site = ClusterSite()
    went_well(site.failover())
    assert site.b().relationship.settings.recovery_connection_point == "hvr-a.example.test"
    site.move("A")
    site.wait(900)
    assert site.shown() == AT_B
    assert site.b().relationship.missed_in_row == 0


def test_the_old_primary_becomes_a_replica_on_the_node_that_has_it() -> None:
    site = ClusterSite()
    site.move("A")
    site.act("power_loss", host="A1")
    site.act("power_loss", host="A2")
    site.wait(400)
    went_well(site.unplanned(moved(Target.RUNNING, **CONFIRMED)))
    site.act("power_return", host="A2")
    site.wait(120)
    site.act("turn_off_vm", host="A2", vm="VM001")
    run = site.unplanned(moved(Target.PROTECTED, *ALL_CONSENTS))
    went_well(run)
    assert site.shown() == AT_B
    assert set(sent_to(run, "RequestReplicationStateChangeEx")) == {"A2"}


@pytest.mark.parametrize("method", ["InitiateShutdown", "RequestReplicationStateChangeEx", "InitiateFailover"])
@pytest.mark.parametrize("side", ["A", "B"])
def test_a_vm_that_moves_between_look_and_step_is_followed_and_nothing_is_asked_twice(side: str, method: str) -> None:
    site = ClusterSite()
    old = site.at(side).name
    new = next(name for name in site.nodes[side] if name != old)
    site.order(
        "change", match={"method": method}, action="move_group", arguments={"host": old, "vm": guid(1), "to": new}
    )
    run = site.failover()
    went_well(run)
    assert site.at(side).name == new
    assert site.shown() == AT_B
    for asked in ("InitiateFailover", "ReverseReplicationRelationship"):
        assert len([one for one in sent_to(run, asked) if one == site.at("B").name]) == 1
    unharmed(site)


def test_a_job_is_followed_on_the_node_that_started_it_when_the_vm_moves_away() -> None:
    site = ClusterSite()
    slow = site.order("stick_job", match={"method": "RequestReplicationStateChangeEx"}, percent=40)
    site.order(
        "change",
        match={"method": "RequestReplicationStateChangeEx"},
        seconds=3,
        action="move_group",
        arguments={"host": "A1", "vm": guid(1), "to": "A2"},
    )
    run = site.failover(timeout=300)
    late = run.error("timed_out")
    assert slow.struck == 1
    assert "on a1 at 40 %" in late.found
    assert sent_to(run, "InitiateFailover") == []
    site.act("release_jobs", host="A1")
    site.wait(60)
    went_well(site.failover())
    assert site.shown() == AT_B
    unharmed(site)


def test_a_node_that_dies_with_a_job_is_no_end_of_the_move() -> None:
    site = ClusterSite()
    site.order("power_loss", match={"method": "RequestReplicationStateChangeEx", "host": "A1"}, seconds=1)
    run = site.failover()
    went_well(run)
    assert site.at("A").name == "A2"
    assert site.shown() == AT_B
    assert sent_to(run, "RequestReplicationStateChangeEx") == ["A1", "A2"]
    unharmed(site)


def test_a_dead_node_does_not_hide_the_vm_that_its_cluster_started_elsewhere() -> None:
    site = ClusterSite()
    site.act("power_loss", host="A1")
    site.wait(60)
    refused = site.unplanned(moved(Target.RUNNING, **CONFIRMED))
    assert refused.mutations == []
    assert site.runs_at() == ["A2"]
    went_well(site.failover())
    assert site.shown() == AT_B
    unharmed(site)


def test_a_vm_that_its_cluster_starts_again_after_the_shutdown_is_not_prepared() -> None:
    site = ClusterSite(cluster=RESTARTS)
    run = site.failover(moved(on_failure=OnFailure.STOP))
    error = run.error("restarted_by_cluster")
    assert "HVC-A" in str(error)
    assert "offline" in error.remedy
    assert sent_to(run, "InitiateFailover") == []
    site.wait(60)
    assert site.shown() == AT_A
    unharmed(site)


def test_a_vm_that_its_cluster_leaves_off_is_prepared_once_it_was_seen_off_twice() -> None:
    site = ClusterSite(cluster={"A": {"groups": [{"vm": "VM001", "shutdown_action": "offline"}]}})
    run = site.failover()
    went_well(run)
    unharmed(site)


@pytest.mark.parametrize("side", ["A", "B"])
def test_a_vm_that_is_not_highly_available_is_refused_before_anything_is_asked_for(side: str) -> None:
    site = ClusterSite(cluster={side: {"not_highly_available": [guid(1)]}})
    run = site.failover()
    error = run.error("not_highly_available")
    assert run.mutations == []
    assert "Add-ClusterVirtualMachineRole" in error.remedy
    assert site.shown() == AT_A


def test_a_primary_that_is_not_highly_available_does_not_stop_an_unplanned_failover() -> None:
    site = ClusterSite(cluster={"A": {"not_highly_available": [guid(1)]}})
    site.act("turn_off_vm", host="A1", vm="VM001")
    run = site.unplanned(moved(Target.RUNNING, *ALL_CONSENTS))
    assert run.one.error is None or run.one.error.kind != "not_highly_available"


def test_a_running_primary_on_any_node_is_seen_and_stops_an_unplanned_failover() -> None:
    site = ClusterSite()
    site.move("A")
    refused = site.unplanned(moved(Target.RUNNING, **CONFIRMED))
    assert refused.one.error is not None
    assert refused.mutations == []
    assert site.runs_at() == ["A2"]


def test_a_clustered_old_primary_is_not_fenced_by_its_start_action_and_that_is_said() -> None:
    site = ClusterSite()
    for node in site.nodes["A"]:
        site.act("power_loss", host=node)
    site.wait(400)
    went_well(site.unplanned(moved(Target.RUNNING, **CONFIRMED)))
    site.act("power_return", host="A1")
    site.wait(120)
    run = site.unplanned(moved(Target.PROTECTED, *ALL_CONSENTS))
    assert "ModifySystemSettings" not in run.mutations
    assert any("cannot be fenced" in warning for warning in run.one.warnings)


def test_a_host_that_is_no_node_is_asked_once_whether_it_is_one() -> None:
    site = ClusterSite("A")
    run = site.failover()
    asked: dict[str, int] = {}
    for request in run.requests:
        if request.class_name.startswith("MSCluster"):
            asked[request.host] = asked.get(request.host, 0) + 1
    assert asked == {"A1": 4, "A2": 4, "B": 1}


def test_check_mode_says_what_the_run_then_does() -> None:
    site = ClusterSite()
    planned = [step.method.value for step in site.failover(check=True).one.planned]
    went_well(run := site.failover())
    assert [done.step.method.value for done in run.one.performed] == [
        method for method in planned if not method.startswith("wait")
    ]


def test_power_does_not_ask_whether_a_vm_is_highly_available() -> None:
    site = ClusterSite(cluster={"A": {"not_highly_available": [guid(1)]}})
    kwargs: dict[str, Any] = {"home": "A", "away": None}
    went_well(site.power(Power.OFF, **kwargs))
    assert site.a().power is Power.OFF


@pytest.mark.parametrize(
    "method", ["RequestReplicationStateChangeEx", "InitiateFailover", "ReverseReplicationRelationship"]
)
def test_a_step_whose_answer_was_lost_while_the_vm_moved_is_looked_for_and_never_sent_again(method: str) -> None:
    site = ClusterSite()
    side = "A" if method == "RequestReplicationStateChangeEx" else "B"
    old = site.at(side).name
    new = next(name for name in site.nodes[side] if name != old)
    site.order("cut_after", match={"method": method})
    move = {"host": old, "vm": guid(1), "to": new}
    site.order("change", match={"method": method}, seconds=1, action="move_group", arguments=move)
    run = site.failover()
    went_well(run)
    assert len(sent_to(run, method)) == 1
    assert site.shown() == AT_B
    unharmed(site)


@pytest.mark.parametrize("at", [60, 140, 230, 320, 420, 520])
def test_a_run_that_is_killed_anywhere_on_clusters_is_ended_by_running_it_again(at: int) -> None:
    site = ClusterSite()
    site.kill_at = at
    assert site.failover().killed
    site.kill_at = None
    site.move("A")
    went_well(site.failover())
    assert site.shown() == AT_B
    unharmed(site)
