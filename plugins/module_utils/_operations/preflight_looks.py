# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a preflight looks at: both hosts once, and a connection test for each way home, however many VMs there are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from ansible_collections.hyperv.replica.plugins.module_utils._errors import HyperVReplicaError, PreconditionFailed
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.looking import Gather, Look
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import (
    Absence,
    Absent,
    End,
    HostFacts,
    Pair,
    Side,
)
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.naming import resolve
from ansible_collections.hyperv.replica.plugins.module_utils._operations import ends, steps
from ansible_collections.hyperv.replica.plugins.module_utils._operations.crew import Crew, Errand
from ansible_collections.hyperv.replica.plugins.module_utils._operations.looks import Looks
from ansible_collections.hyperv.replica.plugins.module_utils._operations.plan import Receipt
from ansible_collections.hyperv.replica.plugins.module_utils._operations.preflight_view import (
    Asked,
    Operation,
    Tested,
    Whole,
)
from ansible_collections.hyperv.replica.plugins.module_utils._operations.routes import HostKey

#: What is read of both hosts, beside what every look reads.
GATHERS: Final[Mapping[End, frozenset[Gather]]] = {
    end: frozenset({Gather.SERVICE, Gather.GUEST, Gather.TEST_COPIES, Gather.FITNESS}) for end in End
}

#: Operations after which the destination is to send.
_TURNS: Final = frozenset({Operation.PLANNED, Operation.SWITCH})

