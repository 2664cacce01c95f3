# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Virtual machines of the simulated estate as plain data: disks, adapters, guest, relationships, recovery points."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from typing import Final

from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.states import (
    BUILT_IN_PROVIDER,
    Power,
    ReplicationHealth,
    ReplicationMode,
    ReplicationState,
    ReplicationType,
    StartAction,
    VirtualSystemType,
)

#: How many writes of each origin (host name) a disk holds: writes 1 to n of that origin, in order.
Counters = dict[str, int]

#: Powers in which a guest holds memory and can answer users.
ALIVE: Final = frozenset({Power.RUNNING, Power.SHUTTING_DOWN, Power.STARTING})


class PointKind(str, Enum):
    """Kinds of recovery point; the values end VirtualSystemType (Microsoft's page msvm-virtualsystemsettingdata)."""

    STANDARD = "Standard"
    APPLICATION_CONSISTENT = "ApplicationConsistent"
    PLANNED_FAILOVER = "PlannedFailover"

    @property
    def system_type(self) -> VirtualSystemType:
        """VirtualSystemType of such a recovery point."""
        return VirtualSystemType(f"Microsoft:Hyper-V:Snapshot:Replica:{self.value}")

    @property
    def replication_type(self) -> ReplicationType:
        """FailedOverReplicationType after a failover to such a point."""
        return _REPLICATION_TYPES[self]


_REPLICATION_TYPES: Final = {
    PointKind.STANDARD: ReplicationType.REGULAR,
    PointKind.APPLICATION_CONSISTENT: ReplicationType.APPLICATION_CONSISTENT,
    PointKind.PLANNED_FAILOVER: ReplicationType.PLANNED,
}


@dataclass(slots=True, kw_only=True)
class Disk:
    """One virtual disk of one copy.

    Attributes:
        instance_id: of its Msvm_StorageAllocationSettingData; the same at both ends.
        used: bytes that a first copy has to send.
        pass_through: it is a disk of the host itself, attached as a whole; such a disk does not replicate.
        shared: several VMs may use it at once.
        writes: what the disk holds, per origin.
    """

    path: str
    instance_id: str
    size: int
    used: int
    controller: int = 0
    location: int = 0
    pass_through: bool = False
    shared: bool = False
    writes: Counters = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class FailoverAddress:
    """Msvm_FailoverNetworkAdapterSettingData of an adapter."""

    dhcp: bool = True
    protocol: int = 4096
    addresses: list[str] = field(default_factory=list)
    subnets: list[str] = field(default_factory=list)
    gateways: list[str] = field(default_factory=list)
    dns: list[str] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class Adapter:
    """One synthetic network adapter.

    Attributes:
        instance_id: of its Msvm_SyntheticEthernetPortSettingData, ``Microsoft:<VM GUID>\\<adapter GUID>``; the
            connection's (Msvm_EthernetPortAllocationSettingData) is this with ``\\C`` behind it.
        switch: name of the switch it is connected to; empty when disconnected.
        test_switch: TestReplicaSwitchName.
    """

    name: str
    instance_id: str
    mac: str
    switch: str = ""
    vlan: int = 0
    dynamic_mac: bool = True
    test_switch: str = ""
    test_pool: str = ""
    failover: FailoverAddress = field(default_factory=FailoverAddress)


@dataclass(slots=True, kw_only=True)
class Guest:
    """The operating system inside, as far as the host can tell.

    Attributes:
        answers: it runs its integration services; when false it shows no heartbeat and ignores a shutdown.
        locked: a locked session: it shuts down by force only.
        up_since: when its heartbeat began; None while it boots or is off.
    """

    os: str = "Windows Server 2022 Standard"
    os_version: str = "10.0.20348"
    fqdn: str = ""
    addresses: list[str] = field(default_factory=list)
    boot_seconds: float = 25.0
    shutdown_seconds: float = 20.0
    answers: bool = True
    locked: bool = False
    up_since: datetime | None = None


@dataclass(slots=True, kw_only=True)
class Checkpoint:
    """A checkpoint that is no recovery point; ``backup``: a backup made it, and has not removed it."""

    guid: str
    name: str
    created: datetime
    backup: bool = False


