# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What ties a bundle to somebody or to a time: signatures and timestamp tokens; the only file to know cryptography."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from ansible_collections.hyperv.replica.plugins.module_utils._drill.timestamp import Token, token
from ansible_collections.hyperv.replica.plugins.module_utils._errors import PreconditionFailed

try:
    from cryptography import x509
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

    HAS_CRYPTOGRAPHY = True
    _UNREADABLE: tuple[type[Exception], ...] = (
        *(ValueError, TypeError, UnsupportedAlgorithm),
        *(x509.InvalidVersion, x509.DuplicateExtension, x509.UnsupportedGeneralNameType),
    )
except ImportError:  # pypsrp and pywinrm bring it
    HAS_CRYPTOGRAPHY = False
    _UNREADABLE = ()

#: Files beside those of the bundle that tie it to somebody or to a time.
SIGNATURE: Final = "evidence.sig"
TIMESTAMP: Final = "evidence.tsr"

HOLDS: Final = "holds"
BROKEN: Final = "broken"

#: RFC 3161, section 2.3: the only purpose that a timestamp authority's certificate may have.
_TIME_STAMPING: Final = "1.3.6.1.5.5.7.3.8"

_TST_INFO: Final = "1.2.840.113549.1.9.16.1.4"

#: A longer chain of certificates is a loop.
_MOST_ISSUERS: Final = 8


@dataclass
class Anchor:
    """What came of one anchor: whether it holds, what was verified for that, and what was not."""

    anchor: str
    result: str = HOLDS
    verified: list[str] = field(default_factory=list)
    not_verified: list[str] = field(default_factory=list)
    found: str = ""

    def broken(self, found: str) -> Anchor:
        """The same, with what speaks against it."""
        self.result, self.found = BROKEN, found
        return self


def signed(head: str, key_file: Path, passphrase: str | None, existing: bytes | None) -> bytes:
    """The detached signature of a head; one that exists and holds stays, since some kinds of keys never sign alike."""
    _need_cryptography()
    try:
        key: Any = serialization.load_pem_private_key(
            key_file.read_bytes(), passphrase.encode() if passphrase else None
        )
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise _bad_key(key_file, error) from None
    if existing is not None and _holds(key.public_key(), existing, head.encode()):
        return existing
    return _sign(key, key_file, head.encode())


def _sign(key: Any, key_file: Path, message: bytes) -> bytes:
    match key:
        case ed25519.Ed25519PrivateKey():
            return key.sign(message)
        case rsa.RSAPrivateKey():
            return key.sign(message, padding.PKCS1v15(), hashes.SHA256())
        case ec.EllipticCurvePrivateKey():
            return key.sign(message, ec.ECDSA(hashes.SHA256()))
    raise _bad_key(key_file, TypeError("neither Ed25519 nor RSA nor ECDSA"))


def signature_anchor(head: str, key_file: Path, signature_file: Path) -> Anchor:
    """Whether whoever holds the private key signed this head."""
    _need_cryptography()
    anchor = Anchor("signature")
    try:
        key = serialization.load_pem_public_key(key_file.read_bytes())
    except (OSError, ValueError, UnsupportedAlgorithm) as error:
        raise _bad_key(key_file, error) from None
    if not signature_file.is_file():
        return anchor.broken(f"there is no {signature_file}")
    if not _holds(key, signature_file.read_bytes(), head.encode()):
        return anchor.broken("the signature is not one of this head by this key")
    anchor.verified = [f"the head was signed with the key that belongs to {key_file.name}"]
    anchor.not_verified = ["whose key that is, and when the head was signed"]
    return anchor


def timestamp_anchor(head: str, file: Path, trusted_file: Path | None) -> Anchor:
    """Whether a timestamp authority saw this head, and who that is, as far as can be told."""
    _need_cryptography()
    anchor = Anchor("timestamp")
    try:
        told = token(file.read_bytes())
        if told.imprint_hash != "sha256" or told.imprint != head:
            return anchor.broken(f"the token is of {told.imprint} ({told.imprint_hash}), not of this head")
        anchor.verified.append(f"its message imprint is this head; it says {told.at.isoformat()}")
        held = [x509.load_der_x509_certificate(content) for content in told.certificates]
        trusted = x509.load_pem_x509_certificates(trusted_file.read_bytes()) if trusted_file else []
        return _of_signer(anchor, told, held, trusted)
    except OSError as error:
        return anchor.broken(f"{error.filename} cannot be read: {error.strerror}")
    except _UNREADABLE as error:
        return anchor.broken(f"a certificate cannot be read: {error}")
    except PreconditionFailed as error:
        return anchor.broken(error.found)


