# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The stages that several jobs noted, each by itself, as the stages of one drill.

A stage says its ``place``: how many stages its job knew of when it was noted. Jobs run on machines whose clocks differ,
so what came after what is told by that, and only stages that knew of equally many are ordered by the clock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timezone
from typing import Any, Final

from ansible_collections.hyperv.replica.plugins.module_utils._drill.merge import moment
from ansible_collections.hyperv.replica.plugins.module_utils._drill.shards import shard_of

Stage = Mapping[str, Any]

_LATEST: Final = datetime.max.replace(tzinfo=timezone.utc)

#: Verdicts of preflight, the worst first.
_VERDICTS: Final = ("failed", "warned", "passed")

_SILENT: Final = "left nothing: not run, cancelled or killed. The playbook status tells where the virtual machines are."


def gathered(noted: Sequence[Stage], expected: Sequence[str] = ()) -> list[dict[str, Any]]:
    """One stage for each part of the drill, in the order in which they ran; shards of one part become one stage.

    A shard that left nothing, and a stage of EXPECTED that nobody left, stand there as failed ones: what is not noted
    is not known to be well.
    """
    rounds = _rounds(_in_order(noted))
    silent = _silent_shards(rounds)
    told = [stage for one in rounds for stage in (*_take(silent, one), _merged(one))]
    return _with_expected(told, expected)


def outages(stages: Iterable[Stage], kinds: Sequence[str]) -> dict[str, str]:
    """Since when users were without each virtual machine, by its name, as the last stage of these kinds says."""
    vms = [vm for stage in stages if stage.get("kind") in kinds for vm in _results(stage).get("vms") or ()]
    return {vm["name"]: vm["outage_began"] for vm in vms if vm.get("outage_began")}


def _in_order(noted: Sequence[Stage]) -> list[Stage]:
    """Each once. One without a place was written by hand, and stands where it should."""
    once: list[Stage] = []
    for stage in noted:
        if stage not in once:
            once.append(stage)
    placed = [
        (int(stage.get("place", index)), moment(stage.get("began")) or _LATEST) for index, stage in enumerate(once)
    ]
    return [once[index] for index in sorted(range(len(once)), key=lambda index: placed[index])]


def _rounds(stages: Iterable[Stage]) -> list[list[Stage]]:
    """What becomes one stage: shards of the same part, none of them twice; whatever has no shard stands alone."""
    rounds: list[list[Stage]] = []
    for stage in stages:
        open_one = [
            one
            for one in rounds
            if stage.get("shard")
            and _part(one[0]) == _part(stage)
            and stage["shard"] not in [other["shard"] for other in one]
        ]
        if open_one:
            open_one[-1].append(stage)
        else:
            rounds.append([stage])
    return rounds


def _part(stage: Stage) -> tuple[str, str, int]:
    """What shards of one part of a drill have in common."""
    return _name(stage), str(stage.get("kind", "")), _shard(stage)[1]


def _shard(stage: Stage) -> tuple[int, int]:
    return shard_of(stage["shard"]) if stage.get("shard") else (1, 1)


def _name(stage: Stage) -> str:
    return str(stage.get("stage") or stage.get("kind") or "stage")


def _silent_shards(rounds: Iterable[Sequence[Stage]]) -> dict[tuple[str, str, int], list[dict[str, Any]]]:
    """The shards of each part that left nothing, however often the others were run."""
    heard: dict[tuple[str, str, int], set[int]] = {}
    for one in rounds:
        heard.setdefault(_part(one[0]), set()).update(_shard(stage)[0] for stage in one)
    return {
        (name, kind, count): [
            _absent(f"{name}, shard {number}/{count}", kind) for number in range(1, count + 1) if number not in numbers
        ]
        for (name, kind, count), numbers in heard.items()
    }


def _take(silent: dict[tuple[str, str, int], list[dict[str, Any]]], one: Sequence[Stage]) -> list[dict[str, Any]]:
    """The silent shards of a round's part, once. Before it, so that a verification still follows the round at once."""
    return silent.pop(_part(one[0]), [])


def _absent(name: str, kind: str) -> dict[str, Any]:
    said = f"{name} {_SILENT}"
    return {"stage": name, "kind": kind, "began": "", "ended": "", "failed": True, "said": said, "results": {"vms": []}}


