# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who is who on a host: references to the instances that others name, and the ids they are named by."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.elements import NEVER, embedded_text, path_text
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.languages import caption
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.machines import Adapter, Disk, Vm
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.values import Emb, Ref
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.world import Host, World

#: Ids below a VM's GUID by which Hyper-V names its one memory and its processors (recorded InstanceIDs).
MEMORY_ID: Final = "4764334D-E001-4176-82EE-5594EC9B530E"
PROCESSOR_ID: Final = "B637F346-6A0E-4DEC-AF52-BD70CB80A21D"
#: The IDE controllers of generation 1, and the SCSI controller we give generation 2.
IDE_ID: Final = "83F8638B-8DCA-4152-9EDA-2CA8B33039B4"
DVD_ID: Final = "5E9B4C7A-1F3D-4B26-8C05-7A64D1E0B932"
SECURITY_ID: Final = "3A6E5C1F-92B4-4D07-A8E1-60C5F4B7D218"
SCSI_ID: Final = "8FF9E4D1-5D0C-4B60-9B4B-2C4E6A5B1F10"


@dataclass(frozen=True, slots=True)
class Sight:
    """One host as its own WMI sees it now."""

    world: World
    host: Host

    @property
    def now(self) -> datetime:
        """The host's clock."""
        return self.world.now

    @property
    def vms(self) -> list[Vm]:
        """Its copies of VMs."""
        return list(self.host.vms.values())

    def said(self, name: str) -> str:
        """A caption in the host's language."""
        return caption(self.host.language, name)


def system_ref(name: str) -> Ref:
    """A VM by its GUID, or the host by its name."""
    return Ref("Msvm_ComputerSystem", {"CreationClassName": "Msvm_ComputerSystem", "Name": name})


def service_ref(sight: Sight, class_name: str, name: str) -> Ref:
    """A service of the host."""
    return Ref(
        class_name,
        {
            "CreationClassName": class_name,
            "Name": name,
            "SystemCreationClassName": "Msvm_ComputerSystem",
            "SystemName": sight.host.name,
        },
    )


def device_ref(vm: Vm, class_name: str, device_id: str) -> Ref:
    """A device of a VM."""
    return Ref(
        class_name,
        {
            "CreationClassName": class_name,
            "DeviceID": device_id,
            "SystemCreationClassName": "Msvm_ComputerSystem",
            "SystemName": vm.guid,
        },
    )


def setting_ref(class_name: str, instance_id: str) -> Ref:
    """Anything whose only key is InstanceID."""
    return Ref(class_name, {"InstanceID": instance_id})


def settings_id(guid: str) -> str:
    """InstanceID of the settings of a VM or of a recovery point."""
    return f"Microsoft:{guid}"


def never(sight: Sight) -> datetime | None:
    """A time that never was: FILETIME zero, as seen on a real host, or null where the switch says so."""
    return NEVER if sight.world.switches.is_("never", "1601") else None


def provider_ref(sight: Sight, guid: str) -> Ref:
    """A provider by its key; the page flags two properties as such: a switch."""
    if sight.world.switches.is_("provider_key", "Name"):
        return Ref("Msvm_ReplicationProvider", {"Name": guid})
    return setting_ref("Msvm_ReplicationProvider", provider_id(sight, guid))


def included_disk(sight: Sight, instance_id: str) -> str:
    """The page's text says InstanceID of the disk's settings, its qualifier embedded instance: a switch."""
    match sight.world.switches["included_disks"]:
        case "object_path":
            return path_text(setting_ref("Msvm_StorageAllocationSettingData", instance_id), sight.host.name)
        case "embedded":
            return embedded_text(Emb("Msvm_StorageAllocationSettingData", {"InstanceID": instance_id}))
    return instance_id


def provider_id(sight: Sight, guid: str) -> str:
    """InstanceID of a replication provider."""
    return f"Microsoft:{sight.host.name}\\ReplicationProvider\\{guid}"


def service_settings_id(sight: Sight) -> str:
    """InstanceID of the replication service's settings (recorded from a real host)."""
    return f"Microsoft:{sight.host.name}\\HVR"


def switch_ref(host: Host, name: str) -> Ref:
    """A virtual switch of the host."""
    keys = {"CreationClassName": "Msvm_VirtualEthernetSwitch", "Name": host.switch_guid(name)}
    return Ref("Msvm_VirtualEthernetSwitch", keys)


def controller_id(vm: Vm, number: int) -> str:
    """InstanceID of the disk controller of this number."""
    return f"Microsoft:{vm.guid}\\{IDE_ID if vm.generation == 1 else SCSI_ID}\\{number}"


def drive_id(disk: Disk) -> str:
    """InstanceID of the drive a disk is in."""
    return f"{disk.instance_id.removesuffix(chr(92) + 'L')}\\D"


def connection_id(adapter: Adapter) -> str:
    """InstanceID of an adapter's connection."""
    return f"{adapter.instance_id}\\C"


def failover_id(adapter: Adapter) -> str:
    """InstanceID of an adapter's failover TCP/IP settings."""
    return f"{adapter.instance_id}\\FailoverSettings"
