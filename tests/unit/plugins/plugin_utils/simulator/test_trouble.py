# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ordered trouble: which request it strikes, and how often."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.switches import SWITCHES, Switches
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.trouble import MethodFacts, Troubles
from ansible_collections.hyperv.replica.tests.unit.plugins.plugin_utils.simulator.bench import GUID, Bench

FAILOVER = MethodFacts(
    action="InitiateFailover", class_name="Msvm_ReplicationService", method="InitiateFailover", vm=GUID
)
LOOK = MethodFacts(action="Enumerate", class_name="Msvm_ComputerSystem", method="", vm="", mutating=False)


def test_a_trouble_strikes_as_often_as_it_was_ordered() -> None:
    troubles = Troubles()
    troubles.add({"kind": "cut_before", "times": 2})

    struck = [troubles.next_for("A", LOOK) is not None for _round in range(4)]

    assert struck == [True, True, False, False]


def test_the_nth_request_that_fits_is_the_first_to_be_struck() -> None:
    troubles = Troubles()
    troubles.add({"kind": "cut_after", "match": {"method": "Initiate*", "nth": 2}})

    assert troubles.next_for("A", FAILOVER) is None
    assert troubles.next_for("A", LOOK) is None
    assert troubles.next_for("A", FAILOVER) is not None


@pytest.mark.parametrize(
    ("match", "fits"),
    [
        ({"host": "a"}, True),
        ({"host": "B"}, False),
        ({"vm": "sql*"}, True),
        ({"vm": GUID.lower()}, True),
        ({"vm": "WEB01"}, False),
        ({"mutating": True}, True),
        ({"mutating": False}, False),
        ({"class_name": "msvm_replicationservice", "method": "InitiateFailover"}, True),
    ],
)
def test_every_part_of_a_match_has_to_fit(match: dict[str, object], fits: bool) -> None:
    bench = Bench()
    bench.world.trouble.add({"kind": "delay", "seconds": 1, "match": match})

    assert (bench.world.meet(bench.world.hosts["A"], FAILOVER) is not None) is fits


def test_troubles_are_tried_in_the_order_they_were_added() -> None:
    troubles = Troubles()
    troubles.add({"kind": "html", "status": 502})
    troubles.add({"kind": "quota"})

    kinds = [trouble.kind for _round in range(2) if (trouble := troubles.next_for("A", LOOK)) is not None]

    assert kinds == ["html", "quota"]


@pytest.mark.parametrize(
    "order", [{"kind": "plague"}, {"kind": "delay", "match": {"colour": "red"}}, {"kind": "delay", "minutes": 1}]
)
def test_an_order_nobody_understands_is_refused(order: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="colour|plague|minutes"):
        Troubles().add(order)


def test_somebody_else_changes_something_between_two_looks() -> None:
    bench = Bench()
    change = {"kind": "change", "action": "rename_vm", "arguments": {"host": "B", "vm": GUID, "name": "OTHER"}}
    bench.world.trouble.add({**change, "match": {"action": "Enumerate", "nth": 2}})
    there = bench.world.hosts["A"]

    assert bench.world.meet(there, LOOK) is None
    assert bench.b.name == "SQL01"
    bench.world.meet(there, LOOK)

    assert bench.b.name == "OTHER"


def test_a_power_loss_may_come_a_while_after_the_request() -> None:
    bench = Bench()
    bench.world.trouble.add({"kind": "power_loss", "seconds": 30, "match": {"host": "A"}})

    bench.world.meet(bench.world.hosts["A"], FAILOVER)
    assert bench.world.hosts["A"].up
    bench.world.advance(timedelta(seconds=31))

    assert not bench.world.hosts["A"].up


def test_a_host_that_restarts_comes_back_by_itself() -> None:
    bench = Bench()
    bench.world.trouble.add({"kind": "host_restart", "match": {"host": "B"}})
    bench.world.meet(bench.world.hosts["B"], LOOK)
    assert not bench.world.hosts["B"].up

    bench.wait(91)

    assert bench.world.hosts["B"].up


def test_every_switch_has_a_default_among_its_values_and_says_what_it_means() -> None:
    for name, switch in SWITCHES.items():
        assert len(switch.values) >= 2, name
        assert switch.means, name
        assert Switches()[name] == switch.values[0]


@pytest.mark.parametrize("values", [{"refusal": "maybe"}, {"gravity": "off"}, {"finished_job_lifetime": "-1"}])
def test_a_switch_takes_only_its_own_values(values: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=next(iter(values))):
        Switches(values)
