# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Failover, reverse and the way home, as a host's rules allow them."""

from __future__ import annotations

import pytest

from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.states import JobState, Power, ReplicationType
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.values import Emb, Ref
from ansible_collections.hyperv.replica.tests.unit.plugins.plugin_utils.simulator.bench import (
    GUID,
    Bench,
    estate,
    pair,
)


def test_a_planned_failover_loses_no_write_and_reverse_lets_both_ends_replicate() -> None:
    bench = Bench()
    bench.wait(1000)

    bench.planned_failover()
    assert bench.states() == (4, 5)
    assert bench.b.relationship.failed_over_type is ReplicationType.PLANNED
    assert bench.b.writes == bench.a.writes
    assert bench.reverse("B") == 0

    assert bench.states() == (3, 3)
    assert bench.modes() == (2, 1)
    assert bench.world.ledger.lost() == 0


def test_the_last_delta_moves_only_when_the_job_of_state_4_has_ended() -> None:
    bench = Bench()
    bench.shutdown("A")
    bench.wait(60)

    result = bench.request("A", 4)

    assert bench.states() == (4, 3)
    assert bench.b.writes["A"] < bench.a.writes["A"]
    assert bench.done(result) == 0
    assert bench.b.writes == bench.a.writes


def test_failing_over_on_a_4_that_is_only_asked_for_leaves_the_last_delta_behind() -> None:
    bench = Bench()
    bench.shutdown("A")
    bench.wait(60)
    prepared = bench.request("A", 4)

    failed_over = bench.ask("B", "InitiateFailover", {"SnapshotSettingData": None})
    bench.done(failed_over)
    bench.done(prepared)

    assert bench.b.state == 5
    assert bench.b.writes["A"] < bench.a.writes["A"]


def test_a_whole_round_by_reverse_brings_every_write_of_both_sites_home() -> None:
    bench = Bench()
    bench.planned_failover()
    assert bench.reverse("B") == 0
    assert bench.done(bench.power("B", 2)) == 0
    bench.wait(1000)
    written = dict(bench.b.writes)

    bench.planned_failover("B", "A")
    assert bench.reverse("A") == 0
    assert bench.done(bench.power("A", 2)) == 0

    assert bench.modes() == (1, 2)
    assert bench.states() == (3, 3)
    assert bench.a.writes["B"] >= written["B"] > 0
    assert bench.world.ledger.lost() == 0
    assert bench.world.ledger.split_brains == []


def test_a_replica_does_not_start_before_it_is_failed_over() -> None:
    bench = Bench()

    assert bench.power("B", 2).return_value == 32775


def test_a_primary_that_is_prepared_does_not_start_until_that_is_cancelled() -> None:
    bench = Bench()
    bench.shutdown("A")
    bench.wait(60)
    bench.done(bench.request("A", 4))

    assert bench.power("A", 2).return_value == 32775
    assert bench.done(bench.request("A", 3)) == 0
    assert bench.done(bench.power("A", 2)) == 0
    assert bench.a.power is Power.RUNNING


@pytest.mark.parametrize(
    ("where", "method"),
    [("A", "InitiateFailover"), ("B", "RevertFailover"), ("B", "CommitFailover")],
)
def test_a_step_out_of_order_is_refused_with_32775(where: str, method: str) -> None:
    bench = Bench()

    assert bench.ask(where, method).return_value == 32775
    assert bench.states() == (3, 3)


def test_a_refusal_may_come_as_a_job_that_ends_in_10_with_the_code_and_a_text_in_the_hosts_language() -> None:
    bench = Bench(refusal="job")

    result = bench.ask("B", "CommitFailover")

    assert result.return_value == 4096
    assert result.job is not None
    assert bench.done(result) == 32775
    assert result.job.state is JobState.EXCEPTION
    assert "Computers" in result.job.error_description
    assert bench.states() == (3, 3)


def test_a_second_operation_while_a_job_of_the_vm_runs_is_refused_with_32774() -> None:
    bench = Bench()
    bench.ask("B", "InitiateFailover")

    assert bench.ask("B", "RevertFailover").return_value == 32774


def test_an_unplanned_failover_to_a_recovery_point_shows_what_that_point_held() -> None:
    bench = Bench()
    bench.wait(1000)
    point = bench.b.recovery_points[0]

    reference = Ref("Msvm_VirtualSystemSettingData", {"InstanceID": f"Microsoft:{point.guid}"})
    assert bench.done(bench.ask("B", "InitiateFailover", {"SnapshotSettingData": reference})) == 0

    assert bench.b.held == point.writes
    assert bench.b.relationship.failed_over_type is ReplicationType.REGULAR


