# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Combinations of switches in which every two values of every two of them meet, made by a library."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from itertools import combinations
from typing import Final

from allpairspy import AllPairs

from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.switches import NUMBER, SWITCHES

#: A number that a switch may have beside its default; a finished job that is gone at once is the hardest.
_ANY_NUMBER: Final = "1"

VALUES: Final = {
    name: tuple(_ANY_NUMBER if value == NUMBER else value for value in switch.values)
    for name, switch in SWITCHES.items()
}


def covering(names: Collection[str]) -> list[dict[str, str]]:
    """Combinations of these switches; the same in every run."""
    return [dict(zip(names, row, strict=True)) for row in AllPairs([list(VALUES[name]) for name in names])]


def unmet(rows: Collection[Mapping[str, str]], names: Collection[str]) -> set[tuple[tuple[str, str], tuple[str, str]]]:
    """The pairs of values of these switches that are in no combination."""
    met = {((one, row[one]), (other, row[other])) for row in rows for one, other in combinations(names, 2)}
    wanted = {
        ((one, value), (other, another))
        for one, other in combinations(names, 2)
        for value in VALUES[one]
        for another in VALUES[other]
    }
    return wanted - met


#: Over all switches there are.
COMBINATIONS: Final = covering([*VALUES])
