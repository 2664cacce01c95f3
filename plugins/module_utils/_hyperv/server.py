# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The replica server of one host: its settings, whom it lets in, its certificates; and the calls that change them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time
from typing import Final

from ansible_collections.hyperv.replica.plugins.module_utils._errors import PreconditionFailed
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv import schema, sending
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.asking import Memory, OwnJob, ask, service
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.authorization import AuthorizationEntry
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.calls import Arguments, Started
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.certificates import Certificate
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.classes import (
    AUTHORIZATION,
    JOB,
    SERVICE_SETTINGS,
)
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.looking import Gather
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.looking import look as look_at_vms
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import HostFacts, Job, ReplicaServer, Side
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.returncodes import ACCEPTED, refusal
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.states import JobType
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.trust import (
    entry_of,
    system_certificates,
)
from ansible_collections.hyperv.replica.plugins.module_utils._wire.cim import CimInstance
from ansible_collections.hyperv.replica.plugins.module_utils._wire.embedded import embedded_like
from ansible_collections.hyperv.replica.plugins.module_utils._wire.envelope import Talk
from ansible_collections.hyperv.replica.plugins.module_utils._wire.invoke import CimValue, EmbeddedText, call
from ansible_collections.hyperv.replica.plugins.module_utils._wire.values import read_interval

#: InstanceID and own properties of Msvm_ReplicationServiceSettingData; Microsoft's page of the class.
OWN_SERVICE_SETTINGS: Final[Mapping[str, str]] = {
    "InstanceID": "string",
    "RecoveryServerEnabled": "boolean",
    "AllowedAuthenticationType": "uint16",
    "CertificateThumbPrint": "string",
    "HttpsPort": "uint16",
    "HttpPort": "uint16",
    "MonitoringStartTime": "datetime",
    "MonitoringInterval": "uint32",
}
_MONITORING: Final = "MonitoringStartTime"

#: A time of day as a moment without a date, in the form of WS-CIM and in CIM's own.
_TIMES: Final = (re.compile(r".*T(\d\d):(\d\d):(\d\d).*"), re.compile(r"\d{8}(\d\d)(\d\d)(\d\d)\..*"))


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerLook:
    """How a host receives replication.

    Attributes:
        monitoring_start: when a monitoring interval begins, in UTC; None where it cannot be read.
        certificates: None where the host does not list them.
        vms: by GUID.
        jobs: those that change the replica server, running and lately finished.
    """

    facts: HostFacts
    server: ReplicaServer
    monitoring_interval: int
    monitoring_start: time | None
    entries: tuple[AuthorizationEntry, ...] = ()
    certificates: tuple[Certificate, ...] | None = ()
    vms: Mapping[str, Side]
    jobs: tuple[Job, ...] = ()

    def entry(self, primary: str) -> AuthorizationEntry | None:
        return next((entry for entry in self.entries if entry.is_of(primary)), None)


def look(name: str, memory: Memory) -> Talk[ServerLook]:
    """Read settings, entries, certificates, and the jobs that change them."""
    seen = yield from look_at_vms(name, {Gather.SERVICE}, None, memory)
    setting = yield from _setting(name, memory)
    entries = yield from ask(memory, AUTHORIZATION)
    return ServerLook(
        facts=seen.facts,
        server=seen.facts.replica_server or schema.replica_server(setting, None),
        monitoring_interval=setting.integer("MonitoringInterval") or 43200,
        monitoring_start=_time_of_day(setting.text(_MONITORING)),
        entries=tuple(entry_of(one) for one in entries),
        certificates=(yield from system_certificates(memory)),
        vms=seen.sides,
        jobs=(yield from _jobs(memory)),
    )


def change(name: str, method: str, arguments: Arguments, memory: Memory) -> Talk[Started]:
    """Make one call that changes the replica server.

    Raises:
        MethodRefused: the host returned anything but 0 and 4096.
        PreconditionFailed: there is no such call, or it has nothing to act on.
    """
    values = yield from _parameters(name, method, arguments, memory)
    answer = yield from call((yield from service(memory)), method, values)
    if answer.return_value not in ACCEPTED:
        raise refusal(method, answer.return_value, host=name, vm="")
    if answer.job is None:
        return Started(answer.return_value)
    job_id = answer.job.key("InstanceID") or ""
    memory.own_jobs[job_id.upper()] = OwnJob(job_id, "", answer.job.class_name)
    return Started(answer.return_value, job_id, answer.job.class_name)


def _parameters(name: str, method: str, arguments: Arguments, memory: Memory) -> Talk[dict[str, CimValue]]:
    match method:
        case "ModifyServiceSettings":
            text = _settings_text((yield from _setting(name, memory)), arguments)
            return {"SettingData": EmbeddedText(text)}
        case "AddAuthorizationEntry" | "ModifyAuthorizationEntry":
            wanted = str(arguments.get("AllowedPrimaryHostSystem") or "").casefold()
            found = yield from ask(memory, AUTHORIZATION)
            known = next((one for one in found if entry_of(one).primary.casefold() == wanted), None)
            return {"AuthorizationEntry": EmbeddedText(sending.authorization(known, arguments))}
        case "RemoveAuthorizationEntry":
            return {"AllowedPrimaryHostSystem": str(arguments.get("AllowedPrimaryHostSystem") or "")}
    raise PreconditionFailed(f"{method} is no call that is made here", kind="unsupported", host=name)


def _settings_text(setting: CimInstance, arguments: Arguments) -> str:
    """All own properties with what changes. A start of monitoring that cannot be read is left out, not made up."""
    readable = _time_of_day(setting.text(_MONITORING)) is not None or _MONITORING in arguments
    own = {name: kind for name, kind in OWN_SERVICE_SETTINGS.items() if name != _MONITORING or readable}
    changes = dict(arguments)
    start = changes.get(_MONITORING) or _time_of_day(setting.text(_MONITORING))
    if readable and start is not None:
        digits = str(start).replace(":", "")
        changes[_MONITORING] = f"00000000{digits}.000000+000"
    return embedded_like(setting, own, changes)


def _setting(name: str, memory: Memory) -> Talk[CimInstance]:
    found = yield from ask(memory, SERVICE_SETTINGS)
    if not found:
        raise PreconditionFailed("it shows no settings of a replica server", kind="unsupported", host=name)
    return found[0]


def _jobs(memory: Memory) -> Talk[tuple[Job, ...]]:
    found = yield from ask(memory, JOB)
    jobs = [schema.job(one, "") for one in found]
    own = memory.own_jobs
    return tuple(j for j in jobs if j.type is JobType.MODIFY_REPLICATION_SERVER_SETTINGS or j.id.upper() in own)


def _time_of_day(text: str | None) -> time | None:
    """UTC; the date is zero, which neither form of a moment allows, so only the digits are read."""
    for pattern in _TIMES:
        if found := pattern.fullmatch(text or ""):
            hours, minutes, whole = map(int, found.groups())
            return time(hours, minutes, whole)
    try:
        seconds = int(read_interval(text or "").total_seconds())
    except ValueError:
        return None
    return time(seconds // 3600 % 24, seconds // 60 % 60, seconds % 60)
