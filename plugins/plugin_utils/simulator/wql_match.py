# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which instances a WQL condition holds for.

Strings are compared without regard to case and a comparison with NULL holds for nothing but IS NULL (Microsoft's pages
wql-operators and comparing of NULL values there).
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any, Final

from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.catalogue import CimClass, Instance, find_class
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.elements import instance_ref, path_text
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.faults import invalid_query
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.values import Ref
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.wql import (
    Both,
    Comparison,
    Condition,
    Constant,
    Either,
    Name,
    Not,
)

#: System properties a condition may name (Microsoft's page wmi-system-properties).
_SYSTEM: Final[dict[str, Callable[[Instance, str], Any]]] = {
    "__class": lambda one, host: one.of.name,
    "__superclass": lambda one, host: one.of.chain[1] if len(one.of.chain) > 1 else None,
    "__dynasty": lambda one, host: one.of.chain[-1],
    "__derivation": lambda one, host: list(one.of.chain[1:]),
    "__server": lambda one, host: host,
    "__namespace": lambda one, host: one.of.namespace.replace("/", "\\"),
    "__path": lambda one, host: path_text(instance_ref(one), host),
    "__relpath": lambda one, host: path_text(instance_ref(one)),
    "__genus": lambda one, host: 2,
    "__property_count": lambda one, host: len(one.of.properties),
    "__this": lambda one, host: instance_ref(one),
}
_ORDER: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_TIME: Final = re.compile(r"(\d{14})\.(\d{6})([+-])(\d{3})")
_INTERVAL: Final = re.compile(r"(\d{8})(\d\d)(\d\d)(\d\d)\.(\d{6}):000")


def check_names(where: Condition | None, of: CimClass, query: str) -> None:
    """Refuse a condition on a property the class does not have, or on the values of an array (0x80041017).

    That WQL knows no arrays: Microsoft's page "WQL (SQL for WMI)".
    """
    if isinstance(where, (Both, Either)):
        check_names(where.left, of, query)
        check_names(where.right, of, query)
    elif isinstance(where, Not):
        check_names(where.inner, of, query)
    elif where is not None:
        for side in (where.left, where.right):
            if isinstance(side, Name):
                check_column(side.name, of, query)
                known = of.property(side.name)
                if known is not None and known.array and None not in (where.left, where.right):
                    raise invalid_query(f"{known.name} is an array", query)


def check_column(name: str, of: CimClass, query: str) -> None:
    """Refuse a property the class does not have (0x80041017)."""
    if of.property(name) is None and name.casefold() not in _SYSTEM:
        raise invalid_query(f"{of.name} has no {name}", query)


def holds(where: Condition | None, one: Instance, host: str) -> bool:
    """Whether the condition holds for an instance of the host with this name; None holds always."""
    if where is None:
        return True
    if isinstance(where, Both):
        return holds(where.left, one, host) and holds(where.right, one, host)
    if isinstance(where, Either):
        return holds(where.left, one, host) or holds(where.right, one, host)
    if isinstance(where, Not):
        return not holds(where.inner, one, host)
    return _compares(where, one, host)


def _compares(where: Comparison, one: Instance, host: str) -> bool:
    left, right = _value(where.left, one, host), _value(where.right, one, host)
    if where.op == "IS" or (where.op in ("=", "!=") and None in (where.left, where.right)):
        null = (left if where.right is None else right) is None
        return null is not (where.op == "!=")
    if where.op == "ISA":
        return _isa(where.left, left, one, str(right))
    if left is None or right is None:
        return False
    if where.op == "LIKE":
        return bool(_like(str(right)).fullmatch(str(_plain(left))))
    return _ordered(where.op, left, right)


def _value(side: Name | Constant, one: Instance, host: str) -> Any:
    if not isinstance(side, Name):
        return side
    system = _SYSTEM.get(side.name.casefold())
    return system(one, host) if system else one.value(side.name)


def _ordered(op: str, left: Any, right: Any) -> bool:
    if isinstance(left, list) or isinstance(right, list):
        return False
    one, other = _alike(left, right)
    try:
        return _ORDER[op](one, other)
    except TypeError:
        return False


def _alike(left: Any, right: Any) -> tuple[Any, Any]:
    """Both sides in a form that can be compared: a constant takes the type of the property beside it."""
    for typed, other in ((left, right), (right, left)):
        if isinstance(typed, (datetime, timedelta)) and isinstance(other, str):
            read = _time(other)
            return (typed, read) if typed is left else (read, typed)
    if isinstance(left, (bool, int, float)) or isinstance(right, (bool, int, float)):
        return _number(left), _number(right)
    return _plain(left), _plain(right)


def _plain(value: Any) -> Any:
    if isinstance(value, Ref):
        return path_text(value).casefold()
    return value.casefold() if isinstance(value, str) else value


def _number(value: Any) -> Any:
    if isinstance(value, str):
        truth = {"true": 1, "false": 0}.get(value.casefold())
        text = value.strip()
        return truth if truth is not None else float(text) if re.fullmatch(r"[-+]?\d+(\.\d+)?", text) else value
    return value


def _time(text: str) -> datetime | timedelta | None:
    if found := _TIME.fullmatch(text):
        return _moment(found)
    if found := _INTERVAL.fullmatch(text):
        days, hours, minutes, seconds, micro = map(int, found.groups())
        return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds, microseconds=micro)
    try:
        moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)


def _moment(found: re.Match[str]) -> datetime | None:
    """A time in CIM's own form; None where there is no such day, or none this early or late."""
    try:
        moment = datetime.strptime(found[1], "%Y%m%d%H%M%S").replace(microsecond=int(found[2]), tzinfo=timezone.utc)
        return moment - timedelta(minutes=int(found[3] + found[4]))
    except (ValueError, OverflowError):
        return None


def _isa(side: Name | Constant, left: Any, one: Instance, name: str) -> bool:
    if isinstance(left, Ref):
        of = find_class(one.of.namespace, left.class_name)
        return of is not None and of.is_a(name)
    if isinstance(side, Name) and side.name.casefold() in ("__class", "__this"):
        return one.of.is_a(name)
    return False


def _like(pattern: str) -> re.Pattern[str]:
    """LIKE as a regular expression: % any text, _ any character, [a-c] or [^a-c] one of a set."""
    parts = re.findall(r"\[\^?[^\]]+\]|.", pattern, re.DOTALL)
    spelled = "".join(_like_part(part) for part in parts)
    try:
        return re.compile(spelled, re.IGNORECASE | re.DOTALL)
    except re.error:  # a range that ends before it begins
        raise invalid_query("this is no pattern", pattern) from None


def _like_part(part: str) -> str:
    if part in ("%", "_"):
        return ".*" if part == "%" else "."
    if len(part) == 1:
        return re.escape(part)
    negated = "^" if part.startswith("[^") else ""
    inner = re.sub(r"([\\\[&~|])", r"\\\1", part[1 + len(negated) : -1]).replace("=", "-")
    return f"[{negated}{inner}]"
