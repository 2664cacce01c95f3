# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which virtual machines are meant by the names and GUIDs that somebody wrote."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import Final

from ansible_collections.hyperv.replica.plugins.module_utils._errors import PreconditionFailed
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.looking import Look
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import Side
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.states import ReplicationMode

_NEAR: Final = 3


def resolve(wanted: Sequence[str], look: Look) -> dict[str, str]:
    """Give the GUID of each name or GUID that is wanted, in the order written; what means the same VM comes once.

    GUIDs are taken in any case and with braces. A name matches as written, or else in any case; test copies never
    match.

    Raises:
        PreconditionFailed: some are not there (kind no_such_vm), or mean two (ambiguous_name); all are named.
    """
    sides = [side for side in look.sides.values() if side.mode is not ReplicationMode.TEST_REPLICA]
    found: dict[str, str] = {}
    problems: dict[str, str] = {}
    for name in wanted:
        _refuse_unreadable(name, look)
        matches = _matches(name, sides)
        if len(matches) != 1:
            problems[_problem(name, matches, sides, look)] = "ambiguous_name" if matches else "no_such_vm"
        elif matches[0].vm_id not in found.values():
            found[name] = matches[0].vm_id
    if problems:
        raise _refusal(problems, look)
    return found


def _refuse_unreadable(name: str, look: Look) -> None:
    """Raise what a VM of this name or GUID showed that nobody documents."""
    for vm_id, (known, error) in look.unreadable.items():
        if name.casefold() == known.casefold() or name.strip().strip("{}").upper() == vm_id:
            raise error


def _matches(name: str, sides: Sequence[Side]) -> list[Side]:
    by_id = [side for side in sides if side.vm_id == name.strip().strip("{}").upper()]
    exact = by_id or [side for side in sides if side.vm_name == name]
    return exact or [side for side in sides if side.vm_name.casefold() == name.casefold()]


def _problem(name: str, matches: Sequence[Side], sides: Sequence[Side], look: Look) -> str:
    if matches:
        return f"{name!r} is the name of {len(matches)}: {' and '.join(sorted(side.vm_id for side in matches))}"
    if _matches(name, list(look.sides.values())):
        return f"{name!r} is only a test copy"
    names = {side.vm_name.casefold(): side.vm_name for side in sides}
    near = [names[key] for key in difflib.get_close_matches(name.casefold(), names, _NEAR)]
    return f"there is no {name!r}" + (f" (near it: {', '.join(map(repr, near))})" if near else "")


def _refusal(problems: dict[str, str], look: Look) -> PreconditionFailed:
    kinds = list(problems.values())
    remedies = {"ambiguous_name": "Write the GUID instead of the name", "no_such_vm": "Write a name that this host has"}
    return PreconditionFailed(
        "; ".join(problems),
        kind=kinds[0],
        host=look.facts.name,
        remedy=". ".join(remedies[kind] for kind in dict.fromkeys(kinds)),
    )
