# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the first look of a run tells beside the states: whether the VM is to be started, and what to warn of."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from ansible_collections.hyperv.replica.plugins.module_utils._errors import PreconditionFailed
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import End, Pair, Side
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.states import (
    Power,
    ReplicationHealth,
    ReplicationMode,
    ReplicationState,
)
from ansible_collections.hyperv.replica.plugins.module_utils._operations import clusters, guards, reprotect
from ansible_collections.hyperv.replica.plugins.module_utils._operations.goal import Goal, Start
from ansible_collections.hyperv.replica.plugins.module_utils._operations.plan import Learned, Target

_S: Final = ReplicationState

#: A new copy shows the time when it was made as its last change of power, give or take the making.
_MADE_WITHIN: Final = timedelta(seconds=60)

_UNDER_WAY = (
    *guards.FAILED_OVER,
    ReplicationState.FAILOVER_IN_PROGRESS,
    ReplicationState.FAILBACK_IN_PROGRESS,
    ReplicationState.FAILBACK_COMPLETE,
)


def first_lessons(before: Pair, goal: Goal) -> frozenset[Learned]:
    """Whether the VM stays off at the destination, because it was off when nobody had touched it yet."""
    keep_off = goal.start is Start.NEVER or (goal.start is Start.AS_SOURCE and not served_before(before, goal))
    return frozenset({Learned.KEEP_OFF}) if keep_off else frozenset()


def without_keep_off(learned: frozenset[Learned], before: Pair, goal: Goal) -> frozenset[Learned]:
    """What a rescue goes by: a VM that served and was only to be switched serves again."""
    served = goal.start is Start.NEVER and served_before(before, goal)
    return learned - {Learned.KEEP_OFF} if served else learned


def served_before(before: Pair, goal: Goal) -> bool:
    """Whether users were served when all began, even if an earlier run, there or back, was cut off since.

    A VM that went off a short time ago, at whichever end, is taken as shut down by such a run: left off, it would
    serve nobody (decision 0003). What the caller knows goes before what is seen.
    """
    here, there = before.destination, before.source
    if not isinstance(there, Side) or there.power is not Power.OFF:
        return True
    if isinstance(here, Side) and here.power in guards.UP:
        return True
    if goal.served_before is not None:
        return goal.served_before
    if there.state is _S.SYNCED or (isinstance(here, Side) and here.state in _UNDER_WAY):
        return True
    if isinstance(here, Side) and here.state is _S.SYNCED:
        return not _was_off_when_locked(here, goal.switched_off_within)
    return _lately(before, goal.switched_off_within)


def _was_off_when_locked(side: Side, within: timedelta) -> bool:
    """The run that locked it for a move away would have shut it down shortly before it sent the last changes."""
    if side.power_changed is None or side.last_replicated is None:
        return False
    return side.last_replicated - side.power_changed > within


def _lately(before: Pair, within: timedelta) -> bool:
    """Whether it went off a short time ago: at the end where it is to go back to, or else at the other one."""
    here, there = before.destination, before.source
    if isinstance(here, Side) and _has_run(here) is True:
        if _off_for(here) <= within:
            return True
        if isinstance(there, Side) and _has_run(there) is False:
            return False
    return isinstance(there, Side) and _went_off(there, within)


def _has_run(side: Side) -> bool | None:
    """Whether this copy ever ran, told by a change of power after it was made; None where that is not seen."""
    if side.power_changed is None or side.created is None or side.facts.clock is None:
        return None
    return side.power_changed - side.created > _MADE_WITHIN


def _off_for(side: Side) -> timedelta:
    off = side.power_changed and side.facts.clock and side.facts.clock - side.power_changed
    return off or timedelta()


def _went_off(side: Side, within: timedelta) -> bool:
    if side.power_changed is None or side.facts.clock is None:
        return side.mode is not ReplicationMode.PRIMARY
    return _off_for(side) <= within


def first_warnings(before: Pair) -> Iterator[str]:
    """What an operator should know although it stops nothing."""
    here, there = before.destination, before.source
    if isinstance(here, Side) and isinstance(there, Side) and here.vm_name != there.vm_name:
        yield (
            f"it is called {here.vm_name} on {here.host} and {there.vm_name} on {there.host}; "
            f"both have the GUID {here.vm_id}"
        )
    for side in (here, there):
        if isinstance(side, Side) and side.health is ReplicationHealth.WARNING:
            yield f"replication health on {side.host} is WARNING (2); it lingers for a whole monitoring interval"
    for served in End:
        old = before.at(served.other)
        if isinstance(old, Side) and old.role and old.state is not _S.SYNCED and reprotect.needed(before, served):
            yield clusters.cannot_fence(old)
    yield from clusters.warnings(before)


def refuse_wrong_end(before: Pair, goal: Goal) -> None:
    """Refuse a run with nothing to do where the source was expected to serve and does not.

    In sync it serves all the time, and a second run that finds it so is aimed at the right end.

    Raises:
        PreconditionFailed: kind ``source_not_running``.
    """
    there = before.source
    serves = goal.target is Target.SYNCED and isinstance(there, Side) and there.power in guards.UP
    if not goal.expect_source_running or serves:
        return
    raise PreconditionFailed(
        "it was already there when the run began, and the source was expected to be serving it",
        kind="source_not_running",
        host=before.source.host,
        remedy="Check the direction; set expect_source_running: false for a run that finishes an earlier one",
    )
