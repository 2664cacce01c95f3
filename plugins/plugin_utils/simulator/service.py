# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A whole WinRM service of one host without a socket: an envelope in, an envelope out."""

from __future__ import annotations

import random
import re
import uuid
import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from ansible_collections.hyperv.replica.plugins.module_utils._wire import names
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator import configuration
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.catalogue import OF_NODES, CimClass, Instance
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.elements import instance_xml, property_xml
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.enumerations import Enumerations, Page, fitting
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.faults import (
    INVALID_METHOD,
    INVALID_METHOD_PARAMETERS,
    INVALID_NAMESPACE,
    NOT_CAPABLE,
    Fault,
    not_found,
    ordered,
)
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.identities import Sight
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.methods import invoke
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.queries import (
    class_named,
    items,
    resource_class,
    vms_named,
)
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.reader import (
    Request,
    local_name,
    message_id,
    namespace_in_uri,
    namespace_of,
    read_request,
)
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.rules import is_mutating
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.signatures import signature
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.trouble import Trouble
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.views import find
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.world import World
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.writer import (
    Letterhead,
    fault_envelope,
    identify_envelope,
    reply_envelope,
)

_ENUMERATION: Final = f"{{{names.ENUMERATION}}}"
_WSMAN: Final = f"{{{names.WSMAN}}}"
_IDENTIFY: Final = f"{{{names.IDENTITY}}}Identify"
_GUID: Final = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
#: A fragment path that names one property, with or without a prefix.
_FRAGMENT: Final = re.compile(r"/?(?:\w+:)?(\w+)")
#: What stands before the keys of a reference, with the namespace of its class.
_REFERRED: Final = re.compile(rf"<w:ResourceURI>{re.escape(names.WMI)}/([^<]+)/\w+</w:ResourceURI><w:SelectorSet>")
#: Actions that are no methods and change something, or would.
_WRITING: Final = frozenset({names.PUT, names.CREATE, names.DELETE})


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestFacts:
    """What a request is about, for the log and for ordered trouble.

    Attributes:
        action: the last part of the action: Get, Enumerate, Pull, Release, Identify, a method's name; empty where
            the request cannot be read.
        vm: GUID of the VM concerned; empty where none is, or more than one.
        items: how many items went back.
    """

    action: str = ""
    resource_uri: str = ""
    class_name: str = ""
    method: str = ""
    vm: str = ""
    mutating: bool = False
    message_id: str = ""
    items: int = 0


@dataclass(frozen=True, slots=True)
class Reply:
    """What goes back: HTTP status, envelope, and what it was about."""

    status: int
    body: bytes
    facts: RequestFacts


@dataclass(frozen=True, slots=True)
class _Done:
    body: str
    items: int = 0


