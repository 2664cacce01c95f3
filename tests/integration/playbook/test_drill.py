# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role drill: what its evidence holds, how it judges without a report, and that a test leaves production alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from ansible_collections.hyperv.replica.tests.integration.playbook.conftest import SetStage
from ansible_collections.hyperv.replica.tests.integration.playbook.stage import Run, Stage
from ansible_collections.hyperv.replica.tests.integration.playbook.test_drill_roles import PLAN, bubble, copies
from ansible_collections.hyperv.replica.tests.integration.playbook.test_hyperv_drill_report import entries

QUICK = {
    "failover_poll_interval": 0.1,
    "failback_poll_interval": 0.1,
    "verify_poll_interval": 0.1,
    "test_failover_poll_interval": 0.1,
    "drill_verify_within": 5,
}


def play(stage: Stage, plan: dict[str, Any] | None = None, **variables: Any) -> None:
    """Write the playbook: the role drill, and what it left in a file."""
    task = {"name": "drill", "ansible.builtin.include_role": {"name": "hyperv.replica.drill"}}
    left = {"ansible.builtin.copy": {"content": "{{ drill_results | to_json }}", "dest": "drill.json"}}
    given = {**QUICK, "hyperv_replica_plan": plan or PLAN, "hyperv_replica_project_dir": str(stage.folder), **variables}
    stage.play("localhost", [{"block": [task], "always": [left]}], connection="local", vars=given)


def drilled(stage: Stage, plan: dict[str, Any] | None = None, **variables: Any) -> Run:
    play(stage, plan, **variables)
    return stage.run()


def results(stage: Stage) -> dict[str, Any]:
    told: dict[str, Any] = json.loads((stage.folder / "drill.json").read_text(encoding="utf-8"))
    return told


def bundles(stage: Stage) -> list[Path]:
    return [path.parent for path in (stage.folder / "drill-reports").glob("*/evidence.json")]


def touched_at_home(run: Run) -> list[dict[str, Any]]:
    """What was asked of the primary host and changes something, executed or not."""
    return [entry for entry in run.sent if entry["mutating"] and entry["host"] == "HV-A"]


@pytest.fixture
def key(tmp_path: Path) -> Path:
    path = tmp_path / "key.pem"
    secret = ed25519.Ed25519PrivateKey.generate()
    path.write_bytes(secret.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return path


@pytest.mark.parametrize("prefix", ["drill", "report"])
def test_its_evidence_says_who_led_it_and_is_signed_and_kept(
    set_stage: SetStage, tmp_path: Path, key: Path, prefix: str
) -> None:
    stage = set_stage(bubble())
    store = {"drill": "evidence_store", "report": "store"}[prefix]
    given: dict[str, Any] = {
        "lead": "A. Operator",
        "observers": ["B. Auditor"],
        "approvals": [{"who": "C. Owner", "what": "the window"}],
        "private_key": str(key),
        store: "copy",
        f"{store}_dest": str(tmp_path / "kept"),
    }

    named = {f"{prefix}_{name}": value for name, value in given.items()}
    run = drilled(stage, None, drill_scope="isolated_test", **named)

    assert run.code == 0, run.output
    [bundle], told = bundles(stage), json.dumps(entries(bundles(stage)[0], "drill"))
    assert all(who in told for who in ("A. Operator", "B. Auditor", "C. Owner"))
    assert (tmp_path / "kept" / bundle.name / "evidence.json").read_bytes() == (bundle / "evidence.json").read_bytes()
    assert any("sig" in path.name for path in bundle.iterdir())


@pytest.mark.parametrize("reported", [True, False])
def test_a_limit_that_was_missed_fails_it_with_a_report_and_without(set_stage: SetStage, reported: bool) -> None:
    stage = set_stage(rate=20)  # a guest boots in 25 simulated seconds, which no machine makes less than one
    plan = {**PLAN, "vms": [{**vm, "limits": {"rto": "1s"}} for vm in PLAN["vms"]]}

    run = drilled(stage, plan, drill_report=reported, drill_verify_within=60)

    assert run.code == 2, run.output
    assert results(stage)["verdict"] == "FAILED"
    assert "RTO" in run.output
    assert {reason["vm"] for reason in results(stage)["reasons"]} == {"WEB01", "SQL01"}
    assert bool(bundles(stage)) is reported
    assert stage.runs_on("WEB01") == ["HV-A"]


TROUBLES: list[tuple[str, dict[str, Any]]] = [
    ("none", {}),
    ("its guest is dead", {"act": {"host": "HV-B", "vm": "WEB01"}}),
    ("it does not start", {"kind": "return_code", "match": {"host": "HV-B", "method": "RequestStateChange"}}),
    ("it cannot be made", {"kind": "fail_job", "match": {"host": "HV-B", "method": "TestReplicaSystem"}}),
]


@pytest.mark.parametrize(("what", "trouble"), TROUBLES)
def test_an_isolated_test_leaves_production_alone_and_nothing_behind(
    set_stage: SetStage, what: str, trouble: dict[str, Any]
) -> None:
    stage = set_stage(bubble())
    if "act" in trouble:
        stage.simulation.act("stop_guest_answering", **trouble["act"])
    elif trouble:
        stage.simulation.trouble({**trouble, "code": 32775})

    run = drilled(stage, drill_scope="isolated_test", test_failover_guest_timeout=2)

    assert run.code == (0 if what == "none" else 2), run.output
    assert results(stage)["verdict"] == ("PASSED" if what == "none" else "FAILED")
    assert len(bundles(stage)) == 1
    assert run.changes != []
    assert touched_at_home(run) == []
    assert copies(stage) == []
    assert stage.runs_on("WEB01") == ["HV-A"]
    assert stage.lossless()


@pytest.mark.parametrize("moment", ["TestReplicaSystem", "RequestStateChange", "DestroySystem"])
def test_an_isolated_test_that_was_killed_is_ended_by_running_it_again(set_stage: SetStage, moment: str) -> None:
    stage = set_stage(bubble(), rate=20.0)
    play(stage, drill_scope="isolated_test")
    first = stage.start()
    first.until_asked(moment)
    first.kill()
    begun = stage.simulation.log(first.number)
    stage.simulation.set_rate(120.0)

    again = drilled(stage, drill_scope="isolated_test")

    assert again.code == 0, again.output
    assert copies(stage) == []
    assert touched_at_home(again) == []
    assert [entry for entry in begun if entry["mutating"] and entry["host"] == "HV-A"] == []
    [bundle] = bundles(stage)
    assert len({record["run_id"] for record in entries(bundle, "record")}) > 1
