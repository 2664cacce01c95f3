# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a drill comes to: what each move lost and how long it took, against the plan's limits, and whether it passed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Union

from ansible_collections.hyperv.replica.plugins.module_utils._drill.drill import (
    ALL,
    VERIFY,
    WALK_BACK,
    Drill,
    PlannedVm,
    Stage,
    VmRun,
)

#: Outcomes of a move after which a virtual machine is where it was wanted.
GOOD: Final = frozenset({"moved", "already_there"})

#: Rescues after which its users have a virtual machine again.
_GIVEN_BACK: Final = frozenset({"rolled_back", "started_unprotected"})

#: Kinds of errors that say that a virtual machine runs and does not answer.
_GUEST_IS_DEAD: Final = frozenset({"verification", "guest_silent", "probe_failed"})

#: Kinds of errors of virtual machines that nothing was wrong with.
_FOLLOWS: Final = frozenset({"dependency", "plan_stopped"})

STILL_DOWN: Final = "still without service at the end of the drill"

PASSED: Final = "PASSED"
FAILED: Final = "FAILED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One virtual machine in one move, held against its limits. Seconds are the site's, simulated or real.

    Attributes:
        rto: from when its users lost it until its probes were green, or, without any, until it ran; None where it never
            came to that.
        back: when they had it again.
        probed: ``rto`` ends with green probes.
        down: it was taken away from its users and not given back in this move.
    """

    stage: Stage
    run: VmRun
    planned: Union[PlannedVm, None]
    rpo: Union[float, None]
    rto: Union[float, None]
    back: Union[datetime, None]
    probed: bool
    down: bool

    @property
    def tier(self) -> str:
        return self.run.tier or (self.planned.tier if self.planned else ALL)

    @property
    def rpo_missed(self) -> bool:
        limit = self.planned.rpo if self.planned else None
        return limit is not None and self.rpo is not None and self.rpo > limit

    @property
    def rto_missed(self) -> bool:
        limit = self.planned.rto if self.planned else None
        return limit is not None and (self.down or (self.rto is not None and self.rto > limit))

    @property
    def good(self) -> bool:
        return self.run.outcome in GOOD and not (self.run.failed or self.rpo_missed or self.rto_missed or self.down)

    @property
    def unrecovered(self) -> bool:
        """It was taken away from its users, and its RTO never ended, though a rescue may have given it back to them."""
        return self.run.outage_began is not None and self.back is None and self.run.outcome != "planned"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why a drill failed: a virtual machine and its stage, or the stage alone, or what the caller says.

    Attributes:
        follows: it failed because another one did.
        alike: what it has in common with reasons that differ in a measure only; they are told as one.
        seconds: how much it was, of what that measure is or without service; the most of them speaks for all.
    """

    why: str
    vm: str = ""
    tier: str = ""
    stage: str = ""
    cost: str = ""
    now: str = ""
    remedy: str = ""
    follows: bool = False
    alike: str = ""
    seconds: float = 0.0


def measured(drill: Drill) -> tuple[Measured, ...]:
    """Every move of every virtual machine."""
    planned, found = {vm.name: vm for vm in drill.plan.vms}, list[Measured]()
    for place, stage in enumerate(drill.stages):
        if stage.moves:
            seen = _verified_after(drill, place)
            found += [_measure(stage, run, planned.get(run.name), seen.get(run.name), drill.rate) for run in stage.vms]
    return tuple(found)


def unrecovered(items: Iterable[Measured]) -> list[str]:
    """Virtual machines that a move took away from their users and did not recover, each once."""
    return list(dict.fromkeys(item.run.name for item in items if item.unrecovered))


def verdict(drill: Drill) -> str:
    """PASSED only if there was something to pass and nothing failed."""
    return PASSED if drill.stages and not reasons(drill) else FAILED