class Service:
    """Answers for one host. Everything is done under the world's lock."""

    def __init__(self, world: World, host_name: str) -> None:
        """Answer for the host of this name."""
        host = world.host(host_name)
        if host is None:
            raise ValueError(f"the estate has no host {host_name}")
        self._world = world
        self._sight = Sight(world, host)
        self._chance = random.Random(f"{world.seed} {host.name}")
        self._enumerations = Enumerations(self._new_id)

    def answer(self, body: bytes, *, principal: str) -> Reply:
        """The reply to an envelope; ``principal`` is who signed in, and everybody who did is an administrator."""
        with self._world.lock:
            self._world.advance_to(self._world.clock.now())
            facts = self.peek(body)
            try:
                request = read_request(body)
                if _identifies(request):
                    return Reply(200, identify_envelope(self._sight.host.os_version, request.message_id), facts)
                done = self._done(request)
            except Fault as fault:
                return self._refused(fault, facts)
            except Exception:  # noqa: BLE001 - a service answers whatever it was sent, and shows nothing of its inside
                return self._refused(Fault("internal"), facts)
            head = replace(self._letterhead(request.message_id), fragment=request.fragment)
            envelope = reply_envelope(request.action, self._referring(done.body), head)
            if len(envelope) > request.max_envelope and done.items == 0:
                return self._refused(Fault("item_too_large"), facts)
            return Reply(200, envelope, replace(facts, items=done.items))

    def _referring(self, body: str) -> str:
        """References as the switch has them: with the keys alone, or with a selector for the namespace as well."""
        if self._world.switches.is_("reference_selectors", "keys"):
            return body
        return _REFERRED.sub(r'\g<0><w:Selector Name="__cimnamespace">\g<1></w:Selector>', body)

    def peek(self, body: bytes) -> RequestFacts:
        """What an envelope is about, before anything is executed; an unreadable one is about nothing."""
        try:
            request = read_request(body)
        except (Fault, RecursionError):
            return RequestFacts(message_id=message_id(body))
        if _identifies(request):
            return RequestFacts(action="Identify")
        with self._world.lock:
            return self._facts(request)

    def refuse(self, body: bytes, trouble: Trouble) -> Reply:
        """The fault that an ordered trouble answers an envelope with; nothing is executed."""
        return self._refused(ordered(trouble), self.peek(body))

    def _facts(self, request: Request) -> RequestFacts:
        class_name = class_named(request)
        method = _method(request)
        return RequestFacts(
            action=method or request.action.rpartition("/")[2],
            resource_uri=request.resource_uri,
            class_name=class_name,
            method=method,
            vm=self._concerned(request),
            mutating=request.action in _WRITING or bool(method and is_mutating(class_name, method)),
            message_id=request.message_id,
        )

    def _concerned(self, request: Request) -> str:
        """The one VM whose GUID, or whose job's, the request names."""
        host = self._sight.host
        named = {guid.upper() for text in vms_named(request) for guid in _GUID.findall(text)}
        jobs = {host.jobs[guid].vm_guid for guid in named if guid in host.jobs}
        vms = {guid for guid in named | jobs if self._world.copies(guid)}
        return vms.pop() if len(vms) == 1 else ""

    def _done(self, request: Request) -> _Done:
        namespace = namespace_in_uri(request.resource_uri, request.keys).casefold()
        if namespace in OF_NODES and self._sight.host.cluster is None:
            raise not_found(f"there is no namespace {namespace}", INVALID_NAMESPACE)
        handle = _ACTIONS.get(request.action)
        if handle is not None:
            return handle(self, request)
        if _method(request):
            return _Done(self._invoked(request))
        raise Fault("action", request.action) if request.action else Fault("header_required", "a:Action is missing")

    def _get(self, request: Request) -> _Done:
        if configuration.is_configuration(request.resource_uri):
            if self._world.switches.is_("winrm_configuration", "refused"):
                raise Fault("access_denied")
            return _Done(configuration.configuration_xml(request.resource_uri, self._sight.host))
        of = resource_class(request)
        self._check_keys(of, request)
        one = self._instance(of, request)
        return _Done(_fragment(one, request.fragment) if request.fragment else instance_xml(one))

    def _invoked(self, request: Request) -> str:
        of = resource_class(request)
        method = _method(request)
        self._check_target(of, request)
        known = signature(of, method)
        if known is None:
            by_wmi = self._world.switches.is_("unknown_method", "wmi")
            raise Fault(
                "internal" if by_wmi else "action",
                f"{of.name} has no method {method}",
                hresult=INVALID_METHOD if by_wmi else 0,
            )
        one = Instance(of) if of.static else self._instance(of, request)
        body = request.body
        uris = (of.uri.casefold(), request.resource_uri.casefold())
        if body is None or namespace_of(body).casefold() not in uris or local_name(body.tag) != f"{method}_INPUT":
            raise Fault("schema", f"{method}_INPUT was expected, in the namespace of {of.name}")
        return invoke(self._sight, one, method, known, body)

    def _instance(self, of: CimClass, request: Request) -> Instance:
        keys = {name: value for name, value in request.selectors if name != "__cimnamespace"}
        found = find(self._sight, of, keys)
        if found is None:
            raise not_found(f"there is no such {of.name}")
        return found

    def _enumerate(self, request: Request) -> _Done:
        found = items(self._sight, request)
        body = request.body
        if body is None or body.find(f"{_WSMAN}OptimizeEnumeration") is None:
            context = self._enumerations.keep(found, self._world.now)
            return _Done(_enumerated(f"<n:EnumerationContext>{context}</n:EnumerationContext>"))
        page = self._first_page(found, _count(body.findtext(f"{_WSMAN}MaxElements")), request.max_envelope)
        held = self._items("w", page)
        inner = f"<n:EnumerationContext>{page.context}</n:EnumerationContext>{held}"
        end = "" if page.context else "<w:EndOfSequence/>"
        return _Done(_enumerated(inner + end), len(page.items))

    def _first_page(self, found: list[str], most: int, size: int) -> Page:
        """The first optimised reply: everything if it fits, else a page or one item, as the switch says."""
        count = fitting(found, most=most, size=size)
        if count < len(found) and self._world.switches.is_("first_page", "one_item"):
            most = 1
        return self._enumerations.page(found, self._world.now, most=most, size=size)

    def _pull(self, request: Request) -> _Done:
        """A page; the resource URI need not be that of the Enumerate (two shipping clients send another)."""
        body = _expected(request, "Pull")
        context = (body.findtext(f"{_ENUMERATION}EnumerationContext") or "").strip()
        most = _count(body.findtext(f"{_ENUMERATION}MaxElements"))
        page = self._enumerations.pull(context, self._world.now, most=most, size=request.max_envelope)
        more = f"<n:EnumerationContext>{page.context}</n:EnumerationContext>" if page.context else ""
        end = "" if page.context else "<n:EndOfSequence/>"
        inner = f"{more}{self._items('n', page)}{end}"
        return _Done(f"<n:PullResponse>{inner}</n:PullResponse>", len(page.items))

    def _items(self, prefix: str, page: Page) -> str:
        """The items; whether an empty answer has the element at all is a switch."""
        if not page.items and self._world.switches.is_("empty_items", "absent"):
            return ""
        return f"<{prefix}:Items>{''.join(page.items)}</{prefix}:Items>"

    def _release(self, request: Request) -> _Done:
        body = _expected(request, "Release")
        context = (body.findtext(f"{_ENUMERATION}EnumerationContext") or "").strip()
        self._enumerations.release(context, self._world.now)
        return _Done("")

    def _write(self, request: Request) -> _Done:
        """Put, Create and Delete: Hyper-V's classes are changed by methods only, and no shell is opened here."""
        resource_class(request)
        raise Fault("not_capable", hresult=NOT_CAPABLE)

    def _subscribe(self, request: Request) -> _Done:
        """Only event logs take subscriptions for sure ([MS-WSMV] 3.1.4.6), and only by their own dialect."""
        raise Fault("subscription", "there are no subscriptions to this resource")

    def _refused(self, fault: Fault, facts: RequestFacts) -> Reply:
        form = self._world.switches["wmi_errors"]
        return Reply(500, fault_envelope(fault, self._letterhead(facts.message_id), wmi_form=form), facts)

    def _letterhead(self, relates_to: str) -> Letterhead:
        host = self._sight.host
        return Letterhead(message_id=self._new_id(), relates_to=relates_to, language=host.language, machine=host.fqdn)

    def _check_keys(self, of: CimClass, request: Request) -> None:
        """Refuse selectors that are not the keys of the class, all of them and no others."""
        given = set(_given(request))
        keys = {key.name.casefold() for key in of.keys}
        if not given and not of.singleton:
            raise Fault("no_selectors", f"{of.name} has more than one instance")
        if given - keys:
            raise Fault("unexpected_selectors", ", ".join(sorted(given - keys)))
        if of.singleton and not given or of.is_a("CIM_Service") and "creationclassname" in given:
            return
        unknown = of.is_a("CIM_ComputerSystem") or self._world.switches.is_("missing_keys", "not_found")
        if keys - given and unknown:  # a real host says so for Msvm_ComputerSystem by Name alone
            raise not_found(f"{of.name} by {', '.join(sorted(given))} alone")
        if keys - given:
            raise Fault("insufficient_selectors", ", ".join(sorted(keys - given)))

    def _check_target(self, of: CimClass, request: Request) -> None:
        """Refuse a method without an instance as hosts do: by an error of WMI, or for others by an internal one."""
        if _given(request):
            self._check_keys(of, request)
        elif of.static:
            return
        elif of.name == "Msvm_VirtualEthernetSwitchManagementService":
            raise Fault("internal", "no instance was named")
        else:
            raise Fault("internal", "no instance was named", hresult=INVALID_METHOD_PARAMETERS)

    def _new_id(self) -> str:
        return str(uuid.UUID(int=self._chance.getrandbits(128), version=4)).upper()


