# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A schedule as a result of plain values: predicted, and beside it what really happened, where that is known."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.hyperv.replica.plugins.module_utils._drill.schedule import Row, Schedule, waves
from ansible_collections.hyperv.replica.plugins.module_utils._drill.timetable import (
    Compared,
    Measured,
    compared,
    compared_tiers,
    comparison,
    timetable,
)


def schedule_result(known: Schedule, measured: Mapping[str, Measured] | None = None) -> dict[str, Any]:
    """What a module gives back as ``schedule``; ``measured`` is None before anything has moved."""
    actual = measured or {}
    served = [one.served_at for one in actual.values() if one.served_at is not None]
    return {
        "plan": known.plan,
        "towards": known.towards,
        "order": known.way,
        "predicted_seconds": known.makespan,
        "actual_seconds": max(served) if served else None,
        "limits": _limits(known),
        "vms": [_vm(row, one) for row, one in zip(known.rows, compared(known, actual), strict=True)],
        "tiers": [_compared(one) for one in compared_tiers(known, actual)],
        "waves": [{"at": wave.at, "part": wave.part.value, "vms": list(wave.vms)} for wave in waves(known)],
        "text": timetable(known) if measured is None else [*timetable(known), *comparison(known, actual)],
    }


def _vm(row: Row, one: Compared) -> dict[str, Any]:
    return {
        **_compared(one),
        "tier": row.tier,
        "stage": row.stage,
        "source": row.source,
        "target": row.target,
        "parts": {part.value: {"begin": span.begin, "end": span.end} for part, span in row.parts.items()},
        "rto_limit_seconds": row.rto_limit,
        "over_limit": row.over_limit,
    }


def _compared(one: Compared) -> dict[str, Any]:
    return {
        "name": one.name,
        "predicted_rto_seconds": one.predicted,
        "actual_rto_seconds": one.actual,
        "late_by_seconds": one.late_by,
    }


def _limits(known: Schedule) -> dict[str, Any]:
    hosts = {
        name: {"active_transfers": host.active_transfers, "winrm_operations": host.operations, "memory": host.memory}
        for name, host in known.room.hosts.items()
    }
    return {"concurrency": known.room.concurrency, "hosts": hosts}
