# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import (
    Absence,
    Absent,
    HostFacts,
    Job,
    Pair,
    Relationship,
    Side,
)
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.states import (
    JobState,
    JobType,
    Power,
    ReplicationHealth,
    ReplicationMode,
    ReplicationState,
)
from ansible_collections.hyperv.replica.plugins.module_utils._surface.next_move import next_move

VM = "8E2B4F6A-0000-4000-8000-000000000001"
ON, OFF = Power.RUNNING, Power.OFF
PRIMARY, REPLICA, NONE = ReplicationMode.PRIMARY, ReplicationMode.REPLICA, ReplicationMode.NONE


def side(host: str, power: Power, mode: ReplicationMode, state: int) -> Side:
    known = Relationship(instance_id="1", state=ReplicationState(state), health=ReplicationHealth.OK)
    return Side(
        host=host, vm_name="SQL01", vm_id=VM, power=power, mode=mode, facts=HostFacts(name=host), relationship=known
    )


def home(power: Power = ON, mode: ReplicationMode = PRIMARY, state: int = 3) -> Side:
    return side("hv-a", power, mode, state)


def away(power: Power = OFF, mode: ReplicationMode = REPLICA, state: int = 3) -> Side:
    return side("hv-b", power, mode, state)


def silent(host: str) -> Absent:
    return Absent(host=host, vm_id=VM, why=Absence.UNREACHABLE)


@pytest.mark.parametrize(
    ("destination", "source", "said"),
    [
        (home(), away(), "nothing"),
        (home(OFF, REPLICA), away(ON, PRIMARY), "bring it home when the time has come"),
        (home(ON), away(ON), "which copy users work with, hv-a or hv-b"),
        (home(state=7), away(state=7), "find out why it was paused"),
        (home(state=9), away(), "resynchronize it"),
        (home(state=10), away(), "wait until it is resynchronized"),
        (home(ON, NONE, 0), away(OFF, NONE, 0), "let it be replicated"),
        (home(OFF), away(ON, REPLICA, 5), "bring it home (failback), or let it be protected where it is"),
        (home(OFF, state=4), away(), "run the move again that was begun"),
        (home(OFF), away(OFF, REPLICA, 5), "run the move again that was begun"),
        (home(OFF), away(), "start it where it belongs"),
        (home(), silent("hv-b"), "look at hv-b"),
        (silent("hv-a"), away(), "look at hv-a; nobody knows whether it runs there"),
    ],
)
def test_what_comes_next_follows_from_both_ends(destination: Side | Absent, source: Side | Absent, said: str) -> None:
    assert said in next_move(Pair(destination=destination, source=source))


def test_a_critical_health_is_never_nothing() -> None:
    here = home()
    assert here.relationship is not None
    sick = replace(here, relationship=replace(here.relationship, health=ReplicationHealth.CRITICAL))

    assert "critical" in next_move(Pair(destination=sick, source=away()))


def test_a_test_copy_that_was_left_is_named_with_its_host() -> None:
    left = replace(away(), test_copy="11111111-0000-4000-8000-000000000001")

    assert next_move(Pair(destination=home(), source=left)) == "remove its test copy on hv-b (cleanup)"
    assert next_move(Pair(destination=home(state=9), source=left)).endswith("; remove its test copy on hv-b (cleanup)")


def test_nothing_is_decided_while_a_job_runs() -> None:
    job = Job(id="1", type=JobType.INITIATE_FAILOVER, state=JobState.RUNNING)
    busy = replace(away(state=3), jobs=(job,))

    assert next_move(Pair(destination=home(OFF), source=busy)) == "wait, then look again"
