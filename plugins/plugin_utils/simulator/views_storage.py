# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What hangs on the drives of VMs: controllers, drives, virtual disks, and images in DVD drives."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.elements import path_text
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.identities import (
    DVD_ID,
    Sight,
    controller_id,
    drive_id,
    setting_ref,
)
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.machines import Disk, Vm
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.views_systems import Values, View


def resources(sight: Sight) -> Iterator[Values]:
    """Msvm_ResourceAllocationSettingData: disk controllers, then drives."""
    for vm in sight.vms:
        for number in controllers(vm):
            yield _controller(vm, number)
        for disk in vm.disks:
            parent = setting_ref("Msvm_ResourceAllocationSettingData", controller_id(vm, disk.controller))
            yield {
                "AddressOnParent": str(disk.location),
                "AutomaticAllocation": True,
                "ElementName": sight.said("hard_disk"),
                "InstanceID": drive_id(disk),
                "Parent": path_text(parent, sight.host.name),
                **_drive_kind(sight, disk),
                "ResourceType": 17,
                "VirtualQuantity": 1,
                "VirtualQuantityUnits": "count",
            }


def _drive_kind(sight: Sight, disk: Disk) -> Values:
    """A drive holds a file, or is a disk of the host (page msvm-resourceallocationsettingdata)."""
    if not disk.pass_through:
        return {"ResourceSubType": "Microsoft:Hyper-V:Synthetic Disk Drive"}
    return {"ResourceSubType": "Microsoft:Hyper-V:Physical Disk Drive", "HostResource": [disk.path]}


def controllers(vm: Vm) -> list[int]:
    """Numbers of a VM's disk controllers: two IDE ones in generation 1, else those that have disks."""
    used = {disk.controller for disk in vm.disks}
    return sorted(used | ({0, 1} if vm.generation == 1 else {0}))


def _controller(vm: Vm, number: int) -> Values:
    ide = vm.generation == 1
    name = "Emulated IDE Controller" if ide else "Synthetic SCSI Controller"
    return {
        "Address": str(number) if ide else None,
        "AutomaticAllocation": True,
        "ElementName": f"{'IDE' if ide else 'SCSI'} Controller {number}",
        "InstanceID": controller_id(vm, number),
        "ResourceSubType": f"Microsoft:Hyper-V:{name}",
        "ResourceType": 5 if ide else 6,
        "VirtualQuantity": 1,
        "VirtualQuantityUnits": "count",
    }


def disks(sight: Sight) -> Iterator[Values]:
    """Msvm_StorageAllocationSettingData."""
    for vm in sight.vms:
        yield from _images(sight, vm)
        for disk in vm.disks:
            if disk.pass_through:
                continue
            drive = setting_ref("Msvm_ResourceAllocationSettingData", drive_id(disk))
            yield {
                "Access": 3,
                "AutomaticAllocation": True,
                "Caption": sight.said("hard_disk"),
                "ElementName": sight.said("hard_disk"),
                "HostResource": [disk.path],
                "InstanceID": disk.instance_id,
                "Parent": path_text(drive, sight.host.name),
                "PersistentReservationsSupported": disk.shared,
                "ResourceSubType": "Microsoft:Hyper-V:Virtual Hard Disk",
                "ResourceType": 31,
                "VirtualQuantity": 1,
                "VirtualQuantityUnits": "count",
                "VirtualResourceBlockSize": 512,
            }


def _images(sight: Sight, vm: Vm) -> Iterator[Values]:
    """What is in DVD drives, which have places of their own behind the disks."""
    for number, path in enumerate(vm.isos):
        yield {
            "Access": 1,
            "AutomaticAllocation": True,
            "HostResource": [path],
            "InstanceID": f"Microsoft:{vm.guid}\\{DVD_ID}\\{number}\\L",
            "PersistentReservationsSupported": False,
            "ResourceSubType": "Microsoft:Hyper-V:Virtual CD/DVD Disk",
            "ResourceType": 31,
            "VirtualQuantity": 1,
            "VirtualQuantityUnits": "count",
        }


STORAGE_VIEWS: Final[dict[str, View]] = {
    "Msvm_ResourceAllocationSettingData": resources,
    "Msvm_StorageAllocationSettingData": disks,
}
