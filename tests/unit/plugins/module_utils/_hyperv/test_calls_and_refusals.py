# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.hyperv.replica.plugins.module_utils._errors import (
    MethodRefused,
    PreconditionFailed,
    WsmanFault,
)
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.calls import Argument
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.looking import Gather
from ansible_collections.hyperv.replica.plugins.module_utils._operations.plan import Method
from ansible_collections.hyperv.replica.tests.unit.plugins.module_utils._hyperv.asked import (
    embedded_in,
    estate_with,
    perform,
)
from ansible_collections.hyperv.replica.tests.unit.plugins.module_utils._hyperv.scripted_host import (
    SQL01,
    WEB01,
    Row,
    ScriptedHost,
    Xml,
    error_text,
    fault,
    open_host,
    reference,
    vm,
)


def test_a_power_change_is_asked_for_on_the_vm_by_both_keys() -> None:
    asked = perform(ScriptedHost(estate_with()), "RequestStateChange", {"RequestedState": 2})

    assert asked.selectors == {"CreationClassName": "Msvm_ComputerSystem", "Name": SQL01}
    assert (asked.text("RequestedState"), asked.is_nil("TimeoutPeriod")) == ("2", True)


def test_a_replication_state_is_asked_for_on_the_primary_relationship_by_nil() -> None:
    asked = perform(ScriptedHost(estate_with()), "RequestReplicationStateChangeEx", {"RequestedState": 4})

    assert list(asked.parameters) == ["ReplicationRelationship", "RequestedState", "TimeoutPeriod"]
    assert asked.is_nil("ReplicationRelationship")


def test_the_extended_relationship_is_sent_complete() -> None:
    rows = estate_with()
    leg = rows["Msvm_ReplicationRelationship"][0]
    rows["Msvm_ReplicationRelationship"].append({**leg, "InstanceID": f"Microsoft:{SQL01}\\HVR\\1"})
    arguments: dict[str, Argument] = {"RequestedState": 7, "ReplicationRelationship": 1}

    asked = perform(ScriptedHost(rows), "RequestReplicationStateChangeEx", arguments)

    class_name, properties = embedded_in(asked.text("ReplicationRelationship"))
    assert class_name == "Msvm_ReplicationRelationship"
    assert properties == [
        ("InstanceID", "string", f"Microsoft:{SQL01}\\HVR\\1"),
        ("ReplicationState", "uint16", "3"),
        ("ReplicationHealth", "uint16", "1"),
        ("FailedOverReplicationType", "uint16", "0"),
        ("LastReplicationType", "uint16", "1"),
        ("LastApplicationConsistentReplicationTime", "datetime", "16010101000000.000000+000"),
        ("LastReplicationTime", "datetime", "20261120115800.000000+000"),
        ("LastApplyTime", "datetime", "20261120115830.000000+000"),
    ]


def test_a_host_of_2012_is_asked_by_the_method_it_has() -> None:
    rows = estate_with()
    del rows["Msvm_ReplicationRelationship"]
    script = ScriptedHost(rows)
    host = open_host(script)

    host.perform(host.look([]).sides[SQL01], "RequestReplicationStateChangeEx", {"RequestedState": 3})

    assert list(script.called("RequestReplicationStateChange")[0].parameters) == ["RequestedState", "TimeoutPeriod"]


def _component() -> Row:
    return {
        "CreationClassName": "Msvm_ShutdownComponent",
        "DeviceID": f"Microsoft:{SQL01}\\X",
        "SystemCreationClassName": "Msvm_ComputerSystem",
        "SystemName": SQL01,
    }


def test_a_guest_is_shut_down_by_its_component_which_is_looked_up_once() -> None:
    script = ScriptedHost(estate_with(Msvm_ShutdownComponent=[_component()]))
    host = open_host(script)
    side = host.look([]).sides[SQL01]
    host.perform(side, "InitiateShutdown", {"Force": False, "Reason": "drill"})

    host.perform(side, "InitiateShutdown", {"Force": True, "Reason": "drill"})

    first, second = script.called("InitiateShutdown")
    assert first.selectors == _component()
    assert (first.text("Force"), second.text("Force"), first.text("Reason")) == ("false", "true", "drill")
    assert len(script.queries("Msvm_ShutdownComponent")) == 1


def test_a_guest_without_a_shutdown_component_is_told_before_anything_is_sent() -> None:
    with pytest.raises(PreconditionFailed) as raised:
        perform(ScriptedHost(estate_with(Msvm_ShutdownComponent=[])), "InitiateShutdown", {"Force": False})

    assert (raised.value.kind, raised.value.vm, raised.value.host) == ("guest_services", "SQL01", "hv-b")


