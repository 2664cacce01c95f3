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
_UNDER_WAY = (
    *guards.FAILED_OVER,
    ReplicationState.FAILOVER_IN_PROGRESS,
    ReplicationState.FAILBACK_IN_PROGRESS,
    ReplicationState.FAILBACK_COMPLETE,
)


def first_lessons(before: Pair, goal: Goal) -> frozenset[Learned]:
    """Whether the VM stays off at the destination, because it was off when nobody had touched it yet."""
    keep_off = goal.start is Start.NEVER or (goal.start is Start.AS_SOURCE and not _was_on(before, goal))
    return frozenset({Learned.KEEP_OFF}) if keep_off else frozenset()


def without_keep_off(learned: frozenset[Learned], before: Pair, goal: Goal) -> frozenset[Learned]:
    """What a rescue goes by: a VM that served and was only to be switched serves again."""
    served = goal.start is Start.NEVER and _was_on(before, goal)
    return learned - {Learned.KEEP_OFF} if served else learned


def _was_on(before: Pair, goal: Goal) -> bool:
    """Whether users were served when the move began, even if an earlier run of it was cut off since.

    A source that went off a short time ago is taken as shut down by such a run: left off, it would serve nobody.
    """
    here, there = before.destination, before.source
    if not isinstance(there, Side) or there.power is not Power.OFF:
        return True
    under_way = isinstance(here, Side) and (here.power in guards.UP or here.state in _UNDER_WAY)
    if under_way or there.state is ReplicationState.SYNCED:
        return True
    return _lately(there, goal.switched_off_within)


def _lately(side: Side, within: timedelta) -> bool:
    if side.power_changed is None or side.facts.clock is None:
        return side.mode is not ReplicationMode.PRIMARY
    return side.facts.clock - side.power_changed <= within


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
