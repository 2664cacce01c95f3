# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Identify, Get and what is refused by a simulated host, as real hosts were recorded to answer."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import pytest

from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.faults import KINDS
from ansible_collections.hyperv.replica.tests.unit.plugins.plugin_utils.simulator.envelopes import (
    ANONYMOUS,
    CIM,
    CIMV2,
    CONFIG,
    MESSAGE,
    SQL01,
    START,
    V2,
    XSI,
    A,
    Pair,
    S,
    W,
    X,
    children,
    enumerate_,
    envelope,
    fault,
    get,
    instances,
    optimised,
    query,
    reference,
    selector,
    soap_body,
    value,
    vm_selectors,
)

VM = f"{V2}/Msvm_ComputerSystem"


def test_identify_is_answered_without_any_header() -> None:
    identity = "http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd"
    request = f'<s:Envelope xmlns:s="{S}" xmlns:i="{identity}"><s:Header/><s:Body><i:Identify/></s:Body></s:Envelope>'

    reply = Pair().ask(request)

    told = soap_body(reply)[0]
    assert told.tag == f"{{{identity}}}IdentifyResponse"
    assert [child.tag.partition("}")[2] for child in told] == ["ProtocolVersion", "ProductVendor", "ProductVersion"]
    assert reply.facts.action == "Identify"


def test_a_reply_relates_to_the_message_id_verbatim_and_speaks_the_hosts_language() -> None:
    root = ET.fromstring(Pair().ask(get("Msvm_ComputerSystem", vm_selectors(SQL01)), "HV-B").body)

    assert root.findtext(f".//{{{A}}}RelatesTo") == MESSAGE
    assert root.findtext(f".//{{{A}}}Action") == f"{X}/GetResponse"
    assert root.findtext(f".//{{{A}}}To") == ANONYMOUS
    assert root.get("{http://www.w3.org/XML/1998/namespace}lang") == "de-DE"


def test_odd_to_repeated_message_ids_other_prefixes_and_unqualified_must_understand_are_served() -> None:
    pair = Pair()
    request = f"""<env:Envelope xmlns:env="{S}" xmlns:wsa="{A}" xmlns:wm="{W}"><env:Header>
      <wsa:Action mustUnderstand="true">{X}/Get</wsa:Action><wm:SelectorSet>
      <wm:Selector Name="CreationClassName">Msvm_ComputerSystem</wm:Selector>
      <wm:Selector Name="Name"><![CDATA[{SQL01}]]></wm:Selector></wm:SelectorSet>
      <wsa:To>http://windows-host:5985/wsman</wsa:To><wsa:MessageID>{MESSAGE}</wsa:MessageID>
      <wm:ResourceURI mustUnderstand="true">{VM}</wm:ResourceURI></env:Header><env:Body/></env:Envelope>"""

    assert [value(pair.body(request)[0], "ElementName") for _round in range(2)] == ["SQL01", "SQL01"]


def test_a_header_that_must_be_understood_and_is_not_is_refused() -> None:
    request = get("Msvm_ComputerSystem", vm_selectors(SQL01), headers='<q:Odd xmlns:q="urn:odd" s:mustUnderstand="1"/>')

    refused = Pair().ask(request)

    named = ET.fromstring(refused.body).find(f"{{{S}}}Header/{{{S}}}NotUnderstood")
    assert fault(refused) == ("s:MustUnderstand", 2150858768)
    assert named is not None
    assert named.get("qname", "").endswith(":Odd")


@pytest.mark.parametrize(("role", "status"), [("next", 500), ("ultimateReceiver", 500), ("none", 200)])
def test_only_a_header_for_the_service_itself_must_be_understood(role: str, status: int) -> None:
    odd = f'<q:Odd xmlns:q="urn:odd" s:mustUnderstand="1" s:role="{S}/role/{role}"/>'

    assert Pair().ask(get("Msvm_ComputerSystem", vm_selectors(SQL01), headers=odd)).status == status


def test_a_class_uri_is_compared_without_case_and_method_names_with() -> None:
    shouted = get("MSVM_COMPUTERSYSTEM", vm_selectors(SQL01), uri=V2.replace("root/", "ROOT/"))

    assert Pair().body(shouted)[0].tag == f"{{{VM}}}Msvm_ComputerSystem"


