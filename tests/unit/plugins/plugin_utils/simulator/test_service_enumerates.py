# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Enumerate, Pull and Release of a simulated host, as real hosts were recorded to answer them."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.enumerations import fitting
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.faults import Fault
from ansible_collections.hyperv.replica.tests.unit.plugins.plugin_utils.simulator.envelopes import (
    ASSOCIATION,
    CIMV2,
    ODD,
    ODD_NAME,
    SQL01,
    V2,
    A,
    B,
    N,
    Pair,
    W,
    children,
    enumerate_,
    envelope,
    fault,
    get,
    instances,
    optimised,
    pull,
    query,
    reference,
    selector,
    soap_body,
    value,
)

VM = f"{V2}/Msvm_ComputerSystem"


def context_of(body: ET.Element) -> str:
    return next(element.text or "" for element in body.iter(f"{{{N}}}EnumerationContext"))


def test_an_enumerate_that_is_not_optimised_gives_only_a_context() -> None:
    response = Pair().body(enumerate_("Msvm_ComputerSystem"))[0]

    assert [child.tag for child in response] == [f"{{{N}}}EnumerationContext"]
    assert (response[0].text or "").startswith("uuid:")


def test_an_optimised_enumerate_gives_all_that_fits_in_the_namespace_of_wsman() -> None:
    response = Pair().body(enumerate_("Msvm_ComputerSystem", optimised()))[0]

    assert [child.tag for child in response] == [
        f"{{{N}}}EnumerationContext",
        f"{{{W}}}Items",
        f"{{{W}}}EndOfSequence",
    ]
    assert not response[0].text
    assert len(response[1]) == 3


def test_the_first_reply_holds_one_item_when_not_all_fit_and_the_switch_says_so() -> None:
    pair = Pair(spare=300, first_page="one_item")

    first = pair.body(enumerate_("Msvm_ComputerSystem", optimised()))
    page = pair.body(pull(context_of(first)))

    assert len(instances(first)) == 1
    assert len(instances(page)) > 20
    assert not list(first.iter(f"{{{W}}}EndOfSequence"))


def test_pages_of_about_half_the_envelope_follow_one_another_until_all_is_there() -> None:
    pair = Pair(spare=300)
    size = "<w:MaxEnvelopeSize>153600</w:MaxEnvelopeSize>"
    reply = pair.ask(enumerate_("Msvm_ComputerSystem", optimised(), headers=size))
    seen = len(instances(soap_body(reply)))
    contexts: list[str] = []

    while context := context_of(soap_body(reply)):
        contexts.append(context)
        reply = pair.ask(pull(context))
        page = soap_body(reply)
        seen += len(instances(page))
        if list(page.iter(f"{{{N}}}EndOfSequence")):
            assert not list(page.iter(f"{{{N}}}EnumerationContext"))
            break

    assert 60_000 < len(pair.ask(enumerate_("Msvm_ComputerSystem", optimised(), headers=size)).body) < 80_000
    assert seen == 303
    assert len(contexts) == len(set(contexts)) > 1


def test_a_pull_without_max_elements_gives_one_item_and_a_new_context() -> None:
    pair = Pair()
    context = context_of(pair.body(enumerate_("Msvm_ComputerSystem")))

    page = pair.body(pull(context, None))

    assert [child.tag for child in page[0]] == [f"{{{N}}}EnumerationContext", f"{{{N}}}Items"]
    assert len(instances(page)) == 1
    assert context_of(page) != context


def test_a_context_is_good_for_one_pull() -> None:
    pair = Pair()
    context = context_of(pair.body(enumerate_("Msvm_ComputerSystem")))
    pair.body(pull(context, None))

    assert fault(pair.ask(pull(context))) == ("n:InvalidEnumerationContext", 2150858884)


def test_a_context_dies_after_240_seconds_and_not_before() -> None:
    pair = Pair()
    late, early = (context_of(pair.body(enumerate_("Msvm_ComputerSystem"))) for _round in range(2))
    pair.wait(239)
    assert len(instances(pair.body(pull(early)))) == 3
    pair.wait(2)

    assert fault(pair.ask(pull(late)))[0] == "n:InvalidEnumerationContext"


def test_an_item_that_fits_only_without_its_envelope_is_too_large() -> None:
    assert fitting(["x" * 6000], most=1, size=8192) == 1
    with pytest.raises(Fault):
        fitting(["x" * 8000], most=1, size=8192)


def test_release_ends_a_context() -> None:
    pair = Pair()
    context = context_of(pair.body(enumerate_("Msvm_ComputerSystem")))
    body = f"<n:Release><n:EnumerationContext>{context}</n:EnumerationContext></n:Release>"

    assert not len(pair.body(envelope(f"{N}/Release", f"{V2}/*", body)))
    assert fault(pair.ask(pull(context)))[0] == "n:InvalidEnumerationContext"


