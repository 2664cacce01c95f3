# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Settings of virtual machines, of their parts and of their replication, as WMI shows them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.states import (
    Power,
    ReplicationState,
    VirtualSystemType,
)
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.elements import path_text
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.identities import (
    MEMORY_ID,
    PROCESSOR_ID,
    SECURITY_ID,
    Sight,
    connection_id,
    failover_id,
    included_disk,
    never,
    provider_ref,
    setting_ref,
    settings_id,
    switch_ref,
)
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.machines import (
    Adapter,
    Checkpoint,
    RecoveryPoint,
    Relationship,
    Vm,
)
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.views_storage import STORAGE_VIEWS
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.views_systems import Values, View

_MIB: Final = 1 << 20


def shown_relationships(sight: Sight, vm: Vm) -> list[Relationship]:
    """The relationships of which the host shows an instance."""
    every = [vm.relationships[index] for index in sorted(vm.relationships)]
    if vm.test_of:
        return every if sight.world.switches.is_("test_copy_relationship", "state_0") else []
    if sight.world.switches.is_("unreplicated_relationship", "state_0"):
        return every
    return [one for one in every if one.state is not ReplicationState.DISABLED]


def relationships(sight: Sight) -> Iterator[Values]:
    """Msvm_ReplicationRelationship."""
    for vm in sight.vms:
        for one in shown_relationships(sight, vm):
            yield {
                "Caption": sight.said("replication_settings"),
                "Description": sight.said("replication_settings"),
                "ElementName": vm.name,
                "FailedOverReplicationType": int(one.failed_over_type),
                "InstanceID": one.instance_id(vm.guid),
                "LastApplicationConsistentReplicationTime": one.last_application_consistent_time or never(sight),
                "LastApplyTime": one.last_apply_time or never(sight),
                "LastReplicationTime": one.last_replication_time or never(sight),
                "LastReplicationType": int(one.last_type),
                "ReplicationHealth": int(one.health),
                "ReplicationState": int(one.state),
            }


def replication_settings(sight: Sight) -> Iterator[Values]:
    """Msvm_ReplicationSettingData; every VM has it, replicated or not (recorded from a real host)."""
    for vm in sight.vms:
        for index in sorted(vm.relationships):
            yield _replication_settings(sight, vm, vm.relationships[index])


def _replication_settings(sight: Sight, vm: Vm, one: Relationship) -> Values:
    known = one.settings
    provider = provider_ref(sight, known.provider)
    return {
        "AdditionalSettings": known.additional_settings or None,
        "ApplicationConsistentSnapshotInterval": known.application_consistent_interval,
        "AuthenticationType": known.authentication_type,
        "AutoResynchronizeEnabled": known.auto_resynchronize,
        "AutoResynchronizeIntervalEnd": known.auto_resynchronize_end,
        "AutoResynchronizeIntervalStart": known.auto_resynchronize_start,
        "BypassProxyServer": known.bypass_proxy_server,
        "Caption": sight.said("replication_settings"),
        "CertificateThumbPrint": known.certificate_thumbprint or None,
        "CompressionEnabled": known.compression_enabled,
        "Description": sight.said("replication_settings"),
        "ElementName": vm.name,
        "EnableWriteOrderPreservationAcrossDisks": known.write_order_preservation,
        "IncludedDisks": [included_disk(sight, disk) for disk in known.included_disks],
        "InstanceID": one.instance_id(vm.guid),
        "PrimaryConnectionPoint": known.primary_connection_point or None,
        "PrimaryHostSystem": known.primary_host_system or None,
        "RecoveryConnectionPoint": known.recovery_connection_point or None,
        "RecoveryHistory": known.recovery_history,
        "RecoveryHostSystem": known.recovery_host_system or None,
        "RecoveryServerPortNumber": known.recovery_server_port,
        "ReplicateHostKvpItems": known.replicate_host_kvp_items,
        "ReplicationInterval": known.replication_interval,
        "ReplicationProvider": path_text(provider, sight.host.name),
        "RootCertificateThumbPrint": known.root_certificate_thumbprint or None,
        "VirtualSystemIdentifier": vm.guid,
        "VirtualSystemType": VirtualSystemType.REPLICATION.value,
    }


def system_settings(sight: Sight) -> Iterator[Values]:
    """Msvm_VirtualSystemSettingData: the settings of each VM, then its recovery points."""
    for vm in sight.vms:
        yield active_settings(sight, vm)
        for checkpoint in vm.checkpoints:
            yield checkpoint_settings(sight, vm, checkpoint)
        for point in vm.recovery_points:
            yield point_settings(sight, vm, point)


