# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A Kerberos realm of the tests' own: MIT's KDC on the loopback address, an account, and the hosts' keys."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

NAME = "EXAMPLE.TEST"
ACCOUNT = f"replica-ops@{NAME}"


@dataclass
class Realm:
    """One realm, in a folder.

    Attributes:
        port: where its KDC listens, on 127.0.0.1.
    """

    folder: Path
    port: int
    password: str = field(default_factory=lambda: secrets.token_urlsafe(16), repr=False)

    @property
    def environment(self) -> dict[str, str]:
        return {"KRB5_CONFIG": str(self.folder / "krb5.conf"), "KRB5_KDC_PROFILE": str(self.folder / "kdc.conf")}

    @property
    def keytab(self) -> Path:
        return self.folder / "hosts.keytab"

    def configure(self, **more: Any) -> None:
        """Write what clients and the KDC read; ``more`` goes into libdefaults."""
        settings = {
            "default_realm": NAME,
            "dns_lookup_kdc": "false",
            "dns_lookup_realm": "false",
            "rdns": "false",
            "dns_canonicalize_hostname": "false",
            "kdc_timesync": "0",
            **more,
        }
        lines = [f"  {name} = {value}" for name, value in settings.items()]
        realms = ["[realms]", f"  {NAME} = {{", f"    kdc = 127.0.0.1:{self.port}", "  }"]
        self._write("krb5.conf", ["[libdefaults]", *lines, *realms])
        listens = [f"  kdc_listen = 127.0.0.1:{self.port}", f"  kdc_tcp_listen = 127.0.0.1:{self.port}"]
        own = [f"    database_name = {self.folder}/principal", f"    key_stash_file = {self.folder}/stash"]
        self._write("kdc.conf", ["[kdcdefaults]", *listens, "[realms]", f"  {NAME} = {{", *own, "  }"])

    def populate(self, principals: Sequence[str]) -> None:
        """Make the database, the account, and a key for each service principal."""
        self._run(_program("kdb5_util"), "create", "-s", "-r", NAME, "-P", secrets.token_urlsafe(16))
        self.ask(f"add_principal -pw {self.password} {ACCOUNT}")
        for principal in principals:
            self.ask(f"add_principal -randkey {principal}", f"ktadd -k {self.keytab} {principal}")

    def ask(self, *queries: str) -> None:
        """Have something changed in the database."""
        for query in queries:
            self._run(_program("kadmin.local"), "-r", NAME, "-q", query)

    def _write(self, name: str, lines: Sequence[str]) -> None:
        (self.folder / name).write_text("\n".join([*lines, ""]), encoding="utf-8")

    def _run(self, *command: str) -> None:
        ran = subprocess.run(
            command, env=os.environ | self.environment, capture_output=True, text=True, timeout=60, check=False
        )
        if ran.returncode:
            raise AssertionError(ran.stderr)


@contextmanager
def answering(realm: Realm) -> Iterator[Realm]:
    """Run the KDC."""
    command = [_program("krb5kdc"), "-n", "-r", NAME]
    with (realm.folder / "kdc.log").open("wb") as log:
        kdc = subprocess.Popen(command, env=os.environ | realm.environment, stdout=log, stderr=log)
        try:
            _wait_for(kdc, realm.port)
            yield realm
        finally:
            kdc.terminate()
            kdc.wait()


def free_port() -> int:
    """A port that nobody listens on just now; krb5kdc cannot be told to take any."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def _wait_for(kdc: subprocess.Popen[bytes], port: int) -> None:
    for _attempt in range(300):
        with socket.socket() as sock:
            if sock.connect_ex(("127.0.0.1", port)) == 0:
                return
        if kdc.poll() is not None:
            break
        time.sleep(0.1)
    raise AssertionError("krb5kdc did not start")


def _program(name: str) -> str:
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin")
    if found is None:
        raise AssertionError(f"{name} is missing: these tests need krb5-kdc, krb5-admin-server and krb5-user")
    return found
