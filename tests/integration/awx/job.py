# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Jobs as AWX starts them: a private data directory, ansible-runner over it, events as they come, and what is kept.

What goes into the directory is what RunJob of AWX puts there (awx/main/tasks/jobs.py): the inventory as a script that
prints JSON, the extra variables with the meta variables of the job, the command line with ``-u`` and ``--ask-pass``,
the password as an answer to the prompt, the settings, and an environment of its own. The password stands nowhere else.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

import ansible_runner

from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.inventory import host_variables
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.launch import Simulation

COLLECTION = Path(__file__).resolve().parents[3]
PROJECT = COLLECTION / "playbooks/files/awx/project"
PROGRAMS = Path(sys.executable).parent

#: What the name of a job's private data directory begins with.
_JOB = "awx_"

Event = dict[str, Any]
Watch = Callable[[bytes, "subprocess.Popen[bytes]", set[str]], None]


@dataclass(frozen=True, kw_only=True)
class Ended:
    """What AWX keeps of a job.

    Attributes:
        status: successful, failed, canceled, timeout.
        events: in the order in which they came.
        artifacts: what set_stats left for the nodes that follow in a workflow.
    """

    status: str
    events: list[Event]

    @property
    def output(self) -> str:
        return "\n".join(event["stdout"] for event in self.events)

    @property
    def artifacts(self) -> dict[str, Any]:
        told = [event.get("event_data", {}).get("artifact_data", {}) for event in self.events]
        return {name: value for data in told for name, value in data.items()}

    def results(self, module: str) -> list[dict[str, Any]]:
        """What each task that called this module returned."""
        return [
            event["event_data"]["res"]
            for event in self.events
            if event["event"] in ("runner_on_ok", "runner_on_failed", "runner_item_on_ok", "runner_item_on_failed")
            and event["event_data"].get("task_action") == f"hyperv.replica.{module}"
        ]


