# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Simulated time."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.clock import Clock

START = datetime(2026, 1, 12, 8, 0, tzinfo=timezone.utc)


class Wall:
    """Seconds of the real world, as the test wants them."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


def test_a_clock_runs_at_its_rate_from_its_start() -> None:
    wall = Wall()
    clock = Clock(START, rate=60, wall=wall)

    wall.seconds += 2

    assert clock.now() == START + timedelta(minutes=2)


def test_a_changed_rate_counts_from_now_on() -> None:
    wall = Wall()
    clock = Clock(START, wall=wall)
    wall.seconds += 10

    clock.rate = 100
    wall.seconds += 1

    assert clock.now() == START + timedelta(seconds=110)


def test_a_clock_at_rate_0_moves_by_hand_only() -> None:
    wall = Wall()
    clock = Clock(START, rate=0, wall=wall)
    wall.seconds += 1000
    assert clock.now() == START

    assert clock.advance(timedelta(hours=1)) == START + timedelta(hours=1)


def test_time_does_not_go_back() -> None:
    clock = Clock(START)

    with pytest.raises(ValueError, match="back"):
        clock.advance(timedelta(seconds=-1))
    with pytest.raises(ValueError, match="rate"):
        clock.rate = -1


def test_a_clock_needs_an_offset() -> None:
    with pytest.raises(ValueError, match="offset"):
        Clock(START.replace(tzinfo=None))
