# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbook rehearse: whole drills, from a user's folder, on the user's own estate, and never on a real host."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.hyperv.replica.tests.integration.playbook.conftest import SetStage
from ansible_collections.hyperv.replica.tests.integration.playbook.estates import replicated, two_sites
from ansible_collections.hyperv.replica.tests.integration.playbook.stage import COLLECTION, PROGRAMS, Stage

FILES = COLLECTION / "playbooks" / "files"
THREE_TIERS = FILES / "plans" / "three_tiers.yml"

#: The guest of a virtual machine hangs as soon as it is started at the recovery site: everything else says yes.
DEAD_GUEST = {
    "kind": "change",
    "match": {"host": "HV-B", "method": "RequestStateChange", "vm": "SQL01"},
    "action": "stop_guest_answering",
    "arguments": {"host": "HV-B", "vm": "SQL01"},
}


@dataclass
class Project:
    """A user's folder without any host that could be reached."""

    folder: Path
    output: str = ""

    def rehearse(self, *arguments: str, **variables: Any) -> int:
        """Rehearse from this folder with a fast clock."""
        given = {"rehearse_rate": 60, **variables}
        return self.play(
            [{"ansible.builtin.import_playbook": "hyperv.replica.rehearse"}], "-e", json.dumps(given), *arguments
        )

    def play(self, plays: list[dict[str, Any]], *arguments: str, timeout: float = 900) -> int:
        """Run a playbook; JSON is YAML too."""
        self.write("play.yml", json.dumps(plays))
        done = subprocess.run(
            [str(PROGRAMS / "ansible-playbook"), "play.yml", *arguments],
            cwd=self.folder,
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=timeout,
            check=False,
        )
        self.output = done.stdout
        return done.returncode

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    @property
    def bundle(self) -> Path:
        """The folder of the only report."""
        (path,) = self.folder.glob("drill-reports/*/evidence.json")
        return path.parent

    def told(self, kind: str) -> list[dict[str, Any]]:
        """What the evidence holds of this kind."""
        chain = json.loads((self.bundle / "evidence.json").read_text(encoding="utf-8"))
        return [entry["data"] for entry in chain["entries"] if entry["kind"] == kind]

    def _environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "PYTHON"))}
        return kept | {
            "ANSIBLE_COLLECTIONS_PATH": str(self.folder / "collections"),
            "ANSIBLE_HOME": str(self.folder / "home"),
            "ANSIBLE_LOCALHOST_WARNING": "false",
            "ANSIBLE_NOCOLOR": "true",
            "LC_ALL": "C.UTF-8",
        }


@pytest.fixture
def project(tmp_path: Path) -> Project:
    folder = tmp_path / "mine"
    namespace = folder / "collections" / "ansible_collections" / "hyperv"
    namespace.mkdir(parents=True)
    (namespace / "replica").symlink_to(COLLECTION, target_is_directory=True)
    return Project(folder)


def stages(project: Project) -> list[tuple[str, bool]]:
    """Kind of each stage, and whether it failed."""
    return [(stage["kind"], stage["failed"]) for stage in project.told("stage")]


def outcomes(project: Project, stage: str) -> dict[str, set[str]]:
    """Names of the virtual machines of a stage by their outcome or verdict."""
    told: dict[str, set[str]] = {}
    for vm in project.told("result"):
        if vm["stage"] == stage:
            told.setdefault(vm.get("outcome") or vm["verdict"], set()).add(vm["name"])
    return told


def holds(project: Project) -> bool:
    """Whether the bundle is as it was written."""
    check = {"ansible.builtin.include_tasks": "check.yml"}
    task = {"hyperv.replica.hyperv_drill_report_info": {"path": str(project.bundle)}, "name": "Check the bundle"}
    project.write("check.yml", json.dumps([task]))
    return project.play([{"hosts": "localhost", "gather_facts": False, "tasks": [check]}]) == 0


TWELVE = {vm["name"] for vm in yaml.safe_load(THREE_TIERS.read_text(encoding="utf-8"))["hyperv_replica_plan"]["vms"]}


