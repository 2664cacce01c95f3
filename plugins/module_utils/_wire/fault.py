# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A SOAP fault as a value, and as an error that says what to do.

Windows writes the detail in two ways: f:WSManFault, with the provider's own fault nested inside, and MSFT_WmiError
(seen for quota faults). Both are read. Nothing is decided by text except hexadecimal numbers, which no language
changes.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from ansible_collections.hyperv.replica.plugins.module_utils._errors import OutcomeUnknown, WsmanFault
from ansible_collections.hyperv.replica.plugins.module_utils._wire.document import (
    child,
    child_text,
    descendants,
    local_name,
)
from ansible_collections.hyperv.replica.plugins.module_utils._wire.fault_advice import ADVICE, Advice

#: w:TimedOut, ERROR_WSMAN_OPERATION_TIMEDOUT in wsmerror.h: the host stopped waiting, not working.
TIMED_OUT: Final = 2150858793

_FORMS: Final = ("MSFT_WmiError", "ProviderFault")

_HEX: Final = re.compile(r"0x([0-9A-Fa-f]{8})(?![0-9A-Fa-f])")

#: Facility of WMI's own errors (Microsoft's page "WMI Error Constants").
_WMI_FACILITY: Final = 0x80040000

_ACCESS: Final = frozenset({5, 0x80041003})


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What a host says when it refuses.

    Attributes:
        code: number of the outermost WSManFault, or of the MSFT_WmiError.
        subcode: its local name, such as InvalidSelectors.
        about: last part of w:FaultDetail, such as UnexpectedSelectors.
        hresult: the number of WMI's own error inside.
        form: element that WMI's own error came in: MSFT_WmiError or ProviderFault; empty where there is none.
        machine: who says so, by its own name.
        detail: every text of it, in the host's language, each once.
    """

    code: int | None = None
    subcode: str = ""
    about: str = ""
    hresult: int | None = None
    form: str = ""
    machine: str = ""
    detail: str = ""


def read_fault(element: ET.Element) -> Fault:
    """Read an s:Fault, or the s:Body that holds it. What is missing stays empty; nothing in it is an error."""
    said = _first(element, "WSManFault")
    wmi = _first(element, "MSFT_WmiError")
    code = _number("" if said is None else said.get("Code", ""))
    if code is None and wmi is not None:
        code = _number(child_text(wmi, "error_Code"))
    about = _first(element, "FaultDetail")
    return Fault(
        code=code,
        subcode=_subcode(element),
        about="" if about is None else (about.text or "").strip().rpartition("/")[2],
        hresult=_hresult(element),
        form=next((name for name in _FORMS if _first(element, name) is not None), ""),
        machine="" if said is None else said.get("Machine", ""),
        detail=_joined(dict.fromkeys(_texts(element))),
    )


def as_error(fault: Fault, host: str) -> WsmanFault | OutcomeUnknown:
    """Sort the fault: the host's own timeout leaves the outcome open, every other fault is an answer."""
    advice = _advice(fault)
    if fault.code == TIMED_OUT or fault.subcode == "TimedOut":
        return OutcomeUnknown(
            "the host did not finish in the time it was given",
            host=host,
            code=fault.code,
            cause=advice.cause,
            remedy=advice.remedy,
            detail=fault.detail,
        )
    refused = fault.subcode == "AccessDenied" or fault.code in _ACCESS or fault.hresult in _ACCESS
    inner = "" if fault.hresult is None else f", WMI error 0x{fault.hresult:08X}"
    return WsmanFault(
        f"the request was refused with the fault {fault.subcode or 'without a name'}{inner}",
        kind="access_refused" if refused else "",
        host=host,
        code=fault.code,
        subcode=fault.subcode,
        hresult=fault.hresult,
        form=fault.form,
        cause=advice.cause,
        remedy=advice.remedy,
        detail=fault.detail,
    )


def _advice(fault: Fault) -> Advice:
    """The innermost number knows most; the subcode is all that is left where no number is known."""
    for key in (fault.hresult, fault.code, fault.about, fault.subcode):
        if key in ADVICE:
            return ADVICE[key]
    return Advice()


def _first(element: ET.Element, name: str) -> ET.Element | None:
    return next(iter(descendants(element, name)), None)


def _subcode(element: ET.Element) -> str:
    code = _first(element, "Code")
    inner = None if code is None else child(code, "Subcode")
    named = "" if inner is None else child_text(inner, "Value")
    if code is not None and not named:
        named = child_text(code, "Value")  # such as s:MustUnderstand, which has no subcode
    return named.rpartition(":")[2]


def _hresult(element: ET.Element) -> int | None:
    """A number of WMI's facility wherever it stands, else the HRESULT that MSFT_WmiError names."""
    wmi = (number for number in _numbers(element) if number & 0xFFFF0000 == _WMI_FACILITY)
    return next(wmi, next(_hex_numbers(_plain(element, "MessageID")), None))


def _numbers(element: ET.Element) -> Iterator[int]:
    for inner in reversed(descendants(element, "WSManFault")):
        if (code := _number(inner.get("Code", ""))) is not None:
            yield code
    for text in _plain(element, "error_Code"):
        if (code := _number(text)) is not None:
            yield code
    yield from _hex_numbers(_plain(element, "MessageID"))
    yield from _hex_numbers(_plain(element, "Message"))
    yield from _hex_numbers(_plain(element, "Text"))


def _hex_numbers(texts: Iterable[str]) -> Iterator[int]:
    for text in texts:
        for digits in _HEX.findall(text):
            yield int(digits, 16)


def _plain(element: ET.Element, name: str) -> Iterator[str]:
    for inner in descendants(element, name):
        if inner.text:
            yield inner.text.strip()


def _texts(element: ET.Element) -> Iterator[str]:
    """Reason, every message, and the words of extended status; elements of other names hold numbers and names."""
    for name in ("Text", "Message", "error_WindowsErrorMessage", "ExtendedError"):
        for inner in descendants(element, name):
            parts = inner.itertext() if name == "ExtendedError" else _own_text(inner)
            yield from filter(None, (part.strip() for part in parts))


def _joined(texts: Iterable[str]) -> str:
    """All of them, but for what another one says too."""
    said = list(texts)
    return " ".join(text for text in said if not any(text != other and text in other for other in said))


def _own_text(element: ET.Element) -> Iterator[str]:
    """Text of the element itself, whole although elements stand inside it."""
    yield element.text or ""
    for inner in element:
        if local_name(inner) not in ("ProviderFault", "WSManFault", "ExtendedError"):
            yield from inner.itertext()
        elif local_name(inner) == "ProviderFault":
            yield inner.text or ""
        yield inner.tail or ""


def _number(text: str) -> int | None:
    """Decimal, or hexadecimal with 0x; a negative one is the same 32 bits seen as signed."""
    try:
        number = int(text.strip()[:20], 0)
    except ValueError:
        return None
    return number & 0xFFFFFFFF if number < 0 else number
