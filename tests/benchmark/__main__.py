# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Count and time what this collection asks of a host, beside what people use today, in one run.

Every way works on loopback through the same relay, which adds the same distance to each HTTP request. What hosts do
costs nothing on either side: where a run of ours rests, the simulator's time is moved instead, and the shells answer at
once.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.launch import Simulation, start
from ansible_collections.hyperv.replica.tests.benchmark.estate import guid, many_vms, vms_away
from ansible_collections.hyperv.replica.tests.benchmark.ours import AWAY, HOME, failback, states
from ansible_collections.hyperv.replica.tests.benchmark.people import (
    FAILBACK,
    POLL,
    STATE_OF_ALL,
    STATE_OF_ONE,
    WAYS,
)
from ansible_collections.hyperv.replica.tests.benchmark.relay import Count, at_a_distance
from ansible_collections.hyperv.replica.tests.benchmark.shells import shell_host
from ansible_collections.hyperv.replica.tests.benchmark.table import OURS, Measured, plain, text

VMS = 200
POLL_SECONDS = 5.0
ONE, ALL, HOMEWARD = "State of 1 VM", f"State of {VMS} VMs of one host", "Failback of 1 VM"
OPTIONS = ("--http-only", "--allow-unencrypted")


def main() -> int:
    """Measure, print the table, and write the values where that is wanted."""
    parser = argparse.ArgumentParser(prog="benchmark", description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--distances", default="0,20,100", help="milliseconds per HTTP request")
    parser.add_argument("--json", type=Path, help="also write everything to this file")
    options = parser.parse_args()
    distances = [int(distance) for distance in options.distances.split(",")]
    measured: list[Measured] = []
    with start(many_vms(VMS), rate=0, options=OPTIONS) as simulation:
        for distance in distances:
            measured += reading(simulation, distance)
    for distance in distances:
        with start(vms_away(1), options=OPTIONS) as simulation:
            measured += coming_home(simulation, distance)
    if options.json:
        options.json.write_text(json.dumps(plain(measured), indent=2) + "\n", encoding="utf-8")
    sys.stdout.write(text(measured))
    return 0


def reading(simulation: Simulation, distance: int) -> Iterator[Measured]:
    """The state of one VM, and of all, in every way."""
    port = simulation.host(HOME)["http_port"]
    for task, vm_ids, found, script in (
        (ONE, [guid(1)], 1, STATE_OF_ONE),
        (ALL, None, VMS, STATE_OF_ALL),
    ):
        with away_from(port, distance) as (here, count):
            began = time.perf_counter()
            seen = states(simulation, here, vm_ids)
            seconds = time.perf_counter() - began
        if seen != found:
            raise SystemExit(f"{task}: {seen} instead of {found} VMs were seen")
        yield as_measured(task, OURS, distance, count, 0, seconds)
        yield from by_scripts(task, distance, [script], words=json.dumps([{"State": "Replicating"}] * found))


def coming_home(simulation: Simulation, distance: int) -> Iterator[Measured]:
    """One VM's way home, in every way."""
    ports = {name: simulation.host(name)["http_port"] for name in (HOME, AWAY)}
    with away_from(ports[HOME], distance) as (home, first), away_from(ports[AWAY], distance) as (away, second):
        began = time.perf_counter()
        outcome, polls = failback(simulation, {HOME: home, AWAY: away}, guid(1), POLL_SECONDS)
        seconds = time.perf_counter() - began
    if outcome.error is not None:
        raise SystemExit(f"{HOMEWARD}: {outcome.error}")
    both = Count(first.requests + second.requests, first.sign_in + second.sign_in)
    yield as_measured(HOMEWARD, OURS, distance, both, 0, seconds)
    yield from by_scripts(HOMEWARD, distance, [*FAILBACK, *[POLL] * max(1, polls)], words="Normal")


def by_scripts(task: str, distance: int, scripts: list[str], *, words: str) -> Iterator[Measured]:
    """The same task by scripts. What opens and ends an open pool is done outside of what is measured."""
    for way, opened in WAYS.items():
        with shell_host(words) as port, away_from(port, distance) as (here, count), opened(here) as run:
            before, began = Count(count.requests, count.sign_in), time.perf_counter()
            answers = {run(script).strip() for script in scripts}
            seconds = time.perf_counter() - began
            spent = Count(count.requests - before.requests, count.sign_in - before.sign_in)
        if answers != {words}:
            raise SystemExit(f"{task}, {way}: the scripts wrote {answers}")
        yield as_measured(task, way, distance, spent, len(scripts), seconds)


def away_from(port: int, distance: int) -> AbstractContextManager[tuple[int, Count]]:
    """A port that is this many milliseconds away from another."""
    return at_a_distance(port, distance / 1000)


def as_measured(task: str, way: str, distance: int, count: Count, calls: int, seconds: float) -> Measured:
    """What one way came to."""
    return Measured(
        task=task,
        way=way,
        distance_ms=distance,
        calls=calls,
        requests=count.requests,
        sign_in=count.sign_in,
        seconds=round(seconds, 4),
    )


if __name__ == "__main__":
    sys.exit(main())
