# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Queries: nothing in a value changes them, every page is read, and a host that refuses WQL gives the same answer."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.hyperv.replica.plugins.module_utils._errors import OutcomeUnknown, WireError, WsmanFault
from ansible_collections.hyperv.replica.plugins.module_utils._wire import names
from ansible_collections.hyperv.replica.plugins.module_utils._wire.cim import CimReference
from ansible_collections.hyperv.replica.plugins.module_utils._wire.envelope import Request, answer
from ansible_collections.hyperv.replica.plugins.module_utils._wire.pages import MAX_EMPTY_PAGES
from ansible_collections.hyperv.replica.plugins.module_utils._wire.query import (
    QueryMemo,
    associators_of,
    every,
    get,
    instances,
    like_literal,
    pairs,
    references,
    wql,
    wql_select,
    wsman_config,
)
from ansible_collections.hyperv.replica.plugins.module_utils._wire.wql import like_matches
from ansible_collections.hyperv.replica.tests.unit.plugins.module_utils._wire.samples import (
    MESSAGE,
    V2,
    VM,
    element,
    golden,
    same,
    sent,
    told,
)

JOBS = every("Msvm_ConcreteJob")
END = "<n:EndOfSequence/>"
LITERAL = re.compile(r"'((?:[^'\\]|\\.)*)'", re.DOTALL)


def filter_refused(hresult: int | None = None) -> WsmanFault:
    return WsmanFault("no", subcode="CannotProcessFilter", code=2150858778, hresult=hresult)


def first(items: str = "", context: str = "", end: str = "<w:EndOfSequence/>") -> ET.Element:
    opened = f"<n:EnumerationContext>{context}</n:EnumerationContext>"
    return element(f"<n:EnumerateResponse>{opened}<w:Items>{items}</w:Items>{end}</n:EnumerateResponse>")


def page(items: str = "", context: str = "", end: str = "") -> ET.Element:
    opened = f"<n:EnumerationContext>{context}</n:EnumerationContext>" if context else ""
    return element(f"<n:PullResponse>{opened}<n:Items>{items}</n:Items>{end}</n:PullResponse>")


def thing(name: str, class_name: str = "Msvm_Thing", **more: str) -> str:
    properties = "".join(f"<q:{key}>{value}</q:{key}>" for key, value in {"Name": name, **more}.items())
    return f'<q:{class_name} xmlns:q="{V2}/{class_name}">{properties}</q:{class_name}>'


def epr(class_name: str, **keys: str) -> str:
    selectors = "".join(f'<w:Selector Name="{name}">{value}</w:Selector>' for name, value in keys.items())
    return (
        f"<a:Address/><a:ReferenceParameters><w:ResourceURI>{V2}/{class_name}</w:ResourceURI>"
        f"<w:SelectorSet>{selectors}</w:SelectorSet></a:ReferenceParameters>"
    )


def wrapped(inner: str) -> str:
    return f"<a:EndpointReference>{inner}</a:EndpointReference>"


def kinds(asked: list[Request]) -> list[str]:
    return [request.action.rpartition("/")[2] for request in asked]


def filters(asked: list[Request]) -> list[str]:
    return ["filtered" if b"Filter" in sent(request) else "whole" for request in asked]


def test_a_filtered_question_is_the_one_of_the_reference() -> None:
    query = wql_select(
        "Msvm_ComputerSystem", properties=["Name", "ElementName"], where={"ElementName": "O'Brien <&\"\\ %_"}
    )
    request = next(instances(query))

    assert same(sent(request), "enumerate_wql.request.xml")
    assert request.repeatable


def test_a_question_for_references_is_the_one_of_the_reference() -> None:
    source = CimReference("Msvm_VirtualSystemSettingData", {"InstanceID": r"Microsoft:9F3C1E2A\HVR\0"})
    query = associators_of(
        source, assoc_class="Msvm_VirtualSystemSettingDataComponent", result_class="Msvm_MemorySettingData"
    )

    assert same(sent(next(references(query))), "enumerate_references.request.xml")


def test_every_recorded_page_is_read_and_the_newest_context_is_used() -> None:
    replies = ["enumerate_first_of_many.reply.xml", "pull_middle.reply.xml", "pull_last.reply.xml"]
    found, asked = told(instances(JOBS), [answer(golden(name), message_id=MESSAGE) for name in replies])

    assert [one.text("InstanceID") for one in found] == ["A", "B", "C", "D"]
    assert {one.class_name for one in found} == {"Msvm_ConcreteJob"}
    assert same(sent(asked[1]), "pull.request.xml")
    assert b"uuid:22BB" in sent(asked[2])


