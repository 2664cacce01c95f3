# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Clients that know nothing of replication and take stock of a host: libvirt, monitoring, Microsoft's own tools."""

from __future__ import annotations

import pytest

from ansible_collections.hyperv.replica.tests.unit.plugins.plugin_utils.simulator.envelopes import (
    CIMV2,
    SQL01,
    V2,
    Pair,
    children,
    envelope,
    instances,
    query,
    return_value,
    selector,
    value,
    vm_selectors,
)

#: Scalars that libvirt reads into fixed structures, in which a property may be null and may not be missing.
FIXED = {
    "Win32_ComputerSystem": "AutomaticResetBootOption BootROMSupported InfraredSupported LastLoadInfo",
    "Win32_OperatingSystem": "DataExecutionPrevention_SupportPolicy Debug LargeSystemCache PAEEnabled SuiteMask",
    "Win32_Processor": "ConfigManagerUserConfig ErrorCleared ExtClock L3CacheSpeed Level Revision VoltageCaps",
}


@pytest.fixture(scope="module")
def pair() -> Pair:
    return Pair()


@pytest.mark.parametrize("class_name", FIXED)
def test_a_client_with_fixed_structures_finds_every_property_it_names(pair: Pair, class_name: str) -> None:
    found = instances(pair.body(query(f"SELECT * FROM {class_name}", uri=CIMV2)))[0]

    assert [name for name in FIXED[class_name].split() if not children(found, name)] == []


def test_a_machine_without_serial_ports_has_settings_of_none(pair: Pair) -> None:
    machine = f"Msvm_VirtualSystemSettingData.InstanceID='Microsoft:{SQL01}'"
    text = (
        f"ASSOCIATORS OF {{{machine}}} WHERE AssocClass = Msvm_VirtualSystemSettingDataComponent "
        "ResultClass = Msvm_SerialPortSettingData"
    )

    assert instances(pair.body(query(text))) == []


def test_the_services_of_a_hyperv_host_run(pair: Pair) -> None:
    text = "SELECT Name, State FROM Win32_Service WHERE Name = 'vmms' OR Name = 'WinRM'"
    found = instances(pair.body(query(text, uri=CIMV2)))

    assert [(value(item, "Name"), value(item, "State")) for item in found] == [
        ("vmms", "Running"),
        ("WinRM", "Running"),
    ]


def test_firmware_and_product_name_one_serial_number(pair: Pair) -> None:
    firmware = instances(pair.body(query("SELECT * FROM Win32_BIOS", uri=CIMV2)))[0]
    product = instances(pair.body(query("SELECT * FROM Win32_ComputerSystemProduct", uri=CIMV2)))[0]

    assert value(firmware, "SerialNumber") == value(product, "IdentifyingNumber")


def test_a_method_may_be_called_in_the_namespace_of_the_dmtf_uri_it_is_asked_at(pair: Pair) -> None:
    uri = "http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/Msvm_ComputerSystem"
    method = "RequestReplicationStateChange"
    inner = f'<p:{method}_INPUT xmlns:p="{uri}"><p:RequestedState>77</p:RequestedState></p:{method}_INPUT>'
    namespace = selector("__cimnamespace", V2.partition("/wmi/")[2])

    asked = envelope(f"{uri}/{method}", uri, inner, vm_selectors(SQL01) + namespace)

    assert return_value(pair.body(asked)) == 32773


def test_the_version_of_hyperv_is_that_of_its_service_program(pair: Pair) -> None:
    text = "Select * from CIM_DataFile where Name='c:\\\\windows\\\\system32\\\\vmms.exe' "
    program = instances(pair.body(query(text, uri=CIMV2)))[0]
    system = instances(pair.body(query("SELECT Version FROM Win32_OperatingSystem", uri=CIMV2)))[0]

    assert value(program, "Version") == value(system, "Version")
    assert children(program, "EncryptionMethod")
