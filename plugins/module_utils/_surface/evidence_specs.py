# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The argument specs of the two modules that write and verify the evidence of a drill."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

_TEXT: Final = {"type": "str", "default": ""}
_TEXTS: Final = {"type": "list", "elements": "str", "default": []}

REPORT: Final[Mapping[str, Any]] = {
    "argument_spec": {
        "path": {"type": "path", "required": True},
        "plan": {"type": "dict", "required": True},
        "stages": {"type": "list", "elements": "dict", "required": True},
        "id": _TEXT,
        "scope": _TEXT,
        "reason": _TEXT,
        "consent": _TEXTS,
        "waive": {
            "type": "list",
            "elements": "dict",
            "default": [],
            "options": {
                "rule": {"type": "str", "required": True},
                "vm": _TEXT,
                "reason": {"type": "str", "required": True},
            },
        },
        "approvals": {
            "type": "list",
            "elements": "dict",
            "default": [],
            "options": {"who": {"type": "str", "required": True}, "what": _TEXT, "when": _TEXT},
        },
        "failures": _TEXTS,
        "notes": _TEXTS,
        "launched_by": _TEXT,
        "job": {
            "type": "dict",
            "options": {
                "id": _TEXT,
                "name": _TEXT,
                "launch_type": _TEXT,
                "schedule": _TEXT,
                "workflow_id": _TEXT,
                "workflow_name": _TEXT,
            },
        },
        "lead": _TEXT,
        "observers": _TEXTS,
        "hosts": {"type": "list", "elements": "str"},
        "simulated_hosts": {"type": "list", "elements": "str"},
        "simulated_rate": {"type": "float", "default": 1.0},
        "skew": {"type": "dict", "default": {}},
        "versions": {"type": "dict", "default": {}},
        "journal_dir": {"type": "path"},
        "history": {"type": "path"},
        "private_key": {"type": "path"},
        "private_key_passphrase": {"type": "str", "no_log": True},
    },
    "required_by": {"private_key_passphrase": ("private_key",)},
}

REPORT_INFO: Final[Mapping[str, Any]] = {
    "argument_spec": {
        "path": {"type": "path", "required": True},
        "journal_dir": {"type": "path"},
        "expected_head": {"type": "str"},
        "public_key": {"type": "path"},
        "signature": {"type": "path"},
        "timestamp": {"type": "path"},
        "timestamp_ca": {"type": "path"},
        "fail_on": {"type": "str", "choices": ["fail", "warn", "never"], "default": "fail"},
    },
    "required_by": {"signature": ("public_key",), "timestamp_ca": ("timestamp",)},
}
