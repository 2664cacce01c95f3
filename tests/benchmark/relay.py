# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Distance on loopback: a relay that delays every HTTP request and counts those that carry something."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPResponse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

#: Headers that speak of one connection only.
HOP_BY_HOP = {"connection", "keep-alive", "content-length", "transfer-encoding", "date", "server"}


@dataclass
class Count:
    """How many HTTP requests passed.

    Attributes:
        requests: those that carried an envelope.
        sign_in: those with an empty body, which is how a client signs in.
    """

    requests: int = 0
    sign_in: int = 0


class Quiet(BaseHTTPRequestHandler):
    """An HTTP/1.1 handler that keeps connections, sends an answer in one piece, and does not talk."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def answer(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Say nothing."""


@contextlib.contextmanager
def serving(handler: type[BaseHTTPRequestHandler]) -> Iterator[int]:
    """A server on a free port of loopback, which is given; it ends with the block."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    server.block_on_close = False
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextlib.contextmanager
def at_a_distance(
    port: int, seconds: float, pause: Callable[[float], None] = time.sleep
) -> Iterator[tuple[int, Count]]:
    """A port from which PORT is SECONDS away per request, and the count of what passes."""
    count, lock = Count(), threading.Lock()

    class Relay(Quiet):
        """One connection there for each connection here, since a sign-in belongs to its connection."""

        def setup(self) -> None:
            super().setup()
            self.there = HTTPConnection("127.0.0.1", port, timeout=60)

        def finish(self) -> None:
            self.there.close()
            super().finish()

        def do_POST(self) -> None:
            body = self.body()
            with lock:
                count.requests += bool(body)
                count.sign_in += not body
            pause(seconds)
            reply = self.asked_there(body)
            headers = [(name, value) for name, value in reply.getheaders() if name.lower() not in HOP_BY_HOP]
            self.answer(reply.status, headers, reply.read())

        def asked_there(self, body: bytes) -> HTTPResponse:
            headers = {name: value for name, value in self.headers.items() if name.lower() not in HOP_BY_HOP}
            self.there.request("POST", self.path, body, headers)
            return self.there.getresponse()

    with serving(Relay) as here:
        yield here, count
