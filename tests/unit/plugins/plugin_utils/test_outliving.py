# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Task files that fail where they would have ended the play."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
import yaml

from ansible_collections.hyperv.replica.plugins.plugin_utils._outliving import outliving


@dataclass(slots=True)
class Nothing:
    """Nothing that is brought in is found."""

    in_role: bool = False

    def file(self, name: str) -> str:
        return ""

    def role(self, name: str, tasks_from: str) -> str:
        return ""


class Tagged(yaml.SafeLoader):
    """What Ansible shall not read as a template is text; as safe as the loader it extends, which S506 cannot see."""


def _text(_loader: yaml.SafeLoader, node: yaml.Node) -> str:
    return str(node.value)


Tagged.add_constructor("!unsafe", _text)


def changed(text: str, *, in_role: bool = False) -> list[dict[str, Any]]:
    tasks: list[dict[str, Any]] = yaml.load(outliving(text, Nothing(in_role)), Loader=Tagged)  # noqa: S506
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
        {"setup": None, "ignore_unreachable": True},
        {"block": [{"setup": None}], "ignore_unreachable": True},
    ],
)
def test_what_is_not_found_and_what_decides_by_itself_is_left_alone(task: dict[str, Any]) -> None:
    assert changed(yaml.safe_dump([task])) == [task]


def test_a_task_that_says_it_ignores_nothing_fails_as_all_others() -> None:
    first, _second = changed("- {setup: , ignore_unreachable: false}\n")

    assert first["ignore_unreachable"] is True


def test_nothing_around_a_task_makes_its_failure_ignored() -> None:
    [block] = changed("- ignore_errors: true\n  block: [{setup: , tags: [a]}]\n")

    assert block["block"][1]["ignore_errors"] is False
    assert block["block"][1]["tags"] == ["a"]


def test_the_failure_names_the_task_and_whom_it_asked() -> None:
    _task, named = changed("- {name: 'Ask {{ it }}', setup: , delegate_to: '{{ guest }}'}\n")
    _task, unnamed = changed("- {delegate_to: x, ansible.builtin.setup: }\n")

    assert named["vars"]["hyperv_replica_task"] == "Ask {{ it }}"
    assert named["vars"]["hyperv_replica_guest"] == "{{ guest }}"
    assert unnamed["vars"]["hyperv_replica_task"] == "ansible.builtin.setup"


def test_what_a_host_said_is_not_repeated_where_nothing_shall_be_logged() -> None:
    _task, failing = changed("- {setup: , no_log: true}\n")

    assert "hyperv_replica_silent" not in failing["ansible.builtin.fail"]["msg"]


@pytest.mark.parametrize("what", ["end_host", "end_play", "end_batch", "end_role"])
def test_what_would_end_the_whole_run_fails_instead(what: str) -> None:
    [task] = changed(f"- {{meta: {what}, when: tired}}\n")

    assert what in task["ansible.builtin.fail"]["msg"]
    assert task["when"] == "tired"
    assert "meta" not in task


def test_a_role_may_end_itself() -> None:
    assert changed("- meta: end_role\n", in_role=True) == [{"meta": "end_role"}]


def test_tags_stay_as_they_are() -> None:
    tasks = [
        "- debug:",
        "    msg: !unsafe '{{ no template }}'",
        "- debug:",
        "    msg: !vault |",
        "      $ANSIBLE_VAULT",
    ]
    text = "\n".join([*tasks, "      6132", ""])

    again = outliving(text, Nothing())

    assert "!unsafe '{{ no template }}'" in again
    assert "!vault |" in again


@pytest.mark.parametrize("text", ["", "just: a table\n", "- [broken\n", "word"])
def test_what_is_no_list_of_tasks_stays_for_ansible_to_complain_about(text: str) -> None:
    assert outliving(text, Nothing()) == text
