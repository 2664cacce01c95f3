# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What several hosts answered, put together into one file for the simulator."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

#: Version of the profile's own form; the simulator reads no other.
PROFILE_VERSION: Final = 1


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
