# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Replicated VMs as an inventory has them: one entry for each VM, whatever the number of its copies."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.looking import Look
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import Side
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.states import Power, ReplicationMode
from ansible_collections.hyperv.replica.plugins.module_utils._surface.inventory_hosts import InventoryHost
from ansible_collections.hyperv.replica.plugins.module_utils._surface.plain import plain

#: What stands before the name of each variable, so that none hides a variable of somebody else.
PREFIX: Final = "hyperv_replica_"

#: A copy in one of these uses is one end of a relationship; a test copy is not.
_ENDS: Final = (ReplicationMode.PRIMARY, ReplicationMode.REPLICA, ReplicationMode.EXTENDED_REPLICA)
_DOWN: Final = (Power.OFF.name.lower(), Power.SAVED.name.lower())
_DIGITS: Final = 8

Copy = dict[str, Any]


def copies(host: InventoryHost, look: Look, hosts: Sequence[InventoryHost]) -> list[Copy]:
    """What one host shows of the VMs it sends or receives, in plain types."""
    return [_copy(host, side, hosts) for side in look.sides.values() if side.mode in _ENDS]


def virtual_machines(found: Iterable[Copy]) -> dict[str, dict[str, Any]]:
    """The variables of each VM by its inventory name, from every host's copies.

    The variables are those of the copy that runs, else of the primary. VMs of one name are told apart by their GUIDs.
    """
    by_id: dict[str, list[Copy]] = {}
    for copy in found:
        by_id.setdefault(copy["id"], []).append(copy)
    ordered = [sorted(same, key=_rank) for same in by_id.values()]
    names = [same[0]["name"].casefold() for same in ordered]
    return {_inventory_name(same[0], names): _variables(same) for same in ordered}


def group_names(variables: Mapping[str, Any], kinds: Iterable[str]) -> list[str]:
    """The groups a VM is in: one for each of ``site``, ``mode``, ``state`` and ``health`` that is asked for."""
    return [f"hyperv_{kind}_{str(variables[PREFIX + kind]).lower()}" for kind in kinds]


def _copy(host: InventoryHost, side: Side, hosts: Sequence[InventoryHost]) -> Copy:
    clock, last = side.facts.clock, side.last_replicated
    return {
        "id": side.vm_id,
        "name": side.vm_name,
        "host": host.name,
        "site": host.site,
        "power": side.power.name.lower(),
        "mode": side.mode.name.lower(),
        "state": side.state.name.lower(),
        "health": side.health.name.lower(),
        "last_replication": plain(last),
        "age_seconds": (clock - last).total_seconds() if clock is not None and last is not None else None,
        "peer": _peer(side, host, hosts),
        "guest_fqdn": side.guest.fqdn if side.guest else "",
        "guest_addresses": list(side.guest.addresses) if side.guest else [],
    }


def _peer(side: Side, host: InventoryHost, hosts: Sequence[InventoryHost]) -> str:
    """The other end by its name in this inventory source, else by the name that the relationship has for it."""
    if side.settings is None:
        return ""
    known = side.settings
    sends = side.mode is ReplicationMode.PRIMARY
    own = {side.facts.computer_name.casefold(), *host.labels}
    ways = (
        (known.recovery_host, known.recovery_connection_point),
        (known.primary_host, known.primary_connection_point),
    )
    for name in filter(None, ways[0] + ways[1] if sends else ways[1] + ways[0]):
        label = name.partition(".")[0].casefold()
        if label not in own:
            return next((other.name for other in hosts if label in other.labels), name)
    return ""


def _rank(copy: Copy) -> tuple[bool, bool, str]:
    return copy["power"] in _DOWN, copy["mode"] != ReplicationMode.PRIMARY.name.lower(), copy["host"]


def _inventory_name(copy: Copy, names: Sequence[str]) -> str:
    alone = names.count(copy["name"].casefold()) == 1
    return copy["name"] if alone else f"{copy['name']}-{copy['id'][:_DIGITS]}"


def _variables(same: Sequence[Copy]) -> dict[str, Any]:
    return {f"{PREFIX}{name}": value for name, value in same[0].items()} | {f"{PREFIX}copies": list(same)}
