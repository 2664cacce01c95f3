# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Draw the tables of the operations as pictures for the docs, from the code that decides by them.

Run it with the collection importable: ``python docs/tools/draw_paths.py docs/docsite/rst/images``. A test holds the
pictures against the code.
"""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final
from xml.sax.saxutils import escape

from ansible_collections.hyperv.replica.plugins.module_utils._operations import (
    cancel,
    failback,
    failover,
    move,
    new_copy,
    operation,
    trial,
)
from ansible_collections.hyperv.replica.plugins.module_utils._operations.goal import Goal
from ansible_collections.hyperv.replica.plugins.module_utils._operations.path import Leg
from ansible_collections.hyperv.replica.plugins.module_utils._operations.plan import Shows, Target

PICTURES: Final[Mapping[str, tuple[str, tuple[Leg, ...]]]] = {
    "path-planned": ("Planned move: planned failover, and the last half of failback by reverse", move.LEGS),
    "path-unplanned": ("Unplanned failover, and protection once the old primary answers", failover.LEGS),
    "path-verified": (
        "Unplanned failover that is tried apart from its network before it is committed",
        operation.verified_legs(Goal(target=Target.RUNNING), trial.Heartbeat()),
    ),
    "path-reverse": (
        "Failback by reverse: the recovery host becomes the primary, then the move home",
        failback.REVERSE_LEGS,
    ),
    "path-provider": ("Failback by a replication provider", failback.PROVIDER_LEGS),
    "path-new-copy": ("Failback to a home that holds no copy any more", new_copy.NETWORK_LEGS),
    "path-cancel": ("Cancelling a failover, and rolling a move back", cancel.LEGS),
}

_WIDTH, _BOX, _LINE, _PAD, _HEAD = 1000, 300, 15, 9, 64
_STYLE: Final = """
 text { font: 12px sans-serif; fill: #1b1f24 } .head { font: bold 15px sans-serif } .lane { font: bold 12px sans-serif }
 rect { fill: #f3f6fa; stroke: #4a6785 } .says { fill: #fff7e0; stroke: #9a7b1d } line { stroke: #4a6785 }
 .page { fill: #ffffff; stroke: none }
"""


def picture(title: str, legs: Iterable[Leg]) -> str:
    """One table as SVG: what the source shows, what the destination shows, and between them what is done."""
    rows, top = [], _HEAD
    for number, leg in enumerate(legs, 1):
        cells = (_shown(leg.source), textwrap.wrap(f"{number}. {leg.says}", 42), _shown(leg.destination))
        height = max(len(cell) for cell in cells) * _LINE + 2 * _PAD
        rows.append(_row(cells, top, height))
        top += height + 8
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {top + 8}" role="img" '
            f'aria-label="{escape(title, {chr(34): "&quot;"})}">',
            f"<style>{_STYLE}</style>",
            f'<rect class="page" width="{_WIDTH}" height="{top + 8}"/>',
            f'<text class="head" x="20" y="24">{escape(title)}</text>',
            '<text class="lane" x="20" y="52">the source shows</text>',
            '<text class="lane" x="350" y="52">the first row that fits is taken</text>',
            '<text class="lane" x="680" y="52">the destination shows</text>',
            *rows,
            "</svg>",
            "",
        ]
    )


def _row(cells: tuple[list[str], list[str], list[str]], top: int, height: int) -> str:
    middle = top + height / 2
    parts = [f'<line x1="320" y1="{middle:g}" x2="680" y2="{middle:g}"/>']
    for x, lines, kind in zip((20, 350, 680), cells, ("", "says", ""), strict=True):
        parts.append(f'<rect class="{kind}" x="{x}" y="{top}" width="{_BOX}" height="{height}" rx="4"/>')
        for at, line in enumerate(lines):
            parts.append(f'<text x="{x + 10}" y="{top + _PAD + 12 + at * _LINE}">{escape(line)}</text>')
    return "\n".join(parts)


def _shown(shows: Shows) -> list[str]:
    parts = [
        f"{name}: {', '.join(_named(value) for value in values)}"
        for name, values in (("mode", shows.mode), ("state", shows.state), ("power", shows.power))
        if values
    ]
    return [line for part in parts for line in textwrap.wrap(part, 44)] or ["anything"]


def _named(value: int) -> str:
    name = getattr(value, "name", str(value))
    return f"{name} ({int(value)})"


def pictures() -> dict[str, str]:
    """File name and content of every picture."""
    return {f"{name}.svg": picture(title, legs) for name, (title, legs) in PICTURES.items()}


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for file, content in pictures().items():
        (folder / file).write_text(content, encoding="utf-8")
