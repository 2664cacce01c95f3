# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""CIM values: read in every form that hosts use, and never taken for what they are not."""

from __future__ import annotations

import contextlib
import xml.etree.ElementTree as ET
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.hyperv.replica.plugins.module_utils._errors import WireError
from ansible_collections.hyperv.replica.plugins.module_utils._wire.cim import CimInstance, CimReference
from ansible_collections.hyperv.replica.plugins.module_utils._wire.envelope import answer
from ansible_collections.hyperv.replica.plugins.module_utils._wire.values import (
    cim_datetime,
    cim_interval,
    cim_moment,
    iso_interval,
    iso_moment,
    read_interval,
    read_moment,
)
from ansible_collections.hyperv.replica.tests.unit.plugins.module_utils._wire.samples import (
    MESSAGE,
    V2,
    VM,
    element,
    golden,
)

UTC = timezone.utc
EPR = (
    "<a:Address/><a:ReferenceParameters><w:ResourceURI>{uri}</w:ResourceURI>"
    "<w:SelectorSet>{selectors}</w:SelectorSet></a:ReferenceParameters>"
)
ONE_KEY = '<w:Selector Name="InstanceID">a\\b</w:Selector>'


def thing(properties: str) -> CimInstance:
    return CimInstance.from_element(element(f"<p:Msvm_Thing>{properties}</p:Msvm_Thing>"))


def job() -> CimInstance:
    return CimInstance.from_element(answer(golden("get_job.reply.xml"), message_id=MESSAGE))


def test_a_recorded_instance_is_read_by_name_and_type() -> None:
    read = job()

    assert (read.class_name, read.namespace) == ("Msvm_ConcreteJob", "root/virtualization/v2")
    assert read.integer("JobState") == 7
    assert read.boolean("Cancellable") is True
    assert read.integers("OperationalStatus") == (2, 17)
    assert read.moment("StartTime") == datetime(2025, 12, 17, 9, 55, 22, 702341, tzinfo=UTC)
    assert read.interval("TimeBeforeRemoval") == timedelta(minutes=5)
    assert read.text("Name") == ""


def test_null_and_absent_look_the_same_but_for_has() -> None:
    read = job()

    assert read.text("ErrorDescription") is read.text("NoSuchThing") is None
    assert read.texts("ErrorDescription") == read.texts("NoSuchThing") == ()
    assert read.has("errordescription")
    assert not read.has("NoSuchThing")


def test_the_year_1601_is_never() -> None:
    assert job().moment("UntilTime") is None


def test_names_are_matched_in_any_case() -> None:
    assert job().integer("jobstate") == 7


def test_an_array_of_one_is_read_as_an_array() -> None:
    assert thing("<p:Notes>one</p:Notes>").texts("Notes") == ("one",)


def test_several_values_are_never_taken_for_one() -> None:
    with pytest.raises(WireError, match=r"Msvm_ConcreteJob.OperationalStatus"):
        job().integer("OperationalStatus")


@pytest.mark.parametrize("getter", ["integer", "boolean", "moment", "interval", "reference", "instances"])
def test_text_of_another_type_is_an_error_that_names_the_property(getter: str) -> None:
    with pytest.raises(WireError, match=r"Msvm_Thing.X"):
        getattr(thing("<p:X>what?</p:X>"), getter)("X")


def test_the_class_is_what_the_namespace_says_and_not_what_was_asked() -> None:
    read = CimInstance.from_element(element("<p:Msvm_Thing/>"), class_name="CIM_Thing")

    assert read.class_name == "Msvm_Thing"


def test_a_fragment_has_the_class_that_was_asked_for() -> None:
    body = answer(golden("enumerate_first_of_many.reply.xml"), message_id=MESSAGE)
    item = body[1][0]

    read = CimInstance.from_element(item, class_name="Win32_Service", namespace="root/cimv2")

    assert (read.class_name, read.namespace) == ("Win32_Service", "root/cimv2")
    assert read.moment("InstallDate") == datetime(2013, 5, 23, 19, 36, 35, tzinfo=UTC)


