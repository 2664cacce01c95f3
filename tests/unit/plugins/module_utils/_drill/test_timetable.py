# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.hyperv.replica.plugins.module_utils._drill.plan import Towards
from ansible_collections.hyperv.replica.plugins.module_utils._drill.schedule import Schedule, schedule
from ansible_collections.hyperv.replica.plugins.module_utils._drill.timetable import (
    Measured,
    clock,
    compared_tiers,
    comparison,
    comparison_overview,
    overview,
    timetable,
    wave_lines,
)
from ansible_collections.hyperv.replica.plugins.module_utils._drill.waves import HostRoom, Move, Room
from ansible_collections.hyperv.replica.tests.unit.plugins.module_utils._drill.written import plan, vm


def two() -> Schedule:
    read = plan(vm("SQL", tier="data"), vm("WEB", tier="web", limits={"rto": "1m"}), tiers="data web")
    return schedule(Move(plan=read, towards=Towards.RECOVERY), Room(hosts={"hv-a": HostRoom(active_transfers=6)}))


@pytest.mark.parametrize(("seconds", "shown"), [(0, "0:00"), (7.4, "0:07"), (750, "12:30"), (3723, "1:02:03")])
def test_a_time_of_the_run_is_short(seconds: float, shown: str) -> None:
    assert clock(seconds) == shown


def test_a_timetable_has_a_line_for_each_machine_and_says_what_it_is_made_from() -> None:
    assert timetable(two()) == [
        "tests, towards recovery: 2 VMs, 1 stage, predicted 4:00",
        "Limits: 10 VMs with a step outstanding; hv-a 6 transfers",
        "Order: whoever there is room for may pass others that have to wait. "
        "Hooks, pauses and a human's answers come on top.",
        "VM   tier  stage  from  to    shut down  last data  switch  start  probes  served  out of service",
        "SQL  data  1      hv-a  hv-b  0:30       1:00       1:15    1:40   1:50    2:50    2:20",
        "WEB  web   1      hv-a  hv-b  0:00       0:30       1:15    2:50   3:00    4:00    4:00 !",
        "Tier data: out of service for 2:20 at the most",
        "Tier web: out of service for 4:00 at the most",
        "WARNING: WEB is predicted to be away for 4:00, its limit is 1:00",
    ]


def test_waves_are_lines_by_the_clock() -> None:
    assert wave_lines(two())[:2] == ["0:00  shut down: WEB", "0:30  shut down: SQL"]


def test_a_wave_of_many_machines_is_counted_instead_of_filling_the_screen() -> None:
    many = plan(*(vm(f"VM{number:02}") for number in range(20)))

    lines = wave_lines(schedule(Move(plan=many, towards=Towards.RECOVERY), Room(concurrency=20)))

    assert lines[0].endswith("VM07 and 12 more")
    assert all(len(line) < 100 for line in lines)


def test_predicted_stands_beside_actual() -> None:
    measured = {"SQL": Measured(out_since=20, served_at=150), "WEB": Measured(out_since=0, served_at=262)}

    assert comparison(two(), measured) == [
        "            predicted  actual  difference",
        "SQL         2:20       2:10    -0:10",
        "WEB         4:00       4:22    +0:22",
        "data        2:20       2:10    -0:10",
        "web         4:00       4:22    +0:22",
        "everything  4:00       4:22    +0:22",
    ]


def test_a_machine_that_was_never_served_again_has_no_time_and_neither_has_its_tier() -> None:
    lines = comparison(two(), {"SQL": Measured(out_since=20, served_at=150), "WEB": Measured(out_since=0)})

    assert lines[2].split() == ["WEB", "4:00", "not", "served"]
    assert [one.actual for one in compared_tiers(two(), {"SQL": Measured(served_at=150)})] == [150, None]


def three_hundred() -> Schedule:
    named = [
        vm(f"VM{number:03}", tier="data" if number < 100 else "web", limits={"rto": "1m"}) for number in range(300)
    ]
    hosts = {name: HostRoom(active_transfers=6) for name in ("hv-a", "hv-b")}
    return schedule(
        Move(plan=plan(*named, tiers="data web"), towards=Towards.RECOVERY), Room(concurrency=60, hosts=hosts)
    )


def test_of_many_machines_the_overview_says_when_each_tier_goes_through_each_part() -> None:
    lines = overview(three_hundred())

    assert len(lines) < 24
    assert lines[1] == "Limits: 60 VMs with a step outstanding; hv-a, hv-b each 6 transfers"
    assert [line.split()[:3] for line in lines[4:6]] == [["data", "1", "100"], ["web", "1", "200"]]
    assert lines[-3:-1] == [lines[-3], "WARNING: and 290 more"]
    assert all(len(line) < 140 for line in lines)


def test_of_many_machines_those_that_were_later_most_stand_beside_the_tiers() -> None:
    known = three_hundred()
    measured = {row.vm: Measured(out_since=0, served_at=row.rto + number) for number, row in enumerate(known.rows)}
    measured["VM007"] = Measured(out_since=0)

    lines = comparison_overview(known, measured)

    assert [line.split()[0] for line in lines[1:7]] == ["data", "web", "everything", "VM007", "VM299", "VM298"]
    assert len(lines) == 1 + 3 + 10 + 1


def test_of_few_machines_the_overview_is_the_whole() -> None:
    measured = {"SQL": Measured(out_since=20, served_at=150)}

    assert overview(two()) == timetable(two())
    assert comparison_overview(two(), measured) == comparison(two(), measured)


def test_an_empty_schedule_says_so() -> None:
    empty = schedule(Move(plan=plan(vm("A")), towards=Towards.HOME, there={"A"}), Room())

    assert timetable(empty)[0] == "tests, towards home: 0 VMs, 0 stages, predicted 0:00"
