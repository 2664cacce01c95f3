# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What one host shows of a VM, and what both ends show of it, as values.

Times are aware and in UTC; None stands for "never" and for "not read". GUIDs are in upper case.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import Enum
from typing import Final

from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.adapters import (
    Adapter,
    Networks,
    ReplicaTestCopy,
)
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.cluster import Cluster, Role
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.fitness import Build, Site
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.limits import HostLimits, VmMemory
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.states import (
    BUILT_IN_PROVIDER,
    REPLICATION_STATES,
    SUCCESSFUL_JOB_STATES,
    TERMINAL_JOB_STATES,
    AuthenticationType,
    ComponentStatus,
    JobState,
    JobType,
    Power,
    ReplicationHealth,
    ReplicationMode,
    ReplicationState,
    ReplicationType,
    StartAction,
    VirtualSystemType,
)

#: Jobs that come and go while a VM replicates as it should; they neither block a step nor are waited for.
BACKGROUND_JOBS: Final = frozenset(
    {
        JobType.SENDING_DELTA,
        JobType.RECEIVING_DELTA,
        JobType.APPLY_CHANGE_LOG,
        JobType.APPLY_REGISTERED_DELTAS,
        JobType.GET_STATISTICS,
        JobType.MERGING_VHD_DISKS,
        JobType.TEST_REPLICATION_CONNECTION,
        JobType.BACKUP_VIRTUAL_MACHINE,
    }
)


