# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""WQL as text: what a query asks for. Source: Microsoft's pages querying-with-wql and wql-operators.

Three statements are known: SELECT, ASSOCIATORS OF and REFERENCES OF; any other text is an invalid query.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.faults import Fault, invalid_query
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.values import Ref

Constant = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Name:
    """A property, or a system property such as __CLASS."""

    name: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """``left op right``; op is one of = != < <= > >= LIKE ISA, or IS for a test on NULL."""

    left: Name | Constant
    op: str
    right: Name | Constant


@dataclass(frozen=True, slots=True)
class Both:
    """AND."""

    left: Condition
    right: Condition


@dataclass(frozen=True, slots=True)
class Either:
    """OR."""

    left: Condition
    right: Condition


@dataclass(frozen=True, slots=True)
class Not:
    """NOT."""

    inner: Condition


Condition = Comparison | Both | Either | Not


@dataclass(frozen=True, slots=True)
class Select:
    """SELECT; no columns stand for all of them."""

    class_name: str
    columns: tuple[str, ...] = ()
    where: Condition | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Related:
    """ASSOCIATORS OF (``references`` false) or REFERENCES OF, from one object; names that were not given are empty.

    For REFERENCES OF, ``result_class`` is the class of the associations themselves.
    """

    source: Ref
    references: bool = False
    assoc_class: str = ""
    result_class: str = ""
    role: str = ""
    result_role: str = ""
    only_classes: bool = field(default=False)


class _Token(NamedTuple):
    kind: str
    text: str


_TOKENS: Final = re.compile(
    r"""\s*(?:
      (?P<text>'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*")
    | (?P<number>[-+]?\d+(?:\.\d+)?(?![\w.]))
    | (?P<word>[A-Za-z_]\w*)
    | (?P<op><=|>=|<>|!=|=|<|>)
    | (?P<mark>[(),*])
    )""",
    re.VERBOSE,
)
#: The name of a key that a path gives without one (Microsoft's page wmi-object-path-requirements).
ONLY_KEY: Final = ""
#: More than any CIM number has.
_MOST_DIGITS: Final = 40
_RELATED: Final = re.compile(
    r"\s*(?P<what>ASSOCIATORS|REFERENCES)\s+OF\s*\{(?P<path>(?:'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\"|[^'\"}])*)\}"
    r"\s*(?:WHERE\s+(?P<where>.*?))?\s*",
    re.IGNORECASE | re.DOTALL,
)
_CLAUSE: Final = re.compile(r"(\w+)(?:\s*=\s*(\w+))?(?:\s+|$)")
_PATH: Final = re.compile(
    r"\s*(?:(?:\\\\[^\\:]+\\)?(?P<namespace>[\w\\/]+):)?(?P<class>\w+)(?:\.(?P<keys>.+?)|=(?P<only>.+?))\s*",
    re.DOTALL,
)
_KEY: Final = re.compile(r"\s*(\w+)\s*=\s*('(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\"|[^,]*)\s*(?:,|$)", re.DOTALL)
_ESCAPED: Final = re.compile(r"\\(.)", re.DOTALL)
_CLAUSES: Final = {
    "assocclass": "assoc_class",
    "resultclass": "result_class",
    "role": "role",
    "resultrole": "result_role",
}


def parse_wql(query: str) -> Select | Related:
    """What the query asks for.

    Raises:
        Fault: n:CannotProcessFilter with 0x80041017.
    """
    try:
        if found := _RELATED.fullmatch(query):
            return _related(found, query)
        return _Parser(query).select()
    except _Unreadable as error:
        raise invalid_query(str(error), query) from None


def parse_path(path: str) -> Ref:
    """The object that a WMI path names; backslashes and quotes in key values are undone.

    A key without its name (``Class='value'``) is named ``ONLY_KEY``; the only instance of a class (``Class=@``) has
    none.

    Raises:
        Fault: n:CannotProcessFilter with 0x80041017, if it is no path with keys.
    """
    found = _PATH.fullmatch(path)
    if found is None:
        raise invalid_query("this is no object path", path)
    if found["only"]:
        only = found["only"].strip()
        return Ref(found["class"], {} if only == "@" else {ONLY_KEY: unquoted(only)})
    return Ref(found["class"], _keys(found["keys"], path))


def _keys(text: str, path: str) -> dict[str, str]:
    keys: dict[str, str] = {}
    at = 0
    while at < len(text):
        key = _KEY.match(text, at)
        if not key:
            raise invalid_query("this is no object path", path)
        keys[key[1]] = unquoted(key[2])
        at = key.end()
    return keys


def unquoted(text: str) -> str:
    """A literal without its quotes and escapes; what has no quotes stays as it is."""
    if len(text) > 1 and text[0] in "'\"":
        return _ESCAPED.sub(r"\1", text[1:-1])
    return text.strip()


def uses_double_quotes(query: str) -> bool:
    """Whether a literal of the query is in double quotes."""
    without = re.sub(r"'(?:\\.|[^'\\])*'", "", query)
    return '"' in without


