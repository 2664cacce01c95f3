# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Envelopes by hand, and a simulated host to hand them to. Nothing here comes from the client's wire code.

Sources of the shapes: DMTF DSP0226 and DSP0227, [MS-WSMV], and what shipping clients send to real hosts.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from datetime import datetime, timedelta, timezone
from typing import Any
from xml.sax.saxutils import escape

from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.estate import from_estate
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.service import Reply, Service
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.world import World

S = "http://www.w3.org/2003/05/soap-envelope"
A = "http://schemas.xmlsoap.org/ws/2004/08/addressing"
N = "http://schemas.xmlsoap.org/ws/2004/09/enumeration"
X = "http://schemas.xmlsoap.org/ws/2004/09/transfer"
W = "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd"
B = "http://schemas.dmtf.org/wbem/wsman/1/cimbinding.xsd"
CIM = "http://schemas.dmtf.org/wbem/wscim/1/common"
FAULT = "http://schemas.microsoft.com/wbem/wsman/1/wsmanfault"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
WMI_ERROR = "http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/MSFT_WmiError"
CONFIG = "http://schemas.microsoft.com/wbem/wsman/1/config"
V2 = "http://schemas.microsoft.com/wbem/wsman/1/wmi/root/virtualization/v2"
CIMV2 = "http://schemas.microsoft.com/wbem/wsman/1/wmi/root/cimv2"
WQL = "http://schemas.microsoft.com/wbem/wsman/1/WQL"
ASSOCIATION = "http://schemas.dmtf.org/wbem/wsman/1/cimbinding/associationFilter"
ANONYMOUS = f"{A}/role/anonymous"

START = datetime(2026, 1, 12, 8, 0, tzinfo=timezone.utc)
SQL01 = "9F3C1E2A-7B61-4C55-9C0B-5D0A3B8E1122"
ODD = "C0FFEE00-1D2E-4F30-8A4B-5C6D7E8F9A0B"
ODD_NAME = "O'Brien <&\"\\ %_"
MESSAGE = "uuid:6c5b9a10-8E4D-4C1E-9A55-0C9E2B1D7F01"


def estate(spare: int = 0) -> dict[str, Any]:
    """Two hosts, two replicated VMs, and so many others on HV-A that are off."""
    others = [{"name": f"spare{number:03d}"} for number in range(spare)]
    hosts = [{**_host("HV-A", "hv-b", "en-US"), "vms": others}, _host("HV-B", "hv-a", "de-DE")]
    return {"schema_version": 1, "hosts": hosts, "replicated": [_pair("SQL01", SQL01), _pair(ODD_NAME, ODD)]}


def _host(name: str, other: str, language: str) -> dict[str, Any]:
    return {
        "name": name,
        "fqdn": f"{name.lower()}.example.test",
        "language": language,
        "switches": ["Production", "Isolated"],
        "replica_server": {"authorize": [{"primary": f"{other}.example.test"}]},
    }


def _pair(name: str, guid: str) -> dict[str, Any]:
    return {
        "name": name,
        "guid": guid,
        "primary": "HV-A",
        "replica": "HV-B",
        "power": "running",
        "recovery_history": 4,
        "disks": [{"size": "10 GiB", "used": "1 GiB"}, {"size": "20 GiB", "used": "2 GiB"}],
        "adapters": [{"switch": "Production"}],
    }


class Pair:
    """Both hosts of an estate, each answered for by its service; time stands still until it is moved."""

    def __init__(self, spare: int = 0, **switches: str) -> None:
        self.world: World = from_estate(estate(spare), start=START, rate=0.0, switches=switches)
        self.services = {name: Service(self.world, name) for name in self.world.hosts}

    def ask(self, request: str | bytes, host: str = "HV-A") -> Reply:
        """The reply of a host to a raw envelope."""
        body = request.encode() if isinstance(request, str) else request
        return self.services[host].answer(body, principal="operator")

    def body(self, request: str | bytes, host: str = "HV-A") -> ET.Element:
        """The SOAP body of a reply that is no fault."""
        reply = self.ask(request, host)
        if reply.status != 200:
            raise AssertionError(reply.body.decode())
        return soap_body(reply)

    def wait(self, seconds: float) -> None:
        """Move the time."""
        self.world.clock.advance(timedelta(seconds=seconds))


def envelope(action: str, uri: str, body: str = "", selectors: str = "", headers: str = "") -> str:
    """A request as DSP0226 has it; ``selectors`` is the inside of a w:SelectorSet."""
    selected = f"<w:SelectorSet>{selectors}</w:SelectorSet>" if selectors else ""
    return f"""<s:Envelope xmlns:s="{S}" xmlns:a="{A}" xmlns:w="{W}" xmlns:n="{N}" xmlns:b="{B}" xmlns:x="{X}"
 xmlns:xsi="{XSI}" xmlns:cim="{CIM}"><s:Header><a:To>http://hv-a:5985/wsman</a:To>
 <w:ResourceURI s:mustUnderstand="true">{uri}</w:ResourceURI>
 <a:ReplyTo><a:Address s:mustUnderstand="true">{ANONYMOUS}</a:Address></a:ReplyTo>
 <a:Action s:mustUnderstand="true">{action}</a:Action><a:MessageID>{MESSAGE}</a:MessageID>
 {headers}{selected}</s:Header><s:Body>{body}</s:Body></s:Envelope>"""


