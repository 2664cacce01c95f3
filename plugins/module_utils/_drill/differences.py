# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What went otherwise than the plan says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from ansible_collections.hyperv.replica.plugins.module_utils._drill.drill import WALK_BACK, Drill, Stage, VmRun
from ansible_collections.hyperv.replica.plugins.module_utils._drill.page import counted
from ansible_collections.hyperv.replica.plugins.module_utils._drill.verdict import length

#: A duration is worth a line when it is so much longer than predicted, and by more than a minute.
_MUCH_LONGER = 1.5
_AT_LEAST = 60.0


def differences(drill: Drill) -> list[tuple[str, str, str]]:
    """Virtual machine, stage, and what was different; an empty list where all went as planned."""
    found = [line for stage in drill.stages for run in stage.vms for line in _of_run(stage, run, drill.rate)]
    return [*_missing(drill), *found]


def _missing(drill: Drill) -> Iterator[tuple[str, str, str]]:
    """Virtual machines of the plan of which no stage tells."""
    seen = {run.name for stage in drill.stages for run in stage.vms}
    seen |= {run.vm_id for stage in drill.stages for run in stage.vms}
    if drill.stages:
        yield from ((vm.name, "", "in the plan, and in no stage") for vm in drill.plan.vms if vm.name not in seen)


def _of_run(stage: Stage, run: VmRun, rate: float) -> Iterator[tuple[str, str, str]]:
    if run.failed and stage.moves:
        yield run.name, stage.stage, f"failed: {run.fault.kind if run.fault else run.why}"
    if stage.kind == WALK_BACK:
        yield run.name, stage.stage, "walked back"
    if run.outcome == "already_there":
        yield run.name, stage.stage, "was there already and was not moved"
    if run.outcome == "skipped":
        yield run.name, stage.stage, "skipped"
    if run.rescue:
        yield run.name, stage.stage, f"rescued: {run.rescued}"
    if stage.moves and run.outcome != "planned":
        yield from ((run.name, stage.stage, text) for text in _steps(run))
    slot = next((slot for slot in stage.schedule if slot.vm == run.name), None)
    if slot is not None:
        predicted, actual = slot.predicted_rto, slot.actual_rto
    else:
        predicted = run.predicted_seconds
        actual = None if run.execution_seconds is None else run.execution_seconds * rate
    if actual is not None and predicted is not None and actual > max(predicted * _MUCH_LONGER, predicted + _AT_LEAST):
        yield run.name, stage.stage, f"took {length(actual)}, predicted were {length(predicted)}"


def _steps(run: VmRun) -> Iterator[str]:
    """Steps that were sent and not planned, or planned and not sent; how often counts."""
    planned, sent = Counter(run.planned), Counter(f"{call.method} on {call.host}" for call in run.calls if call.mutates)
    if not run.planned or not run.calls:
        return
    for step, times in (sent - planned).items():
        yield f"not planned: {step}{_times(times)}"
    for step, times in (planned - sent).items():
        yield f"planned and not sent: {step}{_times(times)}"


def _times(times: int) -> str:
    return "" if times == 1 else f", {counted(times, 'time')}"
