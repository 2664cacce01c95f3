# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Base of the action for test copies: which are meant, what is put back after a failure, and what they left behind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from ansible_collections.hyperv.replica.plugins.module_utils._errors import (
    HyperVReplicaError,
    PreconditionFailed,
    TransportError,
    VerificationFailed,
)
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.adapters import ReplicaTestCopy, connected_to
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.looking import Gather, Look
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import End, Guest, Pair, Side
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.naming import resolve
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.schema import guid
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.states import ReplicationMode
from ansible_collections.hyperv.replica.plugins.module_utils._operations import copy_left, replica_test
from ansible_collections.hyperv.replica.plugins.module_utils._operations.goal import Goal
from ansible_collections.hyperv.replica.plugins.module_utils._operations.looks import Looks
from ansible_collections.hyperv.replica.plugins.module_utils._operations.operation import Operation
from ansible_collections.hyperv.replica.plugins.module_utils._operations.plan import Method, Outcome
from ansible_collections.hyperv.replica.plugins.module_utils._operations.verification import Check, Result
from ansible_collections.hyperv.replica.plugins.module_utils._surface.goals import test_failover_goal
from ansible_collections.hyperv.replica.plugins.module_utils._surface.plain import plain
from ansible_collections.hyperv.replica.plugins.module_utils._surface.specs import TEST_FAILOVER
from ansible_collections.hyperv.replica.plugins.plugin_utils._operation import OperationAction
from ansible_collections.hyperv.replica.plugins.plugin_utils._probing import Prober
from ansible_collections.hyperv.replica.plugins.plugin_utils._task import Session, with_facts

#: Seconds between two tries of a probe that does not answer yet.
_PAUSE: Final = 2.0

#: Probes that are out at the same time.
_AT_MOST: Final = 32

#: After these nothing more is asked of the host.
_OVER: Final = ("timed_out",)


