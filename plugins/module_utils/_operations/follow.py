# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One VM's way along its plan. It knows neither threads nor sleeping; it is sent what was seen and answered."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from ansible_collections.hyperv.replica.plugins.module_utils._errors import (
    HyperVReplicaError,
    TimedOut,
)
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import End, Pair, Side
from ansible_collections.hyperv.replica.plugins.module_utils._operations import (
    clusters,
    refusals,
    rescue,
    waiting,
)
from ansible_collections.hyperv.replica.plugins.module_utils._operations.beginning import (
    refuse_wrong_end,
    without_keep_off,
)
from ansible_collections.hyperv.replica.plugins.module_utils._operations.goal import OnFailure
from ansible_collections.hyperv.replica.plugins.module_utils._operations.operation import Operation
from ansible_collections.hyperv.replica.plugins.module_utils._operations.path import Task
from ansible_collections.hyperv.replica.plugins.module_utils._operations.plan import (
    Learned,
    Outcome,
    Step,
    Talk,
    Target,
)
from ansible_collections.hyperv.replica.plugins.module_utils._operations.walking import DEADLINE, Going, Walker


def follow(operation: Operation, before: Pair, now: waiting.Now) -> Talk:
    """Yield each step, then what to wait for; be sent the receipt, then the looks.

    Planned again after every look, so a run that was cut off needs no memory.
    """
    way = Way(operation, before, now)
    try:
        yield from way.go()
    except HyperVReplicaError as trouble:
        way.error = waiting.described(trouble, way.seen)
        yield from way.bring_service_back(trouble)
    return way.outcome()


def foresee(operation: Operation, before: Pair) -> Outcome:
    """What a real run from this look would do; asks for nothing."""
    way = Way(operation, before, _no_time)
    try:
        way.foresee()
    except HyperVReplicaError as trouble:
        way.error = waiting.described(trouble, before)
    return way.outcome()


def _no_time() -> datetime:
    return datetime.min


class Way(Walker):
    """Where one VM is on its way, from its first look to its outcome."""

    def __init__(self, operation: Operation, before: Pair, now: waiting.Now) -> None:
        super().__init__(operation, before, now)
        self.before = before
        self.error: HyperVReplicaError | None = None
        self.planned: tuple[Step, ...] = ()
        self.already_there = False

    def outcome(self) -> Outcome:
        return Outcome(
            before=self.before,
            after=self.seen,
            planned=self.planned,
            performed=tuple(self.deeds.all),
            error=self.error,
            rescue=self.rescued,
            already_there=self.already_there,
            warnings=tuple(self.warnings),
        )

    def go(self) -> Going:
        if self._there() and self.operation.rest(self.before):
            self.already_there = True
            self._refuse_wrong_end()
            return
        yield from self._rest(self.before)
        self.planned = self.expected = self._whole_plan()
        self.already_there = not self.planned
        while True:
            yield from self._walk()
            if self.already_there or not self._guest_to_ask():
                return
            yield from self._ask_guest()

    def foresee(self) -> None:
        """Decide the plan from the first look, and refuse what a real run would refuse."""
        if self._there():
            self.already_there = True
            self._refuse_wrong_end()
            return
        self.planned = self._whole_plan()

    def _there(self) -> bool:
        return self.operation.reached(self.seen, Task(goal=self.operation.goal, learned=self._hoped()))

    def _whole_plan(self) -> tuple[Step, ...]:
        """The plan with what is done once the guest answers."""
        return self.operation.plan(self.seen, self._hoped())

    def _hoped(self) -> frozenset[Learned]:
        asked = self.operation.asks_guest and self.operation.goal.guest_timeout > timedelta()
        return self.learned | {Learned.GUEST_ANSWERS} if asked else self.learned

    def _refuse_wrong_end(self) -> None:
        refuse_wrong_end(self.before, self.operation.goal)

    def _walk(self) -> Going:
        while steps := self._plan():
            if self.went_off:
                clusters.refuse_restarted(self.seen, End.SOURCE)
            refusals.refuse_detour(steps, self.expected, self.seen)
            self.expected = steps
            yield from self._take(steps[0])

    def _guest_to_ask(self) -> bool:
        goal, here = self.operation.goal, self.seen.destination
        started = isinstance(here, Side) and here.power in rescue.SERVING
        asked = goal.guest_timeout > timedelta() and goal.target.rank >= Target.RUNNING.rank
        return started and asked and Learned.GUEST_ANSWERS not in self.learned and self.operation.asks_guest

    def _ask_guest(self) -> Going:
        limit = self.operation.goal.guest_timeout
        try:
            yield from self._wait(waiting.guest_answers, "the guest to answer", limit, guest=True)
        except TimedOut as late:
            if late.kind == DEADLINE:
                raise
            raise waiting.guest_silent(self.seen, limit, self.operation.goal.rate) from late
        self._learn(Learned.GUEST_ANSWERS)

    def bring_service_back(self, trouble: HyperVReplicaError) -> Going:
        """After a failure with the VM off at both ends, do what on_failure says; nothing after the deadline."""
        if trouble.kind == DEADLINE or not self.operation.moves or not rescue.disturbed(self.deeds.all, self.seen):
            return
        try:
            self.rescued = "stopped"
            if self.operation.goal.on_failure is not OnFailure.STOP:
                yield from self._rest()
            yield from self._rescue()
        except HyperVReplicaError as second:
            self.rescued = "failed"
            self.warnings.append(f"bringing service back failed too: {second}")

    def _rescue(self) -> Going:
        self.rescued, steps = self._plan_rescue()
        while steps:
            yield from self._take(replace(steps[0], rescues=True))
            again, steps = self._plan_rescue()
            self.rescued = again or self.rescued

    def _plan_rescue(self) -> tuple[str, tuple[Step, ...]]:
        learned = without_keep_off(self.learned, self.before, self.operation.goal)
        task = Task(goal=self.operation.goal, learned=learned | rescue.lessons(self.deeds.all))
        return rescue.plan(self.seen, task, self.operation.goal.on_failure)
