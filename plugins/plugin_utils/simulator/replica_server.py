# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How a host receives replication, as values."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta


@dataclass(slots=True, kw_only=True)
class AuthorizationEntry:
    """Msvm_ReplicationAuthorizationSettingData; primary ``*`` stands for any server."""

    primary: str
    trust_group: str = "DefaultTrustGroup"
    storage: str = "C:\\Replica"


@dataclass(slots=True, kw_only=True)
class ReplicaServer:
    """Msvm_ReplicationServiceSettingData with its authorization entries.

    Attributes:
        allowed_authentication: 0 none, 1 Kerberos, 2 certificate, 3 both.
    """

    enabled: bool = False
    allowed_authentication: int = 0
    http_port: int = 80
    https_port: int = 443
    certificate_thumbprint: str = ""
    monitoring_interval: int = 43200
    monitoring_start: timedelta = timedelta(hours=9)
    entries: list[AuthorizationEntry] = field(default_factory=list)
