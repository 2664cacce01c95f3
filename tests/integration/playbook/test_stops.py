# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Real ansible-playbook runs that stop before anything is changed, and go through once what they ask for is given."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.hyperv.replica.tests.integration.playbook.conftest import SetStage
from ansible_collections.hyperv.replica.tests.integration.playbook.estates import replicated, two_sites
from ansible_collections.hyperv.replica.tests.integration.playbook.stage import Run, Stage

UNPLANNED = {
    "mode": "unplanned",
    "max_data_loss": "1h",
    "outage_began": "from_last_replication",
    "primary_confirmed_down": "night shift by phone, INC1",
}


def fail_over_unplanned(stage: Stage) -> None:
    """HV-A loses power, the VM is taken over at HV-B, and HV-A comes back with its copy running."""
    stage.simulation.act("power_loss", host="HV-A")
    stage.simulation.advance(400)
    run = stage.failover("WEB01", **UNPLANNED)
    if run.status != "ok":
        raise AssertionError(run.output)
    stage.simulation.act("power_return", host="HV-A")
    stage.simulation.advance(60)


def suspend(stage: Stage) -> None:
    stage.simulation.act("suspend", host="HV-A", vm="WEB01")


def lose_tracking(stage: Stage) -> None:
    stage.simulation.act("lose_tracking", host="HV-A", vm="WEB01")


def save(stage: Stage) -> None:
    stage.simulation.act("save_vm", host="HV-A", vm="WEB01")


def leave_writes_of_its_own(stage: Stage) -> None:
    fail_over_unplanned(stage)
    stage.simulation.act("turn_off_vm", host="HV-A", vm="WEB01")


STOPS = [
    ("failover", suspend, ["resume_suspended"]),
    ("failover", lose_tracking, ["resynchronize"]),
    ("failover", save, ["discard_saved_state"]),
    ("failback", fail_over_unplanned, ["discard_old_primary_data", "turn_off_old_primary"]),
    ("failback", leave_writes_of_its_own, ["discard_old_primary_data"]),
]


def refused_before_anything_changed(run: Run, kind: str) -> bool:
    told = run.error
    return (run.status, told["kind"], run.changes) == ("failed", kind, []) and bool(told["remedy"])


@pytest.mark.parametrize(("operation", "happened", "consent"), STOPS)
def test_what_loses_something_stops_until_it_is_consented_to_by_name(
    stage: Stage, operation: str, happened: Any, consent: list[str]
) -> None:
    happened(stage)
    move = getattr(stage, operation)

    refused = move("WEB01")
    allowed = move("WEB01", consent=consent, reason="CHG1, J. Weber")

    assert refused_before_anything_changed(refused, "consent_needed"), refused.output
    assert sorted(refused.error["consent"]) == consent
    assert all(word in refused.error["remedy"] for word in consent)
    assert allowed.outcomes == {"WEB01": "moved"}, allowed.output
    assert allowed.result["consent"] == {"given": consent, "reason": "CHG1, J. Weber"}
    assert {word for step in allowed.vm["performed"] for word in step["consent"]} == set(consent)


def test_a_consent_to_something_else_opens_no_way(stage: Stage) -> None:
    suspend(stage)

    run = stage.failover("WEB01", consent=["resynchronize"], reason="CHG1")

    assert refused_before_anything_changed(run, "consent_needed")


def test_a_consent_without_a_reason_is_refused(stage: Stage) -> None:
    run = stage.failover("WEB01", consent=["resynchronize"])

    assert (run.status, run.sent) == ("failed", [])
    assert "reason" in run.result["msg"]


def test_the_wrong_peer_is_recognised_by_its_own_name(set_stage: SetStage) -> None:
    stage = set_stage(two_sites(replicated("WEB01"), more=("HV-C",)))

    run = stage.failback("WEB01", peer="hv-c", consent=["discard_old_primary_data"], reason="CHG1")

    assert refused_before_anything_changed(run, "wrong_peer")
    assert "hv-c" in run.error["msg"]


def test_a_peer_without_the_vm_means_unknown_and_never_off(stage: Stage) -> None:
    stage.simulation.act("remove_vm", host="HV-B", vm="WEB01")

    run = stage.failback("WEB01")

    assert refused_before_anything_changed(run, "no_such_vm")
    assert "unknown" in run.error["found"]


def test_an_unplanned_failover_beside_a_live_primary_is_refused_whatever_is_said(stage: Stage) -> None:
    every = ["discard_old_primary_data", "turn_off_old_primary", "discard_since_failover"]

    run = stage.failover("WEB01", **UNPLANNED, consent=every, reason="CHG1")

    assert refused_before_anything_changed(run, "primary_alive")


def test_a_silent_primary_is_not_taken_for_a_dead_one(stage: Stage) -> None:
    stage.simulation.act("power_loss", host="HV-A")

    run = stage.failover("WEB01", **{**UNPLANNED, "primary_confirmed_down": ""})

    assert refused_before_anything_changed(run, "primary_unconfirmed")


def test_a_primary_that_still_sends_is_alive_although_nobody_reaches_it(set_stage: SetStage) -> None:
    stage = set_stage(two_sites(replicated("WEB01", interval=30)), rate=20.0)
    stage.simulation.trouble({"kind": "refuse_connection", "match": {"host": "HV-A"}})

    run = stage.failover("WEB01", **UNPLANNED)

    assert refused_before_anything_changed(run, "primary_alive")
    assert stage.runs_on("WEB01") == ["HV-A"]


def test_more_loss_than_allowed_is_refused_with_the_numbers(stage: Stage) -> None:
    stage.simulation.act("power_loss", host="HV-A")
    stage.simulation.advance(400)

    run = stage.failover("WEB01", **{**UNPLANNED, "max_data_loss": "1s", "recovery_point_before": "2030-01-01T00:00Z"})

    assert refused_before_anything_changed(run, "data_loss"), run.output


def test_an_ambiguous_name_is_refused_with_both_guids(set_stage: SetStage) -> None:
    stage = set_stage(two_sites(replicated("WEB01"), replicated("WEB01")))

    run = stage.failover("WEB01")

    assert refused_before_anything_changed(run, "ambiguous_name")
    assert all(guid in run.error["msg"] for guid in stage.simulation.world()["hosts"]["HV-B"]["vms"])


def test_an_unknown_name_is_answered_with_names_that_are_near(stage: Stage) -> None:
    run = stage.failover("WEB10")

    assert refused_before_anything_changed(run, "no_such_vm")
    assert "WEB01" in run.error["msg"]


def test_a_vm_renamed_at_one_end_goes_with_a_warning(stage: Stage) -> None:
    stage.simulation.act("rename_vm", host="HV-A", vm="WEB01", name="WEB01-old")

    run = stage.failover("WEB01")

    assert run.outcomes == {"WEB01": "moved"}
    assert any("WEB01-old" in warning for warning in run.result["warnings"])
    assert "WEB01-old" in run.output
