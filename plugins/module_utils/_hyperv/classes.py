# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""WMI classes by name, and what is asked for of each; the properties are those of Microsoft's page of the class."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.states import VirtualSystemType
from ansible_collections.hyperv.replica.plugins.module_utils._wire.names import CIMV2, MSCLUSTER

SYSTEM: Final = "Msvm_ComputerSystem"
RELATIONSHIP: Final = "Msvm_ReplicationRelationship"
SETTINGS: Final = "Msvm_ReplicationSettingData"
SYSTEM_SETTINGS: Final = "Msvm_VirtualSystemSettingData"
JOB: Final = "Msvm_ConcreteJob"
JOB_LINK: Final = "Msvm_AffectedJobElement"
SERVICE: Final = "Msvm_ReplicationService"
MANAGEMENT: Final = "Msvm_VirtualSystemManagementService"
SERVICE_SETTINGS: Final = "Msvm_ReplicationServiceSettingData"
AUTHORIZATION: Final = "Msvm_ReplicationAuthorizationSettingData"
HEARTBEAT: Final = "Msvm_HeartbeatComponent"
KEY_VALUES: Final = "Msvm_KvpExchangeComponent"
SHUTDOWN: Final = "Msvm_ShutdownComponent"
TEST_LINK: Final = "Msvm_ReplicaSystemDependency"
POINT_LINK: Final = "Msvm_SnapshotOfVirtualSystem"
CONNECTION: Final = "Msvm_EthernetPortAllocationSettingData"
PORT: Final = "Msvm_SyntheticEthernetPortSettingData"
SWITCH: Final = "Msvm_VirtualEthernetSwitch"
FAILOVER_ADDRESSES: Final = "Msvm_FailoverNetworkAdapterSettingData"
FAILOVER_LINK: Final = "Msvm_EthernetPortFailoverSettingDataComponent"
DISK: Final = "Msvm_StorageAllocationSettingData"
DRIVE: Final = "Msvm_ResourceAllocationSettingData"
MEMORY_SETTINGS: Final = "Msvm_MemorySettingData"
PROCESSOR_SETTINGS: Final = "Msvm_ProcessorSettingData"
SECURITY_SETTINGS: Final = "Msvm_SecuritySettingData"
VLAN_SETTINGS: Final = "Msvm_EthernetSwitchPortVlanSettingData"
MANAGEMENT_SETTINGS: Final = "Msvm_VirtualSystemManagementServiceSettingData"
VOLUME: Final = "Win32_Volume"
OPERATING_SYSTEM: Final = "Win32_OperatingSystem"
DATA_FILE: Final = "CIM_DataFile"
CLUSTER: Final = "MSCluster_Cluster"
CLUSTER_NODE: Final = "MSCluster_Node"
CLUSTER_GROUP: Final = "MSCluster_ResourceGroup"
CLUSTER_RESOURCE: Final = "MSCluster_Resource"

#: Namespaces of classes that are not in the one of Hyper-V.
NAMESPACES: Final[Mapping[str, str]] = {
    OPERATING_SYSTEM: CIMV2,
    VOLUME: CIMV2,
    **dict.fromkeys((CLUSTER, CLUSTER_NODE, CLUSTER_GROUP, CLUSTER_RESOURCE), MSCLUSTER),
}

#: Own properties of Msvm_ReplicationSettingData with their CIM types, in the order of Microsoft's page of the class.
OWN_SETTINGS: Final[Mapping[str, str]] = {
    "VirtualSystemIdentifier": "string",
    "AuthenticationType": "uint16",
    "CertificateThumbPrint": "string",
    "RootCertificateThumbPrint": "string",
    "CompressionEnabled": "boolean",
    "BypassProxyServer": "boolean",
    "RecoveryConnectionPoint": "string",
    "RecoveryHostSystem": "string",
    "PrimaryConnectionPoint": "string",
    "PrimaryHostSystem": "string",
    "RecoveryServerPortNumber": "uint16",
    "ReplicateHostKvpItems": "boolean",
    "ApplicationConsistentSnapshotInterval": "uint16",
    "RecoveryHistory": "uint16",
    "IncludedDisks": "string[]",
    "AutoResynchronizeEnabled": "boolean",
    "AutoResynchronizeIntervalStart": "datetime",
    "AutoResynchronizeIntervalEnd": "datetime",
    "EnableWriteOrderPreservationAcrossDisks": "boolean",
    "ReplicationProvider": "string",
    "AdditionalSettings": "string",
    "ReplicationInterval": "uint16",
}

