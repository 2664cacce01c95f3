# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The loop between a conversation and a carrier."""

from __future__ import annotations

from uuid import UUID

import pytest

from ansible_collections.hyperv.replica.plugins.module_utils._errors import NotDelivered, WireError, WsmanFault
from ansible_collections.hyperv.replica.plugins.module_utils._wire.carrier import ask_identity, converse
from ansible_collections.hyperv.replica.plugins.module_utils._wire.envelope import Request
from ansible_collections.hyperv.replica.plugins.module_utils._wire.query import every, instances, wql_select
from ansible_collections.hyperv.replica.tests.unit.plugins.module_utils._wire.samples import MESSAGE, SETTINGS, golden

JOBS = every("Msvm_ConcreteJob")
PAGES = ["enumerate_first_of_many.reply.xml", "pull_middle.reply.xml", "pull_last.reply.xml"]


class Replies:
    """A host that says these things in turn."""

    def __init__(self, *replies: bytes | BaseException) -> None:
        self._replies = list(replies)
        self.heard: list[tuple[bytes, bool]] = []

    def exchange(self, envelope: bytes, *, repeatable: bool) -> bytes:
        self.heard.append((envelope, repeatable))
        reply = self._replies.pop(0)
        if isinstance(reply, BaseException):
            raise reply
        return reply


def same_id() -> UUID:
    return MESSAGE


def test_a_conversation_is_carried_to_its_end_and_each_exchange_told_of() -> None:
    host = Replies(*map(golden, PAGES))
    asked: list[Request] = []

    found = converse(host, instances(JOBS), SETTINGS, same_id, "hv01", on_exchange=asked.append)

    assert len(found) == 4
    assert (
        [request.repeatable for request in asked]
        == [repeatable for _rest, repeatable in host.heard]
        == [True, False, False]
    )


def test_a_refusal_reaches_the_conversation_which_knows_another_way() -> None:
    host = Replies(golden("fault_provider.reply.xml"), golden("pull_last.reply.xml").replace(b"Pull", b"Enumerate"))

    found = converse(host, instances(wql_select("Msvm_Thing", where={"InstanceID": "d"})), SETTINGS, same_id, "hv01")

    assert [one.text("InstanceID") for one in found] == ["D"]


def test_what_the_conversation_does_not_catch_comes_out_with_the_hosts_name() -> None:
    for trouble in (NotDelivered("no"), WsmanFault("no")):
        with pytest.raises(type(trouble)) as caught:
            converse(Replies(trouble), instances(JOBS), SETTINGS, same_id, "hv01")
        assert caught.value.host == "hv01"


def test_trouble_in_reading_comes_out_with_the_hosts_name() -> None:
    with pytest.raises(WireError) as caught:
        converse(Replies(golden("get_job.reply.xml")), instances(JOBS), SETTINGS, same_id, "hv01")

    assert caught.value.host == "hv01"


def test_a_stop_in_the_middle_sends_nothing_more() -> None:
    host = Replies(golden(PAGES[0]), KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        converse(host, instances(JOBS), SETTINGS, same_id, "hv01")

    assert len(host.heard) == 2


def test_who_is_there_is_asked_without_an_id() -> None:
    reply = (
        b'<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body>'
        b'<i:IdentifyResponse xmlns:i="http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd">'
        b"<i:ProductVendor>Microsoft Corporation</i:ProductVendor></i:IdentifyResponse></s:Body></s:Envelope>"
    )

    assert ask_identity(Replies(reply), "hv01").vendor == "Microsoft Corporation"
