# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a run may do, as values: goals, steps, waits, receipts and outcomes."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import Enum
from typing import Union

from ansible_collections.hyperv.replica.plugins.module_utils._errors import HyperVReplicaError
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import Absence, Absent, End, Pair, Side
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.states import (
    Power,
    ReplicationHealth,
    ReplicationMode,
    ReplicationState,
)


class Target(str, Enum):
    """Where a failover or failback shall end; ordered, a later one satisfies an earlier one."""

    SYNCED = "synced"
    SWITCHED_OFF = "switched_off"
    RUNNING = "running"
    PROTECTED = "protected"

    @property
    def rank(self) -> int:
        return list(Target).index(self)


class Loses(str, Enum):
    """What a step destroys that cannot be had back."""

    NOTHING = "nothing"
    RECOVERY_POINTS = "recovery_points"
    WRITES = "writes"
    SAVED_STATE = "saved_state"


class Consent(str, Enum):
    """What a run may lose or override, each asked for by name."""

    RESUME_SUSPENDED = "resume_suspended"
    RESYNCHRONIZE = "resynchronize"
    DISCARD_SINCE_FAILOVER = "discard_since_failover"
    DISCARD_OLD_PRIMARY_DATA = "discard_old_primary_data"
    TURN_OFF_OLD_PRIMARY = "turn_off_old_primary"
    DISCARD_SAVED_STATE = "discard_saved_state"
    REMOVE_LEFTOVER_TEST_COPY = "remove_leftover_test_copy"


class Method(str, Enum):
    """The WMI methods that a step may call, and the two steps that only look."""

    INITIATE_SHUTDOWN = "InitiateShutdown"
    REQUEST_STATE_CHANGE = "RequestStateChange"
    REQUEST_REPLICATION_STATE_CHANGE = "RequestReplicationStateChangeEx"
    TEST_REPLICATION_CONNECTION = "TestReplicationConnection"
    INITIATE_FAILOVER = "InitiateFailover"
    REVERT_FAILOVER = "RevertFailover"
    COMMIT_FAILOVER = "CommitFailover"
    REVERSE = "ReverseReplicationRelationship"
    START_REPLICATION = "StartReplication"
    RESYNCHRONIZE = "Resynchronize"
    SET_AUTHORIZATION_ENTRY = "SetAuthorizationEntry"
    INITIATE_FAILBACK = "InitiateFailback"
    MODIFY_SYSTEM_SETTINGS = "ModifySystemSettings"
    MODIFY_RESOURCE_SETTINGS = "ModifyResourceSettings"
    TEST_REPLICA_SYSTEM = "TestReplicaSystem"
    SET_FAILOVER_ADDRESSES = "SetFailoverNetworkAdapterSettings"
    DESTROY_SYSTEM = "DestroySystem"
    CREATE_RELATIONSHIP = "CreateReplicationRelationship"
    MODIFY_SETTINGS = "ModifyReplicationSettings"
    IMPORT_INITIAL_REPLICA = "ImportInitialReplica"
    REMOVE_RELATIONSHIP = "RemoveReplicationRelationshipEx"
    RESET_STATISTICS = "ResetReplicationStatisticsEx"
    CHANGE_MODE_TO_PRIMARY = "ChangeReplicationModeToPrimary"
    WAIT_UNTIL_IN_SYNC = "wait until in sync"
    WAIT_UNTIL_SILENT = "wait until the primary is known to be silent"
    WAIT_FOR_TEST_GUEST = "wait until the guest of the test copy answers"
    WAIT_UNTIL_GREEN = "wait until the guest on trial is good"

    @property
    def mutates(self) -> bool:
        """Whether the call changes anything; a connection test and a wait do not."""
        return self is not Method.TEST_REPLICATION_CONNECTION and not self.is_wait

    @property
    def is_wait(self) -> bool:
        return self in (
            Method.WAIT_UNTIL_IN_SYNC,
            Method.WAIT_UNTIL_SILENT,
            Method.WAIT_FOR_TEST_GUEST,
            Method.WAIT_UNTIL_GREEN,
        )


