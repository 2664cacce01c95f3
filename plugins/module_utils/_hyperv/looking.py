# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What one host shows of its virtual machines: one query per class, however many there are."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum
from functools import partial
from typing import Final, TypeVar

from ansible_collections.hyperv.replica.plugins.module_utils._errors import WireError, WsmanFault
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv import (
    looking_cluster,
    looking_disks,
    looking_fitness,
    looking_limits,
    looking_networks,
    looking_tests,
    schema,
)
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.asking import (
    NARROW,
    Memory,
    OwnJob,
    ask,
    keyed,
)
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.calls import job_errors, statistics
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.calls_relationship import settings_ids
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.classes import (
    HEALTH,
    HEARTBEAT,
    JOB,
    JOB_LINK,
    KEY_VALUES,
    OPERATING_SYSTEM,
    POINT_LINK,
    POINT_TYPES,
    PROPERTIES,
    RELATIONSHIP,
    SERVICE,
    SERVICE_SETTINGS,
    SETTINGS,
    SYSTEM,
    SYSTEM_SETTINGS,
    TEST_LINK,
)
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import HostFacts, Job, Relationship, Side
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.states import (
    Power,
    ReplicationMode,
    VirtualSystemType,
)
from ansible_collections.hyperv.replica.plugins.module_utils._wire.cim import CimInstance, CimReference
from ansible_collections.hyperv.replica.plugins.module_utils._wire.envelope import Talk


class Gather(Enum):
    """What a look reads beside the state, which every look reads."""

    STATE = "state"
    SETTINGS = "settings"
    POINTS = "points"
    JOBS = "jobs"
    SERVICE = "service"
    GUEST = "guest"
    STATISTICS = "statistics"
    POWER = "power"
    TEST_COPIES = "test_copies"
    DISKS = "disks"
    TESTS = "tests"
    ADAPTERS = "adapters"
    MEMORY = "memory"
    LIMITS = "limits"
    CLUSTER = "cluster"
    FITNESS = "fitness"


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One host at one moment.

    Attributes:
        sides: by GUID.
        seen_at: by the controller's clock, just before the host told its own.
        statistics: by GUID; empty where they were not read. extended_statistics: the same of the leg to a third host.
        unreadable: by GUID, name and error of each VM that shows a number nobody documents; it is not in sides, and
            is an error only for whoever asks for it.
        stray_jobs: by GUID, jobs of VMs that the host does not have: those live where they were started, and the VM
            of a cluster may have moved.
    """

    facts: HostFacts
    sides: Mapping[str, Side]
    seen_at: datetime | None = None
    statistics: Mapping[str, tuple[schema.Statistics, ...]] = field(default_factory=dict)
    extended_statistics: Mapping[str, tuple[schema.Statistics, ...]] = field(default_factory=dict)
    unreadable: Mapping[str, tuple[str, WireError]] = field(default_factory=dict)
    stray_jobs: Mapping[str, tuple[Job, ...]] = field(default_factory=dict)


_Sides = dict[str, Side]
_T = TypeVar("_T")


def look(name: str, gather: Collection[Gather], vm_ids: Collection[str] | None, memory: Memory) -> Talk[Look]:
    """Read what is asked for of these VMs, or of all; those that the host does not have are not in it."""
    wanted = None if vm_ids is None else {vm_id.strip("{} ").upper() for vm_id in vm_ids}
    memory.unreadable, memory.stray_jobs = {}, {}
    facts = yield from _facts(name, gather, memory)
    sides = yield from _systems(facts, wanted, memory, Gather.FITNESS in gather)
    narrow = sorted(wanted) if wanted and len(wanted) <= NARROW else None
    for part, needed in _PARTS:
        if needed & set(gather) or needed == {Gather.STATE}:
            sides = yield from part(sides, narrow, memory)
    for _name, error in memory.unreadable.values() if wanted else ():
        raise error
    if Gather.FITNESS in gather:
        facts = yield from looking_fitness.site(facts, memory)
    told, further = {}, {}
    for side in sides.values() if Gather.STATISTICS in gather else ():
        told[side.vm_id] = yield from statistics(side, memory)
        if side.extended is not None:
            further[side.vm_id] = yield from statistics(side, memory, extended=True)
    return Look(
        facts=facts,
        sides=sides,
        statistics=told,
        extended_statistics=further,
        unreadable=memory.unreadable,
        stray_jobs={vm_id: tuple(jobs) for vm_id, jobs in memory.stray_jobs.items()},
    )


def _readable(memory: Memory, vm_id: str, name: str, read: Callable[[], _T]) -> _T | None:
    """What was read of one VM; None where it shows what nobody documents, which must not hide its neighbours."""
    try:
        return read()
    except WireError as error:
        memory.unreadable[vm_id] = (name, error)
        return None


def _facts(name: str, gather: Collection[Gather], memory: Memory) -> Talk[HostFacts]:
    facts = schema.host_facts(name, _first((yield from _operating_system(memory))))
    if Gather.LIMITS in gather:
        facts = replace(facts, limits=(yield from looking_limits.host_limits(facts.version, memory)))
    if Gather.CLUSTER in gather:
        facts = replace(facts, cluster=(yield from looking_cluster.cluster(memory)))
    if Gather.SERVICE not in gather:
        return facts
    setting = _first((yield from ask(memory, SERVICE_SETTINGS)))
    service = _first((yield from ask(memory, SERVICE)))
    if service and memory.service is None:
        memory.service = keyed(SERVICE, service)
    return replace(facts, replica_server=schema.replica_server(setting, service) if setting else None)


def _operating_system(memory: Memory) -> Talk[list[CimInstance]]:
    """Whoever may manage Hyper-V need not be allowed to read root/cimv2; then the host's clock stays unknown."""
    try:
        return (yield from ask(memory, OPERATING_SYSTEM))
    except WsmanFault as fault:
        if fault.kind != "access_refused":
            raise
    memory.missing.add(OPERATING_SYSTEM)
    return []


