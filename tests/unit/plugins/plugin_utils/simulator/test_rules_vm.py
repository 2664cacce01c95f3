# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Power, guests, jobs and settings of a VM; ordered trouble with methods."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.states import JobState, Power, StartAction
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.rules import METHODS
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.values import Emb, MethodResult
from ansible_collections.hyperv.replica.tests.unit.plugins.plugin_utils.simulator.bench import (
    COMPUTER,
    GUID,
    VM,
    Bench,
    estate,
    pair,
)

MANAGEMENT = "Msvm_VirtualSystemManagementService"
JOB = "Msvm_ConcreteJob"


def test_a_guest_shuts_down_in_its_own_time_and_writes_until_it_is_off() -> None:
    bench = Bench()
    before = bench.a.writes["A"]

    result = bench.shutdown("A")
    assert (result.return_value, result.job, bench.a.power) == (0, None, Power.SHUTTING_DOWN)
    assert bench.shutdown("A").return_value == 32782
    bench.wait(21)

    assert bench.a.power is Power.OFF
    assert bench.a.writes["A"] == before + 20


def test_a_guest_that_boots_is_not_ready_and_then_has_a_heartbeat() -> None:
    bench = Bench()
    bench.world.act("turn_off_vm", host="A", vm=GUID)
    bench.done(bench.power("A", 2))

    assert bench.a.guest.up_since is None
    assert bench.shutdown("A").return_value == 32780
    bench.wait(26)
    assert bench.a.guest.up_since is not None


def test_a_dead_guest_ignores_a_shutdown() -> None:
    bench = Bench()
    bench.world.act("stop_guest_answering", host="A", vm=GUID)

    assert bench.shutdown("A").return_value == 0
    bench.wait(600)

    assert bench.a.power is Power.RUNNING


def test_a_locked_guest_shuts_down_by_force_only() -> None:
    bench = Bench()
    bench.world.act("lock_guest", host="A", vm=GUID)

    assert bench.shutdown("A").return_value == 32781
    assert bench.shutdown("A", force=True).return_value == 0


def test_a_host_without_the_memory_starts_nothing() -> None:
    bench = Bench(estate(pair(memory="512 GiB", power="off")))

    assert bench.done(bench.power("A", 2)) == 32778
    assert bench.a.power is Power.OFF


@pytest.mark.parametrize(
    ("action", "was_running", "starts"),
    [("nothing", True, False), ("restart_if_previously_active", True, True), ("always", True, True)],
)
def test_when_power_returns_a_vm_starts_as_its_start_action_says(action: str, was_running: bool, starts: bool) -> None:
    bench = Bench(estate(pair(start_action=action, start_delay=30)))
    bench.world.act("power_loss", host="A")
    assert not bench.world.hosts["A"].up
    bench.wait(60)

    bench.world.act("power_return", host="A")
    bench.wait(20)
    assert bench.a.power is Power.OFF
    bench.wait(20)

    assert bench.a.alive is starts
    assert bench.world.hosts["A"].booted > bench.world.hosts["B"].booted


def test_an_old_primary_that_starts_by_itself_makes_writes_only_it_has() -> None:
    bench = Bench(estate(pair(start_action="always")))
    bench.world.act("power_loss", host="A")
    bench.done(bench.ask("B", "InitiateFailover"))
    bench.done(bench.power("B", 2))

    bench.world.act("power_return", host="A")
    bench.wait(100)

    assert bench.a.writes["A"] > bench.b.writes["A"]
    assert bench.world.ledger.split_brains[0].hosts == ["A", "B"]


def test_a_job_of_a_host_that_loses_power_is_gone_and_its_state_taken_back() -> None:
    bench = Bench()
    bench.ask("B", "InitiateFailover")
    assert bench.b.state == 12

    bench.world.act("power_loss", host="B")

    assert bench.world.hosts["B"].jobs == {}
    assert bench.b.state == 3


def test_a_finished_job_is_gone_after_its_lifetime() -> None:
    bench = Bench(finished_job_lifetime="30")
    result = bench.request("A", 7)
    bench.done(result)
    assert result.job is not None
    assert result.job.guid in bench.world.hosts["A"].jobs

    bench.wait(31)

    assert bench.world.hosts["A"].jobs == {}


def test_percent_and_elapsed_time_follow_the_clock() -> None:
    bench = Bench()
    result = bench.ask("B", "InitiateFailover")
    bench.wait(2)

    assert result.job is not None
    assert (result.job.percent, result.job.elapsed.total_seconds(), result.job.state) == (50, 2.0, JobState.RUNNING)
    bench.wait(2)
    assert (result.job.percent, result.job.state) == (100, JobState.COMPLETED)


@pytest.mark.parametrize(("asked", "code"), [(4, 0), (5, 0), (2, 5)])
def test_a_running_job_can_be_terminated_and_puts_back_what_it_began(asked: int, code: int) -> None:
    bench = Bench()
    result = bench.ask("B", "InitiateFailover")
    assert result.job is not None

    answer = job_request(bench, result, asked)

    assert answer.return_value == code
    assert bench.b.state == (3 if code == 0 else 12)
    if code == 0:
        assert job_request(bench, result, 4).return_value == 4097


def test_a_job_that_failed_has_an_error_and_a_good_one_has_none() -> None:
    bench = Bench(refusal="job")
    bad, good = bench.ask("B", "CommitFailover"), bench.request("A", 7)
    bench.done(bad)

    (error,) = job_call(bench, "B", bad, "GetErrorEx").outputs["Errors"]

    assert error.class_name == "Msvm_Error"
    assert "SQL01" in error.text("Message")
    assert job_call(bench, "A", good, "GetError").outputs["Error"] is None


