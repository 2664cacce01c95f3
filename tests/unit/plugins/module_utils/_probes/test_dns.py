# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The client against a name server of a few lines, whose messages are written by hand from RFC 1035."""

from __future__ import annotations

import random
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from ansible_collections.hyperv.replica.plugins.module_utils._probes.dns import probe_dns
from ansible_collections.hyperv.replica.plugins.module_utils._probes.dns_message import (
    Malformed,
    decoded,
    encoded,
    question,
)

#: Where the question's name stands in each message, as a compressed name.
ASKED = b"\xc0\x0c"
Answer = Callable[[bytes], bytes]


def name(text: str) -> bytes:
    return b"".join(bytes([len(label)]) + label.encode() for label in text.split(".")) + b"\0"


def record(type_: int, data: bytes, owner: bytes = ASKED) -> bytes:
    return owner + struct.pack("!HHIH", type_, 1, 60, len(data)) + data


def reply(*records: bytes, flags: int = 0x8180, count: int | None = None) -> Answer:
    """A server's answer to whatever is asked."""

    def answer(asked: bytes) -> bytes:
        header = asked[:2] + struct.pack("!5H", flags, 1, len(records) if count is None else count, 0, 0)
        return header + asked[12:] + b"".join(records)

    return answer


@contextmanager
def server(over_udp: Answer, over_tcp: Answer | None = None, *, deaf: int = 0) -> Iterator[str]:
    """A name server; the first DEAF questions over UDP are lost."""
    with socket.create_server(("127.0.0.1", 0)) as stream, socket.socket(type=socket.SOCK_DGRAM) as datagrams:
        port = stream.getsockname()[1]
        datagrams.bind(("127.0.0.1", port))
        for serve in (lambda: _answer_datagrams(datagrams, over_udp, deaf), lambda: _answer_stream(stream, over_tcp)):
            threading.Thread(target=serve, daemon=True).start()
        yield f"127.0.0.1:{port}"


def _answer_datagrams(sock: socket.socket, answer: Answer, deaf: int) -> None:
    heard = 0
    try:
        while True:
            asked, peer = sock.recvfrom(512)
            heard += 1
            if heard > deaf:
                sock.sendto(answer(asked), peer)
    except OSError:
        return


def _answer_stream(listener: socket.socket, answer: Answer | None) -> None:
    try:
        sock, _peer = listener.accept()
        with sock:
            asked = sock.recv(512)[2:]
            told = answer(asked) if answer else b""
            sock.sendall(struct.pack("!H", len(told)) + told)
    except OSError:
        return


TOLD = [
    ("A", record(1, bytes([192, 0, 2, 7])), "192.0.2.7"),
    ("AAAA", record(28, bytes.fromhex("20010db8000000000000000000000007")), "2001:db8:0:0::7"),
    ("CNAME", record(5, name("web.example.test")), "WEB.example.test."),
    ("NS", record(2, name("ns.example.test")), "ns.example.test"),
    ("PTR", record(12, name("sql01.example.test")), "sql01.example.test"),
    ("MX", record(15, struct.pack("!H", 10) + name("mail.example.test")), "10 mail.example.test"),
    ("SRV", record(33, struct.pack("!3H", 0, 100, 389) + name("dc01.example.test")), "0 100 389 dc01.example.test"),
    ("TXT", record(16, b"\x05hello\x06 world"), "hello world"),
]


@pytest.mark.parametrize(("type_", "told", "expected"), TOLD, ids=[case[0] for case in TOLD])
def test_each_type_is_read_and_compared(type_: str, told: bytes, expected: str) -> None:
    with server(reply(told)) as there:
        right = probe_dns("asked.example.test", type_=type_, server=there, expect=[expected], timeout=2)
        wrong = probe_dns("asked.example.test", type_=type_, server=there, expect=["192.0.2.250"], timeout=2)

    assert right.ok, right.detail
    assert not wrong.ok
    assert "without 192.0.2.250" in wrong.detail


def test_an_alias_is_followed_in_whatever_order_it_is_told() -> None:
    address = record(1, bytes([192, 0, 2, 7]), owner=name("real.example.test"))
    alias = record(5, name("real.example.test"))
    stranger = record(1, bytes([192, 0, 2, 99]), owner=name("other.example.test"))

    with server(reply(address, alias, stranger)) as there:
        assert probe_dns("asked.example.test", server=there, expect=["192.0.2.7"], timeout=2).ok
        assert not probe_dns("asked.example.test", server=there, expect=["192.0.2.99"], timeout=2).ok


