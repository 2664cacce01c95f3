# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The argument spec of hyperv_replica_preflight: from options to what is asked, and the verdict in plain values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from ansible_collections.hyperv.replica.plugins.module_utils._errors import PreconditionFailed
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import Pair
from ansible_collections.hyperv.replica.plugins.module_utils._operations.plan import Consent
from ansible_collections.hyperv.replica.plugins.module_utils._operations.preflight import Gate, Verdict, Waiver
from ansible_collections.hyperv.replica.plugins.module_utils._operations.preflight_looks import names_of
from ansible_collections.hyperv.replica.plugins.module_utils._operations.preflight_view import Asked, Operation
from ansible_collections.hyperv.replica.plugins.module_utils._operations.verification import Result
from ansible_collections.hyperv.replica.plugins.module_utils._surface.plain import plain
from ansible_collections.hyperv.replica.plugins.module_utils._surface.words import counted, direction
from ansible_collections.hyperv.replica.plugins.module_utils._values import duration, moment, size

SERVICES: Final = ("kdc", "dns", "awx", "ca")

#: What a failover takes as the moment of the outage where nobody knows it.
_FROM_LAST: Final = "from_last_replication"

#: How many findings the message names; the rest are in the result.
_TOLD: Final = 12

_WAIVER: Final = {
    "rule": {"type": "str", "required": True},
    "vm": {"type": "str"},
    "reason": {"type": "str", "required": True},
}
_LIMIT: Final = {"vm": {"type": "str", "required": True}, "rpo": {"type": "str", "required": True}}
_PROVIDES: Final = {
    "vm": {"type": "str", "required": True},
    "services": {"type": "list", "elements": "str", "choices": [*SERVICES], "required": True},
}

PREFLIGHT: Final[Mapping[str, Any]] = {
    "argument_spec": {
        "vms": {"type": "list", "elements": "str", "required": True},
        "peer": {"type": "str"},
        "operation": {"type": "str", "choices": [one.value for one in Operation], "required": True},
        "planned_stay": {"type": "str", "default": "7d"},
        "max_rpo": {"type": "str"},
        "limits": {"type": "list", "elements": "dict", "options": _LIMIT},
        "max_data_loss": {"type": "str"},
        "outage_began": {"type": "str"},
        "consent": {"type": "list", "elements": "str", "choices": [one.value for one in Consent]},
        "provides": {"type": "list", "elements": "dict", "options": _PROVIDES},
        "provided_elsewhere": {"type": "list", "elements": "str", "choices": [*SERVICES]},
        "moving": {"type": "list", "elements": "str"},
        "controller": {"type": "list", "elements": "str"},
        "controller_needs": {"type": "list", "elements": "str", "choices": [*SERVICES]},
        "memory_reserve": {"type": "str", "default": "2GiB"},
        "min_free_space": {"type": "str", "default": "10GiB"},
        "connection_test": {"type": "bool", "default": True},
        "waive": {"type": "list", "elements": "dict", "options": _WAIVER},
        "fail_on": {"type": "str", "choices": ["fail", "warn", "never"], "default": "fail"},
        "timeout": {"type": "int", "default": 300},
    },
}


def asked_of(
    options: Mapping[str, Any], pairs: Mapping[str, Pair], *, needs: Sequence[str], controller: Sequence[str]
) -> Asked:
    """What the options ask for; ``needs`` and ``controller`` are found out where the options do not say.

    Raises:
        PreconditionFailed: an option makes no sense; kind is ``bad_option``.
    """
    began, loss = options["outage_began"], options["max_data_loss"]
    known = began not in (None, _FROM_LAST)
    needed, named = options["controller_needs"], options["controller"]
    return Asked(
        operation=Operation(options["operation"]),
        planned_stay=duration(options["planned_stay"], option="planned_stay"),
        rpo=_limits(options, pairs),
        max_data_loss=None if loss is None else duration(loss, option="max_data_loss"),
        outage_began=moment(began, option="outage_began") if known else None,
        consent=frozenset(map(Consent, options["consent"] or ())),
        provides={one["vm"]: tuple(one["services"]) for one in options["provides"] or ()},
        moving=tuple(options["moving"] or [pair.vm_name for pair in pairs.values()]),
        elsewhere=frozenset(options["provided_elsewhere"] or ()),
        needs=frozenset(needs if needed is None else needed),
        controller=tuple(controller if named is None else named),
        reserve=size(options["memory_reserve"], option="memory_reserve"),
        min_free=size(options["min_free_space"], option="min_free_space"),
    )


