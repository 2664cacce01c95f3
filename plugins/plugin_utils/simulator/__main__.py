# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Command line of the simulator: ``python -m ansible_collections.hyperv.replica.plugins.plugin_utils.simulator``."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import secrets
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, TextIO

import yaml

from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.certificates import HAS_CRYPTOGRAPHY
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.control import Control
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.estate import load_estate
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.inventory import inventory_text
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.section import EstateError
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.server import Server, Setup
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.signin import (
    HAS_SPNEGO,
    Account,
    Policy,
    SignInError,
)
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.switches import SWITCHES
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.world import World

#: What it needs beside the standard library and PyYAML, and whether it is there.
_LIBRARIES: Final = {"cryptography": HAS_CRYPTOGRAPHY, "pyspnego": HAS_SPNEGO}
_REHEARSAL: Final = Path(__file__).resolve().parents[3] / "playbooks" / "files" / "estates" / "rehearsal.yml"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a simulator until it is told to end; the exit status is 2 when it cannot start."""
    options = _parser().parse_args(arguments)
    if missing := [name for name, there in _LIBRARIES.items() if not there]:
        sys.stderr.write(f"hyperv-replica-simulator: {' and '.join(missing)} missing in {sys.executable}\n")
        return 2
    try:
        with _private_directory() as directory:
            _run(options, directory)
    except (EstateError, SignInError, OSError, ValueError) as error:
        sys.stderr.write(f"hyperv-replica-simulator: {error}\n")
        return 2
    return 0


def _run(options: argparse.Namespace, directory: Path) -> None:
    server = Server(_world(options), _setup(options, directory))
    control = Control(server)
    try:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, lambda *dummy: server.stop.set())
        server.open()
        control.open()
        _announce(options, server, control)
        server.stop.wait()
    finally:
        control.close()
        server.close()
        _remove(options.ready_file)
        _remove(options.state_file)


def _world(options: argparse.Namespace) -> World:
    switches = _profile(options.profile) | dict(_switch(text) for text in options.switch)
    return load_estate(options.estate, rate=options.rate, switches=switches, seed=options.seed)


def _setup(options: argparse.Namespace, directory: Path) -> Setup:
    return Setup(
        account=_account(options),
        policy=Policy(allow_unencrypted=options.allow_unencrypted, keytab=options.keytab),
        directory=directory,
        log_path=options.log,
        http_only=options.http_only,
        idle_timeout=options.idle_timeout,
        parent=options.parent_pid,
    )


def _account(options: argparse.Namespace) -> Account:
    password = secrets.token_urlsafe(24)
    if options.password_file is not None:
        password = options.password_file.read_text(encoding="utf-8").rstrip("\r\n")
    domains = [domain for domain in options.domain.split(".")[:1] if domain]
    return Account(user=options.user, password=password, domains=[*domains, "."], suffixes=[options.domain])


def _announce(options: argparse.Namespace, server: Server, control: Control) -> None:
    ready: dict[str, Any] = {"pid": os.getpid(), **server.access()}
    ready["control"] = {"url": control.url, "token": control.token}
    if options.ready_file is not None:
        _write_private(options.ready_file, json.dumps(ready))
    if options.print_hosts == "json":
        _say(sys.stdout, json.dumps(ready))
    elif options.print_hosts == "inventory":
        _say(sys.stdout, inventory_text(ready, options.print_connection))
    if not options.quiet:
        _say(sys.stderr, _listing(ready))


def _say(stream: TextIO, text: str) -> None:
    stream.write(text + "\n")
    stream.flush()


def _listing(ready: Mapping[str, Any]) -> str:
    """What somebody who started it by hand wants to see."""
    lines = ["Simulated Hyper-V hosts, on loopback only; end with Ctrl-C.", ""]
    for host in ready["hosts"]:
        https = f"   https://localhost:{host['https_port']}/wsman" if host["https_port"] else ""
        lines.append(f"  {host['fqdn']:<28} http://127.0.0.1:{host['http_port']}/wsman{https}")
    lines += ["", f"  user      {ready['username']}", f"  password  {ready['password']}"]
    lines += [f"  CA        {ready['ca_cert']}", f"  client    {ready['client_cert']} {ready['client_key']}"]
    lines += [f"  control   {ready['control']['url']}", f"  token     {ready['control']['token']}", ""]
    return "\n".join(lines)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="hyperv-replica-simulator",
        description="Simulated Hyper-V hosts with real WinRM endpoints on loopback.",
        epilog=f"Switches: {', '.join(SWITCHES)}.",
    )
    add = parser.add_argument
    add("--estate", type=Path, default=_REHEARSAL, help="estate file (default: the collection's rehearsal.yml)")
    add("--rate", type=float, default=1.0, help="simulated seconds per second; 0: moved by hand")
    add("--switch", action="append", default=[], metavar="NAME=VALUE", help="an undocumented behaviour; repeatable")
    add("--profile", type=Path, help="file of the playbook probe with such behaviours; --switch wins")
    add("--seed", type=int, default=0, help="seed of GUIDs")
    add("--http-only", action="store_true", help="no HTTPS")
    add("--user", default="rehearsal", help="the account that may sign in")
    add("--domain", default="example.test", help="its domain: EXAMPLE\\user and user@example.test sign in too")
    add("--password-file", type=Path, help="file with its password (default: one is made up)")
    add("--allow-unencrypted", action="store_true", help="AllowUnencrypted: Basic and plain envelopes over HTTP")
    add("--keytab", type=Path, help="offer Kerberos with this keytab")
    add("--log", type=Path, help="append the request log to this file, as JSON lines")
    add("--idle-timeout", type=float, default=0.0, metavar="SECONDS", help="end after that long without a request")
    add("--parent-pid", type=int, help="end when this process is gone")
    add("--ready-file", type=Path, help="write ports and credentials to this file (0600), as JSON")
    add("--state-file", type=Path, help=argparse.SUPPRESS)
    add("--print-hosts", choices=("inventory", "json"), help="print an inventory or JSON on standard output")
    add("--print-connection", choices=("psrp", "winrm"), default="psrp", help="connection plugin of that inventory")
    add("--quiet", action="store_true", help="no listing on standard error")
    return parser


def _switch(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign:
        raise ValueError(f"a switch is written NAME=VALUE, not {text}")
    return name, value


def _profile(path: Path | None) -> dict[str, str]:
    """The switches of a profile; the version of its form is the one that the playbook probe writes."""
    if path is None:
        return {}
    try:
        plain = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ValueError(f"{path}: {error}") from error
    if not isinstance(plain, dict) or plain.get("schema_version") != 1 or not isinstance(plain.get("switches"), dict):
        raise ValueError(f"{path} is no profile: schema_version 1 and switches are wanted")
    return {str(name): str(value) for name, value in plain["switches"].items()}


@contextlib.contextmanager
def _private_directory() -> Iterator[Path]:
    directory = Path(tempfile.mkdtemp(prefix="hyperv-replica-simulator-"))
    try:
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _write_private(path: Path, text: str) -> None:
    _remove(path)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as stream:
        stream.write(text + "\n")


def _remove(path: Path | None) -> None:
    if path is not None:
        path.unlink(missing_ok=True)


if __name__ == "__main__":
    sys.exit(main())
