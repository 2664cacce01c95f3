# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Msvm_SummaryInformation: what GetSummaryInformation tells about VMs and recovery points.

Codes: Microsoft's page getsummaryinformation-msvm-virtualsystemmanagementservice. Those from 116 on are paired with
names by position there, and two names stand at 116; whoever asks for the whole range is not touched by that.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import timedelta
from typing import Any, Final

from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.states import Power
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.catalogue import Instance, hyperv_class
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.identities import Sight, settings_id, system_ref
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.machines import RecoveryPoint, Vm
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.views_devices import contact, load
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.views_settings import point_settings
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.views_systems import (
    Values,
    jobs,
    normal,
    up_time,
)

CODES: Final[dict[int, tuple[str, ...]]] = {
    0: ("Name",),
    1: ("ElementName",),
    2: ("CreationTime",),
    3: ("Notes",),
    4: ("NumberOfProcessors",),
    9: ("VirtualSwitchNames",),
    10: ("Version",),
    11: ("Shielded",),
    100: ("EnabledState",),
    101: ("ProcessorLoad",),
    102: ("ProcessorLoadHistory",),
    103: ("MemoryUsage",),
    104: ("Heartbeat",),
    105: ("UpTime",),
    106: ("GuestOperatingSystem",),
    107: ("Snapshots",),
    108: ("AsynchronousTasks",),
    109: ("HealthState",),
    110: ("OperationalStatus",),
    111: ("StatusDescriptions",),
    112: ("MemoryAvailable",),
    113: ("AvailableMemoryBuffer",),
    114: ("ReplicationMode",),
    115: ("ReplicationState",),
    116: ("ReplicationHealth",),
    117: ("TestReplicaSystem",),
    118: ("ApplicationHealth",),
    119: ("ReplicationStateEx",),
    120: ("ReplicationHealthEx",),
    121: ("SwapFilesInUse",),
    122: ("IntegrationServicesVersionState",),
    123: ("ReplicationProviderId",),
    132: ("MemorySpansPhysicalNumaNodes", "OtherEnabledState"),
    133: ("VirtualSystemSubType", "EnhancedSessionModeState"),
}
#: Shown whatever was asked for (that page: Name is always returned).
ALWAYS: Final = frozenset({"InstanceID", "Name"})


def summary(sight: Sight, one: Vm | RecoveryPoint, codes: Collection[int]) -> Instance:
    """The summary of a VM or a recovery point; what was not asked for stays null."""
    wanted = ALWAYS.union(*(CODES.get(code, ()) for code in codes))
    known = _vm(sight, one) if isinstance(one, Vm) else _point(sight, one)
    values = {name: value for name, value in known.items() if name in wanted}
    return Instance(hyperv_class("Msvm_SummaryInformation"), values)


def summaries(sight: Sight) -> Iterator[Values]:
    """Msvm_SummaryInformation enumerated: its page calls it dynamic; every VM with all there is to know."""
    for vm in sight.vms:
        yield summary(sight, vm, CODES).values


def _vm(sight: Sight, vm: Vm) -> Values:
    ordered = [vm.relationships[index] for index in sorted(vm.relationships)]
    test_copy = next((copy for copy in sight.vms if copy.test_of == vm.guid), None)
    on = vm.alive or vm.power is Power.PAUSED
    heartbeat = int(contact(vm)) if on else None
    return {
        **normal(sight),
        "ApplicationHealth": 2 if heartbeat == 2 else None,
        "AsynchronousTasks": _tasks(sight, vm),
        "CreationTime": vm.created,
        "ElementName": vm.name,
        "EnabledState": int(vm.power),
        "EnhancedSessionModeState": 6,
        "GuestOperatingSystem": vm.guest.os if heartbeat == 2 else None,
        "Heartbeat": heartbeat,
        "InstanceID": settings_id(vm.guid),
        "IntegrationServicesVersionState": 1 if heartbeat == 2 else 0,
        "MemoryAvailable": None,
        "MemorySpansPhysicalNumaNodes": False,
        "MemoryUsage": vm.memory >> 20 if on else 0,
        "Name": vm.guid,
        "Notes": "\n".join(vm.notes),
        "NumberOfProcessors": vm.processors,
        "ProcessorLoad": load(vm),
        "ProcessorLoadHistory": [load(vm)],
        "ReplicationHealth": int(vm.relationship.health),
        "ReplicationHealthEx": [int(relationship.health) for relationship in ordered],
        "ReplicationMode": int(vm.mode),
        "ReplicationProviderId": [relationship.settings.provider for relationship in ordered],
        "ReplicationState": int(vm.state),
        "ReplicationStateEx": [int(relationship.state) for relationship in ordered],
        "Shielded": False,
        "Snapshots": _snapshots(sight, vm),
        "SwapFilesInUse": False,
        "TestReplicaSystem": system_ref(test_copy.guid) if test_copy else None,
        "UpTime": up_time(sight, vm) // timedelta(milliseconds=1),
        "Version": vm.version,
        "VirtualSwitchNames": [adapter.switch for adapter in vm.adapters if adapter.switch],
        "VirtualSystemSubType": f"Microsoft:Hyper-V:SubType:{vm.generation}",
    }


def _point(sight: Sight, point: RecoveryPoint) -> Values:
    return {
        "CreationTime": point.created,
        "ElementName": point.name,
        "InstanceID": settings_id(point.guid),
        "Name": point.guid,
    }


def _tasks(sight: Sight, vm: Vm) -> list[Instance]:
    running = {job.guid for job in sight.host.running_jobs(vm.guid)}
    of = hyperv_class("Msvm_ConcreteJob")
    return [Instance(of, values) for values in jobs(sight) if values["InstanceID"] in running]


def _snapshots(sight: Sight, vm: Vm) -> list[Any]:
    of = hyperv_class("Msvm_VirtualSystemSettingData")
    return [Instance(of, point_settings(sight, vm, point)) for point in vm.recovery_points]
