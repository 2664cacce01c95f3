# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Mapping

import pytest

from ansible_collections.hyperv.replica.plugins.module_utils._errors import (
    MethodRefused,
    OutcomeUnknown,
    PreconditionFailed,
    WsmanFault,
)
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.calls import Argument
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.looking import Gather
from ansible_collections.hyperv.replica.plugins.module_utils._operations.plan import Method
from ansible_collections.hyperv.replica.tests.unit.plugins.module_utils._hyperv.scripted_host import (
    SQL01,
    WEB01,
    Asked,
    Row,
    ScriptedHost,
    Xml,
    error_text,
    estate,
    fault,
    open_host,
    reference,
    replication_settings,
    vm,
)

#: Own properties of the class, from the page msvm-replicationsettingdata: name, CIM type, value as it must be sent.
COMPLETE = [
    ("InstanceID", "string", f"Microsoft:{SQL01}\\HVR\\0"),
    ("VirtualSystemIdentifier", "string", SQL01),
    ("AuthenticationType", "uint16", "1"),
    ("CertificateThumbPrint", "string", ""),
    ("RootCertificateThumbPrint", "string", None),
    ("CompressionEnabled", "boolean", "true"),
    ("BypassProxyServer", "boolean", "false"),
    ("RecoveryConnectionPoint", "string", "hv-b.example.test"),
    ("RecoveryHostSystem", "string", "hv-b.example.test"),
    ("PrimaryConnectionPoint", "string", "hv-a.example.test"),
    ("PrimaryHostSystem", "string", "hv-a.example.test"),
    ("RecoveryServerPortNumber", "uint16", "80"),
    ("ReplicateHostKvpItems", "boolean", "true"),
    ("ApplicationConsistentSnapshotInterval", "uint16", "0"),
    ("RecoveryHistory", "uint16", "4"),
    ("IncludedDisks", "string", ["Microsoft:D1\\0", "Microsoft:D2\\1"]),
    ("AutoResynchronizeEnabled", "boolean", "true"),
    ("AutoResynchronizeIntervalStart", "datetime", "00000000183000.000000:000"),
    ("AutoResynchronizeIntervalEnd", "datetime", "00000000060000.000000:000"),
    ("EnableWriteOrderPreservationAcrossDisks", "boolean", "true"),
    (
        "ReplicationProvider",
        "string",
        '\\\\HV-B\\root\\virtualization\\v2:Msvm_ReplicationProvider.Name="22391cdc-272c-4ddf-ba88-9befb1a0975c"',
    ),
    ("AdditionalSettings", "string", "a<b & \"c\" 'd'"),
    ("ReplicationInterval", "uint16", "300"),
]


def _estate(**more: list[Row]) -> dict[str, list[Row]]:
    return estate(vm(SQL01, "SQL01"), Msvm_ReplicationSettingData=[replication_settings(SQL01)], **more)


def _perform(script: ScriptedHost, method: str, arguments: Mapping[str, Argument], *gather: Gather) -> Asked:
    """Look, make the call, and give the request that it was."""
    host = open_host(script)
    host.perform(host.look(gather).sides[SQL01], method, arguments)
    return script.called(method)[-1]


def _embedded(text: str | None) -> tuple[str, list[tuple[str, str, str | list[str] | None]]]:
    """Class and properties of CIM-XML text, read here by hand: name, type and value, an array as a list."""
    root = ET.fromstring(text or "")
    found: list[tuple[str, str, str | list[str] | None]] = []
    for one in root:
        values = [value.text or "" for value in one.iter("VALUE")]
        array = one.tag == "PROPERTY.ARRAY"
        found.append(
            (one.get("NAME", ""), one.get("TYPE", ""), values if array else "".join(values) if values else None)
        )
    return root.get("CLASSNAME", ""), found


@pytest.mark.parametrize("point", ["point-7", None])
def test_a_failback_sends_complete_settings_the_vm_by_both_keys_and_its_recovery_point_or_nil(
    point: str | None,
) -> None:
    asked = _perform(ScriptedHost(_estate()), "InitiateFailback", {"RecoveryPointIdentifier": point}, Gather.SETTINGS)

    assert list(asked.parameters) == ["ComputerSystem", "ReplicationSettingData", "RecoveryPointIdentifier"]
    assert asked.keys("ComputerSystem") == {"CreationClassName": "Msvm_ComputerSystem", "Name": SQL01}
    assert _embedded(asked.text("ReplicationSettingData")) == ("Msvm_ReplicationSettingData", COMPLETE)
    assert asked.text("RecoveryPointIdentifier") == point
    assert asked.is_nil("RecoveryPointIdentifier") is (point is None)
    assert asked.selectors == {
        "CreationClassName": "Msvm_ReplicationService",
        "Name": "replicasvc",
        "SystemCreationClassName": "Msvm_ComputerSystem",
        "SystemName": "HV-B",
    }


