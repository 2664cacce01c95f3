# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Both hosts' looks joined into pairs, and what is kept from one look to the next."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final

from ansible_collections.hyperv.replica.plugins.module_utils._errors import (
    AccessRefused,
    HyperVReplicaError,
    TimedOut,
    TransportError,
)
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.looking import Gather, Look
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import (
    Absence,
    Absent,
    End,
    HostFacts,
    Pair,
    Side,
)
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.states import ReplicationMode
from ansible_collections.hyperv.replica.plugins.module_utils._operations.crew import Crew

#: What every look of a move reads: one query per class and host, whatever the number of VMs.
ALWAYS: Final = frozenset({Gather.STATE, Gather.SETTINGS, Gather.JOBS})


class Looks:
    """Takes looks for a run, and knows which host has been silent for how long.

    Args:
        extra: what the operation reads beside ``ALWAYS``, per end.
        patience: how long a silent host is asked again before its copies count as unknown.
    """

    def __init__(self, crew: Crew, extra: Mapping[End, Collection[Gather]], patience_seconds: float) -> None:
        self.crew = crew
        self._extra = {end: frozenset(extra.get(end, ())) for end in End}
        self._patience = patience_seconds
        self._facts: dict[End, HostFacts] = {}
        self._silent_since: dict[End, datetime] = {}
        self._said: dict[End, str] = {}
        self._last: dict[End, Look] = {}
        self._test_copies = False

    def first(self, *, silence_allowed: bool) -> dict[End, Look]:
        """The first look, at all VMs of both hosts.

        Raises:
            TransportError: a host did not answer: always for the destination, for the source unless that is allowed.
        """
        seen = self.crew.look(self._gather(first=True), None)
        for end in (End.DESTINATION, End.SOURCE):
            self._take_first(end, seen.get(end), silence_allowed and end is End.SOURCE)
        if any(
            side.mode is ReplicationMode.TEST_REPLICA for look in self._last.values() for side in look.sides.values()
        ):
            self._test_copies = True
            again = self.crew.look(self._gather(first=True), None, patient_with=[*self._silent_since])
            self._last |= {end: look for end, look in again.items() if isinstance(look, Look)}
        return dict(self._last)

    def _take_first(self, end: End, seen: Look | HyperVReplicaError | None, silence_allowed: bool) -> None:
        if isinstance(seen, Look):
            self._last[end] = seen
            self._facts[end] = seen.facts
        elif isinstance(seen, TransportError) and silence_allowed and not isinstance(seen, AccessRefused):
            self._silent_since[end] = self.crew.clock.now()
            self._said[end] = seen.found
        elif seen is not None:
            raise seen

    def pairs(self, vm_ids: Collection[str]) -> dict[str, Pair]:
        """What the last look at each end showed of these VMs."""
        return {
            vm_id: Pair(destination=self._at(End.DESTINATION, vm_id), source=self._at(End.SOURCE, vm_id))
            for vm_id in vm_ids
        }

    def take(self, vm_ids: Collection[str], *, guest: bool) -> dict[str, Pair]:
        """Look again. Empty while a host is silent and there is patience left.

        Raises:
            TimedOut: the task's deadline passed.
        """
        lost = [end for end in self._silent_since if end not in self._last]
        seen = self.crew.look(self._gather(guest=guest), vm_ids, patient_with=lost)
        waiting = False
        for end, answer in seen.items():
            waiting |= self._keep(end, answer)
        return {} if waiting else self.pairs(vm_ids)

    def _keep(self, end: End, answer: Look | HyperVReplicaError) -> bool:
        """Take an answer; True while a silence is to be waited out."""
        if isinstance(answer, Look):
            self._last[end] = answer
            self._silent_since.pop(end, None)
            return False
        if isinstance(answer, TimedOut):
            raise answer
        now = self.crew.clock.now()
        since = self._silent_since.setdefault(end, now)
        self._said[end] = answer.found
        patient = end in self._last and (now - since).total_seconds() < self._patience
        if not patient:
            self._last.pop(end, None)
        return patient

    def _gather(self, *, first: bool = False, guest: bool = False) -> dict[End, Collection[Gather]]:
        more = {Gather.SERVICE} if first else set()
        if self._test_copies:
            more.add(Gather.TEST_COPIES)
        wanted: dict[End, Collection[Gather]] = {}
        for end in self.crew.hosts:
            answers = {Gather.GUEST} if guest and end is End.DESTINATION else set()
            wanted[end] = ALWAYS | self._extra[end] | more | answers
        return wanted

    def _at(self, end: End, vm_id: str) -> Side | Absent:
        host = self.crew.hosts.get(end)
        if host is None:
            return Absent(host=_UNGIVEN, vm_id=vm_id, why=Absence.NOT_ASKED)
        look = self._last.get(end)
        if look is None:
            said = self._said.get(end, "")
            return Absent(host=host.name, vm_id=vm_id, why=Absence.UNREACHABLE, facts=self._facts.get(end), said=said)
        side = look.sides.get(vm_id)
        facts = self._with_server(end, look.facts)
        if side is None:
            return Absent(host=host.name, vm_id=vm_id, why=Absence.NO_SUCH_VM, facts=facts)
        return replace(side, facts=facts)

    def _with_server(self, end: End, facts: HostFacts) -> HostFacts:
        """The listener's settings were read once; a move does not change them."""
        known = self._facts.setdefault(end, facts)
        return facts if facts.replica_server is not None else replace(facts, replica_server=known.replica_server)


_UNGIVEN: Final = "(no peer given)"
