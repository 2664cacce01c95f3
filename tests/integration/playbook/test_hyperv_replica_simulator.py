# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The simulator as playbooks use it: started, asked through real connections, steered, stopped, and left behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.processes import birth

#: Where the ansible-playbook to be tried lives; that of another ansible-core may be named.
PROGRAMS = Path(os.environ.get("HYPERV_REPLICA_ANSIBLE_PROGRAMS", str(Path(sys.executable).parent)))
COLLECTION = Path(__file__).resolve().parents[3]

START = """
- name: Start
  hosts: localhost
  gather_facts: false
  tasks:
    - name: Start the simulator
      hyperv.replica.hyperv_replica_simulator: {{rate: 0, {options}}}
      register: simulator
    - name: Add its hosts
      ansible.builtin.add_host: "{{{{ item | combine({{'groups': 'hyperv'}}) }}}}"
      loop: "{{{{ simulator.hosts }}}}"
      no_log: true
    - name: Keep what the test has to know
      ansible.builtin.copy:
        content: "{{{{ simulator | to_json }}}}"
        dest: "{{{{ playbook_dir }}}}/simulator.json"
        mode: "0600"
      no_log: true
      delegate_to: localhost
"""


@dataclass
class Project:
    """A folder with one play, and what came of running it."""

    folder: Path
    temporary: Path
    output: str = ""

    def run(self, play: str, *arguments: str) -> int:
        (self.folder / "play.yml").write_text(play, encoding="utf-8")
        done = subprocess.run(
            [str(PROGRAMS / "ansible-playbook"), "play.yml", *arguments],
            cwd=self.folder,
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        self.output = done.stdout + done.stderr
        return done.returncode

    @property
    def simulator(self) -> dict[str, Any]:
        """What the first task registered."""
        known: dict[str, Any] = json.loads((self.folder / "simulator.json").read_text(encoding="utf-8"))
        return known

    def written(self) -> str:
        """Everything Ansible said, on the screen and in its log."""
        return self.output + (self.folder / "ansible.log").read_text(encoding="utf-8")

    def _environment(self) -> dict[str, str]:
        return {
            **{name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")},
            "ANSIBLE_COLLECTIONS_PATH": str(self.folder / "collections"),
            "ANSIBLE_HOME": str(self.folder / "home"),
            "ANSIBLE_LOG_PATH": str(self.folder / "ansible.log"),
            "ANSIBLE_NOCOLOR": "true",
            "TMPDIR": str(self.temporary),
        }


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    namespace = tmp_path / "collections" / "ansible_collections" / "hyperv"
    namespace.mkdir(parents=True)
    (namespace / "replica").symlink_to(COLLECTION, target_is_directory=True)
    # Newer ansible-core opens a Unix socket in there, whose path must not be longer than 107 characters.
    with tempfile.TemporaryDirectory(prefix="hvr") as temporary:
        yield Project(tmp_path, Path(temporary))


def _ends(pid: int) -> bool:
    deadline = time.monotonic() + 10
    while birth(pid) is not None and time.monotonic() < deadline:
        time.sleep(0.05)
    return birth(pid) is None


WAYS = [
    ("psrp", "http", "ntlm"),
    ("psrp", "https", "basic"),
    ("psrp", "https", "certificate"),
    ("winrm", "http", "ntlm"),
    ("winrm", "https", "certificate"),
]


@pytest.mark.parametrize(("connection", "scheme", "auth"), WAYS)
def test_the_returned_hosts_are_reached_and_nothing_says_the_password(
    project: Project, connection: str, scheme: str, auth: str
) -> None:
    options = f"connection: {connection}, scheme: {scheme}, auth: {auth}"
    play = """
- name: Ask
  hosts: hyperv
  gather_facts: false
  tasks:
    - name: Open a shell, which simulated hosts do not have
      ansible.builtin.raw: whoami
      ignore_errors: true
      ignore_unreachable: true
"""
    assert project.run(START.format(options=options) + play, "-vvvvv") == 0, project.output

    hosts = project.simulator["hosts"]
    assert [(host["name"], host["hyperv_replica_simulated"]) for host in hosts] == [("HV-A", True), ("HV-B", True)]
    assert hosts[0]["ansible_password"] not in project.written()
    assert "credentials" not in project.output.replace("credentials_", "")  # of a refused sign-in
    assert "simulated host HV-A (hv-a.example.test) on 127.0.0.1" in project.output


def test_a_second_start_changes_nothing_and_a_stop_only_once(project: Project) -> None:
    tail = """
    - name: Again
      hyperv.replica.hyperv_replica_simulator: {rate: 0}
      register: again
    - name: Steer
      hyperv.replica.hyperv_replica_simulator: {advance: 60}
      register: steered
    - name: Stop
      hyperv.replica.hyperv_replica_simulator: {state: stopped}
      register: stopped
    - name: Stop again
      hyperv.replica.hyperv_replica_simulator: {state: stopped}
      register: stopped_again
    - name: Compare
      ansible.builtin.assert:
        that:
          - simulator is changed
          - again is not changed
          - again.pid == simulator.pid
          - steered is changed
          - stopped is changed
          - stopped_again is not changed
"""
    assert project.run(START.format(options="") + tail) == 0, project.output
    assert birth(project.simulator["pid"]) is None


@pytest.mark.parametrize("end", ["", "\n    - name: Fail\n      ansible.builtin.fail:\n"])
def test_it_ends_with_the_playbook_however_that_ends(project: Project, end: str) -> None:
    project.run(START.format(options="") + end)

    assert _ends(project.simulator["pid"])
    assert not Path(project.simulator["control"]).exists()
    assert [*project.temporary.glob("hyperv-replica-simulator-*/*")] == []


def test_check_mode_starts_nothing(project: Project) -> None:
    play = """
- name: Check
  hosts: localhost
  gather_facts: false
  tasks:
    - name: Start the simulator
      hyperv.replica.hyperv_replica_simulator:
      register: simulator
    - name: Compare
      ansible.builtin.assert:
        that:
          - simulator is changed
          - simulator.pid == 0
          - simulator.hosts == []
"""
    assert project.run(play, "--check") == 0, project.output


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ("estate: absent.yml", "there is no estate file"),
        ("switches: {nonsense: 1}", "there is no switch nonsense"),
        ("auth: basic", "basic needs scheme https"),
        ("name: ../there", "has letters, digits"),
        ("control: /does/not/exist.json", "no simulator runs"),
        ("rate: -1", "clock rate"),
    ],
)
def test_what_cannot_be_is_refused_in_words_and_leaves_nothing_running(
    project: Project, options: str, words: str
) -> None:
    play = f"""
- name: Refused
  hosts: localhost
  gather_facts: false
  tasks:
    - name: Start the simulator
      hyperv.replica.hyperv_replica_simulator: {{{options}}}
"""
    assert project.run(play) == 2
    assert words in " ".join(project.output.split())
    assert "Traceback" not in project.output


def test_another_estate_under_the_same_name_is_refused(project: Project) -> None:
    tail = """
    - name: Start another
      hyperv.replica.hyperv_replica_simulator: {seed: 7}
"""
    assert project.run(START.format(options="") + tail) == 2
    assert "with another seed" in project.output


def test_a_host_that_is_not_the_controller_is_refused(project: Project) -> None:
    tail = """
- name: Elsewhere
  hosts: hyperv
  gather_facts: false
  tasks:
    - name: Start the simulator
      hyperv.replica.hyperv_replica_simulator:
"""
    assert project.run(START.format(options="") + tail) == 2
    assert "use delegate_to: localhost" in project.output
