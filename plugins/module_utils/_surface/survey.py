# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What several hosts answered, put together into one file for the simulator."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

#: Version of the profile's own form; the simulator reads no other.
PROFILE_VERSION: Final = 1

#: Version of the estate schema that is written.
ESTATE_VERSION: Final = 1

#: What a guest tells of itself, and only while it runs.
_TOLD: Final = ("os", "fqdn", "addresses")


def estate(
    hosts: Sequence[Mapping[str, Any]],
    name: str = "captured",
    switches: Mapping[str, Any] | None = None,
    clusters: Sequence[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    """One estate out of what was captured of each host, and of the cluster that each is a node of.

    A copy that is off tells nothing of its guest; it gets what another copy of the same VM told, so that the rehearsed
    guest answers the same wherever it runs.
    """
    told: dict[str, dict[str, Any]] = {}
    for vm in (vm for host in hosts for vm in host.get("vms", ())):
        known = {key: vm["guest"][key] for key in _TOLD if key in vm.get("guest", {})}
        told.setdefault(vm["guid"], {}).update(known)
    return {
        "schema_version": ESTATE_VERSION,
        "name": name,
        "switches": {str(switch): str(value) for switch, value in (switches or {}).items()},
        "hosts": [{**host, "vms": [_with_guest(vm, told) for vm in host.get("vms", ())]} for host in hosts],
        **({"clusters": merged} if (merged := _clusters(hosts, clusters)) else {}),
    }


def _clusters(hosts: Sequence[Mapping[str, Any]], clusters: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Each cluster once, with those of its nodes and roles that were captured: an estate names no host that it has not.

    A VM without a role is written down only where every role could be told by its VM.
    """
    kept: dict[str, dict[str, Any]] = {}
    for cluster in filter(None, clusters):
        here = [host for host in hosts if host["name"] in cluster["nodes"]]
        vms = {vm["guid"] for host in here for vm in host.get("vms", ())}
        groups = [group for group in cluster["groups"] if group["vm"] in vms]
        plain = {key: value for key, value in cluster.items() if key in ("name", "fqdn", "broker")}
        plain |= {"nodes": [host["name"] for host in here], "groups": groups}
        if cluster["all_told"]:
            plain["not_highly_available"] = sorted(vms - {group["vm"] for group in groups})
        kept[cluster["name"]] = {key: value for key, value in plain.items() if value != []}
    return list(kept.values())


def _with_guest(vm: Mapping[str, Any], told: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    guest = {**told[vm["guid"]], **vm.get("guest", {})}
    return {**vm, "guest": guest} if guest else dict(vm)


def profile(answers: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """One profile out of what each host's probe returned.

    A switch on which hosts differ is not in force but disputed: one simulator has one value for all its hosts.
    """
    told: dict[str, dict[str, str]] = {}
    for host, answer in answers.items():
        for switch, value in answer["switches"].items():
            told.setdefault(str(switch), {})[str(host)] = str(value)
    agreed = {switch: by_host for switch, by_host in told.items() if len(set(by_host.values())) == 1}
    open_ones = {str(switch) for answer in answers.values() for switch in answer["unknown"]} - set(told)
    return {
        "schema_version": PROFILE_VERSION,
        "hosts": [str(host) for host in answers],
        "switches": {switch: next(iter(by_host.values())) for switch, by_host in agreed.items()},
        "disputed": {switch: by_host for switch, by_host in told.items() if switch not in agreed},
        "unknown": sorted(open_ones),
    }
