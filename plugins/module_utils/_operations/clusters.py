# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is different where an end is a cluster: the VM may be on another node by now, and the cluster may start it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Final

from ansible_collections.hyperv.replica.plugins.module_utils._errors import (
    OutcomeUnknown,
    PreconditionFailed,
    VerificationFailed,
)
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import Absent, End, Pair, Side
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.states import Power, ReplicationMode
from ansible_collections.hyperv.replica.plugins.module_utils._operations.plan import Method, Performed, Receipt, Step

#: What says that a clustered VM stays off: what its cluster takes offline itself it does not start again.
_KEEP_OFF: Final = (
    "Take the VM's role offline in its cluster once the VM is off (taken offline while it runs, the VM is saved), "
    "or set the ShutdownAction of its resource to 0, then run this again"
)


def refuse_not_highly_available(seen: Pair, ends: Collection[End]) -> None:
    """Raise for a VM on a node that has no role in the cluster: its host refuses to replicate it (event 29410)."""
    for end in ends:
        side = seen.at(end)
        cluster = side.facts.cluster if isinstance(side, Side) else None
        if isinstance(side, Side) and cluster is not None and side.role is None and cluster.all_told:
            raise PreconditionFailed(
                f"this host is a node of the cluster {cluster.name}, and the VM is not highly available there",
                kind="not_highly_available",
                host=side.host,
                vm=side.vm_name,
                cause="A node replicates only VMs that are roles of its cluster (event 29410)",
                remedy="Make the VM a role of the cluster (Add-ClusterVirtualMachineRole), then run this again",
            )


def refuse_restarted(seen: Pair, end: End) -> None:
    """Raise when a clustered VM that this run has seen off runs again."""
    side = seen.at(end)
    if isinstance(side, Side) and side.role is not None and _is_up(side) and side.mode is ReplicationMode.PRIMARY:
        raise _restarted(side, "it was off, and runs again")


def refuse_restarted_since(seen: Pair, step: Step, receipt: Receipt, now: datetime) -> None:
    """Raise when a clustered VM was asked to shut down and has been on for a shorter time than since then."""
    side = seen.at(step.host)
    if not isinstance(side, Side) or side.role is None or Power.OFF not in step.expects.power:
        return
    if side.power is Power.RUNNING and side.on_time is not None and side.on_time < now - receipt.sent_at:
        raise _restarted(side, f"it went off and has been on again for {side.on_time.total_seconds():.0f} s")


def _restarted(side: Side, found: str) -> VerificationFailed:
    cluster = side.facts.cluster
    return VerificationFailed(
        f"{found}: the cluster {cluster.name if cluster else ''} started it",
        kind="restarted_by_cluster",
        host=side.host,
        vm=side.vm_name,
        cause="The cluster takes a VM that it did not stop itself as failed, and starts it (ShutdownAction 1)"
        if side.role and side.role.restarts
        else "Somebody or the cluster started it",
        remedy=_KEEP_OFF,
    )


def seen_twice(step: Step, seen: Pair) -> bool:
    """Whether what a step led to counts only when it is seen again: a cluster may start a VM that went off."""
    side = seen.at(step.host)
    return Power.OFF in step.expects.power and isinstance(side, Side) and side.role is not None


def moved(before: str, seen: Pair, end: End) -> bool:
    """Whether a clustered VM is on another node than it was."""
    side = seen.at(end)
    return isinstance(side, Side) and side.facts.cluster is not None and side.host != before


def refuse_lost_job(seen: Pair, step: Step, receipt: Receipt, started_on: str) -> None:
    """Raise when the VM was moved away from the node that carried a step out, and its job is nowhere any more."""
    side = seen.at(step.host)
    if receipt.job_id and isinstance(side, Side) and moved(started_on, seen, step.host):
        raise OutcomeUnknown(
            f"{step.method.value} was begun on {started_on}; the VM is on {side.host} now and the job is gone",
            host=started_on,
            vm=side.vm_name,
        )


def warnings(before: Pair) -> Iterator[str]:
    """What an operator should know of clusters although it stops nothing."""
    for side in (before.destination, before.source):
        if isinstance(side, Absent) or side.facts.cluster is None:
            continue
        cluster = side.facts.cluster
        if side.role is None and not cluster.all_told:
            yield f"whether it is highly available in the cluster {cluster.name} could not be read on {side.host}"
        if not cluster.broker:
            yield f"the cluster {cluster.name} of {side.host} has no Hyper-V Replica Broker: nothing follows the VM"
        if side.role is not None and side.role.restarts:
            yield (
                f"the cluster {cluster.name} starts it again whenever something else than the cluster stops it "
                "(ShutdownAction 1): a planned move may have to be repeated with its role offline"
            )


def cannot_fence(side: Side) -> str:
    """Why an old primary that is a role of a cluster cannot be fenced, and what does it."""
    cluster = side.facts.cluster
    return (
        f"the old primary cannot be fenced: the cluster {cluster.name if cluster else ''}, of which it is a role, "
        "starts it whatever its start action says; take the role offline (Stop-ClusterGroup)"
    )


def begun_on(performed: Collection[Performed], step: Step) -> str:
    """The host that a step was last sent to."""
    hosts = [done.host for done in performed if done.step is step]
    return hosts[-1] if hosts else ""


def _is_up(side: Side) -> bool:
    return side.power in (Power.RUNNING, Power.STARTING)


def stops_the_source(step: Step) -> bool:
    """Whether a step of a planned move takes the VM off where it is served."""
    power_off = step.method is Method.REQUEST_STATE_CHANGE and Power.OFF in step.expects.power
    return step.host is End.SOURCE and (step.method is Method.INITIATE_SHUTDOWN or power_off)
