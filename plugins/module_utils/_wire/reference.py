# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A reference to a WMI object: as selectors, as an endpoint reference, and as an object path."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from ansible_collections.hyperv.replica.plugins.module_utils._errors import WireError
from ansible_collections.hyperv.replica.plugins.module_utils._wire import names
from ansible_collections.hyperv.replica.plugins.module_utils._wire.document import (
    child,
    child_text,
    children,
    local_name,
)

#: Selector that names the namespace beside a resource URI of the DMTF form ([MS-WSMV] 3.1.4.1.1).
_NAMESPACE_SELECTOR: Final = "__cimnamespace"

_PATH: Final = re.compile(r"(?:[\\/]{2}[^\\/]+[\\/])?(?:([^:]*):)?([A-Za-z_]\w*)(?:\.(.*)|=@)?", re.ASCII | re.DOTALL)
_KEY: Final = re.compile(
    r"""\s*(\w+)\s*=\s*("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[^,"']*)\s*(?:,|\Z)""", re.ASCII | re.DOTALL
)
_ESCAPED: Final = re.compile(r"""\\([\\"'])""")


@dataclass(frozen=True, slots=True, eq=False)
class CimReference:
    """Names one WMI object by its class and keys.

    Two are equal when class, namespace and key names agree in any case, and the values to the letter.
    """

    class_name: str
    keys: Mapping[str, str] = field(default_factory=dict)
    namespace: str = names.VIRTUALIZATION

    def __post_init__(self) -> None:
        object.__setattr__(self, "keys", dict(self.keys))
        object.__setattr__(self, "namespace", self.namespace.replace("\\", "/").strip("/"))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, CimReference) and self._identity() == other._identity()

    def __hash__(self) -> int:
        return hash(self._identity())

    @property
    def resource_uri(self) -> str:
        """The class as a resource URI in Microsoft's form."""
        return class_uri(self.class_name, self.namespace)

    def key(self, name: str) -> str | None:
        """The value of that key, its name in any case."""
        return next((value for key, value in self.keys.items() if key.lower() == name.lower()), None)

    def wmi_path(self) -> str:
        """The path as it stands in the braces of ASSOCIATORS OF: relative, values in single quotes."""
        return self._path("'")

    def object_path(self, server: str) -> str:
        """The absolute path, as string properties hold it: values in double quotes, backslashes doubled."""
        space = self.namespace.replace("/", "\\")
        return f"\\\\{server}\\{space}:{self._path(chr(34))}"

    def append_to(self, element: ET.Element) -> None:
        """Write the endpoint reference as children of a parameter.

        Without a:EndpointReference around it: a host answers that with SchemaValidationError (seen by go-wsman).
        """
        ET.SubElement(element, f"{{{names.ADDRESSING}}}Address").text = names.ANONYMOUS
        parameters = ET.SubElement(element, f"{{{names.ADDRESSING}}}ReferenceParameters")
        ET.SubElement(parameters, f"{{{names.WSMAN}}}ResourceURI").text = self.resource_uri
        append_selectors(parameters, self.keys)

    @classmethod
    def from_element(cls, element: ET.Element, *, namespace: str = names.VIRTUALIZATION) -> CimReference:
        """Read an endpoint reference, be it the element itself, its direct content, or wrapped inside.

        Args:
            element: what holds it.
            namespace: taken where a URI of the DMTF form comes without a namespace of its own.
        """
        wrapped = child(element, "EndpointReference")
        parameters = child(element if wrapped is None else wrapped, "ReferenceParameters")
        uri = "" if parameters is None else child_text(parameters, "ResourceURI")
        if parameters is None or not uri:
            raise WireError(f"{local_name(element)} holds no reference to a WMI object")
        keys = _selectors(parameters, namespace)
        space, class_name = split_uri(uri)
        said = keys.pop(_NAMESPACE_SELECTOR, "")
        return cls(class_name, keys, space or said or namespace)

    @classmethod
    def from_path(cls, path: str, *, namespace: str = names.VIRTUALIZATION) -> CimReference:
        r"""Read an object path such as ``\\HV01\root\virtualization\v2:Msvm_X.Name="a\\b"``."""
        found = _PATH.fullmatch(path.strip())
        if not found:
            raise WireError("a text that should be an object path is none", detail=path[:200])
        space, class_name, rest = found.groups()
        return cls(class_name, _path_keys(rest or "", path), space or namespace)

    def _identity(self) -> tuple[str, str, frozenset[tuple[str, str]]]:
        keys = frozenset((name.lower(), value) for name, value in self.keys.items())
        return self.namespace.lower(), self.class_name.lower(), keys

    def _path(self, quote: str) -> str:
        keys = ",".join(f"{name}={quoted(value, quote)}" for name, value in self.keys.items())
        return f"{self.class_name}.{keys}" if keys else f"{self.class_name}=@"


def class_uri(class_name: str, namespace: str = names.VIRTUALIZATION) -> str:
    """The resource URI of a class, or with ``*`` that of all classes of the namespace."""
    return f"{names.WMI}/{namespace}/{class_name}"


def split_uri(uri: str) -> tuple[str, str]:
    """Namespace and class of a resource URI; the namespace is empty in the DMTF form and in any that is not WMI's."""
    before, _mark, class_name = uri.rpartition("/")
    if before.lower().startswith(f"{names.WMI}/".lower()):
        return before[len(names.WMI) + 1 :], class_name
    return "", class_name


def quoted(value: str, quote: str = "'") -> str:
    """The value as a literal of WQL and object paths: backslash and quote escaped with a backslash."""
    return quote + value.replace("\\", "\\\\").replace(quote, f"\\{quote}") + quote


def append_selectors(parent: ET.Element, selectors: Mapping[str, str]) -> None:
    """Write a w:SelectorSet, unless there is nothing to select by."""
    if not selectors:
        return
    holder = ET.SubElement(parent, f"{{{names.WSMAN}}}SelectorSet")
    for name, value in selectors.items():
        ET.SubElement(holder, f"{{{names.WSMAN}}}Selector", {"Name": name}).text = value


def _selectors(parameters: ET.Element, namespace: str) -> dict[str, str]:
    holder = child(parameters, "SelectorSet")
    found: dict[str, str] = {}
    for selector in [] if holder is None else children(holder, "Selector"):
        name = selector.get("Name", "")
        if not name:
            raise WireError("a reference came with a selector that has no name")
        if name.lower() == _NAMESPACE_SELECTOR:
            name = _NAMESPACE_SELECTOR
        found[name] = _selector_value(selector, namespace)
    return found


def _selector_value(selector: ET.Element, namespace: str) -> str:
    if not len(selector):
        return selector.text or ""
    # A key that is itself a reference: WMI's own text form of it is an object path.
    return CimReference.from_element(selector, namespace=namespace).object_path(".")


def _path_keys(rest: str, path: str) -> dict[str, str]:
    keys: dict[str, str] = {}
    position = 0
    while position < len(rest):
        found = _KEY.match(rest, position)
        if not found or found.end() == position:
            raise WireError("a text that should be an object path is none", detail=path[:200])
        name, value = found.groups()
        keys[name] = _ESCAPED.sub(r"\1", value[1:-1]) if value[:1] in ('"', "'") else value.strip()
        position = found.end()
    return keys