def active_settings(sight: Sight, vm: Vm) -> Values:
    """The settings a VM has now."""
    root = vm.configuration_root
    return {
        "Architecture": "x64",
        "AutomaticCriticalErrorAction": 1,
        "AutomaticRecoveryAction": 3,
        "AutomaticShutdownAction": 3,
        "AutomaticStartupAction": int(vm.start_action),
        "AutomaticStartupActionDelay": vm.start_delay,
        "AutomaticStartupActionSequenceNumber": 0,
        "BIOSGUID": f"{{{vm.guid}}}",
        "BootOrder": [4, 3] if vm.generation == 2 else [1, 2, 3, 0],
        "Caption": sight.said("virtual_machine_settings"),
        "ConfigurationDataRoot": root,
        "ConfigurationFile": f"Virtual Machines\\{vm.guid}.vmcx",
        "ConfigurationID": vm.guid,
        "CreationTime": vm.created,
        "Description": sight.said("virtual_machine_settings"),
        "ElementName": vm.name,
        "IncrementalBackupEnabled": False,
        "InstanceID": settings_id(vm.guid),
        "IsAutomaticSnapshot": False,
        "IsSaved": vm.power is Power.SAVED,
        "Notes": vm.notes,
        "SecureBootEnabled": vm.generation == 2,
        "SnapshotDataRoot": root,
        "SuspendDataRoot": root,
        "SwapFileDataRoot": root,
        "UserSnapshotType": 3,
        "Version": vm.version,
        "VirtualNumaEnabled": True,
        "VirtualSystemIdentifier": vm.guid,
        "VirtualSystemSubType": f"Microsoft:Hyper-V:SubType:{vm.generation}",
        "VirtualSystemType": VirtualSystemType.REALIZED.value,
    }


def checkpoint_settings(sight: Sight, vm: Vm, checkpoint: Checkpoint) -> Values:
    """An ordinary checkpoint, or one that a backup made and left (enumeration VirtualSystemType of that class)."""
    kind = VirtualSystemType.SNAPSHOT_RECOVERY if checkpoint.backup else VirtualSystemType.SNAPSHOT
    own = {
        "ConfigurationFile": f"Snapshots\\{checkpoint.guid}.vmcx",
        "ConfigurationID": checkpoint.guid,
        "CreationTime": checkpoint.created,
        "ElementName": checkpoint.name,
        "InstanceID": settings_id(checkpoint.guid),
        "IsSaved": False,
        "VirtualSystemType": kind.value,
    }
    return {**active_settings(sight, vm), **own}


def security_settings(sight: Sight) -> Iterator[Values]:
    """Msvm_SecuritySettingData (its page); generation 1 has none."""
    for vm in sight.vms:
        if vm.generation == 2:
            yield {
                "Caption": sight.said("virtual_machine_settings"),
                "DataProtectionRequested": False,
                "ElementName": vm.name,
                "EncryptStateAndVmMigrationTraffic": vm.tpm,
                "InstanceID": f"{settings_id(vm.guid)}\\{SECURITY_ID}",
                "KsdEnabled": False,
                "ShieldingRequested": False,
                "TpmEnabled": vm.tpm,
                "VirtualizationBasedSecurityOptOut": False,
            }


def point_settings(sight: Sight, vm: Vm, point: RecoveryPoint) -> Values:
    """A recovery point, which is a snapshot's settings."""
    own = {
        "Caption": sight.said("recovery_point"),
        "ConfigurationFile": f"Snapshots\\{point.guid}.vmcx",
        "ConfigurationID": point.guid,
        "CreationTime": point.created,
        "ElementName": point.name,
        "InstanceID": settings_id(point.guid),
        "IsSaved": False,
        "VirtualSystemType": point.kind.system_type.value,
    }
    if sight.world.switches.is_("point_owner", "point"):
        own["VirtualSystemIdentifier"] = point.guid
    return {**active_settings(sight, vm), **own}


def memory_settings(sight: Sight) -> Iterator[Values]:
    """Msvm_MemorySettingData."""
    for vm in sight.vms:
        size = vm.memory // _MIB
        yield {
            "AllocationUnits": "byte * 2^20",
            "AutomaticAllocation": True,
            "Caption": sight.said("memory"),
            "ConsumerVisibility": 3,
            "Description": sight.said("memory"),
            "DynamicMemoryEnabled": False,
            "ElementName": sight.said("memory"),
            "InstanceID": f"Microsoft:{vm.guid}\\{MEMORY_ID}",
            "IsVirtualized": True,
            "Limit": size,
            "Reservation": size,
            "ResourceSubType": "Microsoft:Hyper-V:Memory",
            "ResourceType": 4,
            "TargetMemoryBuffer": 20,
            "VirtualQuantity": size,
            "VirtualQuantityUnits": "byte * 2^20",
            "Weight": 5000,
        }


def processor_settings(sight: Sight) -> Iterator[Values]:
    """Msvm_ProcessorSettingData."""
    for vm in sight.vms:
        yield {
            "AllocationUnits": "percent / 1000",
            "AutomaticAllocation": True,
            "Caption": sight.said("processor"),
            "ConsumerVisibility": 3,
            "Description": sight.said("processor"),
            "ElementName": sight.said("processor"),
            "InstanceID": f"Microsoft:{vm.guid}\\{PROCESSOR_ID}\\0",
            "Limit": 100000,
            "LimitProcessorFeatures": False,
            "Reservation": 0,
            "ResourceSubType": "Microsoft:Hyper-V:Processor",
            "ResourceType": 3,
            "VirtualQuantity": vm.processors,
            "VirtualQuantityUnits": "count",
            "Weight": 100,
        }