class Learned(str, Enum):
    """What this run found out that no look shows."""

    CONNECTION_TESTED = "connection_tested"
    WAY_HOME_TESTED = "way_home_tested"
    PRIMARY_SILENT = "primary_silent"
    KEEP_OFF = "keep_off"
    NEVER_STARTED = "never_started"
    CAME_HOME = "came_home"
    GUEST_ANSWERS = "guest_answers"
    VERIFIED = "verified"
    RED = "red"
    GUEST_ASKED = "guest_asked"
    GUEST_STAYS_UP = "guest_stays_up"
    CANNOT_FENCE = "cannot_fence"
    CANNOT_CONNECT = "cannot_connect"
    REVERSE_WANTS_COMMITTED = "reverse_wants_committed"
    REPLICA_WANTS_ENTRY = "replica_wants_entry"
    ENTRY_SET = "entry_set"
    START_SEEDED = "start_seeded"
    COMMIT_NOT_WANTED = "commit_not_wanted"
    COMMIT_ASKED = "commit_asked"
    FAILBACK_WANTS_RECOVERED = "failback_wants_recovered"
    FAILBACK_WANTS_COMMITTED = "failback_wants_committed"
    REVERSE_REFUSED = "reverse_refused"
    FAILOVER_WANTS_RESUMED = "failover_wants_resumed"
    CONTINUE_ANEW = "continue_anew"
    STATISTICS_RESET = "statistics_reset"
    SCHEDULED = "scheduled"
    REVERTED = "reverted"
    UNLOCKED = "unlocked"


