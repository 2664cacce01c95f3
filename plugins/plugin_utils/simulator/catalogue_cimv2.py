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
            "Name:string* AdminPasswordStatus:uint16 AutomaticManagedPagefile:boolean AutomaticResetBootOption:boolean "
            "AutomaticResetCapability:boolean BootOptionOnLimit:uint16 BootOptionOnWatchDog:uint16 "
            "BootROMSupported:boolean BootupState:string EnableDaylightSavingsTime:boolean "
            "FrontPanelResetStatus:uint16 InfraredSupported:boolean KeyboardPasswordStatus:uint16 "
            "OEMLogoBitmap:uint8[] PowerOnPasswordStatus:uint16 SupportContactDescription:string[] "
            "SystemStartupDelay:uint16 SystemStartupOptions:string[] SystemStartupSetting:uint8 "
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
            "CSDVersion:string DataExecutionPrevention_32BitApplications:boolean "
            "DataExecutionPrevention_Available:boolean DataExecutionPrevention_Drivers:boolean "
            "DataExecutionPrevention_SupportPolicy:uint8 Debug:boolean ForegroundApplicationBoost:uint8 "
            "LargeSystemCache:uint32 PAEEnabled:boolean PlusProductID:string PlusVersionNumber:string "
            "SuiteMask:uint32 EncryptionLevel:uint32 Locale:string "
            "Manufacturer:string MUILanguages:string[] OperatingSystemSKU:uint32 Organization:string "
            "OSArchitecture:string OSLanguage:uint32 OSProductSuite:uint32 Primary:boolean ProductType:uint32 "
            "RegisteredUser:string SerialNumber:string ServicePackMajorVersion:uint16 "
            "ServicePackMinorVersion:uint16 SystemDevice:string SystemDirectory:string SystemDrive:string "
            "WindowsDirectory:string"
        ),
    ),
    "CIM_LogicalFile": (
        "CIM_LogicalElement",
        (
            "Name:string* AccessMask:uint32 Archive:boolean Compressed:boolean CompressionMethod:string "
            "CreationClassName:string CreationDate:datetime EncryptionMethod:string "
            "CSCreationClassName:string CSName:string Drive:string EightDotThreeFileName:string Encrypted:boolean "
            "Extension:string FileName:string FileSize:uint64 FileType:string FSCreationClassName:string "
            "FSName:string Hidden:boolean InUseCount:uint64 LastAccessed:datetime LastModified:datetime Path:string "
            "Readable:boolean System:boolean Writeable:boolean"
        ),
    ),
    "CIM_DataFile": ("CIM_LogicalFile", "Manufacturer:string Version:string"),
    "CIM_LogicalDevice": (
        "CIM_LogicalElement",
        (
            "Availability:uint16 ConfigManagerErrorCode:uint32 ConfigManagerUserConfig:boolean "
            "CreationClassName:string DeviceID:string* ErrorCleared:boolean ErrorDescription:string "
            "LastErrorCode:uint32 PNPDeviceID:string PowerManagementCapabilities:uint16[] "
            "PowerManagementSupported:boolean StatusInfo:uint16 SystemCreationClassName:string SystemName:string"
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
            "Architecture:uint16 CpuStatus:uint16 CurrentVoltage:uint16 ExtClock:uint32 L2CacheSize:uint32 "
            "L2CacheSpeed:uint32 L3CacheSize:uint32 L3CacheSpeed:uint32 Level:uint16 Manufacturer:string "
            "NumberOfCores:uint32 NumberOfEnabledCore:uint32 NumberOfLogicalProcessors:uint32 ProcessorId:string "
            "ProcessorType:uint16 SecondLevelAddressTranslationExtensions:boolean SocketDesignation:string "
            "Revision:uint16 Version:string VirtualizationFirmwareEnabled:boolean VoltageCaps:uint32 "
            "VMMonitorModeExtensions:boolean"
        ),
    ),
    "CIM_Service": (
        "CIM_LogicalElement",
        (
            "CreationClassName:string Name:string* Started:boolean StartMode:string "
            "SystemCreationClassName:string SystemName:string"
        ),
    ),
    "Win32_BaseService": (
        "CIM_Service",
        (
            "AcceptPause:boolean AcceptStop:boolean DesktopInteract:boolean DisplayName:string ErrorControl:string "
            "ExitCode:uint32 PathName:string ServiceSpecificExitCode:uint32 ServiceType:string StartName:string "
            "State:string TagId:uint32"
        ),
    ),
    "Win32_Service": (
        "Win32_BaseService",
        "CheckPoint:uint32 DelayedAutoStart:boolean ProcessId:uint32 WaitHint:uint32",
    ),
    "CIM_SoftwareElement": (
        "CIM_LogicalElement",
        (
            "Name:string* BuildNumber:string CodeSet:string IdentificationCode:string LanguageEdition:string "
            "Manufacturer:string OtherTargetOS:string SerialNumber:string SoftwareElementID:string* "
            "SoftwareElementState:uint16* TargetOperatingSystem:uint16* Version:string*"
        ),
    ),
    "CIM_BIOSElement": ("CIM_SoftwareElement", "PrimaryBIOS:boolean"),
    "Win32_BIOS": (
        "CIM_BIOSElement",
        (
            "BiosCharacteristics:uint16[] BIOSVersion:string[] CurrentLanguage:string "
            "EmbeddedControllerMajorVersion:uint8 EmbeddedControllerMinorVersion:uint8 InstallableLanguages:uint16 "
            "ListOfLanguages:string[] ReleaseDate:datetime SMBIOSBIOSVersion:string SMBIOSMajorVersion:uint16 "
            "SMBIOSMinorVersion:uint16 SMBIOSPresent:boolean SystemBiosMajorVersion:uint8 "
            "SystemBiosMinorVersion:uint8"
        ),
    ),
    "CIM_StorageExtent": ("CIM_LogicalDevice", "Access:uint16 BlockSize:uint64 NumberOfBlocks:uint64"),
    "CIM_StorageVolume": ("CIM_StorageExtent", ""),
    "Win32_Volume": (
        "CIM_StorageVolume",
        (
            "Automount:boolean Capacity:uint64 Compressed:boolean DirtyBitSet:boolean DriveLetter:string "
            "DriveType:uint32 FileSystem:string FreeSpace:uint64 IndexingEnabled:boolean Label:string "
            "MaximumFileNameLength:uint32 QuotasEnabled:boolean QuotasIncomplete:boolean QuotasRebuilding:boolean "
            "SerialNumber:uint32 SupportsDiskQuotas:boolean SupportsFileBasedCompression:boolean"
        ),
    ),
    "CIM_LogicalDisk": ("CIM_StorageExtent", "FreeSpace:uint64 Size:uint64"),
    "Win32_LogicalDisk": (
        "CIM_LogicalDisk",
        (
            "Compressed:boolean DriveType:uint32 FileSystem:string MaximumComponentLength:uint32 MediaType:uint32 "
            "ProviderName:string QuotasDisabled:boolean VolumeName:string VolumeSerialNumber:string"
        ),
    ),
}

#: A class of static methods only (Microsoft's page of StdRegProv); it is in root/default too.
REGISTRY: Final[Table] = {"StdRegProv": ("", "")}

#: Classes without instances, whose methods are asked of the class itself.
STATIC: Final = frozenset({"stdregprov"})

#: Classes of which there is exactly one instance, asked for without selectors
#: (MicrosoftDocs/win32 WinRM resource-uris.md).
SINGLETONS: Final = frozenset({"win32_operatingsystem"})
