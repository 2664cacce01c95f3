# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A task file whose tasks fail where a host cannot be reached, instead of ending the whole play.

UNREACHABLE takes a host out of the play, and neither ``rescue`` nor ``always`` runs. So each task ignores it, and a
task behind it fails instead. The text is changed as YAML nodes, so that tags, such as those of encrypted values, stay.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Protocol

import yaml

#: What holds tasks.
_HOLDERS: Final = ("block", "rescue", "always")

#: What brings in the tasks of a file, and of a role.
_IMPORT: Final = "import_tasks"
_FILES: Final = frozenset(("include_tasks", _IMPORT))
_ROLES: Final = frozenset(("include_role", "import_role"))

#: What would take the host out of the play, or end the role that runs the file, as surely as UNREACHABLE does.
_ENDS: Final = frozenset(("end_host", "end_play", "end_batch"))
_ENDS_ROLE: Final = "end_role"

_REGISTER: Final = "hyperv_replica_probed"

_Keys = dict[str, yaml.Node]


class Brought(Protocol):
    """Where the same of another file is; empty where it stays as it is written."""

    @property
    def in_role(self) -> bool:
        """Whether the tasks belong to a role, which may be ended without ending anything else."""

    def file(self, name: str) -> str:
        """By the name that an include gives."""

    def role(self, name: str, tasks_from: str) -> str:
        """Tasks of a role, as a new ``tasks_from``."""


def outliving(text: str, brought: Brought) -> str:
    """The task file with a failure in the place of UNREACHABLE; unchanged where it is no list of tasks.

    A task, or a block, that ignores UNREACHABLE itself is left alone.
    """
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError:
        return text  # whoever runs it says what is wrong, and where
    if not isinstance(root, yaml.SequenceNode):
        return text
    _change(root, brought)
    changed: str = yaml.serialize(root, Dumper=yaml.SafeDumper, allow_unicode=True, width=1000)
    return changed


def _change(tasks: yaml.SequenceNode, brought: Brought) -> None:
    tasks.flow_style = False
    tasks.value = [one for task in tasks.value for one in _outliving(task, brought)]


def _outliving(task: yaml.Node, brought: Brought) -> Iterator[yaml.Node]:
    keys = _keys(task)
    short = {key.rpartition(".")[2]: key for key in keys}
    if not isinstance(task, yaml.MappingNode) or _ignores(keys):
        yield task
    elif held := [keys[holder] for holder in _HOLDERS if holder in keys]:
        for tasks in held:
            if isinstance(tasks, yaml.SequenceNode):
                _change(tasks, brought)
        yield task
    elif bringing := [key for name, key in short.items() if name in _FILES | _ROLES]:
        _rename(task, keys, bringing[0], brought)
        yield task
    elif "meta" in short:
        yield _ending(task, keys, short["meta"], brought)
    else:
        yield from _watched(task, keys)


def _keys(node: yaml.Node | None) -> _Keys:
    if not isinstance(node, yaml.MappingNode):
        return {}
    return {key.value: value for key, value in node.value if isinstance(key, yaml.ScalarNode)}


def _ignores(keys: _Keys) -> bool:
    """Whether its author decided that it goes on; to say no is what everyone does here."""
    said = keys.get("ignore_unreachable")
    return isinstance(said, yaml.ScalarNode) and said.value.lower() not in ("false", "no", "off", "")


def _rename(task: yaml.MappingNode, keys: _Keys, key: str, brought: Brought) -> None:
    """Bring in the same of another file; nothing but its name changes."""
    options = keys[key] if isinstance(keys[key], yaml.MappingNode) else keys.get("args")
    given = _keys(options)
    what = key.rpartition(".")[2]
    if what in _ROLES:
        name, tasks_from = (_text(given.get(one)) for one in ("name", "tasks_from"))
        if isinstance(options, yaml.MappingNode) and (instead := brought.role(name, tasks_from or "main")):
            _put(options, "tasks_from", instead)
    elif instead := brought.file(_text(keys[key]) or _text(given.get("file"))):
        if what == _IMPORT:
            _include(task, key, instead)
        elif "file" in given and isinstance(options, yaml.MappingNode):
            _put(options, "file", instead)
        else:
            _put(task, key, instead)


