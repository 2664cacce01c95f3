# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How one VM takes a step: what its answer, its silence or its refusal leads to, and what is waited for."""

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
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import Absent, End, Pair
from ansible_collections.hyperv.replica.plugins.module_utils._operations import (
    clusters,
    downtime,
    needs,
    refusals,
    waiting,
)
from ansible_collections.hyperv.replica.plugins.module_utils._operations.beginning import (
    first_lessons,
    first_warnings,
)
from ansible_collections.hyperv.replica.plugins.module_utils._operations.deeds import Deeds
from ansible_collections.hyperv.replica.plugins.module_utils._operations.operation import Operation
from ansible_collections.hyperv.replica.plugins.module_utils._operations.plan import (
    Learned,
    Method,
    Receipt,
    Step,
    Wait,
)

#: The kind of the one TimedOut after which nothing more is asked of anybody.
DEADLINE: Final = "timed_out"

Going = Generator[Union[Step, Wait], Union[Receipt, Pair, None], None]
_Ask = Generator[Union[Step, Wait], Union[Receipt, Pair, None], bool]


class Walker:
    """Takes one step after the other: the last look, what was learned, and what was done."""

    def __init__(self, operation: Operation, before: Pair, now: waiting.Now) -> None:
        self.operation = operation
        self.seen = before
        self.now = now
        self.learned = first_lessons(before, operation.goal)
        self.warnings = list(first_warnings(before))
        self.expected: tuple[Step, ...] = ()
        self.deeds = Deeds(now)
        self.downtime = downtime.Downtime(operation.goal.max_downtime, now)
        self.rescued = ""
        self.tries: dict[Method, int] = {}
        self.went_off = False

    def _plan(self) -> tuple[Step, ...]:
        return self.operation.plan(self.seen, self.learned)

    def _take(self, step: Step) -> Going:
        if step.method.is_wait:
            yield from self._look_on(step)
            return
        started = self.now()
        try:
            receipt = yield replace(step, turn_within=self._downtime_left())
            if not isinstance(receipt, Receipt):  # it was not its turn; the look is newer now
                self._see(receipt)
                self._mind_downtime()
                return
            self.deeds.note(step, self.seen, started, receipt)
            yield from self._finish(step, receipt)
            self.learned = self.learned.difference(step.forgets)
            self._learn(step.teaches)
            self.went_off = self.went_off or clusters.stops_the_source(step)
            self.expected = self._plan() if step.renames else self.expected
        except NotDelivered as silence:
            self._count(step, silence)
            yield from self._rest()
        except OutcomeUnknown as silence:
            self.deeds.note_outcome(step, self.seen, started, "unknown")
            if step.unseen:
                raise
            self._count(step, silence)
            self._learn(step.teaches if step.method is Method.INITIATE_SHUTDOWN else None)
            yield from self._rest()
            self.expected = self._plan() if step.renames else self.expected
            yield from self._still_up(step)
        except (HostRefused, PreconditionFailed) as refusal:
            yield from self._refused(step, started, refusal)

    def _look_on(self, step: Step) -> Going:
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

    def _finish(self, step: Step, receipt: Receipt) -> Going:
        try:
            limit = None if receipt.job_id and step.limit is None else step.limit or waiting.GRACE * 5
            done = waiting.step_done(step, receipt, self.now, clusters.begun_on(self.deeds.all, step))
            yield from self._wait(done, f"{step.method.value}: {step.why}", limit)
        except TimedOut as late:
            if step.method is not Method.INITIATE_SHUTDOWN or late.kind == DEADLINE:
                raise
            yield from self._guest_stays_up(step)

    def _still_up(self, step: Step) -> Going:
        """A lost answer to InitiateShutdown is followed by looking for as long as its limit, never by asking again."""
        side = self.seen.at(step.host)
        if step.method is not Method.INITIATE_SHUTDOWN or step.shown_by(self.seen) or isinstance(side, Absent):
            return
        receipt = Receipt(return_code=0, sent_at=self.now(), answered_at=self.now())
        yield from self._finish(step, receipt)

    def _guest_stays_up(self, step: Step) -> Going:
        if step.lesson is not None and step.lesson not in self.learned:
            yield from self._be_taught(step.lesson)
            return
        raise waiting.guest_stays_up(self.seen, step)

    def _refused(self, step: Step, started: datetime, refusal: HostRefused | PreconditionFailed) -> Going:
        if not (isinstance(refusal, HostRefused) or refusal.kind == "guest_services"):
            raise refusal
        if step.method is Method.INITIATE_SHUTDOWN and refusal.code == refusals.SHUTTING_DOWN:
            receipt = Receipt(return_code=refusals.SHUTTING_DOWN, sent_at=started, answered_at=self.now())
            self.deeds.note(step, self.seen, started, receipt)
            yield from self._finish(step, receipt)
            return
        sent_to = self.seen.at(step.host).host
        came_of_it = "failed" if isinstance(refusal, JobFailed) else "refused"
        self.deeds.note_outcome(step, self.seen, started, came_of_it, code=refusal.code)
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

    def _pause(self, length: timedelta) -> Going:
        """Let some time pass, and what runs there end."""
        yield from self._wait(waiting.passed(length, self.now), "a busy host", self.operation.goal.sync_timeout)
        yield from self._rest()

    def _be_taught(self, lesson: Learned | None) -> Going:
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

    def _see(self, seen: object) -> None:
        if isinstance(seen, Pair):
            self.seen = seen
            self.downtime.see(seen)

    def _rest(self, before: Pair | None = None) -> Going:
        until = needs.untold_where(self.operation.rest, waiting.twice(self.operation.rest, before))
        yield from self._wait(until, "what runs there already to end", self.operation.goal.sync_timeout)

    def _wait(self, until: waiting.Until, what: str, limit: timedelta | None, *, guest: bool = False) -> Going:
        shorter = self._downtime_left()
        cut = shorter is not None and (limit is None or shorter < limit)
        try:
            watched = self._watched(until)
            limit = shorter if cut else limit
            self._see((yield Wait(until=watched, what=what, limit=limit, guest=guest, rescues=bool(self.rescued))))
            self.deeds.end()
        except TimedOut as late:
            if late.kind == DEADLINE or not cut:
                raise
            raise downtime.passed(host=late.host, cause=f"It was waiting for {what}") from late

    def _mind_downtime(self) -> None:
        """Waiting for one's turn is no excuse."""
        left = self._downtime_left()
        if left is not None and left <= timedelta():
            raise downtime.passed()

    def _watched(self, until: waiting.Until) -> waiting.Until:
        """Keep every look, so that a wait that ends in an error leaves what was seen last."""

        def check(seen: Pair) -> bool:
            self._see(seen)
            return until(seen)

        return needs.like(check, until)

    def _downtime_left(self) -> timedelta | None:
        return None if self.rescued else self.downtime.left(self.seen)
