# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a drill comes to in a few numbers, and how they went from drill to drill."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Union

from ansible_collections.hyperv.replica.plugins.module_utils._drill.drill import Drill
from ansible_collections.hyperv.replica.plugins.module_utils._drill.page import (
    BAD,
    GOOD,
    NONE,
    WARN,
    Cell,
    Table,
    clock,
    counted,
    number,
    plain,
)
from ansible_collections.hyperv.replica.plugins.module_utils._drill.verdict import (
    PASSED,
    downtimes,
    length,
    measured,
    unrecovered,
    verdict,
)

#: A trend over more drills than these is not read by anybody.
_MOST_EARLIER: Final = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """A drill in a few numbers, as ``evidence.json`` keeps them for later drills; seconds are the site's.

    Attributes:
        good: virtual machines of which no move failed or missed a limit.
        down_seconds: of the virtual machine that was without service longest, over the whole drill.
        never: virtual machines that were taken away from their users and not recovered in a move: their RTO is longer
            than the worst, which is of those that were.
        never_vm: the first of them.
    """

    vms: int
    good: int
    moves: int
    worst_rto_seconds: Union[float, None]
    worst_rto_vm: str
    worst_rpo_seconds: Union[float, None]
    worst_rpo_vm: str
    down_seconds: float
    seconds: Union[float, None]
    never: int = 0
    never_vm: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """A bundle of an earlier drill; ``intact`` is whether it is as it was written."""

    id: str
    plan: str
    began: Union[datetime, None]
    verdict: str
    simulated: bool
    summary: Summary
    intact: bool


def summary(drill: Drill) -> Summary:
    """The drill in a few numbers."""
    items = measured(drill)
    names = list(dict.fromkeys(run.name for stage in drill.stages for run in stage.vms))
    bad = {item.run.name for item in items if not item.good and item.run.outcome not in ("planned", "skipped")}
    bad |= {run.name for stage in drill.stages for run in stage.vms if run.failed}
    slow = max((item for item in items if item.rto is not None), key=lambda item: item.rto or 0.0, default=None)
    lossy = max((item for item in items if item.rpo is not None), key=lambda item: item.rpo or 0.0, default=None)
    never = unrecovered(items)
    whole = (drill.ended - drill.began).total_seconds() * drill.rate if drill.began and drill.ended else None
    return Summary(
        vms=len(names),
        good=sum(name not in bad for name in names),
        moves=len(items),
        worst_rto_seconds=slow.rto if slow else None,
        worst_rto_vm=slow.run.name if slow else "",
        worst_rpo_seconds=lossy.rpo if lossy else None,
        worst_rpo_vm=lossy.run.name if lossy else "",
        down_seconds=max(downtimes(drill).values(), default=0.0),
        seconds=whole,
        never=len(never),
        never_vm=never[0] if never else "",
    )


def trend(drill: Drill, earlier: Iterable[Earlier]) -> Table:
    """The earlier drills of the same plan, the oldest first, and this one; of other plans only how many there are."""
    here = Earlier(
        id=drill.id,
        plan=drill.plan.name,
        began=drill.began,
        verdict=verdict(drill),
        simulated=drill.simulated,
        summary=summary(drill),
        intact=True,
    )
    every = list(earlier)
    same = [one for one in every if one.plan == drill.plan.name]
    listed = [*same[-_MOST_EARLIER:], here]
    left_out = _left_out(len(every) - len(same), len(same) - len(listed) + 1)
    most = max((one.summary.worst_rto_seconds or 0.0 for one in listed), default=0.0)
    return Table(
        id="trend",
        title="Trend over earlier drills",
        columns=("Began (UTC)", "Drill", "Hosts", "Verdict", "VMs well", "Worst RTO", "", "Worst RPO", "Whole drill"),
        numbers=(4, 5, 7, 8),
        rows=tuple(_row(one, most, this=one is here) for one in listed) if len(listed) > 1 else (),
        note=left_out if same else "",
        empty=f"There is no earlier drill of this plan. {left_out}" if left_out else "",
    )


def _left_out(others: int, older: int) -> str:
    """What the folder has and the trend does not."""
    told = [f"{counted(others, 'bundle')} of other plans"] if others else []
    told += [f"{counted(older, 'older drill')} of this plan"] if older else []
    return f"Left out: {' and '.join(told)}." if told else ""


def _row(one: Earlier, most: float, *, this: bool) -> tuple[Cell, ...]:
    told = one.summary
    name = f"{one.id}, this drill" if this else one.id
    return (
        number(clock(one.began), ""),
        plain(name) if one.intact else Cell(text=f"{name}: changed after it was written", look=WARN),
        plain("simulator" if one.simulated else "real"),
        Cell(text=one.verdict, look=GOOD if one.verdict == PASSED else BAD),
        number(f"{told.good} of {told.vms}"),
        *_rto(told, most),
        number(NONE if told.worst_rpo_seconds is None else length(told.worst_rpo_seconds)),
        number(NONE if told.seconds is None else length(told.seconds)),
    )


def _rto(told: Summary, most: float) -> tuple[Cell, Cell]:
    """The worst RTO, and how it compares; one that was never recovered is worse than any that was."""
    if told.never:
        more = f" and {told.never - 1} more" if told.never > 1 else ""
        return number(f"never, {told.never_vm}{more}", BAD), Cell(text="", share=100.0)
    rto = told.worst_rto_seconds
    if rto is None:
        return number(NONE), Cell(text="", share=0.0)
    return number(f"{length(rto)}, {told.worst_rto_vm}"), Cell(text="", share=100.0 * rto / most if most else 0.0)
