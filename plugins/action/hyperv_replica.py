# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timezone
from typing import Any

from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.looking import Gather
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import End, Pair
from ansible_collections.hyperv.replica.plugins.module_utils._operations.extended import as_sender as as_sender_of_leg
from ansible_collections.hyperv.replica.plugins.module_utils._operations.goal import Goal
from ansible_collections.hyperv.replica.plugins.module_utils._operations.operation import Operation
from ansible_collections.hyperv.replica.plugins.module_utils._operations.plan import Outcome
from ansible_collections.hyperv.replica.plugins.module_utils._operations.relationship import relationship_to
from ansible_collections.hyperv.replica.plugins.module_utils._surface.relationship_surface import (
    REPLICA,
    as_sender,
    relationship_goal,
    sending_direction,
    settings_result,
    wanted_relationship,
)
from ansible_collections.hyperv.replica.plugins.plugin_utils._operation import OperationAction


class ActionModule(OperationAction):
    """Looks after relationships; the task's host sends, the peer receives."""

    spec = REPLICA
    done = "changed"
    gathers = {End.DESTINATION: frozenset({Gather.DISKS})}

    def goal(self, options: dict[str, Any]) -> Goal:
        return relationship_goal(options)

    def operation(self, goal: Goal, options: dict[str, Any], seen: Pair) -> Operation:
        facts = seen.destination.facts
        now = (facts.clock if facts else None) or datetime.now(timezone.utc)
        return relationship_to(goal, wanted_relationship(options), now)

    def view(self, options: dict[str, Any]) -> Callable[[Pair], Pair]:
        return as_sender_of_leg if wanted_relationship(options).extended else super().view(options)

    def heading(self, pair: Pair) -> str:
        return sending_direction(pair)

    def work(self, session: Any) -> dict[str, Any]:
        return as_sender(super().work(session))

    def _told(self, outcome: Outcome, operation: Operation) -> Outcome:
        told = super()._told(outcome, operation)
        return replace(told, facts={**told.facts, "settings": settings_result(outcome.after)})
