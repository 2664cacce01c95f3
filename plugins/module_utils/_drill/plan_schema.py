# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The JSON schema of a recovery plan, made from the same table as its parser."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Union

from ansible_collections.hyperv.replica.plugins.module_utils._drill.plan_fields import PLAN, SCHEMA_VERSION
from ansible_collections.hyperv.replica.plugins.module_utils._drill.shape import (
    DURATION_PATTERN,
    GUID_PATTERN,
    SIZE_PATTERN,
    TEXT_PATTERN,
    Field,
    Kind,
)

Json = Union[str, int, float, bool, None, list["Json"], dict[str, "Json"]]

_TYPES: Final = {
    Kind.TEXT: "string",
    Kind.DURATION: "string",
    Kind.SIZE: "string",
    Kind.GUID: "string",
    Kind.FLAG: "boolean",
    Kind.WHOLE: "integer",
    Kind.LIST: "array",
    Kind.TABLE: "object",
}
_PATTERNS: Final = {
    Kind.TEXT: TEXT_PATTERN,
    Kind.DURATION: DURATION_PATTERN,
    Kind.SIZE: SIZE_PATTERN,
    Kind.GUID: GUID_PATTERN,
}


def plan_schema() -> dict[str, Json]:
    """The schema. What the parser accepts it accepts; what it refuses the parser refuses.

    It cannot say what one part of a plan means for another, such as a dependency on a machine that is not there.
    """
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"Recovery plan of the Ansible collection hyperv.replica, version {SCHEMA_VERSION}",
        **_schema(PLAN, needed=True),
    }


def _schema(known: Field, *, needed: bool) -> dict[str, Json]:
    """One field; where it may be left out it may be null, too."""
    kind = _TYPES[known.kind]
    found: dict[str, Json] = {"description": known.about} if known.about else {}
    found["type"] = kind if needed else [kind, "null"]
    if known.choices:
        found["enum"] = [*known.choices, *([] if needed else [None])]
    elif known.kind in _PATTERNS:
        found["pattern"] = _PATTERNS[known.kind]
    if known.default is not None and isinstance(known.default, (str, int)):
        found["default"] = known.default
    inside = _INSIDE.get(known.kind)
    return found if inside is None else found | inside(known)


def _whole(known: Field) -> dict[str, Json]:
    return {"minimum": known.least, **({} if known.most is None else {"maximum": known.most})}


def _list(known: Field) -> dict[str, Json]:
    items = {} if known.element is None else {"items": _schema(known.element, needed=True)}
    return {**items, **({"minItems": known.least} if known.least else {})}


def _table(known: Field) -> dict[str, Json]:
    found: dict[str, Json] = {
        "additionalProperties": False,
        "properties": {name: _schema(inner, needed=inner.required) for name, inner in known.fields.items()},
    }
    required = [name for name, inner in known.fields.items() if inner.required]
    rules: list[Json] = []
    if known.one_of:
        rules.append({"oneOf": [_given(name) for name in known.one_of]})
    if known.any_of:
        rules.append({"anyOf": [_given(name) for name in known.any_of]})
    for name, others in known.beside.items():
        rules.append({"if": _given(name), "then": {"anyOf": [_given(other) for other in others]}})
    return {**found, **({"required": list(required)} if required else {}), **({"allOf": rules} if rules else {})}


def _given(name: str) -> Json:
    """The key is there and holds something."""
    return {"required": [name], "properties": {name: {"not": {"type": "null"}}}}


_INSIDE: Final[dict[Kind, Callable[[Field], dict[str, Json]]]] = {
    Kind.WHOLE: _whole,
    Kind.LIST: _list,
    Kind.TABLE: _table,
}
