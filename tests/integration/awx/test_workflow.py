# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The nodes of the drill's workflow, each a job of its own; what one leaves with set_stats the next ones are given."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansible_collections.hyperv.replica.tests.integration.awx.conftest import Begin
from ansible_collections.hyperv.replica.tests.integration.awx.job import Controller, Ended
from ansible_collections.hyperv.replica.tests.integration.awx.test_drill import holds
from ansible_collections.hyperv.replica.tests.integration.awx.test_jobs import MOVE, runs_on


@dataclass
class Node:
    """A node of a workflow that has run, and what it was given of all nodes before it."""

    job: Ended
    ancestors: dict[str, Any]


class Workflow:
    """Runs nodes as AWX does (awx/main/models/workflow.py, get_job_kwargs).

    What the parents left is merged name by name, one parent after the other, each with what it was given itself. So of
    two parents that leave something under one name, or were given it, the later one's is kept.
    """

    def __init__(self, controller: Controller, variables: Mapping[str, Any]) -> None:
        self.controller = controller
        self.variables = dict(variables)
        self.nodes: list[Node] = []

    def node(self, playbook: str, *, after: Sequence[Node] | None = None, elsewhere: bool = False, **data: Any) -> Node:
        """Run one after its parents, without any after the last one; ELSEWHERE by transmit, worker and process."""
        parents = self.nodes[-1:] if after is None else after
        given: dict[str, Any] = {}
        for parent in parents:
            given |= parent.ancestors
            given |= parent.job.artifacts
        start = self.controller.transmit if elsewhere else self.controller.start
        self.nodes.append(Node(start(playbook, {**self.variables, **data, **given}), given))
        return self.nodes[-1]

    def at_once(self, playbook: str, *each: Mapping[str, Any], after: Node) -> list[Node]:
        """Run parallel nodes, the first here and the others elsewhere, side by side."""
        with ThreadPoolExecutor() as pool:
            begun = [
                pool.submit(self.node, playbook, after=[after], elsewhere=number > 0, **data)
                for number, data in enumerate(each)
            ]
        return [one.result() for one in begun]

    @property
    def statuses(self) -> list[str]:
        return [node.job.status for node in self.nodes]

    @property
    def output(self) -> str:
        return "\n".join(node.job.output for node in self.nodes)

    @property
    def artifacts(self) -> dict[str, Any]:
        """What the last node leaves, with what it was given."""
        return self.nodes[-1].ancestors | self.nodes[-1].job.artifacts


def drill(controller: Controller, **more: Any) -> Workflow:
    """A workflow whose report goes beside the jobs."""
    reports = {"report_dir": str(controller.folder / "bundle"), "report_simulated_rate": 120}
    return Workflow(controller, {**MOVE, **reports, **more})


def evidence(controller: Controller, kind: str) -> list[dict[str, Any]]:
    """The facts of this kind that the bundle holds."""
    told = json.loads((controller.folder / "bundle/evidence.json").read_text(encoding="utf-8"))
    return [entry["data"] for entry in told["entries"] if entry["kind"] == kind]


def stages(controller: Controller) -> list[str]:
    return [stage["stage"] for stage in evidence(controller, "stage")]


def results(controller: Controller, stage: str) -> list[str]:
    """The virtual machines that a stage of the bundle tells of."""
    return sorted(vm["name"] for vm in evidence(controller, "result") if vm["stage"] == stage)


ALL_STAGES = ["preflight", "failover", "verify at the recovery site", "failback", "verify at home"]


def test_a_whole_workflow_ends_green_with_one_bundle_of_all_its_nodes(begin: Begin) -> None:
    controller = begin()
    workflow = drill(controller, report_expected=ALL_STAGES)

    workflow.node("preflight.yml")
    workflow.node("failover.yml")
    workflow.node("verify.yml", verify_at="recovery")
    workflow.node("failback.yml")
    workflow.node("verify.yml", verify_at="home")
    workflow.node("report.yml")

    assert workflow.statuses == ["successful"] * 6, workflow.output
    assert stages(controller) == ALL_STAGES
    assert runs_on(controller) == {"SQL01": ["HV-A"], "WEB01": ["HV-A"]}
    assert (controller.folder / "bundle/report.html").is_file()
    assert workflow.artifacts["hyperv_replica_drill_verdict"] == "PASSED"
    assert len(workflow.artifacts["hyperv_replica_drill_head"]) == 64


def test_parallel_shards_leave_one_bundle_that_holds_with_the_evidence_of_all_in_whatever_order_they_are_merged(
    begin: Begin,
) -> None:
    controller = begin()
    workflow = drill(controller, report_expected=ALL_STAGES)
    before = workflow.node("preflight.yml")

    out = workflow.at_once("failover.yml", {"failover_plan_shard": "1/2"}, {"failover_plan_shard": "2/2"}, after=before)
    there = workflow.node("verify.yml", after=out, verify_at="recovery")
    home = workflow.at_once("failback.yml", {"failback_plan_shard": "2/2"}, {"failback_plan_shard": "1/2"}, after=there)
    at_home = workflow.node("verify.yml", after=[*reversed(home)], verify_at="home")
    workflow.node("report.yml", after=[at_home])

    assert workflow.statuses == ["successful"] * 8, workflow.output
    assert stages(controller) == ALL_STAGES
    assert results(controller, "failover") == results(controller, "failback") == ["SQL01", "WEB01"]
    assert {record["vm"] for record in evidence(controller, "record")} == {"SQL01", "WEB01"}
    assert holds(controller)
    assert runs_on(controller) == {"SQL01": ["HV-A"], "WEB01": ["HV-A"]}


