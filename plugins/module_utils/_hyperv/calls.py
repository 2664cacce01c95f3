# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The calls that a step may make: readable arguments in, what WMI wants out.

Every parameter of a method is sent, null ones as nil. Nothing is asked twice, but for a recovery point that a host
has refused as a reference and takes as an instance.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from ansible_collections.hyperv.replica.plugins.module_utils._errors import PreconditionFailed, WsmanFault
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv import schema, sending
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.asking import (
    NARROW,
    Memory,
    OwnJob,
    ask,
    computer_system,
    keyed,
    management,
    service,
)
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.calls_relationship import (
    RELATIONSHIP_CALLS,
    Argument,
    Arguments,
    settings_of,
)
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.classes import (
    AUTHORIZATION,
    JOB,
    OWN_SETTINGS,
    RELATIONSHIP,
    SHUTDOWN,
    SYSTEM,
    SYSTEM_SETTINGS,
)
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import Side
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.returncodes import (
    ACCEPTED,
    ReturnCode,
    refusal,
)
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.states import ReplicationMode
from ansible_collections.hyperv.replica.plugins.module_utils._wire.cim import CimReference
from ansible_collections.hyperv.replica.plugins.module_utils._wire.envelope import Talk
from ansible_collections.hyperv.replica.plugins.module_utils._wire.invoke import (
    CimValue,
    EmbeddedText,
    MethodAnswer,
    call,
)

__all__ = ["Argument", "Arguments", "Started", "job_errors", "perform", "statistics"]

#: How a host may say that a parameter has the wrong form; nothing was carried out then.
_WRONG_FORM: Final = frozenset({ReturnCode.INVALID_PARAMETER, ReturnCode.INCORRECT_DATA_TYPE})
_WRONG_FORM_FAULTS: Final = frozenset({"SchemaValidationError", "InvalidParameter"})


@dataclass(frozen=True, slots=True)
class Started:
    """A call that the host accepted.

    Attributes:
        job_id: of the job that carries it out; empty when it was done at once.
        job_class: of that job; not always Msvm_ConcreteJob.
    """

    return_code: int
    job_id: str = ""
    job_class: str = ""


def perform(side: Side, method: str, arguments: Arguments, memory: Memory) -> Talk[Started]:
    """Make one call for the VM.

    Raises:
        MethodRefused: the host returned anything but 0 and 4096.
        PreconditionFailed: the call cannot be made; nothing was sent that changes anything.
    """
    made = _CALLS.get(method)
    if made is None:
        raise PreconditionFailed(f"{method} is no call that is made here", kind="unsupported")
    if strange := sorted(set(arguments) - made.takes):
        raise PreconditionFailed(f"{method} takes no {', '.join(strange)}", kind="unsupported")
    answer = yield from made.run(side, arguments, memory)
    if answer.return_value not in ACCEPTED:
        raise refusal(method, answer.return_value, host=side.host, vm=side.vm_name)
    if answer.job is None:
        return Started(answer.return_value)
    job_id = answer.job.key("InstanceID") or ""
    memory.own_jobs[job_id.upper()] = OwnJob(job_id, side.vm_id, answer.job.class_name)
    return Started(answer.return_value, job_id, answer.job.class_name)


def job_errors(job_id: str, memory: Memory) -> Talk[str]:
    """What the host says of a job's failure; empty where it says nothing, or no longer knows the job."""
    own = memory.own_jobs.get(job_id.upper())
    job = CimReference(own.class_name if own else JOB, {"InstanceID": job_id})
    for method, output in (("GetErrorEx", "Errors"), ("GetError", "Error")):
        try:
            answer = yield from call(job, method, {}, repeatable=True)
        except WsmanFault:
            continue
        if said := schema.messages(answer.outputs.instances(output)):
            return said
    return ""


def statistics(side: Side, memory: Memory, *, extended: bool = False) -> Talk[tuple[schema.Statistics, ...]]:
    """The monitoring intervals of the VM's primary relationship, or of the extended one; none where it has none.

    A host that answers with a job has given them all the same.
    """
    wanted = side.extended if extended else side.relationship
    if wanted is None:
        return ()
    target = yield from service(memory)
    named: dict[str, CimReference | EmbeddedText] = {"ComputerSystem": computer_system(side.vm_id)}
    if RELATIONSHIP in memory.missing:
        answer = yield from call(target, "GetReplicationStatistics", named, repeatable=True)
    else:
        named["ReplicationRelationship"] = EmbeddedText(sending.relationship(wanted))
        answer = yield from call(target, "GetReplicationStatisticsEx", named, repeatable=True)
    if answer.return_value not in ACCEPTED:
        return ()
    return tuple(schema.statistics(found) for found in answer.outputs.instances("ReplicationStatistics"))


