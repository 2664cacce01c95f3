# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A relationship from nothing to nothing, by whole runs against two simulated hosts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.looking import Gather
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import End, Pair
from ansible_collections.hyperv.replica.plugins.module_utils._operations.extended import as_sender
from ansible_collections.hyperv.replica.plugins.module_utils._operations.plan import Consent, Target
from ansible_collections.hyperv.replica.plugins.module_utils._operations.relationship import relationship_to
from ansible_collections.hyperv.replica.plugins.module_utils._operations.relationship_settings import (
    FirstCopy,
    RelationshipState,
    WantedRelationship,
    WhichLeg,
)
from ansible_collections.hyperv.replica.tests.unit.plugins.module_utils._operations.estate_run import (
    Run,
    Site,
    estate,
    guid,
    moved,
    vm,
)

S = RelationshipState
DISKS = {End.DESTINATION: frozenset({Gather.DISKS})}
TO_B: Mapping[str, Any] = {"RecoveryConnectionPoint": "b.example.test"}


def relate(site: Site, state: S, *consent: Consent, check: bool = False, away: str | None = "B", **more: Any) -> Run:
    """hyperv_replica on A, with B as peer unless told otherwise."""
    timeout = more.pop("timeout", 6 * 3600)
    home = more.pop("home", "A")
    view = as_sender if more.get("leg") is WhichLeg.EXTENDED else as_seen
    wanted = WantedRelationship(state=state, **more)
    goal = moved(Target.SYNCED, *consent, sync_timeout=timedelta(hours=2))
    return site.run(
        lambda goal, seen: relationship_to(goal, wanted, site.world.now),
        goal,
        gathers=DISKS,
        home=home,
        away=away,
        check=check,
        timeout=timeout,
        view=view,
    )


def as_seen(seen: Pair) -> Pair:
    return seen


@pytest.fixture
def site() -> Site:
    return Site()


@pytest.fixture
def large() -> Site:
    """The same with a disk that takes long to compare."""
    return Site(estate(vm(disks=[{"size": "1 TiB", "used": "100 GiB"}])))


@pytest.fixture
def bare() -> Site:
    """VM001 runs on A, and B has no VM of that GUID."""
    site = Site()
    assert relate(site, S.ABSENT).one.error is None
    del site.world.hosts["B"].vms[guid(1)]
    return site


@pytest.fixture
def seeded() -> Site:
    """VM001 runs on A, and B has a copy of it that nothing replicates to."""
    site = Site()
    assert relate(site, S.ABSENT).one.error is None
    return site


def paused(site: Site) -> None:
    assert relate(site, S.SUSPENDED).one.error is None


def tracking_lost(site: Site) -> None:
    site.act("lose_tracking", host="A", vm="VM001")


WISHES: dict[str, tuple[str, S, dict[str, Any], list[str]]] = {
    "made": ("bare", S.PRESENT, {"settings": TO_B}, ["CreateReplicationRelationship"]),
    "made and copied": (
        "bare",
        S.REPLICATING,
        {"settings": {**TO_B, "ReplicationInterval": 30, "RecoveryHistory": 4}},
        ["CreateReplicationRelationship", "StartReplication"],
    ),
    "exported": (
        "bare",
        S.REPLICATING,
        {"settings": TO_B, "first_copy": FirstCopy.EXPORT, "export_path": "E:\\Out"},
        ["CreateReplicationRelationship", "StartReplication"],
    ),
    "exported and imported": (
        "bare",
        S.REPLICATING,
        {"settings": TO_B, "first_copy": FirstCopy.EXPORT, "export_path": "E:\\Out", "import_path": "F:\\In"},
        ["CreateReplicationRelationship", "StartReplication", "ImportInitialReplica"],
    ),
    "made from the copy that is there": (
        "seeded",
        S.REPLICATING,
        {"settings": TO_B, "first_copy": FirstCopy.EXISTING},
        ["RequestReplicationStateChangeEx", "CreateReplicationRelationship", "StartReplication"],
    ),
    "changed": (
        "site",
        S.REPLICATING,
        {"settings": {"RecoveryHistory": 7, "CompressionEnabled": False, "AutoResynchronizeIntervalStart": "01:30"}},
        ["ModifyReplicationSettings"],
    ),
    "paused": ("site", S.SUSPENDED, {}, ["RequestReplicationStateChangeEx"]),
    "removed": ("site", S.ABSENT, {}, ["RemoveReplicationRelationshipEx"] * 2),
}
CONSENTS = frozenset({Consent.DISCARD_OLD_PRIMARY_DATA})

