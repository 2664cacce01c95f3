# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One VM's way along its plan. It knows neither threads nor sleeping; it is sent what was seen and answered."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final, Union

from ansible_collections.hyperv.replica.plugins.module_utils._errors import (
    HostRefused,
    HyperVReplicaError,
    JobFailed,
    NotDelivered,
    OutcomeUnknown,
    PreconditionFailed,
    TimedOut,
)
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import Absent, End, Pair, Side
from ansible_collections.hyperv.replica.plugins.module_utils._operations import (
    clusters,
    needs,
    refusals,
    rescue,
    waiting,
)
from ansible_collections.hyperv.replica.plugins.module_utils._operations.beginning import (
    first_lessons,
    first_warnings,
    refuse_wrong_end,
    without_keep_off,
)
from ansible_collections.hyperv.replica.plugins.module_utils._operations.goal import OnFailure
from ansible_collections.hyperv.replica.plugins.module_utils._operations.operation import Operation
from ansible_collections.hyperv.replica.plugins.module_utils._operations.path import Task
from ansible_collections.hyperv.replica.plugins.module_utils._operations.plan import (
    Learned,
    Method,
    Outcome,
    Performed,
    Receipt,
    Step,
    Talk,
    Target,
    Wait,
    answered,
)

#: The kind of the one TimedOut after which nothing more is asked of anybody.
DEADLINE: Final = "timed_out"

_Way = Generator[Union[Step, Wait], Union[Receipt, Pair, None], None]
_Ask = Generator[Union[Step, Wait], Union[Receipt, Pair, None], bool]


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


