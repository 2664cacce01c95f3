# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A drill as metrics in Prometheus' text format, for a node exporter's textfile collector or a push gateway."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Union

from ansible_collections.hyperv.replica.plugins.module_utils._drill.drill import Drill
from ansible_collections.hyperv.replica.plugins.module_utils._drill.trend import summary
from ansible_collections.hyperv.replica.plugins.module_utils._drill.verdict import PASSED, measured, verdict

_PREFIX: Final = "hyperv_replica_drill"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Metric:
    """One metric with its samples; a value of None is no sample."""

    name: str
    help: str
    samples: Iterable[tuple[Mapping[str, str], Union[float, None]]]


def prometheus(drill: Drill) -> str:
    """The text of ``metrics.prom``; a metric without samples is left out."""
    return "".join(_written(metric) for metric in [*_of_drill(drill), *_of_stages(drill), *_of_vms(drill)])


def _of_drill(drill: Drill) -> list[_Metric]:
    plan, told = {"plan": drill.plan.name}, summary(drill)
    about = {**plan, "drill": drill.id, "scope": drill.scope, "hosts": "simulated" if drill.simulated else "real"}
    began, ended = drill.began, drill.ended
    return [
        _Metric(name="info", help="What was drilled; always 1.", samples=[(about, 1)]),
        _Metric(name="passed", help="Whether the drill passed.", samples=[(plan, verdict(drill) == PASSED)]),
        _Metric(
            name="began_timestamp_seconds",
            help="When it began.",
            samples=[(plan, began.timestamp() if began else None)],
        ),
        _Metric(
            name="ended_timestamp_seconds",
            help="When it ended.",
            samples=[(plan, ended.timestamp() if ended else None)],
        ),
        _Metric(name="duration_seconds", help="How long it took.", samples=[(plan, told.seconds)]),
        _Metric(name="vms", help="Virtual machines that took part.", samples=[(plan, told.vms)]),
        _Metric(
            name="vms_failed",
            help="Virtual machines with a failure or a missed limit.",
            samples=[(plan, told.vms - told.good)],
        ),
    ]


def _of_stages(drill: Drill) -> list[_Metric]:
    stages = [({"plan": drill.plan.name, "stage": stage.stage, "kind": stage.kind}, stage) for stage in drill.stages]
    took = [(labels, None if stage.seconds is None else stage.seconds * drill.rate) for labels, stage in stages]
    passed = [(labels, not stage.failed and not any(run.failed for run in stage.vms)) for labels, stage in stages]
    return [
        _Metric(name="stage_duration_seconds", help="How long a stage took.", samples=_each_once(took)),
        _Metric(name="stage_passed", help="Whether a stage passed.", samples=_each_once(passed, min)),
    ]


def _of_vms(drill: Drill) -> list[_Metric]:
    moves = [
        ({"plan": drill.plan.name, "vm": item.run.name, "tier": item.tier, "stage": item.stage.stage}, item)
        for item in measured(drill)
    ]
    limits = [({"plan": drill.plan.name, "vm": vm.name}, vm) for vm in drill.plan.vms]
    rto = [(labels, item.rto) for labels, item in moves]
    rpo = [(labels, item.rpo) for labels, item in moves]
    good = [(labels, item.good) for labels, item in moves if item.run.outcome not in ("planned", "skipped")]
    return [
        _Metric(
            name="vm_rto_seconds", help="From when its users lost it until it was recovered.", samples=_each_once(rto)
        ),
        _Metric(name="vm_rpo_seconds", help="Seconds of writes that were lost.", samples=_each_once(rpo)),
        _Metric(name="vm_good", help="Whether a move succeeded within its limits.", samples=_each_once(good, min)),
        _Metric(
            name="vm_rto_limit_seconds",
            help="The limit of the plan.",
            samples=_each_once([(labels, vm.rto) for labels, vm in limits]),
        ),
        _Metric(
            name="vm_rpo_limit_seconds",
            help="The limit of the plan.",
            samples=_each_once([(labels, vm.rpo) for labels, vm in limits]),
        ),
    ]


def _each_once(
    samples: Iterable[tuple[Mapping[str, str], Union[float, None]]], worst: Callable[[list[float]], float] = max
) -> list[tuple[Mapping[str, str], Union[float, None]]]:
    """One sample for each set of labels, since Prometheus refuses two; the worst of those that there are."""
    found: dict[tuple[tuple[str, str], ...], list[float]] = {}
    for labels, value in samples:
        if value is not None:
            found.setdefault(tuple(labels.items()), []).append(value)
    return [(dict(labels), worst(values)) for labels, values in found.items()]


def _written(metric: _Metric) -> str:
    name = f"{_PREFIX}_{metric.name}"
    lines = [f"{name}{{{_labels(labels)}}} {float(value)!r}" for labels, value in metric.samples if value is not None]
    return "\n".join([f"# HELP {name} {metric.help}", f"# TYPE {name} gauge", *lines, ""]) if lines else ""


def _labels(labels: Mapping[str, str]) -> str:
    return ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items())


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
