# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is captured of simulated hosts makes a second estate that shows the same."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.capture import LANGUAGES, capture
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.capture_clusters import capture_cluster
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.looking import Gather, Look
from ansible_collections.hyperv.replica.plugins.module_utils._surface.survey import estate
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator import languages
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.estate import from_estate, to_estate
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.machines import Checkpoint, Disk
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.world import World
from ansible_collections.hyperv.replica.tests.unit.plugins.module_utils._hyperv.simulated_host import (
    START,
    simulated_host,
)

CERTIFICATE = "MIIBAA=="
PROVIDER = "5E5D4C3B-2A19-4807-96F5-E4D3C2B1A098"
EVERYTHING = frozenset(Gather) - {Gather.STATISTICS, Gather.JOBS}


def host(name: str, other: str, **more: Any) -> dict[str, Any]:
    return {
        "name": name,
        "fqdn": f"{name.lower()}.example.test",
        "memory": "64 GiB",
        "switches": ["Production", "Isolated"],
        "volumes": [{"name": "C:\\", "size": 1 << 40, "free": 1 << 39}, {"name": "D:\\", "free": "5 GiB"}],
        "replica_server": {
            "authentication": "both",
            "http_port": 8080,
            "certificate_thumbprint": "AB" * 20,
            "authorize": [{"primary": f"{other.lower()}.example.test", "storage": "D:\\Replica"}],
        },
        "providers": [{"guid": PROVIDER, "name": "Storage Replication Provider"}],
        **more,
    }


def site(**switches: str) -> World:
    pairs = [
        {
            "name": "SQL01",
            "primary": "A",
            "replica": "B",
            "power": "running",
            "interval": 30,
            "application_consistent_interval": 4,
            "start_action": "always",
            "notes": ["of the finance team"],
            "memory": "8 GiB",
            "generation": 1,
            "guest": {"fqdn": "sql01.example.test", "addresses": ["192.0.2.21", "2001:db8::21"]},
            "disks": [{"size": "20 GiB", "used": "10 GiB"}, {"size": "7 GiB", "controller": 1, "location": 3}],
            "adapters": [
                {
                    "switch": "Production",
                    "vlan": 17,
                    "dynamic_mac": False,
                    "test_switch": "Isolated",
                    "failover": {"dhcp": False, "addresses": ["192.0.2.99"], "subnets": ["255.255.255.0"]},
                }
            ],
            "replica_switch": "Isolated",
        },
        {"name": "O'Brien <&\"\\ %_", "primary": "B", "replica": "A", "provider": PROVIDER, "disks": [{}]},
    ]
    hosts = [host("A", "B", vms=[{"name": "LAB01", "disks": [{}]}]), host("B", "A", language="de-DE")]
    plain = {"schema_version": 1, "hosts": hosts, "replicated": pairs}
    return from_estate(plain, start=START, rate=0, switches=switches)


def second(first: World) -> World:
    """The world that was captured of another one, without one request that changes something."""
    return from_estate(captured(first), start=START, rate=0, switches=first.switches.as_dict())


def captured(first: World, *names: str) -> dict[str, Any]:
    """The estate that was captured of the hosts of these names, or of all."""
    hosts, clusters = [], []
    for name in names or first.hosts:
        there, carrier = simulated_host(first, name)
        hosts.append(there.read(capture()))
        clusters.append(there.read(capture_cluster()))
        assert carrier.mutating == []
    return estate(hosts, clusters=clusters)


def clustered(**switches: str) -> World:
    """Two nodes with a broker at home, which replicate to a host alone; one VM has a role of its own kind, one none."""
    ways = {"A1": "C", "A2": "C", "C": "hvr-a"}
    hosts = [host(name, other) for name, other in ways.items()]
    pairs: list[dict[str, Any]] = [
        {"name": name, "primary": node, "replica": "C", "power": "running", "disks": [{}]}
        for name, node in (("SQL01", "A1"), ("WEB01", "A2"))
    ]
    hosts[0]["vms"] = [{"name": "LAB01", "disks": [{}]}]
    cluster: dict[str, Any] = {
        "name": "HVC-A",
        "fqdn": "hvc-a.example.test",
        "broker": "hvr-a.example.test",
        "nodes": ["A1", "A2"],
    }
    cluster |= {
        "groups": [{"vm": "SQL01", "name": "SQL group", "persistent": False, "shutdown_action": "fail"}],
        "not_highly_available": ["LAB01"],
    }
    plain = {"schema_version": 1, "hosts": hosts, "clusters": [cluster], "replicated": pairs}
    return from_estate(plain, start=START, rate=0, switches=switches)


