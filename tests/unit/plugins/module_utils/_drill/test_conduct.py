# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from ansible_collections.hyperv.replica.plugins.module_utils._drill.occupancy import Occupancy
from ansible_collections.hyperv.replica.plugins.module_utils._drill.standing import Member
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import Pair
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.states import Power, RequestedPower
from ansible_collections.hyperv.replica.plugins.module_utils._operations.goal import (
    Commit,
    OnFailure,
    PointChoice,
    Trials,
)
from ansible_collections.hyperv.replica.plugins.module_utils._operations.markers import trial_of
from ansible_collections.hyperv.replica.plugins.module_utils._operations.operation import unplanned_failover
from ansible_collections.hyperv.replica.plugins.module_utils._operations.pace import Pace
from ansible_collections.hyperv.replica.plugins.module_utils._operations.plan import Method, Target
from ansible_collections.hyperv.replica.plugins.module_utils._operations.routes import HostKey
from ansible_collections.hyperv.replica.tests.unit.plugins.module_utils._drill.conducted_run import (
    GIB,
    Heartbeats,
    Orchestra,
    asked,
)
from ansible_collections.hyperv.replica.tests.unit.plugins.module_utils._operations.estate_run import Run, guid, moved
from ansible_collections.hyperv.replica.tests.unit.plugins.module_utils._operations.fleet_run import fleet

SHUT_DOWN = Method.INITIATE_SHUTDOWN.value
LOCK = Method.REQUEST_REPLICATION_STATE_CHANGE.value
SWITCH = Method.INITIATE_FAILOVER.value
POWER = Method.REQUEST_STATE_CHANGE.value
RUNNING = str(int(RequestedPower.RUNNING))


def kinds(run: Run) -> dict[int, str]:
    """What each VM's error is, by number; those without one left out."""
    return {
        int(vm_id[-12:], 16): outcome.error.kind for vm_id, outcome in run.outcomes.items() if outcome.error is not None
    }


