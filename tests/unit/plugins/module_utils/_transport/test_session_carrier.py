# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import io
import logging
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ansible_collections.hyperv.replica.plugins.module_utils._errors import (
    AccessRefused,
    NotDelivered,
    OutcomeUnknown,
    PreconditionFailed,
    TransportError,
)
from ansible_collections.hyperv.replica.plugins.module_utils._transport.session import SessionCarrier
from ansible_collections.hyperv.replica.plugins.module_utils._transport.via_pypsrp import open_pypsrp
from ansible_collections.hyperv.replica.plugins.module_utils._transport.via_pywinrm import open_pywinrm
from ansible_collections.hyperv.replica.tests.unit.plugins.module_utils._transport.fake_host import (
    ANSWER,
    FAULT,
    PASSWORD,
    USER,
    FakeHost,
    words,
)

LOOK = b'<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body>look</s:Body></s:Envelope>'
CHANGE = LOOK.replace(b"look", b"change")

WAYS = [("pypsrp", "basic"), ("pypsrp", "ntlm"), ("pypsrp", "negotiate"), ("pywinrm", "basic"), ("pywinrm", "ntlm")]

#: Troubles after which nobody can know whether the envelope was carried out, and which never are an answer.
SILENCES = [
    "cut before",
    "cut after",
    "401 before",
    "401 after",
    "html 200",
    "html 502",
    "bare 503",
    "redirect",
    "delay",
    "truncated",
    "half an envelope",
    "huge",
]


def carrier_by(library: str, auth: str, port: int, password: str = PASSWORD, timeout: float = 0.4) -> SessionCarrier:
    if library == "pypsrp":
        psrp: dict[str, object] = {
            "server": "127.0.0.1",
            "port": port,
            "ssl": False,
            "username": USER,
            "password": password,
        }
        psrp |= {"auth": auth, "encryption": "never" if auth == "basic" else "auto", "no_proxy": True}
        psrp |= {"connection_timeout": timeout, "read_timeout": timeout, "reconnection_retries": 3}
        return SessionCarrier("hv-a", lambda: open_pypsrp("hv-a", psrp))
    winrm: dict[str, object] = {
        "endpoint": f"http://127.0.0.1:{port}/wsman",
        "username": USER,
        "password": password,
        "proxy": None,
    }
    winrm |= {"read_timeout_sec": timeout}
    return SessionCarrier("hv-a", lambda: open_pywinrm("hv-a", (auth,), winrm))


@pytest.fixture(params=WAYS, ids="-".join)
def way(request: pytest.FixtureRequest) -> tuple[str, str]:
    library, auth = request.param
    return library, auth


@pytest.fixture
def host(way: tuple[str, str], tmp_path: Path) -> Iterator[FakeHost]:
    with FakeHost(tmp_path, scheme="basic" if way[1] == "basic" else "ntlm") as listener:
        yield listener


@pytest.fixture
def carrier(way: tuple[str, str], host: FakeHost) -> Iterator[SessionCarrier]:
    one = carrier_by(*way, host.port)
    yield one
    one.close()


def test_an_envelope_comes_back_byte_by_byte_over_one_sign_in(carrier: SessionCarrier, host: FakeHost) -> None:
    answers = [carrier.exchange(CHANGE, repeatable=False), carrier.exchange(LOOK, repeatable=True)]

    assert answers == [ANSWER, ANSWER]
    assert host.executed == [CHANGE, LOOK]
    assert host.signed_in == (0 if host.scheme == "basic" else 1)


@pytest.mark.parametrize(
    "way", [way for way in WAYS if way[0] != "pypsrp" or way[1] == "basic"], ids="-".join, indirect=True
)
def test_an_envelope_in_utf_16_is_an_answer_where_the_library_lets_it_through(
    carrier: SessionCarrier, host: FakeHost
) -> None:
    """pypsrp reads whatever it decrypts as UTF-8."""
    host.orders = ["utf 16"]

    assert carrier.exchange(CHANGE, repeatable=False).decode("utf-16").encode() == ANSWER


def test_blanks_and_comments_behind_an_envelope_are_no_trouble(carrier: SessionCarrier, host: FakeHost) -> None:
    host.orders = ["comment behind"]

    assert ANSWER[:60] in carrier.exchange(CHANGE, repeatable=False)
    assert host.executed == [CHANGE]


def test_a_fault_is_an_answer_and_keeps_the_session(carrier: SessionCarrier, host: FakeHost) -> None:
    host.orders = ["fault", ""]

    assert carrier.exchange(CHANGE, repeatable=False) == FAULT
    assert carrier.exchange(LOOK, repeatable=True) == ANSWER
    assert host.signed_in <= 1


@pytest.mark.parametrize("trouble", SILENCES)
def test_a_change_is_never_sent_twice_and_its_outcome_is_unknown_after_any_silence(
    trouble: str, carrier: SessionCarrier, host: FakeHost
) -> None:
    carrier.exchange(LOOK, repeatable=True)
    host.orders = [trouble]

    with pytest.raises(OutcomeUnknown) as raised:
        carrier.exchange(CHANGE, repeatable=False)

    assert host.arrivals.count(CHANGE) == 1
    assert raised.value.host == "hv-a"
    assert "://" not in words(raised.value)
    assert PASSWORD not in words(raised.value)


