# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Questions of the probe that the objects of a host answer: how it names, numbers and leaves out things."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterable
from typing import Final, Union

from ansible_collections.hyperv.replica.plugins.module_utils._errors import WsmanFault
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.asking import computer_system, keyed
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.classes import (
    AUTHORIZATION,
    HEARTBEAT,
    JOB,
    RELATIONSHIP,
    SERVICE,
    SETTINGS,
    SYSTEM,
    SYSTEM_SETTINGS,
)
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.schema import guid
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.states import (
    JobState,
    ReplicationMode,
    VirtualSystemType,
)
from ansible_collections.hyperv.replica.plugins.module_utils._wire import names
from ansible_collections.hyperv.replica.plugins.module_utils._wire.cim import CimInstance, class_uri
from ansible_collections.hyperv.replica.plugins.module_utils._wire.document import child, child_text
from ansible_collections.hyperv.replica.plugins.module_utils._wire.envelope import Request, Talk
from ansible_collections.hyperv.replica.plugins.module_utils._wire.invoke import CimValue, EmbeddedText, call
from ansible_collections.hyperv.replica.plugins.module_utils._wire.query import (
    every,
    get,
    instances,
    release,
    wsman_config,
)
from ansible_collections.hyperv.replica.plugins.module_utils._wire.reference import CimReference

Answer = tuple[Union[str, None], str]

_POINT: Final = "Microsoft:Hyper-V:Snapshot:Replica:"
_KEY: Final = re.compile(r"Msvm_ReplicationProvider\.(\w+)=")
#: What is wrong with a Get that lacks a key, by the subcode of its fault.
_SUBCODES: Final = {"InvalidSelectors": "invalid_selectors", "DestinationUnreachable": "not_found"}
_TIMES: Final = ("LastApplicationConsistentReplicationTime", "LastReplicationTime", "LastApplyTime")


def never(systems: list[CimInstance]) -> Talk[Answer]:
    """A replication time that never was: a relationship without application-consistent points has one."""
    for one in (yield from instances(every(RELATIONSHIP))):
        for name in _TIMES:
            if one.has(name) and not one.raw(name):
                return "null", f"{name} of a relationship is null"
            if any("1601" in str(_text(raw)) for raw in one.raw(name)):
                return "1601", f"{name} of a relationship is of the year 1601"
    return None, "no relationship shows a time that never was"


def _text(raw: object) -> str:
    return "".join(raw.itertext()) if isinstance(raw, ET.Element) else str(raw)


def included_disks(systems: list[CimInstance]) -> Talk[Answer]:
    """How IncludedDisks names a disk."""
    for text in _each((yield from instances(every(SETTINGS))), "IncludedDisks"):
        form = "embedded" if "<INSTANCE" in text else "object_path" if "InstanceID=" in text else "instance_id"
        return form, f"a replicated disk is named as {form.replace('_', ' ')}"
    return None, "no machine names replicated disks"


def provider_key(systems: list[CimInstance]) -> Talk[Answer]:
    """By which property the path in ReplicationProvider names the provider."""
    for text in _each((yield from instances(every(SETTINGS))), "ReplicationProvider"):
        found = _KEY.search(text)
        if found:
            return found[1], f"the path of a provider names it by {found[1]}"
    return None, "no machine names its replication provider by a path"


def _each(found: Iterable[CimInstance], name: str) -> list[str]:
    return [text for one in found for text in one.texts(name) if text]


def entry_instance_id(systems: list[CimInstance]) -> Talk[Answer]:
    """Whether an authorization entry has an InstanceID."""
    for one in (yield from instances(every(AUTHORIZATION))):
        named = bool(one.text("InstanceID"))
        return (
            "named" if named else "null"
        ), f"InstanceID of an authorization entry is {'a text' if named else 'null'}"
    return None, "there is no authorization entry"


