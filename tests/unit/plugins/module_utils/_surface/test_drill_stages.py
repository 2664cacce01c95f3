# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest

from ansible_collections.hyperv.replica.plugins.module_utils._errors import PreconditionFailed
from ansible_collections.hyperv.replica.plugins.module_utils._surface.drill_stages import gathered, outages

OUT = "2026-11-20T03:00:0{}+00:00"


def noted(stage: str, place: int, **more: Any) -> dict[str, Any]:
    """A stage as a job notes it."""
    return {
        "stage": stage,
        "kind": stage.split()[0],
        "began": f"2026-11-20T03:{place:02}:00+00:00",
        "ended": f"2026-11-20T03:{place:02}:30+00:00",
        "failed": False,
        "said": "well",
        "place": place,
        "results": {"vms": []},
        **more,
    }


def shard(number: int, count: int, place: int = 1, **more: Any) -> dict[str, Any]:
    vm = {"name": f"VM{number}", "outage_began": OUT.format(number)}
    results = {
        "vms": [vm],
        "records": [{"run_id": f"run{number}"}],
        "exchanges": [{"hv-a": number}],
        "summary": {"moved": 1},
        "warnings": ["the clock of hv-a is wrong"],
        "failed": False,
        "schedule": {
            "way": "together",
            "predicted_seconds": 10.0 * number,
            "actual_seconds": 12.0 * number,
            "lines": [f"line {number}"],
            "compared": [],
            "vms": [{"name": f"VM{number}"}],
        },
    }
    return noted("failover", place, shard=f"{number}/{count}", said=f"said {number}", results=results, **more)


PREFLIGHT, VERIFY = noted("preflight", 0), noted("verify at home", 4)
SHARDS = [
    shard(1, 3, began="2026-11-20T03:01:10+00:00", ended="2026-11-20T03:05:00+00:00"),
    shard(2, 3, began="2026-11-20T04:01:05+01:00", ended="2026-11-20T03:04:00+00:00"),
    shard(3, 3),
]


@pytest.mark.parametrize("order", [*permutations([PREFLIGHT, *SHARDS, VERIFY])])
def test_shards_become_one_stage_in_whatever_order_they_come(order: tuple[dict[str, Any], ...]) -> None:
    told = gathered(order)

    assert [stage["stage"] for stage in told] == ["preflight", "failover", "verify at home"]
    assert [vm["name"] for vm in told[1]["results"]["vms"]] == ["VM1", "VM2", "VM3"]


def test_a_merged_stage_begins_with_the_first_shard_ends_with_the_last_and_has_everything_of_all() -> None:
    merged = gathered(SHARDS)[0]

    assert (merged["began"], merged["ended"]) == ("2026-11-20T03:01:00+00:00", "2026-11-20T03:05:00+00:00")
    assert merged["failed"] is False
    assert merged["said"] == "Shard 1/3: said 1 Shard 2/3: said 2 Shard 3/3: said 3"
    assert merged["results"] == {
        "vms": [{"name": f"VM{number}", "outage_began": OUT.format(number)} for number in (1, 2, 3)],
        "records": [{"run_id": "run1"}, {"run_id": "run2"}, {"run_id": "run3"}],
        "exchanges": [{"hv-a": 1}, {"hv-a": 2}, {"hv-a": 3}],
        "summary": {"moved": 3},
        "warnings": ["the clock of hv-a is wrong"],
        "failed": False,
        "schedule": {
            "way": "together",
            "predicted_seconds": 30.0,
            "actual_seconds": 36.0,
            "lines": ["line 1", "line 2", "line 3"],
            "compared": [],
            "vms": [{"name": "VM1"}, {"name": "VM2"}, {"name": "VM3"}],
        },
    }
    assert [part["shard"] for part in merged["shards"]] == ["1/3", "2/3", "3/3"]


