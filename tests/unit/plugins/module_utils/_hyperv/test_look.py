# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from ansible_collections.hyperv.replica.plugins.module_utils._errors import (
    NotDelivered,
    PreconditionFailed,
    WsmanFault,
)
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.classes import SINCE_2012_R2
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.looking import Gather
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.states import (
    ComponentStatus,
    Power,
    ReplicationMode,
    ReplicationState,
    StartAction,
    VirtualSystemType,
)
from ansible_collections.hyperv.replica.tests.unit.plugins.module_utils._hyperv.scripted_host import (
    NOW,
    SQL01,
    WEB01,
    Row,
    ScriptedHost,
    Xml,
    estate,
    fault,
    moment,
    open_host,
    reference,
    replication_settings,
    vm,
)


def _many(count: int) -> list[Row]:
    return [vm(f"{number:08X}-AAAA-4BBB-8CCC-000000000000", f"VM{number}") for number in range(count)]


def _classes(script: ScriptedHost) -> list[str]:
    return [one.wql.split(" FROM ")[1].split(" ")[0] for one in script.asked]


@pytest.mark.parametrize("count", [0, 1, 20, 300])
def test_the_state_of_any_number_of_vms_takes_three_exchanges(count: int) -> None:
    script = ScriptedHost(estate(*_many(count)))
    host = open_host(script)

    look = host.look([Gather.STATE])

    assert len(look.sides) == count
    assert host.exchanges == 3
    assert sorted(_classes(script)) == ["Msvm_ComputerSystem", "Msvm_ReplicationRelationship", "Win32_OperatingSystem"]


def test_a_look_shows_the_state_of_a_vm_and_the_clock_of_its_host() -> None:
    look = open_host(ScriptedHost(estate(vm(SQL01, "SQL01")))).look([Gather.STATE])

    side = look.sides[SQL01]
    assert (side.vm_name, side.power, side.mode, side.state) == (
        "SQL01",
        Power.RUNNING,
        ReplicationMode.PRIMARY,
        ReplicationState.REPLICATING,
    )
    assert side.last_replicated == datetime(2026, 11, 20, 11, 58, tzinfo=timezone.utc)
    assert side.relationship is not None
    assert side.relationship.last_app_consistent is None
    assert (side.requested_power, side.on_time, side.host) == (None, timedelta(minutes=1), "hv-b")
    assert look.facts.computer_name == "HV-B"
    assert look.facts.clock == datetime(2026, 11, 20, 12, 0, 1, tzinfo=timezone.utc)
    assert (look.seen_at, side.facts) == (NOW, look.facts)


def test_the_hosts_own_instance_is_no_virtual_machine() -> None:
    assert open_host(ScriptedHost(estate())).look([Gather.STATE]).sides == {}


def test_few_vms_narrow_the_question_and_only_they_are_kept() -> None:
    script = ScriptedHost(estate(vm(SQL01, "SQL01"), vm(WEB01, "WEB01")))

    look = open_host(script).look([Gather.STATE], [SQL01.lower()])

    assert list(look.sides) == [SQL01]
    assert f"'{SQL01}'" in script.queries("Msvm_ComputerSystem")[0]
    assert f"'Microsoft:{SQL01}\\\\HVR\\\\0'" in script.queries("Msvm_ReplicationRelationship")[0]


def test_more_than_five_vms_do_not_make_the_question_longer() -> None:
    rows = _many(6)
    script = ScriptedHost(estate(*rows))

    look = open_host(script).look([Gather.STATE], [str(row["Name"]) for row in rows])

    assert len(look.sides) == 6
    assert "WHERE" not in script.queries("Msvm_ComputerSystem")[0]


def test_an_unreplicated_vm_without_an_instance_shows_state_0() -> None:
    side = open_host(ScriptedHost(estate(vm(SQL01, "SQL01", ReplicationMode=0, ReplicationState=0)))).look([])

    assert side.sides[SQL01].state is ReplicationState.DISABLED
    assert side.sides[SQL01].relationship is None