def test_an_instance_has_its_shape() -> None:
    one = Pair().body(get("Msvm_ComputerSystem", vm_selectors(SQL01)))[0]

    names = [child.tag.partition("}")[2] for child in one]
    assert one.get(f"{{{XSI}}}type", "").endswith(":Msvm_ComputerSystem_Type")
    assert {child.tag.partition("}")[0][1:] for child in one} == {VM}
    assert names == sorted(names, key=str.casefold)
    assert children(one, "InstanceID")[0].get(f"{{{XSI}}}nil") == "true"
    assert not children(one, "AvailableRequestedStates")
    assert [child.text for child in children(one, "OperationalStatus")] == ["2"]
    assert children(one, "InstallDate")[0][0].tag == f"{{{CIM}}}Datetime"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", children(one, "InstallDate")[0][0].text or "")


def test_never_is_the_year_1601_and_an_interval_is_an_iso_duration() -> None:
    pair = Pair()
    relationship = pair.body(get("Msvm_ReplicationRelationship", selector("InstanceID", f"Microsoft:{SQL01}\\HVR\\0")))[
        0
    ]
    settings = pair.body(get("Msvm_VirtualSystemSettingData", selector("InstanceID", f"Microsoft:{SQL01}")))[0]

    assert children(relationship, "LastApplicationConsistentReplicationTime")[0][0].text == "1601-01-01T00:00:00Z"
    assert children(settings, "AutomaticStartupActionDelay")[0][0].tag == f"{{{CIM}}}Interval"
    assert children(settings, "AutomaticStartupActionDelay")[0][0].text == "P0DT0H0M0S"


def test_a_reference_inside_an_instance_has_no_wrapper() -> None:
    link = instances(Pair().body(enumerate_("Msvm_SystemReplicationRelationship", optimised())))[0]

    antecedent = children(link, "Antecedent")[0]
    assert [child.tag for child in antecedent] == [f"{{{A}}}Address", f"{{{A}}}ReferenceParameters"]
    assert antecedent.findtext(f"{{{A}}}ReferenceParameters/{{{W}}}ResourceURI") == VM


def test_an_association_is_asked_for_by_references_as_keys() -> None:
    relationship = selector("InstanceID", f"Microsoft:{SQL01}\\HVR\\0")
    ends = {
        "Antecedent": reference(SQL01),
        "Dependent": reference("", "Msvm_ReplicationRelationship", relationship),
    }
    keys = "".join(
        f'<w:Selector Name="{name}"><a:EndpointReference>{inner}</a:EndpointReference></w:Selector>'
        for name, inner in ends.items()
    )

    link = Pair().body(get("Msvm_SystemReplicationRelationship", keys))[0]

    assert link.tag.endswith("}Msvm_SystemReplicationRelationship")


def test_what_is_larger_than_an_envelope_may_be_is_a_fault() -> None:
    pair = Pair()
    pair.world.hosts["HV-A"].vms[SQL01].notes = ["a very long note "] * 600
    small = "<w:MaxEnvelopeSize>8192</w:MaxEnvelopeSize>"
    one = get("Msvm_VirtualSystemSettingData", selector("InstanceID", f"Microsoft:{SQL01}"), headers=small)
    every = enumerate_("Msvm_VirtualSystemSettingData", optimised(), headers=small)

    assert [fault(pair.ask(asked)) for asked in (one, every)] == [("w:EncodingLimit", 2150858824)] * 2


def test_captions_follow_the_language_of_the_host_and_numbers_do_not() -> None:
    pair = Pair()
    one, other = (pair.body(get("Msvm_ComputerSystem", vm_selectors(SQL01)), host)[0] for host in ("HV-A", "HV-B"))

    assert value(one, "Caption") == "Virtual Machine"
    assert value(other, "Caption") == "Virtueller Computer"
    assert (value(one, "ReplicationState"), value(other, "ReplicationState")) == ("3", "3")


@pytest.mark.parametrize(
    ("class_name", "selectors", "expected"),
    [
        ("Msvm_ComputerSystem", selector("Name", SQL01), ("a:DestinationUnreachable", 2150858752)),
        ("Msvm_ComputerSystem", "", ("w:InvalidSelectors", 2150859002)),
        ("Msvm_ComputerSystem", vm_selectors(SQL01) + selector("Odd", "1"), ("w:InvalidSelectors", 2150858843)),
        ("Msvm_ComputerSystem", vm_selectors(SQL01) * 2, ("w:InvalidSelectors", 2150858847)),
        ("Msvm_ShutdownComponent", selector("SystemName", SQL01), ("w:InvalidSelectors", 2150858842)),
        ("Msvm_ComputerSystem", vm_selectors(SQL01[::-1]), ("a:DestinationUnreachable", 2150858752)),
        ("Msvm_Nothing", selector("InstanceID", "1"), ("a:DestinationUnreachable", 2150858752)),
        ("*", "", ("a:DestinationUnreachable", 2150858811)),
    ],
)
def test_a_get_that_windows_refuses_is_refused(class_name: str, selectors: str, expected: tuple[str, int]) -> None:
    assert fault(Pair().ask(get(class_name, selectors))) == expected


