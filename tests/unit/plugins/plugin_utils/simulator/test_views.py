# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a simulated host shows agrees with itself: names, keys, references, sums."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import pytest

from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.states import Power
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.catalogue import (
    CimClass,
    Instance,
    find_class,
    hyperv_class,
)
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.clustered import Cluster
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.clusters import make_highly_available
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.identities import Sight
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.summary import CODES, summary
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.values import Emb, Ref
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.views import VIEWS, find, instances
from ansible_collections.hyperv.replica.tests.unit.plugins.plugin_utils.simulator.envelopes import (
    SQL01,
    Pair,
    query,
    value,
)
from ansible_collections.hyperv.replica.tests.unit.plugins.plugin_utils.simulator.envelopes import (
    instances as items,
)


def known_class(name: str) -> CimClass:
    namespaces = {"Win32": "root/cimv2", "CIM_D": "root/cimv2", "MSClu": "root/mscluster"}
    found = find_class(namespaces.get(name[:5], "root/virtualization/v2"), name)
    if found is None:
        raise AssertionError(name)
    return found


def everything() -> list[tuple[Sight, Instance]]:
    """All instances of both hosts, the first of which is a node of a cluster, with a VLAN."""
    pair = Pair(unreplicated_relationship="state_0")
    node = pair.world.hosts["HV-A"]
    node.cluster = Cluster(name="HVC", fqdn="hvc.example.test", broker="hvr.example.test", nodes=[node.name])
    pair.world.clusters["HVC"] = node.cluster
    for vm in node.vms.values():
        make_highly_available(pair.world, node, vm)
    sights = [Sight(pair.world, host) for host in pair.world.hosts.values()]
    for sight in sights:
        sight.host.vms[SQL01].adapters[0].vlan = 12
    return [
        (sight, one) for sight in sights for name in VIEWS for one in instances(sight, known_class(name), deep=False)
    ]


EVERYTHING = everything()
TYPES: dict[str, type | tuple[type, ...]] = {
    "boolean": bool,
    "string": (str, Emb, Instance),
    "datetime": (datetime, timedelta),
    "reference": Ref,
    "object": Instance,
}


def test_every_value_belongs_to_a_property_of_its_class_and_is_an_array_where_that_is_one() -> None:
    wrong = [
        (one.of.name, name)
        for _rest, one in EVERYTHING
        for name, shown in one.values.items()
        if (known := one.of.property(name)) is None
        or known.name != name
        or (shown is not None and known.array is not isinstance(shown, list))
    ]

    assert not wrong


def _fits(kind: str, shown: object) -> bool:
    """Whether a value is of a CIM type (DSP0004)."""
    if number := re.fullmatch(r"([us])int(8|16|32|64)", kind):
        bits = int(number[2])
        least, end = (0, 1 << bits) if number[1] == "u" else (-(1 << bits - 1), 1 << bits - 1)
        return isinstance(shown, int) and not isinstance(shown, bool) and least <= shown < end
    return isinstance(shown, TYPES[kind]) and not (isinstance(shown, datetime) and shown.tzinfo is None)


def test_every_value_is_of_the_type_of_its_property() -> None:
    sight = next(sight for sight, _one in EVERYTHING)
    told = [summary(sight, vm, CODES) for vm in sight.host.vms.values()]
    wrong = [
        (one.of.name, name, shown)
        for one in (*(one for _sight, one in EVERYTHING), *told)
        for name, shown in one.values.items()
        if shown is not None and (known := one.of.property(name)) is not None
        for single in (shown if known.array else [shown])
        if not _fits(known.type, single)
    ]

    assert len(told) > 1
    assert not wrong


def test_every_instance_has_all_its_keys_and_no_two_have_the_same() -> None:
    keys = [
        (sight.host.name, one.of.name, *(str(one.value(key.name)) for key in one.of.keys)) for sight, one in EVERYTHING
    ]

    assert len(keys) == len(set(keys))
    assert not [key for key in keys if "None" in key or "" in key]


def test_every_reference_leads_to_an_instance() -> None:
    dangling = [
        (one.of.name, shown.class_name)
        for sight, one in EVERYTHING
        for shown in one.values.values()
        if isinstance(shown, Ref) and find(sight, known_class(shown.class_name), shown.keys) is None
    ]

    assert not dangling


def test_every_class_of_the_replica_api_shows_something() -> None:
    shown = {one.of.name for _rest, one in EVERYTHING}

    silent = set(VIEWS) - shown
    assert silent == {"Msvm_ConcreteJob", "Msvm_AffectedJobElement", "Msvm_ReplicaSystemDependency"}


