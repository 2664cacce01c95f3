# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.looking import Gather
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import End, Pair
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.states import Power, ReplicationMode
from ansible_collections.hyperv.replica.plugins.module_utils._operations import replica_test
from ansible_collections.hyperv.replica.plugins.module_utils._operations.goal import (
    CopyGoal,
    Goal,
    Network,
    PointChoice,
)
from ansible_collections.hyperv.replica.plugins.module_utils._operations.plan import Target
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.machines import Vm
from ansible_collections.hyperv.replica.tests.unit.plugins.module_utils._operations.estate_run import (
    Run,
    Site,
    estate,
    guid,
    host,
    vm,
)

TESTS = {End.DESTINATION: frozenset({Gather.TESTS, Gather.POINTS}), End.SOURCE: frozenset[Gather]()}
SET, MAKE, POWER, DESTROY = "ModifyResourceSettings", "TestReplicaSystem", "RequestStateChange", "DestroySystem"


def wanted(point: PointChoice | None = None, **copy: Any) -> Goal:
    return Goal(
        target=Target.RUNNING,
        point=point or PointChoice(),
        guest_timeout=timedelta(seconds=300),
        copy=CopyGoal(**copy),
    )


def site(**switches: str) -> Site:
    adapter = {"name": "LAN", "switch": "Production", "test_switch": "Bubble"}
    hosts = [host(name, other, switches=["Production", "Bubble", "Lab"]) for name, other in (("A", "B"), ("B", "A"))]
    plain = estate(
        vm(1, adapters=[adapter], replica_switch="Production", recovery_history=3), vm(2, adapters=[]), hosts=hosts
    )
    return Site(plain, **switches)


def present(at: Site, goal: Goal | None = None, **how: Any) -> Run:
    return at.run(replica_test.make, goal or wanted(), gathers=TESTS, away=None, **how)


def absent(at: Site, goal: Goal | None = None, **how: Any) -> Run:
    return at.run(replica_test.remove, goal or wanted(), gathers=TESTS, away=None, **how)


def copy_of(at: Site, number: int = 1) -> Vm | None:
    return next((one for one in at.world.hosts["B"].vms.values() if one.test_of == guid(number)), None)


def copied(at: Site, number: int = 1) -> Vm:
    found = copy_of(at, number)
    assert found is not None
    return found


def test_a_copy_is_made_isolated_though_the_replica_names_a_test_switch_and_that_is_put_back() -> None:
    at = site()

    run = present(at)

    copy = copied(at)
    assert run.executed == [SET, MAKE, SET]
    assert (copy.mode, copy.power, [one.switch for one in copy.adapters]) == (
        ReplicationMode.TEST_REPLICA,
        Power.OFF,
        [""],
    )
    assert at.b().adapters[0].test_switch == "Bubble"
    assert at.shown()[1] == (2, 3, "OFF")


def test_a_second_run_finds_the_copy_and_sends_nothing_that_changes() -> None:
    at = site()
    goal = wanted(started=True)
    first = present(at, goal)

    again = present(at, goal)

    assert (first.one.error, first.executed) == (None, [SET, MAKE, SET, POWER])
    assert (again.one.already_there, again.mutations) == (True, [])


def test_check_mode_plans_what_the_run_does() -> None:
    at = site()
    goal = wanted(started=True, network=Network.NAMED, switches={"LAN": "Lab"})

    check = present(at, goal, check=True)
    run = present(at, goal)

    planned = [step.method.value for step in check.one.planned if step.method.mutates]
    assert check.mutations == []
    assert run.executed == planned == [SET, MAKE, SET, POWER]


@pytest.mark.parametrize(
    ("copy", "switch"),
    [
        ({"network": Network.CONFIGURED}, "Bubble"),
        ({"network": Network.NAMED, "switches": {"LAN": "Lab"}}, "Lab"),
        ({"network": Network.NAMED, "switches": {"": "Lab"}}, "Lab"),
    ],
)
def test_a_copy_is_connected_to_the_switch_that_was_asked_for(copy: dict[str, Any], switch: str) -> None:
    at = site()

    present(at, wanted(**copy))

    assert [one.switch for one in copied(at).adapters] == [switch]
    assert at.b().adapters[0].test_switch == "Bubble"


@pytest.mark.parametrize(
    ("switches", "kind"),
    [({"": "Production"}, "production_network"), ({"": "Nowhere"}, "bad_option"), ({"WAN": "Lab"}, "bad_option")],
)
def test_a_network_with_production_on_it_or_none_at_all_is_refused(switches: dict[str, str], kind: str) -> None:
    at = site()

    run = present(at, wanted(network=Network.NAMED, switches=switches))

    run.error(kind)
    assert (run.mutations, copy_of(at)) == ([], None)


def test_a_copy_that_is_there_on_another_network_is_not_started() -> None:
    at = site()
    present(at, wanted(network=Network.CONFIGURED))

    run = present(at, wanted(started=True))

    run.error("not_isolated")
    assert (run.mutations, copied(at).power) == ([], Power.OFF)


