# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The simulated hosts of the benchmark, as data; the schema is in docs/docsite/rst/simulator_estate.rst."""

from __future__ import annotations

from typing import Any

HOSTS = ("HV-A", "HV-B")


def many_vms(count: int) -> dict[str, Any]:
    """So many VMs that run at HV-A and replicate to HV-B."""
    return estate([vm(number, "HV-A", "HV-B") for number in range(1, count + 1)])


def vms_away(count: int) -> dict[str, Any]:
    """So many VMs that run at HV-B, where a planned failover left them, and replicate to HV-A."""
    return estate([vm(number, "HV-B", "HV-A") for number in range(1, count + 1)])


def guid(number: int) -> str:
    """The GUID of the n-th VM."""
    return f"9F3C1E2A-7B61-4C55-9C0B-{number:012X}"


def vm(number: int, primary: str, replica: str) -> dict[str, Any]:
    return {
        "name": f"WEB{number:03d}",
        "guid": guid(number),
        "primary": primary,
        "replica": replica,
        "power": "running",
        "interval": 300,
        "writes_per_second": 2,
        "guest": {"addresses": ["192.0.2.21"], "shutdown_seconds": 10, "boot_seconds": 15},
        "disks": [{"size": "20 GiB", "used": "4 GiB"}],
    }


def estate(replicated: list[dict[str, Any]]) -> dict[str, Any]:
    return {"schema_version": 1, "hosts": [host(*HOSTS), host(*reversed(HOSTS))], "replicated": replicated}


def host(name: str, other: str) -> dict[str, Any]:
    return {
        "name": name,
        "fqdn": f"{name.lower()}.example.test",
        "memory": "4 TiB",
        "replica_server": {
            "authentication": "kerberos",
            "authorize": [{"primary": f"{other.lower()}.example.test", "storage": "D:\\Replica"}],
        },
    }
