# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a conducted run asks of hosts at once, as the simulated hosts themselves measure it."""

from __future__ import annotations

from typing import Any

from ansible_collections.hyperv.replica.plugins.module_utils._drill.occupancy import Occupancy
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.looking import Gather
from ansible_collections.hyperv.replica.plugins.module_utils._operations.routes import HostKey
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.truth import truth
from ansible_collections.hyperv.replica.tests.unit.plugins.module_utils._drill.conducted_run import Orchestra
from ansible_collections.hyperv.replica.tests.unit.plugins.module_utils._hyperv.simulated_host import simulated_host
from ansible_collections.hyperv.replica.tests.unit.plugins.module_utils._operations.fleet_run import fleet

ALLOWED = 2


def six_hosts() -> Orchestra:
    """Twelve machines over three pairs of hosts, each of which allows two transfers that take a while."""
    site = Orchestra(fleet(vms=12, pairs=3))
    site.world.bandwidth = 1 << 18
    for host in site.world.hosts.values():
        host.maximum_active_transfers = ALLOWED
    return site


def told(site: Orchestra) -> dict[HostKey, int]:
    """How many transfers each host says that it allows."""
    found: dict[HostKey, int] = {}
    for name in site.world.hosts:
        limits = simulated_host(site.world, name)[0].look([Gather.LIMITS]).facts.limits
        found[name] = limits.active_transfers if limits else 0
    return found


def wanted(site: Orchestra) -> dict[str, Any]:
    """The most transfers that were wanted of each host at once."""
    load = truth(site.world)["load"]
    return {
        name: max(load[name][what]["most"] for what in ("sends", "receives") if what in load[name]) for name in load
    }


def test_a_run_within_what_hosts_say_never_wants_more_of_one_than_it_allows() -> None:
    site = six_hosts()

    run = site.conduct(site.members(), room=Occupancy(transfers=told(site)))

    assert all(outcome.error is None for outcome in run.outcomes.values())
    assert wanted(site) == dict.fromkeys("ABCDEF", ALLOWED)


def test_a_run_that_minds_no_limit_is_seen_to_want_more() -> None:
    site = six_hosts()

    site.conduct(site.members())

    assert min(wanted(site).values()) > ALLOWED
