# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a task returns: one result per VM, and one over all. Plain types only; the keys are part of the public API."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from ansible_collections.hyperv.replica.plugins.module_utils._errors import HyperVReplicaError
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import Absent, Pair, RecoveryPoint, Side
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.returncodes import facts
from ansible_collections.hyperv.replica.plugins.module_utils._operations.plan import (
    Outcome,
    Performed,
    Step,
)
from ansible_collections.hyperv.replica.plugins.module_utils._surface.plain import plain, plain_error
from ansible_collections.hyperv.replica.plugins.module_utils._surface.times import Run, times
from ansible_collections.hyperv.replica.plugins.module_utils._surface.words import (
    counted,
    direction,
    host_of,
    plan_text,
    where_now,
    where_text,
)

#: Facts of an outcome that have a key of their own in the result; all others are returned under ``facts``.
_LIFTED: Final = ("strategy", "recovery_point", "outage_began", "served_at", "rpo_seconds", "rpo_proof")

#: What before and after say of an end; all that a look shows is what hyperv_replica_info is for.
_BRIEF: Final = (
    "host",
    "vm_name",
    "power",
    "mode",
    "state",
    "health",
    "last_replicated",
    "start_action",
    "test_copy",
    "guest",
    "jobs",
    "why",
    "said",
)


def run_result(outcomes: Iterable[Outcome], run: Run) -> dict[str, Any]:
    """The result of a task over all its VMs; a VM that failed makes the task fail."""
    listed = list(outcomes)
    vms = [vm_result(outcome, run) for outcome in listed]
    failed = [vm for vm in vms if vm["outcome"] == "failed"]
    result: dict[str, Any] = {
        "changed": any(vm["changed"] for vm in vms),
        "failed": bool(failed),
        "msg": _message(vms, run),
        "vms": vms,
        "summary": _summary(vms, run),
        "exchanges": plain(run.exchanges or {}),
        "consent": {"given": list(run.consent), "reason": run.reason},
        "records": plain(run.records),
        "warnings": [f"{vm['name']}: {warning}" for vm in vms for warning in vm["warnings"]],
        "diff": diff(listed),
    }
    return result


def vm_result(outcome: Outcome, run: Run) -> dict[str, Any]:
    """How it went with one VM, as documented under RETURN of the modules."""
    point = outcome.facts.get("recovery_point")
    return {
        "name": outcome.after.vm_name,
        "id": outcome.after.vm_id,
        "direction": direction(outcome.after),
        "outcome": _outcome(outcome, run),
        "changed": any(step.method.mutates for step in outcome.planned) if run.check_mode else outcome.changed,
        "now": where_now(outcome.after),
        "before": pair_result(outcome.before),
        "after": pair_result(outcome.after),
        "plan": [step_result(step, outcome.before) for step in outcome.planned],
        "performed": [performed_result(done) for done in outcome.performed],
        "rescue": outcome.rescue,
        "strategy": plain(outcome.facts.get("strategy")),
        "recovery_point": point_result(point) if isinstance(point, RecoveryPoint) else plain(point),
        "warnings": list(outcome.warnings),
        "error": plain_error(outcome.error) if outcome.error else None,
        "facts": {name: plain(fact) for name, fact in outcome.facts.items() if name not in _LIFTED},
        **times(outcome, run),
    }


def error_result(error: HyperVReplicaError) -> dict[str, Any]:
    """The result of a task that ended before it could say anything of its VMs."""
    return {"failed": True, "changed": False, "msg": str(error), "error": plain_error(error), "vms": []}


def diff(outcomes: Sequence[Outcome]) -> dict[str, str]:
    """Where each VM is, and the steps of its plan, as Ansible prints a diff."""
    return {
        "before_header": "where each VM is",
        "before": where_text(outcomes),
        "after_header": "what is done, step by step",
        "after": plan_text(outcomes),
    }


def pair_result(seen: Pair) -> dict[str, Any]:
    """Both ends of a VM; every state as number and name."""
    return {"destination": side_result(seen.destination), "source": side_result(seen.source)}


def side_result(side: Side | Absent, *, whole: bool = False) -> dict[str, Any]:
    """One end: in brief, with its running jobs only, or the whole of what was read."""
    if isinstance(side, Side):
        side = side.middle or side
    told: dict[str, Any] = plain(side)
    del told["facts"]
    told.pop("middle", None)
    if isinstance(side, Side):
        told |= {
            "state": plain(side.state),
            "health": plain(side.health),
            "last_replicated": plain(side.last_replicated),
        }
        told["jobs"] = plain(side.jobs if whole else [job for job in side.jobs if job.running])
    if whole:
        return told | ({"role": plain(side.role)} if isinstance(side, Side) else {})
    brief = {name: told[name] for name in _BRIEF if name in told}
    return brief | ({"extended": told["extended"]} if told.get("extended") else {})


def point_result(point: RecoveryPoint) -> dict[str, Any]:
    """A recovery point in plain types."""
    told: dict[str, Any] = plain(point)
    return told


def step_result(step: Step, seen: Pair) -> dict[str, Any]:
    """A planned step with its host by name; ``end`` says which end of the move that is."""
    return {
        "host": host_of(step.host, seen),
        "end": step.host.value,
        "method": step.method.value,
        "mutates": step.method.mutates,
        "arguments": plain(step.arguments),
        "expects": {name: shown for name, shown in plain(step.expects).items() if shown},
        "loses": step.loses.value,
        "can_be_undone": step.can_be_undone,
        "consent": plain(step.consent),
        "contingent": step.contingent,
        "expected_seconds": plain(step.takes),
        "why": step.why,
    }


def performed_result(done: Performed) -> dict[str, Any]:
    """A step that was sent, and what came of it."""
    method, code = done.step.method.value, done.return_code
    return {
        "host": done.host,
        "end": done.step.host.value,
        "method": method,
        "mutates": done.step.method.mutates,
        "arguments": plain(done.step.arguments),
        "why": done.step.why,
        "loses": done.step.loses.value,
        "can_be_undone": done.step.can_be_undone,
        "consent": plain(done.step.consent),
        "started": plain(done.started),
        "ended": plain(done.ended),
        "seconds": None if done.ended is None else (done.ended - done.started).total_seconds(),
        "return_code": None if code is None else {"number": int(code), "name": facts(method, code).name},
        "job_id": done.job_id,
        "outcome": done.outcome,
    }


def _outcome(outcome: Outcome, run: Run) -> str:
    if outcome.error is not None:
        return "failed"
    if outcome.skipped:
        return "skipped"
    if outcome.already_there:
        return "already_there"
    return "planned" if run.check_mode else run.done


def _summary(vms: Sequence[Mapping[str, Any]], run: Run) -> dict[str, int]:
    words = ("planned" if run.check_mode else run.done, "already_there", "failed", "skipped")
    return {word: sum(vm["outcome"] == word for vm in vms) for word in words}


def _message(vms: Sequence[Mapping[str, Any]], run: Run) -> str:
    """Numbers first, then each VM that failed with its error and where it is now."""
    counts = _summary(vms, run)
    said = [f"{counted(count, 'VM')} {word.replace('_', ' ')}" for word, count in counts.items() if count]
    failing = [_failure(vm) for vm in vms if vm["outcome"] == "failed"]
    return " ".join([f"{', '.join(said) or 'No VM'}.", *failing])


def _failure(vm: Mapping[str, Any]) -> str:
    done = "" if vm["rescue"] == "started_unprotected" else vm["rescue"].replace("_", " ")  # where it is says that
    return f"{vm['error']['msg']} Now: {vm['now']}{f' ({done})' if done else ''}."
