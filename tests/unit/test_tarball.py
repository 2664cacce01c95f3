# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What users install holds what they run and read, and nothing else."""

from __future__ import annotations

import re
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

TREE = Path(__file__).resolve().parents[2]

#: ansible-galaxy as ansible-test knows it too, which has neither the script nor the entry points.
GALAXY = "from ansible.cli.galaxy import main; main()"

#: Every path of the tarball matches one of these.
BELONGS = re.compile(
    r"""(?x)
    MANIFEST\.json | FILES\.json | README\.md | COPYING | CODE_OF_CONDUCT\.md | CONTRIBUTING\.md | CHANGELOG\.(?:md|rst)
    | changelogs/(?:changelog|config)\.yaml
    | meta/[\w-]+\.(?:yml|txt)
    | plugins/(?:action|doc_fragments|filter|inventory|lookup|modules|module_utils|plugin_utils)/[\w/]+\.py
    | plugins/__init__\.py | plugins/filter/\w+\.yml
    | (?:roles|playbooks)/[\w/.-]+\.(?:yml|j2|md|json)
    | docs/docsite/[\w/-]+\.(?:yml|rst|svg)
    """
)


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """Every file in the tarball that ansible-galaxy builds from this tree."""
    folder = tmp_path_factory.mktemp("built")
    command = [sys.executable, "-c", GALAXY, "collection", "build", str(TREE), "--output-path", str(folder)]
    subprocess.run(command, check=True, capture_output=True)
    with tarfile.open(next(folder.glob("*.tar.gz"))) as built:
        return {member.name for member in built.getmembers() if member.isfile()}


def test_the_tarball_holds_nothing_that_does_not_belong(paths: set[str]) -> None:
    assert sorted(path for path in paths if not BELONGS.fullmatch(path)) == []


def test_the_tarball_holds_every_plugin_role_and_playbook(paths: set[str]) -> None:
    wanted = {
        path.relative_to(TREE).as_posix()
        for folder in ("plugins", "roles", "playbooks", "meta")
        for path in (TREE / folder).rglob("*")
        if "__pycache__" not in path.parts and path.is_file()
    }

    assert wanted - paths == set()


@pytest.mark.parametrize("path", ["README.md", "COPYING", "meta/runtime.yml", "meta/ee-requirements.txt"])
def test_the_tarball_holds_what_a_user_looks_for(paths: set[str], path: str) -> None:
    assert path in paths
