# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The virtual disks of VMs, as their settings name them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from ansible_collections.hyperv.replica.plugins.module_utils._hyperv import schema
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.asking import Memory, ask
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import Disk, Side
from ansible_collections.hyperv.replica.plugins.module_utils._wire.cim import CimInstance
from ansible_collections.hyperv.replica.plugins.module_utils._wire.envelope import Talk

#: Microsoft's page msvm-storageallocationsettingdata; its HostResource holds the path of the disk's file.
DISK_SETTINGS: Final = "Msvm_StorageAllocationSettingData"
_VIRTUAL_DISK: Final = "Microsoft:Hyper-V:Virtual Hard Disk"


def disks(sides: Mapping[str, Side], narrow: object, memory: Memory) -> Talk[dict[str, Side]]:
    """The sides with their virtual disks. One query, for an InstanceID only begins with its VM's GUID."""
    found = yield from ask(memory, DISK_SETTINGS, {"ResourceSubType": _VIRTUAL_DISK})
    mine: dict[str, list[Disk]] = {}
    for one in found:
        mine.setdefault(schema.guid(one.text("InstanceID")), []).append(_disk(one))
    return {vm_id: replace(side, disks=tuple(mine.get(vm_id, ()))) for vm_id, side in sides.items()}


def _disk(instance: CimInstance) -> Disk:
    paths = instance.texts("HostResource")
    return Disk(id=instance.text("InstanceID") or "", path=paths[0] if paths else "")
