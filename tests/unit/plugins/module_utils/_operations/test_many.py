# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Many VMs, somebody else beside us, and how often hosts are asked."""

from __future__ import annotations

from collections import Counter

import pytest

from ansible_collections.hyperv.replica.plugins.module_utils._operations.goal import OnFailure
from ansible_collections.hyperv.replica.plugins.module_utils._operations.pace import Pace
from ansible_collections.hyperv.replica.plugins.module_utils._operations.plan import Target
from ansible_collections.hyperv.replica.tests.unit.plugins.module_utils._operations.estate_run import (
    PROVIDER,
    Run,
    Site,
    estate,
    guid,
    moved,
    vm,
)

ALL_20 = tuple(range(1, 21))


def many(count: int, **more: object) -> Site:
    return Site(estate(*(vm(number, **more) for number in range(1, count + 1))))


def asked(run: Run) -> Counter[tuple[str, str]]:
    """Queries by host and class; pages beside the first are counted apart."""
    return Counter((request.host, request.class_name) for request in run.requests if request.action == "Enumerate")


def test_a_run_with_nothing_to_do_costs_the_same_queries_over_300_vms_as_over_one() -> None:
    one, all_300 = many(1), many(300)
    few = one.failover(moved(Target.SYNCED))
    lots = all_300.failover(moved(Target.SYNCED), numbers=range(1, 301))
    assert all(outcome.already_there for outcome in lots.outcomes.values())
    assert asked(lots) == asked(few)
    assert lots.mutations == []


def test_a_failback_of_20_vms_polls_with_one_query_per_class_and_host_whatever_their_number() -> None:
    def polls(run: Run) -> Counter[tuple[str, str, object]]:
        first = run.requests[0].at  # names are resolved by a look of its own
        looks = [request for request in run.requests if request.action == "Enumerate" and request.at > first]
        return Counter((request.host, request.class_name, request.at) for request in looks)

    site = many(20, primary="B", replica="A")
    run = site.failback(numbers=ALL_20, pace=Pace(poll=15, concurrency=20))
    assert [outcome.error for outcome in run.outcomes.values()] == [None] * 20
    poll_and_look = 2  # a poll that shows that something may be decided is followed by a whole look at once
    assert max(polls(run).values()) == poll_and_look
    assert all(site.runs_at(number) == ["A"] for number in ALL_20)


def test_no_more_vms_have_a_step_outstanding_than_was_allowed() -> None:
    site = many(6)
    run = site.failover(numbers=range(1, 7), pace=Pace(poll=15, concurrency=2))
    shutdowns = [request.at for request in run.requests if request.method == "InitiateShutdown"]
    assert max(Counter(shutdowns).values()) <= 2
    assert [outcome.error for outcome in run.outcomes.values()] == [None] * 6


def test_after_a_failure_vms_that_were_not_begun_are_left_alone() -> None:
    site = many(4)
    site.order("return_code", match={"method": "InitiateShutdown", "vm": "VM001"})
    run = site.failover(numbers=range(1, 5), pace=Pace(poll=15, concurrency=1, stop_on_error=True))
    assert run.outcomes[guid(1)].error is not None
    assert all(run.outcomes[guid(number)].skipped for number in (3, 4))
    assert site.runs_at(4) == ["A"]


def test_one_vm_that_fails_does_not_hold_the_others() -> None:
    site = many(4)
    site.order("fail_job", match={"method": "InitiateFailover", "vm": "VM002"})
    run = site.failover(moved(on_failure=OnFailure.ROLL_BACK), numbers=range(1, 5))
    assert [run.outcomes[guid(number)].error is None for number in range(1, 5)] == [True, False, True, True]
    assert [site.runs_at(number) for number in range(1, 5)] == [["B"], ["A"], ["B"], ["B"]]


def test_a_vm_that_was_not_named_is_not_touched() -> None:
    site = many(2)
    run = site.failover(numbers=(1,))
    assert {request.vm for request in run.requests if request.mutating} == {guid(1)}
    assert site.runs_at(2) == ["A"]


def test_a_second_run_waits_with_the_job_of_the_first() -> None:
    site = Site(estate(vm(provider=PROVIDER, primary="B", replica="A")))
    undisturbed = Site(estate(vm(provider=PROVIDER, primary="B", replica="A"))).failback()
    number = next(request.number for request in undisturbed.requests if request.method == "InitiateFailback")
    site.kill_at, site.kill_after_execution = number, True
    site.failback()
    site.kill_at = None
    run = site.failback()
    assert run.one.error is None
    assert any("what runs there already" in line for vm_id, line in run.lines)
    assert "InitiateFailback" not in run.mutations


def test_where_nothing_runs_nobody_reads_that_something_is_waited_for() -> None:
    run = many(3).failover(numbers=(1, 2, 3))

    assert len({vm_id for vm_id, line in run.lines}) == 3
    assert not [line for vm_id, line in run.lines if "what runs there already" in line]


def test_an_advance_along_the_plan_by_somebody_else_is_followed() -> None:
    site = Site()
    site.order(
        "change",
        match={"host": "A", "method": "TestReplicationConnection"},
        action="turn_off_vm",
        arguments={"host": "A", "vm": "VM001"},
    )
    site.order(
        "change",
        match={"host": "B", "method": "TestReplicationConnection"},
        action="turn_off_vm",
        arguments={"host": "A", "vm": "VM001"},
    )
    run = site.failover()
    assert run.one.error is None, str(run.one.error)
    assert "InitiateShutdown" not in run.mutations
    assert site.runs_at() == ["B"]


def test_a_role_that_somebody_else_changed_stops_the_run() -> None:
    site = Site()
    site.order(
        "change",
        match={"host": "B", "method": "TestReplicationConnection"},
        action="set_replication",
        arguments={"host": "B", "vm": "VM001", "state": "replicating", "mode": "primary"},
    )
    run = site.failover()
    assert run.one.error is not None
    assert run.mutations == []
    assert site.runs_at() == ["A"]


def test_a_cancel_by_somebody_else_in_the_middle_is_not_run_over() -> None:
    site = Site()
    site.order(
        "change",
        match={"host": "B", "method": "InitiateFailover"},
        action="set_replication",
        arguments={"host": "A", "vm": "VM001", "state": "replicating"},
        seconds=1,
    )
    run = site.failover()
    assert run.one.error is not None
    assert "ReverseReplicationRelationship" not in run.executed
    assert (site.lost, site.split_brains) == (0, 0)


@pytest.mark.parametrize(
    ("rate", "waited"),
    [(1.0, "300 s"), (60.0, "18000 s of simulated time, 300 s by the controller's clock")],
)
def test_a_wait_that_was_too_long_says_by_which_clock(rate: float, waited: str) -> None:
    site = Site()
    site.b().guest.answers = False

    run = site.failover(moved(Target.RUNNING, rate=rate, turn_off_guest=True))

    assert run.error("guest_silent").found == f"the VM runs, but its guest did not answer within {waited}"
