# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Put a stand-in for ``get-pip.py`` where ansible-test keeps the one it downloads.

ansible-test fetches that file from a host which a closed network does not reach, and its own error text names the
place to put one by hand. The stand-in does the same with the pip of the environment that ansible-test runs in, which
takes half the time of ensurepip, and with the pip that Python brings along where that is gone or of another Python. A
file that is there already is left alone.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

CACHE = Path.home() / ".ansible/test/cache"
#: In ansible_test/_internal/python_requirements.py: the version of pip for each version of Python.
PIP_VERSION = re.compile(r"\bpip='(\d[\d.]*)'")

STAND_IN = '''\
"""Stand-in for get-pip.py, written by the tests of hyperv.replica: a pip that is there already does the work."""

import os
import subprocess
import sys

helper, version = {helper!r}, {version!r}
args = [arg for arg in sys.argv[1:] if arg not in ("--no-setuptools", "--no-wheel")]
if os.access(helper, os.X_OK) and sys.version_info[:2] == version:
    subprocess.check_call([helper, "-m", "pip", "--python", sys.executable, "install"] + args)
else:
    subprocess.check_call([sys.executable, "-m", "ensurepip", "--default-pip"])
    subprocess.check_call([sys.executable, "-m", "pip", "install"] + args)
'''


def main(venvs: list[str]) -> int:
    """Write the stand-in for every version of pip that the ansible-test in VENVS may ask for."""
    CACHE.mkdir(parents=True, exist_ok=True)
    for version in sorted({version for venv in venvs for version in pip_versions(Path(venv))}):
        place = CACHE / f"get_pip_{version.replace('.', '_')}.py"
        if not place.exists():
            place.write_text(STAND_IN.format(helper=sys.executable, version=sys.version_info[:2]), encoding="utf-8")
            print(f"get-pip: stand-in written to {place}")
    return 0


def pip_versions(venv: Path) -> set[str]:
    """The versions of pip that the ansible-test in VENV bootstraps its own environments with."""
    sources = venv.glob("lib/python3*/site-packages/ansible_test/_internal/python_requirements.py")
    versions = {found for source in sources for found in PIP_VERSION.findall(source.read_text(encoding="utf-8"))}
    if not versions:
        raise SystemExit(f"get-pip: no version of pip found in the ansible-test of {venv}")
    return versions


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
