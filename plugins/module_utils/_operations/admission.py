# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who may send its next step now: what a run over many VMs asks before each errand. A single move asks nobody."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from enum import Enum
from typing import Protocol, Union

from ansible_collections.hyperv.replica.plugins.module_utils._errors import HyperVReplicaError
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import End, Pair
from ansible_collections.hyperv.replica.plugins.module_utils._operations.plan import Outcome, Step, Talk, Wait
from ansible_collections.hyperv.replica.plugins.module_utils._operations.routes import HostKey


class Verdict(Enum):
    """What becomes of a VM in this round."""

    GOES_ON = "goes on"
    IS_SKIPPED = "is skipped"


Word = Union[Verdict, HyperVReplicaError]


class Gate(Protocol):
    """What the scheduler asks in each round, after each look; only the main thread asks."""

    @property
    def watched(self) -> Collection[str]:
        """The VMs whose guests have to be asked for in the next look."""

    def way(self, vm_id: str, talk: Talk) -> Talk:
        """A VM's way, with what comes after it, such as probes."""

    def look(self, wishes: Mapping[str, Step | Wait], seen: Mapping[str, Pair], now: datetime) -> None:
        """Be told what each VM that has no answer outstanding asks for next, and what was seen last of all."""

    def word(self, vm_id: str) -> Word:
        """Whether a VM goes on, is left alone, or fails with this error; then it goes to a resting state."""

    def order(self, vm_ids: Sequence[str]) -> Sequence[str]:
        """These VMs, each with a step to send, in the order in which they have their turn."""

    def may(self, vm_id: str, step: Step, at: Mapping[End, HostKey]) -> bool:
        """Whether the step could be sent now, so that a look for it is worth its while; nothing is taken."""

    def admits(self, vm_id: str, step: Step, at: Mapping[End, HostKey]) -> bool:
        """Whether the step may be sent now; from a yes until the VM asks for its next step it counts as running."""

    def ended(self, vm_id: str, outcome: Outcome) -> None:
        """Be told how it went with a VM."""


class OpenGate:
    """Lets everything through."""

    watched: Collection[str] = ()

    def way(self, vm_id: str, talk: Talk) -> Talk:
        return talk

    def look(self, wishes: Mapping[str, Step | Wait], seen: Mapping[str, Pair], now: datetime) -> None:
        """Nothing depends on it."""

    def word(self, vm_id: str) -> Word:
        return Verdict.GOES_ON

    def order(self, vm_ids: Sequence[str]) -> Sequence[str]:
        return vm_ids

    def may(self, vm_id: str, step: Step, at: Mapping[End, HostKey]) -> bool:
        return True

    def admits(self, vm_id: str, step: Step, at: Mapping[End, HostKey]) -> bool:
        return True

    def ended(self, vm_id: str, outcome: Outcome) -> None:
        """Nothing depends on it."""