def test_a_connection_test_sends_all_its_parameters() -> None:
    arguments: dict[str, Argument] = {
        "RecoveryConnectionPoint": "hv-a.example.test",
        "RecoveryServerPortNumber": 443,
        "AuthenticationType": 2,
        "CertificateThumbPrint": "AB12",
        "BypassProxyServer": False,
    }

    asked = perform(ScriptedHost(estate_with()), "TestReplicationConnection", arguments)

    assert {name: asked.text(name) for name in asked.parameters} == {
        "RecoveryConnectionPoint": "hv-a.example.test",
        "RecoveryServerPortNumber": "443",
        "AuthenticationType": "2",
        "CertificateThumbPrint": "AB12",
        "BypassProxyServer": "false",
    }


def test_a_first_copy_is_started_now_and_from_nowhere_else() -> None:
    asked = perform(ScriptedHost(estate_with()), "StartReplication", {"InitialReplicationType": 1})

    assert asked.text("InitialReplicationType") == "1"
    assert asked.is_nil("InitialReplicationExportLocation")
    assert asked.is_nil("StartTime")


def test_a_resynchronization_starts_now() -> None:
    assert perform(ScriptedHost(estate_with()), "Resynchronize", {}).is_nil("StartTime")


@pytest.mark.parametrize(
    ("entries", "instance_id", "location"),
    [
        (
            [{"InstanceID": "E1", "AllowedPrimaryHostSystem": "HV-A.example.test", "ReplicaStorageLocation": "D:\\r"}],
            "E1",
            "D:\\r",
        ),
        ([{"InstanceID": "E2", "AllowedPrimaryHostSystem": "hv-c.example.test"}], None, None),
        ([], None, None),
    ],
)
def test_an_authorization_entry_is_the_hosts_own_of_that_name_or_a_new_one(
    entries: list[Row], instance_id: str | None, location: str | None
) -> None:
    rows = estate_with(Msvm_ReplicationAuthorizationSettingData=entries)

    asked = perform(ScriptedHost(rows), "SetAuthorizationEntry", {"AllowedPrimaryHostSystem": "hv-a.example.test"})

    class_name, properties = embedded_in(asked.text("AuthorizationEntry"))
    values = {name: value for name, _kind, value in properties}
    assert (class_name, asked.keys("ComputerSystem")["Name"]) == ("Msvm_ReplicationAuthorizationSettingData", SQL01)
    assert (values["InstanceID"], values["ReplicaStorageLocation"]) == (instance_id, location)
    assert values["AllowedPrimaryHostSystem"] == "hv-a.example.test"


def test_settings_of_a_vm_are_changed_by_id_and_change_alone() -> None:
    active: Row = {
        "InstanceID": f"Microsoft:{SQL01}",
        "VirtualSystemIdentifier": SQL01,
        "VirtualSystemType": "Microsoft:Hyper-V:System:Realized",
        "AutomaticStartupAction": 3,
        "Notes": ["a", "b"],
    }
    arguments: dict[str, Argument] = {"AutomaticStartupAction": 2, "Notes": ("a", "fence: 1")}

    asked = perform(
        ScriptedHost(estate_with(Msvm_VirtualSystemSettingData=[active])),
        "ModifySystemSettings",
        arguments,
        Gather.POWER,
    )

    assert asked.class_name == "Msvm_VirtualSystemManagementService"
    assert embedded_in(asked.text("SystemSettings")) == (
        "Msvm_VirtualSystemSettingData",
        [
            ("InstanceID", "string", f"Microsoft:{SQL01}"),
            ("AutomaticStartupAction", "uint16", "2"),
            ("Notes", "string", ["a", "fence: 1"]),
        ],
    )


def _with_copy(mode: int = 3) -> ScriptedHost:
    link = {
        "Antecedent": reference("Msvm_ComputerSystem", CreationClassName="Msvm_ComputerSystem", Name=SQL01),
        "Dependent": reference("Msvm_ComputerSystem", CreationClassName="Msvm_ComputerSystem", Name=WEB01),
    }
    rows = estate_with(Msvm_ReplicaSystemDependency=[link])
    rows["Msvm_ComputerSystem"].append({**vm(WEB01, "SQL01 - Test"), "ReplicationMode": mode})
    return ScriptedHost(rows)


def test_the_test_copy_is_destroyed_by_its_own_reference() -> None:
    asked = perform(_with_copy(), "DestroySystem", {"AffectedSystem": WEB01}, Gather.TEST_COPIES)

    assert asked.keys("AffectedSystem") == {"CreationClassName": "Msvm_ComputerSystem", "Name": WEB01}


@pytest.mark.parametrize(
    ("method", "arguments"),
    [("DestroySystem", {"AffectedSystem": WEB01}), ("RequestStateChange", {"RequestedState": 3, "TestCopy": True})],
)
def test_nothing_is_done_to_what_is_linked_as_a_test_copy_and_shows_another_mode(
    method: str, arguments: dict[str, Argument]
) -> None:
    script = _with_copy(mode=2)

    with pytest.raises(PreconditionFailed) as raised:
        perform(script, method, arguments, Gather.TEST_COPIES)

    assert (raised.value.kind, script.called(method)) == ("no_test_copy", [])