_ACTIONS: Final[dict[str, Callable[[Service, Request], _Done]]] = {
    names.GET: Service._get,
    names.ENUMERATE: Service._enumerate,
    names.PULL: Service._pull,
    names.RELEASE: Service._release,
    names.PUT: Service._write,
    names.CREATE: Service._write,
    names.DELETE: Service._write,
    names.SUBSCRIBE: Service._subscribe,
}


def _identifies(request: Request) -> bool:
    return request.body is not None and request.body.tag == _IDENTIFY


def _method(request: Request) -> str:
    """The method asked for: what stands in the action behind the resource URI."""
    head, _mark, method = request.action.rpartition("/")
    known = bool(request.resource_uri) and request.action not in _ACTIONS
    return method if known and head.casefold() == request.resource_uri.casefold() else ""


def _expected(request: Request, name: str) -> ET.Element:
    if request.body is None or request.body.tag != f"{_ENUMERATION}{name}":
        raise Fault("schema", f"n:{name} was expected")
    return request.body


def _count(text: str | None) -> int:
    """MaxElements; one where it is not given (DSP0226, and recorded so)."""
    if text is None:
        return 1
    if not re.fullmatch(r"\s*0*[1-9]\d{0,9}\s*", text, re.ASCII):
        raise Fault("parameter_value", "MaxElements is no count")
    return int(text)


def _enumerated(inner: str) -> str:
    return f"<n:EnumerateResponse>{inner}</n:EnumerateResponse>"


def _fragment(one: Instance, path: str) -> str:
    """One property of an instance, by its name as the class spells it (Microsoft's page resource-uris); DSP0226 9."""
    found = _FRAGMENT.fullmatch(path)
    known = one.of.property(found[1]) if found else None
    if found is None or known is None or known.name != found[1]:
        raise Fault("fragment", "only a property's name can be a fragment here")
    shown = property_xml(known, one.value(known.name))
    return (
        f'<w:XmlFragment xmlns:xsi="{names.XSI}" xmlns:p="{one.of.uri}" xmlns:cim="{names.CIM_COMMON}">'
        f"{shown}</w:XmlFragment>"
    )


def _given(request: Request) -> list[str]:
    given = [name.casefold() for name, _rest in request.selectors if name != "__cimnamespace"]
    if len(given) != len(set(given)):
        raise Fault("duplicate_selectors")
    return given