@pytest.mark.parametrize("wrap", ["{}", "<a:EndpointReference>{}</a:EndpointReference>"])
def test_a_reference_is_read_with_and_without_its_wrapper(wrap: str) -> None:
    inner = wrap.format(EPR.format(uri=f"{V2}/Msvm_ConcreteJob", selectors=ONE_KEY))

    assert thing(f"<p:Job>{inner}</p:Job>").reference("Job") == CimReference("Msvm_ConcreteJob", {"InstanceID": "a\\b"})


def test_a_reference_in_the_dmtf_form_says_its_namespace_in_a_selector() -> None:
    uri = "http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_Job"
    selectors = ONE_KEY + '<w:Selector Name="__cimnamespace">root/cimv2</w:Selector>'
    inner = EPR.format(uri=uri, selectors=selectors)

    assert thing(f"<p:Job>{inner}</p:Job>").reference("Job") == CimReference(
        "CIM_Job", {"InstanceID": "a\\b"}, "root/cimv2"
    )


def test_a_needless_namespace_selector_is_no_key() -> None:
    selectors = ONE_KEY + '<w:Selector Name="__cimnamespace">root/virtualization/v2</w:Selector>'
    inner = EPR.format(uri=f"{V2}/Msvm_ConcreteJob", selectors=selectors)

    found = thing(f"<p:Job>{inner}</p:Job>").reference("Job")

    assert found is not None
    assert dict(found.keys) == {"InstanceID": "a\\b"}


@pytest.mark.parametrize("empty", ["<p:Job/>", '<p:Job xsi:nil="true"/>', ""])
def test_no_reference_is_none(empty: str) -> None:
    assert thing(empty).reference("Job") is None


def test_references_are_equal_in_any_case_but_their_values() -> None:
    other = CimReference(
        "MSVM_COMPUTERSYSTEM",
        {"NAME": VM.keys["Name"], "creationclassname": "Msvm_ComputerSystem"},
        r"ROOT\Virtualization\V2",
    )

    assert other == VM
    assert len({other, VM}) == 1
    assert CimReference("Msvm_ComputerSystem", {**VM.keys, "Name": "x"}) != VM


def test_a_path_in_braces_escapes_backslashes_and_quotes() -> None:
    reference = CimReference("Msvm_X", {"InstanceID": r"Microsoft:9F\0 'a'"})

    assert reference.wmi_path() == r"Msvm_X.InstanceID='Microsoft:9F\\0 \'a\''"


@given(
    st.dictionaries(st.from_regex(r"[A-Za-z][A-Za-z0-9_]{0,5}", fullmatch=True), st.text(), min_size=1, max_size=3),
    st.sampled_from(["HV01", "."]),
)
def test_an_object_path_is_read_back_as_it_was_written(keys: dict[str, str], server: str) -> None:
    unique = {name.lower(): value for name, value in keys.items()}
    reference = CimReference("Msvm_X", unique)

    assert CimReference.from_path(reference.object_path(server)) == reference
    assert CimReference.from_path(reference.wmi_path()) == reference


@given(st.text())
def test_no_text_read_as_a_path_raises_anything_but_our_errors(text: str) -> None:
    with contextlib.suppress(WireError):
        CimReference.from_path(text)


@pytest.mark.parametrize(
    "value",
    [
        "&lt;INSTANCE CLASSNAME='Msvm_Inner'>&lt;PROPERTY NAME='Name' TYPE='string'>"
        "&lt;VALUE>x&lt;/VALUE>&lt;/PROPERTY>&lt;/INSTANCE>",
        f'<q:Name xmlns:q="{V2}/Msvm_Inner">x</q:Name>',
        f'<q:Msvm_Inner xmlns:q="{V2}/Msvm_Inner"><q:Name>x</q:Name></q:Msvm_Inner>',
        '<INSTANCE CLASSNAME="Msvm_Inner"><PROPERTY NAME="Name" TYPE="string"><VALUE>x</VALUE></PROPERTY></INSTANCE>',
    ],
    ids=["as text", "as an element", "inside the element", "as text that nobody escaped"],
)
def test_an_embedded_instance_is_read_in_every_form(value: str) -> None:
    (inner,) = thing(f"<p:Info>{value}</p:Info>").instances("Info")

    assert (inner.class_name, inner.text("Name")) == ("Msvm_Inner", "x")


