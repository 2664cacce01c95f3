# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Write docs/docsite/rst/preflight.rst: every rule of the preflight, with what it does to each operation.

Run it with the collection importable: ``python docs/tools/list_rules.py docs/docsite/rst/preflight.rst``. A test holds
the page against the code.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

from ansible_collections.hyperv.replica.plugins.module_utils._operations import (
    preflight_cluster,
    preflight_disks,
    preflight_machines,
    preflight_network,
    preflight_new_copy,
    preflight_roles,
    preflight_state,
    preflight_trust,
)
from ansible_collections.hyperv.replica.plugins.module_utils._operations.preflight import Gate, Rule
from ansible_collections.hyperv.replica.plugins.module_utils._operations.preflight_view import Operation

_SECTIONS: Final = (
    ("Where the copies are", preflight_roles.RULES),
    ("A new copy at home", preflight_new_copy.RULES),
    ("Clusters", preflight_cluster.RULES),
    ("How they are", preflight_state.RULES),
    ("Disks", preflight_disks.RULES),
    ("Trust between the hosts", preflight_trust.RULES),
    ("Networks", preflight_network.RULES),
    ("Machines, and what the plan stands on", preflight_machines.RULES),
)

_WORDS: Final = {Gate.BLOCK: "**block**", Gate.WARN: "warn", Gate.IGNORE: ""}

_HEAD: Final = """\
.. Copyright: (c) 2026, the hyperv.replica authors
.. GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
.. SPDX-License-Identifier: GPL-3.0-or-later

.. This page is written by docs/tools/list_rules.py from the rules themselves.

.. _ansible_collections.hyperv.replica.docsite.preflight:

Preflight
=========

May these virtual machines go, and can they come home again? The module ``hyperv_replica_preflight`` looks at both
hosts once and holds the rules below against what they show. The role and the playbook ``preflight`` do so for all
pairs of hosts of a plan, and the roles ``failover`` and ``failback`` do it first. Nothing is changed by it.

.. contents::
   :local:
   :depth: 1

How it is read
--------------

- A rule comes to ``pass``, ``warn``, ``fail`` or ``not_checked``, the last with the reason: a peer that does not
  answer, a class that this account may not read, or something that WMI does not show.
- What a rule that does not hold does depends on the operation. *Test* is a test failover, *planned* a planned
  failover or a failback, *unplanned* an unplanned failover; *sync* and *switch* are moves with ``state`` ``synced``
  and ``switched_off``.
- A rule that would block and could not be checked blocks planned moves, and warns in tests and unplanned failovers.
- Only rules of the replica's side can block an unplanned failover. A dead primary therefore does not stop one,
  whatever is wrong with it; a primary that runs always does.
- ``waive`` overrides a rule, with a reason, for one virtual machine or for all; a waived rule stands on the first
  page of the report. ``wrong_peer`` and ``split_brain`` cannot be waived.
- Once a planned move has begun, rules that only matter before it hold, so that a run that was cut off can go on.
- The ids are part of the public interface.

.. code-block:: yaml+jinja

   - name: May SQL01 go, stay for a month, and come home
     hyperv.replica.hyperv_replica_preflight:
       vms: [SQL01]
       peer: hv-a
       operation: planned
       planned_stay: 30d
       waive:
         - rule: vlans
           vm: SQL01
           reason: The sites number their VLANs differently, CHG0042
     delegate_to: hv-b

The role ``failover`` in mode ``unplanned`` does not let one virtual machine hold up the others. Those that a rule
blocks are named before anything moves, with the rule and what was found. They are not moved, nor is what depends on
them (``kind: preflight`` and ``kind: dependency`` in ``failover_results``), and the role fails at the end; the others
go. Where all are blocked nothing is begun. ``failover_waive`` overrides a rule but for split brain and a wrong peer.
The move itself still refuses what it must for each one, such as a live primary or too much loss.
"""


def page() -> str:
    """The page, in reStructuredText."""
    return "\n".join([_HEAD, *(_section(title, rules) for title, rules in _SECTIONS)])


def _section(title: str, rules: tuple[Rule, ...]) -> str:
    head = [
        title,
        "-" * len(title),
        "",
        ".. list-table::",
        "   :header-rows: 1",
        "   :widths: 17 30 23 5 5 5 5 5 5",
        "",
    ]
    names = ["   * - Rule", "     - Holds where", "     - If not", *(f"     - {one.value}" for one in Operation)]
    return "\n".join([*head, *names, *(_row(rule) for rule in rules), ""])


def _row(rule: Rule) -> str:
    cells = [f"``{rule.id}``", rule.asks, f"{rule.cause}. {rule.remedy}."]
    cells += [_WORDS[rule.gates[operation]] for operation in Operation]
    first, *rest = cells
    return "\n".join([f"   * - {first}", *(f"     - {cell}".rstrip() for cell in rest)])


def main() -> int:
    """Write the page to the file given."""
    Path(sys.argv[1]).write_text(page(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
