# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Put the collection awx.awx where the tests find it: ``get_awx_collection.py FOLDER``.

Galaxy is no package registry that every machine reaches. The package ``ansible`` carries the collection too, so that
one is fetched, and of it nothing but this collection is kept.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

#: The package, and the version of awx.awx in it; AWX itself has the same number.
PACKAGE, VERSION = "ansible==12.3.0", "24.6.1"
INSIDE = "ansible_collections/awx/awx/"


def main(folder: Path) -> int:
    """Fetch it unless it is there."""
    stamp = folder / INSIDE / f".{PACKAGE}"
    if not stamp.exists():
        with tempfile.TemporaryDirectory() as download:
            fetch(download)
            unpack(next(Path(download).glob("ansible-*.whl")), folder)
        stamp.touch()
    manifest = (folder / INSIDE / "MANIFEST.json").read_text(encoding="utf-8")
    if f'"version": "{VERSION}"' not in manifest:
        raise SystemExit(f"awx.awx in {PACKAGE} is not {VERSION}")
    return 0


def fetch(folder: str) -> None:
    """Download the package, and none that it needs."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*command, "--no-deps", "--dest", folder, PACKAGE], check=True)


def unpack(wheel: Path, folder: Path) -> None:
    """Take the collection out of the package."""
    with zipfile.ZipFile(wheel) as package:
        package.extractall(folder, [name for name in package.namelist() if name.startswith(INSIDE)])


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
