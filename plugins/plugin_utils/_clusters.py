# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The ends of a task where they are clusters: from an inventory group to all of its nodes, opened."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.hyperv.replica.plugins.module_utils._errors import PreconditionFailed
from ansible_collections.hyperv.replica.plugins.module_utils._operations.membership import VARIABLE, Enrolled
from ansible_collections.hyperv.replica.plugins.plugin_utils._peer import addresses, group_members, host_value


def nodes_of(action: Any, name: str, task_vars: Mapping[str, Any]) -> tuple[str, tuple[str, ...]]:
    """The cluster that a name of the inventory stands for, and its hosts; no cluster and the name itself for a host.

    A group stands for its hosts, and a host for all hosts of its groups that name the same cluster.

    Raises:
        PreconditionFailed: the name is a group whose hosts do not all name one cluster.
    """
    members = group_members(action, name)
    if members is None:
        cluster, near = host_value(action, name, VARIABLE, task_vars)
        if not cluster:
            return "", (name,)
        others = [one for one in near if host_value(action, one, VARIABLE, task_vars)[0] == cluster]
        return cluster, (name, *(one for one in others if one != name))
    named = {host_value(action, one, VARIABLE, task_vars)[0] for one in members}
    if len(named) != 1 or "" in named:
        raise PreconditionFailed(
            f"{name} is an inventory group, and its hosts do not all name one cluster",
            kind="bad_option",
            remedy=f"Set {VARIABLE} for the group if its hosts are the nodes of one cluster; otherwise name a host",
        )
    return named.pop(), tuple(members)


def enrolled(action: Any, name: str, task_vars: Mapping[str, Any]) -> Enrolled:
    """An inventory host with every name it goes by."""
    return Enrolled(host=name, names=frozenset({name, *addresses(action, name, task_vars)}))


def refuse_one_cluster(home: tuple[str, ...], away: tuple[str, ...], own: str) -> None:
    """Refuse an end that is a part of the other one: within a cluster VMs move, and nothing is replicated."""
    if both := sorted(set(home) & set(away)):
        raise PreconditionFailed(
            f"{', '.join(both)} is a node at both ends",
            kind="wrong_peer",
            host=own,
            remedy="Give a peer in another cluster, or another host",
        )
