# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From every pair of states of the two ends there is a path that ends, or a refusal that helps."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Final

import pytest

from ansible_collections.hyperv.replica.plugins.module_utils._errors import PreconditionFailed
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import (
    End,
    HostFacts,
    Pair,
    Relationship,
    ReplicaServer,
    ReplicationSettings,
    Side,
)
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.states import (
    BUILT_IN_PROVIDER,
    Power,
    ReplicationHealth,
    ReplicationMode,
    ReplicationState,
    ReplicationType,
    RequestedPower,
    StartAction,
)
from ansible_collections.hyperv.replica.plugins.module_utils._operations import operation as verbs
from ansible_collections.hyperv.replica.plugins.module_utils._operations.goal import Goal
from ansible_collections.hyperv.replica.plugins.module_utils._operations.guards import UP
from ansible_collections.hyperv.replica.plugins.module_utils._operations.operation import Operation
from ansible_collections.hyperv.replica.plugins.module_utils._operations.path import LONGEST_PATH
from ansible_collections.hyperv.replica.plugins.module_utils._operations.plan import (
    Consent,
    Loses,
    Method,
    Step,
    Target,
)

NOW: Final = datetime(2026, 1, 12, 8, 0, tzinfo=timezone.utc)
EXTERNAL: Final = "5E5D4C3B-2A19-4807-96F5-E4D3C2B1A098"
POWERS: Final = (Power.RUNNING, Power.OFF, Power.SAVED)
ALL: Final = frozenset(Consent)
#: A VM that is not replicated has no state; a replicated one may show any.
SHOWN: Final = (
    *((ReplicationMode.NONE, ReplicationState.DISABLED, power) for power in POWERS),
    *itertools.product((ReplicationMode.PRIMARY, ReplicationMode.REPLICA), ReplicationState, POWERS),
)


def side(host: str, shown: tuple[ReplicationMode, ReplicationState, Power], provider: str) -> Side:
    mode, state, power = shown
    failed_over = state in (ReplicationState.RECOVERED, ReplicationState.COMMITTED)
    return Side(
        host=host,
        vm_name="VM",
        vm_id="G",
        power=power,
        mode=mode,
        facts=HostFacts(name=host, computer_name=host, clock=NOW, replica_server=ReplicaServer(enabled=True)),
        relationship=Relationship(
            instance_id="x",
            state=state,
            health=ReplicationHealth.OK,
            last_replicated=NOW - timedelta(seconds=100),
            failed_over_type=ReplicationType.PLANNED if failed_over else ReplicationType.NONE,
        ),
        settings=ReplicationSettings(
            instance_id="x",
            provider=provider,
            primary_connection_point="a.test",
            recovery_connection_point="b.test",
            port=80,
        ),
        start_action=StartAction.ALWAYS,
        settings_id="s",
    )


def pairs(provider: str) -> Iterator[Pair]:
    destinations = [side("a", shown, provider) for shown in SHOWN]
    sources = [side("b", shown, provider) for shown in SHOWN]
    return (Pair(destination=here, source=there) for here in destinations for there in sources)


def operation(name: str, goal: Goal, seen: Pair) -> Operation:
    if name in ("reverse", "provider"):
        return verbs.failback_of(goal, seen)
    return {
        "planned": verbs.planned_failover,
        "unplanned": verbs.unplanned_failover,
        "cancel": verbs.cancel_failover,
    }[name](goal)


def goal(target: Target, consent: frozenset[Consent]) -> Goal:
    return Goal(target=target, consent=consent, primary_confirmed_down="somebody", reason="test")


def starts(step: Step) -> bool:
    return step.method is Method.REQUEST_STATE_CHANGE and step.arguments == {
        "RequestedState": int(RequestedPower.RUNNING)
    }


def starts_second_copy(seen: Pair, steps: tuple[Step, ...]) -> bool:
    for step in steps:
        other = seen.at(step.host.other)
        if starts(step) and isinstance(other, Side) and other.power in UP:
            return True
        seen = step.after(seen)
    return False


def loses_unasked(step: Step) -> bool:
    """Writes and saved memory go only by name; an unplanned failover itself asks for what it loses."""
    implied = step.method is Method.INITIATE_FAILOVER
    return step.loses in (Loses.WRITES, Loses.SAVED_STATE) and not step.consent and not implied


