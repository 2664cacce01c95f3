# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The VMs of a plan under watch on all its hosts at the same time, found wherever they show themselves first."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from ansible_collections.hyperv.replica.plugins.module_utils._errors import HyperVReplicaError
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.joining import joined
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import End, Pair
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.naming import resolve
from ansible_collections.hyperv.replica.plugins.module_utils._operations.crew import Crew
from ansible_collections.hyperv.replica.plugins.module_utils._operations.looks import Looks
from ansible_collections.hyperv.replica.plugins.module_utils._operations.membership import (
    Roll,
    refuse_strangers,
    silent,
)
from ansible_collections.hyperv.replica.plugins.module_utils._operations.routes import Routes
from ansible_collections.hyperv.replica.plugins.plugin_utils._vigil import Watch


@dataclass(kw_only=True)
class Member:
    """One VM of a plan.

    Attributes:
        named: what its hosts are asked for: its GUID where the plan has it.
        here, there: the names of its hosts in the plan.
        watch: goes by the name in the plan until the VM is found.
    """

    named: str
    here: str
    there: str
    watch: Watch
    found: bool = False


class Muster:
    """Looks at the VMs of a plan. One whose hosts were silent at first is found as soon as one of them answers.

    Args:
        rolls: the hosts that each name of the plan stands for.
    """

    def __init__(self, looks: Looks, members: Sequence[Member], rolls: Mapping[str, Roll]) -> None:
        self._looks, self._members, self._rolls = looks, members, rolls

    @property
    def crew(self) -> Crew:
        return self._looks.crew

    def first(self) -> None:
        """Look at every host, and find the VMs; none is held up by a host that another one is on.

        Raises:
            TimedOut: the deadline passed.
        """
        self._route()
        self._looks.survey()
        self._find()
        pairs = self._looks.pairs([member.watch.vm_id for member in self._members])
        for member in self._members:
            member.watch.seen = pairs[member.watch.vm_id]

    def take(self, vm_ids: Collection[str], *, guest: bool | Collection[str]) -> dict[str, Pair]:
        """Look again; while one VM is still sought, at all that the hosts have.

        Raises:
            TimedOut: the deadline passed.
        """
        sought = not all(member.found for member in self._members)
        pairs = self._looks.take(vm_ids, guest=guest, whole=sought)
        if not (sought and self._find()):
            return pairs
        return self._looks.pairs([member.watch.vm_id for member in self._members])

    def silent_nodes(self) -> list[str]:
        """The nodes that do not answer while others of their cluster do."""
        looks = self._looks.last()
        return [name for roll in self._rolls.values() for name in silent(roll, looks)]

    def not_reached(self) -> list[str]:
        """The hosts of the plan where VMs shall be, and of which nothing answers."""
        looks = self._looks.last()
        here = dict.fromkeys(member.here for member in self._members)
        return [name for name in here if not any(node in looks for node in self._rolls[name].hosts)]

    def _find(self) -> bool:
        """Whether one was found that was not before."""
        new = [member for member in self._members if not member.found and self._is_found(member)]
        if new:
            self._route()
        return bool(new)

    def _is_found(self, member: Member) -> bool:
        looks, trouble = self._looks.last(), ""
        for name in (member.here, member.there):
            roll = self._rolls[name]
            shown = [looks[node] for node in roll.hosts if node in looks]
            try:
                refuse_strangers(roll, looks)
                if shown:
                    member.watch.vm_id = resolve([member.named], joined(shown))[member.named]
                    member.watch.trouble, member.found = "", True
                    return True
            except HyperVReplicaError as unknown:
                trouble = trouble or str(unknown)
        silent_here = not any(node in looks for node in self._rolls[member.here].hosts)
        member.watch.trouble = "" if silent_here else trouble  # of a silent host its own look tells more
        return False

    def _route(self) -> None:
        self._looks.routes = Routes(
            of={
                member.watch.vm_id: {
                    End.DESTINATION: tuple(self._rolls[member.here].hosts),
                    End.SOURCE: tuple(self._rolls[member.there].hosts),
                }
                for member in self._members
            },
            otherwise={},
        )
