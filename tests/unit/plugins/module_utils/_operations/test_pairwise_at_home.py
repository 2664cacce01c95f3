# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is done at home, what is undone, and a chain: whatever a host does, it ends the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import pytest

from ansible_collections.hyperv.replica.tests.unit.plugins.module_utils._operations import rounds
from ansible_collections.hyperv.replica.tests.unit.plugins.module_utils._operations.estate_run import Site
from ansible_collections.hyperv.replica.tests.unit.plugins.module_utils._operations.pairs import (
    covering,
    unmet,
)

#: The switches that can matter while a VM stays at home, for which fewer combinations will do.
AT_HOME: Final = (
    "refusal",
    "method_answers",
    "job_error_code",
    "relationship_argument",
    "resume_from_critical",
    "continue_resynchronization",
    "state_after_revert",
    "state_after_cancel",
    "revert_while_running",
    "test_copy_disks",
    "test_copy_reference",
    "test_copy_relationship",
    "start_job_ends",
    "peer_visibility",
    "included_disks",
    "as_replica",
    "null_outputs",
)
#: Those that can matter on the way to a third host and on from it.
IN_A_CHAIN: Final = (
    "method_answers",
    "extended_while_failed_over",
    "third_host_relationship",
    "third_host_after_promotion",
    "promoted_relationship",
    "resume_from_critical",
    "relationship_argument",
    "included_disks",
    "peer_visibility",
    "never",
)
HOME, CHAIN = covering(AT_HOME), covering(IN_A_CHAIN)


def test_every_two_values_of_the_switches_that_matter_meet() -> None:
    assert (unmet(HOME, AT_HOME), unmet(CHAIN, IN_A_CHAIN)) == (set(), set())


@pytest.mark.parametrize("number", range(len(HOME)))
@pytest.mark.parametrize(
    "round_of",
    [rounds.repaired, rounds.seeded_again, rounds.tested],
    ids=["repaired", "seeded again", "tested"],
)
def test_what_is_done_at_home_ends_where_it_began(round_of: Callable[..., Site], number: int) -> None:
    site = round_of(**HOME[number])

    assert site.shown() == rounds.AT_A
    assert (site.lost, site.split_brains) == (0, 0)


@pytest.mark.parametrize("number", range(len(HOME)))
def test_what_is_undone_ends_where_it_began(number: int) -> None:
    site = rounds.undone(**HOME[number])

    assert rounds.end(site) == rounds.HOME
    assert site.split_brains == 0


@pytest.mark.parametrize("number", range(len(CHAIN)))
def test_a_chain_goes_on_from_its_middle(number: int) -> None:
    chain = rounds.chained(**CHAIN[number])

    assert chain.runs_at() == ["B"]
    assert chain.split_brains == 0
