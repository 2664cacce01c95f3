# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest

from ansible_collections.hyperv.replica.plugins.module_utils._errors import PreconditionFailed
from ansible_collections.hyperv.replica.plugins.module_utils._surface.plan_calls import (
    Timing,
    copy_calls,
    stand_ins,
    task_probes,
    verdict_text,
    verify_calls,
    with_task_checks,
)

NOW = datetime(2026, 11, 20, 3, 10, tzinfo=timezone.utc)
OUTAGE = "2026-11-20T03:00:00+00:00"

PLAN: dict[str, Any] = {
    "vms": [
        {
            "name": "DC01",
            "home": "hv-a",
            "recovery": "hv-b",
            "limits": {"rpo": "15m", "rto": "30m"},
            "probes": [{"heartbeat": True}, {"dns": {"name": "x", "server": "192.0.2.1"}}],
            "network": {"test": "configured"},
        },
        {
            "name": "SQL01",
            "home": "hv-a",
            "recovery": "hv-b",
            "probe_within": "20m",
            "limits": {"rto": "1h"},
            "probes": [{"tcp": 1433}, {"tcp": 1434, "address": "192.0.2.7"}, {"tasks": "checks/sql.yml"}],
            "network": {"test_switch": "Lab"},
        },
        {"name": "WEB01", "home": "hv-c", "recovery": "hv-d"},
    ]
}


def test_each_pair_of_hosts_is_asked_once_with_what_holds_for_each_vm() -> None:
    calls = verify_calls(PLAN, [], "recovery", Timing(now=NOW))

    assert [(call["host"], call["peer"], call["vms"]) for call in calls] == [
        ("hv-b", "hv-a", ["DC01", "SQL01"]),
        ("hv-d", "hv-c", ["WEB01"]),
    ]
    assert calls[0]["limits"] == [{"vm": "DC01", "within": 1800, "max_rpo": "15m"}, {"vm": "SQL01", "within": 1200}]
    assert [[*probe] for probe in calls[0]["probes"]] == [
        ["vm", "heartbeat"],
        ["vm", "dns"],
        ["vm", "tcp"],
        ["vm", "tcp", "address"],
    ]
    assert calls[1]["limits"] == [{"vm": "WEB01", "within": 0}]


def test_a_limit_counts_from_the_outage_and_runs_as_fast_as_simulated_hosts_do() -> None:
    since = {"DC01": OUTAGE, "SQL01": "2026-11-20T01:00:00+00:00"}

    gone = verify_calls(PLAN, [], "home", Timing(now=NOW, since=since))[0]["limits"]
    fast = verify_calls(PLAN, [], "home", Timing(now=NOW, rate=60))[0]["limits"]

    assert [limit["within"] for limit in gone] == [1200, 0]
    assert [limit["within"] for limit in fast] == [30, 20]


def test_a_time_that_was_given_wins_over_every_limit() -> None:
    assert [limit["within"] for limit in verify_calls(PLAN, [], "home", Timing(now=NOW, within=7))[0]["limits"]] == [
        7,
        7,
    ]


def test_named_vms_are_taken_in_any_case_of_letters_and_unknown_ones_refused() -> None:
    assert [call["vms"] for call in verify_calls(PLAN, ["web01"], "home", Timing(now=NOW))] == [["WEB01"]]
    with pytest.raises(PreconditionFailed, match="APP01"):
        verify_calls(PLAN, ["APP01"], "home", Timing(now=NOW))


def test_copies_are_connected_as_the_plan_says_and_isolated_where_it_says_nothing() -> None:
    calls = copy_calls(PLAN)

    assert [(call["host"], call["vms"], call.get("network"), call.get("test_networks")) for call in calls] == [
        ("hv-b", ["DC01"], "configured", None),
        ("hv-b", ["SQL01"], None, [{"switch": "Lab"}]),
        ("hv-d", ["WEB01"], "isolated", None),
    ]
    assert [call["vms"] for call in copy_calls(PLAN, networks="isolated")] == [["DC01", "SQL01"], ["WEB01"]]


