# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rules of a failback to a new copy, in place of those that want the destination's: it has none, and can take one."""

from __future__ import annotations

from typing import Final

from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import Absence, Absent, End, Side
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.states import ReplicationMode, ReplicationState
from ansible_collections.hyperv.replica.plugins.module_utils._operations import guards
from ansible_collections.hyperv.replica.plugins.module_utils._operations.new_copy import formed
from ansible_collections.hyperv.replica.plugins.module_utils._operations.path import shown
from ansible_collections.hyperv.replica.plugins.module_utils._operations.preflight import Rule, gates
from ansible_collections.hyperv.replica.plugins.module_utils._operations.preflight_view import (
    Finding,
    View,
    failed,
    passed,
)

_S: Final = ReplicationState


def _room_for_copy(view: View) -> Finding:
    """Whether home has no copy, one of an earlier run that is being made, or one that nobody replicates."""
    here = view.pair.destination
    if isinstance(here, Absent) and here.why is Absence.NO_SUCH_VM:
        return passed(f"{here.host} has no such VM", here.host)
    side = view.here
    waits = side.mode is ReplicationMode.REPLICA and side.state is _S.WAITING_FOR_INITIAL_REPLICATION
    seed = side.mode is ReplicationMode.NONE and side.power not in guards.UP
    if formed(view.pair) or waits or seed:
        return passed(f"its copy here can be gone on with: {shown(side)}", side.host)
    return failed(f"it has a copy here: {shown(side)}", side.host)


def _namesake(view: View) -> Finding:
    here = view.pair.destination
    if isinstance(here, Side):
        return passed("its copy is here already", here.host)
    for vm_id, other in view.whole.everything.get(End.DESTINATION, {}).items():
        if other.vm_name.casefold() == view.pair.vm_name.casefold() and vm_id != view.pair.vm_id:
            return failed(f"another VM has the same name: {vm_id}", other.host)
    return passed("no other VM here is called so", here.host)


def _to_be_copied(view: View) -> Finding:
    there = view.there
    if formed(view.pair):
        return passed(f"it is being moved: {shown(there)}", there.host)
    if there.extended is not None:
        return failed(f"it also replicates to a third host: {there.extended.state.name}", there.host)
    undecided = there.state in (_S.RECOVERED, _S.SYNCED)
    replica = there.mode in guards.RECEIVERS and there.state is not _S.COMMITTED
    if undecided or replica:
        return failed(f"it is not settled here: {shown(there)}", there.host)
    return passed(f"it is settled here: {shown(there)}", there.host)


RULES: Final = (
    Rule(
        id="room_for_copy",
        asks="The destination has no copy, or one that a new copy may go on with.",
        gates=gates("- - - - - B"),
        check=_room_for_copy,
        cause="A new copy does not take the place of one that is there",
        remedy="Use strategy: reverse, which sends only the differences, or remove what is left of it",
    ),
    Rule(
        id="namesake",
        asks="No other VM of the destination has the name of one that gets a new copy there.",
        gates=gates("- - - - - B"),
        check=_namesake,
        cause="It may be the same machine, restored by hand, and the new copy the second one of it",
        remedy="Rename or remove the one of the two that does not count",
    ),
    Rule(
        id="to_be_copied",
        asks="The source's copy is the one that counts: committed or the primary, and not replicated to a third host.",
        gates=gates("- - - - - B"),
        check=_to_be_copied,
        cause="Its relationship is removed before the new one is made, which must not leave a failover undecided",
        remedy="Commit the failover, or cancel the one that was prepared, and remove an extended replication",
    ),
)
