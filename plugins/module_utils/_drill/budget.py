# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How long the roles may take over a plan, by the deadlines that they give the modules; never less for a part of it.

What ends a job from outside, such as the timeout of a job template, has to come after that: then a run that takes too
long ends by its own message, which says what still runs and where.
"""

from __future__ import annotations

from typing import Final

from ansible_collections.hyperv.replica.plugins.module_utils._drill.plan import Barrier, Plan

#: Seconds that a call takes at the most beside its deadline: it notices that between two looks.
_NOTICED: Final = 30

#: Deadlines that the modules and roles have when nobody gives another: preflight, info, and verify beside its probes.
PREFLIGHT: Final = 300
INFO: Final = 300
VERIFY: Final = 900


def most_calls(plan: Plan) -> int:
    """How many tasks with hyperv_replica_recovery_plan the roles failover and failback run at the most.

    One looks, one walks back. Between them is one for everything; or, with task files or pauses, one that switches each
    stage, one that starts each group, and one that starts after a stop what is left.
    """
    return 1 + (_switches(plan) + _starts(plan) + 1 if _interrupted(plan) else 1) + 1


def move_seconds(plan: Plan, deadline: int) -> int:
    """A failover or a failback, with its preflight."""
    return most_calls(plan) * (deadline + _NOTICED) + preflight_seconds(plan)


def preflight_seconds(plan: Plan) -> int:
    """One call for each pair of hosts."""
    return _pairs(plan) * (PREFLIGHT + _NOTICED)


def status_seconds(plan: Plan) -> int:
    """One look at each pair, and another one at the recovery host of each whose home was not reached."""
    return 2 * _pairs(plan) * (INFO + _NOTICED)


def verify_seconds(plan: Plan) -> int:
    """Looks over all hosts for as long as the slowest probes may take, and one that was begun just before that."""
    within = [int(vm.green_within.total_seconds()) for vm in plan.vms if vm.green_within]
    return VERIFY + 2 * max(within, default=0) + _NOTICED


def copies_seconds(plan: Plan, deadline: int) -> int:
    """Test copies: a call for each host and way to connect a copy, and one for each host to remove them."""
    return (len({(vm.recovery, vm.network) for vm in plan.vms}) + _ends(plan)) * (deadline + _NOTICED)


def cleanup_seconds(plan: Plan, deadline: int) -> int:
    """A call for each host of either end."""
    return _ends(plan) * (deadline + _NOTICED)


def _pairs(plan: Plan) -> int:
    return len({(vm.home, vm.recovery) for vm in plan.vms})


def _ends(plan: Plan) -> int:
    return len({vm.home for vm in plan.vms}) + len({vm.recovery for vm in plan.vms})


def _interrupted(plan: Plan) -> bool:
    """Whether a role has to do something in the middle of the move."""
    pauses = [text for tier in plan.tiers for text in (tier.pause_before, tier.pause_after)]
    return any(pauses) or bool(plan.task_files)


def _switches(plan: Plan) -> int:
    """Stages: those that barriers make, and each machine that moves alone."""
    cut = plan.barrier is Barrier.TIER
    sections = 1 + sum(1 for tier in plan.tiers[:-1] if cut or tier.barrier)
    return min(len(plan.vms), sections * _units(plan) + _alone(plan))


def _starts(plan: Plan) -> int:
    """Groups: the tiers of each stage, cut before machines that may wait for the task file of another one."""
    waiting = sum(1 for vm in plan.vms if vm.depends_on) if any(vm.task_files for vm in plan.vms) else 0
    return min(len(plan.vms), len(plan.tiers) * _units(plan) + _alone(plan) + waiting)


def _units(plan: Plan) -> int:
    """Between two barriers: each consistency group, and what is before, between and after them."""
    groups = {vm.consistency_group for vm in plan.vms if vm.consistency_group}
    return 2 * len(groups) + 1 if plan.barrier is Barrier.CONSISTENCY_GROUP else 1


def _alone(plan: Plan) -> int:
    return sum(1 for vm in plan.vms if vm.provides)