def test_a_pull_is_not_repeatable_since_the_host_may_have_moved_on() -> None:
    _found, asked = told(instances(JOBS), [first(context="1", end=""), page(end=END)])

    assert [request.repeatable for request in asked] == [True, False]


def test_a_lost_page_starts_the_question_again_once() -> None:
    found, asked = told(
        instances(JOBS),
        [first(thing("a"), "1", ""), OutcomeUnknown("cut"), first(thing("a"), "2", ""), page(thing("b"), end=END)],
    )

    assert [one.text("Name") for one in found] == ["a", "b"]
    assert kinds(asked) == ["Enumerate", "Pull", "Enumerate", "Pull"]
    with pytest.raises(OutcomeUnknown):
        told(instances(JOBS), [first("", "1", ""), OutcomeUnknown("cut"), first("", "2", ""), OutcomeUnknown("cut")])


def test_a_host_that_has_forgotten_where_the_query_stood_is_asked_once_more() -> None:
    def forgotten() -> WsmanFault:
        return WsmanFault("no", subcode="InvalidEnumerationContext", code=2150858884)

    found, asked = told(instances(JOBS), [first(thing("a"), "1", ""), forgotten(), page(), first(thing("a"))])

    assert [one.text("Name") for one in found] == ["a"]
    assert kinds(asked) == ["Enumerate", "Pull", "Release", "Enumerate"]
    with pytest.raises(WsmanFault):
        told(instances(JOBS), [first("", "1", ""), forgotten(), page(), first("", "2", ""), forgotten(), page()])


@pytest.mark.parametrize(
    "reply",
    [
        first(),
        first(end=""),
        element("<n:EnumerateResponse><w:EndOfSequence/></n:EnumerateResponse>"),
        element("<n:EnumerateResponse><n:EnumerationContext/><n:Items/><n:EndOfSequence/></n:EnumerateResponse>"),
    ],
    ids=["as recorded", "no end", "no items", "all in n"],
)
def test_an_empty_answer_is_empty_in_every_form(reply: ET.Element) -> None:
    assert told(instances(JOBS), [reply])[0] == []


@pytest.mark.parametrize(
    "inside", ["", "<n:EnumerationContext/>", "<n:EnumerationContext><x>1</x></n:EnumerationContext><n:Items/>"]
)
def test_an_answer_that_says_neither_more_nor_end_is_never_taken_for_an_empty_one(inside: str) -> None:
    with pytest.raises(WireError):
        told(instances(JOBS), [element(f"<n:EnumerateResponse>{inside}</n:EnumerateResponse>")])


@pytest.mark.parametrize("came", ['<x:Odd xmlns:x="urn:x"/>', "<n:PullResponse/>", "<w:Item/>"])
def test_what_is_no_object_is_never_taken_for_one(came: str) -> None:
    job = CimReference("Msvm_ConcreteJob", {"InstanceID": "1"})

    with pytest.raises(WireError, match="Msvm_ConcreteJob was asked for"):
        told(get(job), [element(came)])
    with pytest.raises(WireError, match="Msvm_ConcreteJob was asked for"):
        told(instances(JOBS), [first(came)])


def test_references_that_came_instead_of_objects_are_no_objects() -> None:
    with pytest.raises(WireError):
        told(instances(JOBS), [first(wrapped(epr("Msvm_ConcreteJob", InstanceID="1")))])


def test_an_answer_that_holds_only_a_context_is_pulled() -> None:
    opened = element("<n:EnumerateResponse><n:EnumerationContext>1</n:EnumerationContext></n:EnumerateResponse>")

    assert len(told(instances(JOBS), [opened, page(thing("a"), end=END)])[0]) == 1


def test_a_page_that_names_no_context_leaves_the_old_one_good() -> None:
    found, asked = told(instances(JOBS), [first(thing("a"), "1", ""), page(thing("b")), page(thing("c"), end=END)])

    assert len(found) == 3
    assert sent(asked[1]) == sent(asked[2])


def test_an_answer_without_end_is_refused_and_its_context_released() -> None:
    talk = instances(JOBS)
    next(talk)
    request = talk.send(first(context="uuid:11AA", end=""))
    for _round in range(MAX_EMPTY_PAGES):
        request = talk.send(page(context="uuid:11AA"))

    assert same(sent(request), "release.request.xml")
    with pytest.raises(WireError, match="without end"):
        talk.send(element("<n:ReleaseResponse/>"))


