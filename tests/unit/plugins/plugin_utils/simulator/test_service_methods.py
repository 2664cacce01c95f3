# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Methods of a simulated host: parameters as real hosts take them, replies as they were recorded."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from xml.sax.saxutils import escape

import pytest

from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.trouble import Trouble
from ansible_collections.hyperv.replica.tests.unit.plugins.plugin_utils.simulator.envelopes import (
    CIMV2,
    ODD,
    SQL01,
    WMI_ERROR,
    XSI,
    A,
    Pair,
    W,
    children,
    envelope,
    fault,
    get,
    instances,
    invoke,
    query,
    reference,
    replication,
    return_value,
    selector,
    soap_body,
    value,
    vm_selectors,
)

MANAGEMENT = selector("CreationClassName", "Msvm_VirtualSystemManagementService")
TEST = """<p:RecoveryConnectionPoint>hv-b.example.test</p:RecoveryConnectionPoint>
  <p:RecoveryServerPortNumber>80</p:RecoveryServerPortNumber><p:AuthenticationType>1</p:AuthenticationType>
  <p:BypassProxyServer>false</p:BypassProxyServer>"""


def vm_parameter(guid: str = SQL01, name: str = "ComputerSystem") -> str:
    return f"<p:{name}>{reference(guid)}</p:{name}>"


def written(name: str, kind: str, text: str) -> str:
    return f'<PROPERTY NAME="{name}" TYPE="{kind}"><VALUE>{text}</VALUE></PROPERTY>'


def off(pair: Pair) -> None:
    """Turn SQL01 off and let the job end."""
    asked = invoke(
        "Msvm_ComputerSystem", "RequestStateChange", "<p:RequestedState>3</p:RequestedState>", vm_selectors(SQL01)
    )
    pair.body(asked)
    pair.wait(60)


def test_a_started_job_is_a_reference_without_a_wrapper_and_can_be_read() -> None:
    pair = Pair()
    output = pair.body(replication("TestReplicationConnection", TEST))[0]

    job = children(output, "Job")[0]
    instance_id = job.findtext(f".//{{{W}}}Selector") or ""
    shown = pair.body(get("Msvm_ConcreteJob", selector("InstanceID", instance_id)))[0]
    assert [child.tag for child in job] == [f"{{{A}}}Address", f"{{{A}}}ReferenceParameters"]
    assert (job.findtext(f".//{{{W}}}ResourceURI") or "").endswith("/Msvm_ConcreteJob")
    assert (value(output, "ReturnValue"), output[-1].tag.partition("}")[2]) == ("4096", "ReturnValue")
    assert (value(shown, "JobType"), value(shown, "JobState")) == ("115", "4")


def test_a_finished_job_is_seen_for_five_minutes() -> None:
    pair = Pair()
    instance_id = pair.body(replication("TestReplicationConnection", TEST)).findtext(f".//{{{W}}}Selector") or ""
    asked = get("Msvm_ConcreteJob", selector("InstanceID", instance_id))
    pair.wait(200)

    shown = pair.body(asked)[0]
    assert (value(shown, "JobState"), value(shown, "ErrorCode")) == ("7", "0")
    pair.wait(200)
    assert fault(pair.ask(asked))[0] == "a:DestinationUnreachable"


def test_a_refused_method_is_no_fault() -> None:
    reply = Pair().ask(replication("CommitFailover", vm_parameter()), "HV-B")

    assert (reply.status, return_value(soap_body(reply))) == (200, 32775)


@pytest.mark.parametrize("text", ["true", "True", "false", "FALSE"])
def test_booleans_are_taken_in_any_case(text: str) -> None:
    asked = replication("TestReplicationConnection", TEST.replace("false", text))

    assert return_value(Pair().body(asked)) == 4096


def test_parameters_come_in_any_order_and_null_is_absent_or_nil() -> None:
    parts = [part for part in TEST.split("<p:") if part.strip()]
    turned = "".join(f"<p:{part}" for part in reversed(parts))
    nil = f'<p:CertificateThumbPrint xmlns:xsi="{XSI}" xsi:nil="true"/>'

    assert return_value(Pair().body(replication("TestReplicationConnection", turned + nil))) == 4096


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        (TEST + "<p:Odd>1</p:Odd>", ("w:InvalidParameter", 2150858837)),
        (TEST.replace("BypassProxyServer", "bypassProxyServer"), ("w:InvalidParameter", 2150858837)),
        (TEST.replace(">80<", ">eighty<"), ("w:InvalidParameter", 2150858836)),
        (TEST.replace(">80<", ">70000<"), ("w:InvalidParameter", 2150858836)),
        (TEST.replace(">false<", ">perhaps<"), ("w:InvalidParameter", 2150858836)),
        (TEST.replace(">80<", "><p:x/><"), ("w:SchemaValidationError", 2150858817)),
    ],
)
def test_a_wrong_parameter_is_a_fault(parameters: str, expected: tuple[str, int]) -> None:
    assert fault(Pair().ask(replication("TestReplicationConnection", parameters))) == expected


