# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whole runs of operations against the simulated estate in this process, where a rest costs no time at all."""

from __future__ import annotations

import random
import threading
import uuid
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any, Final

from ansible_collections.hyperv.replica.plugins.module_utils._errors import AccessRefused, NotDelivered, OutcomeUnknown
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.host import Host
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.looking import Gather
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import End, Pair
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.states import Power
from ansible_collections.hyperv.replica.plugins.module_utils._operations import operation as verbs
from ansible_collections.hyperv.replica.plugins.module_utils._operations.crew import Crew
from ansible_collections.hyperv.replica.plugins.module_utils._operations.follow import foresee
from ansible_collections.hyperv.replica.plugins.module_utils._operations.goal import Goal
from ansible_collections.hyperv.replica.plugins.module_utils._operations.journal import Journal
from ansible_collections.hyperv.replica.plugins.module_utils._operations.looks import Looks
from ansible_collections.hyperv.replica.plugins.module_utils._operations.operation import Operation
from ansible_collections.hyperv.replica.plugins.module_utils._operations.pace import Pace
from ansible_collections.hyperv.replica.plugins.module_utils._operations.plan import Consent, Outcome, Target
from ansible_collections.hyperv.replica.plugins.module_utils._operations.routes import Routes
from ansible_collections.hyperv.replica.plugins.module_utils._operations.scheduler import Scheduler
from ansible_collections.hyperv.replica.plugins.module_utils._transport.session import SessionCarrier
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.estate import from_estate
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.machines import Vm
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.service import Service
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.trouble import Trouble

START: Final = datetime(2026, 1, 12, 8, 0, tzinfo=timezone.utc)
PROVIDER: Final = "5E5D4C3B-2A19-4807-96F5-E4D3C2B1A098"
#: A run that asks more than this goes round in circles.
_MOST: Final = 20_000

PLAIN: Final = {end: frozenset[Gather]() for end in End}
POWER: Final = {end: frozenset({Gather.POWER}) for end in End}
POINTS: Final = {**POWER, End.DESTINATION: frozenset({Gather.POWER, Gather.POINTS})}

ALL_CONSENTS: Final = frozenset(Consent)


def guid(number: int) -> str:
    """The GUID of the n-th VM."""
    return f"9F3C1E2A-7B61-4C55-9C0B-{number:012X}"


def host(name: str, other: str, **more: object) -> dict[str, Any]:
    """A host that authorizes another."""
    return {
        "name": name,
        "fqdn": f"{name.lower()}.example.test",
        "memory": "4 TiB",
        "replica_server": {"authorize": [{"primary": f"{other.lower()}.example.test"}]},
        "providers": [{"guid": PROVIDER, "name": "external"}],
        **more,
    }


def vm(number: int = 1, **more: object) -> dict[str, Any]:
    """A VM that runs on A, writes once a second, and replicates to B every five minutes."""
    return {
        "name": f"VM{number:03d}",
        "guid": guid(number),
        "primary": "A",
        "replica": "B",
        "power": "running",
        "disks": [{"size": "10 GiB", "used": "2 GiB"}],
        **more,
    }


def estate(*replicated: Mapping[str, Any], **more: object) -> dict[str, Any]:
    """Two hosts with these pairs on them; one pair when none is given."""
    hosts = more.pop("hosts", None) or [host("A", "B"), host("B", "A")]
    return {"schema_version": 1, "hosts": hosts, "replicated": list(replicated) or [vm()], **more}


class Killed(Exception):
    """The controller's process ends here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One envelope that reached a host, or was cut on its way."""

    number: int
    host: str
    action: str
    class_name: str
    method: str
    vm: str
    mutating: bool
    executed: bool
    at: datetime


@dataclass(slots=True, kw_only=True)
class Run:
    """What one run of a task came to."""

    outcomes: dict[str, Outcome] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)
    journal: Journal = field(default_factory=lambda: Journal("run"))
    lines: list[tuple[str, str]] = field(default_factory=list)
    killed: bool = False

    @property
    def one(self) -> Outcome:
        """The outcome of the only VM."""
        return next(iter(self.outcomes.values()))

    @property
    def mutations(self) -> list[str]:
        """The methods that were asked for and change something, in order."""
        return [request.method for request in self.requests if request.mutating]

    @property
    def executed(self) -> list[str]:
        """Those of them that a host carried out."""
        return [request.method for request in self.requests if request.mutating and request.executed]

    def error(self, kind: str) -> Any:
        """The error of the only VM, which is of this kind."""
        error = self.one.error
        assert error is not None, f"no error where {kind} was expected"
        assert error.kind == kind, str(error)
        return error


