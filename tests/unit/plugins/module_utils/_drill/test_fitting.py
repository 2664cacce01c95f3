# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is told of memory before a run: who never fits, in which order memory is taken, and what leaves makes room."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as some

from ansible_collections.hyperv.replica.plugins.module_utils._drill.fitting import (
    Footprint,
    Shortage,
    footprint,
    left_over,
    refusal,
    shortages,
)
from ansible_collections.hyperv.replica.plugins.module_utils._drill.standing import Member
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.limits import VmMemory
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import Pair, Side
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.states import Power
from ansible_collections.hyperv.replica.plugins.module_utils._operations.follow import foresee
from ansible_collections.hyperv.replica.plugins.module_utils._operations.goal import Goal, Start
from ansible_collections.hyperv.replica.plugins.module_utils._operations.operation import planned_failover
from ansible_collections.hyperv.replica.plugins.module_utils._operations.plan import Target
from ansible_collections.hyperv.replica.plugins.module_utils._operations.routes import HostKey
from ansible_collections.hyperv.replica.tests.unit.plugins.module_utils._drill.conducted_run import GIB, Orchestra
from ansible_collections.hyperv.replica.tests.unit.plugins.module_utils._operations.estate_run import guid, moved
from ansible_collections.hyperv.replica.tests.unit.plugins.module_utils._operations.fleet_run import fleet


def member(number: int, route: str = "A>B", *, gib: int = 4, stage: int = 0, after: tuple[int, ...] = ()) -> Member:
    """A machine that runs on one host and starts on the other, of so many GiB at both ends."""
    leaves, enters = route.split(">")
    return Member(
        vm_id=guid(number),
        name=f"VM{number:03d}",
        stage=stage,
        after=tuple(map(guid, after)),
        leaves=leaves,
        enters=enters,
        memory=gib * GIB,
        frees=gib * GIB,
    )