def test_a_missing_parameter_is_an_error_of_wmi() -> None:
    reply = Pair().ask(replication("CommitFailover"))

    assert fault(reply)[0] == "w:InternalError"
    assert b"0x8004102f" in reply.body


def test_a_wrapped_reference_is_refused() -> None:
    wrapped = f"<p:ComputerSystem><a:EndpointReference>{reference(SQL01)}</a:EndpointReference></p:ComputerSystem>"

    assert fault(Pair().ask(replication("CommitFailover", wrapped))) == ("w:SchemaValidationError", 2150858817)


def test_text_in_place_of_a_reference_is_refused() -> None:
    asked = replication("CommitFailover", f"<p:ComputerSystem>{SQL01}</p:ComputerSystem>")

    assert fault(Pair().ask(asked))[0] == "w:SchemaValidationError"


def test_an_epr_that_the_host_gave_can_be_sent_back_as_it_is() -> None:
    pair = Pair()
    found = pair.body(query(f"SELECT * FROM Msvm_ComputerSystem WHERE Name='{SQL01}'", mode="EnumerateEPR"))
    epr = next(found.iter(f"{{{A}}}EndpointReference"))
    inner = "".join(ET.tostring(child, encoding="unicode") for child in epr)

    answered = pair.body(replication("CommitFailover", f"<p:ComputerSystem>{inner}</p:ComputerSystem>"))

    assert return_value(answered) == 32775


def test_a_method_that_does_not_exist_is_refused() -> None:
    assert fault(Pair().ask(replication("FailHome", vm_parameter())))[0] == "a:ActionNotSupported"


def test_the_body_has_to_be_the_input_of_the_method() -> None:
    asked = replication("CommitFailover", vm_parameter()).replace("CommitFailover_INPUT", "RevertFailover_INPUT")

    assert fault(Pair().ask(asked))[0] == "w:SchemaValidationError"


def test_a_body_in_another_namespace_is_refused() -> None:
    asked = replication("CommitFailover", vm_parameter()).replace('xmlns:p="', 'xmlns:p="urn:odd:')

    assert fault(Pair().ask(asked))[0] == "w:SchemaValidationError"


@pytest.mark.parametrize(
    ("class_name", "method", "hresult"),
    [("Msvm_VirtualSystemManagementService", "GetSummaryInformation", True), ("Msvm_ConcreteJob", "GetErrorEx", True)],
)
def test_a_method_without_selectors_is_an_error(class_name: str, method: str, hresult: bool) -> None:
    reply = Pair().ask(invoke(class_name, method))

    assert fault(reply)[0] == "w:InternalError"
    assert (b"0x8004102f" in reply.body) is hresult


def test_a_vm_asked_by_its_name_alone_is_not_reached() -> None:
    asked = invoke(
        "Msvm_ComputerSystem", "RequestStateChange", "<p:RequestedState>2</p:RequestedState>", selector("Name", SQL01)
    )

    assert fault(Pair().ask(asked))[0] == "a:DestinationUnreachable"


@pytest.mark.parametrize(("switch", "count"), [("absent", 0), ("nil", 1)])
def test_null_out_parameters_are_absent_or_nil(switch: str, count: int) -> None:
    output = Pair(null_outputs=switch).body(replication("CommitFailover", vm_parameter()), "HV-B")[0]

    jobs = children(output, "Job")
    assert [job.get(f"{{{XSI}}}nil") for job in jobs] == ["true"] * count


def summary_request(codes: tuple[int, ...], guid: str = SQL01) -> str:
    settings = reference("", "Msvm_VirtualSystemSettingData", selector("InstanceID", f"Microsoft:{guid}"))
    asked = "".join(f"<p:RequestedInformation>{code}</p:RequestedInformation>" for code in codes)
    inner = f"<p:SettingData>{settings}</p:SettingData>{asked}"
    return invoke("Msvm_VirtualSystemManagementService", "GetSummaryInformation", inner, MANAGEMENT)


