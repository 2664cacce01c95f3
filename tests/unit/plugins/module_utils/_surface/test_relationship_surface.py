# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From the options of hyperv_replica to what is wanted, and the settings as it shows them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.hyperv.replica.plugins.module_utils._errors import PreconditionFailed
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import (
    Absence,
    Absent,
    Disk,
    HostFacts,
    Pair,
    Relationship,
    ReplicationSettings,
    Side,
)
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.states import (
    Power,
    ReplicationMode,
    ReplicationState,
)
from ansible_collections.hyperv.replica.plugins.module_utils._operations.plan import Consent
from ansible_collections.hyperv.replica.plugins.module_utils._surface.relationship_surface import (
    REPLICA,
    as_sender,
    relationship_goal,
    sending_direction,
    settings_result,
    wanted_relationship,
)

VM = "11111111-AAAA-4BBB-8CCC-000000000001"


def options(**given: Any) -> dict[str, Any]:
    spec: dict[str, Any] = dict(REPLICA)
    done = ArgumentSpecValidator(spec["argument_spec"], required_if=spec["required_if"]).validate(
        {"vms": ["SQL01"], **given}
    )
    assert not done.error_messages, done.error_messages
    validated: dict[str, Any] = done.validated_parameters
    return validated


def test_only_what_is_given_is_asked_for() -> None:
    assert wanted_relationship(options()).settings == {}


def test_each_setting_goes_by_its_name_in_wmi() -> None:
    given = options(
        replica_server="hv-b.example.com",
        authentication="certificate",
        port=8443,
        certificate_thumbprint="ab cd:ef",
        interval=30,
        recovery_history=0,
        compression=False,
        included_disks=["a.vhdx"],
        auto_resynchronize_from="18:30",
        provider="{22391cdc-272c-4ddf-ba88-9befb1a0975c}",
    )

    assert wanted_relationship(given).settings == {
        "RecoveryConnectionPoint": "hv-b.example.com",
        "AuthenticationType": 2,
        "RecoveryServerPortNumber": 8443,
        "CertificateThumbPrint": "ABCDEF",
        "ReplicationInterval": 30,
        "RecoveryHistory": 0,
        "CompressionEnabled": False,
        "IncludedDisks": ("a.vhdx",),
        "AutoResynchronizeIntervalStart": "18:30",
        "ReplicationProvider": "22391CDC-272C-4DDF-BA88-9BEFB1A0975C",
    }


@pytest.mark.parametrize(
    "given",
    [
        {"recovery_history": 25},
        {"app_consistent_interval": 13},
        {"port": 0},
        {"auto_resynchronize_from": "24:00"},
        {"auto_resynchronize_until": "6:00"},
        {"provider": "built-in"},
        {"included_disks": []},
        {"start_at": "2026-11-20T22:00:00"},
        {"start_at": "2026-11-20T22:00:00Z", "state": "suspended"},
        {"start_at": "2026-11-20T22:00:00Z", "first_copy": "export", "export_path": "E:\\"},
        {"state": "absent", "reset_statistics": True},
        {"state": "promoted", "peer": "hv-c"},
    ],
    ids=str,
)
def test_what_cannot_be_is_refused_before_any_host_is_asked(given: dict[str, Any]) -> None:
    with pytest.raises(PreconditionFailed) as caught:
        wanted_relationship(options(**given))

    assert caught.value.kind == "bad_option"


def test_a_consent_without_a_reason_is_refused() -> None:
    with pytest.raises(PreconditionFailed):
        relationship_goal(options(consent=["resynchronize"], reason=" "))

    goal = relationship_goal(options(consent=["resynchronize"], reason="INC1"))
    assert goal.consent == {Consent.RESYNCHRONIZE}


def shown_pair(offset: timedelta | None, **own: Any) -> Pair:
    settings = ReplicationSettings(instance_id="x", included_disks=("disk-1", "disk-2"), own=own)
    here = Side(
        host="hv-a",
        vm_name="SQL01",
        vm_id=VM,
        power=Power.RUNNING,
        mode=ReplicationMode.PRIMARY,
        facts=HostFacts(name="hv-a", utc_offset=offset),
        relationship=Relationship(instance_id="x", state=ReplicationState.REPLICATING),
        settings=settings,
        disks=(Disk(id="disk-1", path="D:\\sql.vhdx"),),
    )
    return Pair(destination=here, source=Absent(host="hv-b", vm_id=VM, why=Absence.NOT_ASKED))


@pytest.mark.parametrize(("hours", "utc"), [(1, "17:30"), (-5, "23:30"), (0, "18:30"), (-6, "00:30")])
def test_the_window_is_shown_in_the_hosts_time_and_in_utc(hours: int, utc: str) -> None:
    start = timedelta(hours=18, minutes=30)

    told = settings_result(shown_pair(timedelta(hours=hours), AutoResynchronizeIntervalStart=start))

    assert told
    assert (told["auto_resynchronize_from"], told["auto_resynchronize_from_utc"]) == ("18:30", utc)


def test_a_host_that_does_not_say_where_it_is_shows_its_own_time_only() -> None:
    told = settings_result(shown_pair(None, AutoResynchronizeIntervalStart=timedelta(hours=18)))

    assert told
    assert (told["auto_resynchronize_from"], told["auto_resynchronize_from_utc"]) == ("18:00", None)


def test_disks_are_shown_by_path_where_that_is_known() -> None:
    told = settings_result(shown_pair(None))

    assert told
    assert told["included_disks"] == ["D:\\sql.vhdx", "disk-2"]


def test_a_vm_without_a_relationship_shows_no_settings() -> None:
    seen = shown_pair(None)
    assert isinstance(seen.destination, Side)

    bare = replace(seen, destination=replace(seen.destination, relationship=None))

    assert settings_result(bare) is None


def test_the_ends_are_named_after_what_they_do() -> None:
    ends = {"destination": {"host": "hv-a"}, "source": {"host": "hv-b"}}
    vm = {
        "name": "SQL01",
        "direction": "hv-b → hv-a",
        "before": ends,
        "after": ends,
        "plan": [{"end": "destination"}],
        "performed": [{"end": "source"}],
    }
    text = "SQL01: hv-b → hv-a: already there\n"

    told = as_sender({"vms": [vm], "diff": {"before": text, "after": text}})

    assert told["vms"][0]["direction"] == "hv-a → hv-b"
    assert told["vms"][0]["before"] == {"sender": {"host": "hv-a"}, "receiver": {"host": "hv-b"}}
    assert [step["end"] for step in (*vm["plan"], *vm["performed"])] == ["sender", "receiver"]  # type: ignore[index]
    assert told["diff"]["after"] == "SQL01: hv-a → hv-b: already there\n"


def test_without_a_peer_the_sender_stands_alone() -> None:
    assert sending_direction(shown_pair(None)) == "hv-a → hv-b"

    unasked = Absent(host="(no peer given)", vm_id=VM, why=Absence.NOT_ASKED)

    assert sending_direction(replace(shown_pair(None), source=unasked)) == "hv-a"
