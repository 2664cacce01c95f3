# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tickets for pywinrm, which takes them from the process's credential cache and cannot get them itself.

As Ansible's winrm connection does, kinit is called and KRB5CCNAME set for the whole process. Unlike there, the cache
is a collection (MIT Kerberos' type DIR), so that two hosts with two principals find their own ticket each, and one
principal on two hosts costs one kinit. Limits: Heimdal has no DIR collections of this kind, and whatever else runs in
this process sees this cache until the last user lets go.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import threading
import time
from dataclasses import dataclass, field
from typing import Final

from ansible_collections.hyperv.replica.plugins.module_utils._errors import AccessRefused, PreconditionFailed

_CACHE_NAME: Final = "KRB5CCNAME"

#: Seconds after which a ticket is asked for again; Active Directory's default lifetime is ten hours (Microsoft's page
#: "Maximum lifetime for user ticket").
_FRESH_FOR: Final = 4 * 3600

#: Seconds that kinit may take.
_PATIENCE: Final = 60


@dataclass
class TicketCache:
    """A private collection of tickets; exists between the first ``hold`` and the last ``release``."""

    _lock: threading.Lock = field(default_factory=threading.Lock)
    _holders: int = 0
    _folder: str = ""
    _before: str | None = None
    _got: dict[str, float] = field(default_factory=dict)

    def hold(self) -> None:
        """Keep the collection until released."""
        with self._lock:
            self._holders += 1

    def release(self) -> None:
        """Let go; the last one removes the tickets and puts the environment back."""
        with self._lock:
            self._holders -= 1
            if self._holders <= 0 and self._folder:
                self._remove()

    def get(
        self,
        host: str,
        principal: str,
        password: str,
        *,
        command: str = "kinit",
        arguments: tuple[str, ...] = (),
        environment: tuple[str, ...] = (),
    ) -> None:
        """Have a ticket for the principal, asking at most once while it is fresh.

        Raises:
            AccessRefused: kinit got none.
            PreconditionFailed: there is no kinit.
        """
        with self._lock:
            if time.monotonic() - self._got.get(principal, -_FRESH_FOR) < _FRESH_FOR:
                return
            self._make()
            seen = {name: os.environ[name] for name in ("PATH", *environment) if name in os.environ}
            _kinit(host, [command, *arguments, principal], password, seen | {_CACHE_NAME: os.environ[_CACHE_NAME]})
            self._got[principal] = time.monotonic()

    def _make(self) -> None:
        if self._folder:
            return
        self._folder = tempfile.mkdtemp(prefix="hyperv-replica-")  # only we may enter it
        self._before = os.environ.get(_CACHE_NAME)
        os.environ[_CACHE_NAME] = f"DIR:{self._folder}"

    def _remove(self) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)
        if self._before is None:
            os.environ.pop(_CACHE_NAME, None)
        else:
            os.environ[_CACHE_NAME] = self._before
        self._folder, self._got = "", {}


def _kinit(host: str, line: list[str], password: str, environment: dict[str, str]) -> None:
    try:
        done = subprocess.run(
            line,
            input=password.encode() + b"\n",
            capture_output=True,
            env=environment,
            start_new_session=True,  # else it reads from the terminal
            timeout=_PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise AccessRefused(f"{line[0]} did not end in {_PATIENCE} seconds", host=host) from None
    except OSError as error:
        raise PreconditionFailed(
            f"{line[0]} could not be started",
            kind="unsupported",
            host=host,
            cause=error.strerror or "",
            remedy="install Kerberos' user programs on the controller (krb5-user, krb5-workstation)",
        ) from None
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().replace(password or "\0", "********")
        raise AccessRefused(
            f"no Kerberos ticket for {line[-1]}",
            host=host,
            cause=said,
            remedy="check user and password; kinit sees PATH and what ansible_winrm_kinit_env_vars names, no more",
        )