def missing(members: list[Member], *, gone: tuple[int, ...] = (), **free: int) -> dict[int, tuple[object, int, int]]:
    """By number: the host, and in GiB what is needed and what is free."""
    sizes: dict[HostKey, int] = {host: gib * GIB for host, gib in free.items()}
    return {
        int(vm_id[-12:], 16): (short.host, short.needed // GIB, short.free // GIB)
        for vm_id, short in shortages(members, sizes, {guid(number) for number in gone}).items()
    }


def test_memory_is_taken_in_start_order_and_a_smaller_one_may_still_fit() -> None:
    members = [member(1, gib=4), member(2, gib=8), member(3, gib=2)]

    assert missing(members, B=7) == {2: ("B", 8, 3)}


def test_who_depends_on_one_that_does_not_fit_takes_nothing() -> None:
    members = [member(1, gib=8), member(2, after=(1,)), member(3, after=(2,)), member(4)]

    assert missing(members, B=4) == {1: ("B", 8, 4)}


def test_what_leaves_a_host_in_the_same_stage_makes_room_there() -> None:
    assert missing([member(1, "A>B"), member(2, "B>A")], A=0, B=0) == {}


def test_what_leaves_in_a_later_stage_makes_no_room_yet() -> None:
    assert missing([member(1, "A>B"), member(2, "B>A", stage=1)], A=0, B=0) == {1: ("B", 4, 0), 2: ("A", 4, 0)}


def test_one_that_stays_makes_no_room() -> None:
    assert missing([member(1, "A>B"), member(2, "B>A")], gone=(2,), A=0, B=0) == {1: ("B", 4, 0)}
    assert missing([member(1, "A>B"), member(2, "B>C")], A=0, B=0, C=0) == {2: ("C", 4, 0), 1: ("B", 4, 0)}


def test_a_host_that_tells_no_free_memory_refuses_nobody() -> None:
    assert missing([member(1), member(2)]) == {}


def test_what_is_left_is_counted_without_those_that_do_not_fit() -> None:
    members = [member(1, gib=4), member(2, gib=8), member(3, gib=2)]

    assert left_over(members, {"B": 7 * GIB}) == {"B": 1 * GIB}


routes = some.sampled_from(["A>B", "B>A", "B>C", "C>A"])


@given(some.lists(some.tuples(routes, some.integers(0, 6), some.integers(0, 2)), max_size=8), some.integers(0, 12))
def test_those_that_fit_never_need_more_than_there_is_in_start_order(
    drawn: list[tuple[str, int, int]], free: int
) -> None:
    drawn.sort(key=lambda one: one[2])
    members = [member(number, route, gib=gib, stage=stage) for number, (route, gib, stage) in enumerate(drawn, 1)]
    rooms: dict[HostKey, int] = dict.fromkeys("ABC", free * GIB)
    found = shortages(members, rooms)
    left = dict(rooms)

    for stage in range(3):
        here = [one for one in members if one.stage == stage and one.vm_id not in found]
        for one in here:
            left[one.leaves] += one.frees
        for one in here:
            left[one.enters] -= one.memory
            assert left[one.enters] >= 0
    assert all(short.needed > short.free for short in found.values())


def seen(**hosts: Power) -> Pair:
    """One VM of 4 GiB that runs on A, with its replica on B."""
    site = Orchestra(fleet(vms=1, pairs=1))
    for host, power in hosts.items():
        site.world.hosts[host].vms[guid(1)].power = power
    (pair,) = site.looked_at(guid(1)).values()
    return replace(pair, **{end: replace(getattr(pair, end), memory=VmMemory(startup=4 * GIB)) for end in ENDS})


ENDS = ("destination", "source")
OFF = Power.OFF


@pytest.mark.parametrize(
    ("pair", "goal", "takes"),
    [
        (seen(), moved(), Footprint(needs=4 * GIB, frees=4 * GIB)),
        (seen(A=OFF), moved(start=Start.NEVER), Footprint()),
        (seen(A=OFF), moved(start=Start.ALWAYS), Footprint(needs=4 * GIB)),
        (seen(), moved(start=Start.NEVER), Footprint(frees=4 * GIB)),
        (seen(), moved(Target.SYNCED), Footprint()),
    ],
    ids=["moves", "off and left off", "off and started", "left off", "only synced"],
)
def test_a_machine_takes_what_its_steps_start_and_leaves_what_they_stop(
    pair: Pair, goal: Goal, takes: Footprint
) -> None:
    assert footprint(foresee(planned_failover(goal), pair)) == takes


def test_dynamic_memory_counts_with_what_it_starts_with() -> None:
    pair = seen()
    here = pair.destination
    assert isinstance(here, Side)
    dynamic = VmMemory(startup=1 * GIB, dynamic=True, minimum=GIB >> 1, maximum=64 * GIB)

    outcome = foresee(planned_failover(moved()), replace(pair, destination=replace(here, memory=dynamic)))

    assert footprint(outcome) == Footprint(needs=1 * GIB, frees=4 * GIB)


@pytest.mark.parametrize(("reserve", "named"), [(0, False), (2 * GIB, True)])
def test_a_refusal_names_the_host_what_is_needed_what_is_free_and_what_to_do(reserve: int, named: bool) -> None:
    error = refusal("SQL01", Shortage(host="hv-b", needed=4 * GIB, free=GIB), reserve)

    assert (error.kind, error.host, error.vm) == ("no_memory", "hv-b", "SQL01")
    assert all(number in error.found for number in ("4096 MiB", "1024 MiB"))
    assert ("2048" in error.found, "memory_reserve" in error.remedy) == (named, named)
    assert "run this again" in error.next_move


def test_a_reason_to_stay_is_never_memory_where_none_is_known() -> None:
    unknown: Mapping[str, Shortage] = shortages([replace(member(1), memory=0, frees=0)], {"B": 0})

    assert unknown == {}
