# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Many failures with few reasons: what the report makes of them, and of many machines at once."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.hyperv.replica.plugins.module_utils._drill.causes import grouped
from ansible_collections.hyperv.replica.plugins.module_utils._drill.crowd import crowd
from ansible_collections.hyperv.replica.plugins.module_utils._drill.html import page
from ansible_collections.hyperv.replica.plugins.module_utils._drill.lead import spoken
from ansible_collections.hyperv.replica.plugins.module_utils._drill.merge import merged
from ansible_collections.hyperv.replica.plugins.module_utils._drill.page import Bar, Page, Row, Table
from ansible_collections.hyperv.replica.plugins.module_utils._drill.verdict import Reason
from ansible_collections.hyperv.replica.plugins.module_utils._surface.evidence_surface import drill
from ansible_collections.hyperv.replica.tests.unit.plugins.module_utils._drill import drills

FORTY_AND_THREE = drill(drills.forty_and_three())
VM = drills.plan(1)["vms"][0]


def told(of: Any) -> Page:
    return page(of, merged([], []), [], "0" * 64)


def section(of: Any, name: str) -> Table:
    (table,) = [table for table in told(of).tables if table.id == name]
    return table


def walked_back(**changed: Any) -> Any:
    """SQL01 is dead, so WEB01 is brought home as well, and that as CHANGED says."""
    runs = [drills.moved(VM, 10, name="SQL01", outcome="failed", error=drills.DEAD), drills.moved(VM, 10, name="WEB01")]
    home = drills.moved(VM, 400, name="WEB01", back=True, **changed)
    first = drills.stage("failover", "failover", 0, 300, runs, failed=True)
    wanted = drills.plan(1)
    wanted["vms"] = [{**wanted["vms"][0], "name": name} for name in ("SQL01", "WEB01")]
    return drill(
        drills.options(1)
        | {"plan": wanted, "stages": [first, drills.stage("walk back", "walk_back", 390, 9000, [home])]}
    )


def test_a_reason_is_told_once_for_all_whom_it_struck_those_that_it_struck_most_first() -> None:
    (many, why, rest), (few, silent, _rest) = told(FORTY_AND_THREE).reasons

    assert many.startswith("40 VMs: VM001, VM008, VM015, VM022, VM029, VM036 and 34 more (")
    assert (why, silent) == ("hv-b1 is away", "its guest did not answer within 300 s")
    assert few.startswith("3 VMs: VM006, VM101, VM201 (")
    assert "Cost: 10 min 31 s without service in the whole drill" in rest
    assert "(VM001, the most of them)" in rest
    assert rest.endswith("Look whether it has power.")


def test_the_verdict_counts_the_reasons_of_many_and_the_job_ends_with_no_more_than_the_page_says() -> None:
    said = spoken(FORTY_AND_THREE)

    assert told(FORTY_AND_THREE).lead.startswith("VM001, VM006, VM008 and 40 more failed for 2 reasons. 257 of 300")
    assert said.count("hv-b1 is away") == 1


def test_every_machine_is_named_with_its_reason() -> None:
    rows = section(FORTY_AND_THREE, "reasons").rows

    named = [row[0].text.partition(": ")[2].split(", ") for row in rows]
    assert [len(names) for names in named] == [40, 3]
    assert named[0][-1] == "VM274"


def test_faults_and_differences_that_are_alike_share_a_line() -> None:
    assert [row[0].text for row in section(FORTY_AND_THREE, "faults").rows][1] == "VM006, VM101, VM201"
    assert [row[2].text for row in section(FORTY_AND_THREE, "differences").rows][0] == "failed: connection_lost"


def test_a_limit_that_was_missed_on_the_way_back_is_because_of_what_made_everybody_walk_back() -> None:
    seen = told(walked_back(recovered_at=drills.at(8000)))

    assert seen.lead.startswith("SQL01, and 1 because of it, failed.")
    assert [who for who, _why, _cost in seen.reasons] == ["SQL01 (directory), failover"]
    assert seen.more_reasons == "Because of it: WEB01. 1 of these missed a limit on the way back."


def test_reasons_that_differ_in_a_measure_only_are_one_and_the_longest_speaks() -> None:
    late = [
        Reason(why=f"RTO missed: {seconds} s", vm=f"VM{seconds}", stage="failover", alike="RTO", seconds=seconds)
        for seconds in (70, 90, 80)
    ]

    (cause,) = grouped(late)

    assert (cause.names, cause.why) == (("VM70", "VM90", "VM80"), "RTO missed: 90 s (VM90, the most of them)")