def test_the_trouble_before_counts_and_not_that_of_releasing() -> None:
    with pytest.raises(WireError, match="PullResponse"):
        told(instances(JOBS), [first(context="1", end=""), element("<p:Nonsense/>"), WsmanFault("gone")])


def test_after_silence_nothing_more_is_asked() -> None:
    talk = instances(JOBS)
    next(talk)

    with pytest.raises(OutcomeUnknown):
        talk.throw(OutcomeUnknown("cut"))


def test_references_come_as_references() -> None:
    found, _asked = told(references(JOBS), [first(wrapped(epr("Msvm_ConcreteJob", InstanceID="1")))])

    assert found == [CimReference("Msvm_ConcreteJob", {"InstanceID": "1"})]


def test_objects_and_references_come_in_pairs() -> None:
    item = f"<w:Item>{thing('a')}{wrapped(epr('Msvm_Thing', Name='a'))}</w:Item>"
    ((instance, reference),), asked = told(pairs(JOBS), [first(item)])

    assert (instance.text("Name"), reference.key("name")) == ("a", "a")
    assert b"EnumerateObjectAndEPR" in sent(asked[0])


FLEET = first(thing("A1", Kind="x") + thing("b2", Kind="x") + thing("A3", Kind="y"))


@pytest.mark.parametrize(
    "subcode", ["CannotProcessFilter", "FilteringNotSupported", "FilterDialectRequestedUnavailable"]
)
def test_a_host_that_refuses_filters_gives_the_same_answer(subcode: str) -> None:
    query = wql_select("Msvm_Thing", properties=["Name"], where={"kind": "X"}, like={"Name": "a%"})
    found, asked = told(instances(query), [WsmanFault("no", subcode=subcode), FLEET])

    assert [(one.text("Name"), one.names()) for one in found] == [("A1", ("Name",))]
    assert asked[1].resource_uri == f"{V2}/Msvm_Thing"
    assert filters(asked) == ["filtered", "whole"]


def test_one_of_several_values_is_enough_in_both_ways_of_asking() -> None:
    query = wql_select("Msvm_Thing", where={"Name": ["a1", "A3"], "Kind": "x"})
    found, _asked = told(instances(query), [filter_refused(), FLEET])

    assert query.text == "SELECT * FROM Msvm_Thing WHERE (Name = 'a1' OR Name = 'A3') AND Kind = 'x'"
    assert [one.text("Name") for one in found] == ["A1"]


def test_a_value_that_must_be_one_of_none_asks_nothing() -> None:
    assert told(instances(wql_select("Msvm_Thing", where={"Name": []})), []) == ([], [])


def test_a_host_known_to_refuse_filters_is_not_asked_again() -> None:
    memo = QueryMemo()
    query = wql_select("Msvm_Thing", where={"Name": "b2"})
    told(instances(query, memo=memo), [filter_refused(), FLEET])
    found, asked = told(instances(query, memo=memo), [FLEET])

    assert [one.text("Name") for one in found] == ["b2"]
    assert len(asked) == 1


def test_a_query_called_invalid_is_not_asked_again_and_other_classes_are() -> None:
    memo = QueryMemo()
    query = wql_select("Msvm_Thing", where={"Name": "b2"})
    told(instances(query, memo=memo), [filter_refused(0x80041017), FLEET])
    _found, again = told(instances(query, memo=memo), [FLEET])
    _found, other = told(instances(wql_select("Msvm_Other"), memo=memo), [first()])

    assert (filters(again), filters(other)) == (["whole"], ["filtered"])


def test_a_class_that_does_not_exist_is_reported_as_such() -> None:
    missing = WsmanFault("none", subcode="DestinationUnreachable")

    with pytest.raises(WsmanFault) as caught:
        told(instances(wql_select("Msvm_Nein")), [filter_refused(0x80041010), missing])

    assert caught.value is missing


def test_any_other_refusal_is_passed_on() -> None:
    with pytest.raises(WsmanFault):
        told(instances(wql_select("Msvm_Thing")), [WsmanFault("no", subcode="AccessDenied")])


def test_a_question_in_the_callers_words_is_only_the_hosts_to_answer() -> None:
    with pytest.raises(WsmanFault):
        told(instances(wql("SELECT * FROM Msvm_Thing WHERE Name != __SERVER")), [filter_refused()])


