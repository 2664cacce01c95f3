# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Failback where home holds no copy any more: made anew, estimated first, continued after every kill."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.looking import Gather
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import End
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.states import StartAction
from ansible_collections.hyperv.replica.plugins.module_utils._operations import operation as verbs
from ansible_collections.hyperv.replica.plugins.module_utils._operations.estimates import Estimate, measured
from ansible_collections.hyperv.replica.plugins.module_utils._operations.goal import (
    Commit,
    OnFailure,
    PointChoice,
    Strategy,
)
from ansible_collections.hyperv.replica.plugins.module_utils._operations.new_copy import NewCopy
from ansible_collections.hyperv.replica.plugins.module_utils._operations.plan import Consent, Method, Target
from ansible_collections.hyperv.replica.plugins.module_utils._operations.relationship_settings import (
    FirstCopy,
    RelationshipState,
    WantedRelationship,
)
from ansible_collections.hyperv.replica.tests.unit.plugins.module_utils._operations.estate_run import (
    START,
    Run,
    Site,
    estate,
    guid,
    host,
    moved,
    vm,
)

AT_A = ((1, 3, "RUNNING"), (2, 3, "OFF"))
GATHERS = {
    End.DESTINATION: frozenset({Gather.POWER}),
    End.SOURCE: frozenset({Gather.POWER, Gather.DISKS}),
}
#: Where the replica server at A would put the disk of a new replica.
ORPHAN = f"C:\\Replica\\{guid(1)}\\disk0.vhdx"
CREATED = ["RemoveReplicationRelationshipEx", "CreateReplicationRelationship", "StartReplication"]
HOME = [
    "InitiateShutdown",
    "RequestReplicationStateChangeEx",
    "InitiateFailover",
    "ReverseReplicationRelationship",
    "RequestStateChange",
]


def new_copy(**wanted: Any) -> NewCopy:
    """A new copy at A, with these parts of the relationship."""
    settings = {"RecoveryConnectionPoint": "a.example.test", **wanted.pop("settings", {})}
    return NewCopy(wanted=WantedRelationship(state=RelationshipState.REPLICATING, settings=settings, **wanted))


def home_lost(*, committed: bool = True, **switches: str) -> Site:
    """A is installed anew; what it held runs on B, its failover committed."""
    site = Site(**switches)
    site.wait(400)
    site.act("power_loss", host="A")
    confirmed = {"primary_confirmed_down": "shift lead, INC-1", "point": PointChoice(max_loss=timedelta(hours=1))}
    assert site.unplanned(moved(Target.RUNNING, **confirmed)).one.error is None
    site.act("rebuild_host", host="A")
    site.act("open_replica_server", host="A", authorize="B")
    if committed:
        assert site.unplanned(moved(Target.RUNNING, commit=Commit.NOW)).one.error is None
    return site


def go(site: Site, given: NewCopy | None = None, *consent: Consent, check: bool = False, **goal: Any) -> Run:
    """hyperv_replica_failback on A with strategy: new_copy."""
    given = given or new_copy()
    goal = {"on_failure": OnFailure.ROLL_BACK, "sync_timeout": timedelta(hours=2), **goal}
    return site.run(
        lambda goal, seen: verbs.failback_of(goal, seen, given),
        moved(goal.pop("target", Target.PROTECTED), *consent, strategy=Strategy.NEW_COPY, **goal),
        gathers=GATHERS,
        home="A",
        away="B",
        check=check,
    )


def went_well(run: Run) -> None:
    assert run.one.error is None, str(run.one.error)


def nothing_more_lost(site: Site, before: int) -> None:
    assert (site.lost, site.split_brains) == (before, 0)


def test_home_gets_a_new_copy_and_the_vm_comes_home_without_losing_a_write() -> None:
    site = home_lost()
    before = site.lost
    run = go(site)
    went_well(run)
    assert site.shown() == AT_A
    assert run.mutations == CREATED + HOME
    nothing_more_lost(site, before)


def test_the_plan_of_check_mode_is_what_the_run_does_and_a_second_run_does_nothing() -> None:
    site = home_lost()
    planned = [step.method.value for step in go(site, check=True).one.planned if step.method.mutates]
    assert go(site).mutations == planned == CREATED + HOME
    again = go(site)
    assert again.one.already_there
    assert again.mutations == []


