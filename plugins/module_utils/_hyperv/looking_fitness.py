# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a preflight wants to know of copies and hosts: one query per class, however many VMs there are.

Nothing here fails a look: what a host refuses is kept as the reason why it is not known.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, TypeVar

from ansible_collections.hyperv.replica.plugins.module_utils._errors import WireError, WsmanFault
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv import looking_limits, looking_networks, schema
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.adapters import Adapter, Networks
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.asking import Memory, ask
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.classes import (
    AUTHORIZATION,
    DISK,
    DRIVE,
    MANAGEMENT_SETTINGS,
    POINT_LINK,
    PROCESSOR_SETTINGS,
    SECURITY_SETTINGS,
    SYSTEM_SETTINGS,
    VLAN_SETTINGS,
    VOLUME,
)
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.fitness import (
    Attached,
    Build,
    Checkpoint,
    Medium,
    Site,
    Volume,
)
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import Disk, HostFacts, RecoveryPoint, Side
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.states import VirtualSystemType
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.trust import entry_of, system_certificates
from ansible_collections.hyperv.replica.plugins.module_utils._wire.cim import CimInstance
from ansible_collections.hyperv.replica.plugins.module_utils._wire.envelope import Talk

_T = TypeVar("_T")
_Sides = dict[str, Side]
_Unread = dict[str, str]
_ByVm = dict[str, list[CimInstance]]

#: Types of checkpoints that are no recovery points, and whether a backup made them.
_CHECKPOINTS: Final = {VirtualSystemType.SNAPSHOT.value: False, VirtualSystemType.SNAPSHOT_RECOVERY.value: True}

#: ResourceSubType of what hangs on drives, and of the drive that is a disk of the host itself (Microsoft's pages
#: msvm-storageallocationsettingdata and msvm-resourceallocationsettingdata).
_MEDIA: Final = {
    "microsoft:hyper-v:virtual hard disk": Medium.DISK,
    "microsoft:hyper-v:virtual cd/dvd disk": Medium.ISO,
    "microsoft:hyper-v:physical disk drive": Medium.PASS_THROUGH,
}
#: A VHD set, which several VMs share.
_VHD_SET: Final = ".vhds"

#: OperationMode of Msvm_EthernetSwitchPortVlanSettingData (that class's page).
_VLAN_MODES: Final = {1: "access", 2: "trunk", 3: "private"}

#: What each class is read for.
_CLASSES: Final = (
    ("checkpoints", SYSTEM_SETTINGS),
    ("processors", PROCESSOR_SETTINGS),
    ("tpm", SECURITY_SETTINGS),
    ("attached", DISK),
    ("pass_through", DRIVE),
    ("vlans", VLAN_SETTINGS),
)
_ONLY: Final[Mapping[str, Mapping[str, Sequence[str]]]] = {
    DRIVE: {"ResourceSubType": ("Microsoft:Hyper-V:Physical Disk Drive",)}
}
_STORAGE: Final = ("InstanceID", "ResourceSubType", "HostResource", "PersistentReservationsSupported")


@dataclass(slots=True, kw_only=True)
class _Read:
    """What one host told, sorted by VM; a class that it refused is not in ``found``."""

    found: dict[str, _ByVm] = field(default_factory=dict)
    networks: Networks | None = None
    adapters: Mapping[str, tuple[Adapter, ...]] = field(default_factory=dict)
    unread: _Unread = field(default_factory=dict)


def fitness(sides: _Sides, narrow: object, memory: Memory) -> Talk[_Sides]:
    """Each side with what it is made of, its start action, recovery points and adapters."""
    read = _Read()
    for name, class_name in _CLASSES:
        wanted = _STORAGE if class_name == DISK else None
        talk = ask(memory, class_name, _ONLY.get(class_name), properties=wanted)
        instances = yield from _kept(talk, name, read.unread)
        if instances is not None:
            read.found[class_name] = _by_vm(instances)
    sides = (yield from _kept(looking_limits.memory_of(sides, narrow, memory), "memory", read.unread)) or sides
    yield from _kept(_own_checkpoints(read, sides, memory), "checkpoints", read.unread)
    networks = yield from _kept(looking_networks.networks_and_adapters(memory), "adapters", read.unread)
    if networks is not None:
        read.networks, read.adapters = networks
    return {vm_id: _told(side, read) for vm_id, side in sides.items()}


def site(facts: HostFacts, memory: Memory) -> Talk[HostFacts]:
    """The host with what it has to offer."""
    unread: _Unread = {}
    volumes = yield from _kept(ask(memory, VOLUME), "volumes", unread)
    entries = yield from _kept(ask(memory, AUTHORIZATION), "entries", unread)
    management = yield from _kept(ask(memory, MANAGEMENT_SETTINGS), "macs", unread)
    certificates = yield from system_certificates(memory)
    if certificates is None:
        unread["certificates"] = "the host does not list its certificates to this account"
    told = Site(
        volumes=None if volumes is None else tuple(filter(None, map(_volume, volumes))),
        entries=None if entries is None else tuple(map(entry_of, entries)),
        certificates=certificates,
        macs=_macs(management[0]) if management else None,
        unread=unread,
    )
    return replace(facts, site=told)


def _kept(talk: Talk[_T], name: str, unread: _Unread) -> Talk[_T | None]:
    """What a conversation comes to; None, and why, where the host refuses it or says what cannot be read."""
    try:
        return (yield from talk)
    except (WsmanFault, WireError) as error:
        unread[name] = error.found
        return None


