# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Move all virtual machines of a recovery plan in one run."""

from __future__ import annotations

from ansible_collections.hyperv.replica.plugins.plugin_utils._conducting import PlanAction


class ActionModule(PlanAction):
    """Ansible looks for this name; what it does is in its base."""
