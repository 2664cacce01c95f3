# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Failover clusters of the simulated estate: what their nodes show, and what the cluster does by itself."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.states import (
    Power,
    ReplicationMode,
    ReplicationState,
)
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.catalogue import Instance, find_class
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.clustered import GroupState
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.estate import from_estate, to_estate
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.identities import Sight
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.machines import Vm
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.section import EstateError
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.service import Service
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.views import instances
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.world import Host
from ansible_collections.hyperv.replica.tests.unit.plugins.plugin_utils.simulator.bench import (
    COMPUTER,
    GUID,
    START,
    Bench,
    host,
    pair,
)
from ansible_collections.hyperv.replica.tests.unit.plugins.plugin_utils.simulator.envelopes import (
    enumerate_,
    optimised,
    soap_body,
)
from ansible_collections.hyperv.replica.tests.unit.plugins.plugin_utils.simulator.envelopes import instances as listed


def clustered(**more: object) -> dict[str, Any]:
    """A cluster of A1 and A2 with a broker, whose VM replicates to the single host B."""
    nodes = [host(name, "B") for name in ("A1", "A2")]
    cluster = {"name": "HVC", "fqdn": "hvc.example.test", "broker": "hvr.example.test", "nodes": ["A1", "A2"], **more}
    return {
        "schema_version": 1,
        "hosts": [*nodes, host("B", "HVR")],
        "clusters": [cluster],
        "replicated": [pair(primary="A1")],
    }


class Nodes(Bench):
    """A bench whose VM is on a cluster."""

    @property
    def home(self) -> Host:
        """The node that has the VM."""
        return next(self.world.hosts[name] for name in ("A1", "A2") if GUID in self.world.hosts[name].vms)

    @property
    def vm(self) -> Vm:
        return self.home.vms[GUID]

    @property
    def group(self) -> GroupState:
        """State of the VM's group."""
        return self.world.clusters["HVC"].groups[GUID].state

    def shown(self, class_name: str, node: str = "A1", namespace: str = "root/mscluster") -> list[Instance]:
        """What a node shows of a class."""
        of = find_class(namespace, class_name)
        assert of is not None
        return list(instances(Sight(self.world, self.world.hosts[node]), of))


def site(**more: Any) -> Nodes:
    switches = more.pop("switches", {})
    return Nodes(clustered(**more), **switches)


def test_a_pair_on_a_cluster_names_the_broker_as_connection_point_and_the_node_as_host() -> None:
    settings = site().vm.relationship.settings
    assert (settings.primary_connection_point, settings.primary_host_system) == ("hvr.example.test", "a1.example.test")
    assert settings.recovery_connection_point == "b.example.test"


def test_every_node_shows_the_cluster_its_nodes_and_who_owns_the_group() -> None:
    bench = site()
    bench.world.act("move_group", host="A1", vm="SQL01", to="A2")
    for node in ("A1", "A2"):
        assert [one.value("Fqdn") for one in bench.shown("MSCluster_Cluster", node)] == ["hvc.example.test"]
        assert [one.value("Name") for one in bench.shown("MSCluster_Node", node)] == ["A1", "A2"]
        mine = [one for one in bench.shown("MSCluster_ResourceGroup", node) if one.value("GroupType") == 111]
        assert [(one.value("Name"), one.value("OwnerNode"), one.value("State")) for one in mine] == [("SQL01", "A2", 0)]


def test_the_resource_of_a_vm_tells_its_guid_in_its_private_properties() -> None:
    found = [one for one in site().shown("MSCluster_Resource") if one.value("Type") == "Virtual Machine"]
    assert [one.value("PrivateProperties").value("VmID") for one in found] == [GUID.lower()]
    assert [one.value("OwnerGroup") for one in found] == ["SQL01"]


def test_a_group_is_linked_to_its_node_and_its_resources() -> None:
    bench = site()
    active = {
        one.value("PartComponent").key("Name"): one.value("GroupComponent").key("Name")
        for one in bench.shown("MSCluster_NodeToActiveGroup")
    }
    assert active["SQL01"] == "A1"
    parts = [
        one.value("PartComponent").key("Name")
        for one in bench.shown("MSCluster_ResourceGroupToResource")
        if one.value("GroupComponent").key("Name") == "SQL01"
    ]
    assert parts == ["Virtual Machine SQL01", "Virtual Machine Configuration SQL01"]