@pytest.mark.parametrize("trouble", ["cut before", "html 502", "401 before", "delay"])
def test_after_a_silence_the_next_exchange_signs_in_anew(trouble: str, carrier: SessionCarrier, host: FakeHost) -> None:
    carrier.exchange(LOOK, repeatable=True)
    host.orders = [trouble]
    with pytest.raises(OutcomeUnknown):
        carrier.exchange(CHANGE, repeatable=False)

    assert carrier.exchange(LOOK, repeatable=True) == ANSWER
    assert host.signed_in == (0 if host.scheme == "basic" else 2)


@pytest.mark.parametrize("trouble", [one for one in SILENCES if one != "huge"])
def test_a_look_is_repeated_once_in_a_new_session_when_the_kept_one_is_silent(
    trouble: str, carrier: SessionCarrier, host: FakeHost
) -> None:
    carrier.exchange(LOOK, repeatable=True)
    host.orders = [trouble]

    assert carrier.exchange(LOOK, repeatable=True) == ANSWER
    assert len(host.arrivals) == 3


def test_a_look_is_not_repeated_for_ever(carrier: SessionCarrier, host: FakeHost) -> None:
    carrier.exchange(LOOK, repeatable=True)
    host.orders = ["cut before"] * 5

    with pytest.raises(TransportError):
        carrier.exchange(LOOK, repeatable=True)

    assert len(host.arrivals) == 3


def test_a_change_on_a_connection_that_was_closed_meanwhile_is_delivered_once(
    carrier: SessionCarrier, host: FakeHost
) -> None:
    host.hangs_up = True
    carrier.exchange(LOOK, repeatable=True)
    time.sleep(0.1)

    assert carrier.exchange(CHANGE, repeatable=False) == ANSWER
    assert host.arrivals == [LOOK, CHANGE]


def test_a_wrong_password_is_access_refused_and_no_envelope_is_carried_out(
    way: tuple[str, str], host: FakeHost
) -> None:
    with pytest.raises(AccessRefused) as raised:
        carrier_by(*way, host.port, "Wrong-Password-2").exchange(CHANGE, repeatable=False)

    assert host.arrivals == []
    assert "Wrong-Password-2" not in words(raised.value)


def test_where_nothing_listens_nothing_was_delivered(way: tuple[str, str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]

    with pytest.raises(NotDelivered) as raised:
        carrier_by(*way, port).exchange(CHANGE, repeatable=False)

    assert raised.value.cause == "nothing accepts connections there"


def test_a_name_that_does_not_resolve_is_said_to_be_the_cause() -> None:
    arguments = {"endpoint": "http://hv-a.invalid:5985/wsman", "username": USER, "password": PASSWORD}
    more = {"proxy": None, "read_timeout_sec": 1}
    carrier = SessionCarrier("hv-a", lambda: open_pywinrm("hv-a", ("ntlm",), {**arguments, **more}))

    with pytest.raises(NotDelivered) as raised:
        carrier.exchange(CHANGE, repeatable=False)

    assert raised.value.cause == "its name could not be resolved"


@pytest.mark.parametrize("library", ["pypsrp", "pywinrm"])
def test_a_silence_while_signing_in_is_known_not_to_have_carried_the_change(library: str, tmp_path: Path) -> None:
    with FakeHost(tmp_path, scheme="ntlm", silent_sign_in=True) as host, pytest.raises(NotDelivered):
        carrier_by(library, "ntlm", host.port).exchange(CHANGE, repeatable=False)

    assert host.arrivals == []


@pytest.mark.parametrize("library", ["pypsrp", "pywinrm"])
def test_an_answer_that_cannot_be_decrypted_ends_the_session(library: str, tmp_path: Path) -> None:
    with FakeHost(tmp_path, scheme="ntlm", orders=["", "garbled"]) as host:
        carrier = carrier_by(library, "ntlm", host.port)
        carrier.exchange(LOOK, repeatable=True)
        with pytest.raises(OutcomeUnknown) as raised:
            carrier.exchange(CHANGE, repeatable=False)
        carrier.exchange(LOOK, repeatable=True)

    assert "decrypted" in raised.value.found
    assert (host.signed_in, host.arrivals.count(CHANGE)) == (2, 1)


def test_winrm_tries_its_ways_of_signing_in_in_turn(tmp_path: Path) -> None:
    with FakeHost(tmp_path, scheme="ntlm") as host:
        arguments = {"endpoint": f"http://127.0.0.1:{host.port}/wsman", "username": USER, "password": PASSWORD}
        more = {"proxy": None, "read_timeout_sec": 1}
        session = open_pywinrm("hv-a", ("plaintext", "ntlm"), {**arguments, **more})

        assert session.send(CHANGE) == ANSWER
        session.close()

    assert host.arrivals == [CHANGE]


def test_options_that_do_not_fit_together_are_named_before_anything_is_sent() -> None:
    options = {"server": "127.0.0.1", "ssl": False, "auth": "basic", "username": USER, "password": PASSWORD}

    with pytest.raises(PreconditionFailed, match="Cannot use message encryption with auth 'basic'"):
        open_pypsrp("hv-a", options | {"read_timeout": 1})


def test_no_envelope_and_no_token_reaches_pythons_log(carrier: SessionCarrier, host: FakeHost) -> None:
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        carrier.exchange(LOOK, repeatable=True)
        host.orders = ["delay"]
        with pytest.raises(OutcomeUnknown):
            carrier.exchange(CHANGE, repeatable=False)
    finally:
        root.removeHandler(handler)
        root.setLevel(logging.WARNING)

    assert written.getvalue() == ""
