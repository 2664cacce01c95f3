# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Say what ran: every step with its time, and over all test runners how many tests passed.

A step whose JUnit file is missing, empty, or tells of a skipped or failed test fails the run: a test that does not run
proves nothing.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

RESULTS = Path(__file__).resolve().parents[2] / ".build/results"


@dataclass(frozen=True)
class Count:
    """What one JUnit file counts."""

    tests: int = 0
    skipped: int = 0
    failed: int = 0

    @property
    def words(self) -> str:
        """As people read it; nothing where no test was counted."""
        passed = self.tests - self.skipped - self.failed
        parts = [(self.failed, "failed"), (passed, "passed"), (self.skipped, "skipped")]
        return ", ".join(f"{number} {word}" for number, word in parts if number)


def main() -> int:
    """Print one line for each step and the sum of all; 1 if a step failed or a test was skipped."""
    steps = sorted(map(step_in, RESULTS.glob("*.json")), key=lambda step: step["order"])
    counts = [counted(step) for step in steps]
    print("\nWhat ran:")
    for step, seen in zip(steps, counts, strict=True):
        times = f"{step['seconds']:7.1f} s, of processors {step['processor']:7.1f} s"
        print(f"  {step['outcome']:>8}  {times}  {step['name']}{f': {seen.words}' if seen else ''}")
    return verdict(steps, [seen for seen in counts if seen])


def step_in(path: Path) -> dict[str, Any]:
    """What step.py recorded of one step."""
    step: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return step


def counted(step: dict[str, Any]) -> Count | None:
    """What a step's test runner counted, if it has one; a failed step without one counts as one failure."""
    if step["outcome"] == "not run":
        return None
    if not step["junit"]:
        return Count(tests=1, failed=1) if step["outcome"] == "failed" else None
    junit = RESULTS / step["junit"]
    if not junit.is_file():
        return Count(tests=1, failed=1)
    suites = list(ElementTree.parse(junit).getroot().iter("testsuite"))

    def total(*names: str) -> int:
        return sum(int(suite.get(name, 0)) for suite in suites for name in names)

    tests = total("tests")
    return Count(tests, total("skipped"), total("failures", "errors")) if tests else Count(tests=1, failed=1)


def verdict(steps: list[dict[str, Any]], counts: list[Count]) -> int:
    """Print the closing line in the form of pytest's."""
    whole = Count(*(sum(getattr(seen, name) for seen in counts) for name in ("tests", "skipped", "failed")))
    ends = [step["order"] for step in steps]
    begins = [step["order"] - step["seconds"] for step in steps]
    seconds = max(ends, default=0) - min(begins, default=0)
    bad = whole.skipped or whole.failed or any(step["outcome"] == "failed" for step in steps)
    steps_passed = sum(step["outcome"] == "passed" for step in steps)
    print(f"{steps_passed} of {len(steps)} steps passed; tests of all runners together:")
    print(f"{f' {whole.words} in {seconds:.2f}s ':=^80}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
