# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The host's root/cimv2: which computer this is and what system it runs."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.identities import Sight
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.views_systems import Values, View
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.volumes import Volume

#: Language ids as Windows numbers them (Microsoft's page of locale ids).
_LANGUAGE_IDS: Final = {"en-US": 1033, "de-DE": 1031, "fr-FR": 1036, "it-IT": 1040, "zh-TW": 1028, "ja-JP": 1041}
#: Size of a volume that the estate says nothing of, and how long a drive letter is.
_DRIVE: Final = 4 << 40
_LETTER: Final = 2

#: The program by whose version libvirt tells which Hyper-V this is.
_VMMS: Final = "c:\\windows\\system32\\vmms.exe"
#: Name, display name and path of services.
_SERVICES: Final = (
    ("LanmanServer", "Server", "C:\\Windows\\system32\\svchost.exe -k netsvcs -p"),
    ("vmcompute", "Hyper-V Host Compute Service", "C:\\Windows\\system32\\vmcompute.exe"),
    ("vmms", "Hyper-V Virtual Machine Management", "C:\\Windows\\system32\\vmms.exe"),
    ("W32Time", "Windows Time", "C:\\Windows\\system32\\svchost.exe -k LocalService"),
    ("WinRM", "Windows Remote Management (WS-Management)", "C:\\Windows\\System32\\svchost.exe -k NetworkService -p"),
)


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


def _machine_id(sight: Sight) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_DNS, sight.host.fqdn or sight.host.name)).upper()


def product(sight: Sight) -> Iterator[Values]:
    """Win32_ComputerSystemProduct."""
    machine = _machine_id(sight)
    yield {
        "Caption": "Computer System Product",
        "Description": "Computer System Product",
        "IdentifyingNumber": machine[:8],
        "Name": "Simulated Host",
        "UUID": machine,
        "Vendor": "hyperv.replica",
        "Version": "1.0",
    }


def firmware(sight: Sight) -> Iterator[Values]:
    """Win32_BIOS; its serial number is that of the product."""
    name = "Simulated Firmware"
    yield {
        "Caption": name,
        "Description": name,
        "Manufacturer": "hyperv.replica",
        "Name": name,
        "PrimaryBIOS": True,
        "SMBIOSBIOSVersion": "1.0",
        "SMBIOSPresent": True,
        "SerialNumber": _machine_id(sight)[:8],
        "SoftwareElementID": name,
        "SoftwareElementState": 3,
        "Status": "OK",
        "TargetOperatingSystem": 0,
        "Version": "1.0",
    }


def services(sight: Sight) -> Iterator[Values]:
    """Win32_Service: those that a Hyper-V host cannot be without."""
    for number, (name, shown, path) in enumerate(_SERVICES):
        yield {
            "AcceptStop": True,
            "Caption": shown,
            "CreationClassName": "Win32_Service",
            "Description": shown,
            "DisplayName": shown,
            "ErrorControl": "Normal",
            "ExitCode": 0,
            "Name": name,
            "PathName": path,
            "ProcessId": 1200 + 4 * number,
            "ServiceType": "Own Process" if name == "vmms" else "Share Process",
            "StartMode": "Auto",
            "StartName": "LocalSystem",
            "Started": True,
            "State": "Running",
            "Status": "OK",
            "SystemCreationClassName": "Win32_ComputerSystem",
            "SystemName": sight.host.name,
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
        "FreePhysicalMemory": host.free_memory // 1024,
        "FreeVirtualMemory": host.free_memory // 1024,
        "LastBootUpTime": host.booted,
        "LocalDateTime": sight.now + timedelta(seconds=host.clock_ahead - host.clock_behind),
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
    """Win32_LogicalDisk: the volumes that have a drive letter."""
    for volume in all_volumes(sight):
        letter = volume.name.rstrip("\\")
        if len(letter) == _LETTER:
            yield {
                "Caption": letter,
                "CreationClassName": "Win32_LogicalDisk",
                "DeviceID": letter,
                "DriveType": 3,
                "FileSystem": "NTFS",
                "FreeSpace": volume.free,
                "MediaType": 12,
                "Name": letter,
                "Size": volume.size,
                "SystemCreationClassName": "Win32_ComputerSystem",
                "SystemName": sight.host.name,
            }


def volumes(sight: Sight) -> Iterator[Values]:
    """Win32_Volume (its page): also those that stand in a folder, such as a cluster's shared ones."""
    for volume in all_volumes(sight):
        letter = volume.name.rstrip("\\")
        shared = "\\ClusterStorage\\" in volume.name
        yield {
            "Automount": True,
            "Capacity": volume.size,
            "Caption": volume.name,
            "DeviceID": f"\\\\?\\Volume{{{uuid.uuid5(uuid.NAMESPACE_DNS, sight.host.name + volume.name)}}}\\",
            "DriveLetter": letter if len(letter) == _LETTER else None,
            "DriveType": 3,
            "FileSystem": "CSVFS" if shared else "NTFS",
            "FreeSpace": volume.free,
            "Name": volume.name,
            "SystemName": sight.host.name,
        }


def all_volumes(sight: Sight) -> list[Volume]:
    """The volumes of the estate, and one with room for each drive letter that something is on."""
    host = sight.host
    stores = [entry.storage for entry in host.replica_server.entries]
    paths = ["C:\\", *stores, *(disk.path for vm in sight.vms for disk in vm.disks if not disk.pass_through)]
    known = {volume.name.upper() for volume in host.volumes}
    letters = dict.fromkeys(f"{path[:2].upper()}\\" for path in paths if path[1:2] == ":")
    used = sum(disk.used for vm in sight.vms for disk in vm.disks)
    size = max(_DRIVE, 2 * used)
    return [*host.volumes, *(Volume(name=name, size=size, free=size - used) for name in letters if name not in known)]


def files(sight: Sight) -> Iterator[Values]:
    """CIM_DataFile: the service of Hyper-V, the virtual disks of all VMs, and those that VMs gone have left."""
    disks = {disk.path: disk.used for vm in sight.vms for disk in vm.disks if not disk.pass_through}
    for path in dict.fromkeys([_VMMS, *disks, *sight.host.left_files]):
        drive, _colon, below = path.partition(":")
        folder, _slash, name = below.rpartition("\\")
        stem, _dot, extension = name.rpartition(".")
        yield {
            "CSCreationClassName": "Win32_ComputerSystem",
            "CSName": sight.host.name,
            "Caption": path,
            "CreationClassName": "CIM_LogicalFile",
            "Drive": f"{drive}:",
            "Extension": extension,
            "FileName": stem,
            "FileSize": disks.get(path),
            "Name": path,
            "Path": f"{folder}\\",
            "Readable": True,
            "Version": sight.host.os_version if path == _VMMS else None,
            "Writeable": True,
        }


COMPUTER_VIEWS: Final[dict[str, View]] = {
    "Win32_ComputerSystem": computer,
    "Win32_ComputerSystemProduct": product,
    "Win32_BIOS": firmware,
    "Win32_Service": services,
    "Win32_OperatingSystem": operating_system,
    "Win32_Processor": processors,
    "Win32_LogicalDisk": drives,
    "Win32_Volume": volumes,
    "CIM_DataFile": files,
}
