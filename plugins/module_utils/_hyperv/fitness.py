# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What copies of VMs are made of, and what their hosts have to offer: what a preflight holds against each other.

What a host refused to tell is None here, with the reason in ``unread`` under the same name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.authorization import AuthorizationEntry
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.certificates import Certificate


class Medium(str, Enum):
    """What is attached to a VM's drive."""

    DISK = "disk"
    PASS_THROUGH = "pass_through"
    ISO = "iso"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attached:
    """Something attached to a drive of a VM.

    Attributes:
        id: InstanceID of its settings, which replication names a disk by.
        path: of its file; of a physical disk, what the host calls it.
        shared: several VMs may use it at once: a guest cluster's disk, or a VHD set.
    """

    medium: Medium
    id: str
    path: str
    shared: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """A checkpoint that is no recovery point.

    Attributes:
        backup: a backup made it, and removes it when it ends as it should.
    """

    id: str
    name: str
    backup: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Build:
    """What a copy is made of.

    Attributes:
        memory: bytes it needs to start.
        version: of its configuration.
        tpm: it has a virtual TPM.
        vlans: what is set on each connection, by its InstanceID in upper case.
        adapters_read: the side's adapters are what the host told, and not nothing because it refused.
    """

    processors: int | None = None
    memory: int | None = None
    version: str | None = None
    tpm: bool | None = None
    attached: tuple[Attached, ...] | None = None
    checkpoints: tuple[Checkpoint, ...] | None = None
    vlans: Mapping[str, str] | None = None
    adapters_read: bool = True
    unread: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Volume:
    """A volume of a host.

    Attributes:
        name: where it is found, with a backslash at its end: ``D:\\`` or ``C:\\ClusterStorage\\Volume1\\``.
    """

    name: str
    size: int
    free: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """What a host has to offer.

    Attributes:
        macs: first and last of the MAC addresses that it gives.
    """

    volumes: tuple[Volume, ...] | None = None
    entries: tuple[AuthorizationEntry, ...] | None = None
    certificates: tuple[Certificate, ...] | None = None
    macs: tuple[str, str] | None = None
    unread: Mapping[str, str] = field(default_factory=dict)

    def volume_of(self, path: str) -> Volume | None:
        """The volume that a file is on: the one whose name is the longest beginning of its path."""
        mine = [one for one in self.volumes or () if path.casefold().startswith(one.name.casefold())]
        return max(mine, key=lambda one: len(one.name), default=None)
