# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An AWX with simulated hosts in its inventory; each test has hosts of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator import launch
from ansible_collections.hyperv.replica.tests.integration.awx.job import Controller
from ansible_collections.hyperv.replica.tests.integration.playbook.estates import two_sites

Begin = Callable[..., Controller]


@pytest.fixture
def begin(tmp_path: Path) -> Iterator[Begin]:
    """Start simulated hosts; the first argument is an estate, the others are how the simulator is started."""
    with ExitStack() as open_ones:

        def started(estate: dict[str, Any] | None = None, **how: Any) -> Controller:
            simulation = launch.start(estate or two_sites(), **{"rate": 120.0, "idle_timeout": 300.0, **how})
            open_ones.enter_context(simulation)
            return Controller(tmp_path, simulation)

        yield started
