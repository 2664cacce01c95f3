# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A whole recovery plan in one run: look at every host, say the schedule, then move under a conductor."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from ansible.utils.display import Display

from ansible_collections.hyperv.replica.plugins.module_utils._drill.conduct import Conductor
from ansible_collections.hyperv.replica.plugins.module_utils._drill.foretelling import foretold
from ansible_collections.hyperv.replica.plugins.module_utils._drill.plan import Towards
from ansible_collections.hyperv.replica.plugins.module_utils._drill.plan_reading import read_plan
from ansible_collections.hyperv.replica.plugins.module_utils._drill.recovery import recovered, trusted
from ansible_collections.hyperv.replica.plugins.module_utils._drill.schedule import Schedule, schedule
from ansible_collections.hyperv.replica.plugins.module_utils._drill.timetable import (
    MANY,
    comparison_overview,
    overview,
)
from ansible_collections.hyperv.replica.plugins.module_utils._drill.waves import Move
from ansible_collections.hyperv.replica.plugins.module_utils._errors import HyperVReplicaError
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.looking import Gather
from ansible_collections.hyperv.replica.plugins.module_utils._operations.beginning import (
    first_lessons,
    served_before,
)
from ansible_collections.hyperv.replica.plugins.module_utils._operations.follow import foresee
from ansible_collections.hyperv.replica.plugins.module_utils._operations.goal import Goal
from ansible_collections.hyperv.replica.plugins.module_utils._operations.looks import Looks
from ansible_collections.hyperv.replica.plugins.module_utils._operations.markers import adapters_to_read
from ansible_collections.hyperv.replica.plugins.module_utils._operations.operation import Operation
from ansible_collections.hyperv.replica.plugins.module_utils._operations.pace import Pace
from ansible_collections.hyperv.replica.plugins.module_utils._operations.plan import Learned, Outcome, Talk
from ansible_collections.hyperv.replica.plugins.module_utils._operations.scheduler import Scheduler
from ansible_collections.hyperv.replica.plugins.module_utils._surface.plain import plain
from ansible_collections.hyperv.replica.plugins.module_utils._surface.plan_copies import (
    copies_of,
    first_copies,
    slow_copies,
)
from ansible_collections.hyperv.replica.plugins.module_utils._surface.plan_specs import RECOVERY_PLAN
from ansible_collections.hyperv.replica.plugins.module_utils._surface.plan_surface import (
    last_part,
    measured,
    plan_goal,
    probes_of,
    refuse_idle_trials,
    schedule_result,
    selected,
    stages_result,
    too_fast,
    with_limits,
)
from ansible_collections.hyperv.replica.plugins.module_utils._surface.results import run_result
from ansible_collections.hyperv.replica.plugins.module_utils._surface.times import Run
from ansible_collections.hyperv.replica.plugins.module_utils._surface.words import direction
from ansible_collections.hyperv.replica.plugins.module_utils._values import moment
from ansible_collections.hyperv.replica.plugins.plugin_utils._casting import Cast, Wanted, look_at
from ansible_collections.hyperv.replica.plugins.plugin_utils._estate import EstateAction, EstateSession
from ansible_collections.hyperv.replica.plugins.plugin_utils._judging import gathered, goals_of, verb
from ansible_collections.hyperv.replica.plugins.plugin_utils._operation import loss
from ansible_collections.hyperv.replica.plugins.plugin_utils._peer import inventory_groups, inventory_hosts
from ansible_collections.hyperv.replica.plugins.plugin_utils._recopying import Copies, find_out
from ansible_collections.hyperv.replica.plugins.plugin_utils._tally import Tally
from ansible_collections.hyperv.replica.plugins.plugin_utils._task import AUTO, Session, skews, with_facts
from ansible_collections.hyperv.replica.plugins.plugin_utils._trying import tries_of
from ansible_collections.hyperv.replica.plugins.plugin_utils._watching import PlanWatch

_PATIENCE: Final = 90.0

#: Seconds in which probes may get green where neither the plan nor the task says.
_USUAL: Final = 300

#: What a rehearsal leaves of that at least.
_LEAST: Final = timedelta(seconds=15)

#: Of so many VMs at most one is expected to move in a second.
_PER_SECOND: Final = 30

#: What is read once, beside what every look reads.
_FIRST: Final = frozenset({Gather.POINTS, Gather.MEMORY, Gather.LIMITS})