def test_twelve_machines_in_three_tiers_go_and_come_home(project: Project) -> None:
    code = project.rehearse("-e", f"@{THREE_TIERS}")

    assert code == 0, project.output[-5000:]
    assert stages(project) == [
        ("preflight", False),
        ("failover", False),
        ("verify", False),
        ("failback", False),
        ("verify", False),
    ]
    assert outcomes(project, "failover") == outcomes(project, "failback") == {"moved": TWELVE}
    assert outcomes(project, "verify at home") == {"passed": TWELVE}
    assert "VERDICT: PASSED on SIMULATOR" in project.output
    assert holds(project)
    journals = "".join(
        path.read_text(encoding="utf-8") for path in project.folder.glob("drill-reports/journals/*/*/*.jsonl")
    )
    assert journals.count('"InitiateFailover"') >= 2 * len(TWELVE)


def test_a_guest_that_is_dead_over_there_fails_the_drill_and_everything_walks_back(project: Project) -> None:
    code = project.rehearse("-e", f"@{THREE_TIERS}", rehearse_trouble=[DEAD_GUEST])

    assert code == 2, project.output[-5000:]
    failed = outcomes(project, "failover")["failed"]
    assert "SQL01" in failed
    assert ("failover", True) in stages(project)
    assert stages(project)[-2:] == [("walk_back", False), ("verify", False)]
    assert outcomes(project, "walk back")["moved"] >= {"SQL01"}
    assert set().union(*outcomes(project, "verify at home").values()) == outcomes(project, "walk back")["moved"]
    assert "VERDICT: FAILED on SIMULATOR" in project.output
    last = project.output[project.output.index("Say how it went]") :]
    assert "Drill FAILED on SIMULATOR: SQL01" in last
    assert "Now: runs on HV-A, protected" in last
    assert "runs on HV-B" not in last
    page = (project.bundle / "report.html").read_text(encoding="utf-8")
    assert "SQL01" in page
    assert "FAILED" in page
    assert holds(project)


def test_copies_are_rehearsed_while_production_is_left_alone(project: Project) -> None:
    code = project.rehearse("-e", f"@{THREE_TIERS}", drill_scope="isolated_test")

    assert code == 0, project.output[-5000:]
    assert stages(project) == [("preflight", False), ("test_failover", False), ("cleanup", False)]
    assert outcomes(project, "test failover") == outcomes(project, "cleanup") == {"done": TWELVE}
    assert "InitiateShutdown" not in project.output


@contextmanager
def real_hosts() -> Iterator[tuple[int, list[object]]]:
    """A port that stands for what real hosts listen at, and everyone who came there."""
    came: list[object] = []

    def listen() -> None:
        while True:
            try:
                sock, peer = server.accept()
            except OSError:
                return
            came.append(peer)
            sock.close()

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=listen, daemon=True)
        thread.start()
        yield server.getsockname()[1], came
        server.shutdown(socket.SHUT_RDWR)


def real_inventory(project: Project, port: int) -> None:
    """The operator's inventory, which says by every variable there is how the real hosts are reached."""
    hosts = {"hv-a": {"ansible_host": "127.0.0.1"}, "hv-b.example.test": {"ansible_psrp_host": "127.0.0.1"}}
    project.write("hosts.yml", yaml.safe_dump({"all": {"children": {"hyperv": {"hosts": hosts}}}}))
    everywhere = {
        "ansible_connection": "psrp",
        "ansible_port": port,
        "ansible_psrp_port": port,
        "ansible_psrp_protocol": "http",
        "ansible_psrp_auth": "kerberos",
        "ansible_user": "operator@EXAMPLE.TEST",
        "ansible_password": "Real-Secret-7",
        "ansible_winrm_host": "127.0.0.1",
        "ansible_winrm_port": port,
        "ansible_winrm_read_timeout_sec": 3,
    }
    project.write("group_vars/hyperv.yml", yaml.safe_dump(everywhere))
    project.write("host_vars/hv-a.yml", yaml.safe_dump(everywhere | {"ansible_psrp_host": "127.0.0.1"}))


OWN_PLAN: dict[str, Any] = {
    "schema_version": 1,
    "name": "ours",
    "tiers": [{"name": "all", "before": ["hooks/before.yml"]}],
    "vms": [
        {"name": "WEB01", "home": "hv-a", "recovery": "hv-b.example.test", "probes": [{"tasks": "checks/web.yml"}]},
        {"name": "SQL01", "home": "hv-a", "recovery": "hv-b.example.test", "probes": [{"tcp": 1433}]},
    ],
}
#: What a hook and a task file of the user do here: leave a file in the folder where the user stands.
HOOK = '- {name: Note, ansible.builtin.copy: {content: ran, dest: "{{ hyperv_replica_project_dir }}/%s"}}'


