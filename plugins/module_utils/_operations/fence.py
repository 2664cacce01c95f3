# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keep an old primary from starting by itself when its host returns, and from the network where that is asked for.

What it was like is kept in the VM's notes, as one line with a version, since nothing is remembered between runs. At the
end things are put back exactly as they were, or what somebody else changed meanwhile is said.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Final

from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.adapters import Adapter
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import Absent, End, Pair, Side
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.states import ReplicationMode, StartAction
from ansible_collections.hyperv.replica.plugins.module_utils._operations import connecting, guards, markers
from ansible_collections.hyperv.replica.plugins.module_utils._operations.markers import Fence, fence_of
from ansible_collections.hyperv.replica.plugins.module_utils._operations.path import Given, Leg, Task
from ansible_collections.hyperv.replica.plugins.module_utils._operations.plan import Learned, Method, Shows, Step

_PRIMARY: Final = Shows(mode=(ReplicationMode.PRIMARY,))


def fence(end: End, side: Side, task: Task) -> Step:
    """Set the start action to nothing, and note what it and the adapters were like."""
    adapters = connecting.connections(side) if task.goal.fence_adapters else {}
    kept = Fence(start_action=side.start_action or StartAction.NOTHING, adapters=adapters)
    why = "the old primary is kept from starting by itself"
    if adapters:
        why += f", and it is noted what its {len(adapters)} adapters are connected to"
    action = StartAction.NOTHING if side.role is None else kept.start_action
    return _settings_step(end, action, (*side.notes, str(kept)), why=why)


def unfence(end: End, side: Side, kept: Fence) -> Step:
    """Put the start action back, unless somebody changed it meanwhile; the note goes in either case."""
    notes = markers.without(side.notes, markers.FENCE)
    said = "".join(f"; {change}" for change in connecting.changed_since(side, kept.adapters))
    now = side.start_action or StartAction.NOTHING
    if now is not StartAction.NOTHING and now is not kept.start_action:
        why = f"the start action was changed by somebody to {now.name} and stays so; our note goes{said}"
        return _settings_step(end, now, notes, why=why)
    return _settings_step(end, kept.start_action, notes, why=f"the start action is put back as it was{said}")


def _settings_step(end: End, action: StartAction, notes: tuple[str, ...], *, why: str) -> Step:
    return Step(
        host=end,
        method=Method.MODIFY_SYSTEM_SETTINGS,
        arguments={"AutomaticStartupAction": int(action), "Notes": notes},
        sets={"start_action": action, "notes": notes},
        takes=timedelta(seconds=2),
        limit=timedelta(seconds=120),
        lesson=Learned.CANNOT_FENCE,
        why=why,
    )


def _to_fence(end: End, seen: Pair, task: Task) -> bool:
    side = seen.at(end)
    if not isinstance(side, Side) or not side.settings_id or task.knows(Learned.CANNOT_FENCE) or fence_of(side):
        return False
    # a VM with a role is started by its cluster, whatever its start action says
    starts = side.role is None and side.start_action not in (None, StartAction.NOTHING)
    return starts or (task.goal.fence_adapters and bool(connecting.connections(side)))


def _leg(end: End, says: str, given: Given, build: Callable[[Side, Fence, Task], Step]) -> Leg:
    def step(seen: Pair, task: Task) -> Step:
        side = seen.at(end)
        if isinstance(side, Absent):
            raise guards.absent(side, seen.vm_name)
        return build(side, fence_of(side) or Fence(), task)

    return Leg(
        says=says,
        source=_PRIMARY if end is End.SOURCE else Shows(),
        destination=_PRIMARY if end is End.DESTINATION else Shows(),
        given=given,
        step=step,
    )


def fence_leg(end: End) -> Leg:
    """An old primary whose host would start it by itself, or that is to be kept from the network."""
    return _leg(
        end,
        "the old primary is fenced",
        lambda seen, task: _to_fence(end, seen, task),
        lambda side, kept, task: fence(end, side, task),
    )


def disconnect_leg(end: End) -> Leg:
    """A fenced old primary whose adapters are to be disconnected, and one of which is still as it was noted."""
    return _leg(
        end,
        "an adapter of the old primary is disconnected where that was asked for",
        lambda seen, task: task.goal.fence_adapters and bool(_to_disconnect(seen.at(end), task)),
        lambda side, kept, task: replace(
            connecting.connect(
                end, _to_disconnect(side, task)[0], (), why="the old primary is kept from the network until it serves"
            ),
            lesson=Learned.CANNOT_CONNECT,
        ),
    )


def _to_disconnect(side: Side | Absent, task: Task) -> list[Adapter]:
    kept = fence_of(side)
    if not isinstance(side, Side) or kept is None or task.knows(Learned.CANNOT_CONNECT):
        return []
    noted = (one for one in side.adapters if one.id in kept.adapters)
    return [one for one in noted if connecting.is_connected_to(one, kept.adapters[one.id])]


def to_restore(end: End, seen: Pair, task: Task) -> bool:
    """Whether a VM that is served at this end still carries our fence; one whose adapters were not read keeps it."""
    side = seen.at(end)
    kept = fence_of(side)
    if not isinstance(side, Side) or kept is None or not side.settings_id or task.knows(Learned.CANNOT_FENCE):
        return False
    return not kept.adapters or (bool(side.adapters) and not task.knows(Learned.CANNOT_CONNECT))


def _to_reconnect(end: End, seen: Pair, task: Task) -> bool:
    side, kept = seen.at(end), fence_of(seen.at(end))
    return isinstance(side, Side) and kept is not None and bool(connecting.to_put_back(side, kept.adapters))


def reconnect_leg(end: End, says: str, shows: Shows) -> Leg:
    """A VM that is about to be served at this end, whose adapters a fence has disconnected."""

    def build(side: Side, kept: Fence, task: Task) -> Step:
        adapter, paths = connecting.to_put_back(side, kept.adapters)[0]
        step = connecting.connect(end, adapter, paths, why="it is connected again to what it was connected to")
        return replace(step, lesson=Learned.CANNOT_CONNECT)

    leg = _leg(
        end,
        says,
        lambda seen, task: not task.knows(Learned.CANNOT_CONNECT) and _to_reconnect(end, seen, task),
        build,
    )
    return replace(leg, source=shows) if end is End.SOURCE else replace(leg, destination=shows)


def unfence_leg(end: End) -> Leg:
    """A VM that is served at this end again and still carries our fence."""
    return _leg(
        end,
        "the fence is taken away",
        lambda seen, task: to_restore(end, seen, task),
        lambda side, kept, task: unfence(end, side, kept),
    )
