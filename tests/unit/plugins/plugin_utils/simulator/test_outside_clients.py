# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Clients that know nothing of this collection against the real process: pypsrp, pywinrm and plain HTTP.

The envelopes are written here from DMTF DSP0226 and Microsoft's pages; nothing of our own wire code is used.
"""

from __future__ import annotations

import base64
import ssl
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from http.client import HTTPConnection, HTTPSConnection
from typing import Any

import pytest
from pypsrp.exceptions import WSManFaultError
from pypsrp.wsman import SelectorSet, WSMan
from winrm.protocol import Protocol, xmltodict  # the reader and writer of XML that pywinrm itself uses

from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.launch import Simulation, start

S = "http://www.w3.org/2003/05/soap-envelope"
A = "http://schemas.xmlsoap.org/ws/2004/08/addressing"
N = "http://schemas.xmlsoap.org/ws/2004/09/enumeration"
W = "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd"
WMI = "http://schemas.microsoft.com/wbem/wsman/1/wmi/root/virtualization/v2"
GET = "http://schemas.xmlsoap.org/ws/2004/09/transfer/Get"
ANONYMOUS = f"{A}/role/anonymous"
WQL = "http://schemas.microsoft.com/wbem/wsman/1/WQL"

WSMID = "http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd"

IDENTIFY = (
    f"""<s:Envelope xmlns:s="{S}" xmlns:wsmid="{WSMID}"><s:Header/><s:Body><wsmid:Identify/></s:Body></s:Envelope>"""
)

Send = Callable[[str], bytes]
MakeClient = Callable[[Simulation], Send]


@pytest.fixture(scope="module")
def simulation() -> Iterator[Simulation]:
    with start(rate=0, idle_timeout=300) as running:
        yield running


@pytest.fixture(scope="module")
def vm(simulation: Simulation) -> str:
    """GUID of SQL01 on HV-A."""
    vms = simulation.world()["hosts"]["HV-A"]["vms"]
    return next(str(guid) for guid, copy in vms.items() if copy["name"] == "SQL01")


def _envelope(uri: str, action: str, body: str = "", selectors: dict[str, str] | None = None) -> str:
    chosen = "".join(f'<w:Selector Name="{name}">{value}</w:Selector>' for name, value in (selectors or {}).items())
    return f"""<s:Envelope xmlns:s="{S}" xmlns:a="{A}" xmlns:w="{W}" xmlns:n="{N}"><s:Header>
  <a:To>http://windows-host:5985/wsman</a:To>
  <w:ResourceURI s:mustUnderstand="true">{uri}</w:ResourceURI>
  <a:ReplyTo><a:Address s:mustUnderstand="true">{ANONYMOUS}</a:Address></a:ReplyTo>
  <a:Action s:mustUnderstand="true">{action}</a:Action>
  <a:MessageID>uuid:6C5B9A10-8E4D-4C1E-9A55-0C9E2B1D7F01</a:MessageID>
  <w:MaxEnvelopeSize s:mustUnderstand="true">512000</w:MaxEnvelopeSize>
  <w:OperationTimeout>PT60S</w:OperationTimeout>
  <w:SelectorSet>{chosen}</w:SelectorSet>
 </s:Header><s:Body>{body}</s:Body></s:Envelope>"""


def _keys(vm: str) -> dict[str, str]:
    return {"CreationClassName": "Msvm_ComputerSystem", "Name": vm}


def _get_vm(vm: str) -> str:
    return _envelope(f"{WMI}/Msvm_ComputerSystem", GET, selectors=_keys(vm))


def _enumerate(name: str, extra: str = "") -> str:
    return _envelope(f"{WMI}/{name}", f"{N}/Enumerate", f"<n:Enumerate>{extra}</n:Enumerate>")


def _pull(name: str, context: str, limit: str = "") -> str:
    body = f"<n:Pull><n:EnumerationContext>{context}</n:EnumerationContext>{limit}</n:Pull>"
    return _envelope(f"{WMI}/{name}", f"{N}/Pull", body)


def _initiate_failover(vm: str) -> str:
    uri = f"{WMI}/Msvm_ReplicationService"
    selectors = "".join(f'<w:Selector Name="{name}">{value}</w:Selector>' for name, value in _keys(vm).items())
    body = f"""<p:InitiateFailover_INPUT xmlns:p="{uri}"><p:ComputerSystem><a:Address>{ANONYMOUS}</a:Address>
      <a:ReferenceParameters><w:ResourceURI>{WMI}/Msvm_ComputerSystem</w:ResourceURI>
      <w:SelectorSet>{selectors}</w:SelectorSet></a:ReferenceParameters></p:ComputerSystem></p:InitiateFailover_INPUT>"""
    return _envelope(uri, f"{uri}/InitiateFailover", body, {"CreationClassName": "Msvm_ReplicationService"})


def _text(answer: bytes, name: str) -> str:
    return next((e.text or "" for e in ET.fromstring(answer).iter() if e.tag.rpartition("}")[2] == name), "")


def _all_texts(answer: bytes, name: str) -> list[str]:
    return [e.text or "" for e in ET.fromstring(answer).iter() if e.tag.rpartition("}")[2] == name]


def _pypsrp(simulation: Simulation, *, secure: bool, **options: Any) -> WSMan:
    host = simulation.host("HV-A")
    settings: dict[str, Any] = {
        "port": host["https_port" if secure else "http_port"],
        "ssl": secure,
        "username": simulation.username,
        "password": simulation.password,
        "cert_validation": simulation.ca_cert,
        "no_proxy": True,
    }
    return WSMan("127.0.0.1", **settings | options)


def _by_pypsrp(auth: str, *, secure: bool) -> MakeClient:
    def make(simulation: Simulation) -> Send:
        certificate = {"certificate_pem": simulation.client_cert, "certificate_key_pem": simulation.client_key}
        options = certificate if auth == "certificate" else {}
        transport = _pypsrp(simulation, secure=secure, auth=auth, **options).transport
        return lambda envelope: bytes(transport.send(envelope.encode()))

    return make


def _pywinrm(simulation: Simulation, transport: str, *, secure: bool, **options: Any) -> Protocol:
    port = simulation.host("HV-A")["https_port" if secure else "http_port"]
    return Protocol(
        f"{'https' if secure else 'http'}://127.0.0.1:{port}/wsman",
        transport=transport,
        username=simulation.username,
        password=simulation.password,
        ca_trust_path=simulation.ca_cert,
        proxy=None,
        **options,
    )


def _by_pywinrm(transport: str, *, secure: bool) -> MakeClient:
    def make(simulation: Simulation) -> Send:
        certificate = {"cert_pem": simulation.client_cert, "cert_key_pem": simulation.client_key}
        options = certificate if transport == "certificate" else {}
        send: Send = _pywinrm(simulation, transport, secure=secure, **options).send_message
        return send

    return make


def _by_plain_https(simulation: Simulation) -> Send:
    context = ssl.create_default_context(cafile=simulation.ca_cert)
    connection = HTTPSConnection("localhost", simulation.host("HV-A")["https_port"], context=context, timeout=10)
    credentials = base64.b64encode(f"{simulation.username}:{simulation.password}".encode()).decode()
    headers = {"Authorization": f"Basic {credentials}", "Content-Type": "application/soap+xml;charset=UTF-8"}

    def send(envelope: str) -> bytes:
        connection.request("POST", "/wsman", envelope.encode(), headers)
        return connection.getresponse().read()

    return send


CLIENTS: dict[str, MakeClient] = {
    "pypsrp, NTLM, encrypted": _by_pypsrp("ntlm", secure=False),
    "pypsrp, Negotiate, encrypted": _by_pypsrp("negotiate", secure=False),
    "pypsrp, NTLM, HTTPS": _by_pypsrp("ntlm", secure=True),
    "pypsrp, Basic, HTTPS": _by_pypsrp("basic", secure=True),
    "pypsrp, certificate": _by_pypsrp("certificate", secure=True),
    "pywinrm, NTLM, encrypted": _by_pywinrm("ntlm", secure=False),
    "pywinrm, NTLM, HTTPS": _by_pywinrm("ntlm", secure=True),
    "pywinrm, ssl": _by_pywinrm("ssl", secure=True),
    "pywinrm, certificate": _by_pywinrm("certificate", secure=True),
    "plain HTTPS": _by_plain_https,
}


@pytest.fixture(params=CLIENTS)
def send(request: pytest.FixtureRequest, simulation: Simulation) -> Send:
    return CLIENTS[request.param](simulation)


def test_each_client_identifies_the_service(send: Send) -> None:
    answer = send(IDENTIFY)

    assert _text(answer, "ProtocolVersion") == "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd"
    assert _text(answer, "ProductVendor") == "Microsoft Corporation"


def test_each_client_gets_a_virtual_machine(send: Send, vm: str) -> None:
    answer = send(_get_vm(vm))

    assert _text(answer, "ElementName") == "SQL01"
    assert _text(answer, "RelatesTo") == "uuid:6C5B9A10-8E4D-4C1E-9A55-0C9E2B1D7F01"


def test_each_client_enumerates_and_pulls_until_the_end(send: Send) -> None:
    names: list[str] = []
    context = _text(send(_enumerate("Msvm_ComputerSystem")), "EnumerationContext")
    while context:
        page = send(_pull("Msvm_ComputerSystem", context))
        names += _all_texts(page, "ElementName")
        context = _text(page, "EnumerationContext")

    assert {"SQL01", "WEB01", "PRV01", "O'Brien <&\"\\ %_"} <= set(names)


def test_each_client_asks_by_wql(send: Send) -> None:
    query = f"""<w:OptimizeEnumeration/><w:MaxElements>100</w:MaxElements>
      <w:Filter Dialect="{WQL}">SELECT * FROM Msvm_ComputerSystem WHERE ElementName = 'SQL01'</w:Filter>"""

    assert _all_texts(send(_enumerate("*", query)), "ElementName") == ["SQL01"]


def test_each_client_invokes_a_method_and_reads_its_refusal(send: Send, vm: str) -> None:
    assert _text(send(_initiate_failover(vm)), "ReturnValue") == "32775"  # it runs here: a primary


def test_pypsrp_uses_its_own_envelopes(simulation: Simulation, vm: str) -> None:
    selectors = SelectorSet()
    for name, value in _keys(vm).items():
        selectors.add_option(name, value)
    with _pypsrp(simulation, secure=False, auth="ntlm") as wsman:
        body = wsman.get(f"{WMI}/Msvm_ComputerSystem", selector_set=selectors)
        request = ET.Element(f"{{{N}}}Enumerate")
        opened = wsman.enumerate(f"{WMI}/Msvm_ComputerSystem", request)
        pull = ET.Element(f"{{{N}}}Pull")
        ET.SubElement(pull, f"{{{N}}}EnumerationContext").text = opened.findtext(f".//{{{N}}}EnumerationContext")
        ET.SubElement(pull, f"{{{N}}}MaxElements").text = "100"
        page = wsman.pull(f"{WMI}/Msvm_ComputerSystem", pull)

    assert body.findtext(f".//{{{WMI}/Msvm_ComputerSystem}}ElementName") == "SQL01"
    assert len(page.findall(f".//{{{WMI}/Msvm_ComputerSystem}}ElementName")) >= 5


def test_pypsrp_gives_an_enumeration_up_and_asks_who_is_there(simulation: Simulation) -> None:
    """pypsrp knows neither action, sends a MessageID with all it sends, and wants every answer to relate to it."""
    uri = f"{WMI}/Msvm_ComputerSystem"
    with _pypsrp(simulation, secure=False, auth="ntlm") as wsman:
        opened = wsman.enumerate(uri, ET.Element(f"{{{N}}}Enumerate"))
        release = ET.Element(f"{{{N}}}Release")
        ET.SubElement(release, f"{{{N}}}EnumerationContext").text = opened.findtext(f".//{{{N}}}EnumerationContext")
        released = wsman.invoke(f"{N}/Release", uri, release)
        identity = wsman.invoke("", "", ET.Element(f"{{{WSMID}}}Identify"))
        with pytest.raises(WSManFaultError) as again:
            wsman.invoke(f"{N}/Release", uri, release)

    assert released.findtext(f".//{{{A}}}Action") == f"{N}/ReleaseResponse"
    assert identity.findtext(f".//{{{WSMID}}}ProductVendor") == "Microsoft Corporation"
    assert again.value.code == 2150858884


@pytest.mark.parametrize("way", ["put", "create", "delete"])
def test_pypsrp_hears_that_objects_of_hyperv_are_not_written(simulation: Simulation, vm: str, way: str) -> None:
    selectors = SelectorSet()
    for name, value in _keys(vm).items():
        selectors.add_option(name, value)
    uri = f"{WMI}/Msvm_ComputerSystem"
    with _pypsrp(simulation, secure=False, auth="negotiate") as wsman, pytest.raises(WSManFaultError) as fault:
        getattr(wsman, way)(uri, ET.Element(f"{{{uri}}}Msvm_ComputerSystem"), selector_set=selectors)

    assert (fault.value.code, fault.value.provider) == (2150859010, "WMI Provider")


def test_pypsrp_invokes_with_its_own_envelope(simulation: Simulation, vm: str) -> None:
    uri = f"{WMI}/Msvm_ComputerSystem"
    selectors = SelectorSet()
    for name, value in _keys(vm).items():
        selectors.add_option(name, value)
    request = ET.Element(f"{{{uri}}}RequestStateChange_INPUT")
    ET.SubElement(request, f"{{{uri}}}RequestedState").text = "2"
    with _pypsrp(simulation, secure=True, auth="basic") as wsman:
        answer = wsman.invoke(f"{uri}/RequestStateChange", uri, request, selector_set=selectors)

    assert answer.findtext(f".//{{{uri}}}ReturnValue") in ("0", "32775")  # it runs already


def test_pypsrp_reads_a_fault(simulation: Simulation) -> None:
    with _pypsrp(simulation, secure=False, auth="ntlm") as wsman, pytest.raises(WSManFaultError) as fault:
        wsman.get(f"{WMI}/Msvm_ComputerSystem")

    assert isinstance(fault.value.code, int)
    assert fault.value.reason


def test_pypsrp_reads_the_largest_envelope_of_the_host(simulation: Simulation) -> None:
    with _pypsrp(simulation, secure=False, auth="ntlm") as wsman:
        wsman.update_max_payload_size()

        assert wsman.max_envelope_size == 500 * 1024


def test_pywinrm_uses_its_own_header(simulation: Simulation, vm: str) -> None:
    protocol = _pywinrm(simulation, "ntlm", secure=False)
    envelope = {"env:Envelope": protocol.build_wsman_header(GET, f"{WMI}/Msvm_ComputerSystem")}
    selectors = [{"@Name": name, "#text": value} for name, value in _keys(vm).items()]
    envelope["env:Envelope"]["env:Header"]["w:SelectorSet"] = {"w:Selector": selectors}
    envelope["env:Envelope"]["env:Body"] = {}

    assert _text(protocol.send_message(xmltodict.unparse(envelope)), "ElementName") == "SQL01"


def test_anybody_may_identify_and_nothing_else(simulation: Simulation, vm: str) -> None:
    def ask(envelope: str) -> int:
        connection = HTTPConnection("127.0.0.1", simulation.host("HV-A")["http_port"], timeout=10)
        connection.request("POST", "/wsman", envelope.encode(), {"WSMANIDENTIFY": "unauthenticated"})
        return connection.getresponse().status

    assert (ask(IDENTIFY), ask(_get_vm(vm)), ask(_get_vm(vm) + "<!-- Identify -->")) == (200, 401, 401)
