# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What hosts allow at the same time: transfers wait for their turn, memory and operations are refused."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.states import JobState
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.desk import Desk
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.estate import from_estate
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.listener import Caller
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.requestlog import RequestLog
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.rules import call
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.traffic import Load
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.truth import truth
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.values import MethodCall, MethodResult
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.world import Job, World
from ansible_collections.hyperv.replica.tests.unit.plugins.plugin_utils.simulator.bench import START, host
from ansible_collections.hyperv.replica.tests.unit.plugins.plugin_utils.simulator.envelopes import get

_SHUTDOWN = {"Force": True, "Reason": "a test"}

#: The last changes of an idle VM: two seconds of the step and one of the transfer.
EACH = 3


def world(
    count: int = 1, *, switches: dict[str, str] | None = None, of_vms: dict[str, Any] | None = None, **of_a: Any
) -> World:
    """So many VMs that replicate from A to B and write nothing, off, and hosts as told."""
    replicated = [
        {"name": f"VM{number}", "guid": guid(number), "primary": "A", "replica": "B", "disks": [{"size": "1 GiB"}]}
        | (of_vms or {})
        for number in range(count)
    ]
    hosts = [host("A", "B", **of_a), host("B", "A", maximum_active_transfers=4)]
    plain = {"schema_version": 1, "hosts": hosts, "replicated": replicated}
    return from_estate(plain, start=START, rate=0, switches=switches)


def guid(number: int) -> str:
    return f"{number:08X}-AAAA-4BBB-8CCC-000000000000"


def ask(there: World, where: str, number: int, method: str, **arguments: Any) -> MethodResult:
    keys = {"Name": guid(number)}
    asked = MethodCall(class_name="Msvm_ComputerSystem", keys=keys, method=method, arguments=arguments)
    return call(there, there.hosts[where], asked)


def prepare(there: World, number: int) -> Job:
    """Ask for the last changes of a VM, as a planned failover does."""
    arguments = {"RequestedState": 4, "ReplicationRelationship": None}
    job = ask(there, "A", number, "RequestReplicationStateChangeEx", **arguments).job
    assert job is not None
    return job


def wait(there: World, seconds: float) -> None:
    there.advance(timedelta(seconds=seconds))


def done(jobs: list[Job]) -> int:
    return sum(job.state is JobState.COMPLETED for job in jobs)


@pytest.mark.parametrize(("sends", "at_once"), [(2, 2), (4, 4), (9, 4), (0, 4)])
def test_no_more_transfers_are_under_way_than_either_host_allows(sends: int, at_once: int) -> None:
    there = world(9, maximum_active_transfers=sends)
    jobs = [prepare(there, number) for number in range(9)]

    counted = []
    for _turn in range(3):
        wait(there, EACH)
        counted.append(done(jobs))

    assert counted == [min(9, at_once * turn) for turn in (1, 2, 3)]


def test_server_2012_sends_three_at_once() -> None:
    there = world(9, os_version="6.2.9200")
    jobs = [prepare(there, number) for number in range(9)]

    wait(there, EACH)

    assert done(jobs) == 3


def test_a_job_that_waits_for_its_turn_shows_no_progress() -> None:
    there = world(2, maximum_active_transfers=1)
    first, second = prepare(there, 0), prepare(there, 1)

    wait(there, EACH - 1)

    assert (first.percent, second.percent, second.running) == (66, 0, True)


def test_one_that_is_cancelled_makes_room_for_the_next() -> None:
    there = world(3, maximum_active_transfers=1)
    jobs = [prepare(there, number) for number in range(3)]
    for number in (0, 1):
        asked = MethodCall(
            class_name="Msvm_ConcreteJob",
            keys={"InstanceID": jobs[number].guid},
            method="RequestStateChange",
            arguments={"RequestedState": 4},
        )
        assert call(there, there.hosts["A"], asked).return_value == 0

    wait(there, EACH)

    assert jobs[2].state is JobState.COMPLETED


def test_a_host_that_loses_power_leaves_no_transfer_behind() -> None:
    there = world(3, maximum_active_transfers=1)
    for number in range(3):
        prepare(there, number)

    there.act("power_loss", host="A")

    assert there.traffic.waiting() == 0


