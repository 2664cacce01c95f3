# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Many VMs along their ways: polls while they wait, one whole look at each host where something may be decided."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Final

from ansible_collections.hyperv.replica.plugins.module_utils._errors import (
    HyperVReplicaError,
    TimedOut,
)
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.glancing import Needs
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import End, Pair, Side
from ansible_collections.hyperv.replica.plugins.module_utils._operations import needs
from ansible_collections.hyperv.replica.plugins.module_utils._operations.admission import Verdict
from ansible_collections.hyperv.replica.plugins.module_utils._operations.crew import Errand
from ansible_collections.hyperv.replica.plugins.module_utils._operations.follow import follow
from ansible_collections.hyperv.replica.plugins.module_utils._operations.journal import Journal
from ansible_collections.hyperv.replica.plugins.module_utils._operations.looks import Looks
from ansible_collections.hyperv.replica.plugins.module_utils._operations.operation import Operation
from ansible_collections.hyperv.replica.plugins.module_utils._operations.pace import Pace
from ansible_collections.hyperv.replica.plugins.module_utils._operations.plan import Outcome, Receipt, Step, Talk, Wait
from ansible_collections.hyperv.replica.plugins.module_utils._operations.polls import Polls
from ansible_collections.hyperv.replica.plugins.module_utils._operations.routes import HostKey
from ansible_collections.hyperv.replica.plugins.module_utils._operations.telling import Report, Teller
from ansible_collections.hyperv.replica.plugins.module_utils._operations.waiting import running_jobs, too_slow
from ansible_collections.hyperv.replica.plugins.module_utils._operations.wishes import Wish

#: By how much the pause grows from one poll to the next while nothing moves.
_GROWTH: Final = 1.5
#: Seconds between the first look and the next, which have to show the same.
_APART: Final = 1.0
#: The first poll for something comes after this part of the time that it is expected to take.
_PARTS: Final = 10
#: How long a VM that waits for its turn, or for something that polls tell, goes without a whole look.
_RESTS: Final = timedelta(seconds=30)
_WAITS: Final = timedelta(seconds=120)


