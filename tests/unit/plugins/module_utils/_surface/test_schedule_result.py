# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json

from ansible_collections.hyperv.replica.plugins.module_utils._drill.plan import Towards
from ansible_collections.hyperv.replica.plugins.module_utils._drill.schedule import schedule
from ansible_collections.hyperv.replica.plugins.module_utils._drill.timetable import Measured
from ansible_collections.hyperv.replica.plugins.module_utils._drill.waves import HostRoom, Move, Room
from ansible_collections.hyperv.replica.plugins.module_utils._surface.schedule_result import schedule_result
from ansible_collections.hyperv.replica.tests.unit.plugins.module_utils._drill.written import plan, vm

KNOWN = schedule(
    Move(plan=plan(vm("SQL"), vm("WEB", "SQL", limits={"rto": "1m"})), towards=Towards.HOME),
    Room(hosts={"hv-a": HostRoom(active_transfers=6, memory=1 << 30)}),
)


def test_a_schedule_is_given_back_in_plain_values() -> None:
    result = schedule_result(KNOWN)

    assert json.loads(json.dumps(result)) == result
    assert (result["towards"], result["predicted_seconds"], result["actual_seconds"]) == ("home", 240, None)
    assert result["limits"]["hosts"]["hv-a"] == {"active_transfers": 6, "winrm_operations": None, "memory": 1 << 30}
    assert result["vms"][1]["parts"]["shut_down"] == {"begin": 0, "end": 30}
    assert (result["vms"][1]["over_limit"], result["vms"][1]["rto_limit_seconds"]) == (True, 60)
    assert result["text"][0] == "tests, towards home: 2 VMs, 1 stage, predicted 4:00"


def test_afterwards_what_happened_stands_beside_what_was_predicted() -> None:
    result = schedule_result(KNOWN, {"SQL": Measured(out_since=30, served_at=190), "WEB": Measured(out_since=0)})

    assert [vm["actual_rto_seconds"] for vm in result["vms"]] == [160, None]
    assert (result["vms"][0]["late_by_seconds"], result["actual_seconds"]) == (20, 190)
    assert result["tiers"][0]["actual_rto_seconds"] is None
    assert any("not served" in line for line in result["text"])
