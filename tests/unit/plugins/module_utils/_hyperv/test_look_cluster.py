# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The cluster of a host as it is read: from a simulated node, and from answers as other hosts may give them."""

from __future__ import annotations

from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.cluster import Cluster, NodeState, RoleState
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.looking import Gather
from ansible_collections.hyperv.replica.tests.unit.plugins.module_utils._operations.cluster_run import ClusterSite
from ansible_collections.hyperv.replica.tests.unit.plugins.module_utils._operations.estate_run import (
    Run,
    SimulatedClock,
    guid,
)


def read(site: ClusterSite, node: str) -> tuple[Cluster | None, int]:
    """The cluster as a host shows it, and in how many exchanges it and the state were read."""
    host = site._host(node, Run(), SimulatedClock(site))
    cluster = host.look({Gather.CLUSTER}).facts.cluster
    return cluster, host.exchanges


def test_a_node_tells_its_cluster_in_four_exchanges_beside_the_state() -> None:
    site = ClusterSite(cluster={"A": {"groups": [{"vm": "VM001", "shutdown_action": "fail", "persistent": False}]}})
    site.act("power_loss", host="A2")
    cluster, exchanges = read(site, "A1")
    assert cluster is not None
    assert exchanges == 3 + 4
    assert (cluster.name, cluster.fqdn, cluster.broker) == ("HVC-A", "hvc-a.example.test", "hvr-a.example.test")
    assert [(node.name, node.state) for node in cluster.nodes] == [("A1", NodeState.UP), ("A2", NodeState.DOWN)]
    assert cluster.node_names == ("A1.example.test", "A2.example.test")
    role = cluster.roles[guid(1)]
    assert (role.name, role.owner, role.state) == ("VM001", "A1", RoleState.ONLINE)
    assert (role.restarts, role.persistent) == (True, False)


def test_a_host_that_is_no_node_costs_one_exchange_and_is_not_asked_again() -> None:
    site = ClusterSite("A")
    host = site._host("B", Run(), SimulatedClock(site))
    assert host.look({Gather.CLUSTER}).facts.cluster is None
    first = host.exchanges
    host.look({Gather.CLUSTER})
    assert (first, host.exchanges - first) == (4, 3)


def test_roles_move_with_their_vms() -> None:
    site = ClusterSite()
    site.move("A")
    for node in ("A1", "A2"):
        cluster, _exchanges = read(site, node)
        assert cluster is not None
        assert cluster.roles[guid(1)].owner == "A2"


def test_names_lead_to_the_cluster_by_its_broker_and_its_nodes() -> None:
    cluster, _exchanges = read(ClusterSite(), "A1")
    assert cluster is not None
    led = [cluster.answers_to(name) for name in ("hvr-a.example.test", "HVR-A", "a2.example.test", "b1.example.test")]
    assert led == [True, True, True, False]


def test_a_resource_that_does_not_tell_its_vm_is_found_among_the_clustered_vms() -> None:
    site = ClusterSite(cluster_properties="null")
    cluster, exchanges = read(site, "A1")
    assert cluster is not None
    assert exchanges == 3 + 5
    assert guid(1) in cluster.roles
    assert cluster.all_told
