# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ansible's side of the simulator: options in, a process started or stopped, hosts for add_host out."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ansible_collections.hyperv.replica.plugins.module_utils._surface.plain import plain
from ansible_collections.hyperv.replica.plugins.module_utils._surface.simulator_spec import SIMULATOR
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.inventory import host_variables
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.launch import (
    Simulation,
    SimulatorError,
    attach,
    private_directory,
    start,
)

#: The estates that come with this collection.
_ESTATES: Final = Path(__file__).resolve().parents[2] / "playbooks" / "files" / "estates"


class SimulatorAction(ActionBase):
    """Keeps one simulator of this playbook as the task wants it."""

    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp: None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Make it so, and say what was changed."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        options = plain(self.validate_argument_spec(**SIMULATOR)[1])
        if self._connection.transport != "local":
            raise AnsibleActionFail("hyperv_replica_simulator works on the controller: use delegate_to: localhost")
        try:
            return result | self._keep(options, self._project_directory(task_vars or {}))
        except (SimulatorError, ValueError, OSError) as error:
            raise AnsibleActionFail(str(error)) from None

    def _keep(self, options: dict[str, Any], project: Path) -> dict[str, Any]:
        state_file = Path(options["control"]) if options["control"] else _own_state_file(options["name"])
        running = attach(state_file)
        if options["state"] == "stopped":
            return self._stopped(running, state_file)
        if running is None and options["control"]:
            raise SimulatorError(f"no simulator runs that {state_file} speaks of")
        if self._task.check_mode:
            return _result(running, state_file, options, changed=running is None or _orders(options) != {})
        if running is not None:
            _refuse_another(running, _about(options, project))
            return _result(running, state_file, options, changed=_steered(running, options))
        started = _started(options, project, state_file)
        _steered(started, options)
        self._show(started)
        return _result(started, state_file, options, changed=True)

    def _stopped(self, running: Simulation | None, state_file: Path) -> dict[str, Any]:
        if running is not None and not self._task.check_mode:
            running.stop()
        pid = running.pid if running is not None and self._task.check_mode else 0
        return {"changed": running is not None, "pid": pid, "control": str(state_file)}

    def _show(self, simulation: Simulation) -> None:
        """Tell the user what the hidden result would have told, without the password."""
        if self._task.no_log:
            return
        for host in simulation.hosts:
            ports = f"http {host['http_port']}, https {host['https_port']}"
            Display().display(f"simulated host {host['name']} ({host['fqdn']}) on {host['address']}: {ports}")

    def _project_directory(self, task_vars: Mapping[str, Any]) -> Path:
        given = self._templar.template(task_vars.get("hyperv_replica_project_dir", ""))
        return Path(str(given)) if given else Path.cwd()


def _started(options: Mapping[str, Any], project: Path, state_file: Path) -> Simulation:
    about = _about(options, project)
    return start(
        about["estate"] or None,
        rate=1.0 if options["rate"] is None else options["rate"],
        switches=about["switches"],
        seed=options["seed"],
        idle_timeout=options["idle_timeout"],
        parent_pid=os.getppid(),
        log_file=options["log_file"],
        state_file=state_file,
        about=about,
    )


def _about(options: Mapping[str, Any], project: Path) -> dict[str, Any]:
    """What makes one simulator another one."""
    estate = _estate(options["estate"], project) if options["estate"] else ""
    switches = {str(name): str(value) for name, value in options["switches"].items()}
    return {"estate": estate, "seed": options["seed"], "switches": switches}


def _estate(given: str, project: Path) -> str:
    """The estate file that is meant: the user's own, or one of this collection by its bare name."""
    own, shipped = project / given, _ESTATES / f"{given}.yml"
    for path in (own, shipped) if given.isidentifier() else (own,):
        if path.is_file():
            return str(path)
    raise SimulatorError(f"there is no estate file {own}")


def _refuse_another(running: Simulation, wanted: Mapping[str, Any]) -> None:
    """Refuse to take a simulator of another estate for the one that is asked for."""
    differing = [key for key, value in wanted.items() if value and running.about and running.about.get(key) != value]
    if differing:
        raise SimulatorError(
            f"a simulator of this name runs already, with another {' and '.join(differing)}: "
            "stop it first, or give this one a name of its own"
        )


def _orders(options: Mapping[str, Any]) -> dict[str, Any]:
    return {key: options[key] for key in ("trouble", "clear_trouble", "advance") if options[key]}


def _steered(simulation: Simulation, options: Mapping[str, Any]) -> bool:
    """Give the orders of this task; whether there were any."""
    changed = False
    if options["trouble"] or options["clear_trouble"]:
        simulation.trouble(*options["trouble"], clear=options["clear_trouble"])
        changed = True
    if options["rate"] is not None and simulation.world()["rate"] != options["rate"]:
        simulation.set_rate(options["rate"])
        changed = True
    if options["advance"]:
        simulation.advance(options["advance"])
        changed = True
    return changed


def _result(
    simulation: Simulation | None, state_file: Path, options: Mapping[str, Any], *, changed: bool
) -> dict[str, Any]:
    """The result. It holds a password, so it is hidden from every output whatever the task says."""
    result: dict[str, Any] = {"changed": changed, "pid": 0, "control": str(state_file), "hosts": []}
    if simulation is None:
        return result
    how = {key: options[key] for key in ("connection", "scheme", "auth")}
    rate = simulation.world()["rate"]
    hosts = [
        {"name": host["name"], **host_variables(simulation.access, host, **how), **_about_host(host, rate)}
        for host in simulation.hosts
    ]
    return result | {"pid": simulation.pid, "hosts": hosts, "_ansible_no_log": True}


def _about_host(host: Mapping[str, Any], rate: float) -> dict[str, Any]:
    """That it is simulated, how fast its time runs, and by which names it is known."""
    names = [name for name in (host.get("inventory_name"), host["name"], host["fqdn"]) if name]
    return {
        "hyperv_replica_simulated": True,
        "hyperv_replica_simulated_rate": rate,
        "hyperv_replica_simulated_names": names,
    }


def _own_state_file(name: str) -> Path:
    """Where the simulator of this playbook leaves word: the parent of a worker is ansible-playbook itself."""
    if not name.replace("-", "").replace("_", "").isalnum():
        raise SimulatorError(f"the name of a simulator has letters, digits, - and _ only, unlike {name}")
    return private_directory() / f"{os.getppid()}-{name}.json"
