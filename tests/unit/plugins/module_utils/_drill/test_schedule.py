# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.hyperv.replica.plugins.module_utils._drill.durations import Known, Part
from ansible_collections.hyperv.replica.plugins.module_utils._drill.order import awaited
from ansible_collections.hyperv.replica.plugins.module_utils._drill.plan import Plan, PlanLimits, Towards
from ansible_collections.hyperv.replica.plugins.module_utils._drill.schedule import (
    Row,
    Schedule,
    Span,
    fixed_batches,
    schedule,
    waves,
)
from ansible_collections.hyperv.replica.plugins.module_utils._drill.waves import HostRoom, Move, Room, room
from ansible_collections.hyperv.replica.plugins.module_utils._errors import PreconditionFailed
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.limits import HostLimits
from ansible_collections.hyperv.replica.tests.unit.plugins.module_utils._drill.written import HOSTS, plan, plans, vm

GIB = 1 << 30

#: Each makes a whole plan and schedules it; machines that test are slow, and no test depends on how slow.
a_few = settings(max_examples=40, deadline=None)
STOP, LAST, SWITCH, START, GREEN = Part


@dataclass(frozen=True)
class Case:
    """A move, what there is room for, and how much memory each machine starts with."""

    move: Move
    room: Room


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Any plan over six hosts, with any limits in which it can be carried out."""
    whole: Plan = draw(plans())
    seconds = st.integers(1, 90).map(lambda number: timedelta(seconds=number))
    known = {
        one.name: Known(memory=draw(st.integers(1, 4)) * GIB, measured=tuple((part, draw(seconds)) for part in Part))
        for one in whole.vms
    }
    enough = sum(one.memory or 0 for one in known.values())
    hosts = {
        name: HostRoom(
            active_transfers=draw(st.integers(1, 3)),
            operations=draw(st.integers(1, 4)),
            memory=draw(st.sampled_from([enough, enough * 2])),
        )
        for name in HOSTS
    }
    towards = draw(st.sampled_from(Towards))
    return Case(
        Move(plan=whole, towards=towards, planned=draw(st.booleans()), known=known),
        Room(concurrency=draw(st.integers(1, 5)), hosts=hosts),
    )


def spans(known: Schedule, *parts: Part) -> Iterator[tuple[Row, Span]]:
    return ((row, row.parts[part]) for row in known.rows for part in parts if part in row.parts)


def memory(case: Case, row: Row) -> int:
    return case.move.known[row.vm].memory or 0


def most_at_once(found: list[Span]) -> int:
    """How many of these run at the same moment; one that ends when another begins does not count."""
    return max((sum(one.begin <= at.begin < one.end for one in found) for at in found), default=0)


@a_few
@given(cases())
def test_no_limit_is_exceeded_at_any_moment(case: Case) -> None:
    known = schedule(case.move, case.room)

    assert most_at_once([span for _row, span in spans(known, STOP, LAST, SWITCH, START)]) <= case.room.concurrency
    for name, host in case.room.hosts.items():
        sent = [span for row, span in spans(known, LAST) if row.source == name]
        received = [span for row, span in spans(known, LAST) if row.target == name]
        asked = [span for row, span in spans(known, STOP, LAST) if row.source == name]
        asked += [span for row, span in spans(known, SWITCH, START) if row.target == name]
        assert host.active_transfers is not None
        assert host.operations is not None
        assert most_at_once(sent) <= host.active_transfers
        assert most_at_once(received) <= host.active_transfers
        assert most_at_once(asked) <= host.operations


@a_few
@given(cases())
def test_memory_is_never_promised_twice(case: Case) -> None:
    known = schedule(case.move, case.room)
    for name, host in case.room.hosts.items():
        events = [(span.begin, -memory(case, row)) for row, span in spans(known, START) if row.target == name]
        events += [(span.end, memory(case, row)) for row, span in spans(known, STOP) if row.source == name]
        left = host.memory or 0
        for _at, change in sorted(events, key=lambda event: (event[0], -event[1])):
            left += change
            assert left >= 0


@a_few
@given(cases())
def test_the_parts_of_a_machine_follow_each_other(case: Case) -> None:
    for row in schedule(case.move, case.room).rows:
        assert list(row.parts) == list(case.move.parts)
        assert all(one.end <= other.begin for one, other in pairwise(row.parts.values()))


@a_few
@given(cases())
def test_a_stage_is_switched_when_all_of_it_is_off_and_begun_when_the_one_before_is_served(case: Case) -> None:
    known = schedule(case.move, case.room)
    numbers = sorted({row.stage for row in known.rows})
    for number in numbers:
        stage = [row for row in known.rows if row.stage == number]
        off = [row.parts[LAST].end for row in stage if LAST in row.parts]
        switched = [row.parts[SWITCH] for row in stage]
        assert all(end <= span.begin for end in off for span in switched)
        assert all(span.end <= row.parts[START].begin for span in switched for row in stage)
    for before, after in pairwise(numbers):
        served = max(row.served_at for row in known.rows if row.stage == before)
        assert all(min(row.parts.values()).begin >= served for row in known.rows if row.stage == after)


@a_few
@given(cases())
def test_machines_start_when_what_they_wait_for_is_green_and_stop_before_it(case: Case) -> None:
    known = {row.vm: row for row in schedule(case.move, case.room).rows}
    tiers = [tier.name for tier in case.move.plan.tiers]
    for name, waits in awaited(case.move.plan, planned=case.move.planned).items():
        for on in waits.moved:
            assert known[on].parts[GREEN].end <= known[name].parts[START].begin
            if STOP in known[name].parts and known[on].stage == known[name].stage:
                assert known[name].parts[STOP].end <= known[on].parts[STOP].begin
    for one in known.values():
        for other in known.values():
            if one.stage == other.stage and tiers.index(one.tier) < tiers.index(other.tier):
                assert one.parts[GREEN].end <= other.parts[START].begin
                assert STOP not in one.parts or other.parts[STOP].end <= one.parts[STOP].begin


@a_few
@given(cases())
def test_a_schedule_is_never_worse_than_fixed_batches_of_the_same_width(case: Case) -> None:
    known = schedule(case.move, case.room)

    assert known.makespan <= fixed_batches(case.move, case.room, case.room.concurrency).makespan


def large(count: int = 300) -> Move:
    """So many machines on six hosts in three tiers, every tenth of which depends on the one before it."""
    vms = [
        vm(
            f"VM{number:03}",
            *([f"VM{number - 3:03}"] if number % 10 == 0 and number > 2 else []),
            home=HOSTS[number % 3],
            recovery=HOSTS[3 + number % 3],
            tier=("data", "app", "web")[number * 3 // count],
        )
        for number in range(count)
    ]
    known = {
        one["name"]: Known(measured=((LAST, timedelta(seconds=10 + number * 7 % 40)),))
        for number, one in enumerate(vms)
    }
    return Move(plan=plan(*vms, tiers="data app web"), towards=Towards.RECOVERY, known=known)


def test_300_machines_on_six_hosts_are_moved_in_less_time_than_fixed_batches_take() -> None:
    there = Room(concurrency=30, hosts={name: HostRoom(active_transfers=6, operations=1500) for name in HOSTS})

    known, batches = schedule(large(), there), fixed_batches(large(), there, 30)

    assert len(known.rows) == 300
    assert known.makespan < 0.8 * batches.makespan


def test_machines_of_other_hosts_pass_those_that_wait_for_a_transfer() -> None:
    slow = Known(measured=((LAST, timedelta(seconds=100)),))
    vms = [vm("A"), vm("B"), vm("C", home="hv-c", recovery="hv-d")]
    move = Move(plan=plan(*vms), towards=Towards.RECOVERY, known={"A": slow, "B": slow})

    rows = {row.vm: row for row in schedule(move, Room(hosts={"hv-a": HostRoom(active_transfers=1)})).rows}

    assert (rows["B"].parts[LAST], rows["A"].parts[LAST], rows["C"].parts[LAST]) == ((30, 130), (130, 230), (30, 45))


def test_who_waits_for_a_guest_holds_no_slot() -> None:
    move = Move(plan=plan(vm("A"), vm("B"), vm("C", "A")), towards=Towards.RECOVERY, planned=False)

    rows = {row.vm: row for row in schedule(move, Room(concurrency=1)).rows}

    assert [rows[name].parts[START] for name in "ABC"] == [(75, 85), (85, 95), (145, 155)]


def test_a_start_delay_is_waited_after_the_turn_has_come() -> None:
    move = Move(plan=plan(vm("A"), vm("B", "A", start_delay="2m")), towards=Towards.RECOVERY, planned=False)

    rows = {row.vm: row for row in schedule(move, Room()).rows}

    assert rows["B"].parts[START].begin == rows["A"].served_at + 120


def test_the_rto_of_a_planned_move_counts_from_the_shutdown_and_that_of_a_tier_from_its_first() -> None:
    read = plan(
        vm("SQL", tier="data", limits={"rto": "4m"}), vm("WEB", tier="web", limits={"rto": "1m"}), tiers="data web"
    )

    known = schedule(Move(plan=read, towards=Towards.RECOVERY), Room())

    rows = {row.vm: row for row in known.rows}
    assert [rows["WEB"].out_since, rows["SQL"].out_since] == [0, 30]
    assert [rows[name].rto for name in ("SQL", "WEB")] == [140, 240]
    assert [rows[name].over_limit for name in ("SQL", "WEB")] == [False, True]
    assert known.tier_rto() == {"data": 140, "web": 240}
    assert known.makespan == 240


def test_the_rto_after_an_outage_counts_from_the_beginning() -> None:
    known = schedule(Move(plan=plan(vm("A"), vm("B", "A")), towards=Towards.RECOVERY, planned=False), Room())

    assert [(row.out_since, row.rto) for row in known.rows] == [(0, 95), (0, 165)]


def test_machines_that_are_there_already_are_waited_for_by_nobody() -> None:
    move = Move(plan=plan(vm("A"), vm("B", "A")), towards=Towards.RECOVERY, there={"A"})

    assert [row.vm for row in schedule(move, Room()).rows] == ["B"]


def test_a_schedule_can_end_before_anything_starts() -> None:
    move = Move(plan=plan(vm("A"), vm("B")), towards=Towards.RECOVERY, stops_at=LAST)

    known = schedule(move, Room())

    assert [list(row.parts) for row in known.rows] == [[STOP, LAST], [STOP, LAST]]


def test_a_wave_that_does_not_fit_into_the_memory_of_its_host_is_refused_before_anything_moves() -> None:
    known = {name: Known(memory=4 * GIB) for name in ("A", "B", "C")}
    move = Move(plan=plan(vm("A"), vm("B"), vm("C")), towards=Towards.RECOVERY, known=known)

    with pytest.raises(PreconditionFailed, match="no room for the memory of C: they start with 4096 MiB") as refused:
        schedule(move, Room(hosts={"hv-b": HostRoom(memory=10 * GIB)}))

    assert (refused.value.kind, refused.value.host) == ("no_memory", "hv-b")


def test_memory_that_machines_leave_behind_is_there_for_those_that_come() -> None:
    known = {name: Known(memory=4 * GIB) for name in ("A", "B")}
    swapped = plan(vm("A"), vm("B", home="hv-b", recovery="hv-a"))

    found = schedule(
        Move(plan=swapped, towards=Towards.RECOVERY, known=known),
        Room(hosts={"hv-a": HostRoom(memory=0), "hv-b": HostRoom(memory=0)}),
    )

    assert len(found.rows) == 2


def test_the_plan_lowers_what_hosts_say_and_never_raises_it() -> None:
    told = {"hv-a": HostLimits(active_transfers=6), "hv-b": HostLimits(active_transfers=2, winrm_operations=15)}
    limits = PlanLimits(concurrency=50, active_transfers=3, winrm_operations=1000, memory_reserve=2 * GIB)

    found = room(limits, told, {"hv-b": 10 * GIB, "hv-c": GIB}, concurrency=20)

    assert found.concurrency == 20
    assert found.hosts == {
        "hv-a": HostRoom(active_transfers=3, operations=1000, memory=None),
        "hv-b": HostRoom(active_transfers=2, operations=15, memory=8 * GIB),
        "hv-c": HostRoom(active_transfers=3, operations=1000, memory=0),
    }


@pytest.mark.parametrize(
    ("of_plan", "of_task", "width"), [(60, None, 60), (60, 20, 20), (5, 20, 5), (None, 20, 20), (None, None, 10)]
)
def test_a_width_of_the_plan_counts_where_the_task_says_none(
    of_plan: int | None, of_task: int | None, width: int
) -> None:
    assert room(PlanLimits(concurrency=of_plan), {}, {}, concurrency=of_task).concurrency == width


def test_waves_name_who_begins_what_at_the_same_moment() -> None:
    known = schedule(Move(plan=plan(vm("A"), vm("B", "A")), towards=Towards.RECOVERY, stops_at=LAST), Room())

    assert [(wave.at, wave.part, wave.vms) for wave in waves(known)] == [
        (0, STOP, ("B",)),
        (30, STOP, ("A",)),
        (30, LAST, ("B",)),
        (60, LAST, ("A",)),
    ]
