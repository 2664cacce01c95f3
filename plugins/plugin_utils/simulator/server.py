# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A running simulator: the world, a pair of doors for each host, the log, and the keeper of its time."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final

from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.certificates import CertificatePaths, issue
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.desk import Desk
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.doors import LOOPBACK, Door, server_tls
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.listener import Caller, Reception, Turn, converse
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.processes import birth
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.requestlog import Entry, RequestLog
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.signin import (
    Account,
    Policy,
    SignIn,
    publish,
    require_kerberos,
)
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.traffic import Load
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.trouble import Trouble
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.world import Host, World

#: Seconds of the wall clock between two rounds of the keeper.
_ROUND: Final = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """How a simulator is to run.

    Attributes:
        directory: a private directory for certificates.
        http_only: no HTTPS doors.
        idle_timeout: seconds of the wall clock without any request after which it ends; 0 for never.
        parent: process id of whom it serves; it ends when that process is gone.
    """

    account: Account
    policy: Policy = field(default_factory=Policy)
    directory: Path
    log_path: Path | None = None
    http_only: bool = False
    idle_timeout: float = 0.0
    parent: int | None = None


@dataclass(frozen=True, slots=True)
class _House:
    """One host with its doors; without ``https`` where there is none."""

    host: Host
    http: Door
    https: Door | None

    def doors(self) -> Iterable[Door]:
        return filter(None, (self.http, self.https))


class Server:
    """Everything that runs in the simulator's process but for control."""

    def __init__(self, world: World, setup: Setup) -> None:
        """Take ports and make certificates; nothing listens before ``open``."""
        self.world = world
        self.stop = threading.Event()
        self.log = RequestLog(world.clock.now, setup.log_path)
        world.traffic.note = self._note_load
        self._setup = setup
        self._shut_until: dict[str, float] = {}
        self._active = time.monotonic()
        self._parent_birth = birth(setup.parent) if setup.parent is not None else None
        if setup.policy.keytab is not None:
            require_kerberos(setup.policy.keytab)
        publish(setup.account, setup.directory)
        self.certificates = self._issued()
        self._houses = [self._house(host) for host in world.hosts.values()]

    def open(self) -> None:
        """Open the doors of all hosts that are up, and let time pass."""
        self.mind_doors()
        threading.Thread(target=self._keep, daemon=True, name="keeper").start()

    def close(self) -> None:
        """Shut everything and give the ports back."""
        self.stop.set()
        for house in self._houses:
            for door in house.doors():
                door.remove()

    def access(self) -> dict[str, Any]:
        """All that a client needs to sign in, the password included."""
        account, certificates = self._setup.account, self.certificates
        return {
            "hosts": self.hosts(),
            "username": account.user,
            "password": account.password,
            "ca_cert": str(certificates.ca_cert),
            "client_cert": str(certificates.client_cert),
            "client_key": str(certificates.client_key),
        }

    def hosts(self) -> list[dict[str, Any]]:
        """Names, addresses and ports."""
        return [
            {
                "name": house.host.name,
                "fqdn": house.host.fqdn,
                "inventory_name": house.host.inventory_name,
                "language": house.host.language,
                "address": LOOPBACK,
                "http_port": house.http.port,
                "https_port": house.https.port if house.https else None,
                **({"cluster": house.host.cluster.name} if house.host.cluster else {}),
            }
            for house in self._houses
        ]

    def order(self, trouble: Mapping[str, Any]) -> None:
        """Order one trouble. A host that is to take no connection, whatever is asked, takes none from now on."""
        with self.world.lock:
            ordered = self.world.trouble.add(trouble)
        if ordered.kind == "refuse_connection" and not set(ordered.match) - {"host"}:
            ordered.takes()
            for house in self._houses:
                if ordered.match.get("host", house.host.name).casefold() == house.host.name.casefold():
                    self._refuse_connections(house.host, ordered)
        self.mind_doors()

    def clear_trouble(self) -> None:
        """Forget all orders, and open the doors that trouble has shut."""
        with self.world.lock:
            self.world.trouble.clear()
        self._shut_until.clear()
        self.mind_doors()

    def cut_connections(self, name: str | None = None) -> None:
        """Cut every open connection, of one host or of all, as a device between that forgets idle ones."""
        for house in self._houses:
            if name is None or house.host.is_called(name):
                for door in house.doors():
                    door.cut_all()

    def mind_doors(self) -> None:
        """Open the doors of hosts that take connections, and shut the others'."""
        for house in self._houses:
            shut = self._shut_until.get(house.host.name, 0.0)
            takes = house.host.up and time.monotonic() >= shut
            for door in house.doors():
                if takes:
                    door.open()
                else:
                    door.shut()

    def touch(self) -> None:
        """Note that somebody wants something, so it is not idle."""
        self._active = time.monotonic()

    def mark(self, note: str) -> int:
        """Put a named mark into the log and give its number."""
        return self.log.add(Entry(kind="mark", note=note))

    def _note_load(self, load: Load) -> None:
        self.log.add(Entry(kind="load", host=load.host, note=load.what, wanted=load.wanted, limit=load.limit))

    def _issued(self) -> CertificatePaths:
        names = [name for host in self.world.hosts.values() for name in (host.name, host.fqdn)]
        return issue(self._setup.directory, host_names=names, client_name=self._setup.account.user)

    def _house(self, host: Host) -> _House:
        certificates = self.certificates
        tls = server_tls(certificates.server_cert, certificates.server_key, certificates.ca_cert)
        desk = Desk(self.world, host, self.log, partial(self._refuse_connections, host))
        https = None if self._setup.http_only else Door(partial(self._converse, desk, host, True), tls=tls)
        return _House(host, Door(partial(self._converse, desk, host, False)), https)

    def _converse(self, desk: Desk, host: Host, secure: bool, connection: socket.socket) -> None:
        setup = self._setup
        reception = Reception(
            serve=partial(self._serve, desk),
            sign_in=partial(SignIn, setup.account, setup.policy, host=host.fqdn, secure=secure),
            secure=secure,
            plain_allowed=setup.policy.allow_unencrypted,
            refused=desk.note_refusal,
        )
        converse(connection, reception)

    def _serve(self, desk: Desk, body: bytes, caller: Caller) -> Turn:
        self.touch()
        turn = desk.serve(body, caller)
        self.mind_doors()
        return turn

    def _refuse_connections(self, host: Host, trouble: Trouble) -> None:
        """Shut the host's doors for the trouble's seconds, or until the trouble is cleared where it has none."""
        self._shut_until[host.name] = time.monotonic() + trouble.seconds if trouble.seconds else float("inf")

    def _keep(self) -> None:
        while not self.stop.wait(_ROUND):
            with self.world.lock:
                self.world.advance_to(self.world.clock.now())
            self.mind_doors()
            if self._is_idle() or self._is_orphan():
                self.stop.set()

    def _is_idle(self) -> bool:
        limit = self._setup.idle_timeout
        return limit > 0 and time.monotonic() - self._active > limit

    def _is_orphan(self) -> bool:
        return self._setup.parent is not None and birth(self._setup.parent) != self._parent_birth
