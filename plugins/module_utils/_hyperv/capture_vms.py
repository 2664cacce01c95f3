# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One VM in the words of the simulator's estate schema, from the classes a host showed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from ansible_collections.hyperv.replica.plugins.module_utils._hyperv import capture_fitness, schema
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.capture_devices import adapters, disks
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.classes import (
    HEARTBEAT,
    KEY_VALUES,
    RELATIONSHIP,
    SETTINGS,
    SYSTEM_SETTINGS,
    TEST_LINK,
)
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import HostFacts, Relationship, Side
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.shelf import (
    MEMORY,
    PROCESSOR,
    Shelf,
    age,
    filled,
    same,
)
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.states import (
    ComponentStatus,
    Power,
    ReplicationState,
)
from ansible_collections.hyperv.replica.plugins.module_utils._wire.cim import CimInstance

#: Writes that each copy is said to hold: how many there were is nowhere to be read, only which copy came from which.
_WRITES: Final = 1000

_MIB: Final = 1 << 20

#: Own properties of Msvm_ReplicationSettingData that are texts, numbers and switches, by the schema's words.
_TEXTS: Final = {
    "certificate_thumbprint": "CertificateThumbPrint",
    "root_certificate_thumbprint": "RootCertificateThumbPrint",
    "recovery_connection_point": "RecoveryConnectionPoint",
    "recovery_host_system": "RecoveryHostSystem",
    "primary_connection_point": "PrimaryConnectionPoint",
    "primary_host_system": "PrimaryHostSystem",
    "additional_settings": "AdditionalSettings",
}
_NUMBERS: Final = {
    "authentication_type": "AuthenticationType",
    "recovery_server_port": "RecoveryServerPortNumber",
    "application_consistent_interval": "ApplicationConsistentSnapshotInterval",
    "recovery_history": "RecoveryHistory",
    "replication_interval": "ReplicationInterval",
}
_FLAGS: Final = {
    "compression_enabled": "CompressionEnabled",
    "bypass_proxy_server": "BypassProxyServer",
    "replicate_host_kvp_items": "ReplicateHostKvpItems",
    "auto_resynchronize": "AutoResynchronizeEnabled",
    "write_order_preservation": "EnableWriteOrderPreservationAcrossDisks",
}
_SPANS: Final = {
    "auto_resynchronize_start": "AutoResynchronizeIntervalStart",
    "auto_resynchronize_end": "AutoResynchronizeIntervalEnd",
}


def captured_vm(shelf: Shelf, system: CimInstance) -> dict[str, Any]:
    """The VM as an entry of a host's ``vms``."""
    side = schema.side(system, HostFacts(name=shelf.host))
    legs = _relationships(shelf, side)
    held = {"writes": {_origin(shelf, legs): _WRITES}}
    storage = [disk | held for disk in disks(shelf, side.vm_id)]
    return filled(
        {
            "guid": side.vm_id,
            "name": side.vm_name,
            "power": side.power.name.lower(),
            "mode": side.mode.name.lower(),
            "power_changed_age": age(shelf.now, side.power_changed),
            "powered_on_age": _on_age(side),
            **_shape(shelf, side.vm_id),
            "test_of": _test_of(shelf, side.vm_id),
            **capture_fitness.of_vm(shelf, system, side.vm_id),
            "disks": storage,
            "adapters": adapters(shelf, side.vm_id),
            "guest": _guest(shelf, side),
            "relationships": legs,
            "recovery_points": _points(shelf, side.vm_id, _origin(shelf, legs), len(storage)),
            "before_failover": [held] * len(storage) if side.state is ReplicationState.RECOVERED else None,
        }
    )


def _on_age(side: Side) -> float | None:
    on = side.power not in (Power.OFF, Power.SAVED)
    return side.on_time.total_seconds() if on and side.on_time is not None else None


def _shape(shelf: Shelf, vm_id: str) -> dict[str, Any]:
    """What its settings say; memory is shown in MiB (class Msvm_MemorySettingData)."""
    own = next((one for one in shelf.of(SYSTEM_SETTINGS, vm_id) if schema.is_active(one)), None)
    memory = next((one.integer("VirtualQuantity") for one in shelf.of(MEMORY, vm_id)), None)
    shape = {
        "memory": memory * _MIB if memory else None,
        "processors": next((one.integer("VirtualQuantity") for one in shelf.of(PROCESSOR, vm_id)), None),
    }
    return shape if own is None else shape | _settings_shape(shelf, own)


