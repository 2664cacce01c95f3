# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Real ansible-playbook runs: home holds no copy any more, and gets a new one."""

from __future__ import annotations

from typing import Any

from ansible_collections.hyperv.replica.tests.integration.playbook.conftest import SetStage
from ansible_collections.hyperv.replica.tests.integration.playbook.estates import replicated, two_sites
from ansible_collections.hyperv.replica.tests.integration.playbook.stage import Run, Stage

NEW_COPY: dict[str, Any] = {"strategy": "new_copy", "new_copy": {"replica_server": "hv-a.example.test"}}


def home_rebuilt(set_stage: SetStage) -> Stage:
    """WEB01 runs on HV-B, and HV-A was installed anew."""
    stage = set_stage(two_sites(replicated("WEB01", primary="HV-B", replica="HV-A")))
    stage.simulation.act("rebuild_host", host="HV-A")
    stage.simulation.act("open_replica_server", host="HV-A", authorize="HV-B")
    return stage


def changing(run: Run, which: str) -> list[str]:
    return [step["method"] for step in run.vm[which] if step["mutates"]]


def test_a_rebuilt_home_gets_a_new_copy_whose_size_and_time_were_told_before(set_stage: SetStage) -> None:
    stage = home_rebuilt(set_stage)
    given = {"strategy": "new_copy", "new_copy": {**NEW_COPY["new_copy"], "assumed_bandwidth": 1000}}

    check = stage.failback("WEB01", **given, arguments=["--check", "--diff"])
    real = stage.failback("WEB01", **given)
    again = stage.failback("WEB01", **given)

    told = check.vm["facts"]["first_copy"]
    assert (check.changes, told["bytes"], told["bandwidth_from"]) == ([], 4 << 30, "option")
    assert told["expected_seconds"] == round((4 << 30) / 125_000_000, 1)
    assert "4.0 GiB, about 34 s at 1000 Mbit/s" in check.output
    assert real.outcomes == {"WEB01": "moved"}, real.result["msg"]
    assert changing(check, "plan") == changing(real, "performed")
    assert real.outcomes == {"WEB01": "moved"}
    assert stage.runs_on("WEB01") == ["HV-A"]
    assert again.outcomes == {"WEB01": "already_there"}
    assert again.changes == []


def test_what_the_replication_was_like_tells_the_time_where_nobody_says_it(set_stage: SetStage) -> None:
    stage = set_stage(two_sites(replicated("WEB01", primary="HV-B", replica="HV-A")))
    stage.simulation.advance(3600)
    stage.simulation.act("delete_vm", host="HV-A", vm="WEB01")

    run = stage.failback("WEB01", **NEW_COPY, arguments=["--check"])

    told = run.vm["facts"]["first_copy"]
    assert told["bandwidth_from"] == "statistics"
    assert told["bytes_per_second"] > 0


def test_another_vm_of_that_name_at_home_stops_it_with_both_guids(set_stage: SetStage) -> None:
    stage = home_rebuilt(set_stage)
    guid = next(iter(stage.simulation.world()["hosts"]["HV-B"]["vms"]))
    stage.simulation.act("import_copy", host="HV-B", vm="WEB01", to="HV-A", new_id=True)
    other = next(iter(stage.simulation.world()["hosts"]["HV-A"]["vms"]))

    run = stage.failback("WEB01", **NEW_COPY)

    assert run.error["kind"] == "ambiguous_name"
    assert guid in run.error["found"]
    assert other in run.error["found"]
    assert run.changes == []


def test_a_copy_that_is_at_home_is_not_made_anew(stage: Stage) -> None:
    stage.failover("WEB01")
    stage.simulation.act("set_replication", host="HV-B", vm="WEB01", state="replicating", mode="none")

    run = stage.failback("WEB01", **NEW_COPY)

    assert run.error["kind"] == "copy_exists"
    assert run.changes == []


def test_new_copy_without_what_it_needs_is_refused_before_any_host_is_asked(stage: Stage) -> None:
    run = stage.failback("WEB01", strategy="new_copy")

    assert (run.status, run.sent) == ("failed", [])
    assert "new_copy" in run.result["msg"]
