# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""CIM instances as hosts send them, read by name and by the type that the reader asks for.

Nothing on the wire says whether ``<p:X>2</p:X>`` is a number, a text or an array of one, so an instance keeps what
came and the getters decide.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, TypeVar, Union

from ansible_collections.hyperv.replica.plugins.module_utils._errors import WireError
from ansible_collections.hyperv.replica.plugins.module_utils._wire.document import (
    child,
    is_nil,
    local_name,
    namespace_of,
)
from ansible_collections.hyperv.replica.plugins.module_utils._wire.instance_text import instance_parts, parts_of
from ansible_collections.hyperv.replica.plugins.module_utils._wire.names import (
    CIM_COMMON,
    CIM_SCHEMA,
    VIRTUALIZATION,
    XSI,
)
from ansible_collections.hyperv.replica.plugins.module_utils._wire.reference import (
    CimReference,
    class_uri,
    split_uri,
)
from ansible_collections.hyperv.replica.plugins.module_utils._wire.values import (
    read_boolean,
    read_integer,
    read_interval,
    read_moment,
)

__all__ = ["CimInstance", "CimReference", "Raw", "class_uri"]

_T = TypeVar("_T")

#: One value as it came.
Raw = Union[str, CimReference, "CimInstance"]

#: What stands inside a property of type datetime (DSP0230); in fragments it has no namespace.
_TIMES: Final = frozenset({"Datetime", "Interval", "Date", "Time", "CIM_DateTime"})


