# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How fast and how wide a run goes."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from ansible_collections.hyperv.replica.plugins.module_utils._operations.admission import Gate, OpenGate


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How fast and how wide a run goes.

    Attributes:
        poll: seconds between polls at most.
        first: seconds between polls while something moves, as in the common utilities of Microsoft's virtualization
            samples; more where so many VMs move that something always does.
        concurrency: VMs with a step outstanding.
        stop_on_error: after a failure VMs that were not begun are left alone.
        patience: how long a host may be silent before what it holds counts as unknown.
        rate: how many times as fast as the controller's clock the hosts' time runs.
        gate: asked before each step, in a run over many VMs that wait for each other.
    """

    poll: float = 5.0
    first: float = 1.0
    concurrency: int = 10
    stop_on_error: bool = False
    rate: float = 1.0
    patience: timedelta = timedelta(seconds=90)
    gate: Gate = field(default_factory=OpenGate)
