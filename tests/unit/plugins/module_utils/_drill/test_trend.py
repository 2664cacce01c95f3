# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How drills of one plan went from one to the next, and what of a drill counts as never recovered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from ansible_collections.hyperv.replica.plugins.module_utils._drill.html import page
from ansible_collections.hyperv.replica.plugins.module_utils._drill.merge import merged
from ansible_collections.hyperv.replica.plugins.module_utils._drill.trend import Earlier, summary, trend
from ansible_collections.hyperv.replica.plugins.module_utils._surface.evidence_surface import drill
from ansible_collections.hyperv.replica.tests.unit.plugins.module_utils._drill import drills

TWELVE = drill(drills.options(12))
DEAD = drill(drills.options(12, dead="SQL01"))


def before(of: Any, days: int, **changed: Any) -> Earlier:
    """A bundle of a drill like this one, so many days before it."""
    earlier = Earlier(
        id=f"drill-{days}",
        plan=of.plan.name,
        began=of.began - timedelta(days=days),
        verdict="PASSED",
        simulated=False,
        summary=summary(of),
        intact=True,
    )
    return replace(earlier, **changed)


def texts(rows: Sequence[Sequence[Any]]) -> list[list[str]]:
    return [[cell.text for cell in row] for row in rows]


def test_the_trend_is_of_one_plan_and_says_how_many_bundles_of_others_it_leaves_out() -> None:
    others = [before(TWELVE, days, plan="payroll") for days in (20, 10)]

    table = trend(TWELVE, [*others, before(TWELVE, 5)])
    alone = trend(TWELVE, others)

    assert [row[1] for row in texts(table.rows)] == ["drill-5", "drill-12, this drill"]
    assert table.note == "Left out: 2 bundles of other plans."
    assert (alone.rows, alone.empty) == (
        (),
        "There is no earlier drill of this plan. Left out: 2 bundles of other plans.",
    )
    assert alone in page(TWELVE, merged([], []), others, "0" * 64).tables


def test_bundles_of_other_plans_do_not_push_those_of_this_one_out_of_the_trend() -> None:
    others = [before(TWELVE, 100 - days, plan="payroll") for days in range(30)]

    table = trend(TWELVE, [before(TWELVE, 400), *others])
    long = trend(TWELVE, [before(TWELVE, 400 - days) for days in range(30)])

    assert [row[1] for row in texts(table.rows)] == ["drill-400", "drill-12, this drill"]
    assert (len(long.rows), long.note) == (25, "Left out: 6 older drills of this plan.")


def test_a_machine_that_was_never_recovered_is_the_worst_rto_of_its_drill_in_the_trend() -> None:
    table = trend(DEAD, [before(TWELVE, 5)])

    good, bad = texts(table.rows)
    assert bad[5] == "never, SQL01"
    assert "never" not in good[5]
    assert (summary(DEAD).never, summary(DEAD).never_vm) == (1, "SQL01")
    assert (summary(TWELVE).never, summary(TWELVE).never_vm) == (0, "")


def test_a_machine_that_was_rolled_back_was_not_recovered_either() -> None:
    rolled: dict[str, Any] = {
        "outcome": "failed",
        "rescue": "rolled_back",
        "error": drills.DEAD,
        "served_at": None,
        "recovered_at": None,
    }
    wanted = drills.plan(1)["vms"][0]
    stage = drills.stage("failover", "failover", 0, 300, [drills.moved(wanted, 10, **rolled)])
    failed = drill(drills.options(1) | {"stages": [stage]})

    tile = page(failed, merged([], []), [], "0" * 64).tiles[1]
    assert (summary(failed).never_vm, tile.label, tile.value) == (wanted["name"], "Longest RTO", "never")
