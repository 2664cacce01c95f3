# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whole rounds: every move there and back, every target, and what the ledger says of them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.states import Power, StartAction
from ansible_collections.hyperv.replica.plugins.module_utils._operations.goal import (
    Commit,
    OnFailure,
    PointChoice,
    Start,
    Strategy,
)
from ansible_collections.hyperv.replica.plugins.module_utils._operations.plan import Consent, Target
from ansible_collections.hyperv.replica.tests.unit.plugins.module_utils._operations.estate_run import (
    ALL_CONSENTS,
    PROVIDER,
    START,
    Run,
    Site,
    estate,
    host,
    moved,
    vm,
)

AT_A = ((1, 3, "RUNNING"), (2, 3, "OFF"))
AT_B = ((2, 3, "OFF"), (1, 3, "RUNNING"))
CONFIRMED = {"primary_confirmed_down": "shift lead by phone, INC-1"}


def external() -> Site:
    """A VM that runs on B by an external provider and is to come home to A."""
    return Site(estate(vm(provider=PROVIDER, primary="B", replica="A")))


def outage(**switches: str) -> Site:
    """A has lost power, and with it the primary."""
    site = Site(**switches)
    site.wait(400)
    site.act("power_loss", host="A")
    return site


def went_well(run: Run) -> None:
    assert run.one.error is None, str(run.one.error)


def unharmed(site: Site) -> None:
    assert (site.lost, site.split_brains) == (0, 0)


def test_a_planned_failover_and_the_documented_failback_lose_nothing() -> None:
    site = Site()
    went_well(site.failover())
    assert site.shown() == AT_B
    went_well(site.failback())
    assert site.shown() == AT_A
    unharmed(site)


def test_a_second_failback_finds_it_done_and_asks_for_nothing() -> None:
    site = Site()
    site.failover()
    site.failback()
    again = site.failback()
    assert again.one.already_there
    assert not again.one.changed
    assert again.mutations == []


def test_a_provider_brings_the_data_home_and_replicates_again() -> None:
    site = external()
    run = site.failback()
    went_well(run)
    assert run.mutations == [
        "InitiateShutdown",
        "InitiateFailback",
        "CommitFailover",
        "RequestStateChange",
        "ReverseReplicationRelationship",
    ]
    assert site.shown() == AT_A
    assert site.failback().one.already_there
    unharmed(site)


def test_a_provider_without_a_peer_needs_an_attestation_that_the_other_copy_is_off() -> None:
    site = external()
    refused = site.failback(moved(Target.RUNNING), away=None)
    refused.error("source_unconfirmed")
    assert refused.mutations == []
    site.act("turn_off_vm", host="B", vm="VM001")
    went_well(site.failback(moved(Target.RUNNING, source_confirmed_off="seen at the console"), away=None))
    assert site.runs_at() == ["A"]
    unharmed(site)


def test_a_provider_brings_the_data_home_anew_where_the_source_ran_since() -> None:
    site = external()
    site.order("return_code", match={"host": "A", "method": "RequestStateChange"}, times=None)
    site.failback()
    site.world.trouble.clear()
    site.act("start_vm", host="B", vm="VM001")
    site.wait(120)
    run = site.failback()
    went_well(run)
    assert "InitiateFailback" in run.mutations
    assert site.a().writes["B"] == site.b().writes["B"]
    unharmed(site)


@pytest.mark.parametrize("answer", ["32770", "32773", "32775", "failed_job"])
def test_the_built_in_provider_is_asked_as_told_and_its_refusal_explained(answer: str) -> None:
    site = Site(estate(vm(primary="B", replica="A")), builtin_failback=answer)
    run = site.failback(moved(strategy=Strategy.PROVIDER, on_failure=OnFailure.ROLL_BACK))
    error = run.one.error
    assert error is not None
    assert "does not fail back that way" in error.cause
    assert "strategy: reverse" in error.remedy
    assert "nothing changed" in error.next_move
    assert run.one.rescue == "rolled_back"
    assert site.runs_at() == ["B"]


@pytest.mark.parametrize(
    ("target", "shown"),
    [
        (Target.SYNCED, AT_A),
        (Target.SWITCHED_OFF, ((1, 4, "OFF"), (2, 3, "OFF"))),
        (Target.RUNNING, ((1, 4, "OFF"), (2, 5, "RUNNING"))),
        (Target.PROTECTED, AT_B),
    ],
)
def test_each_target_is_reached_and_then_found(target: Target, shown: object) -> None:
    site = Site()
    went_well(site.failover(moved(target)))
    assert site.shown() == shown
    again = site.failover(moved(target))
    assert again.one.already_there
    assert again.mutations == []
    unharmed(site)


def test_a_later_target_goes_on_from_an_earlier_one() -> None:
    site = Site()
    for target in Target:
        went_well(site.failover(moved(target)))
    assert site.shown() == AT_B
    unharmed(site)


