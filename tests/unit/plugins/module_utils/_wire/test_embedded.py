# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Embedded instances: written as Hyper-V's parser takes them, and read back whatever wrote them."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.hyperv.replica.plugins.module_utils._errors import WireError
from ansible_collections.hyperv.replica.plugins.module_utils._wire.cim import CimInstance
from ansible_collections.hyperv.replica.plugins.module_utils._wire.embedded import (
    Embedded,
    embedded_like,
    embedded_text,
    parse_embedded,
)

XML_TEXT = st.text(
    alphabet=st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff")
    | st.sampled_from("\t\r\n&<>\"'")
)


def test_special_characters_are_numeric_and_never_named() -> None:
    text = embedded_text("Msvm_X", {"Notes": Embedded("string", "&<>\"'\n\r\t")})

    assert "<VALUE>&#38;&#60;&#62;&#34;&#39;&#10;&#13;&#9;</VALUE>" in text


@pytest.mark.parametrize(
    ("given_value", "written"),
    [
        (Embedded("boolean", True), 'TYPE="boolean"><VALUE>true</VALUE></PROPERTY>'),
        (Embedded("uint16", 900), 'TYPE="uint16"><VALUE>900</VALUE></PROPERTY>'),
        (
            Embedded("datetime", timedelta(minutes=45)),
            'TYPE="datetime"><VALUE>00000000004500.000000:000</VALUE></PROPERTY>',
        ),
        (
            Embedded("datetime", datetime(2026, 11, 20, 1, 2, 3, tzinfo=timezone(timedelta(hours=1)))),
            'TYPE="datetime"><VALUE>20261120000203.000000+000</VALUE></PROPERTY>',
        ),
        (Embedded("string", None), 'TYPE="string"></PROPERTY>'),
        (Embedded("string", ""), 'TYPE="string"><VALUE></VALUE></PROPERTY>'),
        (
            Embedded("string[]", ["a", "b"]),
            'TYPE="string"><VALUE.ARRAY><VALUE>a</VALUE><VALUE>b</VALUE></VALUE.ARRAY></PROPERTY.ARRAY>',
        ),
    ],
)
def test_each_type_has_the_form_hyper_v_takes(given_value: Embedded, written: str) -> None:
    assert embedded_text("Msvm_X", {"P": given_value}).endswith(f'NAME="P" {written}</INSTANCE>')


@pytest.mark.parametrize("bad", ["\x00", "\x1b", "\ud800", "\ufffe"])
def test_what_xml_cannot_carry_is_refused(bad: str) -> None:
    with pytest.raises(WireError):
        embedded_text("Msvm_X", {"P": Embedded("string", bad)})


@pytest.mark.parametrize("bad", ['X" Y="', "", "X><Y"])
def test_a_name_that_is_none_is_refused(bad: str) -> None:
    with pytest.raises(WireError):
        embedded_text("Msvm_X", {bad: Embedded("string", "x")})
    with pytest.raises(WireError):
        embedded_text(bad, {})


@given(XML_TEXT, st.lists(XML_TEXT))
def test_what_is_written_is_read_back(text: str, texts: list[str]) -> None:
    read = parse_embedded(
        embedded_text("Msvm_X", {"One": Embedded("string", text), "All": Embedded("string[]", texts)})
    )

    assert read.text("One") == text
    assert read.texts("All") == tuple(texts)


@given(XML_TEXT)
def test_nothing_in_a_value_is_markup_or_a_named_entity(text: str) -> None:
    written = embedded_text("Msvm_X", {"P": Embedded("string", text)})
    value = written.partition("<VALUE>")[2].partition("</VALUE></PROPERTY>")[0]

    assert "<" not in value
    assert re.fullmatch(r"(?:[^&]|&#\d+;)*", value, re.DOTALL)


def test_text_as_wmi_itself_writes_it_is_read() -> None:
    read = parse_embedded(
        '\n<?xml version="1.0" encoding="utf-16"?>\n<CIM><DECLARATION><VALUE.OBJECT><INSTANCE CLASSNAME="Msvm_X">'
        '<QUALIFIER NAME="dynamic" TYPE="boolean"><VALUE>TRUE</VALUE></QUALIFIER>'
        '<PROPERTY NAME="A" CLASSORIGIN="CIM_X" PROPAGATED="true" TYPE="string"><VALUE>&lt;&amp;</VALUE></PROPERTY>'
        '<PROPERTY NAME="B" TYPE="string"></PROPERTY><PROPERTY NAME="C" TYPE="string"><VALUE></VALUE></PROPERTY>'
        '<PROPERTY.ARRAY NAME="D" TYPE="uint16"><VALUE.ARRAY><VALUE>1</VALUE></VALUE.ARRAY></PROPERTY.ARRAY>'
        '<PROPERTY.ARRAY NAME="E" TYPE="uint16"></PROPERTY.ARRAY>'
        "</INSTANCE></VALUE.OBJECT></DECLARATION></CIM>"
    )

    assert (read.text("A"), read.text("B"), read.text("C")) == ("<&", None, "")
    assert (read.integers("D"), read.integers("E")) == ((1,), ())


@pytest.mark.parametrize("bad", ["", "x", "<CIM/>", '<!DOCTYPE x><INSTANCE CLASSNAME="X"/>', "<INSTANCE/>"])
def test_text_that_holds_no_instance_is_refused(bad: str) -> None:
    with pytest.raises(WireError):
        parse_embedded(bad)


SCHEMA = {
    "InstanceID": "string",
    "Interval": "uint16",
    "On": "boolean",
    "Start": "datetime",
    "Disks": "string[]",
    "New": "string",
}
READ = CimInstance(
    "Msvm_S",
    {
        "Caption": ("inherited",),
        "instanceid": ("a\\b",),
        "Interval": ("300",),
        "On": ("True",),
        "Start": ("P0DT18H30M0S",),
        "Disks": ("one",),
    },
)


def test_only_what_the_schema_names_is_sent_back() -> None:
    sent = parse_embedded(embedded_like(READ, SCHEMA, {"Interval": 900}))

    assert sent.names() == ("InstanceID", "Interval", "On", "Start", "Disks")
    assert (sent.text("InstanceID"), sent.integer("Interval")) == ("a\\b", 900)


def test_what_is_sent_back_has_the_written_form_of_what_was_read() -> None:
    text = embedded_like(READ, SCHEMA)

    assert "<VALUE>00000000183000.000000:000</VALUE>" in text
    assert 'NAME="On" TYPE="boolean"><VALUE>true<' in text
    assert '<PROPERTY.ARRAY NAME="Disks" TYPE="string"><VALUE.ARRAY><VALUE>one</VALUE></VALUE.ARRAY>' in text


def test_a_change_of_something_the_class_does_not_have_is_refused() -> None:
    with pytest.raises(WireError, match="Typo"):
        embedded_like(READ, SCHEMA, {"Typo": 1})
