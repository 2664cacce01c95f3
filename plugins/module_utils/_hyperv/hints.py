# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a return code means to the method that gave it, where that says more than the code's own name.

Only RequestReplicationStateChangeEx's two are documented (that method's page); the others are inferred from what each
method needs.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple


class Hint(NamedTuple):
    """Why this method gives this number, and what to do."""

    cause: str
    remedy: str


_REVERSE: Final = "use strategy: reverse, which is reverse replication and a planned failover back"

_FAILBACK: Final[Mapping[int, Hint]] = {
    0: Hint("The provider has taken the failback without a job", "Wait until the state is Failback complete (14)"),
    4096: Hint(
        "The provider brings the data back, as a job", "Wait for the job, and for Failback in progress (13) to end"
    ),
    32768: Hint(
        "The provider could not begin to bring the data back",
        "Read the provider's own log and the event log Microsoft-Windows-Hyper-V-VMMS-Admin here, and check that its "
        "service reaches the other site; nothing is failed back",
    ),
    32769: Hint(
        "This account may not start a failback of this virtual machine",
        "Use an account in Hyper-V Administrators or Administrators of this host, with an elevated or domain token",
    ),
    32770: Hint(
        "The relationship's replication provider does not implement failback; the built-in one is not known to",
        f"With the built-in provider {_REVERSE}",
    ),
    32771: Hint(
        "The provider cannot tell in which state the relationship is, so it does not begin to fail back",
        "Look at both hosts and at the provider's console before asking again; it may have begun all the same",
    ),
    32772: Hint(
        "The provider did not answer in time; the failback may or may not have begun",
        "Look for Failback in progress (13) here first; if it is not shown, check the provider's service and repeat",
    ),
    32773: Hint(
        "The provider does not take these settings or this recovery point for a failback",
        "Check recovery_point_identifier (leave it out for the provider's own choice) and the settings' provider; with "
        f"the built-in provider {_REVERSE}",
    ),
    32774: Hint(
        "Another operation holds this virtual machine, so the failback was not begun",
        "Wait for its job to end and run this task again",
    ),
    32775: Hint(
        "The relationship here is not in a state from which this provider fails back",
        "Compare the state of this copy with what the provider asks for (as recovered, 5, or committed, 6), and the "
        f"other copy must be off; with the built-in provider {_REVERSE}",
    ),
    32776: Hint(
        "This host expects another CIM type in the failback's settings or in its recovery point",
        "This is a fault of this collection: report it with the host's version; nothing is failed back",
    ),
    32777: Hint(
        "The copy that shall receive the data, or its storage, is not available on this host",
        "Check that it is on this cluster node and that its disks are reachable, then run the failback again",
    ),
    32778: Hint(
        "The host has not enough memory to take the data back", "Free memory on the host and run the failback again"
    ),
    32779: Hint(
        "A disk of the copy that shall receive the data, or the recovery point's file, is missing on this host",
        "Check the paths of its disks here; without them a new copy is needed, not a failback",
    ),
}

HINTS: Final[Mapping[str, Mapping[int, Hint]]] = {
    "InitiateFailback": _FAILBACK,
    "RequestStateChange": {
        32775: Hint(
            "The power state asked for is not possible now: a replica starts only after a failover, and a primary "
            "prepared for a planned failover stays locked until that is cancelled",
            "Fail over, or cancel the prepared failover, first",
        )
    },
    "RequestReplicationStateChangeEx": {
        32773: Hint("The host does not know the replication state asked for", "Check the host's version"),
        32775: Hint(
            "The replication state asked for does not fit the current mode or state",
            "Look at mode, state and power of this copy; a planned failover is prepared only on a primary that is off",
        ),
    },
    "CreateReplicationRelationship": {
        32768: Hint(
            "The other host refused: it is no replica server, does not authorize this one, or did not authenticate it",
            "Check its replica server settings, its authorization entries and the connection test",
        ),
        32775: Hint("The virtual machine already has this relationship", "Use the one that is there"),
    },
    "StartReplication": {
        32775: Hint("The first copy can only be started in state Ready (1)", "Look at the state on both hosts"),
        32779: Hint("The folder to export to is missing", "Create it on the host"),
    },
    "ImportInitialReplica": {
        32775: Hint("The replica does not wait for a first copy (2)", "Look at the state on both hosts"),
        32779: Hint("The folder to import from is missing", "Check the path on the replica's host"),
    },
    "InitiateFailover": {
        32773: Hint("The recovery point is no longer there", "Read the recovery points again and choose one of them"),
        32775: Hint(
            "It is not a replica, already failed over, or running",
            "Look at mode, state and power of this copy; revert a failover that is not wanted first",
        ),
    },
    "RevertFailover": {
        32775: Hint(
            "The copy is not in state Recovered (5): never failed over, already committed, or running",
            "A committed failover cannot be reverted; turn the copy off before reverting",
        )
    },
    "CommitFailover": {
        32775: Hint("The copy is not in state Recovered (5)", "Look at its state; it may be committed already")
    },
    "ReverseReplicationRelationship": {
        32768: Hint(
            "The old primary is not in the right state, or its host cannot be reached",
            "Look there: it must be off, and prepared (4) or a waiting replica (2); test the connection from here",
        ),
        32775: Hint(
            "The copy is not failed over (5 or 6), or it is replicated to a third host as well",
            "Fail over first; end the extended replication before reversing",
        ),
    },
    "TestReplicationConnection": {
        32768: Hint(
            "The other host did not take the connection: name, port, firewall, authentication or authorization",
            "Check there that it is a replica server, listens on this port and authorizes this host",
        ),
        32775: Hint("The other host does not receive replication now", "Enable it as a replica server"),
    },
    "TestReplicaSystem": {
        32775: Hint(
            "A resynchronization runs, the first copy is not complete, or there is a test copy already",
            "Wait, or remove the test copy",
        )
    },
    "Resynchronize": {
        32775: Hint(
            "It replicates normally (3) or is not the sending side",
            "Suspend it first, and ask the sending side",
        )
    },
    "RemoveReplicationRelationshipEx": {
        32775: Hint(
            "The primary relationship stays as long as an extended one exists", "Remove the extended replication first"
        )
    },
    "ChangeReplicationModeToPrimary": {
        32775: Hint("The failover is not committed (6)", "Commit the failover first"),
    },
}
