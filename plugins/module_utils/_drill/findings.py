# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The tables of the report that tell what was found: faults, verification, preflight."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from ansible_collections.hyperv.replica.plugins.module_utils._drill.causes import places
from ansible_collections.hyperv.replica.plugins.module_utils._drill.drill import (
    VERIFY,
    Check,
    Drill,
    Rule,
    Stage,
    VmRun,
)
from ansible_collections.hyperv.replica.plugins.module_utils._drill.page import (
    BAD,
    CODE,
    GOOD,
    WARN,
    Cell,
    Table,
    counted,
    named,
    plain,
)
from ansible_collections.hyperv.replica.plugins.module_utils._drill.timeline import FEW
from ansible_collections.hyperv.replica.plugins.module_utils._drill.verdict import sentences

Cells = tuple[Cell, ...]

#: Rules that do not hold and are seen at once.
_MOST_RULES: Final = 60

#: Virtual machines that are named in a line that tells of several.
_MOST_NAMES: Final = 12

#: Weight of a rule that this operation ignores.
_IGNORED: Final = 3

_LOOKS: Final = {"pass": GOOD, "warn": WARN, "fail": BAD, "not_checked": WARN}


def faults(drill: Drill) -> Table:
    """What went wrong with which virtual machines, and what to do; a line for all that are alike."""
    alike: dict[tuple[str, str, str, str], list[VmRun]] = {}
    for stage in drill.stages:
        for run in stage.vms:
            if run.fault is not None:
                advice = sentences(run.fault.remedy, run.fault.next_move)
                key = (stage.stage, f"{run.fault.kind} {run.fault.code}".strip(), run.why, advice)
                alike.setdefault(key, []).append(run)
    rows = [
        (
            plain(named([run.name for run in runs], _MOST_NAMES)),
            plain(stage),
            Cell(text=kind, look=CODE),
            plain(why),
            plain(advice),
            plain(places([run.now for run in runs])),
        )
        for (stage, kind, why, advice), runs in alike.items()
    ]
    columns = ("VMs", "Stage", "Kind", "What happened", "What to do", "Where it was then")
    return Table(id="faults", title="Faults", columns=columns, rows=tuple(rows[:FEW]), more=tuple(rows[FEW:]))


def verification(drill: Drill) -> Table:
    """Every check that is not green, and the green ones: each where they are few, else how many there are of each."""
    told = [(stage, run, check) for stage in drill.stages for run in stage.vms for check in run.checks]
    bad = [_checked(stage, run, check) for stage, run, check in told if check.result != "pass"]
    green = [(stage, run, check) for stage, run, check in told if check.result == "pass"]
    if len(told) <= FEW:
        rest = [_checked(stage, run, check) for stage, run, check in green]
    else:
        alike = Counter((stage.stage, check.check) for stage, _run, check in green)
        rest = [_alike(counted(many, "VM"), stage, check) for (stage, check), many in alike.items()]
    count = Counter(check.result for _stage, _run, check in told)
    return Table(
        id="verification",
        title="Verification",
        note=", ".join(f"{many} {result.replace('_', ' ')}" for result, many in sorted(count.items())),
        columns=("VM", "Stage", "Check", "Result", "Found", "Wanted"),
        rows=(*bad, *rest),
        empty="Nothing was verified." if any(stage.kind == VERIFY or stage.moves for stage in drill.stages) else "",
    )


def _checked(stage: Stage, run: VmRun, check: Check) -> Cells:
    return (
        plain(run.name),
        plain(stage.stage),
        plain(check.check),
        Cell(text=check.result.replace("_", " "), look=_LOOKS.get(check.result, WARN)),
        plain(check.found),
        plain(check.wanted),
    )


def _alike(who: str, stage: str, check: str) -> Cells:
    return plain(who), plain(stage), plain(check), Cell(text="pass", look=GOOD), plain(""), plain("")


def preflight(drill: Drill) -> Table:
    """What preflight found that is not simply green: what blocks first, then what warns, a line for all that are alike.

    Green rules, and those that this operation ignores, are folded away.
    """
    told = [rule for stage in drill.stages for rule in stage.rules]
    alike: dict[Rule, list[Rule]] = {}
    for rule in sorted((rule for rule in told if rule.result != "pass"), key=_weight):
        alike.setdefault(replace(rule, vm=""), []).append(rule)
    seen = [(_weight(rule), _found(rule, rules)) for rule, rules in alike.items()]
    rows = [cells for weight, cells in seen if weight < _IGNORED]
    green = Counter(rule.rule for rule in told if rule.result == "pass")
    passed = Cell(text="pass", look=GOOD)
    more = [
        *(cells for weight, cells in seen if weight == _IGNORED),
        *(
            (Cell(text=rule, look=CODE), plain(f"{counted(many, 'time')}"), passed, plain(""), plain(""), plain(""))
            for rule, many in green.items()
        ),
    ]
    return Table(
        id="preflight",
        title="Preflight",
        columns=("Rule", "Where", "Result", "Gate", "Found", "Remedy"),
        rows=tuple(rows[:_MOST_RULES]),
        more=(*rows[_MOST_RULES:], *more),
    )


def _weight(rule: Rule) -> int:
    """Where a rule that does not hold stands: what blocks, what was waived, what warns, what does not count here."""
    if rule.blocks:
        return 0
    return 1 if rule.waived else _IGNORED if (rule.counts or rule.gate) == "ignore" else 2


def _found(rule: Rule, rules: Sequence[Rule]) -> Cells:
    names = [one.vm for one in rules if one.vm]
    return (
        Cell(text=rule.rule, look=CODE),
        plain(" on ".join(filter(None, (named(names, _MOST_NAMES), rule.host)))),
        Cell(text=rule.result.replace("_", " "), look=_LOOKS.get(rule.result, WARN)),
        plain("waived: " + rule.waived if rule.waived else rule.counts or rule.gate),
        plain(rule.found or rule.cause),
        plain(rule.remedy),
    )
