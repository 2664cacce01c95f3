# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Failovers that are committed only once they are verified: who judges the guests, and what each try has cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from ansible_collections.hyperv.replica.plugins.module_utils._errors import PreconditionFailed
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.looking import Gather, Look
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import End, Pair, Side
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.naming import resolve
from ansible_collections.hyperv.replica.plugins.module_utils._operations import trial
from ansible_collections.hyperv.replica.plugins.module_utils._operations.goal import Goal
from ansible_collections.hyperv.replica.plugins.module_utils._operations.markers import Trial, trial_in
from ansible_collections.hyperv.replica.plugins.module_utils._operations.operation import Operation
from ansible_collections.hyperv.replica.plugins.module_utils._operations.plan import Method, Outcome, Performed
from ansible_collections.hyperv.replica.plugins.module_utils._operations.verification import Check, Result
from ansible_collections.hyperv.replica.plugins.plugin_utils._operation import OperationAction
from ansible_collections.hyperv.replica.plugins.plugin_utils._probing import Probe, Prober, is_seen, probed
from ansible_collections.hyperv.replica.plugins.plugin_utils._task import Session, with_facts

#: Probes of all VMs that are out at the same time.
_AT_MOST: Final = 32

_HEARTBEAT: Final[Probe] = {"heartbeat": True}


class Jury:
    """The judges of all VMs of a task, whose probes are asked at the same time."""

    def __init__(self, probes: Mapping[str, Sequence[Probe]], *, simulated: bool) -> None:
        self._prober = Prober(_AT_MOST)
        self._simulated = simulated
        self._judges = {vm_id: ProbeJudge(self, vm_id, mine) for vm_id, mine in probes.items()}

    def judge(self, vm_id: str) -> ProbeJudge | None:
        """Who judges this VM; None where nothing is asked of it but its heartbeat."""
        return self._judges.get(vm_id)

    def ask(self, vm_id: str, place: int, probe: Probe, seen: Pair) -> None:
        """Have one probe asked; its answer comes to the VM's judge."""
        self._prober.ask((vm_id, place), probe, seen, simulated=self._simulated)

    def collect(self) -> None:
        """Hand out what was answered meanwhile; waits for nothing."""
        for (vm_id, place), check in self._prober.answers(0.0):
            self._judges[vm_id].take(place, check)


class ProbeJudge:
    """Whether every probe of one VM is green. Each look asks again whatever is answered and is not."""

    def __init__(self, jury: Jury, vm_id: str, probes: Sequence[Probe]) -> None:
        beats = [] if any(probe.get("heartbeat") is not None for probe in probes) else [_HEARTBEAT]
        self._seen = [*beats, *(probe for probe in probes if is_seen(probe))]
        self._asked = [probe for probe in probes if not is_seen(probe)]
        self._answers: dict[int, Check] = {}
        self._out: set[int] = set()
        self._jury, self._vm_id = jury, vm_id
        self.said = "nothing was answered yet"

    def take(self, place: int, check: Check) -> None:
        """Keep an answer."""
        self._answers[place] = check
        self._out.discard(place)

    def good(self, seen: Pair) -> bool:
        """Whether all of them were green when they were asked last."""
        if not isinstance(seen.destination, Side):
            self.said = "its host does not answer"
            return False
        self._jury.collect()
        told = [probed(probe, seen) for probe in self._seen]
        asked = [self._answers.get(place) for place in range(len(self._asked))]
        bad = [check for check in (*told, *filter(None, asked)) if check.result is not Result.PASS]
        self.said = (
            "; ".join(f"{check.check}: {check.found}, wanted {check.wanted}" for check in bad) or "no answer yet"
        )
        if not bad and None not in asked:
            return True
        for place, probe in enumerate(self._asked):
            known = self._answers.get(place)
            if place not in self._out and (known is None or known.result is not Result.PASS):
                self._out.add(place)
                self._jury.ask(self._vm_id, place, probe, seen)
        return False


