# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Computer systems, services, switches, replication server settings and jobs of a host, as WMI shows them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any, Final

from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.states import JobState, Power
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.identities import (
    Sight,
    never,
    provider_id,
    service_settings_id,
)
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.languages import job_caption, job_status
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.machines import Vm
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.world import Job

Values = dict[str, Any]
View = Callable[[Sight], Iterator[Values]]

#: Powers in which OnTimeInMilliseconds counts.
_ON: Final = frozenset({Power.RUNNING, Power.SHUTTING_DOWN, Power.PAUSED, Power.STARTING})

#: Singleton services: Name and the caption they have (their pages).
SERVICES: Final = {
    "Msvm_ReplicationService": ("replicasvc", "replication_service"),
    "Msvm_VirtualSystemManagementService": ("vmms", "management_service"),
    "Msvm_ImageManagementService": ("vhdsvc", "management_service"),
    "Msvm_VirtualSystemSnapshotService": ("vssnapsvc", "management_service"),
    "Msvm_VirtualEthernetSwitchManagementService": ("nvspwmi", "switch"),
    "Msvm_SecurityService": ("securitysvc", "management_service"),
}


def up_time(sight: Sight, vm: Vm) -> timedelta:
    """How long a VM has been on; nothing while it is off."""
    if vm.power not in _ON or vm.powered_on is None:
        return timedelta()
    return max(timedelta(), sight.now - vm.powered_on)


def normal(sight: Sight) -> Values:
    """What a healthy element shows about itself."""
    return {
        "OperationalStatus": [2],
        "StatusDescriptions": [sight.said("operating_normally")],
        "Status": "OK",
        "HealthState": 5,
    }


def systems(sight: Sight) -> Iterator[Values]:
    """Msvm_ComputerSystem: the host itself, then its VMs."""
    yield {
        **normal(sight),
        "Caption": sight.said("hosting_computer"),
        "CreationClassName": "Msvm_ComputerSystem",
        "Dedicated": [0],
        "Description": sight.said("hosting_computer"),
        "ElementName": sight.host.name,
        "EnabledDefault": 2,
        "EnabledState": 2,
        "Name": sight.host.name,
        "NumberOfNumaNodes": 1,
        "RequestedState": 12,
        "ResetCapability": 1,
        "TimeOfLastStateChange": sight.host.booted,
    }
    for vm in sight.vms:
        yield vm_values(sight, vm)


def vm_values(sight: Sight, vm: Vm) -> Values:
    """A VM as Msvm_ComputerSystem."""
    shown = vm.relationship
    on = vm.power in _ON
    return {
        **normal(sight),
        "HealthState": 25 if vm.critical else 5,
        "AvailableRequestedStates": None,
        "Caption": sight.said("virtual_machine"),
        "CreationClassName": "Msvm_ComputerSystem",
        "Description": sight.said("virtual_machine"),
        "ElementName": vm.name,
        "EnabledDefault": 2,
        "EnabledState": int(vm.power),
        "EnhancedSessionModeState": 2 if vm.power is Power.RUNNING else 6,
        "FailedOverReplicationType": int(shown.failed_over_type),
        "HwThreadsPerCoreRealized": 1 if on else 0,
        "InstallDate": vm.created,
        "LastApplicationConsistentReplicationTime": shown.last_application_consistent_time or never(sight),
        "LastReplicationTime": shown.last_replication_time or never(sight),
        "LastReplicationType": int(shown.last_type),
        "LastSuccessfulBackupTime": None,
        "Name": vm.guid,
        "NumberOfNumaNodes": 1,
        "OnTimeInMilliseconds": up_time(sight, vm) // timedelta(milliseconds=1),
        "ProcessID": 4000 + int(vm.guid[:3], 16) if on else None,
        "ReplicationHealth": int(shown.health),
        "ReplicationMode": int(vm.mode),
        "ReplicationState": int(shown.state),
        "RequestedState": vm.requested_state,
        "ResetCapability": 1,
        "TimeOfLastConfigurationChange": vm.created,
        "TimeOfLastStateChange": vm.power_changed or vm.created,
    }


def switches(sight: Sight) -> Iterator[Values]:
    """Msvm_VirtualEthernetSwitch."""
    for name in sight.host.switches:
        yield {
            **normal(sight),
            "Caption": sight.said("switch"),
            "CreationClassName": "Msvm_VirtualEthernetSwitch",
            "Dedicated": [38],
            "Description": sight.said("switch"),
            "ElementName": name,
            "EnabledState": 2,
            "Name": sight.host.switch_guid(name),
            "RequestedState": 12,
        }


def service(class_name: str) -> View:
    """The view of one singleton service."""
    name, caption = SERVICES[class_name]

    def view(sight: Sight) -> Iterator[Values]:
        server = sight.host.replica_server
        deaf = class_name == "Msvm_ReplicationService" and server.enabled and not sight.host.reachable_from_peers
        yield {
            **normal(sight),
            "Caption": sight.said(caption),
            "CreationClassName": class_name,
            "Description": sight.said(caption),
            "ElementName": sight.said(caption),
            "EnabledDefault": 2,
            "EnabledState": 2,
            "Name": name,
            "OperationalStatus": [6 if deaf else 2],
            "RequestedState": 12,
            "Started": True,
            "SystemCreationClassName": "Msvm_ComputerSystem",
            "SystemName": sight.host.name,
        }

    return view