def test_the_clustered_vms_are_listed_on_every_node_without_the_others() -> None:
    bench = site()
    bench.world.act("move_group", host="A1", vm="SQL01", to="A2")
    seen = bench.shown("Msvm_ComputerSystem", "A1", "root/hypervcluster/v2")
    assert [one.value("Name") for one in seen] == [GUID]
    bench.world.act("remove_group", host="A2", vm="SQL01")
    assert bench.shown("Msvm_ComputerSystem", "A1", "root/hypervcluster/v2") == []


@pytest.mark.parametrize("namespace", ["root/mscluster", "root/hypervcluster/v2"])
def test_a_host_that_is_no_node_has_no_such_namespace(namespace: str) -> None:
    bench = site()
    name = "MSCluster_Node" if namespace == "root/mscluster" else "Msvm_ComputerSystem"
    asked = enumerate_(name, optimised(), uri=f"http://schemas.microsoft.com/wbem/wsman/1/wmi/{namespace}").encode()
    answers = {node: Service(bench.world, node).answer(asked, principal="admin") for node in ("A1", "B")}
    assert len(listed(soap_body(answers["A1"]))) == (2 if name == "MSCluster_Node" else 1)
    assert answers["B"].status == 500
    assert str(0x8004100E).encode() in answers["B"].body


def test_a_node_without_the_vm_knows_no_such_vm() -> None:
    bench = site()
    other = {"CreationClassName": COMPUTER, "Name": GUID}
    answer = bench.call("A2", COMPUTER, other, "RequestStateChange", {"RequestedState": 3})
    assert answer.return_value == 32777


def test_a_running_vm_moves_with_its_writes_and_goes_on_replicating_from_the_other_node() -> None:
    bench = site()
    bench.wait(30)
    bench.world.act("move_group", host="A1", vm="SQL01", to="A2")
    bench.wait(700)
    assert bench.vm.power is Power.RUNNING
    assert bench.vm.state is ReplicationState.REPLICATING
    assert set(bench.b.writes) >= {"A1", "A2"}
    assert bench.b.relationship.settings.primary_host_system == "a2.example.test"
    assert bench.world.ledger.lost() == 0


def test_the_vms_of_a_lost_node_start_on_another_one() -> None:
    bench = site()
    bench.world.act("power_loss", host="A1")
    bench.wait(60)
    assert bench.home.name == "A2"
    assert bench.vm.power is Power.RUNNING
    assert bench.group is GroupState.ONLINE
    bench.world.act("power_return", host="A1")
    bench.wait(60)
    assert bench.home.name == "A2"
    assert len(bench.world.ledger.split_brains) == 0


def test_a_vm_that_was_off_is_moved_from_a_lost_node_and_stays_off() -> None:
    bench = site()
    bench.world.act("turn_off_vm", host="A1", vm="SQL01")
    bench.world.act("power_loss", host="A1")
    bench.wait(60)
    assert (bench.home.name, bench.vm.power) == ("A2", Power.OFF)


def test_an_orderly_restart_of_a_node_moves_its_running_vms_first() -> None:
    bench = site()
    before = bench.vm.powered_on
    bench.world.act("host_restart", host="A1")
    assert (bench.home.name, bench.vm.power, bench.vm.powered_on) == ("A2", Power.RUNNING, before)


def test_without_another_node_the_cluster_starts_a_vm_when_its_node_is_back() -> None:
    bench = site()
    bench.world.act("power_loss", host="A2")
    bench.world.act("power_loss", host="A1")
    bench.wait(60)
    bench.world.act("power_return", host="A1")
    bench.wait(60)
    assert (bench.home.name, bench.vm.power) == ("A1", Power.RUNNING)


def test_by_default_a_vm_that_is_shut_down_from_outside_the_cluster_stays_off() -> None:
    bench = site()
    bench.world.act("turn_off_vm", host="A1", vm="SQL01")
    bench.wait(60)
    assert (bench.vm.power, bench.group) == (Power.OFF, GroupState.OFFLINE)


