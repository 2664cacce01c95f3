# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""300 VMs over six hosts: no limit is exceeded at any moment, and it is over sooner than in fixed batches."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from ansible_collections.hyperv.replica.plugins.module_utils._drill.occupancy import Occupancy
from ansible_collections.hyperv.replica.plugins.module_utils._operations.pace import Pace
from ansible_collections.hyperv.replica.plugins.module_utils._operations.routes import HostKey
from ansible_collections.hyperv.replica.tests.unit.plugins.module_utils._drill.conducted_run import GIB, Orchestra
from ansible_collections.hyperv.replica.tests.unit.plugins.module_utils._operations.estate_run import Run
from ansible_collections.hyperv.replica.tests.unit.plugins.module_utils._operations.fleet_run import fleet

VMS, PAIRS, WIDTH, TRANSFERS, EACH = 300, 3, 60, 6, 4 * GIB
HOSTS = "ABCDEF"
PACE = Pace(poll=60, first=30, concurrency=WIDTH)

Rehearsal = tuple[Orchestra, Run, timedelta]


def rehearsed(vms: int) -> Rehearsal:
    """So many in one run; their guests take different times to shut down and to boot, as they do."""
    estate = fleet(vms=vms, pairs=PAIRS)
    for number, vm in enumerate(estate["replicated"]):
        vm["guest"] = {"shutdown_seconds": 5 + 40 * (number % 6 == 0), "boot_seconds": 10 + 30 * (number % 5 == 0)}
    site = Orchestra(estate)
    transfers: dict[HostKey, int] = dict.fromkeys(HOSTS, TRANSFERS)
    memory: dict[HostKey, int] = dict.fromkeys(HOSTS, (VMS // PAIRS) * EACH)
    members = [replace(member, memory=EACH) for member in site.members()]
    began = site.world.now
    run = site.conduct(members, room=Occupancy(transfers=transfers, memory=memory), pace=PACE)
    return site, run, site.world.now - began


@pytest.fixture(scope="module")
def together() -> Rehearsal:
    """All of them in one run."""
    return rehearsed(VMS)


def test_all_of_them_are_recovered_and_nothing_is_lost(together: Rehearsal) -> None:
    site, run, _took = together

    assert [outcome.error for outcome in run.outcomes.values() if outcome.error] == []
    assert all(outcome.facts["recovered_at"] for outcome in run.outcomes.values())
    assert (site.lost, site.split_brains) == (0, 0)


def test_at_no_moment_a_limit_is_exceeded(together: Rehearsal) -> None:
    site, _run, _took = together

    assert max(site.sent.values()) == TRANSFERS
    assert max(site.received.values()) == TRANSFERS
    assert max(site.used.values()) <= (VMS // PAIRS) * EACH
    assert site.busiest <= WIDTH


def test_it_is_over_sooner_than_in_fixed_batches_of_the_same_width(together: Rehearsal) -> None:
    """The batches are alike, so all of them take as often as long as one."""
    _site, _run, whole = together
    _site, _run, batch = rehearsed(WIDTH)

    assert whole < batch * (VMS // WIDTH)
