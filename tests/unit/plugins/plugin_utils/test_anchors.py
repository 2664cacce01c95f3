# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Signatures by keys of every kind, and timestamps that openssl wrote for the head below (``openssl ts -reply``)."""

from __future__ import annotations

import base64
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa

from ansible_collections.hyperv.replica.plugins.module_utils._drill.timestamp import token
from ansible_collections.hyperv.replica.plugins.module_utils._errors import PreconditionFailed
from ansible_collections.hyperv.replica.plugins.plugin_utils._anchors import (
    Anchor,
    signature_anchor,
    signed,
    timestamp_anchor,
)

GOLDEN = Path(__file__).resolve().parents[2] / "golden/timestamp"
HEAD = sha256(b"the head of a bundle").hexdigest()
OTHER = sha256(b"the head of another").hexdigest()
RESPONSE = base64.b64decode((GOLDEN / "response.b64").read_bytes())
BARE = base64.b64decode((GOLDEN / "token_without_certificates.b64").read_bytes())
TRUSTED = GOLDEN / "authority.pem"

KEYS: dict[str, Any] = {
    "Ed25519": ed25519.Ed25519PrivateKey.generate,
    "RSA": lambda: rsa.generate_private_key(public_exponent=65537, key_size=2048),
    "ECDSA": lambda: ec.generate_private_key(ec.SECP256R1()),
}


def written(folder: Path, key: Any, passphrase: str = "") -> tuple[Path, Path]:
    """The files of a private and a public key."""
    how: Any = (
        serialization.BestAvailableEncryption(passphrase.encode()) if passphrase else serialization.NoEncryption()
    )
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, how)
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    files = folder / "private.pem", folder / "public.pem"
    for file, content in zip(files, (private, public), strict=True):
        file.write_bytes(content)
    return files


@pytest.mark.parametrize("kind", KEYS)
def test_a_head_is_signed_and_only_that_head_by_only_that_key_holds(tmp_path: Path, kind: str) -> None:
    private, public = written(tmp_path, KEYS[kind](), "A passphrase")
    file = tmp_path / "evidence.sig"
    file.write_bytes(signed(HEAD, private, "A passphrase", None))
    (tmp_path / "other").mkdir()
    _private, stranger = written(tmp_path / "other", KEYS[kind]())

    results = [
        signature_anchor(head, key, file).result for head, key in ((HEAD, public), (OTHER, public), (HEAD, stranger))
    ]

    assert results == ["holds", "broken", "broken"]


@pytest.mark.parametrize("kind", KEYS)
def test_a_signature_that_holds_is_kept_so_that_a_second_run_changes_nothing(tmp_path: Path, kind: str) -> None:
    private, _public = written(tmp_path, KEYS[kind]())
    first = signed(HEAD, private, None, None)

    assert signed(HEAD, private, None, first) == first
    assert signed(OTHER, private, None, first) != first


def test_what_a_signature_does_not_say_is_said(tmp_path: Path) -> None:
    private, public = written(tmp_path, ed25519.Ed25519PrivateKey.generate())
    file = tmp_path / "evidence.sig"
    file.write_bytes(signed(HEAD, private, None, None))

    assert signature_anchor(HEAD, public, file).not_verified == ["whose key that is, and when the head was signed"]
    assert signature_anchor(HEAD, public, tmp_path / "none").result == "broken"


