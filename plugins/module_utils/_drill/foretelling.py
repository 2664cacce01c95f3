# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What becomes of everybody else where it is known before a run that some fail: check mode says what the run does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ansible_collections.hyperv.replica.plugins.module_utils._drill.conduct import (
    dependency,
    serves_here,
    stands_alone,
)
from ansible_collections.hyperv.replica.plugins.module_utils._drill.standing import Member
from ansible_collections.hyperv.replica.plugins.module_utils._operations.plan import Outcome


def foretold(members: Sequence[Member], foreseen: Mapping[str, Outcome]) -> dict[str, Outcome]:
    """The outcome of each member: dependents of one that fails fail, and where its tier says so nobody is begun.

    Args:
        members: in start order.
        foreseen: what would become of each if it were alone.
    """
    told = dict(foreseen)
    names = {member.vm_id: member.name for member in members}
    stopped = any(member.stops_others and stands_alone(foreseen[member.vm_id]) for member in members)
    for member in members:
        mine = told[member.vm_id]
        if mine.error is not None or mine.already_there or serves_here(mine.before):
            continue
        on = next((names[vm_id] for vm_id in member.after if told[vm_id].error is not None), "")
        if on:
            told[member.vm_id] = replace(mine, error=dependency(member.name, on))
        elif stopped:
            told[member.vm_id] = Outcome(before=mine.before, after=mine.after, skipped=True)
    return told
