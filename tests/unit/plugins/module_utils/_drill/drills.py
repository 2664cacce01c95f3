# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Drills as the role hands them to hyperv_drill_report: the results of modules, without any module having run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, timezone
from typing import Any

from ansible_collections.hyperv.replica.plugins.module_utils._surface.evidence_specs import REPORT

BEGAN = datetime(2026, 11, 20, 2, 0, tzinfo=timezone.utc)
TIERS = ("directory", "database", "application")
TWELVE = ("DC01", "DNS01", "SQL01", "SQL02", "SQL03", "MQ01", "WEB01", "WEB02", "WEB03", "APP01", "APP02", "BATCH01")
CALLS = (
    ("source", "TestReplicationConnection", False, "the way back is open", 4),
    ("source", "InitiateShutdown", True, "let the guest shut itself down", 40),
    ("source", "RequestReplicationStateChangeEx", True, "send the last delta", 25),
    ("destination", "InitiateFailover", True, "switch to the last delta", 12),
    ("destination", "ReverseReplicationRelationship", True, "protect it the other way round", 9),
    ("destination", "RequestStateChange", True, "start it", 15),
    ("destination", "wait until in sync", False, "be protected again", 60),
)


def at(seconds: float) -> str:
    """A time of the drill as results have it."""
    return (BEGAN + timedelta(seconds=seconds)).isoformat()


def names(count: int) -> list[str]:
    return list(TWELVE[:count]) if count <= len(TWELVE) else [f"VM{number:03}" for number in range(1, count + 1)]


def plan(count: int) -> dict[str, Any]:
    """A plan of COUNT machines in three tiers, a fixed share of them in each."""
    listed = names(count)
    tiers = {
        name: TIERS[0 if place < count / 6 else 1 if place < count / 2 else 2] for place, name in enumerate(listed)
    }
    return {
        "schema_version": 1,
        "name": "accounting",
        "owner": "IT operations",
        "tiers": [{"name": tier} for tier in TIERS],
        "vms": [
            {
                "name": name,
                "home": f"hv-a{place % 3 + 1}" if count > 12 else "hv-a",
                "recovery": f"hv-b{place % 3 + 1}" if count > 12 else "hv-b",
                "tier": tiers[name],
                "depends_on": [listed[0]] if place and count <= 12 else [],
                "provides": ["kdc", "dns"] if name == "DC01" else [],
                "limits": {"rpo": "15m", "rto": "1h"},
                "probes": [{"heartbeat": True}, {"tcp": 1433}],
            }
            for place, name in enumerate(listed)
        ],
        "excluded": [{"name": "PRINT01", "why": "no replica wanted"}],
    }


def moved(vm: Mapping[str, Any], began: float, *, back: bool = False, **changed: Any) -> dict[str, Any]:
    """The result of a planned move of one VM that began so many seconds after the drill."""
    ends = (vm["recovery"], vm["home"]) if back else (vm["home"], vm["recovery"])
    performed, clock = [], began
    for end, method, mutates, why, seconds in CALLS:
        performed.append(
            {
                "host": ends[end == "destination"],
                "end": end,
                "method": method,
                "mutates": mutates,
                "arguments": {},
                "why": why,
                "loses": "nothing",
                "can_be_undone": method != "ReverseReplicationRelationship",
                "consent": [],
                "started": at(clock),
                "ended": at(clock + seconds),
                "seconds": float(seconds),
                "return_code": {"number": 4096, "name": "JOB_STARTED"},
                "job_id": "",
                "outcome": "done",
            }
        )
        clock += seconds
    planned = [{"contingent": False, **{key: step[key] for key in ("host", "method", "mutates")}} for step in performed]
    return {
        "name": vm["name"],
        "id": f"GUID-{vm['name']}",
        "tier": vm["tier"],
        "direction": f"{ends[0]} → {ends[1]}",
        "outcome": "moved",
        "now": f"runs on {ends[1]}, protected",
        "plan": planned,
        "performed": performed,
        "rescue": "",
        "strategy": "reverse",
        "warnings": [],
        "error": None,
        "rpo_seconds": 0.0,
        "rpo_proof": "the source was off and its last delta was sent before the switch",
        "outage_began": at(began + 4),
        "served_at": at(began + 105),
        "recovered_at": at(began + 130),
        "execution_seconds": clock - began,
        "predicted_seconds": 150.0,
        **changed,
    }


def verified(vm: Mapping[str, Any], when: float, *, good: bool = True) -> dict[str, Any]:
    """The verdict on one VM."""
    result, found = ("pass", "it answers") if good else ("fail", "no answer within 300 s")
    return {
        "name": vm["name"],
        "id": f"GUID-{vm['name']}",
        "verdict": "passed" if good else "failed",
        "now": f"runs on {vm['home']}, protected",
        "rpo_seconds": 12.0,
        "recovered_at": at(when) if good else None,
        "checks": [
            {"check": "state", "result": "pass", "found": "REPLICATING", "wanted": "REPLICATING"},
            {"check": "heartbeat", "result": result, "found": "OK" if good else "LOST_COMMUNICATION", "wanted": "OK"},
            {"check": "tcp", "result": result, "found": found, "wanted": "192.0.2.10 port 1433"},
        ],
    }


def stage(
    name: str, kind: str, began: float, ended: float, vms: Sequence[Mapping[str, Any]], **more: Any
) -> dict[str, Any]:
    """A stage as the role notes it down."""
    results = {"vms": list(vms), "exchanges": {"hv-a": 40, "hv-b": 44}, **more.pop("results", {})}
    told = {"stage": name, "kind": kind, "began": at(began), "ended": at(ended), "failed": False, "said": "", **more}
    return {**told, "results": results}


