# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What stops a run before anything is changed, and which consent lets it through; what is done half way."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import NamedTuple

import pytest

from ansible_collections.hyperv.replica.plugins.module_utils._operations.goal import Goal, OnFailure, PointChoice
from ansible_collections.hyperv.replica.plugins.module_utils._operations.plan import Consent, Target
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.rules import call
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.values import MethodCall, Ref
from ansible_collections.hyperv.replica.tests.unit.plugins.module_utils._operations.estate_run import (
    ALL_CONSENTS,
    PROVIDER,
    START,
    Run,
    Site,
    estate,
    guid,
    host,
    moved,
    vm,
)

CONFIRMED = {"primary_confirmed_down": "by phone"}


class Stop(NamedTuple):
    """A finding, the task that meets it, and the consents that let it through."""

    find: Callable[[Site], None]
    go: Callable[[Site, Goal], Run]
    target: Target
    consents: tuple[Consent, ...]


def planned(site: Site, goal: Goal) -> Run:
    return site.failover(goal)


def unplanned(site: Site, goal: Goal) -> Run:
    return site.unplanned(goal)


def paused_primary(site: Site) -> None:
    site.act("suspend", host="A", vm="VM001")


def paused_replica(site: Site) -> None:
    site.act("suspend", host="B", vm="VM001")


def lost_tracking(site: Site) -> None:
    site.act("lose_tracking", host="A", vm="VM001")


def saved(site: Site) -> None:
    site.act("save_vm", host="A", vm="VM001")


def returned_running(site: Site) -> None:
    site.wait(400)
    site.act("power_loss", host="A")
    site.unplanned(moved(Target.RUNNING, **CONFIRMED))
    site.act("power_return", host="A")
    site.wait(60)


def returned_off(site: Site) -> None:
    returned_running(site)
    site.act("turn_off_vm", host="A", vm="VM001")


STOPS = {
    "a paused primary": Stop(paused_primary, planned, Target.PROTECTED, (Consent.RESUME_SUSPENDED,)),
    "a paused replica": Stop(paused_replica, planned, Target.PROTECTED, (Consent.RESUME_SUSPENDED,)),
    "lost tracking": Stop(lost_tracking, planned, Target.PROTECTED, (Consent.RESYNCHRONIZE,)),
    "a saved VM": Stop(saved, planned, Target.RUNNING, (Consent.DISCARD_SAVED_STATE,)),
    "a running old primary": Stop(
        returned_running,
        unplanned,
        Target.PROTECTED,
        (Consent.TURN_OFF_OLD_PRIMARY, Consent.DISCARD_OLD_PRIMARY_DATA),
    ),
    "an old primary with writes of its own": Stop(
        returned_off, unplanned, Target.PROTECTED, (Consent.DISCARD_OLD_PRIMARY_DATA,)
    ),
}


@pytest.mark.parametrize("name", STOPS)
def test_a_run_stops_before_anything_is_changed_and_names_the_consent(name: str) -> None:
    stop, site = STOPS[name], Site()
    stop.find(site)
    before = site.shown()
    run = stop.go(site, moved(stop.target))
    error = run.error("consent_needed")
    assert set(error.consent) == {consent.value for consent in stop.consents}
    assert all(consent.value in error.remedy for consent in stop.consents)
    assert run.mutations == []
    assert site.shown() == before


@pytest.mark.parametrize("name", STOPS)
def test_with_the_consent_it_goes_through_and_the_record_says_so(name: str) -> None:
    stop, site = STOPS[name], Site()
    stop.find(site)
    run = stop.go(site, moved(stop.target, *stop.consents))
    assert run.one.error is None, str(run.one.error)
    used = {consent for done in run.one.performed for consent in done.step.consent}
    assert used == set(stop.consents)
    assert site.runs_at() == ["B"]


def test_the_wrong_peer_is_refused_whatever_was_consented() -> None:
    hosts = [host("A", "B"), host("B", "A"), host("C", "B")]
    site = Site(estate(hosts=hosts))
    site.world.hosts["C"].vms.update(site.world.hosts["A"].vms)
    run = site.failover(moved(Target.PROTECTED, *ALL_CONSENTS), away="C")
    assert run.error("wrong_peer").host == "c"
    assert run.mutations == []


def test_a_peer_without_the_vm_is_unknown_and_never_off() -> None:
    hosts = [host("A", "B"), host("B", "A")]
    site = Site(estate(hosts=hosts))
    site.act("remove_vm", host="A", vm="VM001")
    for run in (site.failover(), site.unplanned(moved(Target.RUNNING, **CONFIRMED))):
        run.error("no_such_vm")
        assert run.mutations == []


def test_a_live_primary_stops_an_unplanned_failover_whatever_was_consented() -> None:
    site = Site()
    run = site.unplanned(moved(Target.RUNNING, *ALL_CONSENTS, **CONFIRMED))
    assert "no consent" in run.error("primary_alive").remedy
    assert run.mutations == []


