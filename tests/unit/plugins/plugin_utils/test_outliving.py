# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Task files that fail where they would have ended the play."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.hyperv.replica.plugins.plugin_utils._outliving import outliving, outliving_file


def changed(text: str) -> list[dict[str, Any]]:
    tasks: list[dict[str, Any]] = yaml.safe_load(outliving(text))
    return tasks


def test_behind_each_task_stands_one_that_fails_in_the_place_of_unreachable() -> None:
    tasks = changed("- ansible.builtin.setup:\n- {command: whoami, register: said}\n")

    assert [[*task][0] for task in tasks][::2] == ["ansible.builtin.setup", "command"]
    assert all("ansible.builtin.fail" in task for task in tasks[1::2])
    assert [task.get("ignore_unreachable") for task in tasks] == [True, None, True, None]
    assert tasks[0]["register"] in tasks[1]["when"]
    assert tasks[2]["register"] == "said"
    assert "said" in tasks[3]["when"]


def test_tasks_of_blocks_are_changed_and_the_blocks_are_not() -> None:
    [block] = changed("- block: [{setup: }]\n  rescue: [{command: a}]\n  always: [{command: b}]\n")

    assert {key: len(block[key]) for key in ("block", "rescue", "always")} == {"block": 2, "rescue": 2, "always": 2}
    assert "ignore_unreachable" not in block


@pytest.mark.parametrize(
    "task",
    [
        {"ansible.builtin.include_tasks": "more.yml"},
        {"import_role": {"name": "x"}},
        {"meta": "noop"},
        {"setup": None, "ignore_unreachable": False},
    ],
)
def test_what_brings_in_tasks_and_what_decides_by_itself_is_left_alone(task: dict[str, Any]) -> None:
    assert changed(yaml.safe_dump([task])) == [task]


def test_tags_stay_as_they_are() -> None:
    tasks = [
        "- debug:",
        "    msg: !unsafe '{{ no template }}'",
        "- debug:",
        "    msg: !vault |",
        "      $ANSIBLE_VAULT",
    ]
    text = "\n".join([*tasks, "      6132", ""])

    again = outliving(text)

    assert "!unsafe '{{ no template }}'" in again
    assert "!vault |" in again


@pytest.mark.parametrize("text", ["", "just: a table\n", "- [broken\n", "word"])
def test_what_is_no_list_of_tasks_stays_for_ansible_to_complain_about(text: str) -> None:
    assert outliving(text) == text


def test_an_encrypted_file_is_not_written_in_the_clear(tmp_path: Path) -> None:
    locked = tmp_path / "locked.yml"
    locked.write_text("$ANSIBLE_VAULT;1.1;AES256\n6132\n")

    assert outliving_file(str(locked)) == ""
    assert outliving_file(str(tmp_path / "nowhere.yml")) == ""
