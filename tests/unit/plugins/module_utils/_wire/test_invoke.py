# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Methods: on the wire as the reference shows them, and their answers read by name."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from ansible_collections.hyperv.replica.plugins.module_utils._errors import (
    OutcomeUnknown,
    WireError,
    WsmanFault,
)
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.states import RequestedPower, VirtualSystemType
from ansible_collections.hyperv.replica.plugins.module_utils._wire.cim import CimReference
from ansible_collections.hyperv.replica.plugins.module_utils._wire.embedded import Embedded, embedded_text
from ansible_collections.hyperv.replica.plugins.module_utils._wire.envelope import answer
from ansible_collections.hyperv.replica.plugins.module_utils._wire.invoke import (
    EmbeddedText,
    call,
    method_answer,
    method_request,
)
from ansible_collections.hyperv.replica.tests.unit.plugins.module_utils._wire.samples import (
    MESSAGE,
    SERVICE,
    VM,
    element,
    golden,
    same,
    sent,
    told,
)

FAILBACK_SETTINGS = EmbeddedText(
    embedded_text(
        "Msvm_ReplicationSettingData",
        {
            "InstanceID": Embedded("string", r"Microsoft:9F3C1E2A-7B61-4C55-9C0B-5D0A3B8E1122\HVR\0"),
            "AuthenticationType": Embedded("uint16", 1),
            "CertificateThumbPrint": Embedded("string", None),
            "CompressionEnabled": Embedded("boolean", True),
            "RecoveryConnectionPoint": Embedded("string", "hv-a <&> \"'"),
            "RecoveryServerPortNumber": Embedded("uint16", 80),
            "IncludedDisks": Embedded("string[]", [r"Microsoft:9F3C1E2A\83F8\0\0\D"]),
            "AutoResynchronizeIntervalStart": Embedded("datetime", timedelta(hours=18, minutes=30)),
        },
    )
)


@pytest.mark.parametrize(("point", "name"), [("point 7 & more", "given"), (None, "latest")])
def test_initiate_failback_is_whole(point: str | None, name: str) -> None:
    request = method_request(
        SERVICE,
        "InitiateFailback",
        {"ComputerSystem": VM, "ReplicationSettingData": FAILBACK_SETTINGS, "RecoveryPointIdentifier": point},
    )

    assert same(sent(request), f"initiate_failback_{name}.request.xml")


def test_a_number_of_an_enumeration_is_sent_as_a_number() -> None:
    request = method_request(VM, "RequestStateChange", {"RequestedState": RequestedPower.RUNNING})

    assert same(sent(request), "request_state_change.request.xml")


def test_a_text_of_an_enumeration_is_sent_as_its_value() -> None:
    body = method_request(VM, "M", {"P": VirtualSystemType.REALIZED}).body

    assert body is not None
    assert body[0].text == "Microsoft:Hyper-V:System:Realized"


def test_a_method_without_parameters_sends_an_empty_input() -> None:
    body = method_request(VM, "M", {}).body

    assert body is not None
    assert (body.tag.rpartition("}")[2], len(body)) == ("M_INPUT", 0)


def test_every_other_kind_of_value_has_its_form() -> None:
    moment = datetime(2026, 11, 20, 1, 2, 3, tzinfo=timezone.utc)
    text = sent(
        method_request(VM, "M", {"A": ["x", "y"], "B": False, "T": moment, "I": timedelta(minutes=5), "R": [VM, VM]})
    ).decode()

    assert "<p:A>x</p:A><p:A>y</p:A><p:B>false</p:B>" in text
    assert "<p:T><cim:Datetime>2026-11-20T01:02:03.000000Z</cim:Datetime></p:T>" in text
    assert "<p:I><cim:Interval>P0DT0H5M0S</cim:Interval></p:I>" in text
    assert text.count("<p:R><a:Address>") == 2


def test_a_method_is_not_repeatable_unless_said() -> None:
    assert not method_request(VM, "M", {}).repeatable
    assert method_request(VM, "M", {}, repeatable=True).repeatable


def test_an_answer_with_a_job_names_the_jobs_class_and_key() -> None:
    read = method_answer("InitiateFailback", answer(golden("initiate_failback.reply.xml"), message_id=MESSAGE))

    assert read.return_value == 4096
    assert read.job == CimReference("Msvm_ConcreteJob", {"InstanceID": "3A9B2C44-1111-2222-3333-0123456789AB"})


@pytest.mark.parametrize("job", ["", '<p:Job xsi:nil="true"/>', "<p:Job/>"])
def test_an_answer_without_a_job_says_none(job: str) -> None:
    read = method_answer("M", element(f"<p:M_OUTPUT><p:ReturnValue>0</p:ReturnValue>{job}</p:M_OUTPUT>"))

    assert (read.return_value, read.job) == (0, None)


@pytest.mark.parametrize("body", ["<p:M_OUTPUT/>", "<p:Other_OUTPUT><p:ReturnValue>0</p:ReturnValue></p:Other_OUTPUT>"])
def test_an_answer_without_its_return_value_is_refused(body: str) -> None:
    with pytest.raises(WireError):
        method_answer("M", element(body))


def test_a_call_whose_answer_cannot_be_read_may_have_run() -> None:
    with pytest.raises(OutcomeUnknown):
        told(call(VM, "M", {}), [element("<p:M_OUTPUT/>")])
    with pytest.raises(OutcomeUnknown):
        told(call(VM, "M", {}), [WireError("torn")])


def test_a_question_whose_answer_cannot_be_read_is_just_that() -> None:
    with pytest.raises(WireError):
        told(call(VM, "M", {}, repeatable=True), [WireError("torn")])


def test_a_call_gives_the_answer() -> None:
    result, asked = told(call(VM, "M", {}), [element("<p:M_OUTPUT><p:ReturnValue>32775</p:ReturnValue></p:M_OUTPUT>")])

    assert result.return_value == 32775
    assert len(asked) == 1


def test_a_host_that_takes_no_nil_is_asked_again_without_the_null_parameters() -> None:
    refused = WsmanFault("no", subcode="SchemaValidationError")
    done = element("<p:M_OUTPUT><p:ReturnValue>0</p:ReturnValue></p:M_OUTPUT>")

    result, asked = told(call(VM, "M", {"Given": 1, "Left": None}), [refused, done])

    assert result.return_value == 0
    assert ["Left" in str(sent(request)) for request in asked] == [True, False]
    assert ["Given" in str(sent(request)) for request in asked] == [True, True]


@pytest.mark.parametrize(("subcode", "value"), [("SchemaValidationError", 1), ("InternalError", None)])
def test_no_call_is_repeated_that_has_no_null_or_was_refused_for_another_reason(
    subcode: str, value: int | None
) -> None:
    with pytest.raises(WsmanFault):
        told(call(VM, "M", {"Given": value}), [WsmanFault("no", subcode=subcode)])
