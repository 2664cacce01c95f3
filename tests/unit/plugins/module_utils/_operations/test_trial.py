# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An unplanned failover that is committed only once its guest is good: apart from the network, and continued."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.looking import Gather
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import End, Pair, Side
from ansible_collections.hyperv.replica.plugins.module_utils._operations import operation as verbs
from ansible_collections.hyperv.replica.plugins.module_utils._operations.goal import Commit, Goal, PointChoice, Trials
from ansible_collections.hyperv.replica.plugins.module_utils._operations.markers import trial_in
from ansible_collections.hyperv.replica.plugins.module_utils._operations.plan import Method, Target
from ansible_collections.hyperv.replica.tests.unit.plugins.module_utils._operations.estate_run import (
    ALL_CONSENTS,
    Run,
    Site,
    estate,
    host,
    moved,
    vm,
)

GATHERS = {
    End.DESTINATION: frozenset({Gather.POWER, Gather.POINTS, Gather.ADAPTERS}),
    End.SOURCE: frozenset({Gather.POWER}),
}
TRIED = [
    "ModifySystemSettings",
    "InitiateFailover",
    "ModifyResourceSettings",
    "RequestStateChange",
    "ModifySystemSettings",
    "ModifyResourceSettings",
    "CommitFailover",
    "ModifySystemSettings",
]


class PointJudge:
    """Finds good what was started from a point with so many writes at most: younger ones were ruined before."""

    def __init__(self, site: Site, most: int) -> None:
        self._site, self._most = site, most
        self.said = "the database does not open"

    def good(self, seen: Pair) -> bool:
        here = seen.destination
        return isinstance(here, Side) and self._site.b().writes.get("A", 0) <= self._most


def outage(**switches: str) -> Site:
    """A is dark; B has the replica with recovery points an hour apart, connected to Production when it starts."""
    hosts = [host("A", "B"), host("B", "A", switches=["Production", "Trial"])]
    pair = vm(recovery_history=4, adapters=[{"switch": "Office"}], replica_switch="Production")
    site = Site(estate(pair, hosts=hosts), **switches)
    for _hour in range(3):
        site.wait(3700)
    site.act("power_loss", host="A")
    return site


def goal(fall_back: int = 0, *, loss: float = 12, commit: Commit = Commit.VERIFIED, **more: Any) -> Goal:
    trials = Trials(within=timedelta(seconds=120), fall_back=fall_back, switches=more.pop("switches", {}))
    return moved(
        Target.RUNNING,
        commit=commit,
        trials=trials,
        primary_confirmed_down="shift lead, INC-1",
        point=PointChoice(max_loss=timedelta(hours=loss)),
        **more,
    )


def go(site: Site, wanted: Goal, most: int | None = None, **how: Any) -> Run:
    """hyperv_replica_failover mode: unplanned on B."""
    judge = None if most is None else PointJudge(site, most)
    return site.run(lambda g, seen: verbs.unplanned_failover(g, judge), wanted, gathers=GATHERS, **how)


def older_than(site: Site, count: int) -> int:
    """Writes in the count-th newest recovery point."""
    return site.b().recovery_points[-1 - count].writes[0]["A"]


def ended_well(site: Site, run: Run) -> None:
    assert run.one.error is None, str(run.one.error)
    assert (int(site.b().state), site.runs_at()) == (6, ["B"])
    assert [adapter.switch for adapter in site.b().adapters] == ["Production"]
    assert trial_in(site.b().notes) is None
    assert site.split_brains == 0


def test_it_starts_apart_from_the_network_and_is_connected_and_committed_once_it_is_good() -> None:
    site = outage()
    planned = [step.method.value for step in go(site, goal(), check=True).one.planned if step.method.mutates]
    run = go(site, goal())
    ended_well(site, run)
    assert run.mutations == planned == TRIED
    again = go(site, goal())
    assert again.one.already_there
    assert again.mutations == []


def test_nobody_on_the_network_meets_it_before_it_is_good() -> None:
    site = outage()
    run = go(site, goal(), most=-1)
    run.error("not_verified")
    assert [adapter.switch for adapter in site.b().adapters] == [""]
    assert (int(site.b().state), site.runs_at()) == (5, ["B"])
    assert "CommitFailover" not in run.mutations


def test_what_was_no_good_is_asked_again_by_the_next_run() -> None:
    site = outage()
    go(site, goal(), most=-1)
    second = go(site, goal())
    ended_well(site, second)
    assert second.mutations == TRIED[4:]


