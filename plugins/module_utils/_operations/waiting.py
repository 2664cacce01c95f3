# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""When a wait is over: predicates of looks, and the little memory that some of them need."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from ansible_collections.hyperv.replica.plugins.module_utils._errors import (
    HyperVReplicaError,
    PreconditionFailed,
    TimedOut,
    TransportError,
    VerificationFailed,
)
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import Absent, End, Job, Pair, Side
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.returncodes import job_failure
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.states import (
    ComponentStatus,
    JobType,
    ReplicationState,
)
from ansible_collections.hyperv.replica.plugins.module_utils._operations import clusters, failover, guards, needs
from ansible_collections.hyperv.replica.plugins.module_utils._operations.path import shown
from ansible_collections.hyperv.replica.plugins.module_utils._operations.plan import Method, Receipt, Step, Wait

#: How long a state may lag behind the job that reached it before it counts as not reached.
GRACE: Final = timedelta(seconds=120)
#: How long a guest is expected to take until it answers; it is asked from the beginning, at first less often.
_BOOTS: Final = timedelta(seconds=30)

_RESYNCHRONIZING: Final = (JobType.RESYNCHRONIZING, JobType.RESYNCHRONIZING_EXTENDED, JobType.SENDING_INITIAL_REPLICA)
_COPYING: Final = (ReplicationState.WAITING_FOR_INITIAL_REPLICATION, ReplicationState.RESYNCHRONIZING)
_NEEDS_SOMEBODY: Final = (
    ReplicationState.SUSPENDED,
    ReplicationState.CRITICAL,
    ReplicationState.WAITING_FOR_RESYNCHRONIZE,
    ReplicationState.RESYNCHRONIZE_SUSPENDED,
)

Until = Callable[[Pair], bool]
Now = Callable[[], datetime]


def _at_rest(seen: Pair) -> bool:
    return all(side.settled for side in (seen.source, seen.destination) if isinstance(side, Side))


def _at_rest_here(seen: Pair) -> bool:
    here = seen.destination
    if not isinstance(here, Side):
        return True
    jobs = [job for job in here.busy if job.type not in _RESYNCHRONIZING]
    return not jobs and here.state is not ReplicationState.FAILOVER_IN_PROGRESS


#: No job, and no state that a host leaves by itself, at either end that answers.
at_rest: Final = needs.Awaited(_at_rest, needs.for_rest(_at_rest))
#: The same for an unplanned failover, which waits for no primary and cancels a resynchronization.
at_rest_but_for_resynchronizing: Final = needs.Awaited(_at_rest_here, needs.for_rest(_at_rest_here))


def twice(until: Until, before: Pair | None = None) -> Until:
    """Hold in two looks running, of which BEFORE may be the first: a host may show late what it does."""
    held = before is not None and until(before)

    def check(seen: Pair) -> bool:
        nonlocal held
        earlier, held = held, until(seen)
        return earlier and held

    return needs.like(check, until)


def step_done(step: Step, receipt: Receipt, now: Now, started_on: str = "") -> Until:
    """Whether a step's job has ended well and both ends show what it was to lead to.

    Args:
        started_on: the host that has the job, which need not have the VM any more.

    Raises:
        JobFailed: the job ended otherwise.
        OutcomeUnknown: the VM was moved to another node, and the job is gone with the one that had it.
        VerificationFailed: it ended well, and the state does not follow. A guest asked to shut down has its own limit.
    """
    grace = max(step.limit or GRACE, GRACE)
    ended: datetime | None = None
    shown = False

    def check(seen: Pair) -> bool:
        nonlocal ended, shown
        side = seen.at(step.host)
        if isinstance(side, Absent):
            if step.shown_by(seen):
                return True
            raise lost(side, seen)
        job = side.job(receipt.job_id) if receipt.job_id else None
        if job is not None and job.running:
            return False
        if job is not None and not job.succeeded:
            raise job_failure(job, step.method.value, side.host, seen.vm_name)
        clusters.refuse_restarted_since(seen, step, receipt, now())
        if step.shown_by(seen):
            before, shown = shown, True
            return before or not clusters.seen_twice(step, seen)
        if job is None:
            clusters.refuse_lost_job(seen, step, receipt, started_on)
        ended = ended or now()
        if now() - ended > grace and step.method is not Method.INITIATE_SHUTDOWN:
            raise _not_shown(step, side, seen)
        return False

    return needs.Awaited(check, needs.for_step(step, receipt), step.takes)


def _not_shown(step: Step, side: Side, seen: Pair) -> VerificationFailed:
    wanted = " / ".join(f"{state.name} ({int(state)})" for state in step.expects.state) or "another power state"
    return VerificationFailed(
        f"{step.method.value} was carried out, but {wanted} is not what is shown: {side.host} {shown(side)}, "
        f"{seen.at(step.host.other).host} {shown(seen.at(step.host.other))}",
        host=side.host,
        vm=seen.vm_name,
        remedy="Read the Hyper-V-VMMS-Admin log of both hosts, then run this again",
    )


def lost(side: Absent, seen: Pair) -> HyperVReplicaError:
    """A host that answered before does not any more, or only with a fault, which is named as what it is."""
    if side.fault:
        return guards.faulty(side, seen.vm_name)
    return TransportError(
        "the host stopped answering" + (f": {side.said}" if side.said else ""),
        kind="connection_lost",
        host=side.host,
        vm=seen.vm_name,
        next_move="What runs there runs on. When it answers again, run this again: it continues from what is there",
    )


