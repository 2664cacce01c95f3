# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A host in the words of the simulator's estate schema: what is on it, read class by class. Changes nothing.

The schema is that of the guide "The simulated estate". What no class shows, such as how full a disk is, is left to the
schema's defaults.
"""

from __future__ import annotations

from typing import Any, Final

from ansible_collections.hyperv.replica.plugins.module_utils._errors import PreconditionFailed, WsmanFault
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv import capture_fitness
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.capture_vms import captured_vm
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.classes import (
    AUTHORIZATION,
    MANAGEMENT_SETTINGS,
    OPERATING_SYSTEM,
    SERVICE,
    SERVICE_SETTINGS,
    SYSTEM,
    VOLUME,
)
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.schema import guid, vm_id
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.shelf import (
    COMPUTER,
    PROVIDER,
    SWITCH,
    VM_CLASSES,
    Shelf,
    age,
    filled,
)
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.states import BUILT_IN_PROVIDER
from ansible_collections.hyperv.replica.plugins.module_utils._wire import names
from ansible_collections.hyperv.replica.plugins.module_utils._wire.cim import CimInstance
from ansible_collections.hyperv.replica.plugins.module_utils._wire.envelope import Talk
from ansible_collections.hyperv.replica.plugins.module_utils._wire.query import every, instances

#: AllowedAuthenticationType (class Msvm_ReplicationServiceSettingData) in the schema's words.
_AUTHENTICATION: Final = {0: "none", 1: "kerberos", 2: "certificate", 3: "both"}

#: The languages that simulated hosts speak.
LANGUAGES: Final = ("en-US", "de-DE", "fr-FR", "it-IT", "zh-TW", "ja-JP")


def capture() -> Talk[dict[str, Any]]:
    """The host and its VMs as one entry of an estate's ``hosts``; ages are by the host's own clock."""
    found = {}
    for name in (OPERATING_SYSTEM, COMPUTER):
        found[name] = yield from instances(every(name, namespace=names.CIMV2))
    for name in (SYSTEM, SERVICE, SERVICE_SETTINGS, AUTHORIZATION, PROVIDER, SWITCH, MANAGEMENT_SETTINGS, *VM_CLASSES):
        found[name] = yield from _whole(name)
    found[VOLUME] = yield from _whole(VOLUME, names.CIMV2)
    listed = yield from capture_fitness.certificates(found[SERVICE])
    return _host(_shelf(found), listed)


def _whole(name: str, namespace: str = names.VIRTUALIZATION) -> Talk[list[CimInstance]]:
    """All of a class; none where an old host does not have it. Msvm_ComputerSystem is on every Hyper-V host."""
    try:
        return (yield from instances(every(name, namespace=namespace)))
    except WsmanFault as fault:
        if name == SYSTEM or fault.kind == "access_refused":
            raise
        return []


def _shelf(found: dict[str, list[CimInstance]]) -> Shelf:
    system = next(iter(found[OPERATING_SYSTEM]), None)
    clock = system.moment("LocalDateTime") if system else None
    if system is None or clock is None or not found[COMPUTER]:
        raise PreconditionFailed("it does not tell its name and its time", kind="unsupported")
    return Shelf(found=found, now=clock, host=(system.text("CSName") or "").upper())


def _host(shelf: Shelf, certificates: list[str]) -> dict[str, Any]:
    system, computer = shelf.found[OPERATING_SYSTEM][0], shelf.found[COMPUTER][0]
    vms = [captured_vm(shelf, one) for one in shelf.found[SYSTEM] if vm_id(one)]
    language = next(iter(system.texts("MUILanguages")), "")
    return filled(
        {
            "name": shelf.host,
            "fqdn": _fqdn(shelf.host, computer),
            "language": language if language in LANGUAGES else None,
            "booted_age": age(shelf.now, system.moment("LastBootUpTime")),
            "memory": computer.integer("TotalPhysicalMemory"),
            "processors": computer.integer("NumberOfLogicalProcessors"),
            "os_version": system.text("Version"),
            "os_build": system.text("BuildNumber"),
            "os_caption": system.text("Caption"),
            "switches": [one.text("ElementName") for one in shelf.found[SWITCH]],
            "certificates": certificates,
            **capture_fitness.of_host(shelf),
            "replica_server": _server(shelf),
            "providers": _providers(shelf, vms),
            "vms": vms,
        }
    )


def _fqdn(name: str, computer: CimInstance) -> str:
    label = computer.text("DNSHostName") or name.lower()
    domain = computer.text("Domain") if computer.boolean("PartOfDomain") else ""
    return f"{label}.{domain}" if domain else label


def _server(shelf: Shelf) -> dict[str, Any] | None:
    for setting in shelf.found[SERVICE_SETTINGS]:
        start = setting.interval("MonitoringStartTime")
        return filled(
            {
                "enabled": bool(setting.boolean("RecoveryServerEnabled")),
                "authentication": _AUTHENTICATION.get(setting.integer("AllowedAuthenticationType") or 0),
                "http_port": setting.integer("HttpPort"),
                "https_port": setting.integer("HttpsPort"),
                "certificate_thumbprint": setting.text("CertificateThumbPrint"),
                "monitoring_interval": setting.integer("MonitoringInterval"),
                "monitoring_start": None if start is None else start.total_seconds(),
                "authorize": [_entry(one) for one in shelf.found[AUTHORIZATION]],
            }
        )
    return None


def _entry(one: CimInstance) -> dict[str, Any]:
    return filled(
        {
            "primary": one.text("AllowedPrimaryHostSystem"),
            "trust_group": one.text("TrustGroup"),
            "storage": one.text("ReplicaStorageLocation"),
        }
    )


def _providers(shelf: Shelf, vms: list[dict[str, Any]]) -> list[dict[str, str]]:
    """External providers: those that the host shows, and those that a relationship names."""
    named = {
        guid(one.text("Name") or one.text("InstanceID")): one.text("ElementName") or "" for one in shelf.found[PROVIDER]
    }
    legs = [leg for vm in vms for leg in vm.get("relationships", ())]
    used = {leg["settings"]["provider"]: "" for leg in legs if "provider" in leg["settings"]}
    both = used | named
    return [{"guid": key, "name": name or key} for key, name in both.items() if key and key != BUILT_IN_PROVIDER]
