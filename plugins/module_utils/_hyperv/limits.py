# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a host allows at the same time, and the memory that its VMs ask for when they start."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

#: Default of MaxConcurrentOperationsPerUser since Windows Server 2012 (Microsoft's page of WinRM's configuration).
WINRM_OPERATIONS: Final = 1500
#: Default of MaximumActiveTransfers on Windows Server 2012 (KB 2767928), and on all later ones.
ACTIVE_TRANSFERS_2012: Final = 3
ACTIVE_TRANSFERS: Final = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class HostLimits:
    """What one host allows at the same time.

    Attributes:
        winrm_operations: operations of one user.
        active_transfers: VMs whose changes it sends, and as many that it receives.
        assumed: names of those that the host did not tell, which are the documented defaults.
    """

    winrm_operations: int = WINRM_OPERATIONS
    active_transfers: int = ACTIVE_TRANSFERS
    assumed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class VmMemory:
    """Memory of a VM in bytes.

    Attributes:
        startup: what the host has to have free when the VM starts, be its memory dynamic or not.
        dynamic: the host may give it less or more once it runs.
    """

    startup: int
    dynamic: bool = False
    minimum: int = 0
    maximum: int = 0
