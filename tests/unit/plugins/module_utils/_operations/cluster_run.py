# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whole runs of operations where an end, or both, is a cluster: A1 and A2, B1 and B2, or a host alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.machines import Vm
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.world import Host as SimulatedHost
from ansible_collections.hyperv.replica.tests.unit.plugins.module_utils._operations.estate_run import (
    Site,
    guid,
    host,
    vm,
)


def cluster_estate(clustered: str = "AB", **cluster: Any) -> dict[str, Any]:
    """An estate whose sides A and B are clusters of two nodes where they are named, and hosts alone where not."""
    names = {side: [f"{side}1", f"{side}2"] if side in clustered else [side] for side in "AB"}
    points = {side: f"HVR-{side}" if side in clustered else side for side in "AB"}
    hosts = [host(name, points["B" if side == "A" else "A"]) for side in "AB" for name in names[side]]
    clusters = [
        {
            "name": f"HVC-{side}",
            "fqdn": f"hvc-{side.lower()}.example.test",
            "broker": f"hvr-{side.lower()}.example.test",
            "nodes": names[side],
            **cluster.get(side, {}),
        }
        for side in clustered
    ]
    pair = vm(primary=names["A"][0], replica=names["B"][0])
    return {"schema_version": 1, "hosts": hosts, "clusters": clusters, "replicated": [pair]}


class ClusterSite(Site):
    """A simulated estate with clusters, and runs of tasks on it that know all their nodes."""

    def __init__(
        self,
        clustered: str | Mapping[str, Any] = "AB",
        /,
        *,
        cluster: Mapping[str, Any] | None = None,
        **switches: str,
    ) -> None:
        plain = cluster_estate(clustered, **(cluster or {})) if isinstance(clustered, str) else clustered
        super().__init__(plain, **switches)
        self.nodes = {side: tuple(name for name in self.world.hosts if name.startswith(side)) for side in "AB"}

    def a(self, number: int = 1) -> Vm:
        """The copy of the n-th VM on whichever node of A has it."""
        return self.at("A").vms[guid(number)]

    def b(self, number: int = 1) -> Vm:
        """The copy of the n-th VM on whichever node of B has it."""
        return self.at("B").vms[guid(number)]

    def at(self, side: str) -> SimulatedHost:
        """The host of this side that has the VM."""
        return next(self.world.hosts[name] for name in self.nodes[side] if guid(1) in self.world.hosts[name].vms)

    def move(self, side: str) -> None:
        """Move the VM to the other node of a side."""
        here = self.at(side)
        to = next(name for name in self.nodes[side] if name != here.name)
        self.act("move_group", host=here.name, vm=guid(1), to=to)

    def hosts_of(self, side: str) -> tuple[str, ...]:
        """The nodes of a cluster, or the one host."""
        return self.nodes[side]