def test_named_entities_are_never_inside_embedded_text() -> None:
    asked = _perform(ScriptedHost(_estate()), "InitiateFailback", {}, Gather.SETTINGS)

    text = asked.text("ReplicationSettingData") or ""
    assert "a&#60;b &#38; &#34;c&#34; &#39;d&#39;" in text
    assert not any(entity in text for entity in ("&amp;", "&lt;", "&gt;", "&quot;", "&apos;"))


def test_settings_that_the_look_did_not_read_are_read_before_the_call() -> None:
    asked = _perform(ScriptedHost(_estate()), "InitiateFailback", {"RecoveryPointIdentifier": None})

    assert _embedded(asked.text("ReplicationSettingData"))[1] == COMPLETE


def test_a_reverse_sends_what_was_read_with_the_peer_as_receiver() -> None:
    changes: dict[str, Argument] = {
        "RecoveryConnectionPoint": "hv-a.example.test",
        "RecoveryServerPortNumber": 443,
        "CertificateThumbPrint": "AB12",
    }

    asked = _perform(ScriptedHost(_estate()), "ReverseReplicationRelationship", changes, Gather.SETTINGS)

    changed = [(name, kind, str(changes.get(name, "")) or value) for name, kind, value in COMPLETE]
    assert _embedded(asked.text("ReplicationSettingData")) == ("Msvm_ReplicationSettingData", changed)
    assert asked.keys("ComputerSystem")["Name"] == SQL01


def test_a_null_list_of_disks_goes_out_as_an_array_without_value() -> None:
    rows = _estate()
    rows["Msvm_ReplicationSettingData"] = [replication_settings(SQL01, IncludedDisks=[])]

    asked = _perform(ScriptedHost(rows), "InitiateFailback", {}, Gather.SETTINGS)

    text = asked.text("ReplicationSettingData") or ""
    assert '<PROPERTY.ARRAY NAME="IncludedDisks" TYPE="string"></PROPERTY.ARRAY>' in text


def test_the_replication_service_is_asked_for_its_keys_once() -> None:
    script = ScriptedHost(_estate())
    host = open_host(script)
    side = host.look([]).sides[SQL01]
    host.perform(side, "CommitFailover", {})

    host.perform(side, "RevertFailover", {})

    assert len(script.queries("Msvm_ReplicationService")) == 1
    assert host.exchanges == 6


@pytest.mark.parametrize("method", ["CommitFailover", "RevertFailover"])
def test_these_methods_take_the_vm_and_nothing_else(method: str) -> None:
    asked = _perform(ScriptedHost(_estate()), method, {})

    assert list(asked.parameters) == ["ComputerSystem"]


def test_a_failover_to_the_latest_point_says_so_with_nil() -> None:
    asked = _perform(ScriptedHost(_estate()), "InitiateFailover", {"SnapshotSettingData": None})

    assert list(asked.parameters) == ["ComputerSystem", "SnapshotSettingData"]
    assert asked.is_nil("SnapshotSettingData")


def test_a_recovery_point_goes_out_as_a_reference() -> None:
    script = ScriptedHost(_estate())

    asked = _perform(script, "InitiateFailover", {"SnapshotSettingData": "Microsoft:P1"})

    assert asked.keys("SnapshotSettingData") == {"InstanceID": "Microsoft:P1"}
    assert len(script.called("InitiateFailover")) == 1


@pytest.mark.parametrize("refused", [{"ReturnValue": 32773}, fault("w:SchemaValidationError", 2150858817)])
def test_a_host_that_takes_no_reference_gets_the_point_as_an_instance_and_next_time_at_once(refused: Row | Xml) -> None:
    script = ScriptedHost(_estate(), {"InitiateFailover": [refused, {"ReturnValue": 0}]})
    host = open_host(script)
    side = host.look([]).sides[SQL01]
    host.perform(side, "InitiateFailover", {"SnapshotSettingData": "Microsoft:P1"})

    host.perform(side, "InitiateFailover", {"SnapshotSettingData": "Microsoft:P1"})

    sent = [one.text("SnapshotSettingData") for one in script.called("InitiateFailover")]
    assert [text is not None and "INSTANCE" in text for text in sent] == [False, True, True]