class CopyAction(OperationAction):
    """Makes and removes test copies; the task's host is the replica host, and nobody else is asked."""

    spec = TEST_FAILOVER
    done = "done"
    gathers = {End.DESTINATION: frozenset({Gather.TESTS, Gather.POINTS})}
    _first: Look | None = None
    _probes: dict[str, list[dict[str, Any]]]

    def goal(self, options: dict[str, Any]) -> Goal:
        """What the test copies shall be like."""
        return test_failover_goal(options)

    def operation(self, goal: Goal, options: dict[str, Any], seen: Pair) -> Operation:
        """Make or remove a VM's copy; a GUID that was named as an orphan's is removed itself."""
        if seen.vm_id in _named_orphans(options):
            return replica_test.remove_orphan(goal, seen)
        found = replica_test.make(goal, seen) if options["state"] == "present" else replica_test.remove(goal, seen)
        left = copy_left.left_behind(self._first.sides.values() if self._first else (), seen)
        return copy_left.refused(found, left) if left else found

    def vm_ids(self, options: dict[str, Any], here: Look) -> list[str]:
        """The VMs that were named, and the orphans by their GUIDs, which need not be there any more."""
        self._first = here
        named = [*dict.fromkeys(resolve(options["vms"] or (), here).values())]
        probes = options["probes"] or []
        owners = resolve([probe["vm"] for probe in probes], here)
        self._probes = {vm_id: [p for p in probes if owners[p["vm"]] == vm_id] for vm_id in named}
        if strangers := [probe["vm"] for probe in probes if owners[probe["vm"]] not in named]:
            raise PreconditionFailed(
                f"probes name VMs that are not in vms: {', '.join(strangers)}",
                kind="bad_option",
                remedy="Add them to vms, or take the probes out",
            )
        return [*dict.fromkeys([*named, *_named_orphans(options)])]

    def work(self, session: Session) -> dict[str, Any]:
        """The result of the run, with each test copy and every other one of the host."""
        result = super().work(session)
        for vm in result["vms"]:
            vm["test_copy"], vm["probes"] = vm["facts"].pop("test_copy"), vm["facts"].pop("probes", [])
            vm["now"] = _now(vm["test_copy"], vm["after"]["destination"].get("host", session.name), vm["error"])
        named = {vm["id"] for vm in result["vms"]}
        result["orphans"] = _others(self._first, named) if self._first else []
        return result

    def settle(self, session: Session, looks: Looks, outcomes: dict[str, Outcome]) -> dict[str, Outcome]:
        """Put back adapters after failures, ask for files that were left, and probe what was started."""
        outcomes = self._put_back(session, looks, outcomes)
        gone = {
            vm_id: _with_files(session, one) for vm_id, one in outcomes.items() if not one.error and _destroyed(one)
        }
        asked = {vm_id: one for vm_id, one in outcomes.items() if not one.error and self._probes.get(vm_id)}
        return (
            outcomes | gone | self._probe({vm_id: asked[vm_id] for vm_id in asked if vm_id not in gone}, session, looks)
        )

    def _put_back(self, session: Session, looks: Looks, outcomes: dict[str, Outcome]) -> dict[str, Outcome]:
        failed = {vm_id: one for vm_id, one in outcomes.items() if one.error and _touched(one)}
        if not failed:
            return outcomes
        over = any(one.error and one.error.kind in _OVER for one in failed.values())
        if over:
            return outcomes | {vm_id: _warned(one, "the task's time is over") for vm_id, one in failed.items()}
        goal = self.goal(session.options)
        operations = {vm_id: replica_test.put_back(goal, one.before) for vm_id, one in failed.items()}
        done = self._run(session, looks, operations, looks.pairs([*failed]))
        return outcomes | {vm_id: _with(one, done[vm_id]) for vm_id, one in failed.items()}

    def _probe(self, outcomes: dict[str, Outcome], session: Session, looks: Looks) -> dict[str, Outcome]:
        """Ask what the copies serve, all at the same time, until they answer or the guests' time is over."""
        end = session.clock.now() + timedelta(seconds=session.options["guest_timeout"])
        waiting, done = dict(outcomes), dict[str, Outcome]()
        while waiting:
            over = session.clock.now() >= end
            for vm_id, checks in self._answers(waiting, session.options).items():
                bad = [check for check in checks if check.result is not Result.PASS]
                waiting[vm_id] = with_facts(waiting[vm_id], probes=checks)
                if not bad or over:
                    told = waiting.pop(vm_id)
                    done[vm_id] = replace(told, error=_silent(told, bad)) if bad else told
            if waiting:
                looks.crew.rest(_PAUSE)
                for vm_id, seen in looks.take([*waiting], guest=True).items():
                    waiting[vm_id] = replace(waiting[vm_id], after=seen)
        return done

    def _answers(self, outcomes: Mapping[str, Outcome], options: Mapping[str, Any]) -> dict[str, tuple[Check, ...]]:
        """One round of the probes of every VM."""
        prober, told = Prober(_AT_MOST), dict[tuple[str, int], Check]()
        for vm_id, outcome in outcomes.items():
            for place, probe in enumerate(self._probes[vm_id]):
                prober.ask((vm_id, place), probe, _as_guest(outcome.after), simulated=options["simulated_guests"])
        while prober.busy:
            told |= dict(prober.answers(_PAUSE))
        places = {vm_id: range(len(self._probes[vm_id])) for vm_id in outcomes}
        return {vm_id: tuple(told[vm_id, place] for place in listed) for vm_id, listed in places.items()}

    def _told(self, outcome: Outcome, operation: Operation) -> Outcome:
        told: Outcome = with_facts(super()._told(outcome, operation), test_copy=_copy(outcome.after))
        if operation.strategy == "present" and outcome.already_there and operation.goal.point.wanted != "latest":
            text = "the test copy was there already; of which recovery point it is, no host says"
            told = replace(told, warnings=(*told.warnings, text))
        return told


def _named_orphans(options: Mapping[str, Any]) -> list[str]:
    wanted = [(text, guid(text)) for text in options["orphan_ids"] or ()]
    if bad := [text for text, found in wanted if not found]:
        raise PreconditionFailed(
            f"orphan_ids has {', '.join(bad)}, which is no GUID",
            kind="bad_option",
            remedy="Names are not taken here: two machines may share one. The result lists the GUIDs under orphans",
        )
    return [found for _text, found in wanted]


