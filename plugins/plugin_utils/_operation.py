# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Base of every action that changes VMs: resolve names, look, plan; in a real run go on, in check mode say the plan."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final

from ansible_collections.hyperv.replica.plugins.module_utils._errors import TransportError
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.looking import Gather, Look
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import End, Pair, RecoveryPoint, Side
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.naming import resolve
from ansible_collections.hyperv.replica.plugins.module_utils._operations.follow import foresee
from ansible_collections.hyperv.replica.plugins.module_utils._operations.goal import Goal
from ansible_collections.hyperv.replica.plugins.module_utils._operations.looks import Looks
from ansible_collections.hyperv.replica.plugins.module_utils._operations.markers import adapters_to_read
from ansible_collections.hyperv.replica.plugins.module_utils._operations.membership import refuse_strangers
from ansible_collections.hyperv.replica.plugins.module_utils._operations.operation import Operation
from ansible_collections.hyperv.replica.plugins.module_utils._operations.pace import Pace
from ansible_collections.hyperv.replica.plugins.module_utils._operations.plan import Method, Outcome
from ansible_collections.hyperv.replica.plugins.module_utils._operations.scheduler import Scheduler
from ansible_collections.hyperv.replica.plugins.module_utils._surface.plain import plain
from ansible_collections.hyperv.replica.plugins.module_utils._surface.results import run_result
from ansible_collections.hyperv.replica.plugins.module_utils._surface.times import Run
from ansible_collections.hyperv.replica.plugins.module_utils._surface.words import direction
from ansible_collections.hyperv.replica.plugins.module_utils._values import moment
from ansible_collections.hyperv.replica.plugins.plugin_utils._task import (
    HostAction,
    Session,
    unreachable,
    with_facts,
)

#: Seconds a silent host is asked again before what it holds counts as unknown.
_PATIENCE: Final = 90.0


