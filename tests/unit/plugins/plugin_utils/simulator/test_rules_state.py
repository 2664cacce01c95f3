# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""RequestReplicationStateChange and what time does to a relationship."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.states import ReplicationHealth
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.values import Emb
from ansible_collections.hyperv.replica.tests.unit.plugins.plugin_utils.simulator.bench import GUID, START, Bench


@pytest.mark.parametrize("where", ["A", "B"])
def test_either_end_can_be_paused_and_resumed_alone(where: str) -> None:
    bench = Bench()

    assert bench.done(bench.request(where, 7)) == 0
    assert sorted(bench.states()) == [3, 7]
    assert bench.done(bench.request(where, 3)) == 0
    assert bench.states() == (3, 3)


def test_a_pause_is_a_warning_on_the_primary_and_critical_on_the_replica() -> None:
    bench = Bench()
    bench.done(bench.request("A", 7))
    assert bench.a.relationship.health is ReplicationHealth.WARNING
    bench.done(bench.request("B", 7))
    assert bench.b.relationship.health is ReplicationHealth.CRITICAL


def test_the_requested_state_shows_at_once_and_is_taken_back_when_its_job_fails() -> None:
    bench = Bench()
    bench.shutdown("A")
    bench.wait(60)
    bench.world.act("disconnect", one="A", other="B")

    result = bench.request("A", 4)

    assert bench.a.state == 4
    assert bench.done(result) == 32768
    assert bench.a.state == 3


@pytest.mark.parametrize("act", ["start_vm", "save_vm"])
def test_a_vm_that_is_not_off_is_not_prepared(act: str) -> None:
    bench = Bench()
    if act == "save_vm":
        bench.world.act(act, host="A", vm=GUID)

    assert bench.request("A", 4).return_value == 32775


@pytest.mark.parametrize(("where", "state"), [("B", 4), ("B", 2), ("A", 9), ("A", 1), ("A", 3)])
def test_a_value_that_does_not_fit_mode_or_state_is_refused_with_32775(where: str, state: int) -> None:
    assert Bench().request(where, state).return_value == 32775


@pytest.mark.parametrize("state", [0, 5, 6, 12, 99])
def test_a_value_that_is_no_request_is_refused_with_32773(state: int) -> None:
    assert Bench().request("A", state).return_value == 32773


def test_a_replica_that_is_paused_lets_the_preparation_fail() -> None:
    bench = Bench()
    bench.done(bench.request("B", 7))
    bench.shutdown("A")
    bench.wait(60)

    assert bench.done(bench.request("A", 4)) == 32768


@pytest.mark.parametrize(("switch", "state"), [("3", 3), ("7", 7)])
def test_the_state_after_a_cancelled_preparation_is_a_switch(switch: str, state: int) -> None:
    bench = Bench(state_after_cancel=switch)
    bench.shutdown("A")
    bench.wait(60)
    bench.done(bench.request("A", 4))

    bench.done(bench.request("A", 3))

    assert bench.a.state == state


@pytest.mark.parametrize(("switch", "state"), [("3", 3), ("7", 7)])
def test_the_state_after_a_revert_is_a_switch(switch: str, state: int) -> None:
    bench = Bench(state_after_revert=switch)
    bench.done(bench.ask("B", "InitiateFailover"))

    bench.done(bench.ask("B", "RevertFailover"))

    assert bench.b.state == state


def test_a_running_vm_is_ahead_of_its_replica_by_no_more_than_an_interval() -> None:
    bench = Bench()
    for _round in range(20):
        bench.wait(61)
        assert 0 <= bench.a.writes["A"] - bench.b.writes["A"] <= 302


def test_nothing_moves_because_somebody_looked() -> None:
    one, many = Bench(), Bench()
    one.wait(900)
    for _round in range(900):
        many.wait(1)

    assert (one.a.writes, one.b.writes) == (many.a.writes, many.b.writes)
    assert one.b.relationship.last_replication_time == many.b.relationship.last_replication_time
    before = one.b.writes
    one.world.advance_to(one.world.now)
    assert one.b.writes == before


def test_a_primary_that_cannot_send_is_late_first_and_critical_then() -> None:
    bench = Bench()
    bench.world.act("disconnect", one="A", other="B")
    bench.wait(400)
    assert (bench.a.state, bench.a.relationship.health) == (3, ReplicationHealth.WARNING)

    bench.wait(900)

    assert (bench.a.state, bench.a.relationship.health) == (8, ReplicationHealth.CRITICAL)
    assert bench.b.state == 3
    bench.world.act("connect", one="A", other="B")
    assert bench.done(bench.request("A", 3)) == 0
    bench.wait(600)
    assert bench.a.writes["A"] - bench.b.writes["A"] <= 302


def test_an_hour_without_a_change_is_a_warning_on_the_replica() -> None:
    bench = Bench()
    bench.world.act("power_loss", host="A")

    bench.wait(3700)

    assert bench.b.relationship.health is ReplicationHealth.WARNING


