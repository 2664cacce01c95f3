# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.adapters import FailoverAddresses
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.looking import Gather
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import End
from ansible_collections.hyperv.replica.plugins.module_utils._operations import network
from ansible_collections.hyperv.replica.plugins.module_utils._operations.goal import Goal
from ansible_collections.hyperv.replica.plugins.module_utils._operations.network import Wanted
from ansible_collections.hyperv.replica.plugins.module_utils._operations.plan import Target
from ansible_collections.hyperv.replica.tests.unit.plugins.module_utils._operations.estate_run import (
    Run,
    Site,
    estate,
    host,
    vm,
)

ADAPTERS = {End.DESTINATION: frozenset({Gather.ADAPTERS}), End.SOURCE: frozenset[Gather]()}
SWITCH, ADDRESS = "ModifyResourceSettings", "SetFailoverNetworkAdapterSettings"


def site(**switches: str) -> Site:
    adapters = [{"name": "LAN", "switch": "Production"}, {"name": "Backup", "test_switch": "Bubble"}]
    hosts = [host(name, other, switches=["Production", "Bubble"]) for name, other in (("A", "B"), ("B", "A"))]
    return Site(estate(vm(1, adapters=adapters), hosts=hosts), **switches)


def configure(at: Site, *wanted: Wanted, **how: Any) -> Run:
    goal = Goal(target=Target.SYNCED)
    return at.run(lambda goal, seen: network.configure(goal, wanted), goal, gathers=ADAPTERS, away=None, **how)


@pytest.mark.parametrize(
    ("addresses", "protocol", "subnets"),
    [
        (("192.0.2.10/24",), 4096, ["255.255.255.0"]),
        (("2001:db8::10/64",), 4097, ["64"]),
        (("192.0.2.10/23", "2001:db8::10/48"), 4098, ["255.255.254.0", "48"]),
    ],
)
def test_addresses_reach_the_host_with_their_protocol_and_subnets(
    addresses: tuple[str, ...], protocol: int, subnets: list[str]
) -> None:
    at = site()
    given = FailoverAddresses(dhcp=False, addresses=addresses, dns=("192.0.2.53",))

    run = configure(at, Wanted(adapter="LAN", failover=given))
    again = configure(at, Wanted(adapter="lan", failover=given))

    told = at.b().adapters[0].failover
    assert (run.one.error, run.executed, again.one.already_there) == (None, [ADDRESS], True)
    assert (told.dhcp, told.protocol, told.subnets, told.dns) == (False, protocol, subnets, ["192.0.2.53"])
    assert at.b().adapters[1].failover.dhcp is True
    assert at.a().adapters[0].failover.dhcp is True


def test_a_test_switch_is_set_and_taken_away_without_touching_the_connection() -> None:
    at = site()

    run = configure(at, Wanted(adapter="LAN", test_switch="Bubble"), Wanted(adapter="Backup", test_switch=""))

    assert (run.one.error, run.executed) == (None, [SWITCH, SWITCH])
    assert [one.test_switch for one in at.b().adapters] == ["Bubble", ""]
    assert [one.switch for one in at.b().adapters] == ["", ""]


@pytest.mark.parametrize("lost", ["cut_before", "cut_after"])
def test_a_lost_answer_is_followed_by_looking_and_the_end_is_the_same(lost: str) -> None:
    at = site()
    at.order(lost, match={"method": ADDRESS})
    given = FailoverAddresses(dhcp=False, addresses=("192.0.2.10/24",))

    run = configure(at, Wanted(adapter="LAN", failover=given))

    assert run.one.error is None
    assert run.executed == [ADDRESS]
    assert at.b().adapters[0].failover.addresses == ["192.0.2.10"]


@pytest.mark.parametrize("refusal", ["return_code", "job"])
def test_a_refusal_is_told_and_changes_nothing(refusal: str) -> None:
    at = site(refusal=refusal)
    at.order("return_code", match={"method": SWITCH}, code=32768)

    run = configure(at, Wanted(adapter="LAN", test_switch="Bubble"))

    assert run.error("refused").code == 32768
    assert at.b().adapters[0].test_switch == ""


def test_a_vm_that_is_not_replicated_takes_no_failover_addresses() -> None:
    at = site()
    at.act("set_replication", host="B", vm=at.b().guid, state="disabled", mode="none")
    given = FailoverAddresses(dhcp=False, addresses=("192.0.2.10/24",))

    run = configure(at, Wanted(adapter="LAN", failover=given))

    run.error("not_replicated")
    assert run.mutations == []
