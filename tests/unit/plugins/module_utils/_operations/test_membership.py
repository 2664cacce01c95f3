# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The inventory's word for a cluster, held against what its nodes say."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from ansible_collections.hyperv.replica.plugins.module_utils._errors import PreconditionFailed
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.cluster import Cluster, Node, NodeState
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.looking import Look
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import HostFacts
from ansible_collections.hyperv.replica.plugins.module_utils._operations.membership import (
    Enrolled,
    Roll,
    refuse_strangers,
    silent,
)
from ansible_collections.hyperv.replica.plugins.module_utils._operations.routes import HostKey

HVC = Cluster(
    name="HVC",
    fqdn="hvc.corp.test",
    nodes=(Node("HV-A1", NodeState.UP), Node("HV-A2", NodeState.UP)),
)


def roll(*hosts: str, cluster: str = "HVC", addresses: Mapping[str, str] | None = None) -> Roll:
    """Inventory hosts that are tied together."""
    known = {name: frozenset({name, *((addresses or {}).get(name, name),)}) for name in hosts}
    return Roll(cluster=cluster, hosts={name: Enrolled(host=name, names=names) for name, names in known.items()})


def look(computer: str, cluster: Cluster | None = HVC) -> Look:
    """What a host answered."""
    return Look(facts=HostFacts(name=computer.lower(), computer_name=computer, cluster=cluster), sides={})


def kind(tied: Roll, looks: Mapping[HostKey, Look]) -> str:
    """The kind of the refusal; empty where there is none."""
    try:
        refuse_strangers(tied, looks)
    except PreconditionFailed as refused:
        return refused.kind
    return ""


BOTH: dict[HostKey, Look] = {"hv-a1": look("HV-A1"), "hv-a2": look("HV-A2")}


def test_all_nodes_under_the_name_of_their_cluster_are_taken() -> None:
    assert kind(roll("hv-a1", "hv-a2"), BOTH) == ""


@pytest.mark.parametrize("name", ["HVC", "hvc", "hvc.corp.test"])
def test_the_cluster_is_named_with_or_without_its_domain(name: str) -> None:
    assert kind(roll("hv-a1", "hv-a2", cluster=name), BOTH) == ""


def test_another_cluster_than_the_one_named_is_refused() -> None:
    assert kind(roll("hv-a1", "hv-a2", cluster="OTHER"), BOTH) == "wrong_cluster"


def test_a_host_that_is_no_node_is_refused_where_the_inventory_says_it_is_one() -> None:
    assert kind(roll("hv-a1", "hv-x"), {"hv-a1": look("HV-A1"), "hv-x": look("HV-X", None)}) in (
        "no_cluster_node",
        "unknown_node",
    )
    assert kind(roll("hv-x"), {"hv-x": look("HV-X", None)}) == "no_cluster_node"


@pytest.mark.parametrize("cluster", ["HVC", ""])
def test_a_node_that_is_left_out_is_refused_with_its_full_name(cluster: str) -> None:
    with pytest.raises(PreconditionFailed, match=r"HV-A2\.corp\.test") as refused:
        refuse_strangers(roll("hv-a1", cluster=cluster), {"hv-a1": look("HV-A1")})
    assert refused.value.kind == "unknown_node"
    assert "hyperv_cluster_name: HVC" in refused.value.remedy


def test_a_host_alone_that_is_no_node_is_taken() -> None:
    assert kind(roll("hv-b", cluster=""), {"hv-b": look("HV-B", None)}) == ""


def test_a_cluster_of_one_node_needs_no_group() -> None:
    alone = Cluster(name="ONE", fqdn="one.corp.test", nodes=(Node("HV-A1", NodeState.UP),))
    assert kind(roll("hv-a1", cluster=""), {"hv-a1": look("HV-A1", alone)}) == ""


@pytest.mark.parametrize(
    ("name", "address", "taken"),
    [
        ("hv-a2", "192.0.2.12", True),
        ("HV-A2.corp.test", "192.0.2.12", True),
        ("second", "hv-a2.corp.test", True),
        ("hv-a2.other.test", "192.0.2.12", False),
        ("second", "192.0.2.12", False),
    ],
)
def test_a_silent_node_is_known_by_its_full_name_or_by_its_short_one(name: str, address: str, taken: bool) -> None:
    tied = roll("hv-a1", name, addresses={name: address})
    assert kind(tied, {"hv-a1": look("HV-A1")}) == ("" if taken else "unknown_node")


def test_a_host_that_answers_is_the_node_it_says_it_is_whatever_it_is_called_here() -> None:
    assert kind(roll("first", "second"), {"first": look("HV-A1"), "second": look("HV-A2")}) == ""
    assert kind(roll("hv-a1", "hv-a2"), {"hv-a1": look("HV-A1"), "hv-a2": look("HV-X")}) == "unknown_node"


def test_nodes_that_are_silent_while_others_answer_are_told() -> None:
    assert [*silent(roll("hv-a1", "hv-a2"), {"hv-a1"})] == ["hv-a2"]
    assert [*silent(roll("hv-a1", "hv-a2"), set())] == []
