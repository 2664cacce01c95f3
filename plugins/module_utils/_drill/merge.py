# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What several runs noted, put together: from results, and from journal files, those of killed runs included."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Final

from ansible_collections.hyperv.replica.plugins.module_utils._drill.evidence import canonical

Record = Mapping[str, object]

#: Event of the record that ends a VM's part of a run.
_FINISHED: Final = "finished"

#: How much of a line that cannot be read is kept.
_MOST_OF_A_LINE: Final = 500

_LAST: Final = datetime.max.replace(tzinfo=timezone.utc)


@dataclass(frozen=True, slots=True)
class Journal:
    """A journal file as it lies on the disk."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Damaged:
    """A line of a journal that is no record, such as the last one of a run that was killed while it wrote."""

    journal: str
    line: int
    torn: bool
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOfTask:
    """One task's run over its VMs.

    Attributes:
        journal: name of its journal file; empty where its records came with a result only.
        reported: its records came with a result.
        complete: reported, or each VM that was begun is also finished: no run that was cut off.
    """

    run_id: str
    records: int
    began: str
    ended: str
    journal: str
    reported: bool
    complete: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """All records, each once, ordered by time and host; the runs they belong to; what cannot be read; and the files."""

    records: tuple[Record, ...]
    runs: tuple[RunOfTask, ...]
    damaged: tuple[Damaged, ...]
    journals: tuple[Journal, ...] = ()


def merged(reported: Iterable[Record], journals: Sequence[Journal]) -> Merged:
    """Put together what results REPORTED and what JOURNALS hold."""
    from_results = list(reported)
    read = {journal.name: list(_read(journal)) for journal in journals}
    journal_of = {
        _run_id(item): name for name, items in read.items() for item in items if not isinstance(item, Damaged)
    }
    noted = [item for items in read.values() for item in items if not isinstance(item, Damaged)]
    records = sorted(_once([*noted, *from_results]), key=_place)
    return Merged(
        records=tuple(records),
        runs=tuple(_runs(records, {_run_id(record) for record in from_results}, journal_of)),
        damaged=tuple(item for items in read.values() for item in items if isinstance(item, Damaged)),
        journals=tuple(journals),
    )


def moment(text: object) -> datetime | None:
    """A time as records have it, or None for anything else."""
    if not isinstance(text, str):
        return None
    try:
        value = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return None
    return value.replace(tzinfo=timezone.utc) if value.tzinfo is None else value.astimezone(timezone.utc)


def _read(journal: Journal) -> Iterator[Record | Damaged]:
    lines = journal.content.split(b"\n")
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            record = json.loads(line.decode())
            canonical(record).encode()
        except (ValueError, RecursionError):
            record = None
        if isinstance(record, dict) and record.get("run_id"):
            yield record
        else:
            text = line.decode(errors="replace")[:_MOST_OF_A_LINE]
            yield Damaged(journal=journal.name, line=number, torn=number == len(lines), text=text)


def _once(records: Iterable[Record]) -> list[Record]:
    return list({canonical(record): record for record in records}.values())


def _place(record: Record) -> tuple[datetime, str]:
    return moment(record.get("at")) or _LAST, str(record.get("host", ""))


def _run_id(record: Record) -> str:
    return str(record.get("run_id", ""))


def _runs(records: Sequence[Record], reported: set[str], journal_of: Mapping[str, str]) -> Iterator[RunOfTask]:
    by_run: dict[str, list[Record]] = {}
    for record in records:
        by_run.setdefault(_run_id(record), []).append(record)
    for run_id, own in by_run.items():
        begun = {record.get("vm_id") for record in own}
        finished = {record.get("vm_id") for record in own if record.get("event") == _FINISHED}
        yield RunOfTask(
            run_id=run_id,
            records=len(own),
            began=str(own[0].get("at", "")),
            ended=str(own[-1].get("at", "")),
            journal=journal_of.get(run_id, ""),
            reported=run_id in reported,
            complete=run_id in reported or begun <= finished,
        )
