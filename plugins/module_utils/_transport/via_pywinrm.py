# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""pywinrm as a Session: it signs in, encrypts and keeps the connection; no shell is opened.

Its Transport is used, not its Protocol, which would turn faults into exceptions and drop most of what they say.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from ansible_collections.hyperv.replica.plugins.module_utils._errors import (
    AccessRefused,
    HyperVReplicaError,
    NotDelivered,
    OutcomeUnknown,
    PreconditionFailed,
)
from ansible_collections.hyperv.replica.plugins.module_utils._transport.gate import (
    Gate,
    first_line,
    knock,
    lost,
    mount,
    reply_body,
    seal,
    silence_logs,
)
from ansible_collections.hyperv.replica.plugins.module_utils._transport.session import Session

try:
    import requests
    from spnego.exceptions import SpnegoError
    from winrm.exceptions import InvalidCredentialsError, WinRMError, WinRMTransportError
    from winrm.transport import Transport
except ImportError:
    HAS_PYWINRM = False
    Transport = object
else:
    HAS_PYWINRM = True

try:
    from winrm.vendor.requests_kerberos.exceptions import KerberosExchangeError
except ImportError:  # pykerberos is not there, so nothing raises them
    KerberosExchangeError = PermissionError

#: These sign in a connection once; the others name the user in every request.
_CONNECTION_BOUND: Final = ("ntlm", "kerberos", "credssp")

_UNAUTHORIZED: Final = 401
_ERROR: Final = 400


def open_pywinrm(
    host: str,
    transports: Sequence[str],
    arguments: Mapping[str, Any],
    *,
    get_ticket: Callable[[], None] | None = None,
) -> Session:
    """Sign in by the first of the transports that the host accepts, as the winrm connection does.

    Args:
        host: the inventory name.
        transports: pywinrm's names of ways to sign in.
        arguments: those of pywinrm's Transport, but auth_method.
        get_ticket: called before Kerberos is tried, where tickets are ours to get.

    Raises:
        PreconditionFailed: a library is missing, or the arguments do not fit together.
        NotDelivered: no connection, or nobody there to sign in to.
        AccessRefused: the host accepted none of them.
        OutcomeUnknown: the sign-in was not answered.
    """
    if not HAS_PYWINRM:
        raise PreconditionFailed(
            "the winrm connection needs the Python library pywinrm on the controller",
            kind="unsupported",
            host=host,
            remedy="pip install pywinrm, into the environment that runs ansible-playbook",
        )
    silence_logs()
    refusals: list[AccessRefused | PreconditionFailed] = []
    for number, name in enumerate(transports, 1):
        try:
            if name == "kerberos" and get_ticket is not None:
                get_ticket()
            return PywinrmSession(host, name, arguments, ask_first=number < len(transports))
        except (AccessRefused, PreconditionFailed) as refusal:
            refusals.append(refusal)
    raise _worst(host, refusals)


class PywinrmSession:
    """A Session over pywinrm; made signed in."""

    def __init__(self, host: str, name: str, arguments: Mapping[str, Any], *, ask_first: bool) -> None:
        self._host = host
        self._name = name
        self._bound = name in _CONNECTION_BOUND
        self._gate = Gate(read_timeout=float(arguments["read_timeout_sec"]))
        try:
            self._transport = _GateTransport(self._gate, auth_method=name, **arguments)
            self._sign_in(knocks=self._bound or ask_first)
        except HyperVReplicaError:
            self.close()
            raise
        except (InvalidCredentialsError, SpnegoError, PermissionError, KerberosExchangeError) as error:
            self.close()
            raise self._refused(first_line(error)) from None
        except WinRMTransportError as error:
            self.close()
            raise self._nobody(error.code) from None
        except (WinRMError, TypeError, ValueError) as error:
            self.close()
            raise self._unusable(error) from None
        except Exception as error:
            self.close()
            raise lost(host, self._gate, error) from None

    def send(self, envelope: bytes) -> bytes:
        """Give the body that came back; see Session."""
        self._gate.begun = False
        try:
            answer: bytes = self._transport.send_message(envelope)
        except WinRMTransportError as error:
            return reply_body(error, error.response_text)  # faults travel with HTTP 500
        except InvalidCredentialsError:
            raise self._refused_in_mid_session() from None
        except Exception as error:
            raise lost(self._host, self._gate, error) from None
        return answer

    def close(self) -> None:
        """Let the connection go."""
        if hasattr(self, "_transport"):
            self._transport.close_session()

    def _sign_in(self, *, knocks: bool) -> None:
        session: requests.Session = self._transport.build_session()
        if knocks and not self._transport.encryption:
            status = knock(session, self._transport.endpoint, self._transport.read_timeout_sec)
            if status == _UNAUTHORIZED:
                raise self._refused("")
            if self._bound and status >= _ERROR:
                raise self._nobody(status)
        if self._bound:
            if self._name == "ntlm" and getattr(session.auth, "session_security", None) is None:
                raise self._nobody(200)
            seal(session, self._gate)

    def _nobody(self, status: int) -> NotDelivered:
        return NotDelivered(
            f"the sign-in was answered with HTTP {status}, and by no WinRM service",
            host=self._host,
            remedy="check port, path and proxy of the connection",
        )

    def _refused(self, cause: str) -> AccessRefused:
        return AccessRefused(
            f"signing in with {self._name} was refused",
            host=self._host,
            cause=cause,
            remedy="check user, password and ansible_winrm_transport, and that the host allows this way of signing in",
        )

    def _refused_in_mid_session(self) -> AccessRefused | OutcomeUnknown:
        if not self._bound:
            return self._refused("")
        return OutcomeUnknown("the host took its sign-in back instead of answering (HTTP 401)", host=self._host)

    def _unusable(self, error: Exception) -> PreconditionFailed:
        extra = f"pip install pywinrm[{self._name}], or " if self._name in ("kerberos", "credssp") else ""
        return PreconditionFailed(
            f"{self._name} cannot be used with the options of its winrm connection",
            kind="unsupported",
            host=self._host,
            cause=first_line(error),
            remedy=f"{extra}correct the connection options",
        )


class _GateTransport(Transport):
    """pywinrm's transport with the gate under it before the first byte leaves."""

    def __init__(self, gate: Gate, **arguments: Any) -> None:
        self._gate = gate
        super().__init__(**arguments)

    def build_session(self) -> requests.Session:
        """Give the session; made with the first call."""
        fresh = self.session is None
        session: requests.Session = super().build_session()
        if fresh and not self.encryption:
            mount(session, self._gate)
        return session

    def setup_encryption(self, session: requests.Session) -> None:
        """Sign in with an empty request and agree on a key."""
        mount(session, self._gate)
        super().setup_encryption(session)


def _worst(host: str, refusals: Sequence[AccessRefused | PreconditionFailed]) -> AccessRefused | PreconditionFailed:
    if len(refusals) == 1:
        return refusals[0]
    told = "; ".join(f"{refusal.found}{f' ({refusal.cause})' if refusal.cause else ''}" for refusal in refusals)
    return AccessRefused(f"no way of signing in was accepted: {told}", host=host, remedy=refusals[-1].remedy)
