# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Many rows of the timeline as one: how many virtual machines were without service at which time."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Final

from ansible_collections.hyperv.replica.plugins.module_utils._drill.page import SOFT, Bar, Row

#: Bars of a row during which users had no virtual machine.
_DOWN: Final = frozenset({"down", "probing", "dead"})

#: How finely the time of the drill is told: counted is in the middle of each piece.
_PIECES: Final = 200


def crowd(rows: Sequence[Row]) -> Row:
    """A row whose bars are as high as the share of these rows that are without service."""
    gap, place, bars = 100.0 / _PIECES, 0, list[Bar]()
    counts = [_without(rows, (place + 0.5) * gap) for place in range(_PIECES)]
    for count, alike in groupby(counts):
        width = len(list(alike))
        if count:
            text = f"{count} of {len(rows)} without service"
            height = round(100.0 * count / len(rows), 1)
            bars.append(
                Bar(left=round(place * gap, 3), width=round(width * gap, 3), look="crowd", text=text, height=height)
            )
        place += width
    return Row(name="without service", text=f"at most {max(counts)} at once", look=SOFT, bars=tuple(bars))


def _without(rows: Sequence[Row], at: float) -> int:
    return sum(any(one.look in _DOWN and one.left <= at < one.left + one.width for one in row.bars) for row in rows)
