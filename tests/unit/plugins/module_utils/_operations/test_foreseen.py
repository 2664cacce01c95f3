# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What check mode foresees is what the real run performs, step for step."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, NamedTuple

import pytest

from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.states import Power
from ansible_collections.hyperv.replica.plugins.module_utils._operations.goal import Commit
from ansible_collections.hyperv.replica.plugins.module_utils._operations.plan import Step, Target
from ansible_collections.hyperv.replica.tests.unit.plugins.module_utils._operations.estate_run import (
    ALL_CONSENTS,
    PROVIDER,
    Run,
    Site,
    estate,
    moved,
    vm,
)

CONFIRMED: dict[str, Any] = {"primary_confirmed_down": "by phone"}
EVERYTHING = moved(Target.PROTECTED, *ALL_CONSENTS)
HOME: dict[str, Any] = {"primary": "B", "replica": "A"}


def outage() -> Site:
    site = Site()
    site.wait(400)
    site.act("power_loss", host="A")
    return site


def returned() -> Site:
    site = outage()
    site.unplanned(moved(Target.RUNNING, **CONFIRMED))
    site.act("power_return", host="A")
    site.wait(60)
    return site


def served_unprotected() -> Site:
    site = Site()
    site.failover(moved(Target.RUNNING))
    return site


class Task(NamedTuple):
    """What is found, and what is asked for, in earnest or to be told."""

    find: Callable[[], Site]
    go: Callable[[Site, bool], Run]


TASKS = {
    "failover": Task(Site, lambda site, check: site.failover(check=check)),
    "failover unprotected": Task(Site, lambda site, check: site.failover(moved(Target.RUNNING), check=check)),
    "failback by reverse": Task(lambda: Site(estate(vm(**HOME))), lambda site, check: site.failback(check=check)),
    "failback by provider": Task(
        lambda: Site(estate(vm(**HOME, provider=PROVIDER))), lambda site, check: site.failback(check=check)
    ),
    "unplanned": Task(outage, lambda site, check: site.unplanned(moved(Target.RUNNING, **CONFIRMED), check=check)),
    "committed once verified": Task(
        outage,
        lambda site, check: site.unplanned(moved(Target.RUNNING, commit=Commit.VERIFIED, **CONFIRMED), check=check),
    ),
    "protected after an outage": Task(returned, lambda site, check: site.unplanned(EVERYTHING, check=check)),
    "failback after an outage": Task(returned, lambda site, check: site.failback(EVERYTHING, check=check)),
    "cancel": Task(
        served_unprotected, lambda site, check: site.cancel(moved(Target.SYNCED, *ALL_CONSENTS), check=check)
    ),
    "power off": Task(Site, lambda site, check: site.power(Power.OFF, home="A", away="B", check=check)),
}


def calls(steps: tuple[Step, ...]) -> list[tuple[str, str, object]]:
    return [(step.host.value, step.method.value, dict(step.arguments)) for step in steps if not step.method.is_wait]


@pytest.mark.parametrize("name", TASKS)
def test_check_mode_foresees_what_the_real_run_performs(name: str) -> None:
    task = TASKS[name]
    foreseen = task.go(task.find(), True)
    assert foreseen.mutations == []
    real = task.go(task.find(), False)
    assert real.one.error is None, str(real.one.error)
    assert calls(foreseen.one.planned) == calls(tuple(done.step for done in real.one.performed))


def test_check_mode_refuses_what_the_real_run_refuses() -> None:
    foreseen = returned().failback(check=True)
    real = returned().failback()
    assert foreseen.error("consent_needed").consent == real.error("consent_needed").consent


def test_a_verified_commit_is_made_up_for_where_an_earlier_run_ended_before_it() -> None:
    site = outage()
    site.unplanned(moved(Target.RUNNING, **CONFIRMED))
    run = site.unplanned(moved(Target.RUNNING, commit=Commit.VERIFIED, **CONFIRMED))
    assert run.mutations == ["CommitFailover"]


def test_nothing_is_committed_as_verified_where_the_guest_stays_silent() -> None:
    site = outage()
    site.act("stop_guest_answering", host="B", vm="VM001")
    goal = moved(Target.RUNNING, commit=Commit.VERIFIED, guest_timeout=timedelta(seconds=120), **CONFIRMED)
    run = site.unplanned(goal)
    run.error("not_verified")
    assert "CommitFailover" not in run.mutations