#: Those that Windows Server 2012 does not have (same page): left out where the host does not show them.
SINCE_2012_R2: Final = frozenset({"ReplicationProvider", "AdditionalSettings", "ReplicationInterval"})

_REPLICATION: Final = (
    "ReplicationState",
    "ReplicationHealth",
    "FailedOverReplicationType",
    "LastReplicationType",
    "LastApplicationConsistentReplicationTime",
    "LastReplicationTime",
)

#: Of a machine itself, on Msvm_ComputerSystem; a preflight alone wants to know.
HEALTH: Final = "HealthState"

#: What is asked for of each class; all of it where a class is not listed.
PROPERTIES: Final[Mapping[str, tuple[str, ...]]] = {
    SYSTEM: (
        "Name",
        "ElementName",
        "EnabledState",
        "RequestedState",
        "ReplicationMode",
        "OnTimeInMilliseconds",
        "TimeOfLastStateChange",
        *_REPLICATION,
    ),
    RELATIONSHIP: ("InstanceID", *_REPLICATION, "LastApplyTime"),
    SETTINGS: ("InstanceID", *OWN_SETTINGS),
    SYSTEM_SETTINGS: (
        "InstanceID",
        "ElementName",
        "VirtualSystemIdentifier",
        "VirtualSystemType",
        "CreationTime",
        "AutomaticStartupAction",
        "Notes",
        "Version",
    ),
    JOB: (
        "InstanceID",
        "JobType",
        "JobState",
        "PercentComplete",
        "ErrorCode",
        "ErrorDescription",
        "ErrorSummaryDescription",
        "StartTime",
    ),
    HEARTBEAT: ("SystemName", "OperationalStatus"),
    KEY_VALUES: ("SystemName", "GuestIntrinsicExchangeItems"),
    SERVICE: ("CreationClassName", "Name", "SystemCreationClassName", "SystemName", "OperationalStatus"),
    SHUTDOWN: ("CreationClassName", "DeviceID", "SystemCreationClassName", "SystemName"),
    CONNECTION: (
        "InstanceID",
        "ElementName",
        "EnabledState",
        "HostResource",
        "LastKnownSwitchName",
        "PoolID",
        "TestReplicaPoolID",
        "TestReplicaSwitchName",
    ),
    PORT: ("InstanceID", "ElementName", "Address", "StaticMacAddress"),
    SWITCH: ("Name", "ElementName"),
    DISK: ("InstanceID", "HostResource"),
    DRIVE: ("InstanceID", "ResourceSubType", "HostResource"),
    MEMORY_SETTINGS: ("InstanceID", "VirtualQuantity", "Reservation", "Limit", "DynamicMemoryEnabled"),
    PROCESSOR_SETTINGS: ("InstanceID", "VirtualQuantity"),
    SECURITY_SETTINGS: ("InstanceID", "TpmEnabled"),
    MANAGEMENT_SETTINGS: ("InstanceID", "MinimumMacAddress", "MaximumMacAddress"),
    VOLUME: ("Name", "Capacity", "FreeSpace"),
    OPERATING_SYSTEM: (
        "CSName",
        "LocalDateTime",
        "LastBootUpTime",
        "Version",
        "FreePhysicalMemory",
        "TotalVisibleMemorySize",
    ),
    CLUSTER: ("Name", "Fqdn"),
    CLUSTER_NODE: ("Name", "State"),
    CLUSTER_GROUP: ("Name", "State", "GroupType", "OwnerNode", "PersistentState"),
    CLUSTER_RESOURCE: ("Name", "Type", "State", "OwnerGroup", "OwnerNode", "PrivateProperties"),
}

#: Types of settings that are recovery points.
POINT_TYPES: Final = (
    VirtualSystemType.POINT_STANDARD,
    VirtualSystemType.POINT_APPLICATION_CONSISTENT,
    VirtualSystemType.POINT_PLANNED_FAILOVER,
)
