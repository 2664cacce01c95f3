# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""InitiateFailback: a replication provider brings the data back to the copy that receives them."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.states import (
    BUILT_IN_PROVIDER,
    JobType,
    Power,
    ReplicationMode,
    ReplicationState,
)
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.case import Case, receives
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.jobs import Refused, Work
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.machines import Counters, Vm, missing
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.replication import (
    compare_seconds,
    transfer_seconds,
)
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.settings import merged
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.values import MethodResult

STATE: Final = ReplicationState


def initiate_failback(case: Case) -> MethodResult:
    """Page initiatefailback: the provider brings a recovery point back; 13 until it is there, then 14 (inferred)."""
    vm = case.vm()
    given = case.embedded("ReplicationSettingData")
    case.idle(vm)
    settings = merged(vm.relationship.settings, given, case.world.switches)
    if settings.provider not in [provider.guid for provider in case.host.providers]:
        raise Refused(32770, "return")
    if settings.provider == BUILT_IN_PROVIDER:
        # No public text describes failback with the built-in provider: which refusal it is, is a switch.
        answer = case.world.switches["builtin_failback"]
        raise Refused(32770, "job") if answer == "failed_job" else Refused(int(answer), "return")
    receiver = _failback_receiver(case, vm)
    return _bring_back(receiver, receiver.vm(), _failback_content(receiver, receiver.vm()))


def _failback_receiver(case: Case, vm: Vm) -> Case:
    """The call as it is about the VM that receives the data: which end it is made on can be read both ways: a switch.

    Raises:
        Refused: 32775 on the other end, or in a state that the provider does not take.
    """
    if case.world.switches.is_("failback_called_on", "receiving"):
        case.require(receives(vm) and vm.power is Power.OFF and vm.state in _failback_from(case))
        return case
    other, copy = case.world.peer(case.host, vm, vm.relationship)
    case.require(vm.mode is ReplicationMode.PRIMARY and vm.power is Power.OFF)
    if other is None or copy is None:
        raise Refused(32768, "job")
    case.require(receives(copy) and copy.power is Power.OFF)
    return replace(case, host=other)


def _failback_from(case: Case) -> frozenset[ReplicationState]:
    """No page names the state: 3, 5 or 6, by a switch."""
    value = case.world.switches["provider_failback_from"]
    return frozenset({STATE(3), STATE(5), STATE(6)} if value == "any" else {STATE(int(value))})


def _failback_content(case: Case, vm: Vm) -> list[Counters] | None:
    """What the named recovery point holds; None for the latest. Its form is the provider's own."""
    identifier = case.argument("RecoveryPointIdentifier")
    if not identifier:
        return None
    if identifier in vm.provider_points:
        return vm.provider_points[identifier]
    for _host, copy in case.world.copies(vm.guid):
        point = copy.point(identifier)
        if point is not None or identifier in copy.provider_points:
            return point.writes if point else copy.provider_points[identifier]
    raise Refused(32773)


def _bring_back(case: Case, vm: Vm, content: list[Counters] | None) -> MethodResult:
    other, copy = case.world.peer(case.host, vm, vm.relationship)
    if copy is None or other is None or not case.world.linked(case.host, other):
        raise Refused(32768, "job")
    if content is None and case.world.switches.is_("provider_point", "call_time"):
        copy.settle_writes(other.name, case.world.now)
        content = copy.held
    there, sender = copy, other

    def finish() -> None:
        if not case.world.linked(case.host, sender):
            raise Refused(32768, "job")
        there.settle_writes(sender.name, case.world.now)
        vm.before_failover = None
        vm.recovery_points.clear()
        case.world.overwrite(case.host, vm, there.held if content is None else content, "InitiateFailback")
        vm.relationship.failed_back = True
        vm.relationship.last_replication_time = vm.relationship.last_apply_time = case.world.now
        case.enter(vm, vm.relationship, STATE.FAILBACK_COMPLETE)

    size = missing(vm.writes, there.writes) * vm.bytes_per_write
    seconds = compare_seconds(case.world, vm) + transfer_seconds(case.world, size)
    over = (sender, case.host)
    work = Work(job_type=JobType.INITIATE_FAILBACK, seconds=seconds, finish=finish, over=over)
    return case.passing(vm, vm.relationship, STATE.FAILBACK_IN_PROGRESS, work)