each_wish = pytest.mark.parametrize(("before", "state", "given", "calls"), WISHES.values(), ids=[*WISHES])


@each_wish
def test_the_run_does_what_check_mode_says_and_a_second_run_nothing(
    before: str, state: S, given: dict[str, Any], calls: list[str], request: pytest.FixtureRequest
) -> None:
    site: Site = request.getfixturevalue(before)

    planned = relate(site, state, *CONSENTS, check=True, **given)
    done = relate(site, state, *CONSENTS, **given)
    again = relate(site, state, *CONSENTS, **given)

    assert planned.one.error is None, str(planned.one.error)
    assert planned.mutations == []
    assert [step.method.value for step in planned.one.planned if step.method.mutates] == calls
    assert done.one.error is None, str(done.one.error)
    assert done.mutations == calls
    assert (again.mutations, again.one.already_there) == ([], True), str(again.one.error)


@each_wish
def test_a_lost_answer_is_looked_for_and_nothing_is_sent_twice(
    before: str, state: S, given: dict[str, Any], calls: list[str], request: pytest.FixtureRequest
) -> None:
    site: Site = request.getfixturevalue(before)
    site.order("cut_after", match={"mutating": True}, times=1)

    run = relate(site, state, *CONSENTS, **given)

    assert run.one.error is None, str(run.one.error)
    assert run.executed == calls


@each_wish
def test_a_run_that_is_killed_after_its_first_call_is_continued(
    before: str, state: S, given: dict[str, Any], calls: list[str], request: pytest.FixtureRequest
) -> None:
    site: Site = request.getfixturevalue(before)
    site.kill_after_execution = True
    asked = len(relate(site, state, *CONSENTS, check=True, **given).requests)
    for number in range(asked, asked + 40):
        site.kill_at = number
        if relate(site, state, *CONSENTS, **given).executed:
            break
    site.kill_at = None

    rest = relate(site, state, *CONSENTS, **given)

    assert rest.one.error is None, str(rest.one.error)
    assert relate(site, state, *CONSENTS, **given).one.already_there


def test_a_new_relationship_replicates_with_the_settings_asked_for(bare: Site) -> None:
    relate(bare, S.REPLICATING, settings={**TO_B, "ReplicationInterval": 900, "RecoveryHistory": 3})

    known = bare.a().relationship.settings

    assert bare.shown() == ((1, 3, "RUNNING"), (2, 3, "OFF"))
    assert (known.replication_interval, known.recovery_history, known.authentication_type) == (900, 3, 1)
    assert known.included_disks == [disk.instance_id for disk in bare.a().disks]


def test_the_way_is_tested_before_anything_is_made(bare: Site) -> None:
    bare.world.hosts["B"].replica_server.entries.clear()

    run = relate(bare, S.REPLICATING, settings=TO_B)

    assert run.one.error is not None
    assert run.mutations == []


def test_the_receiving_host_is_named_or_nothing_is_made(bare: Site) -> None:
    assert "replica_server" in relate(bare, S.REPLICATING).error("bad_option").remedy


