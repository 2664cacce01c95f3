# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from hypothesis import given, settings

from ansible_collections.hyperv.replica.plugins.module_utils._drill.order import (
    Stage,
    awaited,
    sole_providers,
    stages,
    start_groups,
    start_order,
    stop_order,
)
from ansible_collections.hyperv.replica.plugins.module_utils._drill.plan import Plan, Service
from ansible_collections.hyperv.replica.tests.unit.plugins.module_utils._drill.written import plan, plans, vm

#: Machines that test are slow, and no test depends on how slow.
a_few = settings(max_examples=60, deadline=None)


def names(vms: object) -> list[str]:
    return [one.name for one in vms]  # type: ignore[attr-defined]


def moved(plan: Plan, *, planned: bool = True) -> list[list[str]]:
    return [list(stage.start_order) for stage in stages(plan, planned=planned)]


def groups(plan: Plan, *, planned: bool = True) -> list[list[str]]:
    """Each group as ``tier: machines``, with ( where the tier opens and ) where it closes."""
    return [
        [f"{'(' * group.opens}{group.tier.name}: {' '.join(names(group.vms))}{')' * group.closes}" for group in stage]
        for stage in start_groups(plan, planned=planned)
    ]


def test_the_start_order_is_as_written_where_nothing_else_decides() -> None:
    assert names(start_order(plan(vm("Z"), vm("A"), vm("M")))) == ["Z", "A", "M"]


def test_a_machine_comes_later_than_written_only_to_follow_one_that_it_depends_on() -> None:
    assert names(start_order(plan(vm("A", "C"), vm("B"), vm("C"), vm("D")))) == ["B", "C", "A", "D"]


def test_tiers_start_in_their_own_order_wherever_their_machines_are_written() -> None:
    read = plan(vm("WEB", tier="web"), vm("SQL", tier="data"), vm("APP", tier="web"), tiers="data web")

    assert names(start_order(read)) == ["SQL", "WEB", "APP"]


@a_few
@given(plans())
def test_the_stop_order_is_the_exact_reverse_of_the_start_order(plan: Plan) -> None:
    assert stop_order(plan) == tuple(reversed(start_order(plan)))
    assert all(stage.stop_order == stage.start_order[::-1] for stage in stages(plan))


@a_few
@given(plans())
def test_no_machine_starts_before_one_that_it_depends_on_and_none_is_left_out(plan: Plan) -> None:
    order = names(start_order(plan))

    assert sorted(order) == sorted(names(plan.vms))
    assert all(order.index(on) < order.index(vm.name) for vm in plan.vms for on in vm.depends_on)


@a_few
@given(plans())
def test_every_machine_moves_in_one_stage_and_only_after_what_it_waits_for(plan: Plan) -> None:
    found = moved(plan)
    flat = [name for stage in found for name in stage]
    waits = awaited(plan)

    assert sorted(flat) == sorted(names(plan.vms))
    assert all(flat.index(on) < flat.index(name) for name in flat for on in waits[name].moved)
    assert all(plan.vm(on).provides for name in flat for on in waits[name].in_place)


@a_few
@given(plans())
def test_a_consistency_group_is_always_moved_whole(plan: Plan) -> None:
    for stage in stages(plan):
        for vm_ in stage.vms:
            group = {o.name for o in plan.vms if o.consistency_group and o.consistency_group == vm_.consistency_group}
            assert group <= set(stage.start_order)


def test_a_plan_is_moved_whole_unless_it_says_otherwise() -> None:
    read = plan(vm("SQL", tier="data"), vm("WEB", tier="web"), tiers="data web")

    assert moved(read) == [["SQL", "WEB"]]


def test_a_barrier_for_each_tier_moves_them_one_after_the_other() -> None:
    read = plan(vm("SQL", tier="data"), vm("WEB", tier="web"), tiers="data web", barrier="tier")

    assert moved(read) == [["SQL"], ["WEB"]]


def test_a_barrier_after_one_tier_cuts_there_only() -> None:
    vms = [vm("A", tier="one"), vm("B", tier="two"), vm("C", tier="three")]

    assert moved(plan(*vms, tiers="one two| three")) == [["A", "B"], ["C"]]


def test_consistency_groups_are_moved_by_themselves_and_what_has_none_together() -> None:
    read = plan(
        vm("A", consistency_group="red"),
        vm("B"),
        vm("C"),
        vm("D", consistency_group="red"),
        vm("E", consistency_group="blue"),
        vm("F"),
        barrier="consistency_group",
    )

    assert moved(read) == [["A", "D"], ["B", "C"], ["E"], ["F"]]


