# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The log of all requests: what was asked by whom, and what became of it; never credentials, never envelopes."""

from __future__ import annotations

import json
import os
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Final, TextIO

#: How many entries are kept in memory; a failback of 300 VMs stays well below.
KEPT: Final = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of the log.

    Attributes:
        kind: ``request`` for an envelope, ``sign_in`` for what came before one, ``mark`` for a note by control,
            ``load`` where a client lets a host send, receive or hold more at once, or hosts work at more or fewer
            VMs than before.
        vm: GUID of the VM concerned, where one is named.
        executed: the host acted on it, whatever the caller heard of that.
        status: HTTP status; 0 where the connection was cut instead of an answer.
        trouble: the kind of trouble that struck it.
        note: the text of a mark; what a load is of.
        wanted: of a load, how much is wanted now; of a request, how many of its user the host works at, with it.
        limit: how much of that there is; 0 where nobody says.
    """

    kind: str
    host: str = ""
    scheme: str = ""
    principal: str = ""
    action: str = ""
    class_name: str = ""
    method: str = ""
    vm: str = ""
    mutating: bool = False
    executed: bool = False
    status: int = 0
    bytes_in: int = 0
    bytes_out: int = 0
    message_id: str = ""
    items: int = 0
    trouble: str = ""
    note: str = ""
    wanted: int = 0
    limit: int = 0


class RequestLog:
    """Entries in order, numbered from 1; each with simulated and wall time."""

    def __init__(self, simulated: Callable[[], datetime], path: Path | None = None) -> None:
        """Keep the log in memory and, where a path is given, append it there as JSON lines."""
        self._simulated = simulated
        self._entries: deque[dict[str, Any]] = deque(maxlen=KEPT)
        self._number = 0
        self._lock = threading.Lock()
        self._stream = _opened(path) if path else None

    def add(self, entry: Entry) -> int:
        """Append an entry and give its number."""
        times = {"at": self._simulated().isoformat(), "wall": datetime.now(timezone.utc).isoformat()}
        with self._lock:
            self._number += 1
            line = {"number": self._number, **times, **asdict(entry)}
            self._entries.append(line)
            if self._stream is not None:
                self._stream.write(json.dumps(line, ensure_ascii=False) + "\n")
                self._stream.flush()
            return self._number

    def after(self, number: int) -> list[dict[str, Any]]:
        """Entries with a higher number, oldest first."""
        with self._lock:
            return [entry for entry in self._entries if entry["number"] > number]


def _opened(path: Path) -> TextIO:
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "w", encoding="utf-8")
