# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Create, copy, extend and remove a relationship; its settings and statistics; the replica server."""

from __future__ import annotations

import pytest

from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.values import Emb, MethodResult
from ansible_collections.hyperv.replica.tests.unit.plugins.plugin_utils.simulator.bench import (
    GUID,
    Bench,
    estate,
    host,
    pair,
)

TO_B = {
    "InstanceID": f"Microsoft:{GUID}\\HVR\\0",
    "RecoveryConnectionPoint": "b.example.test",
    "RecoveryServerPortNumber": "80",
    "AuthenticationType": "1",
    "ReplicationInterval": "300",
    "RecoveryHistory": "2",
}


def test_a_relationship_is_created_in_1_and_2_and_its_first_copy_leads_to_3() -> None:
    bench = unreplicated()
    assert bench.done(create(bench)) == 0
    assert (bench.modes(), bench.states()) == ((1, 2), (1, 2))
    assert [adapter.switch for adapter in bench.b.adapters] == [""]

    result = bench.ask("A", "StartReplication", {"InitialReplicationType": 1})
    assert bench.states() == (2, 2)
    assert bench.done(result) == 0

    assert bench.states() == (3, 3)
    assert bench.b.writes == bench.a.writes


def test_the_job_of_a_first_copy_may_end_once_it_has_begun() -> None:
    bench = unreplicated(start_job_ends="at_start")
    bench.done(create(bench))

    assert bench.done(bench.ask("A", "StartReplication", {"InitialReplicationType": 1})) == 0
    assert bench.states() == (2, 2)
    bench.wait(60)

    assert bench.states() == (3, 3)


def test_a_first_copy_that_was_stopped_does_not_end_by_itself() -> None:
    bench = unreplicated(start_job_ends="at_start")
    bench.done(create(bench))
    bench.done(bench.ask("A", "StartReplication", {"InitialReplicationType": 1}))

    assert bench.done(bench.request("A", 1)) == 0
    bench.wait(600)

    assert bench.states() == (1, 2)


def test_an_exported_copy_stays_in_2_until_it_is_imported() -> None:
    bench = unreplicated()
    bench.done(create(bench))
    export = {"InitialReplicationType": 2, "InitialReplicationExportLocation": "E:\\seed"}
    bench.done(bench.ask("A", "StartReplication", export))
    bench.wait(1000)
    assert bench.states() == (2, 2)

    assert bench.done(bench.ask("B", "ImportInitialReplica", {"InitialReplicationImportLocation": "E:\\seed"})) == 0

    assert bench.states() == (3, 3)


def test_a_first_copy_cannot_be_stopped_once_it_is_exported_nor_imported_before() -> None:
    bench = unreplicated()
    bench.done(create(bench))
    export = {"InitialReplicationType": 2, "InitialReplicationExportLocation": "E:\\seed"}
    result = bench.ask("A", "StartReplication", export)
    source = {"InitialReplicationImportLocation": "E:\\seed"}

    assert bench.done(bench.ask("B", "ImportInitialReplica", source)) == 32779
    bench.done(result)

    assert bench.request("A", 1).return_value == 32775
    assert bench.done(bench.ask("B", "ImportInitialReplica", source)) == 0


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ReplicationInterval", "60"),
        ("RecoveryHistory", "25"),
        ("AuthenticationType", "3"),
        ("RecoveryServerPortNumber", "0"),
    ],
)
def test_settings_out_of_range_are_refused_with_32773(name: str, value: str) -> None:
    assert create(unreplicated(), **{name: value}).return_value == 32773


def test_a_setting_of_the_wrong_type_is_refused_with_32776() -> None:
    assert create(unreplicated(), RecoveryHistory="two").return_value == 32776


def test_a_server_that_does_not_let_this_one_in_is_no_target() -> None:
    bench = unreplicated()
    bench.world.hosts["B"].replica_server.entries.clear()

    assert bench.done(create(bench)) == 32768
    assert bench.a.mode == 0


def test_removing_on_one_side_leaves_the_other_to_fail() -> None:
    bench = Bench()

    assert bench.done(bench.ask("B", "RemoveReplicationRelationshipEx")) == 0
    bench.wait(1500)

    assert (bench.modes(), bench.states()) == ((1, 0), (8, 0))
    assert GUID in bench.world.hosts["B"].vms


def test_modified_settings_hold_on_both_ends() -> None:
    bench = Bench()
    settings = bench.settings("A", ReplicationInterval="900")

    assert bench.done(bench.ask("A", "ModifyReplicationSettings", {"ReplicationSettingData": settings})) == 0

    assert bench.a.relationship.settings.replication_interval == 900
    assert bench.b.relationship.settings.replication_interval == 900
    assert bench.ask("B", "ModifyReplicationSettings", {"ReplicationSettingData": settings}).return_value == 32775


