# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Real ansible-playbook runs with the keywords that tasks have, and with those that they must not have."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.hyperv.replica.tests.integration.playbook.stage import Stage, call


def test_progress_is_told_live_unless_it_is_to_be_silent(stage: Stage) -> None:
    told = stage.failover("WEB01", progress="0")
    silent = stage.failback("WEB01", progress="never")

    assert "WEB01: hv-a → hv-b: InitiateFailover on hv-b" in told.output
    assert "InitiateFailover on hv-a" not in silent.output
    assert silent.outcomes == {"WEB01": "moved"}


def test_a_task_with_no_log_tells_neither_progress_nor_names(stage: Stage) -> None:
    run = stage.task(
        "hyperv_replica_failover", "hv-b", ["WEB01"], keywords={"no_log": True}, peer="hv-a", mode="planned"
    )

    assert run.status == "ok"
    assert "WEB01" not in run.output
    assert stage.runs_on("WEB01") == ["HV-B"]


@pytest.mark.parametrize("progress", ["sometimes", "-1", "nan"])
def test_a_progress_that_is_no_progress_is_refused_before_anything_changes(stage: Stage, progress: str) -> None:
    run = stage.failover("WEB01", progress=progress)

    assert (run.status, run.changes) == ("failed", [])
    assert "progress" in run.result["msg"]


def test_a_play_on_the_controller_delegates_to_the_host(stage: Stage) -> None:
    task = call("hyperv_replica_failover", ["WEB01"], {"delegate_to": "hv-b"}, peer="hv-a", mode="planned")
    stage.play("localhost", [task])

    run = stage.run()

    assert run.outcomes == {"WEB01": "moved"}
    assert run.vm["direction"] == "hv-a → hv-b"


def test_a_loop_moves_one_vm_after_the_other(stage: Stage) -> None:
    task = call("hyperv_replica_failover", ["{{ item }}"], {"loop": ["WEB01", "SQL01"]}, peer="hv-a", mode="planned")
    stage.play("hv-b", [task])

    run = stage.run()

    assert [item["vms"][0]["outcome"] for item in run.result["results"]] == ["moved", "moved"]
    assert [stage.runs_on(name) for name in ("WEB01", "SQL01")] == [["HV-B"], ["HV-B"]]


def test_run_once_over_both_hosts_asks_once(stage: Stage) -> None:
    task = call("hyperv_replica_failback", ["WEB01"], {"run_once": True}, peer="hv-b")
    stage.play("hv-a,hv-b", [task])

    run = stage.run()

    assert len(run.tasks) == 1
    assert run.outcomes == {"WEB01": "already_there"}


def test_the_peer_is_found_by_the_names_of_the_relationship(stage: Stage) -> None:
    run = stage.failover("WEB01", peer="auto")

    assert (run.outcomes, run.vm["direction"]) == ({"WEB01": "moved"}, "hv-a → hv-b"), run.output


def test_defaults_of_the_action_group_are_taken(stage: Stage) -> None:
    task = call("hyperv_replica_failback", ["WEB01"])
    stage.play("hv-a", [task], module_defaults={"group/hyperv.replica.replica": {"peer": "hv-b"}})

    run = stage.run()

    assert run.outcomes == {"WEB01": "already_there"}, run.output


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"become": True, "become_method": "runas", "become_user": "somebody"}, "become is not supported"),
    ({"async": 60, "poll": 1}, "async"),
]


@pytest.mark.parametrize(("keywords", "said"), REFUSED)
@pytest.mark.parametrize("module", ["hyperv_replica_failback", "hyperv_replica_info"])
def test_what_cannot_work_is_refused_with_the_way_out(
    stage: Stage, module: str, keywords: dict[str, Any], said: str
) -> None:
    run = stage.task(module, "hv-a", ["WEB01"], keywords=keywords, peer="hv-b")

    assert run.status == "failed", run.output
    assert said in run.output
    assert run.sent == []


def test_a_host_reached_as_the_controller_reaches_itself_is_refused_with_the_ways_out(stage: Stage) -> None:
    stage.inventory(of={"hv-a": {"ansible_connection": "local"}})

    run = stage.failback("WEB01")

    assert (run.status, run.error["kind"], run.sent) == ("failed", "unsupported", [])
    assert all(way in run.result["msg"] for way in ("delegate_to", "add_host", "psrp", "winrm"))


def test_an_unknown_option_names_the_ones_there_are(stage: Stage) -> None:
    run = stage.failback("WEB01", pear="hv-b")

    assert (run.status, run.sent) == ("failed", [])
    assert "pear" in run.result["msg"]
