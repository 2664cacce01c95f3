# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import copy
from datetime import timedelta
from typing import Any

import pytest

from ansible_collections.hyperv.replica.plugins.module_utils._drill.plan import (
    Barrier,
    OnVmFailure,
    Plan,
    ProbeKind,
    Service,
    Towards,
)
from ansible_collections.hyperv.replica.plugins.module_utils._drill.plan_reading import read_plan
from ansible_collections.hyperv.replica.plugins.module_utils._errors import PreconditionFailed

#: Everything that a plan can say, once.
FULL: dict[str, Any] = {
    "schema_version": 1,
    "name": "accounting",
    "description": "The books",
    "owner": "Night shift",
    "vms": [
        {"name": "DC01", "home": "hv-a", "recovery": "hv-b", "provides": ["kdc", "dns"]},
        {
            "name": "SQL01",
            "id": "{8d2f1b6e-0000-4000-8000-00000000ab01}",
            "home": "hv-a",
            "recovery": "hv-b",
            "tier": "database",
            "depends_on": ["dc01"],
            "start_delay": "30s",
            "consistency_group": "books",
            "limits": {"rpo": "15m", "rto": "1h"},
            "probes": [
                {"heartbeat": True},
                {"addresses": ["192.0.2.0/24"]},
                {"tcp": 1433, "address": "192.0.2.10", "timeout": 3},
                {"http": {"url": "https://sql01.example/", "status": [200, 204], "certificate_days": 30}},
                {"dns": {"name": "sql01.example", "server": "192.0.2.1", "expect": ["192.0.2.10"]}},
                {"tasks": "checks/sql.yml"},
            ],
            "probe_within": "20m",
            "network": {"test": "isolated", "test_switch": "Test", "adapters": [{"failover": {"dhcp": True}}]},
        },
    ],
    "tiers": [
        {"name": "infrastructure", "before": ["hooks/a.yml"], "pause_before": "Is the site manager informed?"},
        {"name": "database", "after": ["hooks/b.yml"], "on_vm_failure": "walk_back", "barrier": True},
    ],
    "barrier": "consistency_group",
    "limits": {"concurrency": 10, "active_transfers": 3, "winrm_operations": 1500, "memory_reserve": "2GiB"},
    "excluded": [{"name": "OLD01", "why": "retired"}],
    "provided_elsewhere": ["awx"],
}


def plan(*vms: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"schema_version": 1, "name": "accounting", "vms": list(vms), **more}


def vm(name: object, **more: Any) -> dict[str, Any]:
    return {"name": name, "home": "hv-a", "recovery": "hv-b", **more}


def refusal(data: object, hosts: set[str] | None = None) -> str:
    with pytest.raises(PreconditionFailed) as refused:
        read_plan(data, hosts)
    assert refused.value.kind == "bad_plan"
    return str(refused.value)


def test_everything_that_a_plan_says_is_read() -> None:
    read = read_plan(FULL, {"hv-a", "hv-b"})

    sql = read.vm("SQL01")
    assert (read.name, read.description, read.owner) == ("accounting", "The books", "Night shift")
    assert (sql.id, sql.named) == ("8D2F1B6E-0000-4000-8000-00000000AB01", "8D2F1B6E-0000-4000-8000-00000000AB01")
    assert (sql.tier, read.vm("DC01").tier) == ("database", "infrastructure")
    assert sql.depends_on == ("DC01",)
    assert (sql.start_delay, sql.rpo, sql.rto) == (timedelta(seconds=30), timedelta(minutes=15), timedelta(hours=1))
    assert sql.green_within == timedelta(minutes=20)
    assert [probe.kind for probe in sql.probes] == list(ProbeKind)
    assert read.vm("DC01").provides == (Service.KDC, Service.DNS)
    assert [tier.on_vm_failure for tier in read.tiers] == [OnVmFailure.STOP, OnVmFailure.WALK_BACK]
    assert read.barrier is Barrier.CONSISTENCY_GROUP
    assert read.limits.memory_reserve == 2 << 30
    assert (read.excluded[0].name, read.provided_elsewhere) == ("OLD01", (Service.AWX,))


def test_the_task_files_of_hooks_and_probes_are_listed_so_that_they_can_be_looked_for_beforehand() -> None:
    assert read_plan(FULL).task_files == ("hooks/a.yml", "hooks/b.yml", "checks/sql.yml")


