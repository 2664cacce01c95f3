# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every operation by its name: its table, what must hold before, and when it is done."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial

from ansible_collections.hyperv.replica.plugins.module_utils._errors import HostRefused
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import End, Pair
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.states import Power
from ansible_collections.hyperv.replica.plugins.module_utils._operations import (
    cancel,
    clusters,
    failback,
    failover,
    move,
    new_copy,
    new_copy_guards,
    power,
    trial,
    waiting,
)
from ansible_collections.hyperv.replica.plugins.module_utils._operations.goal import Commit, Goal, Strategy
from ansible_collections.hyperv.replica.plugins.module_utils._operations.path import Given, Leg, Task, walk
from ansible_collections.hyperv.replica.plugins.module_utils._operations.plan import Learned, Method, Step

Explain = Callable[[HostRefused, Pair], HostRefused]


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One way to one goal.

    Attributes:
        guard: raises what makes every path illegal.
        reached: whether a look satisfies the goal.
        rest: whether nothing moves by itself that has to be waited for before a step.
        moves: it takes a VM from one end to the other, so a failure half way needs a rescue.
        asks_guest: a VM that it started has to answer.
        replicates: it is about replication, for which a VM on a node of a cluster has to be highly available.
        strategy: what an operator reads in the result.
        judge: says whether a guest on trial is good.
        explains: says of a refused call what it means here, after a look that shows what there is now.
    """

    name: str
    goal: Goal
    legs: tuple[Leg, ...]
    guard: Callable[[Pair, Task], None]
    reached: Given
    rest: Callable[[Pair], bool] = waiting.at_rest
    moves: bool = True
    asks_guest: bool = True
    replicates: bool = True
    strategy: str = ""
    judge: trial.Judge = field(default_factory=trial.Heartbeat)
    explains: Mapping[Method, Explain] = field(default_factory=dict)

    def plan(self, seen: Pair, learned: frozenset[Learned] = frozenset()) -> tuple[Step, ...]:
        """Decide the steps from what both ends show to the goal. Pure: the same look gives the same steps."""
        task = Task(goal=self.goal, learned=learned)
        if self.reached(seen, task):
            return ()
        if self.replicates:
            unplanned = self.strategy == "unplanned"
            clusters.refuse_not_highly_available(seen, (End.DESTINATION,) if unplanned else tuple(End))
        self.guard(seen, task)
        return walk(seen, task, self.legs, self.reached)


def planned_failover(goal: Goal) -> Operation:
    """To the replica host, with the primary answering; nothing is lost."""
    return Operation(
        name="failover", goal=goal, legs=move.LEGS, guard=move.guard, reached=move.reached, strategy="planned"
    )


def unplanned_failover(goal: Goal, judge: trial.Judge | None = None) -> Operation:
    """To the replica host, with the primary gone; on trial first where it is committed only once it is verified.

    Args:
        judge: says whether the guest on trial is good; whether its integration services answer when None.
    """
    judge = judge or trial.Heartbeat()
    tried = goal.commit is Commit.VERIFIED

    def guard(seen: Pair, task: Task) -> None:
        failover.guard(seen, task)
        if tried:
            trial.refuse_networks(seen, goal.trials)

    return Operation(
        name="failover",
        goal=goal,
        legs=verified_legs(goal, judge) if tried else (*trial.leave_legs(), *failover.LEGS),
        guard=guard,
        reached=lambda seen, task: failover.reached(seen, task) and not trial.to_end(seen.destination),
        judge=judge,
        rest=waiting.at_rest_but_for_resynchronizing,
        moves=False,
        strategy="unplanned",
    )


def verified_legs(goal: Goal, judge: trial.Judge) -> tuple[Leg, ...]:
    """The table of an unplanned failover that is tried before it is committed."""
    tried = trial.legs(goal.trials, judge)
    return (*failover.BEFORE_LEGS, *tried, failover.START_LEG, *failover.AFTER_LEGS)


def failback_of(goal: Goal, seen: Pair, given: new_copy.NewCopy | None = None) -> Operation:
    """The failback of one VM, by the strategy its relationship asks for; by a new copy where that is given."""
    chosen = failback.strategy(seen, goal.strategy)
    goal = replace(goal, strategy=chosen)
    if given is not None:
        return _failback_to_new_copy(goal, new_copy.planned_for(given, seen))
    if chosen is Strategy.PROVIDER:
        return Operation(
            name="failback",
            goal=goal,
            legs=failback.PROVIDER_LEGS,
            guard=failback.provider_guard,
            reached=failback.provider_reached,
            strategy=chosen.value,
            explains={Method.INITIATE_FAILBACK: failback.explained},
        )
    return Operation(
        name="failback",
        goal=goal,
        legs=failback.REVERSE_LEGS,
        guard=failback.reverse_guard,
        reached=move.reached,
        strategy=chosen.value,
    )


def _failback_to_new_copy(goal: Goal, given: new_copy.NewCopy) -> Operation:
    return Operation(
        name="failback",
        goal=goal,
        legs=new_copy.legs(given),
        guard=lambda seen, task: new_copy_guards.guard(seen, task, given),
        reached=move.reached,
        strategy=goal.strategy.value,
        explains={Method.CREATE_RELATIONSHIP: new_copy.explained},
    )


def cancel_failover(goal: Goal) -> Operation:
    """Back to the primary."""
    return Operation(
        name="failover_cancel",
        goal=goal,
        legs=(*cancel.LEGS, *trial.leave_legs()),
        guard=cancel.guard,
        reached=lambda seen, task: cancel.reached(seen, task) and not trial.to_end(seen.destination),
        moves=False,
        asks_guest=False,
        strategy="cancel",
    )


def power_to(goal: Goal, wanted: Power) -> Operation:
    """Running, off or saved, on one host."""
    legs = {Power.RUNNING: power.START_LEGS, Power.OFF: power.OFF_LEGS, Power.SAVED: power.SAVE_LEGS}[wanted]
    return Operation(
        name="power",
        goal=goal,
        legs=legs,
        guard=power.start_guard if wanted is Power.RUNNING else power.stop_guard,
        reached=partial(power.shows, (wanted,)),
        moves=False,
        asks_guest=False,
        replicates=False,
        strategy=wanted.name.lower(),
    )
