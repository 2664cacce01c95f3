# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A move away that ended half way, and then the way back: who served serves again, and who was off stays off."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import Side
from ansible_collections.hyperv.replica.plugins.module_utils._operations.beginning import served_before
from ansible_collections.hyperv.replica.plugins.module_utils._operations.goal import OnFailure, Start
from ansible_collections.hyperv.replica.plugins.module_utils._operations.plan import Method
from ansible_collections.hyperv.replica.tests.unit.plugins.module_utils._operations.estate_run import (
    Killed,
    Run,
    Site,
    estate,
    moved,
    vm,
)

#: The last call of a move away before it ended.
LAST = {
    "it shut down": Method.INITIATE_SHUTDOWN,
    "it is locked": Method.REQUEST_REPLICATION_STATE_CHANGE,
    "it is failed over": Method.INITIATE_FAILOVER,
    "it is reversed": Method.REVERSE,
}
SOON, LATE = timedelta(minutes=2), timedelta(hours=3)


class Cut(Site):
    """A site on which a run ends right after a certain call."""

    last = ""

    def strike_after(self, run: Run) -> None:
        super().strike_after(run)
        if self.last and run.requests[-1].method == self.last and run.requests[-1].executed:
            raise Killed


def cut(last: Method, *, power: str = "running") -> Cut:
    """VM001 on its way from A to B, where its run ended after this call; a day before it was on, or off, for long."""
    site = Cut(estate(vm(power=power)))
    site.wait(86400)
    site.last = last.value
    assert site.failover(moved()).killed
    site.last = ""
    return site


@pytest.mark.parametrize("last", LAST.values(), ids=LAST)
def test_who_was_switched_off_by_a_run_that_ended_serves_at_home_again(last: Method) -> None:
    site = cut(last)
    site.wait(SOON.total_seconds())

    back = site.failback(moved(on_failure=OnFailure.STOP))
    again = site.failback()

    assert back.one.error is None
    assert site.shown() == ((1, 3, "RUNNING"), (2, 3, "OFF"))
    assert (site.lost, site.split_brains) == (0, 0)
    assert (again.one.already_there, again.mutations) == (True, [])


@pytest.mark.parametrize("last", [method for method in LAST.values() if method is not Method.INITIATE_SHUTDOWN])
def test_who_was_off_before_all_began_comes_home_and_stays_off(last: Method) -> None:
    site = cut(last, power="off")
    site.wait(SOON.total_seconds())

    back = site.failback(moved(on_failure=OnFailure.STOP))

    assert back.one.error is None
    assert site.shown() == ((1, 3, "OFF"), (2, 3, "OFF"))


@pytest.mark.parametrize("power", ["running", "off"])
def test_hours_later_a_lock_still_tells_who_served_by_what_was_sent_last(power: str) -> None:
    site = cut(Method.INITIATE_FAILOVER, power=power)
    site.wait(LATE.total_seconds())

    site.failback(moved(on_failure=OnFailure.STOP))

    assert site.shown()[0] == (1, 3, power.upper())


@pytest.mark.parametrize("served", [True, False])
@pytest.mark.parametrize("power", ["running", "off"])
def test_a_caller_who_knows_goes_before_what_is_seen(power: str, served: bool) -> None:
    site = cut(Method.REVERSE, power=power)
    site.wait(LATE.total_seconds())

    site.failback(moved(start=Start.AS_SOURCE, served_before=served, on_failure=OnFailure.STOP))

    assert site.runs_at() == (["A"] if served else [])


def test_a_replica_that_was_made_a_moment_ago_is_not_taken_for_one_that_went_off() -> None:
    site = Site(estate(vm(power="off")))
    site.wait(86400)
    before = site.failover(check=True).one.before
    here = before.destination
    assert isinstance(here, Side)
    now = here.facts.clock

    fresh = replace(before, destination=replace(here, created=now, power_changed=now))

    assert not served_before(fresh, moved())


def test_what_is_running_now_serves_whatever_the_caller_knew() -> None:
    before = Site().failover(check=True).one.before

    assert served_before(before, moved(served_before=False))
