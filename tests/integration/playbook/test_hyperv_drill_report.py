# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Evidence of real runs: bundles that are written, stored, verified and tampered with by real playbooks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from ansible_collections.hyperv.replica.tests.integration.playbook.stage import Run, Stage, call
from ansible_collections.hyperv.replica.tests.integration.playbook.test_secrets import loud

PLAN = {
    "schema_version": 1,
    "name": "accounting",
    "vms": [{"name": "WEB01", "home": "hv-a", "recovery": "hv-b", "limits": {"rpo": "15m", "rto": "1h"}}],
}
NOW = "{{ now(utc=true).isoformat() }}"


def over_and_report(journals: Path, **report: Any) -> list[dict[str, Any]]:
    """Tasks: move WEB01, whatever comes of it, and report."""
    moved = {"peer": "hv-a", "mode": "planned", "journal_dir": str(journals)}
    how = {"register": "moved", "delegate_to": "hv-b", "ignore_errors": True}
    noted = {"stage": "failover", "kind": "failover", "began": "{{ began }}", "ended": NOW}
    noted |= {"failed": "{{ moved is failed }}", "said": "{{ moved.msg }}", "results": "{{ moved }}"}
    return [
        {"ansible.builtin.set_fact": {"began": NOW}},
        call("hyperv_replica_failover", ["WEB01"], how, **moved),
        {
            "ansible.builtin.include_role": {"name": "hyperv.replica.report"},
            "vars": {"report_plan": PLAN, "report_stages": [noted], "report_id": "drill-1", **report},
        },
    ]


def report(stage: Stage, journals: Path, **options: Any) -> Run:
    return local(stage, over_and_report(journals, **options))


def local(stage: Stage, tasks: list[dict[str, Any]]) -> Run:
    """Run tasks on the controller, as from a shell that stands in the project."""
    stage.play("localhost", tasks, connection="local")
    return stage.run(environment={"PWD": str(stage.folder)})


def verified(stage: Stage, **options: Any) -> dict[str, Any]:
    told = local(stage, [{"hyperv.replica.hyperv_drill_report_info": options}]).tasks[-1]
    return {"status": told["status"], **told["result"]}


def entries(bundle: Path, kind: str) -> list[Any]:
    held = json.loads((bundle / "evidence.json").read_text(encoding="utf-8"))["entries"]
    return [entry["data"] for entry in held if entry["kind"] == kind]


@pytest.fixture
def journals(tmp_path: Path) -> Path:
    return tmp_path / "journals"


def test_a_move_is_reported_with_its_records_each_once_and_the_bundle_verifies(stage: Stage, journals: Path) -> None:
    run = report(stage, journals)

    bundle = stage.folder / "drill-reports/drill-1"
    assert run.code == 0, run.output[-3000:]
    assert sorted(path.name for path in bundle.iterdir()) == [
        "evidence.json",
        "junit.xml",
        "metrics.prom",
        "report.html",
    ]
    assert "VERDICT: PASSED on SIMULATOR" in run.output
    noted = next(task["result"]["records"] for task in run.tasks if "vms" in task["result"])
    assert entries(bundle, "record") == sorted(noted, key=lambda record: (record["at"], record["host"]))
    seen = verified(stage, path="drill-reports/drill-1")
    assert (seen["intact"], seen["proof"]) == (True, "internally consistent, origin not proven")
    assert seen["head"] in run.output
    page = (bundle / "report.html").read_text(encoding="utf-8")
    assert "not signed when this page was written" in page
    assert "evidence.sig" not in page


def test_one_changed_byte_is_found_and_located_and_fails_the_task(stage: Stage, journals: Path) -> None:
    report(stage, journals)
    page = stage.folder / "drill-reports/drill-1/report.html"
    lines = page.read_bytes().split(b"\n")
    place = next(number for number, line in enumerate(lines) if b"PASSED</h1>" in line)
    lines[place] = lines[place].replace(b"PASSED", b"PASSEX")
    page.write_bytes(b"\n".join(lines))

    seen = verified(stage, path="drill-reports/drill-1")

    assert (seen["status"], seen["intact"]) == ("failed", False)
    assert [(found["file"], found["line"]) for found in seen["findings"]] == [("report.html", place + 1)]
    assert f": changed after it was written. report.html, line {place + 1}: " in seen["msg"]


def test_journals_alone_of_hosts_that_no_inventory_knows_are_not_said_to_be_of_real_ones(
    stage: Stage, journals: Path
) -> None:
    journals.mkdir()
    elsewhere = {**PLAN, "vms": [{"name": "WEB01", "home": "hv-x", "recovery": "hv-y"}]}
    options = {"report_plan": elsewhere, "report_stages": [], "report_journal_dir": str(journals)}

    run = local(stage, over_and_report(journals, **options)[-1:])

    assert "FAILED on UNKNOWN HOSTS" in run.output