class TrialAction(OperationAction):
    """Base of the failover, which may try what it starts before it commits it."""

    _jury: Jury | None = None

    def gathered(self, options: dict[str, Any]) -> Mapping[End, frozenset[Gather]]:
        """The same, and the adapters of what is to be kept from its network; points only where one is chosen."""
        known = super().gathered(options)
        if options["mode"] == "planned":
            return {end: gathers - {Gather.POINTS} for end, gathers in known.items()}
        if options["commit"] == "verified":
            known = {**known, End.DESTINATION: known[End.DESTINATION] | {Gather.ADAPTERS}}
        return known

    def prepare(self, session: Session, seen: Mapping[End, Look], pairs: Mapping[str, Pair]) -> None:
        """Give each VM its probes."""
        probes = session.options["probes"] or []
        here = seen[End.DESTINATION]
        owners = [next(iter(resolve([probe["vm"]], here).values())) for probe in probes]
        if strangers := [probe["vm"] for probe, owner in zip(probes, owners, strict=True) if owner not in pairs]:
            raise PreconditionFailed(
                f"probes name VMs that are not in vms: {', '.join(strangers)}",
                kind="bad_option",
                host=session.name,
                remedy="Add them to vms, or take the probes out",
            )
        mine = {vm_id: [p for p, owner in zip(probes, owners, strict=True) if owner == vm_id] for vm_id in pairs}
        self._jury = Jury(
            {vm_id: own for vm_id, own in mine.items() if own}, simulated=session.options["simulated_guests"]
        )

    def judge(self, vm_id: str) -> trial.Judge | None:
        """Who says whether this VM is good; None for its heartbeat alone."""
        return self._jury.judge(vm_id) if self._jury else None

    def _told(self, outcome: Outcome, operation: Operation) -> Outcome:
        told: Outcome = super()._told(outcome, operation)
        tries = tries_of(outcome, operation.goal)
        return with_facts(told, tries=tries) if tries else told


def tries_of(outcome: Outcome, goal: Goal) -> list[dict[str, Any]]:
    """Every point that was tried, by this run and those before it: what came of it, its seconds, and what it loses."""
    last = _last_trial(outcome)
    if last is None:
        return []
    here = outcome.before.destination
    began = goal.point.outage_began or (here.last_replicated if isinstance(here, Side) else None)
    seconds = _seconds(outcome.performed)
    shown = {one.point: one.why for one in last.tried}
    points = [(one.point, one.taken) for one in last.tried]
    points += [(last.point, last.taken)] if last.point not in shown else []
    return [
        {
            "point": point or "latest",
            "taken": taken or None,
            "result": "failed" if point in shown else "passed" if last.stage == "good" else "not_verified",
            "why": shown.get(point, _why(outcome) if last.stage != "good" else ""),
            "seconds": seconds.get(point),
            "rpo_seconds": _rpo(taken, began),
        }
        for point, taken in points
    ]


def _why(outcome: Outcome) -> str:
    return outcome.error.found if outcome.error else ""


def _last_trial(outcome: Outcome) -> Trial | None:
    """The trial as it was noted last, by this run or before it."""
    written = [done.step.arguments.get("Notes") for done in outcome.performed if _is_note(done)]
    here = outcome.before.destination
    notes = [here.notes if isinstance(here, Side) else (), *(one for one in written if isinstance(one, tuple))]
    known = [found for found in map(trial_in, notes) if found is not None]
    return known[-1] if known else None


def _is_note(done: Performed) -> bool:
    return done.step.method is Method.MODIFY_SYSTEM_SETTINGS


def _seconds(performed: Sequence[Performed]) -> dict[str, float]:
    """How long each point took: from the call that failed over to it until the note that ended its trial."""
    told: dict[str, float] = {}
    began: tuple[str, datetime] | None = None
    for done in performed:
        if done.step.method is Method.INITIATE_FAILOVER:
            began = (str(done.step.arguments.get("SnapshotSettingData") or ""), done.started)
        elif began and _is_note(done) and _ends(done):
            told[began[0]], began = (done.started - began[1]).total_seconds(), None
    if began and performed[-1].ended:
        told[began[0]] = (performed[-1].ended - began[1]).total_seconds()
    return told


def _ends(done: Performed) -> bool:
    notes = done.step.arguments.get("Notes")
    found = trial_in(notes) if isinstance(notes, tuple) else None
    return found is not None and found.stage != "trying"


def _rpo(taken: str, began: datetime | None) -> float | None:
    if not taken or began is None:
        return None
    return max(began - datetime.fromisoformat(taken), timedelta()).total_seconds()
