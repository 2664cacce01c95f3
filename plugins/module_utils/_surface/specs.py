# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The argument specs, each written once: what a module documents is what its action plugin accepts.

Every spec holds keyword arguments that AnsibleModule and ActionBase.validate_argument_spec both take.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ansible_collections.hyperv.replica.plugins.module_utils._operations.goal import (
    Commit,
    OnFailure,
    Start,
    Strategy,
)
from ansible_collections.hyperv.replica.plugins.module_utils._operations.plan import Consent, Target

Options = dict[str, Any]


def _values(*words: Any) -> list[str]:
    return [word.value for word in words]


_VMS: Final[Options] = {"type": "list", "elements": "str"}

_RUN: Final[Options] = {
    "timeout": {"type": "int", "default": 3600},
    "poll_interval": {"type": "float", "default": 5.0},
    "concurrency": {"type": "int", "default": 10},
    "stop_on_error": {"type": "bool", "default": False},
    "progress": {"type": "str", "default": "auto"},
    "journal_dir": {"type": "path"},
}

_CONSENT: Final[Options] = {
    "consent": {"type": "list", "elements": "str", "choices": _values(*Consent)},
    "reason": {"type": "str"},
}

_GUEST: Final[Options] = {
    "guest_shutdown_timeout": {"type": "int", "default": 300},
    "if_guest_stays_up": {"type": "str", "choices": ["fail", "turn_off"], "default": "fail"},
}

_MOVE: Final[Options] = {
    "sync_timeout": {"type": "int", "default": 1800},
    "max_downtime": {"type": "int"},
    "start": {"type": "str", "choices": _values(*Start), "default": Start.AS_SOURCE.value},
    "guest_timeout": {"type": "int", "default": 300},
    "expect_source_running": {"type": "bool", "default": False},
    "fence_adapters": {"type": "bool", "default": False},
}


def _on_failure(default: OnFailure) -> Options:
    return {"type": "str", "choices": _values(*OnFailure), "default": default.value}


_NEW_COPY: Final[Options] = {
    "type": "dict",
    "options": {
        "replica_server": {"type": "str", "required": True},
        "first_copy": {"type": "str", "choices": ["network", "export", "existing"], "default": "network"},
        "export_path": {"type": "str"},
        "import_path": {"type": "str"},
        "start_at": {"type": "str"},
        "assumed_bandwidth": {"type": "float"},
        "authentication": {"type": "str", "choices": ["kerberos", "certificate"]},
        "port": {"type": "int"},
        "certificate_thumbprint": {"type": "str"},
        "interval": {"type": "int", "choices": [30, 300, 900]},
        "recovery_history": {"type": "int"},
        "app_consistent_interval": {"type": "int"},
        "compression": {"type": "bool"},
        "included_disks": {"type": "list", "elements": "str"},
    },
    "required_if": [("first_copy", "export", ("export_path", "import_path"))],
}

FAILBACK: Final[Mapping[str, Any]] = {
    "argument_spec": {
        "vms": {**_VMS, "required": True},
        "peer": {"type": "str"},
        "state": {"type": "str", "choices": _values(*Target), "default": Target.PROTECTED.value},
        "strategy": {"type": "str", "choices": _values(*Strategy), "default": Strategy.AUTO.value},
        "recovery_point_identifier": {"type": "str"},
        "initiate_on": {"type": "str", "choices": ["here", "peer"], "default": "here"},
        "source_confirmed_off": {"type": "str"},
        "new_copy": _NEW_COPY,
        "on_failure": _on_failure(OnFailure.ROLL_BACK),
        **_MOVE,
        **_GUEST,
        **_CONSENT,
        **_RUN,
    },
    "required_if": [
        ("strategy", "reverse", ("peer",)),
        ("strategy", "new_copy", ("peer", "new_copy")),
        ("initiate_on", "peer", ("peer",)),
    ],
    "required_by": {"consent": ("reason",)},
}

