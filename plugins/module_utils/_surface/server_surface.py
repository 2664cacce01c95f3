# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The argument spec of hyperv_replica_server, and its way from options to what is wanted."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from typing import Any, Final

from ansible_collections.hyperv.replica.plugins.module_utils._errors import PreconditionFailed
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.authorization import ANY_SERVER
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.looking import Look
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.naming import resolve
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.server import ServerLook
from ansible_collections.hyperv.replica.plugins.module_utils._operations.replica_server import (
    Change,
    WantedEntry,
    WantedServer,
    entry_text,
)
from ansible_collections.hyperv.replica.plugins.module_utils._operations.serving import Made, ServerRun
from ansible_collections.hyperv.replica.plugins.module_utils._surface.plain import plain

_AUTHENTICATION: Final = {"kerberos": 1, "certificate": 2, "both": 3}
_WORDS: Final = {number: word for word, number in _AUTHENTICATION.items()}

_ENTRY: Final = {
    "primary": {"type": "str", "required": True},
    "storage": {"type": "str"},
    "trust_group": {"type": "str"},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
}
_BINDING: Final = {"vm": {"type": "str", "required": True}, "primary": {"type": "str", "required": True}}

SERVER: Final[Mapping[str, Any]] = {
    "argument_spec": {
        "enabled": {"type": "bool"},
        "authentication": {"type": "str", "choices": [*_AUTHENTICATION]},
        "http_port": {"type": "int"},
        "https_port": {"type": "int"},
        "certificate_thumbprint": {"type": "str"},
        "certificate_subject": {"type": "str"},
        "certificate_days": {"type": "int", "default": 0},
        "monitoring_interval": {"type": "int"},
        "monitoring_start": {"type": "str"},
        "any_server": {"type": "bool"},
        "default_storage": {"type": "str"},
        "entries": {"type": "list", "elements": "dict", "options": _ENTRY},
        "purge": {"type": "bool", "default": False},
        "vm_entries": {"type": "list", "elements": "dict", "options": _BINDING},
        "timeout": {"type": "int", "default": 300},
        "poll_interval": {"type": "float", "default": 5.0},
        "journal_dir": {"type": "path"},
    },
    "mutually_exclusive": [("certificate_thumbprint", "certificate_subject")],
    "required_if": [("purge", True, ("entries",))],
}


def wanted_server(options: Mapping[str, Any], seen: ServerLook) -> WantedServer:
    """What the options ask for, with VM names resolved on the host.

    Raises:
        PreconditionFailed: an option that cannot be used, or a name that is not there.
    """
    _check(options)
    bound = options["vm_entries"] or ()
    looked = Look(facts=seen.facts, sides=seen.vms)
    ids = resolve([one["vm"] for one in bound], looked) if bound else {}
    authentication = options["authentication"]
    return WantedServer(
        enabled=options["enabled"],
        authentication=None if authentication is None else _AUTHENTICATION[authentication],
        http_port=options["http_port"],
        https_port=options["https_port"],
        thumbprint=options["certificate_thumbprint"],
        subject=options["certificate_subject"],
        lasting=timedelta(days=options["certificate_days"]),
        monitoring_interval=options["monitoring_interval"],
        monitoring_start=_time_of_day(options["monitoring_start"]),
        any_server=options["any_server"],
        default_storage=options["default_storage"],
        entries=tuple(_entry(one) for one in options["entries"] or ()),
        purge=options["purge"],
        bindings={ids[one["vm"]]: one["primary"] for one in bound},
    )


def _entry(given: Mapping[str, Any]) -> WantedEntry:
    return WantedEntry(
        primary=given["primary"],
        trust_group=given["trust_group"],
        storage=given["storage"],
        present=given["state"] == "present",
    )


