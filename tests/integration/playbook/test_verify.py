# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Verification with retries: when a VM counts as recovered, and what does not make it wait for another one."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import pytest

from ansible_collections.hyperv.replica.tests.integration.playbook.conftest import SetStage
from ansible_collections.hyperv.replica.tests.integration.playbook.estates import replicated, two_sites
from ansible_collections.hyperv.replica.tests.integration.playbook.stage import Run, Stage


def told(run: Run) -> dict[str, dict[str, str]]:
    """The result of each check of each VM."""
    return {
        vm["name"]: {check["check"]: check["result"] for check in vm["checks"]} for vm in run.result.get("vms", ())
    } or {"": {"": str(run.result)}}


@contextmanager
def late(port: int, seconds: float) -> Iterator[None]:
    """A port that listens only after so many seconds."""
    done = threading.Event()

    def serve() -> None:
        time.sleep(seconds)
        with socket.create_server(("127.0.0.1", port)):
            done.wait(60)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield
    done.set()
    thread.join(10)


@pytest.fixture
def port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def test_a_vm_is_recovered_when_its_last_probe_is_green_and_another_one_is_not_held_up(stage: Stage, port: int) -> None:
    probes = [
        {"vm": "WEB01", "heartbeat": True},
        {"vm": "WEB01", "address": "127.0.0.1", "tcp": port},
        {"vm": "SQL01", "addresses": ["192.0.2.0/24"]},
    ]

    with late(port, 6.0):
        run = stage.task("hyperv_replica_verify", "hv-a", ["WEB01", "SQL01"], peer="hv-b", probes=probes, within=60)

    assert run.status == "ok", run.output
    recovered = {vm["name"]: datetime.fromisoformat(vm["recovered_at"]) for vm in run.result["vms"]}
    assert (recovered["WEB01"] - recovered["SQL01"]).total_seconds() > 1
    assert told(run)["WEB01"] == {"state": "pass", "health": "pass", "heartbeat": "pass", "tcp": "pass"}
    assert told(run)["SQL01"]["addresses"] == "pass"


def test_each_vm_has_its_own_time_and_the_one_that_has_none_left_is_not_recovered(stage: Stage, port: int) -> None:
    stage.simulation.act("stop_guest_answering", host="HV-A", vm="WEB01")
    limits = [{"vm": "WEB01", "within": 2}, {"vm": "SQL01", "max_rpo": "1s"}]
    stage.simulation.set_rate(1.0)

    run = stage.task("hyperv_replica_verify", "hv-a", ["WEB01", "SQL01"], peer="hv-b", limits=limits)

    assert (run.status, run.result["summary"]["failed"]) == ("failed", 2)
    assert told(run)["WEB01"]["heartbeat"] == "fail"
    assert told(run)["SQL01"]["rpo"] == "fail"
    assert {vm["name"]: vm["recovered_at"] is None for vm in run.result["vms"]} == {"WEB01": True, "SQL01": False}


def test_a_hundred_dead_applications_take_no_longer_than_a_few(set_stage: SetStage) -> None:
    names = [f"VM{number:03}" for number in range(100)]
    stage = set_stage(two_sites(*(replicated(name) for name in names)), rate=1.0)

    with socket.create_server(("127.0.0.1", 0)) as mute:
        url = f"http://127.0.0.1:{mute.getsockname()[1]}/"
        probes = [{"vm": name, "http": {"url": url}, "timeout": 1} for name in names]
        began = time.monotonic()
        run = stage.task("hyperv_replica_verify", "hv-a", names, peer="hv-b", probes=probes, concurrency=50)

    assert run.result["summary"] == {"passed": 0, "warned": 0, "failed": 100}
    assert time.monotonic() - began < 60  # one after the other they would take a hundred seconds


def test_nothing_is_sent_to_simulated_guests_and_a_dead_one_fails_its_probes(stage: Stage, port: int) -> None:
    stage.simulation.act("stop_guest_answering", host="HV-A", vm="SQL01")
    dns = {"name": "www.example.test", "server": "127.0.0.1:1", "expect": ["192.0.2.7"]}
    probes = [
        {"vm": vm, **probe} for vm in ("WEB01", "SQL01") for probe in ({"tcp": port}, {"dns": dns}, {"heartbeat": True})
    ]

    run = stage.task(
        "hyperv_replica_verify", "hv-a", ["WEB01", "SQL01"], peer="hv-b", probes=probes, simulated_guests=True
    )

    assert told(run)["WEB01"] | {"tcp": "pass", "dns": "pass", "heartbeat": "pass"} == told(run)["WEB01"]
    assert told(run)["SQL01"] | {"tcp": "fail", "dns": "fail", "heartbeat": "fail"} == told(run)["SQL01"]


def test_a_name_server_that_answers_wrong_fails_and_the_failing_check_is_said(stage: Stage) -> None:
    probe = {"vm": "WEB01", "dns": {"name": "localhost", "expect": ["192.0.2.7"]}}

    run = stage.task("hyperv_replica_verify", "hv-a", ["WEB01"], peer="hv-b", probes=[probe])

    assert (run.status, told(run)["WEB01"]["dns"]) == ("failed", "fail")
    assert "without 192.0.2.7" in run.vm["failing"]
    assert run.vm["failing"] in run.result["msg"]


def test_two_questions_in_one_probe_are_refused(stage: Stage) -> None:
    run = stage.task("hyperv_replica_verify", "hv-a", ["WEB01"], probes=[{"vm": "WEB01", "tcp": 1, "heartbeat": True}])

    assert run.status == "failed"
    assert "mutually exclusive" in run.output