_HTTP: Final[Options] = {
    "url": {"type": "str", "required": True},
    "status": {"type": "list", "elements": "int", "default": [200]},
    "contains": {"type": "str"},
    "validate_certs": {"type": "bool", "default": True},
    "ca_path": {"type": "path"},
    "certificate_days": {"type": "int"},
}

#: The types are those of ``_probes/dns_message.py``, which is none of this layer's business; a test compares them.
DNS_TYPES: Final = ("A", "AAAA", "CNAME", "MX", "NS", "PTR", "SRV", "TXT")

_DNS: Final[Options] = {
    "name": {"type": "str", "required": True},
    "server": {"type": "str"},
    "type": {"type": "str", "choices": list(DNS_TYPES), "default": "A"},
    "expect": {"type": "list", "elements": "str", "default": []},
}

_KINDS: Final = ("heartbeat", "addresses", "tcp", "http", "dns")

_PROBE: Final[Options] = {
    "vm": {"type": "str", "required": True},
    "heartbeat": {"type": "bool"},
    "addresses": {"type": "list", "elements": "str"},
    "address": {"type": "str"},
    "tcp": {"type": "int"},
    "http": {"type": "dict", "options": _HTTP},
    "dns": {"type": "dict", "options": _DNS},
    "timeout": {"type": "int", "default": 5},
}

_PROBES: Final[Options] = {
    "type": "list",
    "elements": "dict",
    "options": _PROBE,
    "mutually_exclusive": [_KINDS],
    "required_one_of": [_KINDS],
}

_SWITCHES: Final[Options] = {
    "type": "list",
    "elements": "dict",
    "options": {"adapter": {"type": "str"}, "switch": {"type": "str", "required": True}},
}

FAILOVER: Final[Mapping[str, Any]] = {
    "argument_spec": {
        "vms": {**_VMS, "required": True},
        "peer": {"type": "str", "required": True},
        "mode": {"type": "str", "choices": ["planned", "unplanned"], "required": True},
        "state": {"type": "str", "choices": _values(*Target)},
        "recovery_point": {"type": "str", "default": "latest"},
        "recovery_point_before": {"type": "str"},
        "max_data_loss": {"type": "str"},
        "outage_began": {"type": "str"},
        "declared_at": {"type": "str"},
        "primary_confirmed_down": {"type": "str"},
        "commit": {"type": "str", "choices": _values(*Commit), "default": Commit.NEVER.value},
        "fall_back_to_older_points": {"type": "int", "default": 0},
        "verify_within": {"type": "int", "default": 300},
        "verify_networks": _SWITCHES,
        "probes": _PROBES,
        "simulated_guests": {"type": "bool", "default": False},
        "on_failure": _on_failure(OnFailure.START_UNPROTECTED),
        **_MOVE,
        **_GUEST,
        **_CONSENT,
        **_RUN,
    },
    "required_if": [("mode", "unplanned", ("max_data_loss", "outage_began"))],
    "required_by": {"consent": ("reason",)},
}

CANCEL: Final[Mapping[str, Any]] = {
    "argument_spec": {
        "vms": {**_VMS, "required": True},
        "peer": {"type": "str", "required": True},
        "start_source": {"type": "str", "choices": ["always", "never"], "default": "always"},
        "guest_timeout": {"type": "int", "default": 300},
        **_GUEST,
        **_CONSENT,
        **_RUN,
    },
    "required_by": {"consent": ("reason",)},
}

POWER: Final[Mapping[str, Any]] = {
    "argument_spec": {
        "vms": {**_VMS, "required": True},
        "state": {"type": "str", "choices": ["running", "off", "saved"], "required": True},
        "peer": {"type": "str"},
        "abandon_peer_copy": {"type": "str"},
        "force": {"type": "bool", "default": False},
        "guest_timeout": {"type": "int", "default": 0},
        **_GUEST,
        **_CONSENT,
        **_RUN,
    },
    "required_by": {"consent": ("reason",)},
}

