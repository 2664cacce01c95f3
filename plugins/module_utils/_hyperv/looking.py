# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What one host shows of its virtual machines: one query per class, however many there are."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum
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
    ask,
    keyed,
)
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.calls import statistics
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.classes import (
    OPERATING_SYSTEM,
    POINT_LINK,
    POINT_TYPES,
    SERVICE,
    SERVICE_SETTINGS,
    SETTINGS,
    SYSTEM,
    SYSTEM_SETTINGS,
    TEST_LINK,
)
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.looking_parts import (
    guests,
    jobs,
    legs_of,
    links,
    owner_of,
    relationships,
    systems,
)
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import HostFacts, Job, Side
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.states import (
    Power,
    ReplicationMode,
    VirtualSystemType,
)
from ansible_collections.hyperv.replica.plugins.module_utils._wire.cim import CimInstance
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
        asked: the GUIDs that were asked for; None for all.
        whole: everything was read in one go. What is put together from looks of several moments decides nothing.
    """

    facts: HostFacts
    sides: Mapping[str, Side]
    seen_at: datetime | None = None
    statistics: Mapping[str, tuple[schema.Statistics, ...]] = field(default_factory=dict)
    extended_statistics: Mapping[str, tuple[schema.Statistics, ...]] = field(default_factory=dict)
    unreadable: Mapping[str, tuple[str, WireError]] = field(default_factory=dict)
    stray_jobs: Mapping[str, tuple[Job, ...]] = field(default_factory=dict)
    asked: frozenset[str] | None = None
    whole: bool = True

    def over(self, earlier: Look) -> Look:
        """This look, with the VMs that it was not asked for as an earlier one shows them."""
        if self.asked is None:
            return self
        left = frozenset(vm_id for vm_id in earlier.sides if vm_id not in (self.asked if self.whole else self.sides))
        rest = frozenset(vm_id for vm_id in earlier.stray_jobs if not self.whole or vm_id not in self.asked)
        return replace(
            self,
            sides={**{vm_id: earlier.sides[vm_id] for vm_id in left}, **self.sides},
            stray_jobs={**{vm_id: earlier.stray_jobs[vm_id] for vm_id in rest}, **self.stray_jobs},
        )


_Sides = dict[str, Side]
_T = TypeVar("_T")


def look(name: str, gather: Collection[Gather], vm_ids: Collection[str] | None, memory: Memory) -> Talk[Look]:
    """Read what is asked for of these VMs, or of all; those that the host does not have are not in it."""
    wanted = None if vm_ids is None else {vm_id.strip("{} ").upper() for vm_id in vm_ids}
    memory.unreadable, memory.stray_jobs, memory.looked_at = {}, {}, frozenset(wanted or ())
    facts = yield from facts_of(name, gather, memory)
    sides = yield from systems(facts, wanted, memory, Gather.FITNESS in gather)
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
        stray_jobs={
            vm_id: tuple(left) for vm_id, left in memory.stray_jobs.items() if wanted is None or vm_id in wanted
        },
        asked=None if wanted is None else frozenset(wanted),
    )


def facts_of(name: str, gather: Collection[Gather], memory: Memory) -> Talk[HostFacts]:
    """What the host tells of itself."""
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


def _settings(sides: _Sides, narrow: list[str] | None, memory: Memory) -> Talk[_Sides]:
    found = yield from ask(memory, SETTINGS, legs_of(narrow))
    mine = {schema.leg(one): one for one in found if owner_of(one, "InstanceID") in sides}
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
    mine = {owner_of(one, "VirtualSystemIdentifier"): one for one in found if schema.is_active(one)}
    return {
        vm_id: replace(
            side,
            start_action=schema.start_action(mine[vm_id]),
            notes=mine[vm_id].texts("Notes"),
            created=mine[vm_id].moment("CreationTime"),
            settings_id=mine[vm_id].text("InstanceID") or "",
        )
        if vm_id in mine
        else side
        for vm_id, side in sides.items()
    }


def _points(sides: _Sides, narrow: list[str] | None, memory: Memory) -> Talk[_Sides]:
    """That a point's VirtualSystemIdentifier is its VM's is inferred; where it is not, the association is asked."""
    found = yield from ask(memory, SYSTEM_SETTINGS, {"VirtualSystemType": tuple(kind.value for kind in POINT_TYPES)})
    owners = {one.text("InstanceID") or "": owner_of(one, "VirtualSystemIdentifier") for one in found}
    if found and not any(owner in sides for owner in owners.values()):
        owners |= yield from links(POINT_LINK, "Dependent", "InstanceID", "Antecedent", memory)
    points = [(owners[point.id], point) for point in map(schema.recovery_point, found) if point]
    return {
        vm_id: replace(
            side,
            points=tuple(sorted((p for owner, p in points if owner == vm_id), key=lambda p: p.created, reverse=True)),
        )
        for vm_id, side in sides.items()
    }


def _test_copies(sides: _Sides, narrow: list[str] | None, memory: Memory) -> Talk[_Sides]:
    copies = yield from links(TEST_LINK, "Antecedent", "Name", "Dependent", memory)
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


def _identified(narrow: list[str] | None) -> dict[str, list[str]]:
    return {"VirtualSystemIdentifier": narrow} if narrow else {}


def _first(instances: list[CimInstance]) -> CimInstance | None:
    return instances[0] if instances else None


_Part = Callable[[_Sides, "list[str] | None", Memory], Talk[_Sides]]

#: What each part is read for, in this order.
_PARTS: Final[tuple[tuple[_Part, set[Gather]], ...]] = (
    (relationships, {Gather.STATE}),
    (_settings, {Gather.SETTINGS}),
    (_power, {Gather.POWER}),
    (_points, {Gather.POINTS}),
    (jobs, {Gather.JOBS}),
    (guests, {Gather.GUEST}),
    (looking_disks.disks, {Gather.DISKS}),
    (looking_limits.memory_of, {Gather.MEMORY}),
    (_test_copies, {Gather.TEST_COPIES, Gather.TESTS}),
    (looking_tests.test_copies, {Gather.TESTS}),
    (looking_networks.adapters, {Gather.ADAPTERS}),
    (looking_fitness.fitness, {Gather.FITNESS}),
)
