# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""When a session is thrown away, and what may be asked again: one rule for every library.

A session is opened by signing in, with an exchange that carries no envelope. So whatever goes wrong until then is
known not to have reached the host's WMI. Once an envelope has begun to travel, only a SOAP envelope is an answer.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, Protocol

from ansible_collections.hyperv.replica.plugins.module_utils._errors import (
    AccessRefused,
    NotDelivered,
    OutcomeUnknown,
    TransportError,
)

#: A namespace of SOAP 1.2 stands in the first lines of every envelope (DMTF DSP0226, section 5).
_SOAP: Final = b"http://www.w3.org/2003/05/soap-envelope"
_LOOKED_AT: Final = 4096
#: The end of an envelope, and what XML lets stand behind it.
_END: Final = re.compile(rb"Envelope\s*>(?:\s|<!--(?:(?!-->).)*-->)*\Z", re.DOTALL)


class Session(Protocol):
    """A signed-in talk with one host. It sends what it is given at most once."""

    def send(self, envelope: bytes) -> bytes:
        """Give the body that came back, whatever it is and whatever its HTTP status.

        Raises:
            NotDelivered: not one byte of the envelope left.
            AccessRefused: the host refused credentials that travel with each request.
            OutcomeUnknown: no answer, or one that could not be read.
        """

    def close(self) -> None:
        """Let the connection go. Does not raise."""


class SessionCarrier:
    """A Carrier that signs in with its first exchange, and anew after any silence, 401 or undecryptable answer.

    Serves one thread.
    """

    def __init__(self, host: str, open_session: Callable[[], Session]) -> None:
        self._host = host
        self._open_session = open_session
        self._session: Session | None = None

    def exchange(self, envelope: bytes, *, repeatable: bool) -> bytes:
        """Give the SOAP envelope that answers this one, be it a fault; see Carrier.

        A request that never left over a stale connection is sent over a new one, whether repeatable or not.
        """
        if self._session is None:
            return self._ask_afresh(envelope)
        try:
            return self._ask(self._session, envelope)
        except NotDelivered:
            return self._ask_afresh(envelope)
        except TransportError as doubt:
            if not repeatable:
                raise self._unknown(doubt) from None
        return self._ask_afresh(envelope)

    def close(self) -> None:
        """End the session; the next exchange signs in again."""
        if self._session is not None:
            self._session.close()
            self._session = None

    def _ask_afresh(self, envelope: bytes) -> bytes:
        self._session = self._signed_in()
        return self._ask(self._session, envelope)

    def _signed_in(self) -> Session:
        try:
            return self._open_session()
        except OutcomeUnknown as silence:
            raise NotDelivered(
                f"while signing in: {silence.found}",
                host=self._host,
                cause=silence.cause,
                remedy=silence.remedy,
            ) from None

    def _ask(self, session: Session, envelope: bytes) -> bytes:
        answered = False
        try:
            answer = session.send(envelope)
            if not _is_soap(answer):
                raise OutcomeUnknown("something other than a SOAP envelope came back", host=self._host)
            answered = True
        finally:
            if not answered:
                self.close()
        return answer

    def _unknown(self, doubt: TransportError) -> OutcomeUnknown:
        found = doubt.found
        if isinstance(doubt, AccessRefused):
            found = "the host took its sign-in back instead of answering (HTTP 401)"
        return OutcomeUnknown(found, host=self._host, cause=doubt.cause, remedy=doubt.remedy)


def _is_soap(answer: bytes) -> bool:
    """Whether it begins as an envelope and ends as one; UTF-16 is the same bytes with zeros between them."""
    head, tail = (part.replace(b"\0", b"") for part in (answer[:_LOOKED_AT], answer[-_LOOKED_AT:]))
    return _SOAP in head and _END.search(tail) is not None
