# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Base of the action that gives verdicts: looks and probes until each VM is good or its time is over.

Of one host, or of all VMs of a plan on all its hosts at the same time.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from ansible_collections.hyperv.replica.plugins.module_utils._drill.plan import Plan, Towards
from ansible_collections.hyperv.replica.plugins.module_utils._drill.plan_reading import read_plan
from ansible_collections.hyperv.replica.plugins.module_utils._errors import (
    PreconditionFailed,
    TransportError,
)
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.looking import Gather, Look
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import Absence, Absent, End, Pair, Side
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.naming import resolve
from ansible_collections.hyperv.replica.plugins.module_utils._operations import verification
from ansible_collections.hyperv.replica.plugins.module_utils._operations.looks import Looks
from ansible_collections.hyperv.replica.plugins.module_utils._operations.membership import refuse_strangers
from ansible_collections.hyperv.replica.plugins.module_utils._operations.verification import (
    Check,
    Expect,
    Result,
    Wanted,
)
from ansible_collections.hyperv.replica.plugins.module_utils._surface.plain import plain
from ansible_collections.hyperv.replica.plugins.module_utils._surface.plan_calls import (
    Timing,
    chosen,
    name_of,
    verify_calls,
)
from ansible_collections.hyperv.replica.plugins.module_utils._surface.plan_surface import probes_of
from ansible_collections.hyperv.replica.plugins.module_utils._surface.specs import VERIFY
from ansible_collections.hyperv.replica.plugins.module_utils._surface.words import counted, where_now
from ansible_collections.hyperv.replica.plugins.module_utils._values import duration
from ansible_collections.hyperv.replica.plugins.plugin_utils._estate import EstateAction, EstateSession
from ansible_collections.hyperv.replica.plugins.plugin_utils._mustering import Member, Muster
from ansible_collections.hyperv.replica.plugins.plugin_utils._peer import inventory_groups, inventory_hosts
from ansible_collections.hyperv.replica.plugins.plugin_utils._probing import is_seen
from ansible_collections.hyperv.replica.plugins.plugin_utils._task import (
    HostAction,
    Session,
    skews,
    unreachable,
)
from ansible_collections.hyperv.replica.plugins.plugin_utils._vigil import Seeing, Vigil, Watch

#: What is read of each host beside what every look reads.
_GATHER: Final = {End.DESTINATION: {Gather.STATE, Gather.SETTINGS, Gather.GUEST}}

#: Seconds a silent host is asked again while a verification waits.
_PATIENCE: Final = 30.0


class VerifyAction(EstateAction):
    """Asserts where VMs are and how well, with retries; changes nothing."""

    spec = VERIFY
    spans_clusters = True

    def _open(self, options: dict[str, Any], task_vars: dict[str, Any]) -> Session:
        """The task's host and its peer, or for a plan no host at first: which ones there are says the plan."""
        return super()._open(options, task_vars) if options["plan"] else HostAction._open(self, options, task_vars)

    def work(self, session: Session) -> dict[str, Any]:
        """Look and ask until everything is good or the time for it is over, and give the verdict."""
        return self._of_plan(session) if isinstance(session, EstateSession) else self._of_host(session)

    def _of_host(self, session: Session) -> dict[str, Any]:
        options = session.options
        wanted = _wanted(options)
        looks = Looks(session.start_crew(), _GATHER, patience_seconds=_PATIENCE, routes=session.routes)
        first = self._first(looks, session.name)
        for roll in session.rolls.values():
            refuse_strangers(roll, looks.last())
        watches = _watches(options, wanted, first[End.DESTINATION], looks, session)
        warnings = self._keep(session, looks, watches)
        about_hosts = [*self.skew(looks.last()), *session.cluster_warnings(looks.last())]
        exchanges = {host.name: host.exchanges for host in session.hosts.values()}
        return _result(options, watches, exchanges, [*about_hosts, *warnings]) | {"skew": skews(looks.last())}

    def _of_plan(self, session: EstateSession) -> dict[str, Any]:
        options = session.options
        plan = read_plan(options["plan"], (*inventory_hosts(self), *inventory_groups(self)))
        meant = chosen(options["plan"], options["vms"] or ())
        written = {
            vm.name: name_of(as_written) for vm, as_written in zip(plan.vms, options["plan"]["vms"], strict=True)
        }
        part = plan.only([name for name, said in written.items() if said in [name_of(vm) for vm in meant]])
        members = _members(part, options, session.clock.now())
        rolls = self.open_hosts(session, [(member.here, member.there) for member in members], self.task_vars)
        for member in members:
            nodes = {member.here, *map(str, rolls[member.here].hosts)}
            member.watch.simulated = options["simulated_guests"] or not nodes.isdisjoint(
                options["simulated_hosts"] or ()
            )
        looks = Looks(session.start_crew(), _GATHER, patience_seconds=_PATIENCE)
        muster = Muster(looks, members, rolls)
        muster.first()
        watches = [member.watch for member in members]
        warnings = self._keep(session, muster, watches)
        away = [f"the node {name} does not answer; others of its cluster do" for name in muster.silent_nodes()]
        about_hosts = [*self.skew(looks.last()), *away]
        result = _result(options, watches, session.exchanges(), [*about_hosts, *warnings])
        return {**result, "skew": skews(looks.last()), "not_reached": muster.not_reached()}

    def _keep(self, session: Session, looks: Seeing, watches: list[Watch]) -> list[str]:
        """Watch to the end; give what kept it from that."""
        vigil = Vigil(looks, watches, session.clock, deadline=session.deadline, show=self.progress(session))
        vigil.keep(session.options["poll_interval"], at_most=session.options["concurrency"])
        return vigil.warnings

    def _first(self, looks: Looks, home: str) -> Mapping[End, Look]:
        try:
            return looks.first(silence_allowed=True)
        except TransportError as error:
            if error.host == home:
                raise unreachable(error) from None  # core prints every cause it is given
            raise