@dataclass(slots=True, kw_only=True)
class RecoveryPoint:
    """A recovery point on a replica: what each disk held, in the order of the disks."""

    guid: str
    vm_guid: str
    name: str
    kind: PointKind
    created: datetime
    writes: list[Counters]


@dataclass(slots=True, kw_only=True)
class ReplicationSettings:
    """The own properties of Msvm_ReplicationSettingData; defaults are the documented ones (that class's page).

    Attributes:
        provider: GUID of the replication provider; the object path is made from it and the host's name.
        included_disks: instance ids of the replicated disks.
    """

    authentication_type: int = 1
    certificate_thumbprint: str = ""
    root_certificate_thumbprint: str = ""
    compression_enabled: bool = True
    bypass_proxy_server: bool = False
    recovery_connection_point: str = ""
    recovery_host_system: str = ""
    primary_connection_point: str = ""
    primary_host_system: str = ""
    recovery_server_port: int = 0
    replicate_host_kvp_items: bool = True
    application_consistent_interval: int = 0
    recovery_history: int = 0
    included_disks: list[str] = field(default_factory=list)
    auto_resynchronize: bool = False
    auto_resynchronize_start: timedelta = timedelta(hours=18, minutes=30)
    auto_resynchronize_end: timedelta = timedelta(hours=6)
    write_order_preservation: bool = True
    provider: str = BUILT_IN_PROVIDER
    additional_settings: str = ""
    replication_interval: int = 300


@dataclass(slots=True, kw_only=True)
class Statistics:
    """Counters of Msvm_ReplicationStatistics since ``start``."""

    start: datetime
    successes: int = 0
    size: int = 0
    largest: int = 0
    latency: float = 0.0
    longest: float = 0.0
    misses: int = 0
    network_failures: int = 0
    failures: int = 0
    consistency_failures: int = 0
    last_test: datetime | None = None


@dataclass(slots=True, kw_only=True, eq=False)
class Relationship:
    """One relationship as one host keeps it: ``\\HVR\\0`` or, towards a third host, ``\\HVR\\1``.

    Attributes:
        shown_as_extended: ``\\HVR\\1`` is what it shows, whatever its index.
        last_replication_time: None for never, as the two below.
        missed_in_row: cycles missed since the last that went through.
        cycles_since_copy: cycles completed since the last first copy or resynchronization.
        tracking_lost: the changes are no longer known; resuming leads to 9.
        prepared: the last delta was sent: the state 4 shown is reached, not only asked for.
        got_last_delta: the last that this replica received was the delta of a planned failover.
        exported: the first copy was written to a place from which the replica may import it.
        failed_back: an external provider brought the data back to this copy.
        held: it stopped because the copy was failed over, and goes on when that is reverted.
        reversed: its direction was reversed after an unplanned failover, and its first copy has not ended yet.
        next_cycle: when the next change is to be sent; None where nothing is sent.
        sending: since when a change is on its way; None where none is.
    """

    index: int = 0
    shown_as_extended: bool = False
    state: ReplicationState = ReplicationState.DISABLED
    settings: ReplicationSettings = field(default_factory=ReplicationSettings)
    statistics: Statistics
    health: ReplicationHealth = ReplicationHealth.NOT_APPLICABLE
    failed_over_type: ReplicationType = ReplicationType.NONE
    last_type: ReplicationType = ReplicationType.NONE
    last_replication_time: datetime | None = None
    last_apply_time: datetime | None = None
    last_application_consistent_time: datetime | None = None
    missed_in_row: int = 0
    cycles_since_copy: int = 0
    tracking_lost: bool = False
    prepared: bool = False
    got_last_delta: bool = False
    exported: bool = False
    failed_back: bool = False
    held: bool = False
    reversed: bool = False
    next_cycle: datetime | None = None
    sending: datetime | None = None

    def instance_id(self, vm_guid: str) -> str:
        """InstanceID of Msvm_ReplicationRelationship and of Msvm_ReplicationSettingData."""
        return f"Microsoft:{vm_guid}\\HVR\\{1 if self.shown_as_extended else self.index}"


