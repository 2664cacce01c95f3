# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who plays in a run over a plan: the VMs of the plan as the hosts show them at the first look."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from copy import copy
from dataclasses import dataclass, field, replace
from typing import Union

from ansible_collections.hyperv.replica.plugins.module_utils._drill.conduct import dependency
from ansible_collections.hyperv.replica.plugins.module_utils._drill.durations import Known
from ansible_collections.hyperv.replica.plugins.module_utils._drill.fitting import (
    Footprint,
    footprint,
    left_over,
    refusal,
    shortages,
)
from ansible_collections.hyperv.replica.plugins.module_utils._drill.occupancy import Occupancy
from ansible_collections.hyperv.replica.plugins.module_utils._drill.order import awaited, stages
from ansible_collections.hyperv.replica.plugins.module_utils._drill.plan import OnVmFailure, Plan, Towards, Vm
from ansible_collections.hyperv.replica.plugins.module_utils._drill.standing import Member
from ansible_collections.hyperv.replica.plugins.module_utils._drill.waves import Room, room
from ansible_collections.hyperv.replica.plugins.module_utils._errors import (
    AccessRefused,
    HyperVReplicaError,
    PreconditionFailed,
    TransportError,
)
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.joining import joined
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.looking import Look
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import End, Pair
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.naming import resolve
from ansible_collections.hyperv.replica.plugins.module_utils._operations.goal import Goal
from ansible_collections.hyperv.replica.plugins.module_utils._operations.looks import Looks
from ansible_collections.hyperv.replica.plugins.module_utils._operations.membership import Roll, refuse_strangers
from ansible_collections.hyperv.replica.plugins.module_utils._operations.new_copy import NewCopy
from ansible_collections.hyperv.replica.plugins.module_utils._operations.plan import Outcome
from ansible_collections.hyperv.replica.plugins.module_utils._operations.routes import Ends, HostKey, Routes

Trouble = Union[HyperVReplicaError, None]


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What a task asks for.

    Attributes:
        whole: the plan; part: what of it this task moves.
        rolls: the hosts that each name of the plan stands for.
        rate: how many times as fast as real time the hosts' time runs.
        copies: by name, how the copy at the destination is made anew of those that only the other end knows.
    """

    whole: Plan
    part: Plan
    towards: Towards
    planned: bool
    goal: Goal
    rolls: Mapping[str, Roll] = field(default_factory=dict)
    rate: float = 1.0
    copies: Mapping[str, NewCopy] = field(default_factory=dict)

    def nodes(self, name: str) -> tuple[HostKey, ...]:
        """The hosts that a name of the plan stands for: itself, or the nodes of a cluster."""
        return tuple(self.rolls[name].hosts) if name in self.rolls else (name,)

    @property
    def reserve(self) -> int:
        """Bytes that stay free on every host, be it what it may: after an outage the plan's wish leaves nobody dark."""
        return (self.part.limits.memory_reserve or 0) if self.planned else 0

    @property
    def beside(self) -> list[Vm]:
        """VMs that one of the part depends on and that are not in it."""
        names = {vm.name for vm in self.part.vms}
        needed = dict.fromkeys(on for vm in self.part.vms for on in vm.depends_on if on not in names)
        return [vm for vm in self.whole.vms if vm.name in needed]

    @property
    def host_pairs(self) -> list[tuple[str, str]]:
        """The two hosts of every VM that matters."""
        return [*dict.fromkeys((vm.home, vm.recovery) for vm in (*self.part.vms, *self.beside))]

    @property
    def start_order(self) -> list[tuple[int, Vm]]:
        """Every VM of the part with the number of its stage."""
        moved = stages(self.part, planned=self.planned)
        return [(number, vm) for number, stage in enumerate(moved) for vm in stage.vms]

    def ends(self, vm: Vm) -> Ends:
        """The hosts of its ends."""
        here, there = vm.to(self.towards), vm.away_from(self.towards)
        return {End.DESTINATION: self.nodes(here), End.SOURCE: self.nodes(there)}