@pytest.mark.parametrize(("switch", "count"), [("absent", 2), ("state_0", 5)])
def test_a_vm_that_is_not_replicated_has_a_relationship_as_the_switch_says(switch: str, count: int) -> None:
    pair = Pair(spare=3, unreplicated_relationship=switch)

    assert len(items(pair.body(query("SELECT * FROM Msvm_ReplicationRelationship")))) == count
    assert len(items(pair.body(query("SELECT * FROM Msvm_ReplicationSettingData")))) == 5


def test_memory_processors_and_time_are_the_same_wherever_they_are_shown() -> None:
    pair = Pair()
    pair.wait(90)
    sight = Sight(pair.world, pair.world.hosts["HV-A"])
    pair.world.advance_to(pair.world.clock.now())
    vm = sight.host.vms[SQL01]
    told = summary(sight, vm, CODES)
    settings = next(
        one for one in instances(sight, hyperv_class("Msvm_MemorySettingData")) if SQL01 in one.value("InstanceID")
    )
    device = next(one for one in instances(sight, hyperv_class("Msvm_Memory")) if one.value("SystemName") == SQL01)
    processors = [one for one in instances(sight, hyperv_class("Msvm_Processor")) if one.value("SystemName") == SQL01]
    system = find(sight, hyperv_class("Msvm_ComputerSystem"), {"Name": SQL01})

    assert (
        settings.value("VirtualQuantity")
        == told.value("MemoryUsage")
        == device.value("NumberOfBlocks")
        == vm.memory >> 20
    )
    assert len(processors) == told.value("NumberOfProcessors") == vm.processors
    assert system is not None
    assert told.value("UpTime") == system.value("OnTimeInMilliseconds") >= 90_000


def test_the_hosts_free_memory_falls_by_what_a_vm_takes() -> None:
    pair = Pair()
    sight = Sight(pair.world, pair.world.hosts["HV-A"])

    def free() -> int:
        return int(next(instances(sight, known_class("Win32_OperatingSystem"))).value("FreePhysicalMemory"))

    running = free()
    sight.host.vms[SQL01].power = Power.OFF

    assert (free() - running) * 1024 == sight.host.vms[SQL01].memory


def test_recovery_points_are_settings_of_their_vm_with_their_own_identity() -> None:
    pair = Pair()
    kind = "Microsoft:Hyper-V:Snapshot:Replica:%"
    asked = f"SELECT * FROM Msvm_VirtualSystemSettingData WHERE VirtualSystemType LIKE '{kind}'"

    shown = items(pair.body(query(f"{asked} AND VirtualSystemIdentifier='{SQL01}'"), "HV-B"))

    points = pair.world.hosts["HV-B"].vms[SQL01].recovery_points
    assert [value(one, "InstanceID") for one in shown] == [f"Microsoft:{point.guid}" for point in points]
    assert items(pair.body(query(asked))) == []


def test_the_provider_is_named_by_a_path_whose_key_has_doubled_backslashes() -> None:
    shown = items(Pair().body(query("SELECT * FROM Msvm_ReplicationSettingData")))[0]

    assert (value(shown, "ReplicationProvider") or "").endswith(
        'Msvm_ReplicationProvider.InstanceID="Microsoft:HV-A\\\\ReplicationProvider\\\\22391CDC-272C-4DDF-BA88-9BEFB1A0975C"'
    )


def test_what_libvirt_asks_for_one_after_the_other_is_found() -> None:
    pair = Pair()
    vm = f"Msvm_ComputerSystem.CreationClassName='Msvm_ComputerSystem',Name='{SQL01}'"
    settings = f"Msvm_VirtualSystemSettingData.InstanceID='Microsoft:{SQL01}'"
    parts = "WHERE AssocClass = Msvm_VirtualSystemSettingDataComponent ResultClass ="
    asked = {
        "SELECT * FROM Msvm_ComputerSystem WHERE Name != __SERVER": 2,
        f"ASSOCIATORS OF {{{vm}}} WHERE AssocClass = Msvm_SettingsDefineState": 1,
        f"ASSOCIATORS OF {{{settings}}} {parts} Msvm_ProcessorSettingData": 1,
        f"ASSOCIATORS OF {{{settings}}} {parts} Msvm_MemorySettingData": 1,
        f"ASSOCIATORS OF {{{settings}}} {parts} Msvm_ResourceAllocationSettingData": 3,
        f"ASSOCIATORS OF {{{settings}}} {parts} Msvm_StorageAllocationSettingData": 2,
        f"ASSOCIATORS OF {{{settings}}} {parts} CIM_ResourceAllocationSettingData": 9,
        "SELECT * FROM Msvm_VirtualEthernetSwitch": 2,
        "SELECT * FROM Msvm_VirtualSystemManagementServiceSettingData": 1,
    }

    assert {text: len(items(pair.body(query(text)))) for text in asked} == asked
