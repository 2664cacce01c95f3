# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The virtual machines of a plan as options of the modules that verify and test them. Plain values in, and out."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from ansible_collections.hyperv.replica.plugins.module_utils._errors import PreconditionFailed
from ansible_collections.hyperv.replica.plugins.module_utils._values import duration, moment

Plain = dict[str, Any]

#: The other end of a virtual machine.
_OTHER: Final = {"home": "recovery", "recovery": "home"}

#: Verdicts and results of checks, the worst last.
_VERDICTS: Final = ("passed", "warned", "failed")


def name_of(vm: Mapping[str, Any]) -> str:
    """What a virtual machine of a plan is called: its name, or its GUID where it has none."""
    return str(vm.get("name") or vm["id"])


def chosen(plan: Mapping[str, Any], vms: Sequence[str]) -> list[Mapping[str, Any]]:
    """The virtual machines of the plan that are meant, in its order; all of them when none is named.

    Raises:
        PreconditionFailed: one is not in the plan.
    """
    known = {word.upper(): vm for vm in plan["vms"] for word in (name_of(vm), str(vm.get("id") or name_of(vm)))}
    if unknown := [name for name in vms if name.upper() not in known]:
        raise PreconditionFailed(
            f"not in the plan: {', '.join(unknown)}",
            kind="bad_option",
            remedy=f"The plan has {', '.join(map(name_of, plan['vms']))}",
        )
    wanted = [known[name.upper()] for name in vms]
    return [vm for vm in plan["vms"] if not vms or vm in wanted]


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """How long virtual machines may take to become good.

    Attributes:
        within: seconds for each; its own limit when None.
        since: when each was taken away from its users, by name; its limit counts from there, or else from now.
        rate: how many times as fast as real time the hosts run.
    """

    now: datetime
    within: float | None = None
    since: Mapping[str, str] = field(default_factory=dict)
    rate: float = 1.0


def verify_calls(plan: Mapping[str, Any], vms: Sequence[str], at: str, timing: Timing) -> list[Plain]:
    """What hyperv_replica_verify is asked, one call for each pair of hosts.

    Args:
        at: ``home`` or ``recovery``, where they shall be.
    """
    calls: dict[tuple[str, str], Plain] = {}
    for vm in chosen(plan, vms):
        name, host, peer = name_of(vm), str(vm[at]), str(vm[_OTHER[at]])
        call = calls.setdefault((host, peer), {"host": host, "peer": peer, "vms": [], "limits": [], "probes": []})
        call["vms"].append(name)
        call["limits"].append({"vm": name, "within": _left(vm, timing), **_rpo(vm)})
        call["probes"] += [{"vm": name, **probe} for probe in vm.get("probes") or () if "tasks" not in probe]
    return [*calls.values()]


def copy_calls(
    plan: Mapping[str, Any],
    vms: Sequence[str] = (),
    *,
    at: str = "recovery",
    networks: str = "plan",
    reachable: bool = False,
) -> list[Plain]:
    """What hyperv_replica_test_failover is asked, one call for each host and way to connect a copy.

    Args:
        at: the end that holds the replicas.
        networks: ``plan`` connects each as the plan says, anything else is the option ``network``.
        reachable: whether the copies' own addresses can be reached from the controller.
    """
    calls: dict[tuple[str, str], Plain] = {}
    for vm in chosen(plan, vms):
        network = _network(vm) if networks == "plan" else {"network": networks}
        call = calls.setdefault(
            (str(vm[at]), repr(network)),
            {"host": str(vm[at]), "vms": [], "probes": [], "not_asked": [], **network},
        )
        _add_copy(call, vm, reachable and network != {"network": "isolated"})
    return [*calls.values()]


def _add_copy(call: Plain, vm: Mapping[str, Any], reachable: bool) -> None:
    """Only what asks the copy itself: an address or a name that the plan gives leads to production."""
    name, probes = name_of(vm), vm.get("probes") or ()
    call["vms"].append(name)
    for probe in probes:
        own = "addresses" in probe or ("tcp" in probe and not probe.get("address"))
        if "heartbeat" in probe or (own and reachable):
            call["probes"].append({"vm": name, **probe})
        else:
            kind = next(iter(probe))
            call["not_asked"].append({"vm": name, "check": kind})


def _network(vm: Mapping[str, Any]) -> Plain:
    given = vm.get("network") or {}
    if given.get("test_networks"):
        return {"test_networks": [dict(network) for network in given["test_networks"]]}
    if given.get("test_switch"):
        return {"test_networks": [{"switch": given["test_switch"]}]}
    return {"network": given.get("test") or "isolated"}


