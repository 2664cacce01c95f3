# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Behaviours that nobody has documented, each with all values it may have; the first is the default."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple


class Switch(NamedTuple):
    """One open question.

    Attributes:
        values: all of them, the default first; ``number`` stands for any whole number from 0.
        means: the question, in one line.
        layer: who acts on it: ``rules`` or ``wire``.
    """

    values: tuple[str, ...]
    means: str
    layer: str = "rules"


#: A value of this form is any whole number from 0.
NUMBER: Final = "number"

SWITCHES: Final[dict[str, Switch]] = {
    "refusal": Switch(("return_code", "job"), "A step that is not legal is refused at once, or by a job that fails"),
    "builtin_failback": Switch(
        ("32770", "32773", "32775", "failed_job"), "What the built-in provider answers to InitiateFailback"
    ),
    "provider_failback_from": Switch(
        ("any", "3", "5", "6"), "ReplicationState from which a provider's VM accepts InitiateFailback"
    ),
    "provider_point": Switch(
        ("call_time", "end"), "A failback brings the data as they were at the call, or as they are when it ends"
    ),
    "commit_in_14": Switch(
        ("accepted", "refused", "not_needed"),
        "CommitFailover in state 14 leads to 6, answers 32775, or answers 0 and changes nothing",
    ),
    "planned_reverse": Switch(
        ("ends_in_3", "needs_start"),
        "A reverse after a planned failover replicates by itself, or needs StartReplication",
    ),
    "reverse_from": Switch(("5", "6"), "A reverse is legal from state 5 on, or only from 6"),
    "as_replica": Switch(
        ("state_change", "needs_authorization_entry"),
        "RequestReplicationStateChange 2 alone makes an old primary a replica, or only after SetAuthorizationEntry",
    ),
    "old_primary_after_power_loss": Switch(
        ("3", "8", "9"), "ReplicationState of a primary that ran while its host lost power"
    ),
    "snapshot_parameter": Switch(
        ("both", "reference", "embedded"), "SnapshotSettingData is taken as a reference, an embedded instance, or both"
    ),
    "method_answers": Switch(
        ("job", "at_once"), "A method starts a job, or does what takes up to 15 s before it answers 0 without one"
    ),
    "job_success": Switch(("7", "32768"), "JobState of a job that ended well: completed, or completed with warnings"),
    "job_error_code": Switch(
        ("return_code", "zero"),
        "ErrorCode of a failed job is the number its method might have returned, or tells nothing",
    ),
    "relationship_argument": Switch(
        ("instance_id", "whole"),
        "Of an embedded relationship only InstanceID counts, or one that shows another state than it has is refused",
    ),
    "failback_called_on": Switch(
        ("receiving", "sending"),
        "InitiateFailback is called on the VM that receives the data, or on the one that sends",
    ),
    "failover_from_paused": Switch(
        ("allowed", "refused"), "InitiateFailover from 7 or 8 is carried out, or wants the replica resumed first"
    ),
    "revert_while_running": Switch(
        ("refused", "turned_off"), "RevertFailover of a VM that runs is refused, or turns it off"
    ),
    "planned_point": Switch(
        ("shown", "hidden"),
        "The last delta of a planned failover leaves a recovery point and LastReplicationType 3, or neither",
    ),
    "live_primary_after_failover": Switch(
        ("8", "3"), "ReplicationState of a primary that is alive while its replica is failed over, after failed cycles"
    ),
    "resume_from_critical": Switch(("3", "9"), "A resume from 8 leads to 3 where it can, or always to 9"),
    "continue_resynchronization": Switch(
        ("both", "state_change", "resynchronize"),
        "A paused resynchronization goes on by RequestReplicationStateChangeEx 3, by Resynchronize, or by either",
    ),
    "unplanned_reverse": Switch(
        ("needs_start", "starts_by_itself"),
        "A reverse after an unplanned failover stays in 1 until StartReplication, or sends the differences by itself",
    ),
    "start_after_reverse": Switch(
        ("any", "1", "3"), "InitialReplicationType that StartReplication takes after an unplanned reverse"
    ),
    "remove_while_failed_over": Switch(
        ("merged", "reverted"),
        "Removing a relationship in state 5 keeps what was written since the failover, or drops it",
    ),
    "extended_while_failed_over": Switch(
        ("3", "7", "8"), "ReplicationState of the leg to a third host while the copy that sends it is in state 5"
    ),
    "reverse_with_extended": Switch(
        ("refused", "ends_it"), "A reverse beside a leg to a third host is refused, or ends that leg"
    ),
    "third_host_relationship": Switch(("0", "1"), r"A third host shows its relationship as \HVR\0, or as \HVR\1"),
    "third_host_after_promotion": Switch(
        ("2", "4"), "ReplicationMode of the third host's copy after ChangeReplicationModeToPrimary"
    ),
    "promoted_relationship": Switch(
        ("0", "1"), r"After ChangeReplicationModeToPrimary the relationship is shown as \HVR\0, or still as \HVR\1"
    ),
    "state_after_revert": Switch(("3", "7"), "ReplicationState of a replica after RevertFailover"),
    "state_after_cancel": Switch(("3", "7"), "ReplicationState of a primary whose prepared failover was cancelled"),
    "unreplicated_relationship": Switch(
        ("absent", "state_0"), "A VM that is not replicated has no relationship instance, or one with state 0", "wire"
    ),
    "start_job_ends": Switch(
        ("at_completion", "at_start"), "The job of StartReplication ends with the first copy, or once it has begun"
    ),
    "test_copy_disks": Switch(
        ("removed", "left"), "DestroySystem of a test copy takes its disks along, or leaves them on the host"
    ),
    "orphaned_files": Switch(
        ("refused", "other_folder"),
        "Files of an earlier replica that lie where a new one's would be fail its creation, or it gets another folder",
    ),
    "failover_with_test_copy": Switch(("allowed", "refused"), "A failover while a test copy of the replica exists"),
    "last_replication_time": Switch(
        ("received", "applied"), "LastReplicationTime on the replica is when a change arrived, or when it was applied"
    ),
    "finished_job_lifetime": Switch(("300", NUMBER), "Seconds a finished job stays visible"),
    "absent_setting_properties": Switch(
        ("keep", "default"), "Properties absent from an embedded settings instance keep their value, or fall back"
    ),
    "inherited_setting_properties": Switch(
        ("ignore", "refuse"), "Inherited read-only properties in an embedded settings instance are ignored, or refused"
    ),
    "not_highly_available": Switch(
        ("32768", "32775", "failed_job"),
        "What a node of a cluster answers when a VM that is not highly available is to replicate",
    ),
    "cluster_properties": Switch(
        ("shown", "null"), "Private properties of a cluster's resources are shown, or are null", "wire"
    ),
    "peer_visibility": Switch(("at_once", "delayed"), "What one end did shows on the other at once, or 15 s later"),
    "wql": Switch(
        ("answered", "double_quotes_refused", "refused"),
        "WQL on root/virtualization/v2/* is answered or refused",
        "wire",
    ),
    "first_page": Switch(
        ("page", "one_item"), "The first optimised reply holds a page, or one item when not all fit", "wire"
    ),
    "summary_information": Switch(
        ("nested", "text"), "GetSummaryInformation gives nested elements, or embedded text", "wire"
    ),
    "wmi_errors": Switch(("provider_fault", "msft_wmi_error"), "Form of the detail of a fault that WMI raised", "wire"),
    "null_outputs": Switch(("absent", "nil"), "A null out-parameter is absent, or there and xsi:nil", "wire"),
    "statistics_answer": Switch(
        ("at_once", "job"), "GetReplicationStatistics answers 0, or 4096 with the statistics and a job"
    ),
    "test_copy_reference": Switch(
        ("given", "null"), "TestReplicaSystem gives a reference to the copy it is about to make, or null"
    ),
    "test_copy_relationship": Switch(
        ("absent", "state_0"), "A test copy has no relationship instance, or one with state 0", "wire"
    ),
    "included_disks": Switch(
        ("instance_id", "object_path", "embedded"),
        "IncludedDisks names a disk by InstanceID, by object path, or by an embedded instance",
        "wire",
    ),
    "provider_key": Switch(
        ("InstanceID", "Name"), "The path in ReplicationProvider names the provider by InstanceID, or by Name", "wire"
    ),
    "entry_instance_id": Switch(("named", "null"), "InstanceID of an authorization entry is a text, or null", "wire"),
    "point_owner": Switch(
        ("vm", "point"), "VirtualSystemIdentifier of a recovery point is its VM's GUID, or its own", "wire"
    ),
    "never": Switch(("1601", "null"), "A replication time that never was is 1601-01-01, or null", "wire"),
    "reference_selectors": Switch(
        ("keys", "keys_and_namespace"),
        "A reference in a reply holds the keys alone, or a namespace selector too",
        "wire",
    ),
    "missing_keys": Switch(
        ("invalid_selectors", "not_found"), "A Get that lacks a key is answered with either fault", "wire"
    ),
    "unknown_method": Switch(
        ("action_not_supported", "wmi"), "A method that a class does not have is refused by WinRM, or by WMI", "wire"
    ),
    "parameter_order": Switch(("any", "mof"), "Parameters may come in any order, or only in that of the class", "wire"),
    "winrm_configuration": Switch(
        ("readable", "refused"), "The limits of the WinRM service can be read, or are refused", "wire"
    ),
    "empty_items": Switch(
        ("present", "absent"), "An answer without objects has an empty Items element, or none", "wire"
    ),
    "components_when_off": Switch(
        ("present", "absent"), "Integration components of a VM that is off are there without contact, or gone", "wire"
    ),
}


class Switches:
    """The values in force. An unknown name or value is refused when it is set, never when it is read."""

    def __init__(self, values: Mapping[str, str] | None = None) -> None:
        self._values = {name: switch.values[0] for name, switch in SWITCHES.items()}
        for name, value in (values or {}).items():
            self._set(name, str(value))

    def __getitem__(self, name: str) -> str:
        return self._values[name]

    def is_(self, name: str, value: str) -> bool:
        """Whether the switch stands at this value."""
        return self[name] == value

    def number(self, name: str) -> int:
        """The value of a switch that is a number."""
        return int(self[name])

    def as_dict(self) -> dict[str, str]:
        """All values, by name."""
        return dict(self._values)

    def _set(self, name: str, value: str) -> None:
        if name not in SWITCHES:
            raise ValueError(f"there is no switch {name}; known are {', '.join(SWITCHES)}")
        values = SWITCHES[name].values
        if value not in values and not (NUMBER in values and value.isdecimal()):
            raise ValueError(f"the switch {name} is one of {', '.join(values)}, not {value}")
        self._values[name] = value
