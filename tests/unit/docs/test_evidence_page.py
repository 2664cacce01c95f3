# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the guide to the evidence tells a reader to do without this collection does what it says."""

from __future__ import annotations

import re
import subprocess
import sys
import textwrap
from pathlib import Path

from ansible_collections.hyperv.replica.plugins.module_utils._drill.evidence import (
    Fact,
    chained,
    closed,
    evidence_text,
    head,
)

PAGE = Path(__file__).resolve().parents[3] / "docs/docsite/rst/evidence.rst"
ENTRIES = closed(
    chained([Fact("drill", {"id": "Büro", "rate": 1.0}), Fact("record", {"at": "now", "n": 0.1})]), {"a": "b\n"}
)


def follow(folder: Path, text: str) -> subprocess.CompletedProcess[str]:
    """Run the page's own program in a folder with this evidence."""
    (folder / "evidence.json").write_text(text, encoding="utf-8")
    block = re.search(r"\.\. code-block:: python\n\n((?:   .*\n|\n)+)", PAGE.read_text(encoding="utf-8"))
    program = textwrap.dedent(block[1] if block else "raise SystemExit('the page has no program')")
    return subprocess.run([sys.executable, "-c", program], cwd=folder, capture_output=True, text=True, check=False)


def test_the_program_on_the_page_follows_a_chain_to_its_head(tmp_path: Path) -> None:
    assert follow(tmp_path, evidence_text(ENTRIES)).stdout.strip() == head(ENTRIES)


def test_the_program_on_the_page_stops_at_the_entry_that_was_changed(tmp_path: Path) -> None:
    run = follow(tmp_path, evidence_text(ENTRIES).replace('"at":"now"', '"at":"then"'))

    assert (run.returncode, "AssertionError: 1" in run.stderr) == (1, True)
