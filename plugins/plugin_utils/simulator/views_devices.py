# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Devices and integration components of virtual machines, as WMI shows them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.states import ComponentStatus, Power
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.catalogue import Instance, hyperv_class
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.elements import embedded_text
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.identities import (
    MEMORY_ID,
    PROCESSOR_ID,
    Sight,
    drive_id,
)
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.machines import Vm
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.views_systems import Values, View, normal

_MIB: Final = 1 << 20


class Component(NamedTuple):
    """An integration component: its id below a VM's GUID, and the name of its caption."""

    device: str
    caption: str


#: The well-known ids of the integration services (recorded DeviceIDs).
COMPONENTS: Final = {
    "Msvm_HeartbeatComponent": Component("84EAAE65-2F2E-45F5-9BB5-0E857DC8EB47", "heartbeat"),
    "Msvm_ShutdownComponent": Component("9F8233AC-BE49-4C79-8EE3-E7E1985B2077", "shutdown"),
    "Msvm_KvpExchangeComponent": Component("2A34B1C2-FD73-4043-8A5B-DD2159BC743F", "key_value"),
    "Msvm_TimeSyncComponent": Component("2497F4DE-E9FA-4204-80E4-4B75C46419C0", "time_synchronization"),
    "Msvm_VssComponent": Component("5CED1297-4598-4915-A5FC-AD21BB4D02A4", "ok"),
    "Msvm_GuestServiceInterfaceComponent": Component("6C09BB55-D683-4DA0-8931-C9BF705F6480", "ok"),
}


def contact(vm: Vm) -> ComponentStatus:
    """OperationalStatus[0] of the components of a VM (their pages)."""
    if vm.power is Power.PAUSED:
        return ComponentStatus.PAUSED
    if not vm.alive or vm.guest.up_since is None:
        return ComponentStatus.NO_CONTACT
    return ComponentStatus.OK if vm.guest.answers else ComponentStatus.LOST_COMMUNICATION


def has_components(sight: Sight, vm: Vm) -> bool:
    """Whether the components of a VM have instances: off, only if the switch says so."""
    return vm.power is not Power.OFF or sight.world.switches.is_("components_when_off", "present")


def component_id(vm: Vm, class_name: str) -> str:
    """DeviceID of an integration component."""
    return f"Microsoft:{vm.guid}\\{COMPONENTS[class_name].device}"


def component(class_name: str) -> View:
    """The view of one kind of integration component."""

    def view(sight: Sight) -> Iterator[Values]:
        for vm in sight.vms:
            if has_components(sight, vm):
                yield _component(sight, vm, class_name)

    return view


def _component(sight: Sight, vm: Vm, class_name: str) -> Values:
    said = sight.said(COMPONENTS[class_name].caption)
    status = contact(vm)
    good = status is ComponentStatus.OK
    values = {
        **_device(sight, vm, class_name, component_id(vm, class_name), said),
        "EnabledDefault": 7,
        "OperationalStatus": [int(status), 2] if good else [int(status)],
        "Status": "OK" if good else None,
        "StatusDescriptions": [sight.said("ok"), sight.said("ok")] if good else [sight.said("no_contact")],
    }
    if class_name == "Msvm_KvpExchangeComponent":
        values["GuestIntrinsicExchangeItems"] = _told_by_guest(vm) if good else None
    return values


def _told_by_guest(vm: Vm) -> list[str]:
    guest = vm.guest
    four = [address for address in guest.addresses if ":" not in address]
    six = [address for address in guest.addresses if ":" in address]
    told = {
        "FullyQualifiedDomainName": guest.fqdn,
        "IntegrationServicesVersion": guest.os_version,
        "NetworkAddressIPv4": ";".join(four),
        "NetworkAddressIPv6": ";".join(six),
        "OSName": guest.os,
        "OSVersion": guest.os_version,
        "ProcessorArchitecture": "9",
    }
    of = hyperv_class("Msvm_KvpExchangeDataItem")
    items = (Instance(of, {"Name": name, "Data": data, "Source": 2}) for name, data in told.items())
    return [embedded_text(item) for item in items]


def _device(sight: Sight, vm: Vm, class_name: str, device_id: str, said: str) -> Values:
    return {
        **normal(sight),
        "AdditionalAvailability": [6],
        "Availability": 6,
        "Caption": said,
        "CreationClassName": class_name,
        "Description": said,
        "DeviceID": device_id,
        "ElementName": said,
        "EnabledDefault": 2,
        "EnabledState": 2,
        "Name": said,
        "RequestedState": 12,
        "SystemCreationClassName": "Msvm_ComputerSystem",
        "SystemName": vm.guid,
    }


def memory(sight: Sight) -> Iterator[Values]:
    """Msvm_Memory; it exists while the VM is on."""
    for vm in sight.vms:
        if vm.alive or vm.power is Power.PAUSED:
            known = _device(sight, vm, "Msvm_Memory", f"Microsoft:{vm.guid}\\{MEMORY_ID}", sight.said("memory"))
            yield {**known, "BlockSize": _MIB, "NumberOfBlocks": vm.memory // _MIB, "SwapFilesInUse": False}


def processors(sight: Sight) -> Iterator[Values]:
    """Msvm_Processor, one for each virtual processor while the VM is on."""
    for vm in sight.vms:
        for number in range(vm.processors if vm.alive or vm.power is Power.PAUSED else 0):
            device_id = f"Microsoft:{vm.guid}\\{PROCESSOR_ID}\\{number}"
            known = _device(sight, vm, "Msvm_Processor", device_id, sight.said("processor"))
            yield {**known, "LoadPercentage": load(vm), "CPUStatus": 1, "Family": 2, "MaxClockSpeed": 2400}


def load(vm: Vm) -> int:
    """How busy a VM's processors are, in percent; invented, and steady."""
    return 3 + int(vm.guid[:2], 16) % 20 if vm.power is Power.RUNNING else 0


def drives(sight: Sight) -> Iterator[Values]:
    """Msvm_DiskDrive."""
    for vm in sight.vms:
        for disk in vm.disks:
            known = _device(sight, vm, "Msvm_DiskDrive", drive_id(disk), sight.said("hard_disk"))
            yield {**known, "DefaultBlockSize": 512, "MaxMediaSize": disk.size // 1024}


def media(sight: Sight) -> Iterator[Values]:
    """Msvm_LogicalDisk."""
    for vm in sight.vms:
        for disk in vm.disks:
            known = _device(sight, vm, "Msvm_LogicalDisk", disk.instance_id, sight.said("hard_disk"))
            yield {**known, "BlockSize": 512, "NumberOfBlocks": disk.size // 512}


def ports(sight: Sight) -> Iterator[Values]:
    """Msvm_SyntheticEthernetPort."""
    for vm in sight.vms:
        for adapter in vm.adapters:
            known = _device(sight, vm, "Msvm_SyntheticEthernetPort", adapter.instance_id, adapter.name)
            yield {**known, "FullDuplex": True, "PermanentAddress": adapter.mac, "Speed": 10_000_000_000}


DEVICE_VIEWS: Final[dict[str, View]] = {
    "Msvm_Memory": memory,
    "Msvm_Processor": processors,
    "Msvm_DiskDrive": drives,
    "Msvm_LogicalDisk": media,
    "Msvm_SyntheticEthernetPort": ports,
    **{class_name: component(class_name) for class_name in COMPONENTS},
}
