# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The simulated estate: hosts and what is on them, its time, and the events that are still to come.

Nothing here moves because somebody looked: ``World.advance_to`` carries out what is due, and only that.
"""

from __future__ import annotations

import heapq
import random
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any, Final

from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.states import (
    BUILT_IN_PROVIDER,
    TERMINAL_JOB_STATES,
    JobState,
    Power,
    ReplicationMode,
)
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.clock import Clock
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.clustered import Cluster
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.ledger import Ledger
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.machines import Counters, Relationship, Vm
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.replica_server import ReplicaServer
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.switches import Switches
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.traffic import Passage, Traffic
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.trouble import Facts, Trouble, Troubles
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.volumes import Volume

#: A deed is what somebody does by hand: ``deed(world, **arguments)``.
Deed = Callable[..., None]

#: How long what follows from the time alone may be seen late, where nothing happens in between: the laws look at every
#: VM, and hundreds of requests may come in a second.
LAWFUL_FOR: Final = timedelta(seconds=1)

#: How long a state change takes to be seen on the peer while the switch peer_visibility is ``delayed``.
PEER_DELAY: Final = 15.0


@dataclass(slots=True, kw_only=True, eq=False)
class Job:
    """An Msvm_ConcreteJob.

    Attributes:
        type: JobType; a number, since hosts know more types than we do.
        seconds: how long it is to take.
        status: running, completed, failed or cancelled, for ``languages.job_status``.
        error_description: in the host's language; empty while all is well.
        passage: of what it transfers, where it transfers something; begun: when that had its turn.
        finish: what it does when it ends well; undo: what is put back when it does not.
    """

    guid: str
    type: int
    vm_guid: str
    submitted: datetime
    seconds: float
    state: JobState = JobState.RUNNING
    percent: int = 0
    elapsed: timedelta = timedelta()
    changed: datetime
    ended: datetime | None = None
    status: str = "running"
    error_code: int = 0
    error_description: str = ""
    error_summary: str = ""
    cancellable: bool = True
    stuck_at: int | None = None
    event: Event | None = field(default=None, repr=False)
    passage: Passage | None = field(default=None, repr=False)
    begun: datetime | None = None
    finish: Callable[[], None] | None = field(default=None, repr=False)
    undo: Callable[[], None] | None = field(default=None, repr=False)

    @property
    def running(self) -> bool:
        """Whether it still moves."""
        return self.state not in TERMINAL_JOB_STATES

    def settle(self, now: datetime) -> None:
        """Let percent and elapsed time show what is true at ``now``."""
        if not self.running:
            return
        self.elapsed = now - self.submitted
        worked = now - (self.begun or now) if self.passage else self.elapsed
        share = 1.0 if self.seconds <= 0 else min(1.0, worked.total_seconds() / self.seconds)
        self.percent = min(99, int(share * 100)) if self.stuck_at is None else min(self.stuck_at, int(share * 100))


@dataclass(frozen=True, slots=True)
class Provider:
    """Msvm_ReplicationProvider; the built-in one stands on every host."""

    guid: str
    name: str

    @property
    def built_in(self) -> bool:
        """Whether this is the host-to-host provider."""
        return self.guid == BUILT_IN_PROVIDER


@dataclass(slots=True, kw_only=True, eq=False)
class Host:
    """One Hyper-V host.

    Attributes:
        name: NetBIOS computer name, in upper case.
        inventory_name: what an inventory calls it, where it was captured from one.
        vms: by GUID in upper case.
        jobs: by GUID; a finished one leaves after the time of the switch finished_job_lifetime.
        certificates: base64 DER, of the machine's Personal store.
        winrm_operations: MaxConcurrentOperationsPerUser of its WinRM.
        maximum_active_transfers: the registry value of that name; 0 where nobody set it.
        left_files: paths of virtual disks that belong to no VM any more.
        volumes: where files are; a drive letter that a file is on and that is not listed has a volume with room.
        mac_minimum, mac_maximum: of the addresses that it gives to adapters.
        clock_ahead, clock_behind: seconds that its clock is off simulated time.
        reachable_from_peers: whether other hosts' replication traffic reaches this one.
        cut_off_from: names of hosts this one has no network to.
        cluster: the failover cluster it is a node of.
    """

    name: str
    fqdn: str
    inventory_name: str = ""
    language: str = "en-US"
    booted: datetime
    up: bool = True
    memory: int = 128 << 30
    processors: int = 32
    winrm_operations: int = 1500
    maximum_active_transfers: int = 0
    os_version: str = "10.0.20348"
    os_build: str = "20348"
    os_caption: str = "Microsoft Windows Server 2022 Datacenter"
    replica_server: ReplicaServer = field(default_factory=ReplicaServer)
    providers: list[Provider] = field(default_factory=lambda: [Provider(BUILT_IN_PROVIDER, "Hyper-V Replica")])
    switches: list[str] = field(default_factory=list)
    vms: dict[str, Vm] = field(default_factory=dict)
    jobs: dict[str, Job] = field(default_factory=dict)
    certificates: list[str] = field(default_factory=list)
    left_files: list[str] = field(default_factory=list)
    reachable_from_peers: bool = True
    cut_off_from: set[str] = field(default_factory=set)
    volumes: list[Volume] = field(default_factory=list)
    mac_minimum: str = "00155D000000"
    mac_maximum: str = "00155DFFFFFF"
    clock_ahead: float = 0.0
    clock_behind: float = 0.0
    return_after_restart: Event | None = field(default=None, repr=False)
    cluster: Cluster | None = field(default=None, repr=False)

    @property
    def connection_point(self) -> str:
        """The name by which others replicate to it: its cluster's broker, or its own."""
        return self.cluster.broker if self.cluster and self.cluster.broker else self.fqdn

    @property
    def domain(self) -> str:
        """DNS domain of the host; empty in a workgroup."""
        return self.fqdn.partition(".")[2]

    @property
    def active_transfers(self) -> int:
        """How many VMs' changes it sends at once, and as many that it receives; what holds by itself is KB 2767928's.

        Three are of Windows Server 2012, six of all later ones.
        """
        return self.maximum_active_transfers or (3 if self.os_version.startswith("6.2.") else 6)

    @property
    def used_memory(self) -> int:
        """Bytes that the host itself, which has 2 GiB, and its VMs use."""
        return (2 << 30) + sum(vm.memory for vm in self.vms.values() if vm.alive or vm.power is Power.PAUSED)

    @property
    def free_memory(self) -> int:
        """Bytes that nobody uses."""
        return max(0, self.memory - self.used_memory)

    def vm(self, guid: str) -> Vm | None:
        """The copy with this GUID, whatever its case."""
        return self.vms.get(guid.upper())

    def is_called(self, name: str) -> bool:
        """Whether this is a name of the host: NetBIOS or fully qualified, in any case."""
        return name.casefold() in (self.name.casefold(), self.fqdn.casefold())

    def switch_guid(self, name: str) -> str:
        """Name of the Msvm_VirtualEthernetSwitch that is called so; the same in every run."""
        return str(uuid.uuid5(uuid.NAMESPACE_DNS, f"{name}.{self.fqdn}")).upper()

    def running_jobs(self, vm_guid: str) -> list[Job]:
        """Jobs that still run for a VM."""
        return [job for job in self.jobs.values() if job.running and job.vm_guid == vm_guid]


