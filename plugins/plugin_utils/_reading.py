# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Base of the action that only reads: what hosts show."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.hyperv.replica.plugins.module_utils._errors import (
    HyperVReplicaError,
    TransportError,
)
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.joining import joined
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.looking import Gather, Look
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import Absence, Absent, End, Pair, Side
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.naming import resolve
from ansible_collections.hyperv.replica.plugins.module_utils._surface.next_move import next_move
from ansible_collections.hyperv.replica.plugins.module_utils._surface.plain import plain
from ansible_collections.hyperv.replica.plugins.module_utils._surface.results import side_result
from ansible_collections.hyperv.replica.plugins.module_utils._surface.specs import INFO
from ansible_collections.hyperv.replica.plugins.module_utils._surface.words import where_now
from ansible_collections.hyperv.replica.plugins.plugin_utils._task import (
    HostAction,
    Session,
    unreachable,
)


class InfoAction(HostAction):
    """Reads one host, or both ends of its VMs."""

    spec = INFO
    spans_clusters = True

    def work(self, session: Session) -> dict[str, Any]:
        """Give what the hosts show."""
        gather = frozenset(Gather(word) for word in session.options["gather"])
        crew = session.start_crew()
        seen = crew.look(dict.fromkeys(session.hosts, gather), None)
        looks = {end: _end([seen[key] for key in roll.hosts], session.name) for end, roll in session.rolls.items()}
        answered = {key: answer for key, answer in seen.items() if isinstance(answer, Look)}
        here = looks[End.DESTINATION]
        wanted = session.options["vms"]
        vm_ids = [*here.sides] if wanted is None else [*dict.fromkeys(resolve(wanted, here).values())]
        return {
            "changed": False,
            "vms": [_told(vm_id, looks) for vm_id in vm_ids],
            "hosts": {look.facts.name: _host(look) for look in answered.values()},
            "exchanges": {host.name: host.exchanges for host in session.hosts.values()},
            "warnings": [*self.skew(answered), *session.cluster_warnings(answered)],
        }


def _host(look: Look) -> dict[str, Any]:
    told: dict[str, Any] = plain(look.facts)
    return told | {"cluster": plain(look.facts.cluster)}


def _end(answers: list[Look | HyperVReplicaError], home: str) -> Look:
    """What an end shows: its one host, or the nodes of its cluster that answer."""
    shown = [answer for answer in answers if isinstance(answer, Look)]
    return joined(shown) if shown else _look(answers[0], home)


def _look(answer: Look | HyperVReplicaError, home: str) -> Look:
    if isinstance(answer, Look):
        return answer
    if isinstance(answer, TransportError):
        if answer.host == home:
            raise unreachable(answer) from None  # core prints every cause it is given
        answer.kind = "peer_unreachable"
    raise answer


def _told(vm_id: str, looks: Mapping[End, Look]) -> dict[str, Any]:
    here = looks[End.DESTINATION].sides[vm_id]
    told: dict[str, Any] = {
        "name": here.vm_name,
        "id": vm_id,
        "age_seconds": None,
        "here": side_result(here, whole=True),
    }
    clock, last = here.facts.clock, here.last_replicated
    if clock is not None and last is not None:
        told["age_seconds"] = (clock - last).total_seconds()
    statistics = looks[End.DESTINATION].statistics.get(vm_id)
    if statistics is not None:
        told["statistics"] = plain(statistics)
        told["extended_statistics"] = plain(looks[End.DESTINATION].extended_statistics.get(vm_id, ()))
    if End.SOURCE in looks:
        pair = _pair(here, vm_id, looks[End.SOURCE])
        told |= {"now": where_now(pair), "next": next_move(pair), "there": side_result(pair.source, whole=True)}
    return told


def _pair(here: Side, vm_id: str, there: Look) -> Pair:
    absent = Absent(host=there.facts.name, vm_id=vm_id, why=Absence.NO_SUCH_VM, facts=there.facts)
    return Pair(destination=here, source=there.sides.get(vm_id, absent))
