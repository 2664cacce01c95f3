# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.hyperv.replica.plugins.module_utils._errors import (
    MethodRefused,
    OutcomeUnknown,
)
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.calls import Argument
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.looking import Gather
from ansible_collections.hyperv.replica.tests.unit.plugins.module_utils._hyperv.asked import (
    COMPLETE,
    embedded_in,
    estate_with,
    perform,
)
from ansible_collections.hyperv.replica.tests.unit.plugins.module_utils._hyperv.scripted_host import (
    SQL01,
    Row,
    ScriptedHost,
    Xml,
    fault,
    open_host,
    replication_settings,
)


@pytest.mark.parametrize("point", ["point-7", None])
def test_a_failback_sends_complete_settings_the_vm_by_both_keys_and_its_recovery_point_or_nil(
    point: str | None,
) -> None:
    asked = perform(
        ScriptedHost(estate_with()), "InitiateFailback", {"RecoveryPointIdentifier": point}, Gather.SETTINGS
    )

    assert list(asked.parameters) == ["ComputerSystem", "ReplicationSettingData", "RecoveryPointIdentifier"]
    assert asked.keys("ComputerSystem") == {"CreationClassName": "Msvm_ComputerSystem", "Name": SQL01}
    assert embedded_in(asked.text("ReplicationSettingData")) == ("Msvm_ReplicationSettingData", COMPLETE)
    assert asked.text("RecoveryPointIdentifier") == point
    assert asked.is_nil("RecoveryPointIdentifier") is (point is None)
    assert asked.selectors == {
        "CreationClassName": "Msvm_ReplicationService",
        "Name": "replicasvc",
        "SystemCreationClassName": "Msvm_ComputerSystem",
        "SystemName": "HV-B",
    }


def test_named_entities_are_never_inside_embedded_text() -> None:
    asked = perform(ScriptedHost(estate_with()), "InitiateFailback", {}, Gather.SETTINGS)

    text = asked.text("ReplicationSettingData") or ""
    assert "a&#60;b &#38; &#34;c&#34; &#39;d&#39;" in text
    assert not any(entity in text for entity in ("&amp;", "&lt;", "&gt;", "&quot;", "&apos;"))


def test_settings_that_the_look_did_not_read_are_read_before_the_call() -> None:
    asked = perform(ScriptedHost(estate_with()), "InitiateFailback", {"RecoveryPointIdentifier": None})

    assert embedded_in(asked.text("ReplicationSettingData"))[1] == COMPLETE


def test_a_reverse_sends_what_was_read_with_the_peer_as_receiver() -> None:
    changes: dict[str, Argument] = {
        "RecoveryConnectionPoint": "hv-a.example.test",
        "RecoveryServerPortNumber": 443,
        "CertificateThumbPrint": "AB12",
    }

    asked = perform(ScriptedHost(estate_with()), "ReverseReplicationRelationship", changes, Gather.SETTINGS)

    changed = [(name, kind, str(changes.get(name, "")) or value) for name, kind, value in COMPLETE]
    assert embedded_in(asked.text("ReplicationSettingData")) == ("Msvm_ReplicationSettingData", changed)
    assert asked.keys("ComputerSystem")["Name"] == SQL01


def test_a_null_list_of_disks_goes_out_as_an_array_without_value() -> None:
    rows = estate_with()
    rows["Msvm_ReplicationSettingData"] = [replication_settings(SQL01, IncludedDisks=[])]

    asked = perform(ScriptedHost(rows), "InitiateFailback", {}, Gather.SETTINGS)

    text = asked.text("ReplicationSettingData") or ""
    assert '<PROPERTY.ARRAY NAME="IncludedDisks" TYPE="string"></PROPERTY.ARRAY>' in text


def test_the_replication_service_is_asked_for_its_keys_once() -> None:
    script = ScriptedHost(estate_with())
    host = open_host(script)
    side = host.look([]).sides[SQL01]
    host.perform(side, "CommitFailover", {})

    host.perform(side, "RevertFailover", {})

    assert len(script.queries("Msvm_ReplicationService")) == 1
    assert host.exchanges == 6


@pytest.mark.parametrize("method", ["CommitFailover", "RevertFailover"])
def test_these_methods_take_the_vm_and_nothing_else(method: str) -> None:
    asked = perform(ScriptedHost(estate_with()), method, {})

    assert list(asked.parameters) == ["ComputerSystem"]


def test_a_failover_to_the_latest_point_says_so_with_nil() -> None:
    asked = perform(ScriptedHost(estate_with()), "InitiateFailover", {"SnapshotSettingData": None})

    assert list(asked.parameters) == ["ComputerSystem", "SnapshotSettingData"]
    assert asked.is_nil("SnapshotSettingData")


def test_a_recovery_point_goes_out_as_a_reference() -> None:
    script = ScriptedHost(estate_with())

    asked = perform(script, "InitiateFailover", {"SnapshotSettingData": "Microsoft:P1"})

    assert asked.keys("SnapshotSettingData") == {"InstanceID": "Microsoft:P1"}
    assert len(script.called("InitiateFailover")) == 1


@pytest.mark.parametrize("refused", [{"ReturnValue": 32773}, fault("w:SchemaValidationError", 2150858817)])
def test_a_host_that_takes_no_reference_gets_the_point_as_an_instance_and_next_time_at_once(refused: Row | Xml) -> None:
    script = ScriptedHost(estate_with(), {"InitiateFailover": [refused, {"ReturnValue": 0}]})
    host = open_host(script)
    side = host.look([]).sides[SQL01]
    host.perform(side, "InitiateFailover", {"SnapshotSettingData": "Microsoft:P1"})

    host.perform(side, "InitiateFailover", {"SnapshotSettingData": "Microsoft:P1"})

    sent = [one.text("SnapshotSettingData") for one in script.called("InitiateFailover")]
    assert [text is not None and "INSTANCE" in text for text in sent] == [False, True, True]


def test_a_point_that_is_refused_in_either_form_is_refused() -> None:
    refused: list[Row | Xml] = [{"ReturnValue": 32773}, fault("w:SchemaValidationError", 2150858817)]
    script = ScriptedHost(estate_with(), {"InitiateFailover": refused})

    with pytest.raises(MethodRefused, match="no longer there") as raised:
        perform(script, "InitiateFailover", {"SnapshotSettingData": "Microsoft:P1"})

    assert (raised.value.code, len(script.called("InitiateFailover"))) == (32773, 2)


def test_a_failover_whose_answer_was_lost_is_not_sent_again() -> None:
    script = ScriptedHost(estate_with())
    host = open_host(script)
    side = host.look([]).sides[SQL01]
    host.perform(side, "CommitFailover", {})
    script.trouble = OutcomeUnknown("cut")

    with pytest.raises(OutcomeUnknown) as raised:
        host.perform(side, "InitiateFailover", {"SnapshotSettingData": "Microsoft:P1"})

    assert (raised.value.host, raised.value.vm, len(script.called("InitiateFailover"))) == ("hv-b", "SQL01", 1)