def test_a_shard_with_nothing_to_do_is_a_job_that_succeeds_and_part_of_the_bundle(begin: Begin) -> None:
    controller = begin()
    workflow = drill(controller)

    shards = [workflow.node("failover.yml", after=[], failover_plan_shard=f"{number}/3") for number in (1, 2, 3)]
    workflow.node("verify.yml", after=shards, verify_at="recovery")
    workflow.node("report.yml")

    assert workflow.statuses == ["successful"] * 5, workflow.output
    assert results(controller, "failover") == ["SQL01", "WEB01"]
    assert holds(controller)


def test_a_failed_shard_makes_the_bundle_red_and_says_which_machine_it_was(begin: Begin) -> None:
    controller = begin()
    controller.simulation.trouble(
        {"kind": "fail_job", "match": {"method": "InitiateFailover", "vm": "WEB01"}, "times": None}
    )
    workflow = drill(controller)

    shards = [workflow.node("failover.yml", after=[], failover_plan_shard=f"{number}/2") for number in (1, 2)]
    workflow.node("failback.yml", after=shards)
    workflow.node("report.yml")

    assert workflow.statuses == ["successful", "failed", "successful", "failed"], workflow.output
    assert holds(controller)
    reasons = evidence(controller, "drill")[0]["reasons"]
    assert [(reason["vm"], reason["stage"]) for reason in reasons] == [("WEB01", "failover")]
    assert "WEB01" in workflow.nodes[-1].job.output


def test_a_shard_whose_job_was_cancelled_makes_the_bundle_red_since_nobody_noted_what_it_did(begin: Begin) -> None:
    controller = begin()
    workflow = drill(controller)

    first = workflow.node("failover.yml", after=[], failover_plan_shard="1/2")
    workflow.node("report.yml", after=[first])

    assert workflow.statuses == ["successful", "failed"], workflow.output
    assert stages(controller) == ["failover, shard 2/2", "failover"]
    assert "shard 2/2 left nothing" in workflow.output


def test_a_drill_that_lacks_a_stage_is_not_passed_for_what_is_left_of_it(begin: Begin) -> None:
    controller = begin()
    workflow = drill(controller, report_expected=ALL_STAGES)

    workflow.node("preflight.yml")
    workflow.node("report.yml")

    assert workflow.statuses == ["successful", "failed"], workflow.output
    assert stages(controller) == ALL_STAGES
    assert "failover left nothing" in workflow.output


def test_the_bundle_says_who_launched_it_in_which_job_and_where_awx_keeps_who_approved(begin: Begin) -> None:
    controller = begin()
    workflow = drill(controller, awx_workflow_job_id=812, awx_workflow_job_name="drill as a workflow")

    workflow.node("preflight.yml")
    workflow.node("report.yml", report_approvals=[{"who": "Max Roth", "what": "the failover"}])

    (told,), (stage,) = evidence(controller, "drill"), evidence(controller, "stage")
    assert workflow.statuses == ["successful", "successful"], workflow.output
    assert told["launched_by"] == "night-shift"
    assert (told["job"]["workflow_id"], told["job"]["workflow_name"]) == ("812", "drill as a workflow")
    assert int(told["job"]["id"]) > int(stage["job"]) > 0
    assert told["approvals"] == [["Max Roth", "the failover", ""]]
    page = (controller.folder / "bundle/report.html").read_text(encoding="utf-8")
    assert "AWX workflow job 812 (drill as a workflow), AWX job" in page
    assert "kept by AWX with workflow job 812" in page


def test_stages_in_one_list_are_still_read(begin: Begin) -> None:
    controller = begin()
    workflow = drill(controller)
    noted = workflow.node("preflight.yml").job.artifacts

    workflow.node("report.yml", after=[], hyperv_replica_stages=list(noted.values()))

    assert workflow.statuses == ["successful", "successful"], workflow.output
    assert stages(controller) == ["preflight"]


def test_copies_and_their_cleanup_are_stages_too(begin: Begin) -> None:
    controller = begin()
    workflow = drill(controller, test_failover_poll_interval=0.2)

    workflow.node("test_failover.yml")
    workflow.node("cleanup.yml")
    workflow.node("report.yml")

    assert workflow.statuses == ["successful"] * 3, workflow.output
    assert stages(controller) == ["test failover", "cleanup"]
    assert results(controller, "test failover") == ["SQL01", "WEB01"]


def test_a_node_that_fails_is_in_the_report_and_the_report_ends_red(begin: Begin) -> None:
    controller = begin()
    controller.simulation.trouble({"kind": "fail_job", "match": {"method": "InitiateFailover"}, "times": None})
    workflow = drill(controller)

    workflow.node("failover.yml")
    report = workflow.node("report.yml")

    assert workflow.statuses == ["failed", "failed"]
    assert workflow.artifacts["hyperv_replica_drill_verdict"] == "FAILED"
    assert "SQL01" in report.job.output


def test_a_report_of_a_workflow_holds_no_password(begin: Begin) -> None:
    controller = begin()
    workflow = drill(controller)
    workflow.node("failover.yml")
    workflow.node("report.yml")
    password = controller.simulation.access["password"]

    files = [path for path in Path(controller.folder / "bundle").rglob("*") if path.is_file()]

    assert files
    assert [path.name for path in files if password in path.read_text(encoding="utf-8", errors="replace")] == []