def _by_vm(instances: list[CimInstance]) -> _ByVm:
    """Settings by the VM that they are of; those of checkpoints are told apart by their type."""
    sorted_out: _ByVm = {}
    for one in instances:
        owner = schema.guid(one.text("VirtualSystemIdentifier") or one.text("InstanceID"))
        sorted_out.setdefault(owner, []).append(one)
    return sorted_out


def _own_checkpoints(read: _Read, sides: _Sides, memory: Memory) -> Talk[None]:
    """That a checkpoint names its VM is inferred; where it does not, the association is asked."""
    found = read.found.get(SYSTEM_SETTINGS, {})
    strangers = [one for vm_id, known in found.items() if vm_id not in sides for one in known if _is_snapshot(one)]
    if not strangers or any(_is_snapshot(one) for vm_id in sides for one in found.get(vm_id, ())):
        return
    owners = {}
    for link in (yield from ask(memory, POINT_LINK)):
        vm, point = link.reference("Antecedent"), link.reference("Dependent")
        if vm and point:
            owners[(point.key("InstanceID") or "").upper()] = schema.guid(vm.key("Name"))
    for one in strangers:
        owner = owners.get((one.text("InstanceID") or "").upper(), "")
        found.setdefault(owner, []).append(one)


def _is_snapshot(one: CimInstance) -> bool:
    return ":Snapshot:" in (one.text("VirtualSystemType") or "")


def _told(side: Side, read: _Read) -> Side:
    def of(class_name: str) -> list[CimInstance] | None:
        return read.found[class_name].get(side.vm_id, []) if class_name in read.found else None

    settings, disks, drives = of(SYSTEM_SETTINGS), of(DISK), of(DRIVE)
    active = next((one for one in settings or () if schema.is_active(one)), None)
    attached = None if disks is None or drives is None else tuple(filter(None, map(_attached, [*disks, *drives])))
    build = Build(
        processors=_quantity(of(PROCESSOR_SETTINGS)),
        memory=side.memory.startup if side.memory else None,
        version=active.text("Version") if active else None,
        tpm=_tpm(of(SECURITY_SETTINGS)),
        attached=attached,
        checkpoints=None if settings is None else tuple(filter(None, map(_checkpoint, settings))),
        vlans=_vlans(of(VLAN_SETTINGS)),
        adapters_read=read.networks is not None,
        unread=read.unread,
    )
    known = _with_settings(side, active, settings or [])
    return replace(
        known,
        build=build,
        disks=tuple(Disk(id=one.id, path=one.path) for one in attached or () if one.medium is Medium.DISK),
        adapters=read.adapters.get(side.vm_id, ()),
        networks=read.networks or Networks(),
    )


def _with_settings(side: Side, active: CimInstance | None, settings: list[CimInstance]) -> Side:
    points: list[RecoveryPoint] = [point for point in map(schema.recovery_point, settings) if point]
    known = replace(side, points=tuple(sorted(points, key=lambda point: point.created, reverse=True)))
    if active is None:
        return known
    return replace(
        known,
        start_action=schema.start_action(active),
        notes=active.texts("Notes"),
        settings_id=active.text("InstanceID") or "",
    )


def _quantity(found: list[CimInstance] | None) -> int | None:
    return next((one.integer("VirtualQuantity") for one in found or ()), None)


def _tpm(found: list[CimInstance] | None) -> bool | None:
    """A host that does not have the class, or a VM that has no such settings, has no virtual TPM."""
    return None if found is None else any(one.boolean("TpmEnabled") for one in found)


def _attached(one: CimInstance) -> Attached | None:
    medium = _MEDIA.get((one.text("ResourceSubType") or "").casefold())
    if medium is None:
        return None
    path = next(iter(one.texts("HostResource")), "")
    shared = bool(one.boolean("PersistentReservationsSupported")) or path.casefold().endswith(_VHD_SET)
    return Attached(medium=medium, id=one.text("InstanceID") or "", path=path, shared=shared)


def _checkpoint(one: CimInstance) -> Checkpoint | None:
    kind = one.text("VirtualSystemType") or ""
    if kind not in _CHECKPOINTS:
        return None
    return Checkpoint(id=one.text("InstanceID") or "", name=one.text("ElementName") or "", backup=_CHECKPOINTS[kind])


def _vlans(found: list[CimInstance] | None) -> dict[str, str] | None:
    """What is set on each connection; its own id is below the connection's."""
    if found is None:
        return None
    return {(one.text("InstanceID") or "").upper().rpartition("\\")[0]: _vlan(one) for one in found}


def _vlan(one: CimInstance) -> str:
    mode = one.integer("OperationMode") or 0
    numbers = {
        1: (one.integer("AccessVlanId"),),
        2: (one.integer("NativeVlanId"), *one.integers("TrunkVlanIdArray")),
    }.get(mode, (one.integer("PrimaryVlanId"), one.integer("SecondaryVlanId")))
    return " ".join([_VLAN_MODES.get(mode, "none"), *(str(number) for number in numbers if number)])


def _volume(one: CimInstance) -> Volume | None:
    name, size, free = one.text("Name"), one.integer("Capacity"), one.integer("FreeSpace")
    return Volume(name=name, size=size, free=free) if name and size is not None and free is not None else None


def _macs(one: CimInstance) -> tuple[str, str] | None:
    first, last = one.text("MinimumMacAddress"), one.text("MaximumMacAddress")
    return (first.upper(), last.upper()) if first and last else None
