# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One run over many pairs of simulated hosts in this process: A replicates to B, C to D, and so on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from string import ascii_uppercase
from typing import Any

from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import End, Pair
from ansible_collections.hyperv.replica.plugins.module_utils._operations import operation as verbs
from ansible_collections.hyperv.replica.plugins.module_utils._operations.crew import Crew
from ansible_collections.hyperv.replica.plugins.module_utils._operations.goal import Goal
from ansible_collections.hyperv.replica.plugins.module_utils._operations.looks import Looks
from ansible_collections.hyperv.replica.plugins.module_utils._operations.operation import Operation
from ansible_collections.hyperv.replica.plugins.module_utils._operations.pace import Pace
from ansible_collections.hyperv.replica.plugins.module_utils._operations.routes import Ends, Routes
from ansible_collections.hyperv.replica.plugins.module_utils._operations.scheduler import Scheduler
from ansible_collections.hyperv.replica.tests.unit.plugins.module_utils._operations.estate_run import (
    POINTS,
    Killed,
    Run,
    SimulatedClock,
    Site,
    guid,
    host,
    moved,
    vm,
)


def fleet(vms: int, pairs: int, **more: Any) -> dict[str, Any]:
    """An estate of so many pairs of hosts, over which the VMs are dealt out."""
    names = ascii_uppercase[: 2 * pairs]
    couples = list(zip(names[::2], names[1::2], strict=True))
    hosts = [side for home, away in couples for side in (host(home, away), host(away, home))]
    replicated = [
        vm(number, primary=couples[number % pairs][0], replica=couples[number % pairs][1])
        for number in range(1, vms + 1)
    ]
    return {"schema_version": 1, "hosts": hosts, "replicated": replicated, **more}


class Fleet(Site):
    """Runs over all hosts of an estate at once."""

    def routes(self, estate: Mapping[str, Any]) -> Routes:
        """From each VM's primary to its replica."""
        ends: dict[str, Ends] = {
            one["guid"]: {End.SOURCE: (one["primary"],), End.DESTINATION: (one["replica"],)}
            for one in estate["replicated"]
        }
        return Routes(of=ends, otherwise={})

    def looks(self, run: Run, routes: Routes) -> tuple[Crew, Looks]:
        """A crew for all hosts, and the looks that it takes."""
        clock = SimulatedClock(self)
        hosts = {name: self._host(name, run, clock) for name in self.world.hosts}
        crew = Crew(hosts, clock, deadline=clock.now() + timedelta(hours=12), hurry=timedelta(seconds=5))
        return crew, Looks(crew, POINTS, patience_seconds=90, routes=routes)

    def move(
        self,
        routes: Routes,
        goal: Goal | None = None,
        *,
        pace: Pace | None = None,
        verb: Callable[[Goal, Pair], Operation] = lambda goal, seen: verbs.planned_failover(goal),
    ) -> Run:
        """All VMs of the routes in one run, from source to destination."""
        run = Run()
        crew, looks = self.looks(run, routes)
        try:
            looks.survey()
            pairs = looks.pairs([*routes.of])
            operations = {vm_id: verb(goal or moved(), pair) for vm_id, pair in pairs.items()}
            scheduler = Scheduler(
                operations,
                pairs,
                looks,
                pace or Pace(poll=15),
                journal=run.journal,
                report=lambda vm_id, line: run.lines.append((vm_id, line)),
            )
            run.outcomes = scheduler.run()
        except Killed:
            run.killed = True
        finally:
            crew.dismiss()
        return run

    def ended(self, run: Run, number: int) -> str:
        """The kind of a VM's error; empty where it has none."""
        error = run.outcomes[guid(number)].error
        return error.kind if error else ""
