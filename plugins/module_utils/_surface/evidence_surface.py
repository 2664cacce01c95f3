# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a drill's stages returned, as a drill: plain values in, typed ones out. What is missing is left empty.

A report is written when things went wrong, too. So nothing here fails because a result is not as a module returns it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ansible_collections.hyperv.replica.plugins.module_utils._drill.drill import (
    ALL,
    Call,
    Check,
    Drill,
    Fault,
    Planned,
    PlannedVm,
    Rule,
    Slot,
    Stage,
    VmRun,
)
from ansible_collections.hyperv.replica.plugins.module_utils._drill.merge import moment
from ansible_collections.hyperv.replica.plugins.module_utils._errors import PreconditionFailed
from ansible_collections.hyperv.replica.plugins.module_utils._values import duration

Given = Mapping[str, Any]


def drill(options: Given) -> Drill:
    """The drill that the options of ``hyperv_drill_report`` tell of."""
    plan = planned(options["plan"])
    stages = tuple(_stage(stage) for stage in options["stages"])
    hosts = tuple(
        dict.fromkeys(options["hosts"] or [host for vm in plan.vms for host in (vm.home, vm.recovery) if host])
    )
    return Drill(
        id=options["id"] or _id(plan, stages),
        plan=plan,
        stages=stages,
        scope=options["scope"],
        reason=options["reason"],
        rate=float(options["simulated_rate"] or 1.0),
        hosts=hosts,
        simulated_hosts=tuple(host for host in hosts if host in (options["simulated_hosts"] or ())),
        consents=tuple(_consents(options, stages)),
        waivers=tuple((_text(item, "rule"), _text(item, "vm"), _text(item, "reason")) for item in options["waive"]),
        approvals=tuple(
            (_text(item, "who"), _text(item, "what"), _text(item, "when")) for item in options["approvals"]
        ),
        failures=tuple(options["failures"]),
        notes=(*options["notes"], *_notes(options["stages"])),
        launched_by=options["launched_by"],
        job={name: str(value) for name, value in (options["job"] or {}).items() if value},
        lead=options["lead"],
        observers=tuple(options["observers"]),
        skew=_skew(options),
        versions={str(name): str(value) for name, value in options["versions"].items()},
    )


def planned(plan: Given) -> Planned:
    """The plan, as far as the report tells of it."""
    tiers = [str(tier.get("name", "")) if isinstance(tier, Mapping) else str(tier) for tier in _items(plan, "tiers")]
    first = tiers[0] if tiers else ALL
    return Planned(
        name=_text(plan, "name"),
        vms=tuple(_planned_vm(vm, first) for vm in _dicts(plan, "vms")),
        tiers=tuple(tiers),
        owner=_text(plan, "owner"),
        description=_text(plan, "description"),
        barrier=_text(plan, "barrier"),
        excluded=tuple((_text(vm, "name"), _text(vm, "why")) for vm in _dicts(plan, "excluded")),
    )


def reported_records(stages: Iterable[Given]) -> list[Given]:
    """The records that came with the results of the stages."""
    return [record for stage in stages for record in _dicts(_dict(stage, "results"), "records")]


def _id(plan: Planned, stages: tuple[Stage, ...]) -> str:
    """A name for a drill that was given none, the same for the same drill."""
    began = min((stage.began for stage in stages if stage.began), default=None)
    return "-".join(filter(None, (began.strftime("%Y%m%dT%H%M%SZ") if began else "", plan.name))) or "drill"


def _planned_vm(vm: Given, first_tier: str) -> PlannedVm:
    limits = _dict(vm, "limits")
    return PlannedVm(
        name=_text(vm, "name") or _text(vm, "id"),
        home=_text(vm, "home"),
        recovery=_text(vm, "recovery"),
        tier=_text(vm, "tier") or first_tier,
        depends_on=_texts(vm, "depends_on"),
        provides=_texts(vm, "provides"),
        probes=tuple(_probe(probe) for probe in _dicts(vm, "probes")),
        rpo=_length(limits.get("rpo")),
        rto=_length(limits.get("rto")),
    )


