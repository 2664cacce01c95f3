# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The WinRM configuration a client may read; a modern host's, as recorded and as documented."""

from __future__ import annotations

from typing import Final

from ansible_collections.hyperv.replica.plugins.module_utils._wire import names
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.elements import attribute_xml
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.faults import Fault
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.world import Host

Tree = dict[str, "str | Tree"]

_AUTH: Final[Tree] = {
    "Basic": "false",
    "Kerberos": "true",
    "Negotiate": "true",
    "Certificate": "false",
    "CredSSP": "false",
    "CbtHardeningLevel": "Relaxed",
}
_WINRS: Final[Tree] = {
    "AllowRemoteShellAccess": "false",
    "IdleTimeout": "7200000",
    "MaxConcurrentUsers": "10",
    "MaxShellsPerUser": "30",
    "MaxProcessesPerShell": "25",
    "MaxMemoryPerShellMB": "1024",
}


def is_configuration(uri: str) -> bool:
    """Whether a resource URI is of the configuration."""
    folded, root = uri.strip().casefold(), names.MS_CONFIG.casefold()
    return folded == root or folded.startswith(f"{root}/")


def configuration_xml(uri: str, host: Host) -> str:
    """The configuration of a host, or the part of it that the URI names.

    Raises:
        Fault: there is no such part.
    """
    part = _parts(host).get(uri.strip()[len(names.MS_CONFIG) :].rstrip("/").casefold())
    if part is None:
        raise Fault("bad_uri", "the configuration has no such part")
    name, tree = part
    head = f'xmlns:cfg="{names.MS_CONFIG}" xml:lang="{attribute_xml(host.language)}"'
    return f"<cfg:{name} {head}>{_inner(tree)}</cfg:{name}>"


def _parts(host: Host) -> dict[str, tuple[str, Tree]]:
    service: Tree = {
        "MaxConcurrentOperations": "4294967295",
        "MaxConcurrentOperationsPerUser": str(host.winrm_operations),
        "EnumerationTimeoutms": "240000",
        "MaxConnections": "300",
        "MaxPacketRetrievalTimeSeconds": "120",
        "AllowUnencrypted": "false",
        "Auth": _AUTH,
    }
    config: Tree = {
        "MaxEnvelopeSizekb": "500",
        "MaxTimeoutms": "60000",
        "MaxBatchItems": "32000",
        "MaxProviderRequests": "4294967295",
        "Client": {"NetworkDelayms": "5000", "AllowUnencrypted": "false"},
        "Service": service,
        "Winrs": _WINRS,
    }
    return {
        "": ("Config", config),
        "/service": ("Service", service),
        "/service/auth": ("Auth", _AUTH),
        "/winrs": ("Winrs", _WINRS),
    }


def _inner(tree: Tree) -> str:
    return "".join(
        f"<cfg:{name}>{value if isinstance(value, str) else _inner(value)}</cfg:{name}>" for name, value in tree.items()
    )
