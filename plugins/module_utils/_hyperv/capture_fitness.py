# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a preflight asks about, in the words of the simulator's estate schema: volumes, certificates, checkpoints."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ansible_collections.hyperv.replica.plugins.module_utils._errors import WsmanFault
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.asking import keyed
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.classes import (
    MANAGEMENT_SETTINGS,
    SECURITY_SETTINGS,
    SERVICE,
    SYSTEM_SETTINGS,
    VOLUME,
)
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.schema import guid
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.shelf import (
    DISK,
    RESOURCE,
    Shelf,
    age,
    filled,
    same,
)
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.states import VirtualSystemType
from ansible_collections.hyperv.replica.plugins.module_utils._wire.cim import CimInstance
from ansible_collections.hyperv.replica.plugins.module_utils._wire.envelope import Talk
from ansible_collections.hyperv.replica.plugins.module_utils._wire.invoke import call

#: ResourceSubType of an image in a DVD drive, and of a drive that is a disk of the host itself.
_IMAGE: Final = "microsoft:hyper-v:virtual cd/dvd disk"
_PHYSICAL: Final = "microsoft:hyper-v:physical disk drive"

#: Types of checkpoints that are no recovery points, and whether a backup made them.
_CHECKPOINTS: Final = {VirtualSystemType.SNAPSHOT.value: False, VirtualSystemType.SNAPSHOT_RECOVERY.value: True}

#: HealthState of a VM that is paused for want of space (Microsoft's page msvm-computersystem).
_CRITICAL: Final = 25


def certificates(services: list[CimInstance]) -> Talk[list[str]]:
    """The certificates that the host lists, without their keys; none where it lists none to this account."""
    if not services:
        return []
    try:
        answer = yield from call(keyed(SERVICE, services[0]), "GetSystemCertificates", {}, repeatable=True)
    except WsmanFault:
        return []
    return ["".join(text.split()) for text in answer.outputs.texts("EncodedCertificates")]


def of_host(shelf: Shelf) -> dict[str, Any]:
    """Volumes that files can be on, and the range of MAC addresses."""
    settings = next(iter(shelf.found[MANAGEMENT_SETTINGS]), None)
    return {
        "volumes": [_volume(one) for one in shelf.found[VOLUME] if _is_mounted(one)],
        "mac_minimum": settings.text("MinimumMacAddress") if settings else None,
        "mac_maximum": settings.text("MaximumMacAddress") if settings else None,
    }


def _is_mounted(one: CimInstance) -> bool:
    """Whether a volume has a place of its own; its size is told only where it is formatted."""
    return (one.text("Name") or "").find(":") == 1 and one.integer("Capacity") is not None


def _volume(one: CimInstance) -> dict[str, Any]:
    return {"name": one.text("Name"), "size": one.integer("Capacity"), "free": one.integer("FreeSpace") or 0}


def of_vm(shelf: Shelf, system: CimInstance, vm_id: str) -> dict[str, Any]:
    """Checkpoints, images, a virtual TPM, and whether it is paused for want of space."""
    tpm = any(one.boolean("TpmEnabled") for one in shelf.of(SECURITY_SETTINGS, vm_id))
    return {
        "checkpoints": [_checkpoint(shelf, one) for one in shelf.found[SYSTEM_SETTINGS] if _is_checkpoint(one, vm_id)],
        "isos": [path for one in shelf.of(DISK, vm_id) if _is(one, _IMAGE) for path in one.texts("HostResource")],
        "tpm": tpm or None,
        "critical": system.integer("HealthState") == _CRITICAL or None,
    }


def physical_disks(shelf: Shelf, vm_id: str) -> list[dict[str, Any]]:
    """Disks of the host itself; the drive and the disk in it are one thing."""
    return [
        filled(
            {
                "instance_id": (one.text("InstanceID") or "").removesuffix("\\D"),
                "path": next(iter(one.texts("HostResource")), None),
                "pass_through": True,
            }
        )
        for one in shelf.of(RESOURCE, vm_id)
        if _is(one, _PHYSICAL)
    ]


def is_image(one: CimInstance) -> bool:
    """Whether what hangs on a drive is an image in a DVD drive, and no disk."""
    return _is(one, _IMAGE)


def _is(one: CimInstance, kind: str) -> bool:
    return (one.text("ResourceSubType") or "").casefold() == kind


def _is_checkpoint(one: CimInstance, vm_id: str) -> bool:
    owner = one.text("VirtualSystemIdentifier")
    return (one.text("VirtualSystemType") or "") in _CHECKPOINTS and same(owner, vm_id)


def _checkpoint(shelf: Shelf, one: CimInstance) -> Mapping[str, Any]:
    return filled(
        {
            "guid": guid(one.text("InstanceID")),
            "name": one.text("ElementName"),
            "created_age": age(shelf.now, one.moment("CreationTime")),
            "backup": _CHECKPOINTS[one.text("VirtualSystemType") or ""] or None,
        }
    )
