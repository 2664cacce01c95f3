# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Conducted runs over simulated hosts in this process, with an eye on what the hosts do at every moment."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from ansible_collections.hyperv.replica.plugins.module_utils._drill.conduct import Conductor
from ansible_collections.hyperv.replica.plugins.module_utils._drill.occupancy import Occupancy
from ansible_collections.hyperv.replica.plugins.module_utils._drill.recovery import recovered
from ansible_collections.hyperv.replica.plugins.module_utils._drill.standing import Member
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import Pair, Side
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.states import JobType, Power
from ansible_collections.hyperv.replica.plugins.module_utils._operations.goal import Goal
from ansible_collections.hyperv.replica.plugins.module_utils._operations.operation import Operation, planned_failover
from ansible_collections.hyperv.replica.plugins.module_utils._operations.pace import Pace
from ansible_collections.hyperv.replica.plugins.module_utils._operations.plan import Method, Talk, Target
from ansible_collections.hyperv.replica.plugins.module_utils._operations.routes import Routes
from ansible_collections.hyperv.replica.plugins.module_utils._operations.waiting import guest_answers
from ansible_collections.hyperv.replica.tests.unit.plugins.module_utils._operations.estate_run import Run, guid, moved
from ansible_collections.hyperv.replica.tests.unit.plugins.module_utils._operations.fleet_run import Fleet

#: Jobs in which a host sends a machine's data because it was asked to.
SENDS: Final = (JobType.INITIATE_SYNCED_REPLICATION, JobType.SENDING_INITIAL_REPLICA, JobType.RESYNCHRONIZING)

#: Jobs of the replication itself, which nobody asks for.
CYCLES: Final = (JobType.SENDING_DELTA, JobType.RECEIVING_DELTA, JobType.APPLY_CHANGE_LOG)

GIB: Final = 1 << 30


class Heartbeats:
    """Takes a machine as recovered when its guest answers, but for some that never are."""

    def __init__(self, never: Collection[str] = ()) -> None:
        self._never = set(never)
        self._since: dict[str, datetime] = {}

    @property
    def watched(self) -> Collection[str]:
        """All of them."""
        return _Everything()

    def look(self, seen: Mapping[str, Pair], now: datetime) -> None:
        """Take note of who answers where it was to go."""
        for vm_id, pair in seen.items():
            here = pair.destination
            runs = isinstance(here, Side) and here.power is Power.RUNNING
            if runs and guest_answers(pair) and vm_id not in self._never:
                self._since.setdefault(vm_id, now)

    def is_green(self, vm_id: str) -> bool:
        return vm_id in self._since

    def since(self, vm_id: str) -> datetime | None:
        return self._since.get(vm_id)

    def said(self, vm_id: str) -> str:
        return "heartbeat: the guest is silent"


class _Everything(Collection[str]):
    """Has everything in it."""

    def __contains__(self, one: object) -> bool:
        return True

    def __iter__(self) -> Any:
        return iter(())

    def __len__(self) -> int:
        return 0


class Orchestra(Fleet):
    """Runs under a conductor. What the hosts do is looked at after every request: nothing else begins anything.

    Attributes:
        sent, received: the most machines that a host sent, and that it received, at one moment.
        used: the most memory of running machines on a host at one moment.
        busiest: the most machines that were worked at by hosts at one moment.
    """

    def __init__(self, estate: Mapping[str, Any], /, **switches: str) -> None:
        super().__init__(estate, **switches)
        self.estate = estate
        self.sent: Counter[str] = Counter()
        self.received: Counter[str] = Counter()
        self.used: Counter[str] = Counter()
        self.busiest = 0

    def members(self, **of_all: Any) -> list[Member]:
        """Every VM of the estate, in one stage and tier unless told otherwise."""
        return [
            Member(vm_id=one["guid"], name=one["name"], leaves=one["primary"], enters=one["replica"], **of_all)
            for one in self.estate["replicated"]
        ]

    def conduct(
        self,
        members: Sequence[Member],
        *,
        room: Occupancy | None = None,
        watch: Heartbeats | None = None,
        goal: Goal | None = None,
        pace: Pace | None = None,
        verb: Callable[[Goal, Pair], Operation] = lambda goal, seen: planned_failover(goal),
        **how: Any,
    ) -> Run:
        """A planned failover of the members under a conductor, or what else is asked for."""
        eye = watch or Heartbeats()
        everywhere = self.routes(self.estate)
        routes = Routes(of={member.vm_id: everywhere.of[member.vm_id] for member in members}, otherwise={})

        def after(vm_id: str, talk: Talk) -> Talk:
            return recovered(talk, vm_id, eye, timedelta(seconds=300))

        gate = Conductor(members, room or Occupancy(), eye, after=after, **how)
        return self.move(
            routes,
            goal or moved(Target.PROTECTED),
            pace=replace(pace or Pace(poll=15, concurrency=50), gate=gate),
            verb=verb,
        )

    def looked_at(self, vm_id: str) -> dict[str, Pair]:
        """What both ends of a VM show."""
        crew, looks = self.looks(Run(), self.routes(self.estate))
        try:
            looks.survey()
            return looks.pairs([vm_id])
        finally:
            crew.dismiss()

    def strike_after(self, run: Run) -> None:
        super().strike_after(run)
        sent, received, worked = Counter[str](), Counter[str](), set[str]()
        for name, here in self.world.hosts.items():
            for job in here.jobs.values():
                if job.running and job.type not in CYCLES:
                    worked.add(job.vm_guid)
                if job.running and job.type in SENDS:
                    sent[name] += 1
                    received[self._other(name, job.vm_guid)] += 1
            self.used[name] = max(self.used[name], sum(vm.memory for vm in here.vms.values() if vm.alive))
        self.busiest = max(self.busiest, len(worked))
        self.sent |= sent
        self.received |= received

    def _other(self, name: str, vm_guid: str) -> str:
        return next(host.name for host, _copy in self.world.copies(vm_guid) if host.name != name)


def asked(run: Run, method: str, *, requested: str = "") -> list[str]:
    """The machines for which a method was asked, by number, in order."""
    numbers = {guid(number): f"{number}" for number in range(1, 400)}
    wanted = Method(method)
    return [
        numbers[record.vm_id]
        for record in run.journal.records
        if record.event == "asking"
        and record.method == wanted.value
        and requested in ("", str(record.arguments.get("RequestedState")))
    ]
