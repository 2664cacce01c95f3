# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whatever a small plan says, no limit is exceeded at any moment of its run, and it stops as it starts, backwards."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from ansible_collections.hyperv.replica.plugins.module_utils._drill.conduct import DEPENDENCY, STOPPED, Conductor
from ansible_collections.hyperv.replica.plugins.module_utils._drill.foretelling import foretold
from ansible_collections.hyperv.replica.plugins.module_utils._drill.order import stages, start_order, stop_order
from ansible_collections.hyperv.replica.plugins.module_utils._drill.plan import Plan, Towards
from ansible_collections.hyperv.replica.plugins.module_utils._drill.plan_reading import read_plan
from ansible_collections.hyperv.replica.plugins.module_utils._drill.recovery import recovered
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.calls import Arguments, Started
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.glancing import Part
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.host import Host
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.looking import Gather, Look
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import End, Side
from ansible_collections.hyperv.replica.plugins.module_utils._operations.follow import foresee
from ansible_collections.hyperv.replica.plugins.module_utils._operations.goal import OnFailure
from ansible_collections.hyperv.replica.plugins.module_utils._operations.operation import planned_failover
from ansible_collections.hyperv.replica.plugins.module_utils._operations.pace import Pace
from ansible_collections.hyperv.replica.plugins.module_utils._operations.plan import Method, Outcome
from ansible_collections.hyperv.replica.plugins.module_utils._operations.routes import Routes
from ansible_collections.hyperv.replica.plugins.module_utils._operations.scheduler import Scheduler
from ansible_collections.hyperv.replica.plugins.plugin_utils._casting import Wanted, look_at
from ansible_collections.hyperv.replica.tests.unit.plugins.module_utils._drill.conducted_run import (
    GIB,
    Heartbeats,
    Orchestra,
    asked,
)
from ansible_collections.hyperv.replica.tests.unit.plugins.module_utils._operations.estate_run import (
    Run,
    SimulatedClock,
    moved,
)
from ansible_collections.hyperv.replica.tests.unit.plugins.module_utils._operations.fleet_run import fleet

#: What each simulated machine starts with.
EACH = 4 * GIB
TIERS = ("base", "data", "web")


@some.composite
def plans(draw: some.DrawFn) -> dict[str, Any]:
    """A plan of a few machines on one pair of hosts or two; dependencies point backwards, in the order of the tiers."""
    count, pairs = draw(some.integers(2, 4)), draw(some.integers(1, 2))
    estate = fleet(vms=count, pairs=pairs)
    tiers = sorted(draw(some.lists(some.integers(0, 2), min_size=count, max_size=count)))
    vms = []
    for place, one in enumerate(estate["replicated"]):
        before = [f"VM{number:03d}" for number in range(1, place + 1)]
        needs = draw(some.lists(some.sampled_from(before), max_size=2, unique=True)) if before else []
        vms.append(
            {
                "name": one["name"],
                "home": one["primary"],
                "recovery": one["replica"],
                "tier": TIERS[tiers[place]],
                "depends_on": needs,
                "start_delay": f"{draw(some.sampled_from([0, 0, 30]))}s",
            }
        )
    return {
        "schema_version": 1,
        "name": "any",
        "vms": vms,
        "tiers": [{"name": name} for name in TIERS],
        "barrier": draw(some.sampled_from(["plan", "tier", "consistency_group"])),
        "limits": {
            "concurrency": draw(some.integers(1, 4)),
            "active_transfers": draw(some.integers(1, 3)),
            "winrm_operations": draw(some.integers(1, 3)),
            "memory_reserve": "1GiB",
        },
    }


class _Counted:
    """A host that counts how many of its operations are under way at once."""

    def __init__(self, host: Host, site: Played) -> None:
        self._host, self._site = host, site
        self.name = host.name

    @property
    def exchanges(self) -> int:
        return self._host.exchanges

    def look(self, gather: Collection[Gather], vm_ids: Collection[str] | None = None) -> Look:
        with self._site.operation(self.name):
            return self._host.look(gather, vm_ids)

    def glance(self, known: Look, parts: Collection[Part], vm_ids: Collection[str]) -> Look:
        with self._site.operation(self.name):
            return self._host.glance(known, parts, vm_ids)

    def perform(self, side: Side, method: str, arguments: Arguments) -> Started:
        with self._site.operation(self.name):
            return self._host.perform(side, method, arguments)


