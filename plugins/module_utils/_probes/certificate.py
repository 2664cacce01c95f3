# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""When an X.509 certificate ends, read from its DER form: Python tells it of validated certificates only."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timezone
from typing import Final

#: Tags of X.690; the version of a certificate is explicit [0] and may be absent (RFC 5280 section 4.1).
_SEQUENCE: Final = 0x30
_VERSION: Final = 0xA0
_UTC_TIME: Final = 0x17
_GENERALIZED_TIME: Final = 0x18

_FORMATS: Final = {_UTC_TIME: "%y%m%d%H%M%SZ", _GENERALIZED_TIME: "%Y%m%d%H%M%SZ"}


def not_after(der: bytes) -> datetime | None:
    """The end of its validity in UTC; None where it cannot be read."""
    try:
        certificate = [*_elements(der)][0][1]
        body = [*_elements(certificate)][0][1]
        fields = [element for element in _elements(body) if element[0] != _VERSION]
        tag, validity = fields[3]  # after serial number, algorithm and issuer
        _not_before, (kind, text) = _elements(validity)
        return _moment(kind, text.decode("ascii")) if tag == _SEQUENCE else None
    except (ValueError, IndexError, KeyError):
        return None


def _elements(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Tag and contents of each element of a sequence's contents."""
    at = 0
    while at < len(data):
        tag, length, at = data[at], data[at + 1], at + 2
        if length & 0x80:
            size = length & 0x7F
            length, at = int.from_bytes(data[at : at + size], "big"), at + size
        if at + length > len(data):
            raise ValueError("cut off")
        yield tag, data[at : at + length]
        at += length


def _moment(kind: int, text: str) -> datetime:
    """RFC 5280 section 4.1.2.5.1: two digits from 50 on are of the last century; strptime changes at 69."""
    parsed = datetime.strptime(text, _FORMATS[kind]).replace(tzinfo=timezone.utc)
    return parsed.replace(year=parsed.year - 100) if kind == _UTC_TIME and parsed.year >= 2050 else parsed
