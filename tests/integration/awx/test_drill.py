# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A drill of twelve machines in three tiers, one of them a domain controller, started as AWX starts jobs."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.hyperv.replica.tests.integration.awx.conftest import Begin
from ansible_collections.hyperv.replica.tests.integration.awx.job import COLLECTION, Controller, Ended

THREE_TIERS = COLLECTION / "playbooks/files/plans/three_tiers.yml"
PLAN: dict[str, Any] = yaml.safe_load(THREE_TIERS.read_text(encoding="utf-8"))
TWELVE = {vm["name"] for vm in PLAN["hyperv_replica_plan"]["vms"]}
#: SQL01 starts at the other site, and its guest never answers.
DEAD_GUEST = {
    "kind": "change",
    "match": {"host": "HV-B", "method": "RequestStateChange", "vm": "SQL01"},
    "action": "stop_guest_answering",
    "arguments": {"host": "HV-B", "vm": "SQL01"},
}


@pytest.fixture
def controller(begin: Begin) -> Controller:
    """Its inventory has hosts of its own, which a rehearsal never touches."""
    return begin()


def rehearse(controller: Controller, trouble: list[dict[str, Any]]) -> Ended:
    variables = {
        **PLAN,
        "rehearse_rate": 120,
        "rehearse_trouble": trouble,
        "drill_report_dir": str(bundle(controller)),
        "hyperv_replica_project_dir": str(controller.folder),
    }
    return controller.start("rehearse.yml", variables)


def bundle(controller: Controller) -> Path:
    return controller.folder / "bundle"


def holds(controller: Controller) -> bool:
    """Whether the bundle is as it was written."""
    task = {"name": "Check", "hyperv.replica.hyperv_drill_report_info": {"path": str(bundle(controller))}}
    play = {"name": "Check", "hosts": "localhost", "connection": "local", "gather_facts": False, "tasks": [task]}
    controller.files["check.yml"] = json.dumps([play])
    return controller.start("check.yml", {}).status == "successful"


def test_a_drill_without_a_fault_ends_green_and_its_bundle_holds(controller: Controller) -> None:
    job = rehearse(controller, [])

    assert job.status == "successful", job.output[-4000:]
    assert "VERDICT: PASSED on SIMULATOR" in job.output
    assert job.artifacts["hyperv_replica_drill_verdict"] == "PASSED"
    assert holds(controller)
    assert controller.simulation.log() == []


def test_a_dead_guest_ends_it_red_walks_back_and_is_told_at_a_glance(controller: Controller) -> None:
    job = rehearse(controller, [DEAD_GUEST])

    assert job.status == "failed", job.output[-4000:]
    assert "VERDICT: FAILED on SIMULATOR" in job.output
    evidence = (bundle(controller) / "evidence.json").read_text(encoding="utf-8")
    assert '"walk_back"' in evidence
    page = (bundle(controller) / "report.html").read_text(encoding="utf-8")
    words = re.sub(r"<[^>]+>", " ", re.sub(r"<(style|script).*?</\1>", "", page, flags=re.DOTALL))[:2500]
    assert "FAILED" in words
    assert "SQL01" in words
    assert holds(controller)
