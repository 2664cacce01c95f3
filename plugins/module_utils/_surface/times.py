# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How much was lost and how long it took, from what a run knows of itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import End, RecoveryPoint, Side
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.states import Power, RequestedPower
from ansible_collections.hyperv.replica.plugins.module_utils._operations.plan import Method, Outcome, Performed
from ansible_collections.hyperv.replica.plugins.module_utils._surface.plain import plain


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What is the same for every VM of a task.

    Attributes:
        done: the outcome of a VM for which the task did its work: moved, undone, switched.
        planned: a planned move, which loses nothing by what it is; None for what is no move.
        outage_began: as the operator said it, or as it was found; None where each VM has its own.
        consent: the names that were consented to, with their reason.
        records: the journal of the run, oldest first.
    """

    done: str = "moved"
    planned: bool | None = None
    check_mode: bool = False
    outage_began: datetime | None = None
    declared_at: datetime | None = None
    consent: tuple[str, ...] = ()
    reason: str = ""
    exchanges: Mapping[str, int] | None = None
    records: Sequence[Mapping[str, object]] = ()


def times(outcome: Outcome, run: Run) -> dict[str, Any]:
    """How much was lost and how long it took; None for what does not apply or is not known."""
    given, served = outcome.facts, _served_at(outcome)
    point = given.get("recovery_point")
    created = point.created if isinstance(point, RecoveryPoint) else None
    began = given.get("outage_began") or run.outage_began or _disturbed_at(outcome)
    rpo, proof = _loss(outcome, run, created, began if isinstance(began, datetime) else None)
    clock = outcome.after.destination.facts.clock if outcome.after.destination.facts else None
    return {
        "rpo_seconds": plain(given.get("rpo_seconds", rpo)),
        "rpo_proof": plain(given.get("rpo_proof", proof)),
        "point_age_seconds": _seconds(created, clock),
        "outage_began": plain(began),
        "served_at": plain(served),
        "rto_from_outage": _seconds(began, served),
        "rto_from_declaration": _seconds(run.declared_at, served),
        "execution_seconds": _execution_seconds(outcome.performed),
    }


def _loss(outcome: Outcome, run: Run, point: datetime | None, began: datetime | None) -> tuple[object, str]:
    """Seconds of writes that were lost, and how that is known."""
    if outcome.error is not None or not outcome.changed:
        return None, ""
    if run.planned:
        return 0.0, _proof({done.step.method for done in outcome.performed})
    if point is not None and began is not None:
        return max(began - point, timedelta(0)), "from the outage to the recovery point"
    return None, ""


def _proof(called: set[Method]) -> str:
    """Why a planned move lost nothing."""
    if Method.INITIATE_FAILBACK in called:
        return "the source was off while the provider brought its data home"
    if Method.REQUEST_REPLICATION_STATE_CHANGE in called:
        return "the source was off and its last delta was sent before the switch"
    return "an earlier run had switched the source off and sent its last delta"


def _disturbed_at(outcome: Outcome) -> datetime | None:
    """When a planned move took the VM away from its users: the first call that switches it off."""
    for done in outcome.performed:
        if done.step.method is Method.INITIATE_SHUTDOWN or _requests(done, RequestedPower.OFF):
            return done.started
    return None


def _served_at(outcome: Outcome) -> datetime | None:
    """When users were served again: as the run found out, or when the start was done."""
    found = outcome.facts.get("served_at")
    if isinstance(found, datetime):
        return found
    here = outcome.after.destination
    starts = [done.ended for done in outcome.performed if _requests(done, RequestedPower.RUNNING)]
    return starts[-1] if starts and isinstance(here, Side) and here.power is Power.RUNNING else None


def _requests(done: Performed, power: RequestedPower) -> bool:
    wanted = done.step.arguments.get("RequestedState")
    end = End.DESTINATION if power is RequestedPower.RUNNING else End.SOURCE
    return done.step.method is Method.REQUEST_STATE_CHANGE and wanted == int(power) and done.step.host is end


def _execution_seconds(performed: Sequence[Performed]) -> float | None:
    ended = [done.ended for done in performed if done.ended is not None]
    return (max(ended) - performed[0].started).total_seconds() if ended else None


def _seconds(start: object, end: object) -> float | None:
    known = isinstance(start, datetime) and isinstance(end, datetime)
    return (end - start).total_seconds() if known else None  # type: ignore[operator]  # both are seen to be times
