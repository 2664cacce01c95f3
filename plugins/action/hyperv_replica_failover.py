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
from ansible_collections.hyperv.replica.plugins.plugin_utils._operation import OperationAction


class ActionModule(OperationAction):
    """Has the replica take over; the task's host is the replica host, the peer the primary's."""

    spec = FAILOVER
    gathers = {End.DESTINATION: frozenset({Gather.POINTS, Gather.POWER}), End.SOURCE: frozenset({Gather.POWER})}

    def goal(self, options: dict[str, Any]) -> Goal:
        return failover_goal(options)

    def operation(self, goal: Goal, options: dict[str, Any], seen: Pair) -> Operation:
        return planned_failover(goal) if options["mode"] == "planned" else unplanned_failover(goal)

    def planned_move(self, options: dict[str, Any]) -> bool:
        return bool(options["mode"] == "planned")
