# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fixed names of WS-Management, WS-CIM and Microsoft's WMI binding; nothing here is ours.

Sources: DMTF DSP0226 and DSP0227, [MS-WSMV] 2.2.1, MicrosoftDocs/win32 desktop-src/WinRM/resource-uris.md.
"""

from __future__ import annotations

from typing import Final

SOAP: Final = "http://www.w3.org/2003/05/soap-envelope"
ADDRESSING: Final = "http://schemas.xmlsoap.org/ws/2004/08/addressing"
ENUMERATION: Final = "http://schemas.xmlsoap.org/ws/2004/09/enumeration"
TRANSFER: Final = "http://schemas.xmlsoap.org/ws/2004/09/transfer"
EVENTING: Final = "http://schemas.xmlsoap.org/ws/2004/08/eventing"
WSMAN: Final = "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd"
CIM_BINDING: Final = "http://schemas.dmtf.org/wbem/wsman/1/cimbinding.xsd"
CIM_COMMON: Final = "http://schemas.dmtf.org/wbem/wscim/1/common"
MS_WSMAN: Final = "http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd"
MS_FAULT: Final = "http://schemas.microsoft.com/wbem/wsman/1/wsmanfault"
MS_CONFIG: Final = "http://schemas.microsoft.com/wbem/wsman/1/config"
WMI_ERROR: Final = "http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/MSFT_WmiError"
IDENTITY: Final = "http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd"
XSI: Final = "http://www.w3.org/2001/XMLSchema-instance"
XML: Final = "http://www.w3.org/XML/1998/namespace"

ANONYMOUS: Final = f"{ADDRESSING}/role/anonymous"

GET: Final = f"{TRANSFER}/Get"
PUT: Final = f"{TRANSFER}/Put"
CREATE: Final = f"{TRANSFER}/Create"
DELETE: Final = f"{TRANSFER}/Delete"
ENUMERATE: Final = f"{ENUMERATION}/Enumerate"
PULL: Final = f"{ENUMERATION}/Pull"
RELEASE: Final = f"{ENUMERATION}/Release"
SUBSCRIBE: Final = f"{EVENTING}/Subscribe"

WSMAN_FAULT_ACTION: Final = "http://schemas.dmtf.org/wbem/wsman/1/wsman/fault"
FAULT_DETAIL: Final = "http://schemas.dmtf.org/wbem/wsman/1/wsman/faultDetail"

WQL: Final = "http://schemas.microsoft.com/wbem/wsman/1/WQL"
ASSOCIATION_FILTER: Final = f"{CIM_BINDING.removesuffix('.xsd')}/associationFilter"
SELECTOR_FILTER: Final = "http://schemas.dmtf.org/wbem/wsman/1/wsman/SelectorFilter"

#: What stands before namespace and class in a resource URI ([MS-WSMV] 3.1.4.1.1).
WMI: Final = "http://schemas.microsoft.com/wbem/wsman/1/wmi"
#: The DMTF form, with the namespace in a selector called __cimnamespace (same source).
CIM_SCHEMA: Final = "http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2"
ALL_CLASSES: Final = "http://schemas.dmtf.org/wbem/wscim/1/*"

CERTIFICATE_AUTHORIZATION: Final = "http://schemas.dmtf.org/wbem/wsman/1/wsman/secprofile/https/mutual"

VIRTUALIZATION: Final = "root/virtualization/v2"
CIMV2: Final = "root/cimv2"
DEFAULT: Final = "root/default"
#: Namespaces that only the nodes of a failover cluster have.
MSCLUSTER: Final = "root/mscluster"
HYPERV_CLUSTER: Final = "root/hypervcluster/v2"

CONTENT_TYPE: Final = "application/soap+xml;charset=UTF-8"
