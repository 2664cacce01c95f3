# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What was asked of the hosts for one VM, and what came of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import Pair
from ansible_collections.hyperv.replica.plugins.module_utils._operations.plan import (
    Performed,
    Receipt,
    Step,
    answered,
)
from ansible_collections.hyperv.replica.plugins.module_utils._operations.waiting import Now


class Deeds:
    """The steps of one VM that were sent, each with how it ended, in the order in which they were sent."""

    def __init__(self, now: Now) -> None:
        self.all: list[Performed] = []
        self._now = now

    def note(self, step: Step, seen: Pair, started: datetime, receipt: Receipt) -> None:
        """It was taken; it has ended only when looks show so."""
        self.all.append(answered(step, seen.at(step.host).host, started, receipt))

    def note_outcome(self, step: Step, seen: Pair, started: datetime, outcome: str, *, code: int | None = None) -> None:
        """It was refused, failed, or nobody knows."""
        if self.all and self.all[-1].step is step and self.all[-1].ended is None:
            known = self.all.pop()
        else:
            known = Performed(step=step, host=seen.at(step.host).host, started=started)
        self.all.append(replace(known, ended=self._now(), return_code=code, outcome=outcome))

    def end(self) -> None:
        """What was waited for is there, so the last one has ended."""
        if self.all and self.all[-1].ended is None:
            self.all[-1] = replace(self.all[-1], ended=self._now())
