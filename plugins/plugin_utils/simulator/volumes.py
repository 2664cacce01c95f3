# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Volumes of a simulated host, where files are."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True, kw_only=True)
class Volume:
    """A volume of a host; ``name`` ends with a backslash, ``free`` is what is left beside everything on it."""

    name: str
    size: int = 4 << 40
    free: int = 2 << 40
