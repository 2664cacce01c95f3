# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.hyperv.replica.plugins.module_utils._errors import PreconditionFailed
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.looking import Look
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import HostFacts, Side
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.naming import resolve
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.states import Power, ReplicationMode

IDS = [f"{number:08X}-AAAA-4BBB-8CCC-000000000000" for number in range(10)]
HOST = HostFacts(name="hv-b")


def _look(*names: str, test_copy: str = "") -> Look:
    sides = {
        vm_id: Side(
            host="hv-b",
            vm_name=name,
            vm_id=vm_id,
            power=Power.OFF,
            mode=ReplicationMode.TEST_REPLICA if name == test_copy else ReplicationMode.REPLICA,
            facts=HOST,
        )
        for vm_id, name in zip(IDS, names, strict=False)
    }
    return Look(facts=HOST, sides=sides)


@pytest.mark.parametrize("name", ["SQL01", "sql01", IDS[1], IDS[1].lower(), "{" + IDS[1].lower() + "}"])
def test_a_vm_is_found_by_name_and_by_guid_in_any_case(name: str) -> None:
    assert resolve([name], _look("WEB01", "SQL01")) == {name: IDS[1]}


@pytest.mark.parametrize("name", ["O'Brien <&\"\\ %_", "測試"])
def test_a_name_may_hold_anything(name: str) -> None:
    assert resolve([name], _look("WEB01", name)) == {name: IDS[1]}


def test_a_name_as_written_wins_over_one_in_another_case() -> None:
    assert resolve(["sql01"], _look("SQL01", "sql01")) == {"sql01": IDS[1]}


def test_the_order_written_is_kept_and_what_means_the_same_vm_comes_once() -> None:
    assert list(resolve(["WEB01", "SQL01", "web01", IDS[0]], _look("WEB01", "SQL01")).values()) == [IDS[0], IDS[1]]


def test_an_ambiguous_name_is_refused_with_both_guids() -> None:
    with pytest.raises(PreconditionFailed) as raised:
        resolve(["SQL01"], _look("SQL01", "SQL01"))

    assert raised.value.kind == "ambiguous_name"
    assert IDS[0] in raised.value.found
    assert IDS[1] in raised.value.found


def test_a_name_in_another_case_that_two_have_is_ambiguous() -> None:
    with pytest.raises(PreconditionFailed) as raised:
        resolve(["sQL01"], _look("SQL01", "sql01"))

    assert raised.value.kind == "ambiguous_name"


def test_an_unknown_name_says_which_are_near_and_on_which_host() -> None:
    with pytest.raises(PreconditionFailed, match="on|hv-b") as raised:
        resolve(["SQL1"], _look("SQL01", "MAIL"))

    assert (raised.value.kind, raised.value.host) == ("no_such_vm", "hv-b")
    assert "'SQL01'" in raised.value.found
    assert "MAIL" not in raised.value.found


def test_all_problems_of_a_list_come_together() -> None:
    with pytest.raises(PreconditionFailed) as raised:
        resolve(["none", "SQL01", "nobody"], _look("SQL01", "SQL01"))

    assert all(name in raised.value.found for name in ("'none'", "'SQL01'", "'nobody'"))


@pytest.mark.parametrize("name", ["SQL01 - Test", IDS[1]])
def test_a_test_copy_never_matches(name: str) -> None:
    with pytest.raises(PreconditionFailed, match="only a test copy") as raised:
        resolve([name], _look("SQL01", "SQL01 - Test", test_copy="SQL01 - Test"))

    assert raised.value.kind == "no_such_vm"


def test_a_test_copy_of_the_same_name_does_not_make_a_name_ambiguous() -> None:
    look = _look("SQL01", "copy", test_copy="copy")
    twin = look.sides[IDS[1]].but(vm_name="SQL01")

    assert resolve(["SQL01"], Look(facts=HOST, sides={**look.sides, IDS[1]: twin})) == {"SQL01": IDS[0]}
