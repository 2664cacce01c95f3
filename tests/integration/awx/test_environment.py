# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What ansible-builder makes of the execution environment; an image needs an engine, a build context does not."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from ansible_collections.hyperv.replica.tests.integration.awx.job import COLLECTION, PROGRAMS

DEFINITION = COLLECTION / "playbooks/files/awx/execution-environment.yml"


def builder(*arguments: str) -> str:
    """What ansible-builder printed."""
    ran = subprocess.run(
        [str(PROGRAMS / "ansible-builder"), *arguments],
        env=os.environ | {"LC_ALL": "C.UTF-8"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    if ran.returncode:
        raise AssertionError(ran.stdout + ran.stderr)
    return ran.stdout


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The build context."""
    folder = tmp_path_factory.mktemp("context")
    builder("create", "--file", str(DEFINITION), "--context", str(folder), "--output-filename", "Containerfile")
    return folder


def test_a_build_context_installs_the_collection_and_what_kerberos_needs(context: Path) -> None:
    files = context / "_build"

    assert (context / "Containerfile").is_file()
    assert yaml.safe_load((files / "requirements.yml").read_text())["collections"][0]["name"] == "hyperv.replica"
    assert "pypsrp[kerberos]" in (files / "requirements.txt").read_text()
    assert "krb5-workstation" in (files / "bindep.txt").read_text()


def test_the_collection_tells_ansible_builder_what_it_needs_itself(tmp_path: Path) -> None:
    installed = tmp_path / "ansible_collections/hyperv/replica"
    shutil.copytree(COLLECTION / "meta", installed / "meta")
    (installed / "MANIFEST.json").write_text('{"collection_info": {"namespace": "hyperv", "name": "replica"}}')

    told = builder("introspect", str(tmp_path))

    assert "pypsrp>=" in told
    assert "pywinrm>=" in told
    assert "krb5-workstation" in told


def test_an_archive_of_the_collection_is_built_in_as_the_page_about_awx_says(tmp_path: Path) -> None:
    page = (COLLECTION / "docs/docsite/rst/awx.rst").read_text(encoding="utf-8")
    block = page[page.index("   additional_build_files:") :].split("\n\n")[0]
    told = yaml.safe_load(block)
    definition = yaml.safe_load(DEFINITION.read_text(encoding="utf-8"))
    definition["dependencies"] |= told.pop("dependencies")
    (tmp_path / "execution-environment.yml").write_text(yaml.safe_dump(definition | told), encoding="utf-8")
    archive = tmp_path / told["additional_build_files"][0]["src"]
    archive.write_bytes(b"an archive")

    builder("create", "--file", str(tmp_path / "execution-environment.yml"), "--context", str(tmp_path / "context"))

    asked = yaml.safe_load((tmp_path / "context/_build/requirements.yml").read_text(encoding="utf-8"))
    found = tmp_path / "context/_build" / asked["collections"][0]["name"]
    assert found.read_bytes() == b"an archive"
