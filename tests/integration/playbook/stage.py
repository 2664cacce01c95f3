# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A project folder as an operator has one, two simulated hosts, and real ansible-playbook runs against them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.inventory import host_variables
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.launch import Simulation

#: Where the ansible-playbook to be tried lives; that of another ansible-core may be named.
PROGRAMS = Path(os.environ.get("HYPERV_REPLICA_ANSIBLE_PROGRAMS", str(Path(sys.executable).parent)))
COLLECTION = Path(__file__).resolve().parents[3]

#: Writes down each result as the callbacks get it, so that a test sees what registered variables would hold.
_RECORDER = """
import json, os
from ansible.plugins.callback import CallbackBase


class CallbackModule(CallbackBase):
    CALLBACK_VERSION, CALLBACK_TYPE, CALLBACK_NAME, CALLBACK_NEEDS_ENABLED = 2.0, "aggregate", "recorder", True

    def _write(self, status, result):
        known = {"status": status, "host": result._host.get_name(), "task": result._task.get_name()}
        with open(os.environ["RECORDED"], "a", encoding="utf-8") as out:
            out.write(json.dumps(known | {"result": result._result}, default=str) + chr(10))

    def v2_runner_on_ok(self, result):
        self._write("ok", result)

    def v2_runner_on_failed(self, result, ignore_errors=False):
        self._write("failed", result)

    def v2_runner_on_unreachable(self, result):
        self._write("unreachable", result)

    def v2_runner_on_skipped(self, result):
        self._write("skipped", result)
"""


@dataclass(frozen=True, kw_only=True)
class Run:
    """What came of one ansible-playbook run.

    Attributes:
        code: what it exited with.
        output: all that it printed.
        tasks: per finished task: status, host, task, result.
        sent: what the hosts were asked during the run, from the simulator's log.
    """

    code: int
    output: str
    tasks: list[dict[str, Any]]
    sent: list[dict[str, Any]]

    @property
    def status(self) -> str:
        return str(self.tasks[0]["status"]) if self.tasks else f"nothing ran: {self.output}"

    @property
    def result(self) -> dict[str, Any]:
        """The result of the first task."""
        if not self.tasks:
            raise AssertionError(self.output)
        result: dict[str, Any] = self.tasks[0]["result"]
        return result

    @property
    def vm(self) -> dict[str, Any]:
        """What the first task said of its first VM."""
        if not self.result.get("vms"):
            raise AssertionError(self.result)
        vm: dict[str, Any] = self.result["vms"][0]
        return vm

    @property
    def error(self) -> dict[str, Any]:
        """The error of the first VM that has one, or of the whole task."""
        errors = [vm["error"] for vm in self.result.get("vms", ()) if vm["error"]] + [self.result.get("error")]
        if not errors[0]:
            raise AssertionError(self.output)
        error: dict[str, Any] = errors[0]
        return error

    @property
    def outcomes(self) -> dict[str, str]:
        """The outcome of each VM by name; the whole result where there is none."""
        return {vm["name"]: vm["outcome"] for vm in self.result.get("vms", ())} or {"": str(self.result)}

    @property
    def changes(self) -> list[str]:
        """The methods that were asked for and change something, in the order of the hosts' log."""
        return [entry["method"] for entry in self.sent if entry["mutating"]]