def ports(sight: Sight) -> Iterator[Values]:
    """Msvm_SyntheticEthernetPortSettingData."""
    for vm in sight.vms:
        for adapter in vm.adapters:
            yield {
                "Address": adapter.mac,
                "AutomaticAllocation": True,
                "Caption": sight.said("network_adapter"),
                "ClusterMonitored": True,
                "ElementName": adapter.name,
                "InstanceID": adapter.instance_id,
                "ResourceSubType": "Microsoft:Hyper-V:Synthetic Ethernet Port",
                "ResourceType": 10,
                "StaticMacAddress": not adapter.dynamic_mac,
                "VirtualQuantity": 1,
                "VirtualQuantityUnits": "count",
                "VirtualSystemIdentifiers": [f"{{{adapter.instance_id.rpartition(chr(92))[2]}}}"],
            }


def connections(sight: Sight) -> Iterator[Values]:
    """Msvm_EthernetPortAllocationSettingData."""
    for vm in sight.vms:
        for adapter in vm.adapters:
            yield _connection(sight, adapter)


def _connection(sight: Sight, adapter: Adapter) -> Values:
    port = setting_ref("Msvm_SyntheticEthernetPortSettingData", adapter.instance_id)
    switch = path_text(switch_ref(sight.host, adapter.switch), sight.host.name)
    return {
        "AutomaticAllocation": True,
        "Caption": sight.said("network_adapter"),
        "ConsumerVisibility": 3,
        "ElementName": adapter.name,
        "EnabledState": 2 if adapter.switch else 3,
        "HostResource": [switch] if adapter.switch else None,
        "InstanceID": connection_id(adapter),
        "LastKnownSwitchName": adapter.switch or None,
        "Parent": path_text(port, sight.host.name),
        "ResourceSubType": "Microsoft:Hyper-V:Ethernet Connection",
        "ResourceType": 33,
        "TestReplicaPoolID": adapter.test_pool or None,
        "TestReplicaSwitchName": adapter.test_switch or None,
        "VirtualQuantity": 1,
        "VirtualQuantityUnits": "count",
        "Weight": 0,
    }


def vlans(sight: Sight) -> Iterator[Values]:
    """Msvm_EthernetSwitchPortVlanSettingData, where an adapter has a VLAN."""
    for vm in sight.vms:
        for adapter in vm.adapters:
            if adapter.vlan:
                yield {
                    "AccessVlanId": adapter.vlan,
                    "ElementName": adapter.name,
                    "InstanceID": f"{connection_id(adapter)}\\VLAN",
                    "OperationMode": 1,
                }


def failover_addresses(sight: Sight) -> Iterator[Values]:
    """Msvm_FailoverNetworkAdapterSettingData."""
    for vm in sight.vms:
        for adapter in vm.adapters:
            known = adapter.failover
            yield {
                "DHCPEnabled": known.dhcp,
                "DNSServers": known.dns,
                "DefaultGateways": known.gateways,
                "IPAddresses": known.addresses,
                "InstanceID": failover_id(adapter),
                "ProtocolIFType": known.protocol,
                "Subnets": known.subnets,
            }


def guest_addresses(sight: Sight) -> Iterator[Values]:
    """Msvm_GuestNetworkAdapterConfiguration: what the guest reports, on its first adapter."""
    for vm in sight.vms:
        for number, adapter in enumerate(vm.adapters):
            known = vm.guest.addresses if number == 0 and vm.guest.up_since and vm.guest.answers else []
            yield {
                "DHCPEnabled": True,
                "IPAddressOrigins": [0] * len(known),
                "IPAddresses": known,
                "InstanceID": f"Microsoft:GuestNetwork\\{adapter.instance_id.removeprefix('Microsoft:')}",
                "ProtocolIFType": 4096,
            }


SETTING_VIEWS: Final[dict[str, View]] = {
    "Msvm_SecuritySettingData": security_settings,
    "Msvm_ReplicationRelationship": relationships,
    "Msvm_ReplicationSettingData": replication_settings,
    "Msvm_VirtualSystemSettingData": system_settings,
    "Msvm_MemorySettingData": memory_settings,
    "Msvm_ProcessorSettingData": processor_settings,
    **STORAGE_VIEWS,
    "Msvm_SyntheticEthernetPortSettingData": ports,
    "Msvm_EthernetPortAllocationSettingData": connections,
    "Msvm_EthernetSwitchPortVlanSettingData": vlans,
    "Msvm_FailoverNetworkAdapterSettingData": failover_addresses,
    "Msvm_GuestNetworkAdapterConfiguration": guest_addresses,
}
