# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One class of one host, asked for; and what the host has told before that does not change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from ansible_collections.hyperv.replica.plugins.module_utils._errors import WireError, WsmanFault
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.classes import (
    MANAGEMENT,
    NAMESPACES,
    PROPERTIES,
    SERVICE,
    SYSTEM,
)
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.limits import HostLimits
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import Job, Relationship, ReplicationSettings
from ansible_collections.hyperv.replica.plugins.module_utils._wire import names
from ansible_collections.hyperv.replica.plugins.module_utils._wire.cim import CimInstance, CimReference
from ansible_collections.hyperv.replica.plugins.module_utils._wire.envelope import Talk
from ansible_collections.hyperv.replica.plugins.module_utils._wire.query import QueryMemo, instances, wql_select
from ansible_collections.hyperv.replica.plugins.module_utils._wire.recall import Recall

#: How many conditions a narrowed query holds at most for each VM asked for; more VMs are picked out here.
NARROW: Final = 5

#: WBEM_E_INVALID_CLASS and WBEM_E_INVALID_NAMESPACE (Microsoft's page WMI error constants).
_NO_CLASS: Final = frozenset({0x80041010, 0x8004100E})


@dataclass(slots=True)
class OwnJob:
    """A job that one of our calls started.

    Attributes:
        error: what the host said of its failure; None until it was asked.
        ended: it was seen at its end.
    """

    id: str
    vm_id: str
    class_name: str
    error: str | None = None
    ended: bool = False


@dataclass(slots=True)
class Memory:
    """What one host has told and keeps.

    Attributes:
        wql: whether it answers WQL.
        missing: classes that it does not have.
        service: its Msvm_ReplicationService.
        shutdown: the shutdown component of each VM.
        own_jobs: by id in upper case.
        unreadable: name and error of each VM that the last look could not read, by GUID.
        limits: what it allows at the same time.
        looked_at: the VMs that the last look asked for by name.
        stray_jobs: jobs in the last look of VMs that the host does not have.
        relationships, settings: what was read out of the instances that the last look showed.
        points_embedded: it takes a recovery point as an instance, and not as a reference.
        disk_form: which of ``sending.DISK_FORMS`` it takes a disk in.
    """

    wql: QueryMemo = field(default_factory=QueryMemo)
    missing: set[str] = field(default_factory=set)
    service: CimReference | None = None
    shutdown: dict[str, CimReference] = field(default_factory=dict)
    own_jobs: dict[str, OwnJob] = field(default_factory=dict)
    unreadable: dict[str, tuple[str, WireError]] = field(default_factory=dict)
    limits: HostLimits | None = None
    looked_at: frozenset[str] = frozenset()
    stray_jobs: dict[str, list[Job]] = field(default_factory=dict)
    relationships: Recall[CimInstance, Relationship | WireError] = field(default_factory=lambda: Recall(id))
    settings: Recall[CimInstance, ReplicationSettings] = field(default_factory=lambda: Recall(id))
    points_embedded: bool = False
    disk_form: int = 0


def ask(
    memory: Memory,
    class_name: str,
    where: Mapping[str, str | Sequence[str]] | None = None,
    *,
    properties: Sequence[str] | None = None,
) -> Talk[list[CimInstance]]:
    """All instances of a class, or those that fit. A class that an old host does not have has none; it is asked once.

    Msvm_ComputerSystem is on every Hyper-V host: without it the fault itself is raised.
    """
    if class_name in memory.missing:
        return []
    query = wql_select(
        class_name,
        properties=PROPERTIES.get(class_name, ()) if properties is None else properties,
        where=where or {},
        namespace=NAMESPACES.get(class_name, names.VIRTUALIZATION),
    )
    try:
        return (yield from instances(query, memo=memory.wql))
    except WsmanFault as fault:
        if class_name == SYSTEM or not _says_no_class(fault):
            raise
    memory.missing.add(class_name)
    return []


def service(memory: Memory) -> Talk[CimReference]:
    """The host's Msvm_ReplicationService with all four keys, read once."""
    if memory.service is None:
        found = yield from ask(memory, SERVICE)
        memory.service = keyed(SERVICE, found[0]) if found else CimReference(SERVICE, {"CreationClassName": SERVICE})
    return memory.service


def management() -> CimReference:
    """The management service, found by this key alone (libvirt and go-wsman do so against real hosts)."""
    return CimReference(MANAGEMENT, {"CreationClassName": MANAGEMENT})


def keyed(class_name: str, instance: CimInstance) -> CimReference:
    """The reference to a service or a device, whose class has four keys."""
    third = "DeviceID" if instance.has("DeviceID") else "Name"
    keys = ("CreationClassName", third, "SystemCreationClassName", "SystemName")
    values = {key: instance.text(key) for key in keys}
    return CimReference(class_name, {key: value for key, value in values.items() if value is not None})


def computer_system(vm_id: str) -> CimReference:
    """A virtual machine; both keys are needed (a host answers Name alone with DestinationUnreachable)."""
    return CimReference(SYSTEM, {"CreationClassName": SYSTEM, "Name": vm_id})


def _says_no_class(fault: WsmanFault) -> bool:
    """A class or namespace that is not there is told by the WMI error inside, or by a destination that is none."""
    return fault.hresult in _NO_CLASS or (
        fault.hresult is None and fault.subcode in ("DestinationUnreachable", "CannotProcessFilter")
    )
