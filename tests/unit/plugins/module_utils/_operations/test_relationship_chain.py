# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A chain of three hosts: the leg to the third one, from nothing to nothing, and the middle one as its primary."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.hyperv.replica.plugins.module_utils._operations.plan import Consent, Target
from ansible_collections.hyperv.replica.plugins.module_utils._operations.relationship_settings import (
    FirstCopy,
    RelationshipState,
    WhichLeg,
)
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.machines import Vm
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.rules import call
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.values import MethodCall, Ref
from ansible_collections.hyperv.replica.tests.unit.plugins.module_utils._operations.estate_run import (
    Run,
    Site,
    estate,
    guid,
    host,
    moved,
    vm,
)
from ansible_collections.hyperv.replica.tests.unit.plugins.module_utils._operations.test_relationship import relate

S = RelationshipState
ANY = {"replica_server": {"authorize": [{"primary": "*"}]}}
TO_C = {"RecoveryConnectionPoint": "c.example.test"}


class Chain(Site):
    """VM001 replicates from A to B; C is there to take a copy from B."""

    def __init__(self, **switches: str) -> None:
        hosts = [host("A", "B"), host("B", "A", **ANY), host("C", "B", **ANY)]
        super().__init__(estate(vm(application_consistent_interval=4, recovery_history=2), hosts=hosts), **switches)

    @property
    def c(self) -> Vm:
        return self.world.hosts["C"].vms[guid(1)]

    def further(self, state: S, *consent: Consent, **more: Any) -> Run:
        """hyperv_replica leg: extended on B, with C as peer unless told otherwise."""
        where = {"home": "B", "away": "C", **more}
        return relate(self, state, *consent, leg=WhichLeg.EXTENDED, **where)

    def promote(self, *, check: bool = False) -> Run:
        return relate(self, S.PROMOTED, home="B", away=None, check=check)

    def serve_at_b(self) -> None:
        """Fail over to B and commit, with A down."""
        self.act("turn_off_vm", host="A", vm="VM001")
        assert self.unplanned().one.error is None
        self.ask_b("CommitFailover")

    def ask_b(self, method: str) -> None:
        """Somebody calls a method of B's replication service on the VM, and waits for its job."""
        system = Ref("Msvm_ComputerSystem", {"Name": guid(1)})
        asked = MethodCall(
            class_name="Msvm_ReplicationService",
            keys={"Name": "replicasvc"},
            method=method,
            arguments={"ComputerSystem": system},
        )
        assert call(self.world, self.world.hosts["B"], asked).return_value in (0, 4096)
        self.wait(300)


@pytest.fixture
def bare() -> Chain:
    return Chain()


@pytest.fixture
def chain() -> Chain:
    chain = Chain()
    made(chain)
    return chain


@pytest.fixture
def seeded() -> Chain:
    """C has a copy that nothing replicates to."""
    chain = Chain()
    made(chain)
    assert chain.further(S.ABSENT).one.error is None
    return chain


def made(chain: Chain) -> None:
    run = chain.further(S.REPLICATING, settings=TO_C)
    assert run.one.error is None, str(run.one.error)


WISHES: dict[str, tuple[str, S, dict[str, Any], list[str]]] = {
    "made": ("bare", S.PRESENT, {"settings": TO_C}, ["CreateReplicationRelationship"]),
    "made and copied": (
        "bare",
        S.REPLICATING,
        {"settings": {**TO_C, "ReplicationInterval": 900, "RecoveryHistory": 6}},
        ["CreateReplicationRelationship", "StartReplication"],
    ),
    "exported and imported": (
        "bare",
        S.REPLICATING,
        {"settings": TO_C, "first_copy": FirstCopy.EXPORT, "export_path": "E:\\Out", "import_path": "F:\\In"},
        ["CreateReplicationRelationship", "StartReplication", "ImportInitialReplica"],
    ),
    "made from the copy that is there": (
        "seeded",
        S.REPLICATING,
        {"settings": TO_C, "first_copy": FirstCopy.EXISTING},
        ["RequestReplicationStateChangeEx", "CreateReplicationRelationship", "StartReplication"],
    ),
    "changed": ("chain", S.REPLICATING, {"settings": {"RecoveryHistory": 7}}, ["ModifyReplicationSettings"]),
    "paused": ("chain", S.SUSPENDED, {}, ["RequestReplicationStateChangeEx"]),
    "removed": ("chain", S.ABSENT, {}, ["RemoveReplicationRelationshipEx"] * 2),
}

each_wish = pytest.mark.parametrize(("before", "state", "given", "calls"), WISHES.values(), ids=[*WISHES])


