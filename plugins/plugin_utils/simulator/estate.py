# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The estate file: plain data in, a world out, and back. The reference is docs/docsite/rst/simulator_estate.rst."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Final

import yaml

from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.states import (
    BUILT_IN_PROVIDER,
    JobType,
    ReplicationState,
)
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.clock import Clock
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.clusters import watch
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.deeds import DEEDS
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.estate_clusters import (
    add_groups,
    plain_cluster,
    read_cluster,
)
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.estate_vms import plain_vm, read_pair, read_vm
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.jobs import Work, start_job
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.languages import LANGUAGES
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.machines import Relationship, Vm
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.record import plain_record, record
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.replica_server import (
    AuthorizationEntry,
    ReplicaServer,
)
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.replication import (
    plan_cycle,
    refresh_health,
    sends,
)
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.section import EstateError, Section
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.switches import Switches
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.volumes import Volume
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.world import (
    Host,
    Provider,
    World,
)

#: The version of the schema that is read and written.
SCHEMA_VERSION: Final = 1

#: How long a backup takes that runs when simulated time begins.
_BACKUP_SECONDS: Final = 3600.0

_AUTHENTICATION: Final = {"none": 0, "kerberos": 1, "certificate": 2, "both": 3}


def load_estate(
    path: str | Path, *, rate: float = 1.0, switches: Mapping[str, str] | None = None, seed: int = 0
) -> World:
    """The world an estate file describes; its time starts now.

    Raises:
        EstateError: the file is not YAML, or says something that cannot be.
        OSError: the file cannot be read.
    """
    try:
        plain = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise EstateError(f"{path}: {error}") from error
    return from_estate(plain, rate=rate, switches=switches, seed=seed)


def from_estate(
    plain: object,
    *,
    start: datetime | None = None,
    rate: float = 1.0,
    switches: Mapping[str, str] | None = None,
    seed: int = 0,
    wall: Callable[[], float] = time.monotonic,
) -> World:
    """The world that plain data describe.

    Args:
        plain: what an estate file holds.
        start: simulated time at the beginning; now when it is not given.
        rate: of the clock.
        switches: win over those of the file.
        seed: of everything that is made up.
        wall: of the clock.

    Raises:
        EstateError: it says something that cannot be.
    """
    start = start or datetime.now(timezone.utc)
    section = Section(plain, "estate", start)
    if section.number("schema_version") != SCHEMA_VERSION:
        raise section.error("schema_version", f"{SCHEMA_VERSION} is what this version reads")
    world = World(
        hosts={},
        clock=Clock(start, rate=rate, wall=wall),
        switches=_switches(section, switches or {}),
        seed=seed,
        name=section.text("name", "estate"),
        bandwidth=int(section.number("bandwidth", 125_000_000)),
        compare_rate=int(section.number("compare_rate", 1_000_000_000)),
        deeds=DEEDS,
        laws=_laws,
    )
    world.now = start
    _populate(world, section)
    section.end()
    _begin(world)
    return world


def to_estate(world: World) -> dict[str, Any]:
    """The world as plain data that ``from_estate`` reads. Running jobs and what is on its way are left out."""
    return {
        "schema_version": SCHEMA_VERSION,
        "name": world.name,
        "bandwidth": world.bandwidth,
        "compare_rate": world.compare_rate,
        "switches": world.switches.as_dict(),
        "hosts": [_plain_host(host, world) for host in world.hosts.values()],
        **({"clusters": [plain_cluster(world, one) for one in world.clusters.values()]} if world.clusters else {}),
    }


def _laws(world: World) -> None:
    watch(world)
    refresh_health(world)


def _switches(section: Section, given: Mapping[str, str]) -> Switches:
    known = section.mapping("switches")
    values = {name: str(known.value(name)) for name in known.names()} if known else {}
    try:
        return Switches(values | dict(given))
    except ValueError as error:
        raise section.error("switches", str(error)) from error


def _populate(world: World, section: Section) -> None:
    hosts = section.sections("hosts")
    if not hosts:
        raise section.error("hosts", "at least one host is wanted")
    for item in hosts:
        _add_host(world, _host(item), item)
    groups = [read_cluster(world, item) for item in section.sections("clusters")]
    for pair in section.sections("replicated"):
        for host, vm in read_pair(world, pair):
            _add_vm(host, vm, pair)
    for wanted in groups:
        add_groups(world, wanted)


