# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A service ticket, asked for with the very libraries that sign in to a host."""

from __future__ import annotations

import importlib.util
from typing import Final

from ansible_collections.hyperv.replica.plugins.module_utils._errors import AccessRefused

try:
    import spnego
    from spnego.exceptions import SpnegoError
except ImportError:
    HAS_SPNEGO = False
else:
    HAS_SPNEGO = importlib.util.find_spec("gssapi") is not None

try:
    import kerberos
except ImportError:
    HAS_PYKERBEROS = False
else:
    HAS_PYKERBEROS = True

try:
    from krb5 import Krb5Error
except ImportError:

    class Krb5Error(Exception):  # type: ignore[no-redef]
        """Raised by nobody where the library is missing."""


#: Connection: the Python packages its Kerberos needs, by the name they are imported by, and what brings them.
LIBRARIES: Final = {
    "psrp": (("gssapi", "krb5"), "pypsrp[kerberos]"),
    "winrm": (("kerberos",), "pywinrm[kerberos]"),
}


#: What Kerberos raises through pyspnego without a wrapping: no ticket with this password, or from this KDC.
NO_TICKET: Final = (Krb5Error,)


def missing_libraries(connection: str) -> tuple[str, ...]:
    """Which packages this connection's Kerberos lacks on the controller."""
    wanted, _extra = LIBRARIES[connection]
    return tuple(name for name in wanted if importlib.util.find_spec(name) is None)


def can_ask(connection: str) -> bool:
    """Whether a service ticket can be asked for here as this connection would."""
    return HAS_SPNEGO or (connection == "winrm" and HAS_PYKERBEROS)


def ask_for_ticket(user: str | None, password: str | None, *, service: str, host: str) -> None:
    """Get a ticket for a host's service, and throw it away.

    Args:
        user: its principal; without a password the tickets of the environment are used.
        service: the first part of the service principal's name, such as HTTP.
        host: the second part.

    Raises:
        AccessRefused: there is none; what the library said is its cause.
    """
    said = _by_spnego(user, password, service, host) if HAS_SPNEGO else _by_pykerberos(service, host)
    if said:
        raise AccessRefused(
            f"no ticket for {service}/{host}", host=host, cause=said.replace(password or "\0", "********")
        )


def _by_spnego(user: str | None, password: str | None, service: str, host: str) -> str:
    try:
        spnego.client(user, password, hostname=host, service=service, protocol="kerberos").step()
    except (SpnegoError, ValueError, OSError, *NO_TICKET) as error:
        return " ".join(str(error).split()) or type(error).__name__
    return ""


def _by_pykerberos(service: str, host: str) -> str:
    try:
        _done, context = kerberos.authGSSClientInit(f"{service}@{host}")
        kerberos.authGSSClientStep(context, "")
    except kerberos.KrbError as error:  # its arguments are pairs of a text and a number
        return " ".join(str(error).split())
    return ""
