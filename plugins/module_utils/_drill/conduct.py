# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The conductor of a plan: at every moment of a run it says whose turn it is, and whose it will never be."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime

from ansible_collections.hyperv.replica.plugins.module_utils._drill.fitting import NO_MEMORY
from ansible_collections.hyperv.replica.plugins.module_utils._drill.occupancy import Occupancy
from ansible_collections.hyperv.replica.plugins.module_utils._drill.phases import Phase, phase, sender
from ansible_collections.hyperv.replica.plugins.module_utils._drill.recovery import Watch
from ansible_collections.hyperv.replica.plugins.module_utils._drill.standing import Member, Standing, Way
from ansible_collections.hyperv.replica.plugins.module_utils._errors import (
    HyperVReplicaError,
    NotAsPlanned,
    PreconditionFailed,
)
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import End, Pair, Side
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.states import Power
from ansible_collections.hyperv.replica.plugins.module_utils._operations.admission import Verdict, Word
from ansible_collections.hyperv.replica.plugins.module_utils._operations.plan import Outcome, Step, Talk, Wait
from ansible_collections.hyperv.replica.plugins.module_utils._operations.routes import HostKey
from ansible_collections.hyperv.replica.plugins.module_utils._operations.waiting import running_jobs

#: Errors that follow from another machine's; they stop nobody else.
DEPENDENCY, STOPPED = "dependency", "plan_stopped"


def dependency(vm: str, on: str) -> PreconditionFailed:
    """What becomes of a machine that depends on one that is not served."""
    return PreconditionFailed(
        f"it depends on {on}, which is not served",
        kind=DEPENDENCY,
        vm=vm,
        remedy=f"Bring {on} into service, then run this again",
    )


def stands_alone(outcome: Outcome) -> bool:
    """Whether a machine failed by itself, and not because another one did."""
    return outcome.error is not None and outcome.error.kind not in (DEPENDENCY, STOPPED)