def _shut_down(side: Side, arguments: Arguments, memory: Memory) -> Talk[MethodAnswer]:
    if side.vm_id not in memory.shutdown:
        yield from _find_shutdown(side.vm_id, memory)
        if side.vm_id not in memory.shutdown:
            raise PreconditionFailed(
                "it shows no shutdown component, so its guest cannot be asked to shut down",
                kind="guest_services",
                host=side.host,
                vm=side.vm_name,
                cause="The component is there while the guest runs and its integration services do",
                remedy="Shut the guest down from inside, or let it be turned off",
            )
    values = {"Force": bool(arguments.get("Force", False)), "Reason": arguments.get("Reason") or ""}
    return (yield from call(memory.shutdown[side.vm_id], "InitiateShutdown", values))


def _find_shutdown(vm_id: str, memory: Memory) -> Talk[None]:
    """Find the component of this VM, and of those that were looked at with it, which are likely to be next."""
    vm_ids = sorted({vm_id, *memory.looked_at})
    found = yield from ask(memory, SHUTDOWN, {"SystemName": vm_ids} if len(vm_ids) <= NARROW else {})
    memory.shutdown |= {schema.guid(one.text("SystemName")): keyed(SHUTDOWN, one) for one in found}


def _request_power(side: Side, arguments: Arguments, memory: Memory) -> Talk[MethodAnswer]:
    """Of the VM; or of its test copy, whose GUID nobody knows before it is there."""
    values = {"RequestedState": arguments.get("RequestedState"), "TimeoutPeriod": None}
    if not arguments.get("TestCopy"):
        return (yield from call(computer_system(side.vm_id), "RequestStateChange", values))
    copy = side.vm_id if side.mode is ReplicationMode.TEST_REPLICA else side.test_copy
    yield from _refuse_but_test_copy(side, copy, memory)
    return (yield from call(computer_system(copy), "RequestStateChange", values))


def _request_replication(side: Side, arguments: Arguments, memory: Memory) -> Talk[MethodAnswer]:
    """The Ex method came with the class of relationships; a host without it has only the primary one."""
    values: dict[str, Argument | EmbeddedText] = {
        "RequestedState": arguments.get("RequestedState"),
        "TimeoutPeriod": None,
    }
    system = computer_system(side.vm_id)
    if RELATIONSHIP in memory.missing:
        return (yield from call(system, "RequestReplicationStateChange", values))
    chosen = {"ReplicationRelationship": _chosen_relationship(side, arguments)}
    return (yield from call(system, "RequestReplicationStateChangeEx", {**chosen, **values}))


def _chosen_relationship(side: Side, arguments: Arguments) -> EmbeddedText | None:
    """Null means the primary one; of a replica seen as a sender it is the extended one that is meant."""
    chosen = side.extended if arguments.get("ReplicationRelationship") else side.relationship
    if not (side.middle or arguments.get("ReplicationRelationship")):
        return None
    if chosen is None:
        raise PreconditionFailed("it has no extended replication", host=side.host, vm=side.vm_name)
    return EmbeddedText(sending.relationship(chosen))


def _test_connection(side: Side, arguments: Arguments, memory: Memory) -> Talk[MethodAnswer]:
    names = ("RecoveryConnectionPoint", "RecoveryServerPortNumber", "AuthenticationType", "CertificateThumbPrint")
    values = {name: arguments.get(name) for name in names}
    values["BypassProxyServer"] = bool(arguments.get("BypassProxyServer", False))
    # It changes nothing, but a second test beside one whose answer was lost would say nothing about the first.
    return (yield from call((yield from service(memory)), "TestReplicationConnection", values))


def _on_vm(method: str) -> _Run:
    """A method of the replication service whose only parameter is the VM."""

    def run(side: Side, arguments: Arguments, memory: Memory) -> Talk[MethodAnswer]:
        system = {"ComputerSystem": computer_system(side.vm_id)}
        return (yield from call((yield from service(memory)), method, system))

    return run


def _at_point(method: str) -> _Run:
    """A method of the replication service that takes the VM and a recovery point."""

    def run(side: Side, arguments: Arguments, memory: Memory) -> Talk[MethodAnswer]:
        point_id = arguments.get("SnapshotSettingData")
        if not isinstance(point_id, str) or not point_id:
            return (yield from _call_at(None, side, memory, method))
        return (yield from _at_this_point(point_id, side, memory, method))

    return run


