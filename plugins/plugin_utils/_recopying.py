# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a plan with new copies finds out before it plans: each recovery host is asked once for all its VMs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.joining import joined
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import Pair, Side
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.schema import Statistics
from ansible_collections.hyperv.replica.plugins.module_utils._operations.crew import Crew
from ansible_collections.hyperv.replica.plugins.module_utils._operations.estimates import Estimate
from ansible_collections.hyperv.replica.plugins.module_utils._operations.new_copy import NewCopy, carries
from ansible_collections.hyperv.replica.plugins.module_utils._operations.plan import Outcome
from ansible_collections.hyperv.replica.plugins.module_utils._operations.routes import HostKey
from ansible_collections.hyperv.replica.plugins.module_utils._surface.new_copy_surface import (
    estimate_result,
    estimated,
)
from ansible_collections.hyperv.replica.plugins.plugin_utils._casting import Cast, Wanted
from ansible_collections.hyperv.replica.plugins.plugin_utils._copying import copy_warnings, namesakes
from ansible_collections.hyperv.replica.plugins.plugin_utils._task import with_facts

Sizes = Mapping[str, "int | None"]
#: The size of each file, and the statistics of each VM by GUID, of one host.
_Told = tuple[Sizes, Mapping[str, tuple[Statistics, ...]]]


@dataclass(frozen=True, kw_only=True)
class Copies:
    """The new copies of a run, by GUID.

    Attributes:
        given: how each is made, with its estimate.
        sizes: of the files that each carries.
    """

    given: Mapping[str, NewCopy] = field(default_factory=dict)
    sizes: Mapping[str, Sizes] = field(default_factory=dict)

    def senders(self, cast: Cast) -> dict[str, dict[str, Estimate]]:
        """By recovery host, what is estimated of each VM whose first copy is yet to be made there, by name."""
        found: dict[str, dict[str, Estimate]] = {}
        for vm_id, copy in self.given.items():
            pair = cast.pairs[vm_id]
            if vm_id not in cast.lost and not isinstance(pair.destination, Side):
                found.setdefault(pair.source.host, {})[cast.names[vm_id]] = copy.estimate
        return found

    def told(self, outcome: Outcome) -> Outcome:
        """The outcome with what its first copy carries, where it has one."""
        given = self.given.get(outcome.before.vm_id)
        if given is None:
            return outcome
        sizes = self.sizes[outcome.before.vm_id]
        said: Outcome = with_facts(outcome, first_copy=estimate_result(given.estimate, sizes))
        return replace(said, warnings=(*said.warnings, *copy_warnings(outcome.before, given)))


def find_out(crew: Crew, wanted: Wanted, cast: Cast) -> Copies:
    """Estimate each first copy, and see whether its name is taken at home.

    Raises:
        HyperVReplicaError: a recovery host did not answer.
    """
    given = {vm_id: wanted.copies[name] for vm_id, name in cast.names.items() if name in wanted.copies}
    asked = {vm_id: one for vm_id, one in given.items() if isinstance(cast.pairs[vm_id].source, Side)}
    told = crew.read(_questions(cast, asked))
    sizes: dict[str, Sizes] = {vm_id: {} for vm_id in given}
    for vm_id, one in asked.items():
        pair = cast.pairs[vm_id]
        files, statistics = told[pair.source.host]
        sizes[vm_id] = {disk.path: files.get(disk.path) for disk in carries(pair, one)}
        given[vm_id] = replace(
            estimated(one, sizes[vm_id], statistics.get(vm_id, ())), namesakes=_namesakes(pair, wanted, cast, vm_id)
        )
    return Copies(given=given, sizes=sizes)


def _questions(cast: Cast, asked: Mapping[str, NewCopy]) -> dict[HostKey, Callable[[Any], _Told]]:
    of_host: dict[HostKey, dict[str, NewCopy]] = {}
    for vm_id, one in asked.items():
        of_host.setdefault(cast.pairs[vm_id].source.host, {})[vm_id] = one
    return {host: _question(cast.pairs, mine) for host, mine in of_host.items()}


def _question(pairs: Mapping[str, Pair], mine: Mapping[str, NewCopy]) -> Callable[[Any], _Told]:
    paths: Sequence[str] = [disk.path for vm_id, one in mine.items() for disk in carries(pairs[vm_id], one)]
    measured = [vm_id for vm_id, one in mine.items() if one.estimate.bandwidth is None]
    return lambda host: (
        host.file_sizes(paths),
        {vm_id: host.statistics(pairs[vm_id].source) for vm_id in measured},
    )


def _namesakes(pair: Pair, wanted: Wanted, cast: Cast, vm_id: str) -> tuple[str, ...]:
    shown = [cast.looks[node] for node in wanted.nodes(cast.vms[vm_id].home) if node in cast.looks]
    return namesakes(pair, joined(shown)) if shown else ()
