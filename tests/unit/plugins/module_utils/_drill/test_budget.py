# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.hyperv.replica.plugins.module_utils._drill import budget
from ansible_collections.hyperv.replica.plugins.module_utils._drill.order import start_groups
from ansible_collections.hyperv.replica.plugins.module_utils._drill.plan import Barrier, Plan
from ansible_collections.hyperv.replica.plugins.module_utils._drill.plan_reading import read_plan
from ansible_collections.hyperv.replica.tests.unit.plugins.module_utils._drill.written import plan, plans, vm

#: Machines that test are slow, and no test depends on how slow.
a_few = settings(max_examples=150, deadline=None)


def calls(whole: Plan, *, planned: bool) -> int:
    """What the tasks of the roles failover and failback run when nothing is missing and everything fails."""
    stages = start_groups(whole, planned=planned)
    groups = [group for stage in stages for group in stage]
    around = [one for one in groups if one.opens and (one.tier.before or one.tier.pause_before)]
    around += [one for one in groups if one.closes and (one.tier.after or one.tier.pause_after)]
    around += [one for one in groups if any(machine.task_files for machine in one.vms)]
    switches = sum(1 for stage in stages if any(group.vms for group in stage))
    starts = sum(1 for group in groups if group.vms)
    return 1 + (switches + starts + 1 if around else 1) + 1


@st.composite
def troubled(draw: st.DrawFn) -> Plan:
    """Plans with hooks, pauses and every barrier."""
    whole = draw(plans())
    tiers = tuple(
        replace(
            tier,
            before=draw(st.sampled_from([(), ("hook.yml",)])),
            pause_after=draw(st.sampled_from(["", "Look."])),
            barrier=draw(st.booleans()),
        )
        for tier in whole.tiers
    )
    return replace(whole, tiers=tiers, barrier=draw(st.sampled_from(Barrier)))


@a_few
@given(troubled(), st.booleans(), st.data())
def test_no_plan_and_no_part_of_one_makes_more_calls_than_are_counted_for_the_plan(
    whole: Plan, planned: bool, data: st.DataObject
) -> None:
    names = data.draw(st.sets(st.sampled_from([one.name for one in whole.vms])))

    assert calls(whole, planned=planned) <= budget.most_calls(whole)
    assert calls(whole.only(names), planned=planned) <= budget.most_calls(whole)


@pytest.mark.parametrize(
    ("tiers", "barrier", "most"),
    [
        ([{"name": "db"}, {"name": "web"}], "plan", 3),  # a look, the move, a walk back
        ([{"name": "db", "before": ["a.yml"]}, {"name": "web"}], "plan", 6),  # a switch, two starts and the rest
        ([{"name": "db", "before": ["a.yml"]}, {"name": "web"}], "tier", 7),  # two switches
    ],
)
def test_as_many_calls_are_counted_as_the_roles_make(tiers: list[dict[str, Any]], barrier: str, most: int) -> None:
    machines = [vm("SQL01", tier="db"), vm("WEB01", tier="web"), vm("WEB02", tier="web")]
    written = {"schema_version": 1, "name": "tests", "vms": machines, "tiers": tiers, "barrier": barrier}

    assert budget.most_calls(read_plan(written)) == most


def test_the_slowest_probe_has_its_time_and_every_pair_of_hosts_its_preflight() -> None:
    whole = plan(vm("A", limits={"rto": "1h"}), vm("B", home="hv-c", recovery="hv-d"))

    assert budget.verify_seconds(whole) >= 900 + 2 * 3600
    assert budget.preflight_seconds(whole) >= 2 * 300


def test_copies_are_made_and_removed_host_by_host() -> None:
    whole = plan(vm("A"), vm("B", recovery="hv-c"), vm("C", network={"test": "configured"}))

    assert budget.copies_seconds(whole, 1000) >= (3 + 3) * 1000
    assert budget.cleanup_seconds(whole, 1000) >= 3 * 1000
