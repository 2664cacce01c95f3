# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The desk of one host: takes a plain envelope, lets ordered trouble strike, asks the service, keeps the log."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from http import HTTPStatus
from threading import Lock
from typing import Final

from ansible_collections.hyperv.replica.plugins.module_utils._wire.names import CONTENT_TYPE
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.listener import Caller, Turn
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.reader import is_utf16
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.requestlog import Entry, RequestLog
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.service import Reply, RequestFacts, Service
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.traffic import Load
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.trouble import Trouble
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.world import Host, World

_PAGE: Final = b"""<!DOCTYPE html>
<html><head><title>Gateway</title></head>
<body><h1>The gateway could not complete your request</h1></body></html>
"""


class Desk:
    """Answers envelopes for one host."""

    def __init__(self, world: World, host: Host, log: RequestLog, close_doors: Callable[[Trouble], None]) -> None:
        """Work for ``host``; ``close_doors`` is asked when a trouble says that it takes no connection."""
        self._world = world
        self._host = host
        self._log = log
        self._close_doors = close_doors
        self._service = Service(world, host.name)
        self._operations: Counter[str] = Counter()
        self._count = Lock()

    def serve(self, body: bytes, caller: Caller) -> Turn:
        """What goes back for one envelope. Beyond the quota of operations it is the fault that a real host gave."""
        with self._counted(caller) as load:
            return self._taken(body, replace(caller, operations=load.wanted), load)

    @contextmanager
    def _counted(self, caller: Caller) -> Iterator[Load]:
        """Count an operation of this user while it lasts."""
        user, limit = caller.principal.casefold(), self._host.winrm_operations
        with self._count:
            self._operations[user] += 1
            load = Load(host=self._host.name, what="operations", wanted=self._operations[user], limit=limit)
            self._world.traffic.keep(load)
        try:
            yield load
        finally:
            with self._count:
                self._operations[user] -= 1

    def _taken(self, body: bytes, caller: Caller, load: Load) -> Turn:
        with self._world.lock:
            self._world.advance_to(self._world.clock.now())
            facts = self._service.peek(body)
            if not caller.principal and facts.action != "Identify":
                return self._noted(Turn(status=HTTPStatus.UNAUTHORIZED, forget=True), facts, caller)
            trouble = self._world.meet(self._host, facts)
            alive = self._host.up
        if not alive:
            return self._noted(Turn(cut=True), facts, caller, trouble)
        if load.exceeded:
            return self._fault(body, facts, caller, Trouble(kind="quota"))
        if trouble is None:
            return self._answered(body, facts, caller, None)
        return _WAYS[trouble.kind](self, body, facts, caller, trouble)

    def note_refusal(self, caller: Caller, status: int) -> None:
        """Note a request that ended before an envelope was read."""
        entry = Entry(
            kind="sign_in",
            host=self._host.name,
            scheme=caller.scheme,
            principal=caller.principal,
            status=int(status),
            bytes_in=caller.size,
        )
        self._log.add(entry)

    def _answered(self, body: bytes, facts: RequestFacts, caller: Caller, trouble: Trouble | None) -> Turn:
        reply = self._service.answer(body, principal=caller.principal)
        return self._noted(_written(reply, body), reply.facts, caller, trouble, executed=True)

    def _cut_before(self, body: bytes, facts: RequestFacts, caller: Caller, trouble: Trouble) -> Turn:
        return self._noted(Turn(cut=True), facts, caller, trouble)

    def _cut_after(self, body: bytes, facts: RequestFacts, caller: Caller, trouble: Trouble) -> Turn:
        self._service.answer(body, principal=caller.principal)
        return self._noted(Turn(cut=True), facts, caller, trouble, executed=True)

    def _delay(self, body: bytes, facts: RequestFacts, caller: Caller, trouble: Trouble) -> Turn:
        return replace(self._answered(body, facts, caller, trouble), pause=trouble.seconds)

    def _refuse_connection(self, body: bytes, facts: RequestFacts, caller: Caller, trouble: Trouble) -> Turn:
        self._close_doors(trouble)
        return self._noted(Turn(cut=True), facts, caller, trouble)

    def _unauthorized(self, body: bytes, facts: RequestFacts, caller: Caller, trouble: Trouble) -> Turn:
        return self._noted(Turn(status=HTTPStatus.UNAUTHORIZED, forget=True), facts, caller, trouble)

    def _html(self, body: bytes, facts: RequestFacts, caller: Caller, trouble: Trouble) -> Turn:
        if trouble.executed:
            self._service.answer(body, principal=caller.principal)
        turn = Turn(status=trouble.status, body=_PAGE, content_type="text/html; charset=utf-8", sealed=False)
        return self._noted(turn, facts, caller, trouble, executed=trouble.executed)

    def _fault(self, body: bytes, facts: RequestFacts, caller: Caller, trouble: Trouble) -> Turn:
        reply = self._service.refuse(body, trouble)
        return self._noted(_written(reply, body), facts, caller, trouble)

    def _noted(
        self, turn: Turn, facts: RequestFacts, caller: Caller, trouble: Trouble | None = None, *, executed: bool = False
    ) -> Turn:
        """The turn, with the note it leaves in the log as it goes out."""
        entry = Entry(
            kind="request",
            host=self._host.name,
            scheme=caller.scheme,
            principal=caller.principal,
            action=facts.action,
            class_name=facts.class_name,
            method=facts.method,
            vm=facts.vm,
            mutating=facts.mutating,
            executed=executed,
            status=0 if turn.cut else int(turn.status),
            bytes_in=caller.size,
            message_id=facts.message_id,
            items=facts.items,
            trouble=trouble.kind if trouble else "",
            wanted=caller.operations,
            limit=self._host.winrm_operations,
        )

        def note(size: int) -> None:
            self._log.add(replace(entry, bytes_out=size))

        return replace(turn, note=note)


def _written(reply: Reply, request: bytes) -> Turn:
    """A reply in the encoding that its request came in (DSP0226, section on character sets)."""
    if is_utf16(request):
        kind = CONTENT_TYPE.replace("UTF-8", "UTF-16")
        return Turn(status=reply.status, body=reply.body.decode().encode("utf-16"), content_type=kind)
    return Turn(status=reply.status, body=reply.body)


_Way = Callable[[Desk, bytes, RequestFacts, Caller, Trouble], Turn]

#: How each kind of trouble.CARRIED is carried out.
_WAYS: Final[dict[str, _Way]] = {
    "cut_before": Desk._cut_before,
    "cut_after": Desk._cut_after,
    "delay": Desk._delay,
    "refuse_connection": Desk._refuse_connection,
    "unauthorized": Desk._unauthorized,
    "fault": Desk._fault,
    "html": Desk._html,
    "quota": Desk._fault,
}
