# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import importlib.util
import json
import re
import textwrap
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

from ansible_collections.hyperv.replica.plugins.module_utils._drill.order import sole_providers, stages
from ansible_collections.hyperv.replica.plugins.module_utils._drill.plan import Plan
from ansible_collections.hyperv.replica.plugins.module_utils._drill.plan_reading import read_plan
from ansible_collections.hyperv.replica.plugins.module_utils._surface.plan_spec import PLAN_OPTIONS

ROOT = Path(__file__).resolve().parents[3]
PAGE = ROOT / "docs/docsite/rst/recovery_plan.rst"


def _writing() -> ModuleType:
    path = ROOT / "docs/tools/write_plan_reference.py"
    spec = importlib.util.spec_from_file_location("write_plan_reference", path)
    if spec is None or spec.loader is None:
        raise RuntimeError("docs/tools/write_plan_reference.py cannot be loaded")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


WRITTEN: dict[Path, str] = _writing().written(ROOT)


def example() -> dict[str, Any]:
    """The plan on the page."""
    block = re.search(r"\.\. code-block:: yaml\n\n(.*?)\n\nKeys\n", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    if block is None:
        raise AssertionError("there is no example on the page")
    plan: dict[str, Any] = yaml.safe_load(textwrap.dedent(block[1]))["hyperv_replica_plan"]
    return plan


@pytest.mark.parametrize("path", sorted(WRITTEN), ids=str)
def test_what_describes_a_plan_is_what_its_parser_reads_by(path: Path) -> None:
    kept = (ROOT / path).read_text(encoding="utf-8")

    assert kept == WRITTEN[path], "run: python docs/tools/write_plan_reference.py ."


def test_the_example_on_the_page_is_a_plan_of_twelve_machines_in_three_tiers_that_can_be_followed() -> None:
    plan: Plan = read_plan(example(), {"hv-a1", "hv-a2", "hv-b1", "hv-b2"})

    assert (len(plan.vms), len(plan.tiers)) == (12, 3)
    assert [len(stage.vms) for stage in stages(plan)] == [11, 1]
    assert sole_providers(plan) == {}
    assert plan.task_files == ("hooks/stop_backup.yml", "hooks/announce.yml", "checks/sql.yml")


def test_the_options_of_a_module_are_documented_as_they_are_checked() -> None:
    fragment = yaml.safe_load(WRITTEN[Path("plugins/doc_fragments/recovery_plan.py")].split('"""')[3])
    documented = fragment["options"]["plan"]["suboptions"]

    def names(options: dict[str, Any], inner: str) -> dict[str, Any]:
        return {name: names(one.get(inner, {}), inner) for name, one in options.items()}

    assert names(documented, "suboptions") == names(PLAN_OPTIONS, "options")


def test_the_schema_is_json() -> None:
    schema = json.loads(WRITTEN[Path("playbooks/files/recovery_plan.schema.json")])

    assert schema["required"] == ["schema_version", "name", "vms"]
