# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What has to be true before a path is even looked for; each refusal says what would make it right."""

from __future__ import annotations

from datetime import timedelta

from ansible_collections.hyperv.replica.plugins.module_utils._errors import PreconditionFailed
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import Absence, Absent, End, Pair, Side
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.states import (
    Power,
    ReplicationHealth,
    ReplicationMode,
    ReplicationState,
)
from ansible_collections.hyperv.replica.plugins.module_utils._operations.ends import is_host
from ansible_collections.hyperv.replica.plugins.module_utils._operations.path import shown

RECEIVERS = (ReplicationMode.REPLICA, ReplicationMode.EXTENDED_REPLICA)
FAILED_OVER = (ReplicationState.RECOVERED, ReplicationState.COMMITTED)
UP = (Power.RUNNING, Power.STARTING, Power.PAUSED, Power.SHUTTING_DOWN, Power.V1_PAUSED)


def refuse_wrong_peer(seen: Pair) -> None:
    """Raise unless each host's own name is among the hosts that the other end's relationship knows."""
    for end in End:
        here, there = seen.at(end), seen.at(end.other)
        if isinstance(here, Side) and there.facts is not None and there.facts.computer_name:
            _refuse_stranger(here, there)


def _refuse_stranger(here: Side, there: Side | Absent) -> None:
    settings = here.settings
    if settings is None or here.mode is ReplicationMode.NONE:
        return
    names = {
        name
        for leg in (settings, here.extended_settings)
        if leg is not None
        for name in (leg.primary_host, leg.recovery_host, leg.primary_connection_point, leg.recovery_connection_point)
        if name
    }
    knows_itself = any(is_host(name, here) for name in names)
    if not names or not (settings.built_in or knows_itself) or any(is_host(name, there) for name in names):
        return
    own = there.facts.computer_name if there.facts else ""
    raise PreconditionFailed(
        f"{there.host} calls itself {own}, which is none of the hosts of this VM's relationship on {here.host}: "
        f"{', '.join(sorted(names))}",
        kind="wrong_peer",
        host=there.host,
        vm=here.vm_name,
        remedy="Give the inventory host of the other end of this relationship",
    )


def test_copy_runs(side: Side | Absent) -> bool:
    """Whether a replica's test copy is there and runs."""
    return isinstance(side, Side) and bool(side.test_copy) and side.test_power in UP


def need_both(seen: Pair) -> None:
    """Raise unless both ends show the VM. A host without it says nothing about whether it runs elsewhere."""
    for side in (seen.source, seen.destination):
        if isinstance(side, Absent):
            raise absent(side, seen.vm_name)


def absent(side: Absent, vm: str) -> PreconditionFailed:
    """The refusal for an end that shows nothing of the VM."""
    if side.why is Absence.NO_SUCH_VM:
        return PreconditionFailed(
            "this host has no VM with that GUID, so where the other copy is and whether it runs is unknown",
            kind="no_such_vm",
            host=side.host,
            vm=vm or side.vm_id,
            remedy="Give the host that holds the other copy; if that copy is lost, create the replication anew",
        )
    if side.fault:
        return faulty(side, vm)
    return PreconditionFailed(
        "the other end does not answer" + (f": {side.said}" if side.said else ""),
        kind="peer_unreachable",
        host=side.host,
        vm=vm,
        remedy="Bring it back, or use hyperv_replica_failover with mode: unplanned if it is lost",
    )


def faulty(side: Absent, vm: str) -> PreconditionFailed:
    """The refusal for an end that does answer, and only with a fault: it is not away, and its VM may well run."""
    return PreconditionFailed(
        f"the host answers, but not with what is looked for: {side.said}",
        kind=side.fault,
        host=side.host,
        vm=vm,
        remedy="Look at the rights of the account and at the host's event logs",
        next_move="What runs there runs on. When that is in order, run this again: it continues from what is there",
    )


