# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A host over a simulated one in this process: bytes in, bytes out, and every request written down."""

from __future__ import annotations

import uuid
from datetime import datetime, timezone

from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.host import Host
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.service import Service
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.world import World

START = datetime(2026, 1, 12, 8, 0, tzinfo=timezone.utc)


class Simulated:
    """A carrier to one simulated host.

    Attributes:
        mutating: the methods asked for that change something.
    """

    def __init__(self, world: World, name: str) -> None:
        self._service = Service(world, name)
        self.mutating: list[str] = []

    def exchange(self, envelope: bytes, *, repeatable: bool) -> bytes:
        facts = self._service.peek(envelope)
        if facts.mutating:
            self.mutating.append(facts.method)
        return self._service.answer(envelope, principal="admin").body

    def close(self) -> None:
        """Nothing is open."""


def simulated_host(world: World, name: str) -> tuple[Host, Simulated]:
    """The client's view of a host of this world, and what carries it there."""
    carrier = Simulated(world, name)
    endpoint = f"http://{name.lower()}.example.test:5985/wsman"
    return Host(name.lower(), carrier, endpoint=endpoint, new_id=uuid.uuid4, now=lambda: START), carrier