def _watches(options: Mapping[str, Any], wanted: Wanted, here: Look, looks: Looks, session: Session) -> list[Watch]:
    """What is asked of each VM, from the options for all and those for one."""
    vm_ids = [*dict.fromkeys(resolve(options["vms"], here).values())]
    probes = _by_vm("probes", options["probes"] or [], vm_ids, here)
    limits = _by_vm("limits", options["limits"] or [], vm_ids, here)
    began = session.clock.now()
    watches = []
    for vm_id, pair in looks.pairs(vm_ids).items():
        own = limits[vm_id][-1] if limits[vm_id] else {}
        within = (options["within"] or 0) if own.get("within") is None else own["within"]
        watches.append(
            Watch(
                vm_id=vm_id,
                seen=pair,
                wanted=_own(wanted, own, probes[vm_id]),
                seen_probes=tuple(probe for probe in probes[vm_id] if is_seen(probe)),
                probes=tuple(probe for probe in probes[vm_id] if not is_seen(probe)),
                ends=began + timedelta(seconds=within),
                simulated=options["simulated_guests"],
            )
        )
    return watches


def _members(plan: Plan, options: Mapping[str, Any], now: datetime) -> list[Member]:
    """The VMs of the plan with their probes and their time, which runs from when each was taken from its users."""
    wanted, at = _wanted(options), Towards(options["at"])
    within = options["within"]
    timing = Timing(
        now=now,
        within=None if within is None or within < 0 else within,
        since=options["since"] or {},
        rate=max(1.0, options["simulated_rate"]),
    )
    calls = verify_calls(options["plan"], [vm.named for vm in plan.vms], options["at"], timing)
    limits = {limit["vm"].casefold(): limit for call in calls for limit in call["limits"]}
    members = []
    for vm in plan.vms:
        here, there = vm.to(at), vm.away_from(at)
        probes = probes_of(options["plan"], vm)
        watch = Watch(
            vm_id=vm.named.upper(),
            name=vm.name,
            seen=_unseen(vm.name, here, there),
            wanted=_own(wanted, limits[vm.name.casefold()], probes),
            seen_probes=tuple(probe for probe in probes if is_seen(probe)),
            probes=tuple(probe for probe in probes if not is_seen(probe)),
            ends=now + timedelta(seconds=limits[vm.name.casefold()]["within"]),
        )
        members.append(Member(named=vm.named, here=here, there=there, watch=watch))
    return members


def _unseen(name: str, here: str, there: str) -> Pair:
    """What is known of a VM before the first look."""
    sides = [Absent(host=host, vm_id=name, why=Absence.UNREACHABLE) for host in (here, there)]
    return Pair(destination=sides[0], source=sides[1])