def _systems(facts: HostFacts, wanted: Collection[str] | None, memory: Memory, health: bool) -> Talk[_Sides]:
    """All VMs, or those that are wanted; with the machine's own health only where somebody asks for it."""
    where = {"Name": sorted(wanted)} if wanted and len(wanted) <= NARROW else {}
    properties = (*PROPERTIES[SYSTEM], HEALTH) if health else None
    found = yield from ask(memory, SYSTEM, where, properties=properties)
    ids = {schema.vm_id(system): system for system in found}
    kept = {vm_id: system for vm_id, system in ids.items() if vm_id and (wanted is None or vm_id in wanted)}
    sides = {
        vm_id: _readable(memory, vm_id, system.text("ElementName") or "", partial(schema.side, system, facts))
        for vm_id, system in kept.items()
    }
    return {vm_id: side for vm_id, side in sides.items() if side is not None}


def _relationships(sides: _Sides, narrow: list[str] | None, memory: Memory) -> Talk[_Sides]:
    """An instance wins over the deprecated properties of the system, which stay where there is none."""
    found = yield from ask(memory, RELATIONSHIP, _legs(narrow))
    mine = [one for one in found if _owner(one, "InstanceID") in sides]
    legs: dict[tuple[str, int], Relationship] = {}
    for one, leg in zip(mine, memory.relationships.each("", mine, _relationship), strict=True):
        if isinstance(leg, WireError):
            vm_id = _owner(one, "InstanceID")
            memory.unreadable[vm_id] = (sides[vm_id].vm_name, leg)
        else:
            legs[schema.leg(one)] = leg
    return {
        vm_id: _with_legs(side, legs.get((vm_id, 0)), legs.get((vm_id, 1)))
        for vm_id, side in sides.items()
        if vm_id not in memory.unreadable
    }


def _relationship(one: CimInstance) -> Relationship | WireError:
    try:
        return schema.relationship(one)
    except WireError as error:
        return error


def _with_legs(side: Side, first: Relationship | None, further: Relationship | None) -> Side:
    """Where there is only a second one, it is the VM's own: a third host and a promoted copy may show it so."""
    if first is None and further is not None and side.mode is not ReplicationMode.NONE:
        return replace(side, relationship=further)
    return replace(side, relationship=first or side.relationship, extended=further)


