# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What was measured, as lines for people and as plain values for programs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

OURS = "hyperv.replica"
HEAD = f"{'distance':>11}  {'way':<26}" + "".join(
    f"{cell:>14}" for cell in ("calls", "requests", "x ours", "time x ours")
)


@dataclass(frozen=True, kw_only=True)
class Measured:
    """One task done in one way at one distance.

    Attributes:
        distance_ms: added to each HTTP request.
        calls: scripts that were run; 0 for this collection, which runs none.
        requests: HTTP requests after sign-in.
        sign_in: HTTP requests that signed in.
        seconds: by the clock on the wall, with everything the clients do and nothing the hosts do.
    """

    task: str
    way: str
    distance_ms: int
    calls: int
    requests: int
    sign_in: int
    seconds: float


def ratio(theirs: float, ours: float) -> float:
    """How many times ours theirs is."""
    return round(theirs / ours, 2)


def ours_for(one: Measured, measured: Sequence[Measured]) -> Measured:
    """This collection, at the same task and distance."""
    return next(
        other for other in measured if (other.task, other.distance_ms, other.way) == (one.task, one.distance_ms, OURS)
    )


def plain(measured: Sequence[Measured]) -> list[dict[str, Any]]:
    """Everything, counts and ratios first."""
    rows = []
    for one in measured:
        ours = ours_for(one, measured)
        ratios = {
            "requests_ratio": ratio(one.requests, ours.requests),
            "seconds_ratio": ratio(one.seconds, ours.seconds),
        }
        rows.append({"requests": one.requests, **ratios, **asdict(one)})
    return rows


def text(measured: Sequence[Measured]) -> str:
    """A table for each task, counts first; then, for each distance, the time as a multiple of ours."""
    tasks = list(dict.fromkeys(one.task for one in measured))
    return "\n\n".join("\n".join([task, HEAD, *task_lines(task, measured)]) for task in tasks) + "\n"


def task_lines(task: str, measured: Sequence[Measured]) -> list[str]:
    """The table of one task; a line for each way and distance."""
    lines = []
    for one in (one for one in measured if one.task == task):
        ours = ours_for(one, measured)
        cells = (one.calls or "-", one.requests, ratio(one.requests, ours.requests), ratio(one.seconds, ours.seconds))
        lines.append(f"{one.distance_ms:>8} ms  {one.way:<26}" + "".join(f"{cell:>14}" for cell in cells))
    return lines
