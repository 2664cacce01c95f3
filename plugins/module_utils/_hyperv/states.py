# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The words Hyper-V uses for the state of things, as numbers with names.

Numbers are those of WMI, not the ordinals of the PowerShell module, which differ from 3 on. The meaning behind each
ReplicationState is a sentence in ``REPLICATION_STATES``.
"""

from __future__ import annotations

from enum import Enum, IntEnum
from typing import Final, NamedTuple


class ReplicationState(IntEnum):
    """Msvm_ReplicationRelationship.ReplicationState; Microsoft's page msvm-replicationrelationship."""

    DISABLED = 0
    READY = 1
    WAITING_FOR_INITIAL_REPLICATION = 2
    REPLICATING = 3
    SYNCED = 4
    RECOVERED = 5
    COMMITTED = 6
    SUSPENDED = 7
    CRITICAL = 8
    WAITING_FOR_RESYNCHRONIZE = 9
    RESYNCHRONIZING = 10
    RESYNCHRONIZE_SUSPENDED = 11
    FAILOVER_IN_PROGRESS = 12
    FAILBACK_IN_PROGRESS = 13
    FAILBACK_COMPLETE = 14
    DISK_UPDATE_IN_PROGRESS = 15
    DISK_UPDATE_CRITICAL = 16
    UNKNOWN = 17
    REPURPOSE_IN_PROGRESS = 18
    PREPARED_FOR_SYNC_REPLICATION = 19
    PREPARED_FOR_GROUP_REVERSE_REPLICATION = 20
    FIREDRILL_IN_PROGRESS = 21


class StateFacts(NamedTuple):
    """What is true of a VM that shows a state.

    Attributes:
        powershell: the name that Get-VMReplication prints.
        means: one sentence about what is true in it.
        passing: the host leaves it by itself; wait, do not act.
    """

    powershell: str
    means: str
    passing: bool = False


#: Names: Microsoft's page Get-VMReplication; meaning: team blog "Interpreting replication health" (2012) and
#: windowsserverdocs replication-failover. Which of the states from 15 on pass by themselves is inferred from the names.
REPLICATION_STATES: Final[dict[ReplicationState, StateFacts]] = {
    ReplicationState.DISABLED: StateFacts("Disabled", "It is not replicated"),
    ReplicationState.READY: StateFacts(
        "ReadyForInitialReplication", "The relationship exists; the first copy was not started"
    ),
    ReplicationState.WAITING_FOR_INITIAL_REPLICATION: StateFacts(
        "InitialReplicationInProgress / WaitingForInitialReplication", "The first copy is awaited or running"
    ),
    ReplicationState.REPLICATING: StateFacts("Replicating", "Changes are sent at every interval"),
    ReplicationState.SYNCED: StateFacts(
        "PreparedForFailover", "The last delta was sent and the primary is locked against starting"
    ),
    ReplicationState.RECOVERED: StateFacts(
        "FailedOverWaitingCompletion", "Failed over and not committed; recovery points are kept"
    ),
    ReplicationState.COMMITTED: StateFacts("FailedOver", "The failover is committed; recovery points are merged"),
    ReplicationState.SUSPENDED: StateFacts("Suspended", "Somebody paused the replication"),
    ReplicationState.CRITICAL: StateFacts("Error", "Replication stopped; an administrator has to act"),
    ReplicationState.WAITING_FOR_RESYNCHRONIZE: StateFacts(
        "WaitingForStartResynchronize", "Change tracking was lost; nothing is sent until a resynchronization"
    ),
    ReplicationState.RESYNCHRONIZING: StateFacts("Resynchronizing", "Disks are compared and differences sent", True),
    ReplicationState.RESYNCHRONIZE_SUSPENDED: StateFacts(
        "ResynchronizeSuspended", "Somebody paused the resynchronization"
    ),
    ReplicationState.FAILOVER_IN_PROGRESS: StateFacts("RecoveryInProgress", "A failover is being carried out", True),
    ReplicationState.FAILBACK_IN_PROGRESS: StateFacts("FailbackInProgress", "The provider brings the data back", True),
    ReplicationState.FAILBACK_COMPLETE: StateFacts("FailbackComplete", "The provider has brought the data back"),
    ReplicationState.DISK_UPDATE_IN_PROGRESS: StateFacts(
        "WaitingForUpdateCompletion", "The set of replicated disks is being changed", True
    ),
    ReplicationState.DISK_UPDATE_CRITICAL: StateFacts("UpdateError", "Changing the set of replicated disks failed"),
    ReplicationState.UNKNOWN: StateFacts("", "The host itself does not know"),
    ReplicationState.REPURPOSE_IN_PROGRESS: StateFacts(
        "WaitingForRepurposeCompletion", "The replication is being repurposed", True
    ),
    ReplicationState.PREPARED_FOR_SYNC_REPLICATION: StateFacts(
        "PreparedForSyncReplication", "A VM group is prepared for synced replication"
    ),
    ReplicationState.PREPARED_FOR_GROUP_REVERSE_REPLICATION: StateFacts(
        "PreparedForGroupReverseReplication", "A VM group is prepared for reverse replication"
    ),
    ReplicationState.FIREDRILL_IN_PROGRESS: StateFacts(
        "FiredrillInProgress", "A test failover of a VM group is running", True
    ),
}


