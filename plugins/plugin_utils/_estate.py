# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Base of every action that runs on the controller and opens many hosts of the inventory by itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.host import Host
from ansible_collections.hyperv.replica.plugins.module_utils._operations.clock import WallClock
from ansible_collections.hyperv.replica.plugins.module_utils._operations.crew import Crew
from ansible_collections.hyperv.replica.plugins.module_utils._operations.membership import Enrolled, Roll
from ansible_collections.hyperv.replica.plugins.module_utils._operations.routes import HostKey
from ansible_collections.hyperv.replica.plugins.plugin_utils._clusters import enrolled, nodes_of, refuse_one_cluster
from ansible_collections.hyperv.replica.plugins.plugin_utils._hosts import Opened, open_host, refuse_one_machine
from ansible_collections.hyperv.replica.plugins.plugin_utils._peer import peer_connection
from ansible_collections.hyperv.replica.plugins.plugin_utils._task import HostAction, Session

#: How long a round waits for a host that hangs; the others go on without it.
_HURRY: Final = timedelta(seconds=5)


@dataclass
class EstateSession(Session):
    """The hosts of a plan, opened, each by its inventory name.

    Attributes:
        nodes: the hosts that a name of the plan stands for.
    """

    sites: dict[str, Host] = field(default_factory=dict)
    nodes: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def start_crew(self) -> Crew:
        self.crew = Crew(self.sites, self.clock, deadline=self.deadline, stop=self.stop, hurry=_HURRY)
        return self.crew

    def sign_in_anew(self, names: Iterable[str]) -> None:
        """Have the next request to each of these hosts sign in again."""
        self.renewed |= {node for name in names for node in self.nodes.get(name, (name,))}

    def exchanges(self) -> dict[str, int]:
        """How many requests each host was sent."""
        return {name: host.exchanges for name, host in self.sites.items()}


class EstateAction(HostAction):
    """Opens no host at first: which ones there are says the plan."""

    def _open(self, options: dict[str, Any], task_vars: dict[str, Any]) -> Session:
        session: EstateSession = self.new_session(EstateSession, options, WallClock())
        return session

    def open_hosts(
        self, session: EstateSession, pairs: Iterable[tuple[str, str]], task_vars: Mapping[str, Any]
    ) -> dict[str, Roll]:
        """Open every host of these pairs once, and all nodes where one stands for a cluster; nothing is sent yet.

        Returns:
            Which hosts each name stands for.

        Raises:
            PreconditionFailed: one is not in the inventory or cannot be used, or two of a pair are one machine.
        """
        opened: dict[str, Opened] = {}
        rolls: dict[str, Roll] = {}
        for pair in pairs:
            for name in pair:
                if name not in rolls:
                    cluster, nodes = nodes_of(self, name, task_vars)
                    known: dict[HostKey, Enrolled] = {node: enrolled(self, node, task_vars) for node in nodes}
                    rolls[name] = Roll(cluster=cluster, hosts=known)
                    session.nodes[name] = nodes
                    self._open_nodes(session, [node for node in nodes if node not in opened], opened, task_vars)
            refuse_one_cluster(tuple(map(str, rolls[pair[0]].hosts)), tuple(map(str, rolls[pair[1]].hosts)), pair[0])
            for here in rolls[pair[0]].hosts:
                for there in rolls[pair[1]].hosts:
                    refuse_one_machine(opened[str(here)], opened[str(there)])
        return rolls

    def _open_nodes(
        self,
        session: EstateSession,
        names: Iterable[str],
        opened: dict[str, Opened],
        task_vars: Mapping[str, Any],
    ) -> None:
        for name in names:
            opened[name] = open_host(name, peer_connection(self, name, task_vars))
            session.opened.append(opened[name])
            session.sites[name] = self.host_of(opened[name], session)
