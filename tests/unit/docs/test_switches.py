# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One page lists every switch with its values, its source, and what the client does about it."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.switches import NUMBER, SWITCHES

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs/docsite/rst/switches.rst").read_text(encoding="utf-8")


def _listing() -> ModuleType:
    spec = importlib.util.spec_from_file_location("list_switches", ROOT / "docs" / "tools" / "list_switches.py")
    if spec is None or spec.loader is None:
        raise RuntimeError("docs/tools/list_switches.py cannot be loaded")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


LISTING = _listing()


def test_the_page_is_what_the_table_of_the_simulator_says() -> None:
    assert LISTING.page() == PAGE, "run: python docs/tools/list_switches.py docs/docsite/rst/switches.rst"


@pytest.mark.parametrize("name", SWITCHES)
def test_every_switch_stands_there_with_all_its_values_its_source_and_what_the_client_does(name: str) -> None:
    row = PAGE.partition(f"   * - ``{name}``\n")[2].partition("   * - ")[0]

    assert row
    assert [value for value in SWITCHES[name].values if value != NUMBER and f"``{value}``" not in row] == []
    assert LISTING.CLIENT[name].source in row
    assert LISTING.CLIENT[name].does in row


def test_the_page_is_among_the_guides() -> None:
    assert "- switches\n" in (ROOT / "docs/docsite/extra-docs.yml").read_text(encoding="utf-8")
