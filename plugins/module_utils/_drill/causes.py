# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Why a drill failed, told once for everybody whom the same reason struck."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ansible_collections.hyperv.replica.plugins.module_utils._drill.page import counted, named
from ansible_collections.hyperv.replica.plugins.module_utils._drill.verdict import STILL_DOWN, Reason, sentences

#: Virtual machines of one reason that are named where there is little room; a table names them all.
_MOST_NAMES: Final = 6

#: Places where they may be in the end, for as many as are told apart.
_MOST_PLACES: Final = 3


@dataclass(frozen=True, slots=True)
class Cause:
    """Reasons that are alike, of one stage; never empty."""

    reasons: tuple[Reason, ...]

    @property
    def worst(self) -> Reason:
        return max(self.reasons, key=lambda reason: reason.seconds)

    @property
    def follows(self) -> bool:
        return self.reasons[0].follows

    @property
    def stage(self) -> str:
        return self.reasons[0].stage

    @property
    def names(self) -> tuple[str, ...]:
        """The virtual machines that it struck, each once; none where it is about a stage or the drill."""
        return tuple(dict.fromkeys(reason.vm for reason in self.reasons if reason.vm))

    @property
    def tiers(self) -> str:
        found = dict.fromkeys(reason.tier for reason in self.reasons if reason.tier and reason.tier != "all")
        return ", ".join(found)

    @property
    def why(self) -> str:
        """What happened; where it differs, what happened to the one that it struck most."""
        different = len({reason.why for reason in self.reasons}) > 1
        return f"{self.worst.why} ({self.worst.vm}, the most of them)" if different else self.worst.why

    @property
    def cost(self) -> str:
        """What it cost the one that it cost most, and how many have not got over it."""
        if len({reason.cost for reason in self.reasons}) <= 1:
            return self.worst.cost
        lost = sum(STILL_DOWN in reason.cost for reason in self.reasons)
        told = f"{self.worst.cost} ({self.worst.vm}, the most of them)" if self.worst.cost else ""
        return "; ".join(filter(None, (told, f"{lost} of {len(self.names)} {STILL_DOWN}" if lost else "")))

    @property
    def now(self) -> str:
        """Where they are in the end."""
        return places([reason.now for reason in self.reasons])

    def who(self, most: int = _MOST_NAMES) -> str:
        """Those that it struck, so many of them by their names."""
        if len(self.names) <= 1:
            return "".join(self.names)
        return f"{counted(len(self.names), 'VM')}: {named(self.names, most)}"

    @property
    def parts(self) -> tuple[str, str, str]:
        """Who and where; why; what it cost, where they are now, and what to do."""
        tiers = f" ({self.tiers})" if self.tiers else ""
        who = ", ".join(filter(None, (f"{self.who()}{tiers}" if self.names else "", self.stage)))
        rest = [f"Cost: {self.cost}." if self.cost else "", f"Now: {self.now}." if self.now else ""]
        return who, self.why, " ".join(filter(None, [*rest, sentences(self.worst.remedy)]))

    @property
    def is_told_in_part(self) -> bool:
        """Whether its parts leave out a name or a measure."""
        return len(self.names) > 1


def places(said: Sequence[str]) -> str:
    """Where virtual machines are, as each of them says; how many of them where they are not in the same place."""
    found = Counter(filter(None, said))
    if len(found) <= 1:
        return "".join(found)
    told = [f"{many} × {place}" for place, many in found.most_common(_MOST_PLACES)]
    rest = sum(found.values()) - sum(many for _place, many in found.most_common(_MOST_PLACES))
    return "; ".join([*told, *([f"{rest} elsewhere"] if rest else [])])


def grouped(why: Sequence[Reason]) -> list[Cause]:
    """The reasons, those that are alike together: stage after stage, and in each what struck most first."""
    alike: dict[tuple[str, str, bool, bool], list[Reason]] = {}
    for reason in why:
        key = (reason.alike or reason.why, reason.stage, bool(reason.vm), reason.follows)
        alike.setdefault(key, []).append(reason)
    stages = list(dict.fromkeys(reason.stage for reason in why))
    found = [Cause(tuple(reasons)) for reasons in alike.values()]
    return sorted(found, key=lambda cause: (stages.index(cause.stage), cause.follows, -len(cause.names)))
