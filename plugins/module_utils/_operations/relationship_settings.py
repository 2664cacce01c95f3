# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The settings of a relationship: what is wanted, what differs, and what a new one needs beside that. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import Enum
from typing import Final

from ansible_collections.hyperv.replica.plugins.module_utils._errors import PreconditionFailed
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import Disk, Pair, ReplicationSettings, Side
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.states import (
    BUILT_IN_PROVIDER,
    AuthenticationType,
    ReplicationMode,
)
from ansible_collections.hyperv.replica.plugins.module_utils._operations.plan import Plain

#: Ports that a replica server listens on unless told otherwise (Microsoft's page msvm-replicationservicesettingdata).
_PORTS: Final = {AuthenticationType.KERBEROS: 80, AuthenticationType.CERTIFICATE: 443}


class RelationshipState(str, Enum):
    """Where a task leaves a relationship."""

    PRESENT = "present"
    REPLICATING = "replicating"
    SUSPENDED = "suspended"
    RESYNCHRONIZED = "resynchronized"
    RESYNCHRONIZATION_CANCELLED = "resynchronization_cancelled"
    FIRST_COPY_STOPPED = "first_copy_stopped"
    PROMOTED = "promoted"
    ABSENT = "absent"


class WhichLeg(str, Enum):
    """Which relationship of a VM is meant: of the primary with its replica, or of the replica with a third host."""

    PRIMARY = "primary"
    EXTENDED = "extended"


class FirstCopy(str, Enum):
    """How the disks get to the replica host for the first time."""

    NETWORK = "network"
    EXPORT = "export"
    EXISTING = "existing"


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedRelationship:
    """What a task wants of the relationships of its VMs.

    Attributes:
        settings: by their WMI names, those that were asked for; disks by path or id.
        export_path: folder that the first copy is written to, as the sending host sees it.
        import_path: the same, brought to the replica host; None while it is on its way.
        start_at: when the first copy or the resynchronization begins; at once when None.
        reset_statistics: once in this run.
        even_if_failed_over: a relationship that is failed over and not home may be changed or removed.
    """

    state: RelationshipState
    leg: WhichLeg = WhichLeg.PRIMARY
    settings: Mapping[str, Plain] = field(default_factory=dict)
    first_copy: FirstCopy = FirstCopy.NETWORK
    export_path: str | None = None
    import_path: str | None = None
    start_at: datetime | None = None
    reset_statistics: bool = False
    even_if_failed_over: bool = False

    @property
    def extended(self) -> bool:
        return self.leg is WhichLeg.EXTENDED

    @property
    def receiver(self) -> ReplicationMode:
        """Mode of a copy that receives on this leg."""
        return ReplicationMode.EXTENDED_REPLICA if self.extended else ReplicationMode.REPLICA

    @classmethod
    def to_home(cls, replica_server: str, **more: Plain) -> WantedRelationship:
        """One that is to replicate to this server."""
        return cls(state=RelationshipState.REPLICATING, settings={"RecoveryConnectionPoint": replica_server, **more})


def differences(side: Side, wanted: WantedRelationship) -> dict[str, Plain]:
    """The wanted settings that the relationship does not have, as they are to be sent."""
    if side.settings is None:
        return {}
    asked = _resolved(side, wanted.settings)
    return {name: value for name, value in asked.items() if not same(side.settings, name, value)}


def same(settings: ReplicationSettings, name: str, value: Plain) -> bool:
    """Whether a setting has this value already: names, thumbprints and disks in any case, disks in any order."""
    known = shown(settings, name)
    if isinstance(known, tuple) or isinstance(value, tuple):
        return folded(known) == folded(value)
    if isinstance(known, str) and isinstance(value, str) and name != "AdditionalSettings":
        return known.casefold() == value.casefold()
    return known == value


def shown(settings: ReplicationSettings, name: str) -> Plain:
    """A setting as people write it: a time of day, a provider's GUID; nothing for null."""
    value = settings.own.get(name)
    if name == "IncludedDisks":
        return settings.included_disks
    if name == "ReplicationProvider":
        return settings.provider
    if isinstance(value, timedelta):
        minutes = int(value.total_seconds()) // 60
        return f"{minutes // 60:02d}:{minutes % 60:02d}"
    if name in ("AdditionalSettings", "CertificateThumbPrint"):
        return value or ""
    return value


def folded(value: Plain) -> frozenset[str]:
    """Disks by the ids of their settings, in any case and order."""
    return frozenset(text.upper() for text in value) if isinstance(value, tuple) else frozenset()


