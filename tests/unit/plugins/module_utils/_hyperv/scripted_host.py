# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A host that answers envelopes with envelopes written here, by class and by method; it notes what it was asked."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from html import escape
from typing import Union
from uuid import UUID

from ansible_collections.hyperv.replica.plugins.module_utils._errors import TransportError
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.host import Host

V2 = "http://schemas.microsoft.com/wbem/wsman/1/wmi/root/virtualization/v2/"
CIMV2 = "http://schemas.microsoft.com/wbem/wsman/1/wmi/root/cimv2/"
NOW = datetime(2026, 11, 20, 12, 0, tzinfo=timezone.utc)
SQL01 = "11111111-AAAA-4BBB-8CCC-000000000001"
WEB01 = "22222222-AAAA-4BBB-8CCC-000000000002"

_SOAP = "http://www.w3.org/2003/05/soap-envelope"
_NAMESPACES = (
    f'xmlns:s="{_SOAP}" xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" '
    'xmlns:n="http://schemas.xmlsoap.org/ws/2004/09/enumeration" '
    'xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd" '
    'xmlns:cim="http://schemas.dmtf.org/wbem/wscim/1/common" '
    'xmlns:f="http://schemas.microsoft.com/wbem/wsman/1/wsmanfault" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
)


class Xml(str):
    """Text that goes out as it is."""

    __slots__ = ()


Value = Union[str, int, bool, None, Sequence[Union[str, int]]]
Row = Mapping[str, Value]


def moment(text: str) -> Xml:
    return Xml(f"<cim:Datetime>{text}</cim:Datetime>")


def reference(class_name: str, **keys: str) -> Xml:
    selectors = "".join(f'<w:Selector Name="{name}">{escape(value)}</w:Selector>' for name, value in keys.items())
    return Xml(
        "<a:Address>http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous</a:Address><a:ReferenceParameters>"
        f"<w:ResourceURI>{V2}{class_name}</w:ResourceURI><w:SelectorSet>{selectors}</w:SelectorSet>"
        "</a:ReferenceParameters>"
    )


def vm(vm_id: str, name: str, **more: Value) -> dict[str, Value]:
    """A Msvm_ComputerSystem that runs and is a replicating primary, unless told otherwise."""
    return {
        "Name": vm_id,
        "ElementName": name,
        "EnabledState": 2,
        "RequestedState": 12,
        "ReplicationMode": 1,
        "ReplicationState": 3,
        "ReplicationHealth": 1,
        "OnTimeInMilliseconds": 60_000,
        **more,
    }


@dataclass(frozen=True)
class Asked:
    """One request as it stood on the wire."""

    action: str
    class_name: str
    wql: str
    selectors: Mapping[str, str]
    parameters: Mapping[str, ET.Element]

    @property
    def method(self) -> str:
        return self.action.rpartition("/")[2]

    def text(self, name: str) -> str | None:
        return self.parameters[name].text

    def keys(self, name: str) -> dict[str, str]:
        """Selectors of a reference parameter that is not wrapped."""
        found = self.parameters[name].findall("{*}ReferenceParameters/{*}SelectorSet/{*}Selector")
        return {one.get("Name", ""): one.text or "" for one in found}

    def is_nil(self, name: str) -> bool:
        return self.parameters[name].get("{http://www.w3.org/2001/XMLSchema-instance}nil") == "true"