def _settings(sides: _Sides, narrow: list[str] | None, memory: Memory) -> Talk[_Sides]:
    found = yield from ask(memory, SETTINGS, _legs(narrow))
    mine = {schema.leg(one): one for one in found if _owner(one, "InstanceID") in sides}
    read = dict(zip(mine, memory.settings.each("", mine.values(), schema.settings), strict=True))
    return {
        vm_id: replace(
            side,
            settings=read.get((vm_id, _own_leg(side)), side.settings),
            extended_settings=read.get((vm_id, 1)) if side.extended else None,
        )
        for vm_id, side in sides.items()
    }


def _own_leg(side: Side) -> int:
    return int(side.relationship is not None and side.relationship.instance_id.upper().endswith("HVR\\1"))


def _power(sides: _Sides, narrow: list[str] | None, memory: Memory) -> Talk[_Sides]:
    where = {"VirtualSystemType": VirtualSystemType.REALIZED.value}
    found = yield from ask(memory, SYSTEM_SETTINGS, {**where, **_identified(narrow)})
    mine = {_owner(one, "VirtualSystemIdentifier"): one for one in found if schema.is_active(one)}
    return {
        vm_id: replace(
            side,
            start_action=schema.start_action(mine[vm_id]),
            notes=mine[vm_id].texts("Notes"),
            settings_id=mine[vm_id].text("InstanceID") or "",
        )
        if vm_id in mine
        else side
        for vm_id, side in sides.items()
    }


def _points(sides: _Sides, narrow: list[str] | None, memory: Memory) -> Talk[_Sides]:
    """That a point's VirtualSystemIdentifier is its VM's is inferred; where it is not, the association is asked."""
    found = yield from ask(memory, SYSTEM_SETTINGS, {"VirtualSystemType": tuple(kind.value for kind in POINT_TYPES)})
    owners = {one.text("InstanceID") or "": _owner(one, "VirtualSystemIdentifier") for one in found}
    if found and not any(owner in sides for owner in owners.values()):
        owners |= yield from _links(POINT_LINK, "Dependent", "InstanceID", "Antecedent", memory)
    points = [(owners[point.id], point) for point in map(schema.recovery_point, found) if point]
    return {
        vm_id: replace(
            side,
            points=tuple(sorted((p for owner, p in points if owner == vm_id), key=lambda p: p.created, reverse=True)),
        )
        for vm_id, side in sides.items()
    }


def _jobs(sides: _Sides, narrow: list[str] | None, memory: Memory) -> Talk[_Sides]:
    """Jobs by the association, and ours by what their call returned, be the association there or not."""
    found = yield from _job_instances(memory)
    if not found:
        return sides
    owners = {own.id.upper(): own.vm_id for own in memory.own_jobs.values()}
    if not all((one.text("InstanceID") or "").upper() in owners for one in found):
        linked = yield from _links(JOB_LINK, "AffectingElement", "InstanceID", "AffectedElement", memory)
        owners = {job_id.upper(): vm_id for job_id, vm_id in linked.items()} | owners
    jobs: dict[str, list[Job]] = {}
    for one in found:
        owner = owners.get((one.text("InstanceID") or "").upper(), "")
        kept = jobs if owner in sides else memory.stray_jobs
        if owner:
            kept.setdefault(owner, []).append((yield from _explained(schema.job(one, owner), memory)))
    return {vm_id: replace(side, jobs=tuple(jobs[vm_id])) if vm_id in jobs else side for vm_id, side in sides.items()}


def _job_instances(memory: Memory) -> Talk[list[CimInstance]]:
    """All of Msvm_ConcreteJob; a job of ours that has another class, which need not be derived from it, by its own."""
    found = {(one.text("InstanceID") or "").upper(): one for one in (yield from ask(memory, JOB))}
    others = {own.class_name for key, own in memory.own_jobs.items() if key not in found and not own.ended} - {JOB}
    for class_name in sorted(others):
        found |= {(one.text("InstanceID") or "").upper(): one for one in (yield from ask(memory, class_name))}
    return list(found.values())


