# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The report of a drill, put together for its template: values in, a page out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from ansible_collections.hyperv.replica.plugins.module_utils._drill.causes import grouped
from ansible_collections.hyperv.replica.plugins.module_utils._drill.differences import differences
from ansible_collections.hyperv.replica.plugins.module_utils._drill.drill import Drill, Stage, VmRun
from ansible_collections.hyperv.replica.plugins.module_utils._drill.findings import faults, preflight, verification
from ansible_collections.hyperv.replica.plugins.module_utils._drill.lead import (
    causes,
    lead,
    more_reasons,
    where,
)
from ansible_collections.hyperv.replica.plugins.module_utils._drill.merge import Merged
from ansible_collections.hyperv.replica.plugins.module_utils._drill.page import (
    BAD,
    GOOD,
    NONE,
    Page,
    Table,
    Tile,
    clock,
    counted,
    named,
)
from ansible_collections.hyperv.replica.plugins.module_utils._drill.tables import (
    listed,
    schedule,
    steps,
    systems,
    where_time_went,
)
from ansible_collections.hyperv.replica.plugins.module_utils._drill.timeline import FEW, timeline
from ansible_collections.hyperv.replica.plugins.module_utils._drill.trend import Earlier, Summary, summary, trend
from ansible_collections.hyperv.replica.plugins.module_utils._drill.verdict import (
    PASSED,
    Measured,
    Reason,
    downtimes,
    length,
    measured,
    only_follows,
    reasons,
    still_down,
    verdict,
)

#: Virtual machines that are named where the same was different with several.
_MOST_NAMES: Final = 12

#: Jobs that a report is made in, the outer one first, and how their fields begin.
_JOBS: Final = (("workflow job", "workflow_"), ("job", ""))


def page(drill: Drill, merged: Merged, earlier: Sequence[Earlier], head: str, *, signature: str = "") -> Page:
    """The whole report.

    Args:
        head: the hash of what the evidence holds beside the report itself.
        signature: name of the file with the signature of the whole, where it is signed.
    """
    why, told, outcome = reasons(drill), summary(drill), verdict(drill)
    return Page(
        title=f"Drill {drill.id}: {outcome}",
        verdict=outcome,
        passed=outcome == PASSED,
        where=where(drill),
        lead=lead(drill, told, why),
        reasons=tuple(cause.parts for cause in causes(why)),
        more_reasons=more_reasons(why),
        facts=_facts(drill, told),
        tiles=_tiles(drill, told),
        first=_first(drill),
        time=where_time_went(drill),
        timeline=timeline(drill),
        tables=_tables(drill, merged, earlier, why),
        steps=tuple(steps(stage, run, drill.rate) for stage, run in _told_in_steps(drill)),
        steps_note=_steps_note(drill),
        versions=tuple(sorted(drill.versions.items())),
        head=head,
        signature=signature,
    )


def _facts(drill: Drill, told: Summary) -> tuple[tuple[str, str], ...]:
    simulated = f", simulated time {drill.rate:g} times as fast as the clock" if drill.rate != 1 else ""
    return (
        ("Drill", " · ".join(filter(None, (drill.id, drill.scope.replace("_", " "))))),
        ("Plan", f"{drill.plan.name or 'unnamed'}, {counted(len(drill.plan.vms), 'virtual machine')}"),
        ("Owner", drill.plan.owner or NONE),
        ("Began", f"{clock(drill.began)} UTC"),
        ("Ended", f"{clock(drill.ended)} UTC, after {length(told.seconds)}{simulated}"),
        ("Hosts", ", ".join(drill.hosts) or NONE),
        ("Launched by", drill.launched_by or "not said"),
        *([("Ran in", _job(drill.job))] if drill.job else []),
        ("Approved by", _approvals(drill)),
        ("Led by", drill.lead or "not said"),
        ("Observers", ", ".join(drill.observers) or "none named"),
        ("Reason", drill.reason or "none given"),
    )


