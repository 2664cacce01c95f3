# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Get, Enumerate, Pull and Release as conversations.

`instances` asks a host the shortest way: one optimised Enumerate that carries the whole answer where it fits. Where
the host does not take WQL, which one client reports of Hyper-V's namespace, the same question is answered by
reading the class whole and filtering here.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import Final, TypeVar

from ansible_collections.hyperv.replica.plugins.module_utils._errors import (
    HyperVReplicaError,
    OutcomeUnknown,
    TransportError,
    WireError,
    WsmanFault,
)
from ansible_collections.hyperv.replica.plugins.module_utils._wire import names
from ansible_collections.hyperv.replica.plugins.module_utils._wire.cim import CimInstance, CimReference, class_uri
from ansible_collections.hyperv.replica.plugins.module_utils._wire.document import child, child_text, local_name
from ansible_collections.hyperv.replica.plugins.module_utils._wire.envelope import Request, Talk
from ansible_collections.hyperv.replica.plugins.module_utils._wire.wql import (
    Association,
    Query,
    associators_of,
    every,
    like_literal,
    wql,
    wql_select,
)

__all__ = [
    "MAX_ITEMS",
    "MAX_PAGES",
    "Query",
    "QueryMemo",
    "associators_of",
    "every",
    "get",
    "instances",
    "like_literal",
    "pairs",
    "references",
    "release",
    "wql",
    "wql_select",
    "wsman_config",
]

_T = TypeVar("_T")

#: Most objects and pages that one answer may have. A host with 1000 VMs shows some ten thousand settings objects.
MAX_ITEMS: Final = 200_000
MAX_PAGES: Final = 5_000

#: So many empty pages in a row are no answer that is still coming.
MAX_EMPTY_PAGES: Final = 20

#: How a host says that it does not take the filter: of DSP0226 and of WS-Enumeration.
_FILTER_REFUSED: Final = frozenset(
    {"CannotProcessFilter", "FilteringNotSupported", "FilterDialectRequestedUnavailable"}
)

#: WMI errors that blame this question and not WQL: invalid class, invalid query ("WMI Error Constants").
_QUESTION_WRONG: Final = frozenset({0x80041010, 0x80041017})

_ENUMERATE_EPR: Final = "EnumerateEPR"
_ENUMERATE_BOTH: Final = "EnumerateObjectAndEPR"


@dataclass(slots=True)
class QueryMemo:
    """What was learned of one host, kept by whoever asks it more than once.

    Attributes:
        refuses_wql: by namespace; it answers whole classes and refuses filters there.
    """

    refuses_wql: set[str] = field(default_factory=set)


def instances(query: Query, *, page: int = 32000, memo: QueryMemo | None = None) -> Talk[list[CimInstance]]:
    """Ask for objects; give them in the host's order.

    Args:
        query: what is asked.
        page: most objects in one answer; 32000 is Windows' default limit MaxBatchItems.
        memo: where it is known that the host refuses WQL it is not asked again.
    """
    return (yield from _either(query, memo, lambda: _instances(query, page), lambda: _instances_here(query, page)))


def references(query: Query, *, page: int = 32000, memo: QueryMemo | None = None) -> Talk[list[CimReference]]:
    """Ask for references to the objects, with all their keys as the host names them."""
    return (yield from _either(query, memo, lambda: _references(query, page), lambda: _references_here(query, page)))


def pairs(
    query: Query, *, page: int = 32000, memo: QueryMemo | None = None
) -> Talk[list[tuple[CimInstance, CimReference]]]:
    """Ask for objects, each with the reference to it."""
    return (yield from _either(query, memo, lambda: _pairs(query, page), lambda: _pairs_here(query, page)))


def get(reference: CimReference) -> Talk[CimInstance]:
    """Read one object."""
    body = yield Request(
        action=names.GET, resource_uri=reference.resource_uri, selectors=reference.keys, repeatable=True
    )
    return CimInstance.from_element(body, class_name=reference.class_name, namespace=reference.namespace)


def wsman_config() -> Talk[CimInstance]:
    """Read the service's own limits (MaxEnvelopeSizekb, MaxTimeoutms, MaxBatchItems); administrators may."""
    body = yield Request(action=names.GET, resource_uri=names.MS_CONFIG, repeatable=True)
    return CimInstance.from_element(body, class_name="Config")


def release(context: str, *, resource_uri: str) -> Talk[None]:
    """Tell the host that nobody will ask for the rest of an enumeration."""
    body = ET.Element(f"{{{names.ENUMERATION}}}Release")
    ET.SubElement(body, f"{{{names.ENUMERATION}}}EnumerationContext").text = context
    yield Request(action=names.RELEASE, resource_uri=resource_uri, body=body)


def _either(
    query: Query,
    memo: QueryMemo | None,
    ask: Callable[[], Talk[list[_T]]],
    work_out: Callable[[], Talk[list[_T]]],
) -> Talk[list[_T]]:
    """Let the host answer, and work it out from whole classes where the host does not take the question."""
    if query.impossible:
        return []
    known = memo is not None and query.namespace in memo.refuses_wql
    if query.text and known and query.answerable_here:
        return (yield from work_out())
    try:
        return (yield from ask())
    except WsmanFault as fault:
        if not query.text or fault.subcode not in _FILTER_REFUSED or not query.answerable_here:
            raise
        blames_wql = fault.hresult not in _QUESTION_WRONG
    found = yield from work_out()
    if memo is not None and blames_wql:
        memo.refuses_wql.add(query.namespace)
    return found


