# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The tables of the report."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from ansible_collections.hyperv.replica.plugins.module_utils._drill.drill import (
    Drill,
    Slot,
    Stage,
    VmRun,
)
from ansible_collections.hyperv.replica.plugins.module_utils._drill.lead import stage_outcome
from ansible_collections.hyperv.replica.plugins.module_utils._drill.page import (
    BAD,
    CODE,
    GOOD,
    NONE,
    SOFT,
    WARN,
    Cell,
    Table,
    clock,
    number,
    plain,
)
from ansible_collections.hyperv.replica.plugins.module_utils._drill.timeline import FEW, longest_part
from ansible_collections.hyperv.replica.plugins.module_utils._drill.verdict import (
    Measured,
    length,
    measured,
    only_follows,
)

Cells = tuple[Cell, ...]

#: Lines of a long schedule that are seen at once.
_FURTHEST_OFF: Final = 10


def systems(drill: Drill) -> Table:
    """Each move of each virtual machine against its limits; what failed first, then, of many, what took longest."""
    items = list(measured(drill))
    many = len(items) > 2 * FEW
    if many:
        items.sort(key=lambda item: (only_follows(item.run), -(item.rto or 0.0)))
    items.sort(key=lambda item: item.good or item.run.outcome in ("planned", "skipped"))
    rows = tuple(_system(item, drill.rate) for item in items)
    own = sum(not item.good and not only_follows(item.run) for item in items)
    shown = min(max(own, 10), FEW) if many else len(rows)
    order = " Failures first, then the longest RTO." if many else ""
    return Table(
        id="systems",
        title="RPO and RTO against their limits",
        note="RPO: data lost, in seconds of writes. RTO: from when its users lost it until its probes were green; "
        f"(served) where no probe was asked, and then until it ran.{order}",
        columns=("VM", "Tier", "Move", "Direction", "Outcome", "RPO", "RPO limit", "RTO", "RTO limit", "Whole move"),
        numbers=(5, 6, 7, 8, 9),
        rows=rows[:shown],
        more=rows[shown:],
        empty="No virtual machine was moved.",
    )


def _system(item: Measured, rate: float) -> Cells:
    run, planned = item.run, item.planned
    outcome = run.outcome.replace("_", " ") + (f", {run.rescued}" if run.rescue else "")
    took = None if run.execution_seconds is None else run.execution_seconds * rate
    rto = (
        "never" if item.down else NONE if item.rto is None else length(item.rto) + ("" if item.probed else " (served)")
    )
    return (
        plain(run.name),
        plain(item.tier),
        plain(item.stage.stage),
        plain(run.direction),
        Cell(text=outcome, look=GOOD if item.good else SOFT if run.outcome in ("planned", "skipped") else BAD),
        number(_known(item.rpo), BAD if item.rpo_missed else "number"),
        number(length(planned.rpo) if planned and planned.rpo is not None else NONE),
        number(rto, BAD if item.rto_missed or item.down else "number"),
        number(length(planned.rto) if planned and planned.rto is not None else NONE),
        number(NONE if took is None else length(took)),
    )


def where_time_went(drill: Drill) -> Table:
    """Each stage with its share of the whole, and what took longest in it."""
    known, items = [stage.seconds or 0.0 for stage in drill.stages], measured(drill)
    whole = (drill.ended - drill.began).total_seconds() if drill.began and drill.ended else sum(known)
    rows = [
        (
            plain(f"{place}. {stage.stage}"),
            _stage_outcome(stage),
            number(_known(max((slot.predicted or 0.0 for slot in stage.schedule), default=None))),
            number(length((stage.seconds or 0.0) * drill.rate)),
            Cell(text=f"{_share(stage.seconds or 0.0, whole):.0f} %", share=_share(stage.seconds or 0.0, whole)),
            plain(_slowest(stage, items, drill.rate)),
        )
        for place, stage in enumerate(drill.stages, start=1)
    ]
    between = whole - sum(known)
    if _share(between, whole) >= 1:
        share = Cell(text=f"{_share(between, whole):.0f} %", share=_share(between, whole))
        took = number(length(between * drill.rate))
        rows.append((plain("between the stages"), plain(""), number(NONE), took, share, plain("")))
    return Table(
        id="time",
        title="Where the time went",
        columns=("Stage", "Result", "Predicted", "Took", "Share", "Longest in it"),
        numbers=(2, 3),
        rows=tuple(rows),
        empty="No stage was begun.",
    )


