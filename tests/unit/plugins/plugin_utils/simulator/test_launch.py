# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The simulator as a process: how it starts, how it is found again, and all the ways in which it ends."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.launch import (
    Simulation,
    SimulatorError,
    attach,
    start,
)

ROOT = Path(__file__).resolve().parents[5]


@pytest.fixture
def simulation(tmp_path: Path) -> Iterator[Simulation]:
    with start(rate=0, idle_timeout=60, state_file=tmp_path / "state.json") as running:
        yield running


def _status(simulation: Simulation, host: str) -> int:
    connection = HTTPConnection("127.0.0.1", simulation.host(host)["http_port"], timeout=5)
    connection.request("POST", "/wsman", b"<x/>")
    return connection.getresponse().status


def _within_seconds(seconds: float, condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.05)
    return False


def test_both_hosts_answer_as_soon_as_it_has_started(simulation: Simulation) -> None:
    assert [host["name"] for host in simulation.hosts] == ["HV-A", "HV-B"]
    assert [_status(simulation, host) for host in ("HV-A", "hv-b.example.test")] == [401, 401]


def test_it_starts_where_nobody_can_import_the_collection(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("PYTHONPATH", raising=False)
    monkeypatch.chdir(tmp_path)

    with start(rate=0, idle_timeout=60) as simulation:
        assert _status(simulation, "HV-A") == 401


def test_a_world_described_as_an_estate_starts_again_from_that_description(simulation: Simulation) -> None:
    with start(simulation.estate(), rate=0, idle_timeout=60) as second:
        assert _names(second) == _names(simulation)


def _names(simulation: Simulation) -> dict[str, set[str]]:
    hosts = simulation.world()["hosts"]
    return {name: {vm["name"] for vm in host["vms"].values()} for name, host in hosts.items()}


def test_no_one_hears_the_password_but_through_control(simulation: Simulation, tmp_path: Path) -> None:
    process = Path(f"/proc/{simulation.pid}")
    seen = [process.joinpath(name).read_bytes() for name in ("cmdline", "environ")]
    seen += [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    directory = Path(simulation.ca_cert).parent
    seen += [path.read_bytes() for path in directory.rglob("*") if path.is_file()]
    seen.append(repr(simulation).encode())

    assert all(simulation.password.encode() not in text for text in seen)


def test_files_are_for_their_owner_alone(simulation: Simulation, tmp_path: Path) -> None:
    state, directory = tmp_path / "state.json", Path(simulation.ca_cert).parent

    assert stat.S_IMODE(state.stat().st_mode) == 0o600
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700


def test_a_later_process_finds_it_by_its_state_file(simulation: Simulation, tmp_path: Path) -> None:
    found = attach(tmp_path / "state.json")

    assert found is not None
    assert (found.pid, found.hosts, found.password) == (simulation.pid, simulation.hosts, simulation.password)


def test_nothing_is_found_once_it_was_stopped_and_nothing_is_left(simulation: Simulation, tmp_path: Path) -> None:
    directory, port = Path(simulation.ca_cert).parent, simulation.hosts[0]["http_port"]
    simulation.stop()

    assert attach(tmp_path / "state.json") is None
    assert not directory.exists()
    assert not (tmp_path / "state.json").exists()
    with pytest.raises(ConnectionRefusedError):
        HTTPConnection("127.0.0.1", port, timeout=5).connect()


def test_stopping_twice_is_no_error(simulation: Simulation) -> None:
    simulation.stop()
    simulation.stop()

    assert not simulation.is_alive()


def test_a_state_file_that_speaks_of_nothing_is_refused(tmp_path: Path) -> None:
    (tmp_path / "state.json").write_text("[]", encoding="utf-8")

    with pytest.raises(SimulatorError, match="no state file"):
        attach(tmp_path / "state.json")


def test_it_ends_when_told_by_a_signal(simulation: Simulation) -> None:
    directory = Path(simulation.ca_cert).parent
    os.kill(simulation.pid, signal.SIGTERM)

    assert _within_seconds(5, lambda: not simulation.is_alive())
    assert not directory.exists()


def test_it_ends_when_the_process_it_serves_is_gone() -> None:
    parent = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    with start(rate=0, idle_timeout=60, parent_pid=parent.pid) as simulation:
        assert simulation.is_alive()
        parent.kill()  # and not yet waited for: a process that nobody reaps is gone all the same

        assert _within_seconds(5, lambda: not simulation.is_alive())
    parent.communicate()


def test_it_ends_when_nobody_asks_anything() -> None:
    with start(rate=0, idle_timeout=0.3) as simulation:
        assert _within_seconds(5, lambda: not simulation.is_alive())


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"switches": {"nonsense": "1"}}, "no switch nonsense"),
        ({"switches": {"refusal": "nonsense"}}, "one of return_code, job"),
        ({"estate": "/does/not/exist.yml"}, "exist.yml"),
        ({"estate": {"schema_version": 1, "hosts": "none"}}, "hosts"),
        ({"rate": -1}, "clock rate"),
        ({"options": ["--keytab", "/does/not/exist"]}, r"gssapi|keytab"),
    ],
)
def test_what_cannot_start_says_why(arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(SimulatorError, match=words) as error:
        start(**arguments)

    assert "Traceback" not in str(error.value)


def test_the_command_of_a_clone_prints_an_inventory_and_a_listing() -> None:
    command = [sys.executable, str(ROOT / "bin" / "hyperv-replica-simulator"), "--idle-timeout=60"]
    process = subprocess.Popen(
        [*command, "--print-hosts=inventory"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    while "token" not in (line := process.stderr.readline()):
        assert line, "it ended before it was ready"
    process.terminate()
    inventory, _errors = process.communicate(timeout=10)

    assert "HV-B" in inventory
    assert process.returncode == 0


def test_a_script_is_told_everything_in_a_private_file(tmp_path: Path) -> None:
    ready, password = tmp_path / "ready.json", tmp_path / "password"
    password.write_text("chosen by hand\n", encoding="utf-8")
    options = [f"--ready-file={ready}", f"--password-file={password}", "--user=somebody", "--http-only"]
    with start(rate=0, idle_timeout=60, options=options):
        told = json.loads(ready.read_text(encoding="utf-8"))
        mode = stat.S_IMODE(ready.stat().st_mode)

    assert (mode, told["username"], told["password"]) == (0o600, "somebody", "chosen by hand")
    assert [host["https_port"] for host in told["hosts"]] == [None, None]
    assert not ready.exists()


def test_a_profile_gives_the_switches_and_the_command_line_wins(tmp_path: Path) -> None:
    profile = tmp_path / "profile.yml"
    profile.write_text("{schema_version: 1, switches: {wql: refused, null_outputs: nil}}", encoding="utf-8")

    with start(rate=0, switches={"wql": "answered"}, options=["--profile", str(profile)]) as running:
        switches = running.estate()["switches"]

    assert (switches["wql"], switches["null_outputs"]) == ("answered", "nil")


@pytest.mark.parametrize("text", ["[]", "{schema_version: 2, switches: {}}", "{schema_version: 1}", "{"])
def test_a_file_that_is_no_profile_is_named(tmp_path: Path, text: str) -> None:
    profile = tmp_path / "profile.yml"
    profile.write_text(text, encoding="utf-8")

    with pytest.raises(SimulatorError, match="did not start"):
        start(rate=0, options=["--profile", str(profile)])
