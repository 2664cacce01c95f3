# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The memory that a VM takes of a host when it starts there; preflight and plan count it here, and nowhere else."""

from __future__ import annotations

from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import Absent, Side
from ansible_collections.hyperv.replica.plugins.module_utils._operations import guards


def is_up(side: Side | Absent) -> bool:
    """Whether the copy holds its memory; a saved one does not."""
    return isinstance(side, Side) and side.power in guards.UP


def startup(side: Side | Absent) -> int | None:
    """Bytes that the host has to have free when the copy starts, be its memory dynamic or not; None where untold."""
    if not isinstance(side, Side):
        return None
    if side.memory is not None:
        return side.memory.startup
    return side.build.memory if side.build is not None else None
