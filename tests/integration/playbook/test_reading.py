# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Real ansible-playbook runs that only look: what they tell, what it costs, and what they make of it."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from ansible_collections.hyperv.replica.tests.integration.playbook.conftest import SetStage
from ansible_collections.hyperv.replica.tests.integration.playbook.estates import replicated, two_sites
from ansible_collections.hyperv.replica.tests.integration.playbook.stage import Run, Stage


class _Application(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/health" else 503)
        self.end_headers()
        self.wfile.write(b"all is well")

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing."""


@pytest.fixture
def application() -> Iterator[int]:
    """The port of a guest's application that answers on loopback."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Application) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def verdicts(run: Run) -> dict[str, str]:
    return {check["check"]: check["result"] for check in run.vm["checks"]}


def queries(run: Run) -> Counter[tuple[str, str]]:
    """How often each host was asked for each class; further pages of an answer are not counted."""
    return Counter((entry["host"], entry["class_name"]) for entry in run.sent if entry["action"] == "Enumerate")


@pytest.mark.parametrize("gather", [["state"], ["state", "settings", "points", "jobs", "service", "guest"]])
def test_three_hundred_vms_take_as_many_queries_as_one(set_stage: SetStage, gather: list[str]) -> None:
    one = set_stage(two_sites(replicated("VM000")))
    many = set_stage(two_sites(*(replicated(f"VM{number:03}") for number in range(300))), rate=1.0)

    of_one, of_many = (stage.task("hyperv_replica_info", "hv-a", peer="hv-b", gather=gather) for stage in (one, many))

    assert (len(of_one.result["vms"]), len(of_many.result["vms"])) == (1, 300)
    assert queries(of_many) == queries(of_one)
    assert of_many.changes == []


def test_state_takes_at_most_three_queries_per_host(stage: Stage) -> None:
    run = stage.task("hyperv_replica_info", "hv-a", peer="hv-b")

    per_host = Counter(host for host, query in queries(run).elements())
    assert set(per_host) == {"HV-A", "HV-B"}
    assert max(per_host.values()) <= 3
    assert run.result["exchanges"] == {"hv-a": per_host["HV-A"], "hv-b": per_host["HV-B"]}


def test_a_run_with_nothing_to_do_over_many_vms_asks_no_more_than_over_one(set_stage: SetStage) -> None:
    stage = set_stage(two_sites(*(replicated(f"VM{number:02}") for number in range(40))), rate=10.0)

    one = stage.task("hyperv_vm_power", "hv-a", ["VM00"], state="running", peer="hv-b")
    all_of_them = stage.task(
        "hyperv_vm_power", "hv-a", [f"VM{number:02}" for number in range(40)], state="running", peer="hv-b"
    )

    assert set(all_of_them.outcomes.values()) == {"already_there"}
    assert queries(all_of_them) == queries(one)


def test_what_is_gathered_is_told(stage: Stage) -> None:
    gather = ["state", "settings", "points", "jobs", "service", "guest", "statistics"]

    run = stage.task("hyperv_replica_info", "hv-a", ["SQL01"], peer="hv-b", gather=gather)

    assert [vm["name"] for vm in run.result["vms"]] == ["SQL01"]
    assert run.vm["here"]["mode"] == {"number": 1, "name": "PRIMARY"}
    assert run.vm["there"]["mode"] == {"number": 2, "name": "REPLICA"}
    assert run.vm["here"]["settings"]["interval"] == 300
    assert run.vm["there"]["points"] is not None
    assert run.vm["here"]["guest"]["addresses"] == ["192.0.2.21"]
    assert run.vm["statistics"]
    assert set(run.result["hosts"]) == {"hv-a", "hv-b"}
    assert run.result["changed"] is False


def test_one_host_alone_is_read_without_a_peer(stage: Stage) -> None:
    run = stage.task("hyperv_replica_info", "hv-a")

    assert sorted(vm["name"] for vm in run.result["vms"]) == ["SQL01", "WEB01"]
    assert "there" not in run.vm
    assert {entry["host"] for entry in run.sent} == {"HV-A"}


def test_a_healthy_vm_passes_with_its_application_probed(stage: Stage, application: int) -> None:
    health = {"url": f"http://127.0.0.1:{application}/health", "contains": "well"}
    probes = [
        {"vm": "WEB01", "address": "127.0.0.1", "tcp": application},
        {"vm": "WEB01", "http": health},
    ]

    run = stage.task(
        "hyperv_replica_verify",
        "hv-a",
        ["WEB01"],
        peer="hv-b",
        probes=probes,
        max_rpo="30m",
        addresses=["192.0.2.0/24"],
    )

    assert run.status == "ok", run.output
    assert run.vm["verdict"] == "passed"
    assert set(verdicts(run)) >= {"state", "health", "rpo", "heartbeat", "addresses", "tcp", "http"}
    assert run.result["changed"] is False


BROKEN: list[tuple[str, dict[str, Any]]] = [
    ("tcp", {"vm": "WEB01", "address": "127.0.0.1", "tcp": 1}),
    ("http", {"vm": "WEB01", "http": {"url": "http://127.0.0.1:{port}/broken"}}),
    ("http", {"vm": "WEB01", "http": {"url": "http://127.0.0.1:{port}/health", "contains": "panic"}}),
]


@pytest.mark.parametrize(("check", "probe"), BROKEN)
def test_an_application_that_does_not_answer_fails_the_verdict(
    stage: Stage, application: int, check: str, probe: dict[str, Any]
) -> None:
    if "http" in probe:
        probe = {**probe, "http": {**probe["http"], "url": probe["http"]["url"].format(port=application)}}

    run = stage.task("hyperv_replica_verify", "hv-a", ["WEB01"], peer="hv-b", probes=[probe])

    assert (run.status, run.vm["verdict"], verdicts(run)[check]) == ("failed", "failed", "fail")


def test_a_vm_that_runs_elsewhere_is_not_served_here(stage: Stage) -> None:
    run = stage.task("hyperv_replica_verify", "hv-b", ["WEB01"], peer="hv-a")

    assert (run.status, verdicts(run)["state"]) == ("failed", "fail")


def test_a_replica_is_what_is_asked_for_on_the_other_end(stage: Stage) -> None:
    run = stage.task("hyperv_replica_verify", "hv-b", ["WEB01"], peer="hv-a", expect="replica_here")

    assert (run.status, run.vm["verdict"]) == ("ok", "passed")


def test_a_dead_guest_fails_unless_nothing_is_to_fail(stage: Stage) -> None:
    stage.simulation.act("stop_guest_answering", host="HV-A", vm="WEB01")

    strict = stage.task("hyperv_replica_verify", "hv-a", ["WEB01", "SQL01"], peer="hv-b")
    lenient = stage.task("hyperv_replica_verify", "hv-a", ["WEB01"], peer="hv-b", fail_on="never")

    assert (strict.status, verdicts(strict)["heartbeat"]) == ("failed", "fail")
    assert strict.result["summary"] == {"passed": 1, "warned": 0, "failed": 1}
    assert (lenient.status, lenient.vm["verdict"]) == ("ok", "failed")


def test_a_guest_that_comes_back_within_the_time_passes(stage: Stage) -> None:
    stage.simulation.act("stop_guest_answering", host="HV-A", vm="WEB01")
    back = {"action": "let_guest_answer", "arguments": {"host": "HV-A", "vm": "WEB01"}}
    stage.simulation.trouble({"kind": "change", "match": {"host": "HV-A", "nth": 12}, **back})

    run = stage.task("hyperv_replica_verify", "hv-a", ["WEB01"], peer="hv-b", within=20)

    assert (run.status, run.vm["verdict"]) == ("ok", "passed"), run.output


def test_old_data_fails_the_verdict(stage: Stage) -> None:
    stage.simulation.act("disconnect", one="HV-A", other="HV-B")
    stage.simulation.advance(900)

    run = stage.task("hyperv_replica_verify", "hv-a", ["WEB01"], peer="hv-b", max_rpo="5m")

    assert (run.status, verdicts(run)["rpo"]) == ("failed", "fail")