def test_a_host_without_the_class_of_relationships_is_read_by_the_deprecated_properties_and_not_asked_again() -> None:
    rows = estate(vm(SQL01, "SQL01", ReplicationState=7, ReplicationHealth=2))
    del rows["Msvm_ReplicationRelationship"]
    script = ScriptedHost(rows)
    host = open_host(script)
    host.look([])

    look = host.look([])

    assert look.sides[SQL01].state is ReplicationState.SUSPENDED
    assert len(script.queries("Msvm_ReplicationRelationship")) == 1


def test_a_host_without_hyper_v_raises_its_fault() -> None:
    with pytest.raises(WsmanFault):
        open_host(ScriptedHost({"Win32_OperatingSystem": []})).look([])


def test_a_host_that_refuses_wql_gives_the_same_look_and_is_asked_with_wql_once() -> None:
    rows = estate(vm(SQL01, "SQL01"), vm(WEB01, "WEB01"))
    script = ScriptedHost(rows, refuses_wql=True)
    host = open_host(script)

    refused = host.look([Gather.STATE], [SQL01])

    assert refused == open_host(ScriptedHost(rows)).look([Gather.STATE], [SQL01])
    assert len([one for one in script.asked if one.wql and "Msvm_" in one.wql]) == 1


def test_both_legs_of_an_extended_replication_are_told_apart_by_the_end_of_their_ids() -> None:
    rows = estate(vm(SQL01, "SQL01", ReplicationMode=2))
    leg = dict(rows["Msvm_ReplicationRelationship"][0])
    rows["Msvm_ReplicationRelationship"].append(
        {**leg, "InstanceID": f"Microsoft:{SQL01}\\HVR\\1", "ReplicationState": 7}
    )

    side = open_host(ScriptedHost(rows)).look([]).sides[SQL01]

    assert side.state is ReplicationState.REPLICATING
    assert side.extended is not None
    assert side.extended.state is ReplicationState.SUSPENDED


@pytest.mark.parametrize(("number", "power"), [(32768, Power.PAUSED), (32769, Power.SAVED), (9, Power.PAUSED)])
def test_the_power_numbers_of_the_old_namespace_mean_the_same_as_the_new(number: int, power: Power) -> None:
    look = open_host(ScriptedHost(estate(vm(SQL01, "SQL01", EnabledState=number)))).look([])

    assert look.sides[SQL01].power is power


def test_settings_keep_every_own_property_and_compare_the_provider_by_its_guid() -> None:
    rows = estate(vm(SQL01, "SQL01"), Msvm_ReplicationSettingData=[replication_settings(SQL01)])

    settings = open_host(ScriptedHost(rows)).look([Gather.SETTINGS]).sides[SQL01].settings

    assert settings is not None
    assert settings.built_in
    assert settings.included_disks == ("Microsoft:D1\\0", "Microsoft:D2\\1")
    assert len(settings.own) == 22
    assert "Caption" not in settings.own
    assert settings.own["AutoResynchronizeIntervalStart"] == timedelta(hours=18, minutes=30)


def test_settings_of_a_host_of_2012_have_the_short_id_and_fewer_properties() -> None:
    row = replication_settings(SQL01, InstanceID=f"Microsoft:{SQL01}\\HVR")
    old = {name: value for name, value in row.items() if name not in SINCE_2012_R2}

    rows = estate(vm(SQL01, "SQL01"), Msvm_ReplicationSettingData=[old])
    settings = open_host(ScriptedHost(rows)).look([Gather.SETTINGS]).sides[SQL01].settings

    assert settings is not None
    assert settings.built_in
    assert "ReplicationProvider" not in settings.own


def _system_settings(**more: object) -> Row:
    row = {
        "InstanceID": f"Microsoft:{SQL01}",
        "ElementName": "SQL01",
        "VirtualSystemIdentifier": SQL01,
        "VirtualSystemType": "Microsoft:Hyper-V:System:Realized",
        "CreationTime": moment("2026-11-20T10:00:00Z"),
        "AutomaticStartupAction": 3,
        "Notes": ["kept"],
    }
    return {**row, **more}  # type: ignore[dict-item]