class _Operation:
    def __init__(self, site: Played, name: str) -> None:
        self._site, self._name = site, name

    def __enter__(self) -> None:
        with self._site.counting:
            self._site.under_way[self._name] += 1
            here = self._site.under_way[self._name]
            self._site.operations[self._name] = max(self._site.operations[self._name], here)

    def __exit__(self, *_trouble: object) -> None:
        with self._site.counting:
            self._site.under_way[self._name] -= 1


class Played(Orchestra):
    """Plays a whole plan, from what the hosts say of themselves to its end.

    Attributes:
        operations: the most operations on a host that were under way at one moment.
        foretold: what check mode says of each machine.
    """

    def __init__(self, data: dict[str, Any], free: int) -> None:
        """FREE machines fit beside those that run on a host when it begins."""
        estate = fleet(vms=len(data["vms"]), pairs=len({vm["home"] for vm in data["vms"]}))
        running = Counter(one["primary"] for one in estate["replicated"])
        for host in estate["hosts"]:
            host["memory"] = f"{4 * (running[host['name']] + free) + 2} GiB"
        super().__init__(estate)
        self.world.bandwidth = 1 << 20
        self.counting = threading.Lock()
        self.under_way: Counter[str] = Counter()
        self.operations: Counter[str] = Counter()
        self.foretold: dict[str, Outcome] = {}

    def operation(self, name: str) -> _Operation:
        return _Operation(self, name)

    def _host(self, name: str, run: Run, clock: SimulatedClock) -> Any:
        return _Counted(super()._host(name, run, clock), self)

    def play(self, plan: Plan, concurrency: int = 50) -> Run:
        """A planned move of the whole plan, as the action makes it."""
        run, goal = Run(), moved(on_failure=OnFailure.ROLL_BACK)
        wanted = Wanted(whole=plan, part=plan, towards=Towards.RECOVERY, planned=True, goal=goal)
        crew, looks = self.looks(run, Routes())
        looks.extra = {end: frozenset({Gather.POWER, Gather.POINTS, Gather.MEMORY, Gather.LIMITS}) for end in End}
        try:
            cast = look_at(wanted, looks)
            ways = {vm_id: planned_failover(goal) for vm_id in cast.ids}
            foreseen = {vm_id: foresee(one, cast.pairs[vm_id]) for vm_id, one in ways.items()}
            cast.weigh(wanted, foreseen)
            self.foretold = foretold(cast.members(wanted), {**foreseen, **cast.lost})
            room, watch = cast.room(wanted, concurrency), Heartbeats()
            gate = Conductor(
                cast.members(wanted),
                cast.occupancy(room),
                watch,
                after=lambda vm_id, talk: recovered(talk, vm_id, watch, timedelta(seconds=300)),
            )
            for vm_id, outcome in cast.lost.items():
                gate.ended(vm_id, outcome)
            scheduler = Scheduler(
                {vm_id: one for vm_id, one in ways.items() if vm_id not in cast.lost},
                cast.pairs,
                looks,
                Pace(poll=20, first=10, concurrency=room.concurrency, gate=gate),
                journal=run.journal,
                report=lambda vm_id, line: None,
            )
            run.outcomes = {**scheduler.run(), **cast.lost}
        finally:
            crew.dismiss()
        return run


