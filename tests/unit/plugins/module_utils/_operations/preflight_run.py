# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A preflight of the simulated estate in this process, as the action makes it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import End
from ansible_collections.hyperv.replica.plugins.module_utils._operations.crew import Crew
from ansible_collections.hyperv.replica.plugins.module_utils._operations.looks import Looks
from ansible_collections.hyperv.replica.plugins.module_utils._operations.preflight import (
    Gate,
    Rule,
    Verdict,
    Waiver,
    judge,
)
from ansible_collections.hyperv.replica.plugins.module_utils._operations.preflight_looks import (
    GATHERS,
    connection_tests,
    see,
    whole,
)
from ansible_collections.hyperv.replica.plugins.module_utils._operations.preflight_rules import RULES
from ansible_collections.hyperv.replica.plugins.module_utils._operations.preflight_view import Asked, Operation
from ansible_collections.hyperv.replica.plugins.module_utils._operations.routes import Routes
from ansible_collections.hyperv.replica.plugins.module_utils._operations.verification import Result
from ansible_collections.hyperv.replica.tests.unit.plugins.module_utils._operations.estate_run import (
    Request,
    Run,
    SimulatedClock,
    Site,
    guid,
)

GIB = 1 << 30


@dataclass(slots=True, kw_only=True)
class Preflight:
    """What a preflight came to."""

    told: list[Verdict] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)

    def rule(self, rule_id: str) -> Verdict:
        """The verdict of a rule; of the first VM, where there are several."""
        return next(one for one in self.told if one.rule == rule_id)

    def result(self, rule_id: str) -> Result:
        return self.rule(rule_id).result

    @property
    def blocking(self) -> set[str]:
        """The rules that block."""
        return {one.rule for one in self.told if one.counts is Gate.BLOCK}

    @property
    def warning(self) -> set[str]:
        return {one.rule for one in self.told if one.counts is Gate.WARN}


def preflight(
    site: Site,
    operation: Operation = Operation.PLANNED,
    *,
    vms: Sequence[str] = (),
    ends: tuple[str, str | None] = ("B", "A"),
    rules: Sequence[Rule] = RULES,
    waive: Collection[Waiver] = (),
    **asked: Any,
) -> Preflight:
    """Hold the rules against these VMs, or the first one, before they move to the first of these hosts."""
    run, clock = Run(), SimulatedClock(site)
    named = {End.DESTINATION: ends[0], End.SOURCE: ends[1]}
    nodes = {end: site.hosts_of(name) for end, name in named.items() if name}
    keys = {end: (end, *names[1:]) for end, names in nodes.items()}
    routes = Routes(otherwise=keys)
    hosts = {
        key: site._host(name, run, clock)
        for end, names in nodes.items()
        for key, name in zip(keys[end], names, strict=True)
    }
    crew = Crew(hosts, clock, deadline=clock.now() + timedelta(hours=1))
    try:
        looks = Looks(crew, GATHERS, patience_seconds=0, routes=routes)
        seen = see(looks, list(vms) or [guid(1)])
        names = tuple(pair.vm_name for pair in seen.pairs.values())
        wanted = replace(Asked(operation=operation, moving=names, reserve=2 * GIB, min_free=10 * GIB), **asked)
        tests = connection_tests(looks, seen, operation)
        told = judge(whole(seen, wanted, tests), rules, waive)
        return Preflight(told=told, requests=run.requests)
    finally:
        crew.dismiss()
