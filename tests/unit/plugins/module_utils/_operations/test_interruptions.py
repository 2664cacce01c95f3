# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A run that is cut anywhere is continued by running it again; no call is sent twice because an answer was lost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import NamedTuple

import pytest

from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import Absent
from ansible_collections.hyperv.replica.plugins.module_utils._operations.goal import OnFailure
from ansible_collections.hyperv.replica.plugins.module_utils._operations.plan import Target
from ansible_collections.hyperv.replica.tests.unit.plugins.module_utils._operations.estate_run import (
    PROVIDER,
    Run,
    Site,
    estate,
    moved,
    vm,
)

AT_A = ((1, 3, "RUNNING"), (2, 3, "OFF"))
AT_B = ((2, 3, "OFF"), (1, 3, "RUNNING"))
BACK = moved(on_failure=OnFailure.ROLL_BACK)


class Move(NamedTuple):
    """One kind of move, and where it ends."""

    site: Callable[[], Site]
    go: Callable[[Site], Run]
    end: object
    steps: tuple[str, ...]


_PLANNED = (
    "InitiateShutdown",
    "RequestReplicationStateChangeEx",
    "InitiateFailover",
    "ReverseReplicationRelationship",
    "RequestStateChange",
)
_PROVIDER = (
    "InitiateShutdown",
    "InitiateFailback",
    "CommitFailover",
    "RequestStateChange",
    "ReverseReplicationRelationship",
)
MOVES = {
    "failover": Move(Site, lambda site: site.failover(BACK), AT_B, _PLANNED),
    "reverse": Move(
        lambda: Site(estate(vm(primary="B", replica="A"))), lambda site: site.failback(BACK), AT_A, _PLANNED
    ),
    "provider": Move(
        lambda: Site(estate(vm(provider=PROVIDER, primary="B", replica="A"))),
        lambda site: site.failback(BACK),
        AT_A,
        _PROVIDER,
    ),
}
EACH_STEP = [(name, step) for name, move in MOVES.items() for step in move.steps]


def unharmed(site: Site) -> None:
    assert (site.lost, site.split_brains) == (0, 0)


def ended(site: Site, move: Move, run: Run) -> None:
    assert run.one.error is None, str(run.one.error)
    assert site.shown() == move.end
    unharmed(site)


@pytest.fixture(scope="module")
def sent() -> dict[str, dict[str, int]]:
    """The number of the request that carried each step of each undisturbed move."""
    numbers: dict[str, dict[str, int]] = {}
    for name, move in MOVES.items():
        run = move.go(move.site())
        numbers[name] = {request.method: request.number for request in run.requests if request.mutating}
    return numbers


@pytest.mark.parametrize(
    ("name", "step", "after_execution"),
    [*((*each, True) for each in EACH_STEP), *(("reverse", step, False) for step in _PLANNED)],
)
def test_a_run_killed_at_a_step_is_continued(
    name: str, step: str, after_execution: bool, sent: dict[str, dict[str, int]]
) -> None:
    move = MOVES[name]
    site = move.site()
    site.kill_at, site.kill_after_execution = sent[name][step], after_execution
    first = move.go(site)
    assert first.killed
    site.kill_at = None
    second = move.go(site)
    ended(site, move, second)
    assert Counter(first.executed + second.executed) == Counter(move.steps)


@pytest.mark.parametrize("name", MOVES)
def test_a_run_killed_between_two_steps_is_continued(name: str, sent: dict[str, dict[str, int]]) -> None:
    move = MOVES[name]
    for step in move.steps[1:4:2]:
        site = move.site()
        site.kill_at = sent[name][step] + 25
        assert move.go(site).killed
        site.kill_at = None
        site.wait(7)
        ended(site, move, move.go(site))


@pytest.mark.parametrize(("name", "step"), EACH_STEP)
def test_a_step_whose_answer_is_lost_is_not_sent_again(name: str, step: str) -> None:
    move = MOVES[name]
    site = move.site()
    site.order("cut_after", match={"method": step})
    run = move.go(site)
    ended(site, move, run)
    assert Counter(run.executed) == Counter(move.steps)
    assert run.mutations.count(step) == 1


