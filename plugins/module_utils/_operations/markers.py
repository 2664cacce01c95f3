# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is remembered between runs: lines with a version in the notes of a VM, nothing else.

A fence keeps what it changed on an old primary; a trial keeps which recovery point is tried and what it disconnected.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.looking import Gather
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import Absent, End, Pair, Side
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.states import StartAction

FENCE: Final = "hyperv.replica:fence:"
TRIAL: Final = "hyperv.replica:trial:"
_FIRST_FENCE: Final = f"{FENCE}1:AutomaticStartupAction="
_FENCE: Final = f"{FENCE}2:"
_TRIAL: Final = f"{TRIAL}1:"

#: Paths of what an adapter was connected to, by the InstanceID of its connection.
Connections = Mapping[str, "tuple[str, ...]"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fence:
    """What an old primary was like before it was fenced."""

    start_action: StartAction = StartAction.NOTHING
    adapters: Connections = field(default_factory=dict)

    def __str__(self) -> str:
        """A fence of the start action alone is written as it always was."""
        if not self.adapters:
            return f"{_FIRST_FENCE}{int(self.start_action)}"
        return _FENCE + _written({"start_action": int(self.start_action), "adapters": self.adapters})


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """A recovery point that was tried and was not good."""

    point: str
    taken: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A failover that is on trial.

    Attributes:
        stage: ``trying`` this point, ``fall_back`` from it, or ``good``.
        point: InstanceID of the recovery point; empty for the latest.
        taken: when that was taken, in ISO 8601; empty where it is not known.
        adapters: what its adapters were connected to before.
        tried: the points before this one, in order.
    """

    stage: str
    point: str = ""
    taken: str = ""
    adapters: Connections = field(default_factory=dict)
    tried: tuple[Tried, ...] = ()

    def __str__(self) -> str:
        tried = [{"point": one.point, "taken": one.taken, "why": one.why} for one in self.tried]
        known = {"stage": self.stage, "point": self.point, "taken": self.taken}
        return _TRIAL + _written({**known, "adapters": self.adapters, "tried": tried})


def fence_of(side: Side | Absent) -> Fence | None:
    """The fence that the notes of a copy tell of."""
    for note in side.notes if isinstance(side, Side) else ():
        if note.startswith(_FIRST_FENCE):
            return Fence(start_action=_action(note.removeprefix(_FIRST_FENCE).strip()))
        known = _read(note, _FENCE)
        if known is not None:
            return Fence(start_action=_action(str(known.get("start_action"))), adapters=_connections(known))
    return None


def trial_of(side: Side | Absent) -> Trial | None:
    """The trial that the notes of a copy tell of."""
    return trial_in(side.notes) if isinstance(side, Side) else None


def trial_in(notes: Iterable[str]) -> Trial | None:
    """The trial that notes tell of."""
    for note in notes:
        known = _read(note, _TRIAL)
        if known is not None:
            tried = known.get("tried")
            return Trial(
                stage=str(known.get("stage")),
                point=str(known.get("point") or ""),
                taken=str(known.get("taken") or ""),
                adapters=_connections(known),
                tried=tuple(map(_tried, tried if isinstance(tried, list) else ())),
            )
    return None


def without(notes: Iterable[str], kind: str) -> tuple[str, ...]:
    """The notes that are not ours of this kind."""
    return tuple(note for note in notes if not note.startswith(kind))


def adapters_to_read(pairs: Iterable[Pair]) -> dict[End, frozenset[Gather]]:
    """What has to be read beside, since notes tell of adapters that we disconnected."""
    ends = {end for seen in pairs for end in End if _disconnected(seen.at(end))}
    return {end: frozenset({Gather.ADAPTERS}) for end in ends}


def _disconnected(side: Side | Absent) -> bool:
    fence, trial = fence_of(side), trial_of(side)
    return bool((fence and fence.adapters) or trial)


def _written(known: Mapping[str, object]) -> str:
    return json.dumps(known, separators=(",", ":"), sort_keys=True)


def _read(note: str, kind: str) -> dict[str, Any] | None:
    """The data of a note of this kind; None for another one, and for one that somebody has made unreadable."""
    if not note.startswith(kind):
        return None
    try:
        known = json.loads(note.removeprefix(kind))
    except ValueError:
        return None
    return known if isinstance(known, dict) else None


def _action(number: str) -> StartAction:
    return {str(int(action)): action for action in StartAction}.get(number, StartAction.NOTHING)


def _connections(known: Mapping[str, Any]) -> Connections:
    adapters = known.get("adapters")
    if not isinstance(adapters, dict):
        return {}
    return {key: tuple(map(str, paths)) for key, paths in adapters.items() if isinstance(paths, list)}


def _tried(known: object) -> Tried:
    told = known if isinstance(known, dict) else {}
    return Tried(**{key: str(told.get(key) or "") for key in ("point", "taken", "why")})
