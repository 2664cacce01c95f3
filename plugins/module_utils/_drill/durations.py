# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How long each part of a machine's move will take, from what is known of it. Nothing is decided by it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from typing import Final

from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.schema import Statistics


class Part(str, Enum):
    """A part of a move, in the order in which they follow each other."""

    SHUT_DOWN = "shut_down"
    LAST_CHANGES = "last_changes"
    SWITCH = "switch"
    START = "start"
    PROBES = "probes"


#: Of a planned move, and of one after an outage, which has nothing to shut down and nobody to send.
PLANNED: Final = tuple(Part)
UNPLANNED: Final = (Part.SWITCH, Part.START, Part.PROBES)

#: What is taken where nothing is known. They are those that the steps themselves expect, and a minute for a guest to
#: boot and for its services to answer: no document says any of them, and every drill of one's own tells better ones.
USUAL: Final = {
    Part.SHUT_DOWN: timedelta(seconds=30),
    Part.LAST_CHANGES: timedelta(seconds=15),
    Part.SWITCH: timedelta(seconds=25),
    Part.START: timedelta(seconds=10),
    Part.PROBES: timedelta(seconds=60),
}

#: Seconds that sending takes beside its bytes: connecting, and applying what came.
_BESIDE_BYTES: Final = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known of one machine before it moves.

    Attributes:
        memory: bytes that it starts with; None where no host told.
        frees: bytes that are free once it is off; None where they are as many.
        pending_bytes: what it wrote since its last replication; None where that was not read.
        bytes_per_second: how fast its changes went lately.
        last_change: how long one change took lately, on average.
        measured: what its parts took in an earlier drill; wins over everything else.
    """

    memory: int | None = None
    pending_bytes: int | None = None
    bytes_per_second: float | None = None
    last_change: timedelta | None = None
    measured: tuple[tuple[Part, timedelta], ...] = ()
    frees: int | None = None


def from_statistics(intervals: Sequence[Statistics], *, memory: int | None = None) -> Known:
    """What the newest monitoring interval with a change in it says; sizes and latencies are sums over the interval."""
    told = [one for one in intervals if one.successes > 0]
    if not told:
        return Known(memory=memory)
    newest = max(told, key=lambda one: one.end.timestamp() if one.end else 0.0)
    seconds = newest.latency.total_seconds()
    return Known(
        memory=memory,
        pending_bytes=newest.pending_size,
        bytes_per_second=newest.size / seconds if seconds > 0 and newest.size > 0 else None,
        last_change=newest.latency / newest.successes,
    )


def predicted(known: Known, part: Part) -> timedelta:
    """How long this part takes: as measured, as what is to be sent says, as the last changes took, or as usual."""
    measured = dict(known.measured)
    if part in measured:
        return measured[part]
    if part is not Part.LAST_CHANGES:
        return USUAL[part]
    if known.pending_bytes is not None and known.bytes_per_second:
        return timedelta(seconds=_BESIDE_BYTES + known.pending_bytes / known.bytes_per_second)
    return USUAL[part] if known.last_change is None else max(known.last_change, timedelta(seconds=_BESIDE_BYTES))
