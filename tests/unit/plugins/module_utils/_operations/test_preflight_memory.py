# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a preflight says of memory: a reserve is a wish, and what a host has is a fact."""

from __future__ import annotations

import pytest

from ansible_collections.hyperv.replica.plugins.module_utils._operations.preflight_view import Operation
from ansible_collections.hyperv.replica.plugins.module_utils._operations.verification import Result
from ansible_collections.hyperv.replica.tests.unit.plugins.module_utils._operations.estate_run import Site
from ansible_collections.hyperv.replica.tests.unit.plugins.module_utils._operations.preflight_estate import fit_estate
from ansible_collections.hyperv.replica.tests.unit.plugins.module_utils._operations.preflight_run import GIB, preflight


@pytest.mark.parametrize(
    ("operation", "free", "result"),
    [
        (Operation.PLANNED, 6, Result.PASS),
        (Operation.PLANNED, 5, Result.FAIL),
        (Operation.UNPLANNED, 6, Result.PASS),
        (Operation.UNPLANNED, 5, Result.WARN),
        (Operation.UNPLANNED, 4, Result.WARN),
        (Operation.UNPLANNED, 3, Result.FAIL),
    ],
)
def test_after_an_outage_the_reserve_warns_and_only_what_the_host_has_blocks(
    operation: Operation, free: int, result: Result
) -> None:
    """One VM of 4 GiB, a reserve of 2, and a host that needs 2 itself."""
    site = Site(fit_estate())
    site.world.hosts["B"].memory = (2 + free) * GIB

    told = preflight(site, operation, reserve=2 * GIB).rule("memory")

    assert (told.result, f"{free}.0 GiB are free" in told.found) == (result, True)
