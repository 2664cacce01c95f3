# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""WQL as Microsoft's pages describe it: which texts are queries, and which instances they find."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.catalogue import Instance, hyperv_class
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.faults import INVALID_QUERY, Fault
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.values import Ref
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.wql import (
    ONLY_KEY,
    Related,
    Select,
    parse_path,
    parse_wql,
    uses_double_quotes,
)
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.wql_match import holds
from ansible_collections.hyperv.replica.tests.unit.plugins.plugin_utils.simulator.envelopes import START

HOST = "HV-A"


def one(**values: object) -> Instance:
    known = {"CreationClassName": "Msvm_ComputerSystem", "Name": "VM-1", "ElementName": "SQL01", "EnabledState": 2}
    return Instance(hyperv_class("Msvm_ComputerSystem"), {**known, **values})


def found(condition: str, **values: object) -> bool:
    asked = parse_wql(f"SELECT * FROM Msvm_ComputerSystem WHERE {condition}")
    if not isinstance(asked, Select):
        raise AssertionError(asked)
    return holds(asked.where, one(**values), HOST)


@pytest.mark.parametrize(
    "condition",
    [
        "EnabledState = 2",
        "EnabledState <> 3",
        "EnabledState != 3",
        "EnabledState < 3 AND EnabledState > 1",
        "EnabledState <= 2 AND EnabledState >= 2",
        "EnabledState = '2'",
        "2 = EnabledState",
        "elementname = 'sql01'",
        'ElementName = "SQL01"',
        "ElementName LIKE 'SQL%'",
        "ElementName LIKE 'SQL0_'",
        "ElementName LIKE 'SQL[0-9]1'",
        "ElementName LIKE 'SQL[^1-9]1'",
        "NOT ElementName LIKE 'WEB%'",
        "ElementName NOT LIKE 'WEB%'",
        "InstallDate IS NULL",
        "InstallDate = NULL",
        "ElementName IS NOT NULL",
        "ElementName <> NULL",
        "Name != __SERVER",
        "__CLASS = 'msvm_computersystem'",
        "__SUPERCLASS = 'CIM_ComputerSystem'",
        "__NAMESPACE = 'root\\\\virtualization\\\\v2'",
        "__PATH LIKE '%Name=\"VM-1\"'",
        "__THIS ISA 'CIM_System'",
        "__CLASS ISA 'CIM_ManagedElement'",
        "EnabledState = 3 OR EnabledState = 2 AND ElementName = 'SQL01'",
        "(EnabledState = 3 OR EnabledState = 2) AND NOT (ElementName = 'WEB01')",
        "enabledstate=2 aNd name='vm-1'   ",
        "CreationClassName = __CLASS",
    ],
)
def test_a_condition_that_is_true_finds_the_instance(condition: str) -> None:
    assert found(condition)


@pytest.mark.parametrize(
    "condition",
    [
        "EnabledState = 3",
        "EnabledState = 'two'",
        "ElementName LIKE 'SQL'",
        "ElementName LIKE '%[^1]'",
        "InstallDate != 'x'",
        "InstallDate = InstallDate",
        "InstallDate IS NOT NULL",
        "Name = __SERVER",
        "__THIS ISA 'CIM_Service'",
        "EnabledState = 2 AND (ElementName = 'WEB01' OR Name = 'VM-2')",
        "OperationalStatus = 2",
    ],
)
def test_a_condition_that_is_false_does_not(condition: str) -> None:
    assert not found(condition)


@pytest.mark.parametrize(
    ("condition", "true"),
    [
        ("InstallDate = '20260112080000.000000+000'", True),
        ("InstallDate < '20260112090000.000000+000'", True),
        ("InstallDate = '20260112090000.000000+060'", True),
        ("InstallDate > '2026-01-12T08:00:00Z'", False),
        ("InstallDate = 'yesterday'", False),
    ],
)
def test_times_are_compared_as_times(condition: str, true: bool) -> None:
    assert found(condition, InstallDate=START) is true