@pytest.mark.parametrize("affected", [SQL01, "", None])
def test_nothing_but_the_test_copy_is_ever_destroyed(affected: str | None) -> None:
    script = _with_copy()

    with pytest.raises(PreconditionFailed):
        perform(script, "DestroySystem", {"AffectedSystem": affected}, Gather.TEST_COPIES)

    assert script.called("DestroySystem") == []


def _failover_addresses() -> dict[str, list[Row]]:
    port, settings = f"Microsoft:{SQL01}\\N1", f"Microsoft:{SQL01}\\N1\\F"
    link: Row = {
        "GroupComponent": reference("Msvm_SyntheticEthernetPortSettingData", InstanceID=port),
        "PartComponent": reference("Msvm_FailoverNetworkAdapterSettingData", InstanceID=settings),
    }
    return {
        "Msvm_FailoverNetworkAdapterSettingData": [{"InstanceID": settings, "DHCPEnabled": True}],
        "Msvm_EthernetPortFailoverSettingDataComponent": [link],
    }


def test_every_method_of_a_plan_can_be_called() -> None:
    active: Row = {
        "InstanceID": f"Microsoft:{SQL01}",
        "VirtualSystemIdentifier": SQL01,
        "VirtualSystemType": "Microsoft:Hyper-V:System:Realized",
        "AutomaticStartupAction": 3,
    }
    script = _with_copy()
    script.rows |= {"Msvm_ShutdownComponent": [_component()], "Msvm_VirtualSystemSettingData": [active]}
    host = open_host(script)
    script.rows |= {name: [] for name in ("Msvm_VirtualEthernetSwitch", "Msvm_SyntheticEthernetPortSettingData")}
    script.rows |= {name: [] for name in ("Msvm_HeartbeatComponent", "Msvm_KvpExchangeComponent")}
    script.rows |= {"Msvm_EthernetPortAllocationSettingData": [{"InstanceID": f"Microsoft:{SQL01}\\N1\\C"}]}
    script.rows |= {"Msvm_StorageAllocationSettingData": []}
    script.rows |= _failover_addresses()
    seen = host.look([Gather.POWER, Gather.TESTS, Gather.ADAPTERS]).sides[SQL01]
    side = replace(seen, extended=seen.relationship)
    needed: dict[Method, dict[str, Argument]] = {
        Method.DESTROY_SYSTEM: {"AffectedSystem": WEB01},
        Method.MODIFY_RESOURCE_SETTINGS: {"InstanceID": f"Microsoft:{SQL01}\\N1\\C"},
        Method.SET_FAILOVER_ADDRESSES: {"InstanceID": f"Microsoft:{SQL01}\\N1\\F"},
    }

    for method in Method:
        if not method.is_wait:
            assert host.perform(side, method.value, needed.get(method, {})).return_code == 0


def test_an_argument_that_a_method_does_not_take_is_refused_before_anything_is_sent() -> None:
    script = ScriptedHost(estate_with())

    with pytest.raises(PreconditionFailed, match="Force"):
        perform(script, "CommitFailover", {"Force": True})

    assert script.called("CommitFailover") == []


def test_a_return_code_that_is_no_yes_is_raised_with_name_cause_and_remedy() -> None:
    script = ScriptedHost(estate_with(), {"RevertFailover": [{"ReturnValue": 32775}]})

    with pytest.raises(MethodRefused) as raised:
        perform(script, "RevertFailover", {})

    error = raised.value
    assert (error.code, error.method, error.host, error.vm) == (32775, "RevertFailover", "hv-b", "SQL01")
    assert "Recovered (5)" in error.cause


def test_an_accepted_call_gives_the_job_that_carries_it_out() -> None:
    started: Row = {"Job": reference("Msvm_ConcreteJob", InstanceID="J1"), "ReturnValue": 4096}
    host = open_host(ScriptedHost(estate_with(), {"CommitFailover": [started]}))

    begun = host.perform(host.look([]).sides[SQL01], "CommitFailover", {})

    assert (begun.return_code, begun.job_id, begun.job_class) == (4096, "J1", "Msvm_ConcreteJob")


def test_a_fault_names_host_and_vm() -> None:
    script = ScriptedHost(estate_with(), {"CommitFailover": [fault("w:AccessDenied", 5)]})

    with pytest.raises(WsmanFault) as raised:
        perform(script, "CommitFailover", {})

    assert (raised.value.host, raised.value.vm, raised.value.detail) == ("hv-b", "SQL01", "Nein.")


def test_a_job_without_get_error_ex_is_asked_by_get_error() -> None:
    answers: dict[str, list[Row | Xml]] = {
        "GetErrorEx": [fault("a:ActionNotSupported", 2150858754)],
        "GetError": [{"Error": error_text("non"), "ReturnValue": 0}],
    }

    assert open_host(ScriptedHost(estate_with(), answers)).job_errors("J1") == "non"


def test_a_job_that_is_gone_has_no_errors() -> None:
    gone: list[Row | Xml] = [fault("a:DestinationUnreachable", 2150858752)]

    assert open_host(ScriptedHost(estate_with(), {"GetErrorEx": gone, "GetError": gone})).job_errors("J1") == ""
