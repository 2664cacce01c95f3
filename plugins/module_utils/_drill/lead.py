# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is said first of a drill: the verdict, whose failure it was, why, what it cost, and where everything is now."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from ansible_collections.hyperv.replica.plugins.module_utils._drill.drill import Drill, Stage
from ansible_collections.hyperv.replica.plugins.module_utils._drill.page import counted
from ansible_collections.hyperv.replica.plugins.module_utils._drill.trend import Summary, summary
from ansible_collections.hyperv.replica.plugins.module_utils._drill.verdict import (
    Reason,
    length,
    reasons,
    sentences,
    verdict,
)

#: Reasons that stand in the box of the verdict; the others are in the tables.
_MOST_REASONS: Final = 5


def spoken(drill: Drill) -> str:
    """The verdict in a few sentences, for the last line of a job: it says where things are when the drill is over."""
    why = reasons(drill)
    told = [f"{verdict(drill)} on {where(drill)}: {lead(drill, summary(drill), why)}"]
    for reason in causes(why):
        who, because, rest = reason_parts(reason)
        told.append(sentences(": ".join(filter(None, (who, because))), rest))
    told.append(more_reasons(why))
    stages = "; ".join(_stages(drill))
    return " ".join([*filter(None, told), *([f"Stages: {stages}."] if stages else [])])


def _stages(drill: Drill) -> Iterator[str]:
    return (f"{stage.stage} {stage_outcome(stage)}" for stage in drill.stages)


def stage_outcome(stage: Stage) -> str:
    """``passed, 12 VMs`` or ``failed, 8 of 12 VMs``."""
    bad, vms = sum(run.failed for run in stage.vms), counted(len(stage.vms), "VM")
    if stage.failed or bad:
        return f"failed, {bad} of {vms}" if bad else "failed"
    return f"passed, {vms}" if stage.vms else "passed"


def where(drill: Drill) -> str:
    """Whether this was the simulator, in the words that stand there in large letters."""
    if drill.simulated:
        return "SIMULATOR"
    return "REAL AND SIMULATED HOSTS" if set(drill.hosts) & set(drill.simulated_hosts) else "REAL HOSTS"


def lead(drill: Drill, told: Summary, why: Sequence[Reason]) -> str:
    """The verdict in one sentence or two."""
    if why:
        return f"{_who(why)} failed. {told.good} of {counted(told.vms, 'virtual machine')} had no failure."
    if not told.moves:
        return f"{counted(told.vms, 'virtual machine')} passed every stage."
    lost = told.worst_rpo_seconds
    loss = f"At most {length(lost)} of data was lost." if lost else "No data was lost."
    slow = f"Longest RTO: {told.worst_rto_vm}, {length(told.worst_rto_seconds)}." if told.worst_rto_vm else ""
    every = f"{counted(told.vms, 'virtual machine')} went through every stage without a failure."
    return " ".join(filter(None, (every, slow, loss)))


def _who(why: Sequence[Reason]) -> str:
    """Whose failure it was; those that failed because of another are counted only."""
    names = list(dict.fromkeys(reason.vm for reason in why if reason.vm and not reason.follows))
    after = {reason.vm for reason in why if reason.follows} - set(names)
    if not names:
        return "The drill"
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    because = f", and {len(after)} because of {'it' if len(names) == 1 else 'them'}," if after else ""
    return f"{', '.join(names[:3])}{more}{because}"


def causes(why: Sequence[Reason]) -> list[Reason]:
    """The reasons that stand in the box of the verdict: no failure that only follows from another."""
    return [reason for reason in why if not reason.follows][:_MOST_REASONS] or list(why[:_MOST_REASONS])


def more_reasons(why: Sequence[Reason]) -> str:
    """What did not find room there."""
    shown = causes(why)
    after = list(dict.fromkeys(reason.vm for reason in why if reason.follows and reason not in shown))
    rest = len(why) - len(shown) - sum(reason.follows and reason not in shown for reason in why)
    told = (
        [f"Because of it: {', '.join(after[:8])}{f' and {len(after) - 8} more' if len(after) > 8 else ''}."]
        if after
        else []
    )
    return " ".join([*told, *([f"{counted(rest, 'more reason')} below."] if rest else [])])


def reason_parts(reason: Reason) -> tuple[str, str, str]:
    """Who and where; why; what it cost, where the virtual machine is now, and what to do."""
    tier = f" ({reason.tier})" if reason.tier and reason.tier != "all" else ""
    who = ", ".join(filter(None, (f"{reason.vm}{tier}" if reason.vm else "", reason.stage)))
    rest = [f"Cost: {reason.cost}." if reason.cost else "", f"Now: {reason.now}." if reason.now else ""]
    return who, reason.why, " ".join(filter(None, [*rest, sentences(reason.remedy)]))
