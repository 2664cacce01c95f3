# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The time of a drill as bars: the stages, and below them each tier with its virtual machines."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from ansible_collections.hyperv.replica.plugins.module_utils._drill.crowd import crowd
from ansible_collections.hyperv.replica.plugins.module_utils._drill.drill import ALL, WALK_BACK, Drill, VmRun
from ansible_collections.hyperv.replica.plugins.module_utils._drill.page import (
    BAD,
    GOOD,
    SOFT,
    Bar,
    Group,
    Row,
    Timeline,
    counted,
)
from ansible_collections.hyperv.replica.plugins.module_utils._drill.verdict import (
    Measured,
    downtimes,
    given_back,
    length,
    measured,
    only_follows,
)

#: More virtual machines than these, and those that went well are folded away.
FEW: Final = 40

#: Lengths between two marks on the axis, in seconds; the shortest that leaves room for the text is taken.
_TICKS: Final = (1, 5, 10, 30, 60, 300, 600, 1800, 3600, 7200, 14400, 43200, 86400)
_MOST_TICKS: Final = 10

#: A bar is seen, however short.
_THINNEST: Final = 0.35


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scale:
    """The axis: from the beginning of the drill to its end."""

    began: datetime
    ended: datetime
    seconds: float
    rate: float

    def piece(self, start: datetime, end: datetime, look: str, text: str) -> Bar:
        left = min(max(self._share(start), 0.0), 100.0 - _THINNEST)
        width = min(max(self._share(end) - left, _THINNEST), 100.0 - left)
        return Bar(left=round(left, 3), width=round(width, 3), look=look, text=text)

    def _share(self, at: datetime) -> float:
        return (at - self.began).total_seconds() / self.seconds * 100


def timeline(drill: Drill) -> Timeline:
    """The picture of the whole drill; empty where it has no beginning."""
    if drill.began is None or drill.ended is None:
        return Timeline(stages=(), ticks=(), groups=())
    seconds = max((drill.ended - drill.began).total_seconds(), 0.001)
    scale = _Scale(began=drill.began, ended=drill.ended, seconds=seconds, rate=drill.rate)
    by_tier: dict[str, dict[str, list[Measured]]] = {tier: {} for tier in drill.plan.tiers}
    for item in measured(drill):
        by_tier.setdefault(item.tier, {}).setdefault(item.run.name, []).append(item)
    down = downtimes(drill)
    few = sum(map(len, by_tier.values())) <= FEW
    return Timeline(
        stages=tuple(_stages(drill, scale)),
        ticks=tuple(_ticks(scale)),
        groups=tuple(_group(down, scale, tier, vms, few=few) for tier, vms in by_tier.items() if vms),
    )


def longest_part(item: Measured) -> tuple[str, float] | None:
    """What a move spent most of its time with, and how many seconds by the controller's clock."""
    run, times = item.run, _times(item.run)
    if not times or not run.execution_seconds:
        return None
    since, end = min(times), min(times) + timedelta(seconds=run.execution_seconds)
    if run.outage_began is None:
        return "with its users served", run.execution_seconds
    ran, back = _ran_at(run), item.back or given_back(run)
    marks = (
        ("before its shutdown", run.outage_began),
        ("without service until it ran", ran),
        ("until its probes were green", back),
        ("being protected" if back else "running without an answer" if ran else "without service", end),
    )
    spent = list[tuple[str, float]]()
    for what, at in marks:
        if at is not None and since < min(at, end):
            spent.append((what, (min(at, end) - since).total_seconds()))
            since = min(at, end)
    return max(spent, key=lambda part: part[1], default=None)


def _stages(drill: Drill, scale: _Scale) -> Iterable[Bar]:
    for place, stage in enumerate(drill.stages, start=1):
        if stage.began is not None and stage.ended is not None:
            look = BAD if stage.failed or any(run.failed for run in stage.vms) else SOFT
            yield scale.piece(stage.began, stage.ended, look, f"{place} {stage.stage}")


def _ticks(scale: _Scale) -> Iterable[Bar]:
    whole = scale.seconds * scale.rate
    gap = next((gap for gap in _TICKS if whole / gap <= _MOST_TICKS), _TICKS[-1])
    for place in range(int(whole / gap) + 1):
        yield Bar(left=round(place * gap / whole * 100, 3), width=0, look="", text=_tick(place * gap))


def _tick(seconds: int) -> str:
    hours, minutes, rest = seconds // 3600, seconds // 60 % 60, seconds % 60
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _group(down: Mapping[str, float], scale: _Scale, tier: str, vms: dict[str, list[Measured]], *, few: bool) -> Group:
    rows = {name: _row(down.get(name, 0.0), scale, name, items) for name, items in vms.items()}
    dragged = {name for name, items in vms.items() if rows[name].look == BAD and _dragged(items)}
    shown = {name: row for name, row in rows.items() if few or (row.look == BAD and name not in dragged)}
    more = {name: row for name, row in rows.items() if name not in shown}
    return Group(
        tier=_tier(scale, tier, [item for items in vms.values() for item in items], rows.values()),
        rows=tuple(shown.values()),
        more=tuple(more.values()),
        crowd=crowd(tuple(rows.values())) if more else None,
        folded=_folded(down, list(more), len(dragged & set(more)), every=not shown),
    )


