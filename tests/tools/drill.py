# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run the playbook ``hyperv.replica.rehearse`` from the folder one stands in, and end with its verdict and report.

Ansible's recap comes last in a run; who rehearses wants to read the verdict there, so it is said once more.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

COLOUR = re.compile(r"\x1b\[[0-9;]*m")
#: What the playbook prints in its last task, one line for each.
CLOSING = re.compile(r"(VERDICT|REPORT): (.*?)\"?,?$")


def main(arguments: list[str]) -> int:
    """Rehearse; 0 only if the playbook ended well and said its verdict and where the report is."""
    environment = {**os.environ, "PWD": str(Path.cwd()), "PYTHONUNBUFFERED": "1"}
    if sys.stdout.isatty():
        environment["ANSIBLE_FORCE_COLOR"] = "1"
    command = ["ansible-playbook", "hyperv.replica.rehearse", *arguments]
    run = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, encoding="utf-8", errors="replace")
    closing = shown(run.stdout or ())
    code = run.wait()
    print(f"\nVERDICT: {closing.get('VERDICT', 'none, the rehearsal did not come to its end')}")
    print(f"REPORT:  {closing.get('REPORT', 'none')}")
    return code or (0 if {"VERDICT", "REPORT"} <= closing.keys() else 1)


def shown(lines: Iterable[str]) -> dict[str, str]:
    """Print LINES as they come, and keep the closing ones."""
    closing: dict[str, str] = {}
    for line in lines:
        print(line, end="", flush=True)
        if found := CLOSING.search(COLOUR.sub("", line).strip()):
            closing[found[1]] = found[2]
    return closing


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