def link(vm: str, settings: str) -> str:
    return thing("", "Msvm_Link", ManagedElement=vm, SettingData=settings)


LINKS = first(
    link(epr("Msvm_ComputerSystem", **{**VM.keys, "Name": VM.keys["Name"].lower()}), epr("Msvm_S", InstanceID="mine"))
    + link(epr("Msvm_ComputerSystem", **{**VM.keys, "Name": "other"}), epr("Msvm_S", InstanceID="theirs"))
)
SETTINGS_READ = first(thing("1", "Msvm_S", InstanceID="mine") + thing("2", "Msvm_S", InstanceID="theirs"))


@pytest.mark.parametrize("result_class", ["Msvm_S", ""])
def test_associations_are_followed_here_where_wql_is_refused(result_class: str) -> None:
    query = associators_of(VM, assoc_class="Msvm_Link", result_class=result_class)
    found, asked = told(instances(query), [filter_refused(), LINKS, SETTINGS_READ])

    assert [one.text("Name") for one in found] == ["1"]
    assert [request.resource_uri.rpartition("/")[2] for request in asked] == ["*", "Msvm_Link", "Msvm_S"]


def test_roles_narrow_down_what_is_followed() -> None:
    query = associators_of(VM, assoc_class="Msvm_Link", result_class="Msvm_S", role="SettingData")

    assert told(instances(query), [filter_refused(), LINKS])[0] == []


@given(st.text())
def test_a_literal_is_exactly_what_was_given(value: str) -> None:
    text = wql_select("Msvm_Thing", where={"Name": value}).text

    literal = LITERAL.fullmatch(text.removeprefix("SELECT * FROM Msvm_Thing WHERE Name = "))
    assert literal is not None
    assert re.sub(r"\\(.)", r"\1", literal[1], flags=re.DOTALL) == value


@given(st.text())
def test_a_key_in_braces_is_exactly_what_was_given(value: str) -> None:
    text = associators_of(CimReference("Msvm_Thing", {"Name": value}), assoc_class="Msvm_Link").text

    literal = LITERAL.match(text, len("ASSOCIATORS OF {Msvm_Thing.Name="))
    assert literal is not None
    assert re.sub(r"\\(.)", r"\1", literal[1], flags=re.DOTALL) == value
    assert text[literal.end() :] == "} WHERE AssocClass = Msvm_Link"


@pytest.mark.parametrize("bad", ["Name = 'x' OR 1", "", "Name'"])
def test_a_name_that_is_none_is_refused(bad: str) -> None:
    with pytest.raises(WireError):
        wql_select("Msvm_Thing", where={bad: "x"})
    with pytest.raises(WireError):
        wql_select(bad)


@given(st.text(alphabet=st.sampled_from("ab%_[]^\\-='")), st.text(alphabet=st.sampled_from("ab%_[]^\\-='")))
def test_a_quoted_pattern_matches_its_text_and_no_other(text: str, other: str) -> None:
    assert like_matches(like_literal(text), text)
    assert like_matches(like_literal(text), other) is (text == other)


@pytest.mark.parametrize(
    ("pattern", "text", "matches"),
    [("a%", "Abc", True), ("a_c", "abc", True), ("[a-c]x", "bx", True), ("[^a-c]x", "bx", False), ("[z-a]", "-", True)],
)
def test_patterns_match_as_wql_says(pattern: str, text: str, matches: bool) -> None:
    assert like_matches(pattern, text) is matches


def test_one_object_is_read_by_its_keys() -> None:
    found, asked = told(
        get(CimReference("Msvm_ConcreteJob", {"InstanceID": "3A9B2C44-1111-2222-3333-0123456789AB"})),
        [answer(golden("get_job.reply.xml"), message_id=MESSAGE)],
    )

    assert found.integer("JobState") == 7
    assert same(sent(asked[0]), "get_job.request.xml")


def test_the_services_limits_are_read() -> None:
    body = element(
        f'<c:Config xmlns:c="{names.MS_CONFIG}"><c:MaxEnvelopeSizekb>500</c:MaxEnvelopeSizekb>'
        "<c:Client><c:Auth><c:Basic>true</c:Basic></c:Auth></c:Client></c:Config>"
    )

    found, _asked = told(wsman_config(), [body])
    assert (found.class_name, found.integer("MaxEnvelopeSizekb")) == ("Config", 500)
