# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The argument spec of hyperv_replica_simulator, written once for the module and its action plugin."""

from __future__ import annotations

from typing import Any, Final

SIMULATOR: Final[dict[str, Any]] = {
    "argument_spec": {
        "state": {"type": "str", "choices": ["started", "stopped"], "default": "started"},
        "name": {"type": "str", "default": "rehearsal"},
        "control": {"type": "path"},
        "estate": {"type": "path"},
        "rate": {"type": "float"},
        "seed": {"type": "int", "default": 0},
        "switches": {"type": "dict", "default": {}},
        "idle_timeout": {"type": "float", "default": 3600.0},
        "log_file": {"type": "path"},
        "connection": {"type": "str", "choices": ["psrp", "winrm"], "default": "psrp"},
        "scheme": {"type": "str", "choices": ["http", "https"], "default": "http"},
        "auth": {"type": "str", "choices": ["ntlm", "basic", "certificate"], "default": "ntlm"},
        "trouble": {"type": "list", "elements": "dict", "default": []},
        "clear_trouble": {"type": "bool", "default": False},
        "advance": {"type": "float", "default": 0.0},
    },
}
