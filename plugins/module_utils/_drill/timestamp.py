# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A timestamp token of RFC 3161, read. Pure: bytes in, values out; who signed it is checked elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Final, Union

from ansible_collections.hyperv.replica.plugins.module_utils._errors import PreconditionFailed

#: RFC 5652, section 5.1 (SignedData), 11.1 and 11.2 (the two signed attributes); RFC 3161, section 2.4.2 (TSTInfo);
#: RFC 5816, section 3 with RFC 5035, section 3 (which certificate signed).
_SIGNED_DATA: Final = "1.2.840.113549.1.7.2"
_TST_INFO: Final = "1.2.840.113549.1.9.16.1.4"
_CONTENT_TYPE: Final = "1.2.840.113549.1.9.3"
_MESSAGE_DIGEST: Final = "1.2.840.113549.1.9.4"

#: RFC 8017, appendix B.1.
HASHES: Final = {
    "2.16.840.1.101.3.4.2.1": "sha256",
    "2.16.840.1.101.3.4.2.2": "sha384",
    "2.16.840.1.101.3.4.2.3": "sha512",
}

_SEQUENCE: Final = 0x30
_SET: Final = 0x31
_OID: Final = 0x06
_INTEGER: Final = 0x02
_OCTETS: Final = 0x04
_TIME: Final = 0x18
_CONTEXT_0: Final = 0xA0


@dataclass(frozen=True, slots=True)
class Element:
    """An element of DER: its tag, what is in it, and all of its bytes."""

    tag: int
    content: bytes
    whole: bytes

    @property
    def parts(self) -> list[Element]:
        return list(_elements(self.content))


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """What a timestamp authority said, and what it signed that with.

    Attributes:
        imprint: the hash that it was given, in hexadecimal; ``imprint_hash`` names its function.
        at: when it says that it was.
        info: the bytes that the signer's digest is of.
        signed: the bytes that the signature is of; ``signed_digest`` is the digest of ``info`` among them.
        certificates: those that came with the token, as DER.
        serial: serial number of the signer's certificate, None where it is named by its key.
    """

    imprint: str
    imprint_hash: str
    at: datetime
    policy: str
    info: bytes
    signed: bytes
    signed_digest: bytes
    signed_type: str
    digest_hash: str
    signature: bytes
    certificates: tuple[bytes, ...]
    serial: Union[int, None]


def token(content: bytes) -> Token:
    """Read a token, or the response of an authority that holds one.

    Raises:
        PreconditionFailed: it is neither.
    """
    try:
        return _token(content)
    except (IndexError, KeyError, ValueError, StopIteration, RecursionError):
        raise PreconditionFailed(
            "this is no timestamp token of RFC 3161",
            kind="bad_option",
            remedy="Give the authority's answer as it came, in DER",
        ) from None


def _token(content: bytes) -> Token:
    outer = next(_elements(content))
    first = outer.parts[0]
    holder = outer if first.tag == _OID else outer.parts[1]  # a response has its status first, and then the token
    kind, wrapped = holder.parts[:2]
    if _oid(kind) != _SIGNED_DATA:
        raise ValueError("no signed data")
    data = wrapped.parts[0].parts
    inner, signer = data[2].parts, data[-1].parts[0].parts
    if _oid(inner[0]) != _TST_INFO:
        raise ValueError("no timestamp in it")
    info = inner[1].parts[0]
    attributes = next(part for part in signer if part.tag == _CONTEXT_0)
    told = {_oid(pair.parts[0]): pair.parts[1].parts[0] for pair in attributes.parts}
    imprint, at = info_parts(info.content)
    signature = next(part for part in reversed(signer) if part.tag == _OCTETS)
    return Token(
        imprint=imprint[1].content.hex(),
        imprint_hash=HASHES.get(_oid(imprint[0].parts[0]), _oid(imprint[0].parts[0])),
        at=at,
        policy=_oid(next(_elements(info.content)).parts[1]),
        info=info.content,
        signed=bytes([_SET]) + attributes.whole[1:],
        signed_digest=told[_MESSAGE_DIGEST].content,
        signed_type=_oid(told[_CONTENT_TYPE]),
        digest_hash=HASHES.get(_oid(signer[2].parts[0]), _oid(signer[2].parts[0])),
        signature=signature.content,
        certificates=tuple(part.whole for part in _certificates(data)),
        serial=_serial(signer[1]),
    )


def info_parts(info: bytes) -> tuple[list[Element], datetime]:
    """The message imprint and the time of a TSTInfo."""
    parts = next(_elements(info)).parts
    text = next(part for part in parts if part.tag == _TIME).content.decode("ascii")
    form = "%Y%m%d%H%M%S.%fZ" if "." in text else "%Y%m%d%H%M%SZ"
    return parts[2].parts, datetime.strptime(text, form).replace(tzinfo=timezone.utc)


def _certificates(data: list[Element]) -> list[Element]:
    held = next((part for part in data[3:] if part.tag == _CONTEXT_0), None)
    return [part for part in held.parts if part.tag == _SEQUENCE] if held else []


def _serial(identifier: Element) -> int | None:
    if identifier.tag != _SEQUENCE:
        return None
    return int.from_bytes(identifier.parts[1].content, "big", signed=True)


def _elements(content: bytes) -> Iterator[Element]:
    """The elements that stand one after the other, in definite lengths as DER has them."""
    start = 0
    while start < len(content):
        tag, length, at = content[start], content[start + 1], start + 2
        if length & 0x80:
            count = length & 0x7F
            length, at = int.from_bytes(content[at : at + count], "big"), at + count
        if length > len(content) - at:
            raise ValueError("an element is longer than what holds it")
        yield Element(tag, content[at : at + length], content[start : at + length])
        start = at + length


def _oid(element: Element) -> str:
    """An object identifier in its dotted form."""
    if element.tag != _OID or not element.content:
        raise ValueError("no object identifier")
    numbers, value = list[int](), 0
    for byte in element.content:
        value = value << 7 | byte & 0x7F
        if not byte & 0x80:
            numbers.append(value)
            value = 0
    first = min(numbers[0] // 40, 2)
    return ".".join(map(str, [first, numbers[0] - 40 * first, *numbers[1:]]))
