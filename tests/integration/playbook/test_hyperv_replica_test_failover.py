# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Test copies by real playbooks: made, started, isolated, removed with their disks, and never anything else."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.hyperv.replica.tests.integration.playbook.conftest import SetStage
from ansible_collections.hyperv.replica.tests.integration.playbook.estates import replicated, two_sites
from ansible_collections.hyperv.replica.tests.integration.playbook.stage import Run, Stage

SET, MAKE, POWER, DESTROY = "ModifyResourceSettings", "TestReplicaSystem", "RequestStateChange", "DestroySystem"
ADAPTER = {"name": "LAN", "switch": "Production", "test_switch": "Bubble"}


def estate(**switches: str) -> dict[str, Any]:
    plain = two_sites(
        replicated("WEB01", adapters=[ADAPTER], replica_switch="Production"),
        replicated("SQL01"),
        replicated("APP01"),
    )
    for host in plain["hosts"]:
        host["switches"] = ["Production", "Bubble", "Lab"]
    return plain | ({"switches": switches} if switches else {})


def trial(stage: Stage, *vms: str, arguments: tuple[str, ...] = (), **options: Any) -> Run:
    return stage.task("hyperv_replica_test_failover", "hv-b", vms, arguments=arguments, **options)


@pytest.mark.parametrize("connection", ["psrp", "winrm"])
def test_a_copy_starts_in_its_bubble_and_goes_with_its_disks(set_stage: SetStage, connection: str) -> None:
    stage = set_stage(estate())
    stage.inventory(connection)

    made = trial(stage, "WEB01", "SQL01", state="present", start=True, test_networks=[{"switch": "Lab"}])
    copy = made.vm["test_copy"]
    gone = trial(stage, "WEB01", "SQL01", state="absent", stop_running=True)

    assert made.outcomes == {"WEB01": "done", "SQL01": "done"}
    assert (copy["power"], copy["connected_to"], copy["heartbeat"]["name"]) == ("RUNNING", ["Lab"], "OK")
    assert made.vm["now"] == "test copy WEB01 - Test is RUNNING on hv-b, connected to Lab"
    assert gone.outcomes == {"WEB01": "done", "SQL01": "done"}
    assert gone.changes == [POWER, POWER, DESTROY, DESTROY]
    assert [vm["test_copy"] for vm in gone.result["vms"]] == [None, None]
    assert stage.runs_on("WEB01") == ["HV-A"]
    assert (stage.copy("HV-B", "WEB01")["mode"], stage.lossless()) == (stage.copy("HV-B", "APP01")["mode"], True)


def test_second_runs_find_what_they_want_and_change_nothing(set_stage: SetStage) -> None:
    stage = set_stage(estate())

    runs = [trial(stage, "WEB01", state=state) for state in ("absent", "present", "present", "absent", "absent")]

    assert [run.vm["outcome"] for run in runs] == ["already_there", "done", "already_there", "done", "already_there"]
    assert [run.result["changed"] for run in runs] == [False, True, False, True, False]
    assert [run.changes for run in runs] == [[], [SET, MAKE, SET], [], [DESTROY], []]


def test_check_mode_says_what_the_run_does(set_stage: SetStage) -> None:
    stage = set_stage(estate())
    options: dict[str, Any] = {"state": "present", "start": True}

    check = trial(stage, "WEB01", arguments=("--check", "--diff"), **options)
    real = trial(stage, "WEB01", **options)

    planned = [(step["method"], step["arguments"]) for step in check.vm["plan"] if step["mutates"]]
    assert (check.changes, check.result["changed"]) == ([], True)
    assert [(step["method"], step["arguments"]) for step in real.vm["performed"]] == planned
    assert "TestReplicaSystem(SnapshotSettingData=None)" in check.output


@pytest.mark.parametrize(
    ("options", "kind"),
    [
        ({"test_networks": [{"switch": "Production"}]}, "production_network"),
        ({"test_networks": [{"switch": "Bubble", "adapter": "WAN"}]}, "bad_option"),
        ({"recovery_point": "no such point"}, "no_such_point"),
        ({"stop_running": True}, "bad_option"),
        ({"probes": [{"vm": "WEB01", "tcp": 80}]}, "bad_option"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_changed(
    set_stage: SetStage, options: dict[str, Any], kind: str
) -> None:
    stage = set_stage(estate())

    run = trial(stage, "WEB01", state="present", **options)

    assert (run.status, run.error["kind"], run.changes) == ("failed", kind, [])


def test_disks_that_stay_behind_fail_the_task_with_their_paths(set_stage: SetStage) -> None:
    stage = set_stage(estate(test_copy_disks="left"))
    made = trial(stage, "WEB01", state="present")

    gone = trial(stage, "WEB01", state="absent")

    assert (gone.status, gone.error["kind"]) == ("failed", "disks_left")
    assert all(path in gone.error["msg"] for path in made.vm["test_copy"]["disks"])


def test_copies_of_others_are_listed_and_removed_by_their_guids_only(set_stage: SetStage) -> None:
    stage = set_stage(estate())
    trial(stage, "SQL01", state="present")

    first = trial(stage, "WEB01", state="absent")
    listed = first.result["orphans"]
    unsaid = trial(stage, state="absent", orphan_ids=[listed[0]["id"]])
    gone = trial(stage, state="absent", orphan_ids=[listed[0]["id"]], orphans="remove")
    again = trial(stage, state="absent", orphan_ids=[listed[0]["id"]], orphans="remove")
    replica = trial(stage, state="absent", orphan_ids=[first.vm["id"]], orphans="remove")

    assert (first.changes, [(one["of"], one["power"]) for one in listed]) == ([], [("SQL01", "OFF")])
    assert (unsaid.error["kind"], unsaid.changes) == ("bad_option", [])
    assert (gone.status, gone.changes) == ("ok", [DESTROY])
    assert (again.status, again.result["changed"], again.changes) == ("ok", False, [])
    assert (replica.error["kind"], replica.changes) == ("no_test_copy", [])


def test_a_failure_puts_the_adapters_back(set_stage: SetStage) -> None:
    stage = set_stage(estate())
    stage.simulation.trouble({"kind": "fail_job", "match": {"method": MAKE}})

    run = trial(stage, "WEB01", state="present")

    assert (run.status, run.error["kind"]) == ("failed", "job_failed")
    assert [step["method"] for step in run.vm["performed"]] == [SET, MAKE, SET]
    assert run.vm["performed"][2]["arguments"]["TestReplicaSwitchName"] == "Bubble"


def test_a_copy_that_does_not_serve_fails_the_task(set_stage: SetStage) -> None:
    stage = set_stage(estate())
    probe = {"vm": "WEB01", "address": "127.0.0.1", "tcp": 1, "timeout": 1}

    run = trial(stage, "WEB01", state="present", start=True, guest_timeout=5, probes=[probe])

    assert (run.status, run.error["kind"]) == ("failed", "probe_failed")
    assert [check["result"] for check in run.vm["probes"]] == ["fail"]