def _touched(outcome: Outcome) -> bool:
    return any(done.step.method is Method.MODIFY_RESOURCE_SETTINGS for done in outcome.performed)


def _destroyed(outcome: Outcome) -> bool:
    return any(done.step.method is Method.DESTROY_SYSTEM for done in outcome.performed)


def _warned(outcome: Outcome, why: str) -> Outcome:
    text = f"where its test copies are connected to was changed for this run and not put back: {why}"
    return replace(outcome, warnings=(*outcome.warnings, text))


def _with(outcome: Outcome, back: Outcome) -> Outcome:
    """A failed outcome with what was put back after it."""
    joined = replace(outcome, after=back.after, performed=(*outcome.performed, *back.performed))
    return _warned(joined, str(back.error)) if back.error else joined


def _with_files(session: Session, outcome: Outcome) -> Outcome:
    """A removed copy's disks are gone, or the run has failed; who cannot know says so."""
    here = outcome.before.destination
    paths = here.test.disks if isinstance(here, Side) and here.test else ()
    try:
        left = session.host_with(End.DESTINATION, outcome.before).files_left(paths)
    except TransportError as error:
        left, said = None, f": {error}"
    else:
        said = ""
    if left is None:
        text = f"whether these disks of the test copy are gone could not be read{said}: {', '.join(paths)}"
        return replace(outcome, warnings=(*outcome.warnings, text))
    if not left:
        return outcome
    remaining = VerificationFailed(
        f"the test copy is gone, and these disks of it are not: {', '.join(left)}",
        kind="disks_left",
        host=outcome.after.destination.host,
        vm=outcome.before.vm_name,
        remedy="Look whether anything uses them, and delete them",
    )
    return replace(outcome, error=remaining)


def _silent(outcome: Outcome, bad: list[Check]) -> HyperVReplicaError:
    said = "; ".join(f"{check.check}: {check.found}, wanted {check.wanted}" for check in bad)
    return VerificationFailed(
        f"the test copy runs and does not serve what was asked for: {said}",
        kind="probe_failed",
        host=outcome.after.destination.host,
        vm=outcome.after.vm_name,
        remedy="Look into the copy; is its test network one that the controller reaches?",
    )


def _as_guest(seen: Pair) -> Pair:
    """The pair with the copy's addresses where a probe looks for those of the VM."""
    here = seen.destination
    if not isinstance(here, Side) or here.test is None:
        return seen
    guest = Guest(heartbeat=here.test.heartbeat, addresses=here.test.addresses)
    return seen.replaced(End.DESTINATION, replace(here, guest=guest))


def _copy(seen: Pair) -> dict[str, Any] | None:
    here = seen.destination
    copy: ReplicaTestCopy | None = here.test if isinstance(here, Side) else None
    if copy is None:
        return None
    return {
        "id": copy.id,
        "name": copy.name,
        "power": copy.power.name,
        "connected_to": connected_to(copy.adapters),
        "disks": list(copy.disks),
        "heartbeat": plain(copy.heartbeat),
        "addresses": list(copy.addresses),
    }


def _now(copy: Mapping[str, Any] | None, host: str, error: Mapping[str, Any] | None) -> str:
    if copy is None:
        return f"no test copy was seen on {host}" if error else f"no test copy on {host}"
    networks = ", ".join(copy["connected_to"]) or "nothing"
    return f"test copy {copy['name']} is {copy['power']} on {host}, connected to {networks}"


def _others(look: Look, named: set[str]) -> list[dict[str, Any]]:
    """Every test copy that was there when the run began and belongs to none of the VMs that were named."""
    owners = {side.test_copy: side for side in look.sides.values() if side.test_copy}
    copies = [side for side in look.sides.values() if side.mode is ReplicationMode.TEST_REPLICA]
    return [
        {
            "id": side.vm_id,
            "name": side.vm_name,
            "power": side.power.name,
            "of": owners[side.vm_id].vm_name if side.vm_id in owners else None,
        }
        for side in copies
        if side.vm_id not in named and not (side.vm_id in owners and owners[side.vm_id].vm_id in named)
    ]
