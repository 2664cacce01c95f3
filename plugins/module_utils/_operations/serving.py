# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Carry out what was planned for a replica server: one call at a time, with a look before each."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final, Protocol

from ansible_collections.hyperv.replica.plugins.module_utils._errors import (
    HyperVReplicaError,
    NotAsPlanned,
    NotDelivered,
    OutcomeUnknown,
    TimedOut,
    TransportError,
    VerificationFailed,
)
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.calls import Arguments, Started
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import Side
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.returncodes import job_failure
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.server import ServerLook
from ansible_collections.hyperv.replica.plugins.module_utils._operations.clock import Clock
from ansible_collections.hyperv.replica.plugins.module_utils._operations.journal import Journal, Record
from ansible_collections.hyperv.replica.plugins.module_utils._operations.replica_server import (
    Change,
    WantedServer,
    bindings,
    plan,
)

#: How long the settings may lag behind the job that changed them, and a host that was heard before may be silent.
_GRACE: Final = timedelta(seconds=60)
_FIRST_PAUSE: Final = 0.25


class ServerHost(Protocol):
    """A host as it is used here; ``_hyperv.host.Host`` is the real one."""

    @property
    def name(self) -> str:
        """Its inventory name."""

    def look_at_server(self) -> ServerLook:
        """Read how it receives replication."""

    def change_server(self, method: str, arguments: Arguments) -> Started:
        """Call one method of it."""

    def perform(self, side: Side, method: str, arguments: Arguments) -> Started:
        """Call one method about a VM."""

    def job_errors(self, job_id: str) -> str:
        """What it says of a failed job."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A call that was sent, and what came of it: done, refused, failed or unknown."""

    change: Change
    started: datetime
    ended: datetime | None = None
    return_code: int | None = None
    job_id: str = ""
    outcome: str = "done"


