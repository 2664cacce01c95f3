# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Write docs/docsite/rst/coverage.rst: each method and cmdlet of Hyper-V Replica, and the option that stands for it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final, NamedTuple


class Row(NamedTuple):
    """One method or cmdlet.

    Attributes:
        by: ``module option`` or ``module option=choice``, the most direct one first; none where there is a reason.
        role: a role that does it in its course.
        says: when it is called, or why not.
    """

    name: str
    by: tuple[str, ...]
    role: str = ""
    says: str = ""


R, SERVER, OVER, BACK = "hyperv_replica", "hyperv_replica_server", "hyperv_replica_failover", "hyperv_replica_failback"
CANCEL, TEST, NET = "hyperv_replica_failover_cancel", "hyperv_replica_test_failover", "hyperv_replica_network"
PREFLIGHT: Final = "hyperv_replica_preflight"
INFO, POWER, PROBE = "hyperv_replica_info", "hyperv_vm_power", "hyperv_replica_probe_info"
_OLD: Final = "On Windows Server 2012, which has no Ex form."
_INHERITED: Final = "Inherited and not implemented by Hyper-V: it is never called."

METHODS: Final[dict[str, tuple[Row, ...]]] = {
    "Msvm_ReplicationService": (
        Row("ModifyServiceSettings", (f"{SERVER} enabled", f"{SERVER} authentication", f"{SERVER} any_server")),
        Row("AddAuthorizationEntry", (f"{SERVER} entries",)),
        Row("ModifyAuthorizationEntry", (f"{SERVER} entries",)),
        Row("RemoveAuthorizationEntry", (f"{SERVER} purge", f"{SERVER} entries")),
        Row("SetAuthorizationEntry", (f"{SERVER} vm_entries", f"{OVER} state=protected"), "failover"),
        Row(
            "TestReplicationConnection",
            (f"{PREFLIGHT} connection_test", f"{R} state=present", f"{OVER} mode=planned", f"{BACK} strategy=reverse"),
            "preflight",
            "From the future sender, before anything is made or moved.",
        ),
        Row("CreateReplicationRelationship", (f"{R} state=present", f"{R} leg=extended")),
        Row("ModifyReplicationSettings", (f"{R} interval", f"{R} recovery_history", f"{R} included_disks")),
        Row("RemoveReplicationRelationship", (f"{R} state=absent",), "", _OLD),
        Row("RemoveReplicationRelationshipEx", (f"{R} state=absent", f"{R} leg=extended")),
        Row("StartReplication", (f"{R} first_copy", f"{R} export_path", f"{R} start_at", f"{OVER} state=protected")),
        Row("ImportInitialReplica", (f"{R} import_path",)),
        Row("ReverseReplicationRelationship", (f"{OVER} state=protected", f"{BACK} strategy=reverse"), "failback"),
        Row(
            "InitiateFailover", (f"{OVER} mode=planned", f"{OVER} mode=unplanned", f"{OVER} recovery_point"), "failover"
        ),
        Row("RevertFailover", (f"{CANCEL} vms", f"{OVER} on_failure=roll_back")),
        Row("CommitFailover", (f"{OVER} commit=now", f"{OVER} commit=verified"), "failover"),
        Row("TestReplicaSystem", (f"{TEST} state=present",)),
        Row("Resynchronize", (f"{R} state=resynchronized", f"{R} start_at")),
        Row("SetFailoverNetworkAdapterSettings", (f"{NET} adapters",)),
        Row("GetReplicationStatistics", (f"{INFO} gather=statistics",), "", _OLD),
        Row("GetReplicationStatisticsEx", (f"{INFO} gather=statistics",)),
        Row("ResetReplicationStatistics", (f"{R} reset_statistics",), "", _OLD),
        Row("ResetReplicationStatisticsEx", (f"{R} reset_statistics", f"{R} leg=extended")),
        Row("GetSystemCertificates", (f"{SERVER} certificate_subject",), "", "The result lists all of them."),
        Row("ChangeReplicationModeToPrimary", (f"{R} state=promoted",)),
        Row("InitiateFailback", (f"{BACK} strategy=provider", f"{BACK} initiate_on"), "failback"),
        Row("RequestStateChange", (), "", _INHERITED),
        Row("StartService", (), "", _INHERITED),
        Row("StopService", (), "", _INHERITED),
    ),
    "Msvm_ComputerSystem": (
        Row("RequestStateChange", (f"{POWER} state=running", f"{POWER} state=off", f"{OVER} start")),
        Row("RequestReplicationStateChange", (f"{R} state=suspended",), "", _OLD),
        Row(
            "RequestReplicationStateChangeEx",
            (
                f"{R} state=suspended",
                f"{R} state=replicating",
                f"{R} state=first_copy_stopped",
                f"{R} state=resynchronization_cancelled",
                f"{R} first_copy=existing",
                f"{OVER} mode=planned",
                f"{CANCEL} vms",
            ),
            "failover",
            "Pause, resume, stop a first copy, cancel a resynchronization, make a replica, prepare, unlock.",
        ),
    ),
    "Msvm_VirtualSystemManagementService": (
        Row("DestroySystem", (f"{TEST} state=absent",), "", "Of test copies only."),
        Row("GetSummaryInformation", (f"{PROBE} timeout",), "", "By the probe only: it is asked per machine."),
        Row(
            "ModifyResourceSettings", (f"{NET} adapters", f"{TEST} test_networks"), "", "The test switch of an adapter."
        ),
        Row("ModifySystemSettings", (f"{OVER} state=protected",), "failover", "Fences an old primary that returns."),
    ),
    "Msvm_ShutdownComponent": (
        Row("InitiateShutdown", (f"{OVER} guest_shutdown_timeout", f"{POWER} state=off"), "failover"),
    ),
}

