# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An old primary is kept from starting and from the network, and put back as it was, or what changed is said."""

from __future__ import annotations

import pytest

from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.looking import Gather
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import End
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.states import StartAction
from ansible_collections.hyperv.replica.plugins.module_utils._operations import operation as verbs
from ansible_collections.hyperv.replica.plugins.module_utils._operations.goal import Goal
from ansible_collections.hyperv.replica.plugins.module_utils._operations.markers import Fence
from ansible_collections.hyperv.replica.plugins.module_utils._operations.plan import Target
from ansible_collections.hyperv.replica.tests.unit.plugins.module_utils._operations.estate_run import (
    ALL_CONSENTS,
    Run,
    Site,
    estate,
    host,
    moved,
    vm,
)

AT_HOME = {
    End.DESTINATION: frozenset({Gather.POWER, Gather.ADAPTERS}),
    End.SOURCE: frozenset({Gather.POWER}),
}
AT_SOURCE = {
    End.DESTINATION: frozenset({Gather.POWER, Gather.POINTS}),
    End.SOURCE: frozenset({Gather.POWER, Gather.ADAPTERS}),
}


def returned(**switches: str) -> Site:
    """B serves after an outage of A, which is back as an old primary with two adapters of which one is connected."""
    hosts = [host("A", "B", switches=["Office", "Backup"]), host("B", "A", switches=["Office"])]
    adapters = [{"name": "Users", "switch": "Office"}, {"name": "Spare"}]
    site = Site(estate(vm(adapters=adapters), hosts=hosts), **switches)
    site.wait(400)
    site.act("power_loss", host="A")
    down = moved(Target.RUNNING, primary_confirmed_down="shift lead, INC-1")
    assert site.unplanned(down).one.error is None
    site.a().was_running = False
    site.act("power_return", host="A")
    site.act("turn_off_vm", host="A", vm="VM001")
    site.wait(60)
    return site


def goal(*, adapters: bool = True) -> Goal:
    return moved(Target.PROTECTED, *ALL_CONSENTS, fence_adapters=adapters)


def home(site: Site, wanted: Goal | None = None) -> Run:
    return site.run(verbs.failback_of, wanted or goal(), gathers=AT_HOME, home="A", away="B")


def protect(site: Site) -> Run:
    """hyperv_replica_failover mode: unplanned, state: protected on B."""
    return site.run(lambda g, seen: verbs.unplanned_failover(g), goal(), gathers=AT_SOURCE)


def switches(site: Site) -> list[str]:
    return [adapter.switch for adapter in site.a().adapters]


def went_well(run: Run) -> None:
    assert run.one.error is None, str(run.one.error)


def test_an_old_primary_is_taken_off_the_network_and_put_back_exactly_when_it_serves_again() -> None:
    site = returned()
    went_well(protect(site))
    assert (switches(site), site.a().start_action) == (["", ""], StartAction.NOTHING)
    went_well(home(site))
    assert (switches(site), site.a().start_action, site.a().notes) == (["Office", ""], StartAction(3), [])


def test_one_failback_fences_and_unfences_in_one_run() -> None:
    site = returned()
    planned = [
        step.method.value
        for step in site.run(verbs.failback_of, goal(), gathers=AT_HOME, home="A", away="B", check=True).one.planned
        if step.method.mutates
    ]
    run = home(site)
    went_well(run)
    assert run.mutations == planned
    assert run.mutations[:2] == ["ModifySystemSettings", "ModifyResourceSettings"]
    assert (switches(site), site.a().start_action, site.a().notes) == (["Office", ""], StartAction(3), [])


def test_without_being_asked_for_the_adapters_are_left_alone() -> None:
    site = returned()
    run = home(site, goal(adapters=False))
    went_well(run)
    assert "ModifyResourceSettings" not in run.mutations


def test_it_is_off_the_network_before_anything_else_is_done_with_it_and_on_it_before_it_starts() -> None:
    run = home(returned())
    off, on = [at for at, method in enumerate(run.mutations) if method == "ModifyResourceSettings"]
    assert off == 1
    assert run.mutations[on + 1 :] == ["RequestStateChange", "ModifySystemSettings"]


def test_what_somebody_changed_meanwhile_stays_and_is_said() -> None:
    site = returned()
    went_well(protect(site))
    site.a().adapters[0].switch = "Backup"
    site.a().start_action = StartAction.ALWAYS
    run = home(site)
    went_well(run)
    assert (switches(site), site.a().start_action, site.a().notes) == (["Backup", ""], StartAction.ALWAYS, [])
    last = run.one.performed[-1].step.why
    assert "changed by somebody to ALWAYS" in last
    assert "Users was connected by somebody to Backup" in last


def test_a_fence_of_an_earlier_version_is_taken_away_as_well() -> None:
    site = returned()
    went_well(protect(site))
    site.a().adapters[0].switch = "Office"
    site.a().notes = ["ours", str(Fence(start_action=StartAction(3)))]
    assert site.a().notes[1] == "hyperv.replica:fence:1:AutomaticStartupAction=3"
    went_well(home(site))
    assert (site.a().start_action, site.a().notes) == (StartAction(3), ["ours"])


def test_a_fence_whose_adapters_were_not_read_keeps_what_it_knows() -> None:
    site = returned()
    went_well(protect(site))
    note = list(site.a().notes)
    went_well(site.failback(goal(adapters=False)))
    assert site.a().notes == note
    went_well(home(site))
    assert (switches(site), site.a().notes) == (["Office", ""], [])


@pytest.fixture(scope="module")
def sent() -> list[int]:
    """The number of each request that changes something in an undisturbed run."""
    return [request.number for request in home(returned()).requests if request.mutating]


@pytest.mark.parametrize("step", [0, 1, 2, 3, -4, -3, -2, -1])
def test_a_run_killed_at_a_step_is_continued(step: int, sent: list[int]) -> None:
    site = returned()
    site.kill_at, site.kill_after_execution = sent[step], True
    assert home(site).killed
    site.kill_at = None
    went_well(home(site))
    assert (switches(site), site.a().start_action, site.a().notes) == (["Office", ""], StartAction(3), [])
    assert site.split_brains == 0
