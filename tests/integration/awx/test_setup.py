# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbook awx_setup, run with the modules of awx.awx themselves, so that their own argument specs judge it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.hyperv.replica.tests.integration.awx.controller import TOKEN, Controller, running

COLLECTION = Path(__file__).resolve().parents[3]
PROJECT = COLLECTION / "playbooks/files/awx/project"
PLAN = {
    "schema_version": 1,
    "name": "accounting",
    "tiers": [{"name": "database"}, {"name": "web", "on_vm_failure": "walk_back"}],
    "vms": [{"name": "SQL01", "home": "hv-a", "recovery": "hv-b"}],
}
ASKED: dict[str, Any] = {
    "hyperv_replica_plan": PLAN,
    "awx_inventory": "hyperv",
    "awx_credential": "replica-ops",
    "awx_scm_url": "https://git.example.com/dr/replica.git",
    "awx_image": "registry.example.com/replica-ee:1",
    "awx_deadline": 1000,
    "awx_notifications": [
        {
            "name": "duty",
            "type": "webhook",
            "configuration": {
                "url": "https://chat.example.com/hook",
                "headers": {},
                "http_method": "POST",
                "disable_ssl_verification": False,
                "username": "",
                "password": "",
            },
        }
    ],
}


@contextmanager
def awx() -> Iterator[Controller]:
    """An AWX with an organization, an inventory and a credential."""
    with running(Controller()) as begun:
        organization = begun.add("organizations", name="Default")["id"]
        begun.add("inventories", name="hyperv", organization=organization)
        begun.add("credentials", name="replica-ops", organization=organization)
        yield begun


@pytest.fixture
def controller() -> Iterator[Controller]:
    """One that nothing was set up in."""
    with awx() as begun:
        yield begun


def set_up(controller: Controller, folder: Path, *arguments: str, **more: Any) -> subprocess.CompletedProcess[str]:
    """Run the playbook as an operator does."""
    variables = folder / "variables.json"
    variables.write_text(json.dumps(ASKED | more), encoding="utf-8")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "PYTHON"))}
    return subprocess.run(
        [
            str(Path(sys.executable).parent / "ansible-playbook"),
            "hyperv.replica.awx_setup",
            "-e",
            f"@{variables}",
            *arguments,
        ],
        cwd=folder,
        env=kept
        | {
            "ANSIBLE_COLLECTIONS_PATH": f"{COLLECTION.parents[2]}:{os.environ['AWX_COLLECTIONS']}",
            "ANSIBLE_HOME": str(folder / "home"),
            "ANSIBLE_NOCOLOR": "true",
            "ANSIBLE_LOCALHOST_WARNING": "false",
            "CONTROLLER_HOST": controller.url,
            "CONTROLLER_OAUTH_TOKEN": TOKEN,
            "LC_ALL": "C.UTF-8",
            "no_proxy": "127.0.0.1",
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Controller]:
    """One that was set up; tests only look at it."""
    with awx() as begun:
        run = set_up(begun, tmp_path_factory.mktemp("setup"))
        if run.returncode:
            raise AssertionError(run.stdout + run.stderr)
        yield begun


def test_a_second_run_changes_nothing(ready: Controller, tmp_path: Path) -> None:
    ready.changes.clear()

    again = set_up(ready, tmp_path)

    assert (again.returncode, ready.changes) == (0, []), again.stdout
    assert "changed=0" in again.stdout


def test_every_job_template_runs_a_playbook_that_the_project_has(ready: Controller) -> None:
    asked = {template["playbook"] for template in ready.things["job_templates"]}

    assert asked == {path.name for path in PROJECT.glob("*.yml")}


def test_no_job_runs_twice_at_a_time_and_none_is_sliced(ready: Controller) -> None:
    shown = {
        (template["allow_simultaneous"], template["job_slice_count"], template["ask_job_slice_count_on_launch"])
        for template in ready.things["job_templates"]
    }

    assert shown == {(False, 1, False)}
    assert ready.things["workflow_job_templates"][0]["allow_simultaneous"] is False


def test_a_job_is_older_than_every_deadline_of_its_own_before_awx_ends_it(ready: Controller) -> None:
    # Two tiers and three calls for the whole plan, each twice where the plan may walk back.
    failover = ready.named("job_templates", "Hyper-V Replica: failover")

    assert failover["timeout"] == (2 + 3) * 1000 * 2 + 600
    assert json.loads(failover["extra_vars"])["failover_timeout"] == 1000
    assert ready.named("job_templates", "Hyper-V Replica: drill")["timeout"] > 2 * failover["timeout"]


def test_an_unplanned_failover_asks_what_nobody_may_forget(ready: Controller) -> None:
    template = ready.named("job_templates", "Hyper-V Replica: failover_unplanned")
    survey = {question["variable"]: question["required"] for question in ready.surveys[template["id"]]["spec"]}

    assert survey == {
        "awx_reason": True,
        "failover_outage_began": True,
        "failover_max_data_loss": True,
        "failover_primary_confirmed_down": True,
        "awx_vms": False,
    }


def test_the_workflow_goes_from_preflight_to_report_with_two_approvals(ready: Controller) -> None:
    path, node = [], "preflight"
    while node:
        path.append(node)
        node = next(iter([*ready.linked(node, "success_nodes"), *ready.linked(node, "always_nodes")]), "")

    assert path == [
        "preflight",
        "approve_failover",
        "failover",
        "verify_recovery",
        "approve_failback",
        "failback",
        "verify_home",
        "report",
    ]
    assert {approval["name"] for approval in ready.things["workflow_approval_templates"]} == {
        "Go?",
        "Bring them home?",
    }


def test_whatever_fails_in_the_workflow_ends_in_the_report(ready: Controller) -> None:
    failures = {
        node["identifier"]: ready.linked(node["identifier"], "failure_nodes")
        or ready.linked(node["identifier"], "always_nodes")
        for node in ready.things["workflow_job_template_nodes"]
    }

    assert failures == {
        "preflight": ["report"],
        "approve_failover": ["report"],
        "failover": ["approve_failback"],
        "verify_recovery": ["approve_failback"],
        "approve_failback": ["report"],
        "failback": ["report"],
        "verify_home": ["report"],
        "report": [],
    }


def test_duty_is_told_of_jobs_and_of_approvals(ready: Controller) -> None:
    duty = ready.named("notification_templates", "Hyper-V Replica: duty")["id"]
    workflow = ready.things["workflow_job_templates"][0]["url"]
    told = {path for path, numbers in ready.joined.items() if duty in numbers}

    assert f"{workflow}notification_templates_approvals/" in told
    for template in ready.things["job_templates"]:
        assert f"{template['url']}notification_templates_error/" in told


def test_check_mode_asks_for_no_change(controller: Controller, tmp_path: Path) -> None:
    set_up(controller, tmp_path, "--check")

    assert controller.changes == []


def test_what_is_missing_is_said_before_anything_is_made(controller: Controller, tmp_path: Path) -> None:
    run = set_up(controller, tmp_path, awx_image=None)

    assert run.returncode != 0
    assert "awx_image" in run.stdout
    assert controller.changes == []


@pytest.mark.parametrize("playbook", sorted(PROJECT.glob("*.yml")), ids=lambda path: str(path.name))
def test_a_project_playbook_is_one_import_of_a_playbook_that_is_there(playbook: Path) -> None:
    plays = yaml.safe_load(playbook.read_text(encoding="utf-8"))
    imported = plays[0]["ansible.builtin.import_playbook"]

    assert len(plays) == 1
    assert (COLLECTION / "playbooks" / f"{imported.removeprefix('hyperv.replica.')}.yml").is_file()
