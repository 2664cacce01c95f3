# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Copy the working tree to where ansible-test accepts it: ``.build/ansible_collections/hyperv/replica``.

ansible-test looks at the real directory it runs in and refuses a plain clone and a symbolic link alike. What git tracks
or would track is copied, times kept, so a second run copies what changed and nothing else; what is gone here goes away.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

TREE = Path(__file__).resolve().parents[2]
#: REPLICA_BUILD as in in_venv.sh.
MIRROR = Path(os.environ.get("REPLICA_BUILD") or TREE / ".build") / "ansible_collections/hyperv/replica"
#: Where git is not there to ask, as in an unpacked archive.
NEVER_COPIED = {".git", ".build", ".venv", "__pycache__", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".hypothesis"}
#: What tests leave behind in the mirror, and what they may find again.
MADE_THERE = {"tests/output", ".pytest_cache", ".mypy_cache", ".ruff_cache", ".hypothesis", ".ansible"}


def main() -> int:
    """Bring the mirror up to date and say how many files that took."""
    wanted = {path for path in listed() if (TREE / path).is_symlink() or (TREE / path).is_file()}
    removed = remove_all_but(wanted)
    copied = sum(copy_if_changed(path) for path in sorted(wanted))
    mark_as_a_tree_of_its_own()
    print(f"mirror: {len(wanted)} files, {copied} copied, {removed} removed")
    return 0


def listed() -> Iterable[Path]:
    """Every file of the tree that is tracked, or would be after ``git add``."""
    ask = ["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        answer = subprocess.run(ask, cwd=TREE, check=True, capture_output=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return walked(TREE)
    return {Path(os.fsdecode(name)) for name in answer.split(b"\0") if name}


def walked(top: Path) -> Iterator[Path]:
    """Every file below TOP, without what tools leave behind."""
    for folder, folders, files in os.walk(top):
        folders[:] = [name for name in folders if name not in NEVER_COPIED]
        yield from ((Path(folder) / name).relative_to(top) for name in files if not name.endswith(".pyc"))


def remove_all_but(wanted: set[Path]) -> int:
    """Delete what is in the mirror and no longer in the tree."""
    gone = [path for path in walked(MIRROR) if path not in wanted and not made_there(path)]
    for path in gone:
        (MIRROR / path).unlink()
    for path in {folder for gone_file in gone for folder in gone_file.parents}:
        if holds_caches_only(MIRROR / path):
            shutil.rmtree(MIRROR / path)
    return len(gone)


def made_there(path: Path) -> bool:
    """Whether PATH is something that tests write into the mirror themselves."""
    return any(path.as_posix() == own or path.as_posix().startswith(f"{own}/") for own in MADE_THERE)


def holds_caches_only(folder: Path) -> bool:
    """Whether nothing but bytecode is left in FOLDER."""
    return folder.is_dir() and all(path.suffix == ".pyc" for path in folder.rglob("*") if not path.is_dir())


def copy_if_changed(path: Path) -> bool:
    """Copy one file unless the mirror has the same size, time and mode; say whether it was copied."""
    here, there = TREE / path, MIRROR / path
    if there.is_symlink() or there.exists():
        if same(here.lstat(), there.lstat()):
            return False
        there.unlink()
    there.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(here, there, follow_symlinks=False)
    return True


def mark_as_a_tree_of_its_own() -> None:
    """Keep ansible-test from walking up to our own repository, where everything below ``.build`` is ignored."""
    if (TREE / ".git").exists() and not (MIRROR / ".git/refs/heads").is_dir():
        subprocess.run(["git", "init", "--quiet", "--initial-branch=main", str(MIRROR)], check=True)


def same(here: os.stat_result, there: os.stat_result) -> bool:
    return (here.st_size, here.st_mtime_ns, here.st_mode) == (there.st_size, there.st_mtime_ns, there.st_mode)


if __name__ == "__main__":
    sys.exit(main())