def test_start_action_and_notes_are_set_by_modify_system_settings() -> None:
    bench = Bench()
    changes: dict[str, str | list[str] | None] = {
        "InstanceID": f"Microsoft:{GUID}",
        "AutomaticStartupAction": "2",
        "AutomaticStartupActionDelay": "00000000000130.000000:000",
        "Notes": ["fenced", "was 3"],
    }

    assert bench.done(manage(bench, "ModifySystemSettings", SystemSettings=settings(changes))) == 0

    assert bench.a.start_action is StartAction.NOTHING
    assert (bench.a.start_delay.total_seconds(), bench.a.notes) == (90.0, ["fenced", "was 3"])


def test_a_delay_in_the_iso_form_is_refused_with_32768() -> None:
    given = settings({"InstanceID": f"Microsoft:{GUID}", "AutomaticStartupActionDelay": "PT90S"})

    assert manage(Bench(), "ModifySystemSettings", SystemSettings=given).return_value == 32768


def test_a_full_read_back_may_make_the_job_fail() -> None:
    given = settings({"InstanceID": f"Microsoft:{GUID}", "Caption": "Virtual Machine Settings"})
    bench = Bench(inherited_setting_properties="refuse")

    assert bench.done(manage(bench, "ModifySystemSettings", SystemSettings=given)) == 32773


def test_an_adapter_is_disconnected_and_connected_again() -> None:
    bench = Bench()
    name = "Msvm_EthernetPortAllocationSettingData"
    identity = f"{bench.a.adapters[0].instance_id}\\C"
    off = Emb(name, {"InstanceID": identity, "EnabledState": "3"})
    path = f'Msvm_VirtualEthernetSwitch.Name="{bench.world.hosts["A"].switch_guid("Production")}"'
    on = Emb(name, {"InstanceID": identity, "EnabledState": "2", "HostResource": [path]})

    assert bench.done(manage(bench, "ModifyResourceSettings", ResourceSettings=[off])) == 0
    assert bench.a.adapters[0].switch == ""
    assert bench.done(manage(bench, "ModifyResourceSettings", ResourceSettings=[on])) == 0
    assert bench.a.adapters[0].switch == "Production"


def test_a_running_vm_is_not_destroyed_and_one_that_is_off_is() -> None:
    bench = Bench()

    bench.wait(100)

    assert manage(bench, "DestroySystem", AffectedSystem=VM).return_value == 5
    bench.world.act("turn_off_vm", host="A", vm=GUID)
    assert bench.done(manage(bench, "DestroySystem", AffectedSystem=VM)) == 0

    assert GUID not in bench.world.hosts["A"].vms
    assert bench.world.ledger.lost() > 0


def test_a_method_nobody_knows_is_refused_loudly() -> None:
    assert manage(Bench(), "DefineSystem").return_value == 32770


def test_every_method_of_the_replication_service_page_is_known() -> None:
    known = {method for class_name, method in METHODS if class_name == "msvm_replicationservice"}

    assert len(known) == 29


def test_an_ordered_return_code_strikes_once_and_changes_nothing() -> None:
    bench = Bench()
    bench.world.trouble.add({"kind": "return_code", "code": 32772, "match": {"method": "InitiateFailover"}})

    assert bench.ask("B", "InitiateFailover").return_value == 32772
    assert bench.b.state == 3
    assert bench.ask("B", "InitiateFailover").return_value == 4096


def test_an_ordered_failure_of_a_job_leaves_the_state_as_it_was() -> None:
    bench = Bench()
    bench.world.trouble.add({"kind": "fail_job", "code": 32777, "match": {"host": "B", "vm": "SQL*"}})

    assert bench.done(bench.ask("B", "InitiateFailover")) == 32777
    assert bench.b.state == 3


def test_a_stuck_job_stays_where_it_is_until_it_is_released() -> None:
    bench = Bench()
    bench.world.trouble.add({"kind": "stick_job", "percent": 40, "match": {"nth": 1}})
    result = bench.ask("B", "InitiateFailover")
    bench.wait(1000)
    assert result.job is not None
    assert (result.job.percent, result.job.running, bench.b.state) == (40, True, 12)

    bench.world.act("release_jobs", host="B")

    assert bench.done(result) == 0
    assert bench.b.state == 5


def job_request(bench: Bench, result: MethodResult, state: int) -> MethodResult:
    """RequestStateChange of the job on B."""
    return job_call(bench, "B", result, "RequestStateChange", RequestedState=state)


def job_call(bench: Bench, where: str, result: MethodResult, method: str, **arguments: object) -> MethodResult:
    """A method of a result's job."""
    assert result.job is not None
    return bench.call(where, JOB, {"InstanceID": result.job.guid}, method, arguments)


def manage(bench: Bench, method: str, **arguments: object) -> MethodResult:
    """A method of A's management service."""
    return bench.call("A", MANAGEMENT, {"Name": "vmms"}, method, arguments)


def settings(properties: Mapping[str, str | list[str] | None]) -> Emb:
    """An embedded instance of the VM's settings."""
    return Emb("Msvm_VirtualSystemSettingData", properties)


def test_a_vm_that_is_not_here_is_not_available() -> None:
    asked = {"RequestedState": 2}

    assert Bench().call("A", COMPUTER, {"Name": "nobody"}, "RequestStateChange", asked).return_value == 32777
