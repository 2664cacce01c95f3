# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""pypsrp as a Session: it signs in, encrypts and keeps the connection; no shell is opened."""

from __future__ import annotations

from collections.abc import Mapping
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
from ansible_collections.hyperv.replica.plugins.module_utils._transport.kerberos import NO_TICKET
from ansible_collections.hyperv.replica.plugins.module_utils._transport.session import Session

try:
    import requests
    from pypsrp.encryption import WinRMEncryption
    from pypsrp.exceptions import AuthenticationError, WinRMTransportError
    from pypsrp.wsman import WSMan
    from spnego.exceptions import SpnegoError
except ImportError:
    HAS_PYPSRP = False
else:
    HAS_PYPSRP = True

#: These name the user in every request; the others sign in a connection once.
_EACH_REQUEST: Final = ("basic", "certificate")

_UNAUTHORIZED: Final = 401
_ERROR: Final = 400


def open_pypsrp(host: str, arguments: Mapping[str, Any]) -> Session:
    """Sign in with the arguments of pypsrp's WSMan.

    Raises:
        PreconditionFailed: a library is missing, or the arguments do not fit together.
        NotDelivered: no connection, or nobody there to sign in to.
        AccessRefused: the host did not accept who we are.
        OutcomeUnknown: the sign-in was not answered.
    """
    if not HAS_PYPSRP:
        raise PreconditionFailed(
            "the psrp connection needs the Python library pypsrp on the controller",
            kind="unsupported",
            host=host,
            remedy="pip install pypsrp, into the environment that runs ansible-playbook",
        )
    silence_logs()
    return PypsrpSession(host, arguments)


class PypsrpSession:
    """A Session over pypsrp; made signed in."""

    def __init__(self, host: str, arguments: Mapping[str, Any]) -> None:
        self._host = host
        self._auth = str(arguments["auth"])
        self._gate = Gate(read_timeout=float(arguments["read_timeout"]))
        try:
            self._transport: Any = WSMan(**arguments).transport
            self._transport.session = self._transport._build_session()
        except (ImportError, TypeError, ValueError) as error:
            raise self._unusable(error) from None
        mount(self._transport.session, self._gate, arguments.get("certificate_key_password"))
        if self._auth not in _EACH_REQUEST:
            self._sign_in()

    def send(self, envelope: bytes) -> bytes:
        """Give the body that came back; see Session."""
        self._gate.begun = False
        try:
            answer: bytes = self._transport.send(envelope)
        except WinRMTransportError as error:
            return reply_body(error, error.response_text)  # faults travel with HTTP 500
        except AuthenticationError:
            raise self._refused_in_mid_session() from None
        except Exception as error:
            raise lost(self._host, self._gate, error) from None
        return answer

    def close(self) -> None:
        """Let the connection go."""
        self._transport.close()

    def _sign_in(self) -> None:
        session: requests.Session = self._transport.session
        timeout = (self._transport.connection_timeout, self._transport.read_timeout)
        try:
            status = knock(session, self._transport.endpoint, timeout)
            self._take_over(session, status)
        except HyperVReplicaError:
            self.close()
            raise
        except (AuthenticationError, SpnegoError, *NO_TICKET) as error:
            self.close()
            raise self._refused(first_line(error)) from None
        except ImportError as error:
            self.close()
            raise self._unusable(error) from None
        except Exception as error:
            self.close()
            raise lost(self._host, self._gate, error) from None

    def _take_over(self, session: requests.Session, status: int) -> None:
        if status == _UNAUTHORIZED:
            raise self._refused("")
        contexts = list(getattr(session.auth, "contexts", {}).values())
        if status >= _ERROR or not contexts:
            raise NotDelivered(
                f"the sign-in was answered with HTTP {status}, and by no WinRM service",
                host=self._host,
                remedy="check port, path and proxy of the connection",
            )
        if self._transport.wrap_required:
            self._transport.encryption = WinRMEncryption(contexts[0], self._protocol(contexts[0]))
        seal(session, self._gate)

    def _protocol(self, context: Any) -> str:
        if self._auth == "credssp":
            return str(WinRMEncryption.CREDSSP)
        kerberos = getattr(context, "response_auth_header", "") == "kerberos"
        return str(WinRMEncryption.KERBEROS if kerberos else WinRMEncryption.SPNEGO)

    def _refused(self, cause: str) -> AccessRefused:
        return AccessRefused(
            f"signing in with {self._auth} was refused",
            host=self._host,
            cause=cause,
            remedy="check user, password and ansible_psrp_auth, and that the host allows this way of signing in",
        )

    def _refused_in_mid_session(self) -> AccessRefused | OutcomeUnknown:
        if self._auth in _EACH_REQUEST:
            return self._refused("")
        return OutcomeUnknown("the host took its sign-in back instead of answering (HTTP 401)", host=self._host)

    def _unusable(self, error: Exception) -> PreconditionFailed:
        extra = "credssp" if self._auth == "credssp" else "kerberos"
        remedy = f"pip install pypsrp[{extra}]" if isinstance(error, ImportError) else "correct the connection options"
        return PreconditionFailed(
            "the options of its psrp connection cannot be used",
            kind="unsupported",
            host=self._host,
            cause=first_line(error),
            remedy=remedy,
        )
