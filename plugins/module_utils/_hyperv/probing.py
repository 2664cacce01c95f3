# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which of the behaviours that nobody has documented a host has, as far as reading alone can tell.

Every question is a read. The names and values of the answers are those of the simulator's switches.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from ansible_collections.hyperv.replica.plugins.module_utils._errors import HostRefused, WireError, WsmanFault
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.asking import computer_system, keyed
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.classes import (
    HEARTBEAT,
    JOB,
    RELATIONSHIP,
    SERVICE,
    SYSTEM,
)
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.probing_details import DETAILS
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.schema import guid, vm_id
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.states import Power, ReplicationMode
from ansible_collections.hyperv.replica.plugins.module_utils._wire import names
from ansible_collections.hyperv.replica.plugins.module_utils._wire.cim import CimInstance, class_uri
from ansible_collections.hyperv.replica.plugins.module_utils._wire.document import child, child_text
from ansible_collections.hyperv.replica.plugins.module_utils._wire.envelope import Request, Talk
from ansible_collections.hyperv.replica.plugins.module_utils._wire.invoke import call
from ansible_collections.hyperv.replica.plugins.module_utils._wire.query import every, instances, release, wql

_MANAGEMENT: Final = "Msvm_VirtualSystemManagementService"

#: A name that no class has, to be told so.
_NO_CLASS: Final = "Msvm_ThereIsNoSuchClass"

_FORMS: Final = {"ProviderFault": "provider_fault", "MSFT_WmiError": "msft_wmi_error"}

#: More objects than asked for must be left, or the first answer is the last one.
_PAGE: Final = 2


@dataclass(frozen=True, slots=True)
class Finding:
    """One answer.

    Attributes:
        switch: the simulator's switch for it.
        value: the switch's value; None where reading did not tell.
        evidence: what was seen, or why nothing could be.
    """

    switch: str
    value: str | None
    evidence: str


@dataclass(frozen=True, slots=True)
class _Seen:
    """What more than one question needs: all of Msvm_ComputerSystem, whole."""

    systems: list[CimInstance]

    @property
    def vms(self) -> list[CimInstance]:
        return [system for system in self.systems if vm_id(system)]

    def ids(self, fits: Callable[[CimInstance], bool]) -> list[str]:
        return [vm_id(system) for system in self.vms if fits(system)]


def probe() -> Talk[tuple[Finding, ...]]:
    """Ask every question; one that the host refuses stays open and says so."""
    seen = _Seen((yield from instances(every(SYSTEM))))
    findings = []
    asked = [(switch, ask(seen)) for switch, ask in _QUESTIONS.items()]
    asked += [(switch, detail(seen.systems)) for switch, detail in DETAILS.items()]
    for switch, talk in asked:
        try:
            value, evidence = yield from talk
        except (HostRefused, WireError) as error:
            value, evidence = None, str(error)
        findings.append(Finding(switch, value, evidence))
    return tuple(findings)


_Answer = tuple["str | None", str]


def _wql(seen: _Seen) -> Talk[_Answer]:
    """A query that fits nothing, by either quotation mark."""
    text = f"SELECT Name FROM {SYSTEM} WHERE Name = {{0}}there is no such name{{0}}"
    for quote, value in (("'", "refused"), ('"', "double_quotes_refused")):
        try:
            yield from instances(wql(text.format(quote)))
        except WsmanFault as fault:
            return value, f"a query with {quote} was refused with {fault.subcode}"
    return "answered", "queries with ' and with \" were answered"


def _first_page(seen: _Seen) -> Talk[_Answer]:
    if len(seen.systems) <= _PAGE:
        return None, f"{len(seen.systems)} objects of {SYSTEM} are too few to be split"
    body = ET.Element(f"{{{names.ENUMERATION}}}Enumerate")
    ET.SubElement(body, f"{{{names.WSMAN}}}OptimizeEnumeration")
    ET.SubElement(body, f"{{{names.WSMAN}}}MaxElements").text = str(_PAGE)
    uri = class_uri(SYSTEM)
    reply = yield Request(action=names.ENUMERATE, resource_uri=uri, body=body, repeatable=True)
    held = child(reply, "Items")
    came = 0 if held is None else len(held)
    context = child_text(reply, "EnumerationContext")
    if context:
        yield from release(context, resource_uri=uri)
    value = {1: "one_item", _PAGE: "page"}.get(came)
    return value, f"of {len(seen.systems)} objects, asked for by {_PAGE}, {came} came in the first answer"


