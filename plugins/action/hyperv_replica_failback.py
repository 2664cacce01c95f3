# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.looking import Gather
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import End, Pair
from ansible_collections.hyperv.replica.plugins.module_utils._operations.goal import Goal
from ansible_collections.hyperv.replica.plugins.module_utils._operations.operation import Operation, failback_of
from ansible_collections.hyperv.replica.plugins.module_utils._surface.goals import failback_goal
from ansible_collections.hyperv.replica.plugins.module_utils._surface.specs import FAILBACK
from ansible_collections.hyperv.replica.plugins.plugin_utils._copying import NewCopyAction


class ActionModule(NewCopyAction):
    """Brings VMs home; the task's host is home, the peer the recovery host."""

    spec = FAILBACK
    planned = True
    old_primary = End.DESTINATION
    gathers = {End.DESTINATION: frozenset({Gather.POWER}), End.SOURCE: frozenset({Gather.POWER})}

    def goal(self, options: dict[str, Any]) -> Goal:
        return failback_goal(options)

    def operation(self, goal: Goal, options: dict[str, Any], seen: Pair) -> Operation:
        return failback_of(goal, seen, self.copy_of(seen.vm_id))
