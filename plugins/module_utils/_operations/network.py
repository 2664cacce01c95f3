# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a VM's adapters are given after a failover, and where its test copies are connected to, on one host."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from ansible_collections.hyperv.replica.plugins.module_utils._errors import PreconditionFailed
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.adapters import (
    Adapter,
    FailoverAddresses,
    is_called,
)
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import Absent, End, Pair, Side
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.states import (
    ComponentStatus,
    JobType,
    ReplicationMode,
)
from ansible_collections.hyperv.replica.plugins.module_utils._operations import guards
from ansible_collections.hyperv.replica.plugins.module_utils._operations.goal import Goal
from ansible_collections.hyperv.replica.plugins.module_utils._operations.operation import Operation
from ansible_collections.hyperv.replica.plugins.module_utils._operations.path import Leg, Task
from ansible_collections.hyperv.replica.plugins.module_utils._operations.plan import Method, Plain, Step

#: ProtocolIFType (Microsoft's page msvm-failovernetworkadaptersettingdata): IPv4, IPv6, both.
_IPV4: Final = 4096
_IPV6: Final = 4097
_BOTH: Final = 4098

#: In the name of a guest's system, for a warning only: Microsoft's page tells of Windows guests and of no others.
_WINDOWS: Final = "windows"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What one adapter shall say; None stays as it is.

    Attributes:
        adapter: name or MAC address; empty for the only one.
        test_switch: where test copies are connected to; empty for nowhere.
    """

    adapter: str = ""
    test_switch: str | None = None
    failover: FailoverAddresses | None = None


def configure(goal: Goal, wanted: tuple[Wanted, ...]) -> Operation:
    """The adapters of one VM say what is wanted."""
    return Operation(
        name="network",
        goal=goal,
        legs=(
            _leg("the test switch of an adapter is set", _to_switch, _switch_step, wanted),
            _leg("the failover addresses of an adapter are set", _to_address, _address_step, wanted),
        ),
        guard=lambda seen, task: _guard(seen, wanted),
        reached=lambda seen, task: _reached(seen, wanted),
        rest=_at_rest,
        moves=False,
        asks_guest=False,
        replicates=False,
        strategy="network",
    )


def warnings(seen: Pair, wanted: tuple[Wanted, ...]) -> Iterator[str]:
    """What may keep the addresses from reaching the guest although the host has them."""
    here = seen.destination
    if not isinstance(here, Side) or not any(one.failover for one in wanted):
        return
    for adapter in here.adapters:
        if adapter.dynamic_mac and any(_fits(adapter, one, here) for one in wanted):
            yield (
                f"the MAC address of {adapter.name} on {here.host} is dynamic: another host may give another one at "
                "start, and the guest may then take it for a new adapter"
            )
    yield from _guest_warnings(seen)


def _guest_warnings(seen: Pair) -> Iterator[str]:
    guests = [side.guest for side in (seen.destination, seen.source) if isinstance(side, Side) and side.guest]
    known = [guest for guest in guests if guest.heartbeat in (ComponentStatus.OK, ComponentStatus.DEGRADED)]
    if not known:
        yield (
            "no guest of it answered, so whether its integration services can apply failover addresses is not known; "
            "give peer, the host on which it runs"
        )
    elif known[0].os_name and _WINDOWS not in known[0].os_name.casefold():
        yield (
            f"its guest says it is {known[0].os_name}: only guests with Windows are documented to apply failover "
            "addresses; verify this one in a test failover"
        )


def _fits(adapter: Adapter, wanted: Wanted, here: Side) -> bool:
    return is_called(adapter, wanted.adapter) if wanted.adapter else len(here.adapters) == 1


def _pairs(seen: Pair, wanted: tuple[Wanted, ...]) -> list[tuple[Adapter, Wanted]]:
    here = seen.destination
    if not isinstance(here, Side):
        return []
    return [(adapter, one) for one in wanted for adapter in here.adapters if _fits(adapter, one, here)]


def _to_switch(adapter: Adapter, wanted: Wanted) -> bool:
    return wanted.test_switch is not None and adapter.test_switch != wanted.test_switch


def _to_address(adapter: Adapter, wanted: Wanted) -> bool:
    return wanted.failover is not None and adapter.failover != wanted.failover


def _at_rest(seen: Pair) -> bool:
    """No settings of the VM are being changed; nothing else stands in the way."""
    here = seen.destination
    return not isinstance(here, Side) or not any(
        job.running and job.type is JobType.MODIFY_VIRTUAL_MACHINE_RESOURCES for job in here.jobs
    )


def _reached(seen: Pair, wanted: tuple[Wanted, ...]) -> bool:
    pairs = _pairs(seen, wanted)
    done = not any(_to_switch(*pair) or _to_address(*pair) for pair in pairs)
    return len(pairs) == len(wanted) and done


def _guard(seen: Pair, wanted: tuple[Wanted, ...]) -> None:
    here = seen.destination
    if isinstance(here, Absent):
        raise guards.absent(here, seen.vm_name)
    names = ", ".join(f"{one.name} [{one.mac}]" for one in here.adapters) or "none"
    for one in wanted:
        fitting = [adapter for adapter in here.adapters if _fits(adapter, one, here)]
        if len(fitting) != 1:
            meant = f"is called {one.adapter}" if one.adapter else "is meant, for none was named"
            raise _refusal(here, f"not exactly one adapter {meant}; there are: {names}")
        _refuse_switch(here, one.test_switch)
        if one.failover and here.mode is ReplicationMode.NONE:
            raise _refusal(here, "failover addresses are for a replicated VM, and it is not", "not_replicated")
        if one.failover and not fitting[0].failover_id:
            raise _refusal(here, f"{fitting[0].name} takes no failover addresses: it is no synthetic adapter")


def _refuse_switch(here: Side, switch: str | None) -> None:
    if not switch:
        return
    if switch in here.networks.production:
        raise _refusal(
            here, f"{switch} is a switch that production virtual machines are connected to", "production_network"
        )
    if switch not in here.networks.switches:
        raise _refusal(here, f"this host has no switch {switch}")


def _refusal(here: Side, found: str, kind: str = "bad_option") -> PreconditionFailed:
    return PreconditionFailed(
        found, kind=kind, host=here.host, vm=here.vm_name, remedy="Correct adapters, then run this again"
    )


_Differs = Callable[[Adapter, Wanted], bool]
_Build = Callable[[Side, Adapter, Wanted], Step]


def _leg(says: str, differs: _Differs, build: _Build, wanted: tuple[Wanted, ...]) -> Leg:
    def first(seen: Pair) -> tuple[Adapter, Wanted] | None:
        return next((pair for pair in _pairs(seen, wanted) if differs(*pair)), None)

    def step(seen: Pair, task: Task) -> Step:
        found = first(seen)
        if found is None or isinstance(seen.destination, Absent):
            raise PreconditionFailed("nothing is to be set", vm=seen.vm_name)
        return build(seen.destination, *found)

    return Leg(says=says, given=lambda seen, task: first(seen) is not None, step=step)


def _switch_step(here: Side, adapter: Adapter, wanted: Wanted) -> Step:
    switch = wanted.test_switch or ""
    return _step(
        here,
        replace(adapter, test_switch=switch),
        Method.MODIFY_RESOURCE_SETTINGS,
        {"InstanceID": adapter.id, "TestReplicaSwitchName": switch},
        f"{adapter.name}: test copies get {switch or 'no switch'}, before: {adapter.test_switch or 'no switch'}",
    )


def _address_step(here: Side, adapter: Adapter, wanted: Wanted) -> Step:
    given = wanted.failover or FailoverAddresses()
    interfaces = [ipaddress.ip_interface(address) for address in given.addresses]
    versions = {interface.version for interface in interfaces}
    return _step(
        here,
        replace(adapter, failover=given),
        Method.SET_FAILOVER_ADDRESSES,
        {
            "InstanceID": adapter.failover_id,
            "ProtocolIFType": _BOTH if len(versions) == 2 else _IPV6 if versions == {6} else _IPV4,
            "DHCPEnabled": given.dhcp,
            "IPAddresses": tuple(str(interface.ip) for interface in interfaces),
            "Subnets": tuple(_subnet(interface) for interface in interfaces),
            "DefaultGateways": given.gateways,
            "DNSServers": given.dns,
        },
        f"{adapter.name}: after a failover its guest gets {_said(given)}, before: {_said(adapter.failover)}",
    )


def _subnet(interface: ipaddress.IPv4Interface | ipaddress.IPv6Interface) -> str:
    """A mask for IPv4, the length of the prefix for IPv6."""
    return str(interface.netmask) if interface.version == 4 else str(interface.network.prefixlen)


def _said(given: FailoverAddresses | None) -> str:
    if given is None or (given.dhcp and not given.addresses):
        return "its addresses by DHCP"
    return ", ".join(given.addresses) or "no address"


def _step(here: Side, after: Adapter, method: Method, arguments: dict[str, Plain], why: str) -> Step:
    return Step(
        host=End.DESTINATION,
        method=method,
        arguments=arguments,
        sets={"adapters": tuple(after if one.id == after.id else one for one in here.adapters)},
        takes=timedelta(seconds=2),
        limit=timedelta(seconds=120),
        why=why,
    )