class OperationAction(HostAction):
    """Base of every action that moves or switches VMs.

    Attributes:
        done: the word for a VM for which the work was done.
        planned: a move that loses nothing by what it is; None for what is no move.
        gathers: what it reads beside the state, settings and jobs, per end.
        old_primary: the end at which an old primary may have to be fenced.
    """

    spans_clusters = True
    done: ClassVar[str] = "moved"
    planned: ClassVar[bool | None] = None
    gathers: ClassVar[Mapping[End, frozenset[Gather]]] = {}
    old_primary: ClassVar[End | None] = None

    @abstractmethod
    def goal(self, options: dict[str, Any]) -> Goal:
        """The goal that the options ask for."""

    @abstractmethod
    def operation(self, goal: Goal, options: dict[str, Any], seen: Pair) -> Operation:
        """The operation for one VM, which may depend on what it is."""

    def work(self, session: Session) -> dict[str, Any]:
        """Look, plan, and unless in check mode apply and verify."""
        goal = self.goal(session.options)
        crew, view = session.start_crew(), self.view(session.options)
        gathered = self.gathered(session.options)
        looks = Looks(crew, gathered, _PATIENCE, routes=session.routes, view=view)
        seen = _first_look(looks, session.name)
        for roll in session.rolls.values():
            refuse_strangers(roll, looks.last())
        vm_ids = self.vm_ids(session.options, self.knowing(session.options, seen))
        pairs = looks.pairs(vm_ids)
        if more := adapters_to_read(pairs.values()):
            looks.also(more)
            pairs = looks.pairs(vm_ids)
        self.prepare(session, seen, pairs)
        operations = {vm_id: self.operation(goal, session.options, pairs[vm_id]) for vm_id in vm_ids}
        if self._task.check_mode:
            outcomes = {vm_id: foresee(operations[vm_id], pairs[vm_id]) for vm_id in vm_ids}
        else:
            outcomes = self.settle(session, looks, self._run(session, looks, operations, pairs))
        told = [self._told(outcomes[vm_id], operations[vm_id]) for vm_id in vm_ids]
        result = run_result(told, self._about(session, goal, told))
        about_hosts = [*self.skew(looks.last()), *session.cluster_warnings(looks.last())]
        result["warnings"] = [*about_hosts, *result["warnings"]]
        return result

    def view(self, options: dict[str, Any]) -> Callable[[Pair], Pair]:
        """How the operation sees each pair."""
        return lambda seen: seen

    def gathered(self, options: dict[str, Any]) -> Mapping[End, frozenset[Gather]]:
        """What is read beside the state, settings and jobs, per end."""
        known = self.gathers
        if options.get("fence_adapters") and self.old_primary is not None:
            known = {**known, self.old_primary: known.get(self.old_primary, frozenset()) | {Gather.ADAPTERS}}
        return known

    def knowing(self, options: dict[str, Any], seen: Mapping[End, Look]) -> Look:
        """The host that the names of the VMs are looked up on."""
        return seen[End.DESTINATION]

    def prepare(self, session: Session, seen: Mapping[End, Look], pairs: Mapping[str, Pair]) -> None:
        """What has to be found out once, before anything is planned."""

    def vm_ids(self, options: dict[str, Any], here: Look) -> list[str]:
        """The GUIDs of the VMs that are meant, each once."""
        return [*dict.fromkeys(resolve(options["vms"], here).values())]

    def settle(self, session: Session, looks: Looks, outcomes: dict[str, Outcome]) -> dict[str, Outcome]:
        """What is left to do, and to judge, when every VM has an outcome."""
        return outcomes

    def _run(
        self, session: Session, looks: Looks, operations: Mapping[str, Operation], pairs: Mapping[str, Pair]
    ) -> dict[str, Outcome]:
        show = self.progress(session)
        heads = {vm_id: f"{pair.vm_name}: {self.heading(pair)}" for vm_id, pair in pairs.items()}
        options = session.options
        scheduler = Scheduler(
            operations,
            pairs,
            looks,
            Pace(
                poll=options["poll_interval"],
                concurrency=options["concurrency"],
                stop_on_error=options["stop_on_error"],
            ),
            journal=session.journal,
            report=lambda vm_id, line: show(vm_id, heads[vm_id], line),
        )
        return scheduler.run()

    def _told(self, outcome: Outcome, operation: Operation) -> Outcome:
        """The outcome with what the result says beside it."""
        facts: dict[str, object] = {"strategy": operation.strategy}
        if operation.strategy == "unplanned":
            facts |= loss(outcome, operation.goal)
        told: Outcome = with_facts(outcome, **facts)
        return told

    def _about(self, session: Session, goal: Goal, outcomes: list[Outcome]) -> Run:
        declared = session.options.get("declared_at")
        return Run(
            done=self.done,
            planned=self.planned_move(session.options),
            check_mode=bool(self._task.check_mode),
            outage_began=goal.point.outage_began,
            declared_at=None if declared is None else moment(declared, option="declared_at"),
            consent=tuple(sorted(consent.value for consent in goal.consent)),
            reason=goal.reason,
            exchanges={host.name: host.exchanges for host in session.hosts.values()},
            records=[plain(record) for record in session.journal.records],
        )

    def heading(self, pair: Pair) -> str:
        """From which host to which it goes, as progress lines say."""
        return direction(pair)

    def planned_move(self, options: dict[str, Any]) -> bool | None:
        """Whether these options ask for a move that loses nothing by what it is."""
        return self.planned


def _first_look(looks: Looks, home: str) -> Mapping[End, Look]:
    """The one place where a silence means UNREACHABLE: the task's own host, before anything was asked for."""
    try:
        return looks.first(silence_allowed=True)
    except TransportError as error:
        if error.host == home:
            raise unreachable(error) from None  # core prints every cause it is given
        raise


def loss(outcome: Outcome, goal: Goal) -> dict[str, object]:
    """Which point was taken and what that lost, where this run failed the VM over."""
    here = outcome.before.destination
    called = [done.step.arguments for done in outcome.performed if done.step.method is Method.INITIATE_FAILOVER]
    if not isinstance(here, Side) or not called:
        return {}
    chosen = called[-1].get("SnapshotSettingData")
    found = next((one for one in here.points if one.id == chosen), None)
    taken = found.created if found else here.last_replicated
    began = goal.point.outage_began or here.last_replicated
    point: RecoveryPoint | str = found or "latest"
    facts: dict[str, object] = {"recovery_point": point, "outage_began": began}
    if isinstance(began, datetime) and isinstance(taken, datetime):
        facts["rpo_seconds"] = max(began - taken, timedelta()).total_seconds()
        facts["rpo_proof"] = "from the outage to the recovery point"
    return facts
