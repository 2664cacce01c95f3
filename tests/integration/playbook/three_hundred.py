# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Many VMs in three tiers over three hosts on each side, and what the simulator's own log says of a run over them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from ansible_collections.hyperv.replica.tests.integration.playbook.estates import replicated

PAIRS = (("HV-A", "HV-B"), ("HV-C", "HV-D"), ("HV-E", "HV-F"))
TIERS = ("database", "application", "web")
#: What each VM starts with, and what a host uses for itself.
EACH, OWN = 4, 2


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What a plan allows, each lower than what the hosts say.

    Attributes:
        reserve: GiB of the target's memory that stay free.
    """

    concurrency: int = 60
    transfers: int = 4
    operations: int = 1000
    reserve: int = 4

    @property
    def of_plan(self) -> dict[str, Any]:
        return {
            "concurrency": self.concurrency,
            "active_transfers": self.transfers,
            "winrm_operations": self.operations,
            "memory_reserve": f"{self.reserve}GiB",
        }


def estate(vms: int, limits: Limits, **more: Any) -> dict[str, Any]:
    """So many VMs; each host has the memory for those that come to it and for the reserve, and not for one more."""
    memory = OWN + vms // len(PAIRS) * EACH + limits.reserve
    hosts = [_host(name, partner, memory) for pair in PAIRS for name, partner in (pair, pair[::-1])]
    return {"schema_version": 1, "hosts": hosts, "replicated": [_vm(number) for number in range(vms)], **more}


def plan(vms: int, limits: Limits) -> dict[str, Any]:
    """A third of them in each tier; each depends on the one of its number in the tier before."""
    third = vms // len(TIERS)
    return {
        "schema_version": 1,
        "name": f"{vms} machines",
        "limits": limits.of_plan,
        "tiers": [{"name": name} for name in TIERS],
        "vms": [
            {
                "name": named(number),
                "home": PAIRS[number % len(PAIRS)][0].lower(),
                "recovery": PAIRS[number % len(PAIRS)][1].lower(),
                "tier": TIERS[number // third],
                "depends_on": [named(number - third)] if number >= third else [],
                "probes": [{"heartbeat": True}],
            }
            for number in range(vms)
        ],
    }


def named(number: int) -> str:
    return f"VM{number + 1:03}"


def exceeded(log: Iterable[Mapping[str, Any]], limits: Limits) -> list[str]:
    """Every moment at which a host was asked for more than it or the plan allows, in words."""
    return [
        f"{entry['at']} {entry['host']}: {entry['wanted']} {what}, {allowed} are allowed"
        for entry, what, allowed in _moments(log, limits)
        if entry["wanted"] > allowed
    ]


def most(log: Iterable[Mapping[str, Any]], limits: Limits) -> dict[str, set[int]]:
    """By what is limited, the most that each host was asked for at once."""
    peaks: dict[str, dict[str, int]] = {}
    for entry, what, _allowed in _moments(log, limits):
        of_host = peaks.setdefault(what, {})
        of_host[entry["host"]] = max(of_host.get(entry["host"], 0), entry["wanted"])
    return {what: set(of_host.values()) for what, of_host in peaks.items()}


def lasted(log: Iterable[Mapping[str, Any]]) -> timedelta:
    """From the first request to the last, by the clock of the hosts."""
    times = [datetime.fromisoformat(entry["at"]) for entry in log if entry["kind"] == "request"]
    return times[-1] - times[0]


def _moments(log: Iterable[Mapping[str, Any]], limits: Limits) -> Iterable[tuple[Mapping[str, Any], str, int]]:
    for entry in log:
        if entry["kind"] == "request":
            yield entry, "operations", min(entry["limit"], limits.operations)
        elif entry["kind"] == "load" and entry["note"] == "memory":
            yield entry, "memory", entry["limit"] - (limits.reserve << 10)
        elif entry["kind"] == "load" and entry["note"] == "moving":
            yield entry, "moving", limits.concurrency
        elif entry["kind"] == "load":
            yield entry, entry["note"], min(entry["limit"], limits.transfers)


def _host(name: str, partner: str, memory: int) -> dict[str, Any]:
    authorize = [{"primary": f"{partner.lower()}.example.test", "storage": "D:\\Replica"}]
    return {
        "name": name,
        "fqdn": f"{name.lower()}.example.test",
        "memory": f"{memory} GiB",
        "replica_server": {"authentication": "kerberos", "authorize": authorize},
    }


def _vm(number: int) -> dict[str, Any]:
    """Guests take different times to shut down and to boot, as they do."""
    home, away = PAIRS[number % len(PAIRS)]
    guest = {"shutdown_seconds": 20 + 40 * (number % 6 == 0), "boot_seconds": 20 + 40 * (number % 5 == 0)}
    return replicated(named(number), primary=home, replica=away, guest=guest)
