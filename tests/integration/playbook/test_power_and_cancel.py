# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Real ansible-playbook runs of hyperv_vm_power and hyperv_replica_failover_cancel."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.hyperv.replica.tests.integration.playbook.stage import Run, Stage

CONFIRMED = {
    "mode": "unplanned",
    "max_data_loss": "1h",
    "outage_began": "from_last_replication",
    "primary_confirmed_down": "night shift by phone, INC1",
}


def power(stage: Stage, state: str, **options: Any) -> Run:
    return stage.task("hyperv_vm_power", "hv-a", ["WEB01"], **{"state": state, "peer": "hv-b", **options})


def cancel(stage: Stage, **options: Any) -> Run:
    return stage.task("hyperv_replica_failover_cancel", "hv-b", ["WEB01"], peer="hv-a", **options)


def told(run: Run) -> tuple[bool, str, int]:
    return run.result["changed"], run.outcomes["WEB01"], len(run.changes)


@pytest.mark.parametrize(("state", "shown"), [("off", "OFF"), ("saved", "SAVED")])
def test_a_vm_is_stopped_and_started_and_a_second_run_changes_nothing(stage: Stage, state: str, shown: str) -> None:
    first, again = power(stage, state), power(stage, state)
    stopped = stage.copy("hv-a", "WEB01")["power"]["name"]
    started, started_again = power(stage, "running"), power(stage, "running")

    assert (told(first)[:1], told(again)) == ((True,), (False, "already_there", 0)), first.output
    assert stopped == shown
    assert (told(started)[:1], told(started_again)) == ((True,), (False, "already_there", 0)), started.output
    assert stage.runs_on("WEB01") == ["HV-A"]


def test_a_saved_vm_is_switched_off_with_consent_only(stage: Stage) -> None:
    power(stage, "saved")

    refused = power(stage, "off")
    allowed = power(stage, "off", consent=["discard_saved_state"], reason="CHG1")

    assert (refused.error["kind"], refused.changes) == ("consent_needed", [])
    assert told(allowed)[0] is True
    assert stage.copy("hv-a", "WEB01")["power"]["name"] == "OFF"


def test_a_hanging_guest_is_turned_off_only_where_that_was_allowed(stage: Stage) -> None:
    stage.simulation.act("stop_guest_answering", host="HV-A", vm="WEB01")

    kept = power(stage, "off", guest_shutdown_timeout=1)
    turned_off = power(stage, "off", guest_shutdown_timeout=1, if_guest_stays_up="turn_off")

    assert kept.status == "failed"
    assert kept.error["remedy"]
    assert turned_off.status == "ok", turned_off.output
    assert stage.runs_on("WEB01") == []


def test_a_replica_is_not_started_beside_its_primary(stage: Stage) -> None:
    run = stage.task("hyperv_vm_power", "hv-b", ["WEB01"], state="running", peer="hv-a", abandon_peer_copy="I say so")

    assert (run.status, run.changes) == ("failed", [])
    assert "hyperv_replica_failover" in run.error["remedy"]


def test_a_start_without_having_seen_the_other_copy_needs_it_given_up(stage: Stage) -> None:
    stage.simulation.act("turn_off_vm", host="HV-A", vm="WEB01")

    refused = power(stage, "running", peer="")
    allowed = power(stage, "running", peer="", abandon_peer_copy="site B is gone, INC1")

    assert (refused.error["kind"], refused.changes) == ("split_brain", [])
    assert told(allowed)[0] is True, allowed.output


def test_a_prepared_failover_is_cancelled_and_the_source_serves_again(stage: Stage) -> None:
    stage.failover("WEB01", state="switched_off")

    first, again = cancel(stage), cancel(stage)

    assert (told(first)[0], first.status) == (True, "ok"), first.output
    assert told(again) == (False, "already_there", 0)
    assert stage.runs_on("WEB01") == ["HV-A"]
    assert stage.lossless()


def test_a_served_failover_is_undone_only_with_consent_to_lose_what_it_wrote(stage: Stage) -> None:
    stage.simulation.act("power_loss", host="HV-A")
    stage.simulation.advance(400)
    stage.failover("WEB01", **CONFIRMED)
    stage.simulation.act("power_return", host="HV-A")
    stage.simulation.advance(60)
    stage.simulation.act("turn_off_vm", host="HV-A", vm="WEB01")

    refused = cancel(stage)
    still_there = stage.runs_on("WEB01")
    allowed = cancel(stage, consent=["discard_since_failover"], reason="CHG1")

    assert (refused.error["kind"], refused.changes, still_there) == ("consent_needed", [], ["HV-B"])
    assert allowed.status == "ok", allowed.output
    assert allowed.result["consent"]["given"] == ["discard_since_failover"]
    assert stage.runs_on("WEB01") == ["HV-A"]


def test_a_finished_move_is_nothing_to_cancel(stage: Stage) -> None:
    stage.failover("WEB01")

    run = cancel(stage)

    assert (run.status, run.changes) == ("failed", [])
    assert "hyperv_replica_failback" in run.error["remedy"]


def test_check_mode_switches_nothing(stage: Stage) -> None:
    off = power(stage, "off", arguments=["--check", "--diff"])

    assert (off.result["changed"], off.changes) == (True, [])
    assert "InitiateShutdown" in off.output
    assert stage.runs_on("WEB01") == ["HV-A"]
