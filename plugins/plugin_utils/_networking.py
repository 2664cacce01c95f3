# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Base of the action for adapters: which VMs are meant, and what each of their adapters shall say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.looking import Gather, Look
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import End, Pair, Side
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.naming import resolve
from ansible_collections.hyperv.replica.plugins.module_utils._operations import network
from ansible_collections.hyperv.replica.plugins.module_utils._operations.goal import Goal
from ansible_collections.hyperv.replica.plugins.module_utils._operations.operation import Operation
from ansible_collections.hyperv.replica.plugins.module_utils._operations.plan import Outcome, Target
from ansible_collections.hyperv.replica.plugins.module_utils._surface.network_surface import wanted_of
from ansible_collections.hyperv.replica.plugins.module_utils._surface.plain import plain
from ansible_collections.hyperv.replica.plugins.module_utils._surface.specs import NETWORK
from ansible_collections.hyperv.replica.plugins.plugin_utils._operation import OperationAction
from ansible_collections.hyperv.replica.plugins.plugin_utils._task import Session, with_facts


class AdapterAction(OperationAction):
    """Sets what adapters say; the task's host is where the VM will start, the peer where its guest runs now."""

    spec = NETWORK
    done = "done"
    gathers = {
        End.DESTINATION: frozenset({Gather.ADAPTERS, Gather.GUEST}),
        End.SOURCE: frozenset({Gather.GUEST}),
    }
    _wanted: Mapping[str, tuple[network.Wanted, ...]]

    def goal(self, options: dict[str, Any]) -> Goal:
        """Nothing is moved, lost or started."""
        return Goal(target=Target.SYNCED)

    def operation(self, goal: Goal, options: dict[str, Any], seen: Pair) -> Operation:
        """Set what differs."""
        return network.configure(goal, self._wanted[seen.vm_id])

    def vm_ids(self, options: dict[str, Any], here: Look) -> list[str]:
        """The VMs of the entries."""
        wanted = [(entry["vm"], wanted_of(entry)) for entry in options["adapters"]]
        found = {name: resolve([name], here)[name] for name, _entry in wanted}
        owners = [*dict.fromkeys(found.values())]
        self._wanted = {vm_id: tuple(entry for name, entry in wanted if found[name] == vm_id) for vm_id in owners}
        return owners

    def work(self, session: Session) -> dict[str, Any]:
        """The result of the run, with the adapters of each VM as they are now."""
        result = super().work(session)
        for vm in result["vms"]:
            vm["adapters"] = vm["facts"].pop("adapters")
        return result

    def _told(self, outcome: Outcome, operation: Operation) -> Outcome:
        here = outcome.after.destination
        adapters = [_adapter(one) for one in here.adapters] if isinstance(here, Side) else []
        told: Outcome = with_facts(super()._told(outcome, operation), adapters=adapters)
        more = network.warnings(outcome.before, self._wanted[outcome.before.vm_id])
        return replace(told, warnings=(*told.warnings, *more))


def _adapter(adapter: Any) -> dict[str, Any]:
    names = ("name", "mac", "dynamic_mac", "switch", "test_switch", "failover")
    return {name: plain(getattr(adapter, name)) for name in names}
