# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""hyperv_replica: its argument spec, from its options to what is wanted, and what it returns beside the common."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from ansible_collections.hyperv.replica.plugins.module_utils._errors import PreconditionFailed
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import HostFacts, Pair, Side
from ansible_collections.hyperv.replica.plugins.module_utils._operations.goal import Goal, Start
from ansible_collections.hyperv.replica.plugins.module_utils._operations.plan import Consent, Plain, Target
from ansible_collections.hyperv.replica.plugins.module_utils._operations.relationship_settings import (
    FirstCopy,
    RelationshipState,
    WantedRelationship,
    WhichLeg,
    shown,
)
from ansible_collections.hyperv.replica.plugins.module_utils._surface.plain import plain
from ansible_collections.hyperv.replica.plugins.module_utils._values import moment

_AUTHENTICATION: Final = {"kerberos": 1, "certificate": 2}

REPLICA: Final[Mapping[str, Any]] = {
    "argument_spec": {
        "vms": {"type": "list", "elements": "str", "required": True},
        "peer": {"type": "str"},
        "leg": {
            "type": "str",
            "choices": [leg.value for leg in WhichLeg],
            "default": WhichLeg.PRIMARY.value,
        },
        "state": {
            "type": "str",
            "choices": [state.value for state in RelationshipState],
            "default": RelationshipState.REPLICATING.value,
        },
        "replica_server": {"type": "str"},
        "authentication": {"type": "str", "choices": [*_AUTHENTICATION]},
        "port": {"type": "int"},
        "certificate_thumbprint": {"type": "str"},
        "interval": {"type": "int", "choices": [30, 300, 900]},
        "recovery_history": {"type": "int"},
        "app_consistent_interval": {"type": "int"},
        "compression": {"type": "bool"},
        "bypass_proxy": {"type": "bool"},
        "included_disks": {"type": "list", "elements": "str"},
        "auto_resynchronize": {"type": "bool"},
        "auto_resynchronize_from": {"type": "str"},
        "auto_resynchronize_until": {"type": "str"},
        "provider": {"type": "str"},
        "additional_settings": {"type": "str"},
        "first_copy": {
            "type": "str",
            "choices": [way.value for way in FirstCopy],
            "default": FirstCopy.NETWORK.value,
        },
        "export_path": {"type": "str"},
        "import_path": {"type": "str"},
        "start_at": {"type": "str"},
        "reset_statistics": {"type": "bool", "default": False},
        "even_if_failed_over": {"type": "bool", "default": False},
        "sync_timeout": {"type": "int", "default": 3600},
        "consent": {
            "type": "list",
            "elements": "str",
            "choices": [Consent.RESYNCHRONIZE.value, Consent.DISCARD_OLD_PRIMARY_DATA.value],
        },
        "reason": {"type": "str"},
        "timeout": {"type": "int", "default": 3600},
        "poll_interval": {"type": "float", "default": 5.0},
        "concurrency": {"type": "int", "default": 10},
        "stop_on_error": {"type": "bool", "default": False},
        "progress": {"type": "str", "default": "auto"},
        "journal_dir": {"type": "path"},
    },
    "required_if": [("first_copy", "export", ("export_path",))],
    "required_by": {"consent": ("reason",), "import_path": ("peer", "export_path")},
}

#: Option: the property of Msvm_ReplicationSettingData that it sets.
_SETTINGS: Final = {
    "replica_server": "RecoveryConnectionPoint",
    "port": "RecoveryServerPortNumber",
    "interval": "ReplicationInterval",
    "recovery_history": "RecoveryHistory",
    "app_consistent_interval": "ApplicationConsistentSnapshotInterval",
    "compression": "CompressionEnabled",
    "bypass_proxy": "BypassProxyServer",
    "auto_resynchronize": "AutoResynchronizeEnabled",
    "auto_resynchronize_from": "AutoResynchronizeIntervalStart",
    "auto_resynchronize_until": "AutoResynchronizeIntervalEnd",
    "additional_settings": "AdditionalSettings",
}
_RANGES: Final = {"port": (1, 65535), "recovery_history": (0, 24), "app_consistent_interval": (0, 12)}
_TIME_OF_DAY: Final = re.compile(r"(?:[01]\d|2[0-3]):[0-5]\d", re.ASCII)
_GUID: Final = re.compile(r"[0-9A-F]{8}(?:-[0-9A-F]{4}){3}-[0-9A-F]{12}", re.ASCII)


def relationship_goal(options: Mapping[str, Any]) -> Goal:
    """What the run may do on the way, beside what is wanted."""
    consent = frozenset(Consent(word) for word in options["consent"] or ())
    if consent and not (options["reason"] or "").strip():
        raise _bad("consent was given without a reason", "Say who wants it and why with reason")
    return Goal(
        target=Target.SYNCED,
        start=Start.NEVER,
        consent=consent,
        reason=options["reason"] or "",
        sync_timeout=timedelta(seconds=options["sync_timeout"]),
    )


def wanted_relationship(options: Mapping[str, Any]) -> WantedRelationship:
    """What the options ask for.

    Raises:
        PreconditionFailed: an option that cannot be used.
    """
    _check(options)
    start_at = options["start_at"]
    return WantedRelationship(
        state=RelationshipState(options["state"]),
        leg=WhichLeg(options["leg"]),
        settings=_settings(options),
        first_copy=FirstCopy(options["first_copy"]),
        export_path=options["export_path"],
        import_path=options["import_path"],
        start_at=None if start_at is None else moment(start_at, option="start_at"),
        reset_statistics=options["reset_statistics"],
        even_if_failed_over=options["even_if_failed_over"],
    )


