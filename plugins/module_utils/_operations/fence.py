# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keep an old primary from starting by itself when its host returns, and put things back exactly at the end.

The old start action is kept in the VM's notes, as one line with a version, since nothing is remembered between runs.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import Absent, End, Pair, Side
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.states import ReplicationMode, StartAction
from ansible_collections.hyperv.replica.plugins.module_utils._operations.path import Leg, Task
from ansible_collections.hyperv.replica.plugins.module_utils._operations.plan import Learned, Method, Shows, Step

MARKER: Final = "hyperv.replica:fence:1:AutomaticStartupAction="


def fence(end: End, side: Side) -> Step:
    """Set the start action to nothing and note what it was."""
    kept = side.start_action or StartAction.NOTHING
    notes = (*side.notes, f"{MARKER}{int(kept)}")
    return _settings_step(end, StartAction.NOTHING, notes, why="the old primary is kept from starting by itself")


def unfence(end: End, side: Side) -> Step:
    """Put the start action back, unless somebody changed it meanwhile; the note goes in either case."""
    notes = tuple(note for note in side.notes if not note.startswith(MARKER))
    if side.start_action is not StartAction.NOTHING:
        now = side.start_action or StartAction.NOTHING
        return _settings_step(
            end, now, notes, why=f"the start action was changed by somebody to {now.name} and stays so; our note goes"
        )
    return _settings_step(end, _kept(side), notes, why="the start action is put back as it was")


def fenced(side: Side | Absent) -> bool:
    """Whether our marker stands in the notes of a copy."""
    return isinstance(side, Side) and any(note.startswith(MARKER) for note in side.notes)


def _kept(side: Side) -> StartAction:
    note = next(note for note in side.notes if note.startswith(MARKER))
    number = note.removeprefix(MARKER).strip()
    known = {str(int(action)): action for action in StartAction}
    return known.get(number, StartAction.NOTHING)


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


def _starts_by_itself(end: End, seen: Pair, task: Task) -> bool:
    side = seen.at(end)
    if not isinstance(side, Side) or task.knows(Learned.CANNOT_FENCE) or fenced(side):
        return False
    if side.role is not None:  # its cluster starts it, whatever its start action says
        return False
    return bool(side.settings_id) and side.start_action not in (None, StartAction.NOTHING)


def _build_fence(end: End, seen: Pair) -> Step:
    side = seen.at(end)
    return fence(end, side) if isinstance(side, Side) else Step(host=end, method=Method.MODIFY_SYSTEM_SETTINGS)


def fence_leg(end: End) -> Leg:
    """An old primary whose host would start it by itself."""
    primary = Shows(mode=(ReplicationMode.PRIMARY,))
    return Leg(
        says="the old primary is fenced",
        source=primary if end is End.SOURCE else Shows(),
        destination=primary if end is End.DESTINATION else Shows(),
        given=lambda seen, task: _starts_by_itself(end, seen, task),
        step=lambda seen, task: _build_fence(end, seen),
    )


def to_restore(end: End, seen: Pair, task: Task) -> bool:
    """Whether a VM that is served at this end still carries our fence."""
    side = seen.at(end)
    return fenced(side) and not task.knows(Learned.CANNOT_FENCE) and isinstance(side, Side) and bool(side.settings_id)


def unfence_leg(end: End) -> Leg:
    """A VM that is served at this end again and still carries our fence."""
    primary = Shows(mode=(ReplicationMode.PRIMARY,))

    def build(seen: Pair, task: Task) -> Step:
        side = seen.at(end)
        return unfence(end, side) if isinstance(side, Side) else Step(host=end, method=Method.MODIFY_SYSTEM_SETTINGS)

    return Leg(
        says="the fence is taken away",
        source=primary if end is End.SOURCE else Shows(),
        destination=primary if end is End.DESTINATION else Shows(),
        given=lambda seen, task: to_restore(end, seen, task),
        step=build,
    )