def _point(name: str, hour: int, kind: str = "Standard", owner: str = SQL01) -> Row:
    return _system_settings(
        InstanceID=f"Microsoft:{name}",
        ElementName=name,
        VirtualSystemIdentifier=owner,
        VirtualSystemType=f"Microsoft:Hyper-V:Snapshot:Replica:{kind}",
        CreationTime=moment(f"2026-11-20T{hour:02d}:00:00Z"),
    )


def test_recovery_points_come_newest_first() -> None:
    rows = estate(
        vm(SQL01, "SQL01"), Msvm_VirtualSystemSettingData=[_point("old", 8), _point("new", 9, "PlannedFailover")]
    )

    points = open_host(ScriptedHost(rows)).look([Gather.POINTS]).sides[SQL01].points

    assert [point.name for point in points] == ["new", "old"]
    assert points[0].kind is VirtualSystemType.POINT_PLANNED_FAILOVER


def test_points_that_do_not_name_their_vm_are_linked_by_the_association() -> None:
    link = {
        "Antecedent": reference("Msvm_ComputerSystem", CreationClassName="Msvm_ComputerSystem", Name=SQL01),
        "Dependent": reference("Msvm_VirtualSystemSettingData", InstanceID="Microsoft:p1"),
    }
    rows = estate(
        vm(SQL01, "SQL01"),
        Msvm_VirtualSystemSettingData=[_point("p1", 8, owner="99999999-AAAA-4BBB-8CCC-000000000009")],
        Msvm_SnapshotOfVirtualSystem=[link],
    )

    points = open_host(ScriptedHost(rows)).look([Gather.POINTS]).sides[SQL01].points

    assert [point.id for point in points] == ["Microsoft:p1"]


def test_power_shows_start_action_notes_and_where_to_change_them() -> None:
    rows = estate(vm(SQL01, "SQL01"), Msvm_VirtualSystemSettingData=[_system_settings(), _point("p", 8)])

    side = open_host(ScriptedHost(rows)).look([Gather.POWER]).sides[SQL01]

    assert (side.start_action, side.notes, side.settings_id) == (
        StartAction.RESTART_IF_PREVIOUSLY_ACTIVE,
        ("kept",),
        f"Microsoft:{SQL01}",
    )


def test_the_service_tells_how_the_host_receives_replication() -> None:
    setting: Row = {
        "RecoveryServerEnabled": True,
        "AllowedAuthenticationType": 3,
        "CertificateThumbPrint": "AB",
        "HttpPort": 8080,
        "HttpsPort": 8443,
    }
    rows = estate(vm(SQL01, "SQL01"), Msvm_ReplicationServiceSettingData=[setting])

    look = open_host(ScriptedHost(rows)).look([Gather.SERVICE])

    server = look.facts.replica_server
    assert server is not None
    assert (server.enabled, server.http_port, server.https_port, server.listening) == (True, 8080, 8443, True)
    assert look.sides[SQL01].facts.replica_server == server


def _item(name: str, data: str) -> str:
    return (
        '<INSTANCE CLASSNAME="Msvm_KvpExchangeDataItem">'
        f'<PROPERTY NAME="Data" TYPE="string"><VALUE>{data}</VALUE></PROPERTY>'
        f'<PROPERTY NAME="Name" TYPE="string"><VALUE>{name}</VALUE></PROPERTY></INSTANCE>'
    )


def test_a_guest_shows_heartbeat_name_and_addresses() -> None:
    items = [_item("FullyQualifiedDomainName", "sql01.test"), _item("NetworkAddressIPv4", "192.0.2.1;192.0.2.2")]
    rows = estate(
        vm(SQL01, "SQL01"),
        vm(WEB01, "WEB01"),
        Msvm_HeartbeatComponent=[{"SystemName": SQL01, "OperationalStatus": [2, 2]}],
        Msvm_KvpExchangeComponent=[{"SystemName": SQL01, "GuestIntrinsicExchangeItems": items}],
    )

    sides = open_host(ScriptedHost(rows)).look([Gather.GUEST]).sides

    guest = sides[SQL01].guest
    assert guest is not None
    assert (guest.heartbeat, guest.application, guest.fqdn) == (ComponentStatus.OK, 2, "sql01.test")
    assert guest.addresses == ("192.0.2.1", "192.0.2.2")
    silent = sides[WEB01].guest
    assert silent is not None
    assert silent.heartbeat is None


