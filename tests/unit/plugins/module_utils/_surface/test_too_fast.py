# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from datetime import timedelta

import pytest

from ansible_collections.hyperv.replica.plugins.module_utils._surface.plan_surface import too_fast


@pytest.mark.parametrize(
    ("took", "rested", "rate", "warned"),
    [(100, 20, 10, True), (100, 60, 10, False), (100, 20, 1, False), (20, 0, 10, False)],
    ids=["mostly busy", "mostly at rest", "real time", "over at once"],
)
def test_a_rehearsal_in_which_this_machine_could_not_follow_says_so(
    took: float, rested: float, rate: float, warned: bool
) -> None:
    warnings = too_fast(timedelta(seconds=took), timedelta(seconds=rested), rate)

    assert bool(warnings) is warned
    assert all("worked for 80, while simulated time ran 10 times as fast" in line for line in warnings)
