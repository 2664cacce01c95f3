# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where the two ends of each VM are looked for: on one host each, or on the nodes of a cluster."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping
from dataclasses import dataclass, field

from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import End

#: What a run calls a host by: the end that it is, where all VMs have the same two; else its inventory name.
HostKey = Hashable

#: The hosts of each end. Where there are several, they are the nodes of one cluster, and the VM is on one of them.
Ends = Mapping[End, tuple[HostKey, ...]]


@dataclass(frozen=True, slots=True)
class Routes:
    """The hosts of each VM's ends.

    Attributes:
        of: by GUID.
        otherwise: of a VM that has none of its own.
    """

    of: Mapping[str, Ends] = field(default_factory=dict)
    otherwise: Ends = field(default_factory=lambda: {end: (end,) for end in End})

    def at(self, vm_id: str, end: End) -> tuple[HostKey, ...]:
        """The hosts on which this end of a VM is looked for."""
        return self.of.get(vm_id, self.otherwise).get(end, ())

    def shares(self, vm_ids: Collection[str] | None) -> dict[HostKey, dict[End, list[str]]]:
        """Which ends of which VMs each host holds; of every VM and host that is known when None is asked for."""
        shares: dict[HostKey, dict[End, list[str]]] = {}
        if vm_ids is None:
            _share(shares, self.otherwise, [])
        for vm_id in self.of if vm_ids is None else vm_ids:
            _share(shares, self.of.get(vm_id, self.otherwise), [vm_id])
        return shares


def _share(shares: dict[HostKey, dict[End, list[str]]], ends: Ends, vm_ids: list[str]) -> None:
    for end, hosts in ends.items():
        for host in hosts:
            shares.setdefault(host, {}).setdefault(end, []).extend(vm_ids)
