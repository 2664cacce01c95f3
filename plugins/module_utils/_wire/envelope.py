# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""SOAP envelopes of WS-Management, both directions (DSP0226; headers as in [MS-WSMV] 4.1.4)."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final, TypeVar
from uuid import UUID

from ansible_collections.hyperv.replica.plugins.module_utils._errors import WireError
from ansible_collections.hyperv.replica.plugins.module_utils._wire import names
from ansible_collections.hyperv.replica.plugins.module_utils._wire.document import (
    MAX_REPLY_BYTES,
    child,
    child_text,
    children,
    document,
    local_name,
    parse_document,
)
from ansible_collections.hyperv.replica.plugins.module_utils._wire.fault import as_error, read_fault
from ansible_collections.hyperv.replica.plugins.module_utils._wire.reference import append_selectors

__all__ = ["MAX_REPLY_BYTES", "Identity", "Request", "Settings", "Talk", "answer", "envelope", "identify"]

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Request:
    """What is asked of a host, before it is an envelope.

    Attributes:
        repeatable: asking twice changes nothing and gives the same answer.
    """

    action: str
    resource_uri: str
    selectors: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, str] = field(default_factory=dict)
    body: ET.Element | None = None
    repeatable: bool = False


#: A conversation: yields what it asks, is sent the content of each answer's body, or has the trouble thrown in.
Talk = Generator[Request, ET.Element, _T]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What every envelope to one host says.

    Attributes:
        to: the endpoint's URL.
        max_envelope_size: bytes of the largest reply wanted; 500 KB is the default limit of current Windows.
        operation_timeout: how long the host may work on one request; 60 s is the default limit of Windows.
    """

    to: str
    max_envelope_size: int = 512000
    operation_timeout: timedelta = timedelta(seconds=60)
    locale: str = "en-US"


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who answers, before anything was asked."""

    protocol_version: str
    vendor: str
    version: str

    @classmethod
    def from_element(cls, element: ET.Element) -> Identity:
        if local_name(element) != "IdentifyResponse":
            raise WireError(f"an IdentifyResponse was expected and {local_name(element)} came")
        return cls(
            protocol_version=child_text(element, "ProtocolVersion"),
            vendor=child_text(element, "ProductVendor"),
            version=child_text(element, "ProductVersion"),
        )


def envelope(request: Request, settings: Settings, *, message_id: UUID) -> bytes:
    """Write the request; raises WireError where a value in it cannot be sent."""
    root = ET.Element(f"{{{names.SOAP}}}Envelope")
    header = ET.SubElement(root, f"{{{names.SOAP}}}Header")
    _append_addressing(header, request, settings, message_id)
    _append_limits(header, settings)
    append_selectors(header, request.selectors)
    _append_options(header, request.options)
    body = ET.SubElement(root, f"{{{names.SOAP}}}Body")
    if request.body is not None:
        body.append(request.body)
    return document(root)


def identify() -> bytes:
    """Write the request that asks who is there; it has no headers (DSP0226, section 11)."""
    root = ET.Element(f"{{{names.SOAP}}}Envelope")
    ET.SubElement(root, f"{{{names.SOAP}}}Header")
    ET.SubElement(ET.SubElement(root, f"{{{names.SOAP}}}Body"), f"{{{names.IDENTITY}}}Identify")
    return document(root)


def answer(raw: bytes, *, message_id: UUID | None, host: str = "") -> ET.Element:
    """Give what the body of an answer holds, or the empty body itself.

    Args:
        raw: the envelope.
        message_id: of the request; an answer that relates to another one is refused, one that relates to none is
            accepted, since replies with MSFT_WmiError do not say. None asks nothing.
        host: named in the error.

    Raises:
        WsmanFault: the host refused.
        OutcomeUnknown: the host gave up waiting for its own work, which may go on.
        WireError: it is no answer to this request, or not SOAP 1.2.
    """
    try:
        root = parse_document(raw)
        if root.tag != f"{{{names.SOAP}}}Envelope":
            raise WireError("what came is not a SOAP 1.2 envelope")
        _check_relation(root, message_id)
        content = _content(root)
    except WireError as error:
        error.host = error.host or host
        raise
    if content.tag == f"{{{names.SOAP}}}Fault":
        raise as_error(read_fault(content), host)
    return content


def _append_addressing(header: ET.Element, request: Request, settings: Settings, message_id: UUID) -> None:
    _append(header, names.ADDRESSING, "To", settings.to)
    _append(header, names.WSMAN, "ResourceURI", request.resource_uri, must="true")
    reply_to = ET.SubElement(header, f"{{{names.ADDRESSING}}}ReplyTo")
    _append(reply_to, names.ADDRESSING, "Address", names.ANONYMOUS, must="true")
    _append(header, names.ADDRESSING, "Action", request.action, must="true")
    _append(header, names.ADDRESSING, "MessageID", f"uuid:{str(message_id).upper()}")


def _append_limits(header: ET.Element, settings: Settings) -> None:
    _append(header, names.WSMAN, "MaxEnvelopeSize", str(settings.max_envelope_size), must="true")
    _append(header, names.WSMAN, "OperationTimeout", _duration(settings.operation_timeout))
    for namespace, name in ((names.WSMAN, "Locale"), (names.MS_WSMAN, "DataLocale")):
        _append(header, namespace, name, must="false").set(f"{{{names.XML}}}lang", settings.locale)


def _append_options(header: ET.Element, options: Mapping[str, str]) -> None:
    if not options:
        return
    holder = _append(header, names.WSMAN, "OptionSet", must="true")
    for name, value in options.items():
        _append(holder, names.WSMAN, "Option", value).set("Name", name)


def _append(parent: ET.Element, namespace: str, name: str, text: str = "", *, must: str = "") -> ET.Element:
    element = ET.SubElement(parent, f"{{{namespace}}}{name}")
    element.text = text or None
    if must:
        element.set(_MUST_UNDERSTAND, must)
    return element


_MUST_UNDERSTAND: Final = f"{{{names.SOAP}}}mustUnderstand"


def _duration(length: timedelta) -> str:
    if length <= timedelta():
        raise WireError(f"an operation timeout of {length} cannot be sent")
    seconds = f"{length.total_seconds():.3f}".rstrip("0").rstrip(".")
    return f"PT{seconds}S"


def _check_relation(root: ET.Element, message_id: UUID | None) -> None:
    header = child(root, "Header")
    related = "" if header is None else child_text(header, "RelatesTo")
    if message_id is not None and related and related.lower() != f"uuid:{message_id}":
        raise WireError("an answer to another request came")


def _content(root: ET.Element) -> ET.Element:
    bodies = children(root, "Body")
    if len(bodies) != 1 or bodies[0].tag != f"{{{names.SOAP}}}Body":
        raise WireError("an envelope without one SOAP body came")
    if len(bodies[0]) > 1:
        raise WireError("an envelope came whose body holds more than one element")
    return bodies[0][0] if len(bodies[0]) else bodies[0]
