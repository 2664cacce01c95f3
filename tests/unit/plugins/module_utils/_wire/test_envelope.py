# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Envelopes: what goes out is what the reference shows, and what comes in is refused unless it is an answer."""

from __future__ import annotations

import contextlib
import xml.etree.ElementTree as ET
from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.hyperv.replica.plugins.module_utils._errors import (
    HyperVReplicaError,
    OutcomeUnknown,
    WireError,
)
from ansible_collections.hyperv.replica.plugins.module_utils._wire import names
from ansible_collections.hyperv.replica.plugins.module_utils._wire.document import MAX_DEPTH, MAX_REPLY_BYTES
from ansible_collections.hyperv.replica.plugins.module_utils._wire.envelope import (
    Identity,
    Request,
    Settings,
    answer,
    envelope,
    identify,
)
from ansible_collections.hyperv.replica.tests.unit.plugins.module_utils._wire.samples import (
    MESSAGE,
    SETTINGS,
    V2,
    golden,
    same,
    sent,
)

GET_JOB = Request(
    action=names.GET,
    resource_uri=f"{V2}/Msvm_ConcreteJob",
    selectors={"InstanceID": "3A9B2C44-1111-2222-3333-0123456789AB"},
    repeatable=True,
)
ENVELOPE = '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Header/><s:Body>{}</s:Body></s:Envelope>'


def test_a_get_is_the_one_of_the_reference() -> None:
    assert same(sent(GET_JOB), "get_job.request.xml")


def test_identify_has_no_headers() -> None:
    assert same(identify(), "identify.request.xml")


def test_options_are_sent_as_a_set_that_must_be_understood() -> None:
    root = ET.fromstring(sent(Request(action="a", resource_uri="u", options={"One": "1"})))

    options = root.find(f".//{{{names.WSMAN}}}OptionSet")
    assert options is not None
    assert options.get(f"{{{names.SOAP}}}mustUnderstand") == "true"
    assert [(option.get("Name"), option.text) for option in options] == [("One", "1")]


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_a_text_arrives_as_it_was_given_or_is_refused(text: str) -> None:
    request = Request(action=names.GET, resource_uri="u", selectors={"Name": text})
    try:
        root = ET.fromstring(sent(request))
    except WireError:
        assert any(ord(char) < 32 or ord(char) in (0xFFFE, 0xFFFF) for char in text)
        return
    selector = root.find(f".//{{{names.WSMAN}}}Selector")
    assert selector is not None
    assert (selector.text or "") == text


def test_half_a_character_is_refused_and_named() -> None:
    with pytest.raises(WireError, match=r"U\+D83D"):
        sent(Request(action="a", resource_uri="u", selectors={"Name": "\ud83d"}))


def test_a_timeout_that_is_none_is_refused_before_the_host_does() -> None:
    settings = Settings(to="x", operation_timeout=timedelta(seconds=-1))

    with pytest.raises(WireError):
        envelope(GET_JOB, settings, message_id=MESSAGE)


def test_a_timeout_is_written_without_needless_digits() -> None:
    settings = Settings(to="x", operation_timeout=timedelta(seconds=20.5))

    assert b">PT20.5S<" in envelope(GET_JOB, settings, message_id=MESSAGE)
    assert b">PT60S<" in envelope(GET_JOB, SETTINGS, message_id=MESSAGE)


def test_an_answer_gives_what_the_body_holds() -> None:
    assert answer(golden("get_job.reply.xml"), message_id=MESSAGE).tag == f"{{{V2}/Msvm_ConcreteJob}}Msvm_ConcreteJob"


def test_an_answer_to_another_request_is_refused() -> None:
    with pytest.raises(WireError, match="another request"):
        answer(golden("get_job.reply.xml"), message_id=UUID(int=1))


def test_an_answer_that_relates_to_nothing_is_accepted() -> None:
    assert len(answer(ENVELOPE.format("").encode(), message_id=MESSAGE)) == 0


def test_the_error_names_the_host() -> None:
    with pytest.raises(WireError) as caught:
        answer(b"<html/>", message_id=None, host="hv01")

    assert caught.value.host == "hv01"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_an_answer_is_read_in_the_encodings_windows_uses(encoding: str) -> None:
    assert answer(ENVELOPE.format("<v>測試</v>").encode(encoding), message_id=None).text == "測試"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("trick", ['<!DOCTYPE x [<!ENTITY a "b">]>', "<!doctype x>", '<!DOCTYPE x SYSTEM "file:///x">'])
def test_a_document_type_is_refused_in_every_encoding(encoding: str, trick: str) -> None:
    with pytest.raises(WireError, match="document type"):
        answer((trick + ENVELOPE.format("")).encode(encoding), message_id=None)


def test_a_document_type_hidden_by_a_claimed_encoding_is_not_read() -> None:
    hidden = b'<?xml version="1.0" encoding="cp037"?>' + "<!DOCTYPE x><x/>".encode("cp037")

    with pytest.raises(WireError):
        answer(hidden, message_id=None)


def test_text_that_talks_about_document_types_is_read() -> None:
    body = answer(ENVELOPE.format("<v>&lt;!DOCTYPE html></v>").encode(), message_id=None)

    assert body.text == "<!DOCTYPE html>"


@pytest.mark.parametrize(
    "reply",
    [
        b"",
        b"\xff\xff\xff",
        b"<html><body>proxy</body></html>",
        b'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body/></s:Envelope>',
        b'<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"/>',
        ENVELOPE.format("<a/><b/>").encode(),
        ENVELOPE.format("<a>" * MAX_DEPTH + "</a>" * MAX_DEPTH).encode(),
        ENVELOPE.format(" " * MAX_REPLY_BYTES).encode(),
    ],
    ids=["nothing", "no text", "html", "soap 1.1", "no body", "two answers", "too deep", "too large"],
)
def test_what_is_no_answer_is_refused(reply: bytes) -> None:
    with pytest.raises(WireError):
        answer(reply, message_id=None)


@given(st.binary() | st.text().map(lambda text: ENVELOPE.format(text).encode("utf-8", "replace")))
def test_no_bytes_raise_anything_but_our_errors(raw: bytes) -> None:
    with contextlib.suppress(HyperVReplicaError):
        answer(raw, message_id=MESSAGE)


def test_the_hosts_own_timeout_leaves_the_outcome_open() -> None:
    with pytest.raises(OutcomeUnknown) as caught:
        answer(golden("fault_timed_out.reply.xml"), message_id=MESSAGE, host="hv01")

    assert (caught.value.code, caught.value.host) == (2150858793, "hv01")


def test_who_answers_is_read_from_identify() -> None:
    inner = (
        f'<i:IdentifyResponse xmlns:i="{names.IDENTITY}"><i:ProtocolVersion>p</i:ProtocolVersion>'
        "<i:ProductVendor>v</i:ProductVendor><i:ProductVersion>1</i:ProductVersion></i:IdentifyResponse>"
    )
    body = answer(ENVELOPE.format(inner).encode(), message_id=None)

    assert Identity.from_element(body) == Identity(protocol_version="p", vendor="v", version="1")