def selector(name: str, value: str) -> str:
    """One w:Selector."""
    return f'<w:Selector Name="{name}">{escape(value)}</w:Selector>'


def vm_selectors(guid: str) -> str:
    """The keys of a VM."""
    return selector("CreationClassName", "Msvm_ComputerSystem") + selector("Name", guid)


def get(class_name: str, selectors: str = "", *, uri: str = V2, headers: str = "") -> str:
    """A Get."""
    return envelope(f"{X}/Get", f"{uri}/{class_name}", "", selectors, headers)


def enumerate_(class_name: str, inner: str = "", *, uri: str = V2, headers: str = "") -> str:
    """An Enumerate with these children."""
    return envelope(f"{N}/Enumerate", f"{uri}/{class_name}", f"<n:Enumerate>{inner}</n:Enumerate>", "", headers)


def optimised(most: int = 32000) -> str:
    """Children of an Enumerate that wants items at once."""
    return f"<w:OptimizeEnumeration/><w:MaxElements>{most}</w:MaxElements>"


def query(text: str, *, uri: str = V2, class_name: str = "*", mode: str = "") -> str:
    """An optimised Enumerate with a WQL query."""
    asked = f"<w:EnumerationMode>{mode}</w:EnumerationMode>" if mode else ""
    inner = f'{optimised()}{asked}<w:Filter Dialect="{WQL}">{escape(text)}</w:Filter>'
    return enumerate_(class_name, inner, uri=uri)


def pull(context: str, most: int | None = 32000, *, class_name: str = "*", uri: str = V2) -> str:
    """A Pull."""
    asked = "" if most is None else f"<n:MaxElements>{most}</n:MaxElements>"
    body = f"<n:Pull><n:EnumerationContext>{context}</n:EnumerationContext>{asked}</n:Pull>"
    return envelope(f"{N}/Pull", f"{uri}/{class_name}", body)


def invoke(class_name: str, method: str, parameters: str = "", selectors: str = "") -> str:
    """A method call; the parameters are written with the prefix p."""
    uri = f"{V2}/{class_name}"
    body = f'<p:{method}_INPUT xmlns:p="{uri}">{parameters}</p:{method}_INPUT>'
    return envelope(f"{uri}/{method}", uri, body, selectors)


def replication(method: str, parameters: str = "") -> str:
    """A method of the replication service."""
    return invoke(
        "Msvm_ReplicationService", method, parameters, selector("CreationClassName", "Msvm_ReplicationService")
    )


def reference(guid: str, class_name: str = "Msvm_ComputerSystem", selectors: str = "") -> str:
    """The inside of a reference parameter, without a wrapper."""
    keys = selectors or vm_selectors(guid)
    return (
        f"<a:Address>{ANONYMOUS}</a:Address><a:ReferenceParameters><w:ResourceURI>{V2}/{class_name}</w:ResourceURI>"
        f"<w:SelectorSet>{keys}</w:SelectorSet></a:ReferenceParameters>"
    )


def soap_body(reply: Reply) -> ET.Element:
    """The SOAP body of a reply."""
    found = ET.fromstring(reply.body).find(f"{{{S}}}Body")
    if found is None:
        raise AssertionError("no body")
    return found


def instances(body: ET.Element) -> list[ET.Element]:
    """The items of an EnumerateResponse or PullResponse."""
    return [item for tag in (f"{{{W}}}Items", f"{{{N}}}Items") for items in body.iter(tag) for item in items]


def value(element: ET.Element, name: str) -> str | None:
    """The text of a child, whatever its namespace; None where it is not there or null."""
    return next((child.text or "" for child in children(element, name) if not child.get(f"{{{XSI}}}nil")), None)


def children(element: ET.Element, name: str) -> list[ET.Element]:
    """The children of this name, whatever their namespace."""
    return [child for child in element if child.tag.rpartition("}")[2] == name]


def return_value(body: ET.Element) -> int:
    """ReturnValue of a method's reply."""
    return int(next(text for element in body for text in [value(element, "ReturnValue")] if text is not None))


def fault(reply: Reply) -> tuple[str, int]:
    """Subcode (or code) and WSManFault Code of a fault, which has to come with HTTP 500."""
    if reply.status != 500:
        raise AssertionError(reply.body.decode())
    body = soap_body(reply)
    subcode = body.findtext(f".//{{{S}}}Subcode/{{{S}}}Value") or body.findtext(f".//{{{S}}}Code/{{{S}}}Value") or ""
    found = body.find(f".//{{{FAULT}}}WSManFault")
    return subcode, int(found.get("Code", "0")) if found is not None else 0