def point_owner(systems: list[CimInstance]) -> Talk[Answer]:
    """Whose GUID the settings of a recovery point hold."""
    for one in (yield from _points()):
        own = guid(one.text("VirtualSystemIdentifier")) == guid(one.text("InstanceID"))
        return ("point" if own else "vm"), f"a recovery point holds {'its own' if own else 'another'} GUID"
    return None, "there is no recovery point"


def planned_point(systems: list[CimInstance]) -> Talk[Answer]:
    """Whether a last delta leaves a point, where one is to be seen; that none is proves nothing."""
    kinds = [one.text("VirtualSystemType") for one in (yield from _points())]
    if VirtualSystemType.POINT_PLANNED_FAILOVER.value in kinds:
        return "shown", "there is a recovery point of a planned failover"
    return None, "there is no recovery point of a planned failover"


def _points() -> Talk[list[CimInstance]]:
    found = yield from instances(every(SYSTEM_SETTINGS))
    return [one for one in found if (one.text("VirtualSystemType") or "").startswith(_POINT)]


def test_copy_relationship(systems: list[CimInstance]) -> Talk[Answer]:
    """Whether a test copy has an instance."""
    copies = _in_mode(systems, ReplicationMode.TEST_REPLICA)
    if not copies:
        return None, "there is no test copy"
    owners = {guid(one.text("InstanceID")) for one in (yield from instances(every(RELATIONSHIP)))}
    shown = bool(owners & copies)
    return ("state_0" if shown else "absent"), f"a test copy has {'an' if shown else 'no'} instance"


def third_host_relationship(systems: list[CimInstance]) -> Talk[Answer]:
    """Which number a third host's relationship has."""
    copies = _in_mode(systems, ReplicationMode.EXTENDED_REPLICA)
    for one in (yield from instances(every(RELATIONSHIP))):
        instance_id = one.text("InstanceID") or ""
        if guid(instance_id) in copies:
            return instance_id[-1:], f"a copy that a replica sends to has a relationship {instance_id[-6:]}"
    return None, "this host is nobody's third host"


def _in_mode(systems: list[CimInstance], mode: ReplicationMode) -> set[str]:
    return {guid(one.text("Name")) for one in systems if one.integer("ReplicationMode") == mode} - {""}


def job_success(systems: list[CimInstance]) -> Talk[Answer]:
    """JobState of a job that ended well."""
    for one in (yield from instances(every(JOB))):
        state = one.integer("JobState")
        if state in (JobState.COMPLETED, JobState.COMPLETED_WITH_WARNINGS):
            return str(int(state)), f"a job that ended well shows JobState {int(state)}"
    return None, "no job that ended well was there to be read"


def job_error_code(systems: list[CimInstance]) -> Talk[Answer]:
    """Whether a failed job tells a number."""
    for one in (yield from instances(every(JOB))):
        if one.integer("JobState") == JobState.EXCEPTION:
            code = one.integer("ErrorCode") or 0
            return ("return_code" if code else "zero"), f"a job that failed shows ErrorCode {code}"
    return None, "no job that failed was there to be read"


def reference_selectors(systems: list[CimInstance]) -> Talk[Answer]:
    """What a reference in a reply holds beside the keys."""
    reply = yield from _first_answer("Msvm_ElementSettingData", "1")
    told = sorted({part.get("Name") or "" for part in reply.iter()} - {""})
    if not told:
        return None, "no reference was there to be read"
    more = any(name.casefold() == "__cimnamespace" for name in told)
    return ("keys_and_namespace" if more else "keys"), f"a reference holds {', '.join(told)}"


def missing_keys(systems: list[CimInstance]) -> Talk[Answer]:
    """A component is asked for by one of its keys alone."""
    found = (yield from instances(every(HEARTBEAT)))[:1]
    if not found:
        return None, f"{HEARTBEAT} was not shown"
    try:
        yield from get(CimReference(HEARTBEAT, {"DeviceID": found[0].text("DeviceID") or ""}))
    except WsmanFault as fault:
        return _SUBCODES.get(fault.subcode), f"a Get that lacks keys was answered with {fault.subcode}"
    return None, "a Get that lacks keys was answered"


