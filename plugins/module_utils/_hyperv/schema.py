# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""CIM instances as the model's values: where property and field meet; ``sending.py`` is the way back.

An enumeration's number that this collection does not know is an error here, but for a job's type.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from typing import Final, TypeVar
from xml.sax.saxutils import unescape

from ansible_collections.hyperv.replica.plugins.module_utils._errors import WireError
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.classes import (
    HEALTH,
    HEARTBEAT,
    OWN_SETTINGS,
    POINT_TYPES,
    SINCE_2012_R2,
)
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import (
    Guest,
    HostFacts,
    Job,
    RecoveryPoint,
    Relationship,
    ReplicaServer,
    ReplicationSettings,
    Side,
)
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.states import (
    BUILT_IN_PROVIDER,
    AuthenticationType,
    ComponentStatus,
    JobState,
    JobType,
    Power,
    ReplicationHealth,
    ReplicationMode,
    ReplicationState,
    ReplicationType,
    StartAction,
    VirtualSystemType,
)
from ansible_collections.hyperv.replica.plugins.module_utils._wire.cim import CimInstance

#: RequestedState when nothing is asked for: 5 no change, 12 not applicable (class CIM_EnabledLogicalElement).
_IDLE: Final = (None, 0, 5, 12)

#: EnabledState as the v1 namespace numbers it (Microsoft's page msvm-computersystem of root\virtualization): paused,
#: saved, and passing states, in which a VM must neither count as off nor keep its host from being looked at.
_V1_POWER: Final[Mapping[int, Power]] = {
    32768: Power.PAUSED,
    32769: Power.SAVED,
    32770: Power.STARTING,
    32771: Power.STARTING,  # snapshotting
    32773: Power.SHUTTING_DOWN,  # saving
    32774: Power.SHUTTING_DOWN,
    32776: Power.SHUTTING_DOWN,  # pausing
    32777: Power.STARTING,  # resuming
}

_GUID: Final = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
_DISK_IN_PATH: Final = re.compile(r'InstanceID="([^"]*)"$', re.IGNORECASE)
_DISK_IN_INSTANCE: Final = re.compile(
    r'<PROPERTY\b[^>]*\bNAME="InstanceID"[^>]*>\s*<VALUE>([^<]*)</VALUE>', re.IGNORECASE
)
_LEG: Final = re.compile(r"\\HVR(?:\\(\d))?$", re.IGNORECASE)

_OFFSET: Final = re.compile(r"([+-])(?:(\d\d):(\d\d)|(\d{3}))$", re.ASCII)

_E = TypeVar("_E", bound=IntEnum)


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistics:
    """Msvm_ReplicationStatistics of one monitoring interval; sizes in bytes, latency is the interval's total."""

    start: datetime | None
    end: datetime | None
    health: ReplicationHealth
    successes: int
    misses: int
    failures: int
    network_failures: int
    size: int
    max_size: int
    pending_size: int
    latency: timedelta
    max_latency: timedelta
    app_consistent_failures: int
    last_test_failover: datetime | None


def guid(text: str | None) -> str:
    """The first GUID in a text, in upper case without braces; empty where there is none."""
    found = _GUID.search(text or "")
    return found[0].upper() if found else ""


def vm_id(system: CimInstance) -> str:
    """The GUID of a virtual machine; empty for the host's own instance, whose Name is not one."""
    name = (system.text("Name") or "").strip("{} ")
    return name.upper() if _GUID.fullmatch(name) else ""


def leg(instance: CimInstance) -> tuple[str, int]:
    r"""VM and number of a relationship or its settings: 0 primary, 1 extended; Server 2012's ``\HVR`` is 0."""
    instance_id = instance.text("InstanceID") or ""
    found = _LEG.search(instance_id)
    if not found or not guid(instance_id):
        raise WireError(f"{instance.class_name}.InstanceID is {instance_id!r}, which names no relationship")
    return guid(instance_id), int(found[1] or 0)


def side(system: CimInstance, facts: HostFacts) -> Side:
    """A VM as Msvm_ComputerSystem alone shows it.

    The relationship is that of the deprecated properties there, None when they say that it is not replicated.
    """
    v1_power = _V1_POWER.get(system.integer("EnabledState") or 0)
    requested = system.integer("RequestedState")
    on_time = system.integer("OnTimeInMilliseconds")
    return Side(
        host=facts.name,
        vm_name=system.text("ElementName") or vm_id(system),
        vm_id=vm_id(system),
        power=v1_power or _enum(system, "EnabledState", Power, Power.UNKNOWN),
        mode=_enum(system, "ReplicationMode", ReplicationMode, ReplicationMode.NONE),
        facts=facts,
        relationship=relationship(system) if system.integer("ReplicationState") else None,
        requested_power=None if requested in _IDLE else requested,
        power_changed=system.moment("TimeOfLastStateChange"),
        on_time=None if on_time is None else timedelta(milliseconds=on_time),
        health_state=system.integer(HEALTH),
    )


