# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from ansible_collections.hyperv.replica.plugins.module_utils._drill.durations import (
    USUAL,
    Known,
    Part,
    from_statistics,
    predicted,
)
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.schema import Statistics
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.states import ReplicationHealth

MIB = 1 << 20
NOON = datetime(2026, 11, 20, 12, 0, tzinfo=timezone.utc)


def interval(hour: int, *, successes: int, size: int = 0, pending: int = 0, latency: int = 0) -> Statistics:
    return Statistics(
        start=NOON + timedelta(hours=hour),
        end=NOON + timedelta(hours=hour + 1),
        health=ReplicationHealth.OK,
        successes=successes,
        misses=0,
        failures=0,
        network_failures=0,
        size=size,
        max_size=size,
        pending_size=pending,
        latency=timedelta(seconds=latency),
        max_latency=timedelta(seconds=latency),
        app_consistent_failures=0,
        last_test_failover=None,
    )


def test_what_nobody_knows_takes_as_long_as_usual() -> None:
    assert {part: predicted(Known(), part) for part in Part} == USUAL


def test_the_last_changes_take_as_long_as_what_is_pending_at_the_speed_of_the_last_ones() -> None:
    known = from_statistics([interval(1, successes=10, size=100 * MIB, pending=400 * MIB, latency=20)])

    assert predicted(known, Part.LAST_CHANGES) == timedelta(seconds=5 + 80)


def test_without_a_speed_they_take_as_long_as_the_last_ones_on_average() -> None:
    assert predicted(from_statistics([interval(1, successes=4, latency=120)]), Part.LAST_CHANGES).seconds == 30


def test_the_newest_interval_with_changes_in_it_counts() -> None:
    known = from_statistics(
        [
            interval(3, successes=0, pending=MIB),
            interval(2, successes=2, latency=40),
            interval(1, successes=2, latency=9),
        ]
    )

    assert known.last_change == timedelta(seconds=20)


def test_a_machine_without_statistics_is_as_usual() -> None:
    assert from_statistics([], memory=7) == Known(memory=7)


def test_what_an_earlier_drill_measured_wins() -> None:
    known = Known(pending_bytes=MIB, bytes_per_second=1.0, measured=((Part.LAST_CHANGES, timedelta(seconds=3)),))

    assert predicted(known, Part.LAST_CHANGES).seconds == 3
