# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whom a host lets replicate to it, and the certificates it could show: entries and GetSystemCertificates."""

from __future__ import annotations

from ansible_collections.hyperv.replica.plugins.module_utils._errors import WsmanFault
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.asking import Memory, service
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.authorization import AuthorizationEntry
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.certificates import Certificate, read_certificate
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.returncodes import ReturnCode
from ansible_collections.hyperv.replica.plugins.module_utils._wire.cim import CimInstance
from ansible_collections.hyperv.replica.plugins.module_utils._wire.envelope import Talk
from ansible_collections.hyperv.replica.plugins.module_utils._wire.invoke import call


def entry_of(instance: CimInstance) -> AuthorizationEntry:
    """One Msvm_ReplicationAuthorizationSettingData."""
    return AuthorizationEntry(
        primary=instance.text("AllowedPrimaryHostSystem") or "",
        trust_group=instance.text("TrustGroup") or "",
        storage=instance.text("ReplicaStorageLocation") or "",
    )


def system_certificates(memory: Memory) -> Talk[tuple[Certificate, ...] | None]:
    """Those that can be read; a host or an account that lists none may still have them."""
    try:
        answer = yield from call((yield from service(memory)), "GetSystemCertificates", {}, repeatable=True)
    except WsmanFault:
        return None
    if answer.return_value != ReturnCode.COMPLETED:
        return None
    return tuple(filter(None, (_readable(text) for text in answer.outputs.texts("EncodedCertificates"))))


def _readable(text: str) -> Certificate | None:
    try:
        return read_certificate(text)
    except ValueError:
        return None