def parameter_order(systems: list[CimInstance]) -> Talk[Answer]:
    """GetReplicationStatisticsEx reads; its two parameters are given the other way round."""
    service = (yield from instances(every(SERVICE)))[:1]
    replicated = [one for one in systems if one.integer("ReplicationMode")]
    if not service or not replicated:
        return None, "there is no replicated machine to ask about"
    vm_id = guid(replicated[0].text("Name"))
    leg = EmbeddedText(
        f'<INSTANCE CLASSNAME="{RELATIONSHIP}"><PROPERTY NAME="InstanceID" TYPE="string">'
        f"<VALUE>Microsoft:{vm_id}\\HVR\\0</VALUE></PROPERTY></INSTANCE>"
    )
    turned: dict[str, CimValue] = {"ReplicationRelationship": leg, "ComputerSystem": computer_system(vm_id)}
    try:
        yield from call(keyed(SERVICE, service[0]), "GetReplicationStatisticsEx", turned, repeatable=True)
    except WsmanFault as fault:
        return "mof", f"parameters in another order were refused with {fault.subcode}"
    return "any", "parameters in another order were taken"


def statistics_answer(systems: list[CimInstance]) -> Talk[Answer]:
    """Whether GetReplicationStatistics has a job."""
    service = (yield from instances(every(SERVICE)))[:1]
    replicated = [one for one in systems if one.integer("ReplicationMode")]
    if not service or not replicated:
        return None, "there is no replicated machine to ask about"
    target: dict[str, CimValue] = {"ComputerSystem": computer_system(guid(replicated[0].text("Name")))}
    answer = yield from call(keyed(SERVICE, service[0]), "GetReplicationStatistics", target, repeatable=True)
    value = {0: "at_once", 4096: "job"}.get(answer.return_value)
    return value, f"GetReplicationStatistics returned {answer.return_value}"


def winrm_configuration(systems: list[CimInstance]) -> Talk[Answer]:
    """Whether the limits of the service may be read by this account."""
    try:
        yield from wsman_config()
    except WsmanFault as fault:
        return "refused", f"the configuration was refused with {fault.subcode}"
    return "readable", "the configuration was read"


def empty_items(systems: list[CimInstance]) -> Talk[Answer]:
    """A class of which a host rarely has objects, asked for in one answer."""
    reply = yield from _first_answer("Msvm_ReplicaSystemDependency", "32000")
    held = child(reply, "Items")
    if held is not None and len(held):
        return None, f"there are test copies, so {SYSTEM} was not asked further"
    value = "absent" if held is None else "present"
    return value, f"an answer without objects came with Items {value}"


def _first_answer(class_name: str, most: str) -> Talk[ET.Element]:
    """The first answer to an enumeration, as it came; what is left is released."""
    uri = class_uri(class_name)
    body = ET.Element(f"{{{names.ENUMERATION}}}Enumerate")
    ET.SubElement(body, f"{{{names.WSMAN}}}OptimizeEnumeration")
    ET.SubElement(body, f"{{{names.WSMAN}}}MaxElements").text = most
    reply = yield Request(action=names.ENUMERATE, resource_uri=uri, body=body, repeatable=True)
    context = child_text(reply, "EnumerationContext")
    if context:
        yield from release(context, resource_uri=uri)
    return reply


#: The switch each of them answers.
DETAILS: Final[dict[str, Callable[[list[CimInstance]], Talk[Answer]]]] = {
    "never": never,
    "included_disks": included_disks,
    "provider_key": provider_key,
    "entry_instance_id": entry_instance_id,
    "point_owner": point_owner,
    "planned_point": planned_point,
    "test_copy_relationship": test_copy_relationship,
    "third_host_relationship": third_host_relationship,
    "job_success": job_success,
    "job_error_code": job_error_code,
    "reference_selectors": reference_selectors,
    "missing_keys": missing_keys,
    "parameter_order": parameter_order,
    "statistics_answer": statistics_answer,
    "winrm_configuration": winrm_configuration,
    "empty_items": empty_items,
}
