# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The encrypted form of a message, [MS-WSMV] 2.2.9.1: framing only, the cipher is handed in."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from typing import Final

from ansible_collections.hyperv.replica.plugins.module_utils._wire.names import CONTENT_TYPE

#: What [MS-WSMV] 2.2.9.1.1 and 2.2.9.1.2 call the protocol in Content-Type.
SPNEGO: Final = "application/HTTP-SPNEGO-session-encrypted"
KERBEROS: Final = "application/HTTP-Kerberos-session-encrypted"

BOUNDARY: Final = b"Encrypted Boundary"
_OPEN: Final = re.compile(rb"--\s*" + BOUNDARY + rb"\r\n")
_END: Final = re.compile(rb"--\s*" + BOUNDARY + rb"--\r\n$")
_OCTETS: Final = b"\tContent-Type: application/octet-stream\r\n"
_LENGTH: Final = re.compile(rb"OriginalContent:[^\r\n]*;\s*Length=(\d+)", re.IGNORECASE)

Unwrap = Callable[[bytes, bytes], bytes]
Wrap = Callable[[bytes], tuple[bytes, bytes, int]]


class FrameError(Exception):
    """The encrypted body is not what [MS-WSMV] 2.2.9.1 describes."""


def is_encrypted(content_type: str) -> bool:
    """Whether a Content-Type announces encrypted parts."""
    return content_type.lower().startswith(("multipart/encrypted", "multipart/x-multi-encrypted"))


def encrypted_protocol(content_type: str) -> str:
    """The protocol a Content-Type names; SPNEGO where it names none, as replies have to name one."""
    found = re.search(r'protocol="([^"]+)"', content_type)
    return found[1] if found else SPNEGO


def decrypted(body: bytes, unwrap: Unwrap) -> bytes:
    """The plain message inside ``body``; ``unwrap(signature, ciphertext)`` gives one part's plain text.

    Raises:
        FrameError: parts, lengths or boundary are wrong.
    """
    parts = [part for part in _OPEN.split(body) if part]
    if not parts or len(parts) % 2:
        raise FrameError("an encrypted message has pairs of parts")
    return b"".join(_part(parts[i], parts[i + 1], unwrap) for i in range(0, len(parts), 2))


def encrypted(plain: bytes, protocol: str, wrap: Wrap, *, original: str = CONTENT_TYPE) -> tuple[str, bytes]:
    """Content-Type and body for ``plain``, whose own Content-Type is ``original``.

    ``wrap`` gives signature, ciphertext and padding length.
    """
    signature, ciphertext, padding = wrap(plain)
    head = (
        f"--{BOUNDARY.decode()}\r\n"
        f"\tContent-Type: {protocol}\r\n"
        f"\tOriginalContent: type={original};Length={len(plain) + padding}\r\n"
        f"--{BOUNDARY.decode()}\r\n"
    )
    body = head.encode() + _OCTETS + struct.pack("<i", len(signature)) + signature + ciphertext
    content_type = f'multipart/encrypted;protocol="{protocol}";boundary="{BOUNDARY.decode()}"'
    return content_type, body + b"--" + BOUNDARY + b"--\r\n"


def _part(head: bytes, payload: bytes, unwrap: Unwrap) -> bytes:
    announced = _LENGTH.search(head)
    payload = _END.sub(b"", payload)
    if announced is None or not payload.startswith(_OCTETS):
        raise FrameError("a part lacks its OriginalContent or octet-stream header")
    wrapped = payload[len(_OCTETS) :]
    size = _signature_size(wrapped)
    plain = unwrap(wrapped[4 : 4 + size], wrapped[4 + size :])
    if len(plain) != int(announced[1]):
        raise FrameError(f"a part announced {announced[1].decode()} bytes and holds {len(plain)}")
    return plain


def _signature_size(wrapped: bytes) -> int:
    if len(wrapped) < 4:
        raise FrameError("a part ends before its signature")
    size: int = struct.unpack("<i", wrapped[:4])[0]
    if not 0 < size <= len(wrapped) - 4:
        raise FrameError("a part's signature length does not fit")
    return size