def test_what_clients_wanted_of_each_host_is_measured_and_told() -> None:
    there = world(5, maximum_active_transfers=2)
    told: list[Load] = []
    there.traffic.note = told.append

    for number in range(5):
        prepare(there, number)

    assert truth(there)["load"]["A"]["sends"] == {"most": 5, "limit": 2}
    assert truth(there)["load"]["B"]["receives"] == {"most": 5, "limit": 4}
    assert [load.exceeded for load in told if load.what == "sends"] == [False, False, True, True, True]


def test_how_many_vms_hosts_work_at_is_told_as_it_grows_and_shrinks() -> None:
    there = world(3, maximum_active_transfers=2)
    told: list[Load] = []
    there.traffic.note = told.append

    for number in range(3):
        prepare(there, number)
    wait(there, 3 * EACH)

    assert [load.wanted for load in told if load.what == "moving"] == [1, 2, 3, 2, 1, 0]
    assert truth(there)["moving"] == 3
    assert "" not in truth(there)["load"]


def test_a_guest_that_was_asked_to_shut_down_is_worked_at_until_it_is_off() -> None:
    there = world(of_vms={"power": "running", "guest": {"shutdown_seconds": 30}})
    told: list[Load] = []
    there.traffic.note = told.append
    keys = {"SystemName": guid(0)}

    asked = MethodCall(class_name="Msvm_ShutdownComponent", keys=keys, method="InitiateShutdown", arguments=_SHUTDOWN)
    assert call(there, there.hosts["A"], asked).return_value in (0, 4096)
    wait(there, 29)
    while_it_does = [load.wanted for load in told if load.what == "moving"]
    wait(there, 2)

    assert while_it_does == [1]
    assert [load.wanted for load in told if load.what == "moving"] == [1, 0]


def test_work_at_a_host_that_loses_power_is_over() -> None:
    there = world(2)
    for number in range(2):
        prepare(there, number)
    told: list[Load] = []
    there.traffic.note = told.append

    there.act("power_loss", host="A")

    assert [load.wanted for load in told if load.what == "moving"] == [1, 0]


def test_a_request_in_the_log_says_how_many_of_its_user_the_host_works_at() -> None:
    there = world(winrm_operations=7)
    log = RequestLog(there.clock.now)
    desk = Desk(there, there.hosts["A"], log, lambda trouble: None)
    asked = get("Win32_OperatingSystem", uri="http://schemas.microsoft.com/wbem/wsman/1/wmi/root/cimv2").encode()

    turn = desk.serve(asked, Caller(principal="operator", scheme="http", size=len(asked)))
    assert turn.note is not None
    turn.note(0)

    assert [(entry["wanted"], entry["limit"]) for entry in log.after(0)] == [(1, 7)]


def test_what_hosts_send_by_themselves_at_each_interval_counts_for_nobody() -> None:
    there = world(5, maximum_active_transfers=1)

    wait(there, 1200)

    assert "A" not in truth(there)["load"]
    assert there.traffic.waiting() == 0


def test_a_start_beyond_the_memory_of_the_host_fails_as_a_job_and_is_measured() -> None:
    there = world(3, memory="11 GiB")

    jobs = [ask(there, "A", number, "RequestStateChange", RequestedState=2).job for number in range(3)]
    wait(there, 10)

    assert sorted(job.error_code for job in jobs if job) == [0, 0, 32778]
    assert truth(there)["load"]["A"]["memory"] == {"most": 14 << 10, "limit": 11 << 10}


def test_more_operations_of_a_user_than_the_host_allows_are_refused_and_not_carried_out() -> None:
    there = world(winrm_operations=1)
    log = RequestLog(there.clock.now)
    desk = Desk(there, there.hosts["A"], log, lambda trouble: None)
    asked = get("Win32_OperatingSystem", uri="http://schemas.microsoft.com/wbem/wsman/1/wmi/root/cimv2").encode()
    caller = Caller(principal="operator", scheme="http", size=len(asked))

    with ThreadPoolExecutor() as pool:
        with there.lock:  # nobody gets an answer until both have asked
            turns = [pool.submit(desk.serve, asked, caller) for _one in range(2)]
            ends = time.monotonic() + 60
            while truth(there)["load"].get("A", {}).get("operations", {}).get("most") != 2:
                assert time.monotonic() < ends
                time.sleep(0.01)
        answers = [turn.result() for turn in turns]

    refused = [turn for turn in answers if turn.status == 500]
    assert sorted(turn.status for turn in answers) == [200, 500]
    assert b"2150859174" in refused[0].body
    assert desk.serve(asked, caller).status == 200