def test_a_plan_of_an_earlier_release_is_read_as_before() -> None:
    read = read_plan(plan(vm("SQL01", limits={"rpo": "15m", "rto": "1h"}, probes=[{"tcp": 1433}]), vm("WEB01")))

    assert [one.name for one in read.vms] == ["SQL01", "WEB01"]
    assert [tier.name for tier in read.tiers] == ["all"]


def test_a_machine_moves_from_one_of_its_hosts_to_the_other() -> None:
    sql = read_plan(plan(vm("SQL01"))).vm("SQL01")

    assert (sql.away_from(Towards.RECOVERY), sql.to(Towards.RECOVERY)) == ("hv-a", "hv-b")
    assert (sql.away_from(Towards.HOME), sql.to(Towards.HOME)) == ("hv-b", "hv-a")


def test_a_name_that_is_a_guid_is_searched_for_as_one() -> None:
    assert read_plan(plan(vm("8d2f1b6e-0000-4000-8000-00000000ab01"))).vms[0].id.startswith("8D2F1B6E")


def test_a_null_counts_as_left_out_since_ansible_fills_options_with_it() -> None:
    assert read_plan(plan(vm("SQL01", id=None, depends_on=None, limits=None), tiers=None)) == read_plan(
        plan(vm("SQL01"))
    )


