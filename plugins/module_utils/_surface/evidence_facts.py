# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the evidence of a drill holds, fact by fact, and what a bundle says of itself afterwards."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ansible_collections.hyperv.replica.plugins.module_utils._drill.drill import Drill
from ansible_collections.hyperv.replica.plugins.module_utils._drill.evidence import JOURNAL, Fact, manifest
from ansible_collections.hyperv.replica.plugins.module_utils._drill.inspection import Inspection
from ansible_collections.hyperv.replica.plugins.module_utils._drill.lead import where
from ansible_collections.hyperv.replica.plugins.module_utils._drill.merge import Merged, moment
from ansible_collections.hyperv.replica.plugins.module_utils._drill.trend import Earlier, Summary, summary
from ansible_collections.hyperv.replica.plugins.module_utils._drill.verdict import reasons, verdict
from ansible_collections.hyperv.replica.plugins.module_utils._surface.plain import plain

Given = Mapping[str, Any]

#: Attributes of a drill that the evidence holds under their own names.
_AS_THEY_ARE: Final = (
    *("id", "scope", "reason", "rate", "hosts", "simulated_hosts", "simulated", "began", "ended", "launched_by"),
    *("lead", "observers", "consents", "waivers", "approvals", "failures", "notes", "skew", "job"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """Everything that a bundle is made of, without secrets.

    Attributes:
        plan: as it was given.
        stages: as they were given.
        earlier: the bundles of the folder that is looked back on, of whatever plan, the oldest first.
        signature: name of the file with the signature, where the bundle is signed.
    """

    drill: Drill
    plan: Given
    stages: Sequence[Given]
    merged: Merged
    earlier: Sequence[Earlier]
    signature: str = ""


def facts(material: Material) -> Iterator[Fact]:
    """Each fact once: the drill, the plan, the stages with their results, the runs, and their records in time."""
    yield Fact("drill", _of_drill(material.drill))
    yield Fact("versions", dict(material.drill.versions))
    yield Fact("plan", {name: value for name, value in material.plan.items() if name != "vms"})
    yield from (Fact("vm", {"vm": vm}) for vm in material.plan.get("vms") or ())
    for stage in material.stages:
        yield from _of_stage(stage)
    yield from (Fact("run", plain(run)) for run in material.merged.runs)
    yield from (Fact("record", record) for record in material.merged.records)
    yield from (Fact("damaged", plain(line)) for line in material.merged.damaged)
    yield from (Fact(JOURNAL, {"journal": one.name, **manifest(one.content)}) for one in material.merged.journals)


def _of_drill(drill: Drill) -> dict[str, Any]:
    return {
        **{name: plain(getattr(drill, name)) for name in _AS_THEY_ARE},
        "plan": drill.plan.name,
        "where": where(drill),
        "verdict": verdict(drill),
        "reasons": plain(reasons(drill)),
        "summary": plain(summary(drill)),
    }


def _of_stage(stage: Given) -> Iterator[Fact]:
    """A stage, and each virtual machine's result and each rule's as a fact of its own; records come later, in time."""
    name, results = stage.get("stage", ""), stage.get("results") or {}
    apart = {"vms", "rules", "records"}
    rest = {key: value for key, value in results.items() if key not in apart} if isinstance(results, Mapping) else {}
    yield Fact("stage", {**stage, "results": rest})
    for key, kind in (("vms", "result"), ("rules", "rule")):
        told = results.get(key) if isinstance(results, Mapping) else None
        yield from (Fact(kind, _with_stage(name, item)) for item in told or ())


def _with_stage(stage: object, item: object) -> dict[str, object]:
    return {"stage": stage, **(item if isinstance(item, Mapping) else {"value": item})}


def earlier(inspection: Inspection) -> Earlier | None:
    """What a bundle says of its drill; None where it does not say it."""
    told: Mapping[str, Any] = next(iter(inspection.data("drill")), {})
    try:
        return Earlier(
            id=str(told["id"]),
            plan=str(told["plan"]),
            began=moment(told["began"]),
            verdict=str(told["verdict"]),
            simulated=bool(told["simulated"]),
            summary=Summary(**told["summary"]),
            intact=not inspection.findings,
        )
    except (KeyError, TypeError):
        return None