class ReplicationHealth(IntEnum):
    """ReplicationHealth; Microsoft's page msvm-replicationrelationship. Warning lingers for a monitoring interval."""

    NOT_APPLICABLE = 0
    OK = 1
    WARNING = 2
    CRITICAL = 3


class ReplicationMode(IntEnum):
    """Msvm_ComputerSystem.ReplicationMode; Microsoft's page msvm-computersystem. Null on the host's own instance."""

    NONE = 0
    PRIMARY = 1
    REPLICA = 2
    TEST_REPLICA = 3
    EXTENDED_REPLICA = 4


class ReplicationType(IntEnum):
    """FailedOverReplicationType and LastReplicationType; Microsoft's page msvm-replicationrelationship."""

    NONE = 0
    REGULAR = 1
    APPLICATION_CONSISTENT = 2
    PLANNED = 3


class RequestedReplicationState(IntEnum):
    """RequestedState of RequestReplicationStateChange(Ex); that method's page.

    What 2 and 4 do, and that 3 also cancels a prepared failover, is inferred (lifecycle 1.5).
    """

    READY = 1
    WAITING_FOR_INITIAL_REPLICATION = 2
    REPLICATING = 3
    SYNCED = 4
    SUSPENDED = 7
    CANCEL_RESYNCHRONIZE = 9


class InitialReplicationType(IntEnum):
    """StartReplication's InitialReplicationType; that method's page."""

    NETWORK = 1
    EXPORT = 2
    SEEDED = 3


class AuthenticationType(IntEnum):
    """Msvm_ReplicationSettingData.AuthenticationType; that class's page."""

    KERBEROS = 1
    CERTIFICATE = 2


class AllowedAuthenticationType(IntEnum):
    """Msvm_ReplicationServiceSettingData.AllowedAuthenticationType; that class's page."""

    NOT_DEFINED = 0
    KERBEROS = 1
    CERTIFICATE = 2
    KERBEROS_AND_CERTIFICATE = 3


class Power(IntEnum):
    """Msvm_ComputerSystem.EnabledState; Microsoft's page msvm-computersystem.

    The numbers 32768 and 32769 of the v1 namespace, which its text still names, are PAUSED and SAVED here.
    """

    UNKNOWN = 0
    OTHER = 1
    RUNNING = 2
    OFF = 3
    SHUTTING_DOWN = 4
    NOT_APPLICABLE = 5
    SAVED = 6
    IN_TEST = 7
    DEFERRED = 8
    PAUSED = 9
    STARTING = 10
    V1_PAUSED = 32768
    V1_SAVED = 32769


class RequestedPower(IntEnum):
    """RequestedState of Msvm_ComputerSystem.RequestStateChange; that method's page."""

    RUNNING = 2
    OFF = 3
    SAVED = 6
    PAUSED = 9
    REBOOT = 10
    RESET = 11


class JobState(IntEnum):
    """Msvm_ConcreteJob.JobState; that class's page, 12 from the CIM class, 32768 from Microsoft's sample utilities."""

    NEW = 2
    STARTING = 3
    RUNNING = 4
    SUSPENDED = 5
    SHUTTING_DOWN = 6
    COMPLETED = 7
    TERMINATED = 8
    KILLED = 9
    EXCEPTION = 10
    SERVICE = 11
    QUERY_PENDING = 12
    COMPLETED_WITH_WARNINGS = 32768


#: A job in one of these moves no more (Microsoft's common utilities for the virtualization samples, v2).
TERMINAL_JOB_STATES: Final = frozenset(
    {
        JobState.COMPLETED,
        JobState.TERMINATED,
        JobState.KILLED,
        JobState.EXCEPTION,
        JobState.COMPLETED_WITH_WARNINGS,
    }
)

#: Of those, the ones that mean success (same source).
SUCCESSFUL_JOB_STATES: Final = frozenset({JobState.COMPLETED, JobState.COMPLETED_WITH_WARNINGS})


