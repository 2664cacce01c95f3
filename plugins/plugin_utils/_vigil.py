# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Watching VMs until each is good or its time is over: one look for all of them, the probes of each at its own pace."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Protocol

from ansible_collections.hyperv.replica.plugins.module_utils._errors import PreconditionFailed, TimedOut
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import Pair, Side
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.states import Power
from ansible_collections.hyperv.replica.plugins.module_utils._operations import guards, verification
from ansible_collections.hyperv.replica.plugins.module_utils._operations.clock import Clock
from ansible_collections.hyperv.replica.plugins.module_utils._operations.crew import Crew
from ansible_collections.hyperv.replica.plugins.module_utils._operations.verification import (
    Check,
    Expect,
    Result,
    Wanted,
)
from ansible_collections.hyperv.replica.plugins.plugin_utils._probing import Probe, Prober, kind_of, probed

#: Seconds between two questions to a VM that does not answer yet, and the longest wait for an answer at a time, so that
#: a stop and a deadline are seen soon.
_PAUSE: Final = 1.0
_TICK: Final = 0.5

#: Checks whose failing means that users are not served.
_GUEST: Final = ("heartbeat", "addresses")


@dataclass(slots=True, kw_only=True)
class Watch:
    """One VM under watch.

    Attributes:
        name: what whoever asks calls it; empty takes what its host calls it.
        trouble: why nothing is known of it; empty when it was found.
        seen_probes: answered by a look; probes: asked from the controller.
        simulated: no network leads to its guest.
        ends: until when it may become good.
        answers: what each probe came to in the last whole round.
        recovered_at: when all its probes were green first.
        again_at: when its probes may be asked again.
        out: the answers of the round that is under way; None where it is awaited, and the list empty between rounds.
    """

    vm_id: str
    seen: Pair
    wanted: Wanted
    seen_probes: tuple[Probe, ...] = ()
    probes: tuple[Probe, ...] = ()
    ends: datetime
    name: str = ""
    trouble: str = ""
    simulated: bool = False
    answers: list[Check | None] = field(default_factory=list)
    recovered_at: datetime | None = None
    again_at: datetime | None = None
    out: list[Check | None] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.answers = [None] * len(self.probes)

    @property
    def checks(self) -> tuple[Check, ...]:
        """Everything that is known of it now."""
        return (*self._looked_at(), *self._asked())

    @property
    def good(self) -> bool:
        return verification.worst(self.checks) is not Result.FAIL

    @property
    def answered(self) -> bool:
        """Whether each probe was answered at least once."""
        return bool(self.trouble) or None not in self.answers

    def take(self, place: int, check: Check) -> None:
        """Keep one answer of the round; a round counts when it is whole."""
        self.out[place] = check
        if None not in self.out:
            self.answers, self.out = self.out, []

    def note(self, now: datetime) -> None:
        """Keep when it was recovered: it runs here, and every probe of it is green."""
        here = self.seen.destination
        if self.recovered_at is not None or self.wanted.expect is Expect.REPLICA_HERE or not isinstance(here, Side):
            return
        asked = [check for check in self._looked_at() if check.check in _GUEST] + self._asked()
        if here.power is Power.RUNNING and all(check.result is Result.PASS for check in asked):
            self.recovered_at = now

    def _looked_at(self) -> list[Check]:
        if self.trouble:
            found, wanted = self.trouble, self.wanted.expect.value
            return [Check(check="state", result=Result.FAIL, found=found, wanted=wanted)]
        try:
            guards.refuse_wrong_peer(self.seen)
        except PreconditionFailed as stranger:
            return [Check(check="state", result=Result.FAIL, found=stranger.found, wanted="the other end as peer")]
        told = [*verification.checks(self.seen, self.wanted)]
        return told + [probed(probe, self.seen) for probe in self.seen_probes]

    def _asked(self) -> list[Check]:
        return [answer or _unanswered(probe) for probe, answer in zip(self.probes, self.answers, strict=True)]