def _check(options: Mapping[str, Any]) -> None:
    for name in ("http_port", "https_port"):
        if options[name] is not None and not 0 < options[name] < 65536:
            raise _bad(f"{name} is {options[name]}", "Give a port from 1 to 65535")
    interval = options["monitoring_interval"]
    if interval is not None and not 3600 <= interval <= 604800:
        raise _bad(f"monitoring_interval is {interval}", "Give 3600 to 604800 seconds: an hour to a week")
    names = [one["primary"].casefold() for one in options["entries"] or ()]
    if ANY_SERVER in names:
        raise _bad("entries names *", "The entry of every server is any_server and default_storage")
    if len(set(names)) < len(names):
        raise _bad("entries names a server twice", "Give one entry for each")


def _bad(found: str, remedy: str) -> PreconditionFailed:
    return PreconditionFailed(found, kind="bad_option", remedy=remedy)


def _time_of_day(text: str | None) -> time | None:
    if text is None:
        return None
    try:
        return datetime.strptime(text, "%H:%M").time()
    except ValueError:
        raise _bad(f"monitoring_start is {text!r}", 'Write the time of day in UTC, in quotes: "09:00"') from None


def server_result(run: ServerRun, before: ServerLook, planned: tuple[Change, ...], check_mode: bool) -> dict[str, Any]:
    """The result of a task, as documented under RETURN of the module."""
    changed = [made for made in run.made if made.outcome in ("done", "unknown")]
    count = len(planned) if check_mode else len(changed)
    said = f"{count} {'change' if count == 1 else 'changes'} {'planned' if check_mode else 'made'}"
    return {
        "changed": bool(planned) if check_mode else bool(changed),
        "msg": f"{run.host.name}: {said if count else 'already there'}.",
        "outcome": ("planned" if check_mode else "changed") if count else "already_there",
        "before": _server(before),
        "after": _server(run.seen),
        "certificates": None if run.seen.certificates is None else plain(run.seen.certificates),
        "plan": [_change(one) for one in planned],
        "performed": [_made(one) for one in run.made],
        "records": plain(run.journal.records),
        "warnings": _warnings(run.seen),
        "diff": {
            "before_header": "how the host receives replication",
            "before": _server_text(before),
            "after_header": "what is done, step by step",
            "after": "".join(f"{n}. {_change_text(one)}\n" for n, one in enumerate(planned, 1)),
        },
    }


def _server(seen: ServerLook) -> dict[str, Any]:
    server = seen.server
    start = seen.monitoring_start
    return {
        "host": seen.facts.name,
        "enabled": server.enabled,
        "listening": server.listening,
        "authentication": _WORDS.get(server.allowed_authentication),
        "http_port": server.http_port,
        "https_port": server.https_port,
        "certificate_thumbprint": server.certificate_thumbprint,
        "monitoring_interval": seen.monitoring_interval,
        "monitoring_start": None if start is None else start.strftime("%H:%M"),
        "any_server": seen.entry(ANY_SERVER) is not None,
        "entries": plain(seen.entries),
    }


def _change(one: Change) -> dict[str, Any]:
    return {"method": one.method, "arguments": plain(one.arguments), "why": one.why, "vm_id": one.vm_id or None}


def _made(one: Made) -> dict[str, Any]:
    return {
        **_change(one.change),
        "started": plain(one.started),
        "ended": plain(one.ended),
        "return_code": one.return_code,
        "job_id": one.job_id,
        "outcome": one.outcome,
    }


def _warnings(seen: ServerLook) -> list[str]:
    """What the operator should know although it stops nothing."""
    said = []
    if seen.server.enabled and seen.server.listening is False:
        said.append(f"the replica server of {seen.facts.name} is enabled, but its listener does not run")
    own = seen.server.certificate_thumbprint.upper()
    known = seen.certificates
    if own and known is not None and own not in [one.thumbprint for one in known]:
        said.append(f"the certificate {own} that is set on {seen.facts.name} is not among those it lists")
    return said


def _server_text(seen: ServerLook) -> str:
    lines = [f"{name}: {value}" for name, value in _server(seen).items() if name != "entries"]
    return "".join(f"{line}\n" for line in [*lines, *(f"entry: {entry_text(entry)}" for entry in seen.entries)])


def _change_text(one: Change) -> str:
    arguments = ", ".join(f"{name}={value}" for name, value in one.arguments.items())
    return f"{one.method}({arguments}): {one.why}"
