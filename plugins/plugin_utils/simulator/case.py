# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One method call as the rules see it: what it is about, and what may be asked of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.states import (
    JobType,
    ReplicationMode,
    ReplicationState,
)
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.jobs import Refused, Work, start_job
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.machines import RecoveryPoint, Relationship, Vm
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.replication import enter, halt
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.values import Emb, MethodCall, MethodResult, Ref
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.world import Host, World

#: The methods' pages: 0 done, 4096 job started.
DONE: Final = MethodResult(0)
STARTED: Final = 4096

RELATIONSHIP_ID: Final = re.compile(r"Microsoft:(?P<guid>[^\\]+)\\+HVR(?:\\+(?P<index>[01]))?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Case:
    """A method call on a host of a world."""

    world: World
    host: Host
    call: MethodCall

    def argument(self, name: str) -> Any:
        """An argument as the service decoded it; None where it is null or not given."""
        return self.call.arguments.get(name)

    def text(self, name: str) -> str:
        """A text argument.

        Raises:
            Refused: 32773 where it is null.
        """
        value = self.argument(name)
        if not isinstance(value, str):
            raise Refused(32773, "return")
        return value

    def number(self, name: str) -> int:
        """A number argument.

        Raises:
            Refused: 32773 where it is null.
        """
        value = self.argument(name)
        if not isinstance(value, int):
            raise Refused(32773, "return")
        return value

    def embedded(self, name: str) -> Emb:
        """An embedded instance.

        Raises:
            Refused: 32773 where it is null.
        """
        value = self.argument(name)
        if not isinstance(value, Emb):
            raise Refused(32773, "return")
        return value

    def vm(self, name: str = "ComputerSystem") -> Vm:
        """The VM an argument refers to.

        Raises:
            Refused: 32773 where there is none such on this host.
        """
        reference = self.argument(name)
        guid = reference.key("Name") if isinstance(reference, Ref) else ""
        return self._known(guid)

    def own_vm(self, key: str = "Name") -> Vm:
        """The VM whose instance, or whose component, the method is asked of.

        Raises:
            Refused: 32777 where there is none such on this host.
        """
        return self._known(Ref("", self.call.keys).key(key), 32777)

    def relationship(self, vm: Vm, name: str = "ReplicationRelationship") -> Relationship:
        """The relationship an embedded instance means; null and a missing argument mean the primary one.

        Raises:
            Refused: 32773 where the instance is of another VM or of no relationship there is.
        """
        given = self.argument(name)
        if given is None:
            return vm.relationship
        named = self.embedded(name)
        found = RELATIONSHIP_ID.fullmatch(named.text("InstanceID"))
        wanted = f"Microsoft:{vm.guid}\\HVR\\{found['index'] or 0}" if found else ""
        known = {one.instance_id(vm.guid): one for one in vm.relationships.values()}
        if found is None or found["guid"].upper() != vm.guid or wanted not in known:
            raise Refused(32773, "return")
        self._refuse_stale(named, known[wanted])
        return known[wanted]

    def _refuse_stale(self, named: Emb, known: Relationship) -> None:
        """Whether more than the InstanceID of such an instance counts is documented nowhere: a switch."""
        whole = self.world.switches.is_("relationship_argument", "whole")
        if whole and named.text("ReplicationState") != str(int(known.state)):
            raise Refused(32773, "return")

    def point(self, vm: Vm, name: str = "SnapshotSettingData") -> RecoveryPoint | None:
        """The recovery point asked for; None for the latest.

        The page's MOF says reference, a comment in Microsoft's replica sample says embedded instance: a switch.

        Raises:
            Refused: 32776 for a form the switch does not take, 32773 for a point that is gone.
        """
        given = self.argument(name)
        if given is None:
            return None
        form = "embedded" if isinstance(given, Emb) else "reference"
        if self.world.switches["snapshot_parameter"] not in ("both", form):
            raise Refused(32776, "return")
        identity = given.text("InstanceID") if isinstance(given, Emb) else given.key("InstanceID")
        point = vm.point(identity.rpartition(":")[2])
        if point is None:
            raise Refused(32773)
        return point

    def idle(self, vm: Vm) -> None:
        """Refuse with 32774 while a job of the VM runs (lifecycle of the pages: one operation at a time)."""
        if self.host.running_jobs(vm.guid):
            raise Refused(32774, "return")

    def require(self, condition: bool, code: int = 32775) -> None:
        """Refuse where a condition does not hold; how, is a switch."""
        if not condition:
            raise Refused(code)

    def job(
        self,
        vm: Vm | None,
        job_type: JobType,
        seconds: float,
        finish: Callable[[], None],
        undo: Callable[[], None] | None = None,
    ) -> MethodResult:
        """Answer with a job that does ``finish`` when its time is up."""
        work = Work(job_type=job_type, seconds=seconds, finish=finish, undo=undo)
        return MethodResult(STARTED, start_job(self.world, self.host, vm, work))

    def passing(self, vm: Vm, relationship: Relationship, state: ReplicationState, work: Work) -> MethodResult:
        """Answer with a job, and show a state while it runs; when it does not end well the state is as before."""
        before = relationship.state
        relationship.state = state
        halt(relationship)

        def undo() -> None:
            if relationship.state is state:
                enter(self.world, self.host, vm, relationship, before)

        return MethodResult(STARTED, start_job(self.world, self.host, vm, replace(work, undo=undo)))

    def enter(self, vm: Vm, relationship: Relationship, state: ReplicationState) -> None:
        """Let a relationship on this host reach a state."""
        enter(self.world, self.host, vm, relationship, state)

    def _known(self, guid: str, code: int = 32773) -> Vm:
        vm = self.host.vm(guid)
        if vm is None:
            raise Refused(code, "return")
        return vm


def receives(vm: Vm) -> bool:
    """Whether this copy is a replica, of the first or of a further host."""
    return vm.mode in (ReplicationMode.REPLICA, ReplicationMode.EXTENDED_REPLICA)
