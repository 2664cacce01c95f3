# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What this collection does for the same tasks: its hosts and its scheduler, over its transport, to the simulator."""

from __future__ import annotations

import contextlib
import threading
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.host import Gather, Host, Limits
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import End
from ansible_collections.hyperv.replica.plugins.module_utils._operations.crew import Crew
from ansible_collections.hyperv.replica.plugins.module_utils._operations.goal import Goal
from ansible_collections.hyperv.replica.plugins.module_utils._operations.journal import Journal
from ansible_collections.hyperv.replica.plugins.module_utils._operations.looks import Looks
from ansible_collections.hyperv.replica.plugins.module_utils._operations.operation import failback_of
from ansible_collections.hyperv.replica.plugins.module_utils._operations.pace import Pace
from ansible_collections.hyperv.replica.plugins.module_utils._operations.plan import Outcome, Target
from ansible_collections.hyperv.replica.plugins.module_utils._operations.scheduler import Scheduler
from ansible_collections.hyperv.replica.plugins.plugin_utils._hosts import open_psrp
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.launch import Simulation

HOME, AWAY = "HV-A", "HV-B"
#: What ansible.builtin.psrp has for a host without options, but for the way in.
PSRP: Mapping[str, Any] = {
    "protocol": "http",
    "path": "wsman",
    "remote_addr": "127.0.0.1",
    "auth": "basic",
    "message_encryption": "never",
    "cert_validation": "ignore",
    "ignore_proxy": True,
    "connection_timeout": 30,
    "read_timeout": 30,
    "operation_timeout": 20,
    "max_envelope_size": 153600,
    "credssp_minimum_version": 2,
}


@dataclass
class SimulatedTime:
    """The clock of the simulated hosts. It runs while requests travel; a rest moves it and takes no time here."""

    simulation: Simulation
    rests: list[datetime] = field(default_factory=list)

    def now(self) -> datetime:
        return self.moved(0)

    def rest(self, seconds: float, stop: threading.Event) -> None:
        self.rests.append(self.now())
        self.moved(seconds)

    def moved(self, seconds: float) -> datetime:
        return datetime.fromisoformat(self.simulation.advance(seconds)["now"])


@contextlib.contextmanager
def host_at(simulation: Simulation, name: str, port: int, clock: SimulatedTime) -> Iterator[Host]:
    """A simulated host, reached by this port."""
    given = {**PSRP, "port": port, "remote_user": simulation.username, "remote_password": simulation.password}
    opened = open_psrp(name, given.get)
    limits = Limits(operation_timeout=opened.operation_timeout, max_envelope_size=opened.max_envelope_size)
    with contextlib.closing(opened):
        yield Host(name, opened.carrier, endpoint=opened.endpoint, new_id=uuid.uuid4, now=clock.now, limits=limits)


def states(simulation: Simulation, port: int, vm_ids: list[str] | None) -> int:
    """Read the state of these VMs of a host, or of all; give of how many it came."""
    with host_at(simulation, HOME, port, SimulatedTime(simulation)) as host:
        return len(host.look({Gather.STATE}, vm_ids).sides)


def failback(simulation: Simulation, ports: Mapping[str, int], vm_id: str, poll: float) -> tuple[Outcome, int]:
    """Bring one VM home; give what came of it, and how often it was polled after the last step."""
    clock = SimulatedTime(simulation)
    mark = simulation.mark("failback")
    with (
        host_at(simulation, HOME, ports[HOME], clock) as home,
        host_at(simulation, AWAY, ports[AWAY], clock) as away,
    ):
        crew = Crew({End.DESTINATION: home, End.SOURCE: away}, clock, deadline=clock.now() + timedelta(hours=6))
        try:
            outcome = brought_home(crew, vm_id, poll)
        finally:
            crew.dismiss()
    last = datetime.fromisoformat(simulation.mutations(mark)[-1]["at"])
    return outcome, sum(moment >= last for moment in clock.rests)


def brought_home(crew: Crew, vm_id: str, poll: float) -> Outcome:
    """What hyperv_replica_failback does with its defaults."""
    gathers = {end: frozenset({Gather.POWER}) for end in End}
    looks = Looks(crew, gathers, patience_seconds=90)
    looks.first(silence_allowed=True)
    pairs = looks.pairs([vm_id])
    operations = {vm_id: failback_of(Goal(target=Target.PROTECTED), pairs[vm_id])}
    pace, journal = Pace(poll=poll), Journal("benchmark")
    run = Scheduler(operations, pairs, looks, pace, journal=journal, report=lambda vm_id, line: None)
    return run.run()[vm_id]
