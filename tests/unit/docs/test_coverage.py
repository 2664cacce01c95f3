# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Each method and each cmdlet of Microsoft's lists has a module and an option that exist, and the simulator's part."""

from __future__ import annotations

import importlib
import importlib.util
import json
import re
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.rules import METHODS, is_mutating
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.rules_server import not_supported

ROOT = Path(__file__).resolve().parents[3]
MODULES = "ansible_collections.hyperv.replica.plugins.modules"
PUBLISHED = json.loads((ROOT / "tests/unit/golden/replication_api.json").read_text(encoding="utf-8"))
NEVER_IMPLEMENTED = {"RequestStateChange", "StartService", "StopService"}


def _listing() -> ModuleType:
    spec = importlib.util.spec_from_file_location("list_coverage", ROOT / "docs" / "tools" / "list_coverage.py")
    if spec is None or spec.loader is None:
        raise RuntimeError("docs/tools/list_coverage.py cannot be loaded")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


TABLE = _listing()
ROWS = [(name, row) for name, rows in TABLE.METHODS.items() for row in rows] + [("", row) for row in TABLE.CMDLETS]
OPTIONS = sorted({one for _class, row in ROWS for one in row.by})


def spec_of(module: str) -> dict[str, Any]:
    """The argument spec that a module hands to AnsibleModule."""
    loaded = importlib.import_module(f"{MODULES}.{module}")
    found = re.search(r"AnsibleModule\(\*\*(\w+)", Path(str(loaded.__file__)).read_text(encoding="utf-8"))
    assert found is not None
    return dict(getattr(loaded, found[1])["argument_spec"])


def test_the_page_is_what_the_table_says() -> None:
    page = (ROOT / "docs/docsite/rst/coverage.rst").read_text(encoding="utf-8")

    assert page == TABLE.page(), "run: python docs/tools/list_coverage.py docs/docsite/rst/coverage.rst"
    assert "- coverage\n" in (ROOT / "docs/docsite/extra-docs.yml").read_text(encoding="utf-8")


@pytest.mark.parametrize("class_name", PUBLISHED["methods"])
def test_every_published_method_has_a_row_and_no_other_has(class_name: str) -> None:
    assert [row.name for row in TABLE.METHODS[class_name]] == PUBLISHED["methods"][class_name]


def test_every_published_cmdlet_has_a_row_and_no_other_has() -> None:
    assert [row.name for row in TABLE.CMDLETS] == PUBLISHED["cmdlets"]


def test_only_what_hyper_v_never_implemented_is_out_of_reach() -> None:
    assert {(name, row.name) for name, row in ROWS if not row.by} == {
        ("Msvm_ReplicationService", method) for method in NEVER_IMPLEMENTED
    }


@pytest.mark.parametrize("option", OPTIONS)
def test_the_option_of_a_row_exists_with_its_choice(option: str) -> None:
    module, _space, named = option.partition(" ")
    name, _equals, choice = named.partition("=")

    spec = spec_of(module)

    assert name in spec
    assert not choice or choice in spec[name]["choices"]


@pytest.mark.parametrize("role", sorted({row.role for _class, row in ROWS if row.role}))
def test_the_role_of_a_row_exists(role: str) -> None:
    assert (ROOT / "roles" / role / "meta/argument_specs.yml").is_file()


@pytest.mark.parametrize(
    ("class_name", "row"), [(name, row) for name, row in ROWS if name], ids=lambda one: str(one)[:60]
)
def test_the_simulator_knows_every_method(class_name: str, row: Any) -> None:
    rule = METHODS[class_name.casefold(), row.name]

    never = class_name == "Msvm_ReplicationService" and row.name in NEVER_IMPLEMENTED
    assert (rule.act is not_supported) is never
    assert is_mutating(class_name, row.name) is not row.name.startswith(("Get", "TestReplicationConnection"))
