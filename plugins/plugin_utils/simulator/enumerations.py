# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Enumerations under way: what is left of each, how much of it goes into one reply, and when it is forgotten."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.faults import Fault

#: EnumerationTimeoutms of a modern host (a recorded configuration; Microsoft's text says 60 s).
LIFETIME: Final = timedelta(milliseconds=240_000)
#: MaxBatchItems of the same configuration.
MAX_BATCH: Final = 32000
#: What an envelope has around its items, the longest names of hosts included.
_AROUND: Final = 1500
#: Contexts kept at once; the oldest goes first.
_MOST: Final = 1500


@dataclass(frozen=True, slots=True)
class Page:
    """Part of an enumeration; ``context`` is empty when nothing is left."""

    items: Sequence[str]
    context: str


@dataclass(frozen=True, slots=True)
class _Rest:
    items: Sequence[str]
    until: datetime


class Enumerations:
    """The contexts a service has given out. Each is good for one Pull: the next page has a new one."""

    def __init__(self, new_id: Callable[[], str]) -> None:
        """Name contexts by ``new_id``."""
        self._new_id = new_id
        self._open: dict[str, _Rest] = {}

    def keep(self, items: Sequence[str], now: datetime) -> str:
        """A context for these items."""
        self._forget(now)
        context = f"uuid:{self._new_id()}"
        self._open[context] = _Rest(items, now + LIFETIME)
        return context

    def pull(self, context: str, now: datetime, *, most: int, size: int) -> Page:
        """The next page of a context: at most so many items, in about half of ``size``.

        Raises:
            Fault: the context is not known any more.
        """
        self._forget(now)
        rest = self._open.pop(context, None)
        if rest is None:
            raise Fault("context")
        return self.page(rest.items, now, most=most, size=size)

    def page(self, items: Sequence[str], now: datetime, *, most: int, size: int) -> Page:
        """The first page of these items, and a context for the others.

        Raises:
            Fault: the first item alone is larger than an envelope may be.
        """
        count = fitting(items, most=most, size=size)
        left = items[count:]
        return Page(items[:count], self.keep(left, now) if left else "")

    def release(self, context: str, now: datetime) -> None:
        """Forget a context.

        Raises:
            Fault: it is not known any more.
        """
        self._forget(now)
        if self._open.pop(context, None) is None:
            raise Fault("context")

    def _forget(self, now: datetime) -> None:
        late = [context for context, rest in self._open.items() if rest.until <= now]
        surplus = list(self._open)[: max(0, len(self._open) - _MOST)]
        for context in {*late, *surplus}:
            del self._open[context]


def fitting(items: Sequence[str], *, most: int, size: int) -> int:
    """How many items go into a reply: at least one, and together about half of ``size``.

    Half, because a page of 75 KB was recorded under a limit of 150 KB: the limit counts UTF-16.

    Raises:
        Fault: the first item alone is larger than an envelope may be.
    """
    used = 0
    for count, item in enumerate(items[: max(1, min(most, MAX_BATCH))]):
        used += len(item.encode())
        if count == 0 and used + _AROUND > size:
            raise Fault("item_too_large")
        if count and used > size // 2:
            return count
    return min(len(items), max(1, min(most, MAX_BATCH)))
