# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The report as a page, still without any HTML: what stands where, in the words that people read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Final, Union

#: A look of a cell: each but the plain ones has a sign of its own beside its colour.
GOOD: Final = "good"
BAD: Final = "bad"
WARN: Final = "warn"
SOFT: Final = "soft"
CODE: Final = "code"
NUMBER: Final = "number"

#: Where there is nothing to say.
NONE: Final = "–"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A cell of a table; ``share`` is a part of 100 drawn beside its text."""

    text: str
    look: str = ""
    share: Union[float, None] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A section with a table.

    Attributes:
        numbers: columns that are right-aligned, by their place.
        rows: those that are seen at once.
        more: those that are folded away.
        empty: what stands there when there are no rows.
    """

    id: str
    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    more: tuple[tuple[Cell, ...], ...] = ()
    note: str = ""
    numbers: tuple[int, ...] = ()
    empty: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """A number that counts, in large."""

    label: str
    value: str
    note: str
    look: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A piece of a row of the timeline; places in percent of the whole drill, ``height`` in percent of its row."""

    left: float
    width: float
    look: str
    text: str
    height: float = 100.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A row of the timeline: a tier or a virtual machine."""

    name: str
    text: str
    look: str
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A tier of the timeline.

    Attributes:
        crowd: how many of it were without service at which time, where rows are folded away.
        more: the rows that are folded away, and ``folded`` says which those are.
    """

    tier: Row
    rows: tuple[Row, ...]
    more: tuple[Row, ...]
    crowd: Union[Row, None] = None
    folded: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """Every virtual machine over the time of the drill."""

    stages: tuple[Bar, ...]
    ticks: tuple[Bar, ...]
    groups: tuple[Group, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """The whole report.

    Attributes:
        where: SIMULATOR or REAL HOSTS, or both.
        lead: the verdict in one sentence.
        first: tables of the first page: consents, waivers, approvals.
        steps: one table for each virtual machine and move.
        signature: name of the file that has the signature, where the bundle is signed.
    """

    title: str
    verdict: str
    passed: bool
    where: str
    lead: str
    reasons: tuple[tuple[str, str, str], ...]
    more_reasons: str
    facts: tuple[tuple[str, str], ...]
    tiles: tuple[Tile, ...]
    first: tuple[Table, ...]
    time: Table
    timeline: Timeline
    tables: tuple[Table, ...]
    steps: tuple[Table, ...]
    steps_note: str
    versions: tuple[tuple[str, str], ...]
    head: str
    signature: str = ""


def clock(value: datetime | None, *, day: bool = True) -> str:
    """A time in UTC as people read it."""
    if value is None:
        return NONE
    return value.astimezone(timezone.utc).strftime("%Y-%m-%d %H:%M:%S" if day else "%H:%M:%S")


def counted(count: int, word: str) -> str:
    """A number with its noun."""
    return f"{count} {word}{'' if count == 1 else 's'}"


def named(names: Sequence[str], most: int) -> str:
    """So many of these names, and how many more there are."""
    return f"{', '.join(names[:most])}{f' and {len(names) - most} more' if len(names) > most else ''}"


def plain(text: object) -> Cell:
    """A cell that only says something."""
    return Cell(text=str(text) if text else NONE)


def number(text: str, look: str = NUMBER) -> Cell:
    """A cell with a measure."""
    return Cell(text=text, look=look)
