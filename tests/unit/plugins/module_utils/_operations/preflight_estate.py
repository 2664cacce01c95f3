# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Estates that every rule of the preflight holds for."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.certificates import read_certificate
from ansible_collections.hyperv.replica.tests.unit.plugins.module_utils._operations.estate_run import (
    START,
    estate,
    host,
    vm,
)

_KEY = ec.generate_private_key(ec.SECP256R1())
_BOTH_USES = (ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH)


def certificate(name: str, days: int = 365, uses: tuple[Any, ...] = _BOTH_USES, began: datetime = START) -> str:
    """A certificate for a host as GetSystemCertificates lists it."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    built = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(_KEY.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(began - timedelta(days=30))
        .not_valid_after(began + timedelta(days=days))
        .add_extension(x509.ExtendedKeyUsage(uses), critical=False)
        .sign(_KEY, hashes.SHA256())
    )
    return base64.b64encode(built.public_bytes(serialization.Encoding.DER)).decode()


def prepared(name: str, other: str, **more: Any) -> dict[str, Any]:
    """A host with a network of its own."""
    return host(name, other, switches=["Production"], **more)


def fit(**more: Any) -> dict[str, Any]:
    """A VM that every rule holds for."""
    static = {"name": "NIC", "switch": "Production", "dynamic_mac": False, "mac": "00155D010203", "vlan": 7}
    known: dict[str, Any] = {"adapters": [static], "replica_switch": "Production", "start_action": "nothing"}
    return vm(**known | more)


def fit_estate(*vms: Mapping[str, Any]) -> dict[str, Any]:
    return estate(*(vms or (fit(),)), hosts=[prepared("A", "B"), prepared("B", "A")])


def certified_estate(ours: str, theirs: str | None = None) -> dict[str, Any]:
    """The same with replication by certificate; ``ours`` is held by B and ``theirs`` by A."""
    theirs = theirs or certificate("a.example.test")
    hosts = []
    for name, other, text in (("A", "B", theirs), ("B", "A", ours)):
        server = {
            "authentication": "certificate",
            "certificate_thumbprint": read_certificate(text).thumbprint,
            "authorize": [{"primary": f"{other.lower()}.example.test"}],
        }
        hosts.append(prepared(name, other, certificates=[text]) | {"replica_server": server})
    return estate(fit(authentication="certificate"), hosts=hosts)