class PlanAction(EstateAction):
    """Takes all VMs of a plan to one side, within every limit at every moment."""

    spec = RECOVERY_PLAN

    def work(self, session: Session) -> dict[str, Any]:
        """Look, say the schedule, and unless in check mode move; then say predicted beside actual."""
        if not isinstance(session, EstateSession):
            raise TypeError("a plan needs the session of an estate")
        wanted = self._wanted(session.options)
        wanted = replace(wanted, rolls=self.open_hosts(session, wanted.host_pairs, self.task_vars))
        looks, cast = self._look(session, wanted)
        cast.lose_dependents(session.options["failed"] or ())
        goals = goals_of(wanted.goal, cast, session.options)
        copies = find_out(looks.crew, wanted, cast)
        operations = self._operations(goals, session.options, cast, copies)
        senders = copies.senders(cast)
        self._say(session.options, first_copies(senders))
        foreseen = {vm_id: foresee(one, cast.pairs[vm_id]) for vm_id, one in operations.items()}
        warnings = cast.weigh(wanted, foreseen)
        predicted, more = self._predicted(wanted, session.options, cast, foreseen)
        warnings += more
        warnings += slow_copies(senders, session.options["timeout"] * wanted.rate)
        began = session.clock.now()
        if self._task.check_mode:
            outcomes = foretold(cast.members(wanted), {**foreseen, **cast.lost})
        else:
            outcomes = self._run(session, looks, wanted, cast, operations)
        ended = {vm_id: cast.lost.get(vm_id) or outcomes[vm_id] for vm_id in cast.ids}
        told = {vm_id: copies.told(self._told(one, operations.get(vm_id))) for vm_id, one in ended.items()}
        result = self._result(session, wanted, cast, told)
        for vm, vm_id in zip(result["vms"], told, strict=True):
            vm["starts"] = Learned.KEEP_OFF not in first_lessons(told[vm_id].before, goals[vm_id])
            vm["served_before"] = served_before(told[vm_id].before, goals[vm_id])
        result["warnings"] = [*self.skew(cast.looks), *warnings, *result["warnings"]]
        result["warnings"] += too_fast(session.clock.now() - began, looks.crew.rested, wanted.rate)
        result["skew"] = skews(cast.looks)
        result["stages"] = stages_result(wanted.part, planned=wanted.planned)
        result["schedule"] = schedule_result(predicted, result["vms"], began, wanted.rate)
        foreseen = {row["name"]: row["predicted_seconds"] for row in result["schedule"]["vms"]}
        for vm in result["vms"]:
            vm["predicted_seconds"] = foreseen.get(vm["name"])
        lines = "".join(f"{line}\n" for line in result["schedule"]["lines"])
        result["diff"]["after"] = lines + result["diff"]["after"]
        if predicted is not None and result["schedule"]["compared"]:
            self._say(session.options, comparison_overview(predicted, measured(result["vms"], began, wanted.rate)))
        return result

    def _look(self, session: EstateSession, wanted: Wanted) -> tuple[Looks, Cast]:
        """The first look at every host; where notes tell of adapters that we disconnected, one more that shows them."""
        always = gathered(session.options)
        first = {end: gather | _FIRST for end, gather in always.items()}
        looks = Looks(session.start_crew(), first, patience_seconds=_PATIENCE)
        cast = look_at(wanted, looks)
        more = adapters_to_read(cast.pairs.values())
        if more:
            looks.also(more)
            cast.pairs = looks.pairs(cast.ids)
        looks.extra = {end: gather | more.get(end, frozenset()) for end, gather in always.items()}
        return looks, cast

    def _wanted(self, options: dict[str, Any]) -> Wanted:
        """The plan, and the part of it that is meant; refused before any host is asked."""
        whole = with_limits(read_plan(options["plan"], (*inventory_hosts(self), *inventory_groups(self))), options)
        goal = plan_goal(options)
        part = selected(whole, options)
        refuse_idle_trials(part, goal, options)
        return Wanted(
            whole=whole,
            part=part,
            towards=Towards(options["to"]),
            planned=options["mode"] == "planned",
            goal=goal,
            rate=max(1.0, options["simulated_rate"]),
            copies=copies_of(whole, part, options),
        )

    def _operations(
        self, goals: Mapping[str, Goal], options: dict[str, Any], cast: Cast, copies: Copies
    ) -> dict[str, Operation]:
        """What is to be done with each VM that can be asked; who cannot is lost."""
        operation_of = verb(options, cast, copies.given)
        operations: dict[str, Operation] = {}
        for vm_id in [vm_id for vm_id in cast.ids if vm_id not in cast.lost]:
            try:
                operations[vm_id] = operation_of(goals[vm_id], vm_id)
            except HyperVReplicaError as trouble:
                cast.lose(vm_id, trouble)
        return operations

    def _predicted(
        self, wanted: Wanted, options: dict[str, Any], cast: Cast, foreseen: Mapping[str, Outcome]
    ) -> tuple[Schedule | None, list[str]]:
        """Say what will happen when, before anything does."""
        stops_at = last_part(wanted.goal)
        there = {cast.names[vm_id] for vm_id in cast.ids if vm_id in cast.lost or foreseen[vm_id].already_there}
        if stops_at is None:
            return None, []
        move = Move(
            plan=wanted.part,
            towards=wanted.towards,
            planned=wanted.planned,
            known=cast.known(),
            there=there,
            stops_at=stops_at,
        )
        try:
            predicted = schedule(move, cast.room(wanted, options["concurrency"]))
        except HyperVReplicaError as trouble:
            return None, [f"no schedule: {trouble}"]
        self._say(options, overview(predicted))
        return predicted, []

    def _say(self, options: dict[str, Any], lines: Sequence[str]) -> None:
        if not self._task.no_log and options["progress"] != "never":
            for line in lines:
                Display().display(line)

    def _run(
        self,
        session: EstateSession,
        looks: Looks,
        wanted: Wanted,
        cast: Cast,
        operations: Mapping[str, Operation],
    ) -> dict[str, Outcome]:
        options = session.options
        operations = {vm_id: one for vm_id, one in operations.items() if vm_id not in cast.lost}
        show = self._progress(session, len(operations))
        heads = {vm_id: f"{cast.names[vm_id]}: {direction(cast.pairs[vm_id])}" for vm_id in operations}
        room = cast.room(wanted, options["concurrency"])
        watch = self._watch(options, cast, operations)
        gate = Conductor(
            cast.members(wanted),
            cast.occupancy(room),
            watch,
            planned=wanted.planned,
            beside=looks.pairs([*cast.beside.values()]),
            after=lambda vm_id, talk: self._after(session, cast, watch, vm_id, talk),
        )
        for vm_id, outcome in cast.lost.items():
            gate.ended(vm_id, outcome)
        scheduler = Scheduler(
            {vm_id: operations[vm_id] for vm_id in cast.ids if vm_id in operations},
            cast.pairs,
            looks,
            Pace(
                poll=options["poll_interval"],
                first=_pause(len(operations)),
                concurrency=room.concurrency,
                rate=wanted.rate,
                gate=gate,
            ),
            journal=session.journal,
            report=lambda vm_id, line: show(vm_id, heads[vm_id], line),
        )
        return scheduler.run()

    def _progress(self, session: EstateSession, vms: int) -> Callable[[str, str, str], None]:
        """Of many VMs a line now and then of how far all of them are, and one for each that failed."""
        show = self.progress(session)
        if vms <= MANY or session.options["progress"] != AUTO or self._task.no_log:
            return show
        return Tally(vms, session.clock.now, Display().display).show

    def _after(self, session: EstateSession, cast: Cast, watch: PlanWatch, vm_id: str, talk: Talk) -> Talk:
        """A VM's way, its probes, and for one that others need to sign in the proof that they can."""
        vm = cast.vms[vm_id]
        rate = max(1.0, session.options["simulated_rate"])
        usual = timedelta(seconds=session.options["guest_timeout"] or _USUAL)
        # A plan's limits are in the hosts' time; a busy controller has a few seconds to see anything at all.
        within = max(vm.green_within / rate, min(_LEAST, vm.green_within)) if vm.green_within else usual
        way = recovered(talk, vm_id, watch, within, rate=rate)
        if not vm.provides:
            return way
        return trusted(way, lambda: session.sign_in_anew((vm.home, vm.recovery)))

    def _watch(self, options: dict[str, Any], cast: Cast, operations: Mapping[str, Operation]) -> PlanWatch:
        probes = {vm_id: probes_of(options["plan"], cast.vms[vm_id]) for vm_id in operations}
        silent = {vm_id for vm_id, mine in probes.items() if any(probe.get("heartbeat") is False for probe in mine)}
        answering = set(probes) - silent if options["guest_timeout"] else set()
        return PlanWatch(probes, answering, simulated=options["simulated_guests"])

    def _told(self, outcome: Outcome, operation: Operation | None) -> Outcome:
        """The outcome with what the result says beside it."""
        if operation is None:
            return outcome
        facts: dict[str, object] = {"strategy": operation.strategy}
        if operation.strategy == "unplanned":
            facts |= loss(outcome, operation.goal)
        if tries := tries_of(outcome, operation.goal):
            facts["tries"] = tries
        told: Outcome = with_facts(outcome, **facts)
        return told

    def _result(
        self, session: EstateSession, wanted: Wanted, cast: Cast, told: Mapping[str, Outcome]
    ) -> dict[str, Any]:
        declared, goal = session.options["declared_at"], wanted.goal
        run = Run(
            planned=wanted.planned,
            check_mode=bool(self._task.check_mode),
            outage_began=goal.point.outage_began,
            declared_at=None if declared is None else moment(declared, option="declared_at"),
            consent=tuple(sorted(consent.value for consent in goal.consent)),
            reason=goal.reason,
            exchanges=session.exchanges(),
            records=[plain(record) for record in session.journal.records],
        )
        result = run_result(told.values(), run)
        for vm, vm_id in zip(result["vms"], told, strict=True):
            vm["name"] = cast.vms[vm_id].name
            vm["tier"] = cast.vms[vm_id].tier
            vm["recovered_at"] = vm["facts"].pop("recovered_at", None)
        return result


def _pause(vms: int) -> float:
    """Seconds between polls while something moves: a second for each so many VMs, since one poll serves all of them."""
    return max(1.0, vms / _PER_SECOND)
