# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""VMs of an estate file: one copy at a time, or a replicated pair; and back."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.states import (
    BUILT_IN_PROVIDER,
    Power,
    ReplicationMode,
    ReplicationState,
    ReplicationType,
)
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.copies import replica_of
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.machines import (
    ALIVE,
    Adapter,
    Checkpoint,
    Counters,
    Disk,
    FailoverAddress,
    Guest,
    PointKind,
    RecoveryPoint,
    Relationship,
    ReplicationSettings,
    Statistics,
    Vm,
)
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.record import plain_record, record
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.section import Section
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.world import Host, World

_GUID: Final = re.compile(r"[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}")
#: The SCSI controller that disks without an instance id hang on.
_CONTROLLER: Final = "83F8638B-8DCA-4152-9EDA-2CA8B33039B4"
#: Writes a replicated pair holds when its file does not say.
_FIRST_WRITES: Final = 1000

#: Fields that are read by hand, or are no business of a file.
_VM_BY_HAND: Final = ("guid", "running_since", "booked", "requested_state")
_RELATIONSHIP_BY_HAND: Final = ("next_cycle", "sending")


def read_vm(world: World, host: Host, section: Section) -> Vm:
    """One copy, as it stands under its host."""
    vm = _body(world, host, section)
    vm.relationships = {known.index: known for known in map(_relationship, section.sections("relationships"))}
    vm.relationships.setdefault(0, Relationship(statistics=Statistics(start=section.now)))
    vm.before_failover = _content(section, "before_failover") or None
    section.end()
    return vm


def read_pair(world: World, section: Section) -> tuple[tuple[Host, Vm], tuple[Host, Vm]]:
    """A VM that replicates healthily from its primary host to its replica host: both copies."""
    primary, replica = _named_host(world, section, "primary"), _named_host(world, section, "replica")
    if primary is replica:
        raise section.error("replica", "has to be another host than the primary")
    vm = _body(world, primary, section)
    for disk in vm.disks:
        disk.writes = disk.writes or {primary.name: _FIRST_WRITES}
    settings = _pair_settings(section, vm, primary, replica)
    age = section.number("last_replication_age", min(60, settings.replication_interval / 2))
    copy = replica_of(vm, vm.created, _replicating(section, replace(settings), age))
    copy.hold(vm.held)
    copy.recovery_points, vm.recovery_points = vm.recovery_points or [_first_point(world, copy)], []
    for adapter in copy.adapters:
        adapter.switch = section.text("replica_switch", "")
    vm.mode, vm.relationships = ReplicationMode.PRIMARY, {0: _replicating(section, settings, age)}
    section.end()
    return (primary, vm), (replica, copy)


def plain_vm(vm: Vm, world: World) -> dict[str, Any]:
    """What ``read_vm`` reads back."""
    now = world.now
    parts = {
        "guest": plain_record(vm.guest, now),
        "disks": [plain_record(disk, now) for disk in vm.disks],
        "adapters": [_plain_adapter(adapter, world) for adapter in vm.adapters],
        "relationships": [_plain_relationship(known, world) for known in vm.relationships.values() if known.state],
        "recovery_points": [_plain_point(point, world) for point in vm.recovery_points],
        "checkpoints": [plain_record(point, now) for point in vm.checkpoints],
        "provider_points": [{"id": name, "disks": _plain_content(held)} for name, held in vm.provider_points.items()],
        "before_failover": _plain_content(vm.before_failover or []),
    }
    known = plain_record(vm, now, skip=_VM_BY_HAND)
    return {"guid": vm.guid, **known, **{key: part for key, part in parts.items() if part}}


def _body(world: World, host: Host, section: Section) -> Vm:
    guid = section.text("guid", "").upper() or world.new_guid()
    if not _GUID.fullmatch(guid):
        raise section.error("guid", "a GUID without braces is wanted")
    guest = section.mapping("guest")
    name = section.text("name")
    disks = [_disk(item, name, guid, place) for place, item in enumerate(section.sections("disks"))]
    vm = record(
        Vm,
        section,
        skip=_VM_BY_HAND,
        guid=guid,
        created=section.now - timedelta(days=200),
        relationships={},
        disks=disks,
        adapters=[_adapter(world, item, guid) for item in section.sections("adapters")],
        guest=_guest(guest) if guest else Guest(),
        recovery_points=[_point(world, item, guid) for item in section.sections("recovery_points")],
        checkpoints=[_checkpoint(world, item) for item in section.sections("checkpoints")],
        provider_points=dict(map(_provider_point, section.sections("provider_points"))),
    )
    _let_run(vm, section)
    return vm


def _let_run(vm: Vm, section: Section) -> None:
    """A VM that is to run has run for a day, unless the file says since when."""
    if vm.power not in ALIVE:
        return
    vm.power = Power.RUNNING
    vm.powered_on = vm.powered_on or section.now - timedelta(days=1)
    vm.power_changed = vm.power_changed or vm.powered_on
    vm.running_since = section.now
    if vm.guest.answers and vm.guest.up_since is None:
        vm.guest.up_since = vm.powered_on


