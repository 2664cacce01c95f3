# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The benchmark counts what passes, adds the distance once per request, and compares like with like."""

from __future__ import annotations

from collections.abc import Iterator
from http.client import HTTPConnection

import pytest

from ansible_collections.hyperv.replica.tests.benchmark.relay import Quiet, at_a_distance, serving
from ansible_collections.hyperv.replica.tests.benchmark.table import OURS, Measured, plain, text

ENVELOPE = b"<s:Envelope/>"


class Echo(Quiet):
    """Answers with what it was sent, and says from which port it was asked."""

    def do_POST(self) -> None:
        self.answer(
            200 if self.headers["Authorization"] else 401, [("From-Port", str(self.client_address[1]))], self.body()
        )


@pytest.fixture(scope="module")
def there() -> Iterator[int]:
    with serving(Echo) as port:
        yield port


def asked(connection: HTTPConnection, body: bytes, user: str = "somebody") -> tuple[int, str, bytes]:
    connection.request("POST", "/wsman", body, {"Authorization": user})
    reply = connection.getresponse()
    return reply.status, reply.headers["From-Port"], reply.read()


def test_only_requests_that_carry_something_are_counted_as_requests(there: int) -> None:
    with at_a_distance(there, 0) as (port, count):
        connection = HTTPConnection("127.0.0.1", port, timeout=5)
        for body in (b"", b"", ENVELOPE, ENVELOPE, ENVELOPE):
            asked(connection, body)
        connection.close()

    assert (count.requests, count.sign_in) == (3, 2)


def test_the_distance_is_added_once_for_each_request(there: int) -> None:
    pauses: list[float] = []
    with at_a_distance(there, 0.02, pauses.append) as (port, _count):
        connection = HTTPConnection("127.0.0.1", port, timeout=5)
        for body in (b"", ENVELOPE, ENVELOPE):
            asked(connection, body)
        connection.close()

    assert pauses == [0.02, 0.02, 0.02]


def test_status_and_body_come_through_as_they_are(there: int) -> None:
    with at_a_distance(there, 0) as (port, _count):
        connection = HTTPConnection("127.0.0.1", port, timeout=5)
        refused, answered = asked(connection, ENVELOPE, user=""), asked(connection, ENVELOPE)
        connection.close()

    assert (refused[0], answered[0], answered[2]) == (401, 200, ENVELOPE)


def test_a_connection_here_is_one_connection_there_since_a_sign_in_belongs_to_it(there: int) -> None:
    with at_a_distance(there, 0) as (port, _count):
        first, second = (HTTPConnection("127.0.0.1", port, timeout=5) for _number in range(2))
        ports = [asked(connection, ENVELOPE)[1] for connection in (first, second, first, second)]
        first.close()
        second.close()

    assert ports[:2] == ports[2:]
    assert len(set(ports)) == 2


def measured(way: str, distance: int, requests: int, seconds: float) -> Measured:
    return Measured(task="State", way=way, distance_ms=distance, calls=1, requests=requests, sign_in=0, seconds=seconds)


def test_each_way_is_compared_with_ours_at_the_same_distance() -> None:
    rows = plain(
        [
            measured(OURS, 0, 4, 0.5),
            measured("script", 0, 5, 0.25),
            measured(OURS, 100, 2, 1.0),
            measured("script", 100, 5, 2.0),
        ]
    )

    ratios = [(row["way"], row["requests_ratio"], row["seconds_ratio"]) for row in rows]
    assert ratios == [(OURS, 1.0, 1.0), ("script", 1.25, 0.5), (OURS, 1.0, 1.0), ("script", 2.5, 2.0)]


def test_a_way_that_beats_ours_is_shown_as_below_one() -> None:
    table = text([measured(OURS, 20, 4, 1.0), measured("script", 20, 2, 0.5)])

    assert table.splitlines()[-1].split() == ["20", "ms", "script", "1", "2", "0.5", "0.5"]
