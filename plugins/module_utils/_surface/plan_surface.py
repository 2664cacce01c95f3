# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From the options of a run over a plan to values, and from its schedule to what people read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from ansible_collections.hyperv.replica.plugins.module_utils._drill.durations import Part
from ansible_collections.hyperv.replica.plugins.module_utils._drill.order import StartGroup, start_groups
from ansible_collections.hyperv.replica.plugins.module_utils._drill.plan import (
    OnVmFailure,
    Plan,
    ProbeKind,
    Towards,
    Vm,
)
from ansible_collections.hyperv.replica.plugins.module_utils._drill.schedule import Row, Schedule
from ansible_collections.hyperv.replica.plugins.module_utils._drill.shards import shard, shard_of
from ansible_collections.hyperv.replica.plugins.module_utils._drill.timetable import Measured, comparison, timetable
from ansible_collections.hyperv.replica.plugins.module_utils._errors import PreconditionFailed
from ansible_collections.hyperv.replica.plugins.module_utils._operations.goal import Commit, Goal, OnFailure, Start
from ansible_collections.hyperv.replica.plugins.module_utils._operations.plan import Target
from ansible_collections.hyperv.replica.plugins.module_utils._surface.goals import failback_goal, failover_goal
from ansible_collections.hyperv.replica.plugins.module_utils._surface.plan_specs import move_options
from ansible_collections.hyperv.replica.plugins.module_utils._values import size

Options = Mapping[str, Any]

#: What an option must not say where a host of it is a task file's business: only a role runs those.
_TASKS: Final = "tasks"

#: A run that is over so soon says nothing of how fast a machine is.
_SHORT: Final = timedelta(seconds=30)

#: Probes that go over a network.
_SENT: Final = (ProbeKind.TCP, ProbeKind.HTTP, ProbeKind.DNS)


def selected(plan: Plan, options: Options) -> Plan:
    """The part of the plan that is meant: of its shard the tiers and VMs that were named.

    Raises:
        PreconditionFailed: something named is not in the plan.
    """
    names = [vm.name for vm in plan.vms]
    known = {"vms": names, "tiers": [tier.name for tier in plan.tiers], "served_before": names}
    for option, names in known.items():
        strangers = [name for name in options[option] or () if name not in names]
        if strangers:
            raise PreconditionFailed(
                f"not in the plan: {', '.join(strangers)}",
                kind="bad_option",
                remedy=f"Name {option} as the plan does: {', '.join(names)}",
            )
    planned = options["mode"] == "planned"
    part = shard(plan, *shard_of(options["plan_shard"]), planned=planned) if options["plan_shard"] else plan
    wanted = {vm.name for vm in part.vms}
    if options["tiers"] is not None:
        wanted &= {vm.name for vm in plan.vms if vm.tier in options["tiers"]}
    if options["vms"] is not None:
        wanted &= set(options["vms"])
    return part.only(wanted)


def with_limits(plan: Plan, options: Options) -> Plan:
    """The plan with the limits and the policy that the task gives; a limit of the task only ever lowers one."""
    given = {name: limit for name, limit in (options["limits"] or {}).items() if limit is not None}
    reserve = size(given.pop("memory_reserve"), option="memory_reserve") if "memory_reserve" in given else None
    lowered = {name: min(filter(None, (limit, getattr(plan.limits, name)))) for name, limit in given.items()}
    if reserve is not None:
        lowered["memory_reserve"] = max(reserve, plan.limits.memory_reserve or 0)
    tiers = plan.tiers
    if options["on_vm_failure"]:
        tiers = tuple(replace(tier, on_vm_failure=OnVmFailure(options["on_vm_failure"])) for tier in tiers)
    return replace(plan, limits=replace(plan.limits, **lowered), tiers=tiers)


def plan_goal(options: Options) -> Goal:
    """The goal of each VM."""
    home = options["to"] == "home" and options["mode"] == "planned"
    usual = OnFailure.ROLL_BACK if home else OnFailure.START_UNPROTECTED
    given = {**move_options(options), "on_failure": options["on_failure"] or usual.value}
    if home:
        return failback_goal({**given, "state": given["state"] or Target.PROTECTED.value})
    return failover_goal(given)


def goal_of(goal: Goal, vm: Vm, options: Options) -> Goal:
    """The goal of one VM: with what the caller knows of it, and with what it is connected to while it is on trial."""
    known = options["served_before"]
    trials = replace(goal.trials, switches=dict(goal.trials.switches) or _test_switches(vm, options))
    return replace(
        goal,
        served_before=None if known is None else vm.name in known,
        rate=max(1.0, options["simulated_rate"]),
        switched_off_within=goal.switched_off_within * max(1.0, options["simulated_rate"]),
        trials=trials,
    )


