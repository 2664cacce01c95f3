# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every two values of every two switches meet in a whole round, and all rounds end in the same state."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ansible_collections.hyperv.replica.tests.unit.plugins.module_utils._operations import rounds
from ansible_collections.hyperv.replica.tests.unit.plugins.module_utils._operations.estate_run import Site
from ansible_collections.hyperv.replica.tests.unit.plugins.module_utils._operations.pairs import (
    COMBINATIONS,
    VALUES,
    unmet,
)


def test_every_two_values_of_every_two_switches_meet() -> None:
    assert unmet(COMBINATIONS, VALUES) == set()


@pytest.mark.parametrize("number", range(len(COMBINATIONS)))
@pytest.mark.parametrize("round_of", [rounds.planned, rounds.by_provider], ids=["planned", "by provider"])
def test_a_whole_round_ends_where_it_began_and_nothing_is_lost(round_of: Callable[..., Site], number: int) -> None:
    site = round_of(**COMBINATIONS[number])

    assert rounds.end(site) == rounds.HOME
    assert (site.lost, site.split_brains) == (0, 0)
