# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbook of each role's README, run to the letter with the plan and the task files that stand there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ansible_collections.hyperv.replica.tests.integration.playbook.conftest import SetStage
from ansible_collections.hyperv.replica.tests.integration.playbook.estates import replicated, two_sites
from ansible_collections.hyperv.replica.tests.integration.playbook.stage import COLLECTION, Stage

ROLES = sorted(path.name for path in (COLLECTION / "roles").iterdir())
#: Where their virtual machines are when the example begins.
AWAY = ("failback", "verify")


def examples(role: str) -> list[str]:
    readme = (COLLECTION / "roles" / role / "README.md").read_text(encoding="utf-8")
    return re.findall(r"```yaml\n(.*?)```", readme, flags=re.DOTALL)


def stand_as_the_readme_says(stage: Stage, role: str) -> None:
    """Write its plan, its task files and its playbook."""
    for text in examples(role):
        named = re.match(r"# (\S+\.yml)\n", text)
        if named:
            stage.write(named[1], text)
        elif text.startswith("hyperv_replica_plan:"):
            stage.write("plan.yml", text)
    [playbook] = [text for text in examples(role) if text.startswith("- hosts:")]
    plan = stage.folder / "plan.yml"
    if "vars_files" in playbook and not plan.exists():  # the role's README leaves the plan to that of another one
        plan.write_text(
            next(text for text in examples("preflight") if text.startswith("hyperv_replica_plan:")), encoding="utf-8"
        )
    stage.write("play.yml", playbook)


@pytest.mark.parametrize("role", ROLES)
def test_the_example_of_its_readme_works_as_it_stands(set_stage: SetStage, tmp_path: Path, role: str) -> None:
    stage = set_stage(two_sites(replicated("SQL01"), replicated("WEB01"), replicated("DC01")))
    if role in AWAY:
        over = stage.failover("SQL01", "WEB01")
        assert over.status == "ok", over.output
    stand_as_the_readme_says(stage, role)

    run = stage.run(environment={"PWD": str(stage.folder)})

    assert run.code == 0, run.output
