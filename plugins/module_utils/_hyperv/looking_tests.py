# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Test copies beside their replicas, and what both are connected to: one query per class, however many there are."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Final

from ansible_collections.hyperv.replica.plugins.module_utils._errors import WireError, WsmanFault
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv import schema
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.adapters import (
    Adapter,
    Networks,
    ReplicaTestCopy,
)
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.asking import Memory, ask
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.classes import (
    CONNECTION,
    DATA_FILE,
    DISK,
    HEARTBEAT,
    KEY_VALUES,
    PORT,
    SWITCH,
    SYSTEM,
)
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import HostFacts, Side
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.states import ComponentStatus, ReplicationMode
from ansible_collections.hyperv.replica.plugins.module_utils._wire import names
from ansible_collections.hyperv.replica.plugins.module_utils._wire.cim import CimInstance, CimReference
from ansible_collections.hyperv.replica.plugins.module_utils._wire.envelope import Talk
from ansible_collections.hyperv.replica.plugins.module_utils._wire.query import get

#: EnabledState of a connection that is connected (Microsoft's page msvm-ethernetportallocationsettingdata).
_CONNECTED: Final = 2

#: WBEM_E_NOT_FOUND (Microsoft's page WMI error constants).
_NOT_FOUND: Final = 0x80041002

_Sides = dict[str, Side]
_ByVm = Mapping[str, tuple[Adapter, ...]]


def test_copies(sides: _Sides, narrow: list[str] | None, memory: Memory) -> Talk[_Sides]:
    """Each side with its adapters, its test copy if that shows mode 3, and the switches of the host.

    A side that is a test copy itself is told of as its own.
    """
    systems = {schema.vm_id(one): one for one in (yield from ask(memory, SYSTEM))}
    switches = yield from switches_of(memory)
    adapters = yield from adapters_of(switches, memory)
    here = {vm_id: schema.side(one, HostFacts(name="")) for vm_id, one in systems.items() if vm_id}
    copies = {vm_id for vm_id, side in here.items() if side.mode is ReplicationMode.TEST_REPLICA}
    wanted = copies & ({side.test_copy for side in sides.values()} | sides.keys())
    told = yield from _told(here, wanted, adapters, memory)
    known = networks_of(switches, adapters, here.keys() - copies)
    return {vm_id: _joined(side, told.get(side.test_copy or vm_id), adapters, known) for vm_id, side in sides.items()}


def networks_of(switches: Mapping[str, str], adapters: _ByVm, production: Collection[str]) -> Networks:
    """The switches of a host, and those that these VMs are connected to."""
    mine = (adapter for vm_id in production for adapter in adapters.get(vm_id, ()))
    return Networks(
        switches=frozenset(switches.values()), production=frozenset(one.switch for one in mine if one.switch)
    )


def _joined(side: Side, copy: ReplicaTestCopy | None, adapters: _ByVm, known: Networks) -> Side:
    return replace(
        side,
        adapters=adapters.get(side.vm_id, ()),
        networks=known,
        test=copy,
        test_power=copy.power if copy else None,
        test_answers=bool(copy and copy.heartbeat in (ComponentStatus.OK, ComponentStatus.DEGRADED)),
    )


def _told(
    here: Mapping[str, Side], wanted: Collection[str], adapters: _ByVm, memory: Memory
) -> Talk[dict[str, ReplicaTestCopy]]:
    """The copies with disks and guest; nothing is asked for where there is none."""
    if not wanted:
        return {}
    where = {"SystemName": sorted(wanted)} if len(wanted) == 1 else {}
    beats = {schema.guid(one.text("SystemName")): one for one in (yield from ask(memory, HEARTBEAT, where))}
    values = {schema.guid(one.text("SystemName")): one for one in (yield from ask(memory, KEY_VALUES, where))}
    disks = yield from _disks(memory)
    told = {}
    for vm_id in wanted:
        guest = schema.guest(beats.get(vm_id), values.get(vm_id))
        told[vm_id] = ReplicaTestCopy(
            id=vm_id,
            name=here[vm_id].vm_name,
            power=here[vm_id].power,
            adapters=adapters.get(vm_id, ()),
            disks=disks.get(vm_id, ()),
            heartbeat=guest.heartbeat,
            addresses=guest.addresses,
        )
    return told