@pytest.mark.parametrize("stages", [("failover", "failback"), ("failback", "failover")])
def test_the_same_reason_in_two_stages_is_told_in_each_in_their_order(stages: tuple[str, str]) -> None:
    assert [cause.stage for cause in grouped([Reason(why="away", vm="A", stage=stage) for stage in stages])] == [
        *stages
    ]


def test_machines_that_are_in_different_places_are_counted_by_place() -> None:
    places = ["runs on hv-a", "runs on hv-b", "runs on hv-b"]

    (cause,) = grouped([Reason(why="away", vm=f"VM{number}", now=now) for number, now in enumerate(places)])

    assert cause.now == "2 × runs on hv-b; 1 × runs on hv-a"


def test_a_tier_of_many_shows_how_many_were_without_service_at_which_time() -> None:
    bars = [Bar(left=10, width=20, look="down", text=""), Bar(left=30, width=10, look="probing", text="")]
    rows = [Row(name="A", text="", look="", bars=tuple(bars)), Row(name="B", text="", look="", bars=(bars[0],))]

    seen = crowd(rows)

    assert [(piece.left, piece.width, piece.height) for piece in seen.bars] == [(10, 20, 100), (30, 10, 50)]
    assert seen.text == "at most 2 at once"


def test_of_many_those_that_failed_because_of_another_are_folded_away_and_counted() -> None:
    given = drills.options(300)
    for run in given["stages"][2]["results"]["vms"][1:40]:
        run |= {"outcome": "failed", "error": {"kind": "plan_stopped", "msg": "VM001 failed"}}
    given["stages"][2]["results"]["vms"][0] |= {"outcome": "failed", "error": drills.SILENT}
    seen = told(drill(given))

    assert [row.name for row in seen.timeline.groups[0].rows] == ["VM001"]
    assert seen.timeline.groups[0].folded.startswith("49 more, 39 of them failed because of another; ")
    assert [table.title.split(",")[0] for table in seen.steps] == ["VM001"]


def test_a_move_that_was_undone_gave_its_machine_back_and_is_not_drawn_as_one_that_never_answers() -> None:
    undone: dict[str, Any] = {
        "outcome": "failed",
        "error": drills.AWAY,
        "rescue": "rolled_back",
        "served_at": None,
        "recovered_at": None,
    }
    stage = drills.stage("failover", "failover", 0, 900, [drills.moved(VM, 10, **undone)], failed=True)

    (row,) = told(drill(drills.options(1) | {"stages": [stage]})).timeline.groups[0].rows

    assert "dead" not in [piece.look for piece in row.bars]
    assert max(piece.left + piece.width for piece in row.bars) < 20


def test_a_bundle_of_nothing_does_not_say_that_hosts_were_real() -> None:
    assert told(drill(drills.options(1) | {"stages": [], "plan": {"name": "none", "vms": []}})).where == "UNKNOWN HOSTS"


def test_those_that_are_folded_away_are_told_in_a_line_with_the_longest_of_them() -> None:
    all_of_one, some = (told(of).timeline.groups[0].folded for of in (drill(drills.options(300)), FORTY_AND_THREE))

    assert all_of_one == "All 50, without a failure; longest without service: VM001, 4 min 12 s"
    assert some.startswith("41 more, without a failure; longest without service: ")


def test_few_machines_are_shown_each_and_nothing_is_folded_away() -> None:
    groups = told(drill(drills.options(12))).timeline.groups

    assert {(group.crowd, group.folded) for group in groups} == {(None, "")}


def test_of_many_moves_failures_are_seen_first_and_then_those_that_took_longest() -> None:
    slow = drills.options(300)
    slow["stages"][2]["results"]["vms"][250]["recovered_at"] = drills.at(1000)

    assert section(drill(slow), "systems").rows[0][0].text == "VM251"


@pytest.mark.parametrize(
    ("changed", "most"),
    [
        ({}, "101 s of it without service until it ran"),
        ({"recovered_at": drills.at(160)}, "101 s of it without service until it ran"),
        ({"outage_began": drills.at(150)}, "2 min 20 s of it before its shutdown"),
        ({"served_at": drills.at(40), "performed": []}, "100 s of it until its probes were green"),
        ({"outage_began": None}, "2 min 45 s of it with its users served"),
    ],
)
def test_the_longest_move_of_a_stage_is_told_with_what_took_most_of_it(changed: dict[str, Any], most: str) -> None:
    stage = drills.stage("failover", "failover", 0, 300, [drills.moved(VM, 10, **changed)])

    seen = told(drill(drills.options(1) | {"stages": [stage]}))

    assert seen.time.rows[0][5].text == f"DC01: 2 min 45 s, {most}"