class Conductor:
    """The gate of a run over a plan.

    A planned move: nobody is shut down before all of the stage are ready, then in the reverse of the start order;
    nobody is switched before all are switched off; then tier after tier is started. An unplanned one only minds the
    start.

    Args:
        members: in start order.
        room: the limits of the hosts.
        beside: what was seen of machines that somebody depends on and that this run does not move.
        after: what comes after a machine's way: its probes, and more.
    """

    def __init__(
        self,
        members: Sequence[Member],
        room: Occupancy,
        watch: Watch,
        *,
        planned: bool = True,
        beside: Mapping[str, Pair] | None = None,
        after: Callable[[str, Talk], Talk] = lambda vm_id, talk: talk,
    ) -> None:
        self._members = {member.vm_id: member for member in members}
        self._place = {member.vm_id: place for place, member in enumerate(members)}
        self._ways = {member.vm_id: Way() for member in members}
        self._standing = Standing([], {}, watch.is_green)
        self._dependents: dict[str, list[str]] = {member.vm_id: [] for member in members}
        for member in members:
            for vm_id in member.after:
                # Who moves in a later stage runs on meanwhile; to wait for each other would be to wait for ever.
                if self._members[vm_id].stage == member.stage:
                    self._dependents[vm_id].append(member.vm_id)
        self._room, self._watch, self._planned, self._after = room, watch, planned, after
        self._seen: dict[str, Pair] = dict(beside or {})
        self._now = datetime.min
        self._stopped_by = ""

    # -- what the scheduler asks

    @property
    def watched(self) -> Collection[str]:
        return self._watch.watched

    def way(self, vm_id: str, talk: Talk) -> Talk:
        """A machine's way, with its probes behind it."""
        return self._after(vm_id, talk)

    def look(self, wishes: Mapping[str, Step | Wait], seen: Mapping[str, Pair], now: datetime) -> None:
        """Take note of how far everybody has come."""
        self._now = now
        self._seen |= seen
        self._watch.look(seen, now)
        for vm_id, wish in wishes.items():
            self._note(vm_id, wish)
        self._standing = Standing([*self._members.values()], self._ways, self._watch.is_green)
        for vm_id, way in self._ways.items():
            if way.phase is Phase.START and way.turn is None and self._may_start(self._members[vm_id]):
                way.turn = now

    def word(self, vm_id: str) -> Word:
        """Fail whose dependency failed, at once; let nobody begin, or go on from one step to the next, after a stop."""
        way, member = self._ways[vm_id], self._members[vm_id]
        if way.told or way.started:
            return Verdict.GOES_ON
        word = self._dependency_word(member) or self._stop_word(member, way) or self._memory_word(member, way)
        way.told = isinstance(word, HyperVReplicaError)
        return word or Verdict.GOES_ON

    def order(self, vm_ids: Sequence[str]) -> Sequence[str]:
        """Who is shut down in the reverse of the start order, everybody else in the start order; rescues first."""
        return sorted(vm_ids, key=self._turn)

    def may(self, vm_id: str, step: Step, at: Mapping[End, HostKey]) -> bool:
        """Whether it has its turn, and the hosts have room for it."""
        here, sends, member = at.get(End.DESTINATION), sender(step), self._members[vm_id]
        if not (step.rescues or self._has_turn(member, self._ways[vm_id], phase(step))):
            return False
        if sends is not None and not self._room.has_transfer(at.get(sends), at.get(sends.other)):
            return False
        # one that is tried again has its memory already
        starts = phase(step) is Phase.START and not (step.rescues or self._ways[vm_id].started)
        return not starts or self._room.has_memory(here, member.memory)

    def admits(self, vm_id: str, step: Step, at: Mapping[End, HostKey]) -> bool:
        """The same, and from a yes on it takes that room."""
        if not self.may(vm_id, step, at):
            return False
        way, sends = self._ways[vm_id], sender(step)
        if phase(step) is Phase.START and not way.started:
            self._room.take_memory(at.get(End.DESTINATION), self._members[vm_id].memory)
            way.started = True
        if sends is not None:
            self._room.take_transfer(vm_id, at.get(sends), at.get(sends.other))
        way.asks = None
        way.disturbed |= step.method.mutates
        return True

    def ended(self, vm_id: str, outcome: Outcome) -> None:
        """Let follow what follows from it. A transfer that is seen to run on keeps its room."""
        way, member = self._ways[vm_id], self._members[vm_id]
        way.ended, way.asks, way.failed = True, None, outcome.error is not None
        way.well = not (way.failed or outcome.skipped)
        if not running_jobs(outcome.after):
            self._room.give_back(vm_id)
        if stands_alone(outcome) and member.stops_others:
            self._stopped_by = self._stopped_by or member.name

    # -- how far everybody is

    def _note(self, vm_id: str, wish: Step | Wait) -> None:
        way, member = self._ways[vm_id], self._members[vm_id]
        way.asks = wish if isinstance(wish, Step) else None
        way.told |= wish.rescues
        way.started |= serves_here(self._seen.get(vm_id))
        if way.asks is None:
            return
        self._room.give_back(vm_id)
        before, way.phase = way.phase, max(way.phase, phase(way.asks))
        if before < Phase.LOCK <= way.phase:
            self._room.take_memory(member.leaves, -member.frees)

    def _has_turn(self, member: Member, way: Way, wanted: Phase) -> bool:
        if wanted is Phase.START:
            return self._may_start(member) and way.turn is not None and self._now >= way.turn + member.start_delay
        if not self._planned:
            return True
        if wanted is Phase.STOP:
            return self._may_stop(member)
        return wanted is not Phase.SWITCH or self._standing.stage_asks(member.stage, Phase.SWITCH)

    def _may_stop(self, member: Member) -> bool:
        """All before it are moved, all of its stage are ready, and whoever starts after it is off."""
        standing, dependents = self._standing, (self._ways[vm_id] for vm_id in self._dependents[member.vm_id])
        return (
            standing.stages_ended_before(member.stage)
            and standing.stage_asks(member.stage, Phase.STOP)
            and standing.stage_asks(member.stage, Phase.LOCK, beyond_tier=member.tier)
            and all(way.ended or way.phase >= Phase.LOCK for way in dependents)
        )

    def _may_start(self, member: Member) -> bool:
        """All of the tiers before it are through, and what it depends on is green."""
        return self._standing.through_before(member) and all(self._is_green(vm_id) for vm_id in member.after)

    def _is_green(self, vm_id: str) -> bool:
        way = self._ways[vm_id]
        return way.well or self._watch.is_green(vm_id)

    # -- who never has a turn

    def _dependency_word(self, member: Member) -> Word | None:
        on = self._failed_dependency(member) or self._unserved(member)
        return dependency(member.name, on) if on else None

    def _failed_dependency(self, member: Member) -> str:
        failed = (vm_id for vm_id in member.after if self._ways[vm_id].failed and not self._watch.is_green(vm_id))
        return next((self._members[vm_id].name for vm_id in failed), "")

    def _unserved(self, member: Member) -> str:
        """A machine that has to be served where it is, and is not, when this one wants to start."""
        if self._ways[member.vm_id].phase is not Phase.START:
            return ""
        return next((self._name(vm_id) for vm_id in member.beside if not _serves(self._seen.get(vm_id))), "")

    def _name(self, vm_id: str) -> str:
        pair = self._seen.get(vm_id)
        return pair.vm_name if pair else vm_id

    def _stop_word(self, member: Member, way: Way) -> Word | None:
        """After a stop whoever was not begun is left alone, and whoever waits for its turn goes to a resting state."""
        if not self._stopped_by:
            return None
        if not way.disturbed:
            return Verdict.IS_SKIPPED
        if way.asks is None:
            return None
        return NotAsPlanned(
            f"the plan was stopped after {self._stopped_by} failed",
            kind=STOPPED,
            vm=member.name,
            next_move=f"Look at {self._stopped_by}, then run this again: it goes on from what it sees",
        )

    def _memory_word(self, member: Member, way: Way) -> Word | None:
        """A machine that will never fit fails instead of waiting for ever."""
        if way.phase is not Phase.START or way.asks is None or not self._may_start(member):
            return None
        if self._room.has_memory(member.enters, member.memory) or self._some_leave(member.enters):
            return None
        pair = self._seen.get(member.vm_id)
        return PreconditionFailed(
            f"the host has no room for the {member.memory >> 20} MiB of memory that it starts with",
            kind=NO_MEMORY,
            host=pair.destination.host if pair else "",
            vm=member.name,
            remedy="Free memory there, or lower memory_reserve in the limits of the plan",
        )

    def _some_leave(self, host: HostKey | None) -> bool:
        """Whether machines of this run still run on a host that they are to leave."""
        ways = ((member, self._ways[member.vm_id]) for member in self._members.values() if member.leaves == host)
        return any(not way.ended and way.phase < Phase.LOCK for _member, way in ways)

    def _turn(self, vm_id: str) -> tuple[int, int]:
        way, place = self._ways[vm_id], self._place[vm_id]
        if way.asks is not None and way.asks.rescues:
            return -1, place
        stops = way.asks is not None and phase(way.asks) in (Phase.STOP, Phase.LOCK)
        return self._members[vm_id].stage, -place if stops else place


def serves_here(pair: Pair | None) -> bool:
    """Whether it runs where it is to go."""
    return pair is not None and isinstance(pair.destination, Side) and pair.destination.power is Power.RUNNING


def _serves(pair: Pair | None) -> bool:
    sides = (pair.destination, pair.source) if pair else ()
    return any(isinstance(side, Side) and side.power is Power.RUNNING for side in sides)
