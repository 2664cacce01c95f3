# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a recovery plan must not say, although each of its values may be written: the rules that no schema holds."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Final

from ansible_collections.hyperv.replica.plugins.module_utils._drill.plan import Barrier, Plan, Vm
from ansible_collections.hyperv.replica.plugins.module_utils._drill.shape import near


def contradictions(plan: Plan) -> Iterator[str]:
    """Everything in the plan that contradicts itself or cannot be followed."""
    found = [problem for rule in _RULES for problem in rule(plan)]
    yield from found
    if not found:
        yield from _against_the_tiers(plan)
        yield from _parted_groups(plan)
        yield from (f"the dependencies go in a circle: {' -> '.join(circle)}" for circle in circles(plan.vms))


def unknown_hosts(plan: Plan, hosts: Collection[str] | None) -> Iterator[str]:
    """Machines whose host is not in the inventory; nothing where nobody knows the inventory."""
    if hosts is None:
        return
    for index, vm in enumerate(plan.vms):
        for key, host in (("home", vm.home), ("recovery", vm.recovery)):
            if host not in hosts:
                hint = near(host, tuple(hosts))
                yield f"vms[{index}].{key}: host {host} of {vm.name} is not in the inventory{hint}"


def circles(vms: Sequence[Vm]) -> Iterator[tuple[str, ...]]:
    """Each circle of dependencies that there is no way around, with its first member again at its end."""
    known = {vm.name: vm for vm in vms}
    left = dict.fromkeys(known)
    while left:
        circle = _circle_from([*left][0], known, left)
        yield from [circle] if circle else []


def _circle_from(start: str, known: Mapping[str, Vm], left: dict[str, None]) -> tuple[str, ...]:
    """Walk from START along dependencies; what was walked to its end is taken out of LEFT."""
    path: dict[str, None] = {}
    ahead = [iter([start])]
    while ahead:
        name = next(ahead[-1], None)
        if name is None:
            ahead.pop()
            left.pop(path.popitem()[0] if path else "", None)
        elif name in path:
            names = list(path)
            for one in names:
                left.pop(one, None)
            return (*names[names.index(name) :], name)
        elif name in left and name in known:
            path[name] = None
            ahead.append(iter(known[name].depends_on))
    return ()


def _names(plan: Plan) -> Iterator[str]:
    yield from _twice("vms", "name", [vm.name for vm in plan.vms])
    yield from _twice("vms", "id", [vm.id for vm in plan.vms])
    yield from _twice("tiers", "name", [tier.name for tier in plan.tiers])
    vms = {vm.name.casefold() for vm in plan.vms}
    for index, one in enumerate(plan.excluded):
        if one.name.casefold() in vms:
            yield f"excluded[{index}].name: {one.name} is one of vms, too"


def _twice(where: str, key: str, values: Sequence[str]) -> Iterator[str]:
    first: dict[str, int] = {}
    for index, value in enumerate(values):
        if value and first.setdefault(value.casefold(), index) != index:
            yield f"{where}[{index}].{key}: {value} is already {where}[{first[value.casefold()]}]"


def _tiers(plan: Plan) -> Iterator[str]:
    known = [tier.name for tier in plan.tiers]
    for index, vm in enumerate(plan.vms):
        if vm.tier not in known:
            yield f"vms[{index}].tier: there is no tier {vm.tier}{near(vm.tier, known)}"


def _dependencies(plan: Plan) -> Iterator[str]:
    known = [vm.name for vm in plan.vms]
    for index, vm in enumerate(plan.vms):
        for on in vm.depends_on:
            if on not in known:
                hint = near(on, known)
                yield f"vms[{index}].depends_on: {vm.name} depends on {on}, which is not in the plan{hint}"


def _places(plan: Plan) -> Iterator[str]:
    for index, vm in enumerate(plan.vms):
        if vm.home == vm.recovery:
            yield f"vms[{index}].recovery: {vm.name} has {vm.home} for both home and recovery"


def _networks(plan: Plan) -> Iterator[str]:
    for index, vm in enumerate(plan.vms):
        for number, probe in enumerate(vm.probes):
            for address in probe.addresses:
                if not _is_network(address):
                    yield f"vms[{index}].probes[{number}].addresses: {address} is no address and no network"


def _is_network(text: str) -> bool:
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        return False
    return True


def _against_the_tiers(plan: Plan) -> Iterator[str]:
    place = {tier.name: index for index, tier in enumerate(plan.tiers)}
    for vm in plan.vms:
        for on in map(plan.vm, vm.depends_on):
            if place[on.tier] > place[vm.tier]:
                yield (
                    f"{vm.name} of tier {vm.tier} depends on {on.name} of tier {on.tier}, "
                    f"but tier {vm.tier} starts before tier {on.tier}"
                )


def _parted_groups(plan: Plan) -> Iterator[str]:
    """A group is switched together, so nothing may stand between its members."""
    for group in dict.fromkeys(vm.consistency_group for vm in plan.vms if vm.consistency_group):
        members = [vm for vm in plan.vms if vm.consistency_group == group]
        alone = [vm.name for vm in members if vm.provides]
        if alone and len(members) > 1:
            yield f"consistency group {group}: {alone[0]} provides what others need, so it moves alone"
        tiers = [tier for tier in plan.tiers if any(vm.tier == tier.name for vm in members)]
        cut = [tier.name for tier in tiers[:-1] if tier.barrier or plan.barrier is Barrier.TIER]
        if cut:
            yield f"consistency group {group}: the barrier after tier {cut[0]} parts {members[0].name} from the others"


_RULES: Final[tuple[Callable[[Plan], Iterator[str]], ...]] = (_names, _tiers, _dependencies, _places, _networks)