def test_a_recovery_point_that_is_gone_is_refused_with_32773() -> None:
    bench = Bench()
    reference = Ref("Msvm_VirtualSystemSettingData", {"InstanceID": f"Microsoft:{GUID}"})

    assert bench.ask("B", "InitiateFailover", {"SnapshotSettingData": reference}).return_value == 32773


@pytest.mark.parametrize(
    ("switch", "form", "code"), [("reference", "embedded", 32776), ("embedded", "reference", 32776)]
)
def test_a_recovery_point_in_the_other_form_is_refused_where_the_switch_says_so(
    switch: str, form: str, code: int
) -> None:
    bench = Bench(snapshot_parameter=switch)
    keys = {"InstanceID": f"Microsoft:{bench.b.recovery_points[0].guid}"}
    name = "Msvm_VirtualSystemSettingData"
    given = Ref(name, keys) if form == "reference" else Emb(name, keys)

    assert bench.ask("B", "InitiateFailover", {"SnapshotSettingData": given}).return_value == code


def test_a_revert_gives_back_the_replica_and_the_ledger_shows_what_was_written_since() -> None:
    bench = Bench()
    bench.world.act("power_loss", host="A")
    bench.done(bench.ask("B", "InitiateFailover"))
    before = dict(bench.b.writes)
    bench.done(bench.power("B", 2))
    bench.wait(100)
    bench.done(bench.power("B", 3))
    written = bench.b.writes["B"]

    assert bench.done(bench.ask("B", "RevertFailover")) == 0

    assert bench.states()[1] == 3
    assert bench.b.writes == before
    assert bench.world.ledger.lost() == written > 0


def test_after_a_commit_there_is_no_point_and_no_way_back() -> None:
    bench = Bench()
    bench.done(bench.ask("B", "InitiateFailover"))

    assert bench.done(bench.ask("B", "CommitFailover")) == 0

    assert bench.b.state == 6
    assert bench.b.recovery_points == []
    assert bench.ask("B", "RevertFailover").return_value == 32775


def test_reverse_after_an_unplanned_failover_needs_the_old_primary_as_a_replica_and_a_start() -> None:
    bench = unplanned()
    assert bench.reverse("B") == 32768
    bench.world.act("turn_off_vm", host="A", vm=GUID)

    assert bench.done(bench.request("A", 2)) == 0
    assert (bench.modes(), bench.states()) == ((2, 2), (2, 5))
    assert bench.reverse("B") == 0
    assert bench.states() == (2, 1)
    assert bench.done(bench.ask("B", "StartReplication", {"InitialReplicationType": 1})) == 0

    assert bench.states() == (3, 3)
    assert bench.a.recovery_points == [] or bench.a.recovery_points[0].writes == bench.a.held


def test_what_only_the_old_primary_had_is_in_the_ledger_once_it_is_overwritten() -> None:
    bench = unplanned()
    bench.world.act("turn_off_vm", host="A", vm=GUID)
    only_there = bench.a.writes["A"] - bench.b.writes["A"]
    bench.done(bench.request("A", 2))
    bench.reverse("B")
    assert bench.world.ledger.lost() == 0

    bench.done(bench.ask("B", "StartReplication", {"InitialReplicationType": 3}))

    assert bench.world.ledger.lost() == only_there > 0
    assert bench.world.ledger.losses[0].by == "StartReplication"


def test_two_running_copies_of_one_vm_are_in_the_ledger() -> None:
    bench = unplanned()

    assert [entry.hosts for entry in bench.world.ledger.split_brains] == [["A", "B"]]
    bench.world.act("turn_off_vm", host="A", vm=GUID)
    assert bench.world.ledger.split_brains[0].ended == bench.world.now


@pytest.mark.parametrize(
    "spoil",
    [
        lambda bench: bench.world.act("set_replica_server", host="A", enabled=False),
        lambda bench: bench.world.act("disconnect", one="A", other="B"),
        lambda bench: bench.world.hosts["A"].replica_server.entries.clear(),
        lambda bench: bench.world.act("remove_vm", host="A", vm=GUID),
    ],
    ids=["server off", "no network", "not authorized", "no such VM"],
)
def test_a_reverse_to_a_host_that_does_not_take_it_fails_by_its_job_and_changes_nothing(spoil: object) -> None:
    bench = Bench()
    bench.planned_failover()
    assert callable(spoil)
    spoil(bench)

    assert bench.reverse("B") == 32768
    assert (bench.b.state, bench.b.mode) == (5, 2)


