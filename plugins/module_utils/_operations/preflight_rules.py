# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""All rules of the preflight, in the order in which they are told."""

from __future__ import annotations

from typing import Final

from ansible_collections.hyperv.replica.plugins.module_utils._operations import (
    preflight_cluster,
    preflight_disks,
    preflight_machines,
    preflight_network,
    preflight_new_copy,
    preflight_roles,
    preflight_state,
    preflight_trust,
)
from ansible_collections.hyperv.replica.plugins.module_utils._operations.preflight import Rule

RULES: Final[tuple[Rule, ...]] = (
    *preflight_roles.RULES,
    *preflight_new_copy.RULES,
    *preflight_cluster.RULES,
    *preflight_state.RULES,
    *preflight_disks.RULES,
    *preflight_trust.RULES,
    *preflight_network.RULES,
    *preflight_machines.RULES,
)