def test_a_test_copy_is_found_by_its_association() -> None:
    link = {
        "Antecedent": reference("Msvm_ComputerSystem", CreationClassName="Msvm_ComputerSystem", Name=SQL01),
        "Dependent": reference("Msvm_ComputerSystem", CreationClassName="Msvm_ComputerSystem", Name=WEB01),
    }
    rows = estate(vm(SQL01, "SQL01"), Msvm_ReplicaSystemDependency=[link])

    assert open_host(ScriptedHost(rows)).look([Gather.TEST_COPIES]).sides[SQL01].test_copy == WEB01


def test_everything_together_asks_each_class_once() -> None:
    names = (
        "Msvm_ReplicationSettingData",
        "Msvm_ConcreteJob",
        "Msvm_ReplicationServiceSettingData",
        "Msvm_HeartbeatComponent",
        "Msvm_KvpExchangeComponent",
        "Msvm_ReplicaSystemDependency",
    )
    script = ScriptedHost({**estate(*_many(300)), **{name: [] for name in names}})

    beside = {Gather.STATISTICS, Gather.POINTS, Gather.POWER, Gather.DISKS, Gather.TESTS, Gather.ADAPTERS}
    beside |= {Gather.MEMORY, Gather.LIMITS, Gather.CLUSTER, Gather.FITNESS}
    open_host(script).look(set(Gather) - beside)

    assert len(_classes(script)) == len(set(_classes(script))) == 10


def test_statistics_send_the_relationship_back_complete() -> None:
    told = (
        '<INSTANCE CLASSNAME="Msvm_ReplicationStatistics"><PROPERTY NAME="PendingReplicationSize" TYPE="uint64">'
        "<VALUE>4096</VALUE></PROPERTY></INSTANCE>"
    )
    answers: dict[str, list[Row | Xml]] = {
        "GetReplicationStatisticsEx": [{"ReplicationStatistics": [told], "ReturnValue": 0}]
    }
    script = ScriptedHost(estate(vm(SQL01, "SQL01")), answers)

    look = open_host(script).look([Gather.STATISTICS])

    sent = script.called("GetReplicationStatisticsEx")[0].text("ReplicationRelationship") or ""
    assert look.statistics[SQL01][0].pending_size == 4096
    assert f"<VALUE>Microsoft:{SQL01}\\HVR\\0</VALUE>" in sent
    assert "16010101000000.000000+000" in sent


def test_limits_that_may_not_be_read_are_none() -> None:
    script = ScriptedHost(estate(), {"Get": [fault("w:AccessDenied", 5)]})

    assert open_host(script).config() is None


def test_an_error_carries_the_hosts_name() -> None:
    script = ScriptedHost(estate(), trouble=NotDelivered("no connection"))

    with pytest.raises(NotDelivered) as raised:
        open_host(script).look([])

    assert raised.value.host == "hv-b"


@pytest.mark.parametrize(
    "refusal",
    [
        fault("w:AccessDenied", 5),
        fault("w:InternalError", 2150858752, inner=0x80041003),
        fault("a:DestinationUnreachable", 2150858752, inner=0x8004100E),
        fault("n:CannotProcessFilter", 2150858778, inner=0x8004100E),
    ],
    ids=["denied", "denied by WMI", "no namespace", "no namespace for the filter"],
)
def test_a_host_whose_root_cimv2_may_not_be_read_is_looked_at_without_its_clock(refusal: str) -> None:
    class Closed(ScriptedHost):
        def _found(self, request: object) -> str:
            if "Win32_" in str(request):
                return refusal
            return super()._found(request)  # type: ignore[arg-type]

    look = open_host(Closed(estate(vm(SQL01, "SQL01")))).look([])

    assert (list(look.sides), look.facts.clock) == ([SQL01], None)


def test_a_call_that_is_not_known_is_refused_before_anything_is_sent() -> None:
    script = ScriptedHost(estate(vm(SQL01, "SQL01")))
    host = open_host(script)
    side = host.look([]).sides[SQL01]

    with pytest.raises(PreconditionFailed):
        host.perform(side, "FormatAllDisks", {})

    assert host.exchanges == 3
