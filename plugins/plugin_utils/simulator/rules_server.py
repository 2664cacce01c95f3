# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The replica server: its settings, whom it lets in, a test of the way there (Msvm_ReplicationService)."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Final

from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.states import JobType
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.acceptance import (
    holds_certificate,
    lets_in,
    listens,
)
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.case import Case
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.jobs import Refused
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.machines import Adapter, FailoverAddress, Vm
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.replica_server import (
    AuthorizationEntry,
    ReplicaServer,
)
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.settings import (
    as_bool,
    as_number,
    as_text,
    as_texts,
)
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.values import Emb, MethodResult

SETTINGS_SECONDS: Final = 2.0
_TIME_OF_DAY: Final = re.compile(r"\d{8}(\d\d)(\d\d)(\d\d)\..*")

#: Properties of Msvm_ReplicationServiceSettingData that may be set (that class's page), and their fields.
_SERVER: Final = {
    "RecoveryServerEnabled": ("enabled", as_bool),
    "AllowedAuthenticationType": ("allowed_authentication", as_number),
    "CertificateThumbPrint": ("certificate_thumbprint", as_text),
    "HttpsPort": ("https_port", as_number),
    "HttpPort": ("http_port", as_number),
    "MonitoringInterval": ("monitoring_interval", as_number),
}


def modify_service_settings(case: Case) -> MethodResult:
    """Page modifyservicesettings: listener, ports, authentication and monitoring of the host."""
    given = case.embedded("SettingData")
    _check_class(given, "Msvm_ReplicationServiceSettingData")
    wanted = {
        field: read(given.properties[name])
        for name, (field, read) in _SERVER.items()
        if given.properties.get(name) is not None
    }
    if found := _TIME_OF_DAY.fullmatch(given.text("MonitoringStartTime")):
        hours, minutes, seconds = map(int, found.groups())
        wanted["monitoring_start"] = timedelta(hours=hours, minutes=minutes, seconds=seconds)
    _check_server(case.host.replica_server, wanted)

    def finish() -> None:
        for field, value in wanted.items():
            setattr(case.host.replica_server, field, value)

    return case.job(None, JobType.MODIFY_REPLICATION_SERVER_SETTINGS, SETTINGS_SECONDS, finish)


def add_authorization(case: Case) -> MethodResult:
    """Page addauthorizationentry: one entry for each primary server."""
    entry = _entry(case)
    if _own_entry(case, entry.primary) is not None:
        raise Refused(32773)
    entries = case.host.replica_server.entries
    return case.job(None, JobType.MODIFY_REPLICATION_SERVER_SETTINGS, SETTINGS_SECONDS, lambda: entries.append(entry))


def modify_authorization(case: Case) -> MethodResult:
    """Page modifyauthorizationentry: storage location or trust group of an entry there is."""
    entry = _entry(case)
    known = _own_entry(case, entry.primary)
    if known is None:
        raise Refused(32773)
    present = known

    def finish() -> None:
        present.trust_group, present.storage = entry.trust_group, entry.storage

    return case.job(None, JobType.MODIFY_REPLICATION_SERVER_SETTINGS, SETTINGS_SECONDS, finish)


def remove_authorization(case: Case) -> MethodResult:
    """Page removeauthorizationentry: replication stops for every VM that came in by it."""
    known = _own_entry(case, case.text("AllowedPrimaryHostSystem"))
    if known is None:
        raise Refused(32773)
    present = known
    entries = case.host.replica_server.entries

    def finish() -> None:
        entries.remove(present)

    return case.job(None, JobType.MODIFY_REPLICATION_SERVER_SETTINGS, SETTINGS_SECONDS, finish)


def set_authorization(case: Case) -> MethodResult:
    """Page setauthorizationentry: binds a VM to the primary server that may replicate into it."""
    vm = case.vm()
    entry = _entry(case)
    case.idle(vm)

    def finish() -> None:
        vm.authorized = entry.primary

    return case.job(vm, JobType.MODIFY_REPLICATION_SERVER_SETTINGS, 1.0, finish)


