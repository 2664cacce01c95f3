# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The results of several tasks over one plan as if one had done it all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

Result = Mapping[str, Any]

#: Of each the first that says something counts; of all other keys the last.
_FIRST: Final = (
    "direction",
    "before",
    "plan",
    "outage_began",
    "rpo_seconds",
    "rpo_proof",
    "recovery_point",
    "predicted_seconds",
    "served_before",
)
#: Of each the last that says something counts.
_LAST: Final = ("served_at", "recovered_at", "rto_from_declaration", "point_age_seconds", "rescue", "strategy")


def merged(results: Sequence[Result]) -> dict[str, Any]:
    """One result of the tasks of a move, oldest first; those that only foresaw come first and count for little."""
    told: dict[str, list[Result]] = {}
    for result in results:
        for vm in result.get("vms") or ():
            told.setdefault(vm["name"], []).append(vm)
    vms = [_vm(entries) for entries in told.values()]
    return {
        "vms": vms,
        "messages": [result["msg"] for result in results if result.get("msg")],
        "failed": any(vm["outcome"] == "failed" for vm in vms) or any(_lost(result) for result in results),
        "changed": any(result.get("changed") for result in results),
        "exchanges": _sum([result.get("exchanges") or {} for result in results]),
        "skew": {host: seconds for result in results for host, seconds in (result.get("skew") or {}).items()},
        "records": [record for result in results for record in result.get("records") or ()],
        "summary": _sum([{vm["outcome"]: 1} for vm in vms]),
        "schedule": next((result["schedule"] for result in results if (result.get("schedule") or {}).get("vms")), {}),
        "warnings": [*dict.fromkeys(warning for result in results for warning in result.get("warnings") or ())],
    }


def _lost(result: Result) -> bool:
    """A task that failed before it could say anything of its VMs."""
    return bool(result.get("failed")) and not result.get("vms")


def _vm(entries: Sequence[Result]) -> dict[str, Any]:
    last = entries[-1]
    bad = [entry for entry in entries if entry["outcome"] == "failed"]
    performed = [step for entry in entries for step in entry["performed"]]
    vm = {
        **last,
        **{key: _said(key, entries) for key in _FIRST},
        **{key: _said(key, [*reversed(entries)]) for key in _LAST},
        "outcome": _outcome(entries),
        "error": bad[0]["error"] if bad else None,
        "changed": any(entry["changed"] for entry in entries),
        "performed": performed,
        "warnings": [*dict.fromkeys(warning for entry in entries for warning in entry["warnings"])],
        "execution_seconds": _between(performed[0]["started"], performed[-1]["ended"]) if performed else None,
    }
    return {**vm, "rto_from_outage": _between(vm["outage_began"], vm["served_at"])}


def _outcome(entries: Sequence[Result]) -> str:
    outcomes = [entry["outcome"] for entry in entries]
    for word in ("failed", "moved", "skipped"):
        if word in outcomes:
            return word
    return str(outcomes[-1])


def _said(key: str, entries: Sequence[Result]) -> Any:
    return next((entry[key] for entry in entries if entry.get(key) not in (None, "", [])), entries[0].get(key))


def _between(began: str | None, ended: str | None) -> float | None:
    return (_time(ended) - _time(began)).total_seconds() if began and ended else None


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def _sum(counts: Sequence[Mapping[str, int]]) -> dict[str, int]:
    total: dict[str, int] = {}
    for count in counts:
        for name, number in count.items():
            total[name] = total.get(name, 0) + number
    return total