def need_roles(seen: Pair) -> None:
    """Raise when an end is not part of a replication of two copies."""
    for side in (seen.source, seen.destination):
        if not isinstance(side, Side):
            continue
        if side.mode is ReplicationMode.NONE:
            raise PreconditionFailed(
                "this copy is not replicated any more",
                kind="not_replicated",
                host=side.host,
                vm=side.vm_name,
                cause="The relationship was removed at this end only; removal never reaches the other end",
                remedy="Remove the rest of it and create the replication anew",
            )
    refuse_middle(seen)


def refuse_middle(seen: Pair) -> None:
    """Raise for a failover to the third host while the replica between answers: the primary before it is not seen."""
    here, there = seen.destination, seen.source
    if not (isinstance(here, Side) and isinstance(there, Side)):
        return
    between = there.mode is ReplicationMode.REPLICA and there.extended is not None and here.mode in RECEIVERS
    if between and there.state not in FAILED_OVER:
        raise PreconditionFailed(
            f"{there.host} holds the middle copy of a chain, not the primary: {shown(there)}",
            kind="extended",
            host=here.host,
            vm=here.vm_name,
            cause="Whether the primary before it runs cannot be seen from here, and no data are served in the middle",
            remedy=f"Fail over to {there.host}; the third host takes over only where that one is lost as well",
        )


def refuse_chain(seen: Pair) -> None:
    """Raise where a copy that is to be reversed also replicates to a third host: one of the two legs has to go."""
    for side in (seen.source, seen.destination):
        if isinstance(side, Side) and side.extended is not None:
            raise PreconditionFailed(
                f"this copy also replicates to a third host ({shown(side)}, extended leg "
                f"{side.extended.state.name} ({int(side.extended.state)}))",
                kind="extended",
                host=side.host,
                vm=side.vm_name,
                cause="A VM cannot replicate to two hosts, so the direction cannot be reversed",
                remedy=f"Give up the third host: hyperv_replica on {side.host} with leg: extended, state: absent; or, "
                "once failed over and committed, the host it came from: hyperv_replica with state: promoted",
            )


def refuse_critical(seen: Pair) -> None:
    """Raise when replication says of itself that it does not work; Warning is reported and does not block."""
    for side in (seen.source, seen.destination):
        if not isinstance(side, Side) or side.state is not ReplicationState.REPLICATING:
            continue
        if side.health is ReplicationHealth.CRITICAL:
            raise PreconditionFailed(
                "replication health is CRITICAL (3)",
                kind="not_in_sync",
                host=side.host,
                vm=side.vm_name,
                cause="The primary cannot send, or replication is paused at the other end",
                remedy="Remove the cause that the Hyper-V-VMMS-Admin log names and wait for a good cycle",
            )


def refuse_split(seen: Pair) -> None:
    """Raise when both copies run: nothing here may make that worse, whatever was consented to."""
    if all(isinstance(side, Side) and side.power in UP for side in (seen.source, seen.destination)):
        raise PreconditionFailed(
            f"both copies run: {seen.source.host} shows {shown(seen.source)}, "
            f"{seen.destination.host} shows {shown(seen.destination)}",
            kind="split_brain",
            host=seen.destination.host,
            vm=seen.vm_name,
            remedy="Decide which copy holds the data that counts, shut the other one down, then run this again",
        )


def in_sync(seen: Pair, sender: End) -> bool:
    """Whether the receiving end has what the sender sent lately, and nothing is on its way.

    With the sender's VM off no new writes come; its last delta travels with the preparation.
    """
    here, there = seen.at(sender), seen.at(sender.other)
    if not (isinstance(here, Side) and isinstance(there, Side)):
        return False
    if here.state is not ReplicationState.REPLICATING or there.state is not ReplicationState.REPLICATING:
        return False
    if here.mode is not ReplicationMode.PRIMARY or there.mode not in RECEIVERS or here.busy or there.busy:
        return False
    if ReplicationHealth.CRITICAL in (here.health, there.health):
        return False
    return here.power is Power.OFF or _fresh(there)


def _fresh(receiver: Side) -> bool:
    """Younger than two intervals on the receiving host's own clock."""
    if receiver.last_replicated is None:
        return False
    if receiver.facts.clock is None:
        return True
    interval = timedelta(seconds=receiver.settings.interval if receiver.settings else 300)
    return receiver.facts.clock - receiver.last_replicated < 2 * interval
