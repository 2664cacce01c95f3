# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Paths as tables: a leg says what both ends show, and which step leads on from there."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

from ansible_collections.hyperv.replica.plugins.module_utils._errors import PreconditionFailed
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import Absent, Pair, Side
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.states import REPLICATION_STATES
from ansible_collections.hyperv.replica.plugins.module_utils._operations.goal import Goal
from ansible_collections.hyperv.replica.plugins.module_utils._operations.plan import (
    Consent,
    Learned,
    Shows,
    Step,
)

ANY: Final = Shows()

#: No path of this collection is longer; a longer one means that two rows of a table lead to each other.
LONGEST_PATH: Final = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What a planner decides by beside the look: the goal, and what this run has learned."""

    goal: Goal
    learned: frozenset[Learned] = frozenset()

    def knows(self, lesson: Learned) -> bool:
        return lesson in self.learned

    def with_lesson(self, lesson: Learned | None, forgotten: tuple[Learned, ...] = ()) -> Task:
        learned = self.learned.difference(forgotten)
        return Task(goal=self.goal, learned=learned if lesson is None else learned | {lesson})


Given = Callable[[Pair, Task], bool]
Build = Callable[[Pair, Task], Step]


def _always(seen: Pair, task: Task) -> bool:
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """One row: from what both ends show, the next step.

    Attributes:
        says: the row in plain language; the picture in the docs is drawn from it.
        given: what else must hold.
        step: builds the step from the look, since arguments come from it.
    """

    says: str
    source: Shows = field(default_factory=Shows)
    destination: Shows = field(default_factory=Shows)
    given: Given = _always
    step: Build

    def matches(self, seen: Pair, task: Task) -> bool:
        return (
            self._fits(self.source, seen.source)
            and self._fits(self.destination, seen.destination)
            and self.given(seen, task)
        )

    @staticmethod
    def _fits(shows: Shows, side: Side | Absent) -> bool:
        return shows == ANY or shows.matches(side)


def walk(seen: Pair, task: Task, legs: Iterable[Leg], reached: Given) -> tuple[Step, ...]:
    """Give the steps from what is seen to where ``reached`` holds.

    Raises:
        PreconditionFailed: no row fits, or one needs a consent that was not given.
    """
    table = tuple(legs)
    steps: list[Step] = []
    while not reached(seen, task):
        leg = next((leg for leg in table if leg.matches(seen, task)), None)
        if leg is None or len(steps) == LONGEST_PATH:
            raise no_way(seen)
        step = leg.step(seen, task)
        ask_consent(seen, task.goal, step)
        steps.append(step)
        seen, task = step.after(seen), task.with_lesson(step.teaches, step.forgets)
    return tuple(steps)


def ask_consent(seen: Pair, goal: Goal, step: Step) -> None:
    """Raise PreconditionFailed when a step loses or overrides something that was not consented to by name."""
    missing = tuple(consent for consent in step.consent if consent not in goal.consent)
    if not missing:
        return
    names = " and ".join(consent.value for consent in missing)
    side = seen.at(step.host)
    raise PreconditionFailed(
        f"the next step would be {step.method.value}: {step.why}",
        kind="consent_needed",
        host=side.host,
        vm=seen.vm_name,
        cause=_estimate(seen, missing),
        remedy=f"If that is wanted, add {names} to consent, with a reason",
        consent=tuple(consent.value for consent in missing),
    )


def _estimate(seen: Pair, missing: tuple[Consent, ...]) -> str:
    """What is at stake, from what both hosts show."""
    data = {Consent.DISCARD_OLD_PRIMARY_DATA, Consent.TURN_OFF_OLD_PRIMARY, Consent.DISCARD_SINCE_FAILOVER}
    return "; ".join(filter(None, map(_history, (seen.destination, seen.source)))) if data & set(missing) else ""


def _history(side: Side | Absent) -> str:
    if isinstance(side, Absent):
        return ""
    parts = [f"{side.host}: {shown(side)}"]
    if side.last_replicated:
        parts.append(f"last replication {side.last_replicated:%Y-%m-%d %H:%M:%SZ}")
    if side.facts.booted:
        parts.append(f"host booted {side.facts.booted:%Y-%m-%d %H:%M:%SZ}")
    if side.power_changed:
        parts.append(f"VM last changed its power state {side.power_changed:%Y-%m-%d %H:%M:%SZ}")
    return ", ".join(parts)


def shown(side: Side | Absent) -> str:
    """One end in words: ``RUNNING, PRIMARY, REPLICATING (3)``."""
    if isinstance(side, Absent):
        return f"{side.why.value.replace('_', ' ')}{f': {side.said}' if side.said else ''}"
    return f"{side.power.name}, {side.mode.name}, {side.state.name} ({int(side.state)})"


def no_way(seen: Pair, remedy: str = "", kind: str = "") -> PreconditionFailed:
    """The refusal for a pair of states from which no row of the table leads on."""
    destination, source = seen.destination, seen.source
    facts = [
        f"{side.host}: {REPLICATION_STATES[side.state].means}"
        for side in (source, destination)
        if isinstance(side, Side)
    ]
    return PreconditionFailed(
        f"no legal step leads on from here: {source.host} shows {shown(source)}, "
        f"{destination.host} shows {shown(destination)}",
        kind=kind,
        host=destination.host,
        vm=seen.vm_name,
        cause=". ".join(facts),
        remedy=remedy or _advice(seen),
    )


def _advice(seen: Pair) -> str:
    """What would make a path legal."""
    sides = [side for side in (seen.source, seen.destination) if isinstance(side, Side)]
    absent = [side for side in (seen.source, seen.destination) if isinstance(side, Absent)]
    if absent:
        return f"Make {absent[0].host} answer and hold the VM, then run this again"
    states = {side.state for side in sides}
    for state, advice in _ADVICE.items():
        if state in {s.name for s in states}:
            return advice
    return "Bring replication of this VM into order with Hyper-V's own tools, then run this again"


#: State to look for at either end, in order, and what an operator does about it.
_ADVICE: Final = {
    "DISABLED": "Replication is not enabled at one end: enable it again, then run this again",
    "READY": "Start the first copy of this relationship and wait for it, then run this again",
    "DISK_UPDATE_CRITICAL": "The change of the disk set failed: repair it on the primary, then run this again",
    "CRITICAL": "Remove the cause that the Hyper-V-VMMS-Admin log names and resume replication, then run this again",
    "UNKNOWN": "The host does not know the state: restart its virtual machine management service, then look again",
    "PREPARED_FOR_SYNC_REPLICATION": "It belongs to a replicated VM group: finish or revert that operation first",
    "PREPARED_FOR_GROUP_REVERSE_REPLICATION": "It belongs to a replicated VM group: finish that operation first",
    "COMMITTED": "The failover is committed and cannot be undone: reverse replication from the committed copy",
    "SYNCED": "Cancel the prepared failover on the primary, or go on with it towards its replica",
}
