# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How far many VMs are, in a line now and then: a line for each step of each would fill the screen for an hour."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

#: Between two lines. One that failed is told of at once.
PAUSE: Final = timedelta(seconds=15)
_BEGIN: Final = "not begun"
_ENDS: Final = ("done", "already there", "skipped", "failed")


class Tally:
    """Counts VMs by what they do, as the lines about them say.

    Args:
        vms: how many there are.
        display: takes a line.
    """

    def __init__(self, vms: int, now: Callable[[], datetime], display: Callable[[str], object]) -> None:
        self._vms, self._now, self._display = vms, now, display
        self._doing: dict[str, str] = {}
        self._told: datetime | None = None

    def show(self, key: str, head: str, line: str) -> None:
        """Take note of a line about a VM."""
        self._doing[key] = doing = activity(line)
        if doing == "failed":
            self._display(f"{head}: {line}")
        now, ended = self._now(), self._ended() == self._vms
        if ended or self._told is None or now - self._told >= PAUSE:
            self._told = now
            self._display(self.line())

    def line(self) -> str:
        """Who ended, and then what the others do, the most common first."""
        counted = Counter(self._doing.values())
        counted[_BEGIN] = self._vms - len(self._doing)
        ends = [f"{counted.pop(end)} {end}" for end in _ENDS if counted[end]]
        others = [f"{count} {doing}" for doing, count in counted.most_common() if count]
        return f"{self._ended()} of {self._vms} VMs through: {' | '.join([*ends, *others])}"

    def _ended(self) -> int:
        return sum(doing in _ENDS for doing in self._doing.values())


def activity(line: str) -> str:
    """What a VM does, without what tells it from others: the host, the percentage, the method."""
    what, _mark, why = line.partition(": ")
    if what in _ENDS:
        return what
    return (why or what).partition(" (")[0].partition(";")[0].removeprefix("waiting for ")