def test_one_failed_shard_makes_the_stage_a_failed_one_and_speaks_first() -> None:
    told = gathered([shard(1, 2), shard(2, 2, failed=True)])[0]

    assert told["failed"] is True
    assert told["said"].startswith("Shard 2/2: said 2")


def test_a_shard_with_nothing_to_do_is_merged_like_any_other() -> None:
    empty = noted("failover", 1, shard="2/2", results={"vms": [], "schedule": {}, "exchanges": [{}]})

    told = gathered([shard(1, 2), empty])

    assert [(stage["stage"], stage["failed"]) for stage in told] == [("failover", False)]
    assert told[0]["results"]["schedule"]["lines"] == ["line 1"]


def test_shards_that_all_have_nothing_to_do_have_no_timetable() -> None:
    empty = [noted("failover", 1, shard=f"{number}/2", results={"vms": [], "schedule": {}}) for number in (1, 2)]

    assert gathered(empty)[0]["results"] == {"vms": [], "schedule": {}}


def test_a_shard_that_left_nothing_is_a_failed_stage_and_a_verification_still_follows_the_move() -> None:
    told = gathered([SHARDS[0], SHARDS[2], VERIFY])

    assert [(stage["stage"], stage["failed"]) for stage in told] == [
        ("failover, shard 2/3", True),
        ("failover", False),
        ("verify at home", False),
    ]
    assert "cancelled or killed" in told[0]["said"]


def test_a_shard_that_was_run_again_is_told_apart_and_the_others_are_not_missed() -> None:
    again = shard(2, 3, place=4)

    told = gathered([*SHARDS, again])

    assert [(stage["stage"], len(stage["results"]["vms"])) for stage in told] == [("failover", 3), ("failover", 1)]


def test_shards_of_a_plan_that_was_divided_otherwise_stay_apart() -> None:
    told = gathered([shard(1, 1), shard(1, 2, place=2), shard(2, 2, place=2)])

    assert [len(stage["shards"]) for stage in told] == [1, 2]


def test_what_came_after_what_is_told_by_what_a_job_knew_and_not_by_its_clock() -> None:
    late = noted("failover", 1, began="2026-11-20T03:30:00+00:00")
    early = noted("verify at home", 2, began="2026-11-20T03:20:00+00:00")

    assert [stage["stage"] for stage in gathered([early, late])] == ["failover", "verify at home"]


def test_stages_that_were_written_by_hand_stay_in_their_order_and_are_not_changed() -> None:
    written = [{"stage": "failover", "kind": "failover"}, {"stage": "verify", "kind": "verify"}]

    assert gathered(written) == written


def test_a_stage_that_came_twice_counts_once() -> None:
    assert len(gathered([PREFLIGHT, PREFLIGHT])) == 1


def test_an_expected_stage_that_nobody_left_is_a_failed_one_in_its_place() -> None:
    told = gathered([PREFLIGHT, VERIFY], expected=["preflight", "failover", "verify at home", "failback"])

    assert [(stage["stage"], stage["kind"], stage["failed"]) for stage in told] == [
        ("preflight", "preflight", False),
        ("failover", "failover", True),
        ("verify at home", "verify", False),
        ("failback", "failback", True),
    ]


def test_nothing_noted_and_nothing_expected_is_nothing() -> None:
    assert gathered([]) == []


def test_a_shard_that_there_is_not_is_refused() -> None:
    with pytest.raises(PreconditionFailed, match="plan_shard"):
        gathered([noted("failover", 1, shard="3/2")])


def test_the_last_move_says_since_when_users_were_without_a_machine() -> None:
    again = noted("failover", 3, results={"vms": [{"name": "VM1", "outage_began": OUT.format(9)}, {"name": "VM7"}]})

    assert outages([*SHARDS, again, VERIFY], ["failover"]) == {
        "VM1": OUT.format(9),
        "VM2": OUT.format(2),
        "VM3": OUT.format(3),
    }
    assert outages(SHARDS, ["failback"]) == {}
