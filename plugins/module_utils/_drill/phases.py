# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How far a move has come, told by the step that it asks for next; and what a step needs of the hosts meanwhile."""

from __future__ import annotations

from enum import IntEnum
from typing import Final

from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import End
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.states import (
    RequestedPower,
    RequestedReplicationState,
)
from ansible_collections.hyperv.replica.plugins.module_utils._operations.plan import Method, Step


class Phase(IntEnum):
    """What a machine asks for; a later one is never followed by an earlier one, but for a rescue."""

    READY = 0
    STOP = 1
    LOCK = 2
    SWITCH = 3
    START = 4


_DESTINATION, _SOURCE = End.DESTINATION, End.SOURCE

#: By method, end, and the state that is requested where the method requests one. Whatever is not here makes ready.
_PHASES: Final[dict[tuple[Method, End, object], Phase]] = {
    (Method.INITIATE_SHUTDOWN, _SOURCE, None): Phase.STOP,
    (Method.REQUEST_STATE_CHANGE, _SOURCE, int(RequestedPower.OFF)): Phase.STOP,
    (Method.REQUEST_REPLICATION_STATE_CHANGE, _SOURCE, int(RequestedReplicationState.SYNCED)): Phase.LOCK,
    (Method.INITIATE_FAILOVER, _DESTINATION, None): Phase.SWITCH,
    (Method.INITIATE_FAILBACK, _DESTINATION, None): Phase.SWITCH,
    (Method.INITIATE_FAILBACK, _SOURCE, None): Phase.SWITCH,
    (Method.COMMIT_FAILOVER, _DESTINATION, None): Phase.SWITCH,
    (Method.REVERSE, _DESTINATION, None): Phase.SWITCH,
    (Method.REQUEST_STATE_CHANGE, _DESTINATION, int(RequestedPower.RUNNING)): Phase.START,
}

#: What sends data from the end it is asked of to the other one until it ends.
_SENDS: Final = (Method.START_REPLICATION, Method.RESYNCHRONIZE)


def phase(step: Step) -> Phase:
    """How far whoever asks for this step has come."""
    return _PHASES.get((step.method, step.host, step.arguments.get("RequestedState")), Phase.READY)


def sender(step: Step) -> End | None:
    """The end that sends data to the other one while the step runs; None where none does."""
    if step.method in _SENDS:
        return step.host
    if step.method is Method.INITIATE_FAILBACK or phase(step) is Phase.LOCK:
        return End.SOURCE
    return None
