# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""hyperv_replica_failback, strategy new_copy: from its options to how the copy is made, and what is estimated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from ansible_collections.hyperv.replica.plugins.module_utils._errors import PreconditionFailed
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.schema import Statistics
from ansible_collections.hyperv.replica.plugins.module_utils._operations.estimates import Estimate, measured
from ansible_collections.hyperv.replica.plugins.module_utils._operations.new_copy import NewCopy
from ansible_collections.hyperv.replica.plugins.module_utils._operations.plan import Plain
from ansible_collections.hyperv.replica.plugins.module_utils._operations.relationship_settings import (
    FirstCopy,
    RelationshipState,
    WantedRelationship,
)
from ansible_collections.hyperv.replica.plugins.module_utils._values import moment

#: Suboption: the property of Msvm_ReplicationSettingData that it sets.
_SETTINGS: Final = {
    "replica_server": "RecoveryConnectionPoint",
    "port": "RecoveryServerPortNumber",
    "interval": "ReplicationInterval",
    "recovery_history": "RecoveryHistory",
    "app_consistent_interval": "ApplicationConsistentSnapshotInterval",
    "compression": "CompressionEnabled",
}
_AUTHENTICATION: Final = {"kerberos": 1, "certificate": 2}
_RANGES: Final = {"port": (1, 65535), "recovery_history": (0, 24), "app_consistent_interval": (0, 12)}

#: Bytes per second of one Mbit/s.
_MEGABIT: Final = 125_000.0


def new_copy(options: Mapping[str, Any]) -> NewCopy | None:
    """How the new copy is made; None for every other strategy.

    Raises:
        PreconditionFailed: an option that cannot be used.
    """
    given = options["new_copy"]
    if options["strategy"] != "new_copy":
        if given is not None:
            raise _bad(f"new_copy was given with strategy: {options['strategy']}", "It belongs to strategy: new_copy")
        return None
    _check(given)
    bandwidth = given["assumed_bandwidth"]
    return NewCopy(
        wanted=_wanted(given),
        estimate=Estimate(
            bandwidth=bandwidth * _MEGABIT if bandwidth else None, bandwidth_from="option" if bandwidth else ""
        ),
        allowed=timedelta(seconds=min(options["sync_timeout"], options["timeout"])),
    )


def _wanted(given: Mapping[str, Any]) -> WantedRelationship:
    values: dict[str, Plain] = {name: given[key] for key, name in _SETTINGS.items() if given[key] is not None}
    if given["authentication"] is not None:
        values["AuthenticationType"] = _AUTHENTICATION[given["authentication"]]
    if given["certificate_thumbprint"] is not None:
        values["CertificateThumbPrint"] = "".join(filter(str.isalnum, given["certificate_thumbprint"])).upper()
    if given["included_disks"] is not None:
        values["IncludedDisks"] = tuple(given["included_disks"])
    start_at = given["start_at"]
    return WantedRelationship(
        state=RelationshipState.REPLICATING,
        settings=values,
        first_copy=FirstCopy(given["first_copy"]),
        export_path=given["export_path"],
        import_path=given["import_path"],
        start_at=None if start_at is None else moment(start_at, option="new_copy.start_at"),
    )


def _check(given: Mapping[str, Any]) -> None:
    for name, (least, most) in _RANGES.items():
        if given[name] is not None and not least <= given[name] <= most:
            raise _bad(f"new_copy.{name} is {given[name]}", f"Give {least} to {most}")
    if given["assumed_bandwidth"] is not None and given["assumed_bandwidth"] <= 0:
        raise _bad(f"new_copy.assumed_bandwidth is {given['assumed_bandwidth']}", "Give Mbit/s, more than 0")
    if given["included_disks"] == []:
        raise _bad("new_copy.included_disks is empty", "Name the disks to replicate, or leave it out for all of them")
    exported = given["first_copy"] == "export"
    if given["start_at"] is not None and exported:
        raise _bad("new_copy.start_at was given with first_copy: export", "An export begins at once: leave it out")
    if (given["export_path"] or given["import_path"]) and not exported:
        raise _bad("a path was given and nothing is exported", "Give new_copy.first_copy: export, or leave it out")


def estimated(given: NewCopy, sizes: Mapping[str, int | None], told: tuple[Statistics, ...]) -> NewCopy:
    """The same with what the disks' files hold, and the bandwidth of the last replications where none was given."""
    known = [size for size in sizes.values() if size is not None]
    size = sum(known) if known and len(known) == len(sizes) else None
    estimate = replace(given.estimate, size=size)
    if estimate.bandwidth is None:
        found = measured(sum(one.size for one in told), sum((one.latency for one in told), timedelta()))
        estimate = replace(estimate, bandwidth=found, bandwidth_from="statistics" if found else "")
    return replace(given, estimate=estimate)


def estimate_result(estimate: Estimate, sizes: Mapping[str, int | None]) -> dict[str, Any]:
    """What a first copy carries, in plain types."""
    takes, bandwidth = estimate.takes, estimate.bandwidth
    return {
        "bytes": estimate.size,
        "disks": [{"path": path, "bytes": size} for path, size in sizes.items()],
        "bytes_per_second": None if bandwidth is None else round(bandwidth),
        "bandwidth_from": estimate.bandwidth_from,
        "expected_seconds": None if takes is None else round(takes.total_seconds(), 1),
    }


def _bad(found: str, remedy: str) -> PreconditionFailed:
    return PreconditionFailed(found, kind="bad_option", remedy=remedy)