def test_a_reverse_with_the_port_of_the_wrong_listener_fails() -> None:
    bench = Bench()
    bench.planned_failover()
    settings = bench.settings("B", RecoveryConnectionPoint="a.example.test", RecoveryServerPortNumber="8080")

    assert bench.done(bench.ask("B", "ReverseReplicationRelationship", {"ReplicationSettingData": settings})) == 32768


def test_a_planned_reverse_may_need_a_start() -> None:
    bench = Bench(planned_reverse="needs_start")
    bench.planned_failover()

    bench.reverse("B")

    assert bench.states() == (2, 1)
    assert bench.done(bench.ask("B", "StartReplication", {"InitialReplicationType": 1})) == 0
    assert bench.states() == (3, 3)


def test_a_reverse_may_be_legal_from_6_only() -> None:
    bench = Bench(reverse_from="6")
    bench.planned_failover()

    assert bench.reverse("B") == 32775
    bench.done(bench.ask("B", "CommitFailover"))
    assert bench.reverse("B") == 0


def test_an_old_primary_may_need_an_authorization_entry_before_it_becomes_a_replica() -> None:
    bench = unplanned(as_replica="needs_authorization_entry")
    bench.world.act("turn_off_vm", host="A", vm=GUID)
    entry = Emb("Msvm_ReplicationAuthorizationSettingData", {"AllowedPrimaryHostSystem": "b.example.test"})

    assert bench.request("A", 2).return_value == 32775
    assert bench.done(bench.ask("A", "SetAuthorizationEntry", {"AuthorizationEntry": entry})) == 0
    assert bench.done(bench.request("A", 2)) == 0


def test_a_test_copy_is_another_vm_and_leaves_the_replica_alone() -> None:
    bench = Bench()

    result = bench.ask("B", "TestReplicaSystem")
    assert bench.done(result) == 0

    copy = bench.world.hosts["B"].vms[result.outputs["ResultingSystem"].key("Name")]
    assert (copy.name, copy.mode, copy.power) == ("SQL01 - Test", 3, Power.OFF)
    assert bench.states() == (3, 3)
    assert bench.ask("B", "TestReplicaSystem").return_value == 32775


def test_a_failover_beside_a_test_copy_may_be_refused() -> None:
    bench = Bench(failover_with_test_copy="refused")
    bench.done(bench.ask("B", "TestReplicaSystem"))

    assert bench.ask("B", "InitiateFailover").return_value == 32775


def test_the_peer_may_learn_of_a_reverse_only_after_a_while() -> None:
    bench = Bench(peer_visibility="delayed")
    bench.planned_failover()
    bench.reverse("B")

    assert bench.states() == (4, 3)
    bench.wait(20)
    assert (bench.modes(), bench.states()) == ((2, 1), (3, 3))


@pytest.mark.parametrize("inherited", ["ignore", "refuse"])
def test_inherited_properties_in_the_settings_are_ignored_or_refused(inherited: str) -> None:
    bench = Bench(inherited_setting_properties=inherited)
    bench.planned_failover()
    settings = bench.settings("B", RecoveryConnectionPoint="a.example.test", Caption="x")

    code = bench.done(bench.ask("B", "ReverseReplicationRelationship", {"ReplicationSettingData": settings}))

    assert code == {"ignore": 0, "refuse": 32773}[inherited]


@pytest.mark.parametrize(("absent", "interval"), [("keep", 900), ("default", 300)])
def test_absent_properties_in_the_settings_keep_their_value_or_fall_back(absent: str, interval: int) -> None:
    bench = Bench(estate(pair(interval=900)), absent_setting_properties=absent)
    bench.planned_failover()
    given = {"RecoveryConnectionPoint": "a.example.test", "RecoveryServerPortNumber": "80"}
    settings = Emb("Msvm_ReplicationSettingData", given)

    bench.done(bench.ask("B", "ReverseReplicationRelationship", {"ReplicationSettingData": settings}))

    assert bench.b.relationship.settings.replication_interval == interval


def unplanned(**switches: str) -> Bench:
    """B failed over and running while A runs on: nobody asked it to stop."""
    bench = Bench(**switches)
    bench.wait(100)
    assert bench.done(bench.ask("B", "InitiateFailover")) == 0
    assert bench.done(bench.power("B", 2)) == 0
    return bench