def _at_this_point(point_id: str, side: Side, memory: Memory, method: str) -> Talk[MethodAnswer]:
    """Documented as a reference, and as an instance in a comment of the official sample: that is tried second."""
    refused: MethodAnswer | WsmanFault | None = None
    if not memory.points_embedded:
        refused = yield from _attempt(CimReference(SYSTEM_SETTINGS, {"InstanceID": point_id}), side, memory, method)
        if isinstance(refused, MethodAnswer) and refused.return_value not in _WRONG_FORM:
            return refused
    text = EmbeddedText(sending.recovery_point(point_id, side.vm_id))
    answer = yield from _attempt(text, side, memory, method)
    if isinstance(answer, MethodAnswer):
        memory.points_embedded = memory.points_embedded or answer.return_value in ACCEPTED
        return answer
    if isinstance(refused, MethodAnswer):
        return refused
    raise refused or answer


def _attempt(
    point: CimReference | EmbeddedText, side: Side, memory: Memory, method: str
) -> Talk[MethodAnswer | WsmanFault]:
    """The answer, or the fault that says that the point has the wrong form; other faults are raised."""
    try:
        return (yield from _call_at(point, side, memory, method))
    except WsmanFault as fault:
        if fault.subcode not in _WRONG_FORM_FAULTS:
            raise
        return fault


def _call_at(point: CimReference | EmbeddedText | None, side: Side, memory: Memory, method: str) -> Talk[MethodAnswer]:
    values: dict[str, CimValue] = {"ComputerSystem": computer_system(side.vm_id), "SnapshotSettingData": point}
    return (yield from call((yield from service(memory)), method, values))


def _reverse(side: Side, arguments: Arguments, memory: Memory) -> Talk[MethodAnswer]:
    settings = yield from settings_of(side, memory)
    values: dict[str, CimValue] = {
        "ComputerSystem": computer_system(side.vm_id),
        "ReplicationSettingData": EmbeddedText(sending.replication_settings(settings, arguments)),
    }
    return (yield from call((yield from service(memory)), "ReverseReplicationRelationship", values))


def _fail_back(side: Side, arguments: Arguments, memory: Memory) -> Talk[MethodAnswer]:
    settings = yield from settings_of(side, memory)
    changes = {name: value for name, value in arguments.items() if name in OWN_SETTINGS}
    values: dict[str, CimValue] = {
        "ComputerSystem": computer_system(side.vm_id),
        "ReplicationSettingData": EmbeddedText(sending.replication_settings(settings, changes)),
        "RecoveryPointIdentifier": arguments.get("RecoveryPointIdentifier"),
    }
    return (yield from call((yield from service(memory)), "InitiateFailback", values))


def _set_authorization(side: Side, arguments: Arguments, memory: Memory) -> Talk[MethodAnswer]:
    wanted = str(arguments.get("AllowedPrimaryHostSystem") or "")
    entries = yield from ask(memory, AUTHORIZATION)
    found = (entry for entry in entries if (entry.text("AllowedPrimaryHostSystem") or "").lower() == wanted.lower())
    values: dict[str, CimValue] = {
        "ComputerSystem": computer_system(side.vm_id),
        "AuthorizationEntry": EmbeddedText(sending.authorization(next(found, None), arguments)),
    }
    return (yield from call((yield from service(memory)), "SetAuthorizationEntry", values))


def _modify_system(side: Side, arguments: Arguments, memory: Memory) -> Talk[MethodAnswer]:
    """Not in the reference, but what every Hyper-V client calls (Microsoft's page modifysystemsettings)."""
    if not side.settings_id:
        raise PreconditionFailed("its settings were not read", host=side.host, vm=side.vm_name)
    text = EmbeddedText(sending.system_settings(side.settings_id, arguments))
    return (yield from call(management(), "ModifySystemSettings", {"SystemSettings": text}))


def _modify_connection(side: Side, arguments: Arguments, memory: Memory) -> Talk[MethodAnswer]:
    """Where one adapter of the VM is connected to, or where its test copies are."""
    wanted = str(arguments.get("InstanceID") or "").upper()
    adapter = next((one for one in side.adapters if one.id.upper() == wanted), None)
    if adapter is None:
        raise PreconditionFailed(f"{wanted or 'nothing'} is no adapter of it", host=side.host, vm=side.vm_name)
    paths = arguments.get("HostResource")
    if isinstance(paths, tuple):
        text = EmbeddedText(sending.connection(adapter, paths))
    else:
        text = EmbeddedText(sending.test_switch(adapter, str(arguments.get("TestReplicaSwitchName") or "")))
    return (yield from call(management(), "ModifyResourceSettings", {"ResourceSettings": (text,)}))