def _summary_information(seen: _Seen) -> Talk[_Answer]:
    if not seen.vms:
        return None, "there is no virtual machine to be summed up"
    service = (yield from instances(every(_MANAGEMENT)))[:1]
    if not service:
        return None, f"{_MANAGEMENT} was not shown"
    asked = {"SettingData": None, "RequestedInformation": (0,)}
    answer = yield from call(keyed(_MANAGEMENT, service[0]), "GetSummaryInformation", asked, repeatable=True)
    told = answer.outputs.raw("SummaryInformation")
    if not told:
        return None, f"GetSummaryInformation returned {answer.return_value} and no summary"
    text = isinstance(told[0], str)
    return ("text" if text else "nested"), f"the first summary came as {'text' if text else 'elements'}"


def _wmi_errors(seen: _Seen) -> Talk[_Answer]:
    try:
        yield from instances(every(_NO_CLASS))
    except WsmanFault as fault:
        said = fault.form or "neither ProviderFault nor MSFT_WmiError"
        return _FORMS.get(fault.form), f"a class that is not there was answered with {fault.subcode}, {said}"
    return None, "a class that is not there was answered as an empty one"


def _null_outputs(seen: _Seen) -> Talk[_Answer]:
    """GetReplicationStatistics reads, and has no job to tell of where it answers at once."""
    replicated = seen.ids(lambda system: bool(system.integer("ReplicationMode")))
    service = (yield from instances(every(SERVICE)))[:1]
    if not replicated or not service:
        return None, "there is no replicated machine to ask about"
    target = {"ComputerSystem": computer_system(replicated[0])}
    answer = yield from call(keyed(SERVICE, service[0]), "GetReplicationStatistics", target, repeatable=True)
    if answer.outputs.raw("Job"):
        return None, "GetReplicationStatistics gave a job, so nothing was null"
    nil = answer.outputs.has("Job")
    return ("nil" if nil else "absent"), f"the null Job of GetReplicationStatistics was {'nil' if nil else 'absent'}"


def _unreplicated_relationship(seen: _Seen) -> Talk[_Answer]:
    alone = seen.ids(lambda system: system.integer("ReplicationMode") == ReplicationMode.NONE)
    if not alone:
        return None, "every machine is replicated"
    owners = {guid(one.text("InstanceID")) for one in (yield from instances(every(RELATIONSHIP)))}
    shown = owners & set(alone)
    return ("state_0" if shown else "absent"), f"{len(shown)} of {len(alone)} unreplicated machines have an instance"


def _components_when_off(seen: _Seen) -> Talk[_Answer]:
    off = seen.ids(lambda system: system.integer("EnabledState") == Power.OFF)
    if not off:
        return None, "no machine is off"
    owners = {guid(one.text("SystemName")) for one in (yield from instances(every(HEARTBEAT)))}
    shown = owners & set(off)
    return ("present" if shown else "absent"), f"{len(shown)} of {len(off)} machines that are off have a {HEARTBEAT}"


def _last_replication_time(seen: _Seen) -> Talk[_Answer]:
    """A change is applied after it arrived; while it is not, the two times of a replica differ, or do not."""
    replicas = seen.ids(lambda system: system.integer("ReplicationMode") == ReplicationMode.REPLICA)
    for one in (yield from instances(every(RELATIONSHIP))):
        arrived, applied = one.moment("LastReplicationTime"), one.moment("LastApplyTime")
        if guid(one.text("InstanceID")) in replicas and arrived and applied and arrived != applied:
            return "received", f"a replica shows {arrived} as last replicated and {applied} as last applied"
    return None, "no replica was seen between receiving a change and applying it"


def _finished_job_lifetime(seen: _Seen) -> Talk[_Answer]:
    for one in (yield from instances(every(JOB))):
        kept = one.interval("TimeBeforeRemoval")
        if kept is not None:
            return str(int(kept.total_seconds())), f"a job shows {kept} as TimeBeforeRemoval"
    return None, "no job was there to be read"


#: The switch each question answers.
_QUESTIONS: Final[dict[str, Callable[[_Seen], Talk[_Answer]]]] = {
    "wql": _wql,
    "first_page": _first_page,
    "summary_information": _summary_information,
    "wmi_errors": _wmi_errors,
    "null_outputs": _null_outputs,
    "unreplicated_relationship": _unreplicated_relationship,
    "components_when_off": _components_when_off,
    "last_replication_time": _last_replication_time,
    "finished_job_lifetime": _finished_job_lifetime,
}
