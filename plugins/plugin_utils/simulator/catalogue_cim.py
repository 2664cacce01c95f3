# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Superclasses of the CIM schema as root/virtualization/v2 has them.

Each row: class, superclass, its own properties as ``name:type``, with ``[]`` for an array and ``*`` for a key. Sources:
the property lists of Microsoft's pages of the Msvm_* classes, which name where each property is inherited from; the
DMTF schema for what stands between.
"""

from __future__ import annotations

from typing import Final

#: Class: its superclass and its own properties.
Table = dict[str, tuple[str, str]]

BASES: Final[Table] = {
    "CIM_ManagedElement": ("", "InstanceID:string Caption:string Description:string ElementName:string"),
    "CIM_ManagedSystemElement": (
        "CIM_ManagedElement",
        (
            "InstallDate:datetime Name:string OperationalStatus:uint16[] StatusDescriptions:string[] Status:string "
            "HealthState:uint16 CommunicationStatus:uint16 DetailedStatus:uint16 OperatingStatus:uint16 "
            "PrimaryStatus:uint16"
        ),
    ),
    "CIM_LogicalElement": ("CIM_ManagedSystemElement", ""),
    "CIM_EnabledLogicalElement": (
        "CIM_LogicalElement",
        (
            "EnabledState:uint16 OtherEnabledState:string RequestedState:uint16 EnabledDefault:uint16 "
            "TimeOfLastStateChange:datetime AvailableRequestedStates:uint16[] TransitioningToState:uint16"
        ),
    ),
    "CIM_Service": (
        "CIM_EnabledLogicalElement",
        (
            "SystemCreationClassName:string* SystemName:string* CreationClassName:string* Name:string* "
            "PrimaryOwnerName:string PrimaryOwnerContact:string StartMode:string Started:boolean"
        ),
    ),
    "CIM_VirtualSystemManagementService": ("CIM_Service", ""),
    "CIM_VirtualSystemSnapshotService": ("CIM_Service", ""),
    "CIM_System": (
        "CIM_EnabledLogicalElement",
        "CreationClassName:string* Name:string* PrimaryOwnerName:string PrimaryOwnerContact:string Roles:string[]",
    ),
    "CIM_ComputerSystem": (
        "CIM_System",
        (
            "NameFormat:string OtherIdentifyingInfo:string[] IdentifyingDescriptions:string[] Dedicated:uint16[] "
            "ResetCapability:uint16 PowerManagementCapabilities:uint16[]"
        ),
    ),
    "CIM_LogicalDevice": (
        "CIM_EnabledLogicalElement",
        (
            "SystemCreationClassName:string* SystemName:string* CreationClassName:string* DeviceID:string* "
            "PowerManagementSupported:boolean PowerManagementCapabilities:uint16[] Availability:uint16 "
            "StatusInfo:uint16 LastErrorCode:uint32 ErrorDescription:string ErrorCleared:boolean "
            "OtherIdentifyingInfo:string[] PowerOnHours:uint64 TotalPowerOnHours:uint64 "
            "IdentifyingDescriptions:string[] AdditionalAvailability:uint16[] MaxQuiesceTime:uint64"
        ),
    ),
    "CIM_Processor": ("CIM_LogicalDevice", ""),
    "CIM_MediaAccessDevice": ("CIM_LogicalDevice", ""),
    "CIM_DiskDrive": ("CIM_MediaAccessDevice", ""),
    "CIM_StorageExtent": ("CIM_LogicalDevice", "BlockSize:uint64 NumberOfBlocks:uint64"),
    "CIM_LogicalDisk": ("CIM_StorageExtent", ""),
    "CIM_Memory": ("CIM_StorageExtent", ""),
    "CIM_NetworkPort": (
        "CIM_LogicalDevice",
        (
            "Speed:uint64 MaxSpeed:uint64 LinkTechnology:uint16 PermanentAddress:string NetworkAddresses:string[] "
            "FullDuplex:boolean AutoSense:boolean"
        ),
    ),
    "CIM_EthernetPort": ("CIM_NetworkPort", ""),
    "CIM_Job": (
        "CIM_LogicalElement",
        (
            "JobStatus:string TimeSubmitted:datetime ScheduledStartTime:datetime StartTime:datetime "
            "ElapsedTime:datetime JobRunTimes:uint32 RunMonth:uint8 RunDay:sint8 RunDayOfWeek:sint8 "
            "RunStartInterval:datetime LocalOrUtcTime:uint16 UntilTime:datetime Notify:string Owner:string "
            "Priority:uint32 PercentComplete:uint16 DeleteOnCompletion:boolean ErrorCode:uint16 "
            "ErrorDescription:string RecoveryAction:uint16 OtherRecoveryAction:string"
        ),
    ),
    "CIM_ConcreteJob": (
        "CIM_Job",
        "InstanceID:string* JobState:uint16 TimeOfLastStateChange:datetime TimeBeforeRemoval:datetime",
    ),
    "CIM_Error": (
        "",
        (
            "ErrorType:uint16 OtherErrorType:string OwningEntity:string MessageID:string Message:string "
            "MessageArguments:string[] PerceivedSeverity:uint16 ProbableCause:uint16 "
            "ProbableCauseDescription:string RecommendedActions:string[] ErrorSource:string "
            "ErrorSourceFormat:uint16 OtherErrorSourceFormat:string CIMStatusCode:uint32 "
            "CIMStatusCodeDescription:string"
        ),
    ),
    "CIM_SettingData": ("CIM_ManagedElement", "InstanceID:string*"),
    "CIM_VirtualSystemSettingData": (
        "CIM_SettingData",
        (
            "VirtualSystemType:string Notes:string[] CreationTime:datetime ConfigurationID:string "
            "ConfigurationDataRoot:string ConfigurationFile:string SnapshotDataRoot:string SuspendDataRoot:string "
            "SwapFileDataRoot:string LogDataRoot:string AutomaticStartupAction:uint16 "
            "AutomaticStartupActionDelay:datetime AutomaticStartupActionSequenceNumber:uint16 "
            "AutomaticShutdownAction:uint16 AutomaticRecoveryAction:uint16 RecoveryFile:string"
        ),
    ),
    "CIM_ResourceAllocationSettingData": (
        "CIM_SettingData",
        (
            "ResourceType:uint16 OtherResourceType:string ResourceSubType:string PoolID:string "
            "ConsumerVisibility:uint16 HostResource:string[] AllocationUnits:string VirtualQuantity:uint64 "
            "Reservation:uint64 Limit:uint64 Weight:uint32 AutomaticAllocation:boolean "
            "AutomaticDeallocation:boolean Parent:string Connection:string[] Address:string "
            "MappingBehavior:uint16 AddressOnParent:string VirtualQuantityUnits:string"
        ),
    ),
    "CIM_StorageAllocationSettingData": (
        "CIM_ResourceAllocationSettingData",
        "VirtualResourceBlockSize:uint64 HostResourceBlockSize:uint64 Access:uint16 HostExtentName:string",
    ),
    "CIM_EthernetPortAllocationSettingData": (
        "CIM_ResourceAllocationSettingData",
        "DesiredVLANEndpointMode:uint16 OtherEndpointMode:string",
    ),
    "CIM_Dependency": ("", "Antecedent:reference* Dependent:reference*"),
    "CIM_Component": ("", "GroupComponent:reference* PartComponent:reference*"),
    "CIM_SystemComponent": ("CIM_Component", ""),
    "CIM_SystemDevice": ("CIM_SystemComponent", ""),
    "CIM_HostedDependency": ("CIM_Dependency", ""),
    "CIM_HostedService": ("CIM_HostedDependency", ""),
    "CIM_ElementSettingData": (
        "",
        "ManagedElement:reference* SettingData:reference* IsDefault:uint16 IsCurrent:uint16 IsNext:uint16",
    ),
    "CIM_SettingsDefineState": ("", "ManagedElement:reference* SettingData:reference*"),
    "CIM_VirtualSystemSettingDataComponent": ("CIM_Component", ""),
    "CIM_SnapshotOfVirtualSystem": ("CIM_Dependency", ""),
    "CIM_AffectedJobElement": (
        "",
        (
            "AffectedElement:reference* AffectingElement:reference* ElementEffects:uint16[] "
            "OtherElementEffectsDescriptions:string[]"
        ),
    ),
    "CIM_ConcreteComponent": ("CIM_Component", ""),
}
