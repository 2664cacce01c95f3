# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether what a run starts on each host fits into its memory: told from the first look, before anything moves."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from ansible_collections.hyperv.replica.plugins.module_utils._drill.phases import Phase, phase
from ansible_collections.hyperv.replica.plugins.module_utils._drill.standing import Member
from ansible_collections.hyperv.replica.plugins.module_utils._errors import PreconditionFailed
from ansible_collections.hyperv.replica.plugins.module_utils._operations import memory
from ansible_collections.hyperv.replica.plugins.module_utils._operations.plan import Outcome
from ansible_collections.hyperv.replica.plugins.module_utils._operations.routes import HostKey

NO_MEMORY = "no_memory"


@dataclass(frozen=True, slots=True, kw_only=True)
class Footprint:
    """What a machine takes of the memory of its two hosts; nothing where it is not known.

    Attributes:
        needs: bytes that have to be free where it starts; none for one that is up there, or is not to be started.
        frees: bytes that are free where it runs once it was shut down; none for one that is off.
    """

    needs: int = 0
    frees: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortage:
    """A machine that does not fit: what its start needs, and what the host has free by then."""

    host: HostKey
    needed: int
    free: int


def footprint(foreseen: Outcome) -> Footprint:
    """What the steps that are foreseen for a machine take and leave."""
    phases = {phase(step) for step in foreseen.planned}
    here, there = foreseen.before.destination, foreseen.before.source
    sizes = [size for size in (memory.startup(here), memory.startup(there)) if size is not None]
    starts = Phase.START in phases and not memory.is_up(here)
    stops = Phase.STOP in phases and memory.is_up(there)
    return Footprint(
        needs=sizes[0] if starts and sizes else 0,
        frees=sizes[-1] if stops and sizes else 0,
    )


def shortages(
    members: Sequence[Member], free: Mapping[HostKey, int], gone: Collection[str] = ()
) -> dict[str, Shortage]:
    """The machines that can never start where they are to, by GUID.

    Stage after stage: what leaves a host makes room there, then those that enter it take theirs, in start order. One
    that does not fit stays where it is, and so does whoever depends on it: the others are counted without them.

    Args:
        members: in start order.
        free: bytes by host; a host that is not named has room for all.
        gone: GUIDs of those that do not move for other reasons.
    """
    found: dict[str, Shortage] = {}
    while True:
        left = dict(free)
        first = _fill(left, members, {*gone, *found})
        if first is None:
            return found
        found[first[0]] = first[1]


def left_over(members: Sequence[Member], free: Mapping[HostKey, int], gone: Collection[str] = ()) -> dict[HostKey, int]:
    """What is free on each host once all that fit have started."""
    left = dict(free)
    _fill(left, members, {*gone, *shortages(members, free, gone)})
    return left


def refusal(name: str, short: Shortage, reserve: int) -> PreconditionFailed:
    """What becomes of a machine that does not fit."""
    beside = f" beside the {reserve >> 20} MiB of memory_reserve" if reserve else ""
    return PreconditionFailed(
        f"it starts with {short.needed >> 20} MiB of memory, and {short.free >> 20} MiB are free{beside} "
        "when its turn comes",
        kind=NO_MEMORY,
        host=str(short.host),
        vm=name,
        cause="A VM that does not get its memory does not start",
        remedy="Free memory there"
        + (", lower memory_reserve in the limits of the plan," if reserve else "")
        + " or leave machines out of the plan",
        next_move="Nothing was changed; once there is room, run this again",
    )


def _fill(left: dict[HostKey, int], members: Sequence[Member], gone: set[str]) -> tuple[str, Shortage] | None:
    """Take from LEFT what the members take; the first one that does not fit, where there is one."""
    for _stage, group in groupby(members, key=lambda member: member.stage):
        moved = _without(list(group), gone)
        for member in moved:
            if member.leaves in left:
                left[member.leaves] += member.frees
        for member in moved:
            if member.memory > left.get(member.enters, member.memory):
                return member.vm_id, Shortage(host=member.enters, needed=member.memory, free=left[member.enters])
            if member.enters in left:
                left[member.enters] -= member.memory
    return None


def _without(members: Sequence[Member], gone: set[str]) -> list[Member]:
    """Those that move; who depends on one that does not, does not either."""
    for member in members:
        if not gone.isdisjoint(member.after):
            gone.add(member.vm_id)
    return [member for member in members if member.vm_id not in gone]
