# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A running simulator, as seen from outside its process; nothing but the standard library."""

from __future__ import annotations

import contextlib
import json
import subprocess
import time
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException
from types import TracebackType
from typing import Any, Final, cast

from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.processes import birth

_STOP_SECONDS: Final = 10.0
_CONTROL_SECONDS: Final = 30.0


class SimulatorError(Exception):
    """The simulator did not start, does not answer, or does not understand."""


class SimulatorGone(SimulatorError):
    """Nobody answers at the control port."""


class Simulation:
    """A running simulator, as seen from outside its process; leaving its ``with`` block stops it."""

    def __init__(self, state: Mapping[str, Any], process: subprocess.Popen[bytes] | None = None) -> None:
        """Talk to the simulator that ``state`` describes; ``start`` and ``attach`` give one."""
        self.pid: int = int(state["pid"])
        self.control_url: str = state["control"]["url"]
        self._token: str = state["control"]["token"]
        self.about: Mapping[str, Any] = state.get("about", {})
        self._process = process
        self._access: Mapping[str, Any] | None = None

    def __enter__(self) -> Simulation:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def __repr__(self) -> str:
        return f"Simulation(pid={self.pid}, control_url={self.control_url!r})"

    @property
    def token(self) -> str:
        """The bearer token of control."""
        return self._token

    @property
    def access(self) -> Mapping[str, Any]:
        """Hosts, username, one-time password, paths of CA and client certificate; asked once."""
        if self._access is None:
            self._access = cast("Mapping[str, Any]", self.ask("GET", "/access"))
        return self._access

    @property
    def hosts(self) -> list[dict[str, Any]]:
        """For each host: name, fqdn, inventory_name, language, address, http_port, https_port."""
        return cast("list[dict[str, Any]]", self.access["hosts"])

    def host(self, name: str) -> dict[str, Any]:
        """The host of this name."""
        return next(
            host for host in self.hosts if name.casefold() in (host["name"].casefold(), host["fqdn"].casefold())
        )

    @property
    def username(self) -> str:
        """The account that may sign in."""
        return str(self.access["username"])

    @property
    def password(self) -> str:
        """Its password; it leaves the simulator's process by control alone."""
        return str(self.access["password"])

    @property
    def ca_cert(self) -> str:
        """Path of the CA that signed the hosts' certificate."""
        return str(self.access["ca_cert"])

    @property
    def client_cert(self) -> str:
        """Path of a client certificate that maps to the account."""
        return str(self.access["client_cert"])

    @property
    def client_key(self) -> str:
        """Path of its key."""
        return str(self.access["client_key"])

    def log(self, after: int = 0) -> list[dict[str, Any]]:
        """Entries of the request log with a number higher than ``after``."""
        return cast("list[dict[str, Any]]", self.ask("GET", f"/log?after={after}")["entries"])

    def mutations(self, after: int = 0) -> list[dict[str, Any]]:
        """The requests among them that ask for a change, executed or not."""
        return [entry for entry in self.log(after) if entry["mutating"]]

    def world(self) -> dict[str, Any]:
        """The truth: per host its VMs with power, mode, state and write counters, jobs, trouble, and the ledger."""
        return cast("dict[str, Any]", self.ask("GET", "/world"))

    def ledger(self) -> dict[str, Any]:
        """Writes lost and moments of split brain."""
        return cast("dict[str, Any]", self.world()["ledger"])

    def estate(self) -> dict[str, Any]:
        """The world as an estate file would describe it now."""
        return cast("dict[str, Any]", self.ask("GET", "/estate"))

    def switches(self) -> dict[str, Any]:
        """Every switch with its value, its possible values and its meaning."""
        return cast("dict[str, Any]", self.ask("GET", "/switches"))

    def advance(self, seconds: float) -> dict[str, Any]:
        """Move simulated time forward."""
        return cast("dict[str, Any]", self.ask("POST", "/clock", {"advance": seconds}))

    def set_rate(self, rate: float) -> dict[str, Any]:
        """Let simulated time pass at this rate; 0 stops it."""
        return cast("dict[str, Any]", self.ask("POST", "/clock", {"rate": rate}))

    def trouble(self, *orders: Mapping[str, Any], clear: bool = False) -> None:
        """Order trouble; ``clear`` forgets earlier orders first."""
        self.ask("POST", "/trouble", {"add": [dict(order) for order in orders], "clear": clear})

    def act(self, name: str, /, **arguments: Any) -> None:
        """Do by hand what somebody might do."""
        self.ask("POST", "/act", {"name": name, "arguments": arguments})

    def mark(self, note: str) -> int:
        """Put a mark into the log and give its number, to read the log after it."""
        return int(self.ask("POST", "/mark", {"note": note})["number"])

    def cut_connections(self, host: str | None = None) -> None:
        """Cut every open connection of one host, or of all."""
        self.ask("POST", "/connections", {"host": host})

    def stop(self) -> None:
        """End the process and wait until it is gone; one that is gone already is no error."""
        with contextlib.suppress(SimulatorError):
            self.ask("POST", "/stop", {})
        deadline = time.monotonic() + _STOP_SECONDS
        while self.is_alive():
            if time.monotonic() > deadline:
                raise SimulatorError(f"the simulator (process {self.pid}) was told to end and has not")
            time.sleep(0.02)

    def is_alive(self) -> bool:
        """Whether the process is still there."""
        if self._process is not None:
            return self._process.poll() is None
        return birth(self.pid) is not None

    def ask(self, method: str, path: str, order: Mapping[str, Any] | None = None) -> Any:
        """Send one request to control.

        Raises:
            SimulatorError: nobody answers, or the answer is no.
        """
        address = self.control_url.removeprefix("http://")
        body = json.dumps(order).encode() if order is not None else None
        connection = HTTPConnection(address, timeout=_CONTROL_SECONDS)
        try:
            connection.request(method, path, body, {"Authorization": f"Bearer {self._token}"})
            response = connection.getresponse()
            answer = json.loads(response.read())
        except (OSError, HTTPException, ValueError) as error:
            raise SimulatorGone(f"the simulator (process {self.pid}) does not answer: {error}") from error
        finally:
            connection.close()
        if response.status != 200:
            raise SimulatorError(f"the simulator says no to {path}: {answer.get('error', response.status)}")
        return answer