@dataclass(slots=True, kw_only=True, eq=False)
class Vm:
    """One copy of a virtual machine on one host.

    Attributes:
        guid: Name of Msvm_ComputerSystem, in upper case.
        requested_state: 12 while nothing is asked for (Microsoft's page msvm-computersystem).
        relationships: by index; 0 is always there, with state 0 when the VM is not replicated.
        running_since: since when the guest writes; None while it does not.
        booked: writes of this run that are on the disks already.
        before_failover: what the disks held before the failover that is not yet committed, else None.
        provider_points: recovery points an external provider knows, by its own identifier.
        test_of: GUID of the replica this is a test copy of, else empty.
        authorized: AllowedPrimaryHostSystem of the entry that SetAuthorizationEntry bound to this VM.
        tpm: it has a virtual TPM.
        isos: paths of the images in its DVD drives.
        critical: HealthState is 25: the host paused it for want of space.
        backing_up: a backup of it is running.
    """

    guid: str
    name: str
    created: datetime
    relationships: dict[int, Relationship]
    power: Power = Power.OFF
    requested_state: int = 12
    mode: ReplicationMode = ReplicationMode.NONE
    memory: int = 4 << 30
    processors: int = 2
    generation: int = 2
    version: str = "10.0"
    notes: list[str] = field(default_factory=list)
    start_action: StartAction = StartAction.RESTART_IF_PREVIOUSLY_ACTIVE
    start_delay: timedelta = timedelta()
    configuration_root: str = "C:\\ProgramData\\Microsoft\\Windows\\Hyper-V"
    disks: list[Disk] = field(default_factory=list)
    adapters: list[Adapter] = field(default_factory=list)
    guest: Guest = field(default_factory=Guest)
    recovery_points: list[RecoveryPoint] = field(default_factory=list)
    writes_per_second: float = 1.0
    bytes_per_write: int = 65536
    power_changed: datetime | None = None
    powered_on: datetime | None = None
    running_since: datetime | None = None
    booked: int = 0
    was_running: bool = False
    before_failover: list[Counters] | None = None
    provider_points: dict[str, list[Counters]] = field(default_factory=dict)
    test_of: str = ""
    authorized: str = ""
    tpm: bool = False
    isos: list[str] = field(default_factory=list)
    critical: bool = False
    backing_up: bool = False
    checkpoints: list[Checkpoint] = field(default_factory=list)

    @property
    def relationship(self) -> Relationship:
        """The primary relationship, ``\\HVR\\0``."""
        return self.relationships[0]

    @property
    def state(self) -> ReplicationState:
        """ReplicationState of the primary relationship."""
        return self.relationship.state

    @property
    def saved(self) -> bool:
        """Whether it holds a saved state."""
        return self.power is Power.SAVED

    @property
    def alive(self) -> bool:
        """Whether a guest runs in it now."""
        return self.power in ALIVE

    @property
    def writes(self) -> Counters:
        """Writes per origin, over all disks."""
        return total([disk.writes for disk in self.disks])

    @property
    def held(self) -> list[Counters]:
        """A copy of what each disk holds."""
        return [dict(disk.writes) for disk in self.disks]

    def hold(self, content: list[Counters]) -> None:
        """Let the disks hold exactly this; disks beyond the given content are left alone."""
        for disk, writes in zip(self.disks, content, strict=False):
            disk.writes = dict(writes)

    def write(self, origin: str, count: int) -> None:
        """Add writes of this origin to every disk."""
        if count > 0:
            for disk in self.disks:
                disk.writes[origin] = disk.writes.get(origin, 0) + count

    def settle_writes(self, origin: str, now: datetime) -> None:
        """Book the writes of the running guest up to ``now``; the same however often it is asked."""
        if self.running_since is not None:
            due = int((now - self.running_since).total_seconds() * self.writes_per_second)
            self.write(origin, due - self.booked)
            self.booked = max(due, self.booked)

    def point(self, guid: str) -> RecoveryPoint | None:
        """The recovery point with this GUID, if it still exists."""
        return next((point for point in self.recovery_points if point.guid == guid.upper()), None)


def total(content: list[Counters]) -> Counters:
    """Writes per origin over several disks."""
    sums: Counters = {}
    for writes in content:
        for origin, count in writes.items():
            sums[origin] = sums.get(origin, 0) + count
    return sums


def missing(held: Mapping[str, int], wanted: Mapping[str, int]) -> int:
    """How many of the wanted writes are not held."""
    return sum(max(0, count - held.get(origin, 0)) for origin, count in wanted.items())
