# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tasks of modules as values, from options to outcome as the actions go, played on a simulated site."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.hyperv.replica.plugins.module_utils._errors import HyperVReplicaError
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.looking import Gather
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import End, Pair
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.states import Power
from ansible_collections.hyperv.replica.plugins.module_utils._operations import network, replica_test
from ansible_collections.hyperv.replica.plugins.module_utils._operations import operation as verbs
from ansible_collections.hyperv.replica.plugins.module_utils._operations.goal import Goal
from ansible_collections.hyperv.replica.plugins.module_utils._operations.operation import Operation
from ansible_collections.hyperv.replica.plugins.module_utils._operations.plan import Target
from ansible_collections.hyperv.replica.plugins.module_utils._operations.relationship import relationship_to
from ansible_collections.hyperv.replica.plugins.module_utils._surface import goals
from ansible_collections.hyperv.replica.plugins.module_utils._surface.network_surface import wanted_of
from ansible_collections.hyperv.replica.plugins.module_utils._surface.relationship_surface import (
    REPLICA,
    relationship_goal,
    wanted_relationship,
)
from ansible_collections.hyperv.replica.plugins.module_utils._surface.specs import (
    CANCEL,
    FAILBACK,
    FAILOVER,
    NETWORK,
    POWER,
    TEST_FAILOVER,
)
from ansible_collections.hyperv.replica.tests.unit.plugins.module_utils._operations.estate_run import Run, Site

Options = Mapping[str, Any]
Verb = Callable[[Goal, Pair], Operation]

_POWER: Final = frozenset({Gather.POWER})
_BOTH: Final = dict.fromkeys(End, _POWER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Module:
    """How the action of a module goes from its options to its operation; what it reads beside the state."""

    spec: Mapping[str, Any]
    goal: Callable[[Options], Goal]
    verb: Callable[[Site, Options], Verb]
    gathers: Mapping[End, Collection[Gather]] = field(default_factory=dict)


def _failover(site: Site, options: Options) -> Verb:
    way = verbs.planned_failover if options["mode"] == "planned" else verbs.unplanned_failover
    return lambda goal, seen: way(goal)


def _relationship(site: Site, options: Options) -> Verb:
    wanted = wanted_relationship(options)
    return lambda goal, seen: relationship_to(goal, wanted, site.world.now)


def _adapters(site: Site, options: Options) -> Verb:
    wanted = tuple(wanted_of(entry) for entry in options["adapters"])
    return lambda goal, seen: network.configure(goal, wanted)


def _power(site: Site, options: Options) -> Verb:
    return lambda goal, seen: verbs.power_to(goal, Power[options["state"].upper()])


def _copies(site: Site, options: Options) -> Verb:
    return replica_test.make if options["state"] == "present" else replica_test.remove


MODULES: Final[dict[str, Module]] = {
    "failover": Module(
        spec=FAILOVER,
        goal=goals.failover_goal,
        verb=_failover,
        gathers={**_BOTH, End.DESTINATION: frozenset({Gather.POWER, Gather.POINTS})},
    ),
    "failback": Module(
        spec=FAILBACK, goal=goals.failback_goal, verb=lambda site, options: verbs.failback_of, gathers=_BOTH
    ),
    "cancel": Module(
        spec=CANCEL,
        goal=goals.cancel_goal,
        verb=lambda site, options: lambda goal, seen: verbs.cancel_failover(goal),
    ),
    "power": Module(spec=POWER, goal=goals.power_goal, verb=_power),
    "relationship": Module(
        spec=REPLICA,
        goal=relationship_goal,
        verb=_relationship,
        gathers={End.DESTINATION: frozenset({Gather.DISKS})},
    ),
    "test_failover": Module(
        spec=TEST_FAILOVER,
        goal=goals.test_failover_goal,
        verb=_copies,
        gathers={End.DESTINATION: frozenset({Gather.TESTS, Gather.POINTS})},
    ),
    "network": Module(
        spec=NETWORK,
        goal=lambda options: Goal(target=Target.SYNCED),
        verb=_adapters,
        gathers={End.DESTINATION: frozenset({Gather.ADAPTERS})},
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A task of a playbook; ``home`` is its host, ``away`` the peer."""

    module: str
    home: str
    away: str | None
    options: Options


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """What came of a task: its run, or why it ended before anything could be said of its VM."""

    run: Run = field(default_factory=Run)
    ended: HyperVReplicaError | None = None

    @property
    def error(self) -> HyperVReplicaError | None:
        """What went wrong, if anything did."""
        return self.ended or (self.run.one.error if self.run.outcomes else None)


def play(site: Site, task: Task, *, check: bool = False) -> Played:
    """Validate the options, look, plan and go on; in check mode only say what would be done."""
    module = MODULES[task.module]
    options = validated(module.spec, task.options)
    try:
        run = site.run(
            module.verb(site, options),
            module.goal(options),
            gathers={**{end: frozenset() for end in End}, **module.gathers},
            home=task.home,
            away=task.away,
            check=check,
            timeout=options["timeout"],
        )
    except HyperVReplicaError as error:
        return Played(ended=error)
    return Played(run=run)


def validated(spec: Mapping[str, Any], given: Options) -> dict[str, Any]:
    """The options as Ansible hands them over."""
    vms = {"vms": ["VM001"]} if "vms" in spec["argument_spec"] else {}
    rules = {name: rule for name, rule in spec.items() if name != "argument_spec"}
    done = ArgumentSpecValidator(dict(spec["argument_spec"]), **rules).validate({**vms, **given})
    if done.error_messages:
        raise ValueError(f"{given}: {done.error_messages}")
    return dict(done.validated_parameters)
