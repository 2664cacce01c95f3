# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An instance as CIM-XML text (DSP0201), taken apart."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import Final

from ansible_collections.hyperv.replica.plugins.module_utils._errors import WireError
from ansible_collections.hyperv.replica.plugins.module_utils._wire.document import (
    child,
    children,
    local_name,
    parse_document,
)

#: Element of a property, and whether it holds many values. References have no text form that is one thing; the
#: classes that travel inside strings have none, and they are left out.
_PROPERTIES: Final = {"PROPERTY": False, "PROPERTY.ARRAY": True}


def instance_parts(text: str) -> tuple[str, dict[str, tuple[str, ...]]]:
    """Give class and properties of the first INSTANCE in the text; a null property is there without values.

    Wrappers around it (CIM, VALUE.OBJECT, DECLARATION) and attributes beside NAME are of no interest.

    Raises:
        WireError: it is not XML, has a document type, or holds no instance.
    """
    return parts_of(parse_document(text.strip().lstrip("\ufeff")))


def parts_of(root: ET.Element) -> tuple[str, dict[str, tuple[str, ...]]]:
    """Give class and properties of the first INSTANCE in a tree; see ``instance_parts``."""
    found = next((element for element in root.iter() if local_name(element) == "INSTANCE"), None)
    class_name = "" if found is None else found.get("CLASSNAME", "")
    if found is None or not class_name:
        raise WireError("an embedded object came that holds no INSTANCE with a CLASSNAME")
    return class_name, dict(_property(element, class_name) for element in found if local_name(element) in _PROPERTIES)


def _property(element: ET.Element, class_name: str) -> tuple[str, tuple[str, ...]]:
    name = element.get("NAME", "")
    if not name:
        raise WireError(f"an embedded {class_name} came with a property that has no name")
    holder: ET.Element | None = element
    if _PROPERTIES[local_name(element)]:
        holder = child(element, "VALUE.ARRAY")
    return name, () if holder is None else tuple(value.text or "" for value in children(holder, "VALUE"))
