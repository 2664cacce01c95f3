# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a test copy is connected to: wanted, set on its replica's adapters, found; and what is refused."""

from __future__ import annotations

from collections.abc import Mapping

from ansible_collections.hyperv.replica.plugins.module_utils._errors import PreconditionFailed
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.adapters import (
    Adapter,
    connected_to,
    is_called,
)
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import Side
from ansible_collections.hyperv.replica.plugins.module_utils._operations.goal import CopyGoal, Network


def wanted_switches(side: Side, goal: CopyGoal, before: Mapping[str, str]) -> dict[str, str]:
    """Where each adapter's copy is to be connected to, by the adapter's id; empty for nowhere."""
    if goal.network is Network.ISOLATED:
        return {one.id: "" for one in side.adapters}
    if goal.network is Network.CONFIGURED:
        return {one.id: before.get(one.id, one.test_switch) for one in side.adapters}
    return {one.id: _named(one, goal.switches) for one in side.adapters}


def _named(adapter: Adapter, switches: Mapping[str, str]) -> str:
    for key in filter(None, switches):
        if is_called(adapter, key):
            return switches[key]
    return switches.get("", "")


def changed(here: Side, before: Mapping[str, str]) -> list[Adapter]:
    """Adapters whose test switch is not what it was."""
    return [one for one in here.adapters if one.test_switch != before.get(one.id, one.test_switch)]


def to_switch(here: Side, goal: CopyGoal, before: Mapping[str, str]) -> list[tuple[Adapter, str]]:
    """Adapters whose test switch is not yet what is wanted, with what that is."""
    wanted = wanted_switches(here, goal, before)
    return [(one, wanted[one.id]) for one in here.adapters if one.test_switch != wanted[one.id]]


def as_wanted(here: Side, goal: CopyGoal, before: Mapping[str, str]) -> bool:
    """The copy is connected to what was asked for, and to nothing else; one that is yet to come is."""
    wanted = sorted(filter(None, wanted_switches(here, goal, before).values()))
    return here.test is None or connected_to(here.test.adapters) == wanted


def refuse_networks(here: Side, goal: CopyGoal, before: Mapping[str, str]) -> None:
    """Raise where the copy would meet production, or nothing at all."""
    strange = [key for key in filter(None, goal.switches) if not any(is_called(one, key) for one in here.adapters)]
    if strange:
        raise _bad_network(
            here, f"it has no adapter {listed(strange)}; it has {listed([a.name for a in here.adapters])}"
        )
    pools = [one.name for one in here.adapters if one.test_pool]
    if pools:
        raise _bad_network(here, f"a resource pool for test copies is set on {listed(pools)}; take it off first")
    wanted = {switch for switch in wanted_switches(here, goal, before).values() if switch}
    if production := sorted(wanted & here.networks.production):
        raise PreconditionFailed(
            f"{listed(production)} is a switch that production virtual machines of this host are connected to",
            kind="production_network",
            host=here.host,
            vm=here.vm_name,
            cause="A test copy there would meet what it is a copy of",
            remedy="Name a switch that only test copies use, or leave the copy isolated",
        )
    if missing := sorted(wanted - here.networks.switches):
        raise _bad_network(here, f"this host has no switch {listed(missing)}")


def _bad_network(here: Side, found: str) -> PreconditionFailed:
    return PreconditionFailed(
        found, kind="bad_option", host=here.host, vm=here.vm_name, remedy="Correct network or test_networks"
    )


def listed(words: list[str]) -> str:
    """Words as people read them."""
    return ", ".join(words) or "nothing"
