# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A plan in parts that can be worked by themselves, each by its own worker."""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Hashable, Iterable, Iterator, Sequence
from dataclasses import replace

from ansible_collections.hyperv.replica.plugins.module_utils._drill.plan import Plan, Vm
from ansible_collections.hyperv.replica.plugins.module_utils._errors import PreconditionFailed


def shard_of(text: str) -> tuple[int, int]:
    """Part and number of parts, from ``i/n`` as in ``2/3``.

    Raises:
        PreconditionFailed: there is no such part; kind is ``bad_option``.
    """
    match = re.fullmatch(r" *([0-9]{1,6}) */ *([0-9]{1,6}) *", str(text))
    number, count = (int(match[1]), int(match[2])) if match else (0, 0)
    _refuse_nonsense(number, count, str(text))
    return number, count


def shard(plan: Plan, number: int, count: int, *, planned: bool = True) -> Plan:
    """Part NUMBER, from 1, of COUNT. The same plan gives the same parts, and all of them together are the plan.

    Machines that depend on each other, through others too, and those of a consistency group stay together. So do those
    of the same two hosts, unless a part would else be empty. A part is empty when the plan does not come apart into as
    many. A tier without machines belongs to the first part.

    In a PLANNED move a machine that others need moves after all others, so such machines are the last part, which is
    for after the other parts; nobody is kept together by them, since they stay in place while the others move.

    Raises:
        PreconditionFailed: there is no such part; kind is ``bad_option``.
    """
    _refuse_nonsense(number, count, f"{number}/{count}")
    part = _parts(plan, count, planned=planned)[number - 1]
    names = {vm.name for vm in part}
    tiers = {vm.tier for vm in part}
    if number == 1:
        tiers |= {tier.name for tier in plan.tiers} - {vm.tier for vm in plan.vms}
    return replace(
        plan,
        vms=tuple(vm for vm in plan.vms if vm.name in names),
        tiers=tuple(tier for tier in plan.tiers if tier.name in tiers),
    )


def joined(vms: Sequence[Vm], keys: Callable[[Vm], Iterable[Hashable]]) -> list[list[Vm]]:
    """The machines in sets: two that share a key are in one, through others too. As written, in and among the sets."""
    leader: dict[Hashable, Hashable] = {}

    def lead(key: Hashable) -> Hashable:
        while leader.setdefault(key, key) != key:
            key = leader[key]
        return key

    for vm in vms:
        for key in keys(vm):
            leader[lead(key)] = lead(("vm", vm.name))
    sets: dict[Hashable, list[Vm]] = {}
    for vm in vms:
        sets.setdefault(lead(("vm", vm.name)), []).append(vm)
    return list(sets.values())


def _refuse_nonsense(number: int, count: int, written: str) -> None:
    if not 1 <= number <= count:
        raise PreconditionFailed(
            f"plan_shard is {written!r}, and there is no such part",
            kind="bad_option",
            remedy="Write the number of the part, from 1, and how many parts there are, such as 2/3",
        )


def _parts(plan: Plan, count: int, *, planned: bool) -> list[list[Vm]]:
    """The machines in COUNT parts, those that move last and alone in one of their own."""
    last = [vm for vm in plan.vms if vm.provides] if planned and count > 1 else []
    others = [vm for vm in plan.vms if vm not in last]
    if last and others:
        return [*_divided(others, count - 1), last]
    return _divided(plan.vms, count)


def _divided(vms: Sequence[Vm], count: int) -> list[list[Vm]]:
    """The machines in COUNT parts: the largest set that stays together goes where least is yet."""
    inseparable = _inseparable({vm.name for vm in vms})
    together = joined(vms, inseparable)
    by_hosts = joined(vms, lambda vm: [*inseparable(vm), ("hosts", frozenset((vm.home, vm.recovery)))])
    sets = _split(by_hosts, together, count)
    parts: list[list[Vm]] = [[] for _part in range(count)]
    for one in sorted(sets, key=len, reverse=True):
        min(parts, key=len).extend(one)
    return parts


def _inseparable(names: Container[str]) -> Callable[[Vm], Iterator[Hashable]]:
    """What a machine shares with those of these machines that it stays together with."""

    def keys(vm: Vm) -> Iterator[Hashable]:
        yield from (("vm", on) for on in vm.depends_on if on in names)
        if vm.consistency_group:
            yield ("group", vm.consistency_group)

    return keys


def _split(sets: list[list[Vm]], together: list[list[Vm]], count: int) -> list[list[Vm]]:
    """Halve the largest set until there are enough, as far as it comes apart."""
    whole: list[list[Vm]] = []
    while sets and len(sets) + len(whole) < count:
        largest = max(sets, key=len)
        sets.remove(largest)
        names = {vm.name for vm in largest}
        inside = [one for one in together if one[0].name in names]
        if len(inside) == 1:
            whole.append(largest)
            continue
        halves: tuple[list[Vm], list[Vm]] = ([], [])
        for one in sorted(inside, key=len, reverse=True):
            min(halves, key=len).extend(one)
        sets += halves
    return sets + whole
