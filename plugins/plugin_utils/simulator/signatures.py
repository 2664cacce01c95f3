# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What parameters each method takes and gives. Source: the page of each method (Microsoft, HyperV_v2)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Final

from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.catalogue import CimClass

_VM: Final = "ComputerSystem:reference"
_SETTINGS: Final = "ReplicationSettingData:Msvm_ReplicationSettingData"
_ENTRY: Final = "AuthorizationEntry:Msvm_ReplicationAuthorizationSettingData"
_ONE: Final = "ReplicationRelationship:Msvm_ReplicationRelationship"
_POINT: Final = "SnapshotSettingData:point?"
_STATISTICS: Final = "ReplicationStatistics[] ReplicationHealthIssues[] Job"
_STATE: Final = "RequestedState:uint16 TimeoutPeriod:datetime?"
_SHUTDOWN: Final = "Force:boolean Reason:string"

#: Class: method: in-parameters ``name:kind``, then ``>`` and the out-parameters. A kind is a CIM type, ``reference``,
#: ``point`` (a reference or an embedded instance, as the switch says) or the class of an embedded instance; ``[]`` is
#: an array and ``?`` may be null.
_METHODS: Final[dict[str, dict[str, str]]] = {
    "Msvm_ReplicationService": {
        "ModifyServiceSettings": "SettingData:Msvm_ReplicationServiceSettingData > Job",
        "AddAuthorizationEntry": f"{_ENTRY} > Job",
        "ModifyAuthorizationEntry": f"{_ENTRY} > Job",
        "RemoveAuthorizationEntry": "AllowedPrimaryHostSystem:string > Job",
        "SetAuthorizationEntry": f"{_VM} {_ENTRY} > Job",
        "TestReplicationConnection": (
            "RecoveryConnectionPoint:string RecoveryServerPortNumber:uint16 AuthenticationType:uint16 "
            "CertificateThumbPrint:string? BypassProxyServer:boolean > Job"
        ),
        "CreateReplicationRelationship": f"{_VM} {_SETTINGS} > Job",
        "ModifyReplicationSettings": f"{_VM} {_SETTINGS} > Job",
        "RemoveReplicationRelationship": f"{_VM} > Job",
        "RemoveReplicationRelationshipEx": f"{_VM} {_ONE} > Job",
        "StartReplication": (
            f"{_VM} InitialReplicationType:uint16 InitialReplicationExportLocation:string? StartTime:datetime? > Job"
        ),
        "ImportInitialReplica": f"{_VM} InitialReplicationImportLocation:string > Job",
        "ReverseReplicationRelationship": f"{_VM} {_SETTINGS} > Job",
        "InitiateFailover": f"{_VM} {_POINT} > Job",
        "RevertFailover": f"{_VM} > Job",
        "CommitFailover": f"{_VM} > Job",
        "TestReplicaSystem": f"{_VM} {_POINT} > ResultingSystem Job",
        "Resynchronize": f"{_VM} StartTime:datetime? > Job",
        "SetFailoverNetworkAdapterSettings": (f"{_VM} NetworkSettings:Msvm_FailoverNetworkAdapterSettingData[] > Job"),
        "GetReplicationStatistics": f"{_VM} > {_STATISTICS}",
        "GetReplicationStatisticsEx": f"{_VM} {_ONE} > {_STATISTICS}",
        "ResetReplicationStatistics": f"{_VM} > Job",
        "ResetReplicationStatisticsEx": f"{_VM} {_ONE} > Job",
        "GetSystemCertificates": " > EncodedCertificates[]",
        "ChangeReplicationModeToPrimary": f"{_VM} {_ONE} > Job",
        "InitiateFailback": f"{_VM} {_SETTINGS} RecoveryPointIdentifier:string? > Job",
        "RequestStateChange": f"{_STATE} > Job",
        "StartService": " > ",
        "StopService": " > ",
    },
    "Msvm_ComputerSystem": {
        "RequestStateChange": f"{_STATE} > Job",
        "RequestReplicationStateChange": f"{_STATE} > Job",
        "RequestReplicationStateChangeEx": f"{_ONE}? {_STATE} > Job",
        "InjectNonMaskableInterrupt": " > Job",
    },
    "Msvm_ConcreteJob": {
        "GetError": " > Error",
        "GetErrorEx": " > Errors[]",
        "RequestStateChange": f"{_STATE} > ",
        "KillJob": "DeleteOnKill:boolean > ",
    },
    "Msvm_VirtualSystemManagementService": {
        "GetSummaryInformation": "SettingData:reference[]? RequestedInformation:uint32[] > SummaryInformation[]",
        "DestroySystem": "AffectedSystem:reference > Job",
        "ModifySystemSettings": "SystemSettings:CIM_VirtualSystemSettingData > Job",
        "ModifyResourceSettings": (
            "ResourceSettings:CIM_ResourceAllocationSettingData[] > ResultingResourceSettings[] Job"
        ),
        "SetGuestNetworkAdapterConfiguration": (
            f"{_VM} NetworkConfiguration:Msvm_GuestNetworkAdapterConfiguration[] > Job"
        ),
        "FormatError": "Errors:Msvm_Error[] > ErrorMessage",
    },
    "StdRegProv": {"GetDWORDValue": "hDefKey:uint32? sSubKeyName:string sValueName:string > uValue"},
    "Msvm_ShutdownComponent": {
        "InitiateShutdown": f"{_SHUTDOWN} > ",
        "InitiateReboot": f"{_SHUTDOWN} > ",
        "InitiateHibernate": " > ",
    },
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One in-parameter.

    Attributes:
        kind: a CIM type, ``reference``, ``point``, or ``embedded``.
        class_name: of an embedded instance.
    """

    name: str
    kind: str
    class_name: str = ""
    array: bool = False
    nullable: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """What one method takes and gives.

    Attributes:
        outputs: names of the out-parameters that are no arrays, ReturnValue aside.
    """

    parameters: tuple[Parameter, ...]
    outputs: tuple[str, ...]

    def parameter(self, name: str) -> Parameter | None:
        """The parameter of this name; case counts (MicrosoftDocs/win32 WinRM resource-uris.md)."""
        return next((one for one in self.parameters if one.name == name), None)


@cache
def signature(of: CimClass, method: str) -> Signature | None:
    """The signature of a method of the class; None where it has no such method."""
    text = _METHODS.get(of.name, {}).get(method)
    return None if text is None else _read(text)


def _read(text: str) -> Signature:
    before, _mark, after = text.partition(">")
    outputs = tuple(name for name in after.split() if not name.endswith("[]"))
    return Signature(parameters=tuple(_parameter(part) for part in before.split()), outputs=outputs)


def _parameter(text: str) -> Parameter:
    name, _mark, kind = text.partition(":")
    bare = kind.rstrip("[]?")
    embedded = bare.startswith(("Msvm_", "CIM_"))
    return Parameter(
        name=name,
        kind="embedded" if embedded else bare,
        class_name=bare if embedded else "Msvm_VirtualSystemSettingData" if bare == "point" else "",
        array="[]" in kind,
        nullable=kind.endswith("?"),
    )
