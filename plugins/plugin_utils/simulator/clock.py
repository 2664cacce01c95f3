# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Simulated time: start, plus elapsed time at a rate, plus what was moved by hand."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta


class Clock:
    """A clock that can run fast, stand still (rate 0) or be moved forward by hand; it never goes back."""

    def __init__(self, start: datetime, *, rate: float = 1.0, wall: Callable[[], float] = time.monotonic) -> None:
        """Start at ``start``, an aware time.

        Args:
            start: the simulated time now.
            rate: simulated seconds per second of ``wall``.
            wall: seconds of the real world from any origin.
        """
        if start.tzinfo is None:
            raise ValueError("a simulated clock starts at a time with an offset")
        self._wall = wall
        self._base = start
        self._since = wall()
        self._rate = 0.0
        self.rate = rate

    def now(self) -> datetime:
        """The simulated time."""
        return self._base + timedelta(seconds=(self._wall() - self._since) * self._rate)

    @property
    def rate(self) -> float:
        """Simulated seconds per second; 0 means that time is moved by hand only."""
        return self._rate

    @rate.setter
    def rate(self, rate: float) -> None:
        if not 0 <= rate <= 1_000_000:
            raise ValueError(f"a clock rate is from 0 to 1000000, not {rate}")
        self._rebase()
        self._rate = rate

    def advance(self, by: timedelta) -> datetime:
        """Move the time forward and give it."""
        if by < timedelta():
            raise ValueError("simulated time does not go back")
        self._rebase()
        self._base += by
        return self._base

    def _rebase(self) -> None:
        self._base, self._since = self.now(), self._wall()