def test_a_copy_is_never_asked_at_an_address_that_leads_to_production() -> None:
    plain, near, isolated = copy_calls(PLAN), copy_calls(PLAN, reachable=True), copy_calls(PLAN, networks="isolated")

    assert [call["probes"] for call in plain] == [[{"vm": "DC01", "heartbeat": True}], [], []]
    assert near[1]["probes"] == [{"vm": "SQL01", "tcp": 1433}]
    assert [one["check"] for one in near[1]["not_asked"]] == ["tcp", "tasks"]
    assert isolated[0]["probes"] == [{"vm": "DC01", "heartbeat": True}]


def verdict(**more: Any) -> dict[str, Any]:
    return {
        "name": "SQL01",
        "id": "G",
        "verdict": "passed",
        "failing": "",
        "checks": [],
        "recovered_at": OUTAGE,
        **more,
    }


def test_a_task_file_that_ends_well_last_is_when_its_vm_is_recovered() -> None:
    answers = [
        {"vm": "sql01", "tasks": "a.yml", "passed": True, "found": "ended well", "at": "2026-11-20T03:05:00+00:00"}
    ]

    (told,) = with_task_checks([verdict()], answers)

    assert (told["verdict"], told["recovered_at"]) == ("passed", "2026-11-20T03:05:00+00:00")
    assert told["checks"] == [{"check": "tasks", "result": "pass", "found": "ended well", "wanted": "a.yml"}]


def test_a_task_file_that_fails_fails_its_vm_alone_and_says_why() -> None:
    answers = [{"vm": "G", "tasks": "a.yml", "passed": False, "found": "no rows", "at": "x"}]

    told = with_task_checks([verdict(), verdict(name="WEB01", id="H")], answers)

    assert [(one["verdict"], one["recovered_at"]) for one in told] == [("failed", None), ("passed", OUTAGE)]
    assert verdict_text(told) == "1 VM passed, 1 VM failed. SQL01: tasks fail: no rows, wanted a.yml."


def test_a_vm_that_was_not_recovered_is_not_made_so_by_its_task_file() -> None:
    answers = [{"vm": "G", "tasks": "a.yml", "passed": True, "found": "", "at": OUTAGE}]

    assert with_task_checks([verdict(recovered_at=None, verdict="failed")], answers)[0]["recovered_at"] is None


def test_task_files_know_where_their_vm_is_served() -> None:
    (probe,) = task_probes(PLAN, at="recovery")

    assert (probe["vm"], probe["host"], probe["tasks"]) == ("SQL01", "hv-b", "checks/sql.yml")
    assert probe["plan_vm"]["name"] == "SQL01"


def simulated(name: str, *more: str) -> dict[str, Any]:
    return {"name": name, "ansible_host": f"of {name}", "hyperv_replica_simulated_names": [*more, name]}


@pytest.mark.parametrize(
    "called", ["HV-A", "hv-a", "hv-a.example.test", "HV-A.EXAMPLE.TEST", "hv-a.other.test", "node-1"]
)
def test_a_host_of_the_plan_is_known_by_any_of_its_names(called: str) -> None:
    hosts = [simulated("HV-A", "node-1", "hv-a.example.test"), simulated("HV-B", "hv-b.example.test")]

    (found,) = stand_ins(hosts, [called, called])

    assert (found["name"], found["variables"]["ansible_host"]) == (called, "of HV-A")
    assert "name" not in found["variables"]


def test_an_inventory_name_wins_over_the_first_part_of_another_host() -> None:
    hosts = [simulated("HV-A", "hv-a.one.test"), simulated("OTHER", "hv-a")]

    assert stand_ins(hosts, ["hv-a.one.test"])[0]["variables"]["ansible_host"] == "of HV-A"
    with pytest.raises(PreconditionFailed, match="HV-A"):
        stand_ins([simulated("HV-A"), simulated("HV-B", "hv-a")], ["HV-A"])


def test_a_host_that_the_estate_lacks_is_refused_by_its_name() -> None:
    with pytest.raises(PreconditionFailed, match="hv-c"):
        stand_ins([simulated("HV-A")], ["hv-a", "hv-c"])