def test_a_disk_is_named_by_its_path_or_by_the_name_of_its_file(bare: Site) -> None:
    disk = bare.a().disks[0]
    relate(bare, S.PRESENT, settings={**TO_B, "IncludedDisks": (disk.path.upper(),)})
    again = relate(bare, S.PRESENT, settings={"IncludedDisks": (disk.path.rpartition("\\")[2],)})

    assert bare.a().relationship.settings.included_disks == [disk.instance_id]
    assert again.mutations == []


def test_a_disk_that_it_does_not_have_is_refused_with_those_it_has(bare: Site) -> None:
    run = relate(bare, S.PRESENT, settings={**TO_B, "IncludedDisks": ("nothing.vhdx",)})

    assert bare.a().disks[0].path in run.error("bad_option").remedy


def test_a_copy_that_is_there_is_overwritten_only_with_consent(seeded: Site) -> None:
    given: dict[str, Any] = {"settings": TO_B, "first_copy": FirstCopy.EXISTING}

    refused = relate(seeded, S.REPLICATING, **given).error("consent_needed")

    assert refused.consent == ("discard_old_primary_data",)


def test_a_copy_that_is_there_is_not_taken_without_being_named(seeded: Site) -> None:
    assert "existing" in relate(seeded, S.REPLICATING, settings=TO_B).error("copy_exists").remedy


def test_a_copy_that_runs_there_is_never_overwritten(seeded: Site) -> None:
    seeded.act("start_vm", host="B", vm="VM001")

    relate(seeded, S.REPLICATING, *CONSENTS, settings=TO_B, first_copy=FirstCopy.EXISTING).error("split_brain")


def test_a_replica_that_was_left_over_has_to_be_removed_first(site: Site) -> None:
    relate(site, S.ABSENT, away=None)

    run = relate(site, S.REPLICATING, settings=TO_B)
    assert "absent" in run.error("copy_exists").remedy
    assert relate(site, S.ABSENT).mutations == ["RemoveReplicationRelationshipEx"]


def test_without_a_peer_only_one_end_is_removed(site: Site) -> None:
    run = relate(site, S.ABSENT, away=None)

    assert run.mutations == ["RemoveReplicationRelationshipEx"]
    assert site.shown()[0][:2] == (0, 0)
    assert site.shown()[1][0] == 2


def test_the_replica_alone_can_be_removed_while_the_primary_is_gone(site: Site) -> None:
    run = relate(site, S.ABSENT, home="B", away=None)

    assert run.one.error is None
    assert site.shown()[1][:2] == (0, 0)


def test_a_peer_that_is_away_stops_before_anything_is_removed(site: Site) -> None:
    site.world.hosts["B"].up = False

    run = relate(site, S.ABSENT)

    assert run.mutations == []
    assert "peer out" in run.error("peer_unreachable").remedy


@pytest.mark.parametrize("state", [S.PRESENT, S.REPLICATING, S.SUSPENDED, S.ABSENT])
def test_what_is_failed_over_and_not_home_is_left_alone(site: Site, state: S) -> None:
    assert site.failover(moved(Target.SWITCHED_OFF)).one.error is None

    run = relate(site, state, settings={"RecoveryHistory": 9})

    assert run.mutations == []
    assert "even_if_failed_over" in run.error("failed_over").remedy


def test_what_is_failed_over_is_removed_when_told_in_as_many_words(site: Site) -> None:
    assert site.failover(moved(Target.SWITCHED_OFF)).one.error is None

    run = relate(site, S.ABSENT, even_if_failed_over=True)

    assert run.one.error is None
    assert [end[:2] for end in site.shown()] == [(0, 0), (0, 0)]


def test_a_paused_relationship_goes_on_and_so_does_its_other_end(site: Site) -> None:
    paused(site)
    site.act("suspend", host="B", vm="VM001")

    run = relate(site, S.REPLICATING)

    assert run.mutations == ["RequestReplicationStateChangeEx"] * 2
    assert [end[:2] for end in site.shown()] == [(1, 3), (2, 3)]


