# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Base of the two actions that only look: what hosts show, and whether it is what it should be."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from ansible_collections.hyperv.replica.plugins.module_utils._errors import (
    HyperVReplicaError,
    PreconditionFailed,
    TransportError,
)
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.looking import Gather, Look
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import Absence, Absent, End, Pair, Side
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.naming import resolve
from ansible_collections.hyperv.replica.plugins.module_utils._operations import guards, verification
from ansible_collections.hyperv.replica.plugins.module_utils._operations.looks import Looks
from ansible_collections.hyperv.replica.plugins.module_utils._operations.verification import (
    Check,
    Expect,
    Result,
    Wanted,
)
from ansible_collections.hyperv.replica.plugins.module_utils._probes.http import probe_http
from ansible_collections.hyperv.replica.plugins.module_utils._probes.tcp import probe_tcp
from ansible_collections.hyperv.replica.plugins.module_utils._surface.plain import plain
from ansible_collections.hyperv.replica.plugins.module_utils._surface.results import side_result
from ansible_collections.hyperv.replica.plugins.module_utils._surface.specs import INFO, VERIFY
from ansible_collections.hyperv.replica.plugins.module_utils._surface.values import duration
from ansible_collections.hyperv.replica.plugins.module_utils._surface.words import counted, where_now
from ansible_collections.hyperv.replica.plugins.plugin_utils._task import (
    HostAction,
    Session,
    skew_warnings,
    unreachable,
)

#: Seconds a silent host is asked again while a verification waits.
_PATIENCE: Final = 30.0


class InfoAction(HostAction):
    """Reads one host, or both ends of its VMs."""

    spec = INFO

    def work(self, session: Session) -> dict[str, Any]:
        """Give what the hosts show."""
        gather = frozenset(Gather(word) for word in session.options["gather"])
        crew = session.start_crew()
        seen = crew.look(dict.fromkeys(session.hosts, gather), None)
        looks = {end: _look(answer, session.name) for end, answer in seen.items()}
        here = looks[End.DESTINATION]
        wanted = session.options["vms"]
        vm_ids = [*here.sides] if wanted is None else [*dict.fromkeys(resolve(wanted, here).values())]
        return {
            "changed": False,
            "vms": [_told(vm_id, looks) for vm_id in vm_ids],
            "hosts": {look.facts.name: plain(look.facts) for look in looks.values()},
            "exchanges": {host.name: host.exchanges for host in session.hosts.values()},
            "warnings": skew_warnings(looks),
        }


def _look(answer: Look | HyperVReplicaError, home: str) -> Look:
    if isinstance(answer, Look):
        return answer
    if isinstance(answer, TransportError):
        if answer.host == home:
            raise unreachable(answer) from None  # core prints every cause it is given
        answer.kind = "peer_unreachable"
    raise answer


def _told(vm_id: str, looks: Mapping[End, Look]) -> dict[str, Any]:
    here = looks[End.DESTINATION].sides[vm_id]
    told: dict[str, Any] = {
        "name": here.vm_name,
        "id": vm_id,
        "age_seconds": None,
        "here": side_result(here, whole=True),
    }
    clock, last = here.facts.clock, here.last_replicated
    if clock is not None and last is not None:
        told["age_seconds"] = (clock - last).total_seconds()
    statistics = looks[End.DESTINATION].statistics.get(vm_id)
    if statistics is not None:
        told["statistics"] = plain(statistics)
    if End.SOURCE in looks:
        pair = _pair(here, vm_id, looks[End.SOURCE])
        told |= {"now": where_now(pair), "there": side_result(pair.source, whole=True)}
    return told


def _pair(here: Side, vm_id: str, there: Look) -> Pair:
    absent = Absent(host=there.facts.name, vm_id=vm_id, why=Absence.NO_SUCH_VM, facts=there.facts)
    return Pair(destination=here, source=there.sides.get(vm_id, absent))