@pytest.mark.parametrize("uri", [V2, "http://schemas.dmtf.org/wbem/wscim/1"])
def test_a_pull_may_name_another_resource_than_its_enumerate(uri: str) -> None:
    pair = Pair()
    context = context_of(pair.body(enumerate_("Msvm_ComputerSystem")))

    assert len(instances(pair.body(pull(context, uri=uri)))) == 3


def test_nothing_found_is_an_empty_list_and_the_end() -> None:
    response = Pair().body(enumerate_("Msvm_ConcreteJob", optimised()))[0]

    assert instances(response) == []
    assert response.find(f"{{{W}}}EndOfSequence") is not None


def test_a_base_class_is_enumerated_deep_each_instance_as_its_own_class() -> None:
    found = instances(Pair().body(enumerate_("CIM_ComputerSystem", optimised())))

    assert {item.tag.partition("}")[2] for item in found} == {"Msvm_ComputerSystem", "Msvm_VirtualEthernetSwitch"}
    assert {item.tag.partition("}")[0][1:] for item in found} == {VM, f"{V2}/Msvm_VirtualEthernetSwitch"}


def test_polymorphism_none_shows_no_instance_of_a_derived_class() -> None:
    mode = "<b:PolymorphismMode>None</b:PolymorphismMode>"

    assert instances(Pair().body(enumerate_("CIM_ComputerSystem", optimised() + mode))) == []


def test_subclass_properties_can_be_left_out() -> None:
    mode = "<b:PolymorphismMode>ExcludeSubClassProperties</b:PolymorphismMode>"

    item = instances(Pair().body(enumerate_("CIM_ComputerSystem", optimised() + mode)))[0]

    assert item.tag == f"{{{V2}/CIM_ComputerSystem}}CIM_ComputerSystem"
    assert value(item, "Name") == "HV-A"
    assert not children(item, "ReplicationState")


def test_epr_mode_gives_whole_references() -> None:
    mode = "<w:EnumerationMode>EnumerateEPR</w:EnumerationMode>"

    item = instances(Pair().body(enumerate_("Msvm_ComputerSystem", optimised() + mode)))[1]

    keys = {one.get("Name"): one.text for one in item.iter(f"{{{W}}}Selector")}
    assert item.tag == f"{{{A}}}EndpointReference"
    assert keys == {"CreationClassName": "Msvm_ComputerSystem", "Name": SQL01}


@pytest.mark.parametrize(
    ("uri", "class_name", "namespace"),
    [(V2, "Msvm_ComputerSystem", "root/virtualization/v2"), (CIMV2, "Win32_Volume", "root/cimv2")],
)
def test_a_reference_that_names_its_namespace_names_that_of_its_class(
    uri: str, class_name: str, namespace: str
) -> None:
    mode = "<w:EnumerationMode>EnumerateEPR</w:EnumerationMode>"
    pair = Pair(reference_selectors="keys_and_namespace")

    found = instances(pair.body(enumerate_(class_name, optimised() + mode, uri=uri)))[0]

    chosen = next(found.iter(f"{{{W}}}SelectorSet"))
    named = {one.get("Name"): one.text for one in chosen}
    assert named["__cimnamespace"] == namespace
    keys = "".join(selector(str(name), text or "") for name, text in named.items())
    assert pair.ask(get(class_name, keys, uri=uri)).status == 200


def test_object_and_epr_mode_gives_both_in_one_item() -> None:
    mode = "<w:EnumerationMode>EnumerateObjectAndEPR</w:EnumerationMode>"

    item = instances(Pair().body(enumerate_("Msvm_ComputerSystem", optimised() + mode)))[0]

    assert item.tag == f"{{{W}}}Item"
    assert [child.tag for child in item] == [f"{{{VM}}}Msvm_ComputerSystem", f"{{{A}}}EndpointReference"]


def test_an_unknown_enumeration_mode_is_refused() -> None:
    mode = "<w:EnumerationMode>EnumerateNothing</w:EnumerationMode>"

    assert fault(Pair().ask(enumerate_("Msvm_ComputerSystem", mode)))[1] == 2150858886


def test_a_query_on_a_concrete_class_is_refused() -> None:
    asked = query("SELECT * FROM Msvm_ComputerSystem", class_name="Msvm_ComputerSystem")

    assert fault(Pair().ask(asked))[1] == 2150859003


def test_a_projection_gives_fragments_without_a_namespace() -> None:
    asked = query(f"SELECT Name,ElementName,InstallDate FROM Msvm_ComputerSystem WHERE Name='{ODD}'")

    item = instances(Pair().body(asked))[0]

    assert item.tag == f"{{{W}}}XmlFragment"
    assert [child.tag for child in item] == ["ElementName", "InstallDate", "Name"]
    assert item.findtext("ElementName") == ODD_NAME
    assert item.find("InstallDate/Datetime") is not None


