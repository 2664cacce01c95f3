# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What must hold before a relationship is made, changed or removed; each refusal says what would make it right."""

from __future__ import annotations

from typing import Final

from ansible_collections.hyperv.replica.plugins.module_utils._errors import PreconditionFailed
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import Absence, Absent, Pair, Side
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.states import ReplicationMode, ReplicationState
from ansible_collections.hyperv.replica.plugins.module_utils._operations import extended, guards
from ansible_collections.hyperv.replica.plugins.module_utils._operations.path import shown
from ansible_collections.hyperv.replica.plugins.module_utils._operations.relationship_settings import (
    FirstCopy,
    RelationshipState,
    WantedRelationship,
)

_S: Final = ReplicationState

#: States in which users may be served by a copy that is not at home.
_AWAY: Final = (
    _S.SYNCED,
    _S.RECOVERED,
    _S.COMMITTED,
    _S.FAILOVER_IN_PROGRESS,
    _S.FAILBACK_IN_PROGRESS,
    _S.FAILBACK_COMPLETE,
)


def guard(seen: Pair, wanted: WantedRelationship) -> None:
    """Raise what makes every path illegal."""
    here, there = seen.destination, seen.source
    if isinstance(here, Absent):
        raise guards.absent(here, seen.vm_name)
    if wanted.state is RelationshipState.PROMOTED:
        _refuse_promotion(here)
        return
    if wanted.extended:
        extended.refuse_no_middle(here, removed=wanted.state is RelationshipState.ABSENT)
    guards.refuse_wrong_peer(seen)
    if isinstance(there, Absent) and there.why is Absence.UNREACHABLE:
        raise _away(there, seen, wanted)
    _refuse_failed_over(seen, wanted)
    if wanted.state is RelationshipState.ABSENT:
        _refuse_to_break_a_chain(seen)
        return
    if wanted.extended:
        extended.refuse_settings(here, wanted.settings)
    extended.refuse_outrun(seen, wanted.settings)
    _refuse_wrong_end(here)
    if here.mode is ReplicationMode.NONE:
        _refuse_new(here, there, wanted)
    else:
        _refuse_other_server(here, there, wanted)


def _refuse_promotion(here: Side) -> None:
    """Only a committed replica that replicates further can go on as its primary (changereplicationmodetoprimary)."""
    committed = here.mode is ReplicationMode.REPLICA and here.state is _S.COMMITTED
    if here.mode is ReplicationMode.PRIMARY or (committed and here.extended is not None):
        return
    raise PreconditionFailed(
        f"it is no committed replica that replicates to a third host: {shown(here)}",
        kind="not_promotable",
        host=here.host,
        vm=here.vm_name,
        remedy="Fail it over here and commit that first, or reverse it to where it came from with "
        "hyperv_replica_failover",
    )


def _away(there: Absent, seen: Pair, wanted: WantedRelationship) -> PreconditionFailed:
    refusal = guards.absent(there, seen.vm_name)
    removal = wanted.state is RelationshipState.ABSENT
    refusal.remedy = (
        "Leave peer out to remove it from this host only" if removal else "Bring it back, or leave peer out"
    )
    return refusal


def _refuse_failed_over(seen: Pair, wanted: WantedRelationship) -> None:
    """A relationship that is failed over is the way home, and its recovery points may be the only good copy."""
    for side in _concerned(seen):
        if side.state in _AWAY and not wanted.even_if_failed_over:
            raise PreconditionFailed(
                f"it is failed over or on its way, and not home yet: {shown(side)}",
                kind="failed_over",
                host=side.host,
                vm=side.vm_name,
                cause="Changing or removing the relationship now may cut off the way home",
                remedy="Bring it home with hyperv_replica_failback, or undo it with hyperv_replica_failover_cancel; "
                "if it is to be given up, say even_if_failed_over: true",
            )


def _concerned(seen: Pair) -> list[Side]:
    """The copies whose failover counts; of a replica that sends further, its own leg from the primary as well."""
    sides = [side for side in (seen.destination, seen.source) if isinstance(side, Side)]
    return [*(side.middle for side in sides if side.middle is not None), *sides]


def _refuse_to_break_a_chain(seen: Pair) -> None:
    for side in (seen.destination, seen.source):
        if isinstance(side, Side) and side.extended is not None:
            raise PreconditionFailed(
                "it also replicates to a third host, and that has to be removed first",
                kind="extended",
                host=side.host,
                vm=side.vm_name,
                remedy=f"Run this on {side.host} with leg: extended, state: absent and the third host as peer first",
            )


def _refuse_wrong_end(here: Side) -> None:
    if here.mode in (ReplicationMode.PRIMARY, ReplicationMode.NONE):
        return
    raise PreconditionFailed(
        f"this host does not send: {shown(here)}",
        kind="wrong_end",
        host=here.host,
        vm=here.vm_name,
        remedy="Run this on the host that the VM is replicated from",
    )


def _refuse_new(here: Side, there: Side | Absent, wanted: WantedRelationship) -> None:
    """Only a host without this VM, or one that waits for its data, can take a new replica."""
    if wanted.state not in (RelationshipState.PRESENT, RelationshipState.REPLICATING):
        raise PreconditionFailed(
            f"it is not replicated{' further' if wanted.extended else ''}, so it cannot be "
            f"{wanted.state.value.replace('_', ' ')}",
            kind="not_replicated",
            host=here.host,
            vm=here.vm_name,
            remedy="Give state: replicating first",
        )
    if isinstance(there, Side):
        _refuse_taken(there, wanted)
    elif wanted.first_copy is FirstCopy.EXISTING and there.why is Absence.NO_SUCH_VM:
        refusal = guards.absent(there, here.vm_name)
        refusal.remedy = "Bring a copy of the VM with the same GUID there, or give first_copy: network or export"
        raise refusal


def _refuse_taken(there: Side, wanted: WantedRelationship) -> None:
    waits = there.mode in guards.RECEIVERS and there.state is _S.WAITING_FOR_INITIAL_REPLICATION
    if waits and there.power not in guards.UP:
        return
    if there.power in guards.UP:
        raise PreconditionFailed(
            f"a VM with the same GUID runs there: {shown(there)}",
            kind="split_brain",
            host=there.host,
            vm=there.vm_name,
            remedy="Decide which copy holds the data that counts, and shut the other one down",
        )
    if there.mode is ReplicationMode.NONE and wanted.first_copy is FirstCopy.EXISTING:
        return
    remedies = {
        ReplicationMode.NONE: "Give first_copy: existing to make it the replica, or delete it",
        ReplicationMode.REPLICA: "It is left over: run this with state: absent and the same peer first",
    }
    raise PreconditionFailed(
        f"a VM with the same GUID is there already: {shown(there)}",
        kind="copy_exists",
        host=there.host,
        vm=there.vm_name,
        remedy=remedies.get(there.mode, "Look which of the two is the primary"),
    )


def _refuse_other_server(here: Side, there: Side | Absent, wanted: WantedRelationship) -> None:
    known = here.settings.recovery_connection_point if here.settings else ""
    asked = str(wanted.settings.get("RecoveryConnectionPoint") or known)
    if known and asked.casefold() != known.casefold():
        raise PreconditionFailed(
            f"it replicates to {known}, not to {asked}",
            kind="wrong_peer",
            host=here.host,
            vm=here.vm_name,
            remedy="A VM has one replica: run this with state: absent first, then make the new one",
        )
    if isinstance(there, Absent) and there.why is Absence.NO_SUCH_VM:
        raise guards.absent(there, here.vm_name)