def test_a_namespace_that_does_not_exist_is_told_apart_by_its_hresult() -> None:
    reply = Pair().ask(get("Msvm_ComputerSystem", vm_selectors(SQL01), uri=V2.replace("/v2", "/v3")))

    assert fault(reply) == ("a:DestinationUnreachable", 2150858752)
    assert b"0x8004100e" in reply.body


def test_a_uri_that_is_not_of_wmi_is_a_bad_uri() -> None:
    shell = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell"

    assert fault(Pair().ask(envelope(f"{X}/Create", f"{shell}/cmd"))) == ("a:DestinationUnreachable", 2150858811)


def test_the_uri_and_a_namespace_selector_have_to_agree() -> None:
    pair = Pair()
    agreeing = vm_selectors(SQL01) + selector("__cimnamespace", "root/virtualization/v2")

    assert value(pair.body(get("Msvm_ComputerSystem", agreeing))[0], "Name") == SQL01
    other = agreeing.replace("root/virtualization/v2", "root/cimv2")
    assert fault(pair.ask(get("Msvm_ComputerSystem", other)))[0] == "w:InvalidSelectors"


def test_the_dmtf_form_of_a_uri_finds_its_namespace_in_a_selector() -> None:
    form = "http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2"
    selectors = vm_selectors(SQL01) + selector("__cimnamespace", "root/virtualization/v2")

    assert value(Pair().body(get("Msvm_ComputerSystem", selectors, uri=form))[0], "Name") == SQL01


def test_a_service_is_found_by_its_class_name_alone() -> None:
    found = Pair().body(get("Msvm_ReplicationService", selector("CreationClassName", "Msvm_ReplicationService")))[0]

    assert (value(found, "Name"), value(found, "SystemName")) == ("replicasvc", "HV-A")


def test_the_configuration_says_how_large_an_envelope_may_be() -> None:
    root = Pair().body(envelope(f"{X}/Get", CONFIG))[0]

    assert root.findtext(f"{{{CONFIG}}}MaxEnvelopeSizekb") == "500"
    assert root.findtext(f"{{{CONFIG}}}Service/{{{CONFIG}}}EnumerationTimeoutms") == "240000"


@pytest.mark.parametrize("action", ["Put", "Create", "Delete"])
def test_instances_of_hyperv_are_not_written(action: str) -> None:
    reply = Pair().ask(envelope(f"{X}/{action}", VM, f'<p:V xmlns:p="{VM}"/>', vm_selectors(SQL01)))

    assert fault(reply)[1] == 2150859010
    assert reply.facts.mutating
    assert b"0x80041024" in reply.body


def test_nobody_can_subscribe() -> None:
    asked = envelope("http://schemas.xmlsoap.org/ws/2004/08/eventing/Subscribe", f"{V2}/*")

    assert fault(Pair().ask(asked))[0] == "e:FilteringRequestedUnavailable"


def test_an_unknown_action_is_refused() -> None:
    assert fault(Pair().ask(envelope("urn:odd/Action", VM)))[0] == "a:ActionNotSupported"


def test_a_request_without_an_action_lacks_a_header() -> None:
    assert fault(Pair().ask(envelope("", VM))) == ("a:MessageInformationHeaderRequired", 2150858769)


def test_another_version_of_soap_is_refused_as_that() -> None:
    old = get("Msvm_ComputerSystem", vm_selectors(SQL01)).replace(S, "http://schemas.xmlsoap.org/soap/envelope/")

    assert fault(Pair().ask(old)) == ("s:VersionMismatch", 2150858765)


@pytest.mark.parametrize("place", ["<s:Body>", "<s:Header>", "<s:Envelope "])
def test_a_processing_instruction_has_no_place_in_a_message(place: str) -> None:
    asked = get("Msvm_ComputerSystem", vm_selectors(SQL01))
    sign = "<?odd thing?>"
    spoiled = asked.replace(place, sign + place if place.endswith(" ") else place + sign)

    assert fault(Pair().ask(spoiled)) == ("w:SchemaValidationError", 2150858817)
    assert Pair().ask(f'<?xml version="1.0" encoding="UTF-8"?>{asked}').status == 200


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ("<w:OperationTimeout>PT-1S</w:OperationTimeout>", ("a:InvalidMessageInformationHeader", 2150858767)),
        ("<w:OperationTimeout>soon</w:OperationTimeout>", ("a:InvalidMessageInformationHeader", 2150858767)),
        ("<w:MaxEnvelopeSize>100</w:MaxEnvelopeSize>", ("w:EncodingLimit", 2150858878)),
        ("<w:MaxEnvelopeSize>big</w:MaxEnvelopeSize>", ("a:InvalidMessageInformationHeader", 2150858767)),
    ],
)
def test_a_header_with_a_wrong_value_is_refused(headers: str, expected: tuple[str, int]) -> None:
    assert fault(Pair().ask(get("Msvm_ComputerSystem", vm_selectors(SQL01), headers=headers))) == expected


