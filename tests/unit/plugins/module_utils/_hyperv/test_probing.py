# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.probing import Finding, probe
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.estate import from_estate
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.rules import call
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.switches import SWITCHES
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.testcopies import add_test_copy
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.values import MethodCall
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.world import World
from ansible_collections.hyperv.replica.tests.unit.plugins.module_utils._hyperv.simulated_host import (
    START,
    simulated_host,
)

PAIR = {"name": "SQL01", "primary": "A", "replica": "B", "power": "running", "disks": [{"size": "1 GiB"}]}
ALONE = {"name": "LAB01", "disks": [{"size": "1 GiB"}]}

#: Each value of each switch that reading can tell.
TOLD = [
    (name, value)
    for name in (
        "wql",
        "first_page",
        "summary_information",
        "wmi_errors",
        "null_outputs",
        "unreplicated_relationship",
        "components_when_off",
        "never",
        "included_disks",
        "provider_key",
        "entry_instance_id",
        "point_owner",
        "reference_selectors",
        "missing_keys",
        "parameter_order",
        "statistics_answer",
        "winrm_configuration",
        "empty_items",
    )
    for value in SWITCHES[name].values
]


def world(switches: dict[str, str] | None = None) -> World:
    anybody = {"replica_server": {"authorize": [{"primary": "*"}]}}
    hosts: list[dict[str, Any]] = [{"name": name, "vms": [ALONE], **anybody} for name in ("A", "B")]
    plain = {"schema_version": 1, "hosts": hosts, "replicated": [PAIR]}
    return from_estate(plain, start=START, rate=0, switches=switches)


def findings(there: World, name: str = "B") -> dict[str, Finding]:
    host, carrier = simulated_host(there, name)
    found = {finding.switch: finding for finding in host.read(probe())}
    assert carrier.mutating == []
    return found


@pytest.mark.parametrize(("switch", "value"), TOLD)
def test_each_value_that_reading_can_tell_is_told(switch: str, value: str) -> None:
    found = findings(world({switch: value}))

    assert found[switch].value == value
    assert found[switch].evidence


def test_every_answer_is_a_switch_of_the_simulator() -> None:
    found = findings(world())

    assert set(found) <= set(SWITCHES)


def test_a_time_received_before_it_is_applied_tells_which_one_the_replica_shows() -> None:
    there = world()
    replica = next(vm for vm in there.hosts["B"].vms.values() if vm.name == "SQL01")
    assert findings(there)["last_replication_time"].value is None

    replica.relationship.last_apply_time = START - timedelta(seconds=90)

    assert findings(there)["last_replication_time"].value == "received"


def test_the_life_of_a_finished_job_is_read_from_a_job() -> None:
    there = world({"finished_job_lifetime": "77"})
    assert findings(there, "A")["finished_job_lifetime"].value is None

    start_alone(there)

    assert findings(there, "A")["finished_job_lifetime"].value == "77"


def start_alone(there: World) -> None:
    """Ask host A to start the machine that is not replicated."""
    alone = next(vm for vm in there.hosts["A"].vms.values() if vm.name == "LAB01")
    keys = {"CreationClassName": "Msvm_ComputerSystem", "Name": alone.guid}
    asked = MethodCall(
        class_name="Msvm_ComputerSystem",
        keys=keys,
        method="RequestStateChange",
        arguments={"RequestedState": 2, "TimeoutPeriod": None},
    )

    call(there, there.hosts["A"], asked)


@pytest.mark.parametrize("value", SWITCHES["test_copy_relationship"].values)
def test_a_test_copy_tells_whether_it_has_a_relationship(value: str) -> None:
    there = world({"test_copy_relationship": value})
    assert findings(there)["test_copy_relationship"].value is None
    replica = next(vm for vm in there.hosts["B"].vms.values() if vm.name == "SQL01")

    add_test_copy(there, there.hosts["B"], replica, there.new_guid(), None)

    assert findings(there)["test_copy_relationship"].value == value


@pytest.mark.parametrize("value", SWITCHES["job_success"].values)
def test_a_job_that_ended_tells_how_success_looks(value: str) -> None:
    there = world({"job_success": value})
    start_alone(there)

    there.advance(timedelta(seconds=60))

    assert findings(there, "A")["job_success"].value == value


@pytest.mark.parametrize("value", SWITCHES["job_error_code"].values)
def test_a_job_that_failed_tells_whether_it_has_a_number(value: str) -> None:
    there = world({"job_error_code": value})
    there.trouble.add({"kind": "fail_job", "match": {"method": "RequestStateChange"}, "code": 32768})
    start_alone(there)

    there.advance(timedelta(seconds=60))

    assert findings(there, "A")["job_error_code"].value == value


def test_what_a_host_has_nothing_to_show_of_stays_open_with_the_reason() -> None:
    empty = from_estate({"schema_version": 1, "hosts": [{"name": "A"}]}, start=START, rate=0)

    found = findings(empty, "A")

    open_ones = {name for name, finding in found.items() if finding.value is None}
    assert {"summary_information", "null_outputs", "first_page", "components_when_off"} <= open_ones
    assert all(found[name].evidence for name in open_ones)
