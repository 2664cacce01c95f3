# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What each VM of a run asks for, and since when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ansible_collections.hyperv.replica.plugins.module_utils._operations.plan import Step, Talk, Wait


@dataclass(slots=True)
class Wish:
    """What a VM's talk asked for last, since when, and whether a step of it is outstanding.

    Attributes:
        away: a step was sent and is not answered yet.
        looked_at: when a whole look showed it last.
    """

    talk: Talk
    what: Step | Wait
    since: datetime
    looked_at: datetime
    outstanding: bool = False
    away: bool = False
    begun: bool = False

    @property
    def deadline(self) -> datetime | None:
        """Until when it can wait: for its turn, or for what it waits for; None where only the task's time limits it."""
        allowed = self.what.limit if isinstance(self.what, Wait) else self.what.turn_within
        return None if allowed is None or self.away else self.since + allowed

    def is_late(self, now: datetime) -> bool:
        """Whether it has waited for as long as it may."""
        return self.deadline is not None and now >= self.deadline
