# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Instances inside string parameters, as Hyper-V's parser takes them.

That parser refuses ``&amp;`` and ``&lt;`` inside the text (return codes 32768 and 32773, seen by go-wsman on a host)
and takes numeric references, so nothing else is written.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Union

from ansible_collections.hyperv.replica.plugins.module_utils._errors import WireError
from ansible_collections.hyperv.replica.plugins.module_utils._wire.cim import CimInstance
from ansible_collections.hyperv.replica.plugins.module_utils._wire.document import check_text
from ansible_collections.hyperv.replica.plugins.module_utils._wire.values import (
    cim_datetime,
    cim_interval,
    cim_moment,
    read_boolean,
)

Scalar = Union[bool, int, str, datetime, timedelta]
EmbeddedValue = Union[Scalar, Sequence[Scalar], None]

_NUMERIC: Final = {ord(char): f"&#{ord(char)};" for char in "&<>\"'\r\n\t"}
_NAME: Final = re.compile(r"[A-Za-z_]\w*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Embedded:
    """One property of an embedded instance.

    Attributes:
        cim_type: as MOF says it, such as ``uint16``; ``datetime`` for moments and intervals; ``string[]`` is an array.
        value: None is null. A sequence is an array whatever the type says.
    """

    cim_type: str
    value: EmbeddedValue


def embedded_text(class_name: str, properties: Mapping[str, Embedded]) -> str:
    """Write one INSTANCE.

    Raises:
        WireError: a name or a type is none, or a value holds what XML cannot carry.
    """
    inner = "".join(_property(name, given) for name, given in properties.items())
    return f'<INSTANCE CLASSNAME="{_checked(class_name)}">{inner}</INSTANCE>'


def parse_embedded(text: str) -> CimInstance:
    """Read one INSTANCE; a document type is refused."""
    return CimInstance.from_text(text)


def embedded_like(
    instance: CimInstance, schema: Mapping[str, str], changes: Mapping[str, EmbeddedValue] | None = None
) -> str:
    """Write what was read, with changes, as far as the schema names it.

    Hosts refuse a settings instance that carries inherited read-only properties and may take an absent one for its
    default, so a schema names the key and every own property. What the host did not send and nobody changes is left
    out: it is a null array, or an older host that has no such property.

    Args:
        instance: as read.
        schema: CIM type of each property to send; ``[]`` behind it marks an array.
        changes: new values by name.
    """
    wanted = dict(changes or {})
    if strangers := wanted.keys() - schema.keys():
        raise WireError(f"{instance.class_name} has no property {', '.join(sorted(strangers))} that can be changed")
    properties = {
        name: Embedded(cim_type, wanted[name]) if name in wanted else _as_read(instance, name, cim_type)
        for name, cim_type in schema.items()
        if name in wanted or instance.has(name)
    }
    return embedded_text(instance.class_name, properties)


def _as_read(instance: CimInstance, name: str, cim_type: str) -> Embedded:
    values = instance.texts(name)
    plain = cim_type.removesuffix("[]")
    try:
        written = [_rewritten(value, plain) for value in values]
    except ValueError as error:
        raise WireError(f"{instance.class_name}.{name} is no {plain} and cannot be sent back") from error
    if cim_type.endswith("[]"):
        return Embedded(cim_type, written if instance.raw(name) else None)
    instance.text(name)  # raises where several values came for one
    return Embedded(cim_type, written[0] if written else None)


def _rewritten(value: str, cim_type: str) -> str:
    """Hosts send ISO 8601 and take only CIM's own form."""
    if cim_type == "datetime":
        return cim_datetime(value)
    return _scalar(read_boolean(value)) if cim_type == "boolean" else value


def _property(name: str, given: Embedded) -> str:
    plain = given.cim_type.removesuffix("[]")
    head = f'NAME="{_checked(name)}" TYPE="{_checked(plain)}"'
    array = given.cim_type.endswith("[]") or not isinstance(given.value, (str, int, datetime, timedelta, type(None)))
    element = "PROPERTY.ARRAY" if array else "PROPERTY"
    if given.value is None:
        return f"<{element} {head}></{element}>"
    if not array:
        return f"<PROPERTY {head}>{_value(given.value)}</PROPERTY>"
    if isinstance(given.value, (str, int, datetime, timedelta)):
        raise WireError(f"{name} is an array and was given a single value")
    inner = "".join(_value(value) for value in given.value)
    return f"<PROPERTY.ARRAY {head}><VALUE.ARRAY>{inner}</VALUE.ARRAY></PROPERTY.ARRAY>"


def _value(value: object) -> str:
    return f"<VALUE>{check_text(_scalar(value)).translate(_NUMERIC)}</VALUE>"


def _scalar(value: object) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case datetime():
            return cim_moment(value)
        case timedelta():
            return cim_interval(value)
        case int():
            return str(int(value))
        case str():
            return str.__str__(value)  # the value of an Enum of texts too, not its name
    raise WireError(f"a {type(value).__name__} has no form in an embedded instance")


def _checked(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise WireError("a name of a class, property or type was expected", detail=name[:200])
    return name