def _disk(section: Section, name: str, guid: str, place: int) -> Disk:
    size = int(section.number("size", 40 << 30))
    identity = f"Microsoft:{guid}\\{_CONTROLLER}\\0\\{place}\\D"
    folder = re.sub(r'[<>:"/\\|?*]', "_", name)
    path = f"C:\\VMs\\{folder}\\disk{place}.vhdx"
    disk = record(Disk, section, instance_id=identity, path=path, size=size, used=size // 2, location=place)
    section.end()
    return disk


def _adapter(world: World, section: Section, guid: str) -> Adapter:
    failover = section.mapping("failover")
    address = record(FailoverAddress, failover) if failover else FailoverAddress()
    if failover:
        failover.end()
    identity, mac = f"Microsoft:{guid}\\{world.new_guid()}", world.new_mac()
    adapter = record(Adapter, section, name="Network Adapter", instance_id=identity, mac=mac, failover=address)
    section.end()
    return adapter


def _guest(section: Section) -> Guest:
    guest = record(Guest, section)
    section.end()
    return guest


def _point(world: World, section: Section, guid: str) -> RecoveryPoint:
    point = record(
        RecoveryPoint,
        section,
        skip=("vm_guid",),
        guid=world.new_guid(),
        vm_guid=guid,
        name="recovery point",
        kind=PointKind.STANDARD,
        created=section.now,
        writes=_content(section, "disks"),
    )
    section.end()
    return replace(point, guid=point.guid.upper())


def _checkpoint(world: World, section: Section) -> Checkpoint:
    point = record(Checkpoint, section, guid=world.new_guid(), name="Checkpoint", created=section.now)
    section.end()
    return replace(point, guid=point.guid.upper())


def _provider_point(section: Section) -> tuple[str, list[Counters]]:
    point = section.text("id"), _content(section, "disks")
    section.end()
    return point


def _content(section: Section, key: str) -> list[Counters]:
    disks = section.sections(key)
    content = [disk.counters("writes") for disk in disks]
    for disk in disks:
        disk.end()
    return content


def _relationship(section: Section) -> Relationship:
    settings = section.mapping("settings")
    if settings is None:
        raise section.error("settings", "is missing")
    known = record(
        Relationship,
        section,
        skip=_RELATIONSHIP_BY_HAND,
        settings=record(ReplicationSettings, settings),
        statistics=Statistics(start=section.now),
    )
    settings.end()
    section.end()
    return known


def _pair_settings(section: Section, vm: Vm, primary: Host, replica: Host) -> ReplicationSettings:
    authentication = section.choice("authentication", {"kerberos": 1, "certificate": 2}, 1)
    server = replica.replica_server
    return ReplicationSettings(
        authentication_type=authentication,
        certificate_thumbprint=primary.replica_server.certificate_thumbprint if authentication == 2 else "",
        recovery_connection_point=replica.connection_point,
        recovery_host_system=replica.fqdn,
        primary_connection_point=primary.connection_point,
        primary_host_system=primary.fqdn,
        recovery_server_port=server.https_port if authentication == 2 else server.http_port,
        application_consistent_interval=int(section.number("application_consistent_interval", 0)),
        recovery_history=int(section.number("recovery_history", 4)),
        included_disks=[disk.instance_id for disk in vm.disks if not disk.pass_through],
        provider=section.text("provider", BUILT_IN_PROVIDER).upper(),
        additional_settings=section.text("additional_settings", ""),
        replication_interval=section.choice("interval", {"30": 30, "300": 300, "900": 900}, 300),
    )


def _replicating(section: Section, settings: ReplicationSettings, age: float) -> Relationship:
    last = section.now - timedelta(seconds=age)
    return Relationship(
        state=ReplicationState.REPLICATING,
        settings=settings,
        statistics=Statistics(start=section.now - timedelta(hours=6), successes=72),
        last_type=ReplicationType.REGULAR,
        last_replication_time=last,
        last_apply_time=last,
        cycles_since_copy=72,
    )


def _first_point(world: World, copy: Vm) -> RecoveryPoint:
    created = world.now - timedelta(minutes=30)
    return RecoveryPoint(
        guid=world.new_guid(),
        vm_guid=copy.guid,
        name=f"{copy.name} - Standard - ({created:%Y-%m-%d - %H:%M:%S})",
        kind=PointKind.STANDARD,
        created=created,
        writes=copy.held,
    )


def _named_host(world: World, section: Section, key: str) -> Host:
    host = world.host(section.text(key))
    if host is None:
        raise section.error(key, f"there is no such host; there are {', '.join(world.hosts)}")
    return host


def _plain_adapter(adapter: Adapter, world: World) -> dict[str, Any]:
    failover = plain_record(adapter.failover, world.now)
    return plain_record(adapter, world.now) | ({"failover": failover} if failover else {})


def _plain_relationship(known: Relationship, world: World) -> dict[str, Any]:
    plain = plain_record(known, world.now, skip=_RELATIONSHIP_BY_HAND)
    return plain | {"settings": plain_record(known.settings, world.now)}


def _plain_point(point: RecoveryPoint, world: World) -> dict[str, Any]:
    return plain_record(point, world.now, skip=("vm_guid",)) | {"disks": _plain_content(point.writes)}


def _plain_content(content: list[Counters]) -> list[dict[str, Any]]:
    return [{"writes": dict(writes)} for writes in content]