def _add_host(world: World, host: Host, section: Section) -> None:
    if world.host(host.name) or world.host(host.fqdn):
        raise section.error("name", "is the name of two hosts")
    for body in section.sections("vms"):
        _add_vm(host, read_vm(world, host, body), body)
    section.end()
    world.hosts[host.name] = host


def _add_vm(host: Host, vm: Vm, section: Section) -> None:
    if vm.guid in host.vms:
        raise section.error("guid", f"{host.name} has this VM twice")
    providers = [provider.guid for provider in host.providers]
    for known in vm.relationships.values():
        if known.settings.provider not in providers:
            raise section.error("provider", f"{host.name} has no provider {known.settings.provider}")
    host.vms[vm.guid] = vm


def _host(section: Section) -> Host:
    name = section.text("name").upper()
    server = section.mapping("replica_server")
    external = [_provider(item) for item in section.sections("providers")]
    host = record(
        Host,
        section,
        fqdn=name.lower(),
        booted=section.now - timedelta(days=30),
        replica_server=_replica_server(server) if server else ReplicaServer(),
        providers=[Provider(BUILT_IN_PROVIDER, "Hyper-V Replica"), *external],
        volumes=[_volume(item) for item in section.sections("volumes")],
        mac_minimum=f"{_macs(name)}00",
        mac_maximum=f"{_macs(name)}FF",
        cut_off_from=set(section.texts("cut_off_from", [])),
    )
    host.name = name
    if host.language not in LANGUAGES:
        raise section.error("language", f"one of {', '.join(LANGUAGES)} is wanted, not {host.language!r}")
    return host


def _macs(name: str) -> str:
    """The first five bytes of a host's own MAC addresses, which on real hosts come from its IP address."""
    return f"00155D{uuid.uuid5(uuid.NAMESPACE_DNS, name).hex[:4].upper()}"


def _volume(section: Section) -> Volume:
    volume = record(Volume, section)
    section.end()
    return volume


def _provider(section: Section) -> Provider:
    provider = Provider(section.text("guid").upper(), section.text("name"))
    section.end()
    return provider


def _replica_server(section: Section) -> ReplicaServer:
    server = record(
        ReplicaServer,
        section,
        skip=("allowed_authentication",),
        enabled=True,
        allowed_authentication=section.choice("authentication", _AUTHENTICATION, 1),
        entries=[_entry(item) for item in section.sections("authorize")],
    )
    section.end()
    return server


def _entry(section: Section) -> AuthorizationEntry:
    entry = record(AuthorizationEntry, section)
    section.end()
    return entry


def _begin(world: World) -> None:
    """Let everything that replicates go on from where the file says it was, and backups that run."""
    for host, vm in world.every_vm():
        if vm.backing_up:
            start_job(world, host, vm, Work(job_type=JobType.BACKUP_VIRTUAL_MACHINE, seconds=_BACKUP_SECONDS))
        for known in vm.relationships.values():
            if known.state is ReplicationState.REPLICATING and sends(vm, known):
                plan_cycle(world, host, vm, known, _seconds_to_cycle(world, known))
    world.watch_power()
    world.laws(world)


def _seconds_to_cycle(world: World, known: Relationship) -> float:
    interval = known.settings.replication_interval
    if known.last_replication_time is None:
        return interval
    return max(1.0, interval - (world.now - known.last_replication_time).total_seconds())


def _plain_host(host: Host, world: World) -> dict[str, Any]:
    external = [provider for provider in host.providers if not provider.built_in]
    parts = {
        "replica_server": _plain_server(host.replica_server, world),
        "providers": [{"guid": provider.guid, "name": provider.name} for provider in external],
        "cut_off_from": sorted(host.cut_off_from),
        "volumes": [plain_record(volume, world.now) for volume in host.volumes],
        "vms": [plain_vm(vm, world) for vm in host.vms.values()],
    }
    return plain_record(host, world.now) | {key: part for key, part in parts.items() if part}


def _plain_server(server: ReplicaServer, world: World) -> dict[str, Any]:
    names = {number: name for name, number in _AUTHENTICATION.items()}
    known = plain_record(server, world.now, skip=("enabled", "allowed_authentication"))
    entries = [plain_record(entry, world.now) for entry in server.entries]
    kept = {"enabled": server.enabled, "authentication": names[server.allowed_authentication]}
    return kept | known | ({"authorize": entries} if entries else {})
