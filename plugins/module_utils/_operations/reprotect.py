# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""After a failover: make the old primary a replica of the copy that is served now, and replicate to it.

The copy that is served is never touched but for reverse and StartReplication; the old primary loses what only it has,
and never without consent.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
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
from ansible_collections.hyperv.replica.plugins.module_utils._operations.plan import (
    Consent,
    Learned,
    Loses,
    Shows,
    Step,
)

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
    return failed_over or (two_primaries and _S.SYNCED not in (here.state, there.state))


def _locked(seen: Pair, old: End) -> bool:
    """After a planned failover the old primary is locked and holds nothing of its own."""
    there, here = seen.at(old), seen.at(old.other)
    if not (isinstance(there, Side) and isinstance(here, Side)):
        return False
    planned = here.relationship is not None and here.relationship.failed_over_type is ReplicationType.PLANNED
    return planned and there.state is _S.SYNCED and there.power is Power.OFF


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """A leg told by its roles: the copy that is served, and the old primary."""

    says: str
    served: Shows = field(default_factory=Shows)
    old: Shows = field(default_factory=Shows)
    given: Callable[[Pair, Task, End], bool] = lambda seen, task, old: True
    step: Callable[[Pair, Task, End], Step]

    def leg(self, served: End) -> Leg:
        return Leg(
            says=self.says,
            source=self.served if served is End.SOURCE else self.old,
            destination=self.old if served is End.SOURCE else self.served,
            given=lambda seen, task: needed(seen, served) and self.given(seen, task, served.other),
            step=lambda seen, task: self.step(seen, task, served.other),
        )


def _untested(seen: Pair, task: Task, old: End) -> bool:
    return built_in(seen) and not task.knows(Learned.CONNECTION_TESTED)


def _unbound(seen: Pair, task: Task, old: End) -> bool:
    wanted = task.knows(Learned.REPLICA_WANTS_ENTRY) and not task.knows(Learned.ENTRY_SET)
    return wanted and not _locked(seen, old)


_ROWS: Final = (
    _Row(
        says="the old primary is fenced",
        old=Shows(mode=_PRIMARY),
        given=lambda seen, task, old: not _locked(seen, old) and fence.fence_leg(old).given(seen, task),
        step=lambda seen, task, old: fence.fence_leg(old).step(seen, task),
    ),
    _Row(
        says="an adapter of the old primary is disconnected where that was asked for",
        old=Shows(mode=_PRIMARY),
        given=lambda seen, task, old: not _locked(seen, old) and fence.disconnect_leg(old).given(seen, task),
        step=lambda seen, task, old: fence.disconnect_leg(old).step(seen, task),
    ),
    _Row(
        says="the way to the old primary is tested",
        given=_untested,
        step=lambda seen, task, old: steps.test_connection(old.other, seen),
    ),
    _Row(
        says="an old primary that runs is turned off",
        old=Shows(mode=_PRIMARY, power=guards.UP),
        step=lambda seen, task, old: steps.turn_off(
            old,
            why="the old primary runs; what it wrote after its last delta will be lost",
            loses=Loses.WRITES,
            consent=(Consent.TURN_OFF_OLD_PRIMARY, Consent.DISCARD_OLD_PRIMARY_DATA),
        ),
    ),
    _Row(
        says="a saved old primary loses its saved memory",
        old=Shows(mode=_PRIMARY, power=_SAVED),
        step=lambda seen, task, old: steps.turn_off(
            old,
            why="the old primary is saved; what only it has will be lost with its saved memory",
            loses=Loses.SAVED_STATE,
            consent=(Consent.DISCARD_SAVED_STATE, Consent.DISCARD_OLD_PRIMARY_DATA),
        ),
    ),
    _Row(
        says="the old primary is bound to the host that will send",
        old=Shows(mode=_PRIMARY, power=_OFF),
        given=_unbound,
        step=lambda seen, task, old: steps.set_authorization_entry(old, seen),
    ),
    _Row(
        says="the old primary becomes a replica",
        old=Shows(mode=_PRIMARY, power=_OFF),
        given=lambda seen, task, old: not _locked(seen, old),
        step=lambda seen, task, old: steps.as_replica(old, _DISCARD, Loses.WRITES),
    ),
    _Row(
        says="the failover is committed where reverse asks for it",
        served=Shows(mode=guards.RECEIVERS, state=(_S.RECOVERED,)),
        old=Shows(power=_OFF),
        given=lambda seen, task, old: task.knows(Learned.REVERSE_WANTS_COMMITTED),
        step=lambda seen, task, old: steps.commit(old.other, why="this host reverses only a committed failover"),
    ),
    _Row(
        says="the direction is reversed",
        served=Shows(mode=guards.RECEIVERS, state=guards.FAILED_OVER),
        old=Shows(power=_OFF),
        step=lambda seen, task, old: steps.reverse(old.other, seen),
    ),
)


def legs(served: End) -> tuple[Leg, ...]:
    """The rows that make the copy at ``served`` the primary of a relationship with the other end."""
    return tuple(row.leg(served) for row in _ROWS)
