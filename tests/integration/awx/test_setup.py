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
        timeout=900,
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
    # A look, a move and a walk back; what a plan with hooks and barriers needs is counted in the tests of the budget.
    failover = ready.named("job_templates", "Hyper-V Replica: failover")

    assert failover["timeout"] > 3 * 1000 + 300
    told = json.loads(failover["extra_vars"])
    assert {told[f"{role}_timeout"] for role in ("failover", "failback", "test_failover")} == {1000}
    assert ready.named("job_templates", "Hyper-V Replica: verify")["timeout"] > 900
    assert ready.named("job_templates", "Hyper-V Replica: drill")["timeout"] > 2 * (3 * 1000 + 900)


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


def walk(controller: Controller, *failing: str) -> list[str]:
    """The nodes that run, in order, as AWX decides it (awx/main/scheduler/dag_workflow.py).

    A node is decided when all of its parents are. It runs when one of them leads to it by how it ended, or all of them
    where it waits for all.
    """
    nodes = {node["identifier"]: node for node in controller.things["workflow_job_template_nodes"]}
    leads = {
        name: {how: controller.linked(name, f"{how}_nodes") for how in ("success", "failure", "always")}
        for name in nodes
    }
    parents = {name: [one for one in nodes if any(name in to for to in leads[one].values())] for name in nodes}
    ran: dict[str, str] = {}

    def met(parent: str, name: str) -> bool:
        return bool(ran[parent]) and name in [*leads[parent][ran[parent]], *leads[parent]["always"]]

    while left := sorted(name for name in nodes if name not in ran and all(one in ran for one in parents[name])):
        for name in left:
            told = [met(parent, name) for parent in parents[name]]
            runs = not told or (all(told) if nodes[name].get("all_parents_must_converge") else any(told))
            ran[name] = ("failure" if name in failing else "success") if runs else ""
    return [name for name, ended in ran.items() if ended]


def test_the_workflow_runs_each_node_once_and_waits_for_no_other(ready: Controller) -> None:
    path = ["preflight", "approve_failover", "failover", "verify_recovery", "approve_failback", "failback"]

    assert walk(ready) == [*path, "verify_home", "report"]


TWO_TIERS = [
    {"name": "DC01", "home": "hv-a", "recovery": "hv-b", "tier": "database", "provides": ["kdc", "dns"]},
    {"name": "SQL01", "home": "hv-a", "recovery": "hv-b", "tier": "database", "depends_on": ["DC01"]},
    {"name": "WEB01", "home": "hv-a", "recovery": "hv-b", "tier": "web"},
]


@pytest.fixture(scope="module")
def sharded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Controller]:
    """One whose workflow moved the plan in one job, set up anew with two parts at a time; tests only look at it."""
    with awx() as begun:
        organization = begun.things["organizations"][0]["id"]
        workflow = begun.add(
            "workflow_job_templates", name="Hyper-V Replica: drill as a workflow", organization=organization
        )
        for name in ("failover", "failback"):
            begun.add("workflow_job_template_nodes", identifier=name, workflow_job_template=workflow["id"])
        more = {"awx_shards": 2, "hyperv_replica_plan": PLAN | {"vms": TWO_TIERS}}
        run = set_up(begun, tmp_path_factory.mktemp("setup"), **more)
        if run.returncode:
            raise AssertionError(run.stdout + run.stderr)
        yield begun


OUT, HOME = ["failover_1", "failover_2", "failover_3"], ["failback_1", "failback_2", "failback_3"]


def test_with_shards_the_parts_of_a_move_run_side_by_side_and_what_others_need_after_them(sharded: Controller) -> None:
    assert sorted(sharded.linked("approve_failover", "success_nodes")) == OUT[:2]
    assert [sharded.linked(name, "success_nodes") for name in OUT] == [OUT[2:], OUT[2:], ["verify_recovery"]]
    assert sorted(sharded.linked("approve_failback", "success_nodes")) == HOME[:2]
    assert [sharded.linked(name, "success_nodes") for name in HOME] == [HOME[2:], HOME[2:], ["verify_home"]]
    begin, middle = ["preflight", "approve_failover"], ["verify_recovery", "approve_failback"]
    assert walk(sharded) == [*begin, *OUT, *middle, *HOME, "verify_home", "report"]


@pytest.mark.parametrize("shard", OUT)
def test_a_failed_shard_leads_to_the_question_whether_to_come_home_without_a_verification(
    sharded: Controller, shard: str
) -> None:
    ran = walk(sharded, shard)

    assert "verify_recovery" not in ran
    assert ran[-6:] == ["approve_failback", *HOME, "verify_home", "report"]
    assert ("failover_3" in ran) is (shard == "failover_3")


@pytest.mark.parametrize("shard", HOME)
def test_a_failed_shard_on_the_way_home_leads_to_the_report(sharded: Controller, shard: str) -> None:
    ran = walk(sharded, shard)

    assert "verify_home" not in ran
    assert ran[-1] == "report"


def test_each_shard_has_a_template_of_its_own_since_none_runs_twice_at_a_time(sharded: Controller) -> None:
    parts = {}
    for kind in ("failover", "failback"):
        for number in (1, 2, 3):
            template = sharded.named("job_templates", f"Hyper-V Replica: {kind} {number} of 3")
            node = sharded.named("workflow_job_template_nodes", f"{kind}_{number}")
            assert node["unified_job_template"] == template["id"]
            assert template["playbook"] == f"{kind}.yml"
            parts[f"{kind}_{number}"] = json.loads(template["extra_vars"])[f"{kind}_plan_shard"]

    assert parts == {f"{kind}_{number}": f"{number}/3" for kind in ("failover", "failback") for number in (1, 2, 3)}


def test_no_node_of_another_number_of_shards_is_left_to_run_without_an_approval(sharded: Controller) -> None:
    names = {node["identifier"] for node in sharded.things["workflow_job_template_nodes"]}

    assert not {"failover", "failback"} & names
    assert walk(sharded)[0] == "preflight"


def test_the_report_knows_which_stages_a_whole_drill_has(ready: Controller, sharded: Controller) -> None:
    told = [one.named("workflow_job_template_nodes", "report")["extra_data"] for one in (ready, sharded)]
    expected = ["preflight", "failover", "verify at the recovery site", "failback", "verify at home"]

    assert told == [{"report_expected": expected}] * 2


@pytest.mark.parametrize("shards", [0, 10])
def test_a_number_of_shards_that_nobody_oversees_is_refused(
    controller: Controller, tmp_path: Path, shards: int
) -> None:
    run = set_up(controller, tmp_path, awx_shards=shards)

    assert run.returncode != 0
    assert "from 1 to 9" in run.stdout
    assert controller.changes == []


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
