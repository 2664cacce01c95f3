# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""XML of the simulator's own: what it writes reads back as what was meant, and what it reads is what was written."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.catalogue import Instance, hyperv_class
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.elements import (
    dmtf_text,
    embedded_text,
    instance_xml,
    interval_text,
    path_text,
)
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.faults import KINDS, Fault
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.reader import read_request
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.values import Ref
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.wql import parse_path
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.writer import Letterhead, fault_envelope
from ansible_collections.hyperv.replica.tests.unit.plugins.plugin_utils.simulator.envelopes import (
    MESSAGE,
    SQL01,
    V2,
    N,
    S,
    children,
    get,
    selector,
    value,
    vm_selectors,
)

TEXTS = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=40)
HEAD = Letterhead(message_id="1", relates_to=MESSAGE, language="ja-JP", machine="hv-a")


@given(TEXTS)
def test_any_name_of_a_vm_survives_as_element_as_embedded_text_and_as_path(text: str) -> None:
    one = Instance(hyperv_class("Msvm_ComputerSystem"), {"ElementName": text})
    ref = Ref("Msvm_VirtualSystemSettingData", {"InstanceID": text})

    assert value(ET.fromstring(instance_xml(one)), "ElementName") == text
    assert (ET.fromstring(embedded_text(one)).findtext("PROPERTY/VALUE") or "") == text
    assert not text or parse_path(path_text(ref, "HV-A")).key("InstanceID") == text


def test_what_xml_cannot_hold_is_replaced() -> None:
    one = Instance(hyperv_class("Msvm_ComputerSystem"), {"ElementName": "a\x00b"})

    assert value(ET.fromstring(instance_xml(one)), "ElementName") == "a?b"  # [MS-WSMV] 3.1.4.1.25


def test_null_scalars_are_nil_and_empty_arrays_are_absent() -> None:
    shown = ET.fromstring(instance_xml(Instance(hyperv_class("Msvm_VirtualSystemSettingData"), {"BootOrder": []})))

    assert children(shown, "ElementName")[0].get("{http://www.w3.org/2001/XMLSchema-instance}nil") == "true"
    assert not children(shown, "BootOrder")
    assert not children(shown, "Notes")


@pytest.mark.parametrize(
    ("duration", "text", "native"),
    [
        (timedelta(), "P0DT0H0M0S", "00000000000000.000000:000"),
        (timedelta(minutes=5), "P0DT0H5M0S", "00000000000500.000000:000"),
        (timedelta(microseconds=14947), "P0DT0H0M0.014947S", "00000000000000.014947:000"),
        (timedelta(days=2, hours=3, minutes=4, seconds=5), "P2DT3H4M5S", "00000002030405.000000:000"),
    ],
)
def test_a_duration_has_one_form_in_elements_and_another_in_embedded_text(
    duration: timedelta, text: str, native: str
) -> None:
    assert (interval_text(duration), dmtf_text(duration)) == (text, native)


def test_a_time_in_embedded_text_is_in_cims_own_form_in_utc() -> None:
    moment = datetime(2026, 1, 12, 9, 0, 0, 250, tzinfo=timezone(timedelta(hours=1)))

    assert dmtf_text(moment) == "20260112080000.000250-000"


def test_a_request_is_read_with_its_selectors_and_its_limits() -> None:
    request = read_request(get("Msvm_ComputerSystem", vm_selectors(SQL01)).encode())

    assert request.resource_uri == f"{V2}/Msvm_ComputerSystem"
    assert request.keys == {"CreationClassName": "Msvm_ComputerSystem", "Name": SQL01}
    assert (request.message_id, request.max_envelope, request.body) == (MESSAGE, 512000, None)


def test_no_request_may_ask_for_more_than_the_service_gives() -> None:
    header = "<w:MaxEnvelopeSize>99999999</w:MaxEnvelopeSize>"

    assert read_request(get("X", headers=header).encode()).max_envelope == 512000


def test_a_selector_can_hold_a_reference() -> None:
    inner = selector("InstanceID", "1")
    nested = (
        '<w:Selector Name="Antecedent"><a:EndpointReference><a:Address/><a:ReferenceParameters>'
        f"<w:ResourceURI>{V2}/Msvm_ConcreteJob</w:ResourceURI><w:SelectorSet>{inner}</w:SelectorSet>"
        "</a:ReferenceParameters></a:EndpointReference></w:Selector>"
    )

    assert read_request(get("X", nested).encode()).keys == {"Antecedent": Ref("Msvm_ConcreteJob", {"InstanceID": "1"})}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_an_envelope_is_read_in_both_encodings_of_the_protocol(encoding: str) -> None:
    text = f'<?xml version="1.0" encoding="{encoding}"?>{get("X")}'

    assert read_request(text.encode(encoding)).message_id == MESSAGE


@pytest.mark.parametrize("name", KINDS)
def test_every_fault_is_a_soap_fault_in_the_hosts_language_with_the_action_of_its_subcode(name: str) -> None:
    root = ET.fromstring(fault_envelope(Fault(name, "why"), HEAD, wmi_form="provider_fault"))

    code = root.findtext(f".//{{{S}}}Subcode/{{{S}}}Value") or root.findtext(f".//{{{S}}}Code/{{{S}}}Value")
    assert code == KINDS[name].subcode
    assert root.find(f".//{{{S}}}Text").get("{http://www.w3.org/XML/1998/namespace}lang") == "ja-JP"  # type: ignore[union-attr]
    assert root.findtext(".//{*}Action", "").endswith("fault")
    # The one fault that was recorded with MSFT_WmiError related to no message.
    assert root.findtext(".//{*}RelatesTo") == (None if name == "quota_limit" else MESSAGE)


def test_a_fault_of_an_enumeration_has_the_action_of_enumeration() -> None:
    root = ET.fromstring(fault_envelope(Fault("filter"), HEAD, wmi_form="provider_fault"))

    assert root.findtext(".//{*}Action") == f"{N}/fault"
