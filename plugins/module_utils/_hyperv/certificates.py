# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Certificates of a host as it lists them: base64 of DER, of which what replication needs is read (RFC 5280).

Replication by certificate wants a private key in the machine's store, client and server authentication, a name that
is the host's and a time that has not run out (Microsoft's page Set-VMReplicationServer). A private key is not listed.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Final

_BOOLEAN: Final = 0x01
_OCTETS: Final = 0x04
_OBJECT: Final = 0x06
_UTC_TIME: Final = 0x17
_SEQUENCE: Final = 0x30
_EXTENSIONS: Final = 0xA3
_VERSION: Final = 0xA0
_DNS_NAME: Final = 0x82

_COMMON_NAME: Final = bytes.fromhex("550403")
_ALTERNATIVE_NAMES: Final = bytes.fromhex("551d11")
_KEY_USES: Final = bytes.fromhex("551d25")
_ANY_USE: Final = bytes.fromhex("551d2500")
_SERVER_USE: Final = bytes.fromhex("2b06010505070301")
_CLIENT_USE: Final = bytes.fromhex("2b06010505070302")


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """One certificate.

    Attributes:
        thumbprint: SHA-1 of the DER text, in upper case, as Windows shows it.
        names: common names and DNS names it is issued to, each once.
        usable: it may be used for both client and server authentication; one that names no use may be used for all.
    """

    thumbprint: str
    names: tuple[str, ...]
    begins: datetime
    ends: datetime
    usable: bool

    def valid_at(self, moment: datetime, margin: timedelta = timedelta()) -> bool:
        """Whether it is in force then, and goes on to be for this much longer."""
        return self.begins <= moment and moment + margin < self.ends

    def is_for(self, name: str) -> bool:
        """Whether it is issued to this name; a wildcard stands for the first label."""
        wanted = name.casefold()
        rest = wanted.partition(".")[2]
        return any(known.casefold() in (wanted, f"*.{rest}") for known in self.names)


def read_certificate(text: str) -> Certificate:
    """Read base64 of DER; raises ValueError for anything else."""
    try:
        der = base64.b64decode("".join(text.split()), validate=True)
        certificate = _content(next(_elements(der)), _SEQUENCE)
        fields = [*_elements(_content(next(_elements(certificate)), _SEQUENCE))]
        if fields and fields[0][0] == _VERSION:
            del fields[0]
        _serial, _algorithm, _issuer, validity, subject, *rest = fields
        begins, ends = (_moment(*element) for element in _elements(validity[1]))
    except (binascii.Error, StopIteration, IndexError) as error:
        raise ValueError("not a certificate") from error
    extensions = _extensions(rest)
    names = (*_common_names(subject[1]), *_dns_names(extensions.get(_ALTERNATIVE_NAMES, b"")))
    return Certificate(
        thumbprint=hashlib.sha1(der, usedforsecurity=False).hexdigest().upper(),
        names=tuple(dict.fromkeys(names)),
        begins=begins,
        ends=ends,
        usable=_usable(extensions.get(_KEY_USES)),
    )


_Element = tuple[int, bytes]


def _elements(data: bytes) -> Iterator[_Element]:
    """Tag and content of each element, one after the other (X.690, definite lengths of up to four octets)."""
    at = 0
    while at < len(data):
        tag, length, at = data[at], data[at + 1], at + 2
        if length & 0x80:
            octets = length & 0x7F
            if not 1 <= octets <= 4:
                raise ValueError("not a certificate")
            length, at = int.from_bytes(data[at : at + octets], "big"), at + octets
        if at + length > len(data):
            raise ValueError("not a certificate")
        yield tag, data[at : at + length]
        at += length


def _content(element: _Element, tag: int) -> bytes:
    if element[0] != tag:
        raise ValueError("not a certificate")
    return element[1]


def _moment(tag: int, content: bytes) -> datetime:
    """UTCTime with its century by RFC 5280 4.1.2.5.1, or GeneralizedTime."""
    text = content.decode("ascii")
    if tag == _UTC_TIME:
        text = ("19" if text[:2] >= "50" else "20") + text
    return datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=timezone.utc)


def _common_names(subject: bytes) -> Iterator[str]:
    for _tag, attributes in _elements(subject):
        for _kind, attribute in _elements(attributes):
            (_object, identity), (_text, name) = _elements(attribute)
            if identity == _COMMON_NAME:
                yield name.decode("utf-8", "replace")


def _extensions(fields: list[_Element]) -> dict[bytes, bytes]:
    found = {}
    for tag, content in fields:
        if tag != _EXTENSIONS:
            continue
        for _kind, extension in _elements(next(_elements(content))[1]):
            parts = [element for element in _elements(extension) if element[0] != _BOOLEAN]
            found[_content(parts[0], _OBJECT)] = _content(parts[1], _OCTETS)
    return found


def _dns_names(extension: bytes) -> Iterator[str]:
    for _tag, names in _elements(extension):
        yield from (name.decode("ascii", "replace") for tag, name in _elements(names) if tag == _DNS_NAME)


def _usable(extension: bytes | None) -> bool:
    if extension is None:
        return True
    uses = {content for _tag, listed in _elements(extension) for _kind, content in _elements(listed)}
    return _ANY_USE in uses or {_SERVER_USE, _CLIENT_USE} <= uses