def _dragged(items: Iterable[Measured]) -> bool:
    """Whether nothing of its own went wrong with a virtual machine: another one failed, or it was on the way back."""
    wrong = [item for item in items if not item.good]
    return all(only_follows(item.run) or item.stage.kind == WALK_BACK and not item.run.failed for item in wrong)


def _folded(down: Mapping[str, float], names: Sequence[str], dragged: int, *, every: bool) -> str:
    """Those that are folded away, in a line: how many, how they fared, and who of them was without service longest."""
    if not names:
        return ""
    count = f"{'All ' if every else ''}{len(names)}{'' if every else ' more'}"
    if dragged == len(names):
        fared = " failed because of another"
    else:
        fared = f", {dragged} of them failed because of another" if dragged else ", without a failure"
    slow = max(names, key=lambda name: down.get(name, 0.0))
    longest = f"; longest without service: {slow}, {length(down[slow])}" if down.get(slow) else ""
    return count + fared + longest


def _tier(scale: _Scale, tier: str, items: Sequence[Measured], rows: Iterable[Row]) -> Row:
    """The tier as a whole: from the first one taken away to the last one given back, for each move."""
    bars, listed = [], list(rows)
    for stage in dict.fromkeys(item.stage.stage for item in items):
        own = [item for item in items if item.stage.stage == stage]
        starts = [item.run.outage_began for item in own if item.run.outage_began]
        ends = [item.back for item in own if item.back]
        if starts and ends:
            span = length((max(ends) - min(starts)).total_seconds() * scale.rate)
            bars.append(scale.piece(min(starts), max(ends), "tier", f"{stage}: {span} from first to last"))
    bad = sum(row.look == BAD for row in listed)
    name = "all virtual machines" if tier == ALL else tier
    told = f"{counted(len(listed), 'VM')}{f', {bad} failed' if bad else ''}"
    return Row(name=name, text=told, look=BAD if bad else GOOD, bars=tuple(bars))


def _row(down: float, scale: _Scale, name: str, items: Sequence[Measured]) -> Row:
    good = all(item.good or item.run.outcome in ("planned", "skipped") for item in items)
    bars, lost = list[Bar](), None
    for item in items:
        times = _times(item.run)
        if times and lost:
            bars.append(scale.piece(lost, min(times), "down", "without service between two moves"))
        bars += _bars(scale, item, times, lost) if times else ()
        if item.back is not None:
            lost = None
        elif item.down or lost:
            lost = max([*times, item.stage.ended or lost or scale.began])
    if lost:
        bars.append(scale.piece(lost, scale.ended, "down", "without service to the end"))
    return Row(name=name, text=f"down {length(down)}" if down else "", look=GOOD if good else BAD, bars=tuple(bars))


def _bars(scale: _Scale, item: Measured, times: Sequence[datetime], lost: datetime | None) -> Iterable[Bar]:
    """A move: the way to its shutdown, without service, until its probes were green, and what came after."""
    run, stage, began, ended = item.run, item.stage.stage, min(times), max(times)
    out, ran, back = began if lost else run.outage_began, _ran_at(run), item.back or given_back(run)
    if out is None:
        yield scale.piece(began, ended, "work", f"{stage}: served all the time")
        return
    last = back or ran or max(ended, item.stage.ended or ended)
    if out > began:
        yield scale.piece(began, out, "work", f"{stage}: prepared")
    yield scale.piece(out, ran if ran and ran <= last else last, "down", f"{stage}: without service")
    if ran and back and back > ran:
        yield scale.piece(ran, back, "probing", f"{stage}: runs, probes not green yet")
    if ran and back is None:
        yield scale.piece(ran, max(ended, item.stage.ended or ended), "dead", f"{stage}: runs, never answered")
    if back and ended > back:
        yield scale.piece(back, ended, "work", f"{stage}: served, being protected")


def _ran_at(run: VmRun) -> datetime | None:
    """When it came to run, which is before it was served where the run waited for its probes."""
    starts = [call for call in run.calls if call.method == "RequestStateChange" and call.began]
    if run.outage_began is None or not starts or starts[-1].began is None:
        return run.served_at
    ran = starts[-1].began + timedelta(seconds=starts[-1].seconds or 0.0)
    return min(ran, run.served_at or ran) if ran > run.outage_began else run.served_at


def _times(run: VmRun) -> list[datetime]:
    calls = [call for call in run.calls if call.began is not None]
    ends = [call.began + timedelta(seconds=call.seconds or 0.0) for call in calls if call.began]
    found = [run.outage_began, run.served_at, run.recovered_at, *(call.began for call in calls), *ends]
    return [at for at in found if at is not None]
