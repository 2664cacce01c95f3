# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run one step of the tests, quietly: ``step.py [--junit FILE] NAME COMMAND...``.

One line says how it went and how long it took. Its output is kept in ``.build/results`` and shown whole when it failed.
``tally.py`` reads what the steps leave there.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import resource
import shutil
import subprocess
import sys
import time
from pathlib import Path

RESULTS = Path(__file__).resolve().parents[2] / ".build/results"
#: How find_python.sh ends when this machine lacks the Python that is asked for.
NO_SUCH_PYTHON = 66


def main() -> int:
    """Run the command; give its return code, but 0 for a Python that is not here, unless this is CI."""
    asked = arguments()
    place = RESULTS / re.sub(r"[^\w.-]+", "_", asked.name)
    RESULTS.mkdir(parents=True, exist_ok=True)
    if asked.junit:
        asked.junit.unlink(missing_ok=True)
    code, seconds, processor = timed(asked.command, place.with_name(f"{place.name}.log"))
    outcome = "passed" if code == 0 else "failed"
    if code == NO_SUCH_PYTHON and not os.environ.get("CI"):
        outcome = "not run"
    record(place, {"name": asked.name, "outcome": outcome, "seconds": seconds, "processor": processor}, asked.junit)
    say(asked.name, outcome, seconds, place.with_name(f"{place.name}.log"))
    return code if outcome == "failed" else 0


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--junit", type=Path, help="where the command writes its own JUnit file")
    parser.add_argument("name")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    return parser.parse_args()


def timed(command: list[str], log: Path) -> tuple[int, float, float]:
    """Run COMMAND with its output in LOG: its return code, the seconds it took, and those of processors."""
    began = time.monotonic()
    with log.open("wb") as output:
        code = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, check=False
        ).returncode
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return code, round(time.monotonic() - began, 1), round(used.ru_utime + used.ru_stime, 1)


def record(place: Path, result: dict[str, object], junit: Path | None) -> None:
    """Leave what tally.py reads: the outcome, and the test runner's own JUnit file where there is one."""
    if junit and junit.exists():
        shutil.copy(junit, place.with_name(f"{place.name}.xml"))
    result["order"] = time.time()
    result["junit"] = f"{place.name}.xml" if junit else ""
    place.with_name(f"{place.name}.json").write_text(json.dumps(result), encoding="utf-8")


def say(name: str, outcome: str, seconds: float, log: Path) -> None:
    if outcome == "failed":
        print(log.read_text(encoding="utf-8", errors="replace"))
    print(f"{outcome:>8}  {name}  ({seconds} s)", flush=True)


if __name__ == "__main__":
    sys.exit(main())
