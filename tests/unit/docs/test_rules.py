# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One page lists every rule of the preflight with what it does to each operation."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from ansible_collections.hyperv.replica.plugins.module_utils._operations.preflight import Rule
from ansible_collections.hyperv.replica.plugins.module_utils._operations.preflight_rules import RULES

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs/docsite/rst/preflight.rst").read_text(encoding="utf-8")


def _listing() -> ModuleType:
    spec = importlib.util.spec_from_file_location("list_rules", ROOT / "docs" / "tools" / "list_rules.py")
    if spec is None or spec.loader is None:
        raise RuntimeError("docs/tools/list_rules.py cannot be loaded")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_is_what_the_rules_say() -> None:
    assert _listing().page() == PAGE, "run: python docs/tools/list_rules.py docs/docsite/rst/preflight.rst"


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_every_rule_stands_there_with_its_remedy(rule: Rule) -> None:
    assert f"   * - ``{rule.id}``\n" in PAGE
    assert rule.remedy in PAGE
