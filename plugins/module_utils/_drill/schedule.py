# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""When each part of each machine's move begins and ends, within every limit at every moment. Predicted, in seconds."""

from __future__ import annotations

import heapq
from bisect import insort
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from ansible_collections.hyperv.replica.plugins.module_utils._drill.durations import Part
from ansible_collections.hyperv.replica.plugins.module_utils._drill.plan import Vm
from ansible_collections.hyperv.replica.plugins.module_utils._drill.waves import (
    Claim,
    Key,
    Move,
    Resource,
    Room,
    Task,
    in_fixed_batches,
    tasks,
)
from ansible_collections.hyperv.replica.plugins.module_utils._errors import PreconditionFailed

_MIB: Final = 20


class Span(NamedTuple):
    """Seconds from the beginning of the run."""

    begin: float
    end: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One machine in the schedule.

    Attributes:
        stage: the number of its stage, from 1.
        parts: in their order.
        rto_limit: seconds; None where the plan asks nothing.
    """

    vm: str
    tier: str
    stage: int
    source: str
    target: str
    parts: Mapping[Part, Span] = field(default_factory=dict)
    rto_limit: float | None = None

    @property
    def out_since(self) -> float:
        """When users lose it: at its shutdown; after an outage they have lost it before."""
        return self.parts[Part.SHUT_DOWN].begin if Part.SHUT_DOWN in self.parts else 0.0

    @property
    def served_at(self) -> float:
        """When users have it again, or its last part is over where it is not started."""
        return max((span.end for span in self.parts.values()), default=0.0)

    @property
    def rto(self) -> float:
        """How long users are without it."""
        return self.served_at - self.out_since

    @property
    def over_limit(self) -> bool:
        """It is predicted to be away for longer than the plan allows."""
        return self.rto_limit is not None and self.rto > self.rto_limit


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """What will happen when.

    Attributes:
        rows: in start order.
        way: how the machines follow each other: ``as_room_allows``, ``in_order`` or ``in_batches``.
    """

    plan: str
    towards: str
    rows: tuple[Row, ...]
    way: str = "as_room_allows"
    room: Room = field(default_factory=Room)

    @property
    def makespan(self) -> float:
        """Seconds until everything is over."""
        return max((row.served_at for row in self.rows), default=0.0)

    def tier_rto(self) -> dict[str, float]:
        """For each tier the seconds from the first machine that users lose to the last that they have again."""
        tiers: dict[str, list[Row]] = {}
        for row in self.rows:
            tiers.setdefault(row.tier, []).append(row)
        return {
            tier: max(row.served_at for row in rows) - min(row.out_since for row in rows)
            for tier, rows in tiers.items()
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Wave:
    """Machines of which the same part begins at the same moment."""

    at: float
    part: Part
    vms: tuple[str, ...]


def schedule(move: Move, room: Room) -> Schedule:
    """The shortest of three ways to go through the plan: whoever there is room for may pass others that have to wait;
    nobody passes anybody; and groups of as many as may move at once, each through before the next.

    Raises:
        PreconditionFailed: a host has no memory for what is to start there; kind is ``no_memory``.
    """
    found, limits = tasks(move), room.limits()
    ways = {
        "as_room_allows": timed(found, limits),
        "in_order": timed(found, limits, passing=False),
        "in_batches": timed(in_fixed_batches(found, room.concurrency), limits),
    }
    way = min(ways, key=lambda name: _end(ways[name].values()))
    return _schedule(move, room, way, ways[way])


def fixed_batches(move: Move, room: Room, width: int) -> Schedule:
    """The same move in groups of so many machines, each group through its part before the next begins."""
    return _schedule(move, room, "in_batches", timed(in_fixed_batches(tasks(move), width), room.limits()))


def waves(known: Schedule) -> tuple[Wave, ...]:
    """Who begins what at the same moment, in the order of time."""
    found: dict[tuple[float, int], list[str]] = {}
    order = list(Part)
    for row in known.rows:
        for part, span in row.parts.items():
            found.setdefault((span.begin, order.index(part)), []).append(row.vm)
    return tuple(Wave(at=at, part=order[part], vms=tuple(vms)) for (at, part), vms in sorted(found.items()))


def timed(found: Sequence[Task], limits: Mapping[Claim, int], *, passing: bool = True) -> dict[Key, Span]:
    """When each task runs, given the order in which they are served.

    Args:
        passing: a task for which there is room does not wait for one before it for which there is none.

    Raises:
        PreconditionFailed: some can never begin.
    """
    return _Timer(found, limits, passing).run()


class _Timer:
    """Goes from one end of a task to the next, and begins at each moment whatever may begin then."""

    def __init__(self, found: Sequence[Task], limits: Mapping[Claim, int], passing: bool) -> None:
        self._place = {task.key: place for place, task in enumerate(found)}
        self._tasks, self._passing = found, passing
        self._left = dict(limits)
        self._missing = [sum(key in self._place for key in dict.fromkeys(task.after)) for task in found]
        self._followers: defaultdict[Key, list[int]] = defaultdict(list)
        for place, task in enumerate(found):
            for key in dict.fromkeys(task.after):
                self._followers[key].append(place)
        self._ready: list[int] = []
        self._running: list[tuple[float, int]] = []
        self._delayed: list[tuple[float, int]] = []
        self._spans: dict[Key, Span] = {}

    def run(self) -> dict[Key, Span]:
        now = 0.0
        for place in [place for place, missing in enumerate(self._missing) if not missing]:
            self._free(place, now)
        while True:
            self._begin_what_may(now)
            ahead = [heap[0][0] for heap in (self._running, self._delayed) if heap]
            if not ahead:
                break
            now = min(ahead)
            self._pass_to(now)
        if len(self._spans) < len(self._tasks):
            raise self._stuck()
        return self._spans

    def _pass_to(self, now: float) -> None:
        while self._running and self._running[0][0] <= now:
            self._over(heapq.heappop(self._running)[1], now)
        while self._delayed and self._delayed[0][0] <= now:
            insort(self._ready, heapq.heappop(self._delayed)[1])

    def _free(self, place: int, now: float) -> None:
        """What it waited for is over."""
        task = self._tasks[place]
        if task.delay > 0:
            heapq.heappush(self._delayed, (now + task.delay, place))
        elif task.seconds or task.holds or task.takes:
            insort(self._ready, place)
        else:
            self._spans[task.key] = Span(now, now)
            self._over(place, now)

    def _begin_what_may(self, now: float) -> None:
        waiting: list[int] = []
        for at, place in enumerate(self._ready):
            task = self._tasks[place]
            if self._fits(task):
                self._begin(task, place, now)
            elif self._passing:
                waiting.append(place)
            else:
                waiting += self._ready[at:]
                break
        self._ready = waiting

    def _fits(self, task: Task) -> bool:
        held = all(self._left.get(claim, 1) >= 1 for claim in task.holds)
        return held and all(self._left.get(claim, amount) >= amount for claim, amount in task.takes)

    def _begin(self, task: Task, place: int, now: float) -> None:
        self._add((claim, -1) for claim in task.holds)
        self._add((claim, -amount) for claim, amount in task.takes)
        self._spans[task.key] = Span(now, now + task.seconds)
        heapq.heappush(self._running, (now + task.seconds, place))

    def _over(self, place: int, now: float) -> None:
        task = self._tasks[place]
        self._add((claim, 1) for claim in task.holds)
        self._add(task.gives)
        for follower in self._followers[task.key]:
            self._missing[follower] -= 1
            if not self._missing[follower]:
                self._free(follower, now)

    def _add(self, amounts: Iterable[tuple[Claim, int]]) -> None:
        for claim, amount in amounts:
            if claim in self._left:
                self._left[claim] += amount

    def _stuck(self) -> PreconditionFailed:
        """Only memory is never given back by what runs."""
        wanting = [
            (task.key[0], claim[1], amount)
            for task in map(self._tasks.__getitem__, self._ready)
            for claim, amount in task.takes
            if self._left.get(claim, amount) < amount
        ]
        host = wanting[0][1] if wanting else ""
        names = [name for name, where, _amount in wanting if where == host]
        needed = sum(amount for _name, where, amount in wanting if where == host)
        free = self._left.get((Resource.MEMORY, host), 0)
        return PreconditionFailed(
            f"no room for the memory of {', '.join(names)}: they start with {needed >> _MIB} MiB, "
            f"and when their turn comes {free >> _MIB} MiB are free beside the reserve",
            kind="no_memory",
            host=host,
            remedy="Free memory there, leave machines out of the plan, or lower memory_reserve in its limits",
        )


def _end(spans: Iterable[Span]) -> float:
    return max((span.end for span in spans), default=0.0)


def _schedule(move: Move, room: Room, way: str, spans: Mapping[Key, Span]) -> Schedule:
    return Schedule(
        plan=move.plan.name,
        towards=move.towards.value,
        rows=tuple(_rows(move, spans)),
        way=way,
        room=room,
    )


def _rows(move: Move, spans: Mapping[Key, Span]) -> Iterator[Row]:
    for number, stage in enumerate(move.stages(), 1):
        yield from (_row(move, vm, number, spans) for vm in stage.vms)


def _row(move: Move, vm: Vm, number: int, spans: Mapping[Key, Span]) -> Row:
    return Row(
        vm=vm.name,
        tier=vm.tier,
        stage=number,
        source=vm.away_from(move.towards),
        target=vm.to(move.towards),
        parts={part: spans[vm.name, part.value] for part in move.parts},
        rto_limit=None if vm.rto is None else vm.rto.total_seconds(),
    )