class _Unreadable(Exception):
    """The text is no WQL."""


class _Parser:
    """Reads one SELECT by recursive descent."""

    def __init__(self, query: str) -> None:
        self._tokens: list[_Token] = list(_lexed(query))
        self._at = 0

    def select(self) -> Select:
        self._take_word("SELECT")
        columns = self._columns()
        self._take_word("FROM")
        name = self._take("word").text
        where = self._either() if self._word("WHERE") else None
        if self._at < len(self._tokens):
            raise _Unreadable(f"nothing may follow here: {self._tokens[self._at].text}")
        return Select(name, columns, where)

    def _columns(self) -> tuple[str, ...]:
        if self._mark("*"):
            return ()
        columns = [self._take("word").text]
        while self._mark(","):
            columns.append(self._take("word").text)
        return tuple(columns)

    def _either(self) -> Condition:
        left = self._both()
        while self._word("OR"):
            left = Either(left, self._both())
        return left

    def _both(self) -> Condition:
        left = self._inner()
        while self._word("AND"):
            left = Both(left, self._inner())
        return left

    def _inner(self) -> Condition:
        if self._word("NOT"):
            return Not(self._inner())
        if self._mark("("):
            inner = self._either()
            self._take_mark(")")
            return inner
        return self._comparison()

    def _comparison(self) -> Condition:
        left = self._operand()
        if self._word("IS"):
            negated = self._word("NOT")
            self._take_word("NULL")
            test = Comparison(left, "IS", None)
            return Not(test) if negated else test
        negated = self._word("NOT")
        if negated or self._next_word() in ("LIKE", "ISA"):
            comparison = Comparison(left, self._take("word").text.upper(), self._operand())
            return Not(comparison) if negated else comparison
        op = self._take("op").text.replace("<>", "!=")
        return Comparison(left, op, self._operand())

    def _operand(self) -> Name | Constant:
        token = self._take("word", "text", "number")
        if token.kind == "text":
            return unquoted(token.text)
        if token.kind == "number":
            return _number(token.text)
        constants: dict[str, Constant] = {"TRUE": True, "FALSE": False, "NULL": None}
        word = token.text.upper()
        return constants[word] if word in constants else Name(token.text)

    def _take(self, *kinds: str) -> _Token:
        if self._at >= len(self._tokens):
            raise _Unreadable("the query ends too early")
        token = self._tokens[self._at]
        if token.kind not in kinds:
            raise _Unreadable(f"this was not expected here: {token.text}")
        self._at += 1
        return token

    def _take_word(self, word: str) -> None:
        if not self._word(word):
            raise _Unreadable(f"{word} was expected")

    def _take_mark(self, mark: str) -> None:
        if not self._mark(mark):
            raise _Unreadable(f"{mark} was expected")

    def _next_word(self) -> str:
        token = self._tokens[self._at] if self._at < len(self._tokens) else _Token("", "")
        return token.text.upper() if token.kind == "word" else ""

    def _word(self, word: str) -> bool:
        found = self._next_word() == word
        self._at += found
        return found

    def _mark(self, mark: str) -> bool:
        found = self._at < len(self._tokens) and self._tokens[self._at] == _Token("mark", mark)
        self._at += found
        return found


def _number(text: str) -> int | float:
    if len(text) > _MOST_DIGITS:
        raise _Unreadable("this number is too long")
    return float(text) if "." in text else int(text)


def _lexed(query: str) -> Iterator[_Token]:
    at, end = 0, len(query.rstrip())
    while at < end:
        found = _TOKENS.match(query, at)
        if found is None or found.lastgroup is None:
            raise _Unreadable(f"this is no WQL: {query[at : at + 20].strip()}")
        yield _Token(found.lastgroup, found[found.lastgroup])
        at = found.end()


def _related(found: re.Match[str], query: str) -> Related:
    clauses = _clauses(found["where"] or "")
    references = found["what"].upper() == "REFERENCES"
    flags = [name for name, value in clauses if not value]
    allowed = {"resultclass", "role"} if references else set(_CLAUSES)
    given = {name.casefold(): value for name, value in clauses if value}
    unknown = (set(given) - allowed) | ({flag.casefold() for flag in flags} - {"classdefsonly", "keysonly"})
    if unknown or len(given) + len(flags) != len(clauses):
        raise _Unreadable(f"these clauses are unknown or doubled: {', '.join(sorted(unknown)) or found['where']}")
    try:
        source = parse_path(found["path"])
    except Fault as error:
        raise invalid_query(error.found, query) from None
    return Related(
        source=source,
        references=references,
        only_classes=any(flag.casefold() == "classdefsonly" for flag in flags),
        **{_CLAUSES[name]: value for name, value in given.items()},
    )


def _clauses(where: str) -> Sequence[tuple[str, str]]:
    clauses: list[tuple[str, str]] = []
    at = 0
    while at < len(where):
        found = _CLAUSE.match(where, at)
        if found is None:
            raise _Unreadable(f"this is no clause: {where[at:]}")
        clauses.append((found[1], found[2] or ""))
        at = found.end()
    return clauses
