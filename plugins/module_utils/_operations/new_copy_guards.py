# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What must hold before a new copy is made at home; each refusal says what would make it right."""

from __future__ import annotations

from typing import Final

from ansible_collections.hyperv.replica.plugins.module_utils._errors import PreconditionFailed
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import Absence, Absent, Pair, Side
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.states import ReplicationMode, ReplicationState
from ansible_collections.hyperv.replica.plugins.module_utils._operations import failback, guards, move
from ansible_collections.hyperv.replica.plugins.module_utils._operations.ends import is_host
from ansible_collections.hyperv.replica.plugins.module_utils._operations.estimates import in_time
from ansible_collections.hyperv.replica.plugins.module_utils._operations.new_copy import NewCopy, formed
from ansible_collections.hyperv.replica.plugins.module_utils._operations.path import Task, shown
from ansible_collections.hyperv.replica.plugins.module_utils._operations.relationship_settings import FirstCopy

_S: Final = ReplicationState
_OF_A_RELATIONSHIP: Final = (ReplicationMode.PRIMARY, *guards.RECEIVERS)


def guard(seen: Pair, task: Task, given: NewCopy) -> None:
    """Raise what makes a new copy illegal, before anything is given up for it."""
    failback.refuse_lost_home(seen)
    here, there = seen.destination, seen.source
    if isinstance(there, Absent):
        raise guards.absent(there, seen.vm_name)
    if isinstance(here, Absent) and here.why is not Absence.NO_SUCH_VM:
        raise guards.absent(here, seen.vm_name)
    if formed(seen):
        move.guard(seen, task)
        return
    guards.refuse_split(seen)
    _refuse_away(there)
    _refuse_copy_at_home(here, there, given)
    _refuse_namesake(here, there, given)
    _refuse_stranger(here, there, given)
    _refuse_slow(there, given)


def _refuse_away(there: Side) -> None:
    """What the recovery host holds has to be whole before its relationship goes."""
    if there.extended is not None:
        raise _refusal(
            there,
            f"it also replicates to a third host ({shown(there)})",
            kind="unsupported",
            remedy="Remove the extended replication first: a VM has one replica",
        )
    if there.state is _S.RECOVERED:
        raise _refusal(
            there,
            f"it is failed over and not committed: {shown(there)}",
            kind="not_committed",
            cause="What a removal does to a failover that may still be undone is not documented",
            remedy="Commit it first: hyperv_replica_failover on this host with mode: unplanned and commit: now",
        )
    if there.state is _S.SYNCED:
        raise _refusal(
            there,
            f"a planned failover of it is prepared: {shown(there)}",
            kind="failed_over",
            remedy="Cancel that with hyperv_replica_failover_cancel, or with Hyper-V's own tools",
        )
    if there.mode in guards.RECEIVERS and there.state is not _S.COMMITTED:
        raise _refusal(
            there,
            f"this copy is a replica that nobody is served by: {shown(there)}",
            kind="not_failed_over",
            remedy="If its primary is lost, fail over to it first: hyperv_replica_failover here with mode: unplanned",
        )


def _refuse_copy_at_home(here: Side | Absent, there: Side, given: NewCopy) -> None:
    if isinstance(here, Absent):
        return
    waits = here.mode is ReplicationMode.REPLICA and here.state is _S.WAITING_FOR_INITIAL_REPLICATION
    seed = here.mode is ReplicationMode.NONE and given.wanted.first_copy is FirstCopy.EXISTING
    if (waits and there.mode is ReplicationMode.NONE or seed) and here.power not in guards.UP:
        return
    remedies = {
        ReplicationMode.NONE: "Turn it off and give first_copy: existing to fill it up, or delete it",
        ReplicationMode.PRIMARY: "Use strategy: reverse, which sends only the differences",
    }
    left_over = "Use strategy: reverse" if there.mode in _OF_A_RELATIONSHIP else "Remove what is left of it at home"
    raise _refusal(
        here,
        f"home holds a copy of it: {shown(here)}",
        kind="copy_exists",
        cause=f"{there.host} shows {shown(there)}",
        remedy=remedies.get(here.mode, left_over),
    )


def _refuse_namesake(here: Side | Absent, there: Side, given: NewCopy) -> None:
    """A second VM of that name may be the same machine, restored by hand: then two would serve the same users."""
    if not given.namesakes or isinstance(here, Side):
        return
    raise PreconditionFailed(
        f"home has another virtual machine called {there.vm_name}: {', '.join(given.namesakes)} there, "
        f"{there.vm_id} on {there.host}",
        kind="ambiguous_name",
        host=here.host,
        vm=there.vm_name,
        cause="It may be the same machine, restored by hand, and a new copy would be the second one of it",
        remedy="Rename or remove the one at home, whichever of the two does not count",
    )


def _refuse_stranger(here: Side | Absent, there: Side, given: NewCopy) -> None:
    """Home is who the operator says twice: as the task's host, and by the name that replication connects to."""
    wanted = str(given.wanted.settings.get("RecoveryConnectionPoint") or "")
    own = here.facts.computer_name if here.facts else ""
    if not own or is_host(wanted, here):
        return
    settings = there.settings if there.mode is not ReplicationMode.NONE else None
    known = (settings.primary_connection_point, settings.recovery_connection_point) if settings else ()
    if wanted.casefold() in {name.casefold() for name in known if name}:
        return  # the name of a cluster's broker, which is no host's own
    raise PreconditionFailed(
        f"{here.host} calls itself {own}, and replica_server is {wanted}",
        kind="wrong_peer",
        host=here.host,
        vm=there.vm_name,
        remedy="Give as replica_server the full name of the task's host, which is to be the home",
    )


def _refuse_slow(there: Side, given: NewCopy) -> None:
    takes = given.estimate.takes
    if takes is None or given.allowed is None or takes <= given.allowed:
        return
    raise _refusal(
        there,
        f"the first copy is expected to take longer than the {in_time(given.allowed)} it is given: {given.estimate}",
        kind="too_slow",
        remedy="Give sync_timeout and timeout more, or bring the disks home by first_copy: export or existing",
    )


def _refusal(side: Side, found: str, *, kind: str, remedy: str, cause: str = "") -> PreconditionFailed:
    return PreconditionFailed(found, kind=kind, host=side.host, vm=side.vm_name, cause=cause, remedy=remedy)
