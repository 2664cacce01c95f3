# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import threading
from collections import Counter
from datetime import datetime, timedelta, timezone

from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.looking import Gather, Look
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import Absence, Absent, End, HostFacts
from ansible_collections.hyperv.replica.plugins.module_utils._operations.crew import Crew, HostLike, Question
from ansible_collections.hyperv.replica.plugins.module_utils._operations.looks import Looks
from ansible_collections.hyperv.replica.plugins.module_utils._operations.routes import Ends, HostKey, Routes
from ansible_collections.hyperv.replica.tests.unit.plugins.module_utils._operations.estate_run import START, Run, guid
from ansible_collections.hyperv.replica.tests.unit.plugins.module_utils._operations.fleet_run import Fleet, fleet


def queries(run: Run) -> Counter[tuple[str, str]]:
    """How often each host was asked for each class."""
    return Counter((request.host, request.class_name) for request in run.requests if request.action == "Enumerate")


def test_two_pairs_are_moved_in_one_run() -> None:
    estate = fleet(vms=4, pairs=2)
    site = Fleet(estate)

    run = site.move(site.routes(estate))

    assert [outcome.error for outcome in run.outcomes.values()] == [None] * 4
    assert [site.runs_at(number) for number in (1, 2, 3, 4)] == [["D"], ["B"], ["D"], ["B"]]
    assert (site.lost, site.split_brains) == (0, 0)


def test_a_host_is_asked_as_often_in_a_run_over_two_pairs_as_in_one_over_its_own() -> None:
    own, both = fleet(vms=4, pairs=1), fleet(vms=8, pairs=2)
    alone, together = Fleet(own), Fleet(both)

    one, two = alone.move(alone.routes(own)), together.move(together.routes(both))

    for_a = {asked: times for asked, times in queries(two).items() if asked[0] in "AB"}
    assert for_a == queries(one)


def test_a_host_that_is_away_holds_up_no_vm_of_another_pair() -> None:
    estate = fleet(vms=4, pairs=2)
    site = Fleet(estate)
    site.world.hosts["D"].up = False

    run = site.move(site.routes(estate))

    assert [site.ended(run, number) for number in (1, 3)] == ["peer_unreachable"] * 2
    assert [site.runs_at(number) for number in (1, 3)] == [["C"], ["C"]]
    assert [site.runs_at(number) for number in (2, 4)] == [["B"], ["B"]]


def test_a_host_that_falls_silent_on_the_way_is_waited_for_by_its_own_vms_alone() -> None:
    estate = fleet(vms=2, pairs=2)
    site = Fleet(estate)
    site.order("cut_before", match={"host": "D", "action": "Enumerate", "nth": 60}, times=8)

    run = site.move(site.routes(estate))

    ended = {record.vm_id: record.at for record in run.journal.records if record.event == "finished"}
    assert [outcome.error for outcome in run.outcomes.values()] == [None, None]
    assert ended[guid(2)] < ended[guid(1)]


class Hanging:
    """A host that answers a look when it is told to."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.exchanges = 0
        self.goes_on = threading.Event()
        self.goes_on.set()

    def look(self, gather: object, vm_ids: object = None) -> Look:
        self.goes_on.wait(30)
        self.exchanges += 1
        return Look(facts=HostFacts(name=self.name, computer_name=self.name), sides={})

    def perform(self, side: object, method: str, arguments: object) -> object:
        raise NotImplementedError


class Passing:
    """A clock that goes on by itself each time it is read."""

    def __init__(self) -> None:
        self._now = START

    def now(self) -> datetime:
        self._now += timedelta(seconds=2)
        return self._now

    def rest(self, seconds: float, stop: threading.Event) -> None:
        self._now += timedelta(seconds=seconds)


def test_a_host_that_hangs_is_left_behind_and_taken_up_again_when_it_answers() -> None:
    quick, slow = Hanging("quick"), Hanging("slow")
    hosts: dict[HostKey, HostLike] = {"quick": quick, "slow": slow}  # type: ignore[dict-item]
    far = datetime(2100, 1, 1, tzinfo=timezone.utc)
    crew = Crew(hosts, Passing(), deadline=far, hurry=timedelta(seconds=5))
    both = {key: Question({Gather.STATE}) for key in hosts}
    try:
        slow.goes_on.clear()
        assert set(crew.ask(both)) == {"quick"}
        assert set(crew.ask(both)) == {"quick"}
        slow.goes_on.set()
        seen: set[HostKey] = set()
        while "slow" not in seen:
            seen |= set(crew.ask(both))
    finally:
        crew.dismiss()
    assert quick.exchanges >= 3


def test_a_first_look_that_takes_long_is_no_silence() -> None:
    slow = Hanging("slow")
    hosts: dict[HostKey, HostLike] = {"slow": slow}  # type: ignore[dict-item]
    far = datetime(2100, 1, 1, tzinfo=timezone.utc)
    crew = Crew(hosts, Passing(), deadline=far, hurry=timedelta(seconds=5))
    looks = Looks(crew, {}, patience_seconds=90, routes=Routes(of={guid(1): {End.SOURCE: ("slow",)}}, otherwise={}))
    answers = threading.Timer(3, slow.goes_on.set)  # six ticks of the crew, each of which this clock takes for seconds
    try:
        slow.goes_on.clear()
        answers.start()
        seen, silent = looks.survey()
    finally:
        answers.cancel()
        crew.dismiss()

    assert ([*seen], silent) == (["slow"], {})


def test_the_end_of_a_vm_may_be_any_of_several_hosts_and_is_the_one_where_it_runs() -> None:
    estate = fleet(vms=2, pairs=2)
    site = Fleet(estate)
    nodes = ("A", "C")
    ends: dict[str, Ends] = {guid(number): {End.SOURCE: nodes} for number in (1, 2, 3)}

    crew, looks = site.looks(Run(), Routes(of=ends, otherwise={}))
    try:
        looks.survey()
        found = [looks.where(guid(number), End.SOURCE) for number in (1, 2, 3)]
        pairs = looks.pairs([guid(3), guid(1)])
    finally:
        crew.dismiss()

    assert found == ["C", "A", None]
    assert [pair.source.host for pair in pairs.values()] == ["a", "c"]
    nowhere, unasked = pairs[guid(3)].source, pairs[guid(1)].destination
    assert isinstance(nowhere, Absent)
    assert isinstance(unasked, Absent)
    assert (nowhere.why, unasked.why) == (Absence.NO_SUCH_VM, Absence.NOT_ASKED)