@pytest.mark.parametrize("content", [b"", b"no key", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"])
def test_a_key_that_is_none_is_refused_and_never_shown(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "key.pem").write_bytes(content)

    with pytest.raises(PreconditionFailed, match="cannot be used"):
        signed(HEAD, tmp_path / "key.pem", None, None)
    with pytest.raises(PreconditionFailed, match="cannot be used"):
        signature_anchor(HEAD, tmp_path / "key.pem", tmp_path / "evidence.sig")


def test_a_wrong_passphrase_or_a_key_of_another_kind_is_refused(tmp_path: Path) -> None:
    private, _public = written(tmp_path, ed25519.Ed25519PrivateKey.generate(), "A passphrase")
    with pytest.raises(PreconditionFailed) as refused:
        signed(HEAD, private, "Another one", None)
    assert "Another one" not in str(refused.value)

    private, _public = written(tmp_path, dsa.generate_private_key(2048))
    with pytest.raises(PreconditionFailed, match="neither Ed25519 nor RSA nor ECDSA"):
        signed(HEAD, private, None, None)


def stamped(tmp_path: Path, content: bytes = RESPONSE, *, head: str = HEAD, trusted: Path | None = None) -> Anchor:
    file = tmp_path / "evidence.tsr"
    file.write_bytes(content)
    return timestamp_anchor(head, file, trusted)


def test_a_timestamp_of_the_head_holds_up_to_an_authority_that_is_trusted(tmp_path: Path) -> None:
    anchor = stamped(tmp_path, trusted=TRUSTED)

    assert (anchor.result, anchor.found) == ("holds", "")
    assert "its message imprint is this head; it says 2026-11-" in anchor.verified[0]
    assert "Test timestamp authority" in anchor.verified[1]
    assert "Test CA" in anchor.verified[2]
    assert anchor.not_verified == ["whether a certificate was revoked, and the authority's policy"]


def test_without_a_trusted_authority_it_is_said_that_nobody_vouches_for_the_signer(tmp_path: Path) -> None:
    anchor = stamped(tmp_path)

    assert anchor.result == "holds"
    assert any("give timestamp_ca" in text for text in anchor.not_verified)


def test_a_bare_token_without_certificates_needs_that_of_its_signer(tmp_path: Path) -> None:
    unknown, known = stamped(tmp_path, BARE), stamped(tmp_path, BARE, trusted=GOLDEN / "signer.pem")

    assert unknown.not_verified == [
        "its signature: the signer's certificate is neither in the token nor in timestamp_ca"
    ]
    assert [unknown.result, known.result, len(known.verified)] == ["holds", "holds", 3]


def test_a_timestamp_of_another_head_or_by_another_authority_is_broken(tmp_path: Path) -> None:
    assert "not of this head" in stamped(tmp_path, head=OTHER).found
    assert stamped(tmp_path, trusted=GOLDEN / "another.pem").found == (
        "the signer's certificate does not lead to one of timestamp_ca"
    )


def test_the_time_in_a_token_cannot_be_changed(tmp_path: Path) -> None:
    at = token(RESPONSE).at.strftime("%Y%m%d%H%M%S").encode()
    forged = RESPONSE.replace(at + b"Z", b"2020" + at[4:] + b"Z")

    assert stamped(tmp_path, forged).found == "what the authority says was changed after it was signed"


def test_the_signature_of_a_token_is_looked_at(tmp_path: Path) -> None:
    signature = token(RESPONSE).signature

    anchor = stamped(tmp_path, RESPONSE.replace(signature, signature[:-1] + bytes([signature[-1] ^ 1])))

    assert anchor.found == "the signature of the authority does not hold"


@pytest.mark.parametrize("content", [b"", b"0", b"no token", b"\x30\x80", RESPONSE[:200], b"\x30\x84\xff\xff\xff\xff"])
def test_what_is_no_timestamp_is_broken_and_no_crash(tmp_path: Path, content: bytes) -> None:
    assert stamped(tmp_path, content).found == "this is no timestamp token of RFC 3161"


def test_no_changed_byte_of_a_token_is_a_crash_and_none_of_what_is_signed_holds(tmp_path: Path) -> None:
    told = token(RESPONSE)
    start, end = RESPONSE.index(told.info), RESPONSE.index(told.info) + len(told.info)

    for place in sorted({*range(start, end), *range(0, len(RESPONSE), 7)}):
        changed = bytearray(RESPONSE)
        changed[place] ^= 0x55
        anchor = stamped(tmp_path, bytes(changed), trusted=TRUSTED)
        if start <= place < end:
            assert anchor.result == "broken", place