def replication_server(sight: Sight) -> Iterator[Values]:
    """Msvm_ReplicationServiceSettingData."""
    server = sight.host.replica_server
    yield {
        "AllowedAuthenticationType": server.allowed_authentication,
        "Caption": sight.said("replication_settings"),
        "CertificateThumbPrint": server.certificate_thumbprint or None,
        "Description": sight.said("replication_settings"),
        "ElementName": sight.said("replication_settings"),
        "HttpPort": server.http_port,
        "HttpsPort": server.https_port,
        "InstanceID": service_settings_id(sight),
        "MonitoringInterval": server.monitoring_interval,
        "MonitoringStartTime": server.monitoring_start,
        "RecoveryServerEnabled": server.enabled,
    }


def authorization_id(sight: Sight, primary: str) -> str:
    """InstanceID of an authorization entry; its form is not documented, the entry is known by its host."""
    return f"{service_settings_id(sight)}\\{primary}"


def _entry_id(sight: Sight, primary: str) -> str | None:
    """The page calls it key and always null, which cannot both be: a switch."""
    named = sight.world.switches.is_("entry_instance_id", "named")
    return authorization_id(sight, primary) if named else None


def authorizations(sight: Sight) -> Iterator[Values]:
    """Msvm_ReplicationAuthorizationSettingData."""
    for entry in sight.host.replica_server.entries:
        yield {
            "AllowedPrimaryHostSystem": entry.primary,
            "Caption": sight.said("replication_settings"),
            "Description": sight.said("replication_settings"),
            "ElementName": entry.primary,
            "InstanceID": _entry_id(sight, entry.primary),
            "ReplicaStorageLocation": entry.storage,
            "TrustGroup": entry.trust_group,
        }


def providers(sight: Sight) -> Iterator[Values]:
    """Msvm_ReplicationProvider."""
    for provider in sight.host.providers:
        yield {
            "Caption": sight.said("replication_provider"),
            "Description": provider.name,
            "ElementName": provider.name,
            "InstanceID": provider_id(sight, provider.guid),
            "Name": provider.guid,
            "OperationalStatus": [2],
        }


def jobs(sight: Sight) -> Iterator[Values]:
    """Msvm_ConcreteJob."""
    for job in sight.host.jobs.values():
        caption = job_caption(sight.host.language, job.type)
        yield {
            "Cancellable": job.cancellable and job.running,
            "Caption": caption,
            "DeleteOnCompletion": False,
            "Description": caption,
            "ElapsedTime": job.elapsed,
            "ElementName": caption,
            "ErrorCode": job.error_code,
            "ErrorDescription": job.error_description or None,
            "ErrorSummaryDescription": job.error_summary or None,
            "HealthState": 5,
            "InstanceID": job.guid,
            "JobState": int(job.state),
            "JobStatus": job_status(sight.host.language, _status(job)),
            "JobType": job.type,
            "LocalOrUtcTime": 2,
            "Name": caption,
            "OperationalStatus": [2],
            "PercentComplete": job.percent,
            "StartTime": job.submitted,
            "Status": "OK",
            "StatusDescriptions": [sight.said("ok")],
            "TimeBeforeRemoval": timedelta(seconds=sight.world.switches.number("finished_job_lifetime")),
            "TimeOfLastStateChange": job.changed,
            "TimeSubmitted": job.submitted,
        }


def _status(job: Job) -> str:
    if job.running:
        return "running"
    return {JobState.COMPLETED: "completed", JobState.EXCEPTION: "failed"}.get(job.state, "cancelled")


def management_settings(sight: Sight) -> Iterator[Values]:
    """Msvm_VirtualSystemManagementServiceSettingData."""
    yield {
        "Caption": sight.said("management_service"),
        "DefaultExternalDataRoot": "C:\\ProgramData\\Microsoft\\Windows\\Hyper-V",
        "DefaultVirtualHardDiskPath": "C:\\Users\\Public\\Documents\\Hyper-V\\Virtual Hard Disks",
        "ElementName": sight.said("management_service"),
        "EnhancedSessionModeEnabled": False,
        "InstanceID": f"Microsoft:{sight.host.name}",
        "MaximumMacAddress": sight.host.mac_maximum,
        "MinimumMacAddress": sight.host.mac_minimum,
        "NumaSpanningEnabled": True,
    }


def management_capabilities(sight: Sight) -> Iterator[Values]:
    """Msvm_VirtualSystemManagementCapabilities."""
    yield {
        "Caption": sight.said("management_service"),
        "ElementName": sight.said("management_service"),
        "ElementNameEditSupported": True,
        "InstanceID": f"Microsoft:{sight.host.name}\\Capabilities",
    }


SYSTEM_VIEWS: Final[dict[str, View]] = {
    "Msvm_ComputerSystem": systems,
    "Msvm_VirtualEthernetSwitch": switches,
    "Msvm_ReplicationServiceSettingData": replication_server,
    "Msvm_ReplicationAuthorizationSettingData": authorizations,
    "Msvm_ReplicationProvider": providers,
    "Msvm_ConcreteJob": jobs,
    "Msvm_VirtualSystemManagementServiceSettingData": management_settings,
    "Msvm_VirtualSystemManagementCapabilities": management_capabilities,
    **{class_name: service(class_name) for class_name in SERVICES},
}
