# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is to be done with each VM of a plan, and who judges those that are tried before they are committed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from ansible_collections.hyperv.replica.plugins.module_utils._drill.plan import Towards
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.looking import Gather
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import End, Pair
from ansible_collections.hyperv.replica.plugins.module_utils._operations.goal import Commit, Goal, Strategy
from ansible_collections.hyperv.replica.plugins.module_utils._operations.new_copy import NewCopy
from ansible_collections.hyperv.replica.plugins.module_utils._operations.operation import (
    Operation,
    failback_of,
    planned_failover,
    unplanned_failover,
)
from ansible_collections.hyperv.replica.plugins.module_utils._surface.plan_surface import goal_of, probes_of
from ansible_collections.hyperv.replica.plugins.plugin_utils._casting import Cast
from ansible_collections.hyperv.replica.plugins.plugin_utils._trying import Jury

Options = Mapping[str, Any]

#: The operation of one VM, by its goal and GUID.
Verb = Callable[[Goal, str], Operation]


def goals_of(goal: Goal, cast: Cast, options: Options) -> dict[str, Goal]:
    """The goal of each VM."""
    return {vm_id: goal_of(goal, vm, options) for vm_id, vm in cast.vms.items()}


def verb(options: Options, cast: Cast, copies: Mapping[str, NewCopy]) -> Verb:
    """What the options ask for; COPIES are made anew at home, by GUID."""
    if options["mode"] == "unplanned":
        jury = _jury(options, cast)
        return lambda goal, vm_id: unplanned_failover(goal, jury.judge(vm_id) if jury else None)
    if options["to"] == Towards.HOME.value:
        return lambda goal, vm_id: _home(goal, cast.pairs[vm_id], copies.get(vm_id))
    return lambda goal, vm_id: planned_failover(goal)


def _home(goal: Goal, seen: Pair, copy: NewCopy | None) -> Operation:
    """Home by a new copy where that is given; whoever is not named among those comes by what its relationship asks."""
    if copy is None and goal.strategy is Strategy.NEW_COPY:
        goal = replace(goal, strategy=Strategy.AUTO)
    return failback_of(goal, seen, copy)


def _jury(options: Options, cast: Cast) -> Jury | None:
    """Who judges by the probes that the plan has for each VM; a VM without any is judged by its heartbeat."""
    if options["commit"] != Commit.VERIFIED.value:
        return None
    probes = {vm_id: probes_of(options["plan"], vm) for vm_id, vm in cast.vms.items()}
    return Jury({vm_id: mine for vm_id, mine in probes.items() if mine}, simulated=options["simulated_guests"])


def gathered(options: Options) -> dict[End, frozenset[Gather]]:
    """What these options read in every look, per end, beside what any move does.

    Recovery points are chosen from after an outage only. Adapters are disconnected for a trial at the destination, and
    for a fence at the old primary, which is the source of a failover and the home of a failback.
    """
    found: dict[End, set[Gather]] = {end: {Gather.POWER} for end in End}
    unplanned = options["mode"] == "unplanned"
    if unplanned:
        found[End.DESTINATION].add(Gather.POINTS)
    if unplanned and options["commit"] == Commit.VERIFIED.value:
        found[End.DESTINATION].add(Gather.ADAPTERS)
    if options["fence_adapters"]:
        home = options["to"] == Towards.HOME.value and not unplanned
        found[End.DESTINATION if home else End.SOURCE].add(Gather.ADAPTERS)
    if options["strategy"] == Strategy.NEW_COPY.value:
        found[End.SOURCE].add(Gather.DISKS)
    return {end: frozenset(gather) for end, gather in found.items()}