def refuse_idle_trials(plan: Plan, goal: Goal, options: Options) -> None:
    """Raise where a VM on trial has probes that could never be green, since it is connected to nothing."""
    if goal.commit is not Commit.VERIFIED or options["simulated_guests"]:
        return
    for vm in plan.vms:
        asked = [probe.kind.value for probe in vm.probes if probe.kind in _SENT]
        if asked and not goal_of(goal, vm, options).trials.switches:
            raise PreconditionFailed(
                f"a {asked[0]} probe of {vm.name}, which is connected to nothing while it is on trial",
                kind="bad_option",
                remedy="Give in verify_networks, or in network.test_networks of the plan, a test switch that the "
                "controller reaches",
            )


def _test_switches(vm: Vm, options: Options) -> dict[str, str]:
    """What the plan says of its test network; that is one of the recovery host."""
    if vm.network is None or options["to"] != Towards.RECOVERY.value:
        return {}
    return dict(vm.network.test_networks)


def last_part(goal: Goal) -> Part | None:
    """The last part of a move that this goal wants; None where nothing is disturbed."""
    if goal.target is Target.SYNCED:
        return None
    if goal.target is Target.SWITCHED_OFF:
        return Part.LAST_CHANGES
    return Part.SWITCH if goal.start is Start.NEVER else Part.PROBES


def probes_of(data: Options, vm: Vm) -> list[dict[str, Any]]:
    """The probes of a VM as they are written, without those that are task files."""
    named = {vm.name.casefold(), vm.id.casefold()} - {""}
    written = next(
        one
        for one in data["vms"]
        if {str(one.get(key) or "").strip("{} ").casefold() for key in ("name", "id")} & named
    )
    return [probe for probe in written.get("probes") or () if probe.get(_TASKS) is None]


def stages_result(plan: Plan, *, planned: bool) -> list[list[dict[str, Any]]]:
    """What is moved whole, in pieces that a role starts one after the other, with what it does around each."""
    return [[_group_result(group) for group in stage] for stage in start_groups(plan, planned=planned)]


def _group_result(group: StartGroup) -> dict[str, Any]:
    tier = group.tier
    return {
        "tier": tier.name,
        "vms": [vm.name for vm in group.vms],
        "before": [*tier.before] if group.opens else [],
        "pause_before": tier.pause_before if group.opens else "",
        "after": [*tier.after] if group.closes else [],
        "pause_after": tier.pause_after if group.closes else "",
        "on_vm_failure": tier.on_vm_failure.value,
        "probes": [{"vm": vm.name, "tasks": tasks} for vm in group.vms for tasks in vm.task_files],
    }


def measured(vms: Sequence[Mapping[str, Any]], began: datetime, rate: float) -> dict[str, Measured]:
    """When users lost each VM and had it again, by its result; in the hosts' time, which may run faster."""
    return {
        vm["name"]: Measured(
            out_since=_times(rate, _since(vm["outage_began"], began)), served_at=_times(rate, _served(vm, began))
        )
        for vm in vms
    }


def _times(rate: float, seconds: float | None) -> float | None:
    return None if seconds is None else seconds * rate


def schedule_result(
    known: Schedule | None, vms: Sequence[Mapping[str, Any]], began: datetime, rate: float
) -> dict[str, Any]:
    """Predicted beside actual, in seconds since the run began."""
    actual = measured(vms, began, rate)
    ended = [one.served_at for one in actual.values() if one.served_at is not None]
    return {
        "way": known.way if known else "",
        "predicted_seconds": known.makespan if known else 0.0,
        "actual_seconds": max(ended, default=None),
        "lines": timetable(known) if known else [],
        "compared": comparison(known, actual) if known and ended else [],
        "vms": [_row_result(row, actual.get(row.vm, Measured())) for row in (known.rows if known else ())],
    }


def _row_result(row: Row, actual: Measured) -> dict[str, Any]:
    return {
        "name": row.vm,
        "tier": row.tier,
        "stage": row.stage,
        "source": row.source,
        "target": row.target,
        "predicted": {part.value: {"begin": span.begin, "end": span.end} for part, span in row.parts.items()},
        "predicted_seconds": row.served_at,
        "predicted_rto_seconds": row.rto,
        "rto_limit_seconds": row.rto_limit,
        "actual_seconds": actual.served_at,
        "actual_rto_seconds": actual.rto,
    }


def _served(vm: Mapping[str, Any], began: datetime) -> float | None:
    """When a VM was recovered, or started where no probes were asked; None where nothing was done."""
    return _since(vm["recovered_at"] or vm["served_at"], began) if vm["performed"] else None


def _since(at: str | None, began: datetime) -> float | None:
    """Seconds from the beginning of the run; none where it was before."""
    if at is None:
        return None
    return max(0.0, (datetime.fromisoformat(at.replace("Z", "+00:00")) - began).total_seconds())


def too_fast(took: timedelta, rested: timedelta, rate: float) -> list[str]:
    """Whether simulated time ran on while this machine worked for most of the run, and what came of it says little."""
    if rate <= 1 or took < _SHORT or rested * 2 >= took:
        return []
    busy = (took - rested).total_seconds()
    return [
        f"of {took.total_seconds():.0f} s this machine and the simulated hosts on it worked for {busy:.0f}, while "
        f"simulated time ran {rate:g} times as fast: real hosts would be over sooner. "
        "Rehearse at a lower rate for a prediction"
    ]
