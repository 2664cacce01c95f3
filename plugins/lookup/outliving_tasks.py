# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Task files that fail where a host cannot be reached; the work is done in plugin_utils."""

from __future__ import annotations

DOCUMENTATION = """
name: outliving_tasks
short_description: A task file that fails where a host cannot be reached
version_added: 0.1.0
author:
  - The hyperv.replica authors (@hyperv-replica)
description:
  - >-
    A host that cannot be reached ends the whole play as UNREACHABLE, without C(rescue) and C(always). In the copies
    that are given here, each task ignores that, and one behind it fails instead, so that C(rescue) and C(always) run.
  - >-
    The files that it includes or imports have copies as well, and so have those of roles. Tasks and blocks that say
    C(ignore_unreachable) themselves stay as they are, and so do a role whose name is a template and the dependencies of
    roles.
  - C(meta) with C(end_host), C(end_play) or C(end_batch), which would end the play too, fails in the copies.
  - A copy of an encrypted file is encrypted for the same vault.
  - Nothing is written. Whoever calls writes the copies, and removes them.
options:
  _terms:
    description: The path of the task file on the controller.
    type: list
    elements: str
    required: true
  mark:
    description: What the name of each copy begins with. It shall be another one each time.
    type: str
    required: true
"""

EXAMPLES = """
- name: Write the copies of a task file
  ansible.builtin.copy:
    content: "{{ item.content }}"
    dest: "{{ item.dest }}"
    mode: "0600"
  loop: "{{ query('hyperv.replica.outliving_tasks', '/srv/project/checks/sql.yml', mark='.copy-') }}"
"""

RETURN = """
_raw:
  description: Each copy. The first is that of the file. None where it cannot be read.
  type: list
  elements: dict
  contains:
    dest:
      description: Where it belongs, beside what it is a copy of.
      type: str
    content:
      description: Its text.
      type: str
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from ansible import constants
from ansible.errors import AnsibleError
from ansible.parsing.vault import is_encrypted
from ansible.plugins.lookup import LookupBase

from ansible_collections.hyperv.replica.plugins.plugin_utils._outliving_files import Copies
from ansible_collections.hyperv.replica.plugins.plugin_utils._peer import vault_of


class LookupModule(LookupBase):
    """What Ansible looks for."""

    def run(self, terms: list[str], variables: dict[str, Any] | None = None, **options: Any) -> list[dict[str, str]]:
        """The copies of each task file."""
        self.set_options(var_options=variables, direct=options)
        base = Path(self._loader.get_basedir())
        folders = [base / "roles", *map(Path, constants.DEFAULT_ROLES_PATH), base]
        copies = Copies(str(self.get_option("mark")), self._read, role_folders=folders)
        for term in terms:
            copies.of(Path(term), (base,))
        return [{"dest": str(path), "content": text} for path, text in copies.texts.items()]

    def _read(self, path: Path) -> tuple[str, Callable[[str], str]] | None:
        try:
            raw = path.read_bytes()
            if not is_encrypted(raw):
                return raw.decode("utf-8"), str
            return self._decrypted(raw)
        except (OSError, ValueError, AnsibleError):
            return None  # it is run as it is, and whoever runs it says what is wrong

    def _decrypted(self, raw: bytes) -> tuple[str, Callable[[str], str]]:
        """What is encrypted is written down encrypted, with the secret that opened it."""
        vault = vault_of(self._loader)
        text, vault_id, secret = vault.decrypt_and_get_vault_id(raw)

        def sealed(changed: str) -> str:
            written: bytes = vault.encrypt(changed, secret, vault_id=vault_id)
            return written.decode("ascii")

        return text.decode("utf-8"), sealed
