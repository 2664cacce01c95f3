# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a person does next with a VM, from what both of its ends show; the destination is taken for its home."""

from __future__ import annotations

from typing import Final

from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import Absent, Pair, Side
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.states import (
    Power,
    ReplicationHealth,
    ReplicationMode,
    ReplicationState,
)

_STATE: Final = ReplicationState

#: For a primary that runs and is not protected now.
_UNPROTECTED: Final = {
    _STATE.READY: "start its first copy (hyperv_replica)",
    _STATE.WAITING_FOR_INITIAL_REPLICATION: "wait until its first copy has been sent",
    _STATE.SUSPENDED: "find out why it was paused, then resume it (hyperv_replica)",
    _STATE.CRITICAL: "look for the cause, then resume it (hyperv_replica)",
    _STATE.WAITING_FOR_RESYNCHRONIZE: "resynchronize it (hyperv_replica)",
    _STATE.RESYNCHRONIZING: "wait until it is resynchronized",
    _STATE.RESYNCHRONIZE_SUSPENDED: "continue its resynchronization (hyperv_replica)",
}
_FAILED_OVER: Final = (_STATE.RECOVERED, _STATE.COMMITTED, _STATE.FAILBACK_COMPLETE)


def next_move(seen: Pair) -> str:
    """One phrase; a left-over test copy is named behind it. Where all is well it is ``nothing``."""
    copies = [side.host for side in (seen.destination, seen.source) if isinstance(side, Side) and side.test_copy]
    move = _move(seen)
    clean = f"remove its test copy on {' and '.join(copies)} (cleanup)" if copies else ""
    return clean if clean and move == "nothing" else "; ".join(filter(None, (move, clean)))


def _move(seen: Pair) -> str:
    home, away = seen.destination, seen.source
    running = [side for side in (home, away) if isinstance(side, Side) and side.power is Power.RUNNING]
    if len(running) == 2:
        both = " or ".join(side.host for side in running)
        return f"find out at once which copy users work with, {both}, and stop the other"
    if not running:
        return _served_nowhere(home, away)
    here = running[0]
    other = away if here is home else home
    if here.mode is ReplicationMode.PRIMARY and here.state is _STATE.REPLICATING:
        return _replicating(here, other, at_home=here is home)
    if here.state in _FAILED_OVER:
        return "bring it home (failback), or let it be protected where it is (failover with state protected)"
    if here.mode is not ReplicationMode.PRIMARY:
        return "let it be replicated (hyperv_replica)"
    return _UNPROTECTED.get(here.state, "wait, then look again")


def _replicating(here: Side, other: Side | Absent, *, at_home: bool) -> str:
    if isinstance(other, Absent):
        return f"look at {other.host}"
    if here.health is ReplicationHealth.CRITICAL:
        return "look for the cause of its health, which is critical"
    return "nothing" if at_home else "bring it home when the time has come (failback)"


def _served_nowhere(home: Side | Absent, away: Side | Absent) -> str:
    unknown = [side.host for side in (home, away) if isinstance(side, Absent)]
    if unknown:
        return f"look at {' and '.join(unknown)}; nobody knows whether it runs there"
    sides = [side for side in (home, away) if isinstance(side, Side)]
    if any(side.busy or not side.settled for side in sides):
        return "wait, then look again"
    if any(side.state in (_STATE.SYNCED, *_FAILED_OVER) for side in sides):
        return "run the move again that was begun, or take it back (hyperv_replica_failover_cancel)"
    return "start it where it belongs (hyperv_vm_power), if it is to run"
