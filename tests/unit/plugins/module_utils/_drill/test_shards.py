# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.hyperv.replica.plugins.module_utils._drill.plan import Plan
from ansible_collections.hyperv.replica.plugins.module_utils._drill.shards import shard, shard_of
from ansible_collections.hyperv.replica.plugins.module_utils._errors import PreconditionFailed
from ansible_collections.hyperv.replica.tests.unit.plugins.module_utils._drill.written import plan, plans, vm

#: Machines that test are slow, and no test depends on how slow.
a_few = settings(max_examples=60, deadline=None)


def parts(whole: Plan, count: int, *, planned: bool = True) -> list[list[str]]:
    return [[one.name for one in shard(whole, number, count, planned=planned).vms] for number in range(1, count + 1)]


@a_few
@given(plans(), st.integers(1, 6), st.booleans())
def test_all_parts_together_are_the_plan_and_each_machine_is_in_one(whole: Plan, count: int, planned: bool) -> None:
    found = parts(whole, count, planned=planned)

    assert sorted(name for part in found for name in part) == sorted(one.name for one in whole.vms)
    assert parts(whole, count, planned=planned) == found


@a_few
@given(plans(), st.integers(1, 6), st.booleans())
def test_what_belongs_together_stays_together(whole: Plan, count: int, planned: bool) -> None:
    last = {one.name for one in whole.vms if one.provides} if planned else set[str]()
    for part in parts(whole, count, planned=planned):
        for one in whole.vms:
            group = {o.name for o in whole.vms if o.consistency_group and o.consistency_group == one.consistency_group}
            if one.name in part and one.name not in last:
                assert {*one.depends_on, *group} - last <= set(part)


@a_few
@given(plans(), st.integers(2, 6))
def test_what_others_need_is_in_the_last_part_alone_which_is_for_after_the_others(whole: Plan, count: int) -> None:
    last = [one.name for one in whole.vms if one.provides]
    if last and len(last) < len(whole.vms):
        assert parts(whole, count)[-1] == last


def test_machines_that_only_share_a_domain_controller_come_apart() -> None:
    vms = [vm("DC01", provides=["kdc", "dns"]), vm("A", "DC01"), vm("B", "DC01")]

    assert parts(plan(*vms), 3) == [["A"], ["B"], ["DC01"]]
    assert parts(plan(*vms), 3, planned=False) == [["DC01", "A", "B"], [], []]


@a_few
@given(plans(), st.integers(1, 6))
def test_a_part_keeps_the_order_and_the_tiers_of_its_machines(whole: Plan, count: int) -> None:
    order = [one.name for one in whole.vms]
    for number in range(1, count + 1):
        part = shard(whole, number, count)
        places = [order.index(one.name) for one in part.vms]
        assert places == sorted(places)
        assert {one.tier for one in part.vms} <= {tier.name for tier in part.tiers}


def test_machines_of_the_same_two_hosts_stay_together_while_there_are_parts_enough() -> None:
    vms = [vm(f"{home}{n}", home=home, recovery=to) for n in range(4) for home, to in (("a", "b"), ("c", "d"))]
    vms.append(vm("b0", home="b", recovery="a"))

    assert parts(plan(*vms), 2) == [["a0", "a1", "a2", "a3", "b0"], ["c0", "c1", "c2", "c3"]]


def test_hosts_are_shared_by_parts_where_one_would_else_be_empty() -> None:
    vms = [vm(f"{home}{n}", home=home, recovery=to) for n in range(100) for home, to in (("a", "b"), ("c", "d"))]

    assert [len(part) for part in parts(plan(*vms), 4)] == [50, 50, 50, 50]


def test_a_part_is_empty_where_the_plan_does_not_come_apart_into_as_many() -> None:
    assert parts(plan(vm("A"), vm("B", "A")), 2) == [["A", "B"], []]


def test_a_tier_that_has_only_hooks_belongs_to_the_first_part() -> None:
    whole = plan(vm("A", tier="one"), vm("B", tier="two"), tiers="zero one two")

    assert [[tier.name for tier in shard(whole, number, 2).tiers] for number in (1, 2)] == [["zero", "one"], ["two"]]


def test_a_part_is_written_as_its_number_and_how_many_there_are() -> None:
    assert shard_of(" 2/3") == (2, 3)


@pytest.mark.parametrize("text", ["0/3", "4/3", "1/0", "-1/3", "1", "a/b", "", "1/2/3", "1.5/3", "True", "1/9999999"])
def test_a_part_that_there_is_not_is_refused(text: str) -> None:
    with pytest.raises(PreconditionFailed, match="plan_shard") as refused:
        shard_of(text)

    assert refused.value.kind == "bad_option"


@pytest.mark.parametrize(("number", "count"), [(0, 1), (2, 1), (1, 0), (-1, 3)])
def test_nonsense_is_refused_however_it_came(number: int, count: int) -> None:
    with pytest.raises(PreconditionFailed, match="plan_shard"):
        shard(plan(vm("A")), number, count)