@each_wish
def test_the_further_leg_becomes_what_check_mode_says_and_a_second_run_does_nothing(
    before: str, state: S, given: dict[str, Any], calls: list[str], request: pytest.FixtureRequest
) -> None:
    chain: Chain = request.getfixturevalue(before)
    primary = chain.b().relationship

    planned = chain.further(state, Consent.DISCARD_OLD_PRIMARY_DATA, check=True, **given)
    done = chain.further(state, Consent.DISCARD_OLD_PRIMARY_DATA, **given)
    again = chain.further(state, Consent.DISCARD_OLD_PRIMARY_DATA, **given)

    assert planned.one.error is None, str(planned.one.error)
    assert [step.method.value for step in planned.one.planned if step.method.mutates] == calls
    assert done.one.error is None, str(done.one.error)
    assert done.mutations == calls
    assert (again.mutations, again.one.already_there) == ([], True), str(again.one.error)
    assert (chain.b().relationship, int(chain.b().mode), int(chain.b().state)) == (primary, 2, 3)
    assert (chain.lost, chain.split_brains) == (0, 0)


@each_wish
def test_a_lost_answer_of_the_further_leg_is_looked_for_and_nothing_is_sent_twice(
    before: str, state: S, given: dict[str, Any], calls: list[str], request: pytest.FixtureRequest
) -> None:
    chain: Chain = request.getfixturevalue(before)
    chain.order("cut_after", match={"mutating": True}, times=1)

    run = chain.further(state, Consent.DISCARD_OLD_PRIMARY_DATA, **given)

    assert run.one.error is None, str(run.one.error)
    assert run.executed == calls


@pytest.mark.parametrize("number", ["0", "1"])
def test_the_third_host_holds_a_copy_with_settings_of_its_own(number: str) -> None:
    chain = Chain(third_host_relationship=number)
    settings = {**TO_C, "ReplicationInterval": 900, "RecoveryHistory": 6}

    run = chain.further(S.REPLICATING, settings=settings)

    assert run.one.error is None, str(run.one.error)
    further = chain.b().relationships[1].settings
    assert (further.replication_interval, further.recovery_history) == (900, 6)
    assert further.application_consistent_interval == 0
    assert chain.b().relationship.settings.application_consistent_interval == 4
    assert (int(chain.c.mode), int(chain.c.state)) == (4, 3)


def test_what_is_paused_goes_on_and_what_lost_track_is_resynchronized(chain: Chain) -> None:
    paused = chain.further(S.SUSPENDED)
    resumed = chain.further(S.REPLICATING)
    chain.act("set_replication", host="B", vm="VM001", state="waiting_for_resynchronize", index=1)
    synchronized = chain.further(S.RESYNCHRONIZED)

    assert paused.mutations == resumed.mutations == ["RequestReplicationStateChangeEx"]
    assert synchronized.mutations == ["Resynchronize"]
    assert int(chain.b().relationships[1].state) == int(chain.c.state) == 3


def test_statistics_of_the_further_leg_are_reset_alone(chain: Chain) -> None:
    chain.wait(3600)
    before = chain.b().relationship.statistics.successes

    run = chain.further(S.PRESENT, reset_statistics=True)

    assert run.mutations == ["ResetReplicationStatisticsEx"]
    assert chain.b().relationships[1].statistics.successes == 0
    assert chain.b().relationship.statistics.successes == before > 0


@pytest.mark.parametrize(
    "settings", [{"ReplicationInterval": 30}, {"ApplicationConsistentSnapshotInterval": 2}], ids=lambda one: [*one][0]
)
def test_what_the_further_leg_cannot_have_is_refused_before_anything_is_asked(
    bare: Chain, settings: dict[str, Any]
) -> None:
    run = bare.further(S.PRESENT, settings={**TO_C, **settings})

    run.error("bad_option")
    assert run.mutations == []


def test_the_primary_is_not_made_slower_than_the_leg_behind_it(chain: Chain) -> None:
    run = relate(chain, S.PRESENT, settings={"ReplicationInterval": 900})

    assert "leg: extended" in run.error("bad_option").remedy
    assert run.mutations == []


@pytest.mark.parametrize("state", [S.PRESENT, S.SUSPENDED, S.ABSENT])
def test_a_primary_has_no_further_leg(chain: Chain, state: S) -> None:
    run = relate(chain, state, home="A", away="B", leg=WhichLeg.EXTENDED, settings=TO_C)

    run.error("wrong_end")
    assert run.mutations == []