class SimulatedClock:
    """The clock of the simulated world; resting moves it."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def now(self) -> datetime:
        return self._site.world.clock.now()

    def rest(self, seconds: float, stop: threading.Event) -> None:
        """Let simulated time pass; a plan of the test strikes at its moment."""
        with self._site.world.lock:
            self._site.world.advance(timedelta(seconds=seconds))


class _InProcess:
    """A session that hands envelopes to a simulated host, or meets the trouble that was ordered for them."""

    def __init__(self, site: Site, name: str, run: Run) -> None:
        self._site, self._name, self._run = site, name, run

    def send(self, envelope: bytes) -> bytes:
        world, service = self._site.world, self._site.services[self._name]
        there = world.hosts[self._name]
        with world.lock:
            self._site.strike_before(self._run)
            facts = service.peek(envelope)
            trouble = world.meet(there, facts)
            executed = there.up and (trouble is None or trouble.kind in ("cut_after", "delay") or trouble.executed)
            self._run.requests.append(
                Request(
                    number=len(self._run.requests) + 1,
                    host=self._name,
                    action=facts.action,
                    class_name=facts.class_name,
                    method=facts.method,
                    vm=facts.vm,
                    mutating=facts.mutating,
                    executed=executed,
                    at=world.now,
                )
            )
            if not there.up:
                raise OutcomeUnknown("the connection was cut")
            answer = service.answer(envelope, principal="admin").body if executed else b""
            self._site.strike_after(self._run)
            return self._answered(answer, envelope, service, trouble)

    def _answered(self, answer: bytes, envelope: bytes, service: Service, trouble: Trouble | None) -> bytes:
        match trouble.kind if trouble else "":
            case "" | "delay":
                return answer
            case "refuse_connection":
                raise NotDelivered("the connection was refused")
            case "unauthorized":
                raise AccessRefused("401")
            case "html":
                return b"<html><body>gateway</body></html>"
            case "fault" | "quota":
                assert trouble is not None
                return service.refuse(envelope, trouble).body
        raise OutcomeUnknown("the connection was cut")

    def close(self) -> None:
        """Nothing is open."""


class Site:
    """A simulated estate with its two hosts, and runs of tasks on it."""

    poll = 15.0

    def __init__(self, plain: Mapping[str, Any] | None = None, /, **switches: str) -> None:
        self.world = from_estate(plain or estate(), start=START, rate=0, switches=switches)
        self.services = {name: Service(self.world, name) for name in self.world.hosts}
        self.kill_at: int | None = None
        self.kill_after_execution = False

    def a(self, number: int = 1) -> Vm:
        """The copy of the n-th VM on A."""
        return self.world.hosts["A"].vms[guid(number)]

    def b(self, number: int = 1) -> Vm:
        """The copy of the n-th VM on B."""
        return self.world.hosts["B"].vms[guid(number)]

    def act(self, deed: str, /, **arguments: Any) -> None:
        """Somebody does something by hand."""
        self.world.act(deed, **arguments)

    def order(self, kind: str, **trouble: Any) -> Trouble:
        """Order trouble."""
        return self.world.trouble.add({"kind": kind, **trouble})

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.world.advance(timedelta(seconds=seconds))

    def shown(self, number: int = 1) -> tuple[tuple[int, int, str], tuple[int, int, str]]:
        """Mode, state and power of the copies on A and on B."""
        first, second = ((int(c.mode), int(c.state), c.power.name) for c in (self.a(number), self.b(number)))
        return first, second

    @property
    def lost(self) -> int:
        """Writes that no copy holds any more."""
        return self.world.ledger.lost()

    @property
    def split_brains(self) -> int:
        """How often two copies of one VM ran at once."""
        return len(self.world.ledger.split_brains)

    def runs_at(self, number: int = 1) -> list[str]:
        """The hosts on which a VM runs."""
        return [host.name for host, copy in self.world.copies(guid(number)) if copy.power is Power.RUNNING]

    # -- tasks

    def failover(self, goal: Goal | None = None, **how: Any) -> Run:
        """hyperv_replica_failover mode: planned on B."""
        return self.run(lambda goal, seen: verbs.planned_failover(goal), goal or moved(), gathers=POWER, **how)

    def failover_home(self, goal: Goal | None = None, **how: Any) -> Run:
        """The same on A."""
        return self.failover(goal, home="A", away="B", **how)

    def unplanned(self, goal: Goal | None = None, **how: Any) -> Run:
        """hyperv_replica_failover mode: unplanned on B."""
        goal = goal or moved(Target.RUNNING)
        return self.run(lambda goal, seen: verbs.unplanned_failover(goal), goal, gathers=POINTS, **how)

    def failback(self, goal: Goal | None = None, **how: Any) -> Run:
        """hyperv_replica_failback on A."""
        where = {"home": "A", "away": "B", **how}
        return self.run(verbs.failback_of, goal or moved(), gathers=POWER, **where)

    def cancel(self, goal: Goal | None = None, **how: Any) -> Run:
        """hyperv_replica_failover_cancel on B."""
        goal = goal or moved(Target.SYNCED)
        return self.run(lambda goal, seen: verbs.cancel_failover(goal), goal, gathers=PLAIN, **how)

    def power(self, wanted: Power, goal: Goal | None = None, **how: Any) -> Run:
        """hyperv_vm_power on B, or where ``home`` says."""
        goal = goal or moved(Target.RUNNING)
        return self.run(lambda goal, seen: verbs.power_to(goal, wanted), goal, gathers=PLAIN, **how)

    def run(
        self,
        verb: Callable[[Goal, Pair], Operation],
        goal: Goal,
        *,
        gathers: Mapping[End, Collection[Gather]],
        home: str = "B",
        away: str | None = "A",
        numbers: Collection[int] = (1,),
        vm_ids: Collection[str] = (),
        pace: Pace | None = None,
        timeout: float = 6 * 3600,
        check: bool = False,
        view: Callable[[Pair], Pair] = lambda seen: seen,
    ) -> Run:
        """Look, plan and go on, as the actions do; with ``check`` only say what would be done."""
        run, clock = Run(), SimulatedClock(self)
        ends = {End.DESTINATION: self.hosts_of(home)} | ({End.SOURCE: self.hosts_of(away)} if away else {})
        hosts = {name: self._host(name, run, clock) for names in ends.values() for name in names}
        crew = Crew(hosts, clock, deadline=clock.now() + timedelta(seconds=timeout))
        try:
            looks = Looks(crew, gathers, patience_seconds=90, routes=Routes(otherwise=ends), view=view)
            looks.first(silence_allowed=True)
            pairs = looks.pairs(list(vm_ids) or [guid(number) for number in numbers])
            operations = {vm_id: verb(goal, seen) for vm_id, seen in pairs.items()}
            if check:
                run.outcomes = {vm_id: foresee(operations[vm_id], pairs[vm_id]) for vm_id in pairs}
                return run
            scheduler = Scheduler(
                operations,
                pairs,
                looks,
                pace or Pace(poll=self.poll),
                journal=run.journal,
                report=lambda vm_id, line: run.lines.append((vm_id, line)),
            )
            run.outcomes = scheduler.run()
        except Killed:
            run.killed = True
        finally:
            crew.dismiss()
        return run

    def hosts_of(self, side: str) -> tuple[str, ...]:
        """The hosts of an end: one, or the nodes of a cluster."""
        return (side,)

    def strike_before(self, run: Run) -> None:
        """End the controller before the n-th request leaves, or a run that never ends."""
        if self.kill_at == len(run.requests) + 1 and not self.kill_after_execution:
            raise Killed
        if len(run.requests) > _MOST:
            raise RuntimeError("this run goes round in circles")

    def strike_after(self, run: Run) -> None:
        """End the controller before it reads the answer to the n-th request."""
        if self.kill_at == len(run.requests) and self.kill_after_execution:
            raise Killed

    def _host(self, name: str, run: Run, clock: SimulatedClock) -> Host:
        def opened() -> _InProcess:
            if not self.world.hosts[name].up:
                raise NotDelivered("nobody answers at this address")
            return _InProcess(self, name, run)

        chance = random.Random(name)  # the system's would cost a switch of threads for each request
        return Host(
            name.lower(),
            SessionCarrier(name.lower(), opened),
            endpoint=f"http://{name.lower()}:5985/wsman",
            new_id=lambda: uuid.UUID(int=chance.getrandbits(128), version=4),
            now=clock.now,
        )


def moved(target: Target = Target.PROTECTED, *consent: Consent, **more: Any) -> Goal:
    """A goal with these consents."""
    return Goal(target=target, consent=frozenset(consent), reason="test" if consent else "", **more)