class Way:
    """Where one VM is on its way: the last look, what was learned, and what was done."""

    def __init__(self, operation: Operation, before: Pair, now: waiting.Now) -> None:
        self.operation = operation
        self.before = self.seen = before
        self.now = now
        self.error: HyperVReplicaError | None = None
        self.learned = first_lessons(before, operation.goal)
        self.warnings = list(first_warnings(before))
        self.planned: tuple[Step, ...] = ()
        self.expected: tuple[Step, ...] = ()
        self.performed: list[Performed] = []
        self.rescued = ""
        self.already_there = False
        self.tries: dict[Method, int] = {}
        self.down_since: datetime | None = None
        self.went_off = False

    def outcome(self) -> Outcome:
        return Outcome(
            before=self.before,
            after=self.seen,
            planned=self.planned,
            performed=tuple(self.performed),
            error=self.error,
            rescue=self.rescued,
            already_there=self.already_there,
            warnings=tuple(self.warnings),
        )

    def go(self) -> _Way:
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

    def _plan(self) -> tuple[Step, ...]:
        return self.operation.plan(self.seen, self.learned)

    def _walk(self) -> _Way:
        while steps := self._plan():
            if self.went_off:
                clusters.refuse_restarted(self.seen, End.SOURCE)
            refusals.refuse_detour(steps, self.expected, self.seen)
            self.expected = steps
            yield from self._take(steps[0])

    def _take(self, step: Step) -> _Way:
        if step.method.is_wait:
            yield from self._look_on(step)
            return
        started = self.now()
        try:
            receipt = yield step
            if not isinstance(receipt, Receipt):  # it was not its turn; the look is newer now
                self._see(receipt)
                self._mind_downtime()
                return
            self._note(step, started, receipt)
            yield from self._finish(step, receipt)
            self.learned = self.learned.difference(step.forgets)
            self._learn(step.teaches)
            self.went_off = self.went_off or clusters.stops_the_source(step)
            self.expected = self._plan() if step.renames else self.expected
        except NotDelivered as silence:
            self._count(step, silence)
            yield from self._rest()
        except OutcomeUnknown as silence:
            self._note_outcome(step, started, "unknown")
            if step.unseen:
                raise
            self._count(step, silence)
            self._learn(step.teaches if step.method is Method.INITIATE_SHUTDOWN else None)
            yield from self._rest()
            self.expected = self._plan() if step.renames else self.expected
            yield from self._still_up(step)
        except (HostRefused, PreconditionFailed) as refusal:
            yield from self._refused(step, started, refusal)

    def _look_on(self, step: Step) -> _Way:
        """Wait for what looks show; a guest on trial that is not good in time is a lesson."""
        tried = step.method is Method.WAIT_UNTIL_GREEN
        try:
            until = waiting.looked_for(step, self.operation.judge.good)
            yield from self._wait(until, step.why, step.limit, guest=tried)
        except TimedOut as late:
            if not tried or late.kind != "step_too_slow":
                raise
            self._learn(Learned.RED)
            self.expected = self._plan()
        else:
            self._learn(step.teaches)

    def _finish(self, step: Step, receipt: Receipt) -> _Way:
        try:
            limit = None if receipt.job_id and step.limit is None else step.limit or waiting.GRACE * 5
            done = waiting.step_done(step, receipt, self.now, clusters.begun_on(self.performed, step))
            yield from self._wait(done, f"{step.method.value}: {step.why}", limit)
        except TimedOut as late:
            if step.method is not Method.INITIATE_SHUTDOWN or late.kind == DEADLINE:
                raise
            yield from self._guest_stays_up(step)

    def _still_up(self, step: Step) -> _Way:
        """A lost answer to InitiateShutdown is followed by looking for as long as its limit, never by asking again."""
        side = self.seen.at(step.host)
        if step.method is not Method.INITIATE_SHUTDOWN or step.shown_by(self.seen) or isinstance(side, Absent):
            return
        receipt = Receipt(return_code=0, sent_at=self.now(), answered_at=self.now())
        yield from self._finish(step, receipt)

    def _guest_stays_up(self, step: Step) -> _Way:
        if step.lesson is not None and step.lesson not in self.learned:
            yield from self._be_taught(step.lesson)
            return
        raise waiting.guest_stays_up(self.seen, step)

    def _refused(self, step: Step, started: datetime, refusal: HostRefused | PreconditionFailed) -> _Way:
        if not (isinstance(refusal, HostRefused) or refusal.kind == "guest_services"):
            raise refusal
        if step.method is Method.INITIATE_SHUTDOWN and refusal.code == refusals.SHUTTING_DOWN:
            receipt = Receipt(return_code=refusals.SHUTTING_DOWN, sent_at=started, answered_at=self.now())
            self._note(step, started, receipt)
            yield from self._finish(step, receipt)
            return
        sent_to = self.seen.at(step.host).host
        self._note_outcome(step, started, "failed" if isinstance(refusal, JobFailed) else "refused", refusal.code)
        if (yield from self._has_moved(step, sent_to, refusal)):
            return
        if refusals.passes(refusal) and self._may_try_again(step):
            yield from self._pause(refusals.PAUSE * 2 ** self.tries[step.method])
        elif refusals.teaches(refusal, step.lesson, self.learned):
            yield from self._be_taught(step.lesson)
        elif isinstance(refusal, HostRefused) and (explain := self.operation.explains.get(step.method)):
            yield from self._rest()
            raise explain(refusal, self.seen)
        else:
            raise refusal

    def _has_moved(self, step: Step, sent_to: str, refusal: HostRefused | PreconditionFailed) -> _Ask:
        """A node that refuses what is about a VM need only have it no more; then the plan is made for its new node."""
        facts = self.seen.at(step.host).facts
        if facts is None or facts.cluster is None:
            return False
        yield from self._rest()
        if not clusters.moved(sent_to, self.seen, step.host):
            if self.went_off:
                clusters.refuse_restarted(self.seen, End.SOURCE)
            return False
        self._count(step, refusal)
        return True

    def _may_try_again(self, step: Step) -> bool:
        self.tries[step.method] = self.tries.get(step.method, 0) + 1
        return self.tries[step.method] < refusals.TRIES

    def _pause(self, length: timedelta) -> _Way:
        """Let some time pass, and what runs there end."""
        yield from self._wait(waiting.passed(length, self.now), "a busy host", self.operation.goal.sync_timeout)
        yield from self._rest()

    def _be_taught(self, lesson: Learned | None) -> _Way:
        """Look, and plan anew with what the refusal told."""
        self._learn(lesson)
        self.warnings += refusals.said(lesson)
        yield from self._rest()
        self.expected = self._plan()

    def _count(self, step: Step, trouble: HyperVReplicaError) -> None:
        self.tries[step.method] = self.tries.get(step.method, 0) + 1
        if self.tries[step.method] >= refusals.TRIES:
            raise trouble

    def _learn(self, lesson: Learned | None) -> None:
        if lesson is not None:
            self.learned |= {lesson}

    def _note(self, step: Step, started: datetime, receipt: Receipt) -> None:
        self.performed.append(answered(step, self.seen.at(step.host).host, started, receipt))

    def _note_outcome(self, step: Step, started: datetime, outcome: str, code: int | None = None) -> None:
        if self.performed and self.performed[-1].step is step and self.performed[-1].ended is None:
            known = self.performed.pop()
        else:
            known = Performed(step=step, host=self.seen.at(step.host).host, started=started)
        self.performed.append(replace(known, ended=self.now(), return_code=code, outcome=outcome))

    def _end(self) -> None:
        if self.performed and self.performed[-1].ended is None:
            self.performed[-1] = replace(self.performed[-1], ended=self.now())

    def _see(self, seen: object) -> None:
        if isinstance(seen, Pair):
            self.seen = seen
            source = seen.source
            if self.down_since is None and isinstance(source, Side) and source.power not in rescue.SERVING:
                self.down_since = self.now()

    def _rest(self, before: Pair | None = None) -> _Way:
        until = needs.untold_where(self.operation.rest, waiting.twice(self.operation.rest, before))
        yield from self._wait(until, "what runs there already to end", self.operation.goal.sync_timeout)

    def _wait(self, until: waiting.Until, what: str, limit: timedelta | None, *, guest: bool = False) -> _Way:
        shorter = self._downtime_left()
        cut = shorter is not None and (limit is None or shorter < limit)
        try:
            watched = self._watched(until)
            limit = shorter if cut else limit
            self._see((yield Wait(until=watched, what=what, limit=limit, guest=guest, rescues=bool(self.rescued))))
            self._end()
        except TimedOut as late:
            if late.kind == DEADLINE or not cut:
                raise
            raise TimedOut(
                "max_downtime has passed and users are not served yet",
                kind="max_downtime",
                host=late.host,
                cause=f"It was waiting for {what}",
            ) from late

    def _mind_downtime(self) -> None:
        """Waiting for one's turn is no excuse."""
        left = self._downtime_left()
        if left is not None and left <= timedelta():
            raise TimedOut("max_downtime has passed and users are not served yet", kind="max_downtime")

    def _watched(self, until: waiting.Until) -> waiting.Until:
        """Keep every look, so that a wait that ends in an error leaves what was seen last."""

        def check(seen: Pair) -> bool:
            self._see(seen)
            return until(seen)

        return needs.like(check, until)

    def _downtime_left(self) -> timedelta | None:
        allowed = self.operation.goal.max_downtime
        if allowed is None or self.down_since is None or rescue.served(self.seen) or self.rescued:
            return None
        return max(allowed - (self.now() - self.down_since), timedelta())

    def _guest_to_ask(self) -> bool:
        goal, here = self.operation.goal, self.seen.destination
        started = isinstance(here, Side) and here.power in rescue.SERVING
        asked = goal.guest_timeout > timedelta() and goal.target.rank >= Target.RUNNING.rank
        return started and asked and Learned.GUEST_ANSWERS not in self.learned and self.operation.asks_guest

    def _ask_guest(self) -> _Way:
        limit = self.operation.goal.guest_timeout
        try:
            yield from self._wait(waiting.guest_answers, "the guest to answer", limit, guest=True)
        except TimedOut as late:
            if late.kind == DEADLINE:
                raise
            raise waiting.guest_silent(self.seen, limit, self.operation.goal.rate) from late
        self._learn(Learned.GUEST_ANSWERS)

    def bring_service_back(self, trouble: HyperVReplicaError) -> _Way:
        """After a failure with the VM off at both ends, do what on_failure says; nothing after the deadline."""
        if trouble.kind == DEADLINE or not self.operation.moves or not rescue.disturbed(self.performed, self.seen):
            return
        try:
            self.rescued = "stopped"
            if self.operation.goal.on_failure is not OnFailure.STOP:
                yield from self._rest()
            yield from self._rescue()
        except HyperVReplicaError as second:
            self.rescued = "failed"
            self.warnings.append(f"bringing service back failed too: {second}")

    def _rescue(self) -> _Way:
        self.rescued, steps = self._plan_rescue()
        while steps:
            yield from self._take(replace(steps[0], rescues=True))
            again, steps = self._plan_rescue()
            self.rescued = again or self.rescued

    def _plan_rescue(self) -> tuple[str, tuple[Step, ...]]:
        learned = without_keep_off(self.learned, self.before, self.operation.goal)
        task = Task(goal=self.operation.goal, learned=learned | rescue.lessons(self.performed))
        return rescue.plan(self.seen, task, self.operation.goal.on_failure)