def _share(part: float, whole: float) -> float:
    return min(100.0, 100.0 * part / whole) if whole > 0 else 0.0


def _stage_outcome(stage: Stage) -> Cell:
    bad = stage.failed or any(run.failed for run in stage.vms)
    return Cell(text=stage_outcome(stage), look=BAD if bad else GOOD)


def _slowest(stage: Stage, items: Sequence[Measured], rate: float) -> str:
    """The move that took longest in a stage, and what it spent most of that with."""
    slow = max(
        (item for item in items if item.stage is stage and item.run.execution_seconds),
        key=lambda item: item.run.execution_seconds or 0.0,
        default=None,
    )
    if slow is None:
        return stage.said if stage.failed and not any(run.failed for run in stage.vms) else ""
    part = longest_part(slow)
    most = f", {length(part[1] * rate)} of it {part[0]}" if part else ""
    return f"{slow.run.name}: {length((slow.run.execution_seconds or 0.0) * rate)}{most}"


def schedule(drill: Drill) -> Table:
    """Predicted beside actual, where a schedule was made or a duration predicted; the furthest off come first."""
    told = [line for stage in drill.stages for line in _schedule(stage, drill.rate)]
    if len(told) > FEW:
        told.sort(key=lambda line: -line[0])
    rows = tuple(cells for _late, cells in told)
    shown = len(rows) if len(rows) <= FEW else _FURTHEST_OFF
    return Table(
        id="schedule",
        title="Schedule: predicted and actual",
        note="Served: from the beginning of the stage. Took: without service where a schedule says so, else the move.",
        columns=("VM", "Move", "Served, predicted", "Served", "Took, predicted", "Took", "Difference"),
        numbers=(2, 3, 4, 5, 6),
        rows=rows[:shown],
        more=rows[shown:],
    )


def _schedule(stage: Stage, rate: float) -> Iterator[tuple[float, Cells]]:
    """How far off each line is, and the line."""
    for slot in stage.schedule or tuple(_slots(stage, rate)):
        took = slot.actual_rto
        late = None if took is None or slot.predicted_rto is None else took - slot.predicted_rto
        yield (
            abs(late or 0.0),
            (
                plain(slot.vm),
                plain(stage.stage),
                number(_known(slot.predicted)),
                number(_known(slot.actual)),
                number(_known(slot.predicted_rto)),
                number(_known(took)),
                number(NONE if late is None else f"{'+' if late >= 0 else '−'}{length(abs(late))}"),
            ),
        )


def _slots(stage: Stage, rate: float) -> Iterator[Slot]:
    """Without a schedule, what each result says of its own duration."""
    for run in stage.vms:
        if run.predicted_seconds is not None:
            took = None if run.execution_seconds is None else run.execution_seconds * rate
            yield Slot(vm=run.name, predicted_rto=run.predicted_seconds, actual_rto=took)


def _known(seconds: float | None) -> str:
    return NONE if seconds is None else length(seconds)


def steps(stage: Stage, run: VmRun, rate: float) -> Table:
    """What was sent to which host for one virtual machine in one move."""
    rows = tuple(
        (
            number(clock(call.began, day=False), ""),
            number(NONE if call.seconds is None else length(call.seconds * rate)),
            plain(call.host),
            Cell(text=call.method, look=CODE),
            plain(call.why + (f" By consent: {', '.join(call.consent)}." if call.consent else "")),
            plain(call.loses.replace("_", " ") + ("" if call.can_be_undone else ", cannot be undone")),
            Cell(text=f"{call.outcome} {call.code}".strip(), look=GOOD if call.outcome == "done" else WARN),
        )
        for call in run.calls
    )
    outcome = run.outcome.replace("_", " ")
    return Table(
        id="",
        title=f"{run.name}, {stage.stage}: {run.direction}, {outcome}",
        note=f"RPO {length(run.rpo_seconds)}: {run.rpo_proof}." if run.rpo_proof else "",
        columns=("Began (UTC)", "Took", "Host", "Call", "What for", "Loses", "Answer"),
        numbers=(1,),
        rows=rows,
        empty="No call was sent.",
    )


def listed(
    table_id: str, title: str, columns: tuple[str, ...], rows: Sequence[Sequence[str]], empty: str = ""
) -> Table:
    """A table of plain texts."""
    return Table(
        id=table_id, title=title, columns=columns, rows=tuple(tuple(map(plain, row)) for row in rows), empty=empty
    )