def test_a_nested_object_without_namespaces_says_its_class_in_its_type() -> None:
    (inner,) = thing('<p:Info xsi:type="q:Msvm_Inner_Type"><Name>x</Name><Other>y</Other></p:Info>').instances("Info")

    assert (inner.class_name, inner.text("Name")) == ("Msvm_Inner", "x")


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2025-12-17T09:55:22Z", datetime(2025, 12, 17, 9, 55, 22, tzinfo=UTC)),
        ("2025-12-17T09:55:22.7023419+09:00", datetime(2025, 12, 17, 0, 55, 22, 702341, tzinfo=UTC)),
        ("20251217095522.702341+060", datetime(2025, 12, 17, 8, 55, 22, 702341, tzinfo=UTC)),
        ("20251217095522.******-060", datetime(2025, 12, 17, 10, 55, 22, tzinfo=UTC)),
        ("16010101000000.000000-000", None),
    ],
)
def test_a_moment_is_read_in_every_form(text: str, moment: datetime | None) -> None:
    assert read_moment(text) == moment


@pytest.mark.parametrize(
    "text", ["2025-12-17T09:55:22", "2025-13-17T09:55:22Z", "20251217", "9999-12-31T23:59:59-01:00"]
)
def test_a_moment_that_names_no_point_in_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  datetime has its own words
        read_moment(text)


@pytest.mark.parametrize("text", ["P", "PT", "P1Y", "P1M", "5", "00000000183000.000000:001", "P99999999999D"])
def test_an_interval_without_a_fixed_length_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        read_interval(text)


@given(st.timedeltas(min_value=timedelta(), max_value=timedelta(days=99_999_999)))
def test_an_interval_survives_both_forms(length: timedelta) -> None:
    assert read_interval(iso_interval(length)) == read_interval(cim_interval(length)) == length
    assert cim_datetime(iso_interval(length)) == cim_interval(length)


@given(st.datetimes(min_value=datetime(1602, 1, 2), timezones=st.just(UTC)))  # noqa: DTZ001
def test_a_moment_survives_both_forms(moment: datetime) -> None:
    assert read_moment(iso_moment(moment)) == read_moment(cim_moment(moment)) == moment
    assert cim_datetime(iso_moment(moment)) == cim_moment(moment)


@given(st.recursive(st.text(max_size=5), lambda inner: st.lists(inner, max_size=3), max_leaves=8))
def test_no_tree_makes_reading_raise_anything_but_our_errors(tree: str | list[object]) -> None:
    root = ET.Element("x")
    _grow(root, tree)
    with contextlib.suppress(WireError):
        read = CimInstance.from_element(root)
        for name in read.names():
            for getter in (read.texts, read.integers, read.moment, read.interval, read.references, read.instances):
                with contextlib.suppress(WireError):
                    getter(name)


def _grow(parent: ET.Element, tree: object) -> None:
    if isinstance(tree, list):
        for index, branch in enumerate(tree):
            names = ("ReferenceParameters", "Datetime", "x")
            _grow(ET.SubElement(parent, names[index % 3]), branch)
    else:
        parent.text = str(tree)


def test_an_empty_element_is_an_empty_text_and_no_other_value() -> None:
    read = CimInstance.from_element(element("<p:C><p:X></p:X></p:C>"))

    assert (read.text("X"), read.texts("X")) == ("", ("",))
    assert (read.integer("X"), read.boolean("X"), read.moment("X"), read.interval("X")) == (None, None, None, None)