def _probe(probe: Given) -> str:
    """A probe in a few words, such as ``tcp 1433``."""
    for kind in ("tcp", "http", "dns", "tasks", "addresses", "heartbeat"):
        wanted = probe.get(kind)
        if wanted not in (None, False):
            told = wanted.get("url") or wanted.get("name") if isinstance(wanted, Mapping) else wanted
            return kind if wanted is True else f"{kind} {', '.join(map(str, told)) if isinstance(told, list) else told}"
    return ", ".join(map(str, probe))


def _stage(stage: Given) -> Stage:
    results, kind = _dict(stage, "results"), _text(stage, "kind")
    return Stage(
        stage=_text(stage, "stage") or kind or "stage",
        kind=kind,
        began=moment(stage.get("began")),
        ended=moment(stage.get("ended")),
        failed=bool(stage.get("failed")),
        said=_text(stage, "said"),
        vms=tuple(_run(vm) for vm in _dicts(results, "vms")),
        rules=tuple(_rule(rule) for rule in _dicts(results, "rules")),
        schedule=tuple(
            _slot(slot) for slot in _dicts(_dict(results, "schedule") or {"vms": results.get("schedule")}, "vms")
        ),
        exchanges=_exchanges(results),
    )


def _exchanges(results: Given) -> dict[str, int]:
    """HTTP requests by host, over all tasks of a stage."""
    sums: dict[str, int] = {}
    told = results.get("exchanges")
    for task in told if isinstance(told, list) else [told]:
        for host, count in task.items() if isinstance(task, Mapping) else ():
            sums[str(host)] = sums.get(str(host), 0) + int(_number(count) or 0)
    return sums


def _run(vm: Given) -> VmRun:
    planned_steps = [step for step in _dicts(vm, "plan") if step.get("mutates") and not step.get("contingent")]
    return VmRun(
        name=_text(vm, "name") or _text(vm, "id"),
        outcome=_text(vm, "outcome") or _text(vm, "verdict") or "unknown",
        vm_id=_text(vm, "id"),
        tier=_text(vm, "tier"),
        direction=_text(vm, "direction"),
        strategy=_text(vm, "strategy"),
        now=_text(vm, "now"),
        rescue=_text(vm, "rescue"),
        warnings=_texts(vm, "warnings"),
        fault=_fault(_dict(vm, "error")),
        planned=tuple(f"{_text(step, 'method')} on {_text(step, 'host')}" for step in planned_steps),
        calls=tuple(_call(step) for step in _dicts(vm, "performed")),
        checks=tuple(_check(check) for check in _dicts(vm, "checks")),
        rpo_seconds=_number(vm.get("rpo_seconds")) if "verdict" not in vm else None,
        rpo_proof=_text(vm, "rpo_proof"),
        outage_began=moment(vm.get("outage_began")),
        served_at=moment(vm.get("served_at")),
        recovered_at=moment(vm.get("recovered_at")),
        execution_seconds=_number(vm.get("execution_seconds")),
        predicted_seconds=_number(vm.get("predicted_seconds")),
    )


def _fault(error: Given) -> Fault | None:
    if not error:
        return None
    code = error.get("code")
    return Fault(
        kind=_text(error, "kind") or "error",
        msg=_text(error, "msg") or _text(error, "found") or "failed",
        found=_said(error),
        code=" ".join(filter(None, ("" if code is None else str(code), _text(error, "code_name")))),
        cause=_text(error, "cause"),
        remedy=_text(error, "remedy"),
        next_move=_text(error, "next"),
    )


def _said(error: Given) -> str:
    """What was found, with its number and the host's own words, as far as there are any."""
    code = "" if error.get("code") is None else f" ({error['code']})"
    detail = f". The host says: {_text(error, 'detail')}" if error.get("detail") else ""
    return f"{_text(error, 'found')}{code}{detail}" if error.get("found") else ""


def _call(step: Given) -> Call:
    code = _dict(step, "return_code")
    return Call(
        host=_text(step, "host"),
        method=_text(step, "method"),
        why=_text(step, "why"),
        began=moment(step.get("started")),
        seconds=_number(step.get("seconds")),
        loses=_text(step, "loses"),
        can_be_undone=bool(step.get("can_be_undone", True)),
        consent=_texts(step, "consent"),
        outcome=_text(step, "outcome"),
        code=str(code.get("number", "")),
        mutates=bool(step.get("mutates", True)),
    )