#: How long a connection test may take, and between two looks at it.
_PATIENCE: Final = timedelta(seconds=120)
_PAUSE: Final = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What both hosts showed.

    Attributes:
        looks: of the hosts that answered.
        pairs: by GUID; by the name that was written where neither host has such a VM.
        nodes: what each host of an end said of itself; of a cluster every node that answered.
    """

    looks: Mapping[End, Look]
    pairs: Mapping[str, Pair]
    nodes: Mapping[End, tuple[HostFacts, ...]] = field(default_factory=dict)


def see(looks: Looks, wanted: Sequence[str]) -> Seen:
    """Look at both hosts. A peer that does not answer, or refuses, leaves its copies unknown.

    Raises:
        HyperVReplicaError: the destination did not answer, or a name means two VMs.
    """
    _shown, troubles = looks.survey()
    shown = {end: look for end in End if (look := looks.joined(end)) is not None}
    if End.DESTINATION not in shown:
        raise next(troubles[key] for key in looks.routes.otherwise[End.DESTINATION] if key in troubles)
    ids = _resolved(wanted, shown)
    found = looks.pairs([vm_id for vm_id in ids.values() if vm_id])
    host = looks.crew.hosts[End.DESTINATION].name
    pairs = {vm_id or name: found.get(vm_id) or _nowhere(name, host, looks) for name, vm_id in ids.items()}
    return Seen(looks=shown, pairs=pairs, nodes={end: looks.nodes(end) for end in End})


def _resolved(wanted: Sequence[str], shown: Mapping[End, Look]) -> dict[str, str]:
    """The GUID of each name, from the destination or else from the source; empty where neither knows it."""
    ids: dict[str, str] = {}
    for name in wanted:
        for end in (end for end in End if end in shown):
            try:
                ids |= resolve([name], shown[end])
                break
            except PreconditionFailed as refusal:
                if refusal.kind != "no_such_vm":
                    raise
        ids.setdefault(name, "")
    once = {vm_id: name for name, vm_id in reversed(ids.items()) if vm_id}
    return {name: vm_id for name, vm_id in ids.items() if not vm_id or once[vm_id] == name}


def _nowhere(name: str, host: str, looks: Looks) -> Pair:
    source = looks.crew.hosts.get(End.SOURCE)
    here = Absent(host=host, vm_id=name, why=Absence.NO_SUCH_VM, facts=looks.facts_of(End.DESTINATION))
    if source is None:
        return Pair(destination=here, source=Absent(host="", vm_id=name, why=Absence.NOT_ASKED))
    facts = looks.facts_of(End.SOURCE)
    why = Absence.NO_SUCH_VM if facts else Absence.UNREACHABLE
    return Pair(destination=here, source=Absent(host=source.name, vm_id=name, why=why, facts=facts))


def whole(seen: Seen, asked: Asked, tests: Mapping[str, Tested]) -> Whole:
    """Everything that the rules are held against."""
    return Whole(
        asked=asked,
        pairs=seen.pairs,
        everything={end: look.sides for end, look in seen.looks.items()},
        seen_at={end: look.seen_at for end, look in seen.looks.items() if look.seen_at is not None},
        tests=tests,
        nodes=seen.nodes,
    )


def connection_tests(looks: Looks, seen: Seen, operation: Operation) -> dict[str, Tested]:
    """Let the destination test the way home: once for each name, port, authentication and certificate.

    Raises:
        TimedOut: the deadline passed.
    """
    if operation not in _TURNS:
        return {}
    groups: dict[tuple[object, ...], list[str]] = {}
    for vm_id, pair in seen.pairs.items():
        if isinstance(pair.destination, Side) and isinstance(pair.source, Side) and ends.built_in(pair):
            arguments = ends.listener(pair, End.SOURCE)
            sender = looks.where(vm_id, End.DESTINATION)
            groups.setdefault((sender, *arguments.values()), []).append(vm_id)
    firsts = [_errand(vm_ids[0], seen.pairs[vm_ids[0]], looks) for vm_ids in groups.values()]
    told = _tested(looks.crew, firsts)
    return {vm_id: told[vm_ids[0]] for vm_ids in groups.values() for vm_id in vm_ids}


def _errand(vm_id: str, pair: Pair, looks: Looks) -> Errand:
    side = pair.destination
    if not isinstance(side, Side):
        raise PreconditionFailed("nothing is there that could send", host=side.host, vm=pair.vm_name)
    step = steps.test_connection(End.DESTINATION, pair)
    sender = looks.where(vm_id, End.DESTINATION) or End.DESTINATION
    return Errand(vm_id=vm_id, host=sender, step=step, side=side)


#: A finished job leaves after a while (lifecycle, section 3).
_FORGOTTEN: Final = Tested(good=None, said="the host has forgotten the test's job")


def _tested(crew: Crew, errands: Sequence[Errand]) -> dict[str, Tested]:
    """What the tests came to. One whose job the host forgot before it was looked at is asked for once more."""
    told = _asked(crew, errands)
    again = [errand for errand in errands if told.get(errand.vm_id) == _FORGOTTEN]
    return told | _asked(crew, again) if again else told


def _asked(crew: Crew, errands: Sequence[Errand]) -> dict[str, Tested]:
    told: dict[str, Tested] = {}
    jobs: dict[str, str] = {}
    senders = {errand.vm_id: errand.host for errand in errands}
    for vm_id, answer in crew.send(errands):
        if isinstance(answer, Receipt) and answer.job_id:
            jobs[vm_id] = answer.job_id
        else:
            told[vm_id] = _said(answer)
    end = crew.clock.now() + _PATIENCE
    while jobs and crew.clock.now() < end:
        crew.rest(_PAUSE)
        ended = _ended(crew, jobs, senders)
        told |= ended
        jobs = {vm_id: job_id for vm_id, job_id in jobs.items() if vm_id not in ended}
    return told | {vm_id: Tested(good=None, said="the test did not end in time") for vm_id in jobs}


def _said(answer: Receipt | HyperVReplicaError) -> Tested:
    if isinstance(answer, Receipt):
        return Tested(good=True, said="it answered")
    refused = isinstance(answer, HyperVReplicaError) and answer.code is not None
    return Tested(good=False if refused else None, said=str(answer))


def _ended(crew: Crew, jobs: Mapping[str, str], senders: Mapping[str, HostKey]) -> dict[str, Tested]:
    """What the tests that have ended came to; one whose job the host has forgotten says nothing any more."""
    seen = crew.look({senders[vm_id]: {Gather.JOBS} for vm_id in jobs}, [*jobs])
    told = {}
    for vm_id, job_id in jobs.items():
        look = seen.get(senders[vm_id])
        if not isinstance(look, Look):
            continue
        job = look.sides[vm_id].job(job_id) if vm_id in look.sides else None
        if job is None:
            told[vm_id] = _FORGOTTEN
        elif not job.running:
            said = "it answered" if job.succeeded else f"the test failed ({job.error_code}): {job.error}"
            told[vm_id] = Tested(good=job.succeeded, said=said.rstrip(": "))
    return told


def names_of(pairs: Iterable[Pair]) -> dict[str, str]:
    """The GUID of each VM by its name and by its GUID, folded."""
    return {key.casefold(): pair.vm_id for pair in pairs for key in (pair.vm_name, pair.vm_id)}
