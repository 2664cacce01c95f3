# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Numbers that Windows writes into its messages, and those of a CIM error; their words are localised, they are not."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import IntEnum
from typing import Final, NamedTuple


class SystemCode(NamedTuple):
    """What a number inside a message tells."""

    means: str
    remedy: str


#: The first two and 0x2EFE: team blog, 2013-02-13, and Microsoft support staff (jpwinsup.github.io, 2025-11-04);
#: 0x2EF3: windowsadmins.com, 2014-02; the others: page WinHttp error-messages, inferred to matter for Replica.
SYSTEM_CODES: Final[Mapping[int, SystemCode]] = {
    0x8009030C: SystemCode(
        "the logon between the hosts was denied by Kerberos",
        "check service principal names, time, domain trust, and that both hosts may log on to each other",
    ),
    0x80090303: SystemCode(
        "the target is not known to Kerberos", "use full host names, check service principal names and trust"
    ),
    0x00002EFE: SystemCode(
        "the connection between the hosts ended abnormally",
        "check that the listener runs, the port is open and the authentication type matches",
    ),
    0x00002EF3: SystemCode(
        "the HTTPS connection was in the wrong state, as behind an inspecting proxy",
        "exclude replication traffic from inspection, or bypass the proxy",
    ),
    0x00002EE2: SystemCode("the other host did not answer in time", "check network and load"),
    0x00002EE7: SystemCode("the other host's name was not resolved", "fix DNS, or use the full name of host or broker"),
    0x00002EFD: SystemCode("the other host could not be connected to", "open the firewall rule and check the port"),
}


class CimStatus(IntEnum):
    """Msvm_Error.CIMStatusCode; Microsoft's page msvm-error. Each stands for CIM_ERR_ and its name."""

    FAILED = 1
    ACCESS_DENIED = 2
    INVALID_NAMESPACE = 3
    INVALID_PARAMETER = 4
    INVALID_CLASS = 5
    NOT_FOUND = 6
    NOT_SUPPORTED = 7
    CLASS_HAS_CHILDREN = 8
    CLASS_HAS_INSTANCES = 9
    INVALID_SUPERCLASS = 10
    ALREADY_EXISTS = 11
    NO_SUCH_PROPERTY = 12
    TYPE_MISMATCH = 13
    QUERY_LANGUAGE_NOT_SUPPORTED = 14
    INVALID_QUERY = 15
    METHOD_NOT_AVAILABLE = 16
    METHOD_NOT_FOUND = 17
    UNEXPECTED_RESPONSE = 18
    INVALID_RESPONSE_DESTINATION = 19
    NAMESPACE_NOT_EMPTY = 20


#: What an operator does about those that can be met.
CIM_REMEDIES: Final[Mapping[CimStatus, str]] = {
    CimStatus.FAILED: "Read the message",
    CimStatus.ACCESS_DENIED: "Check the rights on the host",
    CimStatus.INVALID_NAMESPACE: "The Hyper-V role is missing or older than Windows Server 2012",
    CimStatus.INVALID_PARAMETER: "Check the values that were sent",
    CimStatus.INVALID_CLASS: "The class is not on this host; relationships and providers need 2012 R2",
    CimStatus.NOT_FOUND: "The virtual machine, recovery point or job is no longer there; look again",
    CimStatus.NOT_SUPPORTED: "The operation is not supported here",
    CimStatus.ALREADY_EXISTS: "It exists already, as an authorization entry or a relationship may",
    CimStatus.TYPE_MISMATCH: "A fault of this collection: a value went out with the wrong CIM type",
    CimStatus.METHOD_NOT_FOUND: "The method is not on this host; failback and the Ex methods need 2012 R2",
}

_NUMBERS: Final = re.compile(r"(?<![\w.:])(?:0[xX]([0-9A-Fa-f]{1,8})|(-?\d{5,10}))(?![\w:])")


def explain_system_codes(text: str) -> str:
    """What the numbers in a host's message mean, each once, in the order of the text; empty where none is known."""
    numbers = (_number(*match.groups()) for match in _NUMBERS.finditer(text))
    known = {number: SYSTEM_CODES[number] for number in numbers if number in SYSTEM_CODES}
    return ". ".join(f"0x{number:08X}: {code.means}; {code.remedy}" for number, code in known.items())


def _number(hexadecimal: str | None, decimal: str | None) -> int:
    return int(hexadecimal, 16) if hexadecimal else int(decimal or "0") & 0xFFFFFFFF
