# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The host's root/cimv2: which computer this is and what system it runs."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Final

from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.states import Power
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.identities import Sight
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.views_systems import Values, View

#: Language ids as Windows numbers them (Microsoft's page of locale ids).
_LANGUAGE_IDS: Final = {"en-US": 1033, "de-DE": 1031, "fr-FR": 1036, "it-IT": 1040, "zh-TW": 1028, "ja-JP": 1041}
#: Memory the host keeps for itself.
_OWN_MEMORY: Final = 4 << 30
#: Size of the drive that holds the VMs.
_DRIVE: Final = 4 << 40


def free_memory(sight: Sight) -> int:
    """Bytes that neither the host nor a VM uses."""
    used = sum(vm.memory for vm in sight.vms if vm.alive or vm.power is Power.PAUSED)
    return max(0, sight.host.memory - _OWN_MEMORY - used)


def computer(sight: Sight) -> Iterator[Values]:
    """Win32_ComputerSystem."""
    host = sight.host
    yield {
        "BootupState": "Normal boot",
        "Caption": host.name,
        "CreationClassName": "Win32_ComputerSystem",
        "CurrentTimeZone": 0,
        "DNSHostName": host.fqdn.partition(".")[0],
        "Description": "AT/AT COMPATIBLE",
        "Domain": host.domain or "WORKGROUP",
        "DomainRole": 3 if host.domain else 2,
        "HypervisorPresent": True,
        "Manufacturer": "hyperv.replica",
        "Model": "Simulated Host",
        "Name": host.name,
        "NumberOfLogicalProcessors": host.processors,
        "NumberOfProcessors": 2 if host.processors > 16 else 1,
        "PartOfDomain": bool(host.domain),
        "PrimaryOwnerName": "Windows User",
        "Roles": ["LM_Workstation", "LM_Server", "NT", "Server_NT"],
        "Status": "OK",
        "SystemType": "x64-based PC",
        "TotalPhysicalMemory": host.memory,
        "Workgroup": None if host.domain else "WORKGROUP",
    }


def product(sight: Sight) -> Iterator[Values]:
    """Win32_ComputerSystemProduct."""
    machine = str(uuid.uuid5(uuid.NAMESPACE_DNS, sight.host.fqdn or sight.host.name)).upper()
    yield {
        "Caption": "Computer System Product",
        "Description": "Computer System Product",
        "IdentifyingNumber": machine[:8],
        "Name": "Simulated Host",
        "UUID": machine,
        "Vendor": "hyperv.replica",
        "Version": "1.0",
    }


def operating_system(sight: Sight) -> Iterator[Values]:
    """Win32_OperatingSystem."""
    host = sight.host
    yield {
        "BootDevice": "\\Device\\HarddiskVolume1",
        "BuildNumber": host.os_build,
        "CSCreationClassName": "Win32_ComputerSystem",
        "CSName": host.name,
        "Caption": host.os_caption,
        "CreationClassName": "Win32_OperatingSystem",
        "CurrentTimeZone": 0,
        "FreePhysicalMemory": free_memory(sight) // 1024,
        "FreeVirtualMemory": free_memory(sight) // 1024,
        "LastBootUpTime": host.booted,
        "LocalDateTime": sight.now,
        "Locale": f"{_LANGUAGE_IDS.get(host.language, 1033):04x}",
        "MUILanguages": [host.language],
        "Manufacturer": "Microsoft Corporation",
        "Name": f"{host.os_caption}|C:\\Windows|\\Device\\Harddisk0\\Partition3",
        "NumberOfProcesses": 90 + len(sight.vms),
        "OSArchitecture": "64-bit",
        "OSLanguage": _LANGUAGE_IDS.get(host.language, 1033),
        "OSType": 18,
        "OperatingSystemSKU": 8,
        "Primary": True,
        "ProductType": 3,
        "Status": "OK",
        "SystemDirectory": "C:\\Windows\\system32",
        "SystemDrive": "C:",
        "TotalVirtualMemorySize": host.memory // 1024,
        "TotalVisibleMemorySize": host.memory // 1024,
        "Version": host.os_version,
        "WindowsDirectory": "C:\\Windows",
    }


def processors(sight: Sight) -> Iterator[Values]:
    """Win32_Processor, one for each socket."""
    sockets = 2 if sight.host.processors > 16 else 1
    for number in range(sockets):
        yield {
            "AddressWidth": 64,
            "Architecture": 9,
            "Caption": "Simulated Processor",
            "CreationClassName": "Win32_Processor",
            "CurrentClockSpeed": 2400,
            "DataWidth": 64,
            "Description": "Simulated Processor",
            "DeviceID": f"CPU{number}",
            "LoadPercentage": 5,
            "Manufacturer": "hyperv.replica",
            "MaxClockSpeed": 2400,
            "Name": "Simulated Processor 2.40GHz",
            "NumberOfCores": sight.host.processors // sockets // 2 or 1,
            "NumberOfEnabledCore": sight.host.processors // sockets // 2 or 1,
            "NumberOfLogicalProcessors": sight.host.processors // sockets,
            "ProcessorType": 3,
            "Role": "CPU",
            "SecondLevelAddressTranslationExtensions": True,
            "Status": "OK",
            "SystemCreationClassName": "Win32_ComputerSystem",
            "SystemName": sight.host.name,
            "VMMonitorModeExtensions": True,
            "VirtualizationFirmwareEnabled": True,
        }


def drives(sight: Sight) -> Iterator[Values]:
    """Win32_LogicalDisk: the drive C: with all VMs on it."""
    used = sum(disk.used for vm in sight.vms for disk in vm.disks)
    yield {
        "Caption": "C:",
        "CreationClassName": "Win32_LogicalDisk",
        "DeviceID": "C:",
        "DriveType": 3,
        "FileSystem": "NTFS",
        "FreeSpace": max(0, _DRIVE - used),
        "MediaType": 12,
        "Name": "C:",
        "Size": _DRIVE,
        "SystemCreationClassName": "Win32_ComputerSystem",
        "SystemName": sight.host.name,
    }


COMPUTER_VIEWS: Final[dict[str, View]] = {
    "Win32_ComputerSystem": computer,
    "Win32_ComputerSystemProduct": product,
    "Win32_OperatingSystem": operating_system,
    "Win32_Processor": processors,
    "Win32_LogicalDisk": drives,
}
