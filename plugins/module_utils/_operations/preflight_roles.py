# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Preflight rules about where the copies are: the right hosts, at most one that runs, a replica and its primary."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from ansible_collections.hyperv.replica.plugins.module_utils._errors import PreconditionFailed
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import Absence, Absent, End, Side
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.states import (
    JobType,
    ReplicationMode,
)
from ansible_collections.hyperv.replica.plugins.module_utils._operations import guards
from ansible_collections.hyperv.replica.plugins.module_utils._operations.path import shown
from ansible_collections.hyperv.replica.plugins.module_utils._operations.preflight import Rule, gates
from ansible_collections.hyperv.replica.plugins.module_utils._operations.preflight_view import (
    Finding,
    Operation,
    Phase,
    View,
    failed,
    passed,
)

#: A primary's clock may be ahead of the outage's time by this much before it counts as alive after it.
_SKEW: Final = timedelta(seconds=60)


def _wrong_peer(view: View) -> Finding:
    for end in End:
        view.facts(end)
    try:
        guards.refuse_wrong_peer(view.pair)
    except PreconditionFailed as stranger:
        return failed(stranger.found, stranger.host)
    return passed("each host is the other end of the relationship")


def _split_brain(view: View) -> Finding:
    here = view.here
    if view.asked.operation is Operation.UNPLANNED and (alive := _sign_of_life(view, here)):
        return failed(alive, here.host)
    there = view.there
    both = here.power in guards.UP and there.power in guards.UP
    if both or (view.asked.operation is Operation.UNPLANNED and there.power in guards.UP):
        return failed(f"{here.host} shows {shown(here)}, {there.host} shows {shown(there)}", there.host)
    return passed(f"at most one copy runs: {here.host} {here.power.name}, {there.host} {there.power.name}")


def _sign_of_life(view: View, here: Side) -> str:
    """What the replica shows that only a live primary can have caused."""
    if here.mode not in guards.RECEIVERS or here.state in guards.FAILED_OVER:
        return ""
    if any(job.running and job.type is JobType.RECEIVING_DELTA for job in here.jobs):
        return f"{here.host} receives a change from the primary right now"
    began, last = view.asked.outage_began, here.last_replicated
    if began and last and last > began + _SKEW:
        return f"the replica still received at {last:%Y-%m-%d %H:%M:%SZ}, after the outage was said to begin"
    return ""


def _presence(view: View, end: End) -> Finding:
    side = view.pair.at(end)
    if isinstance(side, Absent) and side.why is Absence.NO_SUCH_VM:
        return failed(f"{side.host} has no such VM", side.host)
    return passed(f"{view.side(end).host} has it", side.host)


def _present(view: View) -> Finding:
    return _presence(view, End.DESTINATION)


def _present_at_peer(view: View) -> Finding:
    return _presence(view, End.SOURCE)


def _mode(view: View) -> Finding:
    here = view.here
    if here.mode in guards.RECEIVERS:
        return passed(f"{here.mode.name} ({int(here.mode)})", here.host)
    if here.mode is ReplicationMode.PRIMARY and (view.phase is not Phase.BEFORE or here.power in guards.UP):
        return passed(f"it is the primary here: {shown(here)}", here.host)
    return failed(f"this copy is no replica: {shown(here)}", here.host)


def _mode_at_peer(view: View) -> Finding:
    there = view.there
    if there.mode is ReplicationMode.PRIMARY or view.phase is not Phase.BEFORE:
        return passed(f"{there.mode.name} ({int(there.mode)})", there.host)
    return failed(f"this copy is not the primary: {shown(there)}", there.host)


def _extended(view: View) -> Finding:
    for side in view.sides:
        if side.extended is not None:
            return failed(f"it also replicates to a third host: {side.extended.state.name}", side.host)
    return passed("there is no third copy")


def _duplicate_names(view: View) -> Finding:
    for end in End:
        for vm_id, other in view.whole.everything.get(end, {}).items():
            same = other.vm_name.casefold() == view.pair.vm_name.casefold() and vm_id != view.pair.vm_id
            if same and other.mode is not ReplicationMode.TEST_REPLICA:
                return failed(f"another VM has the same name: {vm_id}", other.host)
    return passed("no other VM is called so")


def _name_differs(view: View) -> Finding:
    here, there = view.sides
    if here.vm_name == there.vm_name:
        return passed("both copies have the same name")
    return failed(f"it is {here.vm_name!r} on {here.host} and {there.vm_name!r} on {there.host}", here.host)


RULES: Final = (
    Rule(
        id="wrong_peer",
        asks="Each host is the other end of the relationship.",
        gates=gates("B B B B B"),
        check=_wrong_peer,
        cause="What another host shows of a VM says nothing about the copy that counts",
        remedy="Give the inventory host of the other end of this relationship as peer",
        waivable=False,
    ),
    Rule(
        id="split_brain",
        asks="No two copies run, and none would run beside a live primary.",
        gates=gates("B B B B B"),
        check=_split_brain,
        cause="Two copies that both change cannot be brought together again",
        remedy="Shut down the copy that does not count; with a live primary use a planned move, which loses nothing",
        waivable=False,
    ),
    Rule(
        id="present",
        asks="The destination has a copy.",
        gates=gates("B B B B B"),
        check=_present,
        cause="There is nothing to fail over to",
        remedy="Name a VM of this host, or create the replication anew",
    ),
    Rule(
        id="present_at_peer",
        asks="The source has a copy.",
        gates=gates("- B W B B B"),
        check=_present_at_peer,
        cause="Where the other copy is, and whether it runs, is unknown",
        remedy="Give the host that holds the other copy as peer",
    ),
    Rule(
        id="mode",
        asks="The destination's copy is a replica (mode 2 or 4).",
        gates=gates("B B B B B"),
        check=_mode,
        cause="Only a replica can take over",
        remedy="Run this on the host that holds the replica, with the primary's host as peer",
    ),
    Rule(
        id="mode_at_peer",
        asks="The source's copy is the primary (mode 1).",
        gates=gates("- B W B B"),
        check=_mode_at_peer,
        cause="Only a primary can send its last changes",
        remedy="Give the primary's host as peer, or bring the replication into order",
    ),
    Rule(
        id="extended",
        asks="There is no third copy.",
        gates=gates("- B W - B"),
        check=_extended,
        cause="A VM cannot replicate to two hosts, so the direction cannot be reversed",
        remedy="Choose which leg stays and remove the other one first",
    ),
    Rule(
        id="duplicate_names",
        asks="No other VM of either host has the same name.",
        gates=gates("W W W W W"),
        check=_duplicate_names,
        cause="People and scripts that go by the name take the wrong one",
        remedy="Rename one of them",
    ),
    Rule(
        id="name_differs",
        asks="Both copies have the same name.",
        gates=gates("W W W W W"),
        check=_name_differs,
        cause="Somebody renamed one end; a name is not replicated",
        remedy="Give both the same name",
    ),
)
