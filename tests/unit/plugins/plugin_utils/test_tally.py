# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from ansible_collections.hyperv.replica.plugins.plugin_utils._tally import PAUSE, Tally, activity


class Watch:
    """Lines about VMs, at times of our own."""

    def __init__(self, vms: int) -> None:
        self.now = datetime(2026, 1, 1)
        self.lines: list[str] = []
        self._tally = Tally(vms, lambda: self.now, self.lines.append)

    def tell(self, line: str, *vms: str) -> None:
        for vm in vms:
            self._tally.show(vm, f"{vm}: hv-a → hv-b", line)

    def pass_by(self, seconds: float = PAUSE.total_seconds()) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("InitiateShutdown on hv-a: the guest shuts down; users are not served", "the guest shuts down"),
        ("waiting for InitiateShutdown: the guest shuts down (hv-a: job 3 %)", "the guest shuts down"),
        ("waiting for its probes to be green", "its probes to be green"),
        ("failed: hv-a: the host refused", "failed"),
        ("already there", "already there"),
    ],
)
def test_what_a_vm_does_is_said_without_what_tells_it_from_others(line: str, shown: str) -> None:
    assert activity(line) == shown


def test_a_line_now_and_then_says_how_far_all_are() -> None:
    watch = Watch(300)

    watch.tell("waiting for its turn", "A")
    watch.tell("waiting for its turn", "B", "C")
    watch.tell("done", "A")
    watch.pass_by()
    watch.tell("InitiateFailover on hv-b: it is switched", "B")

    assert watch.lines == [
        "0 of 300 VMs through: 299 not begun | 1 its turn",
        "1 of 300 VMs through: 1 done | 297 not begun | 1 it is switched | 1 its turn",
    ]


def test_one_that_fails_is_told_of_at_once_and_by_name() -> None:
    watch = Watch(300)
    watch.tell("waiting for its turn", "A")

    watch.tell("failed: the guest is silent", "B")

    assert watch.lines[1:] == ["B: hv-a → hv-b: failed: the guest is silent"]


def test_the_last_line_says_that_all_are_through() -> None:
    watch = Watch(3)

    watch.tell("done", "A", "B", "C")

    assert watch.lines[-1] == "3 of 3 VMs through: 3 done"
