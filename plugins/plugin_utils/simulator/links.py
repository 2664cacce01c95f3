# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Associations: which instance of a host belongs to which, as WMI shows them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.identities import (
    MEMORY_ID,
    PROCESSOR_ID,
    Sight,
    connection_id,
    controller_id,
    device_ref,
    drive_id,
    failover_id,
    service_ref,
    service_settings_id,
    setting_ref,
    settings_id,
    system_ref,
)
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.machines import Vm
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.values import Ref
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.views_devices import (
    COMPONENTS,
    component_id,
    has_components,
    memory,
    processors,
)
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.views_settings import shown_relationships
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.views_storage import controllers
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.views_systems import (
    SERVICES,
    Values,
    View,
    authorization_id,
)


def _dependency(antecedent: Ref, dependent: Ref) -> Values:
    return {"Antecedent": antecedent, "Dependent": dependent}


def _component(group: Ref, part: Ref) -> Values:
    return {"GroupComponent": group, "PartComponent": part}


def relationships(sight: Sight) -> Iterator[Values]:
    """Msvm_SystemReplicationRelationship."""
    for vm in sight.vms:
        for one in shown_relationships(sight, vm):
            shown = setting_ref("Msvm_ReplicationRelationship", one.instance_id(vm.guid))
            yield _dependency(system_ref(vm.guid), shown)


def element_settings(sight: Sight) -> Iterator[Values]:
    """Msvm_ElementSettingData: VM and replication settings, service and its settings and entries."""
    service = service_ref(sight, "Msvm_ReplicationService", "replicasvc")
    for vm in sight.vms:
        for one in vm.relationships.values():
            shown = setting_ref("Msvm_ReplicationSettingData", one.instance_id(vm.guid))
            yield _setting(system_ref(vm.guid), shown)
    yield _setting(service, setting_ref("Msvm_ReplicationServiceSettingData", service_settings_id(sight)))
    for entry in sight.host.replica_server.entries:
        instance_id = authorization_id(sight, entry.primary)
        yield _setting(service, setting_ref("Msvm_ReplicationAuthorizationSettingData", instance_id))
    management = service_ref(sight, "Msvm_VirtualSystemManagementService", "vmms")
    settings = setting_ref("Msvm_VirtualSystemManagementServiceSettingData", f"Microsoft:{sight.host.name}")
    yield _setting(management, settings)


def _setting(element: Ref, setting: Ref) -> Values:
    return {"ManagedElement": element, "SettingData": setting, "IsCurrent": 1, "IsDefault": 1, "IsNext": 0}


def test_copies(sight: Sight) -> Iterator[Values]:
    """Msvm_ReplicaSystemDependency: a replica and its test copy."""
    for vm in sight.vms:
        if vm.test_of and sight.host.vm(vm.test_of):
            yield _dependency(system_ref(vm.test_of), system_ref(vm.guid))


def snapshots(sight: Sight) -> Iterator[Values]:
    """Msvm_SnapshotOfVirtualSystem."""
    for vm in sight.vms:
        guids = [*(one.guid for one in vm.checkpoints), *(point.guid for point in vm.recovery_points)]
        for guid in guids:
            yield _dependency(system_ref(vm.guid), _settings(guid))


def newest_snapshots(sight: Sight) -> Iterator[Values]:
    """Msvm_MostCurrentSnapshotInBranch."""
    for vm in sight.vms:
        newest = max(vm.recovery_points, key=lambda point: point.created, default=None)
        if newest is not None:
            yield _dependency(system_ref(vm.guid), _settings(newest.guid))


def defined_states(sight: Sight) -> Iterator[Values]:
    """Msvm_SettingsDefineState."""
    for vm in sight.vms:
        yield {"ManagedElement": system_ref(vm.guid), "SettingData": _settings(vm.guid)}


def _settings(guid: str) -> Ref:
    return setting_ref("Msvm_VirtualSystemSettingData", settings_id(guid))


def setting_parts(sight: Sight) -> Iterator[Values]:
    """Msvm_VirtualSystemSettingDataComponent: settings of a VM and of its parts."""
    for vm in sight.vms:
        for part in _parts(vm):
            yield _component(_settings(vm.guid), part)


