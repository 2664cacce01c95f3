# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The model's values as embedded instances: InstanceID and every own property of the class, none of the inherited.

The official samples send the whole instance that was read, and a shipping client reports that inherited read-only
properties make the job of a Modify method fail; what is sent here suits both.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Final, Union

from ansible_collections.hyperv.replica.plugins.module_utils._errors import PreconditionFailed
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.adapters import Adapter
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.classes import (
    AUTHORIZATION,
    CONNECTION,
    DISK,
    FAILOVER_ADDRESSES,
    OWN_SETTINGS,
    RELATIONSHIP,
    SETTINGS,
    SYSTEM_SETTINGS,
)
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import (
    Relationship,
    ReplicationSettings,
)
from ansible_collections.hyperv.replica.plugins.module_utils._wire.cim import CimInstance
from ansible_collections.hyperv.replica.plugins.module_utils._wire.embedded import Embedded, embedded_text

Value = Union[str, int, bool, timedelta, datetime, tuple[str, ...], None]

#: What a time is that never was: FILETIME zero (seen on real hosts).
_NEVER: Final = datetime(1601, 1, 1, tzinfo=timezone.utc)

#: Own properties with InstanceID; Microsoft's page of each class.
_RELATIONSHIP: Final[Mapping[str, str]] = {
    "InstanceID": "string",
    "ReplicationState": "uint16",
    "ReplicationHealth": "uint16",
    "FailedOverReplicationType": "uint16",
    "LastReplicationType": "uint16",
    "LastApplicationConsistentReplicationTime": "datetime",
    "LastReplicationTime": "datetime",
    "LastApplyTime": "datetime",
}
_AUTHORIZATION: Final[Mapping[str, str]] = {
    "InstanceID": "string",
    "AllowedPrimaryHostSystem": "string",
    "TrustGroup": "string",
    "ReplicaStorageLocation": "string",
}
_FAILOVER_ADDRESSES: Final[Mapping[str, str]] = {
    "InstanceID": "string",
    "ProtocolIFType": "uint16",
    "DHCPEnabled": "boolean",
    "IPAddresses": "string[]",
    "Subnets": "string[]",
    "DefaultGateways": "string[]",
    "DNSServers": "string[]",
}
_CONNECTION: Final[Mapping[str, str]] = {
    "InstanceID": "string",
    "HostResource": "string[]",
    "EnabledState": "uint16",
    "TestReplicaSwitchName": "string",
}
_SYSTEM_SETTINGS: Final[Mapping[str, str]] = {
    "InstanceID": "string",
    "ElementName": "string",
    "VirtualSystemIdentifier": "string",
    "VirtualSystemType": "string",
    "CreationTime": "datetime",
    "AutomaticStartupAction": "uint16",
    "Notes": "string[]",
}


def replication_settings(settings: ReplicationSettings, changes: Mapping[str, Value]) -> str:
    """A complete Msvm_ReplicationSettingData: what was read, with these properties changed."""
    unknown = sorted(set(changes) - set(OWN_SETTINGS))
    if unknown:
        raise PreconditionFailed(f"{SETTINGS} has no property {', '.join(unknown)}", kind="unsupported")
    own = {name: value for name, value in {**settings.own, **changes}.items() if name in OWN_SETTINGS}
    ordered = {name: own[name] for name in OWN_SETTINGS if name in own}
    return _text(SETTINGS, {"InstanceID": "string", **OWN_SETTINGS}, {"InstanceID": settings.instance_id, **ordered})


def _disk_by_id(disk_id: str, computer_name: str) -> str:
    return disk_id


def _disk_by_path(disk_id: str, computer_name: str) -> str:
    doubled = disk_id.replace("\\", "\\\\")
    return f'\\\\{computer_name or "."}\\root\\virtualization\\v2:{DISK}.InstanceID="{doubled}"'


def _disk_by_instance(disk_id: str, computer_name: str) -> str:
    return embedded_text(DISK, {"InstanceID": Embedded("string", disk_id)})


#: How a disk may be named in IncludedDisks: the page's text says its id, a qualifier there says embedded instance.
DISK_FORMS: Final = (_disk_by_id, _disk_by_path, _disk_by_instance)


def relationship(value: Relationship) -> str:
    """A complete Msvm_ReplicationRelationship, as it was read."""
    values: dict[str, Value] = {
        "InstanceID": value.instance_id,
        "ReplicationState": int(value.state),
        "ReplicationHealth": int(value.health),
        "FailedOverReplicationType": int(value.failed_over_type),
        "LastReplicationType": int(value.last_type),
        "LastApplicationConsistentReplicationTime": value.last_app_consistent or _NEVER,
        "LastReplicationTime": value.last_replicated or _NEVER,
        "LastApplyTime": value.last_applied or _NEVER,
    }
    return _text(RELATIONSHIP, _RELATIONSHIP, values)


def authorization(found: CimInstance | None, given: Mapping[str, Value]) -> str:
    """An authorization entry: the host's own of that name, or a new one made of what is given."""
    known: dict[str, Value] = {name: found.text(name) if found else None for name in _AUTHORIZATION}
    return _text(AUTHORIZATION, _AUTHORIZATION, {**known, **{k: v for k, v in given.items() if v is not None}})


def system_settings(settings_id: str, changes: Mapping[str, Value]) -> str:
    """InstanceID and what changes: for Modify methods of the management service absent properties keep their value."""
    return _text(SYSTEM_SETTINGS, _SYSTEM_SETTINGS, {"InstanceID": settings_id, **changes})


def test_switch(adapter: Adapter, switch: str) -> str:
    """A connection as it was read, whose test copies are connected to that switch; to none where it is empty."""
    values: dict[str, Value] = {"InstanceID": adapter.id, "TestReplicaSwitchName": switch}
    if adapter.enabled is not None:
        values["EnabledState"] = adapter.enabled
    if adapter.host_resource:
        values["HostResource"] = adapter.host_resource
    return _text(CONNECTION, _CONNECTION, values)


def connection(adapter: Adapter, paths: tuple[str, ...]) -> str:
    """A connection to these paths; without any it is disabled, which disconnects."""
    values: dict[str, Value] = {"InstanceID": adapter.id, "EnabledState": 2 if paths else 3}
    if paths:
        values["HostResource"] = paths
    return _text(CONNECTION, _CONNECTION, values)


def failover_addresses(adapter: Adapter, wanted: Mapping[str, Value]) -> str:
    """What a guest's adapter is given after a failover, whole: the class page asks for it so."""
    return _text(FAILOVER_ADDRESSES, _FAILOVER_ADDRESSES, {"InstanceID": adapter.failover_id, **wanted})


def recovery_point(point_id: str, vm_id: str) -> str:
    """A recovery point as an instance, for a host that takes no reference; nothing inherited but its id."""
    return _text(SYSTEM_SETTINGS, _SYSTEM_SETTINGS, {"InstanceID": point_id, "VirtualSystemIdentifier": vm_id})


def _text(class_name: str, types: Mapping[str, str], values: Mapping[str, Value]) -> str:
    unknown = sorted(set(values) - set(types))
    if unknown:
        raise PreconditionFailed(f"{class_name} has no property {', '.join(unknown)}", kind="unsupported")
    return embedded_text(class_name, {name: Embedded(types[name], value) for name, value in values.items()})