PROVIDERS: Final = {"provider": EXTERNAL}


@pytest.mark.parametrize("name", ["planned", "reverse", "provider", "unplanned", "cancel"])
def test_every_pair_of_states_has_a_safe_path_or_a_refusal_that_helps(name: str) -> None:
    wrong: list[str] = []
    for seen in pairs(PROVIDERS.get(name, BUILT_IN_PROVIDER)):
        asked = operation(name, goal(Target.PROTECTED, ALL), seen)
        try:
            steps = asked.plan(seen)
        except PreconditionFailed as refusal:
            if not refusal.found or not refusal.remedy or refusal.found.endswith("."):
                wrong.append(f"{seen}: {refusal}")
            continue
        if len(steps) > LONGEST_PATH or starts_second_copy(seen, steps) or any(map(loses_unasked, steps)):
            wrong.append(f"{seen}: {[step.method.value for step in steps]}")
    assert wrong == []


@pytest.mark.parametrize("name", ["planned", "reverse", "provider", "unplanned", "cancel"])
def test_no_step_of_a_path_without_consents_needs_one(name: str) -> None:
    needed: list[str] = []
    for seen in itertools.islice(pairs(PROVIDERS.get(name, BUILT_IN_PROVIDER)), 0, None, 7):
        asked = operation(name, goal(Target.PROTECTED, frozenset()), seen)
        try:
            steps = asked.plan(seen)
        except PreconditionFailed:
            continue
        needed += [f"{seen}: {step}" for step in steps if step.consent]
    assert needed == []


@pytest.mark.parametrize("name", ["planned", "reverse", "unplanned", "cancel"])
def missing_consents(name: str, consent: frozenset[Consent], seen: Pair) -> PreconditionFailed | None:
    try:
        operation(name, goal(Target.PROTECTED, consent), seen).plan(seen)
    except PreconditionFailed as refusal:
        return refusal if refusal.kind == "consent_needed" else None
    return None


@pytest.mark.parametrize("name", ["planned", "reverse", "unplanned", "cancel"])
def test_a_refused_consent_is_named_and_leads_on_once_it_is_given(name: str) -> None:
    refused = 0
    for seen in itertools.islice(pairs(BUILT_IN_PROVIDER), 0, None, 11):
        consent: frozenset[Consent] = frozenset()
        while refusal := missing_consents(name, consent, seen):
            named = {Consent(word) for word in refusal.consent}
            assert named - consent
            assert all(word in refusal.remedy for word in refusal.consent)
            consent |= named
            refused += 1
    assert refused > 0


def test_critical_health_stops_a_move_from_copies_that_replicate() -> None:
    running = side("b", (ReplicationMode.PRIMARY, ReplicationState.REPLICATING, Power.RUNNING), BUILT_IN_PROVIDER)
    here = side("a", (ReplicationMode.REPLICA, ReplicationState.REPLICATING, Power.OFF), BUILT_IN_PROVIDER)
    known = here.relationship
    assert known is not None
    ill = here.but(relationship=replace(known, health=ReplicationHealth.CRITICAL))
    with pytest.raises(PreconditionFailed, match="CRITICAL") as refusal:
        verbs.planned_failover(goal(Target.PROTECTED, ALL)).plan(Pair(destination=ill, source=running))
    assert refusal.value.kind == "not_in_sync"


def test_a_paused_copy_at_either_end_is_told_by_its_own_consent() -> None:
    running = (ReplicationMode.PRIMARY, ReplicationState.REPLICATING, Power.RUNNING)
    paused = (ReplicationMode.REPLICA, ReplicationState.SUSPENDED, Power.OFF)
    seen = Pair(destination=side("a", paused, BUILT_IN_PROVIDER), source=side("b", running, BUILT_IN_PROVIDER))
    with pytest.raises(PreconditionFailed) as refusal:
        verbs.planned_failover(goal(Target.PROTECTED, frozenset())).plan(seen)
    assert refusal.value.consent == ("resume_suspended",)
    assert refusal.value.host == seen.at(End.DESTINATION).host