class Scheduler:
    """Moves many VMs at once; one poll per host and interval serves all that wait.

    Args:
        operations: what is to be done with each VM, in the order in which steps are sent.
        first_look: what both ends showed; no step is decided on an older look.
        report: told a VM's GUID and a line when something about it changes.
    """

    def __init__(
        self,
        operations: Mapping[str, Operation],
        first_look: Mapping[str, Pair],
        looks: Looks,
        pace: Pace,
        *,
        journal: Journal,
        report: Report,
    ) -> None:
        self._crew = crew = looks.crew
        self._looks, self._pace = looks, pace
        self._teller = Teller(journal, report, crew.clock.now)
        self._gate, self._polls = pace.gate, Polls(looks)
        self._pairs = dict(first_look)
        self._wishes: dict[str, Wish] = {}
        self._outcomes: dict[str, Outcome] = {}
        self._failed = False
        for vm_id, operation in operations.items():
            self._begin(vm_id, self._gate.way(vm_id, follow(operation, first_look[vm_id], crew.clock.now)))

    def run(self) -> dict[str, Outcome]:
        """Go on until every VM has an outcome."""
        try:
            if self._wishes:
                self._crew.rest(_APART)
            pause = self._pace.first
            while self._wishes:
                pause = self._begun() if self._round() else min(pause * _GROWTH, self._pace.poll)
                if self._wishes:
                    self._crew.rest(min(pause, self._pace.poll, self._next_deadline()))
        except TimedOut as late:
            for vm_id in [*self._wishes]:
                self._tell(vm_id, replace(late, vm=self._pairs[vm_id].vm_name, found=_late(self._pairs[vm_id], late)))
        return self._outcomes

    def _begun(self) -> float:
        """The pause after something moved: longer where everybody has just begun what takes its time."""
        expected = [needs.takes(wish.what.until) for wish in self._wishes.values() if isinstance(wish.what, Wait)]
        shortest = min((length.total_seconds() if length else 0.0 for length in expected), default=0.0)
        return max(self._pace.first, shortest / _PARTS)

    def _next_deadline(self) -> float:
        """Seconds until the first of those that wait has waited for as long as it may."""
        now = self._crew.clock.now()
        deadlines = [wish.deadline for wish in self._wishes.values()]
        ahead = [(one - now).total_seconds() for one in deadlines if one is not None and one > now]
        return min(ahead, default=self._pace.poll)

    def _begin(self, vm_id: str, talk: Talk) -> None:
        try:
            now = self._crew.clock.now()
            self._wishes[vm_id] = Wish(talk=talk, what=next(talk), since=now, looked_at=now)
        except StopIteration as end:
            self._conclude(vm_id, end.value)

    def _round(self) -> bool:
        """Poll, look whole at those of whom something may be decided, and send what was.

        True when something moved, or a host fell silent or came back, which is soon asked again.
        """
        before, silent = {vm_id: wish.what for vm_id, wish in self._wishes.items()}, self._looks.silent
        due, looked = self._due(), set[str]()
        while due:
            self._look(due)
            looked |= due
            due = self._turns() - looked
        if not looked:
            self._send(())
        moved = {vm_id: wish.what for vm_id, wish in self._wishes.items()} != before
        self._polls.learn(moved)
        return moved or self._looks.silent != silent

    def _look(self, due: Collection[str]) -> None:
        """Take a whole look, resume whoever has what it waits for, and send what was decided on it."""
        seen = self._looks.take([vm_id for vm_id in self._wishes if vm_id in due], guest=self._guests_asked())
        self._pairs |= seen
        shown = [vm_id for vm_id in seen if not self._wishes[vm_id].away]
        for vm_id in shown:
            self._wishes[vm_id].looked_at = self._crew.clock.now()
            self._show(vm_id, seen[vm_id])
        self._ask_the_gate(shown)
        self._send(shown)
        if seen:
            self._leave_alone()

    def _due(self) -> set[str]:
        """Those of whom something may be decided now; everybody else only goes on waiting."""
        waits = {vm_id: wish.what for vm_id, wish in self._here() if isinstance(wish.what, Wait)}
        wanted = {vm_id: self._needs(vm_id, wait) for vm_id, wait in waits.items()}
        polled = self._polls.worth({vm_id: told for vm_id, told in wanted.items() if told is not None})
        due = waits.keys() - polled.keys()
        read = self._looks.poll(polled)
        self._pairs |= read
        due |= {vm_id for vm_id in polled if self._may_be_over(vm_id, waits[vm_id], polled[vm_id], read)}
        self._ask_the_gate([vm_id for vm_id, _wish in self._here() if vm_id not in due])
        due &= self._wishes.keys()
        return due | self._turns(beside=bool(due)) | self._unseen()

    def _here(self) -> list[tuple[str, Wish]]:
        """The VMs whose hosts owe no answer to a step."""
        return [(vm_id, wish) for vm_id, wish in self._wishes.items() if not wish.away]

    def _needs(self, vm_id: str, wait: Wait) -> Needs | None:
        tell = needs.of(wait.until)
        told = tell(self._pairs[vm_id]) if tell is not None else None
        return needs.together(told, needs.GUEST) if told is not None and vm_id in self._gate.watched else told

    def _may_be_over(self, vm_id: str, wait: Wait, asked: Needs, read: Mapping[str, Pair]) -> bool:
        """Whether a whole look has to tell: the wait seems over, late or in trouble, or the poll told too little."""
        wish = self._wishes[vm_id]
        if vm_id not in read:
            return not self._looks.is_silent(vm_id, asked)
        try:
            over = wait.until(read[vm_id])
        except HyperVReplicaError:
            over = True
        if over or wish.is_late(self._crew.clock.now()) or not needs.covers(asked, self._needs(vm_id, wait)):
            return True
        self._teller.waiting(vm_id, wait, read[vm_id])
        return False

    def _turns(self, *, beside: bool = False) -> set[str]:
        """Those that may send a step as soon as they are looked at; BESIDE others, also those that may soon."""
        free = self._pace.concurrency - sum(wish.outstanding for wish in self._wishes.values())
        ready = [vm_id for vm_id, wish in self._here() if isinstance(wish.what, Step) and self._errand(vm_id)]
        turns = [
            vm_id
            for vm_id in self._gate.order(ready)
            if isinstance(step := self._wishes[vm_id].what, Step) and self._gate.may(vm_id, step, self._at(vm_id))
        ]
        return set(turns[: self._pace.concurrency if beside else max(free, 0)])

    def _unseen(self) -> set[str]:
        """Those that can wait no longer, and those that were not looked at whole for long.

        What changes beside what they wait for has to be seen too.
        """
        now = self._crew.clock.now()
        return {
            vm_id
            for vm_id, wish in self._here()
            if now - wish.looked_at >= (_RESTS if isinstance(wish.what, Step) else _WAITS) or wish.is_late(now)
        }

    def _guests_asked(self) -> list[str]:
        asked = {vm_id for vm_id, wish in self._wishes.items() if isinstance(wish.what, Wait) and wish.what.guest}
        return [vm_id for vm_id in self._wishes if vm_id in asked or vm_id in self._gate.watched]

    def _ask_the_gate(self, shown: Collection[str]) -> None:
        """Tell it what everybody wants, then let those go on, fail or rest of whom it says so."""
        wishes = {vm_id: wish.what for vm_id, wish in self._wishes.items() if not wish.away}
        self._gate.look(wishes, self._pairs, self._crew.clock.now())
        for vm_id in [vm_id for vm_id in shown if vm_id in self._wishes]:
            word = self._gate.word(vm_id)
            if isinstance(word, HyperVReplicaError):
                self._tell(vm_id, word)
            elif word is Verdict.IS_SKIPPED:
                self._skip(vm_id)

    def _show(self, vm_id: str, pair: Pair) -> None:
        """Resume a talk for as long as the look has what it waits for."""
        if isinstance(self._wishes[vm_id].what, Step):  # left over from an earlier round: decided anew on this look
            self._resume(vm_id, lambda: self._wishes[vm_id].talk.send(pair))
        shown = False
        while (wish := self._wishes.get(vm_id)) and isinstance(wish.what, Wait) and not shown:
            shown = not self._satisfied(vm_id, wish, wish.what, pair)

    def _satisfied(self, vm_id: str, wish: Wish, wait: Wait, pair: Pair) -> bool:
        try:
            held = wait.until(pair)
        except HyperVReplicaError as trouble:
            self._tell(vm_id, trouble)
            return True
        if held:
            self._resume(vm_id, lambda: wish.talk.send(pair))
            return True
        if wish.is_late(self._crew.clock.now()):
            self._tell(vm_id, too_slow(pair, wait, self._pace.rate))
            return True
        self._teller.waiting(vm_id, wait, pair)
        return False

    def _send(self, shown: Collection[str]) -> None:
        """Send what was decided on this round's look, and take what hosts answered to it and to earlier steps."""
        free = self._pace.concurrency - sum(wish.outstanding for wish in self._wishes.values())
        errands: list[Errand] = []
        for vm_id in self._gate.order([vm_id for vm_id in shown if vm_id in self._wishes]):
            errand = self._errand(vm_id) if len(errands) < free else None
            if errand is not None and self._gate.admits(vm_id, errand.step, self._at(vm_id)):
                errands.append(errand)
        for errand in errands:
            self._announce(errand)
        for vm_id, answer in self._crew.send(errands):
            self._answered(vm_id, answer)

    def _at(self, vm_id: str) -> dict[End, HostKey]:
        """The hosts that show the VM's ends."""
        hosts = {end: self._looks.where(vm_id, end) for end in End}
        return {end: host for end, host in hosts.items() if host is not None}

    def _errand(self, vm_id: str) -> Errand | None:
        wish = self._wishes[vm_id]
        if not isinstance(wish.what, Step):
            return None
        host, side = self._looks.where(vm_id, wish.what.host), self._pairs[vm_id].at(wish.what.host)
        if host is None or not isinstance(side, Side):
            return None
        if not wish.begun and self._failed and self._pace.stop_on_error:
            return None
        return Errand(vm_id=vm_id, host=host, step=wish.what, side=side)

    def _announce(self, errand: Errand) -> None:
        wish = self._wishes[errand.vm_id]
        wish.begun = wish.away = wish.outstanding = True
        self._teller.asking(errand.vm_id, self._pairs[errand.vm_id], errand.step)

    def _answered(self, vm_id: str, answer: Receipt | HyperVReplicaError) -> None:
        wish = self._wishes[vm_id]
        if not isinstance(wish.what, Step):
            return
        self._teller.answered(vm_id, self._pairs[vm_id], wish.what, answer)
        if isinstance(answer, HyperVReplicaError):
            self._tell(vm_id, answer)
            return
        self._resume(vm_id, lambda: wish.talk.send(answer))
        if vm_id in self._wishes:
            self._wishes[vm_id].outstanding = True

    def _leave_alone(self) -> None:
        """With stop_on_error, a VM that nothing was asked for is skipped after another one failed."""
        if not (self._failed and self._pace.stop_on_error):
            return
        for vm_id in [vm_id for vm_id, wish in self._wishes.items() if not wish.begun]:
            self._skip(vm_id)

    def _skip(self, vm_id: str) -> None:
        self._wishes.pop(vm_id).talk.close()
        pair = self._pairs[vm_id]
        self._conclude(vm_id, Outcome(before=pair, after=pair, skipped=True))

    def _tell(self, vm_id: str, trouble: HyperVReplicaError) -> None:
        self._resume(vm_id, lambda: self._wishes[vm_id].talk.throw(trouble))

    def _resume(self, vm_id: str, turn: Callable[[], Step | Wait]) -> None:
        wish = self._wishes[vm_id]
        wish.outstanding = wish.away = False
        try:
            wish.what, wish.since = turn(), self._crew.clock.now()
        except StopIteration as end:
            del self._wishes[vm_id]
            self._conclude(vm_id, end.value)

    def _conclude(self, vm_id: str, outcome: Outcome) -> None:
        self._outcomes[vm_id] = outcome
        self._failed = self._failed or outcome.error is not None
        self._gate.ended(vm_id, outcome)
        self._teller.ended(vm_id, self._pairs[vm_id], outcome)


def _late(pair: Pair, late: TimedOut) -> str:
    """What runs on when the task's time is over; nothing of it is cancelled."""
    jobs = ", ".join(f"{job.id} on {host} at {job.percent} %" for host, job in running_jobs(pair))
    return f"{late.found}; running jobs: {jobs or 'none seen'}"
