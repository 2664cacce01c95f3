# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from ansible_collections.hyperv.replica.plugins.module_utils._errors import PreconditionFailed
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.looking import Look
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import (
    HostFacts,
    Relationship,
    ReplicationSettings,
    Side,
)
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.states import (
    Power,
    ReplicationHealth,
    ReplicationMode,
    ReplicationState,
)
from ansible_collections.hyperv.replica.plugins.module_utils._surface.inventory import (
    copies,
    group_names,
    virtual_machines,
)
from ansible_collections.hyperv.replica.plugins.module_utils._surface.inventory_hosts import (
    InventoryHost,
    inventory_hosts,
    psrp_getter,
)
from ansible_collections.hyperv.replica.plugins.module_utils._surface.options import psrp_options

NOW = datetime(2026, 11, 20, 3, 0, tzinfo=timezone.utc)
GUID = "8E2B4F6A-7C1D-4E3B-9A54-0D2F6B8C1E90"
OTHER = "11111111-7C1D-4E3B-9A54-0D2F6B8C1E90"
NORTH, SOUTH = inventory_hosts(
    [{"name": "hv-a.example.test", "site": "north"}, {"name": "b", "address": "hv-b.example.test"}], lambda value: value
)


def side(host: str, mode: ReplicationMode, power: Power = Power.OFF, **more: Any) -> Side:
    known = Side(
        host=host,
        vm_name="SQL01",
        vm_id=GUID,
        power=power,
        mode=mode,
        facts=HostFacts(name=host, computer_name="HV-A" if host == NORTH.name else "HV-B", clock=NOW),
        relationship=Relationship(
            instance_id=f"Microsoft:{GUID}\\HVR\\0",
            state=ReplicationState.REPLICATING,
            health=ReplicationHealth.OK,
            last_replicated=NOW - timedelta(seconds=90),
        ),
        settings=ReplicationSettings(
            instance_id="x", primary_host="hv-a.example.test", recovery_host="hv-b.example.test"
        ),
    )
    return replace(known, **more)


def shown(host: InventoryHost, *sides: Side) -> list[dict[str, Any]]:
    return copies(host, Look(facts=sides[0].facts, sides={one.vm_id: one for one in sides}), [NORTH, SOUTH])


def test_each_end_names_the_other_as_the_source_does() -> None:
    (sent,) = shown(NORTH, side(NORTH.name, ReplicationMode.PRIMARY))
    (received,) = shown(SOUTH, side(SOUTH.name, ReplicationMode.REPLICA))

    assert (sent["peer"], received["peer"]) == ("b", "hv-a.example.test")
    assert (sent["site"], received["site"]) == ("north", "b")
    assert sent["age_seconds"] == 90


def test_a_peer_that_the_source_does_not_name_has_the_name_of_the_relationship() -> None:
    settings = ReplicationSettings(instance_id="x", primary_host="hv-a.example.test", recovery_host="broker.test")

    (sent,) = shown(NORTH, side(NORTH.name, ReplicationMode.PRIMARY, settings=settings))

    assert sent["peer"] == "broker.test"


@pytest.mark.parametrize("mode", [ReplicationMode.NONE, ReplicationMode.TEST_REPLICA])
def test_what_is_no_end_of_a_relationship_is_left_out(mode: ReplicationMode) -> None:
    assert shown(NORTH, side(NORTH.name, mode)) == []


def test_the_copy_that_runs_speaks_for_the_vm_and_the_primary_where_none_does() -> None:
    primary = shown(NORTH, side(NORTH.name, ReplicationMode.PRIMARY))
    replica = shown(SOUTH, side(SOUTH.name, ReplicationMode.REPLICA))
    served = shown(SOUTH, side(SOUTH.name, ReplicationMode.REPLICA, Power.RUNNING))

    assert virtual_machines(replica + primary)["SQL01"]["hyperv_replica_host"] == NORTH.name
    assert virtual_machines(primary + served)["SQL01"]["hyperv_replica_host"] == "b"


def test_two_vms_of_one_name_are_told_apart() -> None:
    both = shown(
        NORTH, side(NORTH.name, ReplicationMode.PRIMARY), side(NORTH.name, ReplicationMode.PRIMARY, vm_id=OTHER)
    )

    assert sorted(virtual_machines(both)) == ["SQL01-11111111", "SQL01-8E2B4F6A"]


def test_groups_are_named_by_kind_and_value() -> None:
    known = virtual_machines(shown(NORTH, side(NORTH.name, ReplicationMode.PRIMARY)))["SQL01"]

    assert group_names(known, ["site", "health"]) == ["hyperv_site_north", "hyperv_health_ok"]


def test_a_host_may_have_options_of_its_own_and_takes_the_others_from_the_source() -> None:
    (host,) = inventory_hosts([{"name": "hv-a", "port": 15985, "password": "Own-Secret-1"}], lambda value: value)
    common = {"user": "reader", "password": "Shared-Secret-1", "auth": "ntlm", "port": None, "scheme": "http"}
    known = {"ca_cert": None, "validate_certs": True, "message_encryption": "auto", "ignore_proxy": False}
    files = {"certificate_pem": None, "certificate_key_pem": None, "connection_timeout": 7}

    options = psrp_options(psrp_getter(host, (common | known | files).__getitem__))

    assert options.endpoint == "http://hv-a:15985/wsman"
    assert (options.arguments["username"], options.arguments["password"]) == ("reader", "Own-Secret-1")
    assert options.arguments["connection_timeout"] == 7
    assert "Own-Secret-1" not in repr(host)


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        ([{"address": "192.0.2.1"}], "without a name"),
        ([7], "without a name"),
        ([{"name": "hv-a", "sight": "north"}], "sight"),
        (["hv-a", {"name": "hv-a"}], "twice"),
    ],
)
def test_an_entry_that_cannot_be_meant_is_refused(entries: list[object], said: str) -> None:
    with pytest.raises(PreconditionFailed, match=said):
        inventory_hosts(entries, lambda value: value)
