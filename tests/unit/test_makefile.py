# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A shell reads beforehand what make hands it at the end of a long run: a comma in a title once ended every leg."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MAKEFILE = (ROOT / "Makefile").read_text()


def _words(variable: str) -> list[str]:
    found = re.search(rf"^{variable}\s*:=\s*(.+)$", MAKEFILE, re.MULTILINE)
    return found[1].split() if found else []


def _dry_run(*goals: str) -> str:
    # The tests may themselves be run by make, whose flags would be inherited.
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    return subprocess.run(
        ["make", "--dry-run", *goals], cwd=ROOT, env=clean, capture_output=True, text=True, check=True
    ).stdout


@pytest.mark.parametrize("core", _words("CORES"))
def test_a_shell_can_read_every_line_of_a_leg(core: str) -> None:
    read = subprocess.run(["sh", "-n"], input=_dry_run(f"leg-{core}"), capture_output=True, text=True, check=False)

    assert (read.returncode, read.stderr) == (0, "")


def test_the_lowest_and_the_newest_core_are_among_those_with_a_leg() -> None:
    assert set(_words("ENDS")) < set(_words("CORES"))