def test_a_summary_is_nested_and_holds_what_was_asked_for() -> None:
    output = Pair().body(summary_request((1, 4, 100, 103, 114, 115)))[0]

    told = children(output, "SummaryInformation")[0]
    assert told.get(f"{{{XSI}}}type", "").endswith(":Msvm_SummaryInformation_Type")
    assert (value(told, "Name"), value(told, "ElementName")) == (SQL01, "SQL01")
    assert (value(told, "EnabledState"), value(told, "ReplicationMode"), value(told, "MemoryUsage")) == (
        "2",
        "1",
        "4096",
    )
    assert value(told, "UpTime") is None


def test_a_summary_is_text_when_the_switch_says_so() -> None:
    output = Pair(summary_information="text").body(summary_request((1, 114)))[0]

    told = ET.fromstring(value(output, "SummaryInformation") or "")
    assert (told.tag, told.get("CLASSNAME")) == ("INSTANCE", "Msvm_SummaryInformation")
    assert told.findtext("PROPERTY[@NAME='ReplicationMode']/VALUE") == "1"


def test_without_settings_every_vm_is_summed_up() -> None:
    asked = "<p:RequestedInformation>0</p:RequestedInformation>"
    output = Pair().body(invoke("Msvm_VirtualSystemManagementService", "GetSummaryInformation", asked, MANAGEMENT))[0]

    assert {value(told, "Name") for told in children(output, "SummaryInformation")} == {SQL01, ODD}


def test_statistics_come_as_embedded_text() -> None:
    output = Pair().body(replication("GetReplicationStatistics", vm_parameter()))[0]

    told = ET.fromstring(value(output, "ReplicationStatistics") or "")
    assert told.get("CLASSNAME") == "Msvm_ReplicationStatistics"
    assert told.find("PROPERTY[@NAME='ReplicationSuccessCount'][@TYPE='uint32']/VALUE") is not None


def test_a_failover_to_a_point_named_by_reference_works() -> None:
    pair = Pair()
    point = pair.world.hosts["HV-B"].vms[SQL01].recovery_points[0]
    keys = selector("InstanceID", f"Microsoft:{point.guid}")
    named = reference("", "Msvm_VirtualSystemSettingData", keys)
    asked = replication("InitiateFailover", f"{vm_parameter()}<p:SnapshotSettingData>{named}</p:SnapshotSettingData>")

    assert return_value(pair.body(asked, "HV-B")) == 4096
    pair.wait(60)
    shown = pair.body(
        get("Msvm_ReplicationRelationship", selector("InstanceID", f"Microsoft:{SQL01}\\HVR\\0")), "HV-B"
    )[0]
    assert (value(shown, "ReplicationState"), value(shown, "FailedOverReplicationType")) == ("5", "1")


@pytest.mark.parametrize(("switch", "code"), [("both", 4096), ("embedded", 4096), ("reference", 32776)])
def test_a_point_named_by_an_embedded_instance_is_a_switch(switch: str, code: int) -> None:
    pair = Pair(snapshot_parameter=switch)
    point = pair.world.hosts["HV-B"].vms[SQL01].recovery_points[0]
    known = written("InstanceID", "string", f"Microsoft:{point.guid}")
    text = escape(f'<INSTANCE CLASSNAME="Msvm_VirtualSystemSettingData">{known}</INSTANCE>')
    asked = replication("InitiateFailover", f"{vm_parameter()}<p:SnapshotSettingData>{text}</p:SnapshotSettingData>")

    assert return_value(pair.body(asked, "HV-B")) == code


@pytest.mark.parametrize("text", ["2026-01-12T09:00:00Z", "2026-01-12T10:00:00.5+01:00"])
def test_a_time_is_taken_as_cim_datetime(text: str) -> None:
    asked = replication(
        "Resynchronize", f"{vm_parameter()}<p:StartTime><cim:Datetime>{text}</cim:Datetime></p:StartTime>"
    )

    assert Pair().ask(asked).status == 200


def test_a_time_without_a_form_is_a_wrong_type() -> None:
    asked = replication("Resynchronize", f"{vm_parameter()}<p:StartTime>soon</p:StartTime>")

    assert fault(Pair().ask(asked))[1] == 2150858836


def test_facts_of_a_method_say_what_it_is_and_whom_it_concerns_before_it_runs() -> None:
    pair = Pair()
    asked = replication("CommitFailover", vm_parameter()).encode()

    facts = pair.services["HV-A"].peek(asked)

    assert (facts.action, facts.method, facts.class_name) == (
        "CommitFailover",
        "CommitFailover",
        "Msvm_ReplicationService",
    )
    assert (facts.vm, facts.mutating) == (SQL01, True)
    assert not pair.services["HV-A"].peek(replication("TestReplicationConnection", TEST).encode()).mutating


