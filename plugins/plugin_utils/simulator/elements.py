# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Values as XML text: CIM scalars, references, instances, and instances as text inside a string.

Shapes as recorded from Windows hosts: properties sorted, null scalars xsi:nil, null and empty arrays left out,
references without a wrapper, a bare list of elements for an array.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, timedelta, timezone
from typing import Any, Final

from ansible_collections.hyperv.replica.plugins.module_utils._wire import names
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.catalogue import (
    TABLES,
    CimClass,
    Instance,
    Property,
    find_class,
)
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.values import Emb, Ref

#: How Windows writes "never" (FILETIME zero).
NEVER: Final = datetime(1601, 1, 1, tzinfo=timezone.utc)

_ILLEGAL: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_ESCAPES: Final = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"})
_IN_ATTRIBUTE: Final = str.maketrans({'"': "&quot;", "\n": "&#10;", "\t": "&#9;"})


def text_xml(text: str) -> str:
    """Text as character data."""
    return _ILLEGAL.sub("?", text).translate(_ESCAPES)


def attribute_xml(text: str) -> str:
    """Text as an attribute's value."""
    return text_xml(text).translate(_IN_ATTRIBUTE)


def scalar_text(value: Any) -> str:
    """A scalar as WS-CIM writes it, times aside."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(int(value)) if isinstance(value, int) else str(value)


def datetime_text(value: datetime) -> str:
    """A time as xs:dateTime in UTC."""
    return value.astimezone(timezone.utc).isoformat().replace("+00:00", "Z")


def interval_text(value: timedelta) -> str:
    """A duration as Windows writes it: ``P0DT0H5M0S``."""
    seconds = value.seconds % 60
    fraction = f".{value.microseconds:06d}" if value.microseconds else ""
    return f"P{value.days}DT{value.seconds // 3600}H{value.seconds // 60 % 60}M{seconds}{fraction}S"


def dmtf_text(value: datetime | timedelta) -> str:
    """A time or duration in CIM's own form, as instances inside a string have it (DSP0004)."""
    if isinstance(value, datetime):
        return value.astimezone(timezone.utc).strftime("%Y%m%d%H%M%S.%f") + "-000"
    hours, rest = divmod(value.seconds, 3600)
    return f"{value.days:08d}{hours:02d}{rest // 60:02d}{rest % 60:02d}.{value.microseconds:06d}:000"


def class_of(name: str) -> CimClass:
    """The class of this name, in whichever namespace has it."""
    found = next(filter(None, (find_class(namespace, name) for namespace in TABLES)), None)
    if found is None:
        raise KeyError(name)
    return found


def reference_xml(ref: Ref) -> str:
    """What stands inside an element that is a reference; declares its own prefixes' use, not the prefixes."""
    selectors = "".join(_selector_xml(name, value) for name, value in ref.keys.items())
    return (
        f"<a:Address>{names.ANONYMOUS}</a:Address><a:ReferenceParameters>"
        f"<w:ResourceURI>{class_of(ref.class_name).uri}</w:ResourceURI>"
        f"<w:SelectorSet>{selectors}</w:SelectorSet></a:ReferenceParameters>"
    )


def endpoint_xml(ref: Ref) -> str:
    """A whole a:EndpointReference, as EPR enumerations give it."""
    return (
        f'<a:EndpointReference xmlns:a="{names.ADDRESSING}" xmlns:w="{names.WSMAN}">'
        f"{reference_xml(ref)}</a:EndpointReference>"
    )


def path_text(ref: Ref, host: str = "") -> str:
    """A WMI object path, backslashes in key values doubled; absolute when the host is named."""
    of = class_of(ref.class_name)
    keys = ",".join(f'{name}="{_in_path(value)}"' for name, value in ref.keys.items())
    relative = f"{of.name}.{keys}" if keys else f"{of.name}=@"
    namespace = of.namespace.replace("/", "\\")
    return f"\\\\{host}\\{namespace}:{relative}" if host else relative


def instance_ref(instance: Instance) -> Ref:
    """A reference to an instance, with all its keys."""
    return Ref(instance.of.name, {key.name: instance.values.get(key.name) or "" for key in instance.of.keys})