def _parts(vm: Vm) -> Iterator[Ref]:
    yield setting_ref("Msvm_MemorySettingData", f"Microsoft:{vm.guid}\\{MEMORY_ID}")
    yield setting_ref("Msvm_ProcessorSettingData", f"Microsoft:{vm.guid}\\{PROCESSOR_ID}\\0")
    for number in controllers(vm):
        yield setting_ref("Msvm_ResourceAllocationSettingData", controller_id(vm, number))
    for disk in vm.disks:
        yield setting_ref("Msvm_ResourceAllocationSettingData", drive_id(disk))
        yield setting_ref("Msvm_StorageAllocationSettingData", disk.instance_id)
    for adapter in vm.adapters:
        yield setting_ref("Msvm_SyntheticEthernetPortSettingData", adapter.instance_id)
        yield setting_ref("Msvm_EthernetPortAllocationSettingData", connection_id(adapter))


def devices(sight: Sight) -> Iterator[Values]:
    """Msvm_SystemDevice: a VM and its devices and integration components."""
    for vm in sight.vms:
        for class_name in COMPONENTS if has_components(sight, vm) else ():
            yield _device(vm, class_name, component_id(vm, class_name))
        for disk in vm.disks:
            yield _device(vm, "Msvm_DiskDrive", drive_id(disk))
            yield _device(vm, "Msvm_LogicalDisk", disk.instance_id)
        for adapter in vm.adapters:
            yield _device(vm, "Msvm_SyntheticEthernetPort", adapter.instance_id)
    for known in (*memory(sight), *processors(sight)):
        vm_name, class_name = known["SystemName"], known["CreationClassName"]
        yield _device(sight.host.vms[vm_name], class_name, known["DeviceID"])


def _device(vm: Vm, class_name: str, device_id: str) -> Values:
    return _component(system_ref(vm.guid), device_ref(vm, class_name, device_id))


def affected(sight: Sight) -> Iterator[Values]:
    """Msvm_AffectedJobElement; a real dump shows ElementEffects {0}."""
    for job in sight.host.jobs.values():
        yield {
            "AffectedElement": system_ref(job.vm_guid or sight.host.name),
            "AffectingElement": setting_ref("Msvm_ConcreteJob", job.guid),
            "ElementEffects": [0],
        }


def services(sight: Sight) -> Iterator[Values]:
    """Msvm_HostedService."""
    for class_name, (name, _caption) in SERVICES.items():
        yield _dependency(system_ref(sight.host.name), service_ref(sight, class_name, name))


def failover_addresses(sight: Sight) -> Iterator[Values]:
    """Msvm_EthernetPortFailoverSettingDataComponent."""
    for vm in sight.vms:
        for adapter in vm.adapters:
            port = setting_ref("Msvm_SyntheticEthernetPortSettingData", adapter.instance_id)
            yield _component(port, setting_ref("Msvm_FailoverNetworkAdapterSettingData", failover_id(adapter)))


def guest_addresses(sight: Sight) -> Iterator[Values]:
    """Msvm_SettingDataComponent."""
    for vm in sight.vms:
        for adapter in vm.adapters:
            port = setting_ref("Msvm_SyntheticEthernetPortSettingData", adapter.instance_id)
            told = f"Microsoft:GuestNetwork\\{adapter.instance_id.removeprefix('Microsoft:')}"
            yield _component(port, setting_ref("Msvm_GuestNetworkAdapterConfiguration", told))


def vlans(sight: Sight) -> Iterator[Values]:
    """Msvm_EthernetPortSettingDataComponent."""
    for vm in sight.vms:
        for adapter in vm.adapters:
            if adapter.vlan:
                known = connection_id(adapter)
                vlan = setting_ref("Msvm_EthernetSwitchPortVlanSettingData", f"{known}\\VLAN")
                yield _component(setting_ref("Msvm_EthernetPortAllocationSettingData", known), vlan)


LINKS: Final[dict[str, View]] = {
    "Msvm_SystemReplicationRelationship": relationships,
    "Msvm_ElementSettingData": element_settings,
    "Msvm_ReplicaSystemDependency": test_copies,
    "Msvm_SnapshotOfVirtualSystem": snapshots,
    "Msvm_MostCurrentSnapshotInBranch": newest_snapshots,
    "Msvm_SettingsDefineState": defined_states,
    "Msvm_VirtualSystemSettingDataComponent": setting_parts,
    "Msvm_SystemDevice": devices,
    "Msvm_AffectedJobElement": affected,
    "Msvm_HostedService": services,
    "Msvm_EthernetPortFailoverSettingDataComponent": failover_addresses,
    "Msvm_SettingDataComponent": guest_addresses,
    "Msvm_EthernetPortSettingDataComponent": vlans,
}