def test_a_paused_relationship_can_be_resynchronized_by_name(site: Site) -> None:
    paused(site)

    run = relate(site, S.RESYNCHRONIZED)

    assert run.mutations == ["Resynchronize"]
    assert [end[:2] for end in site.shown()] == [(1, 3), (2, 3)]
    assert relate(site, S.RESYNCHRONIZED).one.already_there


def test_a_resynchronization_on_the_way_needs_consent_for_it_takes_the_recovery_points(site: Site) -> None:
    tracking_lost(site)

    refused = relate(site, S.REPLICATING).error("consent_needed")
    run = relate(site, S.REPLICATING, Consent.RESYNCHRONIZE)

    assert refused.consent == ("resynchronize",)
    assert run.mutations == ["Resynchronize"]


def test_a_resynchronization_is_paused_goes_on_and_is_cancelled(large: Site) -> None:
    site = large
    tracking_lost(site)
    relate(site, S.RESYNCHRONIZED, timeout=20)
    assert site.shown()[0][1] == 10

    assert relate(site, S.SUSPENDED).mutations == ["RequestReplicationStateChangeEx"]
    assert site.shown()[0][1] == 11
    assert relate(site, S.RESYNCHRONIZATION_CANCELLED).mutations == ["RequestReplicationStateChangeEx"]
    assert site.shown()[0][1] == 9
    assert relate(site, S.RESYNCHRONIZATION_CANCELLED).one.already_there


def test_a_paused_resynchronization_goes_on(large: Site) -> None:
    tracking_lost(large)
    relate(large, S.RESYNCHRONIZED, timeout=20)
    relate(large, S.SUSPENDED)

    run = relate(large, S.RESYNCHRONIZED)

    assert run.mutations == ["RequestReplicationStateChangeEx"]
    assert large.shown()[0][1] == 3


def test_a_resynchronization_begins_at_its_time(site: Site) -> None:
    tracking_lost(site)

    run = relate(site, S.RESYNCHRONIZED, start_at=site.world.now + timedelta(hours=3))
    assert (run.one.error, site.shown()[0][1]) == (None, 9)
    site.wait(4 * 3600)

    assert site.shown()[0][1] == 3


def test_statistics_are_reset_once_in_each_run(site: Site) -> None:
    site.wait(3600)
    assert site.a().relationship.statistics.successes > 0

    runs = [relate(site, S.REPLICATING, reset_statistics=True).mutations for time in range(2)]

    assert runs == [["ResetReplicationStatisticsEx"]] * 2
    assert site.a().relationship.statistics.successes == 0


def test_a_reset_of_which_the_answer_was_lost_is_not_asked_for_again(site: Site) -> None:
    site.order("cut_after", match={"method": "ResetReplicationStatisticsEx"}, times=1)

    run = relate(site, S.REPLICATING, reset_statistics=True)

    assert run.mutations == ["ResetReplicationStatisticsEx"]
    assert run.one.error is not None


def test_the_host_that_receives_is_the_wrong_end(site: Site) -> None:
    assert "replicated from" in relate(site, S.SUSPENDED, home="B", away="A").error("wrong_end").remedy


def test_another_replica_server_is_not_taken_in_passing(site: Site) -> None:
    relate(site, S.REPLICATING, settings={"RecoveryConnectionPoint": "c.example.test"}).error("wrong_peer")


def test_a_vm_that_is_not_replicated_cannot_be_paused(bare: Site) -> None:
    assert "replicating" in relate(bare, S.SUSPENDED).error("not_replicated").remedy


def test_nothing_is_lost_and_no_two_copies_run(bare: Site) -> None:
    relate(bare, S.REPLICATING, settings=TO_B)
    relate(bare, S.SUSPENDED)
    relate(bare, S.REPLICATING)
    relate(bare, S.ABSENT)

    assert (bare.lost, bare.split_brains) == (0, 0)
