# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The copies of a task file and of all that it brings in."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.hyperv.replica.plugins.plugin_utils._outliving_files import Copies

ASK = "- {ansible.builtin.setup: , delegate_to: guest}\n"


def read(path: Path) -> tuple[str, Callable[[str], str]] | None:
    return (path.read_text(encoding="utf-8"), str) if path.is_file() else None


def project(folder: Path, **files: str) -> Copies:
    for name, text in files.items():
        path = folder / (name.replace("__", "/") + ".yml")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return Copies(".x-", read, role_folders=[folder / "roles"])


def copied(copies: Copies, folder: Path) -> dict[str, list[dict[str, Any]]]:
    return {str(path.relative_to(folder)): yaml.safe_load(text) for path, text in copies.texts.items()}


def test_what_is_included_is_the_copy_beside_its_file(tmp_path: Path) -> None:
    copies = project(tmp_path, a="- include_tasks: sub/b.yml\n", sub__b="- include_tasks: c.yml\n", sub__c=ASK)

    copies.of(tmp_path / "a.yml")

    found = copied(copies, tmp_path)
    assert [*found] == [".x-a.yml", "sub/.x-b.yml", "sub/.x-c.yml"]
    assert found[".x-a.yml"] == [{"include_tasks": str(tmp_path / "sub/.x-b.yml")}]
    assert found["sub/.x-c.yml"][0]["ignore_unreachable"] is True


def test_keywords_of_an_include_stay(tmp_path: Path) -> None:
    written = "- include_tasks: {file: b.yml, apply: {tags: [x]}}\n  loop: [1, 2]\n  when: yes_please\n"
    copies = project(tmp_path, a=written, b=ASK)

    copies.of(tmp_path / "a.yml")

    [task] = copied(copies, tmp_path)[".x-a.yml"]
    assert task["include_tasks"] == {"apply": {"tags": ["x"]}, "file": str(tmp_path / ".x-b.yml")}
    assert (task["loop"], task["when"]) == ([1, 2], "yes_please")


def test_what_is_imported_is_included_in_a_block_with_its_keywords(tmp_path: Path) -> None:
    copies = project(tmp_path, a="- import_tasks: b.yml\n  when: yes_please\n", b=ASK)

    copies.of(tmp_path / "a.yml")

    [task] = copied(copies, tmp_path)[".x-a.yml"]
    assert task["when"] == "yes_please"
    assert task["block"][0]["ansible.builtin.include_tasks"] == str(tmp_path / ".x-b.yml")
    assert "import_tasks" not in task


def test_a_file_that_includes_itself_has_one_copy(tmp_path: Path) -> None:
    copies = project(tmp_path, a="- include_tasks: a.yml\n  when: again\n")

    copies.of(tmp_path / "a.yml")

    assert copied(copies, tmp_path) == {
        ".x-a.yml": [{"include_tasks": str(tmp_path / ".x-a.yml"), "when": "again"}],
    }


def test_a_name_that_is_known_when_it_runs_has_a_copy_of_each_file_that_it_may_mean(tmp_path: Path) -> None:
    copies = project(tmp_path, a="- include_tasks: 'sub/{{ item }}.yml'\n", sub__b=ASK, sub__c=ASK, other=ASK)
    (tmp_path / "sub/.y-b.yml").write_text("the copy of another run")

    copies.of(tmp_path / "a.yml")

    assert [*copied(copies, tmp_path)] == [".x-a.yml", "sub/.x-b.yml", "sub/.x-c.yml"]


@pytest.mark.parametrize(
    ("name", "options"),
    [("include_role", {"name": "guest"}), ("ansible.builtin.import_role", {"name": "guest", "tasks_from": "main.yml"})],
)
def test_a_role_runs_the_copies_of_its_tasks(tmp_path: Path, name: str, options: dict[str, str]) -> None:
    copies = project(tmp_path, a=yaml.safe_dump([{name: options}]), roles__guest__tasks__main=ASK)

    copies.of(tmp_path / "a.yml")

    found = copied(copies, tmp_path)
    assert [*found] == [".x-a.yml", "roles/guest/tasks/.x-main.yml"]
    assert found[".x-a.yml"] == [{name: {"name": "guest", "tasks_from": ".x-main.yml"}}]


@pytest.mark.parametrize(
    "task",
    [
        "include_tasks: nowhere.yml",
        "import_tasks: nowhere.yml",
        "include_role: {name: nobody}",
        "include_role: {name: '{{ any }}'}",
        "include_role: {name: no.such.role}",
    ],
)
def test_what_is_not_found_stays_for_ansible_to_look_for(tmp_path: Path, task: str) -> None:
    copies = project(tmp_path, a=f"- {task}\n")

    copies.of(tmp_path / "a.yml")

    assert copied(copies, tmp_path) == {".x-a.yml": yaml.safe_load(f"- {task}")}


def test_what_cannot_be_read_has_no_copy(tmp_path: Path) -> None:
    copies = project(tmp_path)

    assert copies.of(tmp_path / "nowhere.yml") == tmp_path / "nowhere.yml"
    assert copies.texts == {}


def test_a_copy_is_written_down_as_its_file_was(tmp_path: Path) -> None:
    (tmp_path / "locked.yml").write_text("locked", encoding="utf-8")
    copies = Copies(".x-", lambda path: (ASK, lambda text: f"sealed {len(text) > len(ASK)}"))

    copies.of(tmp_path / "locked.yml")

    assert copies.texts == {tmp_path / ".x-locked.yml": "sealed True"}
