# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a host allows, read once; memory of its VMs, one query however many there are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from ansible_collections.hyperv.replica.plugins.module_utils._errors import WireError, WsmanFault
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv import schema
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.asking import Memory, ask
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.classes import MEMORY_SETTINGS
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.limits import (
    ACTIVE_TRANSFERS,
    ACTIVE_TRANSFERS_2012,
    WINRM_OPERATIONS,
    HostLimits,
    VmMemory,
)
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import Side
from ansible_collections.hyperv.replica.plugins.module_utils._wire import names
from ansible_collections.hyperv.replica.plugins.module_utils._wire.cim import CimInstance, CimReference
from ansible_collections.hyperv.replica.plugins.module_utils._wire.envelope import Talk
from ansible_collections.hyperv.replica.plugins.module_utils._wire.invoke import CimValue, call
from ansible_collections.hyperv.replica.plugins.module_utils._wire.query import wsman_config

#: HKEY_LOCAL_MACHINE, as WinReg.h numbers it (Microsoft's page of GetDWORDValue).
_LOCAL_MACHINE: Final = 0x80000002
#: Where KB 2767928 says that the settings of replication are.
_REPLICATION_KEY: Final = "SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\Virtualization\\Replication"
_REGISTRY: Final = "StdRegProv"
#: Windows Server 2012; later ones have higher numbers (Microsoft's page of operating system versions).
_VERSION_2012: Final = "6.2."
_MIB: Final = 20


def host_limits(version: str, memory: Memory) -> Talk[HostLimits]:
    """What the host allows; it is asked once. What it does not tell, or not to this account, is as documented."""
    if memory.limits is None:
        operations = yield from _operations()
        transfers = yield from _transfers()
        assumed = {"winrm_operations": operations, "active_transfers": transfers}
        usual = ACTIVE_TRANSFERS_2012 if version.startswith(_VERSION_2012) else ACTIVE_TRANSFERS
        memory.limits = HostLimits(
            winrm_operations=operations or WINRM_OPERATIONS,
            active_transfers=transfers or usual,
            assumed=tuple(name for name, value in assumed.items() if not value),
        )
    return memory.limits


def memory_of(sides: Mapping[str, Side], narrow: object, memory: Memory) -> Talk[dict[str, Side]]:
    """The sides with the memory they start with; an InstanceID begins with a VM's GUID, or a recovery point's."""
    found = yield from ask(memory, MEMORY_SETTINGS)
    mine = {schema.guid(one.text("InstanceID")): one for one in found}
    return {
        vm_id: replace(side, memory=_vm_memory(mine[vm_id])) if vm_id in mine else side for vm_id, side in sides.items()
    }


def _vm_memory(instance: CimInstance) -> VmMemory | None:
    """Quantities are of MiB (Microsoft's page msvm-memorysettingdata: AllocationUnits is always byte * 2^20)."""
    startup = instance.integer("VirtualQuantity")
    if startup is None:
        return None
    return VmMemory(
        startup=startup << _MIB,
        dynamic=bool(instance.boolean("DynamicMemoryEnabled")),
        minimum=(instance.integer("Reservation") or 0) << _MIB,
        maximum=(instance.integer("Limit") or 0) << _MIB,
    )


def _operations() -> Talk[int | None]:
    """None where this account may not read the configuration, or it is not what is documented."""
    try:
        config = yield from wsman_config()
        services = config.instances("Service")
        return services[0].integer("MaxConcurrentOperationsPerUser") if services else None
    except (WsmanFault, WireError):
        return None


def _transfers() -> Talk[int | None]:
    """None where nobody set the value, or this account may not read it. The class is in either namespace."""
    arguments: dict[str, CimValue] = {
        "hDefKey": _LOCAL_MACHINE,
        "sSubKeyName": _REPLICATION_KEY,
        "sValueName": "MaximumActiveTransfers",
    }
    for namespace in (names.CIMV2, names.DEFAULT):
        registry = CimReference(_REGISTRY, {}, namespace)
        try:
            answer = yield from call(registry, "GetDWORDValue", arguments, repeatable=True)
        except (WsmanFault, WireError):
            continue
        return answer.outputs.integer("uValue") if answer.return_value == 0 else None
    return None
