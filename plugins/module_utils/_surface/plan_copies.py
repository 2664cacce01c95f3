# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A run over a plan with strategy new_copy: which of its VMs get a new copy at home, how, and what that carries."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from ansible_collections.hyperv.replica.plugins.module_utils._drill.plan import Plan, Towards
from ansible_collections.hyperv.replica.plugins.module_utils._errors import PreconditionFailed
from ansible_collections.hyperv.replica.plugins.module_utils._operations.estimates import Estimate, in_time
from ansible_collections.hyperv.replica.plugins.module_utils._operations.goal import Strategy
from ansible_collections.hyperv.replica.plugins.module_utils._operations.new_copy import NewCopy
from ansible_collections.hyperv.replica.plugins.module_utils._surface.new_copy_surface import new_copy

Options = Mapping[str, Any]


def copies_of(whole: Plan, part: Plan, options: Options) -> dict[str, NewCopy]:
    """How the new copy of each VM of the part is made that gets one, by name.

    Raises:
        PreconditionFailed: an option that cannot be used.
    """
    given = options["new_copy"]
    if options["strategy"] != Strategy.NEW_COPY.value:
        new_copy(options)
        return {}
    if options["to"] != Towards.HOME.value or options["mode"] != "planned":
        raise _bad("strategy: new_copy is a planned move home", "Give to: home, or leave the strategy out")
    wanted, homes = given["vms"], {one["home"]: one["replica_server"] for one in given["replica_servers"]}
    copied = [vm for vm in part.vms if wanted is None or vm.name in wanted]
    names = [vm.name for vm in whole.vms]
    if strangers := [name for name in wanted or () if name not in names]:
        raise _bad(f"not in the plan: {', '.join(strangers)}", f"Name new_copy.vms as it does: {', '.join(names)}")
    if unnamed := [*dict.fromkeys(vm.home for vm in copied if vm.home not in homes)]:
        raise _bad(
            f"new_copy.replica_servers does not say by which name replication reaches {', '.join(unnamed)}",
            "Give the full name of each home, or of its cluster's broker, as replica_server",
        )
    return {
        vm.name: new_copy({**options, "new_copy": {**given, "replica_server": homes[vm.home]}}) or _never()
        for vm in copied
    }


def together(copies: Mapping[str, Estimate]) -> Estimate:
    """All first copies of one sender, which share the way: as fast as the slowest of them is known to be."""
    sizes = [one.size for one in copies.values()]
    known = [one for one in copies.values() if one.bandwidth]
    slowest = min(known, key=lambda one: one.bandwidth or 0.0, default=Estimate())
    size = None if None in sizes else sum(one for one in sizes if one is not None)
    return Estimate(size=size, bandwidth=slowest.bandwidth, bandwidth_from=slowest.bandwidth_from)


def first_copies(senders: Mapping[str, Mapping[str, Estimate]]) -> list[str]:
    """A line for each sender, above the timetable."""
    return [
        f"First copies from {sender}, before anybody is shut down: {', '.join(copies)}: {together(copies)}"
        for sender, copies in senders.items()
    ]


def slow_copies(senders: Mapping[str, Mapping[str, Estimate]], timeout: float) -> list[str]:
    """A warning for each sender whose first copies are expected to outlast the task."""
    allowed = timedelta(seconds=timeout)
    totals = {sender: together(copies).takes for sender, copies in senders.items()}
    return [
        f"the first copies from {sender} are expected to take {in_time(takes)} together, and timeout is "
        f"{in_time(allowed)}: run this again to go on, or give more"
        for sender, takes in totals.items()
        if takes is not None and takes > allowed
    ]


def _bad(found: str, remedy: str) -> PreconditionFailed:
    return PreconditionFailed(found, kind="bad_option", remedy=remedy)


def _never() -> NewCopy:
    raise TypeError("a new copy was asked for, and none was made of it")
