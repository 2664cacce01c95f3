# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A task file whose tasks fail where a host cannot be reached, instead of ending the whole play.

UNREACHABLE takes a host out of the play, and neither ``rescue`` nor ``always`` runs. So each task ignores it, and a
task behind it fails instead. The text is changed as YAML nodes, so that tags, such as those of encrypted values, stay.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import yaml

#: What holds tasks.
_HOLDERS: Final = ("block", "rescue", "always")

#: What is no task of its own: what it brings in stays as it is written.
_OTHERS: Final = frozenset(("include_tasks", "import_tasks", "include_role", "import_role", "meta"))

_REGISTER: Final = "hyperv_replica_probed"

#: What an encrypted file begins with. One is never written down in the clear.
_ENCRYPTED: Final = "$ANSIBLE_VAULT"


def outliving_file(path: str) -> str:
    """The same of a file; empty where it has to be run as it is, since it is encrypted or cannot be read."""
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, ValueError):
        return ""
    return "" if text.startswith(_ENCRYPTED) else outliving(text)


def outliving(text: str) -> str:
    """The task file with a failure in the place of UNREACHABLE; unchanged where it is no list of tasks.

    A task that says ``ignore_unreachable`` itself is left alone.
    """
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError:
        return text  # whoever runs it says what is wrong, and where
    if not isinstance(root, yaml.SequenceNode):
        return text
    _change(root)
    changed: str = yaml.serialize(root, Dumper=yaml.SafeDumper, allow_unicode=True, width=1000)
    return changed


def _change(tasks: yaml.SequenceNode) -> None:
    tasks.flow_style = False
    tasks.value = [one for task in tasks.value for one in _outliving(task)]


def _outliving(task: yaml.Node) -> Iterator[yaml.Node]:
    yield task
    if not isinstance(task, yaml.MappingNode):
        return
    keys = {key.value: value for key, value in task.value if isinstance(key, yaml.ScalarNode)}
    held = [keys[holder] for holder in _HOLDERS if holder in keys]
    for tasks in held:
        if isinstance(tasks, yaml.SequenceNode):
            _change(tasks)
    if held or "ignore_unreachable" in keys or {key.rpartition(".")[2] for key in keys} & _OTHERS:
        return
    own = keys.get("register")
    register = own.value if isinstance(own, yaml.ScalarNode) else _REGISTER
    added = {"ignore_unreachable": True} if own is not None else {"ignore_unreachable": True, "register": register}
    task.value += _node(added).value
    yield _node(_failing(register))


def _failing(register: str) -> dict[str, object]:
    """The task that fails in its place, with what was said of each host that was not reached."""
    answers = f"({register}.results | default([{register}]))"
    said = (
        "selectattr('unreachable', 'defined') | selectattr('unreachable') | map(attribute='msg', default='no answer')"
    )
    return {
        "name": "Fail where a host was not reached",
        "ansible.builtin.fail": {"msg": f"unreachable: {{{{ {answers} | {said} | unique | join('; ') }}}}"},
        "when": f"({register} | default({{}})).unreachable | default(false) | bool",
    }


def _node(value: object) -> yaml.Node:
    written = yaml.safe_dump(value, sort_keys=False)
    return yaml.compose(written, Loader=yaml.SafeLoader) or yaml.ScalarNode("tag:yaml.org,2002:null", "")
