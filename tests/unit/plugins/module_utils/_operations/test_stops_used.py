# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A run that fails brings service back, and never by dropping what a copy wrote before the run began."""

from __future__ import annotations

import pytest

from ansible_collections.hyperv.replica.plugins.module_utils._operations.goal import OnFailure, Strategy
from ansible_collections.hyperv.replica.plugins.module_utils._operations.plan import Target
from ansible_collections.hyperv.replica.tests.unit.plugins.module_utils._operations.estate_run import Site, moved


@pytest.mark.parametrize("policy", [OnFailure.ROLL_BACK, OnFailure.START_UNPROTECTED])
def test_a_failback_that_is_refused_keeps_what_the_failed_over_copy_wrote_earlier(policy: OnFailure) -> None:
    site = Site()
    site.act("power_loss", host="A")
    assert site.unplanned(moved(Target.RUNNING, primary_confirmed_down="by phone")).one.error is None
    site.wait(900)
    written = site.b().writes["B"]
    site.act("turn_off_vm", host="B", vm="VM001")
    site.act("power_return", host="A")
    site.wait(120)
    assert site.runs_at() == ["A"]

    run = site.failback(moved(strategy=Strategy.PROVIDER, on_failure=policy), home="B", away="A")

    assert "strategy: reverse" in str(run.one.error)
    assert "RevertFailover" not in run.mutations
    assert site.runs_at() == ["A"]
    assert (site.lost, site.b().writes["B"]) == (0, written)
