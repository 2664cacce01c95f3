# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""As much of AWX's REST interface as its own collection needs to set things up: objects, lists, associations, surveys.

It keeps what it is given and knows no Ansible. The fields of each kind are those that awx.awx 24.6.1 reads and writes;
a kind that is not known is refused, so a misspelt one fails as it would there.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

TOKEN = "token-of-the-tests"

#: Path of a kind's list: what its objects call themselves.
KINDS = {
    "organizations": "organization",
    "inventories": "inventory",
    "credentials": "credential",
    "execution_environments": "execution_environment",
    "projects": "project",
    "notification_templates": "notification_template",
    "job_templates": "job_template",
    "workflow_job_templates": "workflow_job_template",
    "workflow_job_template_nodes": "workflow_job_template_node",
    "workflow_approval_templates": "workflow_approval_template",
    "labels": "label",
    "instance_groups": "instance_group",
}
#: Kinds that a workflow's node may start.
UNIFIED = ("job_templates", "workflow_job_templates", "projects")

Thing = dict[str, Any]


@dataclass
class Controller:
    """What it was given, and how often it was asked to change something."""

    things: dict[str, list[Thing]] = field(default_factory=lambda: {kind: [] for kind in KINDS})
    joined: dict[str, list[int]] = field(default_factory=dict)
    surveys: dict[int, Thing] = field(default_factory=dict)
    changes: list[str] = field(default_factory=list)
    url: str = ""

    def add(self, kind: str, **fields: Any) -> Thing:
        number = sum(len(things) for things in self.things.values()) + 1
        path = f"/api/v2/{kind}/{number}/"
        related = {"survey_spec": f"{path}survey_spec/"} if kind.endswith("job_templates") else {}
        thing = {"id": number, "url": path, "type": KINDS[kind], "related": related, "summary_fields": {}, **fields}
        if kind == "projects":
            thing |= {"status": "successful", "scm_revision": "0123456789abcdef"}
        self.things[kind].append(thing)
        return thing

    def named(self, kind: str, name: str) -> Thing:
        """The one thing of a kind by its name, or its identifier for a node."""
        return next(thing for thing in self.things[kind] if name in (thing.get("name"), thing.get("identifier")))

    def by_number(self, kind: str, number: int) -> Thing | None:
        return next((thing for thing in self.things.get(kind, ()) if thing["id"] == number), None)

    def linked(self, identifier: str, how: str) -> list[str]:
        """Which nodes a node leads to by ``success_nodes``, ``failure_nodes`` or ``always_nodes``."""
        node = self.named("workflow_job_template_nodes", identifier)
        numbers = self.joined.get(f"{node['url']}{how}/", [])
        nodes = [self.by_number("workflow_job_template_nodes", number) for number in numbers]
        return [str(node["identifier"]) for node in nodes if node]

    def answer(self, method: str, path: str, query: dict[str, str], body: Thing) -> tuple[int, Thing]:
        """Status and body for one request."""
        parts = path.removeprefix("/api/v2/").strip("/").split("/")
        if method != "GET":
            self.changes.append(f"{method} {path}")
        match parts:
            case ["unified_job_templates"]:
                return self._listed([thing for kind in UNIFIED for thing in self.things[kind]], query)
            case [kind] if kind in KINDS:
                return self._of_kind(method, kind, query, body)
            case [kind, number] if thing := self.by_number(kind, int(number)):
                return self._one(method, kind, thing, body)
            case [kind, number, "survey_spec"] if self.by_number(kind, int(number)):
                if method == "POST":
                    self.surveys[int(number)] = body
                return 200, self.surveys.get(int(number), {})
            case [kind, number, "create_approval_template"] if node := self.by_number(kind, int(number)):
                approval = self.add("workflow_approval_templates", **body)
                node["related"]["unified_job_template"] = approval["url"]
                node["unified_job_template"] = approval["id"]
                return 201, approval
            case [kind, number, association] if self.by_number(kind, int(number)):
                return self._association(method, path, association, body)
        return 404, {"detail": f"Not found: {path}"}

    def _of_kind(self, method: str, kind: str, query: dict[str, str], body: Thing) -> tuple[int, Thing]:
        if method == "POST":
            return 201, self.add(kind, **{name: value for name, value in body.items() if name != "type"})
        return self._listed(self.things[kind], query)

    def _listed(self, things: list[Thing], query: dict[str, str]) -> tuple[int, Thing]:
        found = [thing for thing in things if all(_is(thing, name, value) for name, value in query.items())]
        return 200, {"count": len(found), "next": None, "previous": None, "results": found}

    def _one(self, method: str, kind: str, thing: Thing, body: Thing) -> tuple[int, Thing]:
        if method == "PATCH":
            thing.update(body)
        if method == "DELETE":
            self.things[kind].remove(thing)
            return 204, {}
        return 200, thing

    def _association(self, method: str, path: str, association: str, body: Thing) -> tuple[int, Thing]:
        numbers = self.joined.setdefault(path, [])
        if method == "POST":
            numbers.remove(body["id"]) if body.get("disassociate") else numbers.append(body["id"])
            return 204, {}
        return 200, {"count": len(numbers), "next": None, "results": [{"id": number} for number in numbers]}


def _is(thing: Thing, name: str, value: str) -> bool:
    if name in ("page_size", "order_by"):
        return True
    return str(thing.get(name.removeprefix("or__"))) == value


@contextmanager
def running(controller: Controller) -> Iterator[Controller]:
    """Serve it on a loopback port."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            url = urlsplit(self.path)
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length) or b"{}")
            if self.headers.get("Authorization") == f"Bearer {TOKEN}":
                status, told = controller.answer(self.command, url.path, dict(parse_qsl(url.query)), body)
            else:
                status, told = 401, {"detail": "Authentication credentials were not provided."}
            payload = b"" if status == 204 else json.dumps(told).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("X-API-Product-Name", "AWX")
            self.send_header("X-API-Product-Version", "24.6.1")
            self.send_header("Content-Length", str(len(payload)))
            self.end_headers()
            self.wfile.write(payload)

        do_GET = do_POST = do_PATCH = do_DELETE = _serve  # noqa: N815 (names of the standard library)

        def log_message(self, *arguments: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    controller.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield controller
    finally:
        server.shutdown()
        server.server_close()