class VerifyAction(HostAction):
    """Asserts where VMs are and how well, with retries; changes nothing."""

    spec = VERIFY

    def work(self, session: Session) -> dict[str, Any]:
        """Look until everything is good or the time for it is over, and give the verdict."""
        options = session.options
        wanted, probes = _wanted(options), options["probes"] or []
        gather = {Gather.STATE, Gather.SETTINGS, Gather.GUEST}
        looks = Looks(session.start_crew(), {End.DESTINATION: gather}, patience_seconds=_PATIENCE)
        first = self._first(looks, session.name)
        here = first[End.DESTINATION]
        vm_ids = [*dict.fromkeys(resolve(options["vms"], here).values())]
        owners = {probe["vm"]: next(iter(resolve([probe["vm"]], here).values())) for probe in probes}
        by_vm = {vm_id: [probe for probe in probes if owners[probe["vm"]] == vm_id] for vm_id in vm_ids}
        strangers = [probe["vm"] for probe in probes if owners[probe["vm"]] not in vm_ids]
        if strangers:
            raise PreconditionFailed(
                f"probes name VMs that are not in vms: {', '.join(strangers)}",
                kind="bad_option",
                host=session.name,
                remedy="Add them to vms, or take the probes out",
            )
        told = self._until_good(session, looks, vm_ids, wanted, by_vm)
        return self._result(session, looks.pairs(vm_ids), told, skew_warnings(first))

    def _first(self, looks: Looks, home: str) -> Mapping[End, Look]:
        try:
            return looks.first(silence_allowed=True)
        except TransportError as error:
            if error.host == home:
                raise unreachable(error) from None  # core prints every cause it is given
            raise

    def _until_good(
        self, session: Session, looks: Looks, vm_ids: list[str], wanted: Wanted, probes: Mapping[str, list[Any]]
    ) -> dict[str, tuple[Check, ...]]:
        show, options = self.progress(session), session.options
        end = session.clock.now() + timedelta(seconds=options["within"])
        pairs = looks.pairs(vm_ids)
        while True:
            told = {vm_id: _checked(pair, wanted, probes[vm_id]) for vm_id, pair in pairs.items()}
            bad = [vm_id for vm_id, checks in told.items() if verification.worst(checks) is Result.FAIL]
            if not bad or session.clock.now() >= end:
                return told
            for vm_id in bad:
                show(vm_id, pairs[vm_id].vm_name, f"not yet: {_failing(told[vm_id])}")
            looks.crew.rest(min(options["poll_interval"], max(0.0, (end - session.clock.now()).total_seconds())))
            pairs = looks.take(vm_ids, guest=True) or pairs

    def _result(
        self,
        session: Session,
        pairs: Mapping[str, Pair],
        told: Mapping[str, tuple[Check, ...]],
        warnings: list[str],
    ) -> dict[str, Any]:
        vms = [_verdict(pairs[vm_id], checks) for vm_id, checks in told.items()]
        summary = {word: sum(vm["verdict"] == word for vm in vms) for word in ("passed", "warned", "failed")}
        bad = {"fail": ("failed",), "warn": ("failed", "warned"), "never": ()}[session.options["fail_on"]]
        said = [f"{counted(count, 'VM')} {word}" for word, count in summary.items() if count]
        failing = [
            f"{vm['name']}: {_failing(told[vm['id']], warnings=True)}." for vm in vms if vm["verdict"] != "passed"
        ]
        return {
            "changed": False,
            "failed": any(vm["verdict"] in bad for vm in vms),
            "msg": " ".join([f"{', '.join(said)}.", *failing]),
            "summary": summary,
            "vms": vms,
            "exchanges": {host.name: host.exchanges for host in session.hosts.values()},
            "warnings": warnings,
        }


def _wanted(options: Mapping[str, Any]) -> Wanted:
    networks = tuple(options["addresses"] or ())
    for network in networks:
        try:
            ipaddress.ip_network(network, strict=False)
        except ValueError:
            raise PreconditionFailed(
                f"addresses has {network!r}, which is neither an address nor a network",
                kind="bad_option",
                remedy='Write "192.0.2.10" or "192.0.2.0/24"',
            ) from None
    limit = options["max_rpo"]
    return Wanted(
        expect=Expect(options["expect"]),
        health_ok_only=options["require_health"] == "ok",
        max_rpo=None if limit is None else duration(limit, option="max_rpo"),
        heartbeat=options["heartbeat"],
        networks=networks,
    )


def _checked(seen: Pair, wanted: Wanted, probes: list[Any]) -> tuple[Check, ...]:
    try:
        guards.refuse_wrong_peer(seen)
    except PreconditionFailed as stranger:
        return (Check(check="state", result=Result.FAIL, found=stranger.found, wanted="the other end as peer"),)
    checks = verification.checks(seen, wanted)
    return (*checks, *(probed(probe, seen) for probe in probes))


def probed(probe: Mapping[str, Any], seen: Pair) -> Check:
    """Whether what the guest at the destination serves answers, from the controller."""
    here = seen.destination
    timeout = float(probe["timeout"])
    if probe["http"]:
        web = probe["http"]
        answer = probe_http(
            web["url"],
            status=web["status"],
            contains=web["contains"] or "",
            timeout=timeout,
            ca_path=web["ca_path"],
            validate=web["validate_certs"],
        )
        return Check(check="http", result=_result(answer.ok), found=answer.detail, wanted=web["url"])
    guest = here.guest if isinstance(here, Side) else None
    address = probe["address"] or (guest.addresses[0] if guest and guest.addresses else "")
    wanted = f"{address or 'the guest'} port {probe['tcp']}"
    if not address:
        return Check(check="tcp", result=Result.FAIL, found="the guest tells no address", wanted=wanted)
    answer = probe_tcp(address, probe["tcp"], timeout)
    return Check(check="tcp", result=_result(answer.ok), found=answer.detail, wanted=wanted)


def _result(good: bool) -> Result:
    return Result.PASS if good else Result.FAIL


def _verdict(seen: Pair, checks: tuple[Check, ...]) -> dict[str, Any]:
    words = {Result.PASS: "passed", Result.WARN: "warned", Result.FAIL: "failed"}
    old = verification.age(seen)
    return {
        "name": seen.vm_name,
        "id": seen.vm_id,
        "verdict": words[verification.worst(checks)],
        "now": where_now(seen),
        "rpo_seconds": None if old is None else old.total_seconds(),
        "checks": plain(checks),
    }


def _failing(checks: tuple[Check, ...], *, warnings: bool = False) -> str:
    wanted = {Result.FAIL, Result.WARN, Result.NOT_CHECKED} if warnings else {Result.FAIL}
    return "; ".join(
        f"{check.check} {check.result.value}: {check.found}, wanted {check.wanted}"
        for check in checks
        if check.result in wanted
    )
