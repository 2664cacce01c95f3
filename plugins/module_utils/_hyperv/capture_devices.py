# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Disks and network adapters of one VM in the words of the simulator's estate schema."""

from __future__ import annotations

from typing import Any, Final

from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.capture_fitness import is_image, physical_disks
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.shelf import (
    ADDRESS,
    CONNECTION,
    DISK,
    MEDIUM,
    PORT,
    RESOURCE,
    SWITCH,
    VLAN,
    Shelf,
    below,
    filled,
    same,
)
from ansible_collections.hyperv.replica.plugins.module_utils._wire.cim import CimInstance

#: ResourceType of virtual disks, and of their controllers (class Msvm_ResourceAllocationSettingData).
_VIRTUAL_DISK: Final = 31
_CONTROLLERS: Final = (5, 6)

#: EnabledState of a connection that is in force (class Msvm_EthernetPortAllocationSettingData).
_ENABLED: Final = 2


def disks(shelf: Shelf, vm_id: str) -> list[dict[str, Any]]:
    """Every virtual disk; how much of it is used is nowhere to be read."""
    drives = shelf.of(RESOURCE, vm_id)
    controllers = [one.text("InstanceID") for one in drives if one.integer("ResourceType") in _CONTROLLERS]
    mine = [one for one in shelf.of(DISK, vm_id) if one.integer("ResourceType") == _VIRTUAL_DISK and not is_image(one)]
    return [*(_disk(shelf, one, drives, controllers) for one in mine), *physical_disks(shelf, vm_id)]


def adapters(shelf: Shelf, vm_id: str) -> list[dict[str, Any]]:
    """Every synthetic adapter with where it is connected to."""
    return [_adapter(shelf, vm_id, port) for port in shelf.of(PORT, vm_id)]


def _disk(shelf: Shelf, one: CimInstance, drives: list[CimInstance], controllers: list[str | None]) -> dict[str, Any]:
    instance_id = one.text("InstanceID") or ""
    drive = next((drive for drive in drives if same(drive.text("InstanceID"), _parent(one))), None)
    places = [place for place, known in enumerate(controllers) if drive and same(known, _parent(drive))]
    location = drive.text("AddressOnParent") if drive else None
    return filled(
        {
            "instance_id": instance_id,
            "path": next(iter(one.texts("HostResource")), None),
            "size": _size(shelf, instance_id),
            "controller": places[0] if places else None,
            "location": int(location) if location and location.isdecimal() else None,
            "shared": one.boolean("PersistentReservationsSupported") or None,
        }
    )


def _parent(one: CimInstance) -> str:
    parent = one.reference("Parent")
    return (parent.key("InstanceID") or "") if parent else ""


def _size(shelf: Shelf, instance_id: str) -> int | None:
    """A disk's medium has the id of its settings, but for the letter behind the last backslash."""
    stem = instance_id.rpartition("\\")[0]
    for medium in shelf.found[MEDIUM]:
        if same((medium.text("DeviceID") or "").rpartition("\\")[0], stem):
            return (medium.integer("NumberOfBlocks") or 0) * (medium.integer("BlockSize") or 0) or None
    return None


def _adapter(shelf: Shelf, vm_id: str, port: CimInstance) -> dict[str, Any]:
    instance_id = port.text("InstanceID") or ""
    connection = below(shelf.of(CONNECTION, vm_id), instance_id)
    known = filled(
        {
            "name": port.text("ElementName"),
            "instance_id": instance_id,
            "mac": port.text("Address"),
            "dynamic_mac": not port.boolean("StaticMacAddress"),
            "failover": _failover(shelf, vm_id, instance_id),
        }
    )
    return known if connection is None else known | _connected(shelf, vm_id, connection)


def _connected(shelf: Shelf, vm_id: str, connection: CimInstance) -> dict[str, Any]:
    vlan = below(shelf.of(VLAN, vm_id), connection.text("InstanceID") or "")
    return filled(
        {
            "switch": _switch(shelf, connection),
            "vlan": vlan.integer("AccessVlanId") if vlan else None,
            "test_switch": connection.text("TestReplicaSwitchName"),
            "test_pool": connection.text("TestReplicaPoolID"),
        }
    )


def _switch(shelf: Shelf, connection: CimInstance) -> str | None:
    if connection.integer("EnabledState") != _ENABLED:
        return None
    named = [reference.key("Name") for reference in connection.references("HostResource")]
    for switch in shelf.found[SWITCH]:
        if any(same(switch.text("Name"), name) for name in named):
            return switch.text("ElementName")
    return connection.text("LastKnownSwitchName")


def _failover(shelf: Shelf, vm_id: str, port_id: str) -> dict[str, Any]:
    own = port_id.rpartition("\\")[2].upper()
    for one in shelf.of(ADDRESS, vm_id):
        if own and own in (one.text("InstanceID") or "").upper():
            return filled(
                {
                    "dhcp": one.boolean("DHCPEnabled"),
                    "protocol": one.integer("ProtocolIFType"),
                    "addresses": list(one.texts("IPAddresses")),
                    "subnets": list(one.texts("Subnets")),
                    "gateways": list(one.texts("DefaultGateways")),
                    "dns": list(one.texts("DNSServers")),
                }
            )
    return {}