Plain = Union[str, int, bool, None, tuple[str, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shows:
    """What one end shows, as far as it matters; an empty tuple and None match anything."""

    power: tuple[Power, ...] = ()
    mode: tuple[ReplicationMode, ...] = ()
    state: tuple[ReplicationState, ...] = ()

    def matches(self, side: object) -> bool:
        if not isinstance(side, Side):
            return False
        return (
            (not self.power or side.power in self.power)
            and (not self.mode or side.mode in self.mode)
            and (not self.state or side.state in self.state)
        )

    def changes(self) -> dict[str, object]:
        """The fields of a side after it has come to show this: the first of each alternative."""
        wanted = {"power": self.power, "mode": self.mode, "state": self.state}
        return {name: values[0] for name, values in wanted.items() if values}


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One call or one wait: where, what with, what it must lead to, what it costs.

    Attributes:
        host: the end it is sent to.
        method: the WMI method, or a wait.
        arguments: by their WMI names, in readable form; the VM itself is left out.
        expects: what that end must show afterwards.
        peer_expects: what the other end must show afterwards; nothing when None.
        sets: other fields of the side that the step changes, for planning on.
        removes: afterwards the host has no such VM.
        consent: what the operator had to say yes to.
        takes: expected duration, None where nothing says so.
        limit: how long its result is waited for; the task's deadline when None.
        unseen: no look shows what it led to, so it is not asked for again when its answer is lost.
        contingent: it may come up in a plan without having been foreseen, for no document says whether it is needed.
        renames: afterwards the ends may go by other names, so the plan made then is what is expected from there on.
        teaches: what its success tells.
        forgets: what was learned before and holds no more.
        lesson: what its refusal tells; the plan is made anew with it.
        rescues: it brings service back after a failure, and waits for no other VM.
        turn_within: a VM that has not had its turn for so long wants a look; None where it can wait.
        why: what an operator reads in plan and diff.
    """

    host: End
    method: Method
    arguments: Mapping[str, Plain] = field(default_factory=dict)
    expects: Shows = field(default_factory=Shows)
    peer_expects: Shows | None = None
    sets: Mapping[str, object] = field(default_factory=dict)
    removes: bool = False
    loses: Loses = Loses.NOTHING
    can_be_undone: bool = True
    consent: tuple[Consent, ...] = ()
    takes: timedelta | None = None
    limit: timedelta | None = None
    unseen: bool = False
    contingent: bool = False
    renames: bool = False
    teaches: Learned | None = None
    forgets: tuple[Learned, ...] = ()
    lesson: Learned | None = None
    rescues: bool = False
    turn_within: timedelta | None = field(default=None, compare=False)
    why: str = ""

    def after(self, seen: Pair) -> Pair:
        """The pair as this step is expected to leave it."""
        here, there = seen.at(self.host), seen.at(self.host.other)
        if self.removes:
            return seen.replaced(self.host, Absent(host=here.host, vm_id=here.vm_id, why=Absence.NO_SUCH_VM))
        if isinstance(here, Side):
            seen = seen.replaced(self.host, self._left(here.but(**self.expects.changes(), **self.sets)))
        if isinstance(there, Side) and self.peer_expects is not None:
            seen = seen.replaced(self.host.other, self._left(there.but(**self.peer_expects.changes())))
        return seen

    def _left(self, side: Side) -> Side:
        """The side as a wait leaves it: ends in sync have what was sent lately, and nothing is wrong or running."""
        known = side.relationship
        if self.method is not Method.WAIT_UNTIL_IN_SYNC or known is None:
            return side
        fresh = side.facts.clock or known.last_replicated
        return replace(side, jobs=(), relationship=replace(known, last_replicated=fresh, health=ReplicationHealth.OK))

    def shown_by(self, seen: Pair) -> bool:
        """Whether both ends show what this step was to lead to."""
        peer = self.peer_expects is None or self.peer_expects.matches(seen.at(self.host.other))
        here = seen.at(self.host)
        if self.removes:
            return isinstance(here, Absent) and here.why is Absence.NO_SUCH_VM
        return peer and self.expects.matches(here) and all(getattr(here, k) == v for k, v in self.sets.items())

    def same_call(self, other: Step) -> bool:
        return (self.host, self.method, dict(self.arguments)) == (other.host, other.method, dict(other.arguments))


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What a host answered to a step: done, or started as a job.

    Attributes:
        job_id: of the job that carries it out; empty when it was done at once.
    """

    return_code: int
    job_id: str = ""
    sent_at: datetime
    answered_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Performed:
    """A step that was sent, and what came of it.

    Attributes:
        return_code: None where the answer was lost.
        outcome: done, refused, failed, unknown.
    """

    step: Step
    host: str
    started: datetime
    ended: datetime | None = None
    return_code: int | None = None
    job_id: str = ""
    outcome: str = "done"


def answered(step: Step, host: str, started: datetime, receipt: Receipt) -> Performed:
    """A step that was accepted, before anything is known of how it ends."""
    return Performed(step=step, host=host, started=started, return_code=receipt.return_code, job_id=receipt.job_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """Be shown every look until it holds.

    Attributes:
        until: asked of each look; may raise one of our errors, which ends the wait.
        what: an operator reads "waiting until …".
        limit: from now; the task's deadline when None.
        guest: the looks have to say whether the guest answers.
        rescues: service is being brought back after a failure.
    """

    until: Callable[[Pair], bool]
    what: str
    limit: timedelta | None = None
    guest: bool = False
    rescues: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How it went with one VM.

    Attributes:
        planned: the steps decided before anything was asked for.
        performed: the calls that were sent.
        consents: those that the performed or planned steps needed.
        rescue: what on_failure did: nothing, rolled_back, started_unprotected, stopped, or failed.
        warnings: what the operator should know although it did not stop the run.
    """

    before: Pair
    after: Pair
    planned: tuple[Step, ...] = ()
    performed: tuple[Performed, ...] = ()
    error: HyperVReplicaError | None = None
    rescue: str = ""
    already_there: bool = False
    skipped: bool = False
    warnings: tuple[str, ...] = ()
    facts: Mapping[str, object] = field(default_factory=dict)

    @property
    def changed(self) -> bool:
        return any(done.step.method.mutates and done.outcome in ("done", "unknown") for done in self.performed)


#: Decides the steps from what both ends show to the goal. Pure: the same look and lessons give the same steps.
Planner = Callable[[Pair, "frozenset[Learned]"], "tuple[Step, ...]"]

#: One VM's way: yields steps and waits; is sent a receipt for a step and the latest look for a wait.
Talk = Generator["Step | Wait", "Receipt | Pair | None", Outcome]