def _of_signer(anchor: Anchor, told: Token, held: list[Any], trusted: list[Any]) -> Anchor:
    signer = next((one for one in [*held, *trusted] if one.serial_number == told.serial), None)
    if signer is None:
        anchor.not_verified.append(
            "its signature: the signer's certificate is neither in the token nor in timestamp_ca"
        )
        return anchor
    if told.digest_hash not in hashlib.algorithms_guaranteed or told.signed_type != _TST_INFO:
        return anchor.broken(f"its signer hashed with {told.digest_hash} what is called {told.signed_type}")
    if hashlib.new(told.digest_hash, told.info).digest() != told.signed_digest:
        return anchor.broken("what the authority says was changed after it was signed")
    if not _holds(signer.public_key(), told.signature, told.signed, told.digest_hash):
        return anchor.broken("the signature of the authority does not hold")
    anchor.verified.append(f"it was signed by {signer.subject.rfc4514_string()}")
    if not _may_stamp(signer):
        return anchor.broken("the signer's certificate is not one for timestamps")
    return _of_issuers(anchor, told, signer, held, trusted)


def _of_issuers(anchor: Anchor, told: Token, signer: Any, held: list[Any], trusted: list[Any]) -> Anchor:
    """Up from the signer to a certificate that the reader trusts."""
    anchor.not_verified.append("whether a certificate was revoked, and the authority's policy")
    if not trusted:
        anchor.not_verified.append("whether the signer is an authority that you trust: give timestamp_ca")
        return anchor
    link = signer
    for _step in range(_MOST_ISSUERS):
        if not _valid_at(link, told):
            return anchor.broken(f"the certificate of {link.subject.rfc4514_string()} was not valid at {told.at}")
        if link in trusted:
            anchor.verified.append(f"its certificate leads to {link.subject.rfc4514_string()} of timestamp_ca")
            return anchor
        issuer = next((one for one in [*trusted, *held] if one != link and _issued(one, link)), None)
        if issuer is None:
            break
        link = issuer
    return anchor.broken("the signer's certificate does not lead to one of timestamp_ca")


def _issued(issuer: Any, certificate: Any) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
        return bool(issuer.extensions.get_extension_for_class(x509.BasicConstraints).value.ca)
    except (ValueError, TypeError, InvalidSignature, x509.ExtensionNotFound):
        return False


def _may_stamp(certificate: Any) -> bool:
    try:
        purposes: Iterable[Any] = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return False
    return [purpose.dotted_string for purpose in purposes] == [_TIME_STAMPING]


def _valid_at(certificate: Any, told: Token) -> bool:
    at = told.at.replace(tzinfo=None)  # older releases of cryptography have the naive properties only
    return bool(_naive(certificate, "not_valid_before") <= at <= _naive(certificate, "not_valid_after"))


def _naive(certificate: Any, name: str) -> Any:
    aware = getattr(certificate, f"{name}_utc", None)
    return getattr(certificate, name) if aware is None else aware.replace(tzinfo=None)


def _holds(key: Any, signature: bytes, message: bytes, name: str = "sha256") -> bool:
    functions: dict[str, Any] = {"sha384": hashes.SHA384, "sha512": hashes.SHA512}
    function = functions.get(name, hashes.SHA256)()
    try:
        match key:
            case ed25519.Ed25519PublicKey():
                key.verify(signature, message)
            case rsa.RSAPublicKey():
                key.verify(signature, message, padding.PKCS1v15(), function)
            case ec.EllipticCurvePublicKey():
                key.verify(signature, message, ec.ECDSA(function))
            case _:
                return False
    except InvalidSignature:
        return False
    return True


def _need_cryptography() -> None:
    if not HAS_CRYPTOGRAPHY:
        raise PreconditionFailed(
            "the Python package cryptography is missing on the controller",
            kind="unsupported",
            remedy="Install pypsrp or pywinrm, which bring it, or cryptography itself",
        )


def _bad_key(file: Path, error: Exception) -> PreconditionFailed:
    why = error.strerror if isinstance(error, OSError) else str(error)
    return PreconditionFailed(
        f"the key {file} cannot be used: {why}",
        kind="bad_option",
        remedy="Give an Ed25519, RSA or ECDSA key in PEM, and its passphrase if it has one",
    )