def test_a_resynchronization_starts_from_9_and_deletes_the_recovery_points() -> None:
    bench = Bench()
    points = [point.guid for point in bench.b.recovery_points]
    bench.world.act("lose_tracking", host="A", vm=GUID)
    assert bench.done(bench.request("A", 3)) == 32775

    result = bench.ask("A", "Resynchronize", {"StartTime": None})
    assert bench.a.state == 10
    assert bench.done(result) == 0

    assert bench.states() == (3, 3)
    assert not {point.guid for point in bench.b.recovery_points} & set(points)


def test_a_healthy_relationship_has_to_be_paused_before_it_is_resynchronized() -> None:
    bench = Bench()

    assert bench.ask("A", "Resynchronize").return_value == 32775
    bench.done(bench.request("A", 7))
    assert bench.done(bench.ask("A", "Resynchronize")) == 0


def test_a_resynchronization_can_be_paused_continued_and_cancelled() -> None:
    bench = Bench()
    bench.world.act("lose_tracking", host="A", vm=GUID)
    bench.ask("A", "Resynchronize")

    assert bench.done(bench.request("A", 7)) == 0
    assert bench.a.state == 11
    continued = bench.request("A", 3)
    assert bench.a.state == 10
    assert bench.done(bench.request("A", 9)) == 0
    assert bench.a.state == 9
    assert continued.job is not None
    assert not continued.job.running


def test_an_unplanned_failover_cancels_the_resynchronization_of_the_primary() -> None:
    bench = Bench()
    bench.world.act("lose_tracking", host="A", vm=GUID)
    bench.ask("A", "Resynchronize")

    bench.done(bench.ask("B", "InitiateFailover"))

    assert bench.states() == (9, 5)


@pytest.mark.parametrize("state", ["3", "8", "9"])
def test_what_an_old_primary_shows_after_power_loss_is_a_switch(state: str) -> None:
    bench = Bench(old_primary_after_power_loss=state)
    bench.world.act("power_loss", host="A")
    bench.wait(100)

    bench.world.act("power_return", host="A")

    assert bench.a.state == int(state)


@pytest.mark.parametrize(("switch", "late"), [("received", 0), ("applied", 1)])
def test_last_replication_time_on_the_replica_is_of_arrival_or_of_application(switch: str, late: int) -> None:
    bench = Bench(last_replication_time=switch)
    bench.wait(700)

    sent = bench.a.relationship.last_replication_time
    shown = bench.b.relationship.last_replication_time

    assert sent is not None
    assert shown is not None
    assert round((shown - sent).total_seconds()) == late


def test_recovery_points_are_an_hour_apart_and_no_more_than_the_history_and_one() -> None:
    bench = Bench()
    bench.wait(10 * 3600)

    created = [point.created for point in bench.b.recovery_points]

    assert len(created) == 5
    assert all((later - earlier).total_seconds() >= 3600 for earlier, later in zip(created, created[1:], strict=False))


def test_a_relationship_of_another_vm_is_refused() -> None:
    bench = Bench()
    other = Emb(
        "Msvm_ReplicationRelationship", {"InstanceID": "Microsoft:00000000-0000-0000-0000-000000000000\\HVR\\0"}
    )

    assert bench.request("A", 7, other).return_value == 32773
    mine = Emb("Msvm_ReplicationRelationship", {"InstanceID": f"Microsoft:{GUID}\\HVR\\0"})
    assert bench.done(bench.request("A", 7, mine)) == 0


def test_a_resynchronization_asked_for_later_begins_then() -> None:
    bench = Bench()
    bench.done(bench.request("A", 7))

    in_an_hour = START + timedelta(hours=1)
    assert bench.ask("A", "Resynchronize", {"StartTime": in_an_hour}).return_value == 0
    assert bench.states()[0] == 7
    bench.wait(3500)
    assert bench.states()[0] == 7
    bench.wait(110)

    assert bench.states()[0] in (10, 3)


def test_a_resynchronization_asked_for_later_does_not_begin_once_replication_goes_on() -> None:
    bench = Bench()
    bench.done(bench.request("A", 7))
    bench.ask("A", "Resynchronize", {"StartTime": START + timedelta(hours=1)})
    bench.done(bench.request("A", 3))
    bench.wait(3610)

    assert bench.states() == (3, 3)


@pytest.mark.parametrize("suspended", [False, True])
def test_no_test_copy_while_the_primary_resynchronizes(suspended: bool) -> None:
    bench = Bench()
    bench.done(bench.request("A", 7))
    bench.ask("A", "Resynchronize")
    if suspended:
        bench.done(bench.request("A", 7))

    assert bench.ask("B", "TestReplicaSystem", {"SnapshotSettingData": None}).return_value == 32775


def test_a_copy_that_nothing_replicates_to_becomes_a_replica_for_seeding_while_it_is_off() -> None:
    bench = Bench()
    for where in ("A", "B"):
        assert bench.done(bench.ask(where, "RemoveReplicationRelationship")) == 0

    assert bench.done(bench.request("A", 2)) != 0  # it runs
    assert bench.done(bench.request("B", 2)) == 0
    assert (int(bench.b.mode), bench.states()) == (2, (0, 2))
