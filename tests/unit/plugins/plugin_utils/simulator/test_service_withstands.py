# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whatever a stranger sends is answered with a fault that says nothing of the simulator's inside."""

from __future__ import annotations

from xml.sax.saxutils import escape

import pytest

from ansible_collections.hyperv.replica.tests.unit.plugins.plugin_utils.simulator.envelopes import (
    ANONYMOUS,
    CONFIG,
    SQL01,
    V2,
    WQL,
    Pair,
    enumerate_,
    fault,
    get,
    instances,
    invoke,
    optimised,
    query,
    reference,
    replication,
    return_value,
    selector,
    vm_selectors,
)

VMS = "SELECT * FROM Msvm_ComputerSystem WHERE "


@pytest.fixture(scope="module")
def pair() -> Pair:
    return Pair()


@pytest.mark.parametrize(
    "condition",
    ["(" * 2000 + "Name = 'x'" + ")" * 2000, "NOT " * 2000 + "Name = 'x'", "Name = 'x' OR " * 2000 + "Name = 'y'"],
    ids=["parentheses", "negations", "alternatives"],
)
def test_a_query_too_deep_for_wmi_is_refused_as_a_query(pair: Pair, condition: str) -> None:
    assert fault(pair.ask(query(VMS + condition))) == ("n:CannotProcessFilter", 2150858778)


@pytest.mark.parametrize("condition", ["EnabledState = " + "9" * 5000, "Name LIKE '[z-a]'"], ids=["number", "pattern"])
def test_a_constant_no_property_can_have_makes_an_invalid_query(pair: Pair, condition: str) -> None:
    assert fault(pair.ask(query(VMS + condition))) == ("n:CannotProcessFilter", 2150858778)


@pytest.mark.parametrize("moment", ["99999999999999.000000+000", "00010101000000.000000+999"])
def test_a_time_that_never_is_fits_no_instance(pair: Pair, moment: str) -> None:
    assert instances(pair.body(query(f"{VMS}InstallDate > '{moment}'"))) == []


@pytest.mark.parametrize(
    "moment",
    [
        "<cim:Datetime>2026-99-99T00:00:00Z</cim:Datetime>",
        "<cim:Datetime>2026-01-12T08:00:00+99:99</cim:Datetime>",
        "<cim:Interval>P99999999999999D</cim:Interval>",
    ],
)
def test_a_time_that_never_is_makes_a_parameter_of_the_wrong_type(pair: Pair, moment: str) -> None:
    on_vm = f"<p:ComputerSystem>{reference(SQL01)}</p:ComputerSystem>"
    asked = replication("Resynchronize", f"{on_vm}<p:StartTime>{moment}</p:StartTime>")
    assert fault(pair.ask(asked)) == ("w:InvalidParameter", 2150858836)


@pytest.mark.parametrize("count", ["9" * 5000, "0", "-1", "²", ""])
def test_a_count_of_items_that_is_none_is_an_invalid_value(pair: Pair, count: str) -> None:
    asked = enumerate_("Msvm_ComputerSystem", f"<w:OptimizeEnumeration/><w:MaxElements>{count}</w:MaxElements>")
    assert fault(pair.ask(asked)) == ("w:InvalidParameter", 2150858810)


def test_a_size_of_thousands_of_digits_is_an_invalid_header(pair: Pair) -> None:
    size = f"<w:MaxEnvelopeSize>{'9' * 5000}</w:MaxEnvelopeSize>"
    asked = get("Msvm_ComputerSystem", vm_selectors(SQL01), headers=size)
    assert fault(pair.ask(asked)) == ("a:InvalidMessageInformationHeader", 2150858767)


def test_a_request_larger_than_an_envelope_may_be_meets_the_encoding_limit(pair: Pair) -> None:
    asked = get("Msvm_ComputerSystem", vm_selectors(SQL01), headers=f"<!--{'x' * 520_000}-->")
    assert fault(pair.ask(asked)) == ("w:EncodingLimit", 2150858825)


def test_a_reference_where_a_key_is_text_names_no_machine(pair: Pair) -> None:
    inner = f"<a:EndpointReference>{reference(SQL01)}</a:EndpointReference>"
    keys = f'<w:Selector Name="Name">{inner}</w:Selector>'
    asked = replication("CommitFailover", f"<p:ComputerSystem>{reference('', selectors=keys)}</p:ComputerSystem>")
    assert return_value(pair.body(asked)) not in (0, 4096)


def test_references_nested_a_thousand_deep_meet_an_internal_error_without_a_word_of_why(pair: Pair) -> None:
    head = f"<a:EndpointReference><a:Address>{ANONYMOUS}</a:Address><a:ReferenceParameters>"
    opened = f'<w:Selector Name="x">{head}<w:ResourceURI>{V2}/X</w:ResourceURI><w:SelectorSet>'
    closed = "</w:SelectorSet></a:ReferenceParameters></a:EndpointReference></w:Selector>"
    reply = pair.ask(get("Msvm_ComputerSystem", opened * 1000 + closed * 1000))
    assert fault(reply) == ("w:InternalError", 1359)
    assert b"ecursion" not in reply.body


def test_a_filter_on_what_is_no_resource_of_wmi_is_not_supported(pair: Pair) -> None:
    inner = f'{optimised()}<w:Filter Dialect="{WQL}">SELECT * FROM Config</w:Filter>'
    asked = enumerate_("service", inner, uri=CONFIG)
    assert fault(pair.ask(asked)) == ("n:FilteringNotSupported", 2150858776)


def test_a_method_of_the_switch_service_without_selectors_meets_an_internal_error(pair: Pair) -> None:
    asked = invoke("Msvm_VirtualEthernetSwitchManagementService", "AddResourceSettings")
    assert fault(pair.ask(asked)) == ("w:InternalError", 1359)


def test_qualifiers_in_an_embedded_instance_are_not_taken_for_values(pair: Pair) -> None:
    text = (
        '<INSTANCE CLASSNAME="Msvm_VirtualSystemSettingData"><PROPERTY NAME="InstanceID" TYPE="string">'
        '<QUALIFIER NAME="CIMTYPE" TYPE="string"><VALUE>string</VALUE></QUALIFIER>'
        f"<VALUE>Microsoft:{SQL01}</VALUE></PROPERTY></INSTANCE>"
    )
    keys = selector("CreationClassName", "Msvm_VirtualSystemManagementService")
    given = f"<p:SystemSettings>{escape(text)}</p:SystemSettings>"
    asked = invoke("Msvm_VirtualSystemManagementService", "ModifySystemSettings", given, keys)
    assert return_value(pair.body(asked)) in (0, 4096)


@pytest.mark.parametrize(
    ("was", "instead"),
    [
        ("p:ComputerSystem>", "ComputerSystem>"),
        ("<p:ComputerSystem>", '<p:ComputerSystem xmlns:p="urn:odd">'),
        ("CommitFailover_INPUT", "CommitFailover_Input"),
    ],
    ids=["no namespace", "another namespace", "another spelling"],
)
def test_names_of_a_methods_input_are_those_of_its_class_to_the_letter(pair: Pair, was: str, instead: str) -> None:
    asked = replication("CommitFailover", f"<p:ComputerSystem>{reference(SQL01)}</p:ComputerSystem>")
    assert fault(pair.ask(asked.replace(was, instead))) == ("w:SchemaValidationError", 2150858817)