@dataclass
class Stage:
    """A project folder and the simulation its inventory leads to; a run that lasts longer than the patience fails."""

    folder: Path
    simulation: Simulation
    environment: dict[str, str] = field(default_factory=dict)
    patience: float = 120

    def __post_init__(self) -> None:
        namespace = self.folder / "collections" / "ansible_collections" / "hyperv"
        namespace.mkdir(parents=True)
        (namespace / "replica").symlink_to(COLLECTION, target_is_directory=True)
        self.write("callback_plugins/recorder.py", _RECORDER)
        self.inventory()

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def inventory(
        self,
        connection: str = "psrp",
        scheme: str = "http",
        auth: str = "ntlm",
        *,
        of: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> None:
        """Write the inventory; ``of`` changes or adds hosts by name."""
        access, hosts = self.simulation.access, dict[str, Any]()
        for host in self.simulation.hosts:
            hosts[host["name"].lower()] = host_variables(access, host, connection=connection, scheme=scheme, auth=auth)
        for name, variables in (of or {}).items():
            hosts[name] = hosts.get(name, {}) | dict(variables)
        self.write("inventory.json", json.dumps({"all": {"hosts": hosts}}))

    def failover(self, *vms: str, **options: Any) -> Run:
        """Move VMs from hv-a to hv-b."""
        return self.task("hyperv_replica_failover", "hv-b", vms, **{"peer": "hv-a", "mode": "planned", **options})

    def failback(self, *vms: str, **options: Any) -> Run:
        """Bring VMs home to hv-a."""
        return self.task("hyperv_replica_failback", "hv-a", vms, **{"peer": "hv-b", **options})

    def task(
        self,
        module: str,
        host: str,
        vms: Sequence[str] = (),
        *,
        arguments: Sequence[str] = (),
        keywords: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> Run:
        """Run one task on one host; ``keywords`` are of the task, ``arguments`` of the command line."""
        self.play(host, [call(module, vms, keywords, **options)])
        return self.run(*arguments)

    def play(self, host: str, tasks: Sequence[Mapping[str, Any]], **keywords: Any) -> None:
        """Write the playbook; JSON is YAML too."""
        self.write("play.yml", json.dumps([{"hosts": host, "gather_facts": False, "tasks": list(tasks), **keywords}]))

    def run(self, *arguments: str, environment: Mapping[str, str] | None = None) -> Run:
        """Run the playbook to its end."""
        return self.finish(self.start(*arguments, environment=environment))

    def start(self, *arguments: str, environment: Mapping[str, str] | None = None) -> Running:
        """Start the playbook, as the leader of a process group of its own."""
        (self.folder / "recorded.jsonl").unlink(missing_ok=True)
        number = self.simulation.mark("run")
        output = (self.folder / "output.txt").open("w+b")
        process = subprocess.Popen(
            [str(PROGRAMS / "ansible-playbook"), "-i", "inventory.json", "play.yml", *arguments],
            cwd=self.folder,
            env=self._environment() | dict(environment or {}),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        output.close()
        return Running(process=process, number=number, stage=self)

    def finish(self, running: Running) -> Run:
        """Wait for the end and give what came of it."""
        try:
            code = running.process.wait(timeout=self.patience)
        finally:
            if running.process.poll() is None:
                running.kill()
        recorded = self.folder / "recorded.jsonl"
        lines = recorded.read_text(encoding="utf-8").splitlines() if recorded.exists() else []
        return Run(
            code=code,
            output=(self.folder / "output.txt").read_text(encoding="utf-8"),
            tasks=[json.loads(line) for line in lines],
            sent=self.simulation.log(running.number),
        )

    def copy(self, host: str, vm: str) -> dict[str, Any]:
        """The truth about one copy: power, mode, writes, relationships."""
        copies = self.simulation.world()["hosts"][host.upper()]["vms"]
        found: dict[str, Any] = next(copy for guid, copy in copies.items() if vm in (copy["name"], guid))
        return found

    def runs_on(self, vm: str) -> list[str]:
        """Hosts on which the VM is alive."""
        hosts = self.simulation.world()["hosts"]
        return [name for name, host in hosts.items() for copy in host["vms"].values() if _runs(copy, vm)]

    def lossless(self) -> bool:
        """No write was lost and never did two copies run."""
        ledger = self.simulation.ledger()
        return ledger["lost"] == 0 and not ledger["split_brains"]

    def _environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "PYTHON"))}
        return kept | {
            "ANSIBLE_COLLECTIONS_PATH": str(self.folder / "collections"),
            "ANSIBLE_CALLBACKS_ENABLED": "recorder",
            "ANSIBLE_HOME": str(self.folder / "home"),
            "ANSIBLE_LOCALHOST_WARNING": "false",
            "ANSIBLE_NOCOLOR": "true",
            "ANSIBLE_RETRY_FILES_ENABLED": "false",
            "LC_ALL": "C.UTF-8",
            "RECORDED": str(self.folder / "recorded.jsonl"),
            **self.environment,
        }


@dataclass
class Running:
    """An ansible-playbook that is under way."""

    process: subprocess.Popen[bytes]
    number: int
    stage: Stage

    def until(self, met: Callable[[list[dict[str, Any]]], bool]) -> None:
        """Wait until the hosts' log of this run shows what is asked."""
        deadline = time.monotonic() + 180
        while not met(self.stage.simulation.log(self.number)):
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise AssertionError((self.stage.folder / "output.txt").read_text(encoding="utf-8"))
            time.sleep(0.01)

    def until_asked(self, method: str) -> None:
        """Wait until a host has carried out this method."""
        self.until(lambda sent: any(entry["method"] == method and entry["executed"] for entry in sent))

    def kill(self) -> None:
        """Let it and its workers end at once, as kill -9 does; nothing of theirs runs any more."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def call(
    module: str, vms: Sequence[str] = (), keywords: Mapping[str, Any] | None = None, **options: Any
) -> dict[str, Any]:
    """One task of a playbook."""
    polled = {} if module in ("hyperv_replica_info", "hyperv_replica_preflight") else {"poll_interval": 0.05}
    given = {**({"vms": list(vms)} if vms else {}), **polled, **options}
    return {"name": module, f"hyperv.replica.{module}": given, **(keywords or {})}


def _runs(copy: Mapping[str, Any], vm: str) -> bool:
    return copy["name"] == vm and bool(copy["alive"])
