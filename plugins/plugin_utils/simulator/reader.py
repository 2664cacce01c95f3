# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Requests read from bytes: headers, selectors, references. Tolerant where Windows is, strict where it is."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NoReturn

from ansible_collections.hyperv.replica.plugins.module_utils._wire import names
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.faults import Fault
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.values import Ref

#: MaxEnvelopeSizekb of a modern host, in bytes; no request may ask for more, and it stands where none is asked for.
MAX_ENVELOPE: Final = 500 * 1024
#: The least MaxEnvelopeSize a service has to accept (DSP0226 rule on wsman:MaxEnvelopeSize).
MIN_ENVELOPE: Final = 8192

_UNDERSTOOD: Final = frozenset(
    [
        f"{{{names.ADDRESSING}}}{name}"
        for name in ("To", "Action", "MessageID", "ReplyTo", "FaultTo", "From", "RelatesTo")
    ]
    + [
        f"{{{names.WSMAN}}}{name}"
        for name in (
            "ResourceURI",
            "MaxEnvelopeSize",
            "OperationTimeout",
            "Locale",
            "SelectorSet",
            "OptionSet",
            "FragmentTransfer",
        )
    ]
    + [f"{{{names.MS_WSMAN}}}{name}" for name in ("DataLocale", "SessionId", "OperationID", "SequenceId")]
)
#: Whom a header is for when it is for the service itself (SOAP 1.2 part 1, section 2.2).
_ROLES: Final = ("", f"{names.SOAP}/role/next", f"{names.SOAP}/role/ultimateReceiver")
_DURATION: Final = re.compile(r"P(?=.)(\d+Y)?(\d+M)?(\d+D)?(T(?=.)(\d+H)?(\d+M)?(\d+(\.\d+)?S)?)?")
_NIL: Final = f"{{{names.XSI}}}nil"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request.

    Attributes:
        message_id: as written.
        selectors: name and value, in the order given; a value is text or a Ref.
        fragment: the part of a resource that is asked for; empty for the whole.
        body: the only child of the SOAP body, if there is one.
    """

    action: str = ""
    resource_uri: str = ""
    message_id: str = ""
    selectors: tuple[tuple[str, Any], ...] = ()
    max_envelope: int = MAX_ENVELOPE
    fragment: str = ""
    body: ET.Element | None = field(default=None, repr=False)

    @property
    def keys(self) -> dict[str, Any]:
        """The selectors by name."""
        return dict(self.selectors)


class _Builder(ET.TreeBuilder):
    """Refuses what no SOAP message has (SOAP 1.2 part 1, section 5) before anything in it takes effect."""

    def doctype(self, name: str, pubid: str | None, system: str | None) -> None:
        raise Fault("schema", "a document type declaration is not taken")

    def pi(self, target: str, text: str | None = None) -> NoReturn:
        raise Fault("schema", "a processing instruction is not taken")


def parse_xml(text: bytes | str) -> ET.Element:
    """The root of a document.

    Raises:
        Fault: it declares a document type, or has a processing instruction.
        xml.etree.ElementTree.ParseError: it is no XML.
    """
    return ET.fromstring(text, parser=ET.XMLParser(target=_Builder()))


def read_request(body: bytes) -> Request:
    """The request in an envelope.

    Raises:
        Fault: it is no SOAP envelope, or a header is not what it should be.
    """
    header, inner = _parts(body)
    if len(body) > MAX_ENVELOPE:
        raise Fault("envelope", f"the request has {len(body)} bytes; at most {MAX_ENVELOPE} are taken")
    _check_understood(header)
    _check_timeout(header)
    return Request(
        action=_header(header, names.ADDRESSING, "Action"),
        resource_uri=_header(header, names.WSMAN, "ResourceURI"),
        message_id=_header(header, names.ADDRESSING, "MessageID"),
        selectors=tuple(read_selectors(header.find(f"{{{names.WSMAN}}}SelectorSet"))),
        max_envelope=_max_envelope(header),
        fragment=_header(header, names.WSMAN, "FragmentTransfer"),
        body=inner,
    )


def is_utf16(body: bytes) -> bool:
    """Whether an envelope came in UTF-16; every other one is in UTF-8."""
    return body[:2] in (b"\xff\xfe", b"\xfe\xff", b"<\0", b"\0<")


def message_id(body: bytes) -> str:
    """MessageID of an envelope that may be wrong in every other respect; empty where none can be read."""
    try:
        return _header(_parts(body)[0], names.ADDRESSING, "MessageID")
    except Fault:
        return ""


def read_selectors(selector_set: ET.Element | None) -> Iterator[tuple[str, Any]]:
    """The selectors of a w:SelectorSet; one that holds an a:EndpointReference gives a Ref."""
    for selector in () if selector_set is None else selector_set.findall(f"{{{names.WSMAN}}}Selector"):
        inner = selector.find(f"{{{names.ADDRESSING}}}EndpointReference")
        yield selector.get("Name", ""), (selector.text or "") if inner is None else read_reference(inner)


def read_reference(element: ET.Element) -> Ref:
    """The reference that stands directly in an element: a:Address and a:ReferenceParameters, without a wrapper.

    Raises:
        Fault: there is a wrapper, or no resource URI.
    """
    parameters = element.find(f"{{{names.ADDRESSING}}}ReferenceParameters")
    uri = None if parameters is None else parameters.findtext(f"{{{names.WSMAN}}}ResourceURI")
    if parameters is None or not uri:
        raise Fault("schema", f"{local_name(element.tag)} is no reference")
    keys = dict(read_selectors(parameters.find(f"{{{names.WSMAN}}}SelectorSet")))
    keys.pop("__cimnamespace", None)
    return Ref(class_in_uri(uri), keys)


def class_in_uri(uri: str) -> str:
    """The class a resource URI ends in."""
    return uri.strip().rpartition("/")[2]


def namespace_in_uri(uri: str, selectors: Mapping[str, Any]) -> str:
    """The namespace of a WMI resource URI in Microsoft's or the DMTF's form; empty where it is of neither.

    Raises:
        Fault: the URI and a __cimnamespace selector name different ones.
    """
    selected = str(selectors.get("__cimnamespace", "")).replace("\\", "/").strip("/").casefold()
    folded = uri.strip().casefold()
    if folded.startswith(f"{names.WMI.casefold()}/"):
        found = folded[len(names.WMI) + 1 :].rpartition("/")[0]
        if selected and selected != found:
            raise Fault("selectors", "the URI and the __cimnamespace selector name different namespaces")
        return found
    if folded.startswith(f"{names.CIM_SCHEMA.casefold()}/") or folded == names.ALL_CLASSES.casefold():
        return selected or "root/hardware"
    return ""


def local_name(tag: str) -> str:
    """A tag without its namespace."""
    return tag.rpartition("}")[2]


def namespace_of(element: ET.Element) -> str:
    """The namespace of an element; empty where it has none."""
    return element.tag[1:].rpartition("}")[0] if element.tag.startswith("{") else ""


def is_nil(element: ET.Element) -> bool:
    """Whether an element says that its value is null."""
    return element.get(_NIL, "").strip() in ("true", "1")


def _parts(body: bytes) -> tuple[ET.Element, ET.Element | None]:
    """The SOAP header (empty where there is none) and the only child of the SOAP body."""
    try:
        envelope = parse_xml(body)
    except (ET.ParseError, ValueError, LookupError) as error:
        raise Fault("schema", "this is no XML") from error
    if local_name(envelope.tag) == "Envelope" and envelope.tag != f"{{{names.SOAP}}}Envelope":
        raise Fault("version", "SOAP 1.2 is spoken here")
    inner = envelope.find(f"{{{names.SOAP}}}Body")
    if envelope.tag != f"{{{names.SOAP}}}Envelope" or inner is None or len(inner) > 1:
        raise Fault("schema", "this is no SOAP 1.2 envelope with at most one element in its body")
    header = envelope.find(f"{{{names.SOAP}}}Header")
    return ET.Element("none") if header is None else header, next(iter(inner), None)


def _header(header: ET.Element, namespace: str, name: str) -> str:
    return (header.findtext(f"{{{namespace}}}{name}") or "").strip()


def _check_understood(header: ET.Element) -> None:
    for element in header:
        must = element.get(f"{{{names.SOAP}}}mustUnderstand", "").strip() in ("true", "1")
        ours = element.get(f"{{{names.SOAP}}}role", "").strip() in _ROLES
        if must and ours and element.tag not in _UNDERSTOOD:
            raise Fault("must_understand", local_name(element.tag), tag=element.tag)


def _check_timeout(header: ET.Element) -> None:
    timeout = _header(header, names.WSMAN, "OperationTimeout")
    if timeout and not _DURATION.fullmatch(timeout):
        raise Fault("header", "OperationTimeout is no duration")


def _max_envelope(header: ET.Element) -> int:
    text = _header(header, names.WSMAN, "MaxEnvelopeSize")
    if not text:
        return MAX_ENVELOPE
    if not re.fullmatch(r"\d{1,20}", text, re.ASCII):
        raise Fault("header", "MaxEnvelopeSize is no number")
    if int(text) < MIN_ENVELOPE:
        raise Fault("minimum_envelope", f"MaxEnvelopeSize is {int(text)}; at least {MIN_ENVELOPE} is needed")
    return min(int(text), MAX_ENVELOPE)