@pytest.mark.parametrize(("code", "word"), [(2, "SERVFAIL"), (3, "NXDOMAIN"), (5, "REFUSED"), (11, "error 11")])
def test_a_refusal_fails_by_its_name(code: int, word: str) -> None:
    with server(reply(flags=0x8180 | code)) as there:
        result = probe_dns("asked.example.test", server=there, timeout=2)

    assert not result.ok
    assert word in result.detail


def test_no_record_of_the_type_is_no_answer() -> None:
    with server(reply(record(28, bytes(16)))) as there:
        assert not probe_dns("asked.example.test", server=there, timeout=2).ok


def test_a_truncated_reply_is_asked_for_again_over_tcp() -> None:
    with server(reply(flags=0x8380), reply(record(1, bytes([192, 0, 2, 7])))) as there:
        assert probe_dns("asked.example.test", server=there, expect=["192.0.2.7"], timeout=2).ok


def test_a_server_that_hangs_up_over_tcp_fails() -> None:
    with server(reply(flags=0x8380), lambda asked: b"") as there:
        assert not probe_dns("asked.example.test", server=there, timeout=2).ok


def test_a_lost_question_is_asked_again() -> None:
    with server(reply(record(1, bytes([192, 0, 2, 7]))), deaf=1) as there:
        assert probe_dns("asked.example.test", server=there, timeout=5).ok


def test_a_silent_server_fails_in_time() -> None:
    with server(reply(), deaf=1000) as there:
        result = probe_dns("asked.example.test", server=there, timeout=0.3)

    assert not result.ok
    assert "no answer within 0.3 seconds" in result.detail
    assert result.seconds < 2


def test_a_reply_to_another_question_is_not_taken() -> None:
    honest = reply(record(1, bytes([192, 0, 2, 7])))

    with server(lambda asked: b"\0\0" + honest(asked)[2:]) as there:
        result = probe_dns("asked.example.test", server=there, timeout=0.3)

    assert not result.ok


@pytest.mark.parametrize("written", ["", ".", "a..b", "a" * 64, ".".join(["a" * 60] * 5), "\udcff"])
def test_a_name_that_is_none_is_not_asked(written: str) -> None:
    assert not probe_dns(written, server="127.0.0.1:9", timeout=0.3).ok


@pytest.mark.parametrize("there", ["127.0.0.1:99999", "127.0.0.1:x", "[::1", "no such host"])
def test_a_server_that_cannot_be_one_fails_and_raises_nothing(there: str) -> None:
    assert not probe_dns("asked.example.test", server=there, timeout=0.3).ok


def test_without_a_server_the_resolver_of_the_controller_is_asked() -> None:
    assert probe_dns("localhost", expect=["127.0.0.1"]).ok
    assert "without a server" in probe_dns("localhost", type_="MX").detail


ASKED_FOR = question("asked.example.test", "A", 4711)

MALFORMED = {
    "a name that points at itself": record(1, bytes(4), owner=b"\xc0\x24"),
    "a name that points ahead": record(1, bytes(4), owner=b"\xc0\x30"),
    "an alias in a circle": record(5, b"\xc0\x30"),
    "a label of an unknown kind": record(1, bytes(4), owner=b"\x80\x01\0"),
    "a name that never ends": record(1, bytes(4), owner=b"\x3f" + b"a" * 63) * 1,
    "an address of three bytes": record(1, bytes(3)),
    "data beyond the end": ASKED + struct.pack("!HHIH", 1, 1, 60, 400),
    "data longer than what it holds": record(15, struct.pack("!H", 1) + name("a") + b"rest"),
    "a name that is not ASCII": record(5, b"\x02\xff\xfe\0"),
}


@pytest.mark.parametrize("records", MALFORMED.values(), ids=MALFORMED)
def test_a_malformed_reply_is_refused(records: bytes) -> None:
    message = reply(records, count=1)(encoded(ASKED_FOR))

    with pytest.raises(Malformed):
        decoded(message, ASKED_FOR)


def test_another_question_in_the_reply_is_refused() -> None:
    other = question("other.example.test", "A", 4711)

    with pytest.raises(Malformed, match="another question"):
        decoded(reply()(encoded(other)), ASKED_FOR)


def test_no_cut_and_no_changed_byte_of_a_reply_does_more_than_be_refused() -> None:
    alias = record(5, name("real.example.test"))
    good = reply(alias, record(1, bytes(4), owner=name("real.example.test")))(encoded(ASKED_FOR))
    chance = random.Random(7)

    tried = [good[:length] for length in range(len(good))]
    for _time in range(5000):
        changed = bytearray(good)
        for _byte in range(chance.randint(1, 4)):
            changed[chance.randrange(len(changed))] = chance.randrange(256)
        tried.append(bytes(changed))
    for message in tried:
        try:
            decoded(message, ASKED_FOR)
        except Malformed:
            continue
