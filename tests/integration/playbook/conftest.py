# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Stages for the tests of this folder: each has simulated hosts of its own, so no test finds what another one left."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator import launch
from ansible_collections.hyperv.replica.tests.integration.playbook.estates import two_sites
from ansible_collections.hyperv.replica.tests.integration.playbook.stage import Stage

SetStage = Callable[..., Stage]


@pytest.fixture
def set_stage(tmp_path: Path) -> Iterator[SetStage]:
    """Start simulated hosts; the first argument is an estate, the others are how the simulator is started."""
    with ExitStack() as open_ones:

        def begin(estate: dict[str, Any] | None = None, **how: Any) -> Stage:
            simulation = launch.start(estate or two_sites(), **{"rate": 120.0, "idle_timeout": 300.0, **how})
            open_ones.enter_context(simulation)
            folder = tmp_path / f"project{len(list(tmp_path.iterdir()))}"
            return Stage(folder, simulation)

        yield begin


@pytest.fixture
def stage(set_stage: SetStage) -> Stage:
    """WEB01 and SQL01 replicate from HV-A to HV-B."""
    return set_stage()
