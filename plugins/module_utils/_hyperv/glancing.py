# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A glance: some parts of a look read anew, all else as it was. It tells whether a look is due, and decides nothing."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from enum import Enum

from ansible_collections.hyperv.replica.plugins.module_utils._hyperv import looking_parts as parts
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.asking import NARROW, Memory
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.classes import RELATIONSHIP
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.looking import Look, facts_of
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import End, Pair, Side
from ansible_collections.hyperv.replica.plugins.module_utils._wire.envelope import Talk


class Part(Enum):
    """What a glance may read: one query each, however many VMs there are; GUEST is two, and so may JOBS be."""

    POWER = "power"
    REPLICATION = "replication"
    OWN_JOBS = "own_jobs"
    JOBS = "jobs"
    HEARTBEAT = "heartbeat"
    GUEST = "guest"
    CLOCK = "clock"


#: The parts to read at each end that matters; no end at all where only time has to pass.
Needs = Mapping[End, frozenset[Part]]
#: What to read of a VM, by what was seen of it last; None where only a whole look tells.
Tell = Callable[[Pair], "Needs | None"]


def glance(known: Look, wanted: Collection[Part], vm_ids: Collection[str], memory: Memory) -> Talk[Look]:
    """The VMs of a look that was taken before, with these parts of them as they are now.

    A VM of which a glance cannot tell, since the host shows it otherwise than before, is left out.
    """
    memory.unreadable, memory.stray_jobs = {}, {}
    facts = known.facts
    if Part.CLOCK in wanted:
        facts = replace(facts, clock=(yield from facts_of(facts.name, (), memory)).clock)
    sides = {vm_id: known.sides[vm_id] for vm_id in vm_ids if vm_id in known.sides}
    narrow = sorted(vm_ids) if len(vm_ids) <= NARROW else None
    if Part.POWER in wanted:
        sides = yield from _power(known, sides, memory)
    if Part.REPLICATION in wanted and RELATIONSHIP not in memory.missing:
        sides = yield from _replication(sides, narrow, memory)
    if Part.JOBS in wanted:
        bare = {vm_id: replace(side, jobs=()) for vm_id, side in sides.items()}
        sides = yield from parts.jobs(bare, narrow, memory)
    elif Part.OWN_JOBS in wanted:
        sides = yield from parts.own_jobs(sides, memory)
    if Part.GUEST in wanted:
        sides = yield from parts.guests(sides, narrow, memory)
    elif Part.HEARTBEAT in wanted:
        sides = yield from parts.heartbeats(sides, narrow, memory)
    return replace(known, facts=facts, sides=sides, unreadable={}, stray_jobs={}, asked=frozenset(vm_ids), whole=False)


def _power(known: Look, sides: dict[str, Side], memory: Memory) -> Talk[dict[str, Side]]:
    found = yield from parts.systems(known.facts, sides.keys(), memory, False)
    return {vm_id: _as_now(side, found[vm_id], memory) for vm_id, side in sides.items() if vm_id in found}


def _as_now(side: Side, now: Side, memory: Memory) -> Side:
    """A host without relationships shows the state here, and nowhere else."""
    return replace(
        side,
        vm_name=now.vm_name,
        power=now.power,
        mode=now.mode,
        requested_power=now.requested_power,
        power_changed=now.power_changed,
        on_time=now.on_time,
        relationship=now.relationship if RELATIONSHIP in memory.missing else side.relationship,
    )


def _replication(sides: dict[str, Side], narrow: list[str] | None, memory: Memory) -> Talk[dict[str, Side]]:
    bare = {vm_id: replace(side, relationship=None, extended=None) for vm_id, side in sides.items()}
    found = yield from parts.relationships(bare, narrow, memory)
    return {
        vm_id: replace(sides[vm_id], relationship=now.relationship, extended=now.extended)
        for vm_id, now in found.items()
        if now.relationship is not None
    }
