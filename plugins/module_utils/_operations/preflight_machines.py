# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Preflight rules about machines: drift between the copies, memory for all of them, versions, keys, clocks, and what
the plan itself stands on."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import End, Side
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.states import ReplicationMode, StartAction
from ansible_collections.hyperv.replica.plugins.module_utils._operations import memory
from ansible_collections.hyperv.replica.plugins.module_utils._operations.preflight import Rule, gates
from ansible_collections.hyperv.replica.plugins.module_utils._operations.preflight_view import (
    Finding,
    Operation,
    Phase,
    Unseen,
    View,
    failed,
    passed,
    warned,
)

_GIB: Final = 1 << 30

#: Build of Windows Server: oldest and newest configuration version that it runs (Microsoft's page about upgrading the
#: version of virtual machines).
_VERSIONS: Final = {
    "9600": ((5, 0), (5, 0)),
    "14393": ((5, 0), (8, 0)),
    "17763": ((5, 0), (9, 0)),
    "20348": ((8, 0), (10, 0)),
    "26100": ((8, 0), (12, 0)),
}

#: How far a host's clock may be off before every age is doubtful, and before Kerberos fails by default (RFC 4120 8.2).
_SKEW: Final = timedelta(seconds=60)
_KERBEROS: Final = timedelta(minutes=5)

_STARTS_BY_ITSELF: Final = (StartAction.ALWAYS, StartAction.RESTART_IF_PREVIOUSLY_ACTIVE)

#: Services without which nothing goes on; a certificate authority may be away for a while.
_VITAL: Final = ("kdc", "dns", "awx")


def _processor_drift(view: View) -> Finding:
    return _drift(view, "processors")


def _memory_drift(view: View) -> Finding:
    return _drift(view, "memory")


def _drift(view: View, name: str) -> Finding:
    numbers = []
    for end in End:
        build = view.build(end)
        number = build.processors if name == "processors" else build.memory
        if number is None:
            raise Unseen(view.side(end).host, build.unread.get(name, f"its {name} were not read"))
        numbers.append(number)
    here, there = (str(number) if name == "processors" else _gib(number) for number in numbers)
    host = view.here.host
    return (
        passed(f"{here} at both ends", host) if here == there else failed(f"{there} at the source, {here} here", host)
    )


def _configuration_version(view: View) -> Finding:
    for end in End:
        build, facts = view.build(end), view.facts(end.other)
        host = view.pair.at(end.other).host
        if build.version is None:
            raise Unseen(view.side(end).host, build.unread.get("checkpoints", "its version was not read"))
        limits = _VERSIONS.get(facts.version.rpartition(".")[2])
        if limits is None:
            raise Unseen(host, f"which versions Windows {facts.version or '?'} runs is not known here")
        version = tuple(int(part) for part in build.version.split(".")[:2] if part.isdecimal())
        if not limits[0] <= version <= limits[1]:
            oldest, newest = (".".join(map(str, one)) for one in limits)
            return failed(f"version {build.version}; this host runs {oldest} to {newest}", host)
    return passed(f"version {view.build(End.DESTINATION).version}")


def _vtpm(view: View) -> Finding:
    for end in End:
        build = view.build(end)
        if build.tpm is None:
            raise Unseen(view.side(end).host, build.unread.get("tpm", "its security settings were not read"))
    here, there = view.build(End.DESTINATION).tpm, view.build(End.SOURCE).tpm
    if here != there:
        return failed("only one copy has a virtual TPM", view.here.host)
    if here:
        raise Unseen(view.here.host, "WMI does not show whether this host holds the guardian certificates of its TPM")
    return passed("it has no virtual TPM", view.here.host)


def _memory(view: View) -> Finding:
    facts, host = view.facts(End.DESTINATION), view.pair.destination.host
    if facts.memory_free is None:
        raise Unseen(host, "it does not tell its free memory")
    starting = [pair.destination for pair in view.whole.pairs.values() if isinstance(pair.destination, Side)]
    starting = [here for here in starting if not memory.is_up(here)]
    needed = 0
    for here in starting:
        size = memory.startup(here)
        if size is None:
            raise Unseen(host, f"it does not tell how much memory {here.vm_name} needs to start")
        needed += size
    reserved = needed + view.asked.reserve
    told = f"{_gib(facts.memory_free)} are free; {len(starting)} VMs and the reserve need {_gib(reserved)}"
    if reserved <= facts.memory_free or not starting:
        return passed(told, host)
    # After an outage a reserve is no reason to leave users without service; a recovery plan holds it the same way.
    spared = view.asked.operation is Operation.UNPLANNED and needed <= facts.memory_free
    return warned(told, host) if spared else failed(told, host)


def _start_action(view: View) -> Finding:
    """Which copy would start beside the one that serves, once its host has power again."""
    side = view.here if view.phase is Phase.RETURNING else view.there
    if side.mode is not ReplicationMode.PRIMARY:
        return passed("this copy does not start by itself", side.host)
    if side.start_action is None:
        raise Unseen(side.host, "it does not tell what it does when its host starts")
    if side.start_action in _STARTS_BY_ITSELF:
        return failed(f"it would start by itself ({side.start_action.name})", side.host)
    return passed("it stays off when its host starts", side.host)


