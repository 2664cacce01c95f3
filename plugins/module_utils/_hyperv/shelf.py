# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whole classes of one host, read once, and the few ways to find something in them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.classes import (
    HEARTBEAT,
    KEY_VALUES,
    RELATIONSHIP,
    SECURITY_SETTINGS,
    SETTINGS,
    SYSTEM_SETTINGS,
    TEST_LINK,
)
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.schema import guid
from ansible_collections.hyperv.replica.plugins.module_utils._wire.cim import CimInstance

COMPUTER: Final = "Win32_ComputerSystem"
PROVIDER: Final = "Msvm_ReplicationProvider"
SWITCH: Final = "Msvm_VirtualEthernetSwitch"
MEMORY: Final = "Msvm_MemorySettingData"
PROCESSOR: Final = "Msvm_ProcessorSettingData"
RESOURCE: Final = "Msvm_ResourceAllocationSettingData"
DISK: Final = "Msvm_StorageAllocationSettingData"
MEDIUM: Final = "Msvm_LogicalDisk"
PORT: Final = "Msvm_SyntheticEthernetPortSettingData"
CONNECTION: Final = "Msvm_EthernetPortAllocationSettingData"
VLAN: Final = "Msvm_EthernetSwitchPortVlanSettingData"
ADDRESS: Final = "Msvm_FailoverNetworkAdapterSettingData"

#: What VMs are made of.
VM_CLASSES: Final = (
    RELATIONSHIP,
    SETTINGS,
    SYSTEM_SETTINGS,
    TEST_LINK,
    HEARTBEAT,
    KEY_VALUES,
    MEMORY,
    PROCESSOR,
    RESOURCE,
    DISK,
    MEDIUM,
    PORT,
    CONNECTION,
    VLAN,
    ADDRESS,
    SECURITY_SETTINGS,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """What one host showed.

    Attributes:
        found: instances by the class that was asked for.
        now: by the host's own clock.
        host: what it calls itself, in upper case.
    """

    found: Mapping[str, list[CimInstance]]
    now: datetime
    host: str

    def of(self, class_name: str, vm_id: str, key: str = "InstanceID") -> list[CimInstance]:
        """The instances whose key begins with the VM's GUID; those of checkpoints have GUIDs of their own."""
        return [one for one in self.found[class_name] if guid(one.text(key)) == vm_id]


def below(ones: Iterable[CimInstance], parent_id: str) -> CimInstance | None:
    """The first whose Parent, or else whose own InstanceID, leads to this one."""
    for one in ones:
        parent = one.reference("Parent")
        named = (parent.key("InstanceID") or "") if parent else ""
        if same(named, parent_id) or (one.text("InstanceID") or "").upper().startswith(f"{parent_id}\\".upper()):
            return one
    return None


def same(one: str | None, other: str | None) -> bool:
    """Whether two ids name one thing; hosts write them in either case."""
    return bool(one) and (one or "").upper() == (other or "").upper()


def age(now: datetime, moment: datetime | None) -> float | None:
    """Seconds since; None for never."""
    return None if moment is None else max(0.0, (now - moment).total_seconds())


def filled(values: Mapping[str, Any]) -> dict[str, Any]:
    """What is known; nulls, and what is empty, are left to the schema's defaults."""
    return {name: value for name, value in values.items() if value is not None and value not in ("", [], {})}
