# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Doors of the simulated hosts: sockets on loopback that can be shut and opened again on the same port."""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final

LOOPBACK: Final = "127.0.0.1"
#: MaxConnections of a WinRM service (MicrosoftDocs/win32 desktop-src/WinRM, installation and configuration).
MAX_CONNECTIONS: Final = 300
_HANDSHAKE_SECONDS: Final = 10.0

Converse = Callable[[socket.socket], None]


class Door:
    """One port. Shut, it refuses connections as a host does that is down, and nobody else can take the port."""

    def __init__(self, converse: Converse, *, tls: ssl.SSLContext | None = None) -> None:
        """Take a free port of the loopback address; nothing listens before ``open``.

        Args:
            converse: called with each connection in a thread of its own; the door closes it afterwards.
            tls: makes it an HTTPS door.
        """
        self._converse = converse
        self._tls = tls
        self._place = _bound(0)
        self.port: int = self._place.getsockname()[1]
        self._listening: socket.socket | None = None
        self._connections: set[socket.socket] = set()
        self._lock = threading.Lock()

    def open(self) -> None:
        """Listen; an open door stays open."""
        with self._lock:
            if self._listening is not None:
                return
            self._listening = listening = _bound(self.port)
            listening.listen(128)
        threading.Thread(target=self._welcome, args=(listening,), daemon=True, name=f"door-{self.port}").start()

    def shut(self) -> None:
        """Stop listening and cut every connection; a shut door stays shut."""
        with self._lock:
            listening, self._listening = self._listening, None
        if listening is not None:
            _wake(listening, self.port)
            listening.close()
        self.cut_all()

    def cut_all(self) -> None:
        """Cut every connection without a word; the door stays as it is."""
        with self._lock:
            connections = [*self._connections]
        for connection in connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def remove(self) -> None:
        """Shut the door and give the port back."""
        self.shut()
        self._place.close()

    def _welcome(self, listening: socket.socket) -> None:
        while True:
            try:
                connection, _address = listening.accept()
            except OSError:
                return
            if not self._admit(connection, listening):
                abort(connection)
                continue
            threading.Thread(target=self._host, args=(connection,), daemon=True).start()

    def _admit(self, connection: socket.socket, listening: socket.socket) -> bool:
        with self._lock:
            if self._listening is not listening or len(self._connections) >= MAX_CONNECTIONS:
                return False
            self._connections.add(connection)
            return True

    def _host(self, connection: socket.socket) -> None:
        talk: socket.socket = connection
        try:
            connection.settimeout(_HANDSHAKE_SECONDS)
            if self._tls is not None:
                talk = self._tls.wrap_socket(connection, server_side=True)
                self._replace(connection, talk)
            self._converse(talk)
        except OSError:
            return  # the client went away, or it did not like our certificate: nobody is left to be told
        except Exception:  # noqa: BLE001 - what a stranger sends ends his connection and shows on nobody's terminal
            return
        finally:
            self._replace(talk, None)
            with contextlib.suppress(OSError):
                talk.close()

    def _replace(self, old: socket.socket, new: socket.socket | None) -> None:
        with self._lock:
            self._connections.discard(old)
            if new is not None:
                self._connections.add(new)


def server_tls(certificate: Path, key: Path, client_ca: Path) -> ssl.SSLContext:
    """TLS as a WinRM service has it: a client certificate is welcome and not asked for by force."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(certificate, key)
    context.load_verify_locations(client_ca)
    context.verify_mode = ssl.CERT_OPTIONAL
    return context


def abort(connection: socket.socket) -> None:
    """End a connection with a reset, so that the other side sees a cut and no orderly end."""
    with contextlib.suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()


def _bound(port: int) -> socket.socket:
    """A socket bound to the port. One that only is bound keeps the port and lets another one listen on it."""
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.bind((LOOPBACK, port))
    return bound


def _wake(listening: socket.socket, port: int) -> None:
    """Bring the thread that waits in accept back; not every system does so when the socket is closed."""
    try:
        listening.shutdown(socket.SHUT_RDWR)
    except OSError:
        with contextlib.suppress(OSError):
            socket.create_connection((LOOPBACK, port), timeout=1).close()