@dataclass(order=True, slots=True)
class Event:
    """Something that happens by itself at a time; drop it by ``cancelled``."""

    due: datetime
    order: int
    action: Callable[[], object] = field(compare=False, repr=False)
    cancelled: bool = field(default=False, compare=False)


@dataclass(kw_only=True, eq=False)
class World:
    """Everything there is.

    Attributes:
        hosts: by name, in the estate's order.
        now: simulated time up to which everything was carried out.
        bandwidth: bytes per second between any two hosts.
        compare_rate: bytes per second when disks are compared.
        deeds: what ``act`` can do, by name.
        laws: what follows by itself from how things are, such as the health of a relationship.
        lock: held by whoever touches the world.
    """

    hosts: dict[str, Host]
    clock: Clock
    clusters: dict[str, Cluster] = field(default_factory=dict)
    switches: Switches = field(default_factory=Switches)
    trouble: Troubles = field(default_factory=Troubles)
    seed: int = 0
    name: str = "estate"
    bandwidth: int = 125_000_000
    compare_rate: int = 1_000_000_000
    deeds: Mapping[str, Deed] = field(default_factory=dict)
    laws: Callable[[World], None] = lambda world: None
    ledger: Ledger = field(default_factory=Ledger)
    traffic: Traffic = field(default_factory=Traffic)
    lock: threading.RLock = field(default_factory=threading.RLock, repr=False)

    def __post_init__(self) -> None:
        self.now = self.clock.now()
        self.trouble.vm_name = self.vm_name
        self._chance = random.Random(self.seed)
        self._order = count()
        self._events: list[Event] = []
        self._lawful = self.now

    def new_guid(self) -> str:
        """A GUID nobody has, in upper case; the same ones in the same order for the same seed."""
        return str(uuid.UUID(int=self._chance.getrandbits(128), version=4)).upper()

    def new_mac(self) -> str:
        """A MAC address from Hyper-V's own range (00-15-5D)."""
        return f"00155D{self._chance.getrandbits(24):06X}"

    def host(self, name: str) -> Host | None:
        """The host of this name, NetBIOS or fully qualified, in any case."""
        return next((host for host in self.hosts.values() if host.is_called(name)), None)

    def at_point(self, name: str, guid: str) -> Host | None:
        """The host that a connection point leads to: behind a broker the node that has the VM, or any that is up."""
        cluster = next((one for one in self.clusters.values() if one.is_reached_at(name)), None)
        if cluster is None:
            return self.host(name)
        up = [self.hosts[node] for node in cluster.nodes if self.hosts[node].up]
        return next((node for node in up if node.vm(guid)), up[0] if up else None)

    def holder(self, host: Host, vm: Vm) -> Host | None:
        """The host that has this very copy now: where it was last known, or another node of that one's cluster."""
        nodes = host.cluster.nodes if host.cluster else []
        return next((one for one in (host, *(self.hosts[name] for name in nodes)) if one.vm(vm.guid) is vm), None)

    def copies(self, guid: str) -> list[tuple[Host, Vm]]:
        """Every copy of a VM."""
        return [(host, vm) for host in self.hosts.values() for vm in [host.vm(guid)] if vm is not None]

    def vm_name(self, guid: str) -> str:
        """The name of a VM, from the first host that has it; empty where none has."""
        return next((vm.name for _host, vm in self.copies(guid)), "")

    def linked(self, one: Host, other: Host) -> bool:
        """Whether replication traffic passes between two hosts."""
        cut = other.name in one.cut_off_from or one.name in other.cut_off_from
        return one.up and other.up and one.reachable_from_peers and other.reachable_from_peers and not cut

    def peer(self, host: Host, vm: Vm, relationship: Relationship) -> tuple[Host | None, Vm | None]:
        """The other end of a relationship, as far as it exists."""
        settings = relationship.settings
        sends = vm.mode is ReplicationMode.PRIMARY or relationship.index == 1
        point = settings.recovery_connection_point if sends else settings.primary_connection_point
        other = self.at_point(point, vm.guid)
        if other is None or other is host:
            return None, None
        return other, other.vm(vm.guid)

    def after(self, seconds: float, action: Callable[[], object]) -> Event:
        """Let something happen by itself, later."""
        event = Event(self.now + timedelta(seconds=max(0.0, seconds)), next(self._order), action)
        heapq.heappush(self._events, event)
        return event

    def to_peer(self, action: Callable[[], object]) -> None:
        """Let the peer learn of something: at once or after a while, as the switch says."""
        if self.switches.is_("peer_visibility", "at_once"):
            action()
        else:
            self.after(PEER_DELAY, action)

    def advance_to(self, now: datetime) -> None:
        """Carry out what is due until ``now``, in order; a time already passed changes nothing."""
        happened = False
        while self._events and self._events[0].due <= now:
            event = heapq.heappop(self._events)
            if not event.cancelled:
                self.now = max(self.now, event.due)
                event.action()
                happened = True
        self.now = max(self.now, now)
        self._settle()
        since = self.now - self._lawful
        if happened or not since or since >= LAWFUL_FOR:
            self._lawful = self.now
            self.laws(self)

    def advance(self, by: timedelta) -> None:
        """Move the clock by hand and carry out what became due."""
        self.advance_to(self.clock.advance(by))

    def act(self, name: str, /, **arguments: Any) -> None:
        """Do by hand what somebody might do; the names are those of ``deeds``."""
        if name not in self.deeds:
            raise ValueError(f"nobody knows how to {name}; known are {', '.join(sorted(self.deeds))}")
        self.deeds[name](self, **arguments)
        self.laws(self)

    def meet(self, host: Host, facts: Facts) -> Trouble | None:
        """Before a request is executed: let the world's own troubles strike, and give the carrier's, if one matches.

        The kinds host_restart, power_loss and change are carried out here. What is given back is for whoever moves
        bytes: see ``trouble.CARRIED``.
        """
        for trouble in self.trouble.strike(host.name, facts):
            self._strike(trouble, host)
        return self.trouble.next_for(host.name, facts)

    def overwrite(self, host: Host, vm: Vm, content: list[Counters], by: str) -> None:
        """Replace what the disks of a copy hold, and note in the ledger which writes are gone by that."""
        vm.settle_writes(host.name, self.now)
        before = vm.held
        vm.hold(content)
        self.note_loss(host, vm, before, by)

    def note_loss(self, host: Host, vm: Vm, before: list[Counters], by: str) -> None:
        """Note which writes of ``before`` no copy of the VM holds any more."""
        for there, copy in self.copies(vm.guid):
            copy.settle_writes(there.name, self.now)
        elsewhere = [kept for _host, copy in self.copies(vm.guid) for kept in (copy.held, copy.before_failover) if kept]
        self.ledger.overwritten(self.now, host.name, vm, before, elsewhere, by)

    def watch_power(self) -> None:
        """Note in the ledger whether two copies of one VM run now; to be called after each change of power."""
        running: dict[str, list[str]] = {}
        for host, vm in self.every_vm():
            if vm.alive:
                running.setdefault(vm.guid, []).append(host.name)
        self.ledger.watch(self.now, running)

    def every_vm(self) -> Iterator[tuple[Host, Vm]]:
        """Every copy of every VM."""
        return ((host, vm) for host in self.hosts.values() for vm in host.vms.values())

    def _strike(self, trouble: Trouble, host: Host) -> None:
        name, arguments = trouble.deed(host.name)
        if trouble.seconds:
            self.after(trouble.seconds, lambda: self.act(name, **arguments))
        else:
            self.act(name, **arguments)

    def _settle(self) -> None:
        for host in self.hosts.values():
            for vm in host.vms.values():
                vm.settle_writes(host.name, self.now)
            for job in host.jobs.values():
                job.settle(self.now)
