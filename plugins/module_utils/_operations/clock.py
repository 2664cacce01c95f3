# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Time as it is handed in; a test hands in another one."""

from __future__ import annotations

import threading
import time
from datetime import datetime, timezone
from typing import Protocol


class Clock(Protocol):
    """What the scheduler asks of time."""

    def now(self) -> datetime:
        """The time, aware and in UTC; it never goes back."""

    def rest(self, seconds: float, stop: threading.Event) -> None:
        """Sleep, but wake at once when ``stop`` is set."""


class WallClock:
    """The controller's clock, read once and carried on by the monotonic one, so that a set clock moves no deadline."""

    def __init__(self) -> None:
        self._monotonic = time.monotonic
        self._offset = time.time() - time.monotonic()

    def now(self) -> datetime:
        return datetime.fromtimestamp(self._offset + self._monotonic(), tz=timezone.utc)

    def rest(self, seconds: float, stop: threading.Event) -> None:
        stop.wait(seconds)
