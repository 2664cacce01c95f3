# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Test copies that a replica has left behind: on a cluster both have to stay on one node."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from ansible_collections.hyperv.replica.plugins.module_utils._errors import PreconditionFailed
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import Pair, Side
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.states import ReplicationMode
from ansible_collections.hyperv.replica.plugins.module_utils._operations.operation import Operation
from ansible_collections.hyperv.replica.plugins.module_utils._operations.path import Task
from ansible_collections.hyperv.replica.plugins.module_utils._operations.replica_test import has_copy


def left_behind(shown: Iterable[Side], seen: Pair) -> tuple[Side, ...]:
    """Test copies of the VM on nodes of its cluster that it has moved away from; that breaks the link to them.

    What tells them is mode 3 without a link, and a name that begins with the VM's.
    """
    here = seen.destination
    if not isinstance(here, Side) or here.facts.cluster is None or has_copy(here):
        return ()
    sides = [*shown]
    linked = {side.test_copy for side in sides}
    return tuple(
        side
        for side in sides
        if side.mode is ReplicationMode.TEST_REPLICA
        and side.vm_id not in linked
        and side.host != here.host
        and side.vm_name.startswith(f"{here.vm_name} - ")
    )


def refused(operation: Operation, left: Sequence[Side]) -> Operation:
    """The same operation, which nothing is done for as long as a test copy stands on another node."""

    def guard(seen: Pair, task: Task) -> None:
        raise PreconditionFailed(
            f"its test copy {left[0].vm_name} ({left[0].vm_id}) is on {left[0].host}, where the replica was before",
            kind="copy_left_behind",
            host=seen.destination.host,
            vm=seen.vm_name,
            cause="A replica and its test copy have to stay on one node; when one moves the link between them breaks",
            remedy=f"Move the replica's role back to {left[0].host} and run this again, or remove the copy by its GUID "
            "with orphans: remove",
        )

    return replace(operation, guard=guard, reached=lambda seen, task: False)