@pytest.mark.parametrize("kind", ["cut_before", "unauthorized", "html"])
@pytest.mark.parametrize("name", MOVES)
def test_a_job_step_that_never_arrived_is_sent_again_after_a_look(name: str, kind: str) -> None:
    move = MOVES[name]
    site = move.site()
    site.order(kind, match={"method": move.steps[1]})
    run = move.go(site)
    ended(site, move, run)
    assert run.mutations.count(move.steps[1]) == 2
    assert Counter(run.executed) == Counter(move.steps)


@pytest.mark.parametrize("kind", ["cut_before", "unauthorized"])
def test_a_shutdown_that_may_have_been_heard_is_followed_by_looking_and_never_sent_again(kind: str) -> None:
    site = Site()
    site.order(kind, match={"method": "InitiateShutdown"})
    run = site.failover(moved(guest_shutdown_timeout=timedelta(seconds=120)))
    run.error("guest_stays_up")
    assert run.mutations == ["InitiateShutdown"]
    assert site.runs_at() == ["A"]


def test_a_running_job_of_an_earlier_run_is_adopted(sent: dict[str, dict[str, int]]) -> None:
    move = MOVES["provider"]
    site = move.site()
    site.kill_at, site.kill_after_execution = sent["provider"]["InitiateFailback"], True
    move.go(site)
    site.kill_at = None
    assert site.shown()[0][1] == 13
    run = move.go(site)
    ended(site, move, run)
    assert "InitiateFailback" not in run.mutations


def test_a_host_that_is_silent_for_a_while_is_waited_for() -> None:
    site = Site()
    site.order("cut_before", match={"host": "A", "action": "Enumerate", "nth": 60}, times=8)
    run = site.failover()
    ended(site, MOVES["failover"], run)


def test_a_host_that_is_silent_for_good_ends_the_run_as_failed_with_what_was_done() -> None:
    site = Site()
    site.order("power_loss", match={"host": "A", "method": "RequestReplicationStateChangeEx"})
    run = site.failover(BACK)
    error = run.one.error
    assert error is not None
    assert error.kind in ("connection_lost", "peer_unreachable", "outcome_unknown"), str(error)
    assert [done.step.method.value for done in run.one.performed if done.step.method.mutates] == [
        "InitiateShutdown",
        "RequestReplicationStateChangeEx",
    ]
    assert run.one.rescue
    unharmed(site)


def test_nothing_is_sent_after_the_deadline_and_running_jobs_are_named() -> None:
    site = Site()
    site.order("stick_job", match={"method": "InitiateFailover"})
    run = site.failover(moved(on_failure=OnFailure.ROLL_BACK), timeout=600)
    error = run.error("timed_out")
    (job,) = site.world.hosts["B"].running_jobs(site.b().guid)
    assert job.guid in error.found
    assert "50 %" in error.found
    assert run.mutations == ["InitiateShutdown", "RequestReplicationStateChangeEx", "InitiateFailover"]
    site.act("release_jobs", host="B")
    ended(site, MOVES["failover"], site.failover())


def test_after_max_downtime_service_is_brought_back() -> None:
    site = Site()
    site.order("stick_job", match={"method": "RequestReplicationStateChangeEx"})
    goal = moved(on_failure=OnFailure.ROLL_BACK, max_downtime=timedelta(seconds=120), sync_timeout=timedelta(0, 60))
    run = site.failover(goal)
    run.error("max_downtime")
    assert run.one.rescue
    assert run.one.warnings
    unharmed(site)


def test_a_target_reached_by_an_earlier_run_that_was_killed_is_found() -> None:
    site = Site()
    done = site.failover(moved(Target.SWITCHED_OFF))
    site = Site()
    site.kill_at = len(done.requests)
    site.failover(moved(Target.SWITCHED_OFF))
    site.kill_at = None
    site.wait(30)
    assert site.failover(moved(Target.SWITCHED_OFF)).one.already_there


def test_a_host_lost_in_the_middle_is_shown_as_unknown_and_not_as_it_was() -> None:
    site = Site()
    site.order("change", match={"method": "InitiateShutdown"}, action="power_loss", arguments={"host": "A"}, seconds=1)
    run = site.failover(BACK)
    run.error("connection_lost")
    assert isinstance(run.one.after.source, Absent)
    assert run.one.rescue == "stopped"
