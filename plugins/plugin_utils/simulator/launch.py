# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Start a simulator as a process of its own, or find one that runs; nothing but the standard library."""

from __future__ import annotations

import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.simulation import (
    Simulation,
    SimulatorError,
    SimulatorGone,
)

__all__ = ["Launch", "Simulation", "SimulatorError", "attach", "private_directory", "start"]

_PACKAGE: Final = "ansible_collections.hyperv.replica.plugins.plugin_utils.simulator"
_COLLECTION: Final = Path(__file__).resolve().parents[3]
#: A start takes about two seconds; a machine under load is given much more.
_START_SECONDS: Final = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """How a simulator is started; all of it has a default.

    Attributes:
        rate: simulated seconds per second.
        seed: of everything that is made up.
        idle_timeout: seconds without any request after which it ends by itself; 0 for never.
        parent_pid: it ends when this process is gone.
        state_file: where a later process finds it, see ``attach``; private, and gone when it ends.
        about: words of the starter, kept in the state file for whoever attaches.
        options: more of the command line, such as ``--http-only``.
    """

    rate: float = 1.0
    switches: Mapping[str, str] | None = None
    seed: int = 0
    idle_timeout: float = 3600.0
    parent_pid: int | None = None
    log_file: str | Path | None = None
    state_file: str | Path | None = None
    about: Mapping[str, Any] | None = None
    options: Sequence[str] = ()
    python: str = sys.executable

    def arguments(self) -> list[str]:
        """The command line this comes to; of the estate it says nothing."""
        arguments = [f"--rate={self.rate}", f"--seed={self.seed}", f"--idle-timeout={self.idle_timeout}", *self.options]
        arguments += [f"--switch={name}={value}" for name, value in (self.switches or {}).items()]
        arguments += [f"--parent-pid={self.parent_pid}"] if self.parent_pid else []
        arguments += [f"--log={Path(self.log_file).absolute()}"] if self.log_file else []
        return arguments + ([f"--state-file={Path(self.state_file).absolute()}"] if self.state_file else [])


def start(estate: str | Path | Mapping[str, Any] | None = None, **how: Any) -> Simulation:
    """Start a simulator and wait until its hosts answer.

    Args:
        estate: path of an estate file, its content, or None for the collection's rehearsal.
        how: the attributes of ``Launch``.

    Raises:
        SimulatorError: it did not start; the text is what it said.
    """
    launch = Launch(**how)
    scratch = Path(tempfile.mkdtemp(prefix="hyperv-replica-start-"))
    try:
        given = [f"--estate={_estate_file(estate, scratch)}"] if estate is not None else []
        simulation = _started(launch.python, [*launch.arguments(), *given], scratch)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    if launch.state_file:
        _write_state(Path(launch.state_file), simulation, launch.about or {})
    return simulation


def attach(state_file: str | Path) -> Simulation | None:
    """The simulator that a state file speaks of; None where it does not run any more."""
    path = Path(state_file)
    try:
        if path.stat().st_uid != os.getuid():
            raise SimulatorError(f"{path} belongs to somebody else")
        simulation = Simulation(json.loads(path.read_text(encoding="utf-8")))
        simulation.ask("GET", "/hosts")
    except (FileNotFoundError, SimulatorGone):
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SimulatorError(f"{path} is no state file of a simulator") from error
    return simulation


def private_directory() -> Path:
    """A directory below the system's temporary one that is ours alone; made when it is not there."""
    path = Path(tempfile.gettempdir()) / f"hyperv-replica-simulator-{os.getuid()}"
    path.mkdir(mode=0o700, exist_ok=True)
    found = path.lstat()
    if path.is_symlink() or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise SimulatorError(f"{path} is not a private directory of this user")
    return path


def _started(python: str, arguments: Sequence[str], scratch: Path) -> Simulation:
    said = scratch / "stderr"
    with said.open("wb") as stderr:
        process = subprocess.Popen(
            [python, "-m", _PACKAGE, "--quiet", "--print-hosts=json", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=stderr,
            cwd=scratch,
            env=_environment(scratch),
            start_new_session=True,
        )
    try:
        ready = json.loads(_ready_line(process))
    except (SimulatorError, ValueError) as error:
        process.kill()
        process.wait()
        words = said.read_text(encoding="utf-8", errors="replace").strip() or str(error)
        raise SimulatorError(f"the simulator did not start: {words.splitlines()[-1]}") from None
    return Simulation(ready, process)


def _ready_line(process: subprocess.Popen[bytes]) -> bytes:
    """The one line the simulator prints; what follows is never read, so the pipe is closed."""
    deadline = time.monotonic() + _START_SECONDS
    line = b""
    if process.stdout is None:
        raise SimulatorError("it has no standard output")
    with process.stdout as stdout:
        while not line.endswith(b"\n"):
            readable, _writable, _broken = select.select([stdout], [], [], max(0.0, deadline - time.monotonic()))
            part = os.read(stdout.fileno(), 65536) if readable else b""
            if not part:
                raise SimulatorError("it ended without a word" if readable else f"not ready in {_START_SECONDS:.0f} s")
            line += part
    return line


def _environment(scratch: Path) -> dict[str, str]:
    """Ours, with the collection importable wherever it is installed.

    The two packages above it are real ones: a namespace package would lose against the ``ansible_collections`` that
    the ansible package brings.
    """
    root = scratch / "import"
    namespace = root / "ansible_collections" / "hyperv"
    namespace.mkdir(parents=True)
    (namespace / "__init__.py").touch()
    (namespace.parent / "__init__.py").touch()
    (namespace / "replica").symlink_to(_COLLECTION, target_is_directory=True)
    paths = [str(root), os.environ.get("PYTHONPATH", "")]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}


def _estate_file(estate: str | Path | Mapping[str, Any], scratch: Path) -> Path:
    if isinstance(estate, Mapping):
        path = scratch / "estate.yml"
        path.write_text(json.dumps(estate), encoding="utf-8")  # JSON is YAML too
        return path
    return Path(estate).absolute()


def _write_state(path: Path, simulation: Simulation, about: Mapping[str, Any]) -> None:
    """Leave word for a later task: process and control, and no password."""
    control = {"url": simulation.control_url, "token": simulation.token}
    state = {"pid": simulation.pid, "control": control, "about": dict(about)}
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as stream:
        json.dump(state, stream)
