# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a person reads: where a VM is, and the plan as text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta

from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import Absent, End, Pair, Side
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.states import (
    Power,
    ReplicationMode,
    ReplicationState,
)
from ansible_collections.hyperv.replica.plugins.module_utils._operations.plan import Loses, Outcome, Plain, Step


def direction(seen: Pair) -> str:
    """``hv-a → hv-b``: from the source to the destination."""
    return f"{seen.source.host} → {seen.destination.host}"


def where_now(seen: Pair) -> str:
    """One line: where the VM runs, and whether it is protected there. What is not known is said to be unknown."""
    if isinstance(seen.destination, Side) and seen.destination.middle is not None:
        return _further(seen.destination, seen.source)
    sides = (seen.destination, seen.source)
    running = [side for side in sides if isinstance(side, Side) and side.power is Power.RUNNING]
    if len(running) == 2:
        return f"RUNS ON BOTH {running[0].host} AND {running[1].host}"
    if running:
        other = seen.source if running[0] is seen.destination else seen.destination
        return f"runs on {running[0].host}, {_protection(running[0], other)}"
    unknown = [side for side in sides if isinstance(side, Absent)]
    if unknown:
        known = "; ".join(f"{side.power.name} on {side.host}" for side in sides if isinstance(side, Side))
        return "; ".join(filter(None, (known, *(f"unknown on {side.host} ({_why(side)})" for side in unknown))))
    return _not_running([side for side in sides if isinstance(side, Side)])


def _further(here: Side, there: Side | Absent) -> str:
    """Of a replica as the sender of its leg to a third host."""
    if here.relationship is None:
        return f"does not replicate further from {here.host}"
    known = isinstance(there, Side)
    state = "" if here.state is ReplicationState.REPLICATING else f", but not now ({here.state.name})"
    return f"replicates further from {here.host}{f' to {there.host}' if known else ''}{state}"


def _not_running(sides: list[Side]) -> str:
    if all(side.power is Power.OFF for side in sides):
        return f"off at both {sides[0].host} and {sides[1].host}"
    return "runs nowhere: " + ", ".join(f"{side.power.name} on {side.host}" for side in sides)


def _protection(here: Side, there: Side | Absent) -> str:
    if here.mode is not ReplicationMode.PRIMARY:
        return "not protected (not replicating from here)"
    if here.state is not ReplicationState.REPLICATING:
        return f"not protected now (replication is {here.state.name})"
    if isinstance(there, Absent):
        return f"sends to a replica; {there.host} is unknown ({_why(there)})"
    return f"protected (replicates to {there.host})"


def _why(side: Absent) -> str:
    return side.why.value.replace("_", " ")


def where_text(outcomes: Iterable[Outcome]) -> str:
    """Where each VM is before anything is done; the upper half of a diff."""
    return "".join(
        f"{outcome.before.vm_name}: {direction(outcome.before)}: {where_now(outcome.before)}\n" for outcome in outcomes
    )


def plan_text(outcomes: Iterable[Outcome]) -> str:
    """The plan of each VM as numbered steps; the lower half of a diff."""
    return "".join(_vm_text(outcome) for outcome in outcomes)


def _vm_text(outcome: Outcome) -> str:
    seen = outcome.before
    head = f"{seen.vm_name}: {direction(seen)}"
    if outcome.already_there:
        return f"{head}: already there, nothing to do\n"
    if outcome.skipped:
        return f"{head}: skipped\n"
    steps = "".join(f"  {number}. {step_text(step, seen)}\n" for number, step in enumerate(outcome.planned, 1))
    refusal = f"  stops: {outcome.error}\n" if outcome.error else ""
    return f"{head}:\n{steps}{refusal}"


def step_text(step: Step, seen: Pair) -> str:
    """``hv-b: InitiateFailover(SnapshotSettingData=None): the replica …; loses nothing; can be undone; about 10 s``."""
    call = step.method.value if step.method.is_wait else f"{step.method.value}({_arguments(step.arguments)})"
    facts = [
        "" if step.loses is Loses.NOTHING else f"loses {step.loses.value.replace('_', ' ')}",
        "" if step.can_be_undone else "cannot be undone",
        f"with consent {', '.join(consent.value for consent in step.consent)}" if step.consent else "",
        "only if the host asks for it" if step.contingent else "",
        _duration(step.takes),
    ]
    return "; ".join(filter(None, (f"{host_of(step.host, seen)}: {call}: {step.why}", *facts)))


def host_of(end: End, seen: Pair) -> str:
    """The inventory name of an end."""
    return seen.at(end).host


def _arguments(arguments: Mapping[str, Plain]) -> str:
    return ", ".join(f"{name}={value}" for name, value in arguments.items())


def _duration(takes: timedelta | None) -> str:
    return "" if takes is None else f"about {takes.total_seconds():g} s"


def counted(count: int, noun: str) -> str:
    """``1 VM``, ``2 VMs``."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
