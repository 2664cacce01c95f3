# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""SOAP envelopes of replies and faults, as a WinRM service writes them: no white space, the host's language."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from ansible_collections.hyperv.replica.plugins.module_utils._wire import names
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.elements import attribute_xml, text_xml
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.faults import MSFT_WMI_ERROR, Fault
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.languages import fault_text

_PREFIXES: Final = {
    "s": names.SOAP,
    "a": names.ADDRESSING,
    "x": names.TRANSFER,
    "n": names.ENUMERATION,
    "e": names.EVENTING,
    "w": names.WSMAN,
    "p": names.MS_WSMAN,
}

#: The action of a fault goes with the namespace of its subcode (recorded replies).
_FAULT_ACTIONS: Final = {
    "a": f"{names.ADDRESSING}/fault",
    "e": f"{names.EVENTING}/fault",
    "n": f"{names.ENUMERATION}/fault",
    "s": f"{names.ADDRESSING}/fault",
    "w": names.WSMAN_FAULT_ACTION,
    "x": f"{names.TRANSFER}/fault",
}

#: The WMI plug-in, as it names itself in faults (recorded replies).
_PROVIDER: Final = r'provider="WMI Provider" path="%systemroot%\system32\WsmWmiPl.dll"'


@dataclass(frozen=True, slots=True, kw_only=True)
class Letterhead:
    """What every envelope of one reply carries.

    Attributes:
        relates_to: MessageID of the request, as it was written.
        language: of the host.
        machine: the host's name, as faults give it.
        fragment: the part of the resource that the body holds; empty for the whole.
    """

    message_id: str
    relates_to: str
    language: str
    machine: str
    fragment: str = ""


def reply_envelope(action: str, body: str, head: Letterhead) -> bytes:
    """The envelope of a reply; ``action`` is that of the request."""
    prefixes = "sanwp" if action.startswith(names.ENUMERATION) else "saxwp"
    return _envelope(f"{action}Response", body, head, prefixes)


def identify_envelope(os_version: str, relates_to: str = "") -> bytes:
    """The answer to Identify, which has no addressing headers but to a request with a MessageID."""
    inner = (
        f"<wsmid:IdentifyResponse><wsmid:ProtocolVersion>{names.WSMAN}</wsmid:ProtocolVersion>"
        "<wsmid:ProductVendor>Microsoft Corporation</wsmid:ProductVendor>"
        f"<wsmid:ProductVersion>OS: {text_xml(os_version)} SP: 0.0 Stack: 3.0</wsmid:ProductVersion>"
        "</wsmid:IdentifyResponse>"
    )
    related = f'<a:RelatesTo xmlns:a="{names.ADDRESSING}">{text_xml(relates_to)}</a:RelatesTo>' if relates_to else ""
    header = f"<s:Header>{related}</s:Header>" if related else "<s:Header/>"
    text = (
        f'<s:Envelope xmlns:s="{names.SOAP}" xmlns:wsmid="{names.IDENTITY}">{header}'
        f"<s:Body>{inner}</s:Body></s:Envelope>"
    )
    return text.encode()


def fault_envelope(fault: Fault, head: Letterhead, *, wmi_form: str) -> bytes:
    """The envelope of a fault; ``wmi_form`` is the detail's form where WMI raised it."""
    prefix = fault.kind.subcode.partition(":")[0]
    form = fault.form or (wmi_form if fault.hresult else "")
    reason = _reason(fault, head.language)
    detail = _wmi_error(fault, reason) if form == MSFT_WMI_ERROR else _wsman_fault(fault, reason, head)
    body = (
        f"<s:Fault>{_code(fault)}"
        f'<s:Reason><s:Text xml:lang="{attribute_xml(head.language)}">{text_xml(reason)}</s:Text></s:Reason>'
        f"<s:Detail>{_fault_detail(fault)}{detail}</s:Detail></s:Fault>"
    )
    action = _FAULT_ACTIONS.get(prefix, names.WSMAN_FAULT_ACTION)
    if form == MSFT_WMI_ERROR:  # the one that was recorded relates to no message
        head = replace(head, relates_to="")
    return _envelope(action, body, head, "saxnewp", _not_understood(fault))


