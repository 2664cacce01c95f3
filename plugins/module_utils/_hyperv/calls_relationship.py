# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The calls of a relationship's life: create, modify, first copy, resynchronize, remove, reset its statistics."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Final, Union

from ansible_collections.hyperv.replica.plugins.module_utils._errors import PreconditionFailed
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv import schema, sending
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.asking import (
    Memory,
    ask,
    computer_system,
    service,
)
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.classes import (
    OWN_SETTINGS,
    RELATIONSHIP,
    SETTINGS,
)
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import ReplicationSettings, Side
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.returncodes import ReturnCode
from ansible_collections.hyperv.replica.plugins.module_utils._wire.envelope import Talk
from ansible_collections.hyperv.replica.plugins.module_utils._wire.invoke import (
    CimValue,
    EmbeddedText,
    MethodAnswer,
    call,
)

Argument = Union[str, int, bool, tuple[str, ...], None]
Arguments = Mapping[str, Argument]
Run = Callable[[Side, Arguments, Memory], Talk[MethodAnswer]]

#: Refusals, at once and of a parameter, after which a disk may be named another way: nothing was begun.
_WRONG_FORM: Final = (ReturnCode.INVALID_PARAMETER, ReturnCode.INCORRECT_DATA_TYPE)

_TIME_OF_DAY: Final = re.compile(r"(\d\d):(\d\d)(?::(\d\d))?")
_GUID_AT_END: Final = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}(?=[\"'}\s]*$)")


def settings_of(side: Side, memory: Memory) -> Talk[ReplicationSettings]:
    """The settings as the look gave them; read now where it did not ask for them."""
    if side.settings is not None:
        return side.settings
    found = yield from ask(memory, SETTINGS, {"InstanceID": settings_ids(side.vm_id)})
    own = [instance for instance in found if schema.leg(instance) == (side.vm_id, 0)]
    if not own:
        raise PreconditionFailed("it has no replication settings", host=side.host, vm=side.vm_name)
    return schema.settings(own[0])


def settings_ids(vm_id: str) -> tuple[str, ...]:
    r"""What InstanceID a VM's relationships and their settings have; Server 2012 has the short one."""
    return tuple(f"Microsoft:{vm_id}\\HVR{end}" for end in ("", "\\0", "\\1"))


def _with_settings(method: str) -> Run:
    """A method of the replication service that takes the VM and whole settings."""

    def run(side: Side, arguments: Arguments, memory: Memory) -> Talk[MethodAnswer]:
        settings = yield from settings_of(side, memory)
        changes = {name: _own_form(settings, side, name, value) for name, value in arguments.items()}
        target = yield from service(memory)
        disks = arguments.get("IncludedDisks")
        answers = []
        for form in range(memory.disk_form, len(sending.DISK_FORMS)):
            if isinstance(disks, tuple):
                name = sending.DISK_FORMS[form]
                changes["IncludedDisks"] = tuple(name(disk, side.facts.computer_name) for disk in disks)
            values: dict[str, CimValue] = {
                "ComputerSystem": computer_system(side.vm_id),
                "ReplicationSettingData": EmbeddedText(sending.replication_settings(settings, changes)),
            }
            answers.append((yield from call(target, method, values)))
            if not isinstance(disks, tuple) or answers[-1].return_value not in _WRONG_FORM:
                memory.disk_form = form
                return answers[-1]
        return answers[0]

    return run


def _own_form(settings: ReplicationSettings, side: Side, name: str, value: Argument) -> sending.Value:
    """A readable value as the property has it: a time of day as an interval, a provider's GUID as its object path."""
    if name.startswith("AutoResynchronizeInterval") and isinstance(value, str):
        found = _TIME_OF_DAY.fullmatch(value)
        hours, minutes, seconds = (int(part or 0) for part in found.groups()) if found else (0, 0, 0)
        return timedelta(hours=hours, minutes=minutes, seconds=seconds)
    if name == "ReplicationProvider" and isinstance(value, str):
        path = str(settings.own.get(name) or "")
        if not _GUID_AT_END.search(path):
            raise PreconditionFailed(
                "its settings name no provider, so another cannot be named in that form",
                kind="unsupported",
                host=side.host,
                vm=side.vm_name,
            )
        return _GUID_AT_END.sub(value, path)
    return value


def _start_replication(side: Side, arguments: Arguments, memory: Memory) -> Talk[MethodAnswer]:
    values: dict[str, CimValue] = {
        "ComputerSystem": computer_system(side.vm_id),
        "InitialReplicationType": arguments.get("InitialReplicationType"),
        "InitialReplicationExportLocation": arguments.get("InitialReplicationExportLocation"),
        "StartTime": _moment(arguments),
    }
    return (yield from call((yield from service(memory)), "StartReplication", values))


def _import(side: Side, arguments: Arguments, memory: Memory) -> Talk[MethodAnswer]:
    values: dict[str, CimValue] = {
        "ComputerSystem": computer_system(side.vm_id),
        "InitialReplicationImportLocation": arguments.get("InitialReplicationImportLocation"),
    }
    return (yield from call((yield from service(memory)), "ImportInitialReplica", values))


def _resynchronize(side: Side, arguments: Arguments, memory: Memory) -> Talk[MethodAnswer]:
    values: dict[str, CimValue] = {"ComputerSystem": computer_system(side.vm_id), "StartTime": _moment(arguments)}
    return (yield from call((yield from service(memory)), "Resynchronize", values))


def _moment(arguments: Arguments) -> datetime | None:
    """UTC, as the official sample says of StartTime."""
    text = arguments.get("StartTime")
    return datetime.fromisoformat(text) if isinstance(text, str) else None


def _of_relationship(method: str) -> Run:
    """A method of the primary relationship; its Ex form came with the class of relationships."""

    def run(side: Side, arguments: Arguments, memory: Memory) -> Talk[MethodAnswer]:
        values: dict[str, CimValue] = {"ComputerSystem": computer_system(side.vm_id)}
        if RELATIONSHIP in memory.missing:
            return (yield from call((yield from service(memory)), method, values))
        if side.relationship is None:
            raise PreconditionFailed("it has no relationship", host=side.host, vm=side.vm_name)
        values["ReplicationRelationship"] = EmbeddedText(sending.relationship(side.relationship))
        return (yield from call((yield from service(memory)), f"{method}Ex", values))

    return run


def _promote(side: Side, arguments: Arguments, memory: Memory) -> Talk[MethodAnswer]:
    """The extended relationship becomes the primary one."""
    if side.extended is None:
        raise PreconditionFailed("it has no extended replication", host=side.host, vm=side.vm_name)
    values: dict[str, CimValue] = {
        "ComputerSystem": computer_system(side.vm_id),
        "ReplicationRelationship": EmbeddedText(sending.relationship(side.extended)),
    }
    return (yield from call((yield from service(memory)), "ChangeReplicationModeToPrimary", values))


#: How each is made, and which arguments it takes.
RELATIONSHIP_CALLS: Final[Mapping[str, tuple[Run, frozenset[str]]]] = {
    "CreateReplicationRelationship": (_with_settings("CreateReplicationRelationship"), frozenset(OWN_SETTINGS)),
    "ModifyReplicationSettings": (_with_settings("ModifyReplicationSettings"), frozenset(OWN_SETTINGS)),
    "StartReplication": (
        _start_replication,
        frozenset({"InitialReplicationType", "InitialReplicationExportLocation", "StartTime"}),
    ),
    "ImportInitialReplica": (_import, frozenset({"InitialReplicationImportLocation"})),
    "Resynchronize": (_resynchronize, frozenset({"StartTime"})),
    "RemoveReplicationRelationshipEx": (_of_relationship("RemoveReplicationRelationship"), frozenset()),
    "ChangeReplicationModeToPrimary": (_promote, frozenset()),
    "ResetReplicationStatisticsEx": (_of_relationship("ResetReplicationStatistics"), frozenset()),
}