def test_a_point_that_is_refused_in_either_form_is_refused() -> None:
    refused: list[Row | Xml] = [{"ReturnValue": 32773}, fault("w:SchemaValidationError", 2150858817)]
    script = ScriptedHost(_estate(), {"InitiateFailover": refused})

    with pytest.raises(MethodRefused, match="no longer there") as raised:
        _perform(script, "InitiateFailover", {"SnapshotSettingData": "Microsoft:P1"})

    assert (raised.value.code, len(script.called("InitiateFailover"))) == (32773, 2)


def test_a_failover_whose_answer_was_lost_is_not_sent_again() -> None:
    script = ScriptedHost(_estate())
    host = open_host(script)
    side = host.look([]).sides[SQL01]
    host.perform(side, "CommitFailover", {})
    script.trouble = OutcomeUnknown("cut")

    with pytest.raises(OutcomeUnknown) as raised:
        host.perform(side, "InitiateFailover", {"SnapshotSettingData": "Microsoft:P1"})

    assert (raised.value.host, raised.value.vm, len(script.called("InitiateFailover"))) == ("hv-b", "SQL01", 1)


def test_a_power_change_is_asked_for_on_the_vm_by_both_keys() -> None:
    asked = _perform(ScriptedHost(_estate()), "RequestStateChange", {"RequestedState": 2})

    assert asked.selectors == {"CreationClassName": "Msvm_ComputerSystem", "Name": SQL01}
    assert (asked.text("RequestedState"), asked.is_nil("TimeoutPeriod")) == ("2", True)


def test_a_replication_state_is_asked_for_on_the_primary_relationship_by_nil() -> None:
    asked = _perform(ScriptedHost(_estate()), "RequestReplicationStateChangeEx", {"RequestedState": 4})

    assert list(asked.parameters) == ["ReplicationRelationship", "RequestedState", "TimeoutPeriod"]
    assert asked.is_nil("ReplicationRelationship")


def test_the_extended_relationship_is_sent_complete() -> None:
    rows = _estate()
    leg = rows["Msvm_ReplicationRelationship"][0]
    rows["Msvm_ReplicationRelationship"].append({**leg, "InstanceID": f"Microsoft:{SQL01}\\HVR\\1"})
    arguments: dict[str, Argument] = {"RequestedState": 7, "ReplicationRelationship": 1}

    asked = _perform(ScriptedHost(rows), "RequestReplicationStateChangeEx", arguments)

    class_name, properties = _embedded(asked.text("ReplicationRelationship"))
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
    rows = _estate()
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
    script = ScriptedHost(_estate(Msvm_ShutdownComponent=[_component()]))
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
        _perform(ScriptedHost(_estate(Msvm_ShutdownComponent=[])), "InitiateShutdown", {"Force": False})

    assert (raised.value.kind, raised.value.vm, raised.value.host) == ("guest_services", "SQL01", "hv-b")


def test_a_connection_test_sends_all_its_parameters() -> None:
    arguments: dict[str, Argument] = {
        "RecoveryConnectionPoint": "hv-a.example.test",
        "RecoveryServerPortNumber": 443,
        "AuthenticationType": 2,
        "CertificateThumbPrint": "AB12",
        "BypassProxyServer": False,
    }

    asked = _perform(ScriptedHost(_estate()), "TestReplicationConnection", arguments)

    assert {name: asked.text(name) for name in asked.parameters} == {
        "RecoveryConnectionPoint": "hv-a.example.test",
        "RecoveryServerPortNumber": "443",
        "AuthenticationType": "2",
        "CertificateThumbPrint": "AB12",
        "BypassProxyServer": "false",
    }


def test_a_first_copy_is_started_now_and_from_nowhere_else() -> None:
    asked = _perform(ScriptedHost(_estate()), "StartReplication", {"InitialReplicationType": 1})

    assert asked.text("InitialReplicationType") == "1"
    assert asked.is_nil("InitialReplicationExportLocation")
    assert asked.is_nil("StartTime")


