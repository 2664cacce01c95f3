# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from ansible_collections.hyperv.replica.plugins.module_utils._drill.plan_reading import read_plan
from ansible_collections.hyperv.replica.plugins.module_utils._errors import PreconditionFailed
from ansible_collections.hyperv.replica.plugins.module_utils._operations.goal import Commit
from ansible_collections.hyperv.replica.plugins.module_utils._surface.plan_specs import RECOVERY_PLAN
from ansible_collections.hyperv.replica.plugins.module_utils._surface.plan_surface import (
    goal_of,
    plan_goal,
    refuse_idle_trials,
    selected,
)
from ansible_collections.hyperv.replica.tests.unit.plugins.module_utils._drill.test_plan_reading import plan, vm

TESTED = vm("SQL01", network={"test_networks": [{"switch": "Trial"}, {"adapter": "Backup", "switch": "Dark"}]})
VERIFIED: dict[str, Any] = {
    "mode": "unplanned",
    "max_data_loss": "1h",
    "outage_began": "from_last_replication",
    "commit": "verified",
}


def options(**given: Any) -> dict[str, Any]:
    """The options as the module has them."""
    spec = RECOVERY_PLAN["argument_spec"]
    return {name: option.get("default") for name, option in spec.items()} | {"to": "recovery", **given}


@pytest.mark.parametrize(
    ("given", "served"), [({}, None), ({"served_before": ["SQL01"]}, True), ({"served_before": []}, False)]
)
def test_a_vm_served_before_as_the_caller_says_it(given: dict[str, Any], served: bool | None) -> None:
    asked = options(**given)

    assert goal_of(plan_goal(asked), read_plan(plan(vm("SQL01"))).vms[0], asked).served_before is served


def test_a_short_time_ago_is_so_by_the_clock_of_hosts_that_run_faster() -> None:
    asked = options(timeout=60, simulated_rate=10.0)

    goal = goal_of(plan_goal(asked), read_plan(plan(vm("SQL01"))).vms[0], asked)

    assert goal.switched_off_within == timedelta(seconds=600)


@pytest.mark.parametrize(
    ("given", "switches"),
    [
        ({}, {"": "Trial", "Backup": "Dark"}),
        ({"verify_networks": [{"adapter": None, "switch": "Other"}]}, {"": "Other"}),
        ({"to": "home"}, {}),
    ],
)
def test_a_vm_on_trial_is_on_the_test_network_of_the_plan_unless_the_task_says_another(
    given: dict[str, Any], switches: dict[str, str]
) -> None:
    asked = options(**VERIFIED, **given)

    assert goal_of(plan_goal(asked), read_plan(plan(TESTED)).vms[0], asked).trials.switches == switches


def test_a_probe_over_a_network_that_a_vm_on_trial_has_not_is_refused() -> None:
    asked = options(**VERIFIED)
    goal = plan_goal(asked)
    assert goal.commit is Commit.VERIFIED

    refuse_idle_trials(read_plan(plan({**TESTED, "probes": [{"tcp": 1433}]})), goal, asked)
    refuse_idle_trials(read_plan(plan(vm("SQL01", probes=[{"heartbeat": True}]))), goal, asked)
    with pytest.raises(PreconditionFailed, match="a tcp probe of SQL01"):
        refuse_idle_trials(read_plan(plan(vm("SQL01", probes=[{"tcp": 1433}]))), goal, asked)


def test_who_served_before_is_named_as_the_plan_does() -> None:
    with pytest.raises(PreconditionFailed, match="SQL02"):
        selected(read_plan(plan(vm("SQL01"))), options(served_before=["SQL02"]))
