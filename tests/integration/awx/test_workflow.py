# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The nodes of the drill's workflow, each a job of its own; what one leaves with set_stats the next ones are given."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ansible_collections.hyperv.replica.tests.integration.awx.conftest import Begin
from ansible_collections.hyperv.replica.tests.integration.awx.job import Controller, Ended
from ansible_collections.hyperv.replica.tests.integration.awx.test_jobs import MOVE, runs_on


class Workflow:
    """Runs nodes as AWX does: artifacts of all nodes before come as extra variables, newer over older."""

    def __init__(self, controller: Controller, variables: Mapping[str, Any]) -> None:
        self.controller = controller
        self.variables = dict(variables)
        self.artifacts: dict[str, Any] = {}

    def node(self, playbook: str, **data: Any) -> Ended:
        job = self.controller.start(playbook, {**self.variables, **data, **self.artifacts})
        self.artifacts |= job.artifacts
        return job


def drill(controller: Controller, **more: Any) -> Workflow:
    """A workflow whose report goes beside the jobs."""
    reports = {"report_dir": str(controller.folder / "bundle"), "report_simulated_rate": 120}
    return Workflow(controller, {**MOVE, **reports, **more})


def evidence(controller: Controller) -> dict[str, Any]:
    told: dict[str, Any] = json.loads((controller.folder / "bundle/evidence.json").read_text(encoding="utf-8"))
    return told


def test_a_whole_workflow_ends_green_with_one_bundle_of_all_its_nodes(begin: Begin) -> None:
    controller = begin()
    workflow = drill(controller)

    ended = [
        workflow.node("preflight.yml"),
        workflow.node("failover.yml"),
        workflow.node("verify.yml", verify_at="recovery"),
        workflow.node("failback.yml"),
        workflow.node("verify.yml", verify_at="home"),
        workflow.node("report.yml"),
    ]

    assert [job.status for job in ended] == ["successful"] * 6, "\n".join(job.output for job in ended)
    assert [stage["kind"] for stage in workflow.artifacts["hyperv_replica_stages"]] == [
        "preflight",
        "failover",
        "verify",
        "failback",
        "verify",
    ]
    assert runs_on(controller) == {"SQL01": ["HV-A"], "WEB01": ["HV-A"]}
    assert (controller.folder / "bundle/report.html").is_file()
    assert workflow.artifacts["hyperv_replica_drill_verdict"] == "PASSED"
    assert len(workflow.artifacts["hyperv_replica_drill_head"]) == 64


def test_a_node_that_fails_is_in_the_report_and_the_report_ends_red(begin: Begin) -> None:
    controller = begin()
    controller.simulation.trouble({"kind": "fail_job", "match": {"method": "InitiateFailover"}, "times": None})
    workflow = drill(controller)

    failed = workflow.node("failover.yml")
    report = workflow.node("report.yml")

    assert (failed.status, report.status) == ("failed", "failed")
    assert workflow.artifacts["hyperv_replica_drill_verdict"] == "FAILED"
    assert "SQL01" in report.output


def test_a_report_of_a_workflow_holds_no_password(begin: Begin) -> None:
    controller = begin()
    workflow = drill(controller)
    workflow.node("failover.yml")
    workflow.node("report.yml")
    password = controller.simulation.access["password"]

    files = [path for path in Path(controller.folder / "bundle").rglob("*") if path.is_file()]

    assert files
    assert [path.name for path in files if password in path.read_text(encoding="utf-8", errors="replace")] == []
