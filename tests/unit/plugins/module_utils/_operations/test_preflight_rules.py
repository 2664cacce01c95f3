# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every rule of the preflight, once where it holds and once where somebody broke what it is about."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest
from cryptography.x509.oid import ExtendedKeyUsageOID

from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.certificates import read_certificate
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.states import Power, StartAction
from ansible_collections.hyperv.replica.plugins.module_utils._operations.preflight_rules import RULES
from ansible_collections.hyperv.replica.plugins.module_utils._operations.preflight_view import Operation
from ansible_collections.hyperv.replica.plugins.module_utils._operations.verification import Result
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.machines import Checkpoint, Relationship
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.volumes import Volume
from ansible_collections.hyperv.replica.tests.unit.plugins.module_utils._operations.estate_run import (
    START,
    Site,
    estate,
    guid,
)
from ansible_collections.hyperv.replica.tests.unit.plugins.module_utils._operations.preflight_estate import (
    certificate,
    certified_estate,
    fit,
    fit_estate,
    prepared,
)
from ansible_collections.hyperv.replica.tests.unit.plugins.module_utils._operations.preflight_run import (
    GIB,
    Preflight,
    preflight,
)

Break = Callable[[Site], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """How a rule is broken.

    Attributes:
        by: what somebody does to the estate.
        result: what the rule then comes to.
        says: what its finding names.
    """

    by: Break = lambda site: None
    estate: Callable[[], dict[str, Any]] = fit_estate
    operation: Operation = Operation.PLANNED
    asked: Mapping[str, Any] = field(default_factory=dict)
    ends: tuple[str, str | None] = ("B", "A")
    vms: tuple[str, ...] = ()
    result: Result = Result.FAIL
    says: str = ""


def _three_sites() -> dict[str, Any]:
    return estate(fit(), hosts=[prepared("A", "B"), prepared("B", "A"), prepared("C", "A")])


def _served_twice(site: Site) -> None:
    site.act("start_vm", host="B", vm=guid(1), force=True)


def _set(what: object, fields: Mapping[str, Any]) -> None:
    for name, value in fields.items():
        setattr(what, name, value)


def _of_a(**fields: Any) -> Break:
    """Set fields of the copy on A."""
    return lambda site: _set(site.a(), fields)


def _of_b(**fields: Any) -> Break:
    """Set fields of the copy on B."""
    return lambda site: _set(site.b(), fields)


def _host_a(**fields: Any) -> Break:
    return lambda site: _set(site.world.hosts["A"], fields)


def _host_b(**fields: Any) -> Break:
    return lambda site: _set(site.world.hosts["B"], fields)


def _checkpoint(backup: bool = False) -> Checkpoint:
    return Checkpoint(guid=guid(900), name="before the patch", created=START, backup=backup)


def _hide_a_chain(site: Site) -> None:
    site.a().disks[0].path = "C:\\VMs\\VM001\\disk0_3F2A.avhdx"


def _third_copy(site: Site) -> None:
    first = site.b().relationships[0]
    site.b().relationships[1] = Relationship(index=1, state=first.state, statistics=first.statistics)


def _third_copy_of_a(site: Site) -> None:
    site.a().relationships[1] = Relationship(index=1, state=site.a().state, statistics=_statistics(site))
    site.act("delete_vm", host="B", vm=guid(1))


def _another_at_home(site: Site) -> None:
    _another_vm(name="vm001")(site)
    site.act("delete_vm", host="B", vm=guid(1))


def _make_a_test_copy(site: Site) -> None:
    copy = guid(77)
    twin = site.b()
    site.world.hosts["B"].vms[copy] = type(twin)(
        guid=copy, name=f"{twin.name} - Test", created=START, relationships=dict(twin.relationships), test_of=twin.guid
    )


def _another_vm(**fields: Any) -> Break:
    """Let B have another VM with some fields of ours."""

    def add(site: Site) -> None:
        twin = site.b()
        known: dict[str, Any] = {
            "name": "OTHER",
            "created": START,
            "relationships": {0: Relationship(statistics=_statistics(site))},
        }
        site.world.hosts["B"].vms[guid(88)] = type(twin)(guid=guid(88), **known | fields)

    return add


def _statistics(site: Site) -> Any:
    return site.b().relationships[0].statistics


def _same_mac(site: Site) -> None:
    mine = site.b().adapters[0]
    _another_vm(adapters=[replace(mine, instance_id=mine.instance_id.replace(guid(1), guid(88)))])(site)


def _first_adapter_of_b(**fields: Any) -> Break:
    return lambda site: _set(site.b().adapters[0], fields)


def _mode_of(name: str, mode: str, state: str) -> Break:
    return lambda site: site.act("set_replication", host=name, vm=guid(1), state=state, mode=mode)


def _deed(deed: str, **arguments: Any) -> Break:
    return lambda site: site.act(deed, **arguments)


def _older(hours: float) -> Break:
    def age(site: Site) -> None:
        for copy in (site.a(), site.b()):
            copy.relationship.last_replication_time = START - timedelta(hours=hours)

    return age


def _shutter(site: Site) -> None:
    site.act("disconnect", one="A", other="B")


def _on_a_cluster(name: str, **more: Any) -> Callable[[], dict[str, Any]]:
    """One of the two hosts is the only node of a cluster."""
    cluster = {"name": "HVC", "fqdn": "hvc.example.test", "nodes": [name], **more}
    return lambda: {**fit_estate(), "clusters": [cluster]}


BROKEN: dict[str, list[Broken]] = {
    "clustered_role": [Broken(estate=_on_a_cluster("B", not_highly_available=[guid(1)]), says="no role of it")],
    "clustered_role_home": [Broken(estate=_on_a_cluster("A", not_highly_available=[guid(1)]), says="no role of it")],
    "stays_off": [
        Broken(estate=_on_a_cluster("A", groups=[{"vm": guid(1), "shutdown_action": "fail"}]), says="starts it again")
    ],
    "wrong_peer": [Broken(estate=_three_sites, ends=("B", "C"), says="none of the hosts")],
    "split_brain": [
        Broken(by=_served_twice, says="RUNNING"),
        Broken(operation=Operation.UNPLANNED, says="RUNNING"),
        Broken(
            by=_host_a(up=False),
            operation=Operation.UNPLANNED,
            asked={"outage_began": START - timedelta(hours=3)},
            says="still received",
        ),
    ],
    "present": [Broken(vms=("nobody",), says="no such VM")],
    "present_at_peer": [Broken(by=_deed("remove_vm", host="A", vm=guid(1)), says="no such VM")],
    "room_for_copy": [Broken(by=_mode_of("A", "none", "disabled"), operation=Operation.NEW_COPY, says="a copy here")],
    "namesake": [Broken(by=_another_at_home, operation=Operation.NEW_COPY, says=guid(88))],
    "to_be_copied": [
        Broken(by=_mode_of("A", "replica", "recovered"), operation=Operation.NEW_COPY, says="not settled"),
        Broken(by=_third_copy_of_a, operation=Operation.NEW_COPY, says="third host"),
    ],
    "mode": [Broken(by=_mode_of("B", "none", "disabled"), says="no replica")],
    "mode_at_peer": [Broken(by=_mode_of("A", "replica", "replicating"), says="not the primary")],
    "extended": [Broken(by=_third_copy, says="third host")],
    "duplicate_names": [Broken(by=_another_vm(name="vm001"), says=guid(88))],
    "name_differs": [Broken(by=_of_b(name="OLD"), says="OLD")],
    "state": [
        Broken(by=_deed("suspend", host="B", vm=guid(1)), says="SUSPENDED (7)"),
        Broken(by=_mode_of("B", "replica", "ready"), operation=Operation.UNPLANNED, says="READY"),
        Broken(by=_mode_of("B", "replica", "resynchronizing"), operation=Operation.TEST, says="RESYNCHRONIZING"),
    ],
    "state_at_peer": [Broken(by=_deed("suspend", host="A", vm=guid(1)), says="SUSPENDED (7)")],
    "health": [
        Broken(by=_deed("lose_tracking", host="A", vm=guid(1)), says="CRITICAL"),
        Broken(by=_deed("suspend", host="A", vm=guid(1)), result=Result.WARN, says="WARNING"),
    ],
    "resync": [Broken(by=_deed("lose_tracking", host="A", vm=guid(1)), says="WAITING_FOR_RESYNCHRONIZE")],
    "age": [
        Broken(by=_older(1), asked={"rpo": {guid(1): timedelta(minutes=15)}}, says="RPO of 900 s"),
        Broken(by=_older(1), result=Result.WARN, says="two intervals"),
    ],
    "loss_limit": [
        Broken(
            operation=Operation.UNPLANNED,
            asked={"outage_began": START + timedelta(hours=1), "max_data_loss": timedelta(minutes=15)},
            says="3660 s before the outage; 900 s are allowed",
        )
    ],
    "power": [Broken(by=_of_b(power=Power.SAVED), says="SAVED")],
    "power_at_peer": [
        Broken(by=_deed("save_vm", host="A", vm=guid(1)), says="SAVED"),
        Broken(by=_deed("pause_vm", host="A", vm=guid(1)), says="PAUSED"),
    ],
    "paused_critical": [Broken(by=_of_a(critical=True), says="want of space"), Broken(by=_of_b(critical=True))],
    "test_copy": [Broken(by=_make_a_test_copy, says=guid(77))],
    "backup": [Broken(estate=lambda: fit_estate(fit(backing_up=True)), says="runs")],
    "unreplicated_disks": [Broken(by=lambda site: site.a().relationship.settings.included_disks.__setitem__(0, "x"))],
    "pass_through_disks": [
        Broken(estate=lambda: fit_estate(fit(disks=[{"path": "disk 3", "pass_through": True}, {}])), says="disk 3")
    ],
    "shared_disks": [
        Broken(by=lambda site: setattr(site.a().disks[0], "shared", True), says="disk0.vhdx"),
        Broken(by=lambda site: setattr(site.a().disks[0], "path", "C:\\quorum.vhds"), says="quorum.vhds"),
    ],
    "startable_disks": [
        Broken(by=lambda site: site.b().disks.clear(), says="no disk is attached"),
        Broken(by=lambda site: setattr(site.b().disks[0], "path", ""), says="names no file"),
    ],
    "hidden_chain": [Broken(by=_hide_a_chain, says="avhdx")],
    "checkpoints": [
        Broken(by=_of_a(checkpoints=[_checkpoint()]), says="before the patch"),
        Broken(by=_of_a(checkpoints=[_checkpoint(backup=True)]), says="left by a backup"),
    ],
    "iso": [Broken(by=_of_a(isos=["D:\\setup.iso"]), says="setup.iso")],
    "free_space": [
        Broken(by=_host_b(volumes=[Volume(name="C:\\", size=100 * GIB, free=9 * GIB)]), says="9.0 GiB free")
    ],
    "free_space_at_peer": [
        Broken(by=_host_a(volumes=[Volume(name="C:\\", size=400 * GIB, free=19 * GIB)]), says="20.0 GiB are wanted")
    ],
    "authorization": [Broken(by=lambda site: site.world.hosts["B"].replica_server.entries.clear(), says="nobody")],
    "authorization_home": [Broken(by=lambda site: site.world.hosts["A"].replica_server.entries.clear(), says="nobody")],
    "replica_server": [
        Broken(by=_deed("set_replica_server", host="B", enabled=False), says="no replica server"),
        Broken(
            by=lambda site: setattr(site.world.hosts["B"].replica_server, "http_port", 8080),
            result=Result.WARN,
            says="8080",
        ),
    ],
    "replica_server_home": [
        Broken(by=_deed("set_replica_server", host="A", enabled=False), says="no replica server"),
        Broken(
            by=lambda site: setattr(site.world.hosts["A"].replica_server, "allowed_authentication", 2), says="KERBEROS"
        ),
    ],
    "listener": [Broken(by=_deed("set_reachable", host="B", reachable=False), says="not up")],
    "listener_home": [Broken(by=_deed("set_reachable", host="A", reachable=False), says="not up")],
    "certificate": [
        Broken(estate=lambda: certified_estate(certificate("b.example.test", days=3)), says="before the planned stay"),
        Broken(estate=lambda: certified_estate(certificate("other.example.test")), says="not for b.example.test"),
        Broken(
            estate=lambda: certified_estate(certificate("b.example.test", uses=(ExtendedKeyUsageOID.SERVER_AUTH,))),
            says="both client and server",
        ),
        Broken(
            estate=lambda: certified_estate(certificate("b.example.test")),
            by=_host_b(certificates=[certificate("b.example.test")]),
            says="not in the machine's store",
        ),
    ],
    "certificate_home": [
        Broken(
            estate=lambda: certified_estate(certificate("b.example.test"), certificate("a.example.test", days=-1)),
            says="is in force from",
        ),
    ],
    "connection_test": [
        Broken(by=_shutter, says="failed"),
        Broken(by=_deed("set_reachable", host="A", reachable=False)),
    ],
    "switches": [
        Broken(by=_first_adapter_of_b(switch=""), says="disconnected here"),
        Broken(by=_host_b(switches=[]), says="does not have"),
    ],
    "vlans": [Broken(by=_first_adapter_of_b(vlan=8), says="access 7 at the source and access 8 here")],
    "adapter_drift": [Broken(by=lambda site: site.b().adapters.clear(), says="1 adapters at the source, 0 here")],
    "mac_dynamic": [Broken(by=_first_adapter_of_b(dynamic_mac=True), says="NIC")],
    "mac_duplicate": [Broken(by=_same_mac, says="00155D010203")],
    "mac_pool": [Broken(by=_host_b(mac_minimum="00155D000000", mac_maximum="00155DFFFFFF"), says="00155D000000")],
    "guest_services": [
        Broken(by=_deed("stop_guest_answering", host="A", vm=guid(1)), says="silent"),
        Broken(
            estate=lambda: fit_estate(fit(guest={"os": "Ubuntu 24.04 LTS"})),
            by=lambda site: setattr(site.b().adapters[0].failover, "addresses", ["192.0.2.9"]),
            says="Ubuntu",
        ),
    ],
    "processor_drift": [Broken(by=_of_b(processors=1), says="2 at the source, 1 here")],
    "memory_drift": [Broken(by=_of_b(memory=2 * GIB), says="4.0 GiB at the source, 2.0 GiB here")],
    "configuration_version": [
        Broken(by=_host_b(os_version="10.0.17763"), says="5.0 to 9.0"),
        Broken(by=_of_a(version="5.0"), says="version 5.0"),
    ],
    "vtpm": [
        Broken(by=_of_b(tpm=True), says="only one copy"),
        Broken(estate=lambda: fit_estate(fit(tpm=True)), result=Result.NOT_CHECKED, says="guardian certificates"),
    ],
    "memory": [Broken(by=_host_b(memory=7 * GIB), says="1 VMs and the reserve need 6.0 GiB")],
    "start_action": [Broken(by=_of_a(start_action=StartAction.ALWAYS), says="ALWAYS")],
    "clock": [
        Broken(by=_host_b(clock_ahead=90.0), result=Result.WARN, says="+90 s"),
        Broken(by=_host_a(clock_behind=400.0), says="-400 s"),
    ],
    "providers": [
        Broken(asked={"provides": {"VM001": ("kdc",)}, "needs": frozenset({"kdc"})}, says="kdc is provided by VM001"),
        Broken(asked={"provides": {"VM001": ("dns",)}}, result=Result.WARN, says="dns"),
    ],
    "controller": [
        Broken(asked={"controller": ("vm001",)}, says="as vm001"),
        Broken(
            estate=lambda: fit_estate(fit(guest={"fqdn": "awx.example.test"})),
            asked={"controller": ("awx",)},
            says="as awx",
        ),
    ],
}


def broken(case: Broken) -> Preflight:
    site = Site(case.estate())
    case.by(site)
    asked = {"planned_stay": timedelta(days=30), **case.asked}
    return preflight(site, case.operation, ends=case.ends, vms=case.vms, **asked)


def test_each_rule_is_broken_by_a_test() -> None:
    assert set(BROKEN) == {rule.id for rule in RULES}


@pytest.mark.parametrize("rule_id", [rule.id for rule in RULES])
def test_a_rule_passes_where_nothing_is_wrong(rule_id: str) -> None:
    limits: dict[str, Any] = {"max_data_loss": timedelta(hours=1), "rpo": {guid(1): timedelta(minutes=15)}}

    assert preflight(Site(fit_estate()), **limits).result(rule_id) is Result.PASS


@pytest.mark.parametrize(
    ("rule_id", "case"),
    [(rule_id, case) for rule_id, cases in BROKEN.items() for case in cases],
    ids=[f"{rule_id}-{number}" for rule_id, cases in BROKEN.items() for number, _case in enumerate(cases)],
)
def test_a_rule_says_what_is_wrong(rule_id: str, case: Broken) -> None:
    told = broken(case).rule(rule_id)

    assert (told.result, case.says in told.found) == (case.result, True), told.found
    assert told.cause
    assert told.remedy


def test_certificates_that_hold_pass_at_both_ends() -> None:
    told = preflight(Site(certified_estate(certificate("b.example.test"))), planned_stay=timedelta(days=30))

    assert {told.result(rule) for rule in ("certificate", "certificate_home")} == {Result.PASS}


def test_a_relationship_that_still_names_an_older_certificate_is_warned_of() -> None:
    site = Site(certified_estate(certificate("b.example.test")))
    old = certificate("a.example.test", days=60)
    site.world.hosts["A"].certificates.append(old)
    site.a().relationship.settings.certificate_thumbprint = read_certificate(old).thumbprint

    told = preflight(site).rule("certificate_home")

    assert (told.result, "the relationship sends with" in told.found) == (Result.WARN, True)
