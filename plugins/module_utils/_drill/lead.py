# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is said first of a drill: the verdict, whose failure it was, why, what it cost, and where everything is now."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from ansible_collections.hyperv.replica.plugins.module_utils._drill.causes import Cause, grouped
from ansible_collections.hyperv.replica.plugins.module_utils._drill.drill import Drill, Stage
from ansible_collections.hyperv.replica.plugins.module_utils._drill.page import counted, named
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

#: Names in the sentence of the verdict, and of those that failed because of another.
_MOST_NAMES: Final = 3
_MOST_AFTER: Final = 8


def spoken(drill: Drill) -> str:
    """The verdict in a few sentences, for the last line of a job: it says where things are when the drill is over."""
    why = reasons(drill)
    told = [f"{verdict(drill)} on {where(drill)}: {lead(drill, summary(drill), why)}"]
    for cause in causes(why):
        who, because, rest = cause.parts
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
    if drill.nobody_said_where or not drill.hosts:
        return "UNKNOWN HOSTS"
    return "REAL AND SIMULATED HOSTS" if set(drill.hosts) & set(drill.simulated_hosts) else "REAL HOSTS"


def lead(drill: Drill, told: Summary, why: Sequence[Reason]) -> str:
    """The verdict in one sentence or two."""
    if why:
        well = f" {told.good} of {counted(told.vms, 'virtual machine')} had no failure." if told.vms else ""
        return f"{_who(why)}.{well}"
    if not told.moves:
        return f"{counted(told.vms, 'virtual machine')} passed every stage."
    lost = told.worst_rpo_seconds
    loss = f"At most {length(lost)} of data was lost." if lost else "No data was lost."
    slow = f"Longest RTO: {told.worst_rto_vm}, {length(told.worst_rto_seconds)}." if told.worst_rto_vm else ""
    every = f"{counted(told.vms, 'virtual machine')} went through every stage without a failure."
    return " ".join(filter(None, (every, slow, loss)))


def _who(why: Sequence[Reason]) -> str:
    """Whose failure it was, and how many reasons there were; those that failed because of another are counted only."""
    names = list(dict.fromkeys(reason.vm for reason in why if reason.vm and not reason.follows))
    after = {reason.vm for reason in why if reason.follows} - set(names)
    if not names:
        return "The drill failed"
    because = f", and {len(after)} because of {'it' if len(names) == 1 else 'them'}," if after else ""
    own = sum(not cause.follows for cause in grouped(why))
    reasons = f" for {counted(own, 'reason')}" if own < len(names) and len(names) > _MOST_NAMES else ""
    return f"{named(names, _MOST_NAMES)}{because} failed{reasons}"


def causes(why: Sequence[Reason]) -> list[Cause]:
    """The causes that stand in the box of the verdict: no failure that only follows from another."""
    found = grouped(why)
    return [cause for cause in found if not cause.follows][:_MOST_REASONS] or found[:_MOST_REASONS]


def more_reasons(why: Sequence[Reason]) -> str:
    """What did not find room there."""
    shown, told = causes(why), list[str]()
    left = [cause for cause in grouped(why) if cause not in shown]
    after = [reason for cause in left if cause.follows for reason in cause.reasons]
    if names := list(dict.fromkeys(reason.vm for reason in after)):
        single = sum(len(cause.names) or 1 for cause in shown) == 1
        told.append(f"Because of {'it' if single else 'them'}: {named(names, _MOST_AFTER)}.")
    if late := {reason.vm for reason in after if reason.alike}:
        told.append(f"{len(late)} of these missed a limit on the way back.")
    if rest := sum(not cause.follows for cause in left):
        told.append(f"{counted(rest, 'more reason')} below.")
    return " ".join(told)
