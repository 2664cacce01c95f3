# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import (
    Absence,
    Absent,
    Guest,
    HostFacts,
    Pair,
    Side,
)
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.states import (
    ComponentStatus,
    Power,
    ReplicationMode,
)
from ansible_collections.hyperv.replica.plugins.module_utils._operations.verification import Check, Result
from ansible_collections.hyperv.replica.plugins.module_utils._probes.dns_message import TYPES
from ansible_collections.hyperv.replica.plugins.module_utils._surface.specs import DNS_TYPES
from ansible_collections.hyperv.replica.plugins.plugin_utils._probing import Prober, probed

WELL = Guest(heartbeat=ComponentStatus.OK, addresses=("127.0.0.1", "192.0.2.21"))
DEAD = Guest(heartbeat=ComponentStatus.LOST_COMMUNICATION)


def seen(guest: Guest | None) -> Pair:
    facts = HostFacts(name="hv-b", computer_name="HV-B")
    here = Side(
        host="hv-b",
        vm_name="VM",
        vm_id="G",
        power=Power.RUNNING,
        mode=ReplicationMode.PRIMARY,
        facts=facts,
        guest=guest,
    )
    return Pair(destination=here, source=Absent(host="hv-a", vm_id="G", why=Absence.NOT_ASKED))


@contextmanager
def listening() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@contextmanager
def mute(many: int = 1) -> Iterator[list[int]]:
    """Web servers that take a connection and say nothing."""
    servers = [socket.create_server(("127.0.0.1", 0)) for _server in range(many)]
    try:
        yield [server.getsockname()[1] for server in servers]
    finally:
        for server in servers:
            server.close()


def web(port: int, timeout: float) -> dict[str, Any]:
    return {"http": {"url": f"http://127.0.0.1:{port}/"}, "timeout": timeout}


def everything(prober: Prober, seconds: float = 20.0) -> dict[tuple[str, int], Check]:
    told: dict[tuple[str, int], Check] = {}
    ends = time.monotonic() + seconds
    while prober.busy and time.monotonic() < ends:
        told |= dict(prober.answers(0.2))
    return told


@pytest.mark.parametrize(
    ("probe", "guest", "result"),
    [
        ({"heartbeat": True}, WELL, Result.PASS),
        ({"heartbeat": True}, DEAD, Result.FAIL),
        ({"heartbeat": True}, None, Result.FAIL),
        ({"heartbeat": False}, DEAD, Result.PASS),
        ({"addresses": ["192.0.2.0/24"]}, WELL, Result.PASS),
        ({"addresses": ["198.51.100.0/24"]}, WELL, Result.FAIL),
        ({"tcp": 1}, None, Result.FAIL),
    ],
)
def test_what_the_host_tells_of_the_guest_is_judged(probe: dict[str, Any], guest: Guest, result: Result) -> None:
    assert probed(probe, seen(guest)).result is result


def test_a_port_is_asked_at_the_address_that_the_guest_tells() -> None:
    with listening() as port:
        assert probed({"tcp": port}, seen(WELL)).result is Result.PASS


@pytest.mark.parametrize(
    "probe",
    [{"tcp": 1}, web(1, 1), {"dns": {"name": "localhost", "expect": ["192.0.2.250"]}}],
)
@pytest.mark.parametrize(("guest", "result"), [(WELL, Result.PASS), (DEAD, Result.FAIL)])
def test_nothing_is_sent_to_a_simulated_guest_which_is_as_good_as_its_heartbeat(
    probe: dict[str, Any], guest: Guest, result: Result
) -> None:
    check = probed(probe, seen(guest), simulated=True)

    assert check.result is result
    assert "simulated" in check.found


def test_probes_of_many_vms_are_asked_at_the_same_time_and_each_has_its_own_timeout() -> None:
    prober = Prober(at_most=20)
    with mute(20) as ports, listening() as port:
        began = time.monotonic()
        for number, silent in enumerate(ports):
            prober.ask((f"VM{number}", 0), web(silent, 1.0), seen(WELL))
        prober.ask(("GOOD", 0), {"tcp": port}, seen(WELL))
        told = everything(prober)
        took = time.monotonic() - began

    assert len(told) == 21
    assert told["GOOD", 0].result is Result.PASS
    assert {check.result for key, check in told.items() if key[0] != "GOOD"} == {Result.FAIL}
    assert took < 10  # one after the other they would take twenty


def test_no_more_probes_are_out_than_are_allowed() -> None:
    prober = Prober(at_most=3)
    before = threading.active_count()
    with mute() as (port,):
        for number in range(12):
            prober.ask(("VM", number), web(port, 0.3), seen(WELL))
        most = 0
        while prober.busy:
            most = max(most, threading.active_count() - before)
            prober.answers(0.05)

    assert 0 < most <= 2 * 3  # each probe has one more thread, which ends it at its timeout


def test_a_probe_that_hangs_is_given_up_and_holds_no_place() -> None:
    prober = Prober(at_most=1)
    with mute() as (port,), listening() as good:
        # The address of a probe is what a resolver may hang on; a mute server with a long timeout stands for it.
        prober.ask(("HANGS", 0), _Slow(web(port, 30)), seen(WELL))
        prober.ask(("GOOD", 0), {"tcp": good}, seen(WELL))
        told = everything(prober)

    assert "no answer within" in told["HANGS", 0].found
    assert told["GOOD", 0].result is Result.PASS


class _Slow(dict[str, Any]):
    """A probe whose limit is over before its question is."""

    def get(self, key: str, default: Any = None) -> Any:
        first = key == "timeout" and threading.current_thread() is threading.main_thread()
        return 0.1 if first else super().get(key, default)


def test_what_breaks_a_probe_fails_it_and_raises_nothing() -> None:
    prober = Prober(at_most=1)
    prober.ask(("VM", 0), {"http": {"url": "http://127.0.0.1:1/", "status": 7}}, seen(WELL))

    with listening() as port:
        prober.ask(("VM", 1), {"http": {"url": None}, "port": port}, seen(WELL))
        told = everything(prober)

    assert {check.result for check in told.values()} == {Result.FAIL}


def test_the_types_of_the_option_are_those_the_client_knows() -> None:
    assert sorted(DNS_TYPES) == sorted(TYPES)