@dataclass(slots=True, kw_only=True)
class ServerRun:
    """One run: what is wanted of which host, and what was done about it so far.

    Attributes:
        poll: the longest time between two looks, in seconds.
    """

    host: ServerHost
    wanted: WantedServer
    clock: Clock
    deadline: datetime
    stop: threading.Event
    journal: Journal
    poll: float = 5.0
    seen: ServerLook
    made: list[Made] = field(default_factory=list)
    _tries: dict[str, int] = field(default_factory=dict)

    def planned(self) -> tuple[Change, ...]:
        """All calls that lead on from the last look, and the ones that are always made."""
        return (*plan(self.seen, self.wanted, self.clock.now()), *bindings(self.seen, self.wanted))

    def go(self) -> None:
        """Make the calls, each decided on a new look; end when the host shows what is wanted.

        Raises:
            HyperVReplicaError: a call was refused or failed, or what it was to lead to is not shown.
        """
        foreseen = {change.method for change in self.planned()}
        self._rest()
        while changes := plan(self.seen, self.wanted, self.clock.now()):
            if changes[0].method not in foreseen:
                raise NotAsPlanned(
                    f"somebody else changed it: {changes[0].method} was not part of the plan",
                    kind="changed_by_other",
                    host=self.host.name,
                    next_move="Look at the replica server's settings, then run this again",
                )
            self._make(changes[0])
        for change in bindings(self.seen, self.wanted):
            self._make(change)

    def _make(self, change: Change) -> None:
        started = self.clock.now()
        self._note("asking", change)
        try:
            answer = self._call(change)
            self.made.append(Made(change=change, started=started, return_code=answer.return_code, job_id=answer.job_id))
            self._note("answered", change, return_code=answer.return_code, job_id=answer.job_id)
            self._finish(change, answer)
        except NotDelivered as silence:
            self._count(change, silence)
        except OutcomeUnknown as silence:
            self._end(change, started, silence, "unknown")
            if change.vm_id:  # nothing shows whether it was carried out, and nothing is sent twice
                raise
            self._rest()
            self._count(change, silence)
        except TimedOut:
            raise
        except HyperVReplicaError as refusal:
            failed = bool(self.made) and self.made[-1].started == started
            self._end(change, started, refusal, "failed" if failed else "refused")
            raise

    def _call(self, change: Change) -> Started:
        if change.vm_id:
            return self.host.perform(self.seen.vms[change.vm_id], change.method, change.arguments)
        return self.host.change_server(change.method, change.arguments)

    def _finish(self, change: Change, answer: Started) -> None:
        """Wait for the job, then until the host shows what it was to lead to."""
        self._wait(lambda seen: not _runs(seen, answer.job_id))
        job = next((job for job in self.seen.jobs if job.id.upper() == answer.job_id.upper()), None)
        if job is not None and not job.succeeded:
            said = self.host.job_errors(job.id) or job.error
            raise job_failure(replace(job, error=said), change.method, self.host.name, "")
        self.made[-1] = replace(self.made[-1], ended=self.clock.now())
        since = self.clock.now()
        while not change.vm_id and change in plan(self.seen, self.wanted, self.clock.now()):
            if self.clock.now() - since > _GRACE:
                raise VerificationFailed(
                    f"{change.method} was carried out, but the host does not show it: {change.why}",
                    host=self.host.name,
                    remedy="Read its Hyper-V-VMMS-Admin log, then run this again",
                )
            self._pause(1.0)
            self._look()

    def _rest(self) -> None:
        """Wait until nobody changes the replica server any more."""
        self._wait(lambda seen: not any(job.running for job in seen.jobs))

    def _wait(self, until: Callable[[ServerLook], bool]) -> None:
        pause = _FIRST_PAUSE
        self._look()
        while not until(self.seen):
            self._pause(pause)
            pause = min(pause * 1.5, self.poll)
            self._look()

    def _look(self) -> None:
        """Look; a host that was heard before is asked again for a while."""
        since = self.clock.now()
        while True:
            try:
                self.seen = self.host.look_at_server()
                return
            except TransportError:
                if self.clock.now() - since > _GRACE:
                    raise
            self._pause(1.0)

    def _pause(self, seconds: float) -> None:
        if self.clock.now() >= self.deadline:
            raise TimedOut(
                "the task's timeout has passed",
                host=self.host.name,
                next_move="Nothing was cancelled; run this again to go on",
            )
        self.clock.rest(seconds, self.stop)

    def _count(self, change: Change, trouble: HyperVReplicaError) -> None:
        """Four silences about the same call are enough."""
        self._tries[change.method] = self._tries.get(change.method, 0) + 1
        if self._tries[change.method] >= 4:
            raise trouble
        self._pause(1.0)

    def _end(self, change: Change, started: datetime, trouble: HyperVReplicaError, outcome: str) -> None:
        known = self.made.pop() if self.made and self.made[-1].started == started else None
        job_id, code = (known.job_id, known.return_code) if known else ("", trouble.code)
        self.made.append(
            Made(
                change=change,
                started=started,
                ended=self.clock.now(),
                return_code=code,
                job_id=job_id,
                outcome=outcome,
            )
        )
        event = "unknown" if outcome == "unknown" else "refused"
        self._note(event, change, return_code=code, job_id=job_id, detail=str(trouble))

    def _note(
        self, event: str, change: Change, *, return_code: int | None = None, job_id: str = "", detail: str = ""
    ) -> None:
        side = self.seen.vms.get(change.vm_id)
        self.journal.note(
            Record(
                run_id=self.journal.run_id,
                at=self.clock.now(),
                event=event,
                vm=side.vm_name if side else "",
                vm_id=change.vm_id,
                host=self.host.name,
                method=change.method,
                arguments=change.arguments,
                return_code=return_code,
                job_id=job_id,
                detail=detail or change.why,
            )
        )


def _runs(seen: ServerLook, job_id: str) -> bool:
    return any(job.running and job.id.upper() == job_id.upper() for job in seen.jobs)
