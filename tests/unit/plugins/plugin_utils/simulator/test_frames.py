# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The encrypted form of a message, read and written."""

from __future__ import annotations

import struct

import pytest

from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator import frames

PLAIN = "<s:Envelope>Ü 測試</s:Envelope>".encode()


def _wrap(plain: bytes) -> tuple[bytes, bytes, int]:
    return b"S" * 16, bytes(byte ^ 0x55 for byte in plain), 0


def _unwrap(signature: bytes, ciphertext: bytes) -> bytes:
    assert signature == b"S" * 16
    return bytes(byte ^ 0x55 for byte in ciphertext)


def _frame(length: int, *, opening: bytes = b"--Encrypted Boundary", ciphertext: bytes = _wrap(PLAIN)[1]) -> bytes:
    return (
        opening + b"\r\n\tContent-Type: application/HTTP-SPNEGO-session-encrypted\r\n"
        b"\tOriginalContent: type=application/soap+xml;charset=UTF-8;Length="
        + str(length).encode()
        + b"\r\n"
        + opening
        + b"\r\n\tContent-Type: application/octet-stream\r\n"
        + struct.pack("<i", 16)
        + b"S" * 16
        + ciphertext
        + b"--Encrypted Boundary--\r\n"
    )


def test_a_frame_is_written_as_the_specification_shows_it() -> None:
    content_type, body = frames.encrypted(PLAIN, frames.SPNEGO, _wrap)

    assert content_type == (
        'multipart/encrypted;protocol="application/HTTP-SPNEGO-session-encrypted";boundary="Encrypted Boundary"'
    )
    assert body == _frame(len(PLAIN))


@pytest.mark.parametrize("opening", [b"--Encrypted Boundary", b"-- Encrypted Boundary"])
def test_a_frame_is_read_with_and_without_a_space_in_its_boundary(opening: bytes) -> None:
    assert frames.decrypted(_frame(len(PLAIN), opening=opening), _unwrap) == PLAIN


def test_a_message_in_several_parts_is_put_together() -> None:
    one = frames.encrypted(b"first ", frames.SPNEGO, _wrap)[1].removesuffix(b"--Encrypted Boundary--\r\n")

    assert frames.decrypted(one + _frame(len(PLAIN)), _unwrap) == b"first " + PLAIN


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<s:Envelope/>",
        _frame(len(PLAIN) + 1),
        _frame(len(PLAIN)).replace(b"OriginalContent", b"Original"),
        _frame(len(PLAIN)).replace(struct.pack("<i", 16), struct.pack("<i", 999999)),
        _frame(len(PLAIN)).replace(struct.pack("<i", 16), struct.pack("<i", -1)),
        _frame(len(PLAIN))[:150],
    ],
)
def test_a_damaged_frame_is_refused(body: bytes) -> None:
    with pytest.raises(frames.FrameError):
        frames.decrypted(body, _unwrap)
