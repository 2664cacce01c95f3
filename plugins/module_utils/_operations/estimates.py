# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How much a first copy has to carry, and how long that takes: estimated before anything is given up for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What is known of a first copy before it begins.

    Attributes:
        size: bytes of the files of the disks; None where the host did not tell one of them.
        bandwidth: bytes per second; None where nobody said and nothing was measured.
        bandwidth_from: ``option``, ``statistics`` or empty.
    """

    size: int | None = None
    bandwidth: float | None = None
    bandwidth_from: str = ""

    @property
    def takes(self) -> timedelta | None:
        """How long so many bytes are on their way; None where that cannot be told."""
        if self.size is None or not self.bandwidth:
            return None
        return timedelta(seconds=self.size / self.bandwidth)

    def __str__(self) -> str:
        size = "its size is unknown" if self.size is None else in_bytes(self.size)
        if self.takes is None or self.bandwidth is None:
            return f"{size}; how long that takes is unknown"
        source = {"option": "as assumed_bandwidth says", "statistics": "as its last replications were"}
        speed = f"{self.bandwidth * 8 / 1_000_000:.0f} Mbit/s {source.get(self.bandwidth_from, '')}".strip()
        return f"{size}, about {in_time(self.takes)} at {speed}"


def measured(size: int, latency: timedelta) -> float | None:
    """Bytes per second of the replications of a monitoring interval; None where nothing was sent in it."""
    seconds = latency.total_seconds()
    return size / seconds if size > 0 and seconds > 0 else None


def in_bytes(size: int) -> str:
    """``2.0 GiB``."""
    value, unit = float(size), "B"
    for larger in ("KiB", "MiB", "GiB", "TiB"):
        if value < 1024:
            break
        value, unit = value / 1024, larger
    return f"{size} B" if unit == "B" else f"{value:.1f} {unit}"


def in_time(length: timedelta) -> str:
    """``45 s``, ``12 min``, ``3.5 h``."""
    seconds = length.total_seconds()
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
