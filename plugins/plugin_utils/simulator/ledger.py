# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What really was lost, and when two copies of one VM ran: measured, never assumed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.machines import Counters, Vm


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """Writes that no copy of the VM holds any more.

    Attributes:
        host: whose copy lost them last.
        by: the method or deed that destroyed them.
        origin: the host on which the guest had made them.
    """

    when: datetime
    host: str
    vm: str
    guid: str
    by: str
    origin: str
    count: int


@dataclass(slots=True, kw_only=True)
class SplitBrain:
    """Two or more copies of one VM that ran at one moment; ``ended`` is None while they still do."""

    guid: str
    hosts: list[str]
    began: datetime
    ended: datetime | None = None


@dataclass(slots=True)
class Ledger:
    """Readable at any time; only the world writes in it."""

    losses: list[Loss] = field(default_factory=list)
    split_brains: list[SplitBrain] = field(default_factory=list)

    def lost(self, guid: str = "") -> int:
        """How many writes were lost, of one VM or of all."""
        return sum(loss.count for loss in self.losses if guid.upper() in ("", loss.guid))

    def overwritten(
        self, when: datetime, host: str, vm: Vm, before: Sequence[Counters], kept: Sequence[Sequence[Counters]], by: str
    ) -> None:
        """Note what of ``before``, disk by disk, is in none of the contents that are kept."""
        gone: Counters = {}
        for number, held in enumerate(before):
            for origin, count in held.items():
                best = max((disks[number].get(origin, 0) for disks in kept if number < len(disks)), default=0)
                gone[origin] = gone.get(origin, 0) + max(0, count - best)
        for origin, count in gone.items():
            if count:
                loss = Loss(when=when, host=host, vm=vm.name, guid=vm.guid, by=by, origin=origin, count=count)
                self.losses.append(loss)

    def watch(self, now: datetime, running: Mapping[str, Sequence[str]]) -> None:
        """Note which VMs run on more than one host now."""
        for entry in self.split_brains:
            if entry.ended is None and len(running.get(entry.guid, ())) < 2:
                entry.ended = now
        lasting = {entry.guid: entry for entry in self.split_brains if entry.ended is None}
        for guid, hosts in running.items():
            if guid in lasting:
                lasting[guid].hosts = sorted({*lasting[guid].hosts, *hosts})
            elif len(hosts) > 1:
                self.split_brains.append(SplitBrain(guid=guid, hosts=sorted(hosts), began=now))