CMDLETS: Final[tuple[Row, ...]] = (
    Row("Complete-VMFailover", (f"{OVER} commit=now",), "failover"),
    Row(
        "Enable-VMReplication", (f"{R} state=present", f"{R} first_copy=existing"), "", "``-AsReplica`` is the latter."
    ),
    Row("Get-VMNetworkAdapterFailoverConfiguration", (f"{NET} adapters",), "", "In check mode."),
    Row("Get-VMReplication", (f"{INFO} gather=settings",)),
    Row("Get-VMReplicationAuthorizationEntry", (f"{SERVER} entries",), "", "In check mode; the result lists them."),
    Row("Get-VMReplicationServer", (f"{INFO} gather=service", f"{SERVER} enabled")),
    Row("Import-VMInitialReplication", (f"{R} import_path",)),
    Row("Measure-VMReplication", (f"{INFO} gather=statistics",)),
    Row("New-VMReplicationAuthorizationEntry", (f"{SERVER} entries",)),
    Row("Remove-VMReplication", (f"{R} state=absent",)),
    Row("Remove-VMReplicationAuthorizationEntry", (f"{SERVER} purge", f"{SERVER} entries")),
    Row("Reset-VMReplicationStatistics", (f"{R} reset_statistics",)),
    Row("Resume-VMReplication", (f"{R} state=replicating", f"{R} state=resynchronized")),
    Row("Set-VMNetworkAdapterFailoverConfiguration", (f"{NET} adapters",)),
    Row("Set-VMReplication", (f"{R} interval", f"{OVER} state=protected"), "failover", "``-Reverse`` is the latter."),
    Row("Set-VMReplicationAuthorizationEntry", (f"{SERVER} entries",)),
    Row("Set-VMReplicationServer", (f"{SERVER} enabled", f"{SERVER} authentication")),
    Row("Start-VMFailover", (f"{OVER} mode=planned", f"{OVER} mode=unplanned", f"{TEST} state=present"), "failover"),
    Row("Start-VMInitialReplication", (f"{R} state=replicating", f"{R} export_path", f"{R} start_at")),
    Row("Stop-VMFailover", (f"{CANCEL} vms", f"{TEST} state=absent")),
    Row("Stop-VMInitialReplication", (f"{R} state=first_copy_stopped",)),
    Row("Stop-VMReplication", (f"{R} state=resynchronization_cancelled",)),
    Row("Suspend-VMReplication", (f"{R} state=suspended", f"{R} leg=extended")),
    Row("Test-VMReplicationConnection", (f"{PREFLIGHT} connection_test",), "preflight"),
)

_HEAD: Final = """\
.. Copyright: (c) 2026, the hyperv.replica authors
.. GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
.. SPDX-License-Identifier: GPL-3.0-or-later

.. This page is written by docs/tools/list_coverage.py; a test holds it against Microsoft's lists.

.. _ansible_collections.hyperv.replica.docsite.coverage:

Methods and cmdlets
===================

Whoever knows Hyper-V Replica by its WMI methods or its cmdlets finds here what to write instead. A module states an
end, so one option may lead to several calls, and the same call may be part of the way to several ends.
Relationships with a third host are looked after with ``leg: extended``.

The API of replicated virtual machine groups (``Msvm_CollectionReplicationService`` in ``root\\HyperVCluster\\v2``)
is out of scope: a machine in a state of such a group is left alone.
"""


def page() -> str:
    """The page, in reStructuredText."""
    methods = [_section(f"Methods of {name}", rows) for name, rows in METHODS.items()]
    return "\n".join([_HEAD, *methods, _section("Cmdlets of the Hyper-V module", CMDLETS)])


def _section(title: str, rows: tuple[Row, ...]) -> str:
    head = [title, "-" * len(title), "", ".. list-table::", "   :header-rows: 1", "   :widths: 28 36 12 24", ""]
    names = ["   * - Name", "     - Module and option", "     - Role", "     - Note"]
    return "\n".join([*head, *names, *map(_row, rows), ""])


def _row(row: Row) -> str:
    by = ", ".join(_option(*one.split(" ", 1)) for one in row.by) or "none"
    role = f":ansplugin:`hyperv.replica.{row.role}#role`" if row.role else ""
    return "\n".join(
        [f"   * - ``{row.name}``", f"     - {by}", f"     - {role}".rstrip(), f"     - {row.says}".rstrip()]
    )


def _option(module: str, option: str) -> str:
    return f":ansopt:`hyperv.replica.{module}#module:{option}`"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(page(), encoding="utf-8")