def test_a_resynchronization_starts_now() -> None:
    assert _perform(ScriptedHost(_estate()), "Resynchronize", {}).is_nil("StartTime")


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
    rows = _estate(Msvm_ReplicationAuthorizationSettingData=entries)

    asked = _perform(ScriptedHost(rows), "SetAuthorizationEntry", {"AllowedPrimaryHostSystem": "hv-a.example.test"})

    class_name, properties = _embedded(asked.text("AuthorizationEntry"))
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

    asked = _perform(
        ScriptedHost(_estate(Msvm_VirtualSystemSettingData=[active])), "ModifySystemSettings", arguments, Gather.POWER
    )

    assert asked.class_name == "Msvm_VirtualSystemManagementService"
    assert _embedded(asked.text("SystemSettings")) == (
        "Msvm_VirtualSystemSettingData",
        [
            ("InstanceID", "string", f"Microsoft:{SQL01}"),
            ("AutomaticStartupAction", "uint16", "2"),
            ("Notes", "string", ["a", "fence: 1"]),
        ],
    )


def _with_copy() -> ScriptedHost:
    link = {
        "Antecedent": reference("Msvm_ComputerSystem", CreationClassName="Msvm_ComputerSystem", Name=SQL01),
        "Dependent": reference("Msvm_ComputerSystem", CreationClassName="Msvm_ComputerSystem", Name=WEB01),
    }
    return ScriptedHost(_estate(Msvm_ReplicaSystemDependency=[link]))


def test_the_test_copy_is_destroyed_by_its_own_reference() -> None:
    asked = _perform(_with_copy(), "DestroySystem", {"AffectedSystem": WEB01}, Gather.TEST_COPIES)

    assert asked.keys("AffectedSystem") == {"CreationClassName": "Msvm_ComputerSystem", "Name": WEB01}


@pytest.mark.parametrize("affected", [SQL01, "", None])
def test_nothing_but_the_test_copy_is_ever_destroyed(affected: str | None) -> None:
    script = _with_copy()

    with pytest.raises(PreconditionFailed):
        _perform(script, "DestroySystem", {"AffectedSystem": affected}, Gather.TEST_COPIES)

    assert script.called("DestroySystem") == []


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
    side = host.look([Gather.POWER, Gather.TEST_COPIES]).sides[SQL01]

    for method in Method:
        if not method.is_wait:
            arguments = {"AffectedSystem": WEB01} if method is Method.DESTROY_SYSTEM else {}
            assert host.perform(side, method.value, arguments).return_code == 0


def test_an_argument_that_a_method_does_not_take_is_refused_before_anything_is_sent() -> None:
    script = ScriptedHost(_estate())

    with pytest.raises(PreconditionFailed, match="Force"):
        _perform(script, "CommitFailover", {"Force": True})

    assert script.called("CommitFailover") == []


def test_a_return_code_that_is_no_yes_is_raised_with_name_cause_and_remedy() -> None:
    script = ScriptedHost(_estate(), {"RevertFailover": [{"ReturnValue": 32775}]})

    with pytest.raises(MethodRefused) as raised:
        _perform(script, "RevertFailover", {})

    error = raised.value
    assert (error.code, error.method, error.host, error.vm) == (32775, "RevertFailover", "hv-b", "SQL01")
    assert "Recovered (5)" in error.cause


def test_an_accepted_call_gives_the_job_that_carries_it_out() -> None:
    started: Row = {"Job": reference("Msvm_ConcreteJob", InstanceID="J1"), "ReturnValue": 4096}
    host = open_host(ScriptedHost(_estate(), {"CommitFailover": [started]}))

    begun = host.perform(host.look([]).sides[SQL01], "CommitFailover", {})

    assert (begun.return_code, begun.job_id, begun.job_class) == (4096, "J1", "Msvm_ConcreteJob")


def test_a_fault_names_host_and_vm() -> None:
    script = ScriptedHost(_estate(), {"CommitFailover": [fault("w:AccessDenied", 5)]})

    with pytest.raises(WsmanFault) as raised:
        _perform(script, "CommitFailover", {})

    assert (raised.value.host, raised.value.vm, raised.value.detail) == ("hv-b", "SQL01", "Nein.")


def test_a_job_without_get_error_ex_is_asked_by_get_error() -> None:
    answers: dict[str, list[Row | Xml]] = {
        "GetErrorEx": [fault("a:ActionNotSupported", 2150858754)],
        "GetError": [{"Error": error_text("non"), "ReturnValue": 0}],
    }

    assert open_host(ScriptedHost(_estate(), answers)).job_errors("J1") == "non"


def test_a_job_that_is_gone_has_no_errors() -> None:
    gone: list[Row | Xml] = [fault("a:DestinationUnreachable", 2150858752)]

    assert open_host(ScriptedHost(_estate(), {"GetErrorEx": gone, "GetError": gone})).job_errors("J1") == ""
