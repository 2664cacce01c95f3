# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every item of an enumeration: Enumerate, Pull until its end, Release where it is given up."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Generator
from typing import Final

from ansible_collections.hyperv.replica.plugins.module_utils._errors import (
    HyperVReplicaError,
    OutcomeUnknown,
    TransportError,
    WireError,
    WsmanFault,
)
from ansible_collections.hyperv.replica.plugins.module_utils._wire import names
from ansible_collections.hyperv.replica.plugins.module_utils._wire.document import child, child_text, local_name
from ansible_collections.hyperv.replica.plugins.module_utils._wire.envelope import Request, Talk
from ansible_collections.hyperv.replica.plugins.module_utils._wire.reference import class_uri
from ansible_collections.hyperv.replica.plugins.module_utils._wire.wql import Query

#: Most objects and pages that one answer may have. A host with 1000 VMs shows some ten thousand settings objects.
MAX_ITEMS: Final = 200_000
MAX_PAGES: Final = 5_000

#: So many empty pages in a row are no answer that is still coming.
MAX_EMPTY_PAGES: Final = 20


def every_item(query: Query, page: int, mode: str = "") -> Talk[list[ET.Element]]:
    """Every item of every page.

    A Pull whose answer was lost is not sent again, since the host may have moved on and a page would be missing;
    the question is put once more from its beginning. So it is where the host has forgotten how far it had come, as a
    restart of its service makes it do.
    """
    pages = _Pages(query, page, mode)
    try:
        return (yield from pages.read())
    except OutcomeUnknown:
        if not pages.pulled:
            raise
    except WsmanFault as fault:
        if fault.subcode != "InvalidEnumerationContext" or not pages.pulled:
            raise
    return (yield from _Pages(query, page, mode).read())


def release(context: str, *, resource_uri: str) -> Talk[None]:
    """Tell the host that nobody will ask for the rest of an enumeration."""
    body = ET.Element(f"{{{names.ENUMERATION}}}Release")
    ET.SubElement(body, f"{{{names.ENUMERATION}}}EnumerationContext").text = context
    yield Request(action=names.RELEASE, resource_uri=resource_uri, body=body)


class _Pages:
    """One enumeration, from its Enumerate to the end of its sequence."""

    def __init__(self, query: Query, page: int, mode: str) -> None:
        self._uri = class_uri("*" if query.text else query.class_name, query.namespace)
        self._opening = _enumerate_body(query, page, mode)
        self._page = page
        self._context = ""
        self._items: list[ET.Element] = []
        self._count = self._empty = 0
        self.pulled = False

    def read(self) -> Talk[list[ET.Element]]:
        try:
            yield from self._read()
        except TransportError:
            raise  # the session is gone, and the host forgets what nobody pulls
        except HyperVReplicaError:
            yield from self._release()
            raise
        return self._items

    def _read(self) -> Generator[Request, ET.Element, None]:
        body = yield Request(action=names.ENUMERATE, resource_uri=self._uri, body=self._opening, repeatable=True)
        self._take(body, "EnumerateResponse")
        while self._context:
            self.pulled = True
            body = yield Request(action=names.PULL, resource_uri=self._uri, body=_pull_body(self._context, self._page))
            self._take(body, "PullResponse")

    def _take(self, body: ET.Element, expected: str) -> None:
        if local_name(body) != expected:
            raise WireError(f"{expected} was expected and {local_name(body)} came")
        context, held = child(body, "EnumerationContext"), child(body, "Items")
        if context is not None and len(context):
            raise WireError("an enumeration context came that is no text")
        # A Pull answered without a context is answered with the old one still good (WS-Enumeration 3.2).
        if child(body, "EndOfSequence") is not None:
            self._context = ""
        elif context is not None:
            self._context = child_text(body, "EnumerationContext")
        if held is None and not self._context and child(body, "EndOfSequence") is None:
            raise WireError("an answer came that holds nothing, not even its end")
        items = [] if held is None else list(held)
        self._items += items
        self._bound(len(items))

    def _bound(self, came: int) -> None:
        self._count += 1
        self._empty = 0 if came else self._empty + 1
        if len(self._items) > MAX_ITEMS or self._count > MAX_PAGES:
            raise WireError(f"an answer without end came: {len(self._items)} objects on {self._count} pages")
        if self._empty > MAX_EMPTY_PAGES:
            raise WireError(f"an answer without end came: {self._empty} empty pages in a row")

    def _release(self) -> Generator[Request, ET.Element, None]:
        if not self._context:
            return
        context, self._context = self._context, ""
        try:
            yield from release(context, resource_uri=self._uri)
        except HyperVReplicaError:
            return  # the host forgets it by itself; the trouble before is what matters


def _enumerate_body(query: Query, page: int, mode: str) -> ET.Element:
    body = ET.Element(f"{{{names.ENUMERATION}}}Enumerate")
    ET.SubElement(body, f"{{{names.WSMAN}}}OptimizeEnumeration")
    ET.SubElement(body, f"{{{names.WSMAN}}}MaxElements").text = str(page)
    if mode:
        ET.SubElement(body, f"{{{names.WSMAN}}}EnumerationMode").text = mode
    if query.text:
        ET.SubElement(body, f"{{{names.WSMAN}}}Filter", {"Dialect": names.WQL}).text = query.text
    return body


def _pull_body(context: str, page: int) -> ET.Element:
    body = ET.Element(f"{{{names.ENUMERATION}}}Pull")
    ET.SubElement(body, f"{{{names.ENUMERATION}}}EnumerationContext").text = context
    # Without this a host gives one item per page (recorded by go-wsman).
    ET.SubElement(body, f"{{{names.ENUMERATION}}}MaxElements").text = str(page)
    return body
