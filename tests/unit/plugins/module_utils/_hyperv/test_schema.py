# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.looking import Gather
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.states import Power
from ansible_collections.hyperv.replica.tests.unit.plugins.module_utils._hyperv.scripted_host import (
    SQL01,
    ScriptedHost,
    estate,
    open_host,
    replication_settings,
    vm,
)


@pytest.mark.parametrize(
    ("number", "power"),
    [(32770, Power.STARTING), (32773, Power.SHUTTING_DOWN), (32774, Power.SHUTTING_DOWN), (32777, Power.STARTING)],
)
def test_a_vm_in_a_passing_state_of_the_old_namespace_is_on_its_way(number: int, power: Power) -> None:
    look = open_host(ScriptedHost(estate(vm(SQL01, "SQL01", EnabledState=number)))).look([])

    assert look.sides[SQL01].power is power


def test_what_a_newer_host_leaves_out_of_its_settings_is_null_and_kept() -> None:
    row = {name: value for name, value in replication_settings(SQL01).items() if name != "AdditionalSettings"}
    rows = estate(vm(SQL01, "SQL01"), Msvm_ReplicationSettingData=[row])

    settings = open_host(ScriptedHost(rows)).look([Gather.SETTINGS]).sides[SQL01].settings

    assert settings is not None
    assert len(settings.own) == 22
    assert settings.own["AdditionalSettings"] is None
