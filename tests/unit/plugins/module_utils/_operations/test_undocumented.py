# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whatever Hyper-V does where nobody has documented it: a whole round ends the same."""

from __future__ import annotations

import pytest

from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.states import StartAction
from ansible_collections.hyperv.replica.plugins.module_utils._operations.goal import OnFailure, PointChoice
from ansible_collections.hyperv.replica.plugins.module_utils._operations.plan import Consent, Target
from ansible_collections.hyperv.replica.tests.unit.plugins.module_utils._operations.estate_run import (
    PROVIDER,
    Site,
    estate,
    moved,
    vm,
)

AT_A = ((1, 3, "RUNNING"), (2, 3, "OFF"))
AT_B = ((2, 3, "OFF"), (1, 3, "RUNNING"))

THERE_AND_BACK = (
    {"refusal": "job", "reverse_from": "6"},
    {"planned_reverse": "needs_start", "start_job_ends": "at_start"},
    {"reverse_from": "6", "planned_reverse": "needs_start"},
    {"last_replication_time": "applied", "finished_job_lifetime": "1"},
    {"absent_setting_properties": "default"},
    {"inherited_setting_properties": "refuse", "unreplicated_relationship": "state_0"},
    {"peer_visibility": "delayed"},
    {"wql": "refused", "null_outputs": "nil", "first_page": "one_item"},
    {"wql": "double_quotes_refused", "wmi_errors": "msft_wmi_error", "components_when_off": "absent"},
)
AFTER_AN_OUTAGE = (
    {"as_replica": "needs_authorization_entry"},
    {"as_replica": "needs_authorization_entry", "refusal": "job", "reverse_from": "6"},
    {"old_primary_after_power_loss": "8", "start_job_ends": "at_start"},
    {"old_primary_after_power_loss": "9"},
    {"snapshot_parameter": "reference"},
    {"snapshot_parameter": "embedded", "finished_job_lifetime": "1"},
    {"peer_visibility": "delayed"},
)
BY_PROVIDER = (
    {"provider_failback_from": "3", "provider_point": "end"},
    {"provider_failback_from": "5"},
    {"provider_failback_from": "6", "refusal": "job"},
    {"commit_in_14": "refused", "refusal": "job"},
    {"commit_in_14": "not_needed", "provider_failback_from": "5"},
    {"finished_job_lifetime": "1", "peer_visibility": "delayed"},
)


def named(switches: dict[str, str]) -> str:
    return ",".join(f"{name}={value}" for name, value in switches.items())


@pytest.mark.parametrize("switches", THERE_AND_BACK, ids=named)
def test_a_planned_failover_and_failback_end_the_same(switches: dict[str, str]) -> None:
    site = Site(**switches)
    run = site.failover()
    assert run.one.error is None, str(run.one.error)
    assert site.shown() == AT_B
    run = site.failback()
    assert run.one.error is None, str(run.one.error)
    assert site.shown() == AT_A
    assert (site.lost, site.split_brains) == (0, 0)


@pytest.mark.parametrize("switches", AFTER_AN_OUTAGE, ids=named)
def test_an_outage_and_the_way_back_to_protection_end_the_same(switches: dict[str, str]) -> None:
    site = Site(estate(vm(recovery_history=4)), **switches)
    site.wait(2 * 3600)
    site.act("power_loss", host="A")
    point = PointChoice(wanted=site.b().recovery_points[-1].name)
    run = site.unplanned(moved(Target.RUNNING, primary_confirmed_down="by phone", point=point))
    assert run.one.error is None, str(run.one.error)
    assert site.shown()[1] == (2, 5, "RUNNING")
    site.a().start_action = StartAction.NOTHING
    site.act("power_return", host="A")
    run = site.unplanned(moved(Target.PROTECTED, Consent.DISCARD_OLD_PRIMARY_DATA))
    assert run.one.error is None, str(run.one.error)
    assert site.shown() == AT_B
    assert site.split_brains == 0


@pytest.mark.parametrize("switches", BY_PROVIDER, ids=named)
def test_a_failback_by_provider_ends_the_same(switches: dict[str, str]) -> None:
    site = Site(estate(vm(provider=PROVIDER, primary="B", replica="A")), **switches)
    run = site.failback(moved(on_failure=OnFailure.ROLL_BACK))
    assert run.one.error is None, str(run.one.error)
    assert site.shown() == AT_A
    assert site.failback().one.already_there
    assert (site.lost, site.split_brains) == (0, 0)
