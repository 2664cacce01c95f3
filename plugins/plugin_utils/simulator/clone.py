# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run the simulator from a clone; bin/hyperv-replica-simulator does."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
import tempfile
from pathlib import Path

_PACKAGE = "ansible_collections.hyperv.replica.plugins.plugin_utils.simulator"
_COLLECTION = Path(__file__).resolve().parents[3]
#: The environment that "make" sets up in a clone.
_VENV = _COLLECTION / ".venv"


def main() -> int:
    """Lay the clone out as an installed collection, in a directory of its own, and run the command line there."""
    missing = [name for name in ("yaml", "spnego", "cryptography") if importlib.util.find_spec(name) is None]
    if missing:
        return _run_in_venv(missing)
    root = Path(tempfile.mkdtemp(prefix="hyperv-replica-import-"))
    try:
        namespace = root / "ansible_collections" / "hyperv"
        namespace.mkdir(parents=True)
        (namespace / "__init__.py").touch()
        (namespace.parent / "__init__.py").touch()
        (namespace / "replica").symlink_to(_COLLECTION, target_is_directory=True)
        sys.path.insert(0, os.fspath(root))
        return int(importlib.import_module(f"{_PACKAGE}.__main__").main())
    finally:
        shutil.rmtree(root, ignore_errors=True)


def _run_in_venv(missing: list[str]) -> int:
    python = _VENV / "bin" / "python"
    if python.is_file() and Path(sys.prefix) != _VENV:
        os.execv(python, [str(python), str(Path(__file__).resolve()), *sys.argv[1:]])
    sys.stderr.write(f"hyperv-replica-simulator: Python lacks {', '.join(missing)}; install pypsrp and pyyaml\n")
    return 2


if __name__ == "__main__":
    sys.exit(main())
