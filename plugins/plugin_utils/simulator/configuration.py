# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The WinRM configuration a client may read; a modern host's, as recorded and as documented."""

from __future__ import annotations

from typing import Final

from ansible_collections.hyperv.replica.plugins.module_utils._wire import names
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.elements import attribute_xml
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.faults import Fault

Tree = dict[str, "str | Tree"]

_AUTH: Final[Tree] = {
    "Basic": "false",
    "Kerberos": "true",
    "Negotiate": "true",
    "Certificate": "false",
    "CredSSP": "false",
    "CbtHardeningLevel": "Relaxed",
}
_SERVICE: Final[Tree] = {
    "MaxConcurrentOperations": "4294967295",
    "MaxConcurrentOperationsPerUser": "1500",
    "EnumerationTimeoutms": "240000",
    "MaxConnections": "300",
    "MaxPacketRetrievalTimeSeconds": "120",
    "AllowUnencrypted": "false",
    "Auth": _AUTH,
}
_WINRS: Final[Tree] = {
    "AllowRemoteShellAccess": "false",
    "IdleTimeout": "7200000",
    "MaxConcurrentUsers": "10",
    "MaxShellsPerUser": "30",
    "MaxProcessesPerShell": "25",
    "MaxMemoryPerShellMB": "1024",
}
_CONFIG: Final[Tree] = {
    "MaxEnvelopeSizekb": "500",
    "MaxTimeoutms": "60000",
    "MaxBatchItems": "32000",
    "MaxProviderRequests": "4294967295",
    "Client": {"NetworkDelayms": "5000", "AllowUnencrypted": "false"},
    "Service": _SERVICE,
    "Winrs": _WINRS,
}
_PARTS: Final[dict[str, tuple[str, Tree]]] = {
    "": ("Config", _CONFIG),
    "/service": ("Service", _SERVICE),
    "/service/auth": ("Auth", _AUTH),
    "/winrs": ("Winrs", _WINRS),
}


def is_configuration(uri: str) -> bool:
    """Whether a resource URI is of the configuration."""
    folded, root = uri.strip().casefold(), names.MS_CONFIG.casefold()
    return folded == root or folded.startswith(f"{root}/")


def configuration_xml(uri: str, language: str) -> str:
    """The configuration, or the part of it that the URI names.

    Raises:
        Fault: there is no such part.
    """
    part = _PARTS.get(uri.strip()[len(names.MS_CONFIG) :].rstrip("/").casefold())
    if part is None:
        raise Fault("bad_uri", "the configuration has no such part")
    name, tree = part
    head = f'xmlns:cfg="{names.MS_CONFIG}" xml:lang="{attribute_xml(language)}"'
    return f"<cfg:{name} {head}>{_inner(tree)}</cfg:{name}>"


def _inner(tree: Tree) -> str:
    return "".join(
        f"<cfg:{name}>{value if isinstance(value, str) else _inner(value)}</cfg:{name}>" for name, value in tree.items()
    )
