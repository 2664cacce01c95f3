# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The failover cluster that a host is a node of, in the words of the simulator's estate schema. Changes nothing.

How long a cluster waits before it starts a failed machine again is left to the schema's default.
"""

from __future__ import annotations

from typing import Any

from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.asking import Memory
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.cluster import Cluster, Role, netbios
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.looking_cluster import cluster
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.shelf import filled
from ansible_collections.hyperv.replica.plugins.module_utils._wire.envelope import Talk


def capture_cluster() -> Talk[dict[str, Any]]:
    """The cluster as one entry of an estate's ``clusters``; empty where the host is no node, or may not be asked."""
    found = yield from cluster(Memory())
    return _cluster(found) if found is not None else {}


def _cluster(found: Cluster) -> dict[str, Any]:
    told = filled(
        {
            "name": found.name,
            "fqdn": found.fqdn,
            "broker": found.broker,
            "nodes": [netbios(node.name) for node in found.nodes],
        }
    )
    return {**told, "groups": [_group(vm_id, role) for vm_id, role in found.roles.items()], "all_told": found.all_told}


def _group(vm_id: str, role: Role) -> dict[str, Any]:
    return filled(
        {
            "vm": vm_id,
            "name": role.name,
            "persistent": role.persistent,
            "shutdown_action": "fail" if role.restarts else "offline",
        }
    )
