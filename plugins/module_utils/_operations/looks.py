# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The hosts' looks joined into pairs, and what is kept from one look to the next."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final

from ansible_collections.hyperv.replica.plugins.module_utils._errors import (
    AccessRefused,
    HyperVReplicaError,
    TimedOut,
    TransportError,
)
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.glancing import Needs
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.looking import Gather, Look
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import (
    Absence,
    Absent,
    End,
    HostFacts,
    Job,
    Pair,
    Side,
)
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.states import Power, ReplicationMode
from ansible_collections.hyperv.replica.plugins.module_utils._operations.crew import Crew, Question
from ansible_collections.hyperv.replica.plugins.module_utils._operations.needs import glances_at
from ansible_collections.hyperv.replica.plugins.module_utils._operations.routes import HostKey, Routes

#: What every look of a move reads: one query per class and host, whatever the number of VMs.
ALWAYS: Final = frozenset({Gather.STATE, Gather.SETTINGS, Gather.JOBS})


class Looks:
    """Takes looks for a run, and knows which host has been silent for how long.

    Args:
        extra: what the operation reads beside ``ALWAYS``, per end.
        patience: how long a silent host is asked again before its copies count as unknown. Only the VMs that have an
            end on it wait for it.
        routes: on which hosts the ends of each VM are; ``End`` itself is the key of a host that all of them share.
        view: how the operation sees each pair, where it is about another leg than the primary one.
    """

    def __init__(
        self,
        crew: Crew,
        extra: Mapping[End, Collection[Gather]],
        patience_seconds: float,
        routes: Routes | None = None,
        view: Callable[[Pair], Pair] = lambda seen: seen,
    ) -> None:
        self.crew = crew
        self.routes = routes or Routes()
        self._view = view
        self.extra: dict[End, frozenset[Gather]] = {end: frozenset(extra.get(end, ())) for end in End}
        self._patience = patience_seconds
        self._facts: dict[HostKey, HostFacts] = {}
        self._silent_since: dict[HostKey, datetime] = {}
        self._said: dict[HostKey, str] = {}
        self._fault: dict[HostKey, str] = {}
        self._last: dict[HostKey, Look] = {}
        self._shared: dict[HostKey, tuple[HostFacts, HostFacts]] = {}
        self._test_copies = False

    def first(self, *, silence_allowed: bool) -> dict[End, Look]:
        """The first look, at all VMs of both hosts that all of them share.

        Raises:
            TransportError: a host did not answer: always for the destination, for the source unless that is allowed.
        """
        seen = self.crew.ask(self._questions(None, first=True), hurried=False)
        for end in (End.DESTINATION, End.SOURCE):
            met = [self._take_first(key, seen.get(key)) for key in self._hosts_of(end)]
            for trouble in filter(None, met):
                alone = len(met) == sum(one is not None for one in met)
                allowed = not alone or (silence_allowed and end is End.SOURCE)
                if not (allowed and _is_silence(trouble)):
                    raise trouble
        self._look_at_test_copies()
        return {end: look for end in End if (look := self.joined(end)) is not None}

    def _hosts_of(self, end: End) -> list[HostKey]:
        """The hosts that all VMs share for this end: one, or the nodes of a cluster."""
        return [key for key in self.routes.otherwise.get(end, ()) if key in self.crew.hosts]

    def joined(self, end: End) -> Look | None:
        """The look at an end: of a cluster what its nodes show together, each VM as the node that has it shows it."""
        looks = [self._last[key] for key in self._hosts_of(end) if key in self._last]
        if len(looks) < 2:
            return looks[0] if looks else None
        vm_ids = dict.fromkeys(vm_id for look in looks for vm_id in look.sides)
        sides = {vm_id: side for vm_id in vm_ids if isinstance(side := self._at(end, vm_id), Side)}
        unreadable = {vm_id: told for look in looks for vm_id, told in look.unreadable.items()}
        return replace(looks[0], sides=sides, unreadable=unreadable)

    def also(self, more: Mapping[End, Collection[Gather]]) -> None:
        """Read this too from now on, and look again at what was looked at first."""
        for end, gather in more.items():
            self.extra[end] |= frozenset(gather)
        again = self.crew.ask(self._questions(None, first=True), patient_with=[*self._silent_since], hurried=False)
        self._last |= {key: look for key, look in again.items() if isinstance(look, Look)}

    def nodes(self, end: End) -> tuple[HostFacts, ...]:
        """What each host of an end said of itself; of a cluster every node that answered."""
        return tuple(self._last[key].facts for key in self._hosts_of(end) if key in self._last)

    def last(self) -> dict[HostKey, Look]:
        """The last look at each host that answered."""
        return dict(self._last)

    def survey(self) -> tuple[dict[HostKey, Look], dict[HostKey, HyperVReplicaError]]:
        """The first look at every host of a run over many: what they show, and why the others show nothing.

        Raises:
            TimedOut: the deadline passed.
        """
        seen = self.crew.ask(self._questions(None, first=True), hurried=False)
        met = {key: self._take_first(key, answer) for key, answer in seen.items()}
        self._look_at_test_copies()
        return dict(self._last), {key: trouble for key, trouble in met.items() if trouble is not None}

    def _take_first(self, key: HostKey, seen: Look | HyperVReplicaError | None) -> HyperVReplicaError | None:
        if isinstance(seen, Look):
            self._last[key] = seen
            self._facts[key] = seen.facts
            return None
        if isinstance(seen, TimedOut):
            raise seen
        if seen is not None:
            self._silent_since[key] = self.crew.clock.now()
            self._keep_words(key, seen)
        return seen

    def _look_at_test_copies(self) -> None:
        """Read what is known of test copies, from all hosts, where one of them has any."""
        sides = (side for look in self._last.values() for side in look.sides.values())
        read = all(Gather.TEST_COPIES in extra for extra in self.extra.values())
        if not read and any(side.mode is ReplicationMode.TEST_REPLICA for side in sides):
            self._test_copies = True
            again = self.crew.ask(self._questions(None, first=True), patient_with=[*self._silent_since], hurried=False)
            self._last |= {key: look for key, look in again.items() if isinstance(look, Look)}

    def pairs(self, vm_ids: Collection[str]) -> dict[str, Pair]:
        """What the last look at each end showed of these VMs."""
        return {
            vm_id: self._view(Pair(destination=self._at(End.DESTINATION, vm_id), source=self._at(End.SOURCE, vm_id)))
            for vm_id in vm_ids
        }

    def facts_of(self, key: HostKey) -> HostFacts | None:
        """What a host said of itself; None where it never answered."""
        return self._facts.get(key)

    def where(self, vm_id: str, end: End) -> HostKey | None:
        """The host of this end that showed the VM in the last look; of several that do, the one where it runs."""
        sides = {
            key: look.sides[vm_id]
            for key in self.routes.at(vm_id, end)
            if (look := self._last.get(key)) is not None and vm_id in look.sides
        }
        answering = [key for key in sides if key not in self._silent_since]
        running = [key for key in answering or sides if sides[key].power is Power.RUNNING]
        return next(iter([*running, *answering, *sides]), None)

    def take(self, vm_ids: Collection[str], *, guest: bool | Collection[str], whole: bool = False) -> dict[str, Pair]:
        """Look again. VMs with an end on a silent host are left out while there is patience left.

        Args:
            guest: whose guests are asked whether they answer; all for True.
            whole: read everything that the hosts have, since it is not known yet which of it is meant.

        Raises:
            TimedOut: the task's deadline passed.
        """
        guests = vm_ids if guest is True else guest or ()
        lost = [key for key in self._silent_since if key not in self._last]
        seen = self.crew.ask(self._questions(None if whole else vm_ids, guests=guests), patient_with=lost)
        for key, answer in seen.items():
            self._keep(key, answer)
        return self.pairs([vm_id for vm_id in vm_ids if all(self._is_current(vm_id, end, seen) for end in End)])

    def may_poll(self, vm_id: str, needs: Needs) -> bool:
        """Whether a glance can tell: each end in question is one host that answered last and showed the VM."""
        hosts = [self.routes.at(vm_id, end) for end in needs]
        return all(
            len(keys) == 1 and keys[0] not in self._silent_since and vm_id in _sides(self._last.get(keys[0]))
            for keys in hosts
        )

    @property
    def silent(self) -> frozenset[HostKey]:
        """The hosts that did not answer when they were asked last."""
        return frozenset(self._silent_since)

    def is_silent(self, vm_id: str, needs: Needs) -> bool:
        """Whether a host that is in question for this VM did not answer last."""
        return any(key in self._silent_since for end in needs for key in self.routes.at(vm_id, end))

    def poll(self, needs: Mapping[str, Needs]) -> dict[str, Pair]:
        """What these VMs wait for, read anew, and all else as it was seen last: good to go on waiting, and no more.

        Those of which the glance cannot tell are left out.

        Raises:
            TimedOut: the task's deadline passed.
        """
        glances = glances_at(needs, self.routes, self._last)
        seen = self.crew.ask(glances)
        for key, answer in seen.items():
            self._keep(key, answer)
        told = {key: answer.sides for key, answer in seen.items() if isinstance(answer, Look)}
        return self.pairs(
            [
                vm_id
                for vm_id, ends in needs.items()
                if all(vm_id in told.get(key, ()) for end in ends for key in self.routes.at(vm_id, end))
            ]
        )

    def _is_current(self, vm_id: str, end: End, seen: Mapping[HostKey, object]) -> bool:
        """Whether this end was seen in this round, or its hosts have been silent for so long that it is unknown."""
        fresh = {key for key in self.routes.at(vm_id, end) if _tells_of(seen.get(key), vm_id)}
        if self.where(vm_id, end) in fresh:
            return True
        return all(key in fresh or key not in self._last for key in self.routes.at(vm_id, end))

    def _keep(self, key: HostKey, answer: Look | HyperVReplicaError) -> None:
        if isinstance(answer, Look):
            self._last[key] = answer.over(self._last[key]) if key in self._last else answer
            self._silent_since.pop(key, None)
            return
        if isinstance(answer, TimedOut):
            raise answer
        now = self.crew.clock.now()
        since = self._silent_since.setdefault(key, now)
        self._keep_words(key, answer)
        if (now - since).total_seconds() >= self._patience:
            self._last.pop(key, None)

    def _keep_words(self, key: HostKey, trouble: HyperVReplicaError) -> None:
        """What it said, and whether that was an answer: a fault is no silence."""
        self._said[key] = str(trouble.found)
        self._fault[key] = "" if isinstance(trouble, TransportError) else trouble.kind

    def _questions(
        self, vm_ids: Collection[str] | None, *, first: bool = False, guests: Collection[str] = ()
    ) -> dict[HostKey, Question]:
        more = {Gather.SERVICE, Gather.CLUSTER} if first else set()
        if self._test_copies:
            more.add(Gather.TEST_COPIES)
        asked = {key for vm_id in guests for key in self.routes.at(vm_id, End.DESTINATION)}
        questions = {}
        for key, share in self.routes.shares(vm_ids).items():
            wanted = ALWAYS.union(more, *(self.extra[end] for end in share))
            those = None if vm_ids is None else [*dict.fromkeys(one for ones in share.values() for one in ones)]
            questions[key] = Question(wanted | {Gather.GUEST} if key in asked else wanted, those)
        return questions

    def _at(self, end: End, vm_id: str) -> Side | Absent:
        shown = self.where(vm_id, end)
        if shown is not None:
            side = self._last[shown].sides[vm_id]
            facts = self._with_cluster(self._with_server(shown, self._last[shown].facts), vm_id, end)
            return replace(side, facts=facts, jobs=side.jobs + self._left(vm_id, end))
        keys = [key for key in self.routes.at(vm_id, end) if key in self.crew.hosts]
        if not keys:
            return Absent(host=_UNGIVEN, vm_id=vm_id, why=Absence.NOT_ASKED)
        silent = [key for key in keys if key not in self._last]
        key = (silent or keys)[0]
        name = self.crew.hosts[key].name
        if silent:
            said = self._said.get(key, "")
            return Absent(
                host=name,
                vm_id=vm_id,
                why=Absence.UNREACHABLE,
                facts=self._facts.get(key),
                said=said,
                fault=self._fault.get(key, ""),
            )
        facts = self._with_server(key, self._last[key].facts)
        return Absent(host=name, vm_id=vm_id, why=Absence.NO_SUCH_VM, facts=facts)

    def _left(self, vm_id: str, end: End) -> tuple[Job, ...]:
        """Jobs of the VM on nodes that it has left: a job lives where it was started."""
        looks = [self._last[key] for key in self.routes.at(vm_id, end) if key in self._last]
        return tuple(replace(job, left_on=look.facts.name) for look in looks for job in look.stray_jobs.get(vm_id, ()))

    def _with_cluster(self, facts: HostFacts, vm_id: str, end: End) -> HostFacts:
        """The cluster was read once, as whichever node answered first showed it."""
        known = (self._facts[key].cluster for key in self.routes.at(vm_id, end) if key in self._facts)
        cluster = facts.cluster or next(filter(None, known), None)
        return facts if cluster is facts.cluster else replace(facts, cluster=cluster)

    def _with_server(self, key: HostKey, facts: HostFacts) -> HostFacts:
        """The listener's settings were read once; a move does not change them. All VMs of a look share the result."""
        known = self._facts.setdefault(key, facts)
        if facts.replica_server is not None or known.replica_server is None:
            return facts
        shared = self._shared.get(key)
        if shared is None or shared[0] is not facts:
            shared = self._shared[key] = facts, replace(facts, replica_server=known.replica_server)
        return shared[1]


def _sides(look: Look | None) -> Collection[str]:
    return look.sides if look is not None else ()


def _tells_of(answer: object, vm_id: str) -> bool:
    """Whether a host answered in this round with a whole look that was asked for this VM."""
    return isinstance(answer, Look) and answer.whole and (answer.asked is None or vm_id in answer.asked)


def _is_silence(trouble: HyperVReplicaError) -> bool:
    return isinstance(trouble, TransportError) and not isinstance(trouble, AccessRefused)


_UNGIVEN: Final = "(no peer given)"