def three_tiers(site: Orchestra) -> list[Member]:
    """Two VMs to a tier, in the order of their numbers."""
    return [replace(member, tier=place // 2) for place, member in enumerate(site.members())]


def test_machines_stop_in_the_reverse_of_the_order_in_which_they_start() -> None:
    site = Orchestra(fleet(vms=6, pairs=2))

    run = site.conduct(three_tiers(site), pace=Pace(poll=15, concurrency=1))

    started = asked(run, POWER, requested=RUNNING)
    assert kinds(run) == {}
    assert started == ["1", "2", "3", "4", "5", "6"]
    assert asked(run, SHUT_DOWN) == started[::-1]


def test_nobody_is_switched_before_all_are_off_and_nobody_is_shut_down_before_all_are_ready() -> None:
    site = Orchestra(fleet(vms=6, pairs=2))

    run = site.conduct(three_tiers(site))

    events = [(record.event, record.method, record.at) for record in run.journal.records]
    first_switch = min(at for event, method, at in events if (event, method) == ("asking", SWITCH))
    last_lock = max(at for event, method, at in events if (event, method) == ("answered", LOCK))
    first_stop = min(at for event, method, at in events if (event, method) == ("asking", SHUT_DOWN))
    tests = [at for event, method, at in events if method == Method.TEST_REPLICATION_CONNECTION.value]
    assert last_lock <= first_switch
    assert len(tests) == 6
    assert max(tests) <= first_stop


def test_a_machine_starts_after_the_one_it_depends_on_is_green_and_after_its_delay() -> None:
    site = Orchestra(fleet(vms=2, pairs=1))
    first, second = site.members()

    run = site.conduct([replace(first, after=(second.vm_id,), start_delay=timedelta(seconds=60)), second])

    at = {record.vm_id: record.at for record in run.journal.records if record.arguments.get("RequestedState") == 2}
    green = run.outcomes[second.vm_id].facts["recovered_at"]
    assert kinds(run) == {}
    assert asked(run, POWER, requested=RUNNING) == ["2", "1"]
    assert isinstance(green, datetime)
    assert at[first.vm_id] >= green + timedelta(seconds=60)


def test_a_machine_that_never_gets_green_fails_those_that_depend_on_it_and_nobody_else() -> None:
    site = Orchestra(fleet(vms=4, pairs=2))
    one, two, three, four = (replace(member, stops_others=False) for member in site.members())
    members = [one, replace(two, after=(one.vm_id,)), replace(three, after=(two.vm_id,)), four]

    run = site.conduct(members, watch=Heartbeats(never=[one.vm_id]), goal=moved(on_failure=OnFailure.STOP))

    assert kinds(run) == {1: "probe_failed", 2: "dependency", 3: "dependency"}
    assert asked(run, POWER, requested=RUNNING) == ["1", "4"]


def test_one_that_does_not_shut_down_brings_the_others_back_to_where_they_were() -> None:
    site = Orchestra(fleet(vms=4, pairs=2))
    site.world.hosts["C"].vms[guid(3)].guest.answers = False
    members = three_tiers(site)

    run = site.conduct(members, goal=moved(on_failure=OnFailure.ROLL_BACK))

    assert kinds(run)[3] == "guest_stays_up"
    assert [site.runs_at(number) for number in (1, 2, 3, 4)] == [["C"], ["A"], ["C"], ["A"]]
    assert all(outcome.error or outcome.skipped for outcome in run.outcomes.values())
    assert (site.lost, site.split_brains) == (0, 0)


def test_a_stop_leaves_alone_whoever_was_not_begun() -> None:
    site = Orchestra(fleet(vms=4, pairs=2))
    site.world.hosts["D"].up = False

    run = site.conduct(site.members())

    assert set(kinds(run)) == {1, 3}
    assert [run.outcomes[guid(number)].skipped for number in (2, 4)] == [True, True]
    assert asked(run, SHUT_DOWN) == []


def test_a_stage_is_moved_whole_before_the_next_is_disturbed() -> None:
    site = Orchestra(fleet(vms=3, pairs=1))
    members = [replace(member, stage=place) for place, member in enumerate(site.members())]

    run = site.conduct(members)

    told = [(record.event, record.vm_id, record.method) for record in run.journal.records]
    for before, after in ((1, 2), (2, 3)):
        finished = told.index(("finished", guid(before), ""))
        assert finished < told.index(("asking", guid(after), SHUT_DOWN))


def test_no_host_sends_or_receives_more_than_it_may() -> None:
    site = Orchestra(fleet(vms=24, pairs=3))
    site.world.bandwidth = 1 << 20
    limits: dict[HostKey, int] = {"A": 2, "B": 2, "C": 3, "D": 1, "E": 2, "F": 4}

    run = site.conduct(site.members(), room=Occupancy(transfers=limits))

    assert kinds(run) == {}
    assert all(count <= limits[name] for name, count in [*site.sent.items(), *site.received.items()])
    assert (site.sent["A"], site.sent["C"], site.sent["E"]) == (2, 1, 2)


def test_nothing_starts_where_there_is_no_room_for_it_and_what_never_fits_fails() -> None:
    site = Orchestra(fleet(vms=4, pairs=1))
    members = [replace(member, memory=4 * GIB, stops_others=False) for member in site.members()]

    run = site.conduct(members, room=Occupancy(memory={"B": 13 * GIB}), goal=moved(on_failure=OnFailure.STOP))

    assert kinds(run) == {4: "no_memory"}
    assert site.used["B"] == 12 * GIB


def test_one_that_runs_in_its_right_place_is_a_dependency_that_is_met() -> None:
    site = Orchestra(fleet(vms=2, pairs=1))
    first, second = site.members()
    site.conduct([first])

    run = site.conduct([first, replace(second, after=(first.vm_id,))])

    assert run.outcomes[first.vm_id].already_there
    assert kinds(run) == {}


def test_one_that_is_not_moved_has_to_be_served_where_it_is() -> None:
    site = Orchestra(fleet(vms=2, pairs=1))
    first, second = site.members()
    site.world.hosts["A"].vms[second.vm_id].power = Power.OFF
    dark = site.looked_at(second.vm_id)

    run = site.conduct([replace(first, beside=(second.vm_id,))], beside=dark, goal=moved(on_failure=OnFailure.STOP))

    assert kinds(run) == {1: "dependency"}


def test_a_run_that_was_killed_anywhere_is_ended_by_running_it_again() -> None:
    whole = Orchestra(fleet(vms=4, pairs=2))
    every = len(whole.conduct(three_tiers(whole)).requests)
    for place in range(every // 4, every, every // 4):
        site = Orchestra(fleet(vms=4, pairs=2))
        site.kill_at = place
        assert site.conduct(three_tiers(site)).killed
        site.kill_at = None

        again = site.conduct(three_tiers(site))

        assert kinds(again) == {}, f"killed at request {place}"
        assert [site.runs_at(number) for number in (1, 2, 3, 4)] == [["D"], ["B"], ["D"], ["B"]]
        assert (site.lost, site.split_brains) == (0, 0)


class Strict:
    """Finds nobody good before the second time it is started."""

    said = "the database does not open"

    def good(self, seen: Pair) -> bool:
        trial = trial_of(seen.destination)
        return trial is not None and len(trial.tried) == 1


def test_one_that_is_tried_from_an_older_point_takes_its_memory_once() -> None:
    estate = fleet(vms=1, pairs=1)
    estate["replicated"][0]["recovery_history"] = 4
    site = Orchestra(estate)
    for _hour in range(3):
        site.wait(3700)
    site.act("power_loss", host="A")
    (member,) = site.members()
    goal = moved(
        Target.RUNNING,
        commit=Commit.VERIFIED,
        trials=Trials(within=timedelta(seconds=60), fall_back=1),
        point=PointChoice(max_loss=timedelta(hours=12)),
        primary_confirmed_down="shift lead, INC-1",
    )

    run = site.conduct(
        [replace(member, memory=4 * GIB)],
        room=Occupancy(memory={"B": 6 * GIB}),
        goal=goal,
        planned=False,
        verb=lambda goal, seen: unplanned_failover(goal, Strict()),
    )

    assert kinds(run) == {}
    assert asked(run, POWER, requested=RUNNING) == ["1", "1"]
    assert site.runs_at() == ["B"]
