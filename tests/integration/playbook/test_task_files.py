# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Real ansible-playbook runs of task files, as probes and as hooks, whose guests cannot be reached."""

from __future__ import annotations

import os
import re
import textwrap
from typing import Any

import pytest
from ansible.parsing.vault import VaultLib, VaultSecret

from ansible_collections.hyperv.replica.tests.integration.playbook.conftest import SetStage
from ansible_collections.hyperv.replica.tests.integration.playbook.estates import replicated, two_sites
from ansible_collections.hyperv.replica.tests.integration.playbook.stage import COLLECTION, Stage
from ansible_collections.hyperv.replica.tests.integration.playbook.test_drill_roles import (
    PLAN,
    facts,
    result_of,
    role,
    with_probes,
)
from ansible_collections.hyperv.replica.tests.integration.playbook.test_plan_roles import ran, results
from ansible_collections.hyperv.replica.tests.integration.playbook.test_walk_back import hooked, staged

SILENT: dict[str, Any] = {"ansible_connection": "ssh", "ansible_host": "127.0.0.1", "ansible_port": 1}
ASK = "- {name: Ask the guest, ansible.builtin.setup: , delegate_to: sql01.guest}\n"
#: On a simulated host no guest is asked.
REAL = {host: {"hyperv_replica_simulated": False} for host in ("hv-a", "hv-b")}
#: What comes behind a task that asks the guest, and would make a probe green.
ON = "- ansible.builtin.command: touch {{ playbook_dir }}/came_here\n"

#: Task files by name, with the files that they bring in; each asks a guest that nobody reaches.
RED = {
    "include": f"- ansible.builtin.include_tasks: deeper/middle.yml\n{ON}",
    "import": f"- ansible.builtin.import_tasks: deeper/ask.yml\n{ON}",
    "template": f"- ansible.builtin.include_tasks: deeper/{{{{ item }}}}.yml\n  loop: [ask]\n{ON}",
    "role": f"- ansible.builtin.include_role: {{name: guestly}}\n{ON}",
    "static_role": f"- ansible.builtin.import_role: {{name: guestly}}\n{ON}",
    "ignored": f"- ignore_errors: true\n  block:\n  {ASK}{ON}",
    "loop": f"- ansible.builtin.setup:\n  delegate_to: '{{{{ item }}}}'\n  loop: [localhost, sql01.guest]\n{ON}",
    "vaulted": f"- ansible.builtin.include_tasks: deeper/vault.yml\n{ON}",
    "end": f"- ansible.builtin.meta: end_host\n{ON}",
}
GREEN = {
    "rescued": f"- block:\n  {ASK}  rescue:\n  - ansible.builtin.debug: {{msg: nobody expects one}}\n",
    "no_end": "- ansible.builtin.meta: end_host\n  when: false\n",
}


def with_files(stage: Stage, names: tuple[str, ...]) -> dict[str, Any]:
    """The plan with a probe for each task file."""
    stage.inventory(of={"sql01.guest": SILENT})
    for name, text in (RED | GREEN).items():
        stage.write(f"checks/{name}.yml", text)
    stage.write("checks/deeper/middle.yml", f"- ansible.builtin.import_tasks: ask.yml\n{ON}")
    stage.write("checks/deeper/ask.yml", ASK)
    stage.write("roles/guestly/tasks/main.yml", "- ansible.builtin.import_tasks: ask.yml\n")
    stage.write("roles/guestly/tasks/ask.yml", ASK)
    stage.write("password.txt", "open sesame")
    vault = VaultLib([("default", VaultSecret(b"open sesame"))])
    stage.write("checks/deeper/vault.yml", vault.encrypt(ASK).decode("ascii"))
    return with_probes(*({"tasks": f"checks/{name}.yml"} for name in names))


@pytest.mark.parametrize(
    "names",
    [
        ("include", "import", "template", "vaulted", "no_end"),
        ("role", "static_role", "rescued"),
        ("ignored", "loop", "end"),
    ],
    ids=" ".join,
)
def test_a_silent_guest_is_a_red_probe_however_deep_in_a_task_file_it_is_asked(
    stage: Stage, names: tuple[str, ...]
) -> None:
    plan = with_files(stage, names)
    red = RED.keys() & names
    before = {path for path in stage.folder.rglob("*.yml") if "checks" in path.parts or "roles" in path.parts}

    run = role(
        stage, "verify", plan, "--vault-password-file", str(stage.folder / "password.txt"), verify_fail_on="never"
    )

    checks = {check["wanted"]: check for check in result_of(stage, "WEB01")["checks"] if check["check"] == "tasks"}
    bad = {name for name in names if checks[f"checks/{name}.yml"]["result"] == "fail"}
    assert run.code == 0, run.output
    assert bad == red, checks
    said = {name: checks[f"checks/{name}.yml"]["found"] for name in red}
    assert "end_host" in said.pop("end", "end_host")
    assert all("unreachable: sql01.guest in the task" in text for text in said.values()), said
    assert {vm["name"]: vm["verdict"] for vm in facts(stage)["vms"]} == {"WEB01": "failed", "SQL01": "passed"}
    assert not (stage.folder / "came_here").exists()
    left = {path for path in stage.folder.rglob("*.yml") if "checks" in path.parts or "roles" in path.parts}
    assert left == before


