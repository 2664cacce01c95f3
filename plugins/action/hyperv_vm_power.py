# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import Pair
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.states import Power
from ansible_collections.hyperv.replica.plugins.module_utils._operations.goal import Goal
from ansible_collections.hyperv.replica.plugins.module_utils._operations.operation import Operation, power_to
from ansible_collections.hyperv.replica.plugins.module_utils._surface.goals import power_goal
from ansible_collections.hyperv.replica.plugins.module_utils._surface.specs import POWER
from ansible_collections.hyperv.replica.plugins.plugin_utils._operation import OperationAction


class ActionModule(OperationAction):
    """Switches VMs of the task's host; the peer is where their other copies are."""

    spec = POWER
    done = "switched"

    def goal(self, options: dict[str, Any]) -> Goal:
        return power_goal(options)

    def operation(self, goal: Goal, options: dict[str, Any], seen: Pair) -> Operation:
        return power_to(goal, Power[options["state"].upper()])
