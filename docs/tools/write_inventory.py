# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Write the Sphinx inventory of what these pages refer to in Ansible's own documentation: ``write_inventory.py FILE``.

With it the documentation is built without the network, links lead to the right pages all the same, and a label that is
not known here is a warning, so an error.
"""

from __future__ import annotations

import sys
import zlib
from pathlib import Path

#: Label: page and title, on docs.ansible.com.
LABELS = {
    "action_plugins": ("plugins/action.html", "Action plugins"),
    "ansible_configuration_settings": ("reference_appendices/config.html", "Ansible Configuration Settings"),
    "common_return_values": ("reference_appendices/common_return_values.html", "Return Values"),
    "inventory_plugins": ("plugins/inventory.html", "Inventory plugins"),
}
#: Plugins of ansible.builtin, with their type; each has a page of its own.
BUILTIN = {
    "add_host": "module",
    "constructed": "inventory",
    "pause": "module",
    "psrp": "connection",
    "set_stats": "module",
    "winrm": "connection",
}

HEAD = b"""\
# Sphinx inventory version 2
# Project: Ansible
# Version: devel
# The remainder of this file is compressed using zlib.
"""


def main(target: Path) -> int:
    """Write it."""
    lines = [line(label, page, title) for label, (page, title) in LABELS.items()]
    for name, kind in BUILTIN.items():
        label = f"ansible_collections.ansible.builtin.{name}_{kind}"
        lines.append(line(label, f"collections/ansible/builtin/{name}_{kind}.html", f"ansible.builtin.{name}"))
    target.write_bytes(HEAD + zlib.compress("".join(lines).encode()))
    return 0


def line(label: str, page: str, title: str) -> str:
    """One entry, as Sphinx's inventory format wants it."""
    anchor = label.replace("_", "-").replace(".", "-")
    return f"{label} std:label -1 {page}#{anchor} {title}\n"


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
