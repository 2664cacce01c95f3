# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the protocol asks of whoever moves the bytes, and the one loop that lets a conversation and a carrier meet."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Callable
from typing import Protocol, TypeVar
from uuid import UUID

from ansible_collections.hyperv.replica.plugins.module_utils._errors import HyperVReplicaError
from ansible_collections.hyperv.replica.plugins.module_utils._wire.envelope import (
    Identity,
    Request,
    Settings,
    Talk,
    answer,
    envelope,
    identify,
)

_T = TypeVar("_T")


class Carrier(Protocol):
    """Takes one SOAP envelope to a host and brings one back."""

    def exchange(self, envelope: bytes, *, repeatable: bool) -> bytes:
        """Give the SOAP envelope that answers this one, be it a fault.

        Args:
            envelope: the request.
            repeatable: asking twice changes nothing, so a stale session may be replaced and the request repeated.

        Raises:
            NotDelivered: the host never saw it.
            OutcomeUnknown: it may have been carried out.
            AccessRefused: the host did not accept who we are.
        """


def converse(
    carrier: Carrier,
    talk: Talk[_T],
    settings: Settings,
    new_id: Callable[[], UUID],
    host: str = "",
    *,
    on_exchange: Callable[[Request], None] | None = None,
) -> _T:
    """Carry on a conversation to its end and give its result.

    Every error of ours is thrown into the talk, which may know another way; what it does not catch comes out of here
    with the host's name on it.

    Args:
        new_id: gives each message its id.
        host: named in errors.
        on_exchange: told of each request before it is sent.
    """
    try:
        request = next(talk)
        while True:
            try:
                body = _exchanged(carrier, request, settings, new_id(), host, on_exchange)
            except HyperVReplicaError as error:
                request = talk.throw(error)
            else:
                request = talk.send(body)
    except StopIteration as end:
        result: _T = end.value
        return result
    except HyperVReplicaError as error:
        error.host = error.host or host
        raise
    finally:
        talk.close()


def ask_identity(carrier: Carrier, host: str = "") -> Identity:
    """Ask who is there; the least that shows that signing in works."""
    return Identity.from_element(answer(carrier.exchange(identify(), repeatable=True), message_id=None, host=host))


def _exchanged(
    carrier: Carrier,
    request: Request,
    settings: Settings,
    message_id: UUID,
    host: str,
    on_exchange: Callable[[Request], None] | None,
) -> ET.Element:
    sent = envelope(request, settings, message_id=message_id)
    if on_exchange is not None:
        on_exchange(request)
    return answer(carrier.exchange(sent, repeatable=request.repeatable), message_id=message_id, host=host)
