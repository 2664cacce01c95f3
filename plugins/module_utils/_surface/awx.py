# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A plan divided over parallel nodes of a workflow of AWX, and how long its jobs may take. Plain values in, and out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from ansible_collections.hyperv.replica.plugins.module_utils._drill import budget
from ansible_collections.hyperv.replica.plugins.module_utils._drill.plan_reading import read_plan
from ansible_collections.hyperv.replica.plugins.module_utils._errors import PreconditionFailed
from ansible_collections.hyperv.replica.plugins.module_utils._surface.plan_surface import selected

Plain = dict[str, Any]
Given = Mapping[str, Any]

#: Templates, and nodes by their template, of which each shard has its own.
_MOVES: Final = ("failover", "failback")


def plan_part(
    plan: Given, shard: str = "", tiers: Sequence[str] | None = None, vms: Sequence[str] = (), mode: str = "planned"
) -> list[str]:
    """Names of the virtual machines that a run with these options takes, in the plan's order.

    Raises:
        PreconditionFailed: there is no such part, or no such name.
    """
    options = {"plan_shard": shard, "tiers": tiers, "vms": vms or None, "served_before": None, "mode": mode}
    return [vm.name for vm in selected(read_plan({"name": "unnamed", **plan}), options).vms]


def job_seconds(plan: Given, deadline: int) -> dict[str, int]:
    """Seconds that each job over this plan may take by its own deadlines, by what the job does."""
    read = read_plan({"name": "unnamed", **plan})
    move = budget.move_seconds(read, deadline)
    preflight, verify = budget.preflight_seconds(read), budget.verify_seconds(read)
    return {
        "move": move,
        "preflight": preflight,
        "status": budget.status_seconds(read),
        "verify": verify,
        "copies": budget.copies_seconds(read, deadline),
        "cleanup": budget.cleanup_seconds(read, deadline),
        "drill": preflight + 2 * (move + verify),
    }


def awx_templates(templates: Sequence[Given], plan: Given, shards: int) -> list[Plain]:
    """The job templates, with one for each shard of a move: a template never runs twice at a time, shards do."""
    return [
        made
        for template in templates
        for made in (template, *(_template(template, plan, shards) if template["name"] in _MOVES else ()))
    ]


def awx_nodes(nodes: Sequence[Given], plan: Given, shards: int) -> list[Plain]:
    """The workflow's nodes with each move in SHARDS parallel ones, and one after them for what moves last and alone.

    A node that follows a move follows all of its shards, and runs only when all of them ended well.
    """
    count, _last = _parts(plan, shards)
    if count == 1:
        return [dict(node) for node in nodes]
    return [made for node in nodes for made in _node(node, nodes, plan, shards)]


def _node(node: Given, nodes: Sequence[Given], plan: Given, shards: int) -> list[Plain]:
    if node.get("template") in _MOVES:
        return _shards_of(node, *_parts(plan, shards))
    moves = [one["identifier"] for one in nodes if one.get("template") in _MOVES]
    after = any(node["identifier"] in one.get("success", ()) for one in nodes if one["identifier"] in moves)
    leads = [
        to
        for name in node.get("success", ())
        for to in ([f"{name}_{number}" for number in range(1, shards + 1)] if name in moves else [name])
    ]
    return [{**node, "success": leads, "converge": after}]


def _shards_of(node: Given, count: int, last: bool) -> list[Plain]:
    """The one that the others lead to is made first."""
    name, made = node["identifier"], list[Plain]()
    for number in range(count, 0, -1):
        own = {"identifier": f"{name}_{number}", "template": _shard_name(node["template"], number, count)}
        then = {"success": [f"{name}_{count}"]} if last and number < count else {}
        made.append({**node, **own, **then, "converge": last and number == count})
    return made


def _template(template: Given, plan: Given, shards: int) -> list[Plain]:
    count, last = _parts(plan, shards)
    if count == 1:
        return []
    name = template["name"]
    alone = " What others need, after all other parts." if last else ""
    return [
        {
            **template,
            "name": _shard_name(name, number, count),
            "playbook": name,
            "description": f"{template['description']} Part {number} of {count}.{alone if number == count else ''}",
            "variables": {f"{name}_plan_shard": f"{number}/{count}"},
        }
        for number in range(1, count + 1)
    ]


def _shard_name(name: str, number: int, count: int) -> str:
    return f"{name} {number} of {count}"


def _parts(plan: Given, shards: int) -> tuple[int, bool]:
    """How many parts the plan comes in, and whether the last one is for after the others."""
    if shards < 1:
        raise PreconditionFailed(
            f"awx_shards is {shards}", kind="bad_option", remedy="Give how many parts move at the same time, from 1"
        )
    providing = [bool(vm.get("provides")) for vm in plan["vms"]]
    last = shards > 1 and any(providing) and not all(providing)
    return shards + int(last), last
