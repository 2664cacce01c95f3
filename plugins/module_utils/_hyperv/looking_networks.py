# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Adapters with what their guests are given after a failover: one query per class, however many VMs there are."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import replace

from ansible_collections.hyperv.replica.plugins.module_utils._hyperv import schema
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.adapters import (
    Adapter,
    FailoverAddresses,
    Networks,
)
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.asking import Memory, ask
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.classes import (
    FAILOVER_ADDRESSES,
    FAILOVER_LINK,
    SWITCH,
    SYSTEM,
)
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.looking_tests import (
    adapters_of,
    networks_of,
    switches_of,
)
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import Side
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.states import ReplicationMode
from ansible_collections.hyperv.replica.plugins.module_utils._wire.cim import CimInstance, CimReference
from ansible_collections.hyperv.replica.plugins.module_utils._wire.envelope import Talk

_Sides = dict[str, Side]


def adapters(sides: _Sides, narrow: list[str] | None, memory: Memory) -> Talk[_Sides]:
    """Each side with its adapters and their failover addresses, and the switches of the host."""
    switches = yield from switches_of(memory)
    found = yield from _with_addresses(switches, memory)
    systems = yield from ask(memory, SYSTEM)
    production = {
        schema.vm_id(one) for one in systems if one.integer("ReplicationMode") != ReplicationMode.TEST_REPLICA
    }
    known = networks_of(switches, found, production - {""})
    server = next((side.facts.computer_name for side in sides.values() if side.facts.computer_name), ".")
    known = replace(known, paths={name: _path(key, server) for key, name in switches.items()})
    return {vm_id: replace(side, adapters=found.get(vm_id, ()), networks=known) for vm_id, side in sides.items()}


def networks_and_adapters(memory: Memory) -> Talk[tuple[Networks, dict[str, tuple[Adapter, ...]]]]:
    """The switches of the host, and each VM's adapters with their failover addresses."""
    switches = yield from switches_of(memory)
    found = yield from _with_addresses(switches, memory)
    return networks_of(switches, found, found), found


def _with_addresses(switches: Mapping[str, str], memory: Memory) -> Talk[dict[str, tuple[Adapter, ...]]]:
    found = yield from adapters_of(switches, memory)
    given = yield from _addresses(memory)
    return {vm_id: tuple(_with(one, given.get(_above(one.id))) for one in mine) for vm_id, mine in found.items()}


def _path(switch: str, server: str) -> str:
    """A switch as a connection names it: both keys, and the host's own name."""
    return CimReference(SWITCH, {"CreationClassName": SWITCH, "Name": switch}).object_path(server)


def _above(connection_id: str) -> str:
    """The adapter that a connection is below."""
    return connection_id.upper().rpartition("\\")[0]


def _addresses(memory: Memory) -> Talk[dict[str, CimInstance]]:
    """The settings by the adapter's InstanceID, as the association joins them."""
    settings = {(one.text("InstanceID") or "").upper(): one for one in (yield from ask(memory, FAILOVER_ADDRESSES))}
    joined = {}
    for link in (yield from ask(memory, FAILOVER_LINK)):
        port, part = link.reference("GroupComponent"), link.reference("PartComponent")
        known = settings.get(((part.key("InstanceID") if part else "") or "").upper())
        if port and known:
            joined[(port.key("InstanceID") or "").upper()] = known
    return joined


def _with(adapter: Adapter, settings: CimInstance | None) -> Adapter:
    if settings is None:
        return adapter
    told = FailoverAddresses(
        dhcp=settings.boolean("DHCPEnabled") is not False,
        addresses=_interfaces(settings.texts("IPAddresses"), settings.texts("Subnets")),
        gateways=tuple(map(_plain, settings.texts("DefaultGateways"))),
        dns=tuple(map(_plain, settings.texts("DNSServers"))),
    )
    return replace(adapter, failover=told, failover_id=settings.text("InstanceID") or "")


def _interfaces(addresses: tuple[str, ...], subnets: tuple[str, ...]) -> tuple[str, ...]:
    """Addresses with the length of their prefix; the n-th subnet, a mask or a length, is that of the n-th address."""
    return tuple(
        _interface(address, subnets[place] if place < len(subnets) else "") for place, address in enumerate(addresses)
    )


def _interface(address: str, subnet: str) -> str:
    try:
        return str(ipaddress.ip_interface(f"{address}/{subnet}" if subnet else address))
    except ValueError:
        return f"{address}/{subnet}"


def _plain(address: str) -> str:
    try:
        return str(ipaddress.ip_address(address))
    except ValueError:
        return address
