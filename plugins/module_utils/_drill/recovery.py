# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What comes after a machine's way: it counts as recovered when its probes are green, and not before."""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Protocol, Union

from ansible_collections.hyperv.replica.plugins.module_utils._errors import (
    HyperVReplicaError,
    TimedOut,
    VerificationFailed,
)
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import Absent, End, Pair, Side
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.states import Power
from ansible_collections.hyperv.replica.plugins.module_utils._operations import needs, steps, waiting
from ansible_collections.hyperv.replica.plugins.module_utils._operations.ends import built_in
from ansible_collections.hyperv.replica.plugins.module_utils._operations.plan import Outcome, Receipt, Step, Talk, Wait
from ansible_collections.hyperv.replica.plugins.module_utils._operations.walking import DEADLINE


class Watch(Protocol):
    """Who asks the probes of the machines that run where they were to go."""

    @property
    def watched(self) -> Collection[str]:
        """The machines whose guests have to be asked for in the next look."""

    def look(self, seen: Mapping[str, Pair], now: datetime) -> None:
        """Be shown what was seen last, once a round."""

    def is_green(self, vm_id: str) -> bool:
        """Whether all its probes were green at once."""

    def since(self, vm_id: str) -> datetime | None:
        """When that was first so."""

    def said(self, vm_id: str) -> str:
        """What the probes that are not green came to."""


def recovered(way: Talk, vm_id: str, watch: Watch, within: timedelta, *, rate: float = 1.0) -> Talk:
    """A machine's way, and then its probes until they are green; after WITHIN that counts as a failure of it.

    Args:
        within: by the controller's clock.
        rate: how many times as fast the hosts' time runs.
    """
    outcome = yield from way
    here = outcome.after.destination
    if outcome.error or outcome.skipped or not (isinstance(here, Side) and here.power is Power.RUNNING):
        return outcome
    return (yield from _green(outcome, vm_id, watch, within, rate))


def _green(
    outcome: Outcome, vm_id: str, watch: Watch, within: timedelta, rate: float
) -> Generator[Union[Step, Wait], Union[Receipt, Pair, None], Outcome]:
    try:
        seen = yield Wait(
            until=needs.Awaited(lambda pair: watch.is_green(vm_id), needs.for_guest),
            what="its probes to be green",
            limit=within,
            guest=True,
        )
    except TimedOut as late:
        if late.kind == DEADLINE:
            return replace(outcome, error=late)
        return replace(outcome, error=_red(outcome, watch.said(vm_id), waiting.spelled(within, rate)))
    except HyperVReplicaError as trouble:
        return replace(outcome, error=trouble)
    after, since = seen if isinstance(seen, Pair) else outcome.after, watch.since(vm_id)
    served = {} if outcome.already_there else {"served_at": since}
    return replace(outcome, after=after, facts={**outcome.facts, **served, "recovered_at": since})


def trusted(way: Talk, renew: Callable[[], None]) -> Talk:
    """The way of a machine that others need to sign in, and then a proof that they still can.

    Both its hosts are signed in to anew, and each tries the connection to the other, before anybody else is touched.

    Args:
        renew: has the next request to both hosts sign in again.
    """
    outcome = yield from way
    if outcome.error or not outcome.changed:
        return outcome
    try:
        renew()
        seen = yield Wait(until=waiting.twice(lambda pair: True), what="a new sign-in on both hosts")
        if isinstance(seen, Pair):
            _refuse_silence(seen)
            for end in End if built_in(seen) else ():
                yield from _tested(end, seen)
    except HyperVReplicaError as trouble:
        return replace(outcome, error=trouble)
    return outcome


def _refuse_silence(seen: Pair) -> None:
    for side in (seen.destination, seen.source):
        if isinstance(side, Absent):
            raise waiting.lost(side, seen)


def _tested(end: End, seen: Pair) -> Generator[Union[Step, Wait], Union[Receipt, Pair, None], None]:
    """Try the connection from this end; a turn that was not ours is taken again."""
    step = steps.test_connection(end, seen)
    answer = yield step
    while not isinstance(answer, Receipt):
        answer = yield step
    now = answer.answered_at
    yield Wait(until=waiting.step_done(step, answer, lambda: now), what=step.why, limit=step.limit)


def _red(outcome: Outcome, said: str, within: str) -> VerificationFailed:
    return VerificationFailed(
        f"it runs, but its probes are not green after {within}: {said or 'no answer yet'}",
        kind="probe_failed",
        host=outcome.after.destination.host,
        vm=outcome.after.vm_name,
        remedy="Look at its console and at what it serves; it stays where it is until somebody decides",
    )