def test_connection(case: Case) -> MethodResult:
    """Page testreplicationconnection: could this host replicate to that server? Changes nothing."""
    name = case.text("RecoveryConnectionPoint")
    port, authentication = case.number("RecoveryServerPortNumber"), case.number("AuthenticationType")
    thumbprint = case.argument("CertificateThumbPrint") or ""
    if authentication not in (1, 2) or not 0 < port < 65536 or (authentication == 2 and not thumbprint):
        raise Refused(32773, "return")

    def finish() -> None:
        other = case.world.at_point(name, "")
        if other is None or other is case.host or not case.world.linked(case.host, other):
            raise Refused(32768)
        ready = listens(other, authentication, port) and lets_in(other, case.host)
        if not ready or not holds_certificate(case.host, authentication, thumbprint):
            raise Refused(32768)

    return case.job(None, JobType.TEST_REPLICATION_CONNECTION, 2.0, finish)


def get_certificates(case: Case) -> MethodResult:
    """Page getsystemcertificates: synchronous, base64 DER."""
    return MethodResult(0, None, {"EncodedCertificates": list(case.host.certificates)})


def set_failover_addresses(case: Case) -> MethodResult:
    """Page setfailovernetworkadaptersettings: one element per adapter, IPAddresses and DHCPEnabled mandatory."""
    vm = case.vm()
    given = case.argument("NetworkSettings")
    if not isinstance(given, list) or len(given) > len(vm.adapters):
        raise Refused(32773, "return")
    pairs = [(_adapter(vm, element, place), _addresses(element)) for place, element in enumerate(given)]

    def finish() -> None:
        for adapter, addresses in pairs:
            adapter.failover = addresses

    return case.job(vm, JobType.MODIFY_VIRTUAL_MACHINE_RESOURCES, 1.0, finish)


def not_supported(_case: Case) -> MethodResult:
    """The service's own RequestStateChange, StartService and StopService: 1, not supported (their pages)."""
    return MethodResult(1)


def _check_class(given: Emb, name: str) -> None:
    if given.class_name.casefold() != name.casefold():
        raise Refused(32773, "return")


def _check_server(known: ReplicaServer, wanted: dict[str, object]) -> None:
    allowed = wanted.get("allowed_authentication", known.allowed_authentication)
    interval = wanted.get("monitoring_interval", known.monitoring_interval)
    enabled = wanted.get("enabled", known.enabled)
    in_range = isinstance(interval, int) and 3600 <= interval <= 604800
    if allowed not in (0, 1, 2, 3) or not in_range or (enabled and not allowed):
        raise Refused(32773, "return")


def _entry(case: Case) -> AuthorizationEntry:
    given = case.embedded("AuthorizationEntry")
    _check_class(given, "Msvm_ReplicationAuthorizationSettingData")
    if not given.text("AllowedPrimaryHostSystem"):
        raise Refused(32773, "return")
    return AuthorizationEntry(
        primary=given.text("AllowedPrimaryHostSystem"),
        trust_group=given.text("TrustGroup") or "DefaultTrustGroup",
        storage=given.text("ReplicaStorageLocation") or "C:\\Replica",
    )


def _own_entry(case: Case, primary: str) -> AuthorizationEntry | None:
    entries = case.host.replica_server.entries
    return next((entry for entry in entries if entry.primary.casefold() == primary.casefold()), None)


def _adapter(vm: Vm, element: object, place: int) -> Adapter:
    """The adapter an element means; InstanceID may be null (class page), then it goes by the order."""
    if not isinstance(element, Emb):
        raise Refused(32773, "return")
    identity = element.text("InstanceID").casefold()
    if not identity:
        return vm.adapters[place]
    for adapter in vm.adapters:
        if identity.startswith(adapter.instance_id.casefold()):
            return adapter
    raise Refused(32773, "return")


def _addresses(element: Emb) -> FailoverAddress:
    if "IPAddresses" not in element.properties or "DHCPEnabled" not in element.properties:
        raise Refused(32773, "return")
    protocol = element.properties.get("ProtocolIFType")
    return FailoverAddress(
        dhcp=as_bool(element.properties["DHCPEnabled"]),
        protocol=4096 if protocol is None else as_number(protocol),
        addresses=as_texts(element.properties["IPAddresses"]),
        subnets=as_texts(element.properties.get("Subnets")),
        gateways=as_texts(element.properties.get("DefaultGateways"))[:5],
        dns=as_texts(element.properties.get("DNSServers")),
    )