@pytest.mark.parametrize("timeout", ["PT60S", "PT60.000S", "PT20S", "P0DT1M0S"])
def test_the_timeouts_that_clients_send_are_taken(timeout: str) -> None:
    header = f"<w:OperationTimeout>{timeout}</w:OperationTimeout>"

    assert Pair().ask(get("Msvm_ComputerSystem", vm_selectors(SQL01), headers=header)).status == 200


def test_what_is_no_envelope_is_refused_and_a_document_type_is_never_read() -> None:
    pair = Pair()
    bomb = f'<!DOCTYPE x [<!ENTITY y "{SQL01}">]>' + get("Msvm_ComputerSystem", vm_selectors("&y;"))

    assert fault(pair.ask("nothing"))[0] == "w:SchemaValidationError"
    assert fault(pair.ask(bomb.replace("&amp;y;", "&y;")))[0] == "w:SchemaValidationError"


def test_a_host_is_a_computer_like_others() -> None:
    pair = Pair()
    computer = instances(pair.body(enumerate_("Win32_ComputerSystem", optimised(), uri=CIMV2)))[0]
    system = pair.body(get("Win32_OperatingSystem", uri=CIMV2))[0]
    own = pair.body(get("Msvm_ComputerSystem", vm_selectors("HV-A")))[0]

    free = int(value(system, "FreePhysicalMemory") or 0) * 1024
    assert (value(computer, "Name"), value(computer, "DNSHostName")) == ("HV-A", "hv-a")
    assert value(own, "ElementName") == "HV-A"
    assert value(own, "ReplicationMode") is None
    assert 0 < free < int(value(computer, "TotalPhysicalMemory") or 0) - 2 * (4 << 30)


def test_looking_is_about_the_vm_it_names_and_changes_nothing() -> None:
    pair = Pair()

    facts = pair.ask(query(f"SELECT * FROM Msvm_ReplicationRelationship WHERE InstanceID LIKE '%{SQL01}%'")).facts

    assert (facts.action, facts.class_name, facts.vm) == ("Enumerate", "Msvm_ReplicationRelationship", SQL01)
    assert (facts.mutating, facts.items, facts.message_id) == (False, 1, MESSAGE)
    assert pair.world.now == START


def test_a_fragment_is_one_property_and_its_header_comes_back() -> None:
    pair = Pair()
    wanted = '<w:FragmentTransfer s:mustUnderstand="true">ElementName</w:FragmentTransfer>'

    reply = pair.ask(get("Msvm_ComputerSystem", vm_selectors(SQL01), headers=wanted))

    fragment = soap_body(reply)[0]
    assert fragment.tag == f"{{{W}}}XmlFragment"
    assert [(child.tag, child.text) for child in fragment] == [(f"{{{VM}}}ElementName", "SQL01")]
    assert b"<w:FragmentTransfer>ElementName</w:FragmentTransfer>" in reply.body


@pytest.mark.parametrize("path", ["elementname", "Nothing", "ElementName/text()", "*[1]"])
def test_a_fragment_that_is_no_property_by_its_spelling_is_refused(path: str) -> None:
    wanted = f"<w:FragmentTransfer>{path}</w:FragmentTransfer>"
    asked = get("Msvm_ComputerSystem", vm_selectors(SQL01), headers=wanted)
    assert fault(Pair().ask(asked)) == ("n:CannotProcessFilter", 2150858899)


#: wsmerror.h of the Windows SDK: the number of each fault that no recorded reply shows.
NUMBERS = {
    "a:ActionNotSupported": 2150858771,
    "n:FilteringNotSupported": 2150858776,
    "n:FilterDialectRequestedUnavailable": 2150858777,
    "e:FilteringRequestedUnavailable": 2150858786,
}


@pytest.mark.parametrize("subcode", NUMBERS)
def test_a_fault_has_the_number_that_goes_with_its_subcode(subcode: str) -> None:
    assert {kind.code for kind in KINDS.values() if kind.subcode == subcode} == {NUMBERS[subcode]}
