# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A second copy of a VM, as a new replica begins."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.states import Power, ReplicationMode
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.machines import Adapter, Disk, Relationship, Vm


def replica_of(vm: Vm, created: datetime, relationship: Relationship) -> Vm:
    """An empty replica: same GUID and disks, off, adapters disconnected (page replication-virtual-machines)."""
    return replace(
        vm,
        created=created,
        relationships={0: relationship},
        mode=ReplicationMode.REPLICA,
        power=Power.OFF,
        requested_state=12,
        disks=[_empty_disk(disk, vm.guid) for disk in vm.disks],
        adapters=[_disconnected(adapter) for adapter in vm.adapters],
        guest=replace(vm.guest, addresses=list(vm.guest.addresses), up_since=None),
        notes=list(vm.notes),
        recovery_points=[],
        provider_points={},
        power_changed=None,
        powered_on=None,
        running_since=None,
        booked=0,
        was_running=False,
        before_failover=None,
        authorized="",
        isos=[],
        critical=False,
        backing_up=False,
        checkpoints=[],
    )


def _empty_disk(disk: Disk, guid: str) -> Disk:
    """In a folder of the VM's own, since disks of two VMs may have one name."""
    return replace(disk, path=f"C:\\Replica\\{guid}\\" + disk.path.rpartition("\\")[2], writes={})


def _disconnected(adapter: Adapter) -> Adapter:
    return replace(adapter, switch="", failover=replace(adapter.failover))
