# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The page about the estate file, held to the code it is about."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.deeds import DEEDS
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.machines import (
    Disk,
    Guest,
    Relationship,
    ReplicationSettings,
)

PAGE = (Path(__file__).resolve().parents[5] / "docs/docsite/rst/simulator_estate.rst").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", DEEDS)
def test_every_deed_is_on_the_page(name: str) -> None:
    assert f"``{name}``" in PAGE


@pytest.mark.parametrize("kind", [ReplicationSettings, Disk, Guest, Relationship])
def test_every_field_a_file_may_name_is_on_the_page(kind: type) -> None:
    inner = {"settings", "statistics", "health", "next_cycle", "sending", "up_since"}
    names = {field.name for field in fields(kind)} - inner

    assert [name for name in sorted(names) if f"``{name}``" not in PAGE and f"``{name}_age``" not in PAGE] == []
