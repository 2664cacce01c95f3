# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Classes of root/cimv2 that tell a client which computer it talks to. Source: Microsoft's page of each class."""

from __future__ import annotations

from typing import Final

from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.catalogue_cim import Table

COMPUTER: Final[Table] = {
    "CIM_ManagedSystemElement": (
        "",
        "Caption:string Description:string InstallDate:datetime Name:string Status:string",
    ),
    "CIM_LogicalElement": ("CIM_ManagedSystemElement", ""),
    "CIM_System": (
        "CIM_LogicalElement",
        "CreationClassName:string NameFormat:string PrimaryOwnerContact:string PrimaryOwnerName:string Roles:string[]",
    ),
    "CIM_ComputerSystem": ("CIM_System", ""),
    "CIM_UnitaryComputerSystem": (
        "CIM_ComputerSystem",
        (
            "InitialLoadInfo:string[] LastLoadInfo:string PowerManagementSupported:boolean "
            "PowerManagementCapabilities:uint16[] PowerState:uint16 ResetCapability:uint16"
        ),
    ),
    "Win32_ComputerSystem": (
        "CIM_UnitaryComputerSystem",
        (
            "Name:string* AdminPasswordStatus:uint16 AutomaticManagedPagefile:boolean BootupState:string "
            "ChassisBootupState:uint16 CurrentTimeZone:sint16 DaylightInEffect:boolean DNSHostName:string "
            "Domain:string DomainRole:uint16 HypervisorPresent:boolean Manufacturer:string Model:string "
            "NetworkServerModeEnabled:boolean NumberOfLogicalProcessors:uint32 NumberOfProcessors:uint32 "
            "OEMStringArray:string[] PartOfDomain:boolean PauseAfterReset:sint64 PCSystemType:uint16 "
            "PowerSupplyState:uint16 ResetCount:sint16 ResetLimit:sint16 SystemType:string ThermalState:uint16 "
            "TotalPhysicalMemory:uint64 UserName:string WakeUpType:uint16 Workgroup:string"
        ),
    ),
    "CIM_Product": (
        "",
        (
            "Caption:string Description:string IdentifyingNumber:string* Name:string* SKUNumber:string Vendor:string "
            "Version:string*"
        ),
    ),
    "Win32_ComputerSystemProduct": ("CIM_Product", "UUID:string"),
    "CIM_OperatingSystem": (
        "CIM_LogicalElement",
        (
            "CreationClassName:string CSCreationClassName:string CSName:string CurrentTimeZone:sint16 "
            "Distributed:boolean FreePhysicalMemory:uint64 FreeSpaceInPagingFiles:uint64 FreeVirtualMemory:uint64 "
            "LastBootUpTime:datetime LocalDateTime:datetime MaxNumberOfProcesses:uint32 "
            "MaxProcessMemorySize:uint64 NumberOfLicensedUsers:uint32 NumberOfProcesses:uint32 "
            "NumberOfUsers:uint32 OSType:uint16 OtherTypeDescription:string SizeStoredInPagingFiles:uint64 "
            "TotalSwapSpaceSize:uint64 TotalVirtualMemorySize:uint64 TotalVisibleMemorySize:uint64 Version:string"
        ),
    ),
    "Win32_OperatingSystem": (
        "CIM_OperatingSystem",
        (
            "Name:string* BootDevice:string BuildNumber:string BuildType:string CodeSet:string CountryCode:string "
            "CSDVersion:string DataExecutionPrevention_Available:boolean EncryptionLevel:uint32 Locale:string "
            "Manufacturer:string MUILanguages:string[] OperatingSystemSKU:uint32 Organization:string "
            "OSArchitecture:string OSLanguage:uint32 OSProductSuite:uint32 Primary:boolean ProductType:uint32 "
            "RegisteredUser:string SerialNumber:string ServicePackMajorVersion:uint16 "
            "ServicePackMinorVersion:uint16 SystemDevice:string SystemDirectory:string SystemDrive:string "
            "WindowsDirectory:string"
        ),
    ),
    "CIM_LogicalDevice": (
        "CIM_LogicalElement",
        (
            "Availability:uint16 ConfigManagerErrorCode:uint32 CreationClassName:string DeviceID:string* "
            "PNPDeviceID:string StatusInfo:uint16 SystemCreationClassName:string SystemName:string"
        ),
    ),
    "CIM_Processor": (
        "CIM_LogicalDevice",
        (
            "AddressWidth:uint16 CurrentClockSpeed:uint32 DataWidth:uint16 Family:uint16 LoadPercentage:uint16 "
            "MaxClockSpeed:uint32 OtherFamilyDescription:string Role:string Stepping:string UniqueId:string "
            "UpgradeMethod:uint16"
        ),
    ),
    "Win32_Processor": (
        "CIM_Processor",
        (
            "Architecture:uint16 CpuStatus:uint16 L2CacheSize:uint32 L3CacheSize:uint32 Manufacturer:string "
            "NumberOfCores:uint32 NumberOfEnabledCore:uint32 NumberOfLogicalProcessors:uint32 ProcessorId:string "
            "ProcessorType:uint16 SecondLevelAddressTranslationExtensions:boolean SocketDesignation:string "
            "Version:string VirtualizationFirmwareEnabled:boolean VMMonitorModeExtensions:boolean"
        ),
    ),
    "CIM_StorageExtent": ("CIM_LogicalDevice", "Access:uint16 BlockSize:uint64 NumberOfBlocks:uint64"),
    "CIM_LogicalDisk": ("CIM_StorageExtent", "FreeSpace:uint64 Size:uint64"),
    "Win32_LogicalDisk": (
        "CIM_LogicalDisk",
        (
            "Compressed:boolean DriveType:uint32 FileSystem:string MaximumComponentLength:uint32 MediaType:uint32 "
            "ProviderName:string QuotasDisabled:boolean VolumeName:string VolumeSerialNumber:string"
        ),
    ),
}

#: Classes of which there is exactly one instance, asked for without selectors
#: (MicrosoftDocs/win32 WinRM resource-uris.md).
SINGLETONS: Final = frozenset({"win32_operatingsystem"})