@dataclass
class ScriptedHost:
    """Answers queries from its rows and methods from its answers.

    Attributes:
        rows: instances by class; a class that is not here does not exist.
        answers: output of each method, as properties, or several to be given one after the other; an Xml is the whole
            body, such as a fault.
        refuses_wql: filters are not taken.
    """

    rows: dict[str, list[Row]] = field(default_factory=dict)
    answers: dict[str, list[Row | Xml]] = field(default_factory=dict)
    refuses_wql: bool = False
    asked: list[Asked] = field(default_factory=list)
    trouble: TransportError | None = None

    def exchange(self, envelope: bytes, *, repeatable: bool) -> bytes:
        request = _read(envelope)
        self.asked.append(request)
        if self.trouble is not None:
            raise self.trouble
        return f"<s:Envelope {_NAMESPACES}><s:Header/><s:Body>{self._body(request)}</s:Body></s:Envelope>".encode()

    def _body(self, request: Asked) -> str:
        if request.method == "Enumerate":
            return self._found(request)
        given = self.answers.get(request.method, [{"ReturnValue": 0}])
        answer = given.pop(0) if len(given) > 1 else given[0]
        if isinstance(answer, Xml):
            return answer
        return _instance(f"{V2}{request.class_name}", f"{request.method}_OUTPUT", answer)

    def _found(self, request: Asked) -> str:
        if request.wql and self.refuses_wql:
            return fault("n:CannotProcessFilter", 2150858778)
        wanted = request.class_name if request.class_name != "*" else request.wql.split(" FROM ")[1].split(" ")[0]
        if wanted not in self.rows:
            return fault("n:CannotProcessFilter", 2150858778, inner=0x80041010)
        base = CIMV2 if wanted.startswith("Win32_") else V2
        items = "".join(_instance(f"{base}{wanted}", wanted, row) for row in self.rows[wanted])
        return (
            "<n:EnumerateResponse><n:EnumerationContext></n:EnumerationContext>"
            f"<w:Items>{items}</w:Items><w:EndOfSequence/></n:EnumerateResponse>"
        )

    def queries(self, class_name: str) -> list[str]:
        return [one.wql for one in self.asked if f" FROM {class_name}" in one.wql]

    def called(self, method: str) -> list[Asked]:
        return [one for one in self.asked if one.method == method]


def fault(subcode: str, code: int, *, inner: int | None = None) -> Xml:
    provider = f'<f:ProviderFault><f:WSManFault Code="{inner}" Machine="hv"/></f:ProviderFault>' if inner else ""
    return Xml(
        f"<s:Fault><s:Code><s:Value>s:Sender</s:Value><s:Subcode><s:Value>{subcode}</s:Value></s:Subcode></s:Code>"
        '<s:Reason><s:Text xml:lang="de-DE">Nein.</s:Text></s:Reason><s:Detail>'
        f'<f:WSManFault Code="{code}" Machine="hv"><f:Message>{provider}</f:Message></f:WSManFault>'
        "</s:Detail></s:Fault>"
    )


def error_text(message: str) -> str:
    """A Msvm_Error as CIM-XML text."""
    value = f"<VALUE>{escape(message)}</VALUE>"
    return f'<INSTANCE CLASSNAME="Msvm_Error"><PROPERTY NAME="Message" TYPE="string">{value}</PROPERTY></INSTANCE>'


def estate(*systems: Row, **more: list[Row]) -> dict[str, list[Row]]:
    """A host's own instance and these virtual machines, with a relationship for each that is replicated."""
    host: Row = {"Name": "HV-B", "ElementName": "HV-B", "EnabledState": 2, "ReplicationMode": None}
    return {
        "Msvm_ComputerSystem": [host, *systems],
        "Msvm_ReplicationRelationship": [
            {
                "InstanceID": f"Microsoft:{one['Name']}\\HVR\\0",
                "ReplicationState": one["ReplicationState"],
                "ReplicationHealth": 1,
                "FailedOverReplicationType": 0,
                "LastReplicationType": 1,
                "LastReplicationTime": moment("2026-11-20T11:58:00Z"),
                "LastApplicationConsistentReplicationTime": moment("1601-01-01T00:00:00Z"),
                "LastApplyTime": moment("2026-11-20T11:58:30Z"),
            }
            for one in systems
            if one["ReplicationState"]
        ],
        "Win32_OperatingSystem": [
            {
                "CSName": "HV-B",
                "LocalDateTime": moment("2026-11-20T13:00:01+01:00"),
                "LastBootUpTime": moment("2026-11-01T06:00:00Z"),
            }
        ],
        "Msvm_ReplicationService": [
            {
                "CreationClassName": "Msvm_ReplicationService",
                "Name": "replicasvc",
                "SystemCreationClassName": "Msvm_ComputerSystem",
                "SystemName": "HV-B",
                "OperationalStatus": [2],
            }
        ],
        **more,
    }


