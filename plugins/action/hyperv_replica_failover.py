# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.looking import Gather
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import End, Pair
from ansible_collections.hyperv.replica.plugins.module_utils._operations.goal import Goal
from ansible_collections.hyperv.replica.plugins.module_utils._operations.operation import (
    Operation,
    planned_failover,
    unplanned_failover,
)
from ansible_collections.hyperv.replica.plugins.module_utils._surface.goals import failover_goal
from ansible_collections.hyperv.replica.plugins.module_utils._surface.specs import FAILOVER
from ansible_collections.hyperv.replica.plugins.plugin_utils._trying import TrialAction


class ActionModule(TrialAction):
    """Has the replica take over; the task's host is the replica host, the peer the primary's."""

    spec = FAILOVER
    old_primary = End.SOURCE
    gathers = {End.DESTINATION: frozenset({Gather.POINTS, Gather.POWER}), End.SOURCE: frozenset({Gather.POWER})}

    def goal(self, options: dict[str, Any]) -> Goal:
        return failover_goal(options)

    def operation(self, goal: Goal, options: dict[str, Any], seen: Pair) -> Operation:
        if options["mode"] == "planned":
            return planned_failover(goal)
        return unplanned_failover(goal, self.judge(seen.vm_id))

    def planned_move(self, options: dict[str, Any]) -> bool:
        return bool(options["mode"] == "planned")
