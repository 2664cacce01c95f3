# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Probes of a plan while it runs: asked in threads of their own, so that the run never waits for one."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import Pair, Side
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.states import Power
from ansible_collections.hyperv.replica.plugins.module_utils._operations.markers import trial_of
from ansible_collections.hyperv.replica.plugins.module_utils._operations.verification import (
    Expect,
    Result,
    Wanted,
)
from ansible_collections.hyperv.replica.plugins.plugin_utils._probing import Probe, Prober, is_seen
from ansible_collections.hyperv.replica.plugins.plugin_utils._vigil import Watch

#: Between two questions to a VM that does not answer yet.
_PAUSE: Final = timedelta(seconds=1)


class PlanWatch:
    """Knows of each VM of a run whether it is recovered.

    Args:
        probes: by GUID, as the plan writes them, without those that are task files.
        heartbeat: the guests that have to answer; others show none.
        at_most: probes that are out at the same time.
        simulated: no network leads to the guests.
    """

    def __init__(
        self,
        probes: Mapping[str, Sequence[Probe]],
        heartbeat: Collection[str],
        *,
        at_most: int = 32,
        simulated: bool = False,
    ) -> None:
        self._probes, self._heartbeat, self._simulated = probes, set(heartbeat), simulated
        self._prober = Prober(at_most)
        self._watches: dict[str, Watch] = {}

    @property
    def watched(self) -> Collection[str]:
        """Those that run where they were to go and are not recovered yet."""
        return {vm_id for vm_id, watch in self._watches.items() if watch.recovered_at is None}

    def look(self, seen: Mapping[str, Pair], now: datetime) -> None:
        """Take the answers that came, ask whoever is not green again, and keep who is."""
        for (vm_id, place), check in self._prober.answers(0):
            self._watches[vm_id].take(place, check)
        for vm_id, pair in seen.items():
            if vm_id in self._probes and _runs_here(pair):
                watch = self._watches.get(vm_id) or self._watch(vm_id, pair, now)
                watch.seen = pair
                self._ask(watch, now)
                watch.note(now)

    def is_green(self, vm_id: str) -> bool:
        """Whether all its probes were green at once."""
        return self.since(vm_id) is not None

    def since(self, vm_id: str) -> datetime | None:
        """When that was first so."""
        watch = self._watches.get(vm_id)
        return watch.recovered_at if watch else None

    def said(self, vm_id: str) -> str:
        """What the probes that are not green came to."""
        watch = self._watches.get(vm_id)
        bad = [check for check in watch.checks if check.result is Result.FAIL] if watch else []
        return "; ".join(f"{check.check}: {check.found}, wanted {check.wanted}" for check in bad)

    def _watch(self, vm_id: str, pair: Pair, now: datetime) -> Watch:
        mine = self._probes[vm_id]
        watch = Watch(
            vm_id=vm_id,
            seen=pair,
            wanted=Wanted(expect=Expect.ANY, heartbeat=vm_id in self._heartbeat),
            seen_probes=tuple(probe for probe in mine if is_seen(probe)),
            probes=tuple(probe for probe in mine if not is_seen(probe)),
            ends=now,
        )
        self._watches[vm_id] = watch
        return watch

    def _ask(self, watch: Watch, now: datetime) -> None:
        """Ask its probes again, all together, once the last round is over."""
        early = watch.again_at is not None and now < watch.again_at
        if watch.recovered_at is not None or watch.out or early or not watch.probes:
            return
        watch.out, watch.again_at = [None] * len(watch.probes), now + _PAUSE
        for place, probe in enumerate(watch.probes):
            self._prober.ask((watch.vm_id, place), probe, watch.seen, simulated=self._simulated)


def _runs_here(pair: Pair) -> bool:
    """Whether it serves where it was to go; one on trial runs apart from its network and serves nobody."""
    here = pair.destination
    return isinstance(here, Side) and here.power is Power.RUNNING and trial_of(here) is None
