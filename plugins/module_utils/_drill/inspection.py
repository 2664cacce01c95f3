# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a bundle is as it was written, and if not, where it is not. Pure: bytes in, findings out."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ansible_collections.hyperv.replica.plugins.module_utils._drill.evidence import (
    EVIDENCE,
    FILES,
    NOTHING_BEFORE,
    SCHEMA_VERSION,
    Entry,
    digest,
    header,
    line_marks,
    listed_marks,
    marks,
)

_NO_ENTRY: Final = "this line is not an entry of a chain"

_KEYS: Final = {"seq", "kind", "data", "previous", "marks", "hash"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something that is not as it was written.

    Attributes:
        line: where in the file, counted from 1; None where the whole file is meant.
        entry: place in the chain, counted from 0.
        field: name of the entry's field, where one alone was changed.
        about: what the entry is about, in words.
    """

    file: str
    found: str
    line: int | None = None
    entry: int | None = None
    field: str = ""
    about: str = ""

    def __str__(self) -> str:
        where = [self.file]
        told = f" ({self.about})" if self.about else ""
        where += [f"line {self.line}{told if self.entry is None else ''}"] if self.line is not None else []
        where += [f"entry {self.entry}{told}"] if self.entry is not None else []
        where += [f"field {self.field}"] if self.field else []
        return f"{', '.join(where)}: {self.found}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """What a bundle shows.

    Attributes:
        head: the hash that stands for the bundle, computed from its entries; empty where they cannot be read.
        entries: what could be read of the chain.
    """

    head: str
    findings: tuple[Finding, ...]
    entries: tuple[Entry, ...]

    def data(self, kind: str) -> list[Mapping[str, object]]:
        """What the entries of a kind hold."""
        return [entry.data for entry in self.entries if entry.kind == kind]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    """A line of the file that is an entry, with what it claims to be."""

    line: int
    text: str
    entry: Entry
    hash: str
    marks: Mapping[str, object]

    @property
    def sound(self) -> bool:
        return self.entry.hash == self.hash


def inspect(evidence: bytes, files: Mapping[str, bytes]) -> Inspection:
    """Hold a bundle against itself: FILES are the other files of its folder by name."""
    lines = evidence.split(b"\n")
    read: list[_Read | Finding] = [_read(number, line) for number, line in _entry_lines(lines)]
    known = [item for item in read if isinstance(item, _Read)]
    findings = [
        *(item for item in read if isinstance(item, Finding)),
        *_of_frame(lines, read[-1] if read else None),
        *_of_entries(read),
        *_of_files(known, files),
    ]
    findings.sort(key=lambda finding: (finding.file != EVIDENCE, finding.file, finding.line or 0))
    entries = tuple(item.entry for item in known)
    return Inspection(head=entries[-1].hash if entries else "", findings=tuple(findings), entries=entries)


def _entry_lines(lines: Sequence[bytes]) -> Iterator[tuple[int, bytes]]:
    """The lines between the first and the closing one; a comma ends each but the last."""
    inner = list(enumerate(lines, start=1))[1:-2]
    for place, (number, line) in enumerate(inner, start=1):
        yield number, line.removesuffix(b",") if place < len(inner) else line


def _read(number: int, line: bytes) -> _Read | Finding:
    try:
        text = line.decode()
        held = json.loads(text)
        if held.keys() != _KEYS:
            return Finding(file=EVIDENCE, line=number, found=_NO_ENTRY)
        entry = Entry(seq=held["seq"], kind=held["kind"], data=dict(held["data"]), previous=held["previous"])
        entry.line.encode()  # what has no canonical form was not written by us
        return _Read(line=number, text=text, entry=entry, hash=held["hash"], marks=dict(held["marks"]))
    except UnicodeDecodeError as error:
        return Finding(file=EVIDENCE, line=number, found=f"not UTF-8 at byte {error.start + 1} of the line")
    except json.JSONDecodeError as error:
        return Finding(file=EVIDENCE, line=number, found=f"not JSON at column {error.colno} of the line")
    except (AttributeError, TypeError, ValueError, RecursionError):
        return Finding(file=EVIDENCE, line=number, found=_NO_ENTRY)


def _of_frame(lines: Sequence[bytes], last: _Read | Finding | None) -> Iterator[Finding]:
    """The first line, the last ones, the commas between, and how the chain is closed."""
    if lines[0] not in _headers(lines[0], last):
        yield Finding(file=EVIDENCE, line=1, found=_of_header(lines[0]))
    if len(lines) < 3 or lines[-2:] != [b"]}", b""]:
        yield Finding(file=EVIDENCE, line=len(lines), found="the file does not end as it was written")
    for number, line in enumerate(lines[1:-3], start=2):
        if not line.endswith(b","):
            yield Finding(file=EVIDENCE, line=number, found="the comma after the entry is gone")
    if last is None or (isinstance(last, _Read) and last.entry.kind != FILES):
        yield Finding(file=EVIDENCE, line=max(len(lines) - 2, 1), found="the entry that closes the chain is missing")


def _headers(line: bytes, last: _Read | Finding | None) -> set[bytes]:
    """First lines that are right as far as the last entry tells; if that one was changed, it is told of elsewhere."""
    if isinstance(last, _Read):
        return {header(last.hash).encode(), header(last.entry.hash).encode()}
    try:
        return {header(str(json.loads(line + b"]}")["head"])).encode()}
    except (ValueError, TypeError, KeyError, RecursionError):
        return set()


def _of_header(line: bytes) -> str:
    try:
        version = json.loads(line + b"]}")["schema_version"]
    except (ValueError, TypeError, KeyError, RecursionError):
        return "the header is not as it was written"
    if version != SCHEMA_VERSION:
        return f"schema_version is {version}; this release of the collection reads {SCHEMA_VERSION}"
    return "the header is not as it was written: its head is not the hash of the last entry"


def _of_entries(read: Sequence[_Read | Finding]) -> Iterator[Finding]:
    """Each entry by itself, and each link to the one before."""
    before: _Read | Finding | None = None
    for seq, item in enumerate(read):
        after = read[seq + 1] if seq + 1 < len(read) else None
        if isinstance(item, _Read):
            yield from _of_entry(item, after)
            yield from _of_link(item, before, seq)
        before = item


def _of_entry(item: _Read, after: _Read | Finding | None) -> Iterator[Finding]:
    changed = [name for name, mark in marks(item.entry.data).items() if item.marks.get(name) != mark]
    changed += [name for name in item.marks if name not in item.entry.data]
    if item.sound and item.entry.line == item.text:
        return
    if item.sound:
        found = "its mark was changed" if changed else "written otherwise than the one form it has"
        yield _finding(item, found, changed[0] if changed else "")
    elif changed:
        for name in changed:
            yield _finding(item, "changed after it was written", name)
    elif isinstance(after, _Read) and after.entry.previous == item.entry.hash:
        yield _finding(item, "changed after it was written", "hash")
    else:
        yield _finding(item, "changed after it was written: seq, kind, previous or hash")


def _of_link(item: _Read, before: _Read | Finding | None, seq: int) -> Iterator[Finding]:
    """A hash that is not that of the entry before; one that was changed itself is told of elsewhere."""
    if isinstance(before, Finding) or not item.sound:
        return
    wanted = {NOTHING_BEFORE} if before is None else {before.hash, before.entry.hash}
    if item.entry.previous not in wanted:
        yield _finding(item, "does not follow the entry before it: entries were taken out, put in or moved")
    elif item.entry.seq != seq:
        yield _finding(item, f"should have number {seq}")


def _finding(item: _Read, found: str, field: str = "") -> Finding:
    return Finding(
        file=EVIDENCE,
        line=item.line,
        entry=item.entry.seq,
        field=field,
        about=about(item.entry.kind, item.entry.data),
        found=found,
    )


def about(kind: str, data: Mapping[str, object]) -> str:
    """What an entry or a record is about, as far as it says so."""
    told = (data.get(name) for name in ("stage", "name", "vm", "host", "event", "method", "at"))
    return " ".join([str(kind), *(str(word) for word in told if isinstance(word, str) and word)])


def _of_files(known: Sequence[_Read], files: Mapping[str, bytes]) -> Iterator[Finding]:
    """The other files, as far as what the last entry says of them was not changed itself."""
    if not known or known[-1].entry.kind != FILES:
        return
    last = known[-1]
    own = marks(last.entry.data)
    for name, held in last.entry.data.items():
        if not last.sound and last.marks.get(name) != own[name]:
            continue
        if name not in files:
            yield Finding(file=name, found="the file is missing")
        elif isinstance(held, Mapping) and held.get("sha256") != digest(files[name]):
            yield of_file(name, held, files[name])


def of_file(name: str, held: Mapping[str, object], content: bytes) -> Finding:
    """The first line that is not as it was written."""
    wanted, found = listed_marks(str(held.get("lines", ""))), line_marks(content)
    for number, (mark, other) in enumerate(zip(wanted, found, strict=False), start=1):
        if mark != other:
            more = f"; the file had {len(wanted)} lines and has {len(found)}" if len(wanted) != len(found) else ""
            return Finding(file=name, line=number, found=f"changed after it was written{more}")
    if len(wanted) != len(found):
        line = min(len(wanted), len(found)) + 1
        return Finding(file=name, line=line, found=f"the file had {len(wanted)} lines and has {len(found)}")
    return Finding(file=name, found=f"its hash is {digest(content)}, and {held.get('sha256')} was written")