def test_a_primary_that_is_silent_but_still_sends_is_found_alive() -> None:
    site = Site()
    site.order("cut_before", match={"host": "A"}, times=None)
    run = site.unplanned(moved(Target.RUNNING, *ALL_CONSENTS, **CONFIRMED))
    run.error("primary_alive")
    assert run.mutations == []


def test_a_delta_after_the_outage_was_said_to_begin_shows_a_live_primary() -> None:
    site = Site()
    site.wait(900)
    site.act("power_loss", host="A")
    choice = PointChoice(outage_began=START + timedelta(seconds=60))
    run = site.unplanned(moved(Target.RUNNING, *ALL_CONSENTS, point=choice, **CONFIRMED))
    run.error("primary_alive")
    assert run.mutations == []


def test_a_silent_primary_has_to_be_confirmed_down() -> None:
    site = Site()
    site.act("power_loss", host="A")
    run = site.unplanned(moved(Target.RUNNING, *ALL_CONSENTS))
    assert "primary_confirmed_down" in run.error("primary_unconfirmed").remedy
    assert run.mutations == []


def test_a_failed_over_copy_that_is_off_is_not_started_beside_a_live_primary() -> None:
    site = Site()
    site.wait(400)
    site.act("power_loss", host="A")
    site.order("return_code", match={"host": "B", "method": "RequestStateChange"}, times=None)
    site.unplanned(moved(Target.RUNNING, **CONFIRMED))
    site.world.trouble.clear()
    site.act("power_return", host="A")
    site.wait(60)
    run = site.unplanned(moved(Target.RUNNING, *ALL_CONSENTS, **CONFIRMED))
    assert "hyperv_replica_failover_cancel" in run.error("primary_alive").remedy
    assert run.mutations == []
    assert site.split_brains == 0


def test_a_peer_that_does_not_answer_stops_a_planned_move() -> None:
    site = Site()
    site.act("power_loss", host="A")
    run = site.failover(moved(Target.PROTECTED, *ALL_CONSENTS))
    assert "unplanned" in run.error("peer_unreachable").remedy
    assert run.mutations == []


def test_a_failback_without_the_recovery_host_names_the_ways_that_are_left() -> None:
    site = Site(estate(vm(primary="B", replica="A")))
    site.act("power_loss", host="B")
    run = site.failback()
    remedy = run.error("peer_unreachable").remedy
    assert "hyperv_replica_failover mode: unplanned" in remedy
    assert "abandon_peer_copy" in remedy


def test_warning_health_warns_and_does_not_stop_a_move() -> None:
    site = Site()
    site.b().relationship.statistics.misses = 90
    site.wait(1)
    run = site.failover()
    assert any("WARNING" in warning for warning in run.one.warnings)
    assert site.runs_at() == ["B"]


def test_a_way_back_that_does_not_work_is_found_before_users_are_disturbed() -> None:
    site = Site()
    site.act("set_replica_server", host="A", enabled=False)
    run = site.failover(moved(on_failure=OnFailure.ROLL_BACK))
    assert run.one.error is not None
    assert run.mutations == []
    assert site.runs_at() == ["A"]


def with_test_copy(site: Site) -> None:
    vm_id = {"CreationClassName": "Msvm_ComputerSystem", "Name": guid(1)}
    asked = MethodCall(
        class_name="Msvm_ReplicationService",
        keys={"Name": "replicasvc"},
        method="TestReplicaSystem",
        arguments={"ComputerSystem": Ref("Msvm_ComputerSystem", vm_id), "SnapshotSettingData": None},
    )
    assert call(site.world, site.world.hosts["B"], asked).return_value == 4096
    site.wait(30)


def test_a_leftover_test_copy_is_removed_with_consent_and_the_replica_is_not() -> None:
    site = Site(failover_with_test_copy="refused")
    with_test_copy(site)
    refused = site.failover()
    assert refused.error("consent_needed").consent == ("remove_leftover_test_copy",)
    assert refused.mutations == []
    run = site.failover(moved(Target.PROTECTED, Consent.REMOVE_LEFTOVER_TEST_COPY))
    assert run.one.error is None, str(run.one.error)
    assert [*site.world.hosts["B"].vms] == [guid(1)]
    assert site.runs_at() == ["B"]


@pytest.mark.parametrize("mode", ["planned", "unplanned"])
def test_a_leftover_test_copy_that_runs_is_turned_off_before_it_is_removed_and_the_plan_says_so(mode: str) -> None:
    site = Site(failover_with_test_copy="refused")
    with_test_copy(site)
    (copy,) = [one for one in site.world.hosts["B"].vms.values() if one.guid != guid(1)]
    site.act("start_vm", host="B", vm=copy.guid)
    consent = (Consent.REMOVE_LEFTOVER_TEST_COPY,)
    go = site.failover
    if mode == "unplanned":
        site.act("power_loss", host="A")
        go = site.unplanned
    target = Target.PROTECTED if mode == "planned" else Target.RUNNING
    said = "night shift, INC-1"
    refused = go(moved(target, primary_confirmed_down=said))
    assert refused.error("consent_needed").consent == ("remove_leftover_test_copy",)
    assert refused.mutations == []
    run = go(moved(target, *consent, primary_confirmed_down=said))
    assert run.one.error is None, str(run.one.error)
    assert run.mutations[:2] == ["RequestStateChange", "DestroySystem"]
    assert "it is turned off" in run.one.planned[0].why
    assert [*site.world.hosts["B"].vms] == [guid(1)]