def test_a_third_host_is_reached_from_the_second_by_a_relationship_of_its_own() -> None:
    bench = chain()
    assert bench.done(extend(bench)) == 0
    assert bench.done(bench.ask("B", "StartReplication", {"InitialReplicationType": 1})) == 0
    bench.wait(1000)

    third = bench.world.hosts["C"].vms[GUID]
    assert (third.mode, third.state) == (4, 3)
    assert bench.b.relationships[1].state == 3
    assert third.writes["A"] > 1000
    assert 0 <= bench.b.writes["A"] - third.writes["A"] <= 700
    assert bench.ask("B", "RemoveReplicationRelationship").return_value == 32775


def test_a_committed_replica_may_become_primary_for_the_third_host() -> None:
    bench = chain()
    bench.done(extend(bench))
    bench.done(bench.ask("B", "StartReplication", {"InitialReplicationType": 1}))
    extended = Emb("Msvm_ReplicationRelationship", {"InstanceID": f"Microsoft:{GUID}\\HVR\\1"})
    arguments = {"ReplicationRelationship": extended}
    assert bench.ask("B", "ChangeReplicationModeToPrimary", arguments).return_value == 32775
    bench.done(bench.ask("B", "InitiateFailover"))
    bench.done(bench.ask("B", "CommitFailover"))

    assert bench.done(bench.ask("B", "ChangeReplicationModeToPrimary", arguments)) == 0

    assert (bench.b.mode, bench.b.state, bench.world.hosts["C"].vms[GUID].mode) == (1, 3, 2)


def test_an_extended_relationship_has_no_short_interval() -> None:
    assert extend(chain(), ReplicationInterval="30").return_value == 32773


def test_statistics_count_what_was_sent_and_can_be_reset() -> None:
    bench = Bench()
    bench.done(bench.ask("A", "ResetReplicationStatistics"))
    bench.wait(700)

    outputs = bench.ask("A", "GetReplicationStatistics").outputs

    (statistics,) = outputs["ReplicationStatistics"]
    assert statistics.text("ReplicationSuccessCount") == "2"
    assert int(statistics.text("ReplicationSize")) > 0
    assert outputs["ReplicationHealthIssues"] == []


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({}, 0),
        ({"RecoveryConnectionPoint": "nowhere.example.test"}, 32768),
        ({"RecoveryServerPortNumber": 443}, 32768),
        ({"AuthenticationType": 2, "CertificateThumbPrint": "AA"}, 32768),
        ({"AuthenticationType": 3}, 32773),
    ],
)
def test_a_connection_test_says_whether_the_other_host_would_take_it(arguments: dict[str, object], code: int) -> None:
    bench = Bench()
    usual = {
        "RecoveryConnectionPoint": "b.example.test",
        "RecoveryServerPortNumber": 80,
        "AuthenticationType": 1,
        "CertificateThumbPrint": None,
        "BypassProxyServer": False,
    }

    assert bench.done(bench.ask("A", "TestReplicationConnection", {**usual, **arguments})) == code


def test_a_certificate_has_to_be_one_of_the_sending_host() -> None:
    bench = Bench()
    for name, thumbprint in (("A", "AA"), ("B", "BB")):
        server = bench.world.hosts[name].replica_server
        server.allowed_authentication, server.certificate_thumbprint = 2, thumbprint
    asked = {
        "RecoveryConnectionPoint": "b.example.test",
        "RecoveryServerPortNumber": 443,
        "AuthenticationType": 2,
        "BypassProxyServer": False,
    }

    assert bench.done(bench.ask("A", "TestReplicationConnection", {**asked, "CertificateThumbPrint": "BB"})) == 32768
    assert bench.done(bench.ask("A", "TestReplicationConnection", {**asked, "CertificateThumbPrint": "aa"})) == 0


def test_server_settings_and_entries_are_changed_by_jobs_of_type_90() -> None:
    bench = Bench()
    server = bench.world.hosts["A"].replica_server
    given = Emb("Msvm_ReplicationServiceSettingData", {"HttpPort": "8080", "RecoveryServerEnabled": "false"})
    entry = Emb("Msvm_ReplicationAuthorizationSettingData", {"AllowedPrimaryHostSystem": "*.lab.test"})

    result = bench.ask("A", "ModifyServiceSettings", {"SettingData": given})
    assert result.job is not None
    assert (result.job.type, bench.done(result)) == (90, 0)
    assert (server.http_port, server.enabled) == (8080, False)
    assert bench.done(bench.ask("A", "AddAuthorizationEntry", {"AuthorizationEntry": entry})) == 0
    assert bench.ask("A", "AddAuthorizationEntry", {"AuthorizationEntry": entry}).return_value == 32773
    remove = {"AllowedPrimaryHostSystem": "*.LAB.test"}
    assert bench.done(bench.ask("A", "RemoveAuthorizationEntry", remove)) == 0
    assert [known.primary for known in server.entries] == ["b.example.test"]


