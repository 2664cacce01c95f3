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
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, TypeVar

from ansible_collections.hyperv.replica.plugins.module_utils._errors import WireError, WsmanFault
from ansible_collections.hyperv.replica.plugins.module_utils._wire import names
from ansible_collections.hyperv.replica.plugins.module_utils._wire.cim import CimInstance, CimReference
from ansible_collections.hyperv.replica.plugins.module_utils._wire.document import child, local_name
from ansible_collections.hyperv.replica.plugins.module_utils._wire.envelope import Request, Talk
from ansible_collections.hyperv.replica.plugins.module_utils._wire.pages import every_item, release
from ansible_collections.hyperv.replica.plugins.module_utils._wire.recall import Recall, content
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

#: How a host says that it does not take the filter: of DSP0226 and of WS-Enumeration.
_FILTER_REFUSED: Final = frozenset(
    {"CannotProcessFilter", "FilteringNotSupported", "FilterDialectRequestedUnavailable"}
)

#: WMI errors that may blame this question and not WQL (Microsoft's page "WMI Error Constants").
_INVALID_CLASS: Final = 0x80041010
_INVALID_QUERY: Final = 0x80041017

_ENUMERATE_EPR: Final = "EnumerateEPR"
_ENUMERATE_BOTH: Final = "EnumerateObjectAndEPR"


@dataclass(slots=True)
class QueryMemo:
    """What was learned of one host, kept by whoever asks it more than once.

    Attributes:
        refuses_wql: namespaces in which it answers whole classes and refuses filters; and where it calls the query
            invalid, which may be the fault of one property, namespaces with the class behind them.
        objects: of the last answer to each question.
    """

    refuses_wql: set[str] = field(default_factory=set)
    objects: Recall[ET.Element, CimInstance] = field(default_factory=lambda: Recall(content))

    def knows(self, query: Query) -> bool:
        """The host is known not to take this question."""
        return bool(self.refuses_wql & {query.namespace, _subject(query)})

    def learn(self, query: Query, hresult: int | None) -> None:
        """It refused the question with this WMI error, and answered it as whole classes."""
        if hresult != _INVALID_CLASS:
            self.refuses_wql.add(_subject(query) if hresult == _INVALID_QUERY else query.namespace)


def instances(query: Query, *, page: int = 32000, memo: QueryMemo | None = None) -> Talk[list[CimInstance]]:
    """Ask for objects; give them in the host's order.

    Args:
        query: what is asked.
        page: most objects in one answer; 32000 is Windows' default limit MaxBatchItems.
        memo: where it is known that the host refuses WQL it is not asked again.
    """
    return (
        yield from _either(query, memo, lambda: _instances(query, page, memo), lambda: _instances_here(query, page))
    )


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


def _either(
    query: Query,
    memo: QueryMemo | None,
    ask: Callable[[], Talk[list[_T]]],
    work_out: Callable[[], Talk[list[_T]]],
) -> Talk[list[_T]]:
    """Let the host answer, and work it out from whole classes where the host does not take the question."""
    if query.impossible:
        return []
    if query.text and query.answerable_here and memo is not None and memo.knows(query):
        return (yield from work_out())
    try:
        return (yield from ask())
    except WsmanFault as fault:
        if not query.text or fault.subcode not in _FILTER_REFUSED or not query.answerable_here:
            raise
        hresult = fault.hresult
    found = yield from work_out()
    if memo is not None:
        memo.learn(query, hresult)
    return found


def _subject(query: Query) -> str:
    linked = query.association.assoc_class if query.association else ""
    return f"{query.namespace}/{linked}/{query.class_name}"


def _instances(query: Query, page: int, memo: QueryMemo | None = None) -> Talk[list[CimInstance]]:
    items = yield from every_item(query, page)
    if memo is None:
        return [_instance(item, query) for item in items]
    return memo.objects.each(_subject(query), items, lambda item: _instance(item, query))


def _references(query: Query, page: int) -> Talk[list[CimReference]]:
    items = yield from every_item(query, page, mode=_ENUMERATE_EPR)
    return [CimReference.from_element(item, namespace=query.namespace) for item in items]


def _pairs(query: Query, page: int) -> Talk[list[tuple[CimInstance, CimReference]]]:
    items = yield from every_item(query, page, mode=_ENUMERATE_BOTH)
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
        raise WireError("an item without an object and its reference came")
    return _instance(instance, query), CimReference.from_element(item, namespace=query.namespace)
