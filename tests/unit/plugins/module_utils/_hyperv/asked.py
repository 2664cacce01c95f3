# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Calls as a host was asked for them, and what they carried."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Mapping

from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.calls import Argument
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.looking import Gather
from ansible_collections.hyperv.replica.tests.unit.plugins.module_utils._hyperv.scripted_host import (
    SQL01,
    Asked,
    Row,
    ScriptedHost,
    estate,
    open_host,
    replication_settings,
    vm,
)

#: Own properties of the class, from the page msvm-replicationsettingdata: name, CIM type, value as it must be sent.
COMPLETE = [
    ("InstanceID", "string", f"Microsoft:{SQL01}\\HVR\\0"),
    ("VirtualSystemIdentifier", "string", SQL01),
    ("AuthenticationType", "uint16", "1"),
    ("CertificateThumbPrint", "string", ""),
    ("RootCertificateThumbPrint", "string", None),
    ("CompressionEnabled", "boolean", "true"),
    ("BypassProxyServer", "boolean", "false"),
    ("RecoveryConnectionPoint", "string", "hv-b.example.test"),
    ("RecoveryHostSystem", "string", "hv-b.example.test"),
    ("PrimaryConnectionPoint", "string", "hv-a.example.test"),
    ("PrimaryHostSystem", "string", "hv-a.example.test"),
    ("RecoveryServerPortNumber", "uint16", "80"),
    ("ReplicateHostKvpItems", "boolean", "true"),
    ("ApplicationConsistentSnapshotInterval", "uint16", "0"),
    ("RecoveryHistory", "uint16", "4"),
    ("IncludedDisks", "string", ["Microsoft:D1\\0", "Microsoft:D2\\1"]),
    ("AutoResynchronizeEnabled", "boolean", "true"),
    ("AutoResynchronizeIntervalStart", "datetime", "00000000183000.000000:000"),
    ("AutoResynchronizeIntervalEnd", "datetime", "00000000060000.000000:000"),
    ("EnableWriteOrderPreservationAcrossDisks", "boolean", "true"),
    (
        "ReplicationProvider",
        "string",
        '\\\\HV-B\\root\\virtualization\\v2:Msvm_ReplicationProvider.Name="22391cdc-272c-4ddf-ba88-9befb1a0975c"',
    ),
    ("AdditionalSettings", "string", "a<b & \"c\" 'd'"),
    ("ReplicationInterval", "uint16", "300"),
]


def estate_with(**more: list[Row]) -> dict[str, list[Row]]:
    return estate(vm(SQL01, "SQL01"), Msvm_ReplicationSettingData=[replication_settings(SQL01)], **more)


def perform(script: ScriptedHost, method: str, arguments: Mapping[str, Argument], *gather: Gather) -> Asked:
    """Look, make the call, and give the request that it was."""
    host = open_host(script)
    host.perform(host.look(gather).sides[SQL01], method, arguments)
    return script.called(method)[-1]


def embedded_in(text: str | None) -> tuple[str, list[tuple[str, str, str | list[str] | None]]]:
    """Class and properties of CIM-XML text, read here by hand: name, type and value, an array as a list."""
    root = ET.fromstring(text or "")
    found: list[tuple[str, str, str | list[str] | None]] = []
    for one in root:
        values = [value.text or "" for value in one.iter("VALUE")]
        array = one.tag == "PROPERTY.ARRAY"
        found.append(
            (one.get("NAME", ""), one.get("TYPE", ""), values if array else "".join(values) if values else None)
        )
    return root.get("CLASSNAME", ""), found
