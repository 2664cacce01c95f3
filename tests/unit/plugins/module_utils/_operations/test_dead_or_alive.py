# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A dead primary stops no unplanned failover, however much of its side is broken; a live one always does."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.states import StartAction
from ansible_collections.hyperv.replica.plugins.module_utils._operations.goal import Commit, PointChoice
from ansible_collections.hyperv.replica.plugins.module_utils._operations.plan import Target
from ansible_collections.hyperv.replica.tests.unit.plugins.module_utils._operations.estate_run import (
    ALL_CONSENTS,
    Site,
    estate,
    host,
    moved,
    vm,
)


def everything_of_its_side_fails(site: Site) -> None:
    """No replica server, nobody authorized, no network, no memory, not the same switches: and the power is lost."""
    primary = site.world.hosts["A"]
    primary.replica_server.enabled = False
    primary.replica_server.entries.clear()
    primary.certificates.clear()
    primary.switches.clear()
    primary.memory = 1 << 30
    site.a().start_action = StartAction.ALWAYS
    site.act("lose_tracking", host="A", vm="VM001")
    site.act("disconnect", one="A", other="B")
    site.act("set_reachable", host="A", reachable=False)
    site.act("power_loss", host="A")


def test_a_dead_primary_stops_nothing_though_all_of_its_side_fails() -> None:
    site = Site(estate(vm(recovery_history=3)))
    site.wait(7200)
    everything_of_its_side_fails(site)

    run = site.unplanned(moved(Target.RUNNING, primary_confirmed_down="by phone, INC-1"))

    assert run.one.error is None, str(run.one.error)
    assert site.runs_at() == ["B"]
    assert site.split_brains == 0


def paused(site: Site) -> None:
    for name in ("A", "B"):
        site.act("suspend", host=name, vm="VM001")


RUNNING: dict[str, Callable[[Site], None]] = {
    "healthy": lambda site: None,
    "with tracking lost": lambda site: site.act("lose_tracking", host="A", vm="VM001"),
    "cut off from the replica": lambda site: site.act("disconnect", one="A", other="B"),
    "paused at both ends": paused,
    "with a guest that hangs": lambda site: site.act("stop_guest_answering", host="A", vm="VM001"),
}


@pytest.mark.parametrize("target", [Target.RUNNING, Target.PROTECTED])
@pytest.mark.parametrize("primary", RUNNING.values(), ids=[*RUNNING])
def test_a_live_primary_always_stops_it_whatever_was_said_and_consented(
    primary: Callable[[Site], None], target: Target
) -> None:
    hosts = [host("A", "B"), host("B", "A")]
    site = Site(estate(vm(recovery_history=3), hosts=hosts))
    site.wait(1200)
    primary(site)
    goal = moved(target, *ALL_CONSENTS, primary_confirmed_down="by phone", commit=Commit.NOW, point=PointChoice())

    run = site.unplanned(goal)

    assert run.error("primary_alive").host == "b"
    assert run.mutations == []
    assert site.runs_at() == ["A"]