def _job(job: Mapping[str, str]) -> str:
    """The job of AWX, as its pages are found there."""
    told = [(f"AWX {kind} {job[of + 'id']}", job.get(f"{of}name")) for kind, of in _JOBS if job.get(f"{of}id")]
    return ", ".join(f"{what} ({name})" if name else what for what, name in told)


def _approvals(drill: Drill) -> str:
    """Who approved. AWX tells no job who approved in its workflow, so the page says where that is to be read."""
    told = ", ".join(_approval(*approval) for approval in drill.approvals) or "not said"
    workflow = drill.job.get("workflow_id")
    return f"{told}; who answered its approvals is kept by AWX with workflow job {workflow}" if workflow else told


def _approval(who: str, what: str, when: str) -> str:
    return " ".join(filter(None, (who, f"({what})" if what else "", when)))


def _tiles(drill: Drill, told: Summary) -> tuple[Tile, ...]:
    items = measured(drill)
    lossy = sum(item.rpo_missed for item in items)
    rpo = told.worst_rpo_seconds
    return (
        Tile(
            label="Virtual machines well",
            value=f"{told.good} of {told.vms}",
            note=f"{told.never} not recovered in a move" if told.never else "",
            look=GOOD if told.good == told.vms and told.vms else BAD,
        ),
        _rto_tile(drill, told, items),
        Tile(
            label="Most data lost",
            value=NONE if rpo is None else "none" if rpo == 0 else length(rpo),
            note=f"{counted(lossy, 'limit')} missed" if lossy else told.worst_rpo_vm if rpo else "",
            look=BAD if lossy else GOOD if rpo is not None else "",
        ),
        _down_tile(drill, told),
        Tile(label="Whole drill", value=NONE if told.seconds is None else length(told.seconds), note="", look=""),
    )


def _down_tile(drill: Drill, told: Summary) -> Tile:
    lost, value = still_down(drill), length(told.down_seconds) if told.moves else NONE
    longest = max(downtimes(drill).items(), key=lambda one: one[1], default=("", 0.0))[0] if told.down_seconds else ""
    over = f"{longest}, over the whole drill" if longest else "over the whole drill"
    note = f"{counted(len(lost), 'VM')} still without service" if lost else over
    return Tile(label="Longest without service", value=value, note=note, look=BAD if lost else "")


def _rto_tile(drill: Drill, told: Summary, items: Sequence[Measured]) -> Tile:
    """The longest time until a virtual machine was recovered; one that never was is longer than all."""
    if told.never:
        more = f" and {told.never - 1} more" if told.never > 1 else ""
        return Tile(label="Longest RTO", value="never", note=f"{told.never_vm}{more} not recovered", look=BAD)
    if told.worst_rto_seconds is None:
        return Tile(label="Longest RTO", value=NONE, note="", look="")
    late = sum(item.rto_missed for item in items)
    kept = ", every limit kept" if any(vm.rto is not None for vm in drill.plan.vms) else ""
    note = f"{counted(late, 'limit')} missed" if late else f"{told.worst_rto_vm}{kept}"
    return Tile(label="Longest RTO", value=length(told.worst_rto_seconds), note=note, look=BAD if late else GOOD)


def _first(drill: Drill) -> tuple[Table, ...]:
    """What was consented to and waived: on the first page, whether there was any or not."""
    waivers = [*drill.waivers]
    waivers += [(rule.rule, rule.vm, rule.waived) for stage in drill.stages for rule in stage.rules if rule.waived]
    return (
        listed("consents", "Consents", ("Consented to", "Reason"), drill.consents, "Nothing was consented to."),
        listed("waivers", "Waivers", ("Rule", "VM", "Reason"), list(dict.fromkeys(waivers)), "No rule was waived."),
    )