def test_the_leg_to_the_replica_is_removed_only_after_the_further_one(chain: Chain) -> None:
    refused = relate(chain, S.ABSENT)
    further = chain.further(S.ABSENT)
    removed = relate(chain, S.ABSENT)

    assert "leg: extended" in refused.error("extended").remedy
    assert refused.mutations == []
    assert further.mutations == removed.mutations == ["RemoveReplicationRelationshipEx"] * 2
    assert [int(copy.mode) for copy in (chain.a(), chain.b(), chain.c)] == [0, 0, 0]


def test_while_the_middle_copy_is_failed_over_the_further_leg_is_left_alone(chain: Chain) -> None:
    chain.act("turn_off_vm", host="A", vm="VM001")
    assert chain.unplanned().one.error is None

    run = chain.further(S.ABSENT)

    assert "even_if_failed_over" in run.error("failed_over").remedy
    assert run.mutations == []


@pytest.mark.parametrize(
    "switches",
    [
        {},
        {"promoted_relationship": "1", "third_host_after_promotion": "4"},
        {"extended_while_failed_over": "7", "third_host_relationship": "1"},
        {"extended_while_failed_over": "8", "method_answers": "at_once"},
    ],
    ids=str,
)
def test_a_committed_replica_goes_on_as_the_primary_of_the_third_host(switches: dict[str, str]) -> None:
    chain = Chain(**switches)
    made(chain)
    chain.serve_at_b()

    planned = chain.promote(check=True)
    done = chain.promote()
    again = chain.promote()

    assert [step.method.value for step in planned.one.planned] == ["ChangeReplicationModeToPrimary"]
    assert done.one.error is None, str(done.one.error)
    assert done.mutations == ["ChangeReplicationModeToPrimary"]
    assert (again.mutations, again.one.already_there) == ([], True)
    run = relate(chain, S.REPLICATING, home="B", away="C")
    assert run.one.error is None, str(run.one.error)
    assert (int(chain.b().mode), int(chain.b().state), int(chain.c.state)) == (1, 3, 3)
    assert relate(chain, S.REPLICATING, home="B", away="C").one.already_there
    assert chain.split_brains == 0


def test_a_replica_that_is_not_committed_is_not_promoted(chain: Chain) -> None:
    assert "commit" in chain.promote().error("not_promotable").remedy


def test_a_committed_replica_without_a_third_host_is_not_promoted() -> None:
    site = Site()
    site.act("turn_off_vm", host="A", vm="VM001")
    site.unplanned()

    relate(site, S.PROMOTED, home="B", away=None).error("not_promotable")


def test_a_failover_that_would_reverse_says_that_one_leg_has_to_go_before_users_are_disturbed(chain: Chain) -> None:
    refused = chain.failover()

    remedy = refused.error("extended").remedy
    assert "leg: extended" in remedy
    assert "promoted" in remedy
    assert refused.mutations == []
    assert chain.runs_at() == ["A"]


def test_a_planned_failover_that_does_not_reverse_leaves_the_choice_and_a_cancel_ends_it(chain: Chain) -> None:
    run = chain.failover(moved(Target.RUNNING))

    assert run.one.error is None, str(run.one.error)
    assert chain.runs_at() == ["B"]
    assert (chain.lost, chain.split_brains) == (0, 0)


def test_after_the_further_leg_is_gone_the_failover_is_protected(chain: Chain) -> None:
    assert chain.failover(moved(Target.RUNNING)).one.error is None
    refused = chain.failover()
    assert chain.further(S.ABSENT, even_if_failed_over=True).one.error is None

    run = chain.failover()

    refused.error("extended")
    assert run.one.error is None, str(run.one.error)
    assert chain.shown() == ((2, 3, "OFF"), (1, 3, "RUNNING"))
    assert (chain.lost, chain.split_brains) == (0, 0)


def test_a_disaster_at_both_sites_is_survived_by_the_third(chain: Chain) -> None:
    chain.act("power_loss", host="A")
    chain.act("power_loss", host="B")

    run = chain.unplanned(moved(Target.RUNNING, primary_confirmed_down="by phone"), home="C", away="B")

    assert run.one.error is None, str(run.one.error)
    assert chain.runs_at() == ["C"]


def test_the_third_host_does_not_take_over_while_the_middle_one_answers(chain: Chain) -> None:
    for run in (
        chain.failover(home="C", away="B"),
        chain.unplanned(moved(Target.RUNNING, primary_confirmed_down="by phone"), home="C", away="B"),
    ):
        assert "the middle" in run.error("extended").found
        assert run.mutations == []
