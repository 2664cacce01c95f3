# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What written data has to look like, as a table, and every place where some data does not."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

#: Of both the parser and the JSON schema, so letters and digits are spelled out and every pattern is searched for.
DURATION_PATTERN: Final = (
    "^ *(?=[0-9])([0-9]{1,6} *[dD] *)?([0-9]{1,6} *[hH] *)?([0-9]{1,6} *[mM] *)?([0-9]{1,9} *[sS] *)?$"
)
SIZE_PATTERN: Final = "^ *[0-9]{1,9} *[kKmMgGtT][iI][bB] *$"
GUID_PATTERN: Final = "^[{]?[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}[}]?$"
TEXT_PATTERN: Final = "[^ \\t\\r\\n]"


class Kind(str, Enum):
    """What a value may be."""

    TEXT = "text"
    FLAG = "flag"
    WHOLE = "whole"
    DURATION = "duration"
    SIZE = "size"
    GUID = "guid"
    LIST = "list"
    TABLE = "table"


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """What stands under one key.

    Attributes:
        about: a sentence for whoever writes it, without what its kind, choices and default already say.
        choices: the only values there are.
        default: what is taken where it is left out, for documentation.
        least: the smallest whole number, or how many elements a list has to have.
        most: the largest whole number.
        element: what each element of a list is.
        fields: the keys of a table.
        one_of: keys of a table of which there has to be exactly one.
        any_of: keys of a table of which there has to be at least one.
        beside: a key of a table, and those of which one has to stand beside it.
    """

    kind: Kind
    about: str
    required: bool = False
    choices: tuple[str, ...] | tuple[int, ...] = ()
    default: object = None
    least: int = 0
    most: int | None = None
    element: Field | None = None
    fields: Mapping[str, Field] = field(default_factory=dict)
    one_of: tuple[str, ...] = ()
    any_of: tuple[str, ...] = ()
    beside: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def mistakes(value: object, known: Field, path: str = "") -> Iterator[str]:
    """Every place where a value is not what it should be, each with its path, such as ``vms[3].probs``."""
    wrong = _not_of_its_kind(value, known)
    if wrong:
        yield f"{path or 'the whole'}: {wrong}"
    elif isinstance(value, Mapping):
        yield from _in_table(value, known, path)
    elif known.element is not None and isinstance(value, Sequence):
        for index, element in enumerate(value):
            yield from mistakes(element, known.element, f"{path}[{index}]")


def near(word: str, known: Sequence[str]) -> str:
    """What was probably meant, as the end of a sentence; empty where nothing is like it."""
    by_case = {one.casefold(): one for one in known}
    found = difflib.get_close_matches(word.casefold(), by_case, 1)
    return f"; did you mean {by_case[found[0]]}?" if found else ""


def _not_of_its_kind(value: object, known: Field) -> str:
    """What is wrong with the value itself; empty when nothing is."""
    if not isinstance(value, _TYPES[known.kind]) or (isinstance(value, bool) and known.kind is not Kind.FLAG):
        return f"{_shown(value)} is not {_WANTED[known.kind]}"
    if known.choices and value not in known.choices:
        return f"{_shown(value)} is not one of {', '.join(map(str, known.choices))}"
    if isinstance(value, str) and not re.search(_PATTERNS[known.kind], value):
        return "the text is empty" if known.kind is Kind.TEXT else f"{_shown(value)} is not {_WANTED[known.kind]}"
    if known.kind is Kind.WHOLE and isinstance(value, int):
        return _not_within(value, known)
    if known.kind is Kind.LIST and isinstance(value, Sequence) and len(value) < known.least:
        return "the list is empty"
    return ""


def _not_within(number: int, known: Field) -> str:
    if number < known.least:
        return f"{number} is less than {known.least}"
    return f"{number} is more than {known.most}" if known.most is not None and number > known.most else ""


def _in_table(table: Mapping[object, object], known: Field, path: str) -> Iterator[str]:
    given = {str(key): value for key, value in table.items() if value is not None}
    under = f"{path}." if path else ""
    for key in map(str, table):
        if key not in known.fields:
            yield f"{under}{key}: there is no such key{near(key, tuple(known.fields))}"
    for key, inner in known.fields.items():
        if key in given:
            yield from mistakes(given[key], inner, f"{under}{key}")
        elif inner.required:
            yield f"{under}{key}: missing"
    yield from _not_together(set(given), known, path)


def _not_together(given: set[str], known: Field, path: str) -> Iterator[str]:
    where = path or "the whole"
    chosen = [key for key in known.one_of if key in given]
    if known.one_of and len(chosen) != 1:
        yield f"{where}: has {' and '.join(chosen) or 'none'} of {', '.join(known.one_of)}, where one is needed"
    if known.any_of and not given & set(known.any_of):
        yield f"{where}: has none of {', '.join(known.any_of)}"
    for key, others in known.beside.items():
        if key in given and not given & set(others):
            yield f"{where}: {key} says nothing without {' or '.join(others)}"


def _shown(value: object) -> str:
    """The value as a reader knows it, cut where it is long."""
    text = {True: "true", False: "false"}[value] if isinstance(value, bool) else repr(value)
    most = 60
    return text if len(text) <= most else f"{text[:most]}…"


_TYPES: Final[dict[Kind, type | tuple[type, ...]]] = {
    Kind.TEXT: str,
    Kind.FLAG: bool,
    Kind.WHOLE: int,
    Kind.DURATION: str,
    Kind.SIZE: str,
    Kind.GUID: str,
    Kind.LIST: (list, tuple),
    Kind.TABLE: Mapping,
}

_PATTERNS: Final = {
    Kind.TEXT: TEXT_PATTERN,
    Kind.DURATION: DURATION_PATTERN,
    Kind.SIZE: SIZE_PATTERN,
    Kind.GUID: GUID_PATTERN,
}

_WANTED: Final = {
    Kind.TEXT: "text (put it in quotes)",
    Kind.FLAG: "true or false",
    Kind.WHOLE: "a whole number",
    Kind.DURATION: 'a length of time with its unit, in quotes, such as "90s", "15m" or "1h30m"',
    Kind.SIZE: 'a size with its unit, such as "512MiB" or "2GiB"',
    Kind.GUID: "a GUID",
    Kind.LIST: "a list",
    Kind.TABLE: "a mapping of keys to values",
}