def test_the_way_home_is_tested_before_the_old_relationship_goes() -> None:
    site = home_lost()
    site.act("set_replica_server", host="A", enabled=False)
    run = go(site)
    assert run.one.error is not None
    assert run.mutations == []
    assert site.b().state == 6


def test_a_primary_whose_replica_was_deleted_comes_home_too_and_keeps_its_settings() -> None:
    site = Site(estate(vm(primary="B", replica="A", interval=30, recovery_history=7)))
    site.act("delete_vm", host="A", vm="VM001")
    site.act("remove_files", host="A")
    went_well(go(site, target=Target.SYNCED))
    settings = site.b().relationship.settings
    assert (settings.replication_interval, settings.recovery_history) == (30, 7)
    went_well(go(site))
    assert site.shown() == AT_A
    nothing_more_lost(site, 0)


EVERY_STEP = CREATED + HOME


@pytest.fixture(scope="module")
def sent() -> dict[str, int]:
    """The number of the request that carried each step of an undisturbed run."""
    return {request.method: request.number for request in go(home_lost()).requests if request.mutating}


@pytest.mark.parametrize(
    ("step", "after_execution"), [*((step, True) for step in EVERY_STEP), *((step, False) for step in CREATED)]
)
def test_a_run_killed_at_a_step_is_continued(step: str, after_execution: bool, sent: dict[str, int]) -> None:
    site = home_lost()
    before = site.lost
    site.kill_at, site.kill_after_execution = sent[step], after_execution
    first = go(site)
    assert first.killed
    site.kill_at = None
    second = go(site)
    went_well(second)
    assert site.shown() == AT_A
    assert Counter(first.executed + second.executed) == Counter(EVERY_STEP)
    nothing_more_lost(site, before)


@pytest.mark.parametrize("step", CREATED)
def test_a_step_whose_answer_is_lost_is_not_sent_again(step: str) -> None:
    site = home_lost()
    site.order("cut_after", match={"method": step})
    run = go(site)
    went_well(run)
    assert run.mutations.count(step) == 1
    assert site.shown() == AT_A


def seeded() -> Site:
    """Somebody brought a copy of what runs on B back to A by hand."""
    site = home_lost()
    site.act("import_copy", host="B", vm="VM001", to="A")
    site.wait(60)
    return site


WAYS: dict[str, tuple[Callable[[], Site], NewCopy, list[str]]] = {
    "network": (home_lost, new_copy(), CREATED),
    "export": (
        home_lost,
        new_copy(first_copy=FirstCopy.EXPORT, export_path="E:\\Out", import_path="F:\\In"),
        [*CREATED, "ImportInitialReplica"],
    ),
    "seed": (
        seeded,
        new_copy(first_copy=FirstCopy.EXISTING),
        [CREATED[0], "RequestReplicationStateChangeEx", *CREATED[1:]],
    ),
    "later": (home_lost, new_copy(start_at=START + timedelta(hours=3)), CREATED),
}


@pytest.mark.parametrize("way", WAYS)
def test_the_first_copy_goes_by_every_way(way: str) -> None:
    made, given, calls = WAYS[way]
    site = made()
    before = site.lost
    run = go(site, given, Consent.DISCARD_OLD_PRIMARY_DATA)
    went_well(run)
    assert run.mutations == calls + HOME
    assert site.shown() == AT_A
    nothing_more_lost(site, before)


def test_a_copy_that_was_brought_home_by_hand_is_overwritten_only_with_consent() -> None:
    site = seeded()
    run = go(site, new_copy(first_copy=FirstCopy.EXISTING))
    assert run.error("consent_needed").consent == ("discard_old_primary_data",)
    assert run.mutations == []


def _without_home(site: Site) -> Site:
    site.act("turn_off_vm", host="A", vm="VM001")
    site.act("delete_vm", host="A", vm="VM001")
    return site


def _with_old_primary() -> Site:
    site = Site()
    site.wait(400)
    site.act("power_loss", host="A")
    confirmed = {"primary_confirmed_down": "shift lead, INC-1", "commit": Commit.NOW}
    assert site.unplanned(moved(Target.RUNNING, **confirmed)).one.error is None
    site.a().start_action = StartAction.NOTHING
    site.act("power_return", host="A")
    return site


