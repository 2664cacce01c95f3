# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The inventory source hyperv_replica, asked by a real ansible-inventory."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.hyperv.replica.tests.integration.playbook.conftest import SetStage
from ansible_collections.hyperv.replica.tests.integration.playbook.estates import AWKWARD, replicated, two_sites
from ansible_collections.hyperv.replica.tests.integration.playbook.stage import PROGRAMS, Stage

SOURCE = "estate.hyperv_replica.yml"


def source(stage: Stage, **options: Any) -> None:
    """Write the inventory source that names the simulated hosts."""
    access = stage.simulation.access
    hosts = [
        {
            "name": host["name"].lower(),
            "address": host["address"],
            "port": host["http_port"],
            "site": site,
        }
        for host, site in zip(stage.simulation.hosts, ("north", "south"), strict=True)
    ]
    known = {
        "plugin": "hyperv.replica.hyperv_replica",
        "hosts": hosts,
        "user": access["username"],
        "password": "{{ lookup('ansible.builtin.env', 'READER_PASSWORD') }}",
        "auth": "ntlm",
        "scheme": "http",
        "ignore_proxy": True,
    }
    stage.write(SOURCE, json.dumps(known | options))


def listed(stage: Stage, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = stage._environment() | {
        "READER_PASSWORD": stage.simulation.access["password"],
        "ANSIBLE_INVENTORY_ENABLED": "hyperv.replica.hyperv_replica",
    }
    return subprocess.run(
        [str(PROGRAMS / "ansible-inventory"), "-i", SOURCE, "--list", *arguments],
        cwd=stage.folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def inventory(stage: Stage, *arguments: str) -> dict[str, Any]:
    run = listed(stage, *arguments)
    if run.returncode:
        raise AssertionError(run.stderr)
    told: dict[str, Any] = json.loads(run.stdout)
    return told


def variables(told: Mapping[str, Any], name: str) -> dict[str, Any]:
    known: dict[str, Any] = _unwrapped(told["_meta"]["hostvars"][name])
    return known


def _unwrapped(value: Any) -> Any:
    """Newer ansible-inventory prints a text that is not to be filled as a mapping."""
    match value:
        case {"__ansible_unsafe": text}:
            return text
        case dict():
            return {name: _unwrapped(item) for name, item in value.items()}
        case list():
            return [_unwrapped(item) for item in value]
    return value


def test_a_replicated_vm_is_there_once_with_what_the_primary_shows(stage: Stage) -> None:
    source(stage, gather_guest=True)

    told = inventory(stage)

    assert sorted(told["hyperv_replica_vms"]["hosts"]) == ["SQL01", "WEB01"]
    shown = variables(told, "WEB01")
    assert stage.copy("hv-a", shown["hyperv_replica_id"])["name"] == "WEB01"
    assert (shown["hyperv_replica_host"], shown["hyperv_replica_site"]) == ("hv-a", "north")
    assert (shown["hyperv_replica_mode"], shown["hyperv_replica_state"]) == ("primary", "replicating")
    assert (shown["hyperv_replica_health"], shown["hyperv_replica_power"]) == ("ok", "running")
    assert shown["hyperv_replica_peer"] == "hv-b"
    assert shown["hyperv_replica_last_replication"].endswith("+00:00")
    assert shown["hyperv_replica_guest_addresses"] == ["192.0.2.21"]
    assert [copy["host"] for copy in shown["hyperv_replica_copies"]] == ["hv-a", "hv-b"]


def test_vms_are_grouped_by_site_mode_state_and_health_and_as_the_user_composes(stage: Stage) -> None:
    source(
        stage,
        strict=True,
        compose={"ansible_host": "hyperv_replica_name | lower ~ '.example.test'"},
        groups={"fresh": "hyperv_replica_age_seconds < 3600"},
        keyed_groups=[{"key": "hyperv_replica_peer", "prefix": "copy_at"}],
    )

    told = inventory(stage)

    for group in ("hyperv_site_north", "hyperv_mode_primary", "hyperv_state_replicating", "hyperv_health_ok"):
        assert sorted(told[group]["hosts"]) == ["SQL01", "WEB01"]
    assert sorted(told["fresh"]["hosts"]) == sorted(told["copy_at_hv_b"]["hosts"]) == ["SQL01", "WEB01"]
    assert variables(told, "WEB01")["ansible_host"] == "web01.example.test"


def test_strict_makes_a_composed_variable_that_cannot_be_an_error(stage: Stage) -> None:
    source(stage, strict=True, compose={"ansible_host": "no_such_variable"})

    assert "no_such_variable" in listed(stage).stderr


@pytest.mark.parametrize(("on_unreachable", "names"), [("warn", ["SQL01", "WEB01"]), ("fail", [])])
def test_a_host_that_is_away_is_a_warning_or_an_error(stage: Stage, on_unreachable: str, names: list[str]) -> None:
    source(stage, on_unreachable=on_unreachable)
    stage.simulation.trouble({"kind": "refuse_connection", "match": {"host": "HV-A"}, "times": 99})

    run = listed(stage)

    found = json.loads(run.stdout).get("hyperv_replica_vms", {}).get("hosts", [])
    assert sorted(found) == names
    assert "hv-a" in run.stderr
    if names:
        assert variables(json.loads(run.stdout), "WEB01")["hyperv_replica_mode"] == "replica"


def test_a_cached_answer_is_given_without_asking_a_host(stage: Stage, tmp_path: Path) -> None:
    source(stage, cache=True, cache_plugin="ansible.builtin.jsonfile", cache_connection=str(tmp_path / "cache"))
    first = inventory(stage)
    number = stage.simulation.mark("second")

    second = inventory(stage)

    assert second == first
    assert stage.simulation.log(number) == []
    kept = [path.read_text(encoding="utf-8") for path in (tmp_path / "cache").iterdir()]
    assert kept
    assert stage.simulation.access["password"] not in "".join(kept)


def test_a_name_that_looks_like_a_template_is_a_name(set_stage: SetStage) -> None:
    template = "{{ 1 + 1 }}"
    stage = set_stage(two_sites(replicated(template), replicated(AWKWARD)))
    source(stage)

    told = inventory(stage)

    assert variables(told, template)["hyperv_replica_name"] == template
    assert variables(told, AWKWARD)["hyperv_replica_mode"] == "primary"


def test_no_output_shows_the_password(stage: Stage) -> None:
    source(stage)

    run = listed(stage, "-vvvvv")

    assert run.returncode == 0
    assert stage.simulation.access["password"] not in run.stdout + run.stderr


def test_nothing_but_reading_is_asked_of_the_hosts(stage: Stage) -> None:
    source(stage)
    number = stage.simulation.mark("all")

    inventory(stage)

    asked = stage.simulation.log(number)
    assert asked
    assert not any(entry["mutating"] for entry in asked)