def changed(settings: ReplicationSettings, changes: Mapping[str, Plain]) -> ReplicationSettings:
    """The settings as a call with these changes is expected to leave them."""
    own = {**settings.own, **changes}
    provider = str(changes.get("ReplicationProvider") or settings.provider).upper()
    point = str(own.get("RecoveryConnectionPoint") or "")
    disks = changes.get("IncludedDisks")
    included = disks if isinstance(disks, tuple) else settings.included_disks
    return replace(settings, own=own, provider=provider, recovery_connection_point=point, included_disks=included)


def for_new(seen: Pair, here: Side, wanted: WantedRelationship) -> dict[str, Plain]:
    """All that a new relationship is made of, beside what the VM's settings say already.

    Raises:
        PreconditionFailed: the replica server, or the certificate to sign in with, is not known.
    """
    asked = _resolved(here, wanted.settings)
    if not asked.get("RecoveryConnectionPoint"):
        raise PreconditionFailed(
            "the name of the replica server is not known",
            kind="bad_option",
            host=here.host,
            vm=here.vm_name,
            remedy="Give replica_server: the full name of the receiving host, or of its cluster's broker",
        )
    external = asked.get("ReplicationProvider", BUILT_IN_PROVIDER) != BUILT_IN_PROVIDER
    listener = {} if external else _listener(seen, here, asked)
    disks = asked.get("IncludedDisks") or (() if wanted.extended else _all_disks(here))
    return {**listener, **asked, **({"IncludedDisks": disks} if disks else {})}


def _listener(seen: Pair, here: Side, asked: Mapping[str, Plain]) -> dict[str, Plain]:
    given = asked.get("AuthenticationType")
    authentication = AuthenticationType(given) if isinstance(given, int) else AuthenticationType.KERBEROS
    server = seen.source.facts.replica_server if seen.source.facts else None
    own = here.facts.replica_server
    values: dict[str, Plain] = {
        "AuthenticationType": int(authentication),
        "RecoveryServerPortNumber": server.port(authentication) if server else _PORTS[authentication],
    }
    if authentication is AuthenticationType.CERTIFICATE:
        values["CertificateThumbPrint"] = own.certificate_thumbprint if own else ""
        if not (values | dict(asked))["CertificateThumbPrint"]:
            raise PreconditionFailed(
                "this host has no certificate to sign in with",
                kind="bad_option",
                host=here.host,
                vm=here.vm_name,
                remedy="Give certificate_thumbprint, or set one with hyperv_replica_server",
            )
    return values


def _all_disks(side: Side) -> tuple[str, ...]:
    return tuple(disk.id for disk in side.disks)


def _resolved(side: Side, asked: Mapping[str, Plain]) -> dict[str, Plain]:
    """The same with disks by the ids of their settings."""
    wanted = asked.get("IncludedDisks")
    if not isinstance(wanted, tuple):
        return dict(asked)
    return {**asked, "IncludedDisks": tuple(_disk_id(side, text) for text in wanted)}


def _disk_id(side: Side, text: str) -> str:
    found = [disk for disk in side.disks if is_named(disk, text)]
    if len(found) == 1:
        return found[0].id
    raise PreconditionFailed(
        f"{text!r} means {'no' if not found else 'more than one'} disk of it",
        kind="bad_option",
        host=side.host,
        vm=side.vm_name,
        remedy=f"Its disks are {', '.join(disk.path for disk in side.disks) or 'none'}",
    )


def is_named(disk: Disk, text: str) -> bool:
    """By id, by path, or by the name of its file."""
    text, path = text.casefold(), disk.path.casefold()
    return text in (disk.id.casefold(), path, path.rpartition("\\")[2])


def listener_of(arguments: Mapping[str, Plain], settings: ReplicationSettings) -> dict[str, Plain]:
    """What a connection test before a new relationship asks for."""
    by_certificate = arguments.get("AuthenticationType") == int(AuthenticationType.CERTIFICATE)
    return {
        "RecoveryConnectionPoint": arguments["RecoveryConnectionPoint"],
        "RecoveryServerPortNumber": arguments.get("RecoveryServerPortNumber"),
        "AuthenticationType": arguments.get("AuthenticationType"),
        "CertificateThumbPrint": arguments.get("CertificateThumbPrint") if by_certificate else None,
        "BypassProxyServer": bool(arguments.get("BypassProxyServer", settings.bypass_proxy)),
    }