def test_one_changed_byte_of_a_journal_is_found_in_its_file_and_record(stage: Stage, journals: Path) -> None:
    report(stage, journals, report_journal_dir=str(journals))
    asked = {"path": "drill-reports/drill-1", "journal_dir": str(journals)}
    before = verified(stage, **asked)
    (journal,) = journals.iterdir()
    lines = journal.read_bytes().split(b"\n")
    place = next(number for number, line in enumerate(lines) if b"InitiateFailover" in line)
    lines[place] = lines[place].replace(b"InitiateFailover", b"InitiateFailovex")
    journal.write_bytes(b"\n".join(lines))

    seen = verified(stage, **asked)

    assert (before["status"], before["intact"]) == ("ok", True)
    assert (seen["status"], seen["intact"]) == ("failed", False)
    (finding,) = seen["findings"]
    assert (finding["file"], finding["line"]) == (journal.name, place + 1)
    assert "record WEB01 hv-b" in finding["text"]
    assert verified(stage, path="drill-reports/drill-1")["intact"]


def test_no_password_is_in_a_bundle_even_where_a_plan_or_a_reason_holds_one(stage: Stage, journals: Path) -> None:
    loud(stage)
    word = stage.simulation.password
    plan = {**PLAN, "vms": [{**PLAN["vms"][0], "probes": [{"http": {"url": f"https://me:{word}@a.example/"}}]}]}  # type: ignore[index]

    planted = {"run_id": "planted", "at": "2026-11-20T02:00:00+00:00", "detail": f"by {word}", "password": "x"}
    stage.write("planted/planted.jsonl", json.dumps(planted) + f'\n{{"torn": "{word}')

    options = {"report_reason": f"sign in with {word}", "report_notes": [word], "report_journal_dir": "planted"}
    run = report(stage, journals, report_plan=plan, **options)

    told = {path: path.read_text(encoding="utf-8") for path in (stage.folder / "drill-reports/drill-1").iterdir()}
    assert run.code == 0, run.output[-3000:]
    assert [path.name for path, text in told.items() if word in text] == []
    assert "sign in with (left out)" in told[stage.folder / "drill-reports/drill-1/report.html"]


def test_a_signed_bundle_is_proven_by_the_public_key_and_not_by_another(stage: Stage, journals: Path) -> None:
    for name in ("ours", "theirs"):
        key = ed25519.Ed25519PrivateKey.generate()
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        stage.write(f"{name}.pem", private.decode())
        stage.write(f"{name}.pub", public.decode())

    run = report(stage, journals, report_private_key="ours.pem")
    ours, theirs = (
        verified(stage, path="drill-reports/drill-1", public_key=f"{name}.pub") for name in ("ours", "theirs")
    )

    assert run.code == 0, run.output[-3000:]
    assert (ours["status"], ours["proven"], ours["anchors"][0]["result"]) == ("ok", True, "holds")
    assert (theirs["status"], theirs["intact"], theirs["proven"]) == ("failed", True, False)
    page = (stage.folder / "drill-reports/drill-1/report.html").read_text(encoding="utf-8")
    assert "<code>evidence.sig</code>" in page
    assert "its origin is not proven" not in page


def test_the_run_of_a_killed_controller_is_in_the_evidence_with_its_torn_line(stage: Stage, journals: Path) -> None:
    move: dict[str, Any] = {"peer": "hv-a", "mode": "planned", "journal_dir": str(journals)}
    stage.play("hv-b", [call("hyperv_replica_failover", ["WEB01"], **move)])
    running = stage.start()
    running.until_asked("InitiateShutdown")
    running.kill()
    killed = next(journals.iterdir())
    copied = stage.write(f"copied/{killed.name}", killed.read_text(encoding="utf-8") + '{"run_id": "')

    run = report(stage, journals, report_journal_dir=str(copied.parent))

    bundle = stage.folder / "drill-reports/drill-1"
    assert run.code == 0, run.output[-3000:]
    cut = [told["run_id"] for told in entries(bundle, "run") if not told["complete"]]
    assert cut == [killed.stem]
    assert [(told["journal"], told["torn"]) for told in entries(bundle, "damaged")] == [(killed.name, True)]
    assert {"asking"} <= {record["event"] for record in entries(bundle, "record") if record["run_id"] == killed.stem}
    assert verified(stage, path="drill-reports/drill-1")["intact"]


def test_a_bundle_is_stored_and_its_store_was_tried_before(stage: Stage, journals: Path, tmp_path: Path) -> None:
    store = {"report_store": "copy", "report_store_dest": str(tmp_path / "kept")}
    role = {"name": "hyperv.replica.report", "tasks_from": "check_store"}
    tasks = [
        {"ansible.builtin.include_role": role, "vars": {**store, "report_id": "drill-1"}},
        *over_and_report(journals, **store),
    ]

    run = local(stage, tasks)

    assert run.code == 0, run.output[-3000:]
    assert verified(stage, path=str(tmp_path / "kept/drill-1"))["intact"]


def test_a_store_of_the_project_that_cannot_be_written_is_found_before_anything_moves(stage: Stage) -> None:
    stage.write(
        "stores/full.yml",
        json.dumps([{"ansible.builtin.fail": {"msg": "the store is full, said by {{ report_store_action }}"}}]),
    )
    role = {"name": "hyperv.replica.report", "tasks_from": "check_store"}
    run = local(stage, [{"ansible.builtin.include_role": role, "vars": {"report_store": "stores/full.yml"}}])

    assert run.code != 0
    assert "the store is full, said by check" in run.output
    assert run.sent == []
