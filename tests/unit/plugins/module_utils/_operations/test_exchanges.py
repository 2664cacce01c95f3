# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How many requests a move costs, by what they are for; counted on simulated hosts whose clock only rests move."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from ansible_collections.hyperv.replica.plugins.module_utils._operations.goal import PointChoice
from ansible_collections.hyperv.replica.plugins.module_utils._operations.pace import Pace
from ansible_collections.hyperv.replica.plugins.module_utils._operations.plan import Target
from ansible_collections.hyperv.replica.tests.unit.plugins.module_utils._operations.estate_run import (
    Request,
    Run,
    Site,
    estate,
    moved,
    vm,
)

PACE = Pace(poll=5.0)
#: Read by every whole look, and by nothing else.
SETTINGS = "Msvm_ReplicationSettingData"
MUTATIONS = [
    "InitiateShutdown",
    "RequestReplicationStateChangeEx",
    "InitiateFailover",
    "ReverseReplicationRelationship",
    "RequestStateChange",
]


def failback(count: int) -> Run:
    site = Site(estate(*(vm(number, primary="B", replica="A") for number in range(1, count + 1))))
    return site.failback(numbers=range(1, count + 1), pace=PACE)


def planned(count: int) -> Run:
    site = Site(estate(*(vm(number) for number in range(1, count + 1))))
    return site.failover(numbers=range(1, count + 1), pace=PACE)


def unplanned(count: int) -> Run:
    site = Site(estate(*(vm(number) for number in range(1, count + 1))))
    site.wait(1000)
    site.act("power_loss", host="A")
    choice = PointChoice(max_loss=timedelta(hours=1))
    goal = moved(Target.RUNNING, primary_confirmed_down="by phone, INC-1", point=choice)
    return site.unplanned(goal, numbers=range(1, count + 1), pace=PACE)


Move = Callable[[int], Run]


def answered(run: Run) -> list[Request]:
    """The requests to hosts that are there; one that is gone is not asked for as much as a page."""
    return [request for request in run.requests if request.executed]


def queries(run: Run) -> int:
    """What was asked of classes, pages included: all but the calls."""
    return sum(request.action in ("Enumerate", "Pull") for request in answered(run))


def calls(run: Run) -> int:
    """Methods that were called."""
    return len(answered(run)) - queries(run)


def whole_looks(run: Run) -> Counter[str]:
    """Whole looks by host, the first one among them."""
    return Counter(request.host for request in answered(run) if request.class_name == SETTINGS)


def untroubled(run: Run) -> Run:
    assert [outcome.error for outcome in run.outcomes.values() if outcome.error] == []
    return run


#: Move, what 1 VM may cost, what the queries for 10 VMs may. Docs: decision 0009 and speed.rst.
BOUNDS: list[Any] = [
    pytest.param(failback, 150, 240, id="failback"),
    pytest.param(planned, 150, 240, id="planned"),
    pytest.param(unplanned, 150, 150, id="unplanned"),
]


@pytest.mark.parametrize(("move", "one", "ten"), BOUNDS)
def test_a_move_costs_no_more_requests_than_is_promised(move: Move, one: int, ten: int) -> None:
    assert len(answered(untroubled(move(1)))) <= one


@pytest.mark.parametrize(("move", "one", "ten"), BOUNDS)
def test_ten_vms_cost_their_calls_and_few_more_queries_than_one(move: Move, one: int, ten: int) -> None:
    single, many = untroubled(move(1)), untroubled(move(10))
    assert calls(many) == 10 * calls(single)
    assert queries(many) <= ten


@pytest.mark.parametrize("move", [failback, planned])
def test_every_mutating_call_is_made_on_a_whole_look_of_the_same_moment_at_both_hosts(move: Move) -> None:
    run = untroubled(move(10))
    looked = {(request.host, request.at) for request in run.requests if request.class_name == SETTINGS}
    mutating = [request for request in run.requests if request.mutating]
    assert len(mutating) == 10 * len(MUTATIONS)
    assert all((host, request.at) in looked for request in mutating for host in ("A", "B"))


@pytest.mark.parametrize("move", [failback, planned])
def test_a_move_ends_with_a_whole_look(move: Move) -> None:
    run = untroubled(move(1))
    last = run.requests[-1].at
    assert {request.host for request in run.requests if request.at == last and request.class_name == SETTINGS} == {
        "A",
        "B",
    }


def test_whole_looks_are_one_before_each_step_and_three_beside() -> None:
    run = untroubled(failback(1))
    steps = calls(run)
    assert whole_looks(run) == {"A": steps + 3, "B": steps + 3}  # the first, before the guest is waited for, the last


def test_a_poll_while_a_job_runs_asks_one_host_for_one_class() -> None:
    run = untroubled(failback(1))
    moments = {request.at for request in run.requests if request.class_name == SETTINGS}
    between = Counter(request.at for request in run.requests if request.at not in moments)
    assert between
    assert max(between.values()) == 1


def test_a_change_by_somebody_else_during_a_poll_stops_the_next_step() -> None:
    site = Site()
    site.order(
        "change",
        match={"host": "A", "method": "InitiateShutdown"},
        action="set_replication",
        arguments={"host": "B", "vm": "VM001", "state": "replicating", "mode": "primary"},
        seconds=1,
    )
    run = site.failover(pace=PACE)
    assert run.one.error is not None
    assert run.executed == ["InitiateShutdown"]
    assert (site.lost, site.split_brains) == (0, 0)


def test_a_primary_that_comes_back_during_a_poll_is_seen_before_the_destination_starts() -> None:
    site = Site()
    site.order(
        "change",
        match={"host": "B", "method": "InitiateFailover"},
        action="set_replication",
        arguments={"host": "A", "vm": "VM001", "state": "replicating"},
        seconds=1,
    )
    run = site.failover(pace=PACE)
    assert run.one.error is not None
    assert "ReverseReplicationRelationship" not in run.executed
    assert (site.lost, site.split_brains) == (0, 0)


def test_a_host_that_refuses_wql_is_moved_from_all_the_same() -> None:
    run = untroubled(Site(wql="refused").failover(pace=PACE))
    assert run.mutations == MUTATIONS


def test_vms_that_wait_for_their_turn_are_not_asked_for() -> None:
    site = Site(estate(*(vm(number) for number in range(1, 7))))
    run = untroubled(site.failover(numbers=range(1, 7), pace=Pace(poll=5.0, concurrency=2)))
    looks = whole_looks(run)
    assert looks["A"] == looks["B"] <= 60