def test_facts_of_a_job_are_those_of_its_vm() -> None:
    pair = Pair()
    off(pair)
    job = next(iter(pair.world.hosts["HV-A"].jobs))

    assert pair.services["HV-A"].peek(get("Msvm_ConcreteJob", selector("InstanceID", job)).encode()).vm == SQL01


def test_an_ordered_fault_is_answered_and_nothing_is_executed() -> None:
    pair = Pair()
    asked = replication("TestReplicationConnection", TEST).encode()

    reply = pair.services["HV-A"].refuse(asked, Trouble(kind="fault", name="TimedOut"))

    assert fault(reply) == ("w:TimedOut", 2150858793)
    assert reply.facts.method == "TestReplicationConnection"
    assert not pair.world.hosts["HV-A"].jobs


def test_an_ordered_quota_has_both_of_its_recorded_forms() -> None:
    pair = Pair()
    asked = get("Msvm_ComputerSystem", vm_selectors(SQL01)).encode()

    operations = pair.services["HV-A"].refuse(asked, Trouble(kind="quota"))
    shells = pair.services["HV-A"].refuse(asked, Trouble(kind="quota", name="QuotaLimit"))

    assert fault(operations) == ("w:InternalError", 2150859174)
    assert fault(shells)[0] == "w:QuotaLimit"
    assert soap_body(shells).findtext(f".//{{{WMI_ERROR}}}error_Code") == "2150859173"


def test_components_of_a_vm_that_is_off_have_no_contact_or_are_gone() -> None:
    asked = query(f"SELECT * FROM Msvm_HeartbeatComponent WHERE SystemName='{SQL01}'")
    statuses: dict[str, list[str | None]] = {}
    for switch in ("present", "absent"):
        pair = Pair(components_when_off=switch)
        assert [child.text for child in pair.body(asked).iter() if child.tag.endswith("}OperationalStatus")][0] == "2"
        off(pair)
        statuses[switch] = [child.text for child in pair.body(asked).iter() if child.tag.endswith("}OperationalStatus")]

    assert statuses == {"present": ["12"], "absent": []}


def registry(parameters: str, namespace: str = "root/cimv2", method: str = "GetDWORDValue") -> str:
    """A call of a static method: no selectors (Microsoft's pages StdRegProv and GetDWORDValue)."""
    uri = f"http://schemas.microsoft.com/wbem/wsman/1/wmi/{namespace}/StdRegProv"
    return envelope(f"{uri}/{method}", uri, f'<p:{method}_INPUT xmlns:p="{uri}">{parameters}</p:{method}_INPUT>')


#: KB 2767928 names the key and the value.
TRANSFERS = (
    "<p:sSubKeyName>SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\Virtualization\\Replication</p:sSubKeyName>"
    "<p:sValueName>MaximumActiveTransfers</p:sValueName>"
)


@pytest.mark.parametrize("namespace", ["root/cimv2", "root/default"])
@pytest.mark.parametrize("tree", ["", "<p:hDefKey>2147483650</p:hDefKey>"])
def test_the_registry_tells_how_many_transfers_are_allowed(namespace: str, tree: str) -> None:
    pair = Pair()
    pair.world.hosts["HV-A"].maximum_active_transfers = 12

    output = pair.body(registry(tree + TRANSFERS, namespace))[0]

    assert (value(output, "ReturnValue"), value(output, "uValue")) == ("0", "12")


@pytest.mark.parametrize(
    "parameters",
    [
        TRANSFERS,
        f"<p:hDefKey>2147483649</p:hDefKey>{TRANSFERS}",
        TRANSFERS.replace("MaximumActiveTransfers", "ApplyVHDLimit"),
        TRANSFERS.replace("Replication<", "Other<"),
    ],
)
def test_a_value_that_is_not_in_the_registry_is_error_2(parameters: str) -> None:
    assert return_value(Pair().body(registry(parameters))) == 2


def test_the_registry_cannot_be_written() -> None:
    reply = Pair().ask(registry(f"{TRANSFERS}<p:uValue>99</p:uValue>", method="SetDWORDValue"))

    assert fault(reply)[0] == "a:ActionNotSupported"


def test_the_registry_has_no_instances() -> None:
    assert instances(Pair().body(query("SELECT * FROM StdRegProv", uri=CIMV2))) == []