def _settings(options: Mapping[str, Any]) -> dict[str, Plain]:
    values: dict[str, Plain] = {
        name: options[option] for option, name in _SETTINGS.items() if options[option] is not None
    }
    if options["authentication"] is not None:
        values["AuthenticationType"] = _AUTHENTICATION[options["authentication"]]
    if options["certificate_thumbprint"] is not None:
        values["CertificateThumbPrint"] = "".join(filter(str.isalnum, options["certificate_thumbprint"])).upper()
    if options["included_disks"] is not None:
        values["IncludedDisks"] = tuple(options["included_disks"])
    if options["provider"] is not None:
        values["ReplicationProvider"] = options["provider"].strip("{} ").upper()
    return values


def _check(options: Mapping[str, Any]) -> None:
    for name, (least, most) in _RANGES.items():
        if options[name] is not None and not least <= options[name] <= most:
            raise _bad(f"{name} is {options[name]}", f"Give {least} to {most}")
    for name in ("auto_resynchronize_from", "auto_resynchronize_until"):
        if options[name] is not None and not _TIME_OF_DAY.fullmatch(options[name]):
            raise _bad(f"{name} is {options[name]!r}", 'Write the host\'s local time of day, in quotes: "18:30"')
    if options["provider"] is not None and not _GUID.fullmatch(options["provider"].strip("{} ").upper()):
        raise _bad(f"provider is {options['provider']!r}", "Give the GUID of the replication provider")
    if options["included_disks"] == []:
        raise _bad("included_disks is empty", "Name the disks to replicate, or leave it out for all of them")
    _check_fit(options)


def _check_fit(options: Mapping[str, Any]) -> None:
    """Refuse what would have no effect, so that nobody believes it had."""
    state = RelationshipState(options["state"])
    begins = (RelationshipState.REPLICATING, RelationshipState.RESYNCHRONIZED)
    if options["start_at"] is not None and (state not in begins or options["first_copy"] == "export"):
        raise _bad("start_at was given and nothing is begun that can wait", "Leave it out")
    if options["peer"] is not None and state is RelationshipState.PROMOTED:
        raise _bad("peer was given with state: promoted", "Leave it out: only the host that is promoted is looked at")
    if options["leg"] == WhichLeg.EXTENDED.value and state is RelationshipState.PROMOTED:
        raise _bad("leg was given with state: promoted", "Leave it out: the leg to the third host is the one meant")
    if options["reset_statistics"] and state is RelationshipState.ABSENT:
        raise _bad("statistics of a relationship that is removed were to be reset", "Leave reset_statistics out")


def _bad(found: str, remedy: str) -> PreconditionFailed:
    return PreconditionFailed(found, kind="bad_option", remedy=remedy)


def settings_result(seen: Pair) -> dict[str, Any] | None:
    """The settings of the relationship as its options are written; None where it has none."""
    here = seen.destination
    if not isinstance(here, Side) or here.settings is None or here.relationship is None:
        return None
    settings = here.settings
    told: dict[str, Any] = {option: plain(shown(settings, name)) for option, name in _SETTINGS.items()}
    return told | {
        "authentication": settings.authentication.name.lower(),
        "certificate_thumbprint": settings.certificate_thumbprint,
        "provider": settings.provider,
        "included_disks": [_path(here, disk) for disk in settings.included_disks],
        "auto_resynchronize_from_utc": _in_utc(told["auto_resynchronize_from"], here.facts),
        "auto_resynchronize_until_utc": _in_utc(told["auto_resynchronize_until"], here.facts),
    }


def _path(side: Side, named: str) -> str:
    return next((disk.path for disk in side.disks if disk.id == named), named)


def _in_utc(text: str | None, facts: HostFacts) -> str | None:
    """A time of day of the host as it is in UTC today; None where the host does not say how far that is."""
    if not text or facts.utc_offset is None:
        return None
    return (datetime.strptime(text, "%H:%M") - facts.utc_offset).strftime("%H:%M")


def sending_direction(seen: Pair) -> str:
    """``hv-a → hv-b``: from the host that sends, which is the task's, to the one that receives."""
    return _direction(seen.destination.host, seen.source.host)


def _direction(sender: str, receiver: str) -> str:
    """The sender alone where no peer was given, which a name in parentheses says."""
    return sender if receiver.startswith("(") else f"{sender} → {receiver}"


def as_sender(result: dict[str, Any]) -> dict[str, Any]:
    """The result with its ends named after what they do, since the task's host is no destination here."""
    ends = {"destination": "sender", "source": "receiver"}
    for vm in result["vms"]:
        here, there = vm["before"]["destination"]["host"], vm["before"]["source"]["host"]
        ours, name = _direction(here, there), vm["name"]
        for half in ("before", "after"):
            vm[half] = {ends[end]: side for end, side in vm[half].items()}
            text = result["diff"][half]
            result["diff"][half] = text.replace(f"{name}: {there} → {here}", f"{name}: {ours}")
        vm["direction"] = ours
        for step in (*vm["plan"], *vm["performed"]):
            step["end"] = ends[step["end"]]
    return result