def _settings_shape(shelf: Shelf, own: CimInstance) -> dict[str, Any]:
    kind = own.text("VirtualSystemSubType") or ""
    delay, start = own.interval("AutomaticStartupActionDelay"), schema.start_action(own)
    return {
        "created_age": age(shelf.now, own.moment("CreationTime")),
        "generation": int(kind[-1]) if kind[-1:] in ("1", "2") else None,
        "version": own.text("Version"),
        "notes": list(own.texts("Notes")),
        "start_action": start.name.lower() if start is not None else None,
        "start_delay": delay.total_seconds() if delay is not None else None,
        "configuration_root": own.text("ConfigurationDataRoot"),
    }


def _test_of(shelf: Shelf, vm_id: str) -> str:
    for link in shelf.found[TEST_LINK]:
        copy, replica = link.reference("Dependent"), link.reference("Antecedent")
        if copy and replica and same(copy.key("Name"), vm_id):
            return schema.guid(replica.key("Name"))
    return ""


def _guest(shelf: Shelf, side: Side) -> dict[str, Any]:
    """What the integration services of a running guest tell; nothing is known of one that is off."""
    if side.power is not Power.RUNNING:
        return {}
    heartbeat = next(iter(shelf.of(HEARTBEAT, side.vm_id, "SystemName")), None)
    told = schema.guest(heartbeat, next(iter(shelf.of(KEY_VALUES, side.vm_id, "SystemName")), None))
    return filled(
        {
            "os": told.os_name,
            "fqdn": told.fqdn,
            "addresses": list(told.addresses),
            "answers": told.heartbeat is ComponentStatus.OK,
        }
    )


def _relationships(shelf: Shelf, side: Side) -> list[dict[str, Any]]:
    shown = [(schema.leg(one)[1], schema.relationship(one)) for one in shelf.of(RELATIONSHIP, side.vm_id)]
    if not shown and side.relationship is not None:
        shown = [(0, side.relationship)]
    settings = {schema.leg(one)[1]: one for one in shelf.of(SETTINGS, side.vm_id)}
    return [
        _relationship(shelf, index, known, settings[index])
        for index, known in shown
        if known.state is not ReplicationState.DISABLED and index in settings
    ]


def _relationship(shelf: Shelf, index: int, known: Relationship, settings: CimInstance) -> dict[str, Any]:
    return filled(
        {
            "index": index,
            "state": known.state.name.lower(),
            "failed_over_type": known.failed_over_type.name.lower(),
            "last_type": known.last_type.name.lower(),
            "last_replication_time_age": age(shelf.now, known.last_replicated),
            "last_apply_time_age": age(shelf.now, known.last_applied),
            "last_application_consistent_time_age": age(shelf.now, known.last_app_consistent),
            "cycles_since_copy": 1 if known.state is ReplicationState.REPLICATING else 0,
            "prepared": known.state is ReplicationState.SYNCED,
            "settings": _settings(settings),
        }
    )


def _settings(one: CimInstance) -> dict[str, Any]:
    spans: dict[str, timedelta | None] = {name: one.interval(cim) for name, cim in _SPANS.items()}
    return filled(
        {
            **{name: one.text(cim) for name, cim in _TEXTS.items()},
            **{name: one.integer(cim) for name, cim in _NUMBERS.items()},
            **{name: one.boolean(cim) for name, cim in _FLAGS.items()},
            **{name: span.total_seconds() for name, span in spans.items() if span is not None},
            "included_disks": [schema.disk_id(text) for text in one.texts("IncludedDisks")],
            "provider": schema.provider(one.text("ReplicationProvider")),
        }
    )


def _points(shelf: Shelf, vm_id: str, origin: str, count: int) -> list[dict[str, Any]]:
    """Recovery points, oldest first; each holds less than the one after it."""
    mine = [one for one in shelf.found[SYSTEM_SETTINGS] if same(one.text("VirtualSystemIdentifier"), vm_id)]
    points = sorted(filter(None, map(schema.recovery_point, mine)), key=lambda point: point.created)
    return [
        {
            "guid": schema.guid(point.id),
            "name": point.name,
            "kind": point.kind.name.removeprefix("POINT_").lower(),
            "created_age": age(shelf.now, point.created),
            "disks": [{"writes": {origin: _WRITES - len(points) + place}} for _disk in range(count)],
        }
        for place, point in enumerate(points)
    ]


def _origin(shelf: Shelf, legs: list[dict[str, Any]]) -> str:
    """The host on which what a copy holds was written: the primary, as the relationship names it."""
    named = legs[0]["settings"].get("primary_host_system", "") if legs else ""
    return named.partition(".")[0].upper() or shelf.host
