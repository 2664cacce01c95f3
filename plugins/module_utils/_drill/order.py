# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which machine of a plan comes after which: start and stop order, stages of a move, and groups to start."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from ansible_collections.hyperv.replica.plugins.module_utils._drill.plan import Barrier, Plan, Service, Tier, Vm
from ansible_collections.hyperv.replica.plugins.module_utils._drill.shards import joined

#: What a planned move needs at every moment, so that one machine at least has to go on providing it.
NEEDED: Final = (Service.KDC, Service.DNS, Service.AWX)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """What is moved whole: shut down in stop order, all switched, then started in start order.

    Attributes:
        vms: in start order.
        alone: one machine that others need, which moves after all others.
    """

    vms: tuple[Vm, ...]
    alone: bool = False

    @property
    def start_order(self) -> tuple[str, ...]:
        return tuple(vm.name for vm in self.vms)

    @property
    def stop_order(self) -> tuple[str, ...]:
        return self.start_order[::-1]


@dataclass(frozen=True, slots=True, kw_only=True)
class StartGroup:
    """Machines of one tier that can be started in one go; none where a tier has only hooks.

    Attributes:
        opens: what comes before the tier is done before this group.
        closes: what comes after the tier is done after this group.
    """

    tier: Tier
    vms: tuple[Vm, ...]
    opens: bool = False
    closes: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Awaited:
    """What a machine waits for before it starts.

    Attributes:
        moved: their probes have to be green where they moved to, in the same stage or an earlier one.
        in_place: they move later or not at all; they have to be served where they are.
    """

    moved: tuple[str, ...] = ()
    in_place: tuple[str, ...] = ()


def start_order(plan: Plan) -> tuple[Vm, ...]:
    """Tier after tier, as written; a machine comes later than written only to follow one that it depends on."""
    return tuple(
        vm for tier in plan.tiers for vm in _after_dependencies([vm for vm in plan.vms if vm.tier == tier.name])
    )


def stop_order(plan: Plan) -> tuple[Vm, ...]:
    """The exact reverse of the start order."""
    return start_order(plan)[::-1]


def stages(plan: Plan, *, planned: bool = True) -> tuple[Stage, ...]:
    """What is moved whole, one after the other; machines that others need come last, each alone.

    An unplanned move has one stage: nothing is shut down, and what others need starts where its order says.
    """
    ordered = start_order(plan)
    if not planned:
        return (Stage(vms=ordered),) if ordered else ()
    usual = [vm for vm in ordered if not vm.provides]
    moved = [Stage(vms=tuple(vms)) for vms in _barriers(plan, usual)]
    return (*moved, *(Stage(vms=(vm,), alone=True) for vm in ordered if vm.provides))


def start_groups(plan: Plan, *, planned: bool = True) -> tuple[tuple[StartGroup, ...], ...]:
    """Each stage in pieces that need nothing between them but what a role does: hooks, pauses, probes by task files.

    A tier is cut before each machine that depends on one of the same piece that has such a probe. What belongs around
    a tier is done around all of its machines but those that move last and alone, unless it has no others.
    """
    moved = stages(plan, planned=planned)
    pieces = [(index, tier, vms) for index, stage in enumerate(moved) for tier, vms in _pieces(plan, stage)]
    for tier in plan.tiers:
        if not any(tier is other for _index, other, _vms in pieces):
            pieces.insert(*_place_of_empty(plan, tier, pieces))
    first = {tier.name: place for place, (_index, tier, _vms) in reversed(list(enumerate(pieces)))}
    last: dict[str, int] = {}
    for place, (index, tier, _vms) in enumerate(pieces):
        if tier.name not in last or not moved[index].alone or moved[pieces[last[tier.name]][0]].alone:
            last[tier.name] = place
    groups = [
        (index, StartGroup(tier=tier, vms=vms, opens=first[tier.name] == place, closes=last[tier.name] == place))
        for place, (index, tier, vms) in enumerate(pieces)
    ]
    return tuple(tuple(group for at, group in groups if at == index) for index in range(len(moved)))


def awaited(plan: Plan, *, planned: bool = True) -> dict[str, Awaited]:
    """What each machine waits for before it starts."""
    stage_of = {vm.name: index for index, stage in enumerate(stages(plan, planned=planned)) for vm in stage.vms}
    return {
        vm.name: Awaited(
            moved=tuple(on for on in vm.depends_on if on in stage_of and stage_of[on] <= stage_of[vm.name]),
            in_place=tuple(on for on in vm.depends_on if on not in stage_of or stage_of[on] > stage_of[vm.name]),
        )
        for vm in plan.vms
    }


