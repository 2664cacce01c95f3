# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A drill that is over, as values: its plan, its stages, and how each virtual machine fared in each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Union

#: Kind of a stage that brings home what was moved before something failed.
WALK_BACK: Final = "walk_back"

#: Kinds of stages that move virtual machines, and so have an RPO and an RTO.
MOVES: Final = frozenset({"failover", "failback", WALK_BACK, "recovery_plan"})

#: Kind of a stage that asks whether virtual machines are well.
VERIFY: Final = "verify"

#: Tier of virtual machines whose plan names none.
ALL: Final = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What went wrong with a virtual machine, as the module's ``error`` says."""

    kind: str
    msg: str
    found: str = ""
    code: str = ""
    cause: str = ""
    remedy: str = ""
    next_move: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A step that was sent to a host."""

    host: str
    method: str
    why: str
    began: Union[datetime, None]
    seconds: Union[float, None]
    loses: str
    can_be_undone: bool
    consent: tuple[str, ...]
    outcome: str
    code: str
    mutates: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One question about a virtual machine; ``result`` is pass, warn, fail or not_checked."""

    check: str
    result: str
    found: str
    wanted: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VmRun:
    """How one virtual machine fared in one stage.

    Attributes:
        outcome: moved, already_there, failed, skipped, planned, or another module's word; a verification's verdict.
        planned: the steps that were planned, each as host and method.
        recovered_at: when all its probes were green first.
        served_at: when it ran at the destination.
    """

    name: str
    outcome: str
    vm_id: str = ""
    tier: str = ""
    direction: str = ""
    strategy: str = ""
    now: str = ""
    rescue: str = ""
    warnings: tuple[str, ...] = ()
    fault: Union[Fault, None] = None
    planned: tuple[str, ...] = ()
    calls: tuple[Call, ...] = ()
    checks: tuple[Check, ...] = ()
    rpo_seconds: Union[float, None] = None
    rpo_proof: str = ""
    outage_began: Union[datetime, None] = None
    served_at: Union[datetime, None] = None
    recovered_at: Union[datetime, None] = None
    execution_seconds: Union[float, None] = None
    predicted_seconds: Union[float, None] = None

    @property
    def failed(self) -> bool:
        return self.fault is not None or self.outcome == "failed"

    @property
    def rescued(self) -> str:
        """What was done after the failure, in words; a machine that was protected before it was started still is."""
        protected = self.rescue == "started_unprotected" and ", protected" in self.now
        return "started" if protected else self.rescue.replace("_", " ")

    @property
    def failed_checks(self) -> tuple[Check, ...]:
        return tuple(check for check in self.checks if check.result == "fail")

    @property
    def why(self) -> str:
        """Why it failed, in a sentence."""
        if self.fault is not None:
            return self.fault.found or self.fault.msg
        bad = [f"{check.check}: {check.found}, wanted {check.wanted}" for check in self.failed_checks]
        return "; ".join(bad) or "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What preflight found by one of its rules.

    Attributes:
        gate: what the rule does to this operation where it does not hold.
        counts: what it does now: block, warn or ignore.
    """

    rule: str
    vm: str
    host: str
    result: str
    gate: str
    cause: str
    remedy: str
    found: str
    waived: str
    counts: str = ""

    @property
    def blocks(self) -> bool:
        """Whether the drill must not go on because of it."""
        if self.counts:
            return self.counts == "block"
        return self.result == "fail" and self.gate == "block" and not self.waived


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """A line of the schedule: when a virtual machine was to be served again, and when it was; all in the site's time.

    Attributes:
        predicted: seconds from the beginning of the stage until it is served; so is ``actual``.
        predicted_rto: seconds that its users are without it; so is ``actual_rto``.
    """

    vm: str
    tier: str = ""
    predicted: Union[float, None] = None
    predicted_rto: Union[float, None] = None
    actual: Union[float, None] = None
    actual_rto: Union[float, None] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A part of the drill."""

    stage: str
    kind: str
    began: Union[datetime, None]
    ended: Union[datetime, None]
    failed: bool
    said: str
    vms: tuple[VmRun, ...] = ()
    rules: tuple[Rule, ...] = ()
    schedule: tuple[Slot, ...] = ()
    exchanges: Mapping[str, int] = field(default_factory=dict)

    @property
    def moves(self) -> bool:
        return self.kind in MOVES

    @property
    def seconds(self) -> float | None:
        """How long it took by the clock."""
        return None if self.began is None or self.ended is None else (self.ended - self.began).total_seconds()


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedVm:
    """A virtual machine as the plan has it; limits in seconds."""

    name: str
    home: str
    recovery: str
    tier: str = ALL
    depends_on: tuple[str, ...] = ()
    provides: tuple[str, ...] = ()
    probes: tuple[str, ...] = ()
    rpo: Union[float, None] = None
    rto: Union[float, None] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """The plan that was drilled.

    Attributes:
        tiers: in the order in which they start.
        excluded: name of each virtual machine left out on purpose, and why.
    """

    name: str
    vms: tuple[PlannedVm, ...]
    tiers: tuple[str, ...] = ()
    owner: str = ""
    description: str = ""
    barrier: str = ""
    excluded: tuple[tuple[str, str], ...] = ()

    def vm(self, name: str) -> PlannedVm | None:
        return next((vm for vm in self.vms if vm.name == name), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Drill:
    """Everything that the report tells.

    Attributes:
        rate: how many times as fast as the clock simulated time ran; 1 on real hosts.
        nobody_said_where: nothing that was given tells whether the hosts are real.
        consents: what was consented to, for what, and why.
        waivers: rule, virtual machine and reason of what preflight was told to overlook.
        approvals: who approved what, and when.
        failures: what the caller found wrong beside what the stages show.
        job: the job of AWX that reports, and the workflow job that it is a node of; empty without AWX.
    """

    id: str
    plan: Planned
    stages: tuple[Stage, ...]
    scope: str = ""
    reason: str = ""
    rate: float = 1.0
    hosts: tuple[str, ...] = ()
    simulated_hosts: tuple[str, ...] = ()
    nobody_said_where: bool = False
    consents: tuple[tuple[str, str], ...] = ()
    waivers: tuple[tuple[str, str, str], ...] = ()
    approvals: tuple[tuple[str, str, str], ...] = ()
    failures: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    launched_by: str = ""
    job: Mapping[str, str] = field(default_factory=dict)
    lead: str = ""
    observers: tuple[str, ...] = ()
    skew: Mapping[str, float] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)

    @property
    def simulated(self) -> bool:
        """Whether no real host took part."""
        return bool(self.hosts) and set(self.hosts) <= set(self.simulated_hosts)

    @property
    def began(self) -> datetime | None:
        return min((stage.began for stage in self.stages if stage.began), default=None)

    @property
    def ended(self) -> datetime | None:
        return max((stage.ended for stage in self.stages if stage.ended), default=None)