def _prepared() -> Site:
    site = Site(estate(vm(primary="B", replica="A", power="off")))
    site.act("set_replication", host="B", vm="VM001", state="synced")
    site.act("delete_vm", host="A", vm="VM001")
    return site


def _extended() -> Site:
    site = Site(estate(hosts=[host("A", "B"), host("B", "A"), host("C", "B")]))
    site.act("turn_off_vm", host="A", vm="VM001")
    relationship = replace(site.b().relationship, index=1)
    site.b().relationships[1] = relationship
    site.act("set_replication", host="B", vm="VM001", state="committed")
    site.act("delete_vm", host="A", vm="VM001")
    return site


REFUSED: dict[str, tuple[Callable[[], Site], str]] = {
    "home holds the copy, not replicated": (seeded, "copy_exists"),
    "the failover may still be undone": (lambda: home_lost(committed=False), "not_committed"),
    "the copy on B serves nobody": (lambda: _without_home(Site()), "not_failed_over"),
    "home holds the old primary": (_with_old_primary, "copy_exists"),
    "a planned failover is prepared": (_prepared, "failed_over"),
    "it also replicates to a third host": (_extended, "unsupported"),
}


@pytest.mark.parametrize("why", REFUSED)
def test_nothing_is_given_up_where_a_new_copy_would_be_wrong(why: str) -> None:
    made, kind = REFUSED[why]
    site = made()
    run = go(site)
    assert run.error(kind).remedy
    assert run.mutations == []


def test_another_vm_of_that_name_at_home_is_refused_with_both_guids() -> None:
    site = home_lost()
    site.act("import_copy", host="B", vm="VM001", to="A", new_id=True)
    (other,) = site.world.hosts["A"].vms
    error = go(site, replace(new_copy(), namesakes=(other,))).error("ambiguous_name")
    assert other in error.found
    assert guid(1) in error.found


def test_a_home_that_is_not_the_replica_server_that_was_named_is_refused() -> None:
    site = home_lost()
    run = go(site, new_copy(settings={"RecoveryConnectionPoint": "c.example.test"}))
    run.error("wrong_peer")
    assert run.mutations == []


def test_a_copy_that_is_expected_to_take_too_long_is_refused_before_anything_is_given_up() -> None:
    site = home_lost()
    estimate = Estimate(size=500 << 30, bandwidth=1_000_000.0, bandwidth_from="option")
    run = go(site, replace(new_copy(), estimate=estimate, allowed=timedelta(hours=1)))
    assert "500.0 GiB" in run.error("too_slow").found
    assert run.mutations == []


def test_the_plan_says_how_much_and_how_long() -> None:
    site = home_lost()
    estimate = Estimate(size=2 << 30, bandwidth=12_500_000.0, bandwidth_from="option")
    run = go(site, replace(new_copy(), estimate=estimate), check=True)
    (step,) = [step for step in run.one.planned if step.method is Method.START_REPLICATION]
    assert step.takes == timedelta(seconds=(2 << 30) / 12_500_000)
    assert "2.0 GiB, about 3 min at 100 Mbit/s as assumed_bandwidth says" in step.why


def test_a_measured_bandwidth_is_what_was_sent_over_the_time_it_took() -> None:
    assert measured(1_000_000, timedelta(seconds=4)) == 250_000
    assert measured(0, timedelta(seconds=4)) is None
    assert measured(1_000_000, timedelta()) is None


def test_orphaned_files_that_fail_the_creation_are_explained_and_the_run_goes_on_once_they_are_gone() -> None:
    site = home_lost()
    site.act("leave_file", host="A", path=ORPHAN)
    run = go(site)
    error = run.one.error
    assert error is not None
    assert "Files of an earlier copy" in error.cause
    assert site.runs_at() == ["B"]
    site.act("remove_files", host="A")
    went_well(go(site))
    assert site.shown() == AT_A


def test_a_host_that_puts_the_replica_elsewhere_needs_nobody_to_move_files_away() -> None:
    site = home_lost(orphaned_files="other_folder")
    site.act("leave_file", host="A", path=ORPHAN)
    went_well(go(site))
    assert site.shown() == AT_A
    assert site.a().disks[0].path != ORPHAN


def test_the_recovery_host_being_away_names_the_ways_that_are_left() -> None:
    site = home_lost()
    site.act("power_loss", host="B")
    run = go(site)
    assert "hyperv_replica_failover" in run.error("peer_unreachable").remedy
