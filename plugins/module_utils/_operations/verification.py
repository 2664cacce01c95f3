# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Is the VM where it should be, healthy, fresh and answering? One verdict per VM, from what was seen."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from typing import Final

from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import (
    Absence,
    Absent,
    Guest,
    Pair,
    Side,
)
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.states import (
    ComponentStatus,
    Power,
    ReplicationHealth,
    ReplicationMode,
    ReplicationState,
)
from ansible_collections.hyperv.replica.plugins.module_utils._operations import guards
from ansible_collections.hyperv.replica.plugins.module_utils._operations.path import shown


class Expect(str, Enum):
    """Where a VM shall be, as seen from the task's host."""

    PROTECTED_HERE = "protected_here"
    SERVED_HERE = "served_here"
    REPLICA_HERE = "replica_here"
    ANY = "any"


class Result(str, Enum):
    """What a check came to."""

    PASS = "pass"
    WARN = "warn"
    FAIL = "fail"
    NOT_CHECKED = "not_checked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that was looked at.

    Attributes:
        check: state, health, rpo, heartbeat, addresses, tcp, http, dns or tasks.
    """

    check: str
    result: Result
    found: str
    wanted: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a verification asks for.

    Attributes:
        max_rpo: how old the last replication may be; None asks nothing.
        networks: addresses or networks of which each guest has to have one; empty asks nothing.
    """

    expect: Expect = Expect.PROTECTED_HERE
    health_ok_only: bool = False
    max_rpo: timedelta | None = None
    heartbeat: bool = True
    networks: tuple[str, ...] = ()


#: The heartbeat says that the guest is well (Microsoft's page msvm-heartbeatcomponent: 3 is an older protocol).
_WELL: Final = (ComponentStatus.OK, ComponentStatus.DEGRADED)


def checks(seen: Pair, wanted: Wanted) -> tuple[Check, ...]:
    """Everything a look alone can say; probes come beside it."""
    here = seen.destination
    if isinstance(here, Absent):
        found = f"{here.host} shows {shown(here)}"
        return (Check(check="state", result=Result.FAIL, found=found, wanted=wanted.expect.value),)
    told = [_state(seen, here, wanted.expect), _health(here, wanted)]
    if wanted.max_rpo is not None:
        told.append(_rpo(seen, here, wanted.max_rpo))
    if wanted.expect is not Expect.REPLICA_HERE:
        told += _guest(here, wanted)
    return tuple(told)


def worst(told: tuple[Check, ...]) -> Result:
    """The verdict over all checks; what could not be checked counts as a warning."""
    results = {check.result for check in told}
    if Result.FAIL in results:
        return Result.FAIL
    return Result.WARN if results & {Result.WARN, Result.NOT_CHECKED} else Result.PASS


def age(seen: Pair) -> timedelta | None:
    """Since the last replication, on the clock of the host that received it; the sender's where that is not seen."""
    for side in _receiver_first(seen):
        if side.last_replicated is not None and side.facts.clock is not None:
            return max(side.facts.clock - side.last_replicated, timedelta())
    return None


def _receiver_first(seen: Pair) -> list[Side]:
    sides = [side for side in (seen.destination, seen.source) if isinstance(side, Side)]
    return sorted(sides, key=lambda side: side.mode not in guards.RECEIVERS)


def _state(seen: Pair, here: Side, expect: Expect) -> Check:
    there = seen.source
    good, result = _WHERE[expect](here), Result.PASS
    found = f"{here.host} shows {shown(here)}"
    if isinstance(there, Side):
        found += f"; {there.host} shows {shown(there)}"
        if here.power in guards.UP and there.power in guards.UP:
            good, found = False, f"BOTH COPIES RUN: {found}"
        if expect is Expect.PROTECTED_HERE and there.state is not ReplicationState.REPLICATING:
            good = False
    elif there.why is not Absence.NOT_ASKED:
        found += f"; {there.host} shows {shown(there)}"
        good, result = good and expect is not Expect.PROTECTED_HERE, Result.NOT_CHECKED
    if not good:
        result = Result.FAIL
    return Check(check="state", result=result, found=found, wanted=expect.value)


def _protected(here: Side) -> bool:
    replicates = here.mode is ReplicationMode.PRIMARY and here.state is ReplicationState.REPLICATING
    return replicates and here.power is Power.RUNNING


def _replica(here: Side) -> bool:
    return here.mode in guards.RECEIVERS and here.power is not Power.RUNNING and here.state not in guards.FAILED_OVER


_WHERE: Final[dict[Expect, Callable[[Side], bool]]] = {
    Expect.PROTECTED_HERE: _protected,
    Expect.SERVED_HERE: lambda here: here.power is Power.RUNNING,
    Expect.REPLICA_HERE: _replica,
    Expect.ANY: lambda here: True,
}


def _health(here: Side, wanted: Wanted) -> Check:
    result = {
        ReplicationHealth.OK: Result.PASS,
        ReplicationHealth.WARNING: Result.FAIL if wanted.health_ok_only else Result.WARN,
        ReplicationHealth.CRITICAL: Result.FAIL,
        ReplicationHealth.NOT_APPLICABLE: Result.NOT_CHECKED,
    }[here.health]
    needs_none = wanted.expect in (Expect.SERVED_HERE, Expect.ANY)
    if needs_none and here.health is ReplicationHealth.NOT_APPLICABLE:
        result = Result.PASS
    return Check(
        check="health",
        result=result,
        found=f"{here.health.name} ({int(here.health)}) on {here.host}",
        wanted="OK" if wanted.health_ok_only else "OK or WARNING",
    )


def _rpo(seen: Pair, here: Side, limit: timedelta) -> Check:
    old = age(seen)
    if old is None:
        return Check(
            check="rpo", result=Result.FAIL, found="never replicated, or the host told no time", wanted=_s(limit)
        )
    result = Result.PASS if old <= limit else Result.FAIL
    return Check(check="rpo", result=result, found=f"last replication {_s(old)} ago", wanted=f"at most {_s(limit)}")


def _s(length: timedelta) -> str:
    return f"{length.total_seconds():.0f} s"


def _guest(here: Side, wanted: Wanted) -> list[Check]:
    told = [heartbeat_check(here.guest)] if wanted.heartbeat else []
    return told + ([addresses_check(here.guest, wanted.networks)] if wanted.networks else [])


def heartbeat_check(guest: Guest | None) -> Check:
    """Whether the guest says that it is well."""
    beat = guest.heartbeat if guest else None
    return Check(
        check="heartbeat",
        result=Result.PASS if beat in _WELL else Result.FAIL,
        found=beat.name if beat is not None else "the guest is silent",
        wanted="OK",
    )


def addresses_check(guest: Guest | None, networks: Sequence[str]) -> Check:
    """Whether the guest tells an address that is one of these or lies in one of them."""
    addresses = guest.addresses if guest else ()
    fits = any(_lies_in(address, network) for address in addresses for network in networks)
    return Check(
        check="addresses",
        result=Result.PASS if fits else Result.FAIL,
        found=", ".join(addresses) or "the guest tells none",
        wanted=", ".join(networks),
    )


def _lies_in(address: str, network: str) -> bool:
    try:
        return ipaddress.ip_address(address.split("%")[0]) in ipaddress.ip_network(network, strict=False)
    except ValueError:
        return False