def test_consistency_groups_that_wait_for_each_other_are_moved_together() -> None:
    read = plan(
        vm("A", "D", consistency_group="red"),
        vm("B", "A", consistency_group="blue"),
        vm("C"),
        vm("D", consistency_group="blue"),
        barrier="consistency_group",
    )

    assert moved(read) == [["C"], ["D", "A", "B"]]


def test_what_others_need_moves_last_and_alone_and_is_waited_for_where_it_is() -> None:
    read = plan(vm("DC01", provides=["kdc"]), vm("DC02", provides=["kdc", "dns"]), vm("SQL", "DC01"))

    assert stages(read)[1:] == tuple(Stage(vms=(read.vm(name),), alone=True) for name in ("DC01", "DC02"))
    assert moved(read) == [["SQL"], ["DC01"], ["DC02"]]
    assert awaited(read)["SQL"].in_place == ("DC01",)


def test_after_an_outage_what_others_need_starts_where_its_order_says() -> None:
    read = plan(vm("DC01", provides=["kdc"]), vm("SQL", "DC01"))

    assert moved(read, planned=False) == [["DC01", "SQL"]]
    assert awaited(read, planned=False)["SQL"].moved == ("DC01",)


def test_a_machine_that_is_not_taken_along_is_waited_for_where_it_is() -> None:
    read = plan(vm("SQL"), vm("WEB", "SQL")).only({"WEB"})

    assert awaited(read)["WEB"].in_place == ("SQL",)


def test_the_only_machine_that_provides_what_a_move_needs_is_found() -> None:
    read = plan(vm("DC01", provides=["kdc", "dns", "ca"]), vm("DC02", provides=["kdc"]), vm("AWX", provides=["awx"]))

    found = sole_providers(read)

    assert {service: one.name for service, one in found.items()} == {Service.DNS: "DC01", Service.AWX: "AWX"}


def test_a_service_that_is_provided_elsewhere_too_may_move() -> None:
    read = plan(vm("DC01", provides=["kdc", "dns"]), provided_elsewhere=["dns", "kdc"])

    assert sole_providers(read) == {}


def test_a_tier_is_one_group_when_only_probes_that_a_module_runs_are_waited_for() -> None:
    read = plan(vm("SQL", probes=[{"tcp": 1433}]), vm("WEB", "SQL"))

    assert groups(read) == [["(all: SQL WEB)"]]


def test_a_tier_is_cut_where_a_machine_waits_for_a_probe_that_only_a_role_can_run() -> None:
    read = plan(vm("SQL", probes=[{"tasks": "check.yml"}]), vm("X"), vm("APP", "SQL"), vm("WEB", "APP"))

    assert groups(read) == [["(all: SQL X", "all: APP WEB)"]]


def test_a_tier_is_cut_where_the_probe_is_waited_for_through_another_machine() -> None:
    read = plan(vm("SQL", probes=[{"tasks": "check.yml"}]), vm("APP", "SQL"), vm("WEB", "APP"))

    assert groups(read) == [["(all: SQL", "all: APP WEB)"]]


def test_a_tier_that_has_only_hooks_comes_where_it_is_written() -> None:
    read = plan(vm("A", tier="one"), vm("C", tier="three"), tiers="zero one two three four")

    assert groups(read) == [["(zero: )", "(one: A)", "(two: )", "(three: C)", "(four: )"]]


def test_what_moves_last_and_alone_does_not_keep_its_tier_open() -> None:
    read = plan(
        vm("DC01", tier="base", provides=["kdc"]),
        vm("FILE", tier="base"),
        vm("WEB", tier="web"),
        vm("AWX", tier="last", provides=["awx"]),
        tiers="base web last",
    )

    assert groups(read) == [["(base: FILE)", "(web: WEB)"], ["base: DC01"], ["(last: AWX)"]]


@a_few
@given(plans())
def test_every_machine_is_in_one_group_of_its_stage_and_every_tier_opens_and_closes_once(plan: Plan) -> None:
    grouped = start_groups(plan)

    assert [[name for group in stage for name in names(group.vms)] for stage in grouped] == [
        names(sorted(stage.vms, key=lambda vm: [tier.name for tier in plan.tiers].index(vm.tier)))
        for stage in stages(plan)
    ]
    flat = [group for stage in grouped for group in stage]
    for tier in plan.tiers:
        assert [group.opens for group in flat if group.tier is tier].count(True) == 1
        assert [group.closes for group in flat if group.tier is tier].count(True) == 1


@pytest.mark.parametrize("planned", [True, False])
def test_an_empty_plan_has_no_stage(planned: bool) -> None:
    assert stages(plan(vm("A")).only(()), planned=planned) == ()
