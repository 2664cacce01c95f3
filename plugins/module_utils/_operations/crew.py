# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The host threads. They carry; whoever asks decides.

Each host has one daemon thread and one session. The stop event and the deadline are asked before every errand.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol, TypeVar, cast

from ansible_collections.hyperv.replica.plugins.module_utils._errors import (
    HyperVReplicaError,
    TimedOut,
)
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.calls import Arguments, Started
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.glancing import Part
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.looking import Gather, Look
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import Side
from ansible_collections.hyperv.replica.plugins.module_utils._operations.clock import Clock
from ansible_collections.hyperv.replica.plugins.module_utils._operations.plan import Receipt, Step
from ansible_collections.hyperv.replica.plugins.module_utils._operations.routes import HostKey

#: Asked for while waiting for an answer, so that a signal to the main thread is seen soon.
_TICK: Final = 0.5

#: How long a host may take to show all that it has for the first time, where a round does not wait for ever.
_FIRST_LOOK: Final = timedelta(seconds=120)


class HostLike(Protocol):
    """One host as the crew uses it; ``_hyperv.host.Host`` is the real one."""

    @property
    def name(self) -> str:
        """Its inventory name."""

    @property
    def exchanges(self) -> int:
        """How many requests were sent."""

    def look(self, gather: Collection[Gather], vm_ids: Collection[str] | None = None) -> Look:
        """Read what the host shows."""

    def glance(self, known: Look, parts: Collection[Part], vm_ids: Collection[str]) -> Look:
        """Read some parts of these VMs anew, and leave all else as it was known."""

    def perform(self, side: Side, method: str, arguments: Arguments) -> Started:
        """Call one method."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """One step of one VM for one host, decided on the look that shows ``side``."""

    vm_id: str
    host: HostKey
    step: Step
    side: Side


@dataclass(frozen=True, slots=True)
class Question:
    """What one host is asked to show of these VMs, or of all."""

    gather: Collection[Gather]
    vm_ids: Collection[str] | None = None


@dataclass(frozen=True, slots=True)
class Glance:
    """Which parts of these VMs one host is asked for, and what is known of the rest."""

    known: Look
    parts: Collection[Part]
    vm_ids: Collection[str]


_T = TypeVar("_T")
_Key = TypeVar("_Key", bound=HostKey)
_Do = Callable[[HostLike], object]
_Answer = tuple[HostKey, str, object]


class Crew:
    """Looks at all hosts at the same time, and sends to each what was decided.

    Args:
        hurry: how long a round waits for a host; what it answers later is taken in a later round. Without it every
            answer is waited for, which is right where all VMs have the same two hosts.
    """

    def __init__(
        self,
        hosts: Mapping[_Key, HostLike],
        clock: Clock,
        *,
        deadline: datetime,
        stop: threading.Event | None = None,
        hurry: timedelta | None = None,
    ) -> None:
        self.hosts: dict[HostKey, HostLike] = dict(hosts.items())
        self.clock = clock
        self.deadline = deadline
        self.stop = stop or threading.Event()
        self.rested = timedelta()
        self._hurry = hurry
        self._errands: dict[HostKey, queue.SimpleQueue[tuple[str, _Do] | None]] = {}
        self._answers: queue.SimpleQueue[_Answer] = queue.SimpleQueue()
        self._looking: set[HostKey] = set()
        self._sent: dict[str, HostKey] = {}
        self._late: list[tuple[str, Receipt | HyperVReplicaError]] = []
        for key, host in self.hosts.items():
            self._errands[key] = queue.SimpleQueue()
            threading.Thread(
                target=self._serve, args=(key, host), daemon=True, name=f"hyperv.replica {host.name}"
            ).start()

    def look(
        self, gather: Mapping[_Key, Collection[Gather]], vm_ids: Collection[str] | None
    ) -> dict[_Key, Look | HyperVReplicaError]:
        """Ask each host the same, and wait for all of them.

        Raises:
            TimedOut: the deadline passed.
        """
        seen = self.ask({key: Question(wanted, vm_ids) for key, wanted in gather.items()})
        return {key: seen[key] for key in gather if key in seen}

    def ask(
        self,
        questions: Mapping[HostKey, Question | Glance],
        *,
        patient_with: Collection[HostKey] = (),
        hurried: bool = True,
    ) -> dict[HostKey, Look | HyperVReplicaError]:
        """Ask each host what it shows. A host in ``patient_with`` is asked too, but its answer is not waited for.

        In a hurry the answer to an earlier question may come instead; a look says what it was asked for.

        Args:
            hurried: a host that takes its time is soon gone on without. Not so where nothing is known of it yet: a
                first look at hundreds of VMs takes long, and who is still telling is not silent.

        Raises:
            TimedOut: the deadline passed.
        """
        self._mind_the_deadline()
        awaited = {key for key in questions if key in self.hosts} - {*patient_with, *self._behind()}
        for key, question in questions.items():
            if key in self.hosts and key not in self._looking:
                self._looking.add(key)
                self._errands[key].put((_LOOK, _looking(question)))
        seen: dict[HostKey, Look | HyperVReplicaError] = {}
        enough = self._enough(hurried)
        while awaited - seen.keys() or not self._answers.empty():
            answer = self._next(enough)
            if answer is None:
                break
            key, what, told = answer
            if what == _LOOK:
                self._looking.discard(key)
                seen[key] = told if isinstance(told, Look) else _trouble(told)
            else:
                self._late.append(self._received(what, told))
        return seen

    def send(self, errands: Collection[Errand]) -> Iterator[tuple[str, Receipt | HyperVReplicaError]]:
        """Send each step once; give each VM's receipt or trouble as it comes, and those that came late.

        Raises:
            TimedOut: the deadline passed; what was sent may have been carried out.
        """
        behind = self._behind()
        for errand in errands:
            self._sent[errand.vm_id] = errand.host
            self._errands[errand.host].put((errand.vm_id, self._performing(errand)))
        missing = {errand.vm_id for errand in errands if errand.host not in behind}
        late, self._late = self._late, []
        yield from late
        enough = self._enough()
        while missing and (answer := self._next(enough)) is not None:
            key, what, told = answer
            if what == _LOOK:
                self._looking.discard(key)
                continue
            missing.discard(what)
            yield self._received(what, told)

    def read(self, asked: Mapping[HostKey, Callable[[HostLike], _T]]) -> dict[HostKey, _T]:
        """Have each host read something beside the looks, at the same time, and wait for all of them.

        Raises:
            HyperVReplicaError: what a host met.
            TimedOut: the deadline passed.
        """
        self._mind_the_deadline()
        for key, do in asked.items():
            self._errands[key].put((_READ, do))
        told: dict[HostKey, _T] = {}
        while asked.keys() - told.keys() and (answer := self._next(None)) is not None:
            key, what, got = answer
            if what == _READ:
                if isinstance(got, BaseException):
                    raise got
                told[key] = cast(_T, got)
            elif what == _LOOK:
                self._looking.discard(key)
            else:
                self._late.append(self._received(what, got))
        return told

    def _behind(self) -> set[HostKey]:
        """The hosts that were not waited for in an earlier round and still owe an answer."""
        return set() if self._hurry is None else {*self._looking, *self._sent.values()}

    def _enough(self, hurried: bool = True) -> datetime | None:
        """When this round has waited long enough."""
        if self._hurry is None:
            return None
        return self.clock.now() + (self._hurry if hurried else max(self._hurry, _FIRST_LOOK))

    def _received(self, vm_id: str, told: object) -> tuple[str, Receipt | HyperVReplicaError]:
        self._sent.pop(vm_id, None)
        return vm_id, told if isinstance(told, Receipt) else _trouble(told)

    def rest(self, seconds: float) -> None:
        """Sleep until the next round, but not beyond the deadline."""
        began = self.clock.now()
        left = (self.deadline - began).total_seconds()
        self.clock.rest(max(0.0, min(seconds, left)), self.stop)
        self.rested += self.clock.now() - began

    def dismiss(self) -> None:
        """Let no further request out, and send the threads home; one that is out is not waited for."""
        self.stop.set()
        for errands in self._errands.values():
            errands.put(None)

    def _next(self, enough: datetime | None) -> _Answer | None:
        """The next answer, or None when it is not waited for any longer."""
        while True:
            try:
                return self._answers.get(timeout=_TICK)
            except queue.Empty:
                self._mind_the_deadline()
                if enough is not None and self.clock.now() >= enough:
                    return None

    def _mind_the_deadline(self) -> None:
        if self.clock.now() >= self.deadline:
            raise TimedOut("the task's timeout has passed", next_move="Nothing was cancelled; run this again to go on")

    def _performing(self, errand: Errand) -> _Do:
        def perform(host: HostLike) -> Receipt:
            sent = self.clock.now()
            if sent >= self.deadline:
                raise TimedOut("the task's timeout has passed before this was sent", host=host.name)
            started = host.perform(errand.side, errand.step.method.value, errand.step.arguments)
            return Receipt(
                return_code=started.return_code, job_id=started.job_id, sent_at=sent, answered_at=self.clock.now()
            )

        return perform

    def _serve(self, key: HostKey, host: HostLike) -> None:
        for what, do in iter(self._errands[key].get, None):
            if self.stop.is_set():
                return
            try:
                answer: object = do(host)
            except Exception as error:  # handed to the main thread, which decides
                answer = error
            self._answers.put((key, what, answer))


_LOOK: Final = ""
_READ: Final = "read"


def _looking(question: Question | Glance) -> _Do:
    if isinstance(question, Glance):
        return lambda host: host.glance(question.known, question.parts, question.vm_ids)
    return lambda host: host.look(question.gather, question.vm_ids)


def _trouble(answer: object) -> HyperVReplicaError:
    """The error a thread met; one that is not ours is a fault of this collection and ends the run."""
    if isinstance(answer, HyperVReplicaError):
        return answer
    if isinstance(answer, BaseException):
        raise answer
    raise TypeError(f"a host thread answered with {type(answer).__name__}")