def test_with_a_barrier_for_each_tier_nobody_waits_for_dependents_that_move_later() -> None:
    base = {"name": "VM001", "home": "A", "recovery": "B", "tier": "base"}
    data = {"name": "VM002", "home": "A", "recovery": "B", "tier": "data", "depends_on": ["VM001"]}
    tiers = [{"name": "base"}, {"name": "data"}]
    plan = {"schema_version": 1, "name": "any", "vms": [base, data], "tiers": tiers, "barrier": "tier"}

    run = Played(plan, free=2).play(read_plan(plan))

    assert [outcome.error for outcome in run.outcomes.values()] == [None, None]
    assert asked(run, Method.INITIATE_SHUTDOWN.value) == ["1", "2"]


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=plans(), free=some.integers(1, 6))
def test_at_no_moment_of_any_plan_a_limit_is_exceeded(data: dict[str, Any], free: int) -> None:
    site, plan = Played(data, free), read_plan(data)
    running = Counter(vm["home"] for vm in data["vms"])

    run = site.play(plan)

    limits = data["limits"]
    assert site.busiest <= limits["concurrency"]
    assert max([*site.sent.values(), *site.received.values()], default=0) <= limits["active_transfers"]
    assert max(site.operations.values()) <= limits["winrm_operations"]
    errors = [outcome.error for outcome in run.outcomes.values() if outcome.error]
    assert {error.kind for error in errors} <= {"no_memory", DEPENDENCY, STOPPED}
    assert all(used <= (running[host] + free) * EACH for host, used in site.used.items())
    assert (site.lost, site.split_brains) == (0, 0)
    assert len(run.outcomes) == len(data["vms"])
    well = [vm_id for vm_id, outcome in run.outcomes.items() if outcome.error is None]
    assert all(len(site.runs_at(int(vm_id[-12:], 16))) == 1 for vm_id in well)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=plans(), free=some.integers(0, 3), policy=some.sampled_from(["stop", "continue"]))
def test_whoever_never_fits_is_refused_before_anything_is_changed_and_check_mode_foretells_what_follows(
    data: dict[str, Any], free: int, policy: str
) -> None:
    for tier in data["tiers"]:
        tier["on_vm_failure"] = policy
    site, plan = Played(data, free), read_plan(data)

    run = site.play(plan)

    assert ends(run.outcomes) == ends(site.foretold)
    failed = [outcome for outcome in run.outcomes.values() if outcome.error or outcome.skipped]
    assert not any(outcome.changed for outcome in failed)
    homes = {vm["name"]: vm["home"] for vm in data["vms"]}
    for outcome in failed:
        assert site.runs_at(int(outcome.before.vm_id[-12:], 16)) == [homes[outcome.before.vm_name]]
    for outcome in failed:
        if outcome.error is not None and outcome.error.kind == "no_memory":
            assert outcome.error.host
            assert "4096 MiB" in outcome.error.found
            assert outcome.error.next_move


def ends(outcomes: Mapping[str, Outcome]) -> dict[str, str]:
    """How it ended with each machine, or is foretold to."""
    return {
        vm_id: outcome.error.kind if outcome.error else "skipped" if outcome.skipped else "moved"
        for vm_id, outcome in outcomes.items()
    }


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=plans())
def test_machines_of_a_stage_stop_in_exactly_the_reverse_of_the_order_in_which_they_are_to_start(
    data: dict[str, Any],
) -> None:
    data["limits"]["concurrency"] = 1
    plan = read_plan(data)
    site = Played(data, len(data["vms"]) + 1)

    run = site.play(plan)

    wanted = [str(int(name[2:])) for stage in stages(plan) for name in stage.stop_order]
    assert asked(run, Method.INITIATE_SHUTDOWN.value) == wanted
    started = asked(run, Method.REQUEST_STATE_CHANGE.value, requested="2")
    place = {number: at for at, number in enumerate(started)}
    assert sorted(place) == sorted(wanted)
    for vm in data["vms"]:
        assert all(place[str(int(on[2:]))] < place[str(int(vm["name"][2:]))] for on in vm["depends_on"])


@given(data=plans())
def test_the_stop_order_of_any_plan_is_its_start_order_backwards(data: dict[str, Any]) -> None:
    plan = read_plan(data)
    other = replace(plan, vms=plan.vms[::-1])

    for one in (plan, other):
        assert [vm.name for vm in stop_order(one)] == [vm.name for vm in start_order(one)][::-1]
        assert all(stage.stop_order == stage.start_order[::-1] for stage in stages(one))
        assert sorted(name for stage in stages(one) for name in stage.start_order) == sorted(vm.name for vm in one.vms)
