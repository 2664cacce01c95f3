# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an Enumerate asks for, as the XML of its items: a class, a WQL query, or what belongs to an object."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from ansible_collections.hyperv.replica.plugins.module_utils._wire import names
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.catalogue import (
    CimClass,
    Instance,
    find_class,
    namespace_exists,
)
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.elements import (
    endpoint_xml,
    fragment_xml,
    instance_ref,
    instance_xml,
)
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.faults import (
    INVALID_CLASS,
    INVALID_NAMESPACE,
    QUOTA_VIOLATION,
    Fault,
    invalid_query,
    not_found,
)
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.identities import Sight
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.reader import (
    Request,
    class_in_uri,
    namespace_in_uri,
    read_reference,
)
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.views import instances, related
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.wql import (
    Related,
    Select,
    parse_wql,
    uses_double_quotes,
)
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.wql_match import check_column, check_names, holds

_MODES: Final = ("", "EnumerateEPR", "EnumerateObjectAndEPR")
_POLYMORPHISM: Final = ("", "IncludeSubClassProperties", "ExcludeSubClassProperties", "None")
_FROM: Final = re.compile(r"\bFROM\s+(\w+)", re.IGNORECASE)
_WSMAN: Final = f"{{{names.WSMAN}}}"
_BINDING: Final = f"{{{names.CIM_BINDING}}}"


@dataclass(frozen=True, slots=True)
class Found:
    """Instances, and how they are to be shown: all of them, chosen columns, or as a superclass."""

    instances: Iterable[Instance]
    columns: tuple[str, ...] = ()
    shown: CimClass | None = None


def items(sight: Sight, request: Request) -> list[str]:
    """The items of an enumeration, each as XML.

    Raises:
        Fault: the filter, the class or the mode is not taken.
    """
    body = request.body
    if body is None or body.tag != f"{{{names.ENUMERATION}}}Enumerate":
        raise Fault("schema", "n:Enumerate was expected")
    mode = (body.findtext(f"{_WSMAN}EnumerationMode") or "").strip()
    if mode not in _MODES:
        raise Fault("mode", mode)
    try:
        found = _found(sight, request, body)
        return [_item_xml(one, mode, found) for one in found.instances]
    except RecursionError:
        raise invalid_query("the query is too deep", hresult=QUOTA_VIOLATION) from None


def resource_class(request: Request) -> CimClass:
    """The class a request is about.

    Raises:
        Fault: the URI is of no WMI class, or namespace or class do not exist.
    """
    namespace = _namespace(request)
    name = class_in_uri(request.resource_uri)
    of = find_class(namespace, name)
    if name == "*":
        raise Fault("bad_uri", "a class was expected")
    if of is None:
        raise not_found(f"there is no class {name}", INVALID_CLASS)
    return of


def _namespace(request: Request) -> str:
    namespace = namespace_in_uri(request.resource_uri, request.keys)
    if not namespace:
        raise Fault("bad_uri", "this is no resource of WMI")
    if not namespace_exists(namespace):
        raise not_found(f"there is no namespace {namespace}", INVALID_NAMESPACE)
    return namespace


def _found(sight: Sight, request: Request, body: ET.Element) -> Found:
    criterion = body.find(f"{_WSMAN}Filter")
    if criterion is None:
        criterion = body.find(f"{{{names.ENUMERATION}}}Filter")
    if criterion is None:
        return _of_class(sight, resource_class(request), body)
    if not namespace_in_uri(request.resource_uri, request.keys):
        raise Fault("filtering", "only resources of WMI take a filter")
    dialect = criterion.get("Dialect", "").strip()
    if dialect not in (names.WQL, names.ASSOCIATION_FILTER):
        raise Fault("filter_dialect", dialect)
    if class_in_uri(request.resource_uri) != "*":
        raise Fault("query_on_class", "the class of a query's resource URI has to be *")
    if dialect == names.WQL:
        return _of_query(sight, _namespace(request), "".join(criterion.itertext()))
    return _of_association(sight, _namespace(request), criterion)


def _of_class(sight: Sight, of: CimClass, body: ET.Element) -> Found:
    how = (body.findtext(f"{_BINDING}PolymorphismMode") or "").strip()
    if how not in _POLYMORPHISM:
        raise Fault("mode", how)
    shown = of if how == "ExcludeSubClassProperties" else None
    return Found(instances(sight, of, deep=how != "None"), shown=shown)


def _of_query(sight: Sight, namespace: str, query: str) -> Found:
    _check_switch(sight, namespace, query)
    asked = parse_wql(query)
    if isinstance(asked, Related):
        try:
            return Found(list(related(sight, namespace, asked)))
        except Fault as fault:
            fault.query = query
            raise
    return _selected(sight, namespace, asked, query)


def _check_switch(sight: Sight, namespace: str, query: str) -> None:
    """Two clients for Hyper-V disagree on whether queries are taken in its namespace: a switch."""
    known = sight.world.switches["wql"]
    refused = known == "refused" or (known == "double_quotes_refused" and uses_double_quotes(query))
    if namespace == names.VIRTUALIZATION and refused:
        raise invalid_query("queries are not taken here", query)


def _selected(sight: Sight, namespace: str, asked: Select, query: str) -> Found:
    of = find_class(namespace, asked.class_name)
    if of is None:
        raise invalid_query(f"there is no class {asked.class_name}", query, INVALID_CLASS)
    check_names(asked.where, of, query)
    for column in asked.columns:
        check_column(column, of, query)
    return Found((one for one in instances(sight, of) if holds(asked.where, one, sight.host.name)), asked.columns)


def _of_association(sight: Sight, namespace: str, criterion: ET.Element) -> Found:
    element = next(iter(criterion), None)
    shapes = {f"{_BINDING}AssociatedInstances": False, f"{_BINDING}AssociationInstances": True}
    if element is None or element.tag not in shapes:
        raise Fault("filter", "b:AssociatedInstances or b:AssociationInstances was expected")
    origin = element.find(f"{_BINDING}Object")
    if origin is None:
        raise Fault("filter", "b:Object is missing")
    asked = Related(
        source=read_reference(origin),
        references=shapes[element.tag],
        assoc_class=_said(element, "AssociationClassName"),
        result_class=_said(element, "ResultClassName"),
        role=_said(element, "Role"),
        result_role=_said(element, "ResultRole"),
    )
    columns = tuple((column.text or "").strip() for column in element.findall(f"{_BINDING}IncludeResultProperty"))
    return Found(list(related(sight, namespace, asked)), columns)


def _said(element: ET.Element, name: str) -> str:
    return (element.findtext(f"{_BINDING}{name}") or "").strip()


def _item_xml(one: Instance, mode: str, found: Found) -> str:
    if mode == "EnumerateEPR":
        return endpoint_xml(instance_ref(one))
    shown = fragment_xml(one, found.columns) if found.columns else instance_xml(one, found.shown)
    if mode == "EnumerateObjectAndEPR":
        return f'<w:Item xmlns:w="{names.WSMAN}">{shown}{endpoint_xml(instance_ref(one))}</w:Item>'
    return shown


def class_named(request: Request) -> str:
    """The class a request names: in its URI, or behind the FROM of its query; empty where it names none."""
    name = class_in_uri(request.resource_uri)
    if name != "*" or request.body is None:
        return "" if name == "*" else name
    found = _FROM.search("".join(request.body.itertext()))
    return found[1] if found else ""


def vms_named(request: Request) -> Iterator[str]:
    """Every text of a request that may hold the GUID of a VM."""
    for _name, value in request.selectors:
        yield str(value)
    if request.body is not None:
        yield from request.body.itertext()
