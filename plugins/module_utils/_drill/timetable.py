# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A schedule as text that a person reads: before a move what is predicted, afterwards what came of it beside that."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ansible_collections.hyperv.replica.plugins.module_utils._drill.durations import Part
from ansible_collections.hyperv.replica.plugins.module_utils._drill.schedule import Row, Schedule, Wave, waves

_TITLES: Final = {
    Part.SHUT_DOWN: "shut down",
    Part.LAST_CHANGES: "last data",
    Part.SWITCH: "switch",
    Part.START: "start",
    Part.PROBES: "probes",
}
_WAYS: Final = {
    "as_room_allows": "whoever there is room for may pass others that have to wait",
    "in_order": "nobody passes anybody",
    "in_batches": "in groups, each through before the next",
}
#: How many names a line of waves holds before it only counts.
_NAMED: Final = 8
#: How many machines are shown one by one before only what they have in common is.
MANY: Final = 40
#: How many of many are named: those that are predicted beyond their limit, and those that were later most.
_WORST: Final = 10
_MINUTE, _HOUR = 60, 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What really happened with one machine, in seconds from the beginning of the run.

    Attributes:
        out_since: when users lost it; None where they did not.
        served_at: when its probes were green first; None where they never were.
    """

    out_since: float | None = None
    served_at: float | None = None

    @property
    def rto(self) -> float | None:
        """How long users were without it; None where they still are."""
        if self.served_at is None:
            return None
        return max(0.0, self.served_at - (self.out_since or 0.0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """Predicted beside actual of one machine or tier, in seconds; actual is None where it was not served again."""

    name: str
    predicted: float
    actual: float | None = None

    @property
    def late_by(self) -> float | None:
        """How much longer it took than predicted; less than nothing where it was faster."""
        return None if self.actual is None else self.actual - self.predicted


def clock(seconds: float) -> str:
    """A time of the run: ``0:07``, ``12:30``, ``1:02:03``."""
    whole = round(seconds)
    hours, rest = divmod(whole, _HOUR)
    minutes, left = divmod(rest, _MINUTE)
    return f"{hours}:{minutes:02}:{left:02}" if hours else f"{minutes}:{left:02}"


def timetable(known: Schedule) -> list[str]:
    """The whole schedule: a headline, a line for each machine with when each part of its move begins, and the tiers."""
    return [
        _headline(known),
        f"Limits: {_limits(known)}",
        f"Order: {_WAYS[known.way]}. Hooks, pauses and a human's answers come on top.",
        *_aligned(list(_table(known))),
        *_tier_lines(known),
        *_warnings(known),
    ]


def overview(known: Schedule) -> list[str]:
    """The schedule on one screen: of many machines what begins when, and who is late; of few the whole timetable."""
    if len(known.rows) <= MANY:
        return timetable(known)
    warned = _warnings(known)
    more = f"WARNING: and {len(warned) - _WORST} more" if len(warned) > _WORST else ""
    return [
        _headline(known),
        f"Limits: {_limits(known)}",
        f"Order: {_WAYS[known.way]}. Hooks, pauses and a human's answers come on top.",
        *_aligned(list(_parts_by_tier(known))),
        *_tier_lines(known),
        *warned[:_WORST],
        *filter(None, [more]),
        "What begins when for each machine is in the result, as schedule.lines.",
    ]


def wave_lines(known: Schedule) -> list[str]:
    """A line for each moment at which something begins."""
    return [f"{clock(wave.at)}  {_TITLES[wave.part]}: {_names(wave)}" for wave in waves(known)]


def compared(known: Schedule, measured: Mapping[str, Measured]) -> tuple[Compared, ...]:
    """Predicted beside actual for each machine of the schedule, in its order."""
    return tuple(
        Compared(name=row.vm, predicted=row.rto, actual=measured[row.vm].rto if row.vm in measured else None)
        for row in known.rows
    )


def compared_tiers(known: Schedule, measured: Mapping[str, Measured]) -> tuple[Compared, ...]:
    """The same for each tier: from its first machine that users lost to its last that they had again."""
    members: dict[str, list[Measured | None]] = {}
    for row in known.rows:
        members.setdefault(row.tier, []).append(measured.get(row.vm))
    return tuple(
        Compared(name=tier, predicted=rto, actual=_tier_rto(members[tier])) for tier, rto in known.tier_rto().items()
    )


def comparison(known: Schedule, measured: Mapping[str, Measured]) -> list[str]:
    """Predicted beside actual as text: machines, then tiers, then the whole."""
    told = [*compared(known, measured), *compared_tiers(known, measured), _whole(known, measured)]
    head = ("", "predicted", "actual", "difference")
    return _aligned([head, *(_compared_line(one) for one in told)])


def comparison_overview(known: Schedule, measured: Mapping[str, Measured]) -> list[str]:
    """Predicted beside actual on one screen: of many machines the tiers, the whole, and those that were later most."""
    if len(known.rows) <= MANY:
        return comparison(known, measured)
    machines = compared(known, measured)
    missing = [one for one in machines if one.actual is None]
    late = sorted((one for one in machines if one.late_by is not None), key=lambda one: -(one.late_by or 0.0))
    worst = [*missing, *late][:_WORST]
    told = [*compared_tiers(known, measured), _whole(known, measured), *worst]
    lines = _aligned([("", "predicted", "actual", "difference"), *(_compared_line(one) for one in told)])
    rest = f"The other {len(machines) - len(worst)} machines did better than these; all are in schedule.compared."
    return [*lines, rest]


def _tier_rto(found: Sequence[Measured | None]) -> float | None:
    served = [one.served_at for one in found if one is not None and one.served_at is not None]
    if len(served) < len(found):
        return None
    return max(served) - min(one.out_since or 0.0 for one in found if one is not None)


def _whole(known: Schedule, measured: Mapping[str, Measured]) -> Compared:
    served = [one.served_at for one in measured.values() if one.served_at is not None]
    return Compared(name="everything", predicted=known.makespan, actual=max(served) if served else None)


def _compared_line(one: Compared) -> tuple[str, ...]:
    if one.actual is None or one.late_by is None:
        return one.name, clock(one.predicted), "not served", ""
    sign = "-" if one.late_by < 0 else "+"
    return one.name, clock(one.predicted), clock(one.actual), f"{sign}{clock(abs(one.late_by))}"


def _headline(known: Schedule) -> str:
    stages = len({row.stage for row in known.rows})
    counted = f"{len(known.rows)} VM{'s' * (len(known.rows) != 1)}, {stages} stage{'s' * (stages != 1)}"
    return f"{known.plan}, towards {known.towards}: {counted}, predicted {clock(known.makespan)}"


def _limits(known: Schedule) -> str:
    """Hosts that have room for the same are named together."""
    hosts: dict[str, list[str]] = {}
    for name, host in known.room.hosts.items():
        said = [
            f"{host.active_transfers} transfers" if host.active_transfers is not None else "",
            f"{host.operations} operations" if host.operations is not None else "",
            f"{host.memory >> 20} MiB of memory" if host.memory is not None else "",
        ]
        hosts.setdefault(", ".join(filter(None, said)) or "without limit", []).append(name)
    told = [f"{', '.join(names)} {'each ' * (len(names) > 1)}{said}" for said, names in hosts.items()]
    return "; ".join([f"{known.room.concurrency} VMs with a step outstanding", *told])


def _tier_lines(known: Schedule) -> list[str]:
    return [f"Tier {name}: out of service for {clock(rto)} at the most" for name, rto in known.tier_rto().items()]


def _warnings(known: Schedule) -> list[str]:
    return [
        f"WARNING: {row.vm} is predicted to be away for {clock(row.rto)}, its limit is {_limit(row)}"
        for row in known.rows
        if row.over_limit
    ]


def _parts_by_tier(known: Schedule) -> Iterator[tuple[str, ...]]:
    """For each tier of each stage, from when to when its machines go through each part."""
    parts = list(known.rows[0].parts) if known.rows else []
    yield ("tier", "stage", "VMs", *(_TITLES[part] for part in parts), "served")
    groups: dict[tuple[int, str], list[Row]] = {}
    for row in known.rows:
        groups.setdefault((row.stage, row.tier), []).append(row)
    for (stage, tier), rows in groups.items():
        spans = [[row.parts[part] for row in rows] for part in parts]
        shown = (f"{clock(min(s.begin for s in each))}-{clock(max(s.end for s in each))}" for each in spans)
        yield (tier, str(stage), str(len(rows)), *shown, clock(max(row.served_at for row in rows)))


def _table(known: Schedule) -> Iterator[tuple[str, ...]]:
    parts = list(known.rows[0].parts) if known.rows else []
    yield ("VM", "tier", "stage", "from", "to", *(_TITLES[part] for part in parts), "served", "out of service")
    for row in known.rows:
        begins = (clock(row.parts[part].begin) for part in parts)
        out = f"{clock(row.rto)}{' !' * row.over_limit}"
        yield (row.vm, row.tier, str(row.stage), row.source, row.target, *begins, clock(row.served_at), out)


def _limit(row: Row) -> str:
    return clock(row.rto_limit or 0.0)


def _names(wave: Wave) -> str:
    if len(wave.vms) <= _NAMED:
        return ", ".join(wave.vms)
    return f"{', '.join(wave.vms[:_NAMED])} and {len(wave.vms) - _NAMED} more"


def _aligned(lines: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(cell) for cell in column) for column in zip(*lines, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines]
