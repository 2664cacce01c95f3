# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Waiting for one's turn in a plan: what is allowed for it ends when it ends, and not at some later look."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from ansible_collections.hyperv.replica.plugins.module_utils._operations.goal import OnFailure
from ansible_collections.hyperv.replica.plugins.module_utils._operations.pace import Pace
from ansible_collections.hyperv.replica.plugins.module_utils._operations.plan import Method
from ansible_collections.hyperv.replica.tests.unit.plugins.module_utils._drill.conducted_run import (
    Heartbeats,
    Orchestra,
)
from ansible_collections.hyperv.replica.tests.unit.plugins.module_utils._operations.estate_run import Run, guid, moved
from ansible_collections.hyperv.replica.tests.unit.plugins.module_utils._operations.fleet_run import fleet

#: How long after a machine was asked to shut down the look comes that shows it going down, with the pace below.
SEEN = timedelta(seconds=5)

SHUT_DOWN = Method.INITIATE_SHUTDOWN.value


@pytest.mark.parametrize("allowed", [90, 101, 112, 123])
def test_max_downtime_of_one_that_waits_off_at_both_ends_for_its_turn_is_noticed_when_it_passes(allowed: int) -> None:
    site = Orchestra(fleet(vms=2, pairs=1))
    first, second = site.members(stops_others=False)
    members = [first, replace(second, tier=1)]
    goal = moved(on_failure=OnFailure.START_UNPROTECTED, max_downtime=timedelta(seconds=allowed))

    run = site.conduct(members, watch=Heartbeats(never=[first.vm_id]), goal=goal, pace=Pace(poll=25, first=1))

    assert error_kinds(run) == {1: "probe_failed", 2: "max_downtime"}
    told = [record for record in run.journal.records if record.vm_id == guid(2)]
    went_down = next(one.at for one in told if (one.event, one.method) == ("answered", SHUT_DOWN))
    rescued = next(one.at for one in told if one.event == "asking" and str(one.arguments.get("RequestedState")) == "2")
    assert timedelta(seconds=allowed) <= rescued - went_down <= timedelta(seconds=allowed) + SEEN
    assert site.runs_at(2) == ["B"]


def error_kinds(run: Run) -> dict[int, str]:
    return {int(vm_id[-12:], 16): one.error.kind for vm_id, one in run.outcomes.items() if one.error}