@pytest.mark.parametrize(
    ("condition", "true"), [("Started = TRUE", True), ("Started = 1", True), ("Started = False", False)]
)
def test_booleans_are_compared_with_words_and_numbers(condition: str, true: bool) -> None:
    asked = parse_wql(f"SELECT * FROM Msvm_ReplicationService WHERE {condition}")
    service = Instance(hyperv_class("Msvm_ReplicationService"), {"Started": True})

    assert isinstance(asked, Select)
    assert holds(asked.where, service, HOST) is true


@given(st.text(st.characters(min_codepoint=32, max_codepoint=0x2FFF), max_size=30))
def test_any_text_is_found_when_its_backslashes_and_quotes_are_escaped(text: str) -> None:
    single = text.replace("\\", "\\\\").replace("'", "\\'")
    double = text.replace("\\", "\\\\").replace('"', '\\"')

    assert found(f"ElementName = '{single}'", ElementName=text)
    assert found(f'ElementName = "{double}"', ElementName=text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "SELECT",
        "SELECT * Msvm_ComputerSystem",
        "SELECT * FROM Msvm_ComputerSystem WHERE",
        "SELECT * FROM Msvm_ComputerSystem WHERE Name",
        "SELECT * FROM Msvm_ComputerSystem WHERE Name = 'open",
        "SELECT * FROM Msvm_ComputerSystem WHERE (Name = 'x'",
        "SELECT * FROM Msvm_ComputerSystem WHERE Name = 'x' Name = 'y'",
        "SELECT * FROM Msvm_ComputerSystem; DROP",
        "DELETE FROM Msvm_ComputerSystem",
        "ASSOCIATORS OF Msvm_ComputerSystem",
        "ASSOCIATORS OF {Msvm_ComputerSystem}",
        "ASSOCIATORS OF {Msvm_ComputerSystem.Name='x'} WHERE Odd = y",
        "REFERENCES OF {Msvm_ComputerSystem.Name='x'} WHERE AssocClass = y",
    ],
)
def test_what_is_no_query_is_an_invalid_one(text: str) -> None:
    with pytest.raises(Fault) as fault:
        parse_wql(text)

    assert fault.value.hresult == INVALID_QUERY


def test_a_related_query_names_its_object_and_its_clauses_in_any_order_and_case() -> None:
    asked = parse_wql(
        "associators of {Msvm_ComputerSystem.CreationClassName='Msvm_ComputerSystem',Name=\"9F\"} "
        "where ResultClass = Msvm_VirtualSystemSettingData assocclass=Msvm_SettingsDefineState Role = ManagedElement"
    )

    assert asked == Related(
        source=Ref("Msvm_ComputerSystem", {"CreationClassName": "Msvm_ComputerSystem", "Name": "9F"}),
        assoc_class="Msvm_SettingsDefineState",
        result_class="Msvm_VirtualSystemSettingData",
        role="ManagedElement",
    )


def test_a_path_gives_its_keys_with_backslashes_and_quotes_undone() -> None:
    path = r'\\HV-A\root\virtualization\v2:Msvm_ResourceAllocationSettingData.InstanceID="Microsoft:1\\a \"b\", {c}\\0"'

    assert parse_path(path).keys == {"InstanceID": 'Microsoft:1\\a "b", {c}\\0'}


def test_a_path_may_give_a_key_without_its_name_or_none_for_the_one_instance() -> None:
    assert parse_path("Msvm_VirtualSystemSettingData='Microsoft:1'").keys == {ONLY_KEY: "Microsoft:1"}
    assert parse_path(r"\\HV-A\root\cimv2:Win32_OperatingSystem=@").keys == {}


def test_double_quotes_count_only_where_they_quote() -> None:
    assert uses_double_quotes('SELECT * FROM X WHERE A = "b"')
    assert not uses_double_quotes("SELECT * FROM X WHERE A = 'b\"c'")
