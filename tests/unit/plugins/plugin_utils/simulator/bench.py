# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A simulated estate on the bench: time by hand, methods by name. Shared by the tests of the rules."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Any

from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.estate import from_estate
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.machines import Vm
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.rules import call
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.settings import PROPERTIES
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.values import Emb, MethodCall, MethodResult, Ref
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.world import Host, World

START = datetime(2026, 1, 12, 8, 0, tzinfo=timezone.utc)
GUID = "9F3C1E2A-7B61-4C55-9C0B-5D0A3B8E1122"
PROVIDER = "5E5D4C3B-2A19-4807-96F5-E4D3C2B1A098"
SERVICE = "Msvm_ReplicationService"
COMPUTER = "Msvm_ComputerSystem"


def host(name: str, other: str, **more: object) -> dict[str, Any]:
    """A host that authorizes another."""
    return {
        "name": name,
        "fqdn": f"{name.lower()}.example.test",
        "replica_server": {"authorize": [{"primary": f"{other.lower()}.example.test"}]},
        "providers": [{"guid": PROVIDER, "name": "external"}],
        "switches": ["Production"],
        **more,
    }


def pair(**more: object) -> dict[str, Any]:
    """A VM that runs on A, writes once a second, and replicates to B every five minutes."""
    return {
        "name": "SQL01",
        "guid": GUID,
        "primary": "A",
        "replica": "B",
        "power": "running",
        "disks": [{"size": "10 GiB", "used": "2 GiB"}],
        "adapters": [{"switch": "Production"}],
        **more,
    }


def estate(*replicated: Mapping[str, Any], **more: object) -> dict[str, Any]:
    """Two hosts with these pairs on them."""
    hosts = [host("A", "B"), host("B", "A", language="de-DE")]
    return {"schema_version": 1, "hosts": hosts, "replicated": list(replicated), **more}


class Bench:
    """A world, its two hosts, and how to ask them for something."""

    def __init__(self, plain: Mapping[str, Any] | None = None, /, **switches: str) -> None:
        self.world: World = from_estate(plain or estate(pair()), start=START, rate=0, switches=switches)

    @property
    def a(self) -> Vm:
        return self.world.hosts["A"].vms[GUID]

    @property
    def b(self) -> Vm:
        return self.world.hosts["B"].vms[GUID]

    def states(self) -> tuple[int, int]:
        """ReplicationState on A and on B."""
        return int(self.a.state), int(self.b.state)

    def modes(self) -> tuple[int, int]:
        """ReplicationMode on A and on B."""
        return int(self.a.mode), int(self.b.mode)

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.world.advance(timedelta(seconds=seconds))

    def ask(self, where: str, method: str, arguments: Mapping[str, Any] | None = None) -> MethodResult:
        """Call a method of a host's replication service on the VM."""
        on_vm = {} if method in ("TestReplicationConnection", "GetSystemCertificates") else {"ComputerSystem": VM}
        return self.call(where, SERVICE, {"Name": "replicasvc"}, method, {**on_vm, **(arguments or {})})

    def call(
        self, where: str, class_name: str, keys: Mapping[str, str], method: str, arguments: Mapping[str, Any]
    ) -> MethodResult:
        """Call any method."""
        there = self.world.hosts[where]
        asked = MethodCall(class_name=class_name, keys=keys, method=method, arguments=arguments)
        return call(self.world, there, asked)

    def request(self, where: str, state: int, relationship: Emb | None = None) -> MethodResult:
        """RequestReplicationStateChangeEx on the VM."""
        arguments = {"RequestedState": state, "ReplicationRelationship": relationship}
        return self.call(where, COMPUTER, {"Name": GUID}, "RequestReplicationStateChangeEx", arguments)

    def power(self, where: str, state: int) -> MethodResult:
        """RequestStateChange on the VM."""
        return self.call(where, COMPUTER, {"Name": GUID}, "RequestStateChange", {"RequestedState": state})

    def shutdown(self, where: str, *, force: bool = False) -> MethodResult:
        """InitiateShutdown of the VM's shutdown component."""
        arguments = {"Force": force, "Reason": "test"}
        return self.call(where, "Msvm_ShutdownComponent", {"SystemName": GUID}, "InitiateShutdown", arguments)

    def done(self, result: MethodResult, within: float = 600) -> int:
        """Wait for a result's job; give its ErrorCode, or the return code where there is no job."""
        if result.job is None:
            return result.return_value
        for _round in range(int(within)):
            if not result.job.running:
                break
            self.wait(1)
        assert not result.job.running
        return result.job.error_code

    def settings(self, where: str, **changes: str) -> Emb:
        """The VM's replication settings on a host, as a client would send them back, with changes."""
        return settings_of(self.world.hosts[where], changes)

    def reversed_settings(self, where: str) -> Emb:
        """What the sample sends with a reverse: to the old primary, at the port of its listener."""
        known = self.world.hosts[where].vms[GUID].relationship.settings
        return self.settings(where, RecoveryConnectionPoint=known.primary_connection_point)

    def planned_failover(self, source: str = "A", target: str = "B") -> None:
        """Shut down, prepare, fail over, and stop in state 5."""
        assert self.shutdown(source).return_value == 0
        self.wait(60)
        assert self.done(self.request(source, 4)) == 0
        assert self.done(self.ask(target, "InitiateFailover", {"SnapshotSettingData": None})) == 0

    def reverse(self, where: str) -> int:
        """ReverseReplicationRelationship on a host; give the code it came to."""
        arguments = {"ReplicationSettingData": self.reversed_settings(where)}
        return self.done(self.ask(where, "ReverseReplicationRelationship", arguments))


VM = Ref(COMPUTER, {"CreationClassName": COMPUTER, "Name": GUID})


def settings_of(there: Host, changes: Mapping[str, str]) -> Emb:
    """Every own property of the VM's setting data on a host, as text, the class's outputs among them."""
    known = there.vms[GUID].relationship.settings
    properties: dict[str, Any] = {"InstanceID": f"Microsoft:{GUID}\\HVR\\0"}
    for name, row in PROPERTIES.items():
        properties[name] = _text(getattr(known, row.field))
    return Emb("Msvm_ReplicationSettingData", {**properties, **changes})


def _text(value: object) -> str | list[str]:
    if isinstance(value, timedelta):
        hours, rest = divmod(int(value.total_seconds()), 3600)
        return f"00000000{hours:02d}{rest // 60:02d}{rest % 60:02d}.000000:000"
    if isinstance(value, list):
        return [str(item) for item in value]
    return str(value).lower() if isinstance(value, bool) else str(value)
