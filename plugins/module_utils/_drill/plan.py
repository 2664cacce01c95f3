# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A recovery plan as values: who moves where, in which order, and what has to be seen before the next may start."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import Enum


class Towards(str, Enum):
    """The direction of a move."""

    HOME = "home"
    RECOVERY = "recovery"

    @property
    def back(self) -> Towards:
        """The opposite direction."""
        return Towards.HOME if self is Towards.RECOVERY else Towards.RECOVERY


class Service(str, Enum):
    """What other machines, or the controller, need a machine for."""

    KDC = "kdc"
    DNS = "dns"
    AWX = "awx"
    CA = "ca"


class Barrier(str, Enum):
    """What is moved whole before the next is begun."""

    PLAN = "plan"
    CONSISTENCY_GROUP = "consistency_group"
    TIER = "tier"


class OnVmFailure(str, Enum):
    """What is done when a machine of a tier fails."""

    STOP = "stop"
    CONTINUE = "continue"
    WALK_BACK = "walk_back"


class ProbeKind(str, Enum):
    """What a probe asks."""

    HEARTBEAT = "heartbeat"
    ADDRESSES = "addresses"
    TCP = "tcp"
    HTTP = "http"
    DNS = "dns"
    TASKS = "tasks"


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpProbe:
    """A web page that must answer.

    Attributes:
        certificate_days: for how many days the certificate must be valid; None asks nothing.
    """

    url: str
    status: tuple[int, ...] = (200,)
    contains: str = ""
    validate_certs: bool = True
    ca_path: str = ""
    certificate_days: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DnsProbe:
    """A name that must be answered for; by the controller's own resolver where there is no server."""

    name: str
    server: str = ""
    type: str = "A"
    expect: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """One thing that must be so before a machine counts as recovered; only the field of its kind is filled.

    Attributes:
        heartbeat: False says that the heartbeat is not asked for.
        address: where to connect to; the first address the guest tells when empty.
        tasks: a task file, as written; only a role can run it.
        timeout: seconds for one answer; None leaves it to whoever probes.
    """

    kind: ProbeKind
    heartbeat: bool = True
    addresses: tuple[str, ...] = ()
    tcp: int = 0
    http: HttpProbe | None = None
    dns: DnsProbe | None = None
    tasks: str = ""
    address: str = ""
    timeout: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FailoverAddresses:
    """What a guest's adapter gets at a failover."""

    dhcp: bool = False
    addresses: tuple[str, ...] = ()
    gateways: tuple[str, ...] = ()
    dns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Adapter:
    """Settings of one adapter, of all where it is not named."""

    adapter: str = ""
    test_switch: str = ""
    failover: FailoverAddresses | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """How a machine is connected in a test and after a failover.

    Attributes:
        test: isolated, configured, or empty.
        test_networks: adapter, empty for all, and switch.
    """

    test: str = ""
    test_networks: tuple[tuple[str, str], ...] = ()
    adapters: tuple[Adapter, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Vm:
    """One virtual machine of a plan.

    Attributes:
        name: unlike every other of the plan, in any case of letters; the GUID where there is no name.
        id: the GUID in capitals, or empty.
        tier: the name of one of the plan's tiers.
        depends_on: names as the plan writes them at their own place.
        rpo: None where nothing is asked.
        probe_within: None where the RTO decides.
    """

    name: str
    id: str = ""
    home: str
    recovery: str
    tier: str = "all"
    depends_on: tuple[str, ...] = ()
    start_delay: timedelta = timedelta()
    provides: tuple[Service, ...] = ()
    consistency_group: str = ""
    rpo: timedelta | None = None
    rto: timedelta | None = None
    probes: tuple[Probe, ...] = ()
    probe_within: timedelta | None = None
    network: Network | None = None

    @property
    def named(self) -> str:
        """What a host is asked for: the GUID where it is known."""
        return self.id or self.name

    @property
    def green_within(self) -> timedelta | None:
        """In which time its probes must be green; None leaves it to whoever probes."""
        return self.probe_within or self.rto

    @property
    def task_files(self) -> tuple[str, ...]:
        """Its probes that only a role can run."""
        return tuple(probe.tasks for probe in self.probes if probe.kind is ProbeKind.TASKS)

    def to(self, towards: Towards) -> str:
        """The host where it runs after the move."""
        return self.home if towards is Towards.HOME else self.recovery

    def away_from(self, towards: Towards) -> str:
        """The host where it runs before the move."""
        return self.to(towards.back)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier:
    """Machines that start together, with what is done around them.

    Attributes:
        before, after: task files, as written.
        pause_before, pause_after: what a human is asked; empty asks nobody.
        barrier: everything up to this tier is moved whole before the next is begun.
    """

    name: str
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    pause_before: str = ""
    pause_after: str = ""
    on_vm_failure: OnVmFailure = OnVmFailure.STOP
    barrier: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanLimits:
    """What lowers the limits that the hosts say; None leaves those.

    Attributes:
        active_transfers: machines that one host sends or receives at the same time.
        winrm_operations: operations of one user on one host at the same time.
        memory_reserve: bytes that stay free on every host.
    """

    concurrency: int | None = None
    active_transfers: int | None = None
    winrm_operations: int | None = None
    memory_reserve: int | None = None


@dataclass(frozen=True, slots=True)
class Excluded:
    """A machine that is left out on purpose."""

    name: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A recovery plan. Everything it refers to is there, and it can be followed.

    Attributes:
        vms: as written.
        tiers: in start order; one called "all" where none are written.
        provided_elsewhere: services that machines outside the plan provide too.
    """

    name: str
    description: str = ""
    owner: str = ""
    vms: tuple[Vm, ...]
    tiers: tuple[Tier, ...]
    barrier: Barrier = Barrier.PLAN
    limits: PlanLimits = field(default_factory=PlanLimits)
    excluded: tuple[Excluded, ...] = ()
    provided_elsewhere: tuple[Service, ...] = ()

    @property
    def hosts(self) -> tuple[str, ...]:
        """Every host of the plan, homes first, in the order written."""
        written = [vm.home for vm in self.vms] + [vm.recovery for vm in self.vms]
        return tuple(dict.fromkeys(written))

    @property
    def task_files(self) -> tuple[str, ...]:
        """Every hook and every probe that is a task file, each once; they must be there before anything moves."""
        hooks = [file for tier in self.tiers for file in (*tier.before, *tier.after)]
        return tuple(dict.fromkeys([*hooks, *(file for vm in self.vms for file in vm.task_files)]))

    def vm(self, name: str) -> Vm:
        """The machine of this name; KeyError when the plan has none."""
        return {vm.name: vm for vm in self.vms}[name]

    def only(self, names: Collection[str]) -> Plan:
        """The plan of these machines alone, with the tiers they are in; what they depend on outside stays written."""
        vms = tuple(vm for vm in self.vms if vm.name in names)
        tiers = {vm.tier for vm in vms}
        return replace(self, vms=vms, tiers=tuple(tier for tier in self.tiers if tier.name in tiers))