def reasons(drill: Drill) -> tuple[Reason, ...]:
    """Everything for which the drill failed, the first cause first."""
    if not drill.stages:
        return (
            *(Reason(why=failure) for failure in drill.failures),
            Reason(why="No stage of the drill came to its end."),
        )
    items, down = measured(drill), downtimes(drill)
    found: list[Reason] = []
    for stage in drill.stages:
        own = {item.run.name: item for item in items if item.stage is stage}
        found += sorted(_of_stage(drill, stage, own, down), key=lambda reason: reason.follows)
    told = {reason.vm for reason in found}
    found += [Reason(why=STILL_DOWN, vm=name) for name in still_down(drill) if name not in told]
    return (*found, *(Reason(why=failure) for failure in drill.failures if not _told(failure, found)))


def downtimes(drill: Drill) -> dict[str, float]:
    """Seconds for which each virtual machine was without service over the whole drill; a move may find it down."""
    spent, down = _outages(drill)
    for name, since in down.items():
        spent[name] += max((drill.ended or since) - since, timedelta(0))
    return {name: total.total_seconds() * drill.rate for name, total in spent.items()}


def still_down(drill: Drill) -> list[str]:
    """Virtual machines that a move took away from their users, and nobody has given back by the end of the drill."""
    return list(_outages(drill)[1])


def _outages(drill: Drill) -> tuple[dict[str, timedelta], dict[str, datetime]]:
    """How long each was without service and then had it again, and since when those have been that had not."""
    spent: dict[str, timedelta] = {}
    down: dict[str, datetime] = {}
    for item in measured(drill):
        name, began = item.run.name, down.get(item.run.name) or item.run.outage_began
        back = item.back or given_back(item.run)
        spent.setdefault(name, timedelta(0))
        if began is not None and back is not None:
            spent[name] += max(back - began, timedelta(0))
            down.pop(name, None)
        elif began is not None:
            down[name] = began
    return spent, down


def given_back(run: VmRun) -> datetime | None:
    """When a move that was undone had given its virtual machine back to its users, when its last step ended."""
    if run.rescue not in _GIVEN_BACK:
        return None
    return max((call.began + timedelta(seconds=call.seconds or 0) for call in run.calls if call.began), default=None)


def only_follows(run: VmRun) -> bool:
    """Whether a virtual machine failed only because another one did."""
    return run.fault is not None and run.fault.kind in _FOLLOWS


def _told(failure: str, found: list[Reason]) -> bool:
    """Whether what the caller says is told of already, or begins with a stage that is."""
    return any(failure in reason.why or (reason.stage and failure.startswith(f"{reason.stage}:")) for reason in found)


def _measure(stage: Stage, run: VmRun, planned: PlannedVm | None, seen: VmRun | None, rate: float) -> Measured:
    recovered = run.recovered_at or (seen.recovered_at if seen else None)
    back = recovered or (None if _unwell(run, seen) else run.served_at)
    rto = (back - run.outage_began).total_seconds() if back and run.outage_began else None
    return Measured(
        stage=stage,
        run=run,
        planned=planned,
        rpo=run.rpo_seconds,
        rto=None if rto is None else max(rto, 0.0) * rate,
        back=back,
        probed=recovered is not None,
        down=run.outage_began is not None
        and back is None
        and run.rescue not in _GIVEN_BACK
        and run.outcome != "planned",
    )


def _verified_after(drill: Drill, place: int) -> dict[str, VmRun]:
    """What was verified after a move and before the next one, by virtual machine."""
    seen: dict[str, VmRun] = {}
    for stage in drill.stages[place + 1 :]:
        if stage.moves:
            break
        if stage.kind == VERIFY:
            seen |= {run.name: run for run in stage.vms}
    return seen


def _unwell(run: VmRun, seen: VmRun | None) -> bool:
    """Whether it was asked and is not well, in the move or after it."""
    if seen is not None:
        return seen.failed
    return bool(run.failed_checks) or (run.fault is not None and run.fault.kind in _GUEST_IS_DEAD)