class End(str, Enum):
    """The two ends of a move: the VM is to run at the destination, and runs or ran at the source."""

    DESTINATION = "destination"
    SOURCE = "source"

    @property
    def other(self) -> End:
        return End.SOURCE if self is End.DESTINATION else End.DESTINATION


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One Msvm_ConcreteJob as a host reports it.

    Attributes:
        id: its InstanceID.
        type: a JobType, or the bare number of one this collection does not meet.
        percent: 0 to 100.
        error_code: 0 on success; by inference the 327xx number of the operation that failed.
        error: what the host says of the failure, in its own language.
        left_on: the inventory name of the host that has it, where the VM has moved to another one since.
    """

    id: str
    vm_id: str = ""
    type: JobType | int
    state: JobState
    percent: int = 0
    error_code: int = 0
    error: str = ""
    started: datetime | None = None
    left_on: str = ""

    @property
    def running(self) -> bool:
        return self.state not in TERMINAL_JOB_STATES

    @property
    def succeeded(self) -> bool:
        return self.state in SUCCESSFUL_JOB_STATES


@dataclass(frozen=True, slots=True, kw_only=True)
class Relationship:
    r"""One Msvm_ReplicationRelationship: ``\HVR\0`` of the primary leg, ``\HVR\1`` of the extended one."""

    instance_id: str
    state: ReplicationState
    health: ReplicationHealth = ReplicationHealth.NOT_APPLICABLE
    failed_over_type: ReplicationType = ReplicationType.NONE
    last_type: ReplicationType = ReplicationType.NONE
    last_replicated: datetime | None = None
    last_applied: datetime | None = None
    last_app_consistent: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplicationSettings:
    """Msvm_ReplicationSettingData of one leg.

    Attributes:
        provider: the GUID at the end of ReplicationProvider, in upper case.
        recovery_connection_point: host FQDN or broker name that the sending end connects to.
        primary_connection_point: the same of the way back; becomes the former when the direction is reversed.
        port: of the listener at the receiving end.
        interval: seconds between deltas: 30, 300 or 900.
        app_consistent_interval: hours; 0 when off.
        own: every property of the class itself as it was read, by its CIM name, in plain values; what is written
            back when settings are sent.
    """

    instance_id: str
    provider: str = BUILT_IN_PROVIDER
    authentication: AuthenticationType = AuthenticationType.KERBEROS
    certificate_thumbprint: str = ""
    recovery_connection_point: str = ""
    recovery_host: str = ""
    primary_connection_point: str = ""
    primary_host: str = ""
    port: int = 0
    interval: int = 300
    recovery_history: int = 0
    app_consistent_interval: int = 0
    compression: bool = True
    bypass_proxy: bool = False
    included_disks: tuple[str, ...] = ()
    additional_settings: str = ""
    own: Mapping[str, str | int | bool | timedelta | tuple[str, ...] | None] = field(default_factory=dict, repr=False)

    @property
    def built_in(self) -> bool:
        """Whether the host-to-host provider of Hyper-V itself carries the replication."""
        return self.provider.upper().endswith(BUILT_IN_PROVIDER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Disk:
    """A virtual disk of a VM: InstanceID of its settings, which replication names it by, and the path of its file."""

    id: str
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveryPoint:
    """A Msvm_VirtualSystemSettingData whose type starts with ``Microsoft:Hyper-V:Snapshot:Replica:``."""

    id: str
    name: str
    kind: VirtualSystemType
    created: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplicaServer:
    """Msvm_ReplicationServiceSettingData: how a host receives replication.

    Attributes:
        listening: Msvm_ReplicationService.OperationalStatus[0] is 2; None where it was not read.
        allowed_authentication: number of AllowedAuthenticationType.
    """

    enabled: bool
    allowed_authentication: int = 0
    certificate_thumbprint: str = ""
    http_port: int = 80
    https_port: int = 443
    listening: bool | None = None

    def port(self, authentication: AuthenticationType) -> int:
        return self.https_port if authentication is AuthenticationType.CERTIFICATE else self.http_port


@dataclass(frozen=True, slots=True, kw_only=True)
class HostFacts:
    """What a host says of itself.

    Attributes:
        name: its inventory name.
        computer_name: what it calls itself (NetBIOS).
        clock: its own time at the look, in UTC.
        utc_offset: how far its local time is ahead of UTC, as it says itself.
        booted: when it last started, in UTC.
        version: of its operating system, such as 10.0.20348.
        memory: bytes that the operating system has; memory_free: bytes that nobody uses. None where it tells none.
        limits: what it allows at the same time; None where that was not read.
        replica_server: how it receives replication; None where that was not read.
        cluster: the failover cluster it is a node of; None where it is no node, or that was not read.
        site: what else it has to offer; None where that was not read.
    """

    name: str
    computer_name: str = ""
    clock: datetime | None = None
    utc_offset: timedelta | None = None
    booted: datetime | None = None
    version: str = ""
    memory: int | None = None
    memory_free: int | None = None
    limits: HostLimits | None = None
    replica_server: ReplicaServer | None = None
    cluster: Cluster | None = field(default=None, repr=False)
    site: Site | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Guest:
    """What the integration services tell of the guest; None and empty where they are silent."""

    heartbeat: ComponentStatus | None = None
    application: int | None = None
    fqdn: str = ""
    os_name: str = ""
    addresses: tuple[str, ...] = ()


class Absence(str, Enum):
    """Why a host shows nothing of a VM. None of them means that it is off."""

    NO_SUCH_VM = "no_such_vm"
    UNREACHABLE = "unreachable"
    NOT_ASKED = "not_asked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Absent:
    """Nothing is known of a VM's copy on a host: not its power, not its state.

    Attributes:
        said: the error that made it unreachable, as one line.
        fault: kind of that error, where the host did answer, with a fault; empty for a silence.
    """

    host: str
    vm_id: str
    why: Absence
    facts: HostFacts | None = None
    said: str = ""
    fault: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One copy of a VM as one host saw it at one moment.

    Attributes:
        host: the host's inventory name.
        vm_id: Name, the GUID that stays when people rename the machine.
        requested_power: RequestedState while a power change runs; None when idle (12).
        extended: the leg to a third host, where there is one; extended_settings: its settings, where they were read.
        middle: the copy as its host shows it, where this is it seen as the sender of its leg to a third host.
        jobs: of this VM, running and lately finished.
        power_changed: TimeOfLastStateChange, in UTC.
        created: when its configuration was made on this host; None where that was not read.
        on_time: how long it has been running.
        start_action: what the host does with it when the host starts.
        notes: the VM's notes, where a fence keeps its marker.
        settings_id: InstanceID of the VM's own settings, needed to change start action and notes.
        points: recovery points, newest first; empty where they were not read.
        test_copy: GUID of its test copy.
        memory: what it starts with; None where that was not read.
        disks: its virtual disks; empty where they were not read.
        adapters: its network adapters, networks: its host's switches; empty where they were not read.
        test: its test copy, where those were read and it shows mode 3; test_power: that one's power.
        test_answers: the guest of the test copy answers.
        build: what it is made of; None where that was not read.
        health_state: of the machine itself: 5 well, 20 its process hangs, 25 paused for want of space.
    """

    host: str
    vm_name: str
    vm_id: str
    power: Power
    mode: ReplicationMode
    facts: HostFacts
    relationship: Relationship | None = None
    extended: Relationship | None = None
    settings: ReplicationSettings | None = None
    extended_settings: ReplicationSettings | None = None
    middle: Side | None = field(default=None, repr=False)
    jobs: tuple[Job, ...] = ()
    requested_power: int | None = None
    power_changed: datetime | None = None
    created: datetime | None = field(default=None, repr=False)
    on_time: timedelta | None = None
    start_action: StartAction | None = None
    notes: tuple[str, ...] = ()
    settings_id: str = ""
    points: tuple[RecoveryPoint, ...] = ()
    test_copy: str = ""
    memory: VmMemory | None = None
    disks: tuple[Disk, ...] = field(default=(), repr=False)
    guest: Guest | None = None
    adapters: tuple[Adapter, ...] = field(default=(), repr=False)
    networks: Networks = field(default=Networks(), repr=False)
    test: ReplicaTestCopy | None = field(default=None, repr=False)
    test_power: Power | None = field(default=None, repr=False)
    test_answers: bool = field(default=False, repr=False)
    build: Build | None = field(default=None, repr=False)
    health_state: int | None = field(default=None, repr=False)

    @property
    def state(self) -> ReplicationState:
        """The state of the primary leg; a VM without an instance shows the same as one with state 0."""
        return self.relationship.state if self.relationship else ReplicationState.DISABLED

    @property
    def health(self) -> ReplicationHealth:
        return self.relationship.health if self.relationship else ReplicationHealth.NOT_APPLICABLE

    @property
    def last_replicated(self) -> datetime | None:
        return self.relationship.last_replicated if self.relationship else None

    @property
    def role(self) -> Role | None:
        """Its role in the cluster of its host; None where it has none, or there is no cluster."""
        cluster = self.facts.cluster
        return cluster.roles.get(self.vm_id) if cluster else None

    @property
    def busy(self) -> tuple[Job, ...]:
        """Running jobs that a step has to wait for."""
        return tuple(job for job in self.jobs if job.running and job.type not in BACKGROUND_JOBS)

    @property
    def settled(self) -> bool:
        """Nothing moves here by itself. A state seen while a job of the VM runs is asked for, not reached."""
        passing = REPLICATION_STATES[self.state].passing
        return not (self.busy or passing or self.power in (Power.SHUTTING_DOWN, Power.STARTING))

    def job(self, job_id: str) -> Job | None:
        return next((job for job in self.jobs if job.id.upper() == job_id.upper()), None)

    def but(self, **changes: object) -> Side:
        """The same side with power, mode, state or another field changed."""
        state = changes.pop("state", None)
        if isinstance(state, ReplicationState):
            known = self.relationship or Relationship(instance_id=f"Microsoft:{self.vm_id}\\HVR\\0", state=state)
            changes["relationship"] = replace(known, state=state)
        return replace(self, **changes)  # type: ignore[arg-type]  # names are checked by replace itself


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Both copies of one VM, each as its host showed it in the same look."""

    destination: Side | Absent
    source: Side | Absent

    def at(self, end: End) -> Side | Absent:
        return self.destination if end is End.DESTINATION else self.source

    def replaced(self, end: End, side: Side | Absent) -> Pair:
        if end is End.DESTINATION:
            return Pair(destination=side, source=self.source)
        return Pair(destination=self.destination, source=side)

    @property
    def vm_id(self) -> str:
        return self.destination.vm_id

    @property
    def vm_name(self) -> str:
        for side in (self.destination, self.source):
            if isinstance(side, Side):
                return side.vm_name
        return self.vm_id