@dataclass(frozen=True, slots=True)
class CimInstance:
    """One CIM object: its actual class, and its properties as they came.

    Absent and null look the same to every getter. Property names are matched in any case. A getter raises WireError,
    naming class and property, when what came is not of the type asked for.

    Attributes:
        properties: the values of each property in their order; none for null.
    """

    class_name: str
    properties: Mapping[str, tuple[Raw, ...]] = field(hash=False)
    namespace: str = VIRTUALIZATION
    _spelled: Mapping[str, str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_spelled", {name.lower(): name for name in self.properties})

    def names(self) -> tuple[str, ...]:
        """The properties that came, null ones included, as the host spells them."""
        return tuple(self.properties)

    def has(self, name: str) -> bool:
        """The property came, be it null."""
        return name.lower() in self._spelled

    def raw(self, name: str) -> tuple[Raw, ...]:
        """What came, in order; nothing for null and for absent."""
        return self.properties.get(self._spelled.get(name.lower(), name), ())

    def text(self, name: str) -> str | None:
        return self._one(name, self.texts(name))

    def integer(self, name: str) -> int | None:
        return self._one(name, self.integers(name))

    def boolean(self, name: str) -> bool | None:
        return self._one(name, self._read(name, read_boolean, "true or false"))

    def moment(self, name: str) -> datetime | None:
        """The moment in UTC; None also for the year 1601, which is how WMI says "never"."""
        return self._one(name, self._read(name, read_moment, "a moment"))

    def interval(self, name: str) -> timedelta | None:
        return self._one(name, self._read(name, read_interval, "an interval"))

    def texts(self, name: str) -> tuple[str, ...]:
        return self._read(name, str, "text")

    def integers(self, name: str) -> tuple[int, ...]:
        return self._read(name, read_integer, "an integer")

    def reference(self, name: str) -> CimReference | None:
        return self._one(name, self.references(name))

    def references(self, name: str) -> tuple[CimReference, ...]:
        """References, be they endpoint references or object paths; an empty element is none."""
        return tuple(self._reference(name, raw) for raw in self.raw(name) if raw != "")

    def instances(self, name: str) -> tuple[CimInstance, ...]:
        """Embedded instances, be they elements or CIM-XML text; an empty text is none."""
        return tuple(self._instance(name, raw) for raw in self.raw(name) if raw != "")

    @classmethod
    def from_element(cls, element: ET.Element, *, class_name: str = "", namespace: str = VIRTUALIZATION) -> CimInstance:
        """Read an instance, a method's output, or a fragment.

        Args:
            element: its namespace URI says the actual class, whatever class was asked for.
            class_name: what was asked for; taken for w:XmlFragment, which says nothing about its class.
            namespace: taken where the element does not say which.

        Raises:
            WireError: a class was asked for, and this is an object of no class at all.
        """
        uri = namespace_of(element)
        if class_name and not _is_object(element, class_name):
            raise WireError(f"{class_name} was asked for and {local_name(element)} came")
        found_namespace, found_class = split_uri(uri)
        if not found_namespace and not uri.startswith(CIM_SCHEMA):
            found_class = class_name or local_name(element)
        properties: dict[str, tuple[Raw, ...]] = {}
        spelled: dict[str, str] = {}
        for inner in element:
            name = spelled.setdefault(local_name(inner).lower(), local_name(inner))
            properties[name] = properties.get(name, ()) + _values(inner, found_namespace or namespace)
        return cls(found_class, properties, found_namespace or namespace)

    @classmethod
    def from_text(cls, text: str, *, namespace: str = VIRTUALIZATION) -> CimInstance:
        """Read an instance from CIM-XML text."""
        class_name, properties = instance_parts(text)
        return cls(class_name, dict(properties), namespace)

    def _read(self, name: str, read: Callable[[str], _T], kind: str) -> tuple[_T, ...]:
        # Only a text can be there and empty: what is empty and should be something else is null.
        return tuple(self._typed(name, raw, read, kind) for raw in self.raw(name) if raw != "" or read is str)

    def _typed(self, name: str, raw: Raw, read: Callable[[str], _T], kind: str) -> _T:
        if not isinstance(raw, str):
            raise self._trouble(name, f"{kind} was expected and a {type(raw).__name__} came")
        try:
            return read(raw)
        except ValueError as error:
            raise self._trouble(name, f"{kind} was expected and something else came", raw) from error

    def _one(self, name: str, values: tuple[_T, ...]) -> _T | None:
        if len(values) > 1:
            raise self._trouble(name, f"one value was expected and {len(values)} came")
        return values[0] if values else None

    def _reference(self, name: str, raw: Raw) -> CimReference:
        if isinstance(raw, CimReference):
            return raw
        if isinstance(raw, CimInstance):
            raise self._trouble(name, "a reference was expected and an object came")
        try:
            return CimReference.from_path(raw, namespace=self.namespace)
        except WireError as error:
            raise self._trouble(name, "a reference was expected and something else came", raw) from error

    def _instance(self, name: str, raw: Raw) -> CimInstance:
        if isinstance(raw, CimInstance):
            return raw
        if isinstance(raw, CimReference):
            raise self._trouble(name, "an object was expected and a reference came")
        try:
            return CimInstance.from_text(raw, namespace=self.namespace)
        except WireError as error:
            raise self._trouble(name, "an embedded instance was expected and something else came", raw) from error

    def _trouble(self, name: str, found: str, raw: str = "") -> WireError:
        return WireError(f"{self.class_name}.{name}: {found}", detail=raw[:200])


def _is_object(element: ET.Element, class_name: str) -> bool:
    """An object of a WMI class, or a part of one; an empty body, an endpoint reference or another answer is none."""
    uri = namespace_of(element)
    named = local_name(element).lower() in ("xmlfragment", class_name.lower())
    return named or not uri or uri.startswith(CIM_SCHEMA) or bool(split_uri(uri)[0])


def _values(element: ET.Element, namespace: str) -> tuple[Raw, ...]:
    if is_nil(element):
        return ()
    inner = _only(element)
    if not len(element):
        return (element.text or "",)
    if inner is not None and local_name(inner) in _TIMES and namespace_of(inner) in ("", CIM_COMMON):
        return (inner.text or "",)
    if child(element, "ReferenceParameters") is not None or child(element, "EndpointReference") is not None:
        return (CimReference.from_element(element, namespace=namespace),)
    return (_nested(element, namespace),)


def _only(element: Iterable[ET.Element]) -> ET.Element | None:
    inner = list(element)
    return inner[0] if len(inner) == 1 else None


def _nested(element: ET.Element, namespace: str) -> CimInstance:
    """An embedded object: the element is named after the property, so its class is that of what it holds.

    A server of another making may put the object itself inside, or an INSTANCE that is not written as text.
    """
    only = _only(element)
    if only is not None and local_name(only) == "INSTANCE":
        class_name, properties = parts_of(only)
        return CimInstance(class_name, properties, namespace)
    if only is not None and len(only) and local_name(only) == split_uri(namespace_of(only))[1]:
        return CimInstance.from_element(only, namespace=namespace)
    content = CimInstance.from_element(element, namespace=namespace)
    inner_namespace, inner_class = split_uri(namespace_of(element[0]))
    said = element.get(f"{{{XSI}}}type", "").rpartition(":")[2].removesuffix("_Type")
    return CimInstance(inner_class or said, content.properties, inner_namespace or namespace)