def _envelope(action: str, body: str, head: Letterhead, prefixes: str, more: str = "") -> bytes:
    declared = " ".join(f'xmlns:{prefix}="{_PREFIXES[prefix]}"' for prefix in prefixes)
    relates = f"<a:RelatesTo>{text_xml(head.relates_to)}</a:RelatesTo>" if head.relates_to else ""
    if head.fragment:
        relates += f"<w:FragmentTransfer>{text_xml(head.fragment)}</w:FragmentTransfer>"
    text = (
        f'<s:Envelope xml:lang="{attribute_xml(head.language)}" {declared}><s:Header>'
        f"<a:Action>{text_xml(action)}</a:Action><a:MessageID>uuid:{head.message_id}</a:MessageID>"
        f"<a:To>{names.ANONYMOUS}</a:To>{relates}{more}</s:Header><s:Body>{body}</s:Body></s:Envelope>"
    )
    return text.encode()


def _not_understood(fault: Fault) -> str:
    """The header block that names what was not understood (SOAP 1.2 part 1, section 5.4.8)."""
    uri, _mark, name = fault.tag[1:].rpartition("}")
    return f'<s:NotUnderstood qname="q:{name}" xmlns:q="{attribute_xml(uri)}"/>' if uri else ""


def _code(fault: Fault) -> str:
    if fault.kind.subcode.startswith("s:"):
        return f"<s:Code><s:Value>{fault.kind.subcode}</s:Value></s:Code>"
    side = "s:Receiver" if fault.kind.receiver else "s:Sender"
    return (
        f"<s:Code><s:Value>{side}</s:Value>"
        f"<s:Subcode><s:Value>{text_xml(fault.kind.subcode)}</s:Value></s:Subcode></s:Code>"
    )


def _reason(fault: Fault, language: str) -> str:
    said = fault_text(language, fault.kind.text)
    return f"{said} ({fault.found})" if fault.found else said


def _fault_detail(fault: Fault) -> str:
    detail = fault.kind.detail
    return f"<w:FaultDetail>{names.FAULT_DETAIL}/{text_xml(detail)}</w:FaultDetail>" if detail else ""


def _wsman_fault(fault: Fault, reason: str, head: Letterhead) -> str:
    machine = f'Machine="{attribute_xml(head.machine)}"'
    message = _provider_fault(fault, reason, machine) if fault.hresult else text_xml(reason)
    return (
        f'<f:WSManFault xmlns:f="{names.MS_FAULT}" Code="{fault.kind.code}" {machine}>'
        f"<f:Message>{message}</f:Message></f:WSManFault>"
    )


def _provider_fault(fault: Fault, reason: str, machine: str) -> str:
    text = f"{reason} HRESULT 0x{fault.hresult:08x}"
    return (
        f'<f:ProviderFault {_PROVIDER}><f:WSManFault Code="{fault.hresult}" {machine}>'
        f"<f:Message>{text_xml(text)}</f:Message></f:WSManFault>{_extended(fault, reason)}</f:ProviderFault>"
    )


def _extended(fault: Fault, reason: str) -> str:
    if not fault.query:
        return ""
    uri = f"{names.WMI}/root/cimv2/__ExtendedStatus"
    return (
        f'<f:ExtendedError><p:__ExtendedStatus xmlns:p="{uri}" xmlns:xsi="{names.XSI}" '
        'xsi:type="p:__ExtendedStatus_Type">'
        f'<p:Description xsi:nil="true"/><p:Operation>ExecQuery</p:Operation>'
        f"<p:ParameterInfo>{text_xml(fault.query)}</p:ParameterInfo><p:ProviderName>WinMgmt</p:ProviderName>"
        '<p:StatusCode xsi:nil="true"/></p:__ExtendedStatus></f:ExtendedError>'
    )


def _wmi_error(fault: Fault, reason: str) -> str:
    code = fault.hresult or fault.kind.code
    rows = (
        ("CIMStatusCode", "cimUnsignedInt", "27" if fault.kind.text == "quota" else "1"),
        ("error_Category", "cimUnsignedInt", "30" if fault.kind.text == "quota" else "0"),
        ("error_Code", "cimUnsignedInt", str(code)),
        ("error_Type", "cimString", "HRESULT"),
        ("error_WindowsErrorMessage", "cimString", reason),
        ("Message", "cimString", reason),
        ("MessageID", "cimString", f"HRESULT 0x{code:08x}"),
        ("PerceivedSeverity", "cimUnsignedShort", "0"),
    )
    inner = "".join(f'<p:{name} xsi:type="cim:{kind}">{text_xml(value)}</p:{name}>' for name, kind, value in rows)
    return (
        f'<p:MSFT_WmiError xmlns:p="{names.WMI_ERROR}" xmlns:b="{names.CIM_BINDING}" xmlns:xsi="{names.XSI}" '
        f'xmlns:cim="{names.CIM_COMMON}" b:IsCIM_Error="true" xsi:type="p:MSFT_WmiError_Type">'
        f"{inner}</p:MSFT_WmiError>"
    )
