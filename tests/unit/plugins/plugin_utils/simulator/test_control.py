# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Control of a running simulator: the log, the clock, and trouble that reaches a client on the wire."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPResponse
from typing import Any

import pytest

from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.launch import (
    Simulation,
    SimulatorError,
    start,
)

#: A question that changes nothing: the host's own system.
QUESTION = b"""<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"
  xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing"
  xmlns:n="http://schemas.xmlsoap.org/ws/2004/09/enumeration"
  xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd"><s:Header>
  <a:To>http://localhost/wsman</a:To>
  <w:ResourceURI s:mustUnderstand="true">http://schemas.microsoft.com/wbem/wsman/1/wmi/root/cimv2/Win32_ComputerSystem</w:ResourceURI>
  <a:ReplyTo><a:Address>http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous</a:Address></a:ReplyTo>
  <a:Action>http://schemas.xmlsoap.org/ws/2004/09/enumeration/Enumerate</a:Action>
  <a:MessageID>uuid:6C5B9A10-8E4D-4C1E-9A55-0C9E2B1D7F01</a:MessageID></s:Header>
  <s:Body><n:Enumerate><w:OptimizeEnumeration/><w:MaxElements>10</w:MaxElements></n:Enumerate></s:Body></s:Envelope>"""


@pytest.fixture(scope="module")
def running() -> Iterator[Simulation]:
    with start(rate=0, idle_timeout=120, options=["--allow-unencrypted"]) as simulation:
        yield simulation


@pytest.fixture
def simulation(running: Simulation) -> Iterator[Simulation]:
    running.trouble(clear=True)
    yield running
    running.trouble(clear=True)


class Client:
    """One connection with Basic, the plainest there is."""

    def __init__(self, simulation: Simulation, host: str = "HV-A") -> None:
        credentials = f"{simulation.username}:{simulation.password}".encode()
        self._authorization = "Basic " + base64.b64encode(credentials).decode()
        self._connection = HTTPConnection("127.0.0.1", simulation.host(host)["http_port"], timeout=5)

    def ask(self) -> tuple[HTTPResponse, bytes]:
        self._connection.request("POST", "/wsman", QUESTION, {"Authorization": self._authorization})
        answer = self._connection.getresponse()
        return answer, answer.read()


def test_control_wants_its_token(simulation: Simulation) -> None:
    connection = HTTPConnection(simulation.control_url.removeprefix("http://"), timeout=5)
    connection.request("GET", "/access", headers={"Authorization": "Bearer guess"})
    answer = connection.getresponse()

    assert answer.status == 401
    assert simulation.password not in answer.read().decode()


@pytest.mark.parametrize(
    ("method", "path", "order", "words"),
    [
        ("GET", "/nothing", None, "does not know GET /nothing"),
        ("GET", "/log?after=x", None, "invalid literal"),
        ("POST", "/trouble", {"add": {"kind": "nonsense"}}, "no trouble nonsense"),
        ("POST", "/trouble", {"add": {"kind": "delay", "match": {"colour": "red"}}}, "cannot match colour"),
        ("POST", "/clock", {"rate": "fast"}, "could not convert"),
        ("POST", "/clock", {"advance": -1}, "does not go back"),
        ("POST", "/act", {"name": "nonsense"}, "nobody knows how to nonsense"),
        ("POST", "/act", {"name": "power_loss", "arguments": {"host": "HV-Z"}}, "HV-Z"),
        ("POST", "/act", {"name": "power_loss", "arguments": {"colour": "red"}}, "colour"),
    ],
)
def test_an_order_that_makes_no_sense_is_refused_in_words(
    simulation: Simulation, method: str, path: str, order: dict[str, Any] | None, words: str
) -> None:
    with pytest.raises(SimulatorError, match=words):
        simulation.ask(method, path, order)


def test_the_log_says_what_was_asked_and_holds_no_credentials(simulation: Simulation) -> None:
    mark = simulation.mark("begin")
    Client(simulation).ask()
    entries = simulation.log(mark)

    assert [(entry["kind"], entry["host"], entry["action"], entry["class_name"]) for entry in entries] == [
        ("request", "HV-A", "Enumerate", "Win32_ComputerSystem")
    ]
    assert entries[0]["message_id"].endswith("6C5B9A10-8E4D-4C1E-9A55-0C9E2B1D7F01")
    assert entries[0]["bytes_in"] == len(QUESTION)
    assert (entries[0]["executed"], entries[0]["mutating"], entries[0]["status"]) == (True, False, 200)
    assert simulation.password not in json.dumps(simulation.log())
    assert simulation.mutations(mark) == []


def test_a_refused_sign_in_is_in_the_log(simulation: Simulation) -> None:
    mark = simulation.mark("begin")
    connection = HTTPConnection("127.0.0.1", simulation.host("HV-B")["http_port"], timeout=5)
    connection.request("POST", "/wsman", QUESTION)
    connection.getresponse()

    assert [(entry["kind"], entry["host"], entry["status"]) for entry in simulation.log(mark)] == [
        ("sign_in", "HV-B", 401)
    ]


