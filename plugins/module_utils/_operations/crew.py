# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The two host threads. They carry; whoever asks decides.

Each host has one daemon thread and one session. The stop event and the deadline are asked before every errand.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from ansible_collections.hyperv.replica.plugins.module_utils._errors import (
    HyperVReplicaError,
    TimedOut,
)
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.calls import Arguments, Started
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.looking import Gather, Look
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import End, Side
from ansible_collections.hyperv.replica.plugins.module_utils._operations.clock import Clock
from ansible_collections.hyperv.replica.plugins.module_utils._operations.plan import Receipt, Step

#: Asked for while waiting for an answer, so that a signal to the main thread is seen soon.
_TICK: Final = 0.5


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

    def perform(self, side: Side, method: str, arguments: Arguments) -> Started:
        """Call one method."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """One step of one VM, decided on the look that shows ``side``."""

    vm_id: str
    end: End
    step: Step
    side: Side


_Do = Callable[[HostLike], object]
_Answer = tuple[End, str, object]


class Crew:
    """Looks at both hosts at the same time, and sends to each what was decided."""

    def __init__(
        self,
        hosts: Mapping[End, HostLike],
        clock: Clock,
        *,
        deadline: datetime,
        stop: threading.Event | None = None,
    ) -> None:
        self.hosts = dict(hosts)
        self.clock = clock
        self.deadline = deadline
        self.stop = stop or threading.Event()
        self._errands: dict[End, queue.SimpleQueue[tuple[str, _Do] | None]] = {}
        self._answers: queue.SimpleQueue[_Answer] = queue.SimpleQueue()
        self._looking: set[End] = set()
        for end, host in self.hosts.items():
            self._errands[end] = queue.SimpleQueue()
            threading.Thread(
                target=self._serve, args=(end, host), daemon=True, name=f"hyperv.replica {end.value}"
            ).start()

    def look(
        self,
        gather: Mapping[End, Collection[Gather]],
        vm_ids: Collection[str] | None,
        *,
        patient_with: Collection[End] = (),
    ) -> dict[End, Look | HyperVReplicaError]:
        """Ask each host what it shows. An end in ``patient_with`` is asked too, but its answer is not waited for.

        Raises:
            TimedOut: the deadline passed.
        """
        self._mind_the_deadline()
        for end, wanted in gather.items():
            if end in self.hosts and end not in self._looking:
                self._looking.add(end)
                self._errands[end].put((_LOOK, _looking(wanted, vm_ids)))
        awaited = {end for end in gather if end in self.hosts and end not in patient_with}
        seen: dict[End, Look | HyperVReplicaError] = {}
        while awaited - seen.keys() or not self._answers.empty():
            end, what, answer = self._next()
            if what == _LOOK:
                self._looking.discard(end)
                seen[end] = answer if isinstance(answer, Look) else _trouble(answer)
        return seen

    def send(self, errands: Collection[Errand]) -> Iterator[tuple[str, Receipt | HyperVReplicaError]]:
        """Send each step once; give each VM's receipt or trouble as it comes.

        Raises:
            TimedOut: the deadline passed; what was sent may have been carried out.
        """
        for errand in errands:
            self._errands[errand.end].put((errand.vm_id, self._performing(errand)))
        missing = {errand.vm_id for errand in errands}
        while missing:
            end, what, answer = self._next()
            if what == _LOOK:
                self._looking.discard(end)
                continue
            missing.discard(what)
            yield what, answer if isinstance(answer, Receipt) else _trouble(answer)

    def rest(self, seconds: float) -> None:
        """Sleep until the next round, but not beyond the deadline."""
        left = (self.deadline - self.clock.now()).total_seconds()
        self.clock.rest(max(0.0, min(seconds, left)), self.stop)

    def dismiss(self) -> None:
        """Let no further request out, and send the threads home; one that is out is not waited for."""
        self.stop.set()
        for errands in self._errands.values():
            errands.put(None)

    def _next(self) -> _Answer:
        while True:
            try:
                return self._answers.get(timeout=_TICK)
            except queue.Empty:
                self._mind_the_deadline()

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

    def _serve(self, end: End, host: HostLike) -> None:
        for what, do in iter(self._errands[end].get, None):
            if self.stop.is_set():
                return
            try:
                answer: object = do(host)
            except Exception as error:  # handed to the main thread, which decides
                answer = error
            self._answers.put((end, what, answer))


_LOOK: Final = ""


def _looking(gather: Collection[Gather], vm_ids: Collection[str] | None) -> _Do:
    return lambda host: host.look(gather, vm_ids)


def _trouble(answer: object) -> HyperVReplicaError:
    """The error a thread met; one that is not ours is a fault of this collection and ends the run."""
    if isinstance(answer, HyperVReplicaError):
        return answer
    if isinstance(answer, BaseException):
        raise answer
    raise TypeError(f"a host thread answered with {type(answer).__name__}")
