# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The argument spec of what moves a whole recovery plan; its move options are those of failover and failback."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ansible_collections.hyperv.replica.plugins.module_utils._surface.specs import FAILBACK, FAILOVER

_FAILOVER: Final = FAILOVER["argument_spec"]
_FAILBACK: Final = FAILBACK["argument_spec"]

#: As they are in failover.
_MOVE: Final = (
    "recovery_point",
    "recovery_point_before",
    "max_data_loss",
    "outage_began",
    "declared_at",
    "primary_confirmed_down",
    "commit",
    "fall_back_to_older_points",
    "verify_within",
    "verify_networks",
    "fence_adapters",
    "sync_timeout",
    "max_downtime",
    "start",
    "guest_timeout",
    "expect_source_running",
    "guest_shutdown_timeout",
    "if_guest_stays_up",
    "consent",
    "reason",
    "timeout",
    "poll_interval",
    "concurrency",
    "progress",
    "journal_dir",
)

_NAMES: Final = {"type": "list", "elements": "str"}

_OF_ONE: Final = _FAILBACK["new_copy"]

#: As in failback, but that each home has a name of its own.
_NEW_COPY: Final = {
    **_OF_ONE,
    "options": {
        "vms": _NAMES,
        "replica_servers": {
            "type": "list",
            "elements": "dict",
            "required": True,
            "options": {
                "home": {"type": "str", "required": True},
                "replica_server": {"type": "str", "required": True},
            },
        },
        **{name: option for name, option in _OF_ONE["options"].items() if name != "replica_server"},
    },
}

RECOVERY_PLAN: Final[Mapping[str, Any]] = {
    "argument_spec": {
        "plan": {"type": "dict", "required": True},
        "to": {"type": "str", "choices": ["recovery", "home"], "required": True},
        "mode": {"type": "str", "choices": ["planned", "unplanned"], "default": "planned"},
        "state": {"type": "str", "choices": ["synced", "switched_off", "running", "protected"]},
        "vms": _NAMES,
        "tiers": _NAMES,
        "plan_shard": {"type": "str"},
        "failed": _NAMES,
        "served_before": _NAMES,
        "limits": {
            "type": "dict",
            "options": {
                "concurrency": {"type": "int"},
                "active_transfers": {"type": "int"},
                "winrm_operations": {"type": "int"},
                "memory_reserve": {"type": "str"},
            },
        },
        "on_vm_failure": {"type": "str", "choices": ["stop", "continue", "walk_back"]},
        "on_failure": {"type": "str", "choices": _FAILOVER["on_failure"]["choices"]},
        "strategy": _FAILBACK["strategy"],
        "new_copy": _NEW_COPY,
        "recovery_point_identifier": {"type": "str"},
        "simulated_guests": {"type": "bool", "default": False},
        "simulated_rate": {"type": "float", "default": 1.0},
        **{name: _FAILOVER[name] for name in _MOVE},
        # No default: it would lower what the plan says.
        "concurrency": {"type": "int"},
    },
    "required_if": [
        ("mode", "unplanned", ("max_data_loss", "outage_began")),
        ("strategy", "new_copy", ("new_copy",)),
    ],
    "required_by": {"consent": ("reason",)},
}


def move_options(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options as failover or failback takes them, with the defaults of those that a plan does not have."""
    spec = _FAILBACK if options["to"] == "home" and options["mode"] == "planned" else _FAILOVER
    defaults = {name: option.get("default") for name, option in spec.items()}
    given = {name: value for name, value in options.items() if name in spec and value is not None}
    return {**defaults, **given, "mode": options["mode"]}
