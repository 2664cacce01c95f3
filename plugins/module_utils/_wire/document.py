# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""XML in and out: documents read with limits and without document types, written so that nothing in them changes."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from typing import Final

from ansible_collections.hyperv.replica.plugins.module_utils._errors import WireError
from ansible_collections.hyperv.replica.plugins.module_utils._wire import names

#: Windows sends at most MaxEnvelopeSizekb (500 by default, Microsoft's page "Installation and configuration for
#: Windows Remote Management"); an administrator may have raised it, so there is room above that.
MAX_REPLY_BYTES: Final = 16 * 1024 * 1024

#: The deepest reply seen, a provider fault with extended status, has about twelve levels.
MAX_DEPTH: Final = 100

_PREFIXES: Final = {
    names.XML: "xml",
    names.SOAP: "s",
    names.ADDRESSING: "a",
    names.ENUMERATION: "n",
    names.TRANSFER: "x",
    names.WSMAN: "w",
    names.MS_WSMAN: "m",
    names.CIM_BINDING: "b",
    names.CIM_COMMON: "cim",
    names.XSI: "xsi",
    names.IDENTITY: "wsmid",
}

_DOCTYPE: Final = re.compile(r"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)

#: Everything outside the Char production of XML 1.0.
_NOT_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

_ESCAPES: Final = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"})
_ATTRIBUTE_ESCAPES: Final = _ESCAPES | str.maketrans({'"': "&quot;", "\n": "&#10;", "\t": "&#9;"})


def parse_document(source: bytes | str) -> ET.Element:
    """Give the root of an XML document.

    Raises:
        WireError: it is too large, nested too deep, has a document type, or is not XML in UTF-8 or UTF-16.
    """
    if len(source) > MAX_REPLY_BYTES:
        raise WireError(f"a document of {len(source)} bytes came; at most {MAX_REPLY_BYTES} are read")
    text = source if isinstance(source, str) else _decoded(source)
    if _DOCTYPE.search(text):
        raise WireError("a document with a document type declaration came, which is never read")
    # A str makes the parser ignore the encoding that the document claims: what was looked at is what is parsed.
    parser = ET.XMLParser(target=_Builder())
    try:
        parser.feed(text)
        root: ET.Element = parser.close()
    except (ET.ParseError, UnicodeError, ValueError) as error:
        raise WireError("what came is not XML", cause=f"The parser says: {error}") from error
    _refuse_depth(root)
    return root


def document(root: ET.Element) -> bytes:
    """Write the element with every namespace declared on it, in UTF-8.

    Raises:
        WireError: a value holds a character that XML cannot carry.
    """
    prefixes = _prefixes_of(root)
    declared = "".join(
        f' xmlns:{prefix}="{uri.translate(_ATTRIBUTE_ESCAPES)}"' for uri, prefix in prefixes.items() if prefix != "xml"
    )
    return "".join(_written(root, prefixes, declared)).encode()


def check_text(value: str) -> str:
    """Give the text back, or raise WireError where XML has no way to carry one of its characters."""
    if bad := _NOT_XML.search(value):
        raise WireError(f"the character U+{ord(bad[0]):04X} cannot be sent", remedy="Remove it from the value given")
    return value


def local_name(element: ET.Element) -> str:
    """The name without its namespace."""
    return element.tag.rpartition("}")[2]


def namespace_of(element: ET.Element) -> str:
    """The namespace URI, empty where there is none."""
    return element.tag[1:].rpartition("}")[0] if element.tag.startswith("{") else ""


def children(element: ET.Element, name: str) -> list[ET.Element]:
    """Every child with this local name, in whatever namespace."""
    return [inner for inner in element if local_name(inner) == name]


def child(element: ET.Element, name: str) -> ET.Element | None:
    """The first child with this local name, in whatever namespace."""
    return next((inner for inner in element if local_name(inner) == name), None)


def child_text(element: ET.Element, name: str) -> str:
    """The text of that child without blanks around it, empty where it is missing."""
    found = child(element, name)
    return "" if found is None else (found.text or "").strip()


def descendants(element: ET.Element, name: str) -> list[ET.Element]:
    """The element itself and everything below it with this local name, outermost first."""
    return [inner for inner in element.iter() if local_name(inner) == name]


def is_nil(element: ET.Element) -> bool:
    """It says xsi:nil."""
    return element.get(f"{{{names.XSI}}}nil", "").strip().lower() in ("true", "1")


def _refuse_depth(root: ET.Element) -> None:
    """Level by level after the document was built: to count while it is built costs twice what building it does."""
    level = [root]
    for _depth in range(MAX_DEPTH):
        level = [inner for element in level for inner in element]
        if not level:
            return
    raise WireError(f"a document nested deeper than {MAX_DEPTH} levels came")


class _Builder(ET.TreeBuilder):
    """Builds the tree, and stops at what no reply has."""

    def doctype(self, name: str, pubid: str | None, system: str | None) -> None:
        """Called by the parser, should a document type have escaped the search before it."""
        raise WireError("a document with a document type declaration came, which is never read")


def _decoded(raw: bytes) -> str:
    try:
        if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
            return raw.decode("utf-16")
        if raw[:2] in (b"<\0", b"\0<"):
            return raw.decode("utf-16-le" if raw[:1] == b"<" else "utf-16-be")
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise WireError("what came is neither UTF-8 nor UTF-16") from error


def _prefixes_of(root: ET.Element) -> dict[str, str]:
    found: dict[str, str] = {}
    strangers = 0
    for uri in _uris_of(root):
        if uri in found:
            continue
        if uri in _PREFIXES:
            found[uri] = _PREFIXES[uri]
        else:
            found[uri] = f"p{strangers}" if strangers else "p"
            strangers += 1
    return found


def _uris_of(root: ET.Element) -> Iterator[str]:
    for element in root.iter():
        for name in (element.tag, *element.attrib):
            if name.startswith("{"):
                yield name[1:].rpartition("}")[0]


def _written(element: ET.Element, prefixes: dict[str, str], declared: str = "") -> Iterator[str]:
    name = _qualified(element.tag, prefixes)
    attributes = "".join(
        f' {_qualified(key, prefixes)}="{check_text(value).translate(_ATTRIBUTE_ESCAPES)}"'
        for key, value in element.attrib.items()
    )
    if not element.text and not len(element):
        yield f"<{name}{declared}{attributes}/>"
        return
    yield f"<{name}{declared}{attributes}>{check_text(element.text or '').translate(_ESCAPES)}"
    for inner in element:
        yield from _written(inner, prefixes)
    yield f"</{name}>"


def _qualified(name: str, prefixes: dict[str, str]) -> str:
    if not name.startswith("{"):
        return name
    uri, _mark, local = name[1:].rpartition("}")
    return f"{prefixes[uri]}:{local}"
