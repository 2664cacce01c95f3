# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Estates for simulated hosts, as data; the schema is in docs/docsite/rst/simulator_estate.rst."""

from __future__ import annotations

from typing import Any

PROVIDER = "5E5D4C3B-2A19-4807-96F5-E4D3C2B1A098"
AWKWARD, FOREIGN = "O'Brien <&\"\\ %_", "測試"


def two_sites(*vms: dict[str, Any], language: str = "en-US", more: tuple[str, ...] = ()) -> dict[str, Any]:
    """HV-A and HV-B with these replicated VMs, or with WEB01 and SQL01; ``more`` names further, empty hosts."""
    names = ("HV-A", "HV-B", *more)
    return {
        "schema_version": 1,
        "hosts": [_host(name, language, [other for other in names if other != name]) for name in names],
        "replicated": list(vms) or [replicated("WEB01"), replicated("SQL01")],
    }


def replicated(name: str, **more: Any) -> dict[str, Any]:
    """A VM that runs at HV-A and replicates to HV-B every five minutes."""
    return {
        "name": name,
        "primary": "HV-A",
        "replica": "HV-B",
        "power": "running",
        "interval": 300,
        "recovery_history": 2,
        "writes_per_second": 2,
        "guest": {"addresses": ["192.0.2.21"], "shutdown_seconds": 10, "boot_seconds": 15},
        "disks": [{"size": "20 GiB", "used": "4 GiB"}],
        **more,
    }


def by_provider(name: str, **more: Any) -> dict[str, Any]:
    """The same with an external replication provider, whose way home is InitiateFailback."""
    return replicated(name, provider=PROVIDER, **more)


def _host(name: str, language: str, partners: list[str]) -> dict[str, Any]:
    authorize = [{"primary": f"{partner.lower()}.example.test", "storage": "D:\\Replica"} for partner in partners]
    return {
        "name": name,
        "fqdn": f"{name.lower()}.example.test",
        "language": language,
        "replica_server": {"authentication": "kerberos", "authorize": authorize},
        "providers": [{"guid": PROVIDER, "name": "Storage Replication Provider"}],
    }


def three_tiers(tier_size: int = 4) -> dict[str, Any]:
    """HV-A to HV-B and HV-C to HV-D, with DB.., APP.. and WEB.. dealt out to both pairs."""
    names = ("HV-A", "HV-B", "HV-C", "HV-D")
    pairs = (names[:2], names[2:])
    return {
        "schema_version": 1,
        "hosts": [_host(name, "en-US", [other for other in names if other != name]) for name in names],
        "replicated": [
            replicated(name, primary=pairs[place % 2][0], replica=pairs[place % 2][1])
            for place, name in enumerate(tiered(tier_size))
        ],
    }


def tiered(tier_size: int = 4) -> list[str]:
    """The names of the VMs of three tiers, in start order."""
    return [f"{tier}{number}" for tier in ("DB", "APP", "WEB") for number in range(1, tier_size + 1)]


def tiered_plan(tier_size: int = 4, **more: Any) -> dict[str, Any]:
    """The plan of ``three_tiers``: each APP depends on DB1, each WEB on the APP of its number."""
    tiers = {"DB": "database", "APP": "application", "WEB": "web"}
    vms = []
    for place, name in enumerate(tiered(tier_size)):
        kind, number = name.rstrip("0123456789"), name.lstrip("ABDEPW")
        needs = {"DB": [], "APP": ["DB1"], "WEB": [f"APP{number}"]}[kind]
        vms.append(
            {
                "name": name,
                "home": "hv-a" if place % 2 == 0 else "hv-c",
                "recovery": "hv-b" if place % 2 == 0 else "hv-d",
                "tier": tiers[kind],
                "depends_on": needs,
                "probes": [{"tcp": 1433}],
            }
        )
    return {
        "schema_version": 1,
        "name": "shop",
        "vms": vms,
        "tiers": [{"name": name} for name in tiers.values()],
        **more,
    }
