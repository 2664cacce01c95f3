# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Transfers under way between hosts: no more at once than either host allows, and the others in the order they came.

KB 2767928 gives each host a number of transfers at once and says nothing of which count. Here all do whose bytes
replication moves: changes at each interval, the last ones before a planned failover, first copies, resynchronizations
and what a provider brings back. A host counts what it sends and what it receives each by itself (inferred).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol


class Site(Protocol):
    """A host, as far as traffic has to know it."""

    @property
    def active_transfers(self) -> int:
        """How many transfers it does at the same time, in each direction."""


@dataclass(eq=False, slots=True, kw_only=True)
class Passage:
    """One transfer, from the moment that somebody wants it until it is over.

    Attributes:
        sender, receiver: names of hosts.
        begin: called when it has its turn.
        asked: a client asked for it; what hosts send by themselves at each interval nobody did.
    """

    sender: str
    receiver: str
    begin: Callable[[], object] = field(repr=False)
    asked: bool = True
    under_way: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """How much of something a host was asked for at one moment, and how much it allows.

    Attributes:
        host: empty where it is of all hosts together.
        what: sends, receives, memory, operations or moving.
        wanted: transfers under way and waiting; MiB of memory; operations; VMs that hosts work at or that shut down,
            because a client asked for it.
        limit: 0 of what no host limits.
    """

    host: str
    what: str
    wanted: int
    limit: int

    @property
    def exceeded(self) -> bool:
        """More was wanted than there is."""
        return self.wanted > self.limit


@dataclass(slots=True)
class Traffic:
    """Every transfer that is under way or waits, and the most that was ever wanted.

    Attributes:
        note: told of each load as it comes to be.
        most: by host and what, the highest load there was.
    """

    note: Callable[[Load], None] = lambda load: None
    most: dict[tuple[str, str], Load] = field(default_factory=dict)
    _sites: dict[str, Site] = field(default_factory=dict)
    _passages: list[Passage] = field(default_factory=list)
    _moving: Counter[str] = field(default_factory=Counter)

    def begin(self, vm_guid: str) -> None:
        """A host works at a VM from now on because a client asked for it; nobody's work counts for no VM."""
        if vm_guid:
            self._moving[vm_guid] += 1
            self._measure_moving(self._moving[vm_guid] == 1)

    def end(self, vm_guid: str) -> None:
        """That work is over."""
        if vm_guid in self._moving:
            self._moving[vm_guid] -= 1
            over = not self._moving[vm_guid]
            if over:
                del self._moving[vm_guid]
            self._measure_moving(over)

    def enter(self, sender: tuple[str, Site], receiver: tuple[str, Site], passage: Passage) -> None:
        """Let a transfer begin, now or as soon as both hosts allow it."""
        self._sites |= dict((sender, receiver))
        self._passages.append(passage)
        if passage.asked:
            self._measure(passage.sender, "sends")
            self._measure(passage.receiver, "receives")
        self._go()

    def leave(self, passage: Passage | None) -> None:
        """A transfer is over, or nobody wants it any more; one that has left already changes nothing."""
        if passage in self._passages:
            self._passages.remove(passage)
            self._go()

    def load(self, load: Load) -> None:
        """Take note of a load of another kind, and tell of it."""
        self.keep(load)
        self.note(load)

    def keep(self, load: Load) -> None:
        """Remember a load where it is the highest of its kind."""
        known = self.most.get((load.host, load.what))
        if known is None or load.wanted > known.wanted:
            self.most[load.host, load.what] = load

    def waiting(self) -> int:
        """How many transfers wait for their turn."""
        return sum(not passage.under_way for passage in self._passages)

    def _go(self) -> None:
        for passage in [*self._passages]:
            if not passage.under_way and passage in self._passages and self._allowed(passage):
                passage.under_way = True
                passage.begin()

    def _allowed(self, passage: Passage) -> bool:
        under_way = [one for one in self._passages if one.under_way]
        sent = sum(one.sender == passage.sender for one in under_way)
        received = sum(one.receiver == passage.receiver for one in under_way)
        return sent < self._limit(passage.sender) and received < self._limit(passage.receiver)

    def _limit(self, host: str) -> int:
        return self._sites[host].active_transfers

    def _measure_moving(self, changed: bool) -> None:
        if changed:
            self.load(Load(host="", what="moving", wanted=len(self._moving), limit=0))

    def _measure(self, host: str, what: str) -> None:
        asked = [one for one in self._passages if one.asked]
        wanted = sum((one.sender if what == "sends" else one.receiver) == host for one in asked)
        self.load(Load(host=host, what=what, wanted=wanted, limit=self._limit(host)))
