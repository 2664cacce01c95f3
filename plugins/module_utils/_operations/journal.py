# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What was done when on which host, as values; who writes them down is another's business."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from ansible_collections.hyperv.replica.plugins.module_utils._operations.plan import Plain


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One line of a run's journal.

    Attributes:
        event: planned, asking, answered, refused, unknown, finished.
        detail: what else a reader has to know, in words.
    """

    run_id: str
    at: datetime
    event: str
    vm: str
    vm_id: str
    host: str = ""
    method: str = ""
    arguments: Mapping[str, Plain] = field(default_factory=dict)
    return_code: int | None = None
    job_id: str = ""
    detail: str = ""


#: Writes a record so that it survives the run; called before each mutating send and after each answer.
Write = Callable[[Record], None]


class Journal:
    """Gathers the records of a run and hands each on as it is made."""

    def __init__(self, run_id: str, write: Write | None = None) -> None:
        self.run_id = run_id
        self.records: list[Record] = []
        self._write = write

    def note(self, record: Record) -> None:
        self.records.append(record)
        if self._write is not None:
            self._write(record)