def test_a_named_test_network_is_used_for_the_trial() -> None:
    site = outage()
    run = go(site, goal(switches={"": "Trial"}), most=-1)
    run.error("not_verified")
    assert [adapter.switch for adapter in site.b().adapters] == ["Trial"]


@pytest.mark.parametrize(("switch", "kind"), [("Production", "production_network"), ("Nowhere", "bad_option")])
def test_a_trial_on_a_network_that_serves_users_is_refused(switch: str, kind: str) -> None:
    site = outage()
    run = go(site, goal(switches={"": switch}))
    run.error(kind)
    assert run.mutations == []


def test_older_points_are_tried_as_far_as_was_allowed() -> None:
    site = outage()
    most = older_than(site, 1)
    run = go(site, goal(2), most=most)
    ended_well(site, run)
    assert run.mutations.count("InitiateFailover") == 3
    assert run.mutations.count("RevertFailover") == 2


def test_when_no_further_point_is_allowed_the_last_one_is_left_for_people_to_look_at() -> None:
    site = outage()
    error = go(site, goal(1), most=-1).error("not_verified")
    assert "2 recovery points were tried" in error.found
    assert "the database does not open" in error.found
    assert (int(site.b().state), site.runs_at()) == (5, ["B"])
    assert [adapter.switch for adapter in site.b().adapters] == [""]


def test_a_point_that_loses_more_than_was_allowed_is_not_tried() -> None:
    site = outage()
    run = go(site, goal(4, loss=1.2), most=-1)
    run.error("not_verified")
    tried = run.mutations.count("InitiateFailover")
    assert 1 < tried < 4


NUMBERS: dict[str, list[int]] = {}


def numbers(fall_back: int) -> list[int]:
    """The number of each request that changes something in an undisturbed run."""
    key = str(fall_back)
    if key not in NUMBERS:
        site = outage()
        run = go(site, goal(fall_back), most=older_than(site, 0) if fall_back else None)
        NUMBERS[key] = [request.number for request in run.requests if request.mutating]
    return NUMBERS[key]


@pytest.mark.parametrize("step", range(14))
def test_a_run_killed_at_a_step_is_continued(step: int) -> None:
    site = outage()
    most = older_than(site, 0)
    at = numbers(1)
    site.kill_at, site.kill_after_execution = at[min(step, len(at) - 1)], True
    assert go(site, goal(1), most=most).killed
    site.kill_at = None
    ended_well(site, go(site, goal(1), most=most))


def test_a_run_killed_while_the_guest_is_asked_finds_it_and_goes_on() -> None:
    site = outage()
    site.kill_at = numbers(0)[4] - 3
    assert go(site, goal()).killed
    site.kill_at = None
    run = go(site, goal())
    ended_well(site, run)
    assert run.mutations == TRIED[4:]


@pytest.mark.parametrize("commit", [Commit.NEVER, Commit.NOW])
def test_a_run_that_does_not_go_on_with_the_trial_puts_back_what_it_left(commit: Commit) -> None:
    site = outage()
    go(site, goal(), most=-1)
    run = go(site, goal(commit=commit))
    assert run.one.error is None, str(run.one.error)
    assert [adapter.switch for adapter in site.b().adapters] == ["Production"]
    assert trial_in(site.b().notes) is None
    assert int(site.b().state) == (6 if commit is Commit.NOW else 5)


def test_cancelling_puts_back_what_the_trial_left() -> None:
    site = outage()
    go(site, goal(), most=-1)
    site.act("power_return", host="A")
    site.act("turn_off_vm", host="A", vm="VM001")
    consent = moved(Target.SYNCED, *ALL_CONSENTS, guest_timeout=timedelta())
    run = site.run(lambda g, seen: verbs.cancel_failover(g), consent, gathers=GATHERS)
    assert run.one.error is None, str(run.one.error)
    assert [adapter.switch for adapter in site.b().adapters] == ["Production"]
    assert trial_in(site.b().notes) is None


def test_a_vm_that_ran_before_anybody_tried_it_stays_on_its_network_while_it_is_asked() -> None:
    site = outage()
    assert go(site, goal(commit=Commit.NEVER)).one.error is None
    run = go(site, goal())
    ended_well(site, run)
    assert run.mutations == ["CommitFailover"]


def test_the_plan_says_what_is_waited_for() -> None:
    planned = go(outage(), goal(), check=True).one.planned
    assert Method.WAIT_UNTIL_GREEN in [step.method for step in planned]