def _tables(drill: Drill, merged: Merged, earlier: Sequence[Earlier], why: Sequence[Reason]) -> tuple[Table, ...]:
    asked = ("VM", "Tier", "Home", "Recovery", "Depends on", "Provides", "Probes")
    plan = drill.plan
    planned = [
        (vm.name, vm.tier, vm.home, vm.recovery, ", ".join(vm.depends_on), ", ".join(vm.provides), ", ".join(vm.probes))
        for vm in plan.vms
    ]
    tables = (
        _all_reasons(why),
        systems(drill),
        trend(drill, earlier),
        schedule(drill),
        _differences(drill),
        faults(drill),
        verification(drill),
        preflight(drill),
        listed("warnings", "Warnings", ("VM", "Stage", "Warning"), _warnings(drill)),
        _skew(drill),
        listed("excluded", "Left out on purpose", ("VM", "Why"), plan.excluded, "No virtual machine was left out."),
        _folded(listed("plan", "The plan as it was carried out", asked, planned)),
        _runs(merged),
    )
    return tuple(table for table in tables if table.rows or table.more or table.empty)


def _differences(drill: Drill) -> Table:
    """What differed from the plan: a line for all of a stage with whom the same was different, not told without end."""
    alike: dict[tuple[str, str], list[str]] = {}
    for vm, stage, text in differences(drill):
        alike.setdefault((stage, text), []).append(vm)
    rows = [(named(vms, _MOST_NAMES), stage, text) for (stage, text), vms in alike.items()]
    columns = ("VMs", "Stage", "What was different")
    table = listed("differences", "What differed from the plan", columns, rows, "Nothing.")
    return replace(table, rows=table.rows[:FEW], more=table.rows[FEW:])


def _all_reasons(why: Sequence[Reason]) -> Table:
    """Every reason with everybody whom it struck, where the box of the verdict leaves some of that out."""
    found = grouped(why)
    in_part = len(found) > len(causes(why)) or any(cause.is_told_in_part for cause in found)
    rows = [(cause.who(len(cause.names)), cause.tiers, cause.stage, cause.why, cause.cost) for cause in found]
    columns = ("VMs", "Tier", "Stage", "Why", "What it cost")
    return listed("reasons", "Every reason", columns, rows if in_part else ())


def _warnings(drill: Drill) -> list[tuple[str, str, str]]:
    told = [(run.name, stage.stage, text) for stage in drill.stages for run in stage.vms for text in run.warnings]
    return [*(("", "", note) for note in drill.notes), *told]


def _skew(drill: Drill) -> Table:
    rows = [(host, f"{abs(value):.1f} s {'ahead' if value > 0 else 'behind'}") for host, value in drill.skew.items()]
    note = (
        f"Simulated time ran {drill.rate:g} times as fast as the clock, so these clocks run away."
        if drill.rate != 1
        else ""
    )
    told = listed("skew", "Clock skew against the controller", ("Host", "Skew"), rows, "No host told the time.")
    return replace(told, note=note if rows else "")


def _folded(table: Table) -> Table:
    if len(table.rows) <= FEW:
        return table
    return replace(table, rows=(), more=table.rows)


def _runs(merged: Merged) -> Table:
    """The runs whose records are in the evidence; those that were cut off left a journal and no result."""
    rows = [
        (
            run.run_id,
            f"{run.records}",
            run.began,
            run.ended,
            "to its end" if run.complete else "cut off before it could report",
        )
        for run in merged.runs
    ]
    torn = [
        (
            f"{line.journal}, line {line.line}",
            "",
            "",
            "",
            "torn, kept as it is" if line.torn else "not readable, kept as it is",
        )
        for line in merged.damaged
    ]
    table = listed(
        "runs", "Runs whose records are in the evidence", ("Run", "Records", "First", "Last", "Ran"), [*torn, *rows]
    )
    return _folded(table)


def _told_in_steps(drill: Drill) -> list[tuple[Stage, VmRun]]:
    every = [(stage, run) for stage in drill.stages if stage.moves for run in stage.vms]
    return (
        every
        if len(every) <= 2 * FEW
        else [(stage, run) for stage, run in every if run.failed and not only_follows(run)]
    )


def _steps_note(drill: Drill) -> str:
    told, every = len(_told_in_steps(drill)), sum(len(stage.vms) for stage in drill.stages if stage.moves)
    return (
        ""
        if told == every
        else f"{told} of {every} moves, those that failed of themselves. All others are in evidence.json."
    )
