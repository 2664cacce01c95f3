# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The chain of a drill's evidence: each entry holds the hash of the one before, the last one those of the other files.

The text of ``evidence.json`` has one form only. Its first line is the header, each entry is a line of its own, and each
line is canonical JSON: keys sorted, no spaces, UTF-8. So a byte that was changed is found whatever it was, and the line
it stands in says what it belongs to. ``marks`` are short hashes of an entry's fields; they prove nothing, and tell
which field was changed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

SCHEMA_VERSION: Final = 1

#: Names of the files of a bundle.
EVIDENCE: Final = "evidence.json"
JUNIT: Final = "junit.xml"
REPORT: Final = "report.html"
METRICS: Final = "metrics.prom"

#: What the first entry holds instead of the hash of an entry before it.
NOTHING_BEFORE: Final = "0" * 64

#: Kind of an entry that says what a journal file was like when the bundle was made of it.
JOURNAL: Final = "journal"

#: Kind of the entry that closes a chain.
FILES: Final = "files"

_MARK: Final = 8

_END: Final = "]}"


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that the evidence holds.

    Attributes:
        kind: drill, versions, plan, vm, stage, result, run, record, damaged, journal or files.
    """

    kind: str
    data: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A fact in its place in the chain."""

    seq: int
    kind: str
    data: Mapping[str, object]
    previous: str

    @property
    def hash(self) -> str:
        """SHA-256 of everything in it, the hash of the entry before included."""
        return digest(canonical(self._content()).encode())

    @property
    def line(self) -> str:
        """The entry as it stands in the file."""
        return canonical({**self._content(), "marks": marks(self.data), "hash": self.hash})

    def _content(self) -> dict[str, object]:
        return {"seq": self.seq, "kind": self.kind, "data": self.data, "previous": self.previous}


def canonical(value: object) -> str:
    """The one text that a value has: keys sorted, no spaces, nothing escaped that need not be."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def digest(content: bytes) -> str:
    """SHA-256 in lower-case hexadecimal."""
    return sha256(content).hexdigest()


def marks(data: Mapping[str, object]) -> dict[str, str]:
    """A short hash of each field, to say which one was changed."""
    return {str(name): digest(canonical(value).encode())[:_MARK] for name, value in data.items()}


def chained(facts: Iterable[Fact]) -> tuple[Entry, ...]:
    """The facts, each bound to the one before it."""
    entries: list[Entry] = []
    for seq, fact in enumerate(facts):
        previous = entries[-1].hash if entries else NOTHING_BEFORE
        entries.append(Entry(seq=seq, kind=fact.kind, data=fact.data, previous=previous))
    return tuple(entries)


def closed(entries: Sequence[Entry], files: Mapping[str, str]) -> tuple[Entry, ...]:
    """The chain with a last entry that holds the hash of each other file of the bundle, and short ones of its lines."""
    data = {name: manifest(text.encode()) for name, text in files.items()}
    return (*entries, Entry(seq=len(entries), kind=FILES, data=data, previous=head(entries)))


def manifest(content: bytes) -> dict[str, object]:
    """What the last entry says of a file: its hash, and one short hash after the other for its lines."""
    return {"sha256": digest(content), "bytes": len(content), "lines": "".join(line_marks(content))}


def line_marks(content: bytes) -> list[str]:
    """A short hash of each line."""
    return [digest(line)[:_MARK] for line in content.split(b"\n")]


def listed_marks(text: str) -> list[str]:
    """The short hashes that a manifest holds as one text."""
    return [text[start : start + _MARK] for start in range(0, len(text), _MARK)]


def head(entries: Sequence[Entry]) -> str:
    """The hash of the last entry, which stands for all of them."""
    return entries[-1].hash if entries else NOTHING_BEFORE


def evidence_text(entries: Sequence[Entry]) -> str:
    """The whole of ``evidence.json``."""
    lines = [entry.line for entry in entries]
    return "\n".join([header(head(entries)), ",\n".join(lines), _END, ""])


def header(head_hash: str) -> str:
    """The first line of ``evidence.json``."""
    start = {"evidence": "hyperv.replica", "schema_version": SCHEMA_VERSION, "head": head_hash}
    return f'{json.dumps(start, separators=(",", ":"))[:-1]},"entries":['
