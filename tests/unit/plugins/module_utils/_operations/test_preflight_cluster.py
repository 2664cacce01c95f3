# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A preflight where an end is a cluster: every node is looked at."""

from __future__ import annotations

from typing import Any

from ansible_collections.hyperv.replica.plugins.module_utils._operations.verification import Result
from ansible_collections.hyperv.replica.tests.unit.plugins.module_utils._operations.cluster_run import ClusterSite
from ansible_collections.hyperv.replica.tests.unit.plugins.module_utils._operations.preflight_estate import (
    certificate,
    certified_estate,
)
from ansible_collections.hyperv.replica.tests.unit.plugins.module_utils._operations.preflight_run import preflight


class Certified(ClusterSite):
    """B1 and B2 are a cluster, which receives by certificate from A; B2 has the certificate, or not."""

    def __init__(self, *, on_both: bool) -> None:
        held = certificate("hvr-b.example.test")
        plain: dict[str, Any] = certified_estate(held)
        a, b = plain["hosts"]
        a["replica_server"]["authorize"] = [{"primary": "hvr-b.example.test"}]
        first = {**b, "name": "B1", "fqdn": "b1.example.test"}
        second = {**b, "name": "B2", "fqdn": "b2.example.test", "certificates": [held] if on_both else []}
        cluster = {"name": "HVC-B", "fqdn": "hvc-b.example.test", "broker": "hvr-b.example.test", "nodes": ["B1", "B2"]}
        plain |= {"hosts": [a, first, second], "clusters": [cluster]}
        plain["replicated"][0]["replica"] = "B1"
        super().__init__(plain)


def test_a_certificate_that_is_missing_on_one_node_fails_with_the_name_of_the_node() -> None:
    told = preflight(Certified(on_both=False)).rule("certificate")
    assert told.result is Result.FAIL
    assert "b2: " in told.found
    assert "b1: " not in told.found


def test_a_certificate_that_every_node_has_passes() -> None:
    assert preflight(Certified(on_both=True)).result("certificate") is Result.PASS


def test_a_node_that_is_away_leaves_a_warning() -> None:
    site = Certified(on_both=True)
    site.act("power_loss", host="B2")
    told = preflight(site).rule("certificate")
    assert told.result is Result.WARN
    assert "every node" in told.found


def test_the_way_home_is_tested_from_the_node_that_has_the_vm() -> None:
    site = ClusterSite()
    site.move("B")
    told = preflight(site)
    tests = [request.host for request in told.requests if request.method == "TestReplicationConnection"]
    assert tests == ["B2"]
    assert told.result("connection_test") is Result.PASS
    assert {told.result(rule) for rule in ("clustered_role", "clustered_role_home", "stays_off")} == {Result.PASS}
