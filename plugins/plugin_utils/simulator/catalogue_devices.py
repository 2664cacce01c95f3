# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Classes of root/virtualization/v2 that generic Hyper-V clients read: settings, devices, services, networks.

Source: Microsoft's page of each class (HyperV_v2).
"""

from __future__ import annotations

from typing import Final

from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.catalogue_cim import Table

DEVICES: Final[Table] = {
    "Msvm_MemorySettingData": (
        "CIM_ResourceAllocationSettingData",
        (
            "HugePagesEnabled:boolean DynamicMemoryEnabled:boolean SwapFilesInUse:boolean TargetMemoryBuffer:uint32 "
            "MaxMemoryBlocksPerNumaNode:uint64 SgxEnabled:boolean SgxSize:uint64 IsVirtualized:boolean"
        ),
    ),
    "Msvm_ProcessorSettingData": (
        "CIM_ResourceAllocationSettingData",
        (
            "LimitCPUID:boolean LimitProcessorFeatures:boolean LimitProcessorFeaturesMode:string "
            "HwThreadsPerCore:uint64 MaxProcessorsPerNumaNode:uint64 MaxNumaNodesPerSocket:uint64 "
            "EnableHostResourceProtection:boolean CpuGroupId:string HideHypervisorPresent:boolean "
            "ExposeVirtualizationExtensions:boolean AllowACountMCount:boolean"
        ),
    ),
    "Msvm_ResourceAllocationSettingData": (
        "CIM_ResourceAllocationSettingData",
        "VirtualSystemIdentifiers:string[] DebuggerMode:boolean",
    ),
    "Msvm_StorageAllocationSettingData": (
        "CIM_StorageAllocationSettingData",
        (
            "SnapshotId:string CachingMode:uint16 PersistentReservationsSupported:boolean "
            "WriteHardeningMethod:uint16 IgnoreFlushes:boolean IOPSLimit:uint64 IOPSReservation:uint64 "
            "IOPSAllocationUnits:string StorageQoSPolicyID:string"
        ),
    ),
    "Msvm_SyntheticEthernetPortSettingData": (
        "CIM_ResourceAllocationSettingData",
        (
            "DesiredVLANEndpointMode:uint16 OtherEndpointMode:string VirtualSystemIdentifiers:string[] "
            "StaticMacAddress:boolean ClusterMonitored:boolean AllowPacketDirect:boolean "
            "NumaAwarePlacement:boolean DeviceNamingEnabled:boolean InterruptModeration:boolean"
        ),
    ),
    "Msvm_SerialPortSettingData": ("CIM_ResourceAllocationSettingData", "DebuggerMode:boolean"),
    "Msvm_EmulatedEthernetPortSettingData": (
        "CIM_ResourceAllocationSettingData",
        (
            "DesiredVLANEndpointMode:uint16 OtherEndpointMode:string VirtualSystemIdentifiers:string[] "
            "StaticMacAddress:boolean ClusterMonitored:boolean"
        ),
    ),
    "Msvm_SecuritySettingData": (
        "CIM_SettingData",
        (
            "TpmEnabled:boolean KsdEnabled:boolean ShieldingRequested:boolean DataProtectionRequested:boolean "
            "EncryptStateAndVmMigrationTraffic:boolean VirtualizationBasedSecurityOptOut:boolean"
        ),
    ),
    "Msvm_EthernetSwitchPortVlanSettingData": (
        "CIM_SettingData",
        (
            "AccessVlanId:uint16 NativeVlanId:uint16 OperationMode:uint32 PrimaryVlanId:uint16 "
            "PruneVlanIdArray:uint16[] SecondaryVlanId:uint16 TrunkVlanIdArray:uint16[]"
        ),
    ),
    "Msvm_VirtualEthernetSwitch": ("CIM_ComputerSystem", "MaxVMQOffloads:uint32 MaxIOVOffloads:uint32"),
    "Msvm_SyntheticEthernetPort": ("CIM_EthernetPort", ""),
    "Msvm_Memory": ("CIM_Memory", "SwapFilesInUse:boolean"),
    "Msvm_Processor": (
        "CIM_Processor",
        (
            "Role:string Family:uint16 UpgradeMethod:uint16 MaxClockSpeed:uint32 CurrentClockSpeed:uint32 "
            "DataWidth:uint16 AddressWidth:uint16 LoadPercentage:uint16 LoadPercentageHistory:uint16[] "
            "CPUStatus:uint16"
        ),
    ),
    "Msvm_DiskDrive": ("CIM_DiskDrive", "MaxMediaSize:uint64 DefaultBlockSize:uint64"),
    "Msvm_LogicalDisk": ("CIM_LogicalDisk", ""),
    "Msvm_TimeSyncComponent": ("CIM_LogicalDevice", ""),
    "Msvm_VssComponent": ("CIM_LogicalDevice", ""),
    "Msvm_GuestServiceInterfaceComponent": ("CIM_LogicalDevice", ""),
    "Msvm_VirtualSystemManagementServiceSettingData": (
        "CIM_SettingData",
        (
            "DefaultExternalDataRoot:string DefaultVirtualHardDiskPath:string MinimumMacAddress:string "
            "MaximumMacAddress:string BiosLockString:string MinimumWWPNAddress:string MaximumWWPNAddress:string "
            "CurrentWWNNAddress:string NumaSpanningEnabled:boolean EnhancedSessionModeEnabled:boolean "
            "HypervisorRootSchedulerEnabled:boolean"
        ),
    ),
    "Msvm_VirtualSystemManagementCapabilities": ("CIM_SettingData", "ElementNameEditSupported:boolean"),
    "Msvm_ImageManagementService": ("CIM_Service", ""),
    "Msvm_VirtualSystemSnapshotService": ("CIM_VirtualSystemSnapshotService", ""),
    "Msvm_VirtualEthernetSwitchManagementService": ("CIM_Service", ""),
    "Msvm_SecurityService": ("CIM_Service", ""),
}

DEVICE_LINKS: Final[Table] = {
    "Msvm_EthernetPortSettingDataComponent": ("CIM_Component", ""),
}