def relationship(instance: CimInstance) -> Relationship:
    """What Msvm_ReplicationRelationship shows, or the properties of the same names on Msvm_ComputerSystem."""
    instance_id = instance.text("InstanceID") or f"Microsoft:{vm_id(instance)}\\HVR\\0"
    return Relationship(
        instance_id=instance_id,
        state=_enum(instance, "ReplicationState", ReplicationState, ReplicationState.UNKNOWN),
        health=_enum(instance, "ReplicationHealth", ReplicationHealth, ReplicationHealth.NOT_APPLICABLE),
        failed_over_type=_enum(instance, "FailedOverReplicationType", ReplicationType, ReplicationType.NONE),
        last_type=_enum(instance, "LastReplicationType", ReplicationType, ReplicationType.NONE),
        last_replicated=instance.moment("LastReplicationTime"),
        last_applied=instance.moment("LastApplyTime"),
        last_app_consistent=instance.moment("LastApplicationConsistentReplicationTime"),
    )


def settings(instance: CimInstance) -> ReplicationSettings:
    """Msvm_ReplicationSettingData, with every own property kept as it was read; absent is null but on an old host."""
    old = not any(instance.has(name) for name in SINCE_2012_R2)
    return ReplicationSettings(
        instance_id=instance.text("InstanceID") or "",
        provider=provider(instance.text("ReplicationProvider")),
        authentication=_authentication(instance),
        certificate_thumbprint=instance.text("CertificateThumbPrint") or "",
        recovery_connection_point=instance.text("RecoveryConnectionPoint") or "",
        recovery_host=instance.text("RecoveryHostSystem") or "",
        primary_connection_point=instance.text("PrimaryConnectionPoint") or "",
        primary_host=instance.text("PrimaryHostSystem") or "",
        port=instance.integer("RecoveryServerPortNumber") or 0,
        interval=instance.integer("ReplicationInterval") or 300,
        recovery_history=instance.integer("RecoveryHistory") or 0,
        app_consistent_interval=instance.integer("ApplicationConsistentSnapshotInterval") or 0,
        compression=instance.boolean("CompressionEnabled") is not False,
        bypass_proxy=bool(instance.boolean("BypassProxyServer")),
        included_disks=tuple(disk_id(text) for text in instance.texts("IncludedDisks")),
        additional_settings=instance.text("AdditionalSettings") or "",
        own={
            name: _plain(instance, name, cim_type)
            for name, cim_type in OWN_SETTINGS.items()
            if not (old and name in SINCE_2012_R2)
        },
    )


def disk_id(text: str) -> str:
    """InstanceID of a disk's settings, by itself, in an object path with doubled backslashes, or in an instance."""
    if found := _DISK_IN_INSTANCE.search(text):
        return unescape(found[1])
    found = _DISK_IN_PATH.search(text)
    return found[1].replace("\\\\", "\\") if found else text


def provider(path: str | None) -> str:
    """The provider's GUID out of an object path: its last quoted text. The built-in one where none is named."""
    quoted = re.findall(r"\"([^\"]*)\"|'([^']*)'", path or "")
    named = "".join(quoted[-1]) if quoted else (path or "")
    guids = _GUID.findall(named)  # the key is InstanceID or Name; the GUID ends either
    return (guids[-1] if guids else named.strip("{} ")).upper() or BUILT_IN_PROVIDER


def job(instance: CimInstance, owner: str) -> Job:
    """One Msvm_ConcreteJob, of the VM with the given id."""
    number = instance.integer("JobType") or 0
    return Job(
        id=instance.text("InstanceID") or "",
        vm_id=owner,
        type=JobType(number) if number in JobType.__members__.values() else number,
        state=_enum(instance, "JobState", JobState),
        percent=instance.integer("PercentComplete") or 0,
        error_code=instance.integer("ErrorCode") or 0,
        error=instance.text("ErrorDescription") or instance.text("ErrorSummaryDescription") or "",
        started=instance.moment("StartTime"),
    )


def recovery_point(instance: CimInstance) -> RecoveryPoint | None:
    """A recovery point, or None for settings that are none, or that say no time."""
    kinds = {kind.value: kind for kind in POINT_TYPES}
    kind = kinds.get(instance.text("VirtualSystemType") or "")
    created = instance.moment("CreationTime")
    if kind is None or created is None:
        return None
    name = instance.text("ElementName") or ""
    return RecoveryPoint(id=instance.text("InstanceID") or "", name=name, kind=kind, created=created)


def is_active(instance: CimInstance) -> bool:
    """Whether a Msvm_VirtualSystemSettingData is a VM's own, and not a checkpoint of it."""
    return instance.text("VirtualSystemType") == VirtualSystemType.REALIZED.value


def start_action(instance: CimInstance) -> StartAction | None:
    """What the host does with the VM when the host starts; None where it does not say."""
    if instance.integer("AutomaticStartupAction") is None:
        return None
    return _enum(instance, "AutomaticStartupAction", StartAction)


