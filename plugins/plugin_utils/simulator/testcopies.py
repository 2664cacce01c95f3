# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Test copies of replicas (Microsoft's page testreplicasystem, team blog 2012-07-25)."""

from __future__ import annotations

from dataclasses import replace

from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.states import ReplicationMode
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.languages import caption
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.machines import (
    Adapter,
    Disk,
    RecoveryPoint,
    Relationship,
    Statistics,
    Vm,
)
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.world import Host, World


def has_test_copy(host: Host, vm: Vm) -> bool:
    """Whether a test copy of this replica exists on the host."""
    return test_copy(host, vm) is not None


def test_copy(host: Host, vm: Vm) -> Vm | None:
    """The test copy of this replica, if there is one."""
    return next((copy for copy in host.vms.values() if copy.test_of == vm.guid), None)


def add_test_copy(world: World, host: Host, vm: Vm, guid: str, point: RecoveryPoint | None) -> Vm:
    """Put a test copy beside its replica: off, mode 3, connected to the test switch only."""
    copy = Vm(
        guid=guid,
        name=vm.name + caption(host.language, "test_suffix"),
        created=world.now,
        relationships={0: Relationship(statistics=Statistics(start=world.now))},
        mode=ReplicationMode.TEST_REPLICA,
        memory=vm.memory,
        processors=vm.processors,
        generation=vm.generation,
        version=vm.version,
        guest=replace(vm.guest, up_since=None, addresses=list(vm.guest.addresses)),
        disks=[_test_disk(disk, vm, guid) for disk in vm.disks],
        adapters=[_test_adapter(world, adapter, vm, guid) for adapter in vm.adapters],
        writes_per_second=vm.writes_per_second,
        bytes_per_write=vm.bytes_per_write,
        test_of=vm.guid,
    )
    copy.hold(point.writes if point else vm.held)
    host.vms[guid] = copy
    vm.relationship.statistics.last_test = world.now
    return copy


def _test_disk(disk: Disk, vm: Vm, guid: str) -> Disk:
    return replace(
        disk,
        path=disk.path.replace(".vhdx", "_test.avhdx"),
        instance_id=disk.instance_id.replace(vm.guid, guid),
        writes={},
    )


def _test_adapter(world: World, adapter: Adapter, vm: Vm, guid: str) -> Adapter:
    return replace(
        adapter,
        instance_id=adapter.instance_id.replace(vm.guid, guid),
        mac=world.new_mac(),
        switch=adapter.test_switch,
        failover=replace(adapter.failover),
    )