def _include(task: yaml.MappingNode, key: str, name: str) -> None:
    """What is imported is included in a block, which hands on all keywords as an import does.

    An import is read before it is known on which host it runs, and ansible-core 2.16 refuses one below an include whose
    name is a fact, which that of a copy is.
    """
    task.value = [pair for pair in task.value if pair[0].value not in (key, "args")]
    _put(task, "block", [{"name": "Include what is imported", "ansible.builtin.include_tasks": name}])


def _text(node: yaml.Node | None) -> str:
    """What a plain value says; nothing where there is no value."""
    plain = isinstance(node, yaml.ScalarNode) and not node.tag.endswith(":null")
    return str(node.value) if node is not None and plain else ""


def _put(table: yaml.MappingNode, name: str, value: object) -> None:
    table.value = [pair for pair in table.value if pair[0].value != name] + _node({name: value}).value


def _ending(task: yaml.MappingNode, keys: _Keys, key: str, brought: Brought) -> yaml.Node:
    """What would end more than the file fails, where its condition holds."""
    what = _text(keys[key])
    if what not in _ENDS and (what != _ENDS_ROLE or brought.in_role):
        return task
    task.value = [pair for pair in task.value if pair[0].value != key]
    _put(task, "ansible.builtin.fail", {"msg": f"meta: {what} would end the whole run, not this file"})
    return task


def _watched(task: yaml.MappingNode, keys: _Keys) -> Iterator[yaml.Node]:
    register = _text(keys.get("register")) or _REGISTER
    _put(task, "ignore_unreachable", True)
    _put(task, "register", register)
    yield task
    yield _failing(keys, register)


def _failing(keys: _Keys, register: str) -> yaml.Node:
    """The task that fails in its place, with the name of the task, the host, and what was said of it."""
    answers = f"({register}.results | default([{register}]))"
    silent = f"({answers} | selectattr('unreachable', 'defined') | selectattr('unreachable') | list)"
    secret = "no_log" in keys
    said = "(said with no_log)" if secret else "{{ hyperv_replica_silent.msg | default('no answer') }}"
    item = _text(_keys(keys.get("loop_control")).get("loop_var")) or "item"
    loops = any(key == "loop" or key.startswith("with_") for key in keys)
    where = "{{ hyperv_replica_guest }} in the task '{{ hyperv_replica_task }}'"
    failing = _node(
        {
            "name": "Fail where a host was not reached",
            "ansible.builtin.fail": {"msg": f"unreachable: {where}: {said}"},
            "when": f"{silent} | length > 0",
            "ignore_errors": False,
            "vars": {
                "hyperv_replica_silent": f"{{{{ {silent} | first }}}}",
                "hyperv_replica_guest": _text(keys.get("delegate_to")) or "{{ inventory_hostname }}",
            }
            | ({item: f"{{{{ hyperv_replica_silent['{item}'] | default('') }}}}"} if loops else {}),
        }
    )
    name = _text(keys.get("name")) or _action(keys)
    named = yaml.ScalarNode("!unsafe" if "{" in name else "tag:yaml.org,2002:str", name)
    _keys(failing)["vars"].value.append((yaml.ScalarNode("tag:yaml.org,2002:str", "hyperv_replica_task"), named))
    _take_along(failing, keys)
    return failing


def _action(keys: _Keys) -> str:
    """What a task without a name is called: the module, which is the one key with a namespace, or the first one."""
    return next((key for key in keys if "." in key), next(iter(keys), ""))


def _take_along(failing: yaml.Node, keys: _Keys) -> None:
    """It runs where its task runs: under the same tags."""
    if "tags" in keys:
        failing.value.append((yaml.ScalarNode("tag:yaml.org,2002:str", "tags"), keys["tags"]))


def _node(value: object) -> yaml.Node:
    written = yaml.safe_dump(value, sort_keys=False, width=1000)
    return yaml.compose(written, Loader=yaml.SafeLoader) or yaml.ScalarNode("tag:yaml.org,2002:null", "")