class JobType(IntEnum):
    """Msvm_ConcreteJob.JobType as far as a replica operation meets it; that class's page. Others stay numbers."""

    MODIFY_VIRTUAL_MACHINE = 2
    DESTROY_VIRTUAL_MACHINE = 3
    WAITING_TO_START_VIRTUAL_MACHINE = 11
    START_VIRTUAL_MACHINE = 12
    POWER_OFF_VIRTUAL_MACHINE = 13
    SAVE_VIRTUAL_MACHINE = 14
    RESTORE_VIRTUAL_MACHINE = 15
    SHUT_DOWN_VIRTUAL_MACHINE = 16
    PAUSE_VIRTUAL_MACHINE = 26
    RESUME_VIRTUAL_MACHINE = 27
    MODIFY_VIRTUAL_MACHINE_RESOURCES = 31
    MERGING_VHD_DISKS = 50
    SNAPSHOT_VIRTUAL_MACHINE = 70
    MODIFY_REPLICATION_SERVER_SETTINGS = 90
    CREATE_REPLICATION_RELATIONSHIP = 91
    MODIFY_REPLICATION_SETTINGS = 92
    REMOVE_REPLICATION_RELATIONSHIP = 93
    START_INITIAL_REPLICATION = 94
    IMPORT_REPLICATION = 95
    REPLICATION_STATE_CHANGE = 96
    INITIATE_FAILOVER = 97
    REVERT_FAILOVER = 98
    COMMIT_FAILOVER = 99
    INITIATE_SYNCED_REPLICATION = 100
    CANCEL_SYNCED_REPLICATION = 101
    INITIATE_TEST_REPLICA = 102
    REMOVE_TEST_REPLICA = 103
    REVERSE_REPLICATION = 104
    SENDING_DELTA = 105
    RECEIVING_DELTA = 106
    RESYNCHRONIZING = 107
    APPLY_CHANGE_LOG = 108
    STOP_INITIAL_REPLICATION = 109
    STOP_RESYNCHRONIZING = 110
    GET_STATISTICS = 111
    PREPARE_FOR_CONSISTENCY_CHECKER = 112
    CONSISTENCY_CHECKER = 113
    STOP_CONSISTENCY_CHECKER = 114
    TEST_REPLICATION_CONNECTION = 115
    SENDING_INITIAL_REPLICA = 116
    START_RESYNC_INITIAL_REPLICATION = 117
    START_EXPORT_INITIAL_REPLICATION = 118
    RESET_STATISTICS = 119
    APPLY_REGISTERED_DELTAS = 120
    RESYNCHRONIZING_EXTENDED = 121
    READING_TEST_REPLICA_CONFIGURATION = 122
    CHANGE_REPLICATION_MODE_TO_PRIMARY = 123
    INITIATE_FAILBACK = 124
    UPDATE_DISK_SET = 125
    BACKUP_VIRTUAL_MACHINE = 170


class StartAction(IntEnum):
    """Msvm_VirtualSystemSettingData.AutomaticStartupAction; that class's page."""

    NOTHING = 2
    RESTART_IF_PREVIOUSLY_ACTIVE = 3
    ALWAYS = 4


class ComponentStatus(IntEnum):
    """OperationalStatus[0] of the heartbeat, shutdown and key-value components; their pages."""

    OK = 2
    DEGRADED = 3
    ERROR = 6
    NON_RECOVERABLE_ERROR = 7
    NO_CONTACT = 12
    LOST_COMMUNICATION = 13
    PAUSED = 15


class VirtualSystemType(str, Enum):
    """Msvm_VirtualSystemSettingData.VirtualSystemType; that class's page and Microsoft's sample utilities."""

    REALIZED = "Microsoft:Hyper-V:System:Realized"
    PLANNED = "Microsoft:Hyper-V:System:Planned"
    SNAPSHOT = "Microsoft:Hyper-V:Snapshot:Realized"
    SNAPSHOT_RECOVERY = "Microsoft:Hyper-V:Snapshot:Recovery"
    SNAPSHOT_PLANNED = "Microsoft:Hyper-V:Snapshot:Planned"
    SNAPSHOT_MISSING = "Microsoft:Hyper-V:Snapshot:Missing"
    POINT_STANDARD = "Microsoft:Hyper-V:Snapshot:Replica:Standard"
    POINT_APPLICATION_CONSISTENT = "Microsoft:Hyper-V:Snapshot:Replica:ApplicationConsistent"
    POINT_PLANNED_FAILOVER = "Microsoft:Hyper-V:Snapshot:Replica:PlannedFailover"
    REPLICATION = "Microsoft:Hyper-V:Replica"


#: Name of the built-in host-to-host provider (Microsoft's page msvm-replicationprovider).
BUILT_IN_PROVIDER: Final = "22391CDC-272C-4DDF-BA88-9BEFB1A0975C"