def passed(length: timedelta, now: Now) -> Until:
    """Whether so much time has passed from now on."""
    until = now() + length
    return needs.Awaited(lambda seen: now() >= until, needs.for_time)


def looked_for(step: Step, good: Until) -> Until:
    """What a step that only looks waits for; GOOD says of a guest on trial whether it is."""
    if step.method is Method.WAIT_UNTIL_GREEN:
        return needs.Awaited(good, needs.for_guest)
    if step.method is Method.WAIT_UNTIL_SILENT:
        return needs.Awaited(_silent(), needs.for_silence)
    if step.method is Method.WAIT_FOR_TEST_GUEST:
        return step.shown_by
    if step.host is End.SOURCE:
        return needs.Awaited(_in_sync(step), needs.for_sync(step.host))
    return needs.Awaited(lambda seen: step.shown_by(seen) or _stuck(seen, step.host), needs.for_shown(step))


def _in_sync(step: Step) -> Until:
    """In sync; after a copy or a resynchronization seen on the way, with one more cycle behind it."""
    copying = False
    ended: datetime | None = None

    def check(seen: Pair) -> bool:
        nonlocal copying, ended
        sender, receiver = seen.at(step.host), seen.at(step.host.other)
        if isinstance(sender, Absent):
            raise lost(sender, seen)
        if isinstance(receiver, Absent):
            raise lost(receiver, seen)
        if sender.state in _COPYING:
            copying = True
        if _stuck(seen, step.host):
            return True
        if not guards.in_sync(seen, step.host):
            return False
        if copying and ended is None:
            ended = receiver.last_replicated
        return not copying or receiver.last_replicated != ended

    return check


def _stuck(seen: Pair, sender: End) -> bool:
    """Replication waits for somebody: the plan is made anew, and says for whom."""
    return any(
        isinstance(side, Side) and side.state in _NEEDS_SOMEBODY for side in (seen.at(sender), seen.at(sender.other))
    )


def _silent() -> Until:
    first: datetime | None = None

    def check(seen: Pair) -> bool:
        nonlocal first
        here = seen.destination
        if not isinstance(here, Side) or isinstance(seen.source, Side):
            return True
        first = first or here.last_replicated
        if first and here.last_replicated and here.last_replicated > first:
            raise PreconditionFailed(
                f"the replica received a delta at {here.last_replicated:%Y-%m-%d %H:%M:%SZ}: the primary is alive",
                kind="primary_alive",
                host=here.host,
                vm=here.vm_name,
                cause="It does not answer the controller, but it replicates",
                remedy="Use mode: planned from a controller that reaches both, or shut the primary down; "
                "no consent allows this",
            )
        return failover.silent_long_enough(seen)

    return check


def _guest_answers(seen: Pair) -> bool:
    here = seen.destination
    guest = here.guest if isinstance(here, Side) else None
    return guest is not None and guest.heartbeat in (ComponentStatus.OK, ComponentStatus.DEGRADED)


#: The integration services of the guest at the destination answer (Microsoft's page msvm-heartbeatcomponent).
guest_answers: Final = needs.Awaited(_guest_answers, needs.for_heartbeat, _BOOTS)


def spelled(limit: timedelta, rate: float) -> str:
    """How long was waited. Limits are by the controller's clock; where the hosts' time is faster, in theirs first."""
    seconds = limit.total_seconds()
    if rate <= 1:
        return f"{seconds:.0f} s"
    return f"{seconds * rate:.0f} s of simulated time, {seconds:.0f} s by the controller's clock"


def guest_silent(seen: Pair, limit: timedelta, rate: float) -> VerificationFailed:
    """A VM that was started and whose guest never answered."""
    return VerificationFailed(
        f"the VM runs, but its guest did not answer within {spelled(limit, rate)}",
        kind="guest_silent",
        host=seen.destination.host,
        remedy="Look at its console: does it boot, and do its integration services run?",
    )


def guest_stays_up(seen: Pair, step: Step) -> VerificationFailed:
    """A guest that was asked to shut down and never did."""
    return VerificationFailed(
        "the guest was asked to shut down and stays up",
        kind="guest_stays_up",
        host=seen.at(step.host).host,
        remedy="Look at its console; give guest_shutdown_timeout more, or allow if_guest_stays_up: turn_off",
    )


def too_slow(seen: Pair, wait: Wait, rate: float) -> TimedOut:
    """What was waited for did not come within its own limit."""
    return TimedOut(
        f"waited {spelled(wait.limit or timedelta(), rate)} for {wait.what}",
        kind="step_too_slow",
        host=seen.destination.host,
        vm=seen.vm_name,
        next_move="What runs there runs on; look at both hosts, then run this again",
    )


def running_jobs(seen: Pair) -> tuple[tuple[str, Job], ...]:
    """Each running job of the VM with the host it runs on."""
    sides = [side for side in (seen.source, seen.destination) if isinstance(side, Side)]
    return tuple((job.left_on or side.host, job) for side in sides for job in side.busy)


def described(error: HyperVReplicaError, seen: Pair) -> HyperVReplicaError:
    """The error with the VM it is about, where it was raised without."""
    error.vm = error.vm or seen.vm_name
    return error
