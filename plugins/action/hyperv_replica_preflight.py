# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.hyperv.replica.plugins.plugin_utils._preflight import PreflightAction


class ActionModule(PreflightAction):
    """Says whether a move may begin."""
