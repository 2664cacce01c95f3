# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The action that looks after a host's replica server."""

from __future__ import annotations

from typing import Any

from ansible_collections.hyperv.replica.plugins.module_utils._errors import HyperVReplicaError, TransportError
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import End
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.server import ServerLook
from ansible_collections.hyperv.replica.plugins.module_utils._operations.serving import ServerRun
from ansible_collections.hyperv.replica.plugins.module_utils._surface.plain import plain_error
from ansible_collections.hyperv.replica.plugins.module_utils._surface.server_surface import (
    SERVER,
    server_result,
    wanted_server,
)
from ansible_collections.hyperv.replica.plugins.plugin_utils._task import HostAction, Session, unreachable


class ServerAction(HostAction):
    """Makes a host receive replication as asked."""

    spec = SERVER

    def work(self, session: Session) -> dict[str, Any]:
        """Look, plan, and unless in check mode apply and verify."""
        host = session.hosts[End.DESTINATION]
        before = _first_look(session)
        run = ServerRun(
            host=host,
            wanted=wanted_server(session.options, before),
            clock=session.clock,
            deadline=session.deadline,
            stop=session.stop,
            journal=session.journal,
            poll=session.options["poll_interval"],
            seen=before,
        )
        planned = run.planned()
        trouble: HyperVReplicaError | None = None
        if not self._task.check_mode:
            try:
                run.go()
            except HyperVReplicaError as error:
                trouble = error
        result = server_result(run, before, planned, bool(self._task.check_mode))
        result["exchanges"] = {host.name: host.exchanges}
        if trouble is not None:
            result |= {"failed": True, "outcome": "failed", "msg": str(trouble), "error": plain_error(trouble)}
        return result


def _first_look(session: Session) -> ServerLook:
    try:
        return session.hosts[End.DESTINATION].look_at_server()
    except TransportError as error:
        raise unreachable(error) from None  # core prints every cause it is given
