# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Real ansible-playbook runs of a plan that commits only what is found good, and puts back what was disconnected."""

from __future__ import annotations

from typing import Any

from ansible_collections.hyperv.replica.tests.integration.playbook.conftest import SetStage
from ansible_collections.hyperv.replica.tests.integration.playbook.estates import replicated, two_sites
from ansible_collections.hyperv.replica.tests.integration.playbook.stage import Run, Stage
from ansible_collections.hyperv.replica.tests.integration.playbook.test_verified import UNPLANNED

VERIFIED: dict[str, Any] = {**UNPLANNED, "to": "recovery", "commit": "verified", "verify_within": 10}
NAMES = ("SQL01", "WEB01")


def outage(set_stage: SetStage) -> Stage:
    """HV-A is dark; SQL01 and WEB01 have recovery points at HV-B, where they would be connected to Production."""
    pairs = [replicated(name, adapters=[{"switch": "Office"}], replica_switch="Production") for name in NAMES]
    estate = two_sites(*pairs)
    estate["hosts"][0]["switches"] = ["Office"]
    estate["hosts"][1]["switches"] = ["Production", "Trial"]
    stage = set_stage(estate)
    stage.simulation.advance(7800)
    stage.simulation.act("power_loss", host="HV-A")
    return stage


def plan(**network: Any) -> dict[str, Any]:
    """WEB01 depends on SQL01; both have probes that go over a network."""
    both = {"home": "hv-a", "recovery": "hv-b", "probes": [{"tcp": 443}, {"heartbeat": True}], **network}
    return {
        "schema_version": 1,
        "name": "shop",
        "vms": [{"name": "SQL01", **both}, {"name": "WEB01", "depends_on": ["SQL01"], **both}],
    }


def moved(stage: Stage, written: dict[str, Any], **options: Any) -> Run:
    given = {"plan": written, "simulated_guests": True, "guest_timeout": 60, "poll_interval": 0.1, **options}
    return stage.task("hyperv_replica_recovery_plan", "localhost", arguments=["-c", "local"], **given)


def notes(stage: Stage, host: str) -> list[str]:
    """What the machines of a host have in their notes."""
    vms = stage.simulation.world()["hosts"][host]["vms"].values()
    return [note for vm in vms for note in vm["notes"]]


def connected(run: Run, name: str) -> list[int]:
    """To how many switches the adapters of a VM were connected by each change of them."""
    records = [one for one in run.result["records"] if one["vm"] == name and one["event"] == "asking"]
    return [len(one["arguments"]["HostResource"]) for one in records if one["method"] == "ModifyResourceSettings"]


def steps(run: Run, name: str) -> list[str]:
    (vm,) = (vm for vm in run.result["vms"] if vm["name"] == name)
    return [step["method"] for step in vm["performed"] if step["mutates"]]


def test_each_is_committed_by_its_own_probes_before_what_depends_on_it_is_started(set_stage: SetStage) -> None:
    stage = outage(set_stage)
    tested = {"network": {"test_networks": [{"switch": "Trial"}]}}

    run = moved(stage, plan(**tested), **VERIFIED)
    again = moved(stage, plan(**tested), **VERIFIED)

    events = [(one["event"], one["vm"], one["method"]) for one in run.result["records"]]
    assert run.outcomes == {"SQL01": "moved", "WEB01": "moved"}, run.output
    assert all(vm["facts"]["tries"][0]["result"] == "passed" for vm in run.result["vms"])
    assert [connected(run, name) for name in NAMES] == [[1, 1], [1, 1]]
    assert notes(stage, "HV-B") == []
    assert events.index(("answered", "SQL01", "CommitFailover")) < events.index(
        ("asking", "WEB01", "RequestStateChange")
    )
    assert (again.changes, set(again.outcomes.values())) == ([], {"already_there"})


def test_one_whose_probes_are_red_is_not_committed_and_nothing_that_depends_on_it_starts(set_stage: SetStage) -> None:
    stage = outage(set_stage)
    stage.simulation.act("stop_guest_answering", host="HV-B", vm="SQL01")

    run = moved(stage, plan(), **VERIFIED, fall_back_to_older_points=1, on_vm_failure="continue")

    (sql, web) = run.result["vms"]
    assert (sql["error"]["kind"], web["error"]["kind"]) == ("not_verified", "dependency")
    assert [tried["result"] for tried in sql["facts"]["tries"]] == ["failed", "not_verified"]
    assert "tcp" in sql["facts"]["tries"][0]["why"]
    assert "CommitFailover" not in run.changes
    assert stage.runs_on("WEB01") == []


def test_a_run_that_does_not_go_on_with_a_trial_puts_back_what_it_had_disconnected(set_stage: SetStage) -> None:
    stage = outage(set_stage)
    stage.simulation.act("stop_guest_answering", host="HV-B", vm="SQL01")
    moved(stage, plan(), **VERIFIED)
    tried = notes(stage, "HV-B")
    stage.simulation.act("let_guest_answer", host="HV-B", vm="SQL01")

    run = moved(stage, plan(), **UNPLANNED, to="recovery")

    assert tried != []
    assert run.outcomes == {"SQL01": "moved", "WEB01": "moved"}, run.output
    assert [connected(run, name) for name in NAMES] == [[1], [1]]
    assert notes(stage, "HV-B") == []


def test_who_comes_home_with_a_plan_is_connected_as_before_its_fence(set_stage: SetStage) -> None:
    stage = outage(set_stage)
    moved(stage, plan(), **UNPLANNED, to="recovery")
    stage.simulation.act("power_return", host="HV-A")
    stage.simulation.advance(60)
    consent = ["turn_off_old_primary", "discard_old_primary_data", "resume_suspended", "resynchronize"]
    protected = {**UNPLANNED, "state": "protected", "consent": consent, "reason": "CHG1"}
    fenced = moved(stage, plan(), **protected, to="recovery", fence_adapters=True)
    kept = notes(stage, "HV-A")

    home = moved(stage, plan(), to="home", expect_source_running=False)

    assert (connected(fenced, "SQL01"), connected(fenced, "WEB01")) == ([0], [0]), fenced.output
    assert len(kept) == len(NAMES)
    assert home.outcomes == {"SQL01": "moved", "WEB01": "moved"}, home.output
    assert [connected(home, name) for name in NAMES] == [[1], [1]]
    assert [steps(home, name).count("ModifySystemSettings") for name in NAMES] == [1, 1]
    assert notes(stage, "HV-A") == []
    assert {host for name in NAMES for host in stage.runs_on(name)} == {"HV-A"}


def test_a_probe_that_could_never_be_green_on_trial_is_refused_before_any_host_is_asked(stage: Stage) -> None:
    run = moved(stage, plan(), **VERIFIED, simulated_guests=False)

    assert (run.status, run.sent) == ("failed", [])
    assert "a tcp probe of SQL01" in run.result["msg"]