class Seeing(Protocol):
    """Whoever looks at the VMs under watch."""

    @property
    def crew(self) -> Crew:
        """Who carries."""

    def take(self, vm_ids: Collection[str], *, guest: bool | Collection[str]) -> Mapping[str, Pair]:
        """Look again; what is not seen is left out."""


class Vigil:
    """Keeps watch over VMs, be they of one host or of many.

    Attributes:
        warnings: what kept it from watching to the end.
    """

    def __init__(
        self,
        looks: Seeing,
        watches: Sequence[Watch],
        clock: Clock,
        *,
        deadline: datetime,
        show: Callable[[str, str, str], None],
    ) -> None:
        self._looks, self._watches, self._clock = looks, watches, clock
        self._deadline, self._show = deadline, show
        self.warnings: list[str] = []

    def keep(self, poll: float, *, at_most: int) -> None:
        """Watch until every VM is good or its time is over.

        Args:
            poll: seconds between two looks.
            at_most: probes that are out at the same time.
        """
        prober = Prober(at_most)
        pause, length = timedelta(seconds=min(_PAUSE, poll)), timedelta(seconds=poll)
        next_look = self._clock.now() + length
        while open_ones := self._open():
            for watch in open_ones:
                self._ask(watch, prober, pause)
            due = min([next_look, *(watch.ends for watch in open_ones if watch.ends > self._clock.now())])
            self._collect(prober, due)
            if self._clock.now() >= due:
                if not self._look(open_ones):
                    return
                next_look = self._clock.now() + length

    def _open(self) -> list[Watch]:
        """Those that are not good yet and may become it, and those whose probes were not answered once."""
        now = self._clock.now()
        for watch in self._watches:
            watch.note(now)
        waiting = [watch for watch in self._watches if not watch.good and (now < watch.ends or not watch.answered)]
        if waiting and now >= self._deadline:
            self.warnings.append("the task's timeout passed while there was something to wait for")
            return []
        return waiting

    def _ask(self, watch: Watch, prober: Prober, pause: timedelta) -> None:
        """Ask its probes again, all together, once the last round is over."""
        now = self._clock.now()
        if watch.out or not watch.probes or watch.trouble or (watch.again_at and now < watch.again_at):
            return
        if all(answer is not None and answer.result is Result.PASS for answer in watch.answers):
            return
        watch.out, watch.again_at = [None] * len(watch.probes), now + pause
        for place, probe in enumerate(watch.probes):
            prober.ask((watch.vm_id, place), probe, watch.seen, simulated=watch.simulated)

    def _collect(self, prober: Prober, due: datetime) -> None:
        """Wait a moment, and keep the answers that came."""
        wait = max(0.0, min((due - self._clock.now()).total_seconds(), _TICK))
        if not prober.busy:
            self._looks.crew.rest(wait)
            return
        by_id = {watch.vm_id: watch for watch in self._watches}
        for (vm_id, place), check in prober.answers(wait):
            by_id[vm_id].take(place, check)
            by_id[vm_id].note(self._clock.now())

    def _look(self, open_ones: Sequence[Watch]) -> bool:
        """Look at all VMs again; False when the task's time is over."""
        for watch in open_ones:
            bad = [check for check in watch.checks if check.result is Result.FAIL]
            said = "; ".join(f"{check.check}: {check.found}, wanted {check.wanted}" for check in bad)
            self._show(watch.vm_id, watch.name or watch.seen.vm_name, f"not yet: {said}")
        try:
            pairs = self._looks.take([watch.vm_id for watch in self._watches], guest=True)
        except TimedOut:
            self.warnings.append("the task's timeout passed during a look")
            return False
        for watch in self._watches:
            watch.seen = pairs.get(watch.vm_id, watch.seen)
        return True


def _unanswered(probe: Probe) -> Check:
    return Check(check=kind_of(probe), result=Result.FAIL, found="was not answered in time", wanted="an answer")
