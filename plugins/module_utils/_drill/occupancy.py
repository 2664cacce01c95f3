# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What hosts have room for: transfers that they send or receive at the same time, and memory of what starts there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from ansible_collections.hyperv.replica.plugins.module_utils._operations.routes import HostKey

#: Something a host has only so much of: which way data goes, and the host.
Claim = tuple[str, HostKey]


class Occupancy:
    """What is taken of it, and what is left.

    Args:
        transfers: how many machines a host may send, and how many it may receive, at the same time; a host that is not
            named has no limit.
        memory: free bytes that may be used, by host; a host that is not named has no limit.
    """

    def __init__(
        self, transfers: Mapping[HostKey, int] | None = None, memory: Mapping[HostKey, int] | None = None
    ) -> None:
        self._transfers = dict(transfers or {})
        self._memory = dict(memory or {})
        self._taken: Counter[Claim] = Counter()
        self._of: dict[str, tuple[Claim, ...]] = {}

    def has_transfer(self, sender: HostKey | None, receiver: HostKey | None) -> bool:
        """Whether both ends have room for one more."""
        return all(
            self._taken[claim] < self._transfers.get(claim[1], self._taken[claim] + 1)
            for claim in _claims(sender, receiver)
        )

    def take_transfer(self, vm_id: str, sender: HostKey | None, receiver: HostKey | None) -> None:
        """Count one, until it is given back."""
        self.give_back(vm_id)
        self._of[vm_id] = _claims(sender, receiver)
        self._taken.update(self._of[vm_id])

    def give_back(self, vm_id: str) -> None:
        """The transfer of this machine has ended."""
        self._taken.subtract(self._of.pop(vm_id, ()))

    @property
    def free(self) -> Mapping[HostKey, int]:
        """Bytes that may be used now, by host."""
        return self._memory

    def has_memory(self, host: HostKey | None, wanted: int) -> bool:
        """Whether a machine of this size can start there."""
        return wanted <= self._memory.get(host, wanted)

    def take_memory(self, host: HostKey | None, wanted: int) -> None:
        """A machine of this size starts there, or one that ran there is gone where it is less than nothing."""
        if host in self._memory:
            self._memory[host] -= wanted


def _claims(sender: HostKey | None, receiver: HostKey | None) -> tuple[Claim, ...]:
    both: tuple[Claim, Claim] = (("sends", sender), ("receives", receiver))
    return tuple(claim for claim in both if claim[1] is not None)