@pytest.mark.parametrize("commit", Commit)
def test_an_unplanned_failover_commits_when_it_was_told_to(commit: Commit) -> None:
    site = outage()
    went_well(site.unplanned(moved(Target.RUNNING, commit=commit, **CONFIRMED)))
    assert site.shown()[1] == (2, 5 if commit is Commit.NEVER else 6, "RUNNING")


def test_a_returned_primary_becomes_a_replica_and_the_vm_comes_home() -> None:
    site = outage()
    site.unplanned(moved(Target.RUNNING, **CONFIRMED))
    site.a().start_action = StartAction.NOTHING
    site.act("power_return", host="A")
    went_well(site.unplanned(moved(Target.PROTECTED, Consent.DISCARD_OLD_PRIMARY_DATA)))
    assert site.shown() == AT_B
    went_well(site.failback())
    assert site.shown() == AT_A
    assert {loss.origin for loss in site.world.ledger.losses} == {"A"}
    assert site.split_brains == 0


def test_a_fence_is_set_before_anything_else_and_restored_at_home() -> None:
    site = outage()
    site.unplanned(moved(Target.RUNNING, **CONFIRMED))
    site.act("power_return", host="A")
    site.wait(60)
    run = site.unplanned(moved(Target.PROTECTED, *ALL_CONSENTS))
    went_well(run)
    assert run.mutations[0] == "ModifySystemSettings"
    assert site.a().start_action is StartAction.NOTHING
    assert site.a().notes
    went_well(site.failback())
    assert site.a().start_action is StartAction.RESTART_IF_PREVIOUSLY_ACTIVE
    assert site.a().notes == []


def test_a_start_action_that_somebody_changed_meanwhile_stays_and_is_told() -> None:
    site = outage()
    site.unplanned(moved(Target.RUNNING, **CONFIRMED))
    site.act("power_return", host="A")
    site.wait(60)
    site.unplanned(moved(Target.PROTECTED, *ALL_CONSENTS))
    site.a().start_action = StartAction.ALWAYS
    run = site.failback()
    went_well(run)
    assert site.a().start_action is StartAction.ALWAYS
    assert site.a().notes == []
    assert any("changed by somebody" in done.step.why for done in run.one.performed)


@pytest.mark.parametrize(
    ("start", "was_running", "runs"),
    [
        (Start.AS_SOURCE, True, ["B"]),
        (Start.AS_SOURCE, False, []),
        (Start.ALWAYS, False, ["B"]),
        (Start.NEVER, True, []),
    ],
)
def test_the_start_policy_decides_whether_it_runs_afterwards(start: Start, was_running: bool, runs: list[str]) -> None:
    site = Site(estate(vm(power="running" if was_running else "off")))
    site.wait(3 * 3600)
    went_well(site.failover(moved(start=start)))
    assert site.runs_at() == runs
    assert (site.a().mode, site.b().mode) == (2, 1)
    unharmed(site)


def test_a_prepared_failover_is_cancelled_and_the_vm_serves_again() -> None:
    site = Site()
    site.failover(moved(Target.SWITCHED_OFF))
    went_well(site.cancel())
    assert site.shown() == AT_A
    assert site.cancel().one.already_there
    unharmed(site)


def test_a_failover_is_reverted_for_free_only_if_the_vm_never_ran() -> None:
    site = Site()
    site.failover(moved(Target.RUNNING))
    refused = site.cancel()
    assert refused.error("consent_needed").consent == ("discard_since_failover",)
    assert refused.mutations == []
    run = site.cancel(moved(Target.SYNCED, Consent.DISCARD_SINCE_FAILOVER))
    went_well(run)
    assert any(Consent.DISCARD_SINCE_FAILOVER in done.step.consent for done in run.one.performed)
    assert site.shown() == AT_A


@pytest.mark.parametrize("switch", ["state_after_revert", "state_after_cancel"])
def test_replication_goes_on_after_a_cancel_that_leaves_it_paused(switch: str) -> None:
    site = Site(**{switch: "7"})
    site.failover(moved(Target.RUNNING))
    went_well(site.cancel(moved(Target.SYNCED, Consent.DISCARD_SINCE_FAILOVER)))
    assert site.shown() == AT_A


def test_power_is_switched_and_found_switched() -> None:
    site = Site()
    for wanted in (Power.OFF, Power.RUNNING, Power.SAVED, Power.RUNNING):
        went_well(site.power(wanted, home="A", away="B"))
        assert site.a().power is wanted
        assert site.power(wanted, home="A", away="B").one.already_there
        site.wait(60)


def test_a_replica_that_was_not_failed_over_is_not_started() -> None:
    site = Site()
    run = site.power(Power.RUNNING)
    assert "only after a failover" in run.error("precondition").found
    assert run.mutations == []


def test_no_second_copy_is_started_beside_one_that_serves() -> None:
    site = Site()
    site.failover(moved(Target.RUNNING))
    site.act("set_replication", host="A", vm="VM001", state="replicating")
    run = site.power(Power.RUNNING, home="A", away="B")
    run.error("split_brain")
    assert run.mutations == []


