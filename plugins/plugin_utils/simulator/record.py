# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Our dataclasses from sections of an estate file, and back, field by field.

A field of a plain type is a key of the same name. A time is an age, ``<field>_age``, in seconds before the start; an
enumeration is the name of its member in lower case.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, Field, fields
from datetime import datetime, timedelta
from enum import Enum
from typing import Any, Final, TypeVar

from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.states import (
    Power,
    ReplicationMode,
    ReplicationState,
    ReplicationType,
    StartAction,
)
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.machines import PointKind
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.section import Section

Record = TypeVar("Record")
Reader = Callable[[Section, str, Any], Any]


def record(shape: Callable[..., Record], section: Section, /, skip: tuple[str, ...] = (), **given: Any) -> Record:
    """A dataclass from a section. What is given is taken where the section has no such key."""
    values = dict(given)
    for field in fields(shape):  # type: ignore[arg-type]
        read = _READERS.get(_type_name(field))
        if read is not None and field.name not in skip:
            values[field.name] = read(section, field.name, given.get(field.name, _default(field)))
    return shape(**values)


def plain_record(value: Any, now: datetime, skip: tuple[str, ...] = ()) -> dict[str, Any]:
    """What ``record`` reads back; values that are their defaults are left out."""
    out: dict[str, Any] = {}
    for field in fields(value):
        found = getattr(value, field.name)
        if field.name in skip or _type_name(field) not in _READERS or found is None or found == _default(field):
            continue
        is_time = isinstance(found, datetime)
        out[f"{field.name}_age" if is_time else field.name] = _plain(found, now)
    return out


def _type_name(field: Field[Any]) -> str:
    return str(field.type).partition(" |")[0]


def _default(field: Field[Any]) -> Any:
    if field.default_factory is not MISSING:
        return field.default_factory()
    return None if field.default is MISSING else field.default


def _plain(value: Any, now: datetime) -> Any:
    match value:
        case Enum():
            return value.name.lower()
        case datetime():
            return max(0.0, (now - value).total_seconds())
        case timedelta():
            return value.total_seconds()
        case dict():
            return dict(value)
        case list():
            return list(value)
    return value


def _read_age(section: Section, key: str, default: Any) -> Any:
    name = f"{key}_age"
    return section.now - timedelta(seconds=section.number(name)) if name in section else default


def _read_span(section: Section, key: str, default: Any) -> Any:
    return timedelta(seconds=section.number(key, default.total_seconds()))


def _read_counters(section: Section, key: str, default: Any) -> Any:
    return section.counters(key) if key in section else dict(default)


def _read_enum(enum: type[Enum]) -> Reader:
    names = {member.name.lower(): member for member in enum}
    return lambda section, key, default: section.choice(key, names, default)


_READERS: Final[dict[str, Reader]] = {
    "str": lambda section, key, default: section.text(key, default),
    "int": lambda section, key, default: int(section.number(key, default)),
    "float": lambda section, key, default: float(section.number(key, default)),
    "bool": lambda section, key, default: section.flag(key, default),
    "list[str]": lambda section, key, default: section.texts(key, default),
    "timedelta": _read_span,
    "datetime": _read_age,
    "Counters": _read_counters,
    **{
        enum.__name__: _read_enum(enum)
        for enum in (Power, ReplicationMode, ReplicationState, ReplicationType, StartAction, PointKind)
    },
}
