# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the nodes of a cluster show together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.looking import Look
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.states import Power


def joined(looks: Sequence[Look]) -> Look:
    """All VMs of these nodes; one that two of them show, as it may while it moves, is taken from where it runs."""
    sides = dict(looks[0].sides)
    for look in looks[1:]:
        for vm_id, side in look.sides.items():
            if vm_id not in sides or side.power is Power.RUNNING:
                sides[vm_id] = side
    return replace(
        looks[0],
        sides=sides,
        statistics={vm_id: told for look in looks for vm_id, told in look.statistics.items()},
        extended_statistics={vm_id: told for look in looks for vm_id, told in look.extended_statistics.items()},
        unreadable={vm_id: told for look in looks for vm_id, told in look.unreadable.items()},
    )