def _with_expected(told: list[dict[str, Any]], expected: Sequence[str]) -> list[dict[str, Any]]:
    """Each expected stage that is not there, after the one that is expected before it."""
    place = 0
    for name in expected:
        there = [index for index, stage in enumerate(told) if stage["stage"] == name]
        if not there:
            told.insert(place, _absent(name, name.split()[0]))
        place = (there[-1] if there else place) + 1
    return told


def _merged(one: Sequence[Stage]) -> dict[str, Any]:
    """Several shards as one stage; a stage without shards is left as it is."""
    if len(one) == 1 and not one[0].get("shard"):
        return {**one[0], "stage": _name(one[0])}
    shards = sorted(one, key=_shard)
    worst_first = sorted(shards, key=lambda stage: not stage.get("failed"))
    return {
        "stage": _name(shards[0]),
        "kind": shards[0].get("kind", ""),
        "began": _first([stage.get("began") for stage in shards]),
        "ended": _first([stage.get("ended") for stage in shards], latest=True),
        "failed": any(stage.get("failed") for stage in shards),
        "said": " ".join(f"Shard {stage['shard']}: {stage['said']}" for stage in worst_first if stage.get("said")),
        "results": _merged_results([_results(stage) for stage in shards]),
        "shards": [{name: value for name, value in stage.items() if name != "results"} for stage in shards],
    }


def _first(times: Iterable[object], *, latest: bool = False) -> str:
    """The earliest of these times as it was written, or the latest."""
    known = sorted((at, str(text)) for text in times if (at := moment(text)) is not None)
    return (known[-1] if latest else known[0])[1] if known else ""


def _results(stage: Stage) -> Mapping[str, Any]:
    results = stage.get("results")
    return results if isinstance(results, Mapping) else {}


def _merged_results(every: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    names = dict.fromkeys(name for results in every for name in results)
    return {name: _MERGES.get(name, _joined)([r[name] for r in every if name in r]) for name in names}


def _joined(values: Sequence[Any]) -> Any:
    """Lists one after the other, whether any is true, and of everything else the last that says something."""
    if all(isinstance(value, bool) for value in values):
        return any(values)
    if all(isinstance(value, list) for value in values):
        return [item for value in values for item in value]
    return next((value for value in reversed(values) if value not in (None, "", [], {})), values[-1])


def _distinct(values: Sequence[Any]) -> list[Any]:
    kept: list[Any] = []
    for item in _joined(values):
        if item not in kept:
            kept.append(item)
    return kept


def _exchanges(values: Sequence[Any]) -> list[Any]:
    """A list with what each task asked, whether a role kept a list or a module its own."""
    return [task for value in values for task in (value if isinstance(value, list) else [value])]


def _summary(values: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    counted: dict[str, Any] = {}
    for name, number in (item for value in values for item in value.items()):
        counted[name] = counted.get(name, 0) + number
    return counted


def _worst(values: Sequence[str]) -> str:
    return next((word for word in _VERDICTS if word in values), values[-1])


def _schedule(values: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The timetables one below the other; seconds are from the beginning of each shard, and the longest counts."""
    told = [value for value in values if value]
    if not told:
        return {}
    actual = [value["actual_seconds"] for value in told if value.get("actual_seconds") is not None]
    return {
        "way": ", ".join(dict.fromkeys(value["way"] for value in told if value.get("way"))),
        "predicted_seconds": max(value.get("predicted_seconds") or 0.0 for value in told),
        "actual_seconds": max(actual, default=None),
        **{name: list(_each(told, name)) for name in ("lines", "compared", "vms")},
    }


def _each(values: Iterable[Mapping[str, Any]], name: str) -> Iterator[Any]:
    for value in values:
        yield from value.get(name) or ()


#: How a key of results is merged; all others by what they are.
_MERGES: Final[Mapping[str, Callable[[Sequence[Any]], Any]]] = {
    "exchanges": _exchanges,
    "schedule": _schedule,
    "summary": _summary,
    "unreachable": _distinct,
    "verdict": _worst,
    "warnings": _distinct,
}
