# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How far the machines of a run have come, each and together, at one moment."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from ansible_collections.hyperv.replica.plugins.module_utils._drill.phases import Phase
from ansible_collections.hyperv.replica.plugins.module_utils._operations.plan import Step
from ansible_collections.hyperv.replica.plugins.module_utils._operations.routes import HostKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One machine of a run, and whom it waits for. Those of a run are listed in start order.

    Attributes:
        stage: a planned move moves a stage whole before it disturbs the next.
        after: by GUID, machines of this run whose probes have to be green before it starts.
        beside: by GUID, machines that have to be served wherever they are before it starts.
        stops_others: after its failure whoever was not begun is skipped, and whoever waits goes to a resting state.
        leaves: the host where it stops; enters: the host where it starts; None where that is not known.
        memory: bytes that its start takes where it enters; frees: bytes that are free where it leaves once it is off.
    """

    vm_id: str
    name: str
    stage: int = 0
    tier: int = 0
    after: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()
    start_delay: timedelta = timedelta()
    stops_others: bool = True
    leaves: HostKey | None = None
    enters: HostKey | None = None
    memory: int = 0
    frees: int = 0


@dataclass(slots=True)
class Way:
    """How far a machine has come in this run.

    Attributes:
        asks: its next step, where it asks for one; None while something of it runs.
        turn: since when nobody stands before its start.
        disturbed: something that changes it was sent.
        told: nothing of another machine is its business any more: it was failed because of one, or is being rescued.
        well: it ended where it was to end.
    """

    phase: Phase = Phase.READY
    asks: Step | None = None
    turn: datetime | None = None
    disturbed: bool = False
    started: bool = False
    told: bool = False
    ended: bool = False
    failed: bool = False
    well: bool = False


#: Further than any machine that has not ended.
_ENDED: Final = max(Phase) + 1

#: A stage and a tier of it.
_Rank = tuple[int, int]


class Standing:
    """What holds for all machines of a stage or tier. Taken once a round; what it says to hold, holds from then on."""

    def __init__(self, members: Sequence[Member], ways: Mapping[str, Way], is_green: Callable[[str], bool]) -> None:
        self._least: dict[_Rank, int] = {}
        self._waiting: set[_Rank] = set()
        for member in members:
            rank, way = (member.stage, member.tier), ways[member.vm_id]
            reached = _ENDED if way.ended else int(way.phase)
            self._least[rank] = min(self._least.get(rank, _ENDED), reached)
            if not (way.ended or is_green(member.vm_id)):
                self._waiting.add(rank)

    def stage_asks(self, stage: int, wanted: Phase, *, beyond_tier: int = -1) -> bool:
        """Whether all of a stage, or of its later tiers, have ended or ask for this phase or a later one."""
        return all(least >= wanted for rank, least in self._least.items() if rank[0] == stage and rank[1] > beyond_tier)

    def stages_ended_before(self, stage: int) -> bool:
        """Whether all machines of earlier stages have ended."""
        return all(least == _ENDED for rank, least in self._least.items() if rank[0] < stage)

    def through_before(self, member: Member) -> bool:
        """Whether all machines of earlier stages and tiers are recovered, or have ended."""
        return all(rank >= (member.stage, member.tier) for rank in self._waiting)