def test_time_stands_still_until_it_is_moved(simulation: Simulation) -> None:
    before = simulation.world()["now"]
    assert simulation.world()["now"] == before

    assert simulation.advance(90)["now"] > before


def test_time_passes_at_its_rate(simulation: Simulation) -> None:
    simulation.set_rate(1000)
    before = simulation.world()["now"]
    time.sleep(0.1)
    after = simulation.set_rate(0)["now"]

    assert after > before
    assert simulation.world()["rate"] == 0


def test_every_switch_tells_its_values_and_meaning(simulation: Simulation) -> None:
    switches = simulation.switches()

    assert all(entry["value"] == entry["values"][0] and entry["means"] for entry in switches.values())
    assert switches["refusal"]["values"] == ["return_code", "job"]


@pytest.mark.parametrize(("kind", "executed"), [("cut_before", False), ("cut_after", True)])
def test_a_cut_comes_before_or_after_the_request_is_executed(simulation: Simulation, kind: str, executed: bool) -> None:
    mark = simulation.mark(kind)
    simulation.trouble({"kind": kind, "match": {"host": "HV-A", "action": "Enumerate"}})

    with pytest.raises(OSError, match=r"reset|closed"):
        Client(simulation).ask()

    entry = simulation.log(mark)[0]
    assert (entry["trouble"], entry["executed"], entry["status"]) == (kind, executed, 0)
    assert Client(simulation).ask()[0].status == 200


def test_trouble_for_one_host_spares_the_other(simulation: Simulation) -> None:
    simulation.trouble({"kind": "cut_before", "match": {"host": "HV-B"}, "times": None})

    assert Client(simulation, "HV-A").ask()[0].status == 200
    with pytest.raises(OSError, match=r"reset|closed"):
        Client(simulation, "HV-B").ask()


def test_a_delay_holds_back_the_answer_only(simulation: Simulation) -> None:
    simulation.trouble({"kind": "delay", "seconds": 0.2})
    began = time.monotonic()
    answer, _rest = Client(simulation).ask()

    assert (answer.status, time.monotonic() - began >= 0.2) == (200, True)


@pytest.mark.parametrize(
    ("order", "status", "words"),
    [
        ({"kind": "unauthorized"}, 401, b""),
        ({"kind": "html"}, 502, b"<!DOCTYPE html>"),
        ({"kind": "html", "status": 200}, 200, b"<!DOCTYPE html>"),
        ({"kind": "fault", "name": "TimedOut"}, 500, b"2150858793"),
        ({"kind": "fault", "name": "AccessDenied"}, 500, b"AccessDenied"),
        ({"kind": "quota"}, 500, b"2150859174"),
    ],
)
def test_trouble_that_answers_in_place_of_the_host(
    simulation: Simulation, order: dict[str, Any], status: int, words: bytes
) -> None:
    mark = simulation.mark("trouble")
    simulation.trouble(order)
    answer, body = Client(simulation).ask()

    assert answer.status == status
    assert words in body
    assert (simulation.log(mark)[0]["executed"], simulation.log(mark)[0]["trouble"]) == (False, order["kind"])


def test_a_host_that_takes_no_connection_takes_one_again_when_trouble_is_cleared(simulation: Simulation) -> None:
    simulation.trouble({"kind": "refuse_connection", "match": {"host": "HV-B"}})
    with pytest.raises(ConnectionRefusedError):
        Client(simulation, "HV-B").ask()
    simulation.trouble(clear=True)

    assert Client(simulation, "HV-B").ask()[0].status == 200


def test_a_host_refuses_connections_from_a_certain_request_on(simulation: Simulation) -> None:
    simulation.trouble({"kind": "refuse_connection", "match": {"host": "HV-A", "action": "Enumerate"}, "seconds": 0.3})
    with pytest.raises(OSError, match=r"reset|closed"):
        Client(simulation).ask()
    with pytest.raises(ConnectionRefusedError):
        Client(simulation).ask()


def test_a_host_without_power_refuses_connections_until_power_returns(simulation: Simulation) -> None:
    client = Client(simulation, "HV-B")
    client.ask()
    simulation.act("power_loss", host="HV-B")
    with pytest.raises(OSError, match=r"."):
        client.ask()
    with pytest.raises(ConnectionRefusedError):
        Client(simulation, "HV-B").ask()
    simulation.act("power_return", host="HV-B")

    assert Client(simulation, "HV-B").ask()[0].status == 200


def test_idle_connections_can_be_cut(simulation: Simulation) -> None:
    client = Client(simulation)
    client.ask()
    simulation.cut_connections("HV-A")

    with pytest.raises(OSError, match=r"."):
        client.ask()
