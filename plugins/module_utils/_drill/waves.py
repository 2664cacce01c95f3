# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What may run together: the parts of every machine's move, what each waits for, and what it needs of the hosts."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from itertools import pairwise
from typing import Final

from ansible_collections.hyperv.replica.plugins.module_utils._drill.durations import (
    PLANNED,
    UNPLANNED,
    Known,
    Part,
    predicted,
)
from ansible_collections.hyperv.replica.plugins.module_utils._drill.order import Stage, awaited, stages
from ansible_collections.hyperv.replica.plugins.module_utils._drill.plan import Plan, PlanLimits, Towards, Vm
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.limits import HostLimits

#: Machines with a step outstanding where neither the plan nor the task says.
CONCURRENCY: Final = 10


class Resource(str, Enum):
    """What there is only so much of."""

    STEPS = "steps"
    SENDS = "sends"
    RECEIVES = "receives"
    OPERATIONS = "operations"
    MEMORY = "memory"


#: A resource of a host; of nobody where it is the controller's.
Claim = tuple[Resource, str]

#: A machine and a part of its move; nobody and a moment.
Key = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class HostRoom:
    """What one host has room for; None where it has no limit that anybody knows.

    Attributes:
        memory: free bytes that machines may start with, without the reserve.
    """

    active_transfers: int | None = None
    operations: int | None = None
    memory: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """What there is room for: machines with a step outstanding, and each host's own."""

    concurrency: int = CONCURRENCY
    hosts: Mapping[str, HostRoom] = field(default_factory=dict)

    def limits(self) -> dict[Claim, int]:
        """By resource; what is not in it has no limit."""
        found: dict[Claim, int | None] = {(Resource.STEPS, ""): self.concurrency}
        for name, host in self.hosts.items():
            found[Resource.SENDS, name] = found[Resource.RECEIVES, name] = host.active_transfers
            found[Resource.OPERATIONS, name] = host.operations
            found[Resource.MEMORY, name] = host.memory
        return {claim: limit for claim, limit in found.items() if limit is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One part of one machine's move, or a moment that others wait for, which takes no time and needs nothing.

    Attributes:
        key: the machine and the part; for a moment, what it is.
        after: what has to be over before.
        delay: waited after that, holding nothing.
        holds: what is needed while it runs.
        takes: what is needed from its begin on for good; gives: what is free for good after its end.
    """

    key: Key
    seconds: float = 0.0
    after: tuple[Key, ...] = ()
    delay: float = 0.0
    holds: tuple[Claim, ...] = ()
    takes: tuple[tuple[Claim, int], ...] = ()
    gives: tuple[tuple[Claim, int], ...] = ()


def room(
    plan: PlanLimits, hosts: Mapping[str, HostLimits], free_memory: Mapping[str, int], *, concurrency: int | None = None
) -> Room:
    """What hosts say, lowered by the plan. A plan never raises a limit of a host; of two widths the lower counts."""
    reserve = plan.memory_reserve or 0
    return Room(
        concurrency=min(filter(None, (plan.concurrency, concurrency)), default=CONCURRENCY),
        hosts={
            name: HostRoom(
                active_transfers=_lower(told.active_transfers if told else None, plan.active_transfers),
                operations=_lower(told.winrm_operations if told else None, plan.winrm_operations),
                memory=max(0, free_memory[name] - reserve) if name in free_memory else None,
            )
            for name in dict.fromkeys([*hosts, *free_memory])
            for told in [hosts.get(name)]
        },
    )


def _lower(told: int | None, planned: int | None) -> int | None:
    given = [limit for limit in (told, planned) if limit is not None]
    return min(given) if given else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """What is to be scheduled.

    Attributes:
        known: by name, what is known of a machine.
        there: names of machines that are served where they are to be already; they are waited for by nobody.
        stops_at: the last part that is wanted.
    """

    plan: Plan
    towards: Towards
    planned: bool = True
    known: Mapping[str, Known] = field(default_factory=dict)
    there: Collection[str] = ()
    stops_at: Part = Part.PROBES

    @property
    def parts(self) -> tuple[Part, ...]:
        """The parts that each machine goes through."""
        every = PLANNED if self.planned else UNPLANNED
        return tuple(part for part in every if PLANNED.index(part) <= PLANNED.index(self.stops_at))

    def stages(self) -> tuple[Stage, ...]:
        """The stages, without machines that are there already."""
        found = stages(self.plan, planned=self.planned)
        left = ((stage, tuple(vm for vm in stage.vms if vm.name not in self.there)) for stage in found)
        return tuple(Stage(vms=vms, alone=stage.alone) for stage, vms in left if vms)

    def of(self, vm: Vm) -> Known:
        """What is known of it."""
        return self.known.get(vm.name, Known())


def tasks(move: Move) -> list[Task]:
    """Every part of the move in the order in which who comes first is served.

    A stage is shut down in stop order, tier after tier; nobody is switched before the last changes of all have been
    sent; then it is started in start order, tier after tier. The next stage begins when all of it is green.
    """
    found: list[Task] = []
    before: tuple[Key, ...] = ()
    for number, stage in enumerate(move.stages()):
        begun = _moment(number, "begins", before)
        found += [begun, *_stage_tasks(move, stage, number, begun.key)]
        ended = _moment(number, "ends", tuple(_last(move, vm) for vm in stage.vms))
        found.append(ended)
        before = (ended.key,)
    return found


def _moment(number: int, what: str, after: tuple[Key, ...]) -> Task:
    return Task(key=("", f"stage {number} {what}"), after=after)


def _last(move: Move, vm: Vm) -> Key:
    return vm.name, move.parts[-1].value


def _stage_tasks(move: Move, stage: Stage, number: int, begun: Key) -> Iterator[Task]:
    off = _moment(number, "is off", tuple((vm.name, Part.LAST_CHANGES.value) for vm in stage.vms))
    switched = _moment(number, "is switched", tuple((vm.name, Part.SWITCH.value) for vm in stage.vms))
    if Part.SHUT_DOWN in move.parts:
        yield from _stopping(move, stage, number, begun)
    if Part.LAST_CHANGES in move.parts:
        yield from (_part(move, vm, Part.LAST_CHANGES, ((vm.name, Part.SHUT_DOWN.value),)) for vm in stage.vms[::-1])
        yield off
    if Part.SWITCH in move.parts:
        ready = off.key if Part.LAST_CHANGES in move.parts else begun
        yield from (_part(move, vm, Part.SWITCH, (ready,)) for vm in stage.vms)
        yield switched
    if Part.START in move.parts:
        yield from _starting(move, stage, number, switched.key)


def _stopping(move: Move, stage: Stage, number: int, begun: Key) -> Iterator[Task]:
    """In the reverse of the start order: whoever depends on a machine is off before it."""
    part = Part.SHUT_DOWN
    dependents = {vm.name: [other for other in stage.vms if vm.name in other.depends_on] for vm in stage.vms}
    free = begun
    for tier in reversed(_tiers(move.plan, stage)):
        for vm in reversed(tier):
            waits = tuple((other.name, part.value) for other in dependents[vm.name])
            yield _part(move, vm, part, (free, *waits))
        through = _moment(number, f"tier {tier[0].tier} is off", tuple((vm.name, part.value) for vm in tier))
        yield through
        free = through.key


def _starting(move: Move, stage: Stage, number: int, switched: Key) -> Iterator[Task]:
    waits = awaited(move.plan, planned=move.planned)
    here = {vm.name for vm in stage.vms}
    green = Part.PROBES if Part.PROBES in move.parts else Part.START
    free = switched
    for tier in _tiers(move.plan, stage):
        for vm in tier:
            needed = tuple((name, green.value) for name in waits[vm.name].moved if name in here)
            yield _part(move, vm, Part.START, (free, *needed))
            if green is Part.PROBES:
                yield _part(move, vm, green, ((vm.name, Part.START.value),))
        through = _moment(number, f"tier {tier[0].tier} is through", tuple((vm.name, green.value) for vm in tier))
        yield through
        free = through.key


def _tiers(plan: Plan, stage: Stage) -> list[list[Vm]]:
    found = ([vm for vm in stage.vms if vm.tier == tier.name] for tier in plan.tiers)
    return [vms for vms in found if vms]


def _part(move: Move, vm: Vm, part: Part, after: tuple[Key, ...]) -> Task:
    known, source, target = move.of(vm), vm.away_from(move.towards), vm.to(move.towards)
    memory = known.memory or 0
    frees = memory if known.frees is None else known.frees
    return Task(
        key=(vm.name, part.value),
        seconds=predicted(known, part).total_seconds(),
        after=after,
        delay=vm.start_delay.total_seconds() if part is Part.START else 0.0,
        holds=_holds(part, source, target),
        takes=(((Resource.MEMORY, target), memory),) if part is Part.START and memory else (),
        gives=(((Resource.MEMORY, source), frees),) if part is Part.SHUT_DOWN and frees else (),
    )


def _holds(part: Part, source: str, target: str) -> tuple[Claim, ...]:
    """Who waits for a guest to answer holds nothing; a step holds an operation on the host that it is asked of."""
    if part is Part.PROBES:
        return ()
    asked = source if part in (Part.SHUT_DOWN, Part.LAST_CHANGES) else target
    data = ((Resource.SENDS, source), (Resource.RECEIVES, target)) if part is Part.LAST_CHANGES else ()
    return ((Resource.STEPS, ""), (Resource.OPERATIONS, asked), *data)


def in_fixed_batches(found: list[Task], width: int) -> list[Task]:
    """The same tasks, each group of WIDTH machines through its part before the next group begins."""
    parts = {part: [task for task in found if task.key[1] == part.value] for part in Part}
    gates: list[Task] = []
    behind: dict[Key, tuple[Key, ...]] = {}
    for first, last in ((Part.SHUT_DOWN, Part.LAST_CHANGES), (Part.SWITCH, Part.SWITCH), (Part.START, Part.PROBES)):
        ends = {task.key[0] for task in parts[last]}
        batches = [parts[first][at : at + width] for at in range(0, len(parts[first]), width)]
        for before, batch in pairwise(batches):
            after = tuple((task.key[0], last.value if task.key[0] in ends else first.value) for task in before)
            gate = Task(key=("", f"{first.value} batch {len(gates)}"), after=after)
            gates.append(gate)
            behind |= {task.key: (gate.key,) for task in batch}
    return [*gates, *(replace(task, after=(*task.after, *behind.get(task.key, ()))) for task in found)]
