# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Base of the action that gives verdicts: looks and probes until each VM is good or its time is over."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from ansible_collections.hyperv.replica.plugins.module_utils._errors import (
    PreconditionFailed,
    TransportError,
)
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.looking import Gather, Look
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import End
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
from ansible_collections.hyperv.replica.plugins.module_utils._surface.specs import VERIFY
from ansible_collections.hyperv.replica.plugins.module_utils._surface.words import counted, where_now
from ansible_collections.hyperv.replica.plugins.module_utils._values import duration
from ansible_collections.hyperv.replica.plugins.plugin_utils._probing import is_seen
from ansible_collections.hyperv.replica.plugins.plugin_utils._task import (
    HostAction,
    Session,
    skew_warnings,
    unreachable,
)
from ansible_collections.hyperv.replica.plugins.plugin_utils._vigil import Vigil, Watch

#: Seconds a silent host is asked again while a verification waits.
_PATIENCE: Final = 30.0


class VerifyAction(HostAction):
    """Asserts where VMs are and how well, with retries; changes nothing."""

    spec = VERIFY
    spans_clusters = True

    def work(self, session: Session) -> dict[str, Any]:
        """Look and ask until everything is good or the time for it is over, and give the verdict."""
        options = session.options
        wanted = _wanted(options)
        gather = {Gather.STATE, Gather.SETTINGS, Gather.GUEST}
        crew = session.start_crew()
        looks = Looks(crew, {End.DESTINATION: gather}, patience_seconds=_PATIENCE, routes=session.routes)
        first = self._first(looks, session.name)
        for roll in session.rolls.values():
            refuse_strangers(roll, looks.last())
        watches = _watches(options, wanted, first[End.DESTINATION], looks, session)
        vigil = Vigil(looks, watches, session.clock, deadline=session.deadline, show=self.progress(session))
        vigil.keep(options["poll_interval"], at_most=options["concurrency"], simulated=options["simulated_guests"])
        about_hosts = [*skew_warnings(looks.last()), *session.cluster_warnings(looks.last())]
        return _result(session, watches, [*about_hosts, *vigil.warnings])

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
        within = options["within"] if own.get("within") is None else own["within"]
        watches.append(
            Watch(
                vm_id=vm_id,
                seen=pair,
                wanted=_own(wanted, own, probes[vm_id]),
                seen_probes=tuple(probe for probe in probes[vm_id] if is_seen(probe)),
                probes=tuple(probe for probe in probes[vm_id] if not is_seen(probe)),
                ends=began + timedelta(seconds=within),
            )
        )
    return watches


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


def _result(session: Session, watches: list[Watch], warnings: list[str]) -> dict[str, Any]:
    vms = [_verdict(watch) for watch in watches]
    summary = {word: sum(vm["verdict"] == word for vm in vms) for word in ("passed", "warned", "failed")}
    bad = {"fail": ("failed",), "warn": ("failed", "warned"), "never": ()}[session.options["fail_on"]]
    said = [f"{counted(count, 'VM')} {word}" for word, count in summary.items() if count]
    failing = [f"{vm['name']}: {vm['failing']}." for vm in vms if vm["verdict"] != "passed"]
    return {
        "changed": False,
        "failed": any(vm["verdict"] in bad for vm in vms),
        "msg": " ".join([f"{', '.join(said)}.", *failing]),
        "summary": summary,
        "vms": vms,
        "exchanges": {host.name: host.exchanges for host in session.hosts.values()},
        "warnings": warnings,
    }


def _verdict(watch: Watch) -> dict[str, Any]:
    words = {Result.PASS: "passed", Result.WARN: "warned", Result.FAIL: "failed"}
    checks = watch.checks
    old = verification.age(watch.seen)
    return {
        "name": watch.seen.vm_name,
        "id": watch.vm_id,
        "verdict": words[verification.worst(checks)],
        "now": where_now(watch.seen),
        "recovered_at": plain(watch.recovered_at),
        "rpo_seconds": None if old is None else old.total_seconds(),
        "checks": plain(checks),
        "failing": failing(checks, warnings=True),
    }


def failing(checks: tuple[Check, ...], *, warnings: bool = False) -> str:
    """What is wrong, in a few words."""
    wanted = {Result.FAIL, Result.WARN, Result.NOT_CHECKED} if warnings else {Result.FAIL}
    return "; ".join(
        f"{check.check} {check.result.value}: {check.found}, wanted {check.wanted}"
        for check in checks
        if check.result in wanted
    )