def _check(check: Given) -> Check:
    result = _text(check, "result").lower().replace(" ", "_")
    return Check(check=_text(check, "check"), result=result, found=_text(check, "found"), wanted=_text(check, "wanted"))


def _rule(rule: Given) -> Rule:
    waived = rule.get("waived")
    reason = waived.get("reason", "waived") if isinstance(waived, Mapping) else waived
    return Rule(
        rule=_text(rule, "rule"),
        vm=_text(rule, "vm"),
        host=_text(rule, "host"),
        result=_text(rule, "result").lower().replace(" ", "_"),
        gate=_text(rule, "gate"),
        cause=_text(rule, "cause"),
        remedy=_text(rule, "remedy"),
        found=_text(rule, "found"),
        waived=("waived" if reason is True else str(reason)) if reason else "",
        counts=_text(rule, "counts"),
    )


def _slot(slot: Given) -> Slot:
    return Slot(
        vm=_text(slot, "vm") or _text(slot, "name"),
        tier=_text(slot, "tier"),
        predicted=_number(slot.get("predicted_seconds")),
        predicted_rto=_number(slot.get("predicted_rto_seconds")),
        actual=_number(slot.get("actual_seconds")),
        actual_rto=_number(slot.get("actual_rto_seconds")),
    )


def _consents(options: Given, stages: tuple[Stage, ...]) -> Iterator[tuple[str, str]]:
    """What was consented to beforehand, and what a step then took for granted because of it."""
    yield from ((consent, options["reason"]) for consent in options["consent"])
    used = {
        (consent, f"used by {run.name} in {stage.stage}, for {call.method} on {call.host}")
        for stage in stages
        for run in stage.vms
        for call in run.calls
        for consent in call.consent
    }
    yield from sorted(used)


def _notes(stages: Iterable[Given]) -> Iterator[str]:
    """Warnings of a stage that are no virtual machine's own, such as a clock that is wrong."""
    for stage in stages:
        results = _dict(stage, "results")
        told = [f"{_text(vm, 'name')}: {text}" for vm in _dicts(results, "vms") for text in _texts(vm, "warnings")]
        yield from (f"{_text(stage, 'stage')}: {text}" for text in _texts(results, "warnings") if text not in told)


def _skew(options: Given) -> dict[str, float]:
    """By host, the furthest that its clock was seen off; what the caller says of a host stands."""
    told = [_dict(stage, "results").get("skew") for stage in options["stages"]]
    seen: dict[str, float] = {}
    for part in (item for one in told for item in (one if isinstance(one, list) else [one])):
        for host, value in part.items() if isinstance(part, Mapping) else ():
            seconds = _number(value)
            if seconds is not None and abs(seconds) >= abs(seen.get(str(host), 0.0)):
                seen[str(host)] = seconds
    given = {str(host): seconds for host, value in options["skew"].items() if (seconds := _number(value)) is not None}
    return seen | given


def _length(text: object) -> float | None:
    """A limit in seconds; one that nobody can read is none."""
    if text in (None, ""):
        return None
    try:
        return duration(str(text), option="limits").total_seconds()
    except PreconditionFailed:
        return None


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        return float(value)
    except ValueError:
        return None


def _text(given: Given, name: str) -> str:
    value = given.get(name)
    return "" if value is None else str(value)


def _texts(given: Given, name: str) -> tuple[str, ...]:
    value = given.get(name)
    if isinstance(value, str):
        return (value,) if value else ()
    return tuple(str(item) for item in value) if isinstance(value, list) else ()


def _items(given: Given, name: str) -> list[Any]:
    value = given.get(name)
    return value if isinstance(value, list) else []


def _dict(given: Given, name: str) -> Given:
    value = given.get(name)
    return value if isinstance(value, Mapping) else {}


def _dicts(given: Given, name: str) -> list[Given]:
    """The dictionaries of a list, or of a list of lists."""
    items = [inner for item in _items(given, name) for inner in (item if isinstance(item, list) else [item])]
    return [item for item in items if isinstance(item, Mapping)]
