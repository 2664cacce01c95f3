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
