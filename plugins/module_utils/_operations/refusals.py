# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a refused step tells: ask again later, go another way, or nothing that helps."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from typing import Final

from ansible_collections.hyperv.replica.plugins.module_utils._errors import HyperVReplicaError, JobFailed, NotAsPlanned
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import Pair
from ansible_collections.hyperv.replica.plugins.module_utils._operations.plan import Learned, Step

#: Answers of a host or a guest (32780: it boots) that may be others in a moment; the step is asked for anew.
_PASSING: Final = frozenset({32772, 32774, 32777, 32778, 32780})
#: A guest that already shuts down has been asked (Microsoft's page initiateshutdown-msvm-shutdowncomponent).
SHUTTING_DOWN: Final = 32782
#: How often a step is asked for before its trouble is taken for lasting, and the first pause, which doubles.
TRIES: Final = 4
PAUSE: Final = timedelta(seconds=5)

#: Refusals that tell that another state, or another way, is wanted; any other one has another cause.
_INVALID_STATE: Final = frozenset({32775})
_NOT_THAT_WAY: Final = frozenset({32770, 32773, 32775})
_TOLD_BY: Final = {
    Learned.REVERSE_WANTS_COMMITTED: _INVALID_STATE,
    Learned.FAILBACK_WANTS_RECOVERED: _INVALID_STATE,
    Learned.FAILBACK_WANTS_COMMITTED: _INVALID_STATE,
    Learned.COMMIT_NOT_WANTED: _INVALID_STATE,
    Learned.REVERSE_REFUSED: _NOT_THAT_WAY,
    Learned.FAILOVER_WANTS_RESUMED: _INVALID_STATE,
    Learned.CONTINUE_ANEW: _INVALID_STATE,
}


#: What an operator is told of where a refusal is lived with.
_SAID: Final = {
    Learned.CANNOT_FENCE: "the start action of the old primary could not be changed: it may start by itself",
    Learned.CANNOT_CONNECT: "an adapter could not be connected or disconnected: look at the adapters of this VM",
}


def said(lesson: Learned | None) -> list[str]:
    """What an operator is told of it."""
    return [_SAID[lesson]] if lesson in _SAID else []


def passes(refusal: HyperVReplicaError) -> bool:
    """Whether the same step may be taken in a moment. A job that failed had its moment."""
    return refusal.code in _PASSING and not isinstance(refusal, JobFailed)


def teaches(refusal: HyperVReplicaError, lesson: Learned | None, learned: Collection[Learned]) -> bool:
    """Whether a refusal tells something new that leads on; one by a job may come without a number.

    That ErrorCode has the numbers of return codes is inferred, so a job that failed with none is taken at its word.
    """
    if lesson is None or lesson in learned:
        return False
    if isinstance(refusal, JobFailed) and refusal.code is None:
        return True
    return lesson not in _TOLD_BY or refusal.code in _TOLD_BY[lesson]


def refuse_detour(steps: Collection[Step], expected: Collection[Step], seen: Pair) -> None:
    """Follow an advance along the plan; raise for a step that nobody foresaw, for then somebody else changed it."""
    for step in steps:
        foreseen = any(step.same_call(known) for known in expected)
        if not (foreseen or step.contingent or step.consent or step.method.is_wait):
            raise NotAsPlanned(
                f"somebody else changed it: {step.method.value} was not part of the plan",
                kind="changed_by_other",
                host=seen.at(step.host).host,
                next_move="Look at both ends, agree on the direction, then run this again",
            )
