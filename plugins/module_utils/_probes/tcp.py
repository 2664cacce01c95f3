# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Does something listen on a TCP port?"""

from __future__ import annotations

import socket
import time
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """How a probe went.

    Attributes:
        detail: what was found, as a phrase for an operator.
        seconds: how long it took.
        certificate_expires: of the server's certificate, in UTC; None where none was validated.
    """

    ok: bool
    detail: str
    seconds: float
    certificate_expires: datetime | None = None


def probe_tcp(address: str, port: int, timeout: float) -> ProbeResult:
    """Connect and hang up; nothing is sent.

    The limit does not hold for the resolver: how long a name takes is the system's own setting.
    """
    began = time.monotonic()
    try:
        with socket.create_connection((address, port), timeout=timeout):
            return ProbeResult(True, f"{address} port {port} accepts connections", time.monotonic() - began)
    except (OSError, OverflowError, UnicodeError, ValueError) as error:
        return ProbeResult(False, f"{address} port {port}: {_words(error, timeout)}", time.monotonic() - began)


def _words(error: Exception, timeout: float) -> str:
    if isinstance(error, TimeoutError):
        return f"no answer within {timeout:g} seconds"
    return (error.strerror if isinstance(error, OSError) else None) or str(error) or type(error).__name__