def replication_settings(vm_id: str, **more: Value) -> dict[str, Value]:
    """What a real host shows in Msvm_ReplicationSettingData, with some of the inherited properties."""
    return {
        "InstanceID": f"Microsoft:{vm_id}\\HVR\\0",
        "Caption": "Replikationseinstellungen",
        "ElementName": "SQL01",
        "ConfigurationID": None,
        "VirtualSystemType": "Microsoft:Hyper-V:Replica",
        "AutomaticStartupAction": 3,
        "VirtualSystemIdentifier": vm_id,
        "AuthenticationType": 1,
        "CertificateThumbPrint": "",
        "RootCertificateThumbPrint": None,
        "CompressionEnabled": True,
        "BypassProxyServer": False,
        "RecoveryConnectionPoint": "hv-b.example.test",
        "RecoveryHostSystem": "hv-b.example.test",
        "PrimaryConnectionPoint": "hv-a.example.test",
        "PrimaryHostSystem": "hv-a.example.test",
        "RecoveryServerPortNumber": 80,
        "ReplicateHostKvpItems": True,
        "ApplicationConsistentSnapshotInterval": 0,
        "RecoveryHistory": 4,
        "IncludedDisks": ["Microsoft:D1\\0", "Microsoft:D2\\1"],
        "AutoResynchronizeEnabled": True,
        "AutoResynchronizeIntervalStart": Xml("<cim:Interval>P0DT18H30M0S</cim:Interval>"),
        "AutoResynchronizeIntervalEnd": Xml("<cim:Interval>P0DT6H0M0S</cim:Interval>"),
        "EnableWriteOrderPreservationAcrossDisks": True,
        "ReplicationProvider": "\\\\HV-B\\root\\virtualization\\v2:Msvm_ReplicationProvider.Name="
        '"22391cdc-272c-4ddf-ba88-9befb1a0975c"',
        "AdditionalSettings": "a<b & \"c\" 'd'",
        "ReplicationInterval": 300,
        **more,
    }


def open_host(script: ScriptedHost, name: str = "hv-b") -> Host:
    ids = (UUID(int=number) for number in range(1, 100_000))
    new_id: Callable[[], UUID] = lambda: next(ids)  # noqa: E731
    return Host(name, script, endpoint="http://hv-b:5985/wsman", new_id=new_id, now=lambda: NOW)


def _instance(uri: str, name: str, row: Row) -> str:
    return f'<p:{name} xmlns:p="{uri}">{"".join(_property(key, value) for key, value in row.items())}</p:{name}>'


def _property(name: str, value: Value) -> str:
    if value is None:
        return f'<p:{name} xsi:nil="true"/>'
    if isinstance(value, Xml):
        return f"<p:{name}>{value}</p:{name}>"
    if isinstance(value, bool):
        return f"<p:{name}>{str(value).lower()}</p:{name}>"
    if isinstance(value, (str, int)):
        return f"<p:{name}>{escape(str(value))}</p:{name}>"
    return "".join(_property(name, one) for one in value)


def _read(envelope: bytes) -> Asked:
    root = ET.fromstring(envelope)
    header, body = root[0], root[1]
    content = body[0] if len(body) else ET.Element("none")
    found = content.find("{*}Filter")
    return Asked(
        action=header.findtext("{*}Action", ""),
        class_name=re.sub(r".*/", "", header.findtext("{*}ResourceURI", "")),
        wql=(found.text or "") if found is not None else "",
        selectors={one.get("Name", ""): one.text or "" for one in header.findall("{*}SelectorSet/{*}Selector")},
        parameters={child.tag.rpartition("}")[2]: child for child in content},
    )
