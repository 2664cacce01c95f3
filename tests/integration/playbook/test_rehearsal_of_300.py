# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""300 VMs over six hosts by real ansible-playbook runs: what the simulator's own log says of every moment of them.

Nothing here reads what the collection says of itself. Times are those of the simulated hosts, and the same plan in
fixed batches runs on the same machine at the same rate, so that how fast this machine is counts for neither.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator import launch
from ansible_collections.hyperv.replica.tests.integration.playbook.stage import Run, Stage
from ansible_collections.hyperv.replica.tests.integration.playbook.three_hundred import (
    Limits,
    estate,
    exceeded,
    lasted,
    most,
    named,
    plan,
)

VMS, LIMITS = 300, Limits()
#: Simulated seconds in one. Faster, and the hosts' time would pass while this machine reads their answers.
RATE = 10.0


@contextmanager
def site(folder: Path, vms: int, limits: Limits = LIMITS, **more: Any) -> Iterator[Stage]:
    """Six hosts with so many VMs at the first three."""
    with launch.start(estate(vms, limits, **more), rate=RATE, idle_timeout=600.0) as simulation:
        yield Stage(folder / "project", simulation, patience=900)


def move(stage: Stage, whole: int, limits: Limits = LIMITS, **options: Any) -> Run:
    """Take the plan to the recovery site, polling every five seconds of the hosts."""
    given = {
        "plan": plan(whole, limits),
        "to": "recovery",
        "simulated_guests": True,
        "simulated_rate": RATE,
        "poll_interval": 5 / RATE,
        **options,
    }
    return stage.task("hyperv_replica_recovery_plan", "localhost", arguments=["-c", "local"], **given)


@dataclass(frozen=True)
class Rehearsal:
    """A run, and what was true after it."""

    run: Run
    world: dict[str, Any]


@pytest.fixture(scope="module")
def rehearsal(tmp_path_factory: pytest.TempPathFactory) -> Rehearsal:
    """All of them in one run."""
    with site(tmp_path_factory.mktemp("together"), VMS) as stage:
        run = move(stage, VMS)
        return Rehearsal(run, stage.simulation.world())


def in_batches(folder: Path) -> timedelta:
    """What the same plan takes in groups as wide as the limit, each through before the next begins.

    One group is really moved: its guests are off and switched over, and then started. The others are like it, in guests
    and hosts, so all take as often as long. Counted is from the first request of a run to its last, as of the whole;
    what lies between the runs is left out.
    """
    group = [named(number) for number in range(VMS - LIMITS.concurrency, VMS)]
    with site(folder, VMS) as stage:
        runs = [move(stage, VMS, state=state, vms=group) for state in ("switched_off", "protected")]
    assert [run.code for run in runs] == [0, 0], runs[-1].output[-3000:]
    return sum((lasted(run.sent) for run in runs), timedelta()) * (VMS // LIMITS.concurrency)


def test_all_of_them_run_where_they_were_to_go_and_nothing_is_lost(rehearsal: Rehearsal) -> None:
    hosts = rehearsal.world["hosts"]
    running = {name: sum(vm["alive"] for vm in host["vms"].values()) for name, host in hosts.items()}

    assert rehearsal.run.code == 0, rehearsal.run.output[-3000:]
    assert running == {"HV-A": 0, "HV-B": 100, "HV-C": 0, "HV-D": 100, "HV-E": 0, "HV-F": 100}
    assert (rehearsal.world["ledger"]["lost"], rehearsal.world["ledger"]["split_brains"]) == (0, [])


def test_at_no_moment_of_the_log_a_limit_is_exceeded_and_what_there_is_room_for_is_used(rehearsal: Rehearsal) -> None:
    """How far room is used depends on how fast this machine asks, but for memory."""
    log = rehearsal.run.sent
    peaks = most(log, LIMITS)

    assert exceeded(log, LIMITS) == []
    assert set(peaks) == {"operations", "moving", "sends", "receives", "memory"}
    assert peaks["memory"] == {(2 + VMS // 3 * 4) << 10}
    assert min(peaks["sends"] | peaks["receives"]) > 1
    assert max(peaks["moving"]) >= LIMITS.concurrency // 2
    assert [entry["number"] for entry in log] == list(range(log[0]["number"], log[0]["number"] + len(log)))


def test_the_schedule_is_printed_before_anything_moves_and_beside_it_what_came_of_it(rehearsal: Rehearsal) -> None:
    told, output = rehearsal.run.result["schedule"], rehearsal.run.output

    assert output.index(told["lines"][0]) < output.index(f"of {VMS} VMs through") < output.index(told["compared"][-1])
    assert all(row["actual_seconds"] is not None for row in told["vms"])


def test_it_is_over_sooner_than_in_fixed_batches_of_the_same_width(
    rehearsal: Rehearsal, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    batched = in_batches(tmp_path)

    ratio = lasted(rehearsal.run.sent) / batched
    record_property("schedule / fixed batches", f"{ratio:.2f}")
    assert ratio < 1


def test_a_plan_that_allows_more_is_seen_in_the_log_to_want_more(tmp_path: Path) -> None:
    """What the test above would say of a run that minds none of these limits; hosts' own cannot be raised."""
    wanted, raised = replace(LIMITS, concurrency=20), Limits(concurrency=40, transfers=6, reserve=0)
    with site(tmp_path, 60, replace(wanted, reserve=0), bandwidth=4 << 20) as stage:
        run = move(stage, 60, raised)

    found = exceeded(run.sent, wanted)
    assert [
        what for what in ("moving", "sends", "receives", "memory") if any(f" {what}, " in one for one in found)
    ] == [
        "moving",
        "sends",
        "receives",
        "memory",
    ]