def replica_server(setting: CimInstance, service: CimInstance | None) -> ReplicaServer:
    """How the host receives replication; OperationalStatus[0] of the service tells whether its listener runs."""
    status = service.integers("OperationalStatus") if service else ()
    return ReplicaServer(
        enabled=bool(setting.boolean("RecoveryServerEnabled")),
        allowed_authentication=setting.integer("AllowedAuthenticationType") or 0,
        certificate_thumbprint=setting.text("CertificateThumbPrint") or "",
        http_port=setting.integer("HttpPort") or 80,
        https_port=setting.integer("HttpsPort") or 443,
        listening=status[0] == ComponentStatus.OK if status else None,
    )


def host_facts(name: str, system: CimInstance | None) -> HostFacts:
    """Name and time of a host as Win32_OperatingSystem tells them."""
    if system is None:
        return HostFacts(name=name)
    return HostFacts(
        name=name,
        computer_name=system.text("CSName") or "",
        clock=system.moment("LocalDateTime"),
        utc_offset=_utc_offset(system.text("LocalDateTime") or ""),
        booted=system.moment("LastBootUpTime"),
        version=system.text("Version") or "",
        memory=_from_kib(system.integer("TotalVisibleMemorySize")),
        memory_free=_from_kib(system.integer("FreePhysicalMemory")),
    )


def _from_kib(amount: int | None) -> int | None:
    """Bytes; Win32_OperatingSystem counts in KiB (Microsoft's page of that class)."""
    return None if amount is None else amount << 10


def _utc_offset(text: str) -> timedelta | None:
    """What a moment says of its place: ``+01:00`` or ``Z`` in WS-CIM's form, ``+060`` in CIM's own."""
    if text.endswith("Z"):
        return timedelta()
    found = _OFFSET.search(text)
    if not found:
        return None
    sign, hours, minutes, whole = found.groups()
    length = timedelta(minutes=int(whole)) if whole else timedelta(hours=int(hours), minutes=int(minutes))
    return -length if sign == "-" else length


def guest(heartbeat: CimInstance | None, key_values: CimInstance | None) -> Guest:
    """What the integration services tell; intrinsic items are those that Hyper-V's own guest service writes."""
    status = heartbeat.integers("OperationalStatus") if heartbeat else ()
    items = {
        item.text("Name") or "": item.text("Data") or ""
        for item in (key_values.instances("GuestIntrinsicExchangeItems") if key_values else ())
    }
    addresses = f"{items.get('NetworkAddressIPv4', '')};{items.get('NetworkAddressIPv6', '')}".split(";")
    return Guest(
        heartbeat=_member(HEARTBEAT, "OperationalStatus", ComponentStatus, status[0]) if status else None,
        application=status[1] if len(status) > 1 else None,
        fqdn=items.get("FullyQualifiedDomainName", ""),
        os_name=items.get("OSName", ""),
        addresses=tuple(address.strip() for address in addresses if address.strip()),
    )


def statistics(instance: CimInstance) -> Statistics:
    """One monitoring interval."""

    def count(name: str) -> int:
        return instance.integer(name) or 0

    return Statistics(
        start=instance.moment("StartStatisticTime"),
        end=instance.moment("EndStatisticTime"),
        health=_enum(instance, "ReplicationHealth", ReplicationHealth, ReplicationHealth.NOT_APPLICABLE),
        successes=count("ReplicationSuccessCount"),
        misses=count("ReplicationMissCount"),
        failures=count("ReplicationFailureCount"),
        network_failures=count("NetworkFailureCount"),
        size=count("ReplicationSize"),
        max_size=count("MaxReplicationSize"),
        pending_size=count("PendingReplicationSize"),
        latency=timedelta(seconds=count("ReplicationLatency")),
        max_latency=timedelta(seconds=count("MaxReplicationLatency")),
        app_consistent_failures=count("ApplicationConsistentSnapshotFailureCount"),
        last_test_failover=instance.moment("LastTestFailoverTime"),
    )


def messages(errors: Iterable[CimInstance]) -> str:
    """The texts of Msvm_Error instances, each once, unchanged."""
    return "\n".join(dict.fromkeys(text for text in (error.text("Message") for error in errors) if text))


def _authentication(instance: CimInstance) -> AuthenticationType:
    """A VM that is not replicated has settings too (seen on a real host); what stands there then is not documented."""
    if not instance.integer("AuthenticationType"):
        return AuthenticationType.KERBEROS
    return _enum(instance, "AuthenticationType", AuthenticationType)


def _plain(instance: CimInstance, name: str, cim_type: str) -> str | int | bool | timedelta | tuple[str, ...] | None:
    match cim_type:
        case "string[]":
            return instance.texts(name) or None
        case "datetime":
            return instance.interval(name)
        case "boolean":
            return instance.boolean(name)
        case "string":
            return instance.text(name)
        case _:
            return instance.integer(name)


def _enum(instance: CimInstance, name: str, kind: type[_E], absent: _E | None = None) -> _E:
    number = instance.integer(name)
    if number is None and absent is not None:
        return absent
    return _member(instance.class_name, name, kind, number)


def _member(class_name: str, name: str, kind: type[_E], number: int | None) -> _E:
    if number is not None:
        with suppress(ValueError):
            return kind(number)
    raise WireError(f"{class_name}.{name} is {number}, which this collection does not know", code=number)