@dataclass
class Controller:
    """One project and one inventory, and the jobs that were started with them."""

    folder: Path
    simulation: Simulation
    files: dict[str, str] = field(default_factory=dict)
    only: Sequence[str] = ()
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def start(
        self,
        playbook: str,
        variables: Mapping[str, Any],
        *,
        watch: Callable[[Event], None] = lambda event: None,
        cancelled: Callable[[], bool] = lambda: False,
        timeout: int = 0,
        check: bool = False,
    ) -> Ended:
        """Run a job to its end, as the dispatcher does."""
        place = self.prepare(variables, timeout=timeout, check=check)
        events: list[Event] = []

        def take(event: Event) -> bool:
            events.append(event)
            watch(event)
            return False

        ran = ansible_runner.interface.run(
            **self._asked(place, playbook), event_handler=take, cancel_callback=cancelled, quiet=True
        )
        return Ended(status=ran.status, events=events)

    def transmit(self, playbook: str, variables: Mapping[str, Any], *, watch: Watch = lambda *told: None) -> Ended:
        """Run a job elsewhere, as AWX does over receptor: transmit it, let a worker run it, process what comes back.

        WATCH gets each line that the worker says, the worker, and a set to remember things in.
        """
        place = self.prepare(variables)
        prompts = place / "env/passwords"
        prompts.write_text(json.dumps(self._passwords()), encoding="utf-8")
        (place / "env/envvars").write_text(json.dumps(self._environment(place)), encoding="utf-8")
        worker, back = place.with_name(f"{place.name}-worker"), place.with_name(f"{place.name}-back")
        for folder in (worker, back):
            folder.mkdir()
        runner = str(PROGRAMS / "ansible-runner")
        number = _number(place)
        name = ["--ident", number]
        sent = _piped([runner, "transmit", str(place), "-p", playbook, *name], b"")
        shutil.rmtree(place)  # the worker has what was sent, and nothing else
        done = _watched([runner, "worker", "--private-data-dir", str(worker)], sent, watch)
        _piped([runner, "process", str(back), *name], done)
        events = back / "artifacts" / number / "job_events"
        told = [json.loads(path.read_text(encoding="utf-8")) for path in events.glob("*.json")]
        status = (back / "artifacts" / number / "status").read_text(encoding="utf-8")
        return Ended(status=status, events=sorted(told, key=lambda event: int(event["counter"])))

    def prepare(self, variables: Mapping[str, Any], *, timeout: int = 0, check: bool = False) -> Path:
        """Make the private data directory of the next job."""
        number = next(self.numbers)
        place = self.folder / f"{_JOB}{number}"
        for name in ("project", "inventory", "env", "artifacts", "cp"):
            (place / name).mkdir(parents=True, mode=0o700)
        for path in PROJECT.glob("*.yml"):
            shutil.copy(path, place / "project")
        for name, text in self.files.items():
            path = place / "project" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        script = place / "inventory/hosts"
        script.write_text(f"#! /usr/bin/env python3\nprint({json.dumps(self._inventory())!r})\n", encoding="utf-8")
        script.chmod(0o700)
        meta = {"awx_job_id": number, "awx_job_launch_type": "manual", "awx_user_name": "night-shift"}
        meta |= {name.replace("awx_", "tower_"): value for name, value in meta.items()}
        (place / "env/extravars").write_text(json.dumps({**variables, **meta}), encoding="utf-8")
        arguments = ["--check"] if check else []
        (place / "env/cmdline").write_text(
            shlex.join([*arguments, "-u", self.simulation.access["username"], "--ask-pass"]), encoding="utf-8"
        )
        settings = {"job_timeout": timeout, "suppress_ansible_output": True, "suppress_output_file": True}
        (place / "env/settings").write_text(json.dumps(settings), encoding="utf-8")
        return place

    def _asked(self, place: Path, playbook: str) -> dict[str, Any]:
        return {
            "ident": _number(place),
            "private_data_dir": str(place),
            "playbook": playbook,
            "inventory": str(place / "inventory/hosts"),
            "passwords": self._passwords(),
            "suppress_env_files": True,
            "envvars": self._environment(place),
            "fact_cache_type": "",
        }

    def _passwords(self) -> dict[str, str]:
        return {r"SSH password:\s*?$": self.simulation.access["password"], r"Password:\s*?$": ""}

    def _environment(self, place: Path) -> dict[str, str]:
        return {
            "JOB_ID": _number(place),
            "ANSIBLE_RETRY_FILES_ENABLED": "False",
            "MAX_EVENT_RES": "700000",
            "ANSIBLE_COLLECTIONS_PATH": str(COLLECTION.parents[2]),
            "ANSIBLE_HOME": str(self.folder / "home"),
            "PATH": f"{PROGRAMS}:{os.environ['PATH']}",
            "LC_ALL": "C.UTF-8",
        }

    def _inventory(self) -> dict[str, Any]:
        """All hosts without account and password, which come from the credential; ``only`` is what a slice holds."""
        access, told = self.simulation.access, dict[str, Any]()
        for host in self.simulation.hosts:
            name = host["name"].lower()
            if not self.only or name in self.only:
                variables = host_variables(access, host, connection="psrp", scheme="http", auth="ntlm")
                told[name] = {
                    key: value
                    for key, value in variables.items()
                    if key not in ("ansible_user", "ansible_password", "ansible_psrp_user", "ansible_psrp_password")
                }
        return {"all": {"hosts": list(told)}, "_meta": {"hostvars": told}}


def _number(place: Path) -> str:
    """The number of a job, by its private data directory."""
    return place.name.removeprefix(_JOB)


def _piped(command: list[str], given: bytes) -> bytes:
    ran = subprocess.run(command, input=given, capture_output=True, timeout=600, check=False)
    if ran.returncode and not ran.stdout:
        raise AssertionError(ran.stderr.decode())
    return ran.stdout


def _watched(command: list[str], given: bytes, watch: Watch) -> bytes:
    """What it said, seen line by line while it runs."""
    said, seen = list[bytes](), set[str]()
    with TemporaryFile() as file:
        file.write(given)
        file.seek(0)
        with subprocess.Popen(command, stdin=file, stdout=subprocess.PIPE) as running:
            for line in running.stdout or ():
                said.append(line)
                watch(line, running, seen)
    return b"".join(said)