@dataclass(kw_only=True)
class Cast:
    """The VMs of a run, in start order, and the hosts they are on.

    Attributes:
        ids: GUIDs, or what stands for one that nobody knows.
        lost: those that cannot be moved in this run, and why.
        beside: GUIDs of VMs that are not moved and that others depend on, by name.
        looks, troubles: what each host showed, and why others showed nothing.
        footprints: the memory that each takes and leaves, once that was weighed.
    """

    ids: list[str] = field(default_factory=list)
    vms: dict[str, Vm] = field(default_factory=dict)
    pairs: dict[str, Pair] = field(default_factory=dict)
    lost: dict[str, Outcome] = field(default_factory=dict)
    beside: dict[str, str] = field(default_factory=dict)
    looks: dict[HostKey, Look] = field(default_factory=dict)
    troubles: dict[HostKey, HyperVReplicaError] = field(default_factory=dict)
    footprints: dict[str, Footprint] = field(default_factory=dict)

    @property
    def names(self) -> dict[str, str]:
        """The name of each in the plan."""
        return {vm_id: vm.name for vm_id, vm in self.vms.items()}

    def lose(self, vm_id: str, trouble: HyperVReplicaError) -> None:
        """This one cannot be moved."""
        trouble.vm = trouble.vm or self.vms[vm_id].name
        pair = self.pairs[vm_id]
        self.lost[vm_id] = Outcome(before=pair, after=pair, error=trouble)

    def lose_dependents(self, failed: Collection[str]) -> None:
        """Nothing that depends on one that failed in an earlier run is begun."""
        gone = {name.casefold(): name for name in failed}
        for vm_id in self.ids:
            on = next((gone[name.casefold()] for name in self.vms[vm_id].depends_on if name.casefold() in gone), "")
            if on and vm_id not in self.lost:
                gone[self.names[vm_id].casefold()] = self.names[vm_id]
                self.lose(vm_id, dependency(self.names[vm_id], on))

    def members(self, wanted: Wanted) -> list[Member]:
        """What the conductor has to know of each."""
        by_name = {name: vm_id for vm_id, name in self.names.items()}
        needs, tiers = awaited(wanted.part, planned=wanted.planned), [tier.name for tier in wanted.part.tiers]
        policies = {tier.name: tier.on_vm_failure for tier in wanted.part.tiers}
        members = []
        for number, vm in wanted.start_order:
            elsewhere = {**by_name, **self.beside}
            member = Member(
                vm_id=by_name[vm.name],
                name=vm.name,
                stage=number,
                tier=tiers.index(vm.tier),
                after=tuple(by_name[on] for on in needs[vm.name].moved),
                beside=tuple(elsewhere[on] for on in needs[vm.name].in_place if on in elsewhere),
                start_delay=vm.start_delay / wanted.rate,
                stops_others=policies[vm.tier] is not OnVmFailure.CONTINUE,
                leaves=self._node(wanted, by_name[vm.name], End.SOURCE),
                enters=self._node(wanted, by_name[vm.name], End.DESTINATION),
                memory=self._footprint(by_name[vm.name]).needs,
                frees=self._footprint(by_name[vm.name]).frees,
            )
            members.append(member)
        return members

    def _node(self, wanted: Wanted, vm_id: str, end: End) -> str:
        """The host of an end; of a cluster the node that has the VM, and as long as nobody knows it any."""
        nodes = [str(node) for node in wanted.ends(self.vms[vm_id])[end]]
        shown = self.pairs[vm_id].at(end).host
        return shown if shown in nodes else nodes[0]

    def weigh(self, wanted: Wanted, foreseen: Mapping[str, Outcome]) -> list[str]:
        """Lose whoever never fits into the memory of the host that it goes to; what else there is to warn of."""
        self.footprints = {vm_id: footprint(outcome) for vm_id, outcome in foreseen.items()}
        members, reserve = self.members(wanted), wanted.reserve
        free = self.occupancy(self.room(wanted, None)).free
        gone = {vm_id for vm_id, outcome in foreseen.items() if outcome.error is not None} | self.lost.keys()
        for vm_id, short in shortages(members, free, gone).items():
            self.lose(vm_id, refusal(self.names[vm_id], short, reserve))
        wish = wanted.part.limits.memory_reserve or 0
        return [
            f"{host} keeps {left >> 20} MiB of memory free, and memory_reserve asks for {wish >> 20}: "
            "after an outage that stops nothing"
            for host, left in left_over(members, free, gone).items()
            if left < wish - reserve and any(member.enters == host and member.memory for member in members)
        ]

    def room(self, wanted: Wanted, concurrency: int | None) -> Room:
        """What the hosts have room for, lowered by the plan."""
        nodes = [str(node) for name in wanted.part.hosts for node in wanted.nodes(name)]
        facts = {name: self.looks[name].facts for name in nodes if name in self.looks}
        return room(
            replace(wanted.part.limits, memory_reserve=wanted.reserve),
            {name: told.limits for name, told in facts.items() if told.limits is not None},
            {name: told.memory_free for name, told in facts.items() if told.memory_free is not None},
            concurrency=concurrency,
        )

    def occupancy(self, allowed: Room) -> Occupancy:
        """The same for the conductor, while it runs."""
        transfers: dict[HostKey, int] = {}
        memory: dict[HostKey, int] = {}
        for name, host in allowed.hosts.items():
            if host.active_transfers is not None:
                transfers[name] = host.active_transfers
            if host.memory is not None:
                memory[name] = host.memory
        return Occupancy(transfers=transfers, memory=memory)

    def known(self) -> dict[str, Known]:
        """What is known of each before it moves, by name."""
        return {
            name: Known(memory=mine.needs, frees=mine.frees)
            for vm_id, name in self.names.items()
            for mine in [self._footprint(vm_id)]
        }

    def _footprint(self, vm_id: str) -> Footprint:
        return self.footprints.get(vm_id, Footprint())


