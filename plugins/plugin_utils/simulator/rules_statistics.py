# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Statistics of a relationship: read and reset (Msvm_ReplicationService)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timezone
from typing import Final

from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.states import JobType, ReplicationState
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.case import DONE, Case
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.languages import caption, error_text
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.machines import Relationship, Statistics, Vm
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.replication import pending_bytes, sends
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.values import Emb, MethodResult
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.world import Host

STATE: Final = ReplicationState

#: FILETIME zero, which stands for never (seen on a real host).
NEVER: Final = "16010101000000.000000-000"


def get_statistics(case: Case) -> MethodResult:
    """Pages getreplicationstatistics(ex): read only; that it answers at once is inferred."""
    vm = case.vm()
    relationship = case.relationship(vm)
    case.require(relationship.state is not STATE.DISABLED)
    issues = list(_issues(case, vm, relationship))
    outputs = {
        "ReplicationStatistics": [_statistics(case, vm, relationship)],
        "ReplicationHealthIssues": issues,
    }
    if case.world.switches.is_("statistics_answer", "job"):
        return replace(case.job(vm, JobType.GET_STATISTICS, 1.0, lambda: None), outputs=outputs)
    return MethodResult(0, None, outputs)


def reset_statistics(case: Case) -> MethodResult:
    """Pages resetreplicationstatistics(ex): zero; a Warning goes with it (PowerShell's page)."""
    vm = case.vm()
    relationship = case.relationship(vm)
    case.require(relationship.state is not STATE.DISABLED)
    relationship.statistics = Statistics(start=case.world.now)
    relationship.missed_in_row = 0
    return DONE


def _statistics(case: Case, vm: Vm, relationship: Relationship) -> Emb:
    known = relationship.statistics
    pending = pending_bytes(case.world, case.host, vm, relationship) if sends(vm, relationship) else 0
    return Emb(
        "Msvm_ReplicationStatistics",
        {
            "InstanceID": relationship.instance_id(vm.guid),
            "Caption": caption(case.host.language, "replication_settings"),
            "StartStatisticTime": _moment(known.start),
            "EndStatisticTime": _moment(case.world.now),
            "ReplicationSuccessCount": str(known.successes),
            "ReplicationSize": str(known.size),
            "MaxReplicationSize": str(known.largest),
            "ReplicationLatency": str(round(known.latency)),
            "ReplicationMissCount": str(known.misses),
            "MaxReplicationLatency": str(round(known.longest)),
            "NetworkFailureCount": str(known.network_failures),
            "ReplicationFailureCount": str(known.failures),
            "PendingReplicationSize": str(pending),
            "ApplicationConsistentSnapshotFailureCount": str(known.consistency_failures),
            "ReplicationHealth": str(int(relationship.health)),
            "LastTestFailoverTime": _moment(known.last_test) if known.last_test else NEVER,
        },
    )


def _issues(case: Case, vm: Vm, relationship: Relationship) -> Iterator[Emb]:
    if relationship.health.value >= 2:
        yield error_instance(case.host, 32768, vm.name)


def error_instance(host: Host, code: int, source: str) -> Emb:
    """An Msvm_Error (that class's page) with the host's own words; MessageID is opaque."""
    return Emb(
        "Msvm_Error",
        {
            "ErrorType": "4",
            "OwningEntity": "Hyper-V",
            "MessageID": str(code),
            "Message": f"{source}: {error_text(host.language, code)}",
            "MessageArguments": [source],
            "PerceivedSeverity": "4",
            "ProbableCause": "1",
            "ErrorSource": source,
            "ErrorSourceFormat": "0",
            "CIMStatusCode": "1",
        },
    )


def _moment(time: datetime) -> str:
    utc = time.astimezone(timezone.utc)
    return f"{utc:%Y%m%d%H%M%S}.{utc.microsecond:06d}+000"