def shown(world: World, name: str) -> Look:
    look = simulated_host(world, name)[0].look(EVERYTHING)
    return replace(look, sides=dict(sorted(look.sides.items())))


@pytest.mark.parametrize("name", ["A", "B"])
def test_a_second_simulator_shows_of_every_vm_what_the_first_one_shows(name: str) -> None:
    first = site()

    again = second(first)

    assert shown(again, name) == shown(first, name)


@pytest.mark.parametrize(
    ("host_name", "state", "mode"),
    [
        ("B", "recovered", "replica"),
        ("A", "synced", "primary"),
        ("B", "committed", "replica"),
        ("A", "suspended", "primary"),
        ("A", "waiting_for_resynchronize", "primary"),
        ("B", "failback_complete", "replica"),
    ],
)
def test_a_pair_captured_in_the_middle_of_a_move_shows_the_same(host_name: str, state: str, mode: str) -> None:
    first = site()
    first.act("set_replication", host=host_name, vm="SQL01", state=state, mode=mode)

    again = second(first)

    assert [shown(again, name).sides for name in ("A", "B")] == [shown(first, name).sides for name in ("A", "B")]


def test_what_a_preflight_asks_about_is_taken_over() -> None:
    first = site()
    sql, there = next(vm for vm in first.hosts["A"].vms.values() if vm.name == "SQL01"), first.hosts["A"]
    there.certificates = [CERTIFICATE]
    sql.generation, sql.tpm, sql.critical, sql.isos = 2, True, True, ["D:\\setup.iso"]
    sql.disks[0].shared = True
    sql.disks.append(
        Disk(path="disk 3", instance_id=f"Microsoft:{sql.guid}\\X\\1\\9", size=1, used=1, pass_through=True)
    )
    sql.checkpoints = [Checkpoint(guid=PROVIDER, name="before", created=START, backup=True)]

    again = second(first).hosts["A"]

    copy = again.vms[sql.guid]
    assert (again.certificates, again.volumes, again.mac_minimum) == ([CERTIFICATE], there.volumes, there.mac_minimum)
    assert (copy.tpm, copy.critical, copy.isos, copy.checkpoints) == (True, True, sql.isos, sql.checkpoints)
    assert [(disk.path, disk.shared, disk.pass_through) for disk in copy.disks] == [
        (disk.path, disk.shared, disk.pass_through) for disk in sql.disks
    ]


def test_devices_and_the_replica_server_are_taken_over() -> None:
    first = site()

    was, now = (to_estate(world)["hosts"] for world in (first, second(first)))

    for before, after in zip(was, now, strict=True):
        assert {key: value for key, value in after.items() if key != "vms"} == {
            key: value for key, value in before.items() if key != "vms"
        }
        for vm, copy in zip(before["vms"], after["vms"], strict=True):
            assert copy.get("adapters") == vm.get("adapters")
            assert [_without_content(disk) for disk in copy["disks"]] == [
                _without_content(disk) for disk in vm["disks"]
            ]
            for key in ("memory", "processors", "generation", "version", "notes", "start_action", "configuration_root"):
                assert copy.get(key) == vm.get(key)


def test_a_replica_that_is_off_gets_the_guest_that_its_primary_told() -> None:
    again = second(site())

    guests = [vm.guest for vm in again.hosts["B"].vms.values() if vm.name == "SQL01"]

    assert [guest.addresses for guest in guests] == [["192.0.2.21", "2001:db8::21"]]


def test_a_cluster_is_taken_over_with_its_broker_its_nodes_and_its_roles() -> None:
    first = clustered()

    again = second(first)

    assert to_estate(again)["clusters"] == to_estate(first)["clusters"]
    assert [shown(again, name) for name in first.hosts] == [shown(first, name) for name in first.hosts]


def test_a_node_that_was_not_captured_is_left_out_of_its_cluster_with_what_is_on_it() -> None:
    (cluster,) = captured(clustered(), "A1", "C")["clusters"]

    assert cluster["nodes"] == ["A1"]
    assert [group["name"] for group in cluster["groups"]] == ["SQL group"]


def test_hosts_without_a_cluster_make_an_estate_without_one() -> None:
    assert "clusters" not in captured(site())


def test_the_languages_are_those_that_simulated_hosts_speak() -> None:
    assert LANGUAGES == languages.LANGUAGES


def _without_content(disk: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in disk.items() if key not in ("writes", "used")}