def look_at(wanted: Wanted, looks: Looks) -> Cast:
    """Take the first look at every host, and find each VM there; who is not found is lost, and nobody else."""
    named = {vm.name: wanted.ends(vm) for vm in (*wanted.part.vms, *wanted.beside)}
    looks.routes = Routes(of=named, otherwise={})
    cast = Cast()
    cast.looks, cast.troubles = looks.survey()
    for roll in wanted.rolls.values():
        refuse_strangers(roll, cast.looks)
    found = {vm.name: _found(vm, wanted, cast) for _number, vm in wanted.start_order}
    for _number, vm in wanted.start_order:
        vm_id = found[vm.name][0]
        if vm_id in cast.vms:
            raise _twice(cast.vms[vm_id], vm)
        cast.ids.append(vm_id)
        cast.vms[vm_id] = vm
    cast.beside = {vm.name: _found(vm, wanted, cast)[0] for vm in wanted.beside}
    routes = {vm_id: wanted.ends(vm) for vm_id, vm in cast.vms.items()}
    routes |= {cast.beside[vm.name]: wanted.ends(vm) for vm in wanted.beside}
    looks.routes = Routes(of=routes, otherwise={})
    cast.pairs = looks.pairs(cast.ids)
    for vm_id, vm in cast.vms.items():
        trouble = found[vm.name][1]
        if trouble is not None:
            cast.lose(vm_id, trouble)
    return cast


def _found(vm: Vm, wanted: Wanted, cast: Cast) -> tuple[str, HyperVReplicaError | None]:
    """Its GUID, as the destination knows it, and why it cannot be moved."""
    here, there = vm.to(wanted.towards), vm.away_from(wanted.towards)
    trouble = _trouble(wanted.nodes(here), cast, _silence) or _trouble(wanted.nodes(there), cast, _refusal)
    for name in (there,) if vm.name in wanted.copies else (here, there):
        shown = [cast.looks[node] for node in wanted.nodes(name) if node in cast.looks]
        if shown:
            try:
                return resolve([vm.named], joined(shown))[vm.named], trouble
            except HyperVReplicaError as unknown:
                trouble = trouble or unknown
    return vm.named.upper(), trouble


def _trouble(
    nodes: tuple[HostKey, ...], cast: Cast, told: Callable[[str, Mapping[HostKey, HyperVReplicaError]], Trouble]
) -> Trouble:
    """What is wrong with a host; with a cluster only where no node of it shows anything."""
    met = [told(str(node), cast.troubles) for node in nodes]
    return None if any(node in cast.looks for node in nodes) else next(filter(None, met), None)


def _silence(host: str, troubles: Mapping[HostKey, HyperVReplicaError]) -> HyperVReplicaError | None:
    """Why nothing can be moved to a host that does not answer; the task fails for its VMs, and for no others."""
    met = troubles.get(host)
    if met is None or isinstance(met, AccessRefused) or not isinstance(met, TransportError):
        return _copy(met)
    return TransportError(
        met.found,
        kind="peer_unreachable",
        host=host,
        cause=met.cause,
        remedy=met.remedy,
        next_move="Nothing was changed; make it answer, then run this again",
    )


def _refusal(host: str, troubles: Mapping[HostKey, HyperVReplicaError]) -> HyperVReplicaError | None:
    """A host that answers and refuses is not a dead one."""
    met = troubles.get(host)
    silent = isinstance(met, TransportError) and not isinstance(met, AccessRefused)
    return None if silent else _copy(met)


def _copy(met: HyperVReplicaError | None) -> HyperVReplicaError | None:
    """The same for another VM: an error carries the VM it is about."""
    return None if met is None else copy(met)


def _twice(one: Vm, other: Vm) -> PreconditionFailed:
    return PreconditionFailed(
        f"{one.name} and {other.name} of the plan are one virtual machine",
        kind="bad_plan",
        remedy="Write it once",
    )