def _by_vm(option: str, given: list[Any], vm_ids: list[str], here: Look) -> dict[str, list[Any]]:
    """What was given for single VMs, by their GUIDs."""
    owners = {entry["vm"]: next(iter(resolve([entry["vm"]], here).values())) for entry in given}
    strangers = [name for name, vm_id in owners.items() if vm_id not in vm_ids]
    if strangers:
        raise PreconditionFailed(
            f"{option} name VMs that are not in vms: {', '.join(strangers)}",
            kind="bad_option",
            host=here.facts.name,
            remedy=f"Add them to vms, or take them out of {option}",
        )
    return {vm_id: [entry for entry in given if owners[entry["vm"]] == vm_id] for vm_id in vm_ids}


def _own(wanted: Wanted, own: Mapping[str, Any], probes: list[Any]) -> Wanted:
    """What is wanted of one VM: its own limit, and no heartbeat twice."""
    if own.get("max_rpo") is not None:
        wanted = replace(wanted, max_rpo=duration(own["max_rpo"], option="limits.max_rpo"))
    for probe in probes:
        _readable(probe.get("addresses") or ())
    if any(probe.get("heartbeat") is not None for probe in probes):
        wanted = replace(wanted, heartbeat=False)
    return wanted


def _wanted(options: Mapping[str, Any]) -> Wanted:
    limit = options["max_rpo"]
    return Wanted(
        expect=Expect(options["expect"]),
        health_ok_only=options["require_health"] == "ok",
        max_rpo=None if limit is None else duration(limit, option="max_rpo"),
        heartbeat=options["heartbeat"],
        networks=_readable(options["addresses"] or ()),
    )


def _readable(networks: list[str] | tuple[str, ...]) -> tuple[str, ...]:
    for network in networks:
        try:
            ipaddress.ip_network(network, strict=False)
        except ValueError:
            raise PreconditionFailed(
                f"addresses has {network!r}, which is neither an address nor a network",
                kind="bad_option",
                remedy='Write "192.0.2.10" or "192.0.2.0/24"',
            ) from None
    return tuple(networks)


def _result(
    options: Mapping[str, Any], watches: list[Watch], exchanges: dict[str, int], warnings: list[str]
) -> dict[str, Any]:
    vms = [_verdict(watch) for watch in watches]
    summary = {word: sum(vm["verdict"] == word for vm in vms) for word in ("passed", "warned", "failed")}
    bad = {"fail": ("failed",), "warn": ("failed", "warned"), "never": ()}[options["fail_on"]]
    said = [f"{counted(count, 'VM')} {word}" for word, count in summary.items() if count]
    failing = [f"{vm['name']}: {vm['failing']}." for vm in vms if vm["verdict"] != "passed"]
    return {
        "changed": False,
        "failed": any(vm["verdict"] in bad for vm in vms),
        "msg": " ".join([f"{', '.join(said)}.", *failing]),
        "summary": summary,
        "vms": vms,
        "exchanges": exchanges,
        "warnings": warnings,
    }


def _verdict(watch: Watch) -> dict[str, Any]:
    words = {Result.PASS: "passed", Result.WARN: "warned", Result.FAIL: "failed"}
    checks = watch.checks
    old = verification.age(watch.seen)
    return {
        "name": watch.name or watch.seen.vm_name,
        "id": watch.vm_id,
        "verdict": words[verification.worst(checks)],
        "now": where_now(watch.seen),
        "recovered_at": plain(watch.recovered_at),
        "addresses": _addresses(watch.seen.destination),
        "rpo_seconds": None if old is None else old.total_seconds(),
        "checks": plain(checks),
        "failing": failing(checks, warnings=True),
    }


def _addresses(here: Side | Absent) -> list[str]:
    return [*here.guest.addresses] if isinstance(here, Side) and here.guest else []


def failing(checks: tuple[Check, ...], *, warnings: bool = False) -> str:
    """What is wrong, in a few words."""
    wanted = {Result.FAIL, Result.WARN, Result.NOT_CHECKED} if warnings else {Result.FAIL}
    return "; ".join(
        f"{check.check} {check.result.value}: {check.found}, wanted {check.wanted}"
        for check in checks
        if check.result in wanted
    )