@pytest.mark.parametrize(
    ("text", "hresult"),
    [
        ("SELECT * FROM Msvm_Nothing", b"0x80041010"),
        ("SELECT * FROM", b"0x80041017"),
        ("SELECT * FROM Msvm_ComputerSystem WHERE Odd = 1", b"0x80041017"),
        ("SELECT * FROM Msvm_ComputerSystem WHERE NOT OperationalStatus = 2", b"0x80041017"),
        ("ASSOCIATORS OF {Msvm_Nothing.InstanceID='1'}", b"0x80041010"),
        ("ASSOCIATORS OF {Msvm_VirtualSystemSettingData.InstanceID='1'}", b"0x80041002"),
    ],
)
def test_a_query_that_wmi_does_not_take_comes_back_with_its_error(text: str, hresult: bytes) -> None:
    reply = Pair().ask(query(text))

    assert fault(reply) == ("n:CannotProcessFilter", 2150858778)
    assert hresult in reply.body
    assert b"ProviderFault" in reply.body
    assert b"__ExtendedStatus" in reply.body


def test_errors_of_wmi_have_a_second_form_by_switch() -> None:
    reply = Pair(wmi_errors="msft_wmi_error").ask(query("SELECT * FROM Msvm_Nothing"))

    detail = soap_body(reply).find(".//{http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/MSFT_WmiError}MSFT_WmiError")
    assert detail is not None
    assert value(detail, "error_Code") == str(0x80041010)
    assert value(detail, "MessageID") == "HRESULT 0x80041010"
    assert ET.fromstring(reply.body).find(f".//{{{A}}}RelatesTo") is None


@pytest.mark.parametrize(
    ("switch", "text", "status"),
    [
        ("refused", "SELECT * FROM Msvm_ComputerSystem", 500),
        ("double_quotes_refused", 'SELECT * FROM Msvm_ComputerSystem WHERE Name = "x"', 500),
        ("double_quotes_refused", "SELECT * FROM Msvm_ComputerSystem WHERE Name = 'x\"y'", 200),
        ("answered", 'SELECT * FROM Msvm_ComputerSystem WHERE Name = "x"', 200),
    ],
)
def test_whether_hyperv_takes_queries_is_a_switch(switch: str, text: str, status: int) -> None:
    assert Pair(wql=switch).ask(query(text)).status == status


def test_queries_on_other_namespaces_are_taken_whatever_the_switch_says() -> None:
    found = instances(Pair(wql="refused").body(query("SELECT * FROM Win32_ComputerSystem", uri=CIMV2)))

    assert [value(item, "Domain") for item in found] == ["example.test"]


def associated(inner: str) -> str:
    shape = (
        f'<b:AssociatedInstances xmlns:b="{B}"><b:Object>{reference(SQL01)}</b:Object>{inner}</b:AssociatedInstances>'
    )
    return enumerate_("*", f'{optimised()}<w:Filter Dialect="{ASSOCIATION}">{shape}</w:Filter>')


@pytest.mark.parametrize("class_name", ["Msvm_VirtualSystemSettingData", "CIM_SettingData"])
def test_a_path_may_leave_the_name_of_the_only_key_out(class_name: str) -> None:
    text = f"ASSOCIATORS OF {{{class_name}='Microsoft:{SQL01}'}} WHERE ResultClass = Msvm_MemorySettingData"
    assert [item.tag.rpartition("}")[2] for item in instances(Pair().body(query(text)))] == ["Msvm_MemorySettingData"]


def test_summaries_are_there_without_a_method_and_agree_with_the_machines() -> None:
    pair = Pair()
    told = {value(item, "Name"): item for item in instances(pair.body(query("SELECT * FROM Msvm_SummaryInformation")))}
    machines = instances(pair.body(query("SELECT * FROM Msvm_ComputerSystem WHERE Name != __SERVER")))

    assert len(told) == len(machines) == 2
    for vm in machines:
        for name in ("ElementName", "EnabledState", "ReplicationState", "ReplicationMode", "ReplicationHealth"):
            assert value(told[value(vm, "Name")], name) == value(vm, name)


def test_the_association_dialect_finds_what_belongs_to_an_object() -> None:
    inner = """<b:AssociationClassName>Msvm_SettingsDefineState</b:AssociationClassName><b:Role>ManagedElement</b:Role>
      <b:ResultClassName>Msvm_VirtualSystemSettingData</b:ResultClassName><b:ResultRole>SettingData</b:ResultRole>"""

    found = instances(Pair().body(associated(inner)))

    assert [value(item, "InstanceID") for item in found] == [f"Microsoft:{SQL01}"]


def test_the_association_dialect_finds_the_associations_themselves() -> None:
    asked = associated("<b:ResultClassName>Msvm_SystemDevice</b:ResultClassName>")
    asked = asked.replace("AssociatedInstances", "AssociationInstances")

    found = instances(Pair().body(asked))

    assert {item.tag.partition("}")[2] for item in found} == {"Msvm_SystemDevice"}
    assert len(found) > 5


def test_other_filter_dialects_are_refused() -> None:
    odd = '<w:Filter Dialect="http://www.w3.org/TR/1999/REC-xpath-19991116">//x</w:Filter>'

    assert fault(Pair().ask(enumerate_("*", odd)))[0] == "n:FilterDialectRequestedUnavailable"