def _of_stage(drill: Drill, stage: Stage, items: Mapping[str, Measured], down: Mapping[str, float]) -> Iterator[Reason]:
    blocked = [rule for rule in stage.rules if rule.blocks]
    bad = [run for run in stage.vms if run.failed and not (blocked and run.fault is None)]
    lost = still_down(drill) if bad else ()
    for run in bad:
        told = _of_vm(
            drill.plan.vm(run.name), stage, run, _cost(run, items.get(run.name), down, lost), _now(drill, run)
        )
        yield replace(told, seconds=down.get(run.name, 0.0))
    for rule in blocked:
        why = f"{rule.rule}: {rule.found or rule.cause}"
        yield Reason(why=why, vm=rule.vm, stage=stage.stage, remedy=rule.remedy)
    if stage.failed and not bad and not blocked:
        yield Reason(why=stage.said or "failed", stage=stage.stage)
    for item in items.values():
        if not item.run.failed:
            yield from _of_limits(item)


def _of_vm(planned: PlannedVm | None, stage: Stage, run: VmRun, cost: str, now: str) -> Reason:
    return Reason(
        why=run.why,
        vm=run.name,
        tier=run.tier or (planned.tier if planned else ALL),
        stage=stage.stage,
        cost=cost,
        now=now,
        remedy=_remedy(run),
        follows=only_follows(run),
    )


def _remedy(run: VmRun) -> str:
    """What to do, unless the reason says it."""
    told = (run.fault.remedy, run.fault.next_move) if run.fault else ()
    return sentences(*(text for text in told if text not in run.why))


def _now(drill: Drill, run: VmRun) -> str:
    """Where a virtual machine is at the end of the drill, as the last stage that saw it says."""
    said = [seen.now for stage in drill.stages for seen in stage.vms if seen.name == run.name and seen.now]
    return said[-1] if said else run.now


def _cost(run: VmRun, item: Measured | None, down: Mapping[str, float], lost: Collection[str]) -> str:
    """What a failure cost: service and data."""
    spent = down.get(run.name, 0.0)
    if run.name in lost:
        return f"{length(spent)} without service, {STILL_DOWN}"
    service = [f"{length(spent)} without service in the whole drill"] if spent else []
    if item is not None and item.down:
        service.append(f"not given back to its users by this {item.stage.kind.replace('_', ' ')}")
    if run.rpo_seconds is None or item is None:
        return ", ".join(service)
    return ", ".join([*service, f"{length(run.rpo_seconds)} of data lost" if run.rpo_seconds else "no data lost"])


def _of_limits(item: Measured) -> Iterator[Reason]:
    """The limits that a move missed. One on the way back is missed because of whatever made everybody walk back."""
    run, planned = item.run, item.planned
    if planned is None:
        return
    found = list[tuple[str, str, float]]()
    if item.rto_missed and item.rto is not None:
        text = f"{length(item.rto)} without service, the limit is {length(planned.rto)}"
        found.append((f"RTO of {length(planned.rto)}", f"RTO missed: {text}", item.rto))
    elif item.rto_missed:
        found.append(("", f"RTO missed: not recovered, the limit is {length(planned.rto)}", 0.0))
    if item.rpo_missed and item.rpo is not None:
        text = f"{length(item.rpo)} of data lost, the limit is {length(planned.rpo)}"
        found.append((f"RPO of {length(planned.rpo)}", f"RPO missed: {text}", item.rpo))
    for alike, why, seconds in found:
        yield Reason(
            why=why,
            vm=run.name,
            tier=item.tier,
            stage=item.stage.stage,
            now=run.now,
            follows=item.stage.kind == WALK_BACK,
            alike=alike,
            seconds=seconds,
        )


def sentences(*texts: str) -> str:
    """Texts one after the other, each with its full stop."""
    return " ".join(text if text.endswith((".", "!", "?")) else f"{text}." for text in texts if text)


def length(seconds: float | None) -> str:
    """A length of time as people say it."""
    if seconds is None:
        return "unknown"
    if seconds < 10:
        return f"{seconds:.1f} s".replace(".0 s", " s")
    if seconds < 120:
        return f"{seconds:.0f} s"
    whole = round(seconds)
    if whole < 7200:
        return f"{whole // 60} min {whole % 60} s" if whole % 60 else f"{whole // 60} min"
    minutes = round(seconds / 60)
    return f"{minutes // 60} h {minutes % 60} min" if minutes % 60 else f"{minutes // 60} h"
