# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Control of a running simulator: JSON over HTTP on a loopback port of its own, with a bearer token."""

from __future__ import annotations

import hmac
import json
import secrets
import threading
from collections.abc import Callable, Mapping
from datetime import timedelta
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.doors import LOOPBACK
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.estate import to_estate
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.server import Server
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.switches import SWITCHES
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.truth import plain, truth

_MAX_BODY: Final = 1024 * 1024
#: So often does control look whether it is to end, in seconds; whoever stops a simulator waits for that.
_ROUND: Final = 0.05


class ControlError(Exception):
    """What was asked of control makes no sense; the text says why."""


class UnknownPath(ControlError):
    """Control has nothing at this path."""


class Control:
    """The control port of one server."""

    def __init__(self, server: Server) -> None:
        """Take a port and make a token; ``open`` lets it answer."""
        self._http = _ControlHttp(server)
        self.token = self._http.token
        self.url = f"http://{LOOPBACK}:{self._http.server_address[1]}"

    def open(self) -> None:
        """Answer from now on."""
        threading.Thread(target=self._http.serve_forever, args=(_ROUND,), daemon=True, name="control").start()

    def close(self) -> None:
        """Stop answering."""
        self._http.shutdown()
        self._http.server_close()


def ask(server: Server, method: str, path: str, query: Mapping[str, str], order: Mapping[str, Any]) -> Any:
    """Carry out one request of control and give its answer as plain data.

    Raises:
        UnknownPath: control has nothing there.
        ControlError: an argument is missing or wrong.
    """
    server.touch()
    answer = _ROUTES.get((method, path))
    if answer is None:
        raise UnknownPath(f"control does not know {method} {path}")
    try:
        return answer(server, {**query, **order})
    except (TypeError, ValueError, OverflowError, LookupError, AttributeError) as error:
        raise ControlError(f"{type(error).__name__}: {error}") from error


def _hosts(server: Server, _orders: Mapping[str, Any]) -> Any:
    return {"hosts": server.hosts()}


def _log(server: Server, order: Mapping[str, Any]) -> Any:
    return {"entries": server.log.after(int(order.get("after", 0)))}


def _world(server: Server, _orders: Mapping[str, Any]) -> Any:
    world = server.world
    with world.lock:
        world.advance_to(world.clock.now())
        return truth(world)


def _estate(server: Server, _orders: Mapping[str, Any]) -> Any:
    world = server.world
    with world.lock:
        world.advance_to(world.clock.now())
        return plain(to_estate(world))


def _switches(server: Server, _orders: Mapping[str, Any]) -> Any:
    values = server.world.switches.as_dict()
    known = SWITCHES.items()
    return {name: {"value": values[name], "values": list(s.values), "means": s.means} for name, s in known}


def _access(server: Server, _orders: Mapping[str, Any]) -> Any:
    return server.access()


def _trouble(server: Server, order: Mapping[str, Any]) -> Any:
    added = order.get("add", [])
    if order.get("clear"):
        server.clear_trouble()
    for trouble in [added] if isinstance(added, Mapping) else added:
        server.order(trouble)
    return {"trouble": [plain(trouble) for trouble in server.world.trouble]}


def _clock(server: Server, order: Mapping[str, Any]) -> Any:
    world = server.world
    with world.lock:
        world.advance_to(world.clock.now())
        if order.get("pause"):
            world.clock.rate = 0.0
        if order.get("rate") is not None:
            world.clock.rate = float(order["rate"])
        if order.get("advance"):
            world.advance(timedelta(seconds=float(order["advance"])))
        now = {"now": world.now.isoformat(), "rate": world.clock.rate}
    server.mind_doors()
    return now


def _act(server: Server, order: Mapping[str, Any]) -> Any:
    world = server.world
    with world.lock:
        world.advance_to(world.clock.now())
        world.act(str(order.get("name", "")), **order.get("arguments", {}))
    server.mind_doors()
    return {}


def _mark(server: Server, order: Mapping[str, Any]) -> Any:
    return {"number": server.mark(str(order.get("note", "")))}


def _connections(server: Server, order: Mapping[str, Any]) -> Any:
    server.cut_connections(order.get("host"))
    return {}


def _stop(server: Server, _orders: Mapping[str, Any]) -> Any:
    server.stop.set()
    return {}


_ROUTES: Final[dict[tuple[str, str], Callable[[Server, Mapping[str, Any]], Any]]] = {
    ("GET", "/hosts"): _hosts,
    ("GET", "/log"): _log,
    ("GET", "/world"): _world,
    ("GET", "/estate"): _estate,
    ("GET", "/switches"): _switches,
    ("GET", "/access"): _access,
    ("POST", "/trouble"): _trouble,
    ("POST", "/clock"): _clock,
    ("POST", "/act"): _act,
    ("POST", "/mark"): _mark,
    ("POST", "/connections"): _connections,
    ("POST", "/stop"): _stop,
}


class _ControlHttp(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, server: Server) -> None:
        self.token = secrets.token_urlsafe(32)
        self.simulated = server
        super().__init__((LOOPBACK, 0), _ControlRequest)

    def server_bind(self) -> None:
        """Bind without the standard server's look-up of our own name, which may wait for a DNS server."""
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = LOOPBACK, self.server_address[1]


class _ControlRequest(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 30
    disable_nagle_algorithm = True
    server: _ControlHttp

    def do_GET(self) -> None:
        self._respond("GET")

    def do_POST(self) -> None:
        self._respond("POST")

    def log_message(self, *dummy: object) -> None:
        """Say nothing: standard error is the user's."""

    def _respond(self, method: str) -> None:
        body = self.rfile.read(min(int(self.headers.get("Content-Length") or 0), _MAX_BODY))
        wanted = f"Bearer {self.server.token}"
        if not hmac.compare_digest(self.headers.get("Authorization", "").encode(), wanted.encode()):
            self._send(HTTPStatus.UNAUTHORIZED, {"error": "control wants its bearer token"})
            return
        path, _mark, query = self.path.partition("?")
        parameters = dict(pair.partition("=")[::2] for pair in query.split("&") if pair)
        try:
            order = json.loads(body or b"{}")
            if not isinstance(order, dict):
                raise ControlError("an order is a JSON object")
            self._send(HTTPStatus.OK, ask(self.server.simulated, method, path, parameters, order))
        except UnknownPath as error:
            self._send(HTTPStatus.NOT_FOUND, {"error": str(error)})
        except (ControlError, ValueError) as error:
            self._send(HTTPStatus.BAD_REQUEST, {"error": str(error)})

    def _send(self, status: int, answer: Any) -> None:
        body = json.dumps(answer, ensure_ascii=False).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