@pytest.mark.parametrize(("kind", "silence"), [("fault", False), ("quota", False), ("cut_before", True)])
def test_a_fault_at_a_look_in_mid_run_is_named_as_a_fault_and_a_silence_as_a_silence(kind: str, silence: bool) -> None:
    site = Site()
    name = "AccessDenied" if kind == "fault" else ""
    site.order(kind, name=name, match={"host": "B", "action": "Enumerate", "nth": 60}, times=None)
    error = site.failover(moved(on_failure=OnFailure.STOP)).one.error
    assert error is not None
    assert (error.kind in ("connection_lost", "peer_unreachable")) is silence, str(error)
    assert ("the host answers" in error.found) is not silence, str(error)


FAILS_AT = ("RequestReplicationStateChangeEx", "InitiateFailover", "ReverseReplicationRelationship")


@pytest.mark.parametrize("method", FAILS_AT)
@pytest.mark.parametrize("kind", ["fail_job", "return_code"])
def test_roll_back_leaves_the_vm_running_at_the_source_as_before(kind: str, method: str) -> None:
    site = Site()
    before = site.shown()
    site.order(kind, match={"method": method})
    run = site.failover(moved(on_failure=OnFailure.ROLL_BACK))
    assert run.one.error is not None
    assert run.one.rescue == "rolled_back"
    assert site.shown() == before
    assert (site.lost, site.split_brains) == (0, 0)


def test_start_unprotected_serves_at_the_destination_and_says_what_it_means() -> None:
    site = Site()
    site.order("fail_job", match={"method": "ReverseReplicationRelationship"})
    run = site.failover(moved(on_failure=OnFailure.START_UNPROTECTED))
    assert run.one.rescue == "started_unprotected"
    assert "not protected" in run.one.performed[-1].step.why
    assert site.runs_at() == ["B"]
    assert (site.lost, site.split_brains) == (0, 0)


@pytest.mark.parametrize("method", FAILS_AT)
def test_stop_says_that_it_stopped(method: str) -> None:
    site = Site()
    site.order("fail_job", match={"method": method})
    run = site.failover(moved(on_failure=OnFailure.STOP))
    assert run.one.error is not None
    assert run.one.rescue == "stopped"
    assert site.runs_at() == []


@pytest.mark.parametrize("policy", [OnFailure.ROLL_BACK, OnFailure.START_UNPROTECTED])
@pytest.mark.parametrize("state", ["3", "5", "6"])
def test_a_copy_that_a_provider_did_not_fill_is_never_started(state: str, policy: OnFailure) -> None:
    site = Site(estate(vm(provider=PROVIDER, primary="B", replica="A")), provider_failback_from=state)
    site.order("fail_job", match={"method": "InitiateFailback"}, times=None)
    run = site.failback(moved(on_failure=policy))
    run.error("job_failed")
    assert run.one.rescue == "rolled_back"
    assert site.runs_at() == ["B"]
    assert (site.lost, site.split_brains) == (0, 0)


def test_a_provider_is_not_asked_to_fail_back_to_a_copy_that_is_still_the_primary() -> None:
    site = Site(estate(vm(provider=PROVIDER)))
    site.failover(moved(Target.RUNNING))
    run = site.failback()
    error = run.error("not_reversed")
    assert "strategy: reverse" in error.remedy
    assert run.mutations == []
    assert site.runs_at() == ["B"]


def test_each_return_code_of_initiate_failback_gives_its_own_message() -> None:
    said: dict[str, int] = {}
    for code in range(32768, 32780):
        site = Site(estate(vm(provider=PROVIDER, primary="B", replica="A")))
        site.order("return_code", match={"method": "InitiateFailback"}, times=None, code=code)
        site.act("turn_off_vm", host="B", vm="VM001")
        error = site.failback().one.error
        assert error is not None
        assert error.code == code
        said[f"{error.found} {error.cause} {error.remedy}"] = code
    assert len(said) == 12


def test_a_reverse_that_fails_for_another_reason_than_its_state_does_not_commit() -> None:
    site = Site()
    site.order("fail_job", match={"method": "ReverseReplicationRelationship"}, code=32768)
    run = site.failover(moved(on_failure=OnFailure.ROLL_BACK))
    assert "CommitFailover" not in run.mutations


def test_a_busy_host_is_asked_again_after_a_while() -> None:
    site = Site()
    site.order("return_code", match={"method": "InitiateFailover"}, times=2, code=32774)
    run = site.failover()
    assert run.one.error is None
    assert run.mutations.count("InitiateFailover") == 3
