# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""After a failover: make the old primary a replica of the copy that is served now, and replicate to it.

The copy that is served is never touched but for reverse and StartReplication; the old primary loses what only it has,
and never without consent.
"""

from __future__ import annotations

from typing import Final

from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import End, Pair, Side
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.states import (
    Power,
    ReplicationMode,
    ReplicationState,
    ReplicationType,
)
from ansible_collections.hyperv.replica.plugins.module_utils._operations import fence, guards, steps
from ansible_collections.hyperv.replica.plugins.module_utils._operations.ends import built_in
from ansible_collections.hyperv.replica.plugins.module_utils._operations.path import Leg, Task
from ansible_collections.hyperv.replica.plugins.module_utils._operations.plan import Consent, Learned, Loses, Shows

_S: Final = ReplicationState
_PRIMARY: Final = (ReplicationMode.PRIMARY,)
_OFF: Final = (Power.OFF,)
_SAVED: Final = (Power.SAVED, Power.V1_SAVED)
_DISCARD: Final = (Consent.DISCARD_OLD_PRIMARY_DATA,)


def needed(seen: Pair, served: End) -> bool:
    """The copy at ``served`` is failed over and not yet the primary, or both call themselves primary."""
    here, there = seen.at(served), seen.at(served.other)
    if not (isinstance(here, Side) and isinstance(there, Side)):
        return False
    failed_over = here.mode in guards.RECEIVERS and here.state in guards.FAILED_OVER
    two_primaries = here.mode is ReplicationMode.PRIMARY and there.mode is ReplicationMode.PRIMARY
    return failed_over or (two_primaries and there.state is not _S.SYNCED)


def _locked(seen: Pair, old: End) -> bool:
    """After a planned failover the old primary is locked and holds nothing of its own."""
    there, here = seen.at(old), seen.at(old.other)
    if not (isinstance(there, Side) and isinstance(here, Side)):
        return False
    planned = here.relationship is not None and here.relationship.failed_over_type is ReplicationType.PLANNED
    return planned and there.state is _S.SYNCED and there.power is Power.OFF


def legs(served: End) -> tuple[Leg, ...]:
    """The rows that make the copy at ``served`` the primary of a relationship with the other end."""
    old = served.other

    def leg(says: str, here: Shows, there: Shows, build: object, given: object = None) -> Leg:
        def holds(seen: Pair, task: Task) -> bool:
            return needed(seen, served) and (given is None or given(seen, task))  # type: ignore[operator]

        return Leg(
            says=says,
            source=here if served is End.SOURCE else there,
            destination=there if served is End.SOURCE else here,
            given=holds,
            step=build,  # type: ignore[arg-type]
        )

    failed_over = Shows(mode=guards.RECEIVERS, state=guards.FAILED_OVER)
    return (
        leg(
            "the old primary is fenced",
            Shows(),
            Shows(mode=_PRIMARY),
            lambda seen, task: fence.fence_leg(old).step(seen, task),
            lambda seen, task: not _locked(seen, old) and fence.fence_leg(old).given(seen, task),
        ),
        leg(
            "the way to the old primary is tested",
            Shows(),
            Shows(),
            lambda seen, task: steps.test_connection(served, seen),
            lambda seen, task: built_in(seen) and not task.knows(Learned.CONNECTION_TESTED),
        ),
        leg(
            "an old primary that runs is turned off",
            Shows(),
            Shows(mode=_PRIMARY, power=guards.UP),
            lambda seen, task: steps.turn_off(
                old,
                why="the old primary runs; what it wrote after its last delta will be lost",
                loses=Loses.WRITES,
                consent=(Consent.TURN_OFF_OLD_PRIMARY, Consent.DISCARD_OLD_PRIMARY_DATA),
            ),
        ),
        leg(
            "a saved old primary loses its saved memory",
            Shows(),
            Shows(mode=_PRIMARY, power=_SAVED),
            lambda seen, task: steps.turn_off(
                old,
                why="the old primary is saved; what only it has will be lost with its saved memory",
                loses=Loses.SAVED_STATE,
                consent=(Consent.DISCARD_SAVED_STATE, Consent.DISCARD_OLD_PRIMARY_DATA),
            ),
        ),
        leg(
            "the old primary is bound to the host that will send",
            Shows(),
            Shows(mode=_PRIMARY, power=_OFF),
            lambda seen, task: steps.set_authorization_entry(old, seen),
            lambda seen, task: (
                task.knows(Learned.REPLICA_WANTS_ENTRY) and not task.knows(Learned.ENTRY_SET) and not _locked(seen, old)
            ),
        ),
        leg(
            "the old primary becomes a replica",
            Shows(),
            Shows(mode=_PRIMARY, power=_OFF),
            lambda seen, task: steps.as_replica(old, _DISCARD, Loses.WRITES),
            lambda seen, task: not _locked(seen, old),
        ),
        leg(
            "the failover is committed where reverse asks for it",
            Shows(mode=guards.RECEIVERS, state=(_S.RECOVERED,)),
            Shows(power=_OFF),
            lambda seen, task: steps.commit(served, why="this host reverses only a committed failover"),
            lambda seen, task: task.knows(Learned.REVERSE_WANTS_COMMITTED),
        ),
        leg(
            "the direction is reversed", failed_over, Shows(power=_OFF), lambda seen, task: steps.reverse(served, seen)
        ),
    )
