# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Failover addresses and test switches by real playbooks."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.hyperv.replica.tests.integration.playbook.conftest import SetStage
from ansible_collections.hyperv.replica.tests.integration.playbook.estates import replicated, two_sites
from ansible_collections.hyperv.replica.tests.integration.playbook.stage import Run, Stage

SWITCH, ADDRESS = "ModifyResourceSettings", "SetFailoverNetworkAdapterSettings"
LAN = {"name": "LAN", "switch": "Production", "mac": "00155D010203", "dynamic_mac": False}
BACKUP = {"name": "Backup", "switch": "Production"}
FAILOVER = {
    "addresses": ["198.51.100.10/24", "2001:DB8::10/64"],
    "gateways": ["198.51.100.1"],
    "dns": ["198.51.100.53", "198.51.100.54"],
}


def estate() -> dict[str, Any]:
    linux = {"addresses": ["192.0.2.31"], "os": "Linux 6.1", "boot_seconds": 15, "shutdown_seconds": 10}
    plain = two_sites(
        replicated("WEB01", adapters=[LAN, BACKUP], replica_switch="Production"),
        replicated("SQL01", adapters=[BACKUP]),
        replicated("LNX01", adapters=[LAN | {"mac": "00155D010204"}], guest=linux),
    )
    for host in plain["hosts"]:
        host["switches"] = ["Production", "Bubble"]
    return plain


def network(stage: Stage, *adapters: dict[str, Any], arguments: tuple[str, ...] = (), **options: Any) -> Run:
    return stage.task("hyperv_replica_network", "hv-b", arguments=arguments, adapters=list(adapters), **options)


@pytest.mark.parametrize("connection", ["psrp", "winrm"])
def test_adapters_say_what_was_asked_for_and_a_second_run_changes_nothing(set_stage: SetStage, connection: str) -> None:
    stage = set_stage(estate())
    stage.inventory(connection)
    entry = {"vm": "WEB01", "adapter": "00:15:5D:01:02:03", "test_switch": "Bubble", "failover": FAILOVER}

    check = network(stage, entry, arguments=("--check", "--diff"), peer="hv-a")
    first = network(stage, entry, peer="hv-a")
    again = network(stage, entry, peer="hv-a")

    planned = [(step["method"], step["arguments"]) for step in check.vm["plan"]]
    lan, backup = first.vm["adapters"]
    assert (check.changes, check.result["changed"]) == ([], True)
    assert [(step["method"], step["arguments"]) for step in first.vm["performed"]] == planned
    assert (first.changes, first.vm["warnings"]) == ([SWITCH, ADDRESS], [])
    assert lan["failover"] == FAILOVER | {"dhcp": False, "addresses": ["198.51.100.10/24", "2001:db8::10/64"]}
    assert (lan["test_switch"], backup["test_switch"], backup["failover"]["dhcp"]) == ("Bubble", "", True)
    assert (again.vm["outcome"], again.result["changed"], again.changes) == ("already_there", False, [])
    assert "198.51.100.10/24, 2001:db8::10/64, before: its addresses by DHCP" in check.output


def test_addresses_are_taken_away_again(set_stage: SetStage) -> None:
    stage = set_stage(estate())
    network(stage, {"vm": "SQL01", "test_switch": "Bubble", "failover": FAILOVER})

    back = network(stage, {"vm": "SQL01", "test_switch": "", "failover": {"dhcp": True}})

    nothing = {"dhcp": True, "addresses": [], "gateways": [], "dns": []}
    assert back.changes == [SWITCH, ADDRESS]
    assert (back.vm["adapters"][0]["failover"], back.vm["adapters"][0]["test_switch"]) == (nothing, "")


def test_what_may_keep_addresses_from_a_guest_is_warned_of(set_stage: SetStage) -> None:
    stage = set_stage(estate())

    linux = network(stage, {"vm": "LNX01", "failover": FAILOVER}, peer="hv-a", arguments=("--check",))
    dynamic = network(stage, {"vm": "SQL01", "failover": FAILOVER}, peer="hv-a", arguments=("--check",))
    unknown = network(stage, {"vm": "LNX01", "failover": FAILOVER}, arguments=("--check",))

    assert ["Linux 6.1" in text for text in linux.vm["warnings"]] == [True]
    assert ["is dynamic" in text for text in dynamic.vm["warnings"]] == [True]
    assert ["no guest of it answered" in text for text in unknown.vm["warnings"]] == [True]


@pytest.mark.parametrize(
    ("entry", "kind"),
    [
        ({"vm": "WEB01", "test_switch": "Bubble"}, "bad_option"),
        ({"vm": "SQL01", "adapter": "WAN", "test_switch": "Bubble"}, "bad_option"),
        ({"vm": "SQL01", "test_switch": "Production"}, "production_network"),
        ({"vm": "SQL01", "test_switch": "Nowhere"}, "bad_option"),
        ({"vm": "SQL01", "failover": {"addresses": ["198.51.100.10"]}}, "bad_option"),
        ({"vm": "SQL01", "failover": {"dhcp": True, "addresses": ["198.51.100.10/24"]}}, "bad_option"),
        ({"vm": "SQL01", "failover": {"addresses": ["198.51.100.300/24"]}}, "bad_option"),
        ({"vm": "NONE", "test_switch": "Bubble"}, "no_such_vm"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_changed(
    set_stage: SetStage, entry: dict[str, Any], kind: str
) -> None:
    stage = set_stage(estate())

    run = network(stage, entry)

    assert (run.status, run.error["kind"], run.changes) == ("failed", kind, [])
