# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Can we go, and can we come home again? Rule by rule, from what both ends show. Changes nothing.

A rule has an id, which is public, a gate for each operation, and a check: a pure function of one VM's view. What a
check wants to know and nobody told makes its result "not checked", with the reason.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from ansible_collections.hyperv.replica.plugins.module_utils._errors import PreconditionFailed
from ansible_collections.hyperv.replica.plugins.module_utils._operations.preflight_view import (
    Finding,
    Operation,
    Unseen,
    View,
    Whole,
)
from ansible_collections.hyperv.replica.plugins.module_utils._operations.verification import Result


class Gate(str, Enum):
    """What a rule that does not hold does to an operation."""

    BLOCK = "block"
    WARN = "warn"
    IGNORE = "ignore"


Gates = Mapping[Operation, Gate]

_LETTERS: Final = {"B": Gate.BLOCK, "W": Gate.WARN, "-": Gate.IGNORE}

#: What could not be checked stops what loses nothing by waiting, and nothing else.
_CERTAIN: Final = frozenset({Operation.PLANNED, Operation.SYNC, Operation.SWITCH, Operation.NEW_COPY})


def gates(letters: str) -> Gates:
    """Gates from letters, B, W or a dash, for test, planned, unplanned, sync and switch in this order.

    A sixth is for new_copy, which most rules have nothing to say to, since they are about the copy that is to be made.
    """
    every = letters.split()
    if len(every) < len(Operation):
        every.append("-")
    return {operation: _LETTERS[letter] for operation, letter in zip(Operation, every, strict=True)}


Check = Callable[[View], Finding]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule.

    Attributes:
        id: public; playbooks and waivers name it.
        asks: what holds where it passes, as a sentence.
        of_hosts: it is about the two hosts, and told once however many VMs there are.
        waivable: somebody may decide to go on without it.
    """

    id: str
    asks: str
    gates: Gates
    check: Check
    cause: str
    remedy: str
    of_hosts: bool = False
    waivable: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiver:
    """Somebody's decision to go on although a rule does not hold; ``vm`` empty means every VM."""

    rule: str
    reason: str
    vm: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What one rule says of one VM, or of the hosts where ``vm`` is empty.

    Attributes:
        gate: what the rule does to this operation where it does not hold.
        counts: what it does now; a waived one does nothing.
        waived: the reason of whoever waived it.
    """

    rule: str
    vm: str
    host: str
    result: Result
    gate: Gate
    counts: Gate
    found: str
    cause: str = ""
    remedy: str = ""
    waived: str = ""


def judge(whole: Whole, rules: Sequence[Rule], waivers: Collection[Waiver] = ()) -> list[Verdict]:
    """Every rule on every VM, in the order of the rules; a rule of the hosts once.

    Raises:
        PreconditionFailed: a waiver names what is not there, or what nobody may waive.
    """
    names = {key: pair.vm_name for key, pair in whole.pairs.items()}
    chosen = [_known_waiver(waiver, rules, names) for waiver in waivers]
    told = []
    for rule in rules:
        findings = [(names[key], _finding(rule, View(pair, whole))) for key, pair in whole.pairs.items()]
        if rule.of_hosts:
            findings = [("", finding) for finding in dict.fromkeys(finding for _name, finding in findings)]
        told += [_verdict(rule, name, finding, whole.asked.operation, chosen) for name, finding in findings]
    return told


def _finding(rule: Rule, view: View) -> Finding:
    try:
        return rule.check(view)
    except Unseen as unseen:
        return Finding(result=Result.NOT_CHECKED, found=unseen.why, host=unseen.host)


def _verdict(rule: Rule, name: str, finding: Finding, operation: Operation, waivers: Collection[Waiver]) -> Verdict:
    mine = [waiver for waiver in waivers if waiver.rule == rule.id and waiver.vm in ("", name)]
    good = finding.result is Result.PASS
    waived = mine[0].reason if mine and not good else ""
    gate = rule.gates[operation]
    return Verdict(
        rule=rule.id,
        vm=name,
        host=finding.host,
        result=finding.result,
        gate=gate,
        counts=Gate.IGNORE if waived else _counts(finding.result, gate, operation),
        found=finding.found,
        cause="" if good else finding.cause or rule.cause,
        remedy="" if good else finding.remedy or rule.remedy,
        waived=waived,
    )


def _counts(result: Result, gate: Gate, operation: Operation) -> Gate:
    if result is Result.PASS or gate is Gate.IGNORE:
        return Gate.IGNORE
    if result is Result.WARN or (result is Result.NOT_CHECKED and operation not in _CERTAIN):
        return Gate.WARN
    return gate


def _known_waiver(waiver: Waiver, rules: Sequence[Rule], names: Mapping[str, str]) -> Waiver:
    rule = next((rule for rule in rules if rule.id == waiver.rule), None)
    if rule is None:
        raise _refused(f"there is no rule {waiver.rule!r}", "Write the id of a rule as a preflight prints it")
    if not rule.waivable:
        raise _refused(f"the rule {rule.id} cannot be waived", "Remove its cause; nothing here may go on without it")
    if rule.of_hosts and waiver.vm:
        raise _refused(f"the rule {rule.id} is about the hosts, not about {waiver.vm!r}", "Leave vm out of this waiver")
    if not waiver.vm:
        return waiver
    for key, name in names.items():
        if waiver.vm.strip("{} ").casefold() in (name.casefold(), key.casefold()):
            return Waiver(rule=waiver.rule, reason=waiver.reason, vm=name)
    raise _refused(
        f"a waiver of {rule.id} names {waiver.vm!r}, which is not among the VMs asked for",
        "Name one of the VMs in vms, or leave vm out for all of them",
    )


def _refused(found: str, remedy: str) -> PreconditionFailed:
    return PreconditionFailed(found, kind="bad_option", remedy=remedy)
