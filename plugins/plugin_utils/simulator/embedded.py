# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Instances that stand as CIM-XML text inside a parameter, with what Hyper-V's own parser does not take.

What it refuses, and with which code: field reports of a shipping WS-Man client for Hyper-V (r4sd/go-wsman).
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from typing import Final

from ansible_collections.hyperv.replica.plugins.module_utils._wire import names
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.catalogue import CimClass, Property, find_class
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.faults import Fault
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.reader import parse_xml
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.values import Emb

FAILED: Final = 32768
INVALID_PARAMETER: Final = 32773
INCORRECT_TYPE: Final = 32776

#: Bits of the CIM integer types (DSP0004).
_BITS: Final = {f"{sign}int{bits}": bits for sign in "us" for bits in (8, 16, 32, 64)}
_TIME: Final = re.compile(r"[0-9*]{14}\.[0-9*]{6}[-+][0-9]{3}|[0-9]{14}\.[0-9]{6}:000")
_OBJECT_PATH: Final = re.compile(r"[\w\\/.:-]*?:?(?:Msvm|CIM)_\w+\.(?P<keys>\w+=.*)", re.DOTALL)
_KEY_VALUES: Final = re.compile(r'=\s*"((?:\\.|[^"\\])*)"')
_LONE_BACKSLASH: Final = re.compile(r'(?<!\\)(?:\\\\)*\\(?![\\"])')

#: String properties that hold object paths.
_PATHS: Final = frozenset({"Parent", "HostResource", "Connection", "ReplicationProvider"})


class Unfit(Exception):
    """The method answers with this return code, because an embedded instance is not taken."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


def read_embedded(text: str, expected: str) -> Emb:
    """The instance in a text; it is of the expected class or of one derived from it.

    Raises:
        Unfit: 32773 for what cannot be parsed, an unknown class or property or a path with single backslashes; 32776
            for a wrong type; 32768 for a named ``&amp;`` or a time that is not in CIM's form.
    """
    _check_entities(text)
    root = _parsed(text)
    of = find_class(names.VIRTUALIZATION, root.get("CLASSNAME", ""))
    if root.tag != "INSTANCE" or of is None or not of.is_a(expected):
        raise Unfit(INVALID_PARAMETER)
    properties: dict[str, str | list[str] | None] = {}
    for element in root:
        name = element.get("NAME", "")
        if element.tag.startswith("PROPERTY") and not name.startswith("__"):
            found = _known(of, name)
            properties[found.name] = _value(element, found)
    return Emb(of.name, properties)


def _check_entities(text: str) -> None:
    """Named entities are not taken inside; numeric references and ``&gt;`` are (verified on a real host)."""
    for found in re.finditer(r"&(amp|lt);", text):
        raise Unfit(FAILED if found[1] == "amp" else INVALID_PARAMETER)


def _parsed(text: str) -> ET.Element:
    try:
        return parse_xml(re.sub(r"^\s*<\?xml[^>]*\?>", "", text))
    except (ET.ParseError, ValueError, Fault) as error:
        raise Unfit(INVALID_PARAMETER) from error


def _known(of: CimClass, name: str) -> Property:
    found = of.property(name)
    if found is None:
        raise Unfit(INVALID_PARAMETER)
    return found


def _value(element: ET.Element, found: Property) -> str | list[str] | None:
    if found.array != (element.tag == "PROPERTY.ARRAY"):
        raise Unfit(INCORRECT_TYPE)
    if element.tag != "PROPERTY.REFERENCE" and element.get("TYPE", "") != found.type:
        raise Unfit(FAILED if found.type == "datetime" else INCORRECT_TYPE)
    # GetText puts qualifiers into a property, and they have values of their own.
    values = [one.text or "" for one in element.findall("VALUE.ARRAY/VALUE" if found.array else "VALUE")]
    for value in values:
        _check(value, found)
    if found.array:
        return values if element.find("VALUE.ARRAY") is not None else None
    return values[0] if values else None


def _check(value: str, found: Property) -> None:
    fits = _TYPES.get(found.type)
    if fits is not None and not fits(value, found.type):
        raise Unfit(FAILED if found.type == "datetime" else INCORRECT_TYPE)
    if found.name in _PATHS and not _is_sound_path(value):
        raise Unfit(INVALID_PARAMETER)


def _is_integer(text: str, kind: str) -> bool:
    if not re.fullmatch(r"\s*[-+]?\d{1,20}\s*", text):
        return False
    bits = _BITS[kind]
    half: int = 1 << (bits - 1)
    low, high = (0, 2 * half) if kind.startswith("u") else (-half, half)
    number = int(text)
    return low <= number < high


def _is_boolean(text: str, kind: str) -> bool:
    return text.strip().casefold() in ("true", "false")


def _is_time(text: str, kind: str) -> bool:
    return bool(_TIME.fullmatch(text.strip()))


_TYPES: Final[dict[str, Callable[[str, str], bool]]] = {
    "boolean": _is_boolean,
    "datetime": _is_time,
    **dict.fromkeys(_BITS, _is_integer),
}


def _is_sound_path(value: str) -> bool:
    """Whether an object path has its backslashes doubled; a file's path or a name is not one, an EPR is not sound."""
    if "<" in value:
        return False
    path = _OBJECT_PATH.fullmatch(value)
    return path is None or not any(_LONE_BACKSLASH.search(key) for key in _KEY_VALUES.findall(path["keys"]))