def sole_providers(plan: Plan) -> dict[Service, Vm]:
    """Machines that the move itself needs and that nobody stands in for while they move; preflight blocks those."""
    of = {service: [vm for vm in plan.vms if service in vm.provides] for service in NEEDED}
    return {service: vms[0] for service, vms in of.items() if len(vms) == 1 and service not in plan.provided_elsewhere}


def _pieces(plan: Plan, stage: Stage) -> Iterator[tuple[Tier, tuple[Vm, ...]]]:
    for tier in plan.tiers:
        piece: list[Vm] = []
        for vm in stage.vms:
            if vm.tier != tier.name:
                continue
            if any(other.task_files and _depends(plan, vm, other.name) for other in piece):
                yield tier, tuple(piece)
                piece = []
            piece.append(vm)
        if piece:
            yield tier, tuple(piece)


def _depends(plan: Plan, vm: Vm, name: str) -> bool:
    """Whether it depends on that machine, be it through others of the plan."""
    known = {one.name: one for one in plan.vms}
    ahead, seen = list(vm.depends_on), set[str]()
    while ahead:
        on = ahead.pop()
        if on == name:
            return True
        if on in known and on not in seen:
            seen.add(on)
            ahead += known[on].depends_on
    return False


_Piece = tuple[int, Tier, tuple[Vm, ...]]


def _place_of_empty(plan: Plan, tier: Tier, pieces: Sequence[_Piece]) -> tuple[int, _Piece]:
    """A tier that has only hooks comes right after what is before it in the plan."""
    before = {other.name for other in plan.tiers[: plan.tiers.index(tier)]}
    places = [place for place, (_index, other, _vms) in enumerate(pieces) if other.name in before]
    place = places[-1] + 1 if places else 0
    index = pieces[place - 1][0] if places else 0
    return place, (index, tier, ())


def _after_dependencies(vms: Sequence[Vm]) -> Iterator[Vm]:
    """As written, but for those that have to wait for another of them."""
    left = {vm.name: vm for vm in vms}
    while left:
        free = [vm for vm in left.values() if not any(on in left for on in vm.depends_on)]
        turn = (free or [*left.values()])[0]
        yield left.pop(turn.name)


def _barriers(plan: Plan, ordered: Sequence[Vm]) -> Iterator[Sequence[Vm]]:
    """The machines, cut where what is before has to be moved whole."""
    ends = [tier.barrier or plan.barrier is Barrier.TIER for tier in plan.tiers]
    number = {tier.name: sum(ends[:index]) for index, tier in enumerate(plan.tiers)}
    for _number, vms in groupby(ordered, key=lambda vm: number[vm.tier]):
        if plan.barrier is Barrier.CONSISTENCY_GROUP:
            yield from _by_consistency(list(vms))
        else:
            yield list(vms)


def _by_consistency(ordered: Sequence[Vm]) -> Iterator[Sequence[Vm]]:
    """Each consistency group by itself; machines without one are moved together as long as no group is between."""
    units = joined(ordered, lambda vm: [("group", vm.consistency_group)] if vm.consistency_group else [])
    for loose, run in groupby(_units_in_order(units), key=lambda unit: not unit[0].consistency_group):
        if loose:
            yield [vm for unit in run for vm in unit]
        else:
            yield from run


def _units_in_order(units: Sequence[Sequence[Vm]]) -> list[Sequence[Vm]]:
    """The units as they follow each other; those that wait for each other become one."""
    merged = list(units)
    ordered: list[Sequence[Vm]] = []
    while merged:
        free = [unit for unit in merged if not _waits_for(unit, merged)]
        if free:
            ordered.append(free[0])
            merged.remove(free[0])
        else:
            merged = _one_circle_merged(merged)
    return ordered


def _waits_for(unit: Sequence[Vm], others: Sequence[Sequence[Vm]]) -> list[Sequence[Vm]]:
    needed = {on for vm in unit for on in vm.depends_on}
    return [other for other in others if other is not unit and any(vm.name in needed for vm in other)]


def _one_circle_merged(units: Sequence[Sequence[Vm]]) -> list[Sequence[Vm]]:
    """Every unit waits for one, so walking along what is waited for ends in a circle."""
    walked = [units[0]]
    while (following := _waits_for(walked[-1], units)[0]) not in walked:
        walked.append(following)
    circle = walked[walked.index(following) :]
    whole = [vm for unit in units if unit in circle for vm in unit]
    first = next(index for index, unit in enumerate(units) if unit in circle)
    rest = [unit for unit in units if unit not in circle]
    return [*rest[:first], list(_after_dependencies(whole)), *rest[first:]]
