# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What people read of a run while it goes on, and what the journal keeps of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from ansible_collections.hyperv.replica.plugins.module_utils._errors import HyperVReplicaError, TransportError
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import Pair
from ansible_collections.hyperv.replica.plugins.module_utils._operations import needs
from ansible_collections.hyperv.replica.plugins.module_utils._operations.journal import Journal, Record
from ansible_collections.hyperv.replica.plugins.module_utils._operations.plan import Outcome, Receipt, Step, Wait
from ansible_collections.hyperv.replica.plugins.module_utils._operations.waiting import running_jobs

Report = Callable[[str, str], None]


class Teller:
    """Tells of each VM what changes about it.

    Args:
        report: told a VM's GUID and a line when something about it changes.
    """

    def __init__(self, journal: Journal, report: Report, now: Callable[[], datetime]) -> None:
        self._journal, self._report, self._now = journal, report, now
        self._said: dict[str, str] = {}

    def waiting(self, vm_id: str, wait: Wait, pair: Pair) -> None:
        """Say what a VM waits for, once."""
        if not needs.worth_telling(wait.until, pair):
            return
        jobs = ", ".join(f"{host}: job {job.percent} %" for host, job in running_jobs(pair))
        line = f"waiting for {wait.what}" + (f" ({jobs})" if jobs else "")
        if line != self._said.get(vm_id):
            self._said[vm_id] = line
            self._report(vm_id, line)

    def ended(self, vm_id: str, pair: Pair, outcome: Outcome) -> None:
        """Say how it went with a VM."""
        word = "failed" if outcome.error else "skipped" if outcome.skipped else "done"
        if outcome.already_there:
            word = "already there"
        detail = str(outcome.error) if outcome.error else word
        self._journal.note(replace(self._record("finished", vm_id, pair), detail=detail))
        self._report(vm_id, f"{word}: {outcome.error}" if outcome.error else word)

    def asking(self, vm_id: str, pair: Pair, step: Step) -> None:
        """Say which step a host is asked for; what changes nothing is not written down."""
        if step.method.mutates:
            self._journal.note(self._record("asking", vm_id, pair, step))
        self._report(vm_id, f"{step.method.value} on {pair.at(step.host).host}: {step.why}")

    def answered(self, vm_id: str, pair: Pair, step: Step, answer: Receipt | HyperVReplicaError) -> None:
        """Write down what came of it."""
        if isinstance(answer, Receipt):
            known = self._record("answered", vm_id, pair, step)
            self._journal.note(replace(known, return_code=answer.return_code, job_id=answer.job_id))
        else:
            event = "unknown" if isinstance(answer, TransportError) else "refused"
            known = self._record(event, vm_id, pair, step)
            self._journal.note(replace(known, return_code=answer.code, detail=str(answer)))

    def _record(self, event: str, vm_id: str, pair: Pair, step: Step | None = None) -> Record:
        return Record(
            run_id=self._journal.run_id,
            at=self._now(),
            event=event,
            vm=pair.vm_name,
            vm_id=vm_id,
            host=pair.at(step.host).host if step else "",
            method=step.method.value if step else "",
            arguments=dict(step.arguments) if step else {},
        )