#: What is asked of one VM instead of what is asked of all.
_LIMITS: Final[Options] = {
    "type": "list",
    "elements": "dict",
    "options": {
        "vm": {"type": "str", "required": True},
        "max_rpo": {"type": "str"},
        "within": {"type": "int"},
    },
}

VERIFY: Final[Mapping[str, Any]] = {
    "argument_spec": {
        "vms": _VMS,
        "peer": {"type": "str"},
        "plan": {"type": "dict"},
        "at": {"type": "str", "choices": ["home", "recovery"], "default": "home"},
        "since": {"type": "dict"},
        "simulated_hosts": _VMS,
        "simulated_rate": {"type": "float", "default": 1.0},
        "expect": {
            "type": "str",
            "choices": ["protected_here", "served_here", "replica_here", "any"],
            "default": "protected_here",
        },
        "require_health": {"type": "str", "choices": ["ok", "warning"], "default": "warning"},
        "max_rpo": {"type": "str"},
        "heartbeat": {"type": "bool", "default": True},
        "addresses": {"type": "list", "elements": "str"},
        "probes": _PROBES,
        "limits": _LIMITS,
        "simulated_guests": {"type": "bool", "default": False},
        "within": {"type": "int"},
        "concurrency": {"type": "int", "default": 32},
        "fail_on": {"type": "str", "choices": ["fail", "warn", "never"], "default": "fail"},
        "timeout": {"type": "int", "default": 900},
        "poll_interval": {"type": "float", "default": 5.0},
        "progress": {"type": "str", "default": "auto"},
    },
    "required_one_of": [("vms", "plan")],
    "mutually_exclusive": [("plan", "peer"), ("plan", "limits"), ("plan", "probes")],
}

TEST_FAILOVER: Final[Mapping[str, Any]] = {
    "argument_spec": {
        "vms": _VMS,
        "state": {"type": "str", "choices": ["present", "absent"], "required": True},
        "recovery_point": {"type": "str", "default": "latest"},
        "recovery_point_before": {"type": "str"},
        "network": {"type": "str", "choices": ["isolated", "configured"]},
        "test_networks": _SWITCHES,
        "start": {"type": "bool", "default": False},
        "heartbeat": {"type": "bool", "default": True},
        "guest_timeout": {"type": "int", "default": 300},
        "probes": _PROBES,
        "simulated_guests": {"type": "bool", "default": False},
        "stop_running": {"type": "bool", "default": False},
        "orphans": {"type": "str", "choices": ["keep", "remove"], "default": "keep"},
        "orphan_ids": _VMS,
        **_RUN,
    },
    "mutually_exclusive": [("network", "test_networks")],
    "required_one_of": [("vms", "orphan_ids")],
    "required_if": [("state", "present", ("vms",)), ("orphans", "remove", ("orphan_ids",))],
}

NETWORK: Final[Mapping[str, Any]] = {
    "argument_spec": {
        "adapters": {
            "type": "list",
            "elements": "dict",
            "required": True,
            "options": {
                "vm": {"type": "str", "required": True},
                "adapter": {"type": "str"},
                "test_switch": {"type": "str"},
                "failover": {
                    "type": "dict",
                    "options": {
                        "dhcp": {"type": "bool", "default": False},
                        "addresses": {"type": "list", "elements": "str"},
                        "gateways": {"type": "list", "elements": "str"},
                        "dns": {"type": "list", "elements": "str"},
                    },
                },
            },
            "required_one_of": [("test_switch", "failover")],
        },
        "peer": {"type": "str"},
        **_RUN,
    },
}

INFO: Final[Mapping[str, Any]] = {
    "argument_spec": {
        "vms": _VMS,
        "peer": {"type": "str"},
        "gather": {
            "type": "list",
            "elements": "str",
            "choices": [
                "state",
                "settings",
                "points",
                "jobs",
                "service",
                "guest",
                "statistics",
                "cluster",
                "test_copies",
                "memory",
                "limits",
            ],
            "default": ["state"],
        },
        "timeout": {"type": "int", "default": 300},
    },
}