def _clock(view: View) -> Finding:
    offsets = []
    for end in End:
        host, seen = view.pair.at(end).host, view.whole.seen_at.get(end)
        clock = view.facts(end).clock
        if clock is None or seen is None:
            raise Unseen(host, "it tells no time")
        offsets.append((clock - seen, host))
        if abs(clock - seen) > _KERBEROS:
            return failed(f"its clock is {(clock - seen).total_seconds():+.0f} s off the controller's", host)
    for offset, host in offsets:
        if abs(offset) > _SKEW:
            return warned(f"its clock is {offset.total_seconds():+.0f} s off the controller's", host)
    return passed("both clocks are the controller's, within a minute")


def _providers(view: View) -> Finding:
    asked, host = view.asked, view.pair.destination.host
    moving = {name.casefold() for name in asked.moving}
    worries = []
    for service in _VITAL:
        owners = sorted(name for name, services in asked.provides.items() if service in services)
        if not owners or service in asked.elsewhere or any(name.casefold() not in moving for name in owners):
            continue
        said = f"{service} is provided by {', '.join(owners)} alone"
        if service in asked.needs and len(owners) == 1:
            return failed(f"{said}, which the controller cannot do without", host)
        worries.append(said)
    if worries:
        return warned(f"{'; '.join(worries)}: move them last, one after the other", host)
    return passed("every service that the plan stands on stays up somewhere", host)


def _controller(view: View) -> Finding:
    side = next((one for one in (view.pair.source, view.pair.destination) if isinstance(one, Side)), None)
    guest = side.guest.fqdn.casefold() if side and side.guest else ""
    names = {view.pair.vm_name.casefold(), guest, guest.partition(".")[0]} - {""}
    mine = [name for name in view.asked.controller if name.casefold() in names]
    if mine:
        return failed(f"this run itself is in it, as {mine[0]}", view.pair.source.host)
    return passed("this run is not in it")


def _gib(size: float) -> str:
    return f"{size / _GIB:.1f} GiB"


RULES: Final = (
    Rule(
        id="processor_drift",
        asks="Both copies have the same number of processors.",
        gates=gates("W W W - W"),
        check=_processor_drift,
        cause="Changes of a VM's hardware are not replicated",
        remedy="Give the replica as many",
    ),
    Rule(
        id="memory_drift",
        asks="Both copies have the same memory.",
        gates=gates("W W W - W"),
        check=_memory_drift,
        cause="Changes of a VM's hardware are not replicated",
        remedy="Give the replica as much",
    ),
    Rule(
        id="configuration_version",
        asks="Each host runs the configuration version of the other's copy.",
        gates=gates("W B W - B"),
        check=_configuration_version,
        cause="An older host cannot run a newer version, and a newer one drops the oldest",
        remedy="Do not upgrade versions before both hosts are; replicate the VM anew to get an older one",
    ),
    Rule(
        id="vtpm",
        asks="A virtual TPM can be opened at the destination.",
        gates=gates("B B W - B"),
        check=_vtpm,
        cause="A VM with a virtual TPM starts only where the guardian certificates that it was made with are",
        remedy="Import the guardian certificates with keys on both hosts, start a test copy, then waive this rule",
    ),
    Rule(
        id="memory",
        asks="The destination has the memory that all these VMs need to start.",
        gates=gates("B B B - B"),
        check=_memory,
        cause="A VM that does not get its memory does not start",
        remedy="Stop what is not needed there, lower the reserve, or move fewer VMs at a time",
        of_hosts=True,
    ),
    Rule(
        id="start_action",
        asks="The copy that is left behind would not start by itself when power returns.",
        gates=gates("- W W - W"),
        check=_start_action,
        cause="After an outage its host would start the old copy beside the one that serves",
        remedy="Set its automatic start action to nothing; the roles do so for a host that returns",
    ),
    Rule(
        id="clock",
        asks="The clocks of both hosts are the controller's.",
        gates=gates("W W W W W W"),
        check=_clock,
        cause="Ages are measured on the hosts' clocks, and Kerberos allows five minutes",
        remedy="Set the hosts' time service right",
        of_hosts=True,
    ),
    Rule(
        id="providers",
        asks="No service that the plan stands on (Kerberos, DNS, AWX) is shut down everywhere.",
        gates=gates("- B - - B B"),
        check=_providers,
        cause="The run that shuts it down cannot sign in or find its hosts any more",
        remedy="Leave one provider where it is, take the VM out of the plan, or say where else it is provided",
        of_hosts=True,
    ),
    Rule(
        id="controller",
        asks="The controller does not run in one of these VMs.",
        gates=gates("- B - - B B"),
        check=_controller,
        cause="Its shutdown ends the run half way",
        remedy="Run this from elsewhere, or take the VM out of the plan",
    ),
)
