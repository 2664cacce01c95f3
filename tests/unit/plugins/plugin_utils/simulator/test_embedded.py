# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Instances inside a string parameter, as Hyper-V takes and refuses them."""

from __future__ import annotations

from xml.sax.saxutils import escape

import pytest

from ansible_collections.hyperv.replica.tests.unit.plugins.plugin_utils.simulator.envelopes import (
    SQL01,
    V2,
    Pair,
    fault,
    get,
    invoke,
    query,
    return_value,
    selector,
    value,
    vm_selectors,
)

MANAGEMENT = selector("CreationClassName", "Msvm_VirtualSystemManagementService")


def modify(properties: str, *, class_name: str = "Msvm_VirtualSystemSettingData", raw: str = "") -> str:
    """ModifySystemSettings with an instance of these properties, escaped as text."""
    text = raw or f'<INSTANCE CLASSNAME="{class_name}">{identified(properties)}</INSTANCE>'
    inner = f"<p:SystemSettings>{escape(text)}</p:SystemSettings>"
    return invoke("Msvm_VirtualSystemManagementService", "ModifySystemSettings", inner, MANAGEMENT)


def identified(properties: str) -> str:
    return f'<PROPERTY NAME="InstanceID" TYPE="string"><VALUE>Microsoft:{SQL01}</VALUE></PROPERTY>{properties}'


def written(name: str, kind: str, text: str) -> str:
    return f'<PROPERTY NAME="{name}" TYPE="{kind}"><VALUE>{text}</VALUE></PROPERTY>'


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("numbers &#38; &#60; &gt; fine", 4096),
        ("a &amp; b", 32768),
        ("a &lt; b", 32773),
    ],
)
def test_named_entities_inside_an_embedded_instance_are_not_taken(text: str, code: int) -> None:
    asked = modify(written("ElementName", "string", text))

    assert return_value(Pair().body(asked)) == code


def test_numeric_references_arrive_as_the_characters_they_stand_for() -> None:
    pair = Pair()
    pair.body(modify(written("ElementName", "string", "a &#38; &#60;b&#62; &#34;c&#39;")))
    pair.wait(10)

    shown = pair.body(get("Msvm_ComputerSystem", vm_selectors(SQL01)))[0]
    assert value(shown, "ElementName") == "a & <b> \"c'"


def test_an_embedded_instance_is_taken_escaped_or_as_cdata_with_a_declaration_or_without() -> None:
    text = f'<INSTANCE CLASSNAME="Msvm_VirtualSystemSettingData">{identified("")}</INSTANCE>'
    cdata = f"<p:SystemSettings><![CDATA[{text}]]></p:SystemSettings>"
    declared = modify("", raw=f'<?xml version="1.0"?>\n  {text}\n')

    for asked in (invoke("Msvm_VirtualSystemManagementService", "ModifySystemSettings", cdata, MANAGEMENT), declared):
        assert return_value(Pair().body(asked)) == 4096


def test_an_element_tree_in_place_of_embedded_text_is_refused() -> None:
    tree = "<p:SystemSettings><p:InstanceID>x</p:InstanceID></p:SystemSettings>"
    asked = invoke("Msvm_VirtualSystemManagementService", "ModifySystemSettings", tree, MANAGEMENT)

    assert fault(Pair().ask(asked)) == ("w:SchemaValidationError", 2150858817)


@pytest.mark.parametrize(
    ("properties", "code"),
    [
        (written("AutomaticStartupAction", "uint16", "4"), 4096),
        (written("AutomaticStartupAction", "string", "4"), 32776),
        (written("AutomaticStartupAction", "uint16", "four"), 32776),
        (written("AutomaticStartupAction", "uint16", "65536"), 32776),
        (written("AutomaticStartupActionDelay", "datetime", "00000000004500.000000:000"), 4096),
        (written("AutomaticStartupActionDelay", "datetime", "P0DT0H45M0S"), 32768),
        (written("AutomaticStartupActionDelay", "string", "00000000004500.000000:000"), 32768),
        (written("IsSaved", "boolean", "TRUE"), 4096),
        (written("IsSaved", "boolean", "perhaps"), 32776),
        (written("Odd", "string", "1"), 32773),
        (written("Notes", "string", "not an array"), 32776),
        (
            '<PROPERTY.ARRAY NAME="Notes" TYPE="string"><VALUE.ARRAY><VALUE>1</VALUE></VALUE.ARRAY></PROPERTY.ARRAY>',
            4096,
        ),
        ('<PROPERTY NAME="ElementName" TYPE="string" PROPAGATED="true" CLASSORIGIN="CIM_ManagedElement"/>', 4096),
    ],
)
def test_an_embedded_property_needs_its_name_its_type_and_its_form(properties: str, code: int) -> None:
    assert return_value(Pair().body(modify(properties))) == code


@pytest.mark.parametrize("raw", ["", "text", "<INSTANCE", "<OBJECT/>", '<INSTANCE CLASSNAME="Msvm_Odd"/>'])
def test_what_is_no_instance_of_the_class_is_an_invalid_parameter(raw: str) -> None:
    assert return_value(Pair().body(modify("", raw=raw or " "))) == 32773


def test_an_instance_of_another_class_is_an_invalid_parameter() -> None:
    assert return_value(Pair().body(modify("", class_name="Msvm_MemorySettingData"))) == 32773


def connect(path: str, pair: Pair) -> int:
    adapter = pair.world.hosts["HV-A"].vms[SQL01].adapters[0]
    text = (
        '<INSTANCE CLASSNAME="Msvm_EthernetPortAllocationSettingData">'
        f"{written('InstanceID', 'string', adapter.instance_id + chr(92) + 'C')}"
        '<PROPERTY.ARRAY NAME="HostResource" TYPE="string"><VALUE.ARRAY>'
        f"<VALUE>{path}</VALUE></VALUE.ARRAY></PROPERTY.ARRAY></INSTANCE>"
    )
    inner = f"<p:ResourceSettings>{escape(text)}</p:ResourceSettings>"
    asked = invoke("Msvm_VirtualSystemManagementService", "ModifyResourceSettings", inner, MANAGEMENT)
    code = return_value(pair.body(asked))
    pair.wait(10)
    return code


def test_an_adapter_is_connected_by_the_path_of_a_switch() -> None:
    pair = Pair()
    guid = pair.world.hosts["HV-A"].switch_guid("Isolated")
    path = (
        "\\\\HV-A\\Root\\Virtualization\\V2:Msvm_VirtualEthernetSwitch."
        f"CreationClassName=&#34;Msvm_VirtualEthernetSwitch&#34;,Name=&#34;{guid}&#34;"
    )

    assert connect(path, pair) == 4096
    shown = pair.body(
        query("SELECT * FROM Msvm_EthernetPortAllocationSettingData WHERE LastKnownSwitchName='Isolated'")
    )
    assert guid in (shown.findtext(f".//{{{V2}/Msvm_EthernetPortAllocationSettingData}}HostResource") or "")


def test_a_path_with_single_backslashes_in_a_key_is_an_invalid_parameter() -> None:
    path = "root/virtualization/v2:Msvm_VirtualEthernetSwitch.Name=&#34;Microsoft:1\\2&#34;"

    assert connect(path, Pair()) == 32773


def test_an_epr_in_place_of_a_path_is_an_invalid_parameter() -> None:
    assert connect("&#60;a:EndpointReference/&#62;", Pair()) == 32773