def _disks(memory: Memory) -> Talk[dict[str, tuple[str, ...]]]:
    """Paths of the virtual disks of each VM; checkpoints have GUIDs of their own."""
    paths: dict[str, tuple[str, ...]] = {}
    for one in (yield from ask(memory, DISK)):
        vm_id = schema.guid(one.text("InstanceID"))
        paths[vm_id] = paths.get(vm_id, ()) + one.texts("HostResource")
    return paths


def switches_of(memory: Memory) -> Talk[dict[str, str]]:
    """Name of each switch by its GUID, in upper case."""
    found = yield from ask(memory, SWITCH)
    return {(one.text("Name") or "").upper(): one.text("ElementName") or "" for one in found}


def adapters_of(switches: Mapping[str, str], memory: Memory) -> Talk[dict[str, tuple[Adapter, ...]]]:
    """The adapters of each VM, of every kind: a connection is below its adapter's InstanceID."""
    ports = {(one.text("InstanceID") or "").upper(): one for one in (yield from ask(memory, PORT))}
    adapters: dict[str, tuple[Adapter, ...]] = {}
    for one in (yield from ask(memory, CONNECTION)):
        above = (one.text("InstanceID") or "").upper().rpartition("\\")[0]
        vm_id = schema.guid(one.text("InstanceID"))
        adapters[vm_id] = adapters.get(vm_id, ()) + (_adapter(one, ports.get(above), switches),)
    return adapters


def _adapter(connection: CimInstance, port: CimInstance | None, switches: Mapping[str, str]) -> Adapter:
    named = port or connection
    enabled = connection.integer("EnabledState")
    static = port.boolean("StaticMacAddress") if port else None
    return Adapter(
        id=connection.text("InstanceID") or "",
        name=named.text("ElementName") or "",
        mac=(port.text("Address") or "").upper() if port else "",
        enabled=enabled,
        host_resource=connection.texts("HostResource"),
        switch=_switch(connection, switches) if enabled == _CONNECTED else "",
        test_switch=connection.text("TestReplicaSwitchName") or "",
        test_pool=connection.text("TestReplicaPoolID") or "",
        dynamic_mac=None if static is None else not static,
    )


def _switch(connection: CimInstance, switches: Mapping[str, str]) -> str:
    """A switch by its name; what is connected to something that is no known switch says so, and counts as such."""
    paths = [path for path in connection.texts("HostResource") if path]
    if not paths:
        pool = connection.text("PoolID") or ""
        return f"resource pool {pool}" if pool else ""
    try:
        name = (CimReference.from_path(paths[0]).key("Name") or "").upper()
    except WireError:
        name = ""
    return switches.get(name) or connection.text("LastKnownSwitchName") or paths[0]


def file_sizes(paths: Collection[str]) -> Talk[dict[str, int | None]]:
    """The size of each of these files in bytes; None where the host does not say. Each is read by its key."""
    told: dict[str, int | None] = {}
    for path in paths:
        try:
            told[path] = (yield from get(CimReference(DATA_FILE, {"Name": path}, names.CIMV2))).integer("FileSize")
        except WsmanFault:
            told[path] = None
    return told


def files_left(paths: Collection[str]) -> Talk[tuple[str, ...] | None]:
    """Which of these files the host still has; None where it does not say.

    CIM_DataFile is only ever read by its key: as a class it lists every file of the host.
    """
    left = []
    for path in paths:
        try:
            yield from get(CimReference(DATA_FILE, {"Name": path}, names.CIMV2))
        except WsmanFault as fault:
            if fault.hresult == _NOT_FOUND:
                continue
            return None
        left.append(path)
    return tuple(left)
