# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A VM's network adapters, and its test copy, as one host shows them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.states import ComponentStatus, Power


@dataclass(frozen=True, slots=True, kw_only=True)
class FailoverAddresses:
    """What a guest's adapter is given when its VM starts here after a failover.

    Attributes:
        addresses: with the length of their prefix, ``192.0.2.10/24``; all addresses as ``ipaddress`` writes them.
        dhcp: nothing is given; the guest asks a DHCP server.
    """

    dhcp: bool = True
    addresses: tuple[str, ...] = ()
    gateways: tuple[str, ...] = ()
    dns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Adapter:
    """One network adapter with its connection.

    Attributes:
        id: InstanceID of its connection, Msvm_EthernetPortAllocationSettingData.
        enabled: EnabledState of the connection; 2 is connected.
        host_resource: paths of what it is connected to, as they were read.
        switch: name of the switch it is connected to; empty when disconnected.
        test_switch: TestReplicaSwitchName, where test copies are connected to.
        test_pool: TestReplicaPoolID, the same as a resource pool.
        dynamic_mac: the host chooses its MAC address; None where that was not told.
        failover: None where they were not read, failover_id: InstanceID of their settings.
    """

    id: str
    name: str
    mac: str = ""
    enabled: int | None = None
    host_resource: tuple[str, ...] = ()
    switch: str = ""
    test_switch: str = ""
    test_pool: str = ""
    dynamic_mac: bool | None = None
    failover: FailoverAddresses | None = None
    failover_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplicaTestCopy:
    """What a replica's test copy is like; mode 3 was seen on it.

    Attributes:
        disks: paths of its virtual disks.
        heartbeat: None while its integration services are silent.
        addresses: those that its guest tells.
    """

    id: str
    name: str
    power: Power
    adapters: tuple[Adapter, ...] = ()
    disks: tuple[str, ...] = ()
    heartbeat: ComponentStatus | None = None
    addresses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Networks:
    """The virtual switches of a host.

    Attributes:
        switches: all of them.
        paths: object path of each switch by its name, as a connection names it.
        production: those that a VM which is no test copy is connected to, running or not.
    """

    switches: frozenset[str] = frozenset()
    production: frozenset[str] = frozenset()
    paths: Mapping[str, str] = field(default_factory=dict)


def is_called(adapter: Adapter, key: str) -> bool:
    """Whether somebody means this adapter by a name, or by a MAC address with or without marks in it."""
    return key.casefold() == adapter.name.casefold() or (bool(adapter.mac) and _bare(key) == _bare(adapter.mac))


def _bare(mac: str) -> str:
    return mac.replace(":", "").replace("-", "").upper()


def connected_to(adapters: Iterable[Adapter]) -> list[str]:
    """The switches of these adapters, one for each that is connected."""
    return sorted(adapter.switch for adapter in adapters if adapter.switch)
