# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The parts of a look that a poll may ask for by themselves, each one query however many VMs there are."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import TypeVar

from ansible_collections.hyperv.replica.plugins.module_utils._errors import WireError
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv import schema
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.asking import (
    NARROW,
    Memory,
    OwnJob,
    ask,
)
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.calls import job_errors
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.calls_relationship import settings_ids
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.classes import (
    HEALTH,
    HEARTBEAT,
    JOB,
    JOB_LINK,
    KEY_VALUES,
    PROPERTIES,
    RELATIONSHIP,
    SYSTEM,
)
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import (
    Guest,
    HostFacts,
    Job,
    Relationship,
    Side,
)
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.states import ReplicationMode
from ansible_collections.hyperv.replica.plugins.module_utils._wire.cim import CimInstance, CimReference
from ansible_collections.hyperv.replica.plugins.module_utils._wire.envelope import Talk

_Sides = dict[str, Side]
_T = TypeVar("_T")


def readable(memory: Memory, vm_id: str, name: str, read: Callable[[], _T]) -> _T | None:
    """What was read of one VM; None where it shows what nobody documents, which must not hide its neighbours."""
    try:
        return read()
    except WireError as error:
        memory.unreadable[vm_id] = (name, error)
        return None


def systems(facts: HostFacts, wanted: Collection[str] | None, memory: Memory, health: bool) -> Talk[_Sides]:
    """All VMs, or those that are wanted; with the machine's own health only where somebody asks for it."""
    where = {"Name": sorted(wanted)} if wanted and len(wanted) <= NARROW else {}
    properties = (*PROPERTIES[SYSTEM], HEALTH) if health else None
    found = yield from ask(memory, SYSTEM, where, properties=properties)
    ids = {schema.vm_id(system): system for system in found}
    kept = {vm_id: system for vm_id, system in ids.items() if vm_id and (wanted is None or vm_id in wanted)}
    sides = {
        vm_id: readable(memory, vm_id, system.text("ElementName") or "", partial(schema.side, system, facts))
        for vm_id, system in kept.items()
    }
    return {vm_id: side for vm_id, side in sides.items() if side is not None}


def relationships(sides: _Sides, narrow: list[str] | None, memory: Memory) -> Talk[_Sides]:
    """An instance wins over the deprecated properties of the system, which stay where there is none."""
    found = yield from ask(memory, RELATIONSHIP, legs_of(narrow))
    mine = [one for one in found if owner_of(one, "InstanceID") in sides]
    legs: dict[tuple[str, int], Relationship] = {}
    for one, leg in zip(mine, memory.relationships.each("", mine, _relationship), strict=True):
        if isinstance(leg, WireError):
            vm_id = owner_of(one, "InstanceID")
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


def jobs(sides: _Sides, narrow: list[str] | None, memory: Memory) -> Talk[_Sides]:
    """Jobs by the association, and ours by what their call returned, be the association there or not."""
    found = yield from _job_instances(memory)
    if not found:
        return sides
    owners = {own.id.upper(): own.vm_id for own in memory.own_jobs.values()}
    if not all((one.text("InstanceID") or "").upper() in owners for one in found):
        linked = yield from links(JOB_LINK, "AffectingElement", "InstanceID", "AffectedElement", memory)
        owners = {job_id.upper(): vm_id for job_id, vm_id in linked.items()} | owners
    by_vm: dict[str, list[Job]] = {}
    for one in found:
        vm_id = owners.get((one.text("InstanceID") or "").upper(), "")
        kept = by_vm if vm_id in sides else memory.stray_jobs
        if vm_id:
            kept.setdefault(vm_id, []).append((yield from _explained(schema.job(one, vm_id), memory)))
    return {vm_id: replace(side, jobs=tuple(by_vm[vm_id])) if vm_id in by_vm else side for vm_id, side in sides.items()}


def own_jobs(sides: _Sides, memory: Memory) -> Talk[_Sides]:
    """The jobs that our calls for these VMs started, asked for by id; nothing is asked where all have ended.

    One that the host has forgotten goes; every other job stays as it was seen last.
    """
    running = {key: own for key, own in memory.own_jobs.items() if own.vm_id in sides and not own.ended}
    instances: dict[str, CimInstance] = {}
    for class_name in (JOB, *sorted({own.class_name for own in running.values()} - {JOB})):
        asked = [own.id for key, own in running.items() if key not in instances and class_name in (JOB, own.class_name)]
        where = {"InstanceID": sorted(asked)} if len(asked) <= NARROW else {}
        found = (yield from ask(memory, class_name, where)) if asked else []
        instances |= {(one.text("InstanceID") or "").upper(): one for one in found}
    seen: dict[str, Job] = {}
    for key in running.keys() & instances.keys():
        seen[key] = yield from _explained(schema.job(instances[key], running[key].vm_id), memory)
    return {vm_id: replace(side, jobs=_with(side, running, seen)) for vm_id, side in sides.items()}


def _with(side: Side, running: Collection[str], found: Mapping[str, Job]) -> tuple[Job, ...]:
    others = (job for job in side.jobs if job.id.upper() not in running)
    return (*others, *(job for job in found.values() if job.vm_id == side.vm_id))


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


def guests(sides: _Sides, narrow: list[str] | None, memory: Memory) -> Talk[_Sides]:
    """What the integration services of the guests tell."""
    where = {"SystemName": narrow} if narrow else {}
    beats = {owner_of(one, "SystemName"): one for one in (yield from ask(memory, HEARTBEAT, where))}
    key_values = {owner_of(one, "SystemName"): one for one in (yield from ask(memory, KEY_VALUES, where))}
    return {
        vm_id: replace(side, guest=schema.guest(beats.get(vm_id), key_values.get(vm_id)))
        for vm_id, side in sides.items()
    }


def heartbeats(sides: _Sides, narrow: list[str] | None, memory: Memory) -> Talk[_Sides]:
    """Whether the guests answer; what else they tell stays as it was."""
    found = yield from ask(memory, HEARTBEAT, {"SystemName": narrow} if narrow else {})
    beats = {owner_of(one, "SystemName"): schema.guest(one, None) for one in found}
    return {vm_id: replace(side, guest=_beating(side, beats.get(vm_id))) for vm_id, side in sides.items()}


def _beating(side: Side, now: Guest | None) -> Guest:
    now = now or Guest()
    return replace(side.guest or Guest(), heartbeat=now.heartbeat, application=now.application)


def links(association: str, role: str, key: str, other: str, memory: Memory) -> Talk[dict[str, str]]:
    """An association as a map: from a key of what plays the role to the VM at its other end."""
    found = yield from ask(memory, association)
    pairs = [(one.reference(role), one.reference(other)) for one in found]
    named = {(here.key(key) or ""): _vm_of(there) for here, there in pairs if here and there}
    return {name: vm_id for name, vm_id in named.items() if name and vm_id}


def _vm_of(reference: CimReference) -> str:
    """A VM by its Name; what belongs to a VM, such as its settings, by the GUID in its InstanceID."""
    return schema.guid(reference.key("Name") or reference.key("InstanceID"))


def owner_of(instance: CimInstance, name: str) -> str:
    """The GUID that a property begins with."""
    return schema.guid(instance.text(name))


def legs_of(narrow: Iterable[str] | None) -> dict[str, tuple[str, ...]]:
    """A condition that is met by the relationships of these VMs, and by their settings."""
    return {"InstanceID": tuple(one for vm_id in narrow for one in settings_ids(vm_id))} if narrow else {}
