# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the tests of the wire hold against each other: golden envelopes, and values that stand in them."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

from ansible_collections.hyperv.replica.plugins.module_utils._errors import HyperVReplicaError
from ansible_collections.hyperv.replica.plugins.module_utils._wire.cim import CimReference
from ansible_collections.hyperv.replica.plugins.module_utils._wire.envelope import Request, Settings, Talk, envelope

_T = TypeVar("_T")

GOLDEN = Path(__file__).parents[3] / "golden"
V2 = "http://schemas.microsoft.com/wbem/wsman/1/wmi/root/virtualization/v2"
MESSAGE = UUID("6c5b9a10-8e4d-4c1e-9a55-0c9e2b1d7f01")
SETTINGS = Settings(to="http://hv01:5985/wsman", operation_timeout=timedelta(seconds=60))
VM = CimReference(
    "Msvm_ComputerSystem",
    {"CreationClassName": "Msvm_ComputerSystem", "Name": "9F3C1E2A-7B61-4C55-9C0B-5D0A3B8E1122"},
)
SERVICE = CimReference(
    "Msvm_ReplicationService",
    {
        "CreationClassName": "Msvm_ReplicationService",
        "Name": "vmms",
        "SystemCreationClassName": "Msvm_ComputerSystem",
        "SystemName": "HV01",
    },
)


def golden(name: str) -> bytes:
    return (GOLDEN / name).read_bytes()


def same(written: bytes | str, golden_name: str) -> bool:
    """The document is the golden one, prefixes and blanks between elements aside."""
    return _canonical(written) == _canonical(golden(golden_name))


def sent(request: Request) -> bytes:
    return envelope(request, SETTINGS, message_id=MESSAGE)


def element(text: str) -> ET.Element:
    """An element, with the namespaces of a reply declared around it."""
    around = (
        '<r xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" '
        'xmlns:n="http://schemas.xmlsoap.org/ws/2004/09/enumeration" '
        'xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd" '
        'xmlns:cim="http://schemas.dmtf.org/wbem/wscim/1/common" '
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
        f'xmlns:p="{V2}/Msvm_Thing">{text}</r>'
    )
    return ET.fromstring(around)[0]


def told(talk: Talk[_T], answers: Iterable[ET.Element | HyperVReplicaError]) -> tuple[_T, list[Request]]:
    """Carry on a talk with these answers; give its result and what it asked."""
    asked: list[Request] = []
    given = iter(answers)
    try:
        asked.append(next(talk))
        while True:
            reply = next(given, None)
            if reply is None:
                raise LookupError(f"one question too many: {asked[-1].action}")
            asked.append(talk.throw(reply) if isinstance(reply, HyperVReplicaError) else talk.send(reply))
    except StopIteration as end:
        result: Any = end.value
        return result, asked


def _canonical(text: bytes | str) -> str:
    return ET.canonicalize(text.decode() if isinstance(text, bytes) else text, strip_text=True, rewrite_prefixes=True)