def task_probes(plan: Mapping[str, Any], vms: Sequence[str] = (), *, at: str) -> list[Plain]:
    """The task files among the probes: of which virtual machine, where it is served, and how long it may take."""
    return [
        {"vm": name_of(vm), "host": str(vm[at]), "tasks": str(probe["tasks"]), "plan_vm": dict(vm)}
        for vm in chosen(plan, vms)
        for probe in vm.get("probes") or ()
        if "tasks" in probe
    ]


def with_task_checks(verdicts: Iterable[Mapping[str, Any]], answers: Iterable[Mapping[str, Any]]) -> list[Plain]:
    """The verdicts with what the task files came to: a virtual machine is recovered when the last one is green.

    Args:
        answers: ``vm``, ``tasks``, ``passed``, ``found`` and ``at`` of each task file.
    """
    asked = [*answers]
    return [_with_checks(verdict, [answer for answer in asked if _is(answer["vm"], verdict)]) for verdict in verdicts]


def _is(name: object, verdict: Mapping[str, Any]) -> bool:
    return str(name).upper() in (str(verdict["name"]).upper(), str(verdict["id"]).upper())


def _with_checks(verdict: Mapping[str, Any], answers: list[Mapping[str, Any]]) -> Plain:
    if not answers:
        return dict(verdict)
    checks = [
        {
            "check": "tasks",
            "result": "pass" if answer["passed"] else "fail",
            "found": str(answer["found"]),
            "wanted": str(answer["tasks"]),
        }
        for answer in answers
    ]
    bad = [f"tasks fail: {check['found']}, wanted {check['wanted']}" for check in checks if check["result"] == "fail"]
    recovered = verdict.get("recovered_at")
    return {
        **verdict,
        "checks": [*verdict["checks"], *checks],
        "verdict": "failed" if bad else verdict["verdict"],
        "failing": "; ".join(filter(None, [verdict.get("failing", ""), *bad])),
        "recovered_at": None if bad or not recovered else max([recovered, *(str(one["at"]) for one in answers)]),
    }


def stand_ins(hosts: Sequence[Mapping[str, Any]], names: Sequence[str]) -> list[Plain]:
    """The simulated host for each inventory name of a plan, as ``name`` and the connection ``variables`` it is to have.

    An inventory may call a host by another case of letters, by its full name or by the first part of that.

    Raises:
        PreconditionFailed: one has no simulated host, or several.
    """
    found = {name: _called(hosts, name) for name in dict.fromkeys(names)}
    if odd := [name for name, matches in found.items() if len(matches) != 1]:
        raise PreconditionFailed(
            f"the estate has no single host for {', '.join(odd)}",
            kind="bad_option",
            remedy=f"It has {', '.join(str(host['name']) for host in hosts)}. Give a host of it the inventory_name",
        )
    return [
        {"name": name, "variables": {key: value for key, value in match.items() if key != "name"}}
        for name, (match,) in found.items()
    ]


def _called(hosts: Sequence[Mapping[str, Any]], name: str) -> list[Mapping[str, Any]]:
    """The hosts of this name; one that is called so in full wins over those of which it is the first part."""
    known = [(host, [str(one).casefold() for one in host["hyperv_replica_simulated_names"]]) for host in hosts]
    whole = [host for host, names in known if name.casefold() in names]
    first = name.casefold().partition(".")[0]
    return whole or [host for host, names in known if first in [one.partition(".")[0] for one in names]]


def verdict_text(verdicts: Sequence[Mapping[str, Any]]) -> str:
    """How many passed, and what is wrong with the others."""
    counts = {word: sum(one["verdict"] == word for one in verdicts) for word in _VERDICTS}
    said = [f"{count} VM{'' if count == 1 else 's'} {word}" for word, count in counts.items() if count]
    bad = [f"{one['name']}: {one.get('failing', '')}." for one in verdicts if one["verdict"] != "passed"]
    return " ".join([f"{', '.join(said) or 'no VM'}.", *bad])


def _left(vm: Mapping[str, Any], timing: Timing) -> int:
    """Seconds that are left, by the controller's clock."""
    if timing.within is not None:
        return math.ceil(timing.within)
    written = vm.get("probe_within") or (vm.get("limits") or {}).get("rto")
    if not written:
        return 0
    since = timing.since.get(name_of(vm))
    allowed = duration(str(written), option="limits.rto").total_seconds() / timing.rate
    gone = (timing.now - moment(since, option="since")).total_seconds() if since else 0.0
    return max(0, math.ceil(allowed - gone))


def _rpo(vm: Mapping[str, Any]) -> Plain:
    limit = (vm.get("limits") or {}).get("rpo")
    return {"max_rpo": str(limit)} if limit else {}
