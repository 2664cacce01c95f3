# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a poll has to read while a VM waits: the job, or the one class whose state is awaited.

A poll never ends a wait. Where it shows that the wait may be over, a whole look is taken, and that one decides.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.glancing import Needs, Part, Tell
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.looking import Look
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import Absent, End, Pair, Side
from ansible_collections.hyperv.replica.plugins.module_utils._operations.crew import Glance
from ansible_collections.hyperv.replica.plugins.module_utils._operations.plan import Receipt, Shows, Step
from ansible_collections.hyperv.replica.plugins.module_utils._operations.routes import HostKey, Routes

_BOTH: Final = frozenset({Part.POWER, Part.REPLICATION, Part.JOBS})
_STATE: Final = frozenset({Part.REPLICATION})
#: What the guest at the destination tells.
GUEST: Final[Needs] = {End.DESTINATION: frozenset({Part.POWER, Part.GUEST})}


Until = Callable[[Pair], bool]


@dataclass(frozen=True, slots=True)
class Awaited:
    """A condition of looks, and what a poll reads to find out whether it may hold by now.

    Attributes:
        takes: how long it is expected to take; None where nothing says so.
        untold: where it holds, nothing is going on that an operator should be told is waited for.
    """

    holds: Until
    needs: Tell
    takes: timedelta | None = None
    untold: Until | None = None

    def __call__(self, seen: Pair) -> bool:
        return self.holds(seen)


def of(until: Until) -> Tell | None:
    """What a poll reads for a condition; None where nobody said, so that only whole looks tell."""
    return until.needs if isinstance(until, Awaited) else None


def takes(until: Until) -> timedelta | None:
    """How long a condition is expected to take."""
    return until.takes if isinstance(until, Awaited) else None


def untold_where(rests: Until, until: Until) -> Until:
    """The same condition, of which an operator reads nothing where RESTS holds: there is nothing to wait for."""
    known = until if isinstance(until, Awaited) else Awaited(until, lambda seen: None)
    return replace(known, untold=rests)


def worth_telling(until: Until, seen: Pair) -> bool:
    """Whether an operator should read that this is waited for."""
    return not (isinstance(until, Awaited) and until.untold is not None and until.untold(seen))


def like(check: Until, until: Until) -> Until:
    """A condition that is polled for as another is."""
    return replace(until, holds=check) if isinstance(until, Awaited) else check


def for_rest(holds: Until) -> Tell:
    """Jobs and states of every end that answers; once nothing moved, only a whole look tells that it is so."""

    def needs(seen: Pair) -> Needs | None:
        ends = [end for end in End if isinstance(seen.at(end), Side)]
        return None if holds(seen) or not ends else dict.fromkeys(ends, _BOTH)

    return needs


def for_step(step: Step, receipt: Receipt) -> Tell:
    """Its job while that runs; then what it was to lead to. What no glance shows is looked for whole."""
    fresh = True

    def needs(seen: Pair) -> Needs | None:
        nonlocal fresh
        side = seen.at(step.host)
        job = side.job(receipt.job_id) if isinstance(side, Side) and receipt.job_id else None
        if receipt.job_id and (fresh if job is None else job.running):
            fresh = False
            return {step.host: frozenset({Part.OWN_JOBS})}
        missing = not_shown(step, seen)
        if missing is not None and receipt.job_id and job is None:
            missing = together(missing, {step.host: frozenset({Part.OWN_JOBS})})
        return missing or None

    return needs


def not_shown(step: Step, seen: Pair) -> Needs | None:
    """Where both ends do not show yet what a step was to lead to; None where a glance cannot tell."""
    if step.__class__ is not Step or step.removes or step.sets:  # other kinds of steps show more than parts can
        return None
    awaited = ((step.host, step.expects), (step.host.other, step.peer_expects))
    return {end: parts for end, shows in awaited if shows is not None and (parts := _parts(shows, seen.at(end)))}


def _parts(shows: Shows, side: Side | Absent) -> frozenset[Part]:
    power = not Shows(power=shows.power, mode=shows.mode).matches(side)
    state = not Shows(state=shows.state).matches(side)
    return frozenset(part for part, wanted in ((Part.POWER, power), (Part.REPLICATION, state)) if wanted)


def for_shown(step: Step) -> Tell:
    """What both ends do not show yet, and whether replication waits for somebody."""

    def needs(seen: Pair) -> Needs | None:
        missing = not_shown(step, seen)
        return together(missing, {step.host: _STATE}) if missing else None

    return needs


def for_sync(sender: End) -> Tell:
    """While the sender's job runs, that; then both ends."""

    def needs(seen: Pair) -> Needs | None:
        here, there = seen.at(sender), seen.at(sender.other)
        if not (isinstance(here, Side) and isinstance(there, Side)):
            return None
        if here.busy:
            return {sender: _STATE | {Part.JOBS}}
        jobs = _STATE | {Part.JOBS} if there.busy else _STATE
        return {sender: _STATE, sender.other: jobs}

    return needs


def for_silence(seen: Pair) -> Needs | None:
    """When the replica received last, by its own clock."""
    return {End.DESTINATION: _STATE | {Part.CLOCK}}


def for_heartbeat(seen: Pair) -> Needs | None:
    """Whether the guest at the destination answers."""
    return {End.DESTINATION: frozenset({Part.HEARTBEAT})}


def for_guest(seen: Pair) -> Needs | None:
    """What the guest at the destination tells."""
    return GUEST


def for_time(seen: Pair) -> Needs | None:
    """Nothing: only time has to pass."""
    return {}


def together(one: Needs, other: Needs) -> Needs:
    """What either of them needs."""
    return {end: one.get(end, frozenset()) | other.get(end, frozenset()) for end in {**one, **other}}


def covers(read: Needs, wanted: Needs | None) -> bool:
    """Whether what was read is all that is wanted."""
    return wanted is not None and all(parts <= read.get(end, frozenset()) for end, parts in wanted.items())


def parts_at(needs: Mapping[str, Needs], routes: Routes) -> dict[HostKey, dict[Part, list[str]]]:
    """Of which VMs each host is asked for what."""
    found: dict[HostKey, dict[Part, list[str]]] = {}
    for vm_id, ends in needs.items():
        for key, part in (
            (key, part) for end, parts in ends.items() for key in routes.at(vm_id, end) for part in parts
        ):
            found.setdefault(key, {}).setdefault(part, []).append(vm_id)
    return found


def glances_at(needs: Mapping[str, Needs], routes: Routes, known: Mapping[HostKey, Look]) -> dict[HostKey, Glance]:
    """One glance per host, at all that these VMs need there."""
    return {
        key: Glance(known[key], [*parts], [*dict.fromkeys(vm_id for vm_ids in parts.values() for vm_id in vm_ids)])
        for key, parts in parts_at(needs, routes).items()
        if key in known
    }