@pytest.mark.parametrize("connection", ["psrp", "winrm"])
def test_the_own_plan_is_rehearsed_under_the_names_of_a_loaded_inventory_whose_hosts_are_never_reached(
    project: Project, connection: str
) -> None:
    project.write("estate.yml", yaml.safe_dump(two_sites()))
    project.write("hooks/before.yml", HOOK % "hook.txt")
    project.write("checks/web.yml", HOOK % "check.txt")

    with real_hosts() as (port, came):
        real_inventory(project, port)
        code = project.rehearse(
            "-i",
            "hosts.yml",
            hyperv_replica_plan=OWN_PLAN,
            hyperv_replica_project_dir=str(project.folder),
            rehearse_estate="estate.yml",
            rehearse_connection=connection,
        )

    assert came == []
    assert code == 0, project.output[-5000:]
    assert outcomes(project, "failback") == {"moved": {"WEB01", "SQL01"}}
    directions = {vm["direction"] for vm in project.told("result") if vm["stage"] == "failover"}
    assert directions == {"hv-a → hv-b.example.test"}
    assert "VERDICT: PASSED on SIMULATOR" in project.output
    assert "Real-Secret-7" not in project.output
    assert (project.folder / "check.txt").read_text(encoding="utf-8") == "ran"


def test_a_variable_that_wins_over_the_rehearsal_is_refused_before_anything_is_sent(project: Project) -> None:
    project.write("estate.yml", yaml.safe_dump(two_sites()))
    project.write("hooks/before.yml", HOOK % "hook.txt")
    project.write("checks/web.yml", HOOK % "check.txt")

    with real_hosts() as (port, came):
        real_inventory(project, port)
        code = project.rehearse(
            "-i", "hosts.yml", hyperv_replica_plan=OWN_PLAN, rehearse_estate="estate.yml", ansible_port=port
        )

    assert came == []
    assert code == 2
    assert "which is not simulated" in project.output


def test_a_captured_estate_is_rehearsed_by_the_plan_of_the_real_hosts(project: Project, set_stage: SetStage) -> None:
    real = set_stage(two_sites(replicated("WEB01"), replicated("SQL01")))
    real.inventory(of={"hv-b.example.test": {}})
    plan = {**OWN_PLAN, "tiers": [], "vms": [{**vm, "probes": [], "recovery": "hv-b"} for vm in OWN_PLAN["vms"]]}
    real.play("localhost", [])
    (real.folder / "play.yml").write_text("- ansible.builtin.import_playbook: hyperv.replica.capture_estate")
    captured = real.run("-e", "capture_hosts=hv-a,hv-b", "-e", "capture_file=tonight.yml")
    estate = yaml.safe_load((real.folder / "tonight.yml").read_text(encoding="utf-8"))
    mark = real.simulation.mark("rehearsal")

    code = project.rehearse(
        "-i",
        str(real.folder / "inventory.json"),
        hyperv_replica_plan=plan,
        rehearse_estate=str(real.folder / "tonight.yml"),
    )

    assert captured.code == 0, captured.output
    assert [host["inventory_name"] for host in estate["hosts"]] == ["hv-a", "hv-b"]
    assert code == 0, project.output[-5000:]
    assert outcomes(project, "failover") == outcomes(project, "failback") == {"moved": {"WEB01", "SQL01"}}
    assert real.simulation.log(mark) == []  # the hosts that were captured were asked nothing


def test_a_drill_that_was_killed_is_gone_on_with_by_the_next_one(stage: Stage) -> None:
    plan = {**OWN_PLAN, "tiers": [], "vms": [{**vm, "probes": [], "recovery": "hv-b"} for vm in OWN_PLAN["vms"]]}
    polled = {"failover_poll_interval": 0.1, "failback_poll_interval": 0.1, "hyperv_replica_plan": plan}
    (stage.folder / "play.yml").write_text("- ansible.builtin.import_playbook: hyperv.replica.drill")
    running = stage.start("-e", json.dumps(polled))
    running.until_asked("ReverseReplicationRelationship")
    running.kill()

    run = stage.run("-e", json.dumps(polled))

    assert run.code == 0, run.output[-5000:]
    assert stage.runs_on("WEB01") == stage.runs_on("SQL01") == ["HV-A"]
    assert stage.lossless()
