# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a failback to a new copy finds out before it plans: names at home, sizes of disks, how fast they travel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ansible_collections.hyperv.replica.plugins.module_utils._errors import PreconditionFailed
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.looking import Gather, Look
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import End, Pair, Side
from ansible_collections.hyperv.replica.plugins.module_utils._operations.new_copy import NewCopy, carries
from ansible_collections.hyperv.replica.plugins.module_utils._operations.operation import Operation
from ansible_collections.hyperv.replica.plugins.module_utils._operations.plan import Outcome
from ansible_collections.hyperv.replica.plugins.module_utils._surface.new_copy_surface import (
    estimate_result,
    estimated,
    new_copy,
)
from ansible_collections.hyperv.replica.plugins.plugin_utils._operation import OperationAction
from ansible_collections.hyperv.replica.plugins.plugin_utils._task import Session, with_facts


class NewCopyAction(OperationAction):
    """Base of the failback, which may have to make the copy at home anew."""

    _copies: Mapping[str, NewCopy] = {}
    _sizes: Mapping[str, Mapping[str, int | None]] = {}

    def copy_of(self, vm_id: str) -> NewCopy | None:
        """How the new copy of a VM is made; None where none is asked for."""
        return self._copies.get(vm_id)

    def gathered(self, options: dict[str, Any]) -> Mapping[End, frozenset[Gather]]:
        """The same, and the disks at the recovery host where they are to be copied."""
        known = super().gathered(options)
        if options["strategy"] != "new_copy":
            return known
        return {**known, End.SOURCE: known[End.SOURCE] | {Gather.DISKS}}

    def knowing(self, options: dict[str, Any], seen: Mapping[End, Look]) -> Look:
        """Home has no VM of that name when its copy is to be made: the recovery host knows it."""
        if options["strategy"] != "new_copy":
            return super().knowing(options, seen)
        if End.SOURCE not in seen:
            raise PreconditionFailed(
                "the recovery host does not answer, and only it holds what is to be copied home",
                kind="peer_unreachable",
                host=options["peer"],
                remedy="Bring it back, then run this again",
            )
        return seen[End.SOURCE]

    def prepare(self, session: Session, seen: Mapping[End, Look], pairs: Mapping[str, Pair]) -> None:
        """Estimate each first copy; a file's size and a VM's statistics are read once, and only for this."""
        given = new_copy(session.options)
        if given is None:
            return
        self._sizes = {vm_id: _sizes(session, pair, given) for vm_id, pair in pairs.items()}
        self._copies = {
            vm_id: replace(
                estimated(given, self._sizes[vm_id], _statistics(session, pair, given)),
                namesakes=namesakes(pair, seen[End.DESTINATION]),
            )
            for vm_id, pair in pairs.items()
        }

    def _told(self, outcome: Outcome, operation: Operation) -> Outcome:
        told: Outcome = super()._told(outcome, operation)
        given = self.copy_of(outcome.before.vm_id)
        if given is None:
            return told
        sizes = self._sizes[outcome.before.vm_id]
        told = with_facts(told, first_copy=estimate_result(given.estimate, sizes))
        return replace(told, warnings=(*told.warnings, *copy_warnings(outcome.before, given)))


def _sizes(session: Session, pair: Pair, given: NewCopy) -> Mapping[str, int | None]:
    paths = [disk.path for disk in carries(pair, given)]
    return session.host_with(End.SOURCE, pair).file_sizes(paths)


def _statistics(session: Session, pair: Pair, given: NewCopy) -> Any:
    there = pair.source
    if given.estimate.bandwidth is not None or not isinstance(there, Side):
        return ()
    return session.host_with(End.SOURCE, pair).statistics(there)


def namesakes(pair: Pair, home: Look) -> tuple[str, ...]:
    """GUIDs of other virtual machines at home that have the name of this one."""
    name = pair.vm_name.casefold()
    return tuple(
        side.vm_id for side in home.sides.values() if side.vm_name.casefold() == name and side.vm_id != pair.vm_id
    )


def copy_warnings(before: Pair, given: NewCopy) -> list[str]:
    """What an operator should know of a copy that is yet to be made."""
    if isinstance(before.destination, Side):
        return []
    said = ["a new replica is connected to no network: connect its adapters at home before users are served there"]
    if given.estimate.takes is None:
        said.append("how long the first copy takes is unknown: give new_copy.assumed_bandwidth, in Mbit/s")
    return said
