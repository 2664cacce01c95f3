# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Classes of root/virtualization/v2 that have to do with replication, with their documented properties.

Source: Microsoft's page of each class (HyperV_v2), and the bindings in microsoft/wmi where a page says less.
"""

from __future__ import annotations

from typing import Final

from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.catalogue_cim import Table

REPLICA: Final[Table] = {
    "Msvm_ReplicationService": ("CIM_Service", ""),
    "Msvm_ReplicationRelationship": (
        "CIM_ManagedSystemElement",
        (
            "InstanceID:string* ReplicationState:uint16 ReplicationHealth:uint16 FailedOverReplicationType:uint16 "
            "LastReplicationType:uint16 LastApplicationConsistentReplicationTime:datetime LastReplicationTime:datetime "
            "LastApplyTime:datetime"
        ),
    ),
    "Msvm_ReplicationSettingData": (
        "CIM_VirtualSystemSettingData",
        (
            "VirtualSystemIdentifier:string AuthenticationType:uint16 CertificateThumbPrint:string "
            "RootCertificateThumbPrint:string CompressionEnabled:boolean BypassProxyServer:boolean "
            "RecoveryConnectionPoint:string RecoveryHostSystem:string PrimaryConnectionPoint:string "
            "PrimaryHostSystem:string RecoveryServerPortNumber:uint16 ReplicateHostKvpItems:boolean "
            "ApplicationConsistentSnapshotInterval:uint16 RecoveryHistory:uint16 IncludedDisks:string[] "
            "AutoResynchronizeEnabled:boolean AutoResynchronizeIntervalStart:datetime "
            "AutoResynchronizeIntervalEnd:datetime EnableWriteOrderPreservationAcrossDisks:boolean "
            "ReplicationProvider:string AdditionalSettings:string ReplicationInterval:uint16"
        ),
    ),
    "Msvm_ReplicationServiceSettingData": (
        "CIM_SettingData",
        (
            "RecoveryServerEnabled:boolean AllowedAuthenticationType:uint16 CertificateThumbPrint:string "
            "HttpsPort:uint16 HttpPort:uint16 MonitoringStartTime:datetime MonitoringInterval:uint32"
        ),
    ),
    "Msvm_ReplicationAuthorizationSettingData": (
        "CIM_SettingData",
        "AllowedPrimaryHostSystem:string TrustGroup:string ReplicaStorageLocation:string",
    ),
    "Msvm_ReplicationProvider": ("CIM_ManagedSystemElement", "InstanceID:string*"),
    "Msvm_ReplicationStatistics": (
        "CIM_ManagedElement",
        (
            "InstanceID:string* StartStatisticTime:datetime EndStatisticTime:datetime ReplicationSuccessCount:uint32 "
            "ReplicationSize:uint64 MaxReplicationSize:uint64 ReplicationLatency:uint32 ReplicationMissCount:uint32 "
            "MaxReplicationLatency:uint32 NetworkFailureCount:uint32 ReplicationFailureCount:uint32 "
            "PendingReplicationSize:uint64 ApplicationConsistentSnapshotFailureCount:uint32 ReplicationHealth:uint32 "
            "LastTestFailoverTime:datetime"
        ),
    ),
    "Msvm_FailoverNetworkAdapterSettingData": (
        "CIM_SettingData",
        (
            "ProtocolIFType:uint16 DHCPEnabled:boolean IPAddresses:string[] Subnets:string[] DefaultGateways:string[] "
            "DNSServers:string[]"
        ),
    ),
    "Msvm_ComputerSystem": (
        "CIM_ComputerSystem",
        (
            "StatusDescriptions:string[] OtherDedicatedDescriptions:string[] OnTimeInMilliseconds:uint64 "
            "ProcessID:uint32 TimeOfLastConfigurationChange:datetime NumberOfNumaNodes:uint16 ReplicationState:uint16 "
            "ReplicationHealth:uint16 ReplicationMode:uint16 FailedOverReplicationType:uint16 "
            "LastReplicationType:uint16 LastApplicationConsistentReplicationTime:datetime LastReplicationTime:datetime "
            "LastSuccessfulBackupTime:datetime EnhancedSessionModeState:uint16 HwThreadsPerCoreRealized:uint32"
        ),
    ),
    "Msvm_ConcreteJob": (
        "CIM_ConcreteJob",
        "ErrorSummaryDescription:string Cancellable:boolean JobType:uint16",
    ),
    "Msvm_VirtualSystemSettingData": (
        "CIM_VirtualSystemSettingData",
        (
            "Caption:string VirtualSystemIdentifier:string BIOSGUID:string BIOSSerialNumber:string "
            "BaseBoardSerialNumber:string ChassisSerialNumber:string Architecture:string ChassisAssetTag:string "
            "BIOSNumLock:boolean BootOrder:uint16[] Parent:string UserSnapshotType:uint16 IsSaved:boolean "
            "AdditionalRecoveryInformation:string AllowFullSCSICommandSet:boolean DebugChannelId:uint32 "
            "DebugPortEnabled:uint16 DebugPort:uint32 Version:string IncrementalBackupEnabled:boolean "
            "VirtualNumaEnabled:boolean AllowReducedFcRedundancy:boolean VirtualSystemSubType:string "
            "BootSourceOrder:string[] PauseAfterBootFailure:boolean NetworkBootPreferredProtocol:uint16 "
            "GuestControlledCacheTypes:boolean AutomaticSnapshotsEnabled:boolean IsAutomaticSnapshot:boolean "
            "GuestStateFile:string GuestStateDataRoot:string LockOnDisconnect:boolean ParentPackage:string "
            "AutomaticCriticalErrorActionTimeout:datetime AutomaticCriticalErrorAction:uint16 ConsoleMode:uint16 "
            "SecureBootEnabled:boolean SecureBootTemplateId:string LowMmioGapSize:uint64 HighMmioGapSize:uint64 "
            "EnhancedSessionTransportType:uint16 BootPciExpress:boolean BootPciExpressInstanceFilter:string "
            "ClusterWideNodeCapabilitiesValidationMode:uint16 EnableHibernation:boolean FirmwareFile:string "
            "FirmwareParameters:uint8[] GuestFeatureSet:uint64 GuestStateIsolationEnabled:boolean "
            "GuestStateIsolationMode:uint16 GuestStateIsolationType:uint16 HighMmioGapBase:uint64 "
            "MemoryHostingJobObjectName:string NumaNodeTopologyArray:string[] TurnOffOnGuestRestart:boolean "
            "VirtualSlitType:uint16 VMBusMessageRedirection:uint16 Vtl2AddressRangeBase:uint64 "
            "Vtl2AddressRangeSize:uint64 Vtl2AddressSpaceConfigurationMode:uint16 Vtl2MmioAddressRangeSize:uint64 "
            "WatchdogEnabled:boolean WorkerJobObjectName:string"
        ),
    ),
    "Msvm_SummaryInformation": (
        "Msvm_SummaryInformationBase",
        (
            "InstanceID:string* AllocatedGPU:string Shielded:boolean AsynchronousTasks:object[] CreationTime:datetime "
            "ElementName:string EnabledState:uint16 OtherEnabledState:string GuestOperatingSystem:string "
            "HealthState:uint16 Heartbeat:uint16 MemoryUsage:uint64 MemoryAvailable:sint32 "
            "AvailableMemoryBuffer:sint32 SwapFilesInUse:boolean Name:string Notes:string Version:string "
            "NumberOfProcessors:uint16 OperationalStatus:uint16[] ProcessorLoad:uint16 ProcessorLoadHistory:uint16[] "
            "Snapshots:object[] StatusDescriptions:string[] ThumbnailImage:uint8[] ThumbnailImageHeight:uint16 "
            "ThumbnailImageWidth:uint16 UpTime:uint64 ReplicationState:uint16 ReplicationStateEx:uint16[] "
            "ReplicationHealth:uint16 ReplicationHealthEx:uint16[] ReplicationMode:uint16 TestReplicaSystem:reference "
            "ApplicationHealth:uint16 IntegrationServicesVersionState:uint16 MemorySpansPhysicalNumaNodes:boolean "
            "ReplicationProviderId:string[] EnhancedSessionModeState:uint16 VirtualSwitchNames:string[] "
            "VirtualSystemSubType:string HostComputerSystemName:string HypervisorPartitionId:uint64"
        ),
    ),
    "Msvm_VirtualSystemManagementService": ("CIM_VirtualSystemManagementService", ""),
    "Msvm_ShutdownComponent": (
        "CIM_LogicalDevice",
        "OtherEnabledState:string",
    ),
    "Msvm_HeartbeatComponent": ("CIM_LogicalDevice", ""),
    "Msvm_KvpExchangeComponent": (
        "CIM_LogicalDevice",
        "OtherEnabledState:string GuestExchangeItems:string[] GuestIntrinsicExchangeItems:string[]",
    ),
    "Msvm_KvpExchangeDataItem": (
        "CIM_ManagedElement",
        "InstanceID:string* Source:uint16 Name:string Data:string",
    ),
    "Msvm_GuestNetworkAdapterConfiguration": (
        "",
        (
            "InstanceID:string* ProtocolIFType:uint16 DHCPEnabled:boolean IPAddresses:string[] Subnets:string[] "
            "DefaultGateways:string[] DNSServers:string[] IPAddressOrigins:uint16[]"
        ),
    ),
    "Msvm_EthernetPortAllocationSettingData": (
        "CIM_EthernetPortAllocationSettingData",
        (
            "EnabledState:uint16 LastKnownSwitchName:string RequiredFeatures:string[] RequiredFeatureHints:string[] "
            "TestReplicaPoolID:string TestReplicaSwitchName:string CompartmentGuid:string PortName:string"
        ),
    ),
    "Msvm_Error": ("CIM_Error", ""),
    "Msvm_SummaryInformationBase": ("", ""),
}

#: Associations, with the roles their superclasses give them.
REPLICA_LINKS: Final[Table] = {
    "Msvm_SystemReplicationRelationship": ("CIM_Dependency", ""),
    "Msvm_ElementSettingData": ("CIM_ElementSettingData", ""),
    "Msvm_ReplicaSystemDependency": ("CIM_Dependency", ""),
    "Msvm_SnapshotOfVirtualSystem": ("CIM_SnapshotOfVirtualSystem", ""),
    "Msvm_MostCurrentSnapshotInBranch": ("CIM_Dependency", ""),
    "Msvm_LastAppliedSnapshot": ("CIM_Dependency", ""),
    "Msvm_SettingsDefineState": ("CIM_SettingsDefineState", ""),
    "Msvm_SystemDevice": ("CIM_SystemDevice", ""),
    "Msvm_AffectedJobElement": ("CIM_AffectedJobElement", ""),
    "Msvm_HostedService": ("CIM_HostedService", ""),
    "Msvm_EthernetPortFailoverSettingDataComponent": ("CIM_Component", ""),
    "Msvm_SettingDataComponent": ("CIM_Component", ""),
    "Msvm_VirtualSystemSettingDataComponent": ("CIM_VirtualSystemSettingDataComponent", ""),
}