_ADDRESSES: Final = ("ProtocolIFType", "DHCPEnabled", "IPAddresses", "Subnets", "DefaultGateways", "DNSServers")


def _set_addresses(side: Side, arguments: Arguments, memory: Memory) -> Talk[MethodAnswer]:
    """What one adapter's guest is given after a failover."""
    wanted = str(arguments.get("InstanceID") or "").upper()
    adapter = next((one for one in side.adapters if one.failover_id and one.failover_id.upper() == wanted), None)
    if adapter is None:
        raise PreconditionFailed(f"{wanted or 'nothing'} is no setting of it", host=side.host, vm=side.vm_name)
    text = sending.failover_addresses(adapter, {name: arguments.get(name) for name in _ADDRESSES})
    values: dict[str, CimValue] = {
        "ComputerSystem": computer_system(side.vm_id),
        "NetworkSettings": (EmbeddedText(text),),
    }
    return (yield from call((yield from service(memory)), "SetFailoverNetworkAdapterSettings", values))


def _destroy(side: Side, arguments: Arguments, memory: Memory) -> Talk[MethodAnswer]:
    """Only ever the VM's own test copy, or the VM that is one itself: destroying takes the disks of what is named."""
    affected = str(arguments.get("AffectedSystem") or "").strip("{}").upper()
    itself = side.vm_id if side.mode is ReplicationMode.TEST_REPLICA else ""
    if not affected or affected not in (side.test_copy.upper(), itself):
        raise PreconditionFailed(f"{affected or 'nothing'} is not its test copy", host=side.host, vm=side.vm_name)
    yield from _refuse_but_test_copy(side, affected, memory)
    return (yield from call(management(), "DestroySystem", {"AffectedSystem": computer_system(affected)}))


def _refuse_but_test_copy(side: Side, vm_id: str, memory: Memory) -> Talk[None]:
    """Raise unless the host shows mode 3 of it at this moment: a replica must never go where its copy was meant."""
    found = (yield from ask(memory, SYSTEM, {"Name": vm_id})) if vm_id else []
    if not any(one.integer("ReplicationMode") == ReplicationMode.TEST_REPLICA for one in found):
        raise PreconditionFailed(
            f"{vm_id or 'nothing'} does not show mode {int(ReplicationMode.TEST_REPLICA)}, so it is no test copy",
            kind="no_test_copy",
            host=side.host,
            vm=side.vm_name,
        )


_Run = Callable[[Side, Arguments, Memory], Talk[MethodAnswer]]


@dataclass(frozen=True, slots=True)
class _Call:
    run: _Run
    takes: frozenset[str] = frozenset()


def _call(run: _Run, *takes: str) -> _Call:
    return _Call(run, frozenset(takes))


_CALLS: Final[Mapping[str, _Call]] = {
    "InitiateShutdown": _call(_shut_down, "Force", "Reason"),
    "RequestStateChange": _call(_request_power, "RequestedState", "TestCopy"),
    "RequestReplicationStateChangeEx": _call(_request_replication, "RequestedState", "ReplicationRelationship"),
    "TestReplicationConnection": _call(
        _test_connection,
        "RecoveryConnectionPoint",
        "RecoveryServerPortNumber",
        "AuthenticationType",
        "CertificateThumbPrint",
        "BypassProxyServer",
    ),
    "InitiateFailover": _call(_at_point("InitiateFailover"), "SnapshotSettingData"),
    "TestReplicaSystem": _call(_at_point("TestReplicaSystem"), "SnapshotSettingData"),
    "RevertFailover": _call(_on_vm("RevertFailover")),
    "CommitFailover": _call(_on_vm("CommitFailover")),
    "ReverseReplicationRelationship": _call(_reverse, *OWN_SETTINGS),
    "SetAuthorizationEntry": _call(
        _set_authorization, "AllowedPrimaryHostSystem", "TrustGroup", "ReplicaStorageLocation"
    ),
    "InitiateFailback": _call(_fail_back, "RecoveryPointIdentifier", *OWN_SETTINGS),
    "ModifySystemSettings": _call(_modify_system, "AutomaticStartupAction", "Notes"),
    "ModifyResourceSettings": _call(_modify_connection, "InstanceID", "TestReplicaSwitchName", "HostResource"),
    "SetFailoverNetworkAdapterSettings": _call(_set_addresses, "InstanceID", *_ADDRESSES),
    "DestroySystem": _call(_destroy, "AffectedSystem"),
    **{name: _Call(run, takes) for name, (run, takes) in RELATIONSHIP_CALLS.items()},
}