def _explained(job: Job, memory: Memory) -> Talk[Job]:
    """The job; one of ours that failed with what the host says of it, which is asked once."""
    own: OwnJob | None = memory.own_jobs.get(job.id.upper())
    if own is None or job.running:
        return job
    own.ended = True
    if job.succeeded:
        return job
    if own.error is None:
        own.error = yield from job_errors(job.id, memory)
    return replace(job, error=own.error or job.error)


def _guests(sides: _Sides, narrow: list[str] | None, memory: Memory) -> Talk[_Sides]:
    where = {"SystemName": narrow} if narrow else {}
    heartbeats = {_owner(one, "SystemName"): one for one in (yield from ask(memory, HEARTBEAT, where))}
    key_values = {_owner(one, "SystemName"): one for one in (yield from ask(memory, KEY_VALUES, where))}
    return {
        vm_id: replace(side, guest=schema.guest(heartbeats.get(vm_id), key_values.get(vm_id)))
        for vm_id, side in sides.items()
    }


def _test_copies(sides: _Sides, narrow: list[str] | None, memory: Memory) -> Talk[_Sides]:
    copies = yield from _links(TEST_LINK, "Antecedent", "Name", "Dependent", memory)
    by_vm = {vm_id.upper(): copy for vm_id, copy in copies.items()}
    powers = yield from _powers({copy for vm_id, copy in by_vm.items() if vm_id in sides}, memory)
    return {
        vm_id: replace(side, test_copy=by_vm.get(vm_id, ""), test_power=powers.get(by_vm.get(vm_id, "")))
        for vm_id, side in sides.items()
    }


def _powers(copies: Collection[str], memory: Memory) -> Talk[dict[str, Power]]:
    """Whether these test copies run; nothing is asked for where there is none."""
    if not copies:
        return {}
    found = yield from ask(memory, SYSTEM, {"Name": sorted(copies)} if len(copies) <= NARROW else {})
    known = (schema.side(one, HostFacts(name="")) for one in found if schema.vm_id(one) in copies)
    return {side.vm_id: side.power for side in known if side.mode is ReplicationMode.TEST_REPLICA}


def _links(association: str, role: str, key: str, other: str, memory: Memory) -> Talk[dict[str, str]]:
    """An association as a map: from a key of what plays the role to the VM at its other end."""
    found = yield from ask(memory, association)
    pairs = [(one.reference(role), one.reference(other)) for one in found]
    named = {(here.key(key) or ""): _vm_of(there) for here, there in pairs if here and there}
    return {name: vm_id for name, vm_id in named.items() if name and vm_id}


def _vm_of(reference: CimReference) -> str:
    """A VM by its Name; what belongs to a VM, such as its settings, by the GUID in its InstanceID."""
    return schema.guid(reference.key("Name") or reference.key("InstanceID"))


def _owner(instance: CimInstance, name: str) -> str:
    return schema.guid(instance.text(name))


def _legs(narrow: Iterable[str] | None) -> dict[str, tuple[str, ...]]:
    return {"InstanceID": tuple(one for vm_id in narrow for one in settings_ids(vm_id))} if narrow else {}


def _identified(narrow: list[str] | None) -> dict[str, list[str]]:
    return {"VirtualSystemIdentifier": narrow} if narrow else {}


def _first(instances: list[CimInstance]) -> CimInstance | None:
    return instances[0] if instances else None


_Part = Callable[[_Sides, "list[str] | None", Memory], Talk[_Sides]]

#: What each part is read for, in this order.
_PARTS: Final[tuple[tuple[_Part, set[Gather]], ...]] = (
    (_relationships, {Gather.STATE}),
    (_settings, {Gather.SETTINGS}),
    (_power, {Gather.POWER}),
    (_points, {Gather.POINTS}),
    (_jobs, {Gather.JOBS}),
    (_guests, {Gather.GUEST}),
    (looking_disks.disks, {Gather.DISKS}),
    (looking_limits.memory_of, {Gather.MEMORY}),
    (_test_copies, {Gather.TEST_COPIES, Gather.TESTS}),
    (looking_tests.test_copies, {Gather.TESTS}),
    (looking_networks.adapters, {Gather.ADAPTERS}),
    (looking_fitness.fitness, {Gather.FITNESS}),
)