def test_a_guest_that_stays_up_stops_the_move_and_goes_on_serving() -> None:
    site = Site()
    site.act("stop_guest_answering", host="A", vm="VM001")
    run = site.failover(moved(on_failure=OnFailure.ROLL_BACK))
    run.error("guest_stays_up")
    assert site.runs_at() == ["A"]
    assert run.mutations == ["InitiateShutdown"]


def test_a_guest_that_stays_up_is_turned_off_where_that_was_allowed() -> None:
    site = Site()
    site.act("stop_guest_answering", host="A", vm="VM001")
    run = site.failover(moved(turn_off_guest=True, guest_timeout=timedelta()))
    went_well(run)
    assert run.mutations[:2] == ["InitiateShutdown", "RequestStateChange"]
    unharmed(site)


def test_a_locked_guest_refuses_and_shuts_down_by_force() -> None:
    site = Site()
    site.act("lock_guest", host="A", vm="VM001")
    refused = site.failover()
    assert refused.error("refused").code == 32781
    went_well(site.failover(moved(force_shutdown=True)))
    unharmed(site)


def test_a_booting_guest_is_waited_for_before_it_is_asked_to_shut_down() -> None:
    site = Site(estate(vm(power="off")))
    site.act("start_vm", host="A", vm="VM001")
    went_well(site.failover())
    assert site.runs_at() == ["B"]


def test_a_vm_renamed_at_one_end_is_moved_with_a_warning() -> None:
    site = Site()
    site.act("rename_vm", host="B", vm="VM001", name="Old name")
    run = site.failover()
    went_well(run)
    assert any("Old name" in warning for warning in run.one.warnings)


@pytest.mark.parametrize("language", ["de-DE", "fr-FR", "it-IT", "zh-TW", "ja-JP"])
def test_hosts_of_another_language_give_the_same_results(language: str) -> None:
    hosts = [host("A", "B", language=language), host("B", "A", language=language)]
    site = Site(estate(hosts=hosts))
    first = Site()
    assert site.failover().mutations == first.failover().mutations
    assert site.shown() == AT_B


def test_a_failed_job_brings_the_words_of_the_host_in_its_language() -> None:
    hosts = [host("A", "B", language="ja-JP"), host("B", "A", language="ja-JP")]
    site = Site(estate(hosts=hosts))
    site.order("fail_job", match={"method": "InitiateFailover"})
    run = site.failover(moved(on_failure=OnFailure.ROLL_BACK))
    assert any(ord(letter) > 0x3000 for letter in run.error("job_failed").detail)


def test_points_are_chosen_by_id_name_time_and_kind() -> None:
    for wanted in ("id", "name", "before", "latest"):
        site = Site(estate(vm(recovery_history=8)))
        site.wait(4 * 3600)
        site.act("power_loss", host="A")
        points = sorted(site.b().recovery_points, key=lambda point: point.created)
        second = points[1]
        choice = {
            "id": PointChoice(wanted=f"Microsoft:{second.guid}"),
            "name": PointChoice(wanted=second.name),
            "before": PointChoice(before=second.created + timedelta(minutes=1)),
            "latest": PointChoice(),
        }[wanted]
        run = site.unplanned(moved(Target.RUNNING, point=choice, **CONFIRMED))
        went_well(run)
        asked = next(done for done in run.one.performed if done.step.method.value == "InitiateFailover")
        point = str(asked.step.arguments["SnapshotSettingData"] or "")
        assert point.endswith(second.guid) is (wanted != "latest")


def test_an_app_consistent_point_is_taken_where_it_is_asked_for() -> None:
    site = Site(estate(vm(recovery_history=8, application_consistent_interval=1)))
    site.wait(4 * 3600)
    site.act("power_loss", host="A")
    choice = PointChoice(wanted="latest_app_consistent")
    went_well(site.unplanned(moved(Target.RUNNING, point=choice, **CONFIRMED)))
    assert int(site.b().relationship.failed_over_type) == 2


def test_an_unknown_point_is_refused_with_those_that_there_are() -> None:
    site = outage()
    run = site.unplanned(moved(Target.RUNNING, point=PointChoice(wanted="yesterday"), **CONFIRMED))
    assert site.b().recovery_points[0].name in run.error("no_such_point").found
    assert run.mutations == []


def test_a_loss_above_the_limit_is_refused_before_anything_is_asked_for() -> None:
    site = outage()
    site.wait(600)
    choice = PointChoice(max_loss=timedelta(seconds=60), outage_began=START + timedelta(seconds=400))
    run = site.unplanned(moved(Target.RUNNING, point=choice, **CONFIRMED))
    run.error("data_loss")
    assert run.mutations == []
    wider = PointChoice(max_loss=timedelta(seconds=400), outage_began=choice.outage_began)
    went_well(site.unplanned(moved(Target.RUNNING, point=wider, **CONFIRMED)))