def instance_xml(instance: Instance, shown: CimClass | None = None) -> str:
    """An instance as an element of its class; ``shown`` narrows it to the properties of a superclass."""
    of = shown or instance.of
    inner = "".join(property_xml(found, instance.values.get(found.name)) for found in of.properties.values())
    return (
        f'<p:{of.name} xmlns:xsi="{names.XSI}" xmlns:p="{of.uri}" xmlns:cim="{names.CIM_COMMON}" '
        f'xsi:type="p:{of.name}_Type">{inner}</p:{of.name}>'
    )


def property_xml(found: Property, value: Any, prefix: str = "p:") -> str:
    """One property: an element per value of an array, xsi:nil for a null scalar, nothing for a null array."""
    tag = f"{prefix}{found.name}"
    if found.array:
        return "".join(_value_xml(tag, one) for one in value or ())
    return f'<{tag} xsi:nil="true"/>' if value is None else _value_xml(tag, value)


def fragment_xml(instance: Instance, columns: Iterable[str]) -> str:
    """The chosen properties as w:XmlFragment: elements without prefix or namespace."""
    wanted = {column.casefold() for column in columns}
    chosen = [found for name, found in instance.of.properties.items() if name in wanted]
    inner = "".join(property_xml(found, instance.values.get(found.name), "") for found in chosen)
    inner = inner.replace("<cim:", "<").replace("</cim:", "</")
    return f'<w:XmlFragment xmlns:xsi="{names.XSI}" xmlns:w="{names.WSMAN}">{inner}</w:XmlFragment>'


def embedded_text(value: Emb | Instance) -> str:
    """An instance as the CIM-XML text that stands inside a string."""
    of = value.of if isinstance(value, Instance) else class_of(value.class_name)
    values = value.values if isinstance(value, Instance) else value.properties
    given = [found for found in of.properties.values() if found.name in values]
    inner = "".join(_embedded_property(found, values[found.name]) for found in given)
    return f'<INSTANCE CLASSNAME="{of.name}">{inner}</INSTANCE>'


def _embedded_property(found: Property, value: Any) -> str:
    kind = "string" if found.type in ("reference", "object") else found.type
    head = f'NAME="{found.name}" TYPE="{kind}"'
    if found.array:
        inner = "".join(f"<VALUE>{text_xml(_embedded_value(one))}</VALUE>" for one in value or ())
        return f"<PROPERTY.ARRAY {head}><VALUE.ARRAY>{inner}</VALUE.ARRAY></PROPERTY.ARRAY>" if inner else ""
    if value is None:
        return f"<PROPERTY {head}></PROPERTY>"
    return f"<PROPERTY {head}><VALUE>{text_xml(_embedded_value(value))}</VALUE></PROPERTY>"


def _embedded_value(value: Any) -> str:
    if isinstance(value, (datetime, timedelta)):
        return dmtf_text(value)
    if isinstance(value, Ref):
        return path_text(value)
    return embedded_text(value) if isinstance(value, (Emb, Instance)) else scalar_text(value)


def _value_xml(tag: str, value: Any) -> str:
    if isinstance(value, datetime):
        return f"<{tag}><cim:Datetime>{datetime_text(value)}</cim:Datetime></{tag}>"
    if isinstance(value, timedelta):
        return f"<{tag}><cim:Interval>{interval_text(value)}</cim:Interval></{tag}>"
    if isinstance(value, Ref):
        return f'<{tag} xmlns:a="{names.ADDRESSING}" xmlns:w="{names.WSMAN}">{reference_xml(value)}</{tag}>'
    if isinstance(value, Instance):
        return object_xml(tag, value)
    return f"<{tag}>{text_xml(embedded_text(value) if isinstance(value, Emb) else scalar_text(value))}</{tag}>"


def object_xml(tag: str, value: Instance) -> str:
    """An embedded object: an element of the outer class whose children are in the namespace of its own."""
    inner = "".join(property_xml(found, value.values.get(found.name), "q:") for found in value.of.properties.values())
    return f'<{tag} xmlns:q="{value.of.uri}" xsi:type="q:{value.of.name}_Type">{inner}</{tag}>'


def _selector_xml(name: str, value: Any) -> str:
    inner = endpoint_xml(value) if isinstance(value, Ref) else text_xml(scalar_text(value))
    return f'<w:Selector Name="{attribute_xml(name)}">{inner}</w:Selector>'


def _in_path(value: Any) -> str:
    text = path_text(value) if isinstance(value, Ref) else scalar_text(value)
    return text.replace("\\", "\\\\").replace('"', '\\"')
