# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.looking import Gather
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import End, Pair
from ansible_collections.hyperv.replica.plugins.module_utils._operations.goal import Goal
from ansible_collections.hyperv.replica.plugins.module_utils._operations.operation import Operation, cancel_failover
from ansible_collections.hyperv.replica.plugins.module_utils._surface.goals import cancel_goal
from ansible_collections.hyperv.replica.plugins.module_utils._surface.specs import CANCEL
from ansible_collections.hyperv.replica.plugins.plugin_utils._operation import OperationAction


class ActionModule(OperationAction):
    """Undoes a failover; the task's host holds the failed-over copy, the peer the primary."""

    spec = CANCEL
    gathers = {End.DESTINATION: frozenset({Gather.POWER})}
    done = "undone"

    def goal(self, options: dict[str, Any]) -> Goal:
        return cancel_goal(options)

    def operation(self, goal: Goal, options: dict[str, Any], seen: Pair) -> Operation:
        return cancel_failover(goal)
