# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.limits import HostLimits, VmMemory
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.looking import Gather, Look
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.estate import from_estate
from ansible_collections.hyperv.replica.tests.unit.plugins.module_utils._hyperv.scripted_host import (
    SQL01,
    ScriptedHost,
    estate,
    fault,
    open_host,
    vm,
)
from ansible_collections.hyperv.replica.tests.unit.plugins.module_utils._hyperv.simulated_host import (
    START,
    simulated_host,
)

GIB = 1 << 30
CONFIG_OF_2012 = {"os_version": "6.2.9200"}


def looked(*gather: Gather, count: int = 1, **host: Any) -> tuple[Look, int]:
    """A look at a simulated host with so many VMs of 4 GiB, the first of which runs; and the exchanges it took."""
    vms = [{"name": f"VM{number}", "power": "off" if number else "running"} for number in range(count)]
    plain = {"schema_version": 1, "hosts": [{"name": "A", "memory": "64 GiB", "vms": vms, **host}]}
    there, _carrier = simulated_host(from_estate(plain, start=START, rate=0), "A")
    return there.look(gather), there.exchanges


def test_a_host_tells_what_it_allows() -> None:
    seen, _exchanges = looked(Gather.LIMITS, winrm_operations=2000, maximum_active_transfers=9)

    assert seen.facts.limits == HostLimits(winrm_operations=2000, active_transfers=9)


@pytest.mark.parametrize(("host", "transfers"), [({}, 6), (CONFIG_OF_2012, 3)])
def test_where_nobody_set_a_value_the_documented_default_of_the_version_holds(
    host: dict[str, Any], transfers: int
) -> None:
    seen, _exchanges = looked(Gather.LIMITS, **host)

    assert seen.facts.limits == HostLimits(active_transfers=transfers, assumed=("active_transfers",))


def test_limits_are_asked_for_once() -> None:
    plain = {"schema_version": 1, "hosts": [{"name": "A"}]}
    there, carrier = simulated_host(from_estate(plain, start=START, rate=0), "A")

    first = there.look([Gather.LIMITS])
    before = there.exchanges
    second = there.look([Gather.LIMITS])

    assert (before, there.exchanges - before) == (5, 3)
    assert second.facts.limits == first.facts.limits
    assert carrier.mutating == []


def test_an_account_that_may_not_read_limits_gets_the_documented_ones() -> None:
    denied = fault("w:AccessDenied", 5)
    refusing = ScriptedHost(estate(vm(SQL01, "SQL01")), {"Get": [denied], "GetDWORDValue": [denied]})

    limits = open_host(refusing).look([Gather.LIMITS]).facts.limits

    assert limits == HostLimits(assumed=("winrm_operations", "active_transfers"))


def test_what_nobody_asked_for_is_not_read() -> None:
    seen, exchanges = looked()

    assert (seen.facts.limits, next(iter(seen.sides.values())).memory, exchanges) == (None, None, 3)


@pytest.mark.parametrize("count", [1, 20, 300])
def test_the_memory_of_any_number_of_vms_takes_one_exchange_more(count: int) -> None:
    seen, exchanges = looked(Gather.MEMORY, count=count)

    assert exchanges == 4
    assert {side.memory for side in seen.sides.values()} == {
        VmMemory(startup=4 * GIB, minimum=4 * GIB, maximum=4 * GIB)
    }


def test_every_look_tells_what_memory_is_free() -> None:
    seen, _exchanges = looked()

    assert (seen.facts.memory, seen.facts.memory_free) == (64 * GIB, 58 * GIB)
    assert seen.facts.version == "10.0.20348"
