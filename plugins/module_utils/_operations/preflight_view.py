# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One VM as a preflight sees it: both copies, their hosts, and what was asked; what is not known says so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from typing import Final

from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.fitness import Build, Site
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import (
    Absence,
    Absent,
    End,
    HostFacts,
    Pair,
    Side,
)
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.states import ReplicationMode, ReplicationState
from ansible_collections.hyperv.replica.plugins.module_utils._operations import guards
from ansible_collections.hyperv.replica.plugins.module_utils._operations.plan import Consent
from ansible_collections.hyperv.replica.plugins.module_utils._operations.verification import Result


class Operation(str, Enum):
    """What is to be done afterwards."""

    TEST = "test"
    PLANNED = "planned"
    UNPLANNED = "unplanned"
    SYNC = "sync"
    SWITCH = "switch"
    NEW_COPY = "new_copy"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a check came to.

    Attributes:
        host: inventory name of the machine it was found on.
        cause, remedy: instead of the rule's own.
    """

    result: Result
    found: str
    host: str = ""
    cause: str = ""
    remedy: str = ""


def passed(found: str, host: str = "") -> Finding:
    """All is well."""
    return Finding(result=Result.PASS, found=found, host=host)


def warned(found: str, host: str = "", **more: str) -> Finding:
    """Something to know, which stops nothing."""
    return Finding(result=Result.WARN, found=found, host=host, **more)


def failed(found: str, host: str = "", **more: str) -> Finding:
    """It does not hold."""
    return Finding(result=Result.FAIL, found=found, host=host, **more)


class Unseen(Exception):
    """A check wants to know what nobody told.

    Attributes:
        host: who did not tell, why: the reason.
    """

    def __init__(self, host: str, why: str) -> None:
        super().__init__(f"{host}: {why}")
        self.host, self.why = host, why


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the preflight is for.

    Attributes:
        planned_stay: how long the VMs are to stay at the destination.
        rpo: the limit of each VM, by GUID.
        max_data_loss, outage_began: of an unplanned failover; None is not given, or "from the last replication".
        provides: which services each VM of the plan provides, by name.
        moving: names of all VMs that are moved, also between other hosts.
        elsewhere: services that something outside the plan provides too.
        needs: services that the controller itself cannot do without.
        controller: name of the VM that the controller runs in, or the names that it calls itself.
        reserve: bytes of memory that stay free on the destination.
        min_free: bytes that stay free on each volume.
    """

    operation: Operation
    planned_stay: timedelta = timedelta()
    rpo: Mapping[str, timedelta] = field(default_factory=dict)
    max_data_loss: timedelta | None = None
    outage_began: datetime | None = None
    consent: frozenset[Consent] = frozenset()
    provides: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    moving: tuple[str, ...] = ()
    elsewhere: frozenset[str] = frozenset()
    needs: frozenset[str] = frozenset()
    controller: tuple[str, ...] = ()
    reserve: int = 0
    min_free: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Tested:
    """A connection test from the future sender: whether it went well, None where nobody knows, and what was said."""

    good: bool | None
    said: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """Everything one preflight saw.

    Attributes:
        pairs: by GUID, or by the name that was asked for where no host has such a VM.
        everything: every VM of each host that answers, also those that were not asked for.
        seen_at: by the controller's clock, when each host told its own.
        tests: by GUID.
        nodes: what each host of an end said of itself; of a cluster every node that answered.
    """

    asked: Asked
    pairs: Mapping[str, Pair]
    everything: Mapping[End, Mapping[str, Side]] = field(default_factory=dict)
    seen_at: Mapping[End, datetime] = field(default_factory=dict)
    tests: Mapping[str, Tested] = field(default_factory=dict)
    nodes: Mapping[End, tuple[HostFacts, ...]] = field(default_factory=dict)


class Phase(Enum):
    """How far a planned move is; what holds before it begins need not hold afterwards."""

    BEFORE = "before"
    BEGUN = "begun"
    RETURNING = "returning"


@dataclass(frozen=True, slots=True)
class View:
    """One VM as a check sees it; what is not known ends the check."""

    pair: Pair
    whole: Whole

    @property
    def asked(self) -> Asked:
        return self.whole.asked

    @property
    def here(self) -> Side:
        """The destination's copy."""
        return self.side(End.DESTINATION)

    @property
    def there(self) -> Side:
        """The source's copy."""
        return self.side(End.SOURCE)

    def side(self, end: End) -> Side:
        """The copy at an end."""
        side = self.pair.at(end)
        if isinstance(side, Side):
            return side
        raise Unseen(side.host, absence(side))

    def facts(self, end: End) -> HostFacts:
        """What a host says of itself, be the VM there or not."""
        facts = self.pair.at(end).facts
        if facts is None:
            side = self.pair.at(end)
            raise Unseen(side.host, absence(side) if isinstance(side, Absent) else "it says nothing of itself")
        return facts

    def build(self, end: End) -> Build:
        """What a copy is made of."""
        side = self.side(end)
        if side.build is None:
            raise Unseen(side.host, "what it is made of was not read")
        return side.build

    def site(self, end: End) -> Site:
        """What a host has to offer."""
        facts = self.facts(end)
        if facts.site is None:
            raise Unseen(self.pair.at(end).host, "what it has to offer was not read")
        return facts.site

    def nodes(self, end: End) -> tuple[HostFacts, ...]:
        """Every host of an end that answered: the nodes of a cluster, or the one."""
        known = self.whole.nodes.get(end, ())
        return known if len(known) > 1 else (self.facts(end),)

    @property
    def sides(self) -> tuple[Side, Side]:
        """Both copies, the destination's first."""
        return self.here, self.there

    @property
    def phase(self) -> Phase:
        """How far a planned move to the destination is."""
        here, there = self.pair.destination, self.pair.source
        if isinstance(there, Side) and there.mode in guards.RECEIVERS and there.state in guards.FAILED_OVER:
            return Phase.RETURNING
        if isinstance(there, Side) and there.state is ReplicationState.SYNCED:
            return Phase.BEGUN
        if isinstance(here, Side):
            arrived = isinstance(there, Side) and there.mode in guards.RECEIVERS
            if here.state in _ON_THE_WAY or (here.mode is ReplicationMode.PRIMARY and arrived):
                return Phase.BEGUN
        return Phase.BEFORE


_ON_THE_WAY: Final = frozenset(
    {
        *guards.FAILED_OVER,
        ReplicationState.FAILOVER_IN_PROGRESS,
        ReplicationState.FAILBACK_IN_PROGRESS,
        ReplicationState.FAILBACK_COMPLETE,
    }
)


def absence(side: Absent) -> str:
    """Why a host shows nothing of a VM, in words."""
    if side.why is Absence.NO_SUCH_VM:
        return "it has no such VM"
    if side.why is Absence.NOT_ASKED:
        return "no peer was given"
    return f"it does not answer: {side.said}" if side.said else "it does not answer"


def known(value: object, host: str, why: str) -> None:
    """End the check where a value is None."""
    if value is None:
        raise Unseen(host, why)
