# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Preflight rules about failover clusters: roles, and what a cluster does with a VM that goes off."""

from __future__ import annotations

from typing import Final

from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import End
from ansible_collections.hyperv.replica.plugins.module_utils._operations.preflight import Rule, gates
from ansible_collections.hyperv.replica.plugins.module_utils._operations.preflight_view import (
    Finding,
    Unseen,
    View,
    failed,
    passed,
)


def _role(view: View) -> Finding:
    return _has_role(view, End.DESTINATION)


def _role_home(view: View) -> Finding:
    return _has_role(view, End.SOURCE)


def _has_role(view: View, end: End) -> Finding:
    """Whether a VM on a node is highly available: a node replicates nothing else (event 29410)."""
    side = view.side(end)
    cluster = side.facts.cluster
    if cluster is None:
        return passed("this host is no node of a cluster", side.host)
    if side.role is None and not cluster.all_told:
        raise Unseen(side.host, f"the roles of the cluster {cluster.name} could not be told apart")
    if side.role is None:
        return failed(f"it is on a node of the cluster {cluster.name}, and no role of it", side.host)
    return passed(f"it is the role {side.role.name} of the cluster {cluster.name}", side.host)


def _stays_off(view: View) -> Finding:
    """Whether a VM that was shut down stays off (page virtual-machines-shutdownaction)."""
    side = view.there
    if side.role is not None and side.role.restarts:
        return failed("its cluster starts it again when it is shut down (ShutdownAction 1)", side.host)
    return passed("nothing starts it again when it is shut down", side.host)


_MAKE_ROLE: Final = "Make it a role of the cluster with Add-ClusterVirtualMachineRole"

RULES: Final = (
    Rule(
        id="clustered_role",
        asks="On a cluster, the replica is a role of it.",
        gates=gates("B B B B B"),
        check=_role,
        cause="A node replicates and fails over highly available VMs only",
        remedy=_MAKE_ROLE,
    ),
    Rule(
        id="clustered_role_home",
        asks="On a cluster, the primary is a role of it.",
        gates=gates("- B - B B"),
        check=_role_home,
        cause="A node replicates highly available VMs only",
        remedy=_MAKE_ROLE,
    ),
    Rule(
        id="stays_off",
        asks="A VM that is shut down is not started again by its cluster.",
        gates=gates("- W - - W"),
        check=_stays_off,
        cause="The move stops when the VM runs again before it is prepared",
        remedy="Set the ShutdownAction of its resource to 0 for the time of the move",
    ),
)