def _limits(options: Mapping[str, Any], pairs: Mapping[str, Pair]) -> dict[str, Any]:
    ids = names_of(pairs.values())
    common = options["max_rpo"]
    limits = {} if common is None else dict.fromkeys(pairs, duration(common, option="max_rpo"))
    for one in options["limits"] or ():
        vm_id = ids.get(one["vm"].strip("{} ").casefold())
        if vm_id is None:
            raise PreconditionFailed(
                f"limits names {one['vm']!r}, which is not in vms",
                kind="bad_option",
                remedy="Add it to vms, or take its limit out",
            )
        limits[vm_id] = duration(one["rpo"], option="rpo")
    return limits


def waivers_of(options: Mapping[str, Any]) -> list[Waiver]:
    """Who decided to go on without which rule, and why.

    Raises:
        PreconditionFailed: a reason is empty.
    """
    waivers = [
        Waiver(rule=one["rule"], vm=one["vm"] or "", reason=one["reason"].strip()) for one in options["waive"] or ()
    ]
    for waiver in waivers:
        if not waiver.reason:
            raise PreconditionFailed(
                f"the waiver of {waiver.rule} gives no reason",
                kind="bad_option",
                remedy="Write who decided it and why; it stands on the first page of the report",
            )
    return waivers


def preflight_result(options: Mapping[str, Any], pairs: Mapping[str, Pair], told: Sequence[Verdict]) -> dict[str, Any]:
    """The verdict, and every rule beside it. Only what counts makes it fail."""
    blocking = [one for one in told if one.counts is Gate.BLOCK]
    warning = [one for one in told if one.counts is Gate.WARN]
    verdict = _word(bool(blocking), bool(warning))
    bad = {"fail": ("failed",), "warn": ("failed", "warned"), "never": ()}[options["fail_on"]]
    return {
        "changed": False,
        "failed": verdict in bad,
        "msg": _message(options, pairs, blocking, warning),
        "verdict": verdict,
        "operation": options["operation"],
        "summary": _summary(told, blocking),
        "vms": [_of_vm(pair, told) for pair in pairs.values()],
        "rules": [_plain(one) for one in told],
        "waived": [_plain(one) for one in told if one.waived],
    }


def _word(blocked: bool, warned: bool) -> str:
    return "failed" if blocked else "warned" if warned else "passed"


def _summary(told: Sequence[Verdict], blocking: Sequence[Verdict]) -> dict[str, int]:
    counts = {result.value: sum(one.result is result for one in told) for result in Result}
    return counts | {"waived": sum(bool(one.waived) for one in told), "blocking": len(blocking)}


def _of_vm(pair: Pair, told: Sequence[Verdict]) -> dict[str, Any]:
    mine = [one for one in told if one.vm in ("", pair.vm_name)]
    blocked = [one.rule for one in mine if one.counts is Gate.BLOCK]
    return {
        "name": pair.vm_name,
        "id": pair.vm_id,
        "direction": direction(pair),
        "verdict": _word(bool(blocked), any(one.counts is Gate.WARN for one in mine)),
        "blocked_by": [*dict.fromkeys(blocked)],
    }


def _plain(one: Verdict) -> dict[str, Any]:
    told: dict[str, Any] = plain(one)
    return told


def _message(
    options: Mapping[str, Any], pairs: Mapping[str, Pair], blocking: Sequence[Verdict], warning: Sequence[Verdict]
) -> str:
    what = f"{counted(len(pairs), 'VM')}, {options['operation']}"
    if not blocking and not warning:
        return f"Ready: {what}. Every rule that counts holds."
    parts = [f"NOT READY: {what}: {_rules(blocking)} block." if blocking else f"Ready: {what}."]
    shown = list(blocking) or list(warning)
    parts += [_line(one) for one in shown[:_TOLD]]
    if len(shown) > _TOLD:
        parts.append(f"And {len(shown) - _TOLD} more; see rules in the result.")
    if warning and blocking:
        parts.append(f"Beside them {_rules(warning)} warn.")
    elif warning:
        parts[0] = f"Ready, with warnings: {what}: {_rules(warning)} warn."
    return " ".join(parts)


def _rules(told: Sequence[Verdict]) -> str:
    return counted(len(told), "finding")


def _line(one: Verdict) -> str:
    where = " on ".join(filter(None, (one.vm, one.host)))
    head = ": ".join(filter(None, (where, f"{one.rule} {one.result.value.upper().replace('_', ' ')}: {one.found}")))
    sentences = (head, one.cause, one.remedy)
    return " ".join(part if part.endswith((".", "!", "?")) else f"{part}." for part in sentences if part)
