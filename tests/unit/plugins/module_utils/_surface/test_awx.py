# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.hyperv.replica.plugins.module_utils._errors import PreconditionFailed
from ansible_collections.hyperv.replica.plugins.module_utils._surface.awx import (
    awx_nodes,
    awx_templates,
    job_seconds,
    plan_part,
)

NODES: list[dict[str, Any]] = [
    {"identifier": "verify", "template": "verify", "always": ["report"]},
    {"identifier": "failover", "template": "failover", "success": ["verify"], "failure": ["report"]},
    {"identifier": "go", "approval": {"name": "Go?"}, "success": ["failover"], "failure": ["report"]},
]
TEMPLATES = [{"name": "status", "description": "Looks."}, {"name": "failover", "description": "Moves."}]


def plan(*vms: str, **more: Any) -> dict[str, Any]:
    written = [{"name": name, "home": "hv-a", "recovery": f"hv-{name}", **more.get(name, {})} for name in vms]
    return {"schema_version": 1, "name": "tests", "vms": written}


TWO, WITH_DC = plan("A", "B"), plan("DC", "A", "B", DC={"provides": ["kdc"]}, A={"depends_on": ["DC"]})


def test_one_shard_leaves_templates_and_nodes_as_they_are() -> None:
    assert awx_nodes(NODES, WITH_DC, 1) == NODES
    assert awx_templates(TEMPLATES, WITH_DC, 1) == TEMPLATES


def test_shards_run_side_by_side_and_what_follows_waits_for_all_of_them() -> None:
    made = {node["identifier"]: node for node in awx_nodes(NODES, TWO, 2)}

    assert list(made) == ["verify", "failover_2", "failover_1", "go"]
    assert made["go"]["success"] == ["failover_1", "failover_2"]
    assert [made[name]["success"] for name in ("failover_1", "failover_2")] == [["verify"], ["verify"]]
    assert [made[name]["failure"] for name in ("failover_1", "failover_2")] == [["report"], ["report"]]
    assert [name for name, node in made.items() if node["converge"]] == ["verify"]


def test_what_others_need_is_moved_when_all_shards_have_ended_well() -> None:
    made = {node["identifier"]: node for node in awx_nodes(NODES, WITH_DC, 2)}

    assert made["go"]["success"] == ["failover_1", "failover_2"]
    assert [made[f"failover_{number}"]["success"] for number in (1, 2, 3)] == [
        ["failover_3"],
        ["failover_3"],
        ["verify"],
    ]
    assert [name for name, node in made.items() if node["converge"]] == ["verify", "failover_3"]


def test_each_shard_of_a_move_has_a_template() -> None:
    made = awx_templates(TEMPLATES, WITH_DC, 2)

    assert [template["name"] for template in made] == [
        "status",
        "failover",
        *(f"failover {number} of 3" for number in (1, 2, 3)),
    ]
    assert made[-1]["playbook"] == "failover"
    assert made[-1]["variables"] == {"failover_plan_shard": "3/3"}
    assert made[-1]["description"] == "Moves. Part 3 of 3. What others need, after all other parts."


def test_the_parts_of_a_workflow_are_those_that_the_jobs_take() -> None:
    nodes = [node["identifier"] for node in awx_nodes(NODES, WITH_DC, 2) if node["identifier"].startswith("failover")]
    parts = [plan_part(WITH_DC, f"{number}/{len(nodes)}") for number in range(1, len(nodes) + 1)]

    assert parts == [["A"], ["B"], ["DC"]]


def test_a_part_is_what_is_named_of_the_shard() -> None:
    assert plan_part(TWO, "1/2", vms=["A", "B"]) == ["A"]
    assert plan_part(TWO) == ["A", "B"]
    assert plan_part(plan("A"), "2/2") == []


@pytest.mark.parametrize("shards", [0, -1])
def test_fewer_than_one_shard_is_refused(shards: int) -> None:
    with pytest.raises(PreconditionFailed, match="awx_shards"):
        awx_nodes(NODES, TWO, shards)


def test_a_job_may_take_as_long_as_all_of_its_calls() -> None:
    told = job_seconds(TWO, 1000)

    assert told["move"] >= 3 * 1000 + 2 * 300  # a look, a move, a walk back; two pairs of hosts are asked before
    assert told["drill"] >= 2 * told["move"] + 2 * told["verify"]