def test_with_shutdown_action_fail_the_cluster_starts_it_again() -> None:
    bench = site(groups=[{"vm": "SQL01", "shutdown_action": "fail", "restart_seconds": 5}])
    bench.world.act("turn_off_vm", host="A1", vm="SQL01")
    assert bench.group is GroupState.FAILED
    bench.wait(10)
    assert (bench.vm.power, bench.group) == (Power.RUNNING, GroupState.ONLINE)


def test_a_prepared_primary_is_not_started_by_its_cluster() -> None:
    bench = site(groups=[{"vm": "SQL01", "shutdown_action": "fail"}])
    bench.world.act("turn_off_vm", host="A1", vm="SQL01")
    bench.world.act("set_replication", host="A1", vm="SQL01", state="synced")
    bench.wait(60)
    assert (bench.vm.power, bench.group) == (Power.OFF, GroupState.FAILED)


def test_a_group_taken_offline_saves_its_vm_and_is_not_started_by_itself() -> None:
    bench = site()
    bench.world.act("take_group_offline", host="A1", vm="SQL01")
    bench.wait(60)
    assert (bench.vm.power, bench.group) == (Power.SAVED, GroupState.OFFLINE)


@pytest.mark.parametrize("answer", ["32768", "32775", "failed_job"])
def test_a_vm_that_is_not_highly_available_does_not_replicate_on_a_node(answer: str) -> None:
    bench = site(not_highly_available=["SQL01"], switches={"not_highly_available": answer})
    result = bench.request("A1", 7)
    refused = 4096 if answer == "failed_job" else int(answer)
    assert result.return_value == refused
    bench.wait(30)
    assert bench.vm.state is ReplicationState.REPLICATING
    assert bench.power("A1", 3).return_value == 4096


def test_a_replica_created_through_a_broker_is_highly_available() -> None:
    plain = clustered()
    plain["replicated"] = []
    lone = {"name": "NEW01", "guid": GUID, "disks": [{"size": "1 GiB"}]}
    plain["hosts"][2] = host("B", "HVR", vms=[lone])
    plain["hosts"][0]["replica_server"] = {"authorize": [{"primary": "b.example.test"}]}
    bench = Nodes(plain)
    settings = bench.settings(
        "B", RecoveryConnectionPoint="hvr.example.test", RecoveryServerPortNumber="80", AuthenticationType="1"
    )
    assert bench.done(bench.ask("B", "CreateReplicationRelationship", {"ReplicationSettingData": settings})) == 0
    assert bench.vm.mode is ReplicationMode.REPLICA
    assert GUID in bench.world.clusters["HVC"].groups


def test_an_estate_with_a_cluster_is_written_as_it_is_read() -> None:
    bench = site(groups=[{"vm": "SQL01", "shutdown_action": "fail"}])
    again = from_estate(to_estate(bench.world), start=START, rate=0)
    assert to_estate(again)["clusters"] == to_estate(bench.world)["clusters"]
    assert again.hosts["A1"].replica_server is again.hosts["A2"].replica_server


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda one: one.update(nodes=["A1", "ELSEWHERE"]), "there is no host ELSEWHERE"),
        (lambda one: one.update(nodes=[]), "at least one node"),
        (lambda one: one.update(groups=[{"vm": "OTHER"}]), "no VMs OTHER"),
        (lambda one: one.update(quorum="disk"), "unknown here"),
    ],
)
def test_a_cluster_that_cannot_be_is_refused_with_its_path(change: Callable[[Any], None], said: str) -> None:
    plain = clustered()
    change(plain["clusters"][0])
    with pytest.raises(EstateError, match=said) as refused:
        from_estate(plain, start=START, rate=0)
    assert str(refused.value).startswith("estate.clusters[0]")


def test_a_host_is_the_node_of_one_cluster_only() -> None:
    plain = clustered()
    plain["clusters"].append({**plain["clusters"][0], "name": "OTHER", "broker": "x.example.test"})
    with pytest.raises(EstateError, match="is a node of HVC already"):
        from_estate(plain, start=START, rate=0)


def test_ids_of_groups_are_guids() -> None:
    assert uuid.UUID(site().world.clusters["HVC"].groups[GUID].guid)
