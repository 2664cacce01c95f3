# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The leg from a replica to a third host, as the relationship of a sender: one table serves both legs.

A chain goes from the primary by its replica to the third host (lifecycle 11), to which the replica sends as a primary.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from ansible_collections.hyperv.replica.plugins.module_utils._errors import PreconditionFailed
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import (
    End,
    Pair,
    ReplicationSettings,
    Side,
)
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.states import ReplicationMode
from ansible_collections.hyperv.replica.plugins.module_utils._operations.path import shown
from ansible_collections.hyperv.replica.plugins.module_utils._operations.plan import Plain

#: Seconds; shorter ones do not exist on this leg (Microsoft's page msvm-replicationsettingdata).
_SHORTEST: Final = 300

#: What a middle host can show: its leg to the primary, or nothing where that is gone and the third host was forgotten.
_MIDDLES: Final = (ReplicationMode.REPLICA, ReplicationMode.NONE)


def as_sender(seen: Pair) -> Pair:
    """The pair with the replica at the destination as the sending end of its leg to a third host.

    A copy that is no replica is left as it is; nothing of its own relationship is this leg.
    """
    here = seen.destination
    if not isinstance(here, Side) or here.mode not in _MIDDLES:
        return seen
    sender = replace(
        here,
        mode=ReplicationMode.NONE if here.extended is None else ReplicationMode.PRIMARY,
        relationship=here.extended,
        settings=here.extended_settings or _new_settings(here),
        extended=None,
        extended_settings=None,
        middle=here,
    )
    return seen.replaced(End.DESTINATION, sender)


def _new_settings(here: Side) -> ReplicationSettings | None:
    """What a leg is made of beside what was asked for: as the replica's own, to nobody yet, as this leg allows."""
    known = here.settings
    if known is None:
        return None
    interval = max(_SHORTEST, known.interval)
    own = {
        **known.own,
        "RecoveryConnectionPoint": "",
        "RecoveryHostSystem": "",
        "PrimaryConnectionPoint": "",
        "PrimaryHostSystem": "",
        "ApplicationConsistentSnapshotInterval": 0,
        "ReplicationInterval": interval,
    }
    return replace(
        known,
        instance_id=f"Microsoft:{here.vm_id}\\HVR\\1",
        recovery_connection_point="",
        recovery_host="",
        primary_connection_point="",
        primary_host="",
        interval=interval,
        app_consistent_interval=0,
        own=own,
    )


def refuse_no_middle(here: Side, *, removed: bool) -> None:
    """Raise unless this copy is a replica that can replicate further, or one from which what is left is removed."""
    middle = here.middle
    if middle is not None and (removed or middle.mode is ReplicationMode.REPLICA):
        return
    raise PreconditionFailed(
        f"only a replica replicates to a third host, and this copy is none: {shown(middle or here)}",
        kind="wrong_end",
        host=here.host,
        vm=here.vm_name,
        remedy="Run this on the host that holds the replica, with the third host as peer",
    )


def refuse_settings(here: Side, asked: Mapping[str, Plain]) -> None:
    """Raise for what this leg cannot have: an interval below the primary's or 300 s, application-consistent points."""
    interval, points = asked.get("ReplicationInterval"), asked.get("ApplicationConsistentSnapshotInterval")
    known = here.middle.settings if here.middle else None
    shortest = max(_SHORTEST, known.interval if known else _SHORTEST)
    if isinstance(interval, int) and interval < shortest:
        raise _impossible(here, f"interval is {interval}", f"Give {shortest} or more, as the primary's own leg has it")
    if points:
        raise _impossible(here, f"app_consistent_interval is {points}", "Leave it out, or give 0")


def refuse_outrun(seen: Pair, asked: Mapping[str, Plain]) -> None:
    """Raise where the primary's interval would become longer than that of the leg behind it."""
    interval, there = asked.get("ReplicationInterval"), seen.source
    further = there.extended_settings if isinstance(there, Side) and there.extended is not None else None
    if further is None or not isinstance(interval, int) or interval <= further.interval:
        return
    raise PreconditionFailed(
        f"interval is {interval}, and {seen.source.host} replicates to a third host each {further.interval} s",
        kind="bad_option",
        host=seen.source.host,
        vm=seen.vm_name,
        remedy="Give the leg to the third host that interval first, with leg: extended",
    )


def _impossible(here: Side, found: str, remedy: str) -> PreconditionFailed:
    return PreconditionFailed(
        f"{found}, which the leg to a third host cannot have",
        kind="bad_option",
        host=here.host,
        vm=here.vm_name,
        remedy=remedy,
    )