@pytest.mark.parametrize("version", [0, 2, "1", True])
def test_a_plan_of_another_version_is_refused_with_the_version_that_is_known(version: object) -> None:
    said = refusal(plan(vm("SQL01")) | {"schema_version": version, "something": "new"})

    assert repr(version) in said
    assert "version 1 only" in said
    assert "something" not in said


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            {"vms": [vm("A"), vm("B"), vm("C"), vm("D", probs=[])]},
            "vms[3].probs: there is no such key; did you mean probes?",
        ),
        ({"tears": []}, "tears: there is no such key; did you mean tiers?"),
        ({"vms": []}, "vms: the list is empty"),
        ({"vms": None}, "vms: missing"),
        ({"name": None}, "name: missing"),
        ({"schema_version": None}, "schema_version: missing"),
        ({"vms": [{"home": "hv-a", "recovery": "hv-b"}]}, "vms[0]: has none of name, id"),
        ({"vms": [{"name": "A", "home": "hv-a"}]}, "vms[0].recovery: missing"),
        ({"vms": [vm("A", start_delay=30)]}, "vms[0].start_delay: 30 is not a length of time with its unit"),
        ({"vms": [vm("A", limits={"rto": "1 hour"})]}, "vms[0].limits.rto: '1 hour' is not a length of time"),
        ({"vms": [vm("A", limits={"rto": True})]}, "vms[0].limits.rto: true is not a length of time"),
        ({"vms": [vm("A", id="no guid")]}, "vms[0].id: 'no guid' is not a GUID"),
        ({"vms": [vm("A", provides=["mail"])]}, "vms[0].provides[0]: 'mail' is not one of kdc, dns, awx, ca"),
        (
            {"vms": [vm("A", probes=[{"tcp": 80, "http": {"url": "http://a"}}])]},
            "vms[0].probes[0]: has tcp and http of",
        ),
        ({"vms": [vm("A", probes=[{}])]}, "vms[0].probes[0]: has none of heartbeat,"),
        ({"vms": [vm("A", probes=[{"tcp": 0}])]}, "vms[0].probes[0].tcp: 0 is less than 1"),
        ({"vms": [vm("A", probes=[{"tcp": 65536}])]}, "vms[0].probes[0].tcp: 65536 is more than 65535"),
        ({"vms": [vm("A", probes=[{"tcp": True}])]}, "vms[0].probes[0].tcp: true is not a whole number"),
        (
            {"vms": [vm("A", probes=[{"heartbeat": True, "address": "192.0.2.1"}])]},
            "address says nothing without tcp or http",
        ),
        (
            {"vms": [vm("A", probes=[{"addresses": ["192.0.2.0/33"]}])]},
            "probes[0].addresses: 192.0.2.0/33 is no address",
        ),
        ({"vms": [vm(7)]}, "vms[0].name: 7 is not text (put it in quotes)"),
        ({"vms": [vm(" ")]}, "vms[0].name: the text is empty"),
        ({"vms": {"SQL01": {}}}, "vms: {'SQL01': {}} is not a list"),
        ({"limits": {"memory_reserve": 2048}}, "limits.memory_reserve: 2048 is not a size with its unit"),
        ({"barrier": "vm"}, "barrier: 'vm' is not one of plan, consistency_group, tier"),
        (
            {"tiers": [{"name": "t", "on_vm_failure": "explode"}]},
            "tiers[0].on_vm_failure: 'explode' is not one of stop,",
        ),
        ({"vms": [vm("A"), vm("a")]}, "vms[1].name: a is already vms[0]"),
        ({"tiers": [{"name": "t"}, {"name": "t"}]}, "tiers[1].name: t is already tiers[0]"),
        (
            {"vms": [vm("A", tier="databse")], "tiers": [{"name": "database"}]},
            "there is no tier databse; did you mean database?",
        ),
        ({"vms": [vm("A", tier="database")]}, "vms[0].tier: there is no tier database"),
        (
            {"vms": [vm("SQL01"), vm("B", depends_on=["SQL1"])]},
            "B depends on SQL1, which is not in the plan; did you mean SQL01?",
        ),
        ({"vms": [vm("A", recovery="hv-a")]}, "vms[0].recovery: A has hv-a for both home and recovery"),
        (
            {"excluded": [{"name": "sql01", "why": "no"}], "vms": [vm("SQL01")]},
            "excluded[0].name: sql01 is one of vms, too",
        ),
        ({"excluded": [{"name": "OLD01"}]}, "excluded[0].why: missing"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(change: dict[str, Any], said: str) -> None:
    assert said in refusal(plan(vm("SQL01")) | change)


def test_two_machines_with_one_guid_are_refused() -> None:
    guid = "8d2f1b6e-0000-4000-8000-00000000ab01"

    assert "vms[1].id: 8D2F1B6E" in refusal(plan(vm("A", id=guid), vm("B", id=f"{{{guid.upper()}}}")))


def test_every_mistake_is_said_at_once() -> None:
    said = refusal(plan(vm("A", probs=[]), vm("B", limits={"rto": 5}), ownr="me"))

    assert all(part in said for part in ("vms[0].probs", "vms[1].limits.rto", "ownr"))


@pytest.mark.parametrize("data", [None, [], "plan.yml", 7])
def test_what_is_no_mapping_is_no_plan(data: object) -> None:
    assert "the whole" in refusal(data)


def test_a_circle_is_refused_with_its_path() -> None:
    a, b, c = vm("A", depends_on=["B"]), vm("B", depends_on=["C"]), vm("C", depends_on=["A"])

    assert "the dependencies go in a circle: A -> B -> C -> A" in refusal(plan(a, b, c, vm("D", depends_on=["A"])))


def test_two_circles_are_both_named_and_so_is_a_machine_that_waits_for_itself() -> None:
    said = refusal(plan(vm("A", depends_on=["A"]), vm("B", depends_on=["C"]), vm("C", depends_on=["B"])))

    assert "A -> A" in said
    assert "B -> C -> B" in said


def test_a_dependency_against_the_order_of_the_tiers_is_refused() -> None:
    data = plan(
        vm("SQL01", tier="database", depends_on=["WEB01"]),
        vm("WEB01", tier="web"),
        tiers=[{"name": "database"}, {"name": "web"}],
    )

    assert "SQL01 of tier database depends on WEB01 of tier web, but tier database starts before tier web" in refusal(
        data
    )


def test_hosts_that_the_inventory_does_not_have_are_refused_where_it_is_known() -> None:
    data = plan(vm("SQL01", recovery="hv-bb"))

    assert "vms[0].recovery: host hv-bb of SQL01 is not in the inventory; did you mean hv-b?" in refusal(
        data, {"hv-a", "hv-b"}
    )
    assert isinstance(read_plan(data), Plan)


def test_a_barrier_must_not_part_a_consistency_group() -> None:
    data = plan(
        vm("SQL01", tier="database", consistency_group="books"),
        vm("WEB01", tier="web", consistency_group="books"),
        tiers=[{"name": "database", "barrier": True}, {"name": "web"}],
    )

    assert "consistency group books: the barrier after tier database parts SQL01" in refusal(data)


def test_a_machine_that_moves_alone_cannot_be_switched_together_with_others() -> None:
    data = plan(vm("DC01", provides=["kdc"], consistency_group="books"), vm("SQL01", consistency_group="books"))

    assert "consistency group books: DC01 provides what others need, so it moves alone" in refusal(data)


def test_reading_a_plan_changes_nothing_of_it() -> None:
    data = copy.deepcopy(FULL)

    read_plan(data)

    assert data == FULL
