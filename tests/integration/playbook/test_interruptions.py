# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Real ansible-playbook runs that are killed, cut short, or lose a host on the way."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator import launch
from ansible_collections.hyperv.replica.tests.integration.playbook.conftest import SetStage
from ansible_collections.hyperv.replica.tests.integration.playbook.estates import by_provider, replicated, two_sites
from ansible_collections.hyperv.replica.tests.integration.playbook.stage import Stage, call

#: After which request of a failback by reverse the playbook is killed.
MOMENTS = [
    "InitiateShutdown",
    "RequestReplicationStateChangeEx",
    "InitiateFailover",
    "ReverseReplicationRelationship",
    "RequestStateChange",
]


Beginning = Callable[..., Stage]


@pytest.fixture(scope="module")
def served_at_the_other_site(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """An estate whose VMs were moved to HV-B by a failover, and are protected there."""
    estate = two_sites(replicated("WEB01"), by_provider("PRV01"))
    with launch.start(estate, rate=120.0, idle_timeout=300.0) as simulation:
        run = Stage(tmp_path_factory.mktemp("over") / "project", simulation).failover("WEB01", "PRV01")
        if run.status != "ok":
            raise AssertionError(run.output)
        return simulation.estate()


@pytest.fixture
def over_there(set_stage: SetStage, served_at_the_other_site: dict[str, Any]) -> Beginning:
    """Begin with VMs that serve at HV-B, and with time slow enough to interrupt something."""
    return lambda rate=20.0: set_stage(served_at_the_other_site, rate=rate)


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_killed_failback_is_continued_by_running_it_again(over_there: Beginning, moment: str) -> None:
    stage = over_there()
    stage.play("hv-a", [call("hyperv_replica_failback", ["WEB01"], peer="hv-b")])
    first = stage.start()
    first.until_asked(moment)
    first.kill()

    again = stage.failback("WEB01")

    assert again.outcomes == {"WEB01": "already_there" if moment == "RequestStateChange" else "moved"}
    assert moment not in again.changes
    assert stage.runs_on("WEB01") == ["HV-A"]
    assert stage.copy("hv-a", "WEB01")["relationships"][0]["state"]["name"] == "REPLICATING"
    assert stage.lossless()


def test_a_killed_failback_by_provider_adopts_the_running_job(over_there: Beginning) -> None:
    stage = over_there()
    stage.play("hv-a", [call("hyperv_replica_failback", ["PRV01"], peer="hv-b")])
    first = stage.start()
    first.until_asked("InitiateFailback")
    first.kill()
    jobs = [job for job in stage.simulation.world()["hosts"]["HV-A"]["jobs"] if job["running"]]

    stage.simulation.set_rate(60)
    again = stage.failback("PRV01")

    assert len(jobs) == 1
    assert again.outcomes == {"PRV01": "moved"}
    assert "InitiateFailback" not in again.changes
    assert stage.runs_on("PRV01") == ["HV-A"]
    assert stage.lossless()


def test_the_journal_of_a_killed_run_shows_what_was_asked(over_there: Beginning, tmp_path: Path) -> None:
    stage = over_there()
    journals = tmp_path / "journals"
    stage.play("hv-a", [call("hyperv_replica_failback", ["WEB01"], peer="hv-b", journal_dir=str(journals))])
    running = stage.start()
    running.until_asked("InitiateFailover")
    running.kill()

    [journal] = journals.iterdir()
    records = [json.loads(line) for line in journal.read_text(encoding="utf-8").splitlines()]

    asked = [(record["method"], record["host"], record["vm"]) for record in records if record["event"] == "asking"]
    assert ("InitiateFailover", "hv-a", "WEB01") in asked
    assert journal.stat().st_mode & 0o077 == 0


def test_a_vm_in_motion_is_waited_for_by_a_second_controller(over_there: Beginning) -> None:
    stage = over_there()
    stage.play("hv-a", [call("hyperv_replica_failback", ["PRV01"], peer="hv-b")])
    first = stage.start()
    first.until_asked("InitiateFailback")

    second = stage.failback("PRV01")
    first.process.wait(timeout=60)

    assert second.outcomes["PRV01"] in ("moved", "already_there")
    assert "InitiateFailback" not in second.changes
    assert stage.runs_on("PRV01") == ["HV-A"]
    assert stage.lossless()


def test_ansibles_timeout_ends_the_task_at_once_and_no_request_follows(over_there: Beginning) -> None:
    stage = over_there(rate=1.0)
    stage.play("hv-a", [call("hyperv_replica_failback", ["WEB01"], {"timeout": 6}, peer="hv-b")])
    running = stage.start()
    running.until_asked("InitiateShutdown")
    began = time.monotonic()

    run = stage.finish(running)
    took, number = time.monotonic() - began, stage.simulation.mark("the task is over")
    time.sleep(0.2)

    assert run.status == "failed"
    assert "InitiateShutdown" in run.changes
    # The limit, which began before that request, what it may take to end, and the end of ansible-playbook itself.
    assert took < 6 + 2 + 1.5
    assert stage.simulation.log(number) == []


def test_the_tasks_own_timeout_lists_what_runs_on(over_there: Beginning) -> None:
    stage = over_there(rate=20.0)
    stage.simulation.trouble({"kind": "stick_job", "match": {"method": "InitiateFailback"}, "percent": 40})

    run = stage.failback("PRV01", timeout=6)

    job = next(job for job in stage.simulation.world()["hosts"]["HV-A"]["jobs"] if job["running"])
    assert (run.status, run.error["kind"]) == ("failed", "timed_out")
    assert job["id"].lower() in run.error["msg"].lower()
    assert "40 %" in run.error["msg"]
    assert run.vm["now"]


def test_a_peer_that_dies_on_the_way_fails_with_full_results_and_rescue_and_always_run(over_there: Beginning) -> None:
    stage = over_there()
    stage.simulation.trouble(
        {"kind": "refuse_connection", "match": {"host": "HV-B", "method": "RequestReplicationStateChangeEx"}}
    )
    said = [{"name": word, "debug": {"msg": "{{ ansible_failed_result.vms[0].now }}"}} for word in ("rescue", "always")]
    move = call("hyperv_replica_failback", ["WEB01"], {"timeout": 60}, peer="hv-b", timeout=8, on_failure="stop")
    stage.play("hv-a", [{"block": [move], "rescue": [said[0]], "always": [said[1]]}])

    run = stage.run()

    assert [(task["task"], task["status"]) for task in run.tasks] == [
        ("hyperv_replica_failback", "failed"),
        ("rescue", "ok"),
        ("always", "ok"),
    ]
    assert run.error["kind"] in ("timed_out", "connection_lost")
    assert run.vm["performed"]
    assert run.vm["now"]


@pytest.mark.parametrize("module", ["hyperv_replica_failback", "hyperv_replica_verify"])
def test_a_peer_that_is_away_at_first_fails_and_does_not_drop_the_host(set_stage: SetStage, module: str) -> None:
    stage = set_stage()
    stage.simulation.act("power_loss", host="HV-B")
    first = call(module, ["WEB01"], {"ignore_errors": True}, peer="hv-b")
    stage.play("hv-a", [first, {"name": "next", "debug": {"msg": "still here"}}])

    run = stage.run()

    assert [task["status"] for task in run.tasks] == ["failed", "ok"]
    assert run.changes == []


def test_info_of_a_peer_that_is_away_fails_with_its_kind(stage: Stage) -> None:
    stage.simulation.act("power_loss", host="HV-B")

    run = stage.task("hyperv_replica_info", "hv-a", peer="hv-b")

    assert (run.status, run.error["kind"]) == ("failed", "peer_unreachable")


MODULES = [
    ("hyperv_replica_failback", {"peer": "hv-b"}),
    ("hyperv_replica_verify", {"peer": "hv-b"}),
    ("hyperv_replica_info", {"peer": "hv-b"}),
    ("hyperv_vm_power", {"peer": "hv-b", "state": "running"}),
]


@pytest.mark.parametrize(("module", "options"), MODULES)
def test_the_tasks_own_host_that_is_away_at_the_first_look_is_unreachable(
    stage: Stage, module: str, options: dict[str, Any]
) -> None:
    stage.simulation.act("power_loss", host="HV-A")

    run = stage.task(module, "hv-a", ["WEB01"], **options)

    assert run.status == "unreachable", run.output


@pytest.mark.parametrize("connection", ["psrp", "winrm"])
@pytest.mark.parametrize(("refused", "status"), [("hv-a", "unreachable"), ("hv-b", "failed")])
def test_a_wrong_password_is_unreachable_for_the_host_and_a_failure_for_the_peer(
    stage: Stage, connection: str, refused: str, status: str
) -> None:
    stage.inventory(connection, of={refused: {"ansible_password": "Not-The-Password-1"}})

    run = stage.failback("WEB01")

    assert run.status == status, run.output
    assert run.changes == []
    assert status == "unreachable" or run.error["kind"] == "access_refused"