def record(
    seconds: float, event: str, vm: str = "SQL01", run_id: str = "run-1", host: str = "hv-a", **more: Any
) -> dict[str, Any]:
    """A line of a journal."""
    return {
        "run_id": run_id,
        "at": at(seconds),
        "event": event,
        "vm": vm,
        "vm_id": f"GUID-{vm}",
        "host": host,
        "method": "InitiateShutdown",
        "arguments": {},
        "return_code": None,
        "job_id": "",
        "detail": "",
        **more,
    }


def options(count: int, *, dead: str = "", **more: Any) -> dict[str, Any]:
    """What the module is given for a drill of COUNT machines; the guest of DEAD never answers at the recovery site."""
    wanted = plan(count)
    given: dict[str, Any] = {name: spec.get("default") for name, spec in REPORT["argument_spec"].items()}
    given |= {"plan": wanted, "stages": stages(wanted["vms"], dead), "id": f"drill-{count}", "scope": "full_move"}
    given |= {"launched_by": "dora", "lead": "Dora Meier", "reason": "Yearly exercise, CHG0042400"}
    given |= {"approvals": [{"who": "Max Roth", "what": "the failover", "when": at(-600)}], "simulated_hosts": []}
    return given | {"observers": ["Internal audit"], "versions": {"commit": "4f2c9e1"}} | more


def stages(vms: Sequence[Mapping[str, Any]], dead: str) -> list[dict[str, Any]]:
    """All stages of a drill, in order."""
    width = max(len(vms) // 3, 2)
    starts = {vm["name"]: 70.0 + 90.0 * (place // width) + place % width for place, vm in enumerate(vms)}
    over = max(starts.values()) + 200
    back = over + (360 if dead else 60)
    ways = {name: back + start - 70 for name, start in starts.items()}
    end = max(ways.values()) + 200
    failback = [moved(vm, ways[vm["name"]], back=True) for vm in vms]
    home = stage("walk back" if dead else "failback", "walk_back" if dead else "failback", back - 2, end, failback)
    there = [verified(vm, over + 30) for vm in vms]
    return [
        stage("preflight", "preflight", 0, 30, [], results={"rules": RULES}),
        stage("verify at home", "verify", 32, 60, [verified(vm, 60) for vm in vms]),
        failover(vms, starts, over, dead),
        *([] if dead else [stage("verify at the recovery site", "verify", over + 2, back - 5, there)]),
        home,
        stage("verify at home again", "verify", end + 2, end + 40, [verified(vm, end + 40) for vm in vms]),
    ]


def failover(vms: Sequence[Mapping[str, Any]], starts: Mapping[str, float], ended: float, dead: str) -> dict[str, Any]:
    """The failover of all, after which one guest may be dead."""
    runs = [moved(vm, starts[vm["name"]]) for vm in vms]
    for run in runs:
        if run["name"] == dead:
            error = {**DEAD, "vm": dead}
            run |= {"outcome": "failed", "recovered_at": None, "error": error, "now": "runs on hv-b, does not answer"}
    said = f"11 VMs moved, 1 VM failed. {DEAD['msg']}" if dead else f"{len(vms)} VMs moved."
    told = {"failed": bool(dead), "said": said, "results": {"records": RECORDS}}
    return stage("failover", "failover", 62, ended, runs, **told)


#: A failed start of a machine whose host has gone, and of one whose guest is silent.
AWAY = {"kind": "connection_lost", "msg": "hv-b1 is away", "remedy": "Look whether it has power"}
SILENT = {"kind": "guest_silent", "msg": "its guest did not answer within 300 s", "remedy": "Look at its console"}


def forty_and_three() -> dict[str, Any]:
    """A drill of 300 of which forty fail for one reason and three for another."""
    given = options(300)
    (stage,) = [stage for stage in given["stages"] if stage["kind"] == "failover"]
    for place, run in enumerate(stage["results"]["vms"][:280]):
        if place % 7 == 0:
            gone = run["performed"][:3]
            run |= {"outcome": "failed", "served_at": None, "recovered_at": None, "performed": gone, "error": AWAY}
        elif place in (5, 100, 200):
            run |= {"outcome": "failed", "recovered_at": None, "error": SILENT}
    stage["failed"] = True
    return given


DEAD = {
    "kind": "verification",
    "code": None,
    "code_name": "",
    "msg": "SQL01 on hv-b: it runs, but its probes are not green after 300 s: tcp 1433: no answer.",
    "found": "it runs, but its probes are not green after 300 s: tcp 1433: no answer",
    "cause": "",
    "remedy": "Look at its console",
    "next": "It was walked back as the plan says",
    "host": "hv-b",
}

RULES: list[dict[str, Any]] = [
    {
        "rule": "memory",
        "vm": "",
        "host": "hv-b",
        "result": "pass",
        "gate": "block",
        "cause": "",
        "remedy": "",
        "found": "64 GiB free",
        "waived": None,
    },
    {
        "rule": "iso_path",
        "vm": "SQL01",
        "host": "hv-b",
        "result": "fail",
        "gate": "warn",
        "cause": "a drive holds an ISO",
        "remedy": "Eject it",
        "found": "C:\\iso\\sql.iso",
        "waived": "left in on purpose, CHG0042399",
    },
]

RECORDS = [record(80, "asking"), record(82, "answered", return_code=4096), record(210, "finished")]
