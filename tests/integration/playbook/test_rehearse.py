# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbook rehearse: whole drills, from a user's folder, on the user's own estate, and never on a real host."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.hyperv.replica.tests.integration.playbook.stage import COLLECTION, PROGRAMS

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

    def rehearse(self, *arguments: str, timeout: float = 600, **variables: Any) -> int:
        """Rehearse from this folder with a fast clock."""
        given = {"rehearse_rate": 60, "drill_verify_within": 20, **variables}
        self.write("play.yml", "- ansible.builtin.import_playbook: hyperv.replica.rehearse")
        done = subprocess.run(
            [str(PROGRAMS / "ansible-playbook"), "play.yml", "-e", json.dumps(given), *arguments],
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
    def evidence(self) -> dict[str, Any]:
        """What the only report of this folder says."""
        (path,) = self.folder.glob("drill-reports/*/evidence.json")
        told: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return told

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
    return [(stage["kind"], stage["failed"]) for stage in project.evidence["stages"] if stage["kind"] != "preflight"]


def outcomes(project: Project, kind: str) -> dict[str, set[str]]:
    """Names of the virtual machines of a stage by their outcome."""
    (stage,) = (stage for stage in project.evidence["stages"] if stage["kind"] == kind)
    told: dict[str, set[str]] = {}
    for vm in stage["results"]["vms"]:
        told.setdefault(vm["outcome"], set()).add(vm["name"])
    return told


def test_twelve_machines_in_three_tiers_go_and_come_home(project: Project) -> None:
    code = project.rehearse("-e", f"@{THREE_TIERS}")

    assert code == 0, project.output[-5000:]
    assert stages(project) == [("failover", False), ("verify", False), ("failback", False), ("verify", False)]
    assert {kind: len(names) for kind, names in outcomes(project, "failover").items()} == {"moved": 12}
    assert {kind: len(names) for kind, names in outcomes(project, "failback").items()} == {"moved": 12}
    assert (project.evidence["verdict"], project.evidence["simulated"]) == ("PASSED", True)


def test_a_guest_that_is_dead_over_there_fails_the_drill_and_everything_walks_back(project: Project) -> None:
    code = project.rehearse("-e", f"@{THREE_TIERS}", rehearse_trouble=[DEAD_GUEST])

    assert code == 2, project.output[-5000:]
    assert project.evidence["verdict"] == "FAILED"
    assert ("walk_back", False) in stages(project)
    assert any("SQL01" in failure for failure in project.evidence["failures"])
    assert "SQL01" in project.output.split("Drill FAILED")[-1]
