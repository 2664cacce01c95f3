# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Faults: both forms are read whole, and sorted by what may be done next."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.hyperv.replica.plugins.module_utils._errors import OutcomeUnknown, WsmanFault
from ansible_collections.hyperv.replica.plugins.module_utils._wire.envelope import answer
from ansible_collections.hyperv.replica.plugins.module_utils._wire.fault import Fault, as_error, read_fault
from ansible_collections.hyperv.replica.tests.unit.plugins.module_utils._wire.samples import MESSAGE, golden


def refusal(name: str) -> WsmanFault:
    with pytest.raises(WsmanFault) as caught:
        answer(golden(name), message_id=MESSAGE, host="hv01")
    return caught.value


def test_a_providers_fault_is_read_down_to_its_innermost_number() -> None:
    error = refusal("fault_provider.reply.xml")

    assert (error.code, error.subcode, error.hresult) == (2150858778, "CannotProcessFilter", 0x80041010)
    assert "no such WMI class" in error.cause
    assert error.remedy


def test_the_hosts_words_stay_whole_and_are_said_once() -> None:
    error = refusal("fault_provider.reply.xml")

    assert "Die Klasse „Msvm_Nein\u201c gibt es hier nicht." in error.detail
    assert "ExecQuery" in error.detail
    assert error.detail.count("Der Filter kann nicht verarbeitet werden.") == 1


def test_a_text_that_a_longer_one_holds_is_not_said_twice() -> None:
    inner = "<Message>Not found. (no such job)</Message>"
    fault = read_fault(
        ET.fromstring(f"<Fault><Reason><Text>Not found.</Text></Reason><Detail>{inner}</Detail></Fault>")
    )

    assert fault.detail == "Not found. (no such job)"


def test_the_other_form_is_read_too_without_knowing_what_it_relates_to() -> None:
    error = refusal("fault_wmi_error.reply.xml")

    assert (error.code, error.subcode, error.hresult) == (2150859173, "QuotaLimit", 0x803381A5)
    assert "Too many shells." in error.detail
    assert "quota" in error.cause.lower()


def test_a_wmi_error_that_stands_only_in_the_text_is_found() -> None:
    fault = read_fault(ET.fromstring("<Fault><Reason><Text>unknown error: HRESULT 0x8004102f</Text></Reason></Fault>"))

    assert fault.hresult == 0x8004102F


@pytest.mark.parametrize("fault", [Fault(code=5), Fault(subcode="AccessDenied"), Fault(hresult=0x80041003)])
def test_every_way_of_saying_access_denied_has_one_kind(fault: Fault) -> None:
    assert as_error(fault, "hv01").kind == "access_refused"


@pytest.mark.parametrize("fault", [Fault(code=2150858793), Fault(subcode="TimedOut")])
def test_either_sign_of_a_timeout_is_enough(fault: Fault) -> None:
    assert isinstance(as_error(fault, "hv01"), OutcomeUnknown)


def test_a_code_that_was_written_as_a_signed_number_is_the_same_code() -> None:
    fault = read_fault(ET.fromstring('<Fault><Detail><WSManFault Code="-2144108485"/></Detail></Fault>'))

    assert fault.code == 2150858811


@given(st.text(), st.text())
def test_no_fault_is_too_strange_to_be_read(code: str, text: str) -> None:
    root = ET.Element("Fault")
    ET.SubElement(root, "WSManFault", {"Code": code}).text = text
    ET.SubElement(root, "Code").text = text

    assert as_error(read_fault(root), "hv01").host == "hv01"
