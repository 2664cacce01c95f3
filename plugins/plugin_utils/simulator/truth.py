# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is true in the world, as plain data: for those who check a run, not for those who take part in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, is_dataclass
from datetime import datetime, timedelta
from enum import Enum, IntEnum
from typing import Any

from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.ledger import Ledger
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.machines import Relationship, Vm
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.traffic import Traffic
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.world import Host, Job, World


def truth(world: World) -> dict[str, Any]:
    """Hosts, their VMs with power, mode, state and write counters, running jobs, and the ledger."""
    return {
        "now": world.now.isoformat(),
        "rate": world.clock.rate,
        "hosts": {host.name: _host(host) for host in world.hosts.values()},
        "clusters": {
            name: {"nodes": one.nodes, "groups": plain(list(one.groups.values()))}
            for name, one in world.clusters.items()
        },
        "ledger": _ledger(world.ledger),
        "load": _load(world.traffic),
        "moving": max((load.wanted for load in world.traffic.most.values() if load.what == "moving"), default=0),
        "trouble": [plain(trouble) for trouble in world.trouble],
    }


def plain(value: object) -> Any:
    """The same value in JSON's types; numbers of Hyper-V go out as number and name."""
    match value:
        case None | bool():
            return value
        case IntEnum():
            return {"number": int(value), "name": value.name}
        case Enum():
            return value.value
        case int() | float() | str():
            return value
        case datetime():
            return value.isoformat()
        case timedelta():
            return value.total_seconds()
        case Mapping():
            return {str(key): plain(item) for key, item in value.items()}
        case list() | tuple() | set() | frozenset():
            return [plain(item) for item in value]
        case _ if is_dataclass(value) and not isinstance(value, type):
            return plain(asdict(value))
    return str(value)


def _host(host: Host) -> dict[str, Any]:
    return {
        "fqdn": host.fqdn,
        "up": host.up,
        "booted": plain(host.booted),
        "vms": {vm.guid: _vm(vm) for vm in host.vms.values()},
        "jobs": [_job(job) for job in host.jobs.values()],
    }


def _vm(vm: Vm) -> dict[str, Any]:
    return {
        "name": vm.name,
        "power": plain(vm.power),
        "alive": vm.alive,
        "requested_state": vm.requested_state,
        "mode": plain(vm.mode),
        "start_action": plain(vm.start_action),
        "notes": plain(vm.notes),
        "test_of": vm.test_of,
        "writes": vm.writes,
        "recovery_points": [
            {"id": point.guid, "name": point.name, "kind": point.kind.value, "created": plain(point.created)}
            for point in vm.recovery_points
        ],
        "relationships": [_relationship(relationship) for relationship in vm.relationships.values()],
    }


def _relationship(relationship: Relationship) -> dict[str, Any]:
    settings = relationship.settings
    return {
        "index": relationship.index,
        "state": plain(relationship.state),
        "health": plain(relationship.health),
        "provider": settings.provider,
        "primary": settings.primary_connection_point,
        "recovery": settings.recovery_connection_point,
        "failed_over_type": plain(relationship.failed_over_type),
        "last_replication_time": plain(relationship.last_replication_time),
    }


def _job(job: Job) -> dict[str, Any]:
    return {
        "id": job.guid,
        "type": int(job.type),
        "vm": job.vm_guid,
        "state": plain(job.state),
        "percent": job.percent,
        "running": job.running,
        "error_code": job.error_code,
    }


def _load(traffic: Traffic) -> dict[str, Any]:
    """The most that was ever wanted of each host, and what it allows."""
    found: dict[str, Any] = {}
    for load in [load for load in traffic.most.values() if load.host]:
        found.setdefault(load.host, {})[load.what] = {"most": load.wanted, "limit": load.limit}
    return found


def _ledger(ledger: Ledger) -> dict[str, Any]:
    return {
        "lost": ledger.lost(),
        "losses": plain(ledger.losses),
        "split_brains": plain(ledger.split_brains),
    }
