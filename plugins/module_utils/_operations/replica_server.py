# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How a host receives replication: from what it shows to what is wanted, as calls in their order. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Final

from ansible_collections.hyperv.replica.plugins.module_utils._errors import PreconditionFailed
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.authorization import ANY_SERVER, AuthorizationEntry
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.certificates import Certificate
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.server import ServerLook
from ansible_collections.hyperv.replica.plugins.module_utils._operations.plan import Plain

#: A new entry's trust group where none is given; VMs of one group may move between the hosts that share it.
DEFAULT_TRUST_GROUP: Final = "DefaultTrustGroup"

_BY_CERTIFICATE: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedEntry:
    """An authorization entry that is to be there, or not to be; None keeps what there is."""

    primary: str
    trust_group: str | None = None
    storage: str | None = None
    present: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedServer:
    """How a host is to receive replication; None everywhere keeps what there is.

    Attributes:
        authentication: 1 Kerberos, 2 certificate, 3 both.
        thumbprint: of the listener's certificate; or
        subject: the name it is issued to, of which the certificate that lasts longest is taken.
        lasting: for how long from now the certificate has to go on.
        any_server: whether every server may send.
        default_storage: of the entry of every server, and of new entries that name none.
        purge: entries that are not listed go.
        bindings: GUIDs of VMs, each with the primary server whose entry it is bound to.
    """

    enabled: bool | None = None
    authentication: int | None = None
    http_port: int | None = None
    https_port: int | None = None
    thumbprint: str | None = None
    subject: str | None = None
    lasting: timedelta = timedelta()
    monitoring_interval: int | None = None
    monitoring_start: time | None = None
    any_server: bool | None = None
    default_storage: str | None = None
    entries: tuple[WantedEntry, ...] = ()
    purge: bool = False
    bindings: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One call.

    Attributes:
        vm_id: of the VM it is about; empty where it is about the host.
    """

    method: str
    arguments: Mapping[str, Plain]
    why: str
    vm_id: str = ""


def plan(seen: ServerLook, wanted: WantedServer, now: datetime) -> tuple[Change, ...]:
    """The calls that lead from what a host shows to what is wanted: settings, then who comes in, then who goes.

    Raises:
        PreconditionFailed: what is wanted cannot work, as far as the host shows.
    """
    settings = _settings(seen, wanted, now)
    return (*settings, *_admitted(seen, wanted), *_dismissed(seen, wanted))


def bindings(seen: ServerLook, wanted: WantedServer) -> tuple[Change, ...]:
    """The calls that bind VMs to entries. No host shows which entry a VM is bound to, so they are always made."""
    return tuple(
        Change(
            method="SetAuthorizationEntry",
            arguments={"AllowedPrimaryHostSystem": primary},
            why=f"{seen.vms[vm_id].vm_name} may be replicated into by {primary}",
            vm_id=vm_id,
        )
        for vm_id, primary in wanted.bindings.items()
    )


def _settings(seen: ServerLook, wanted: WantedServer, now: datetime) -> Iterator[Change]:
    server = seen.server
    values: dict[str, tuple[Plain, Plain]] = {
        "RecoveryServerEnabled": (server.enabled, wanted.enabled),
        "AllowedAuthenticationType": (server.allowed_authentication, wanted.authentication),
        "CertificateThumbPrint": (server.certificate_thumbprint.upper(), _thumbprint(seen, wanted, now)),
        "HttpPort": (server.http_port, wanted.http_port),
        "HttpsPort": (server.https_port, wanted.https_port),
        "MonitoringInterval": (seen.monitoring_interval, wanted.monitoring_interval),
        "MonitoringStartTime": (_clock(seen.monitoring_start), _clock(wanted.monitoring_start)),
    }
    _refuse_half_a_listener(seen, wanted, values["CertificateThumbPrint"][1])
    changes = {name: value for name, (known, value) in values.items() if value is not None and value != known}
    if changes:
        why = ", ".join(f"{name} was {values[name][0]}" for name in changes)
        yield Change(method="ModifyServiceSettings", arguments=changes, why=why)


def _clock(moment: time | None) -> str | None:
    return None if moment is None else moment.strftime("%H:%M:%S")


def _refuse_half_a_listener(seen: ServerLook, wanted: WantedServer, thumbprint: Plain) -> None:
    enabled = seen.server.enabled if wanted.enabled is None else wanted.enabled
    allowed = seen.server.allowed_authentication if wanted.authentication is None else wanted.authentication
    if enabled and not allowed:
        raise _refused(seen, "a replica server needs a way to authenticate", "Give authentication")
    if enabled and allowed & _BY_CERTIFICATE and not (thumbprint or seen.server.certificate_thumbprint):
        raise _refused(
            seen,
            "authentication by certificate needs a certificate",
            "Give certificate_thumbprint or certificate_subject",
        )


def _thumbprint(seen: ServerLook, wanted: WantedServer, now: datetime) -> str | None:
    if wanted.thumbprint is None and wanted.subject is None:
        return None
    now = seen.facts.clock or now
    if wanted.subject is not None:
        return _longest(seen, wanted, wanted.subject, now)
    thumbprint = "".join(char for char in wanted.thumbprint or "" if char.isalnum()).upper()
    if not thumbprint or seen.certificates is None:
        return thumbprint
    found = next((one for one in seen.certificates if one.thumbprint == thumbprint), None)
    if found is None:
        raise _refused(seen, f"it lists no certificate {thumbprint}", f"It lists {_listed(seen.certificates)}")
    if trouble := _trouble(found, wanted, now):
        raise _refused(seen, f"certificate {thumbprint} {trouble}", "Issue one that fits, and name that")
    return thumbprint


def _longest(seen: ServerLook, wanted: WantedServer, subject: str, now: datetime) -> str:
    every = seen.certificates or ()
    named = [one for one in every if one.is_for(subject)]
    fitting = [one for one in named if not _trouble(one, wanted, now)]
    if fitting:
        return max(fitting, key=lambda one: (one.ends, one.thumbprint)).thumbprint
    found = [f"{one.thumbprint} {_trouble(one, wanted, now)}" for one in named]
    raise _refused(
        seen,
        f"it lists no certificate for {subject} that can be used" + (f": {'; '.join(found)}" if found else ""),
        f"It lists {_listed(every)}" if seen.certificates is not None else "Give certificate_thumbprint",
    )


def _trouble(certificate: Certificate, wanted: WantedServer, now: datetime) -> str:
    """Why the listener cannot use a certificate (Microsoft's page Set-VMReplicationServer); empty where it can."""
    if not certificate.valid_at(now):
        return f"is in force from {certificate.begins:%Y-%m-%d %H:%MZ} to {certificate.ends:%Y-%m-%d %H:%MZ} only"
    if not certificate.valid_at(now, wanted.lasting):
        return f"runs out at {certificate.ends:%Y-%m-%d %H:%MZ}, sooner than asked for"
    return "" if certificate.usable else "is not for both client and server authentication"


def _listed(certificates: tuple[Certificate, ...]) -> str:
    names = [f"{one.thumbprint} ({', '.join(one.names)})" for one in certificates]
    return ", ".join(names) or "none at all"


def _admitted(seen: ServerLook, wanted: WantedServer) -> Iterator[Change]:
    """Entries that are to be there. The one of every server goes first, for PowerShell adds none beside it."""
    if wanted.any_server is False and seen.entry(ANY_SERVER):
        yield _removed(ANY_SERVER, "no longer may every server send")
    homeless = wanted.default_storage is not None and wanted.any_server is None and not seen.entry(ANY_SERVER)
    if homeless and not any(entry.present for entry in wanted.entries):
        raise _refused(seen, "default_storage is of the entry of every server", "Give any_server: true, or entries")
    for entry in _present(seen, wanted):
        yield from _entry(seen, wanted, entry)


def _present(seen: ServerLook, wanted: WantedServer) -> Iterator[WantedEntry]:
    standing = seen.entry(ANY_SERVER) is not None and wanted.default_storage is not None
    if wanted.any_server or (standing and wanted.any_server is None):
        yield WantedEntry(primary=ANY_SERVER, storage=wanted.default_storage)
    yield from (entry for entry in wanted.entries if entry.present)


def _entry(seen: ServerLook, wanted: WantedServer, entry: WantedEntry) -> Iterator[Change]:
    known = seen.entry(entry.primary)
    if known is None:
        yield _added(seen, wanted, entry)
        return
    pairs = {
        "TrustGroup": (known.trust_group, entry.trust_group),
        "ReplicaStorageLocation": (known.storage, entry.storage),
    }
    changes = {name: value for name, (old, value) in pairs.items() if value is not None and value != old}
    if changes:
        whole = {name: old if value is None else value for name, (old, value) in pairs.items()}
        yield Change(
            method="ModifyAuthorizationEntry",
            arguments={"AllowedPrimaryHostSystem": known.primary, **whole},
            why=", ".join(f"{name} was {pairs[name][0]}" for name in changes),
        )


def _added(seen: ServerLook, wanted: WantedServer, entry: WantedEntry) -> Change:
    storage = entry.storage or wanted.default_storage
    if not storage:
        raise _refused(seen, f"the new entry of {entry.primary} names no folder", "Give its storage or default_storage")
    every = entry.primary == ANY_SERVER
    return Change(
        method="AddAuthorizationEntry",
        arguments={
            "AllowedPrimaryHostSystem": entry.primary,
            "TrustGroup": entry.trust_group or DEFAULT_TRUST_GROUP,
            "ReplicaStorageLocation": storage,
        },
        why="every server may send" if every else f"{entry.primary} may send",
    )


def _dismissed(seen: ServerLook, wanted: WantedServer) -> Iterator[Change]:
    kept = {entry.primary.casefold() for entry in wanted.entries if entry.present}
    gone = {entry.primary.casefold() for entry in wanted.entries if not entry.present}
    for entry in seen.entries:
        name = entry.primary.casefold()
        unlisted = wanted.purge and name not in kept and name != ANY_SERVER
        if name in gone or unlisted:
            yield _removed(entry.primary, f"replication from {entry.primary} stops")


def _removed(primary: str, why: str) -> Change:
    return Change(method="RemoveAuthorizationEntry", arguments={"AllowedPrimaryHostSystem": primary}, why=why)


def _refused(seen: ServerLook, found: str, remedy: str) -> PreconditionFailed:
    return PreconditionFailed(found, kind="bad_option", host=seen.facts.name, remedy=remedy)


def entry_text(entry: AuthorizationEntry) -> str:
    """An entry as a person reads it."""
    return f"{entry.primary} into {entry.storage}, trust group {entry.trust_group}"
