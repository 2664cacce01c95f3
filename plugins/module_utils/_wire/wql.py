# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Questions to WMI: written as WQL, and answered here where a host does not take WQL.

Nothing that stands in a value can change a question: literals are in single quotes, backslash and quote escaped with
a backslash (as libvirt sends them to Hyper-V), and names must be names. Microsoft's pages "SELECT Statement for Data
Queries", "LIKE Operator" and "ASSOCIATORS OF Statement".
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Union

from ansible_collections.hyperv.replica.plugins.module_utils._errors import WireError
from ansible_collections.hyperv.replica.plugins.module_utils._wire.cim import CimInstance
from ansible_collections.hyperv.replica.plugins.module_utils._wire.names import VIRTUALIZATION
from ansible_collections.hyperv.replica.plugins.module_utils._wire.reference import CimReference, quoted

Plain = Union[str, int]

_NAME: Final = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_FROM: Final = re.compile(r"\bFROM\s+(\w+)", re.IGNORECASE | re.ASCII)
#: A range is written [a-f] or, in older texts, [a=f].
_LIKE_RANGE: Final = re.compile(r"(.)[-=](.)", re.DOTALL)
_LIKE_TOKEN: Final = re.compile(r"\[(\^?)([^\]]+)\]|.", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Association:
    """What ASSOCIATORS OF asks besides the class of the result; empty where it does not matter."""

    source: CimReference
    assoc_class: str = ""
    role: str = ""
    result_role: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """One question: objects of a class, narrowed down.

    Attributes:
        class_name: of the objects asked for, which may come as subclasses of it; empty where nobody said.
        text: WQL; empty for a class as a whole.
        properties: the only ones wanted; empty for all.
        where: the value each property must have, or the values of which it must have one.
        like: the pattern each property must match, with the wildcards of LIKE.
        own_words: the text was handed in, so nothing but the host can answer it.
    """

    class_name: str
    namespace: str = VIRTUALIZATION
    text: str = ""
    properties: tuple[str, ...] = ()
    where: Mapping[str, Plain | Sequence[Plain]] = field(default_factory=dict)
    like: Mapping[str, str] = field(default_factory=dict)
    association: Association | None = None
    own_words: bool = False

    @property
    def answerable_here(self) -> bool:
        """Reading whole classes is enough to answer it."""
        if self.association is not None:
            return bool(self.association.assoc_class)
        return not self.own_words

    @property
    def impossible(self) -> bool:
        """A property must have one of no values, so there is nothing to ask."""
        return any(not _choices(wanted) for wanted in self.where.values())

    def admits(self, instance: CimInstance) -> bool:
        """The instance is one of those asked for, as WQL compares: texts in any case, null like nothing."""
        return all(_equals_one(instance, name, _choices(wanted)) for name, wanted in self.where.items()) and all(
            _matches(instance, name, pattern) for name, pattern in self.like.items()
        )

    def projected(self, instance: CimInstance) -> CimInstance:
        """The instance with nothing but the properties asked for."""
        if not self.properties:
            return instance
        wanted = {name.lower() for name in self.properties}
        kept = {name: values for name, values in instance.properties.items() if name.lower() in wanted}
        return CimInstance(instance.class_name, kept, instance.namespace)


def every(class_name: str, *, namespace: str = VIRTUALIZATION) -> Query:
    """All objects of a class and of its subclasses, without a filter."""
    return Query(class_name=_name(class_name), namespace=namespace)


def wql(text: str, *, namespace: str = VIRTUALIZATION) -> Query:
    """A question in the caller's own words. Nothing in it is escaped; where the host refuses WQL, so does this."""
    found = _FROM.search(text)
    return Query(class_name=found[1] if found else "", namespace=namespace, text=text, own_words=True)


def wql_select(
    class_name: str,
    *,
    properties: Sequence[str] = (),
    where: Mapping[str, Plain | Sequence[Plain]] | None = None,
    like: Mapping[str, str] | None = None,
    namespace: str = VIRTUALIZATION,
) -> Query:
    """Objects of a class whose properties have these values.

    Args:
        class_name: subclasses come too.
        properties: the only ones wanted; empty for all.
        where: a value, or several of which one must hold.
        like: patterns in which ``%`` and ``_`` are wildcards; pass what a user typed through `like_literal`.
        namespace: where the class is.
    """
    conditions = [_condition(name, _choices(wanted)) for name, wanted in (where or {}).items()]
    conditions += [f"{_name(name)} LIKE {quoted(pattern)}" for name, pattern in (like or {}).items()]
    columns = ", ".join(_name(name) for name in properties) or "*"
    text = f"SELECT {columns} FROM {_name(class_name)}"
    return Query(
        class_name=class_name,
        namespace=namespace,
        text=" WHERE ".join(filter(None, (text, " AND ".join(conditions)))),
        properties=tuple(properties),
        where=dict(where or {}),
        like=dict(like or {}),
    )


def associators_of(
    source: CimReference, *, assoc_class: str = "", result_class: str = "", role: str = "", result_role: str = ""
) -> Query:
    """The objects that associations link to this one."""
    asked = {"AssocClass": assoc_class, "ResultClass": result_class, "Role": role, "ResultRole": result_role}
    conditions = " ".join(f"{word} = {_name(name)}" for word, name in asked.items() if name)
    return Query(
        class_name=result_class,
        namespace=source.namespace,
        text=" WHERE ".join(filter(None, (f"ASSOCIATORS OF {{{source.wmi_path()}}}", conditions))),
        association=Association(source=source, assoc_class=assoc_class, role=role, result_role=result_role),
    )


def like_literal(text: str) -> str:
    """The text as part of a pattern that matches it and nothing else.

    ``^`` needs nothing: it has a meaning only behind an opening bracket, and no bracket is left open.
    """
    return re.sub(r"[%_\[]", r"[\g<0>]", text)


def like_matches(pattern: str, text: str) -> bool:
    """The text matches the pattern as a whole, in any case."""
    expression = "".join(_like_part(token) for token in _LIKE_TOKEN.finditer(pattern))
    return re.fullmatch(expression, text, re.IGNORECASE | re.DOTALL) is not None


def _like_part(token: re.Match[str]) -> str:
    whole, negated, members = token[0], token[1], token[2]
    if members is None:
        return {"%": ".*", "_": "."}.get(whole, re.escape(whole))
    range_ends = _LIKE_RANGE.fullmatch(members)
    if range_ends and range_ends[1] <= range_ends[2]:
        return f"[{negated}{re.escape(range_ends[1])}-{re.escape(range_ends[2])}]"
    return f"[{negated}{re.escape(members)}]"


def _condition(name: str, choices: Sequence[Plain]) -> str:
    text = " OR ".join(f"{_name(name)} = {_literal(value)}" for value in choices)
    return f"({text})" if len(choices) > 1 else text


def _literal(value: Plain) -> str:
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    return str(int(value)) if isinstance(value, int) else quoted(value)


def _choices(wanted: Plain | Sequence[Plain]) -> tuple[Plain, ...]:
    return (wanted,) if isinstance(wanted, (str, int)) else tuple(wanted)


def _equals_one(instance: CimInstance, name: str, choices: Sequence[Plain]) -> bool:
    found = instance.text(name)
    return found is not None and any(_as_text(value) == found.lower() for value in choices)


def _as_text(value: Plain) -> str:
    if isinstance(value, str):
        return value.lower()
    return str(value).lower() if isinstance(value, bool) else str(int(value))


def _matches(instance: CimInstance, name: str, pattern: str) -> bool:
    found = instance.text(name)
    return found is not None and like_matches(pattern, found)


def _name(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise WireError("a name of a class or property was expected in a query", detail=name[:200])
    return name
