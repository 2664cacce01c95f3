# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The whole round with an outage: every two values of every two switches meet, and it ends the same."""

from __future__ import annotations

import pytest

from ansible_collections.hyperv.replica.tests.unit.plugins.module_utils._operations import rounds
from ansible_collections.hyperv.replica.tests.unit.plugins.module_utils._operations.pairs import COMBINATIONS


@pytest.mark.parametrize("number", range(len(COMBINATIONS)))
def test_a_round_with_an_outage_ends_where_it_began(number: int) -> None:
    site = rounds.unplanned(**COMBINATIONS[number])

    assert rounds.end(site) == rounds.HOME
    assert site.split_brains == 0
