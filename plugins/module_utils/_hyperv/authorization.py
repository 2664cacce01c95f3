# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whom a host lets replicate to it: Msvm_ReplicationAuthorizationSettingData as a value."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final

#: The entry that stands for every server.
ANY_SERVER: Final = "*"


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationEntry:
    """Msvm_ReplicationAuthorizationSettingData.

    Attributes:
        primary: who may replicate to this host: a name, one with a wildcard in its first label, or ``*``.
    """

    primary: str
    trust_group: str = ""
    storage: str = ""

    def is_of(self, primary: str) -> bool:
        """Entries are known by their host's name, in any case (Microsoft's replica sample)."""
        return self.primary.casefold() == primary.casefold()

    def lets_in(self, server: str) -> bool:
        """Whether a server of this name may replicate here; the first label of an entry may hold a wildcard."""
        if self.primary == ANY_SERVER:
            return True
        allowed, wanted = self.primary.casefold().partition("."), server.casefold().partition(".")
        return allowed[1:] == wanted[1:] and fnmatchcase(wanted[0], allowed[0])