def test_a_hook_that_reaches_nobody_is_a_failed_hook_and_says_which_host_and_task(set_stage: SetStage) -> None:
    stage = staged(set_stage)
    stage.patience = 300  # over, and back again
    plan = hooked(stage, before=["hooks/no.yml"], on_vm_failure="walk_back")
    estate = {name: {"hyperv_replica_simulated_rate": 120.0} for name in ("hv-a", "hv-b", "hv-c", "hv-d")}
    stage.inventory(of={**estate, "sql01.guest": SILENT})
    stage.write("hooks/no.yml", "- ansible.builtin.include_tasks: deeper.yml\n")
    stage.write("hooks/deeper.yml", ASK)

    over = ran(stage, "failover", plan)

    said = " ".join(results(over)["messages"])
    assert over.code == 2, over.output
    assert "The hook hooks/no.yml before the tier application failed: unreachable: sql01.guest" in said
    assert "in the task 'Ask the guest'" in said
    assert stage.runs_on("DB1") == ["HV-A"]  # it walked back, as the plan says for that tier


def test_a_task_file_gets_what_it_needs_to_know(stage: Stage) -> None:
    stage.write(
        "checks/web.yml",
        "- ansible.builtin.assert:\n    that:\n"
        "      - hyperv_replica_vm == 'WEB01'\n"
        "      - verify_vm.recovery == 'hv-b'\n"
        "      - verify_host == 'hv-a'\n"
        "      - verify_at == 'home'\n"
        "      - verify_guest_addresses | length > 0\n"
        "      - verify_simulated is boolean\n",
    )

    run = role(stage, "verify", with_probes({"tasks": "checks/web.yml"}))

    assert run.code == 0, run.output


def test_a_probe_of_a_move_is_tried_again_until_its_guest_serves(set_stage: SetStage) -> None:
    stage = set_stage(two_sites(replicated("WEB01"), replicated("SQL01")))
    stage.inventory(of=REAL)
    stage.write(
        "checks/web.yml",
        "- ansible.builtin.shell: >-\n"
        "    echo {{ verify_vm.name }} {{ verify_host }} {{ verify_at }} >> {{ playbook_dir }}/tries.txt\n"
        "- ansible.builtin.assert:\n    fail_msg: too early\n"
        "    that: lookup('ansible.builtin.file', playbook_dir ~ '/tries.txt').splitlines() | length >= 2\n",
    )

    over = ran(stage, "failover", with_probes({"tasks": "checks/web.yml"}, limits={"rto": "10m"}))

    assert over.code == 0, over.output
    assert (stage.folder / "tries.txt").read_text().splitlines() == ["WEB01 hv-b recovery"] * 2


def test_the_copy_of_an_encrypted_file_is_encrypted(stage: Stage) -> None:
    with_files(stage, ())
    copies = "{{ query('hyperv.replica.outliving_tasks', playbook_dir ~ '/checks/vaulted.yml', mark='.x-') }}"
    stage.play("localhost", [{"name": "copies", "ansible.builtin.debug": {"msg": copies}}], connection="local")

    run = stage.run("--vault-password-file", str(stage.folder / "password.txt"))

    [told] = [task["result"]["msg"] for task in run.tasks if task["task"] == "copies"]
    assert [copy["dest"].rpartition("/")[2] for copy in told] == [".x-vaulted.yml", ".x-vault.yml"]
    assert told[1]["content"].startswith("$ANSIBLE_VAULT;")


@pytest.mark.parametrize("page", ["roles/verify/README.md", "docs/docsite/rst/drills.rst"])
def test_the_example_of_a_probe_works_as_it_is_written(stage: Stage, page: str) -> None:
    text = (COLLECTION / page).read_text(encoding="utf-8")
    example = re.split(r"\n```|\n(?=[A-Z])", text.partition("# checks/sql.yml\n")[2])[0]
    stage.write("checks/sql.yml", textwrap.dedent(example))
    stage.write("bin/sqlcmd", "#!/bin/sh\necho 1\n")
    (stage.folder / "bin/sqlcmd").chmod(0o755)
    stage.environment["PATH"] = f"{stage.folder / 'bin'}:{os.environ['PATH']}"
    web, sql = PLAN["vms"]
    plan = {**PLAN, "vms": [web, {**sql, "probes": [{"tasks": "checks/sql.yml"}]}]}

    found = {}
    for kind, guest in (("alive", {"ansible_connection": "local"}), ("dead", SILENT)):
        stage.inventory(of={**REAL, "sql01": guest})
        run = role(stage, "verify", plan, verify_fail_on="never")
        assert run.code == 0, run.output
        found[kind] = result_of(stage, "SQL01")

    assert found["alive"]["checks"][-1]["check"] == "tasks"
    assert found["alive"]["verdict"] == "passed", found["alive"]
    assert found["dead"]["verdict"] == "failed"
    assert "checks/sql.yml" in found["dead"]["failing"]