def test_failover_addresses_need_addresses_and_dhcp() -> None:
    bench = Bench()
    name = "Msvm_FailoverNetworkAdapterSettingData"
    lacking = Emb(name, {"InstanceID": None, "DHCPEnabled": "false"})
    complete = Emb(name, {"InstanceID": None, "DHCPEnabled": "false", "IPAddresses": ["192.0.2.9"]})

    assert bench.ask("B", "SetFailoverNetworkAdapterSettings", {"NetworkSettings": [lacking]}).return_value == 32773
    assert bench.done(bench.ask("B", "SetFailoverNetworkAdapterSettings", {"NetworkSettings": [complete]})) == 0
    assert bench.b.adapters[0].failover.addresses == ["192.0.2.9"]


def unreplicated(**switches: str) -> Bench:
    """A VM on A that is not replicated."""
    plain = estate()
    body = {"name": "SQL01", "guid": GUID, "disks": [{"size": "10 GiB", "used": "2 GiB", "writes": {"A": 50}}]}
    plain["hosts"][0]["vms"] = [{**body, "adapters": [{"switch": "Production"}]}]
    return Bench(plain, **switches)


def create(bench: Bench, **changes: str) -> MethodResult:
    """CreateReplicationRelationship from A to B."""
    settings = Emb("Msvm_ReplicationSettingData", {**TO_B, **changes})
    return bench.ask("A", "CreateReplicationRelationship", {"ReplicationSettingData": settings})


def chain() -> Bench:
    """A replicates to B; C stands ready behind it."""
    plain = estate(pair())
    plain["hosts"].append(host("C", "B"))
    return Bench(plain)


def extend(bench: Bench, **changes: str) -> MethodResult:
    """CreateReplicationRelationship from the replica on B to C."""
    given = {**TO_B, "InstanceID": f"Microsoft:{GUID}\\HVR\\1", "RecoveryConnectionPoint": "c.example.test", **changes}
    settings = Emb("Msvm_ReplicationSettingData", given)
    return bench.ask("B", "CreateReplicationRelationship", {"ReplicationSettingData": settings})


@pytest.mark.parametrize(("switch", "made"), [("refused", False), ("other_folder", True)])
def test_files_of_an_earlier_replica_stop_a_new_one_or_do_not(switch: str, made: bool) -> None:
    bench = unreplicated(orphaned_files=switch)
    bench.world.act("leave_file", host="B", path=f"C:\\Replica\\{GUID}\\disk0.vhdx")

    code = bench.done(create(bench))

    copy = bench.world.hosts["B"].vm(GUID)
    assert (copy is not None, code) == ((True, 0) if made else (False, 32768))
    assert copy is None or copy.disks[0].path not in bench.world.hosts["B"].left_files


def test_a_host_that_is_rebuilt_holds_nothing_and_takes_nothing_until_it_is_set_up() -> None:
    bench = Bench()
    bench.world.act("rebuild_host", host="B", keep_files=True)
    there = bench.world.hosts["B"]
    assert (there.vms, there.replica_server.enabled, len(there.left_files)) == ({}, False, 1)

    bench.world.act("open_replica_server", host="B", authorize="A")

    assert [entry.primary for entry in there.replica_server.entries] == ["a.example.test"]


def test_a_vm_that_is_deleted_by_hand_leaves_its_files_and_its_writes_behind() -> None:
    bench = Bench()
    bench.world.act("turn_off_vm", host="A", vm="SQL01")
    path = bench.a.disks[0].path
    bench.world.act("delete_vm", host="A", vm="SQL01")
    assert bench.world.hosts["A"].left_files == [path]


@pytest.mark.parametrize("new_id", [False, True])
def test_a_copy_that_is_brought_by_hand_holds_what_the_original_holds_and_is_not_replicated(new_id: bool) -> None:
    bench = Bench()
    bench.world.act("remove_vm", host="B", vm="SQL01")
    bench.world.act("import_copy", host="A", vm="SQL01", to="B", new_id=new_id)
    (copy,) = bench.world.hosts["B"].vms.values()
    assert (copy.guid == GUID, int(copy.mode), copy.writes) == (not new_id, 0, bench.a.writes)


def test_a_relationship_that_was_removed_sends_nothing_beside_the_one_that_took_its_place() -> None:
    bench = Bench(estate(pair()))
    assert bench.done(bench.ask("A", "RemoveReplicationRelationshipEx", {"ReplicationRelationship": None})) == 0
    bench.world.act("remove_vm", host="B", vm="SQL01")
    assert bench.done(create(bench)) == 0
    assert bench.done(bench.ask("A", "StartReplication", {"InitialReplicationType": 1})) == 0
    assert bench.done(bench.request("A", 7)) == 0
    held = dict(bench.b.writes)

    bench.wait(2000)

    assert bench.b.writes == held