def _instances(query: Query, page: int) -> Talk[list[CimInstance]]:
    items = yield from _items(query, page)
    return [_instance(item, query) for item in items]


def _references(query: Query, page: int) -> Talk[list[CimReference]]:
    items = yield from _items(query, page, mode=_ENUMERATE_EPR)
    return [CimReference.from_element(item, namespace=query.namespace) for item in items]


def _pairs(query: Query, page: int) -> Talk[list[tuple[CimInstance, CimReference]]]:
    items = yield from _items(query, page, mode=_ENUMERATE_BOTH)
    return [_pair(item, query) for item in items]


def _instances_here(query: Query, page: int) -> Talk[list[CimInstance]]:
    if query.association is not None:
        found = yield from _linked(query, query.association, page)
        return [instance for instance, _reference in found]
    whole = yield from _instances(every(query.class_name, namespace=query.namespace), page)
    return [query.projected(instance) for instance in whole if query.admits(instance)]


def _references_here(query: Query, page: int) -> Talk[list[CimReference]]:
    found = yield from _pairs_here(query, page)
    return [reference for _instance, reference in found]


def _pairs_here(query: Query, page: int) -> Talk[list[tuple[CimInstance, CimReference]]]:
    if query.association is not None:
        return (yield from _linked(query, query.association, page))
    whole = yield from _pairs(every(query.class_name, namespace=query.namespace), page)
    return [(query.projected(instance), reference) for instance, reference in whole if query.admits(instance)]


def _linked(query: Query, association: Association, page: int) -> Talk[list[tuple[CimInstance, CimReference]]]:
    """ASSOCIATORS OF, worked out from the association class and the classes at its other end, each read whole."""
    links = yield from _instances(every(association.assoc_class, namespace=query.namespace), page)
    ends = list(dict.fromkeys(end for link in links for end in _other_ends(link, association)))
    classes = [query.class_name] if query.class_name else list(dict.fromkeys(end.class_name for end in ends))
    found: list[tuple[CimInstance, CimReference]] = []
    for class_name in classes if ends else ():
        whole = yield from _instances(every(class_name, namespace=query.namespace), page)
        found += [(instance, end) for instance in whole for end in ends if _is(instance, end)]
    return found


def _other_ends(link: CimInstance, association: Association) -> list[CimReference]:
    ends = [(name, value) for name in link.names() for value in link.raw(name) if isinstance(value, CimReference)]
    here = [name for name, end in ends if _role(name, association.role) and _same(end, association.source)]
    if not here:
        return []
    return [end for name, end in ends if name != here[0] and _role(name, association.result_role)]


def _role(name: str, wanted: str) -> bool:
    return not wanted or name.lower() == wanted.lower()


def _same(one: CimReference, other: CimReference) -> bool:
    """They name one object: hosts accept and send references with fewer keys, and GUIDs in either case."""
    mine = {name.lower(): value.lower() for name, value in one.keys.items()}
    theirs = {name.lower(): value.lower() for name, value in other.keys.items()}
    common = mine.keys() & theirs.keys()
    return (
        one.class_name.lower() == other.class_name.lower()
        and bool(common or not (mine or theirs))
        and all(mine[name] == theirs[name] for name in common)
    )


def _is(instance: CimInstance, reference: CimReference) -> bool:
    keys = {name: instance.text(name) for name in reference.keys if instance.has(name)}
    shown = CimReference(instance.class_name, {name: value or "" for name, value in keys.items()}, instance.namespace)
    return _same(shown, reference)


def _instance(item: ET.Element, query: Query) -> CimInstance:
    return CimInstance.from_element(item, class_name=query.class_name, namespace=query.namespace)


def _pair(item: ET.Element, query: Query) -> tuple[CimInstance, CimReference]:
    """w:Item holds the object and then its reference (DSP0226, EnumerateObjectAndEPR)."""
    instance = next((inner for inner in item if local_name(inner) != "EndpointReference"), None)
    if instance is None or child(item, "EndpointReference") is None:
        raise WireError("an item without an object and its reference came", host="")
    return _instance(instance, query), CimReference.from_element(item, namespace=query.namespace)


def _items(query: Query, page: int, mode: str = "") -> Talk[list[ET.Element]]:
    """Every item of every page.

    A Pull whose answer was lost is not sent again, since the host may have moved on and a page would be missing;
    the question is put once more from its beginning.
    """
    pages = _Pages(query, page, mode)
    try:
        return (yield from pages.read())
    except OutcomeUnknown:
        if not pages.pulled:
            raise
    return (yield from _Pages(query, page, mode).read())


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
        # A Pull answered without a context is answered with the old one still good (WS-Enumeration 3.2).
        if child(body, "EndOfSequence") is not None:
            self._context = ""
        elif child(body, "EnumerationContext") is not None:
            self._context = child_text(body, "EnumerationContext")
        held = child(body, "Items")
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
