# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the protocol asks of whoever moves the bytes."""

from __future__ import annotations

from typing import Protocol


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