def test_a_started_copy_answers_and_the_replica_goes_on_replicating() -> None:
    at = site()

    run = present(at, wanted(started=True))
    at.wait(700)

    assert run.one.error is None
    assert copied(at).power is Power.RUNNING
    assert at.b().held[0]["A"] > 1000
    assert (at.split_brains, at.runs_at()) == (0, ["A"])


def test_a_guest_that_never_answers_fails_the_run() -> None:
    at = site()
    at.b().guest.answers = False

    run = present(at, wanted(started=True))

    assert run.error("step_too_slow").found == "waited 300 s for the guest of the test copy answers"


def test_a_copy_is_made_of_the_point_that_was_chosen() -> None:
    at = site()
    at.wait(4 * 3600)
    oldest = at.b().recovery_points[0]

    run = present(at, wanted(PointChoice(wanted=oldest.name)))

    assert run.one.error is None
    assert copied(at).held == oldest.writes


def test_what_the_adapters_said_is_put_back_after_the_host_failed_to_make_the_copy() -> None:
    at = site()
    at.order("fail_job", match={"method": MAKE})

    first: list[Pair] = []
    failed = at.run(lambda goal, seen: _noted(goal, seen, first), wanted(), gathers=TESTS, away=None)
    back = at.run(lambda goal, seen: replica_test.put_back(goal, first[0]), wanted(), gathers=TESTS, away=None)

    assert failed.one.error is not None
    assert back.executed == [SET]
    assert at.b().adapters[0].test_switch == "Bubble"


def _noted(goal: Goal, seen: Pair, first: list[Pair]) -> Any:
    first.append(seen)
    return replica_test.make(goal, seen)


def test_a_replica_that_resynchronizes_is_refused_at_once_with_the_cause() -> None:
    at = site()
    at.act("set_replication", host="B", vm=guid(1), state="resynchronizing")

    run = present(at)

    assert "being compared" in run.error("not_in_sync").cause
    assert run.mutations == []


def test_a_primary_is_no_replica() -> None:
    at = site()

    run = present(at, home="A")

    run.error("not_a_replica")
    assert run.mutations == []


def test_a_copy_is_removed_and_the_replica_stays() -> None:
    at = site()
    present(at)

    run = absent(at)
    again = absent(at)

    assert (run.executed, copy_of(at), at.shown()[1]) == ([DESTROY], None, (2, 3, "OFF"))
    assert (again.one.already_there, again.mutations) == (True, [])
    assert at.lost == 0


def test_a_running_copy_is_removed_only_where_that_was_allowed() -> None:
    at = site()
    present(at, wanted(started=True))

    refused = absent(at)
    allowed = absent(at, wanted(stop_running=True))

    refused.error("copy_runs")
    assert refused.mutations == []
    assert (allowed.executed, copy_of(at)) == ([POWER, DESTROY], None)


def test_a_machine_that_is_linked_but_not_in_mode_3_is_never_destroyed() -> None:
    at = site()
    present(at)
    copied(at).mode = ReplicationMode.NONE

    run = absent(at)

    run.error("no_test_copy")
    assert (run.mutations, copy_of(at) is not None) == ([], True)


def test_of_what_no_vm_was_named_for_only_test_copies_are_removed() -> None:
    at = site()
    present(at)
    copy = copied(at).guid
    at.b().power = Power.OFF

    gone = at.run(replica_test.remove_orphan, wanted(), gathers=TESTS, away=None, vm_ids=[copy])
    again = at.run(replica_test.remove_orphan, wanted(), gathers=TESTS, away=None, vm_ids=[copy])
    replica = at.run(replica_test.remove_orphan, wanted(), gathers=TESTS, away=None, vm_ids=[guid(1)])

    assert (gone.one.error, gone.executed, copy_of(at)) == (None, [DESTROY], None)
    assert (again.one.already_there, again.mutations) == (True, [])
    replica.error("no_test_copy")
    assert (replica.mutations, at.shown()[1]) == ([], (2, 3, "OFF"))


def test_a_running_orphan_is_removed_only_where_that_was_allowed() -> None:
    at = site()
    present(at, wanted(started=True))
    copy = copied(at).guid

    refused = at.run(replica_test.remove_orphan, wanted(), gathers=TESTS, away=None, vm_ids=[copy])
    goal = wanted(stop_running=True)
    allowed = at.run(replica_test.remove_orphan, goal, gathers=TESTS, away=None, vm_ids=[copy])

    refused.error("copy_runs")
    assert (refused.mutations, allowed.executed, copy_of(at)) == ([], [POWER, DESTROY], None)


@pytest.mark.parametrize("method", [SET, MAKE])
def test_a_lost_answer_is_followed_by_looking_and_nothing_is_asked_twice(method: str) -> None:
    at = site()
    at.order("cut_after", match={"method": method})

    run = present(at)

    assert (run.one.error, run.executed) == (None, [SET, MAKE, SET])
    assert at.b().adapters[0].test_switch == "Bubble"
