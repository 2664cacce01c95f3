# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The folders are the architecture: every import goes down the picture, and every file belongs to a layer."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PLUGINS = Path(__file__).resolve().parents[2] / "plugins"
OURS = "ansible_collections.hyperv.replica.plugins."

#: What of the standard library reaches outside the process; a layer has it only by name.
OUTSIDE = {
    "asyncio",
    "ftplib",
    "http",
    "multiprocessing",
    "poplib",
    "selectors",
    "smtplib",
    "socket",
    "socketserver",
    "ssl",
    "subprocess",
    "urllib",
    "webbrowser",
    "wsgiref",
    "xmlrpc",
}

#: Layer: what it may import of ours ("module_utils." left out), and of others beside the standard library.
MAY_IMPORT = {
    "module_utils/_errors": ("", ""),
    "module_utils/_values": ("_errors", ""),
    "module_utils/_wire": ("_errors", ""),
    "module_utils/_transport": ("_errors", "pypsrp winrm requests urllib3 spnego kerberos krb5 socket ssl"),
    "module_utils/_probes": ("_errors", "http socket ssl urllib.parse"),
    "module_utils/_hyperv": ("_errors _wire", ""),
    "module_utils/_operations": ("_errors _hyperv", ""),
    "module_utils/_drill": ("_errors _values _hyperv _operations", ""),
    "module_utils/_surface": ("_errors _values _hyperv _operations _drill", "ansible.module_utils"),
    "plugin_utils/_peer": ("_errors", "ansible"),
    "plugin_utils/_tickets": ("_errors", "subprocess"),
    "plugin_utils/_kerberos": (
        "_errors _probes _surface _transport.kerberos plugin_utils._peer plugin_utils._tickets",
        "ansible socket urllib.parse",
    ),
    "plugin_utils/_hosts": ("_errors _transport _surface.options plugin_utils._tickets", ""),
    "plugin_utils/_clusters": ("_errors _operations plugin_utils._peer", ""),
    "plugin_utils/_task": (
        "_errors _probes _hyperv _operations _surface plugin_utils._clusters plugin_utils._hosts plugin_utils._peer",
        "ansible",
    ),
    "plugin_utils/_operation": ("_errors _values _hyperv _operations _surface plugin_utils._task", "ansible"),
    "plugin_utils/_reading": ("_errors _hyperv _surface plugin_utils._task", "ansible"),
    "plugin_utils/_probing": ("_probes _hyperv _operations", ""),
    "plugin_utils/_vigil": ("_errors _hyperv _operations plugin_utils._probing", ""),
    "plugin_utils/_mustering": ("_errors _hyperv _operations plugin_utils._vigil", ""),
    "plugin_utils/_verifying": (
        "_errors _values _hyperv _operations _drill _surface plugin_utils._task plugin_utils._probing "
        "plugin_utils._estate plugin_utils._mustering plugin_utils._peer plugin_utils._vigil",
        "ansible",
    ),
    "plugin_utils/_trying": (
        "_errors _hyperv _operations _surface plugin_utils._operation plugin_utils._probing plugin_utils._task",
        "",
    ),
    "plugin_utils/_copying": (
        "_errors _hyperv _operations _surface plugin_utils._operation plugin_utils._task",
        "",
    ),
    "plugin_utils/_preflight": ("_errors _hyperv _operations _surface plugin_utils._task", "urllib.parse"),
    "plugin_utils/_networking": ("_hyperv _operations _surface plugin_utils._operation plugin_utils._task", ""),
    "plugin_utils/_testing": (
        "_errors _hyperv _operations _surface plugin_utils._operation plugin_utils._probing plugin_utils._task",
        "",
    ),
    "plugin_utils/_tally": ("", ""),
    "plugin_utils/_watching": ("_hyperv _operations plugin_utils._probing plugin_utils._vigil", ""),
    "plugin_utils/_estate": (
        "_hyperv _operations plugin_utils._clusters plugin_utils._hosts plugin_utils._peer plugin_utils._task",
        "",
    ),
    "plugin_utils/_casting": ("_errors _hyperv _operations _drill", ""),
    "plugin_utils/_judging": ("_hyperv _operations _drill _surface plugin_utils._casting plugin_utils._trying", ""),
    "plugin_utils/_recopying": (
        "_hyperv _operations _surface plugin_utils._casting plugin_utils._copying plugin_utils._task",
        "",
    ),
    "plugin_utils/_conducting": (
        "_errors _values _hyperv _operations _drill _surface plugin_utils._casting plugin_utils._estate "
        "plugin_utils._judging plugin_utils._operation plugin_utils._peer plugin_utils._recopying plugin_utils._tally "
        "plugin_utils._task plugin_utils._trying plugin_utils._watching",
        "ansible",
    ),
    "plugin_utils/_serving": ("_errors _hyperv _operations _surface plugin_utils._task", "ansible"),
    "plugin_utils/_rehearsal": (
        "_surface plugin_utils.simulator.inventory plugin_utils.simulator.launch",
        "ansible",
    ),
    "plugin_utils/simulator": (
        "_wire.names _hyperv.states _hyperv.returncodes",
        "cryptography spnego yaml jinja2 http socket socketserver ssl subprocess",
    ),
    "plugin_utils/_survey": ("_errors _hyperv _surface plugin_utils._task", ""),
    "plugin_utils/_anchors": ("_errors _drill.timestamp", "cryptography"),
    "plugin_utils/_report": ("_errors _drill _surface plugin_utils._anchors", "ansible jinja2"),
    "plugin_utils/_bundle": ("_errors _drill _surface plugin_utils._anchors plugin_utils._report", ""),
    "plugin_utils/_outliving": ("", "yaml"),
    "plugin_utils/_outliving_files": ("plugin_utils._outliving", ""),
    "filter": ("_errors _surface", "ansible.errors"),
    "lookup": ("plugin_utils._outliving_files plugin_utils._peer", "ansible"),
    "inventory": ("_errors _hyperv _surface plugin_utils._hosts", "ansible"),
    "modules": ("_surface", "ansible.module_utils"),
    "action": (
        "_hyperv _operations _surface plugin_utils._operation plugin_utils._reading plugin_utils._serving "
        "plugin_utils._verifying plugin_utils._testing plugin_utils._kerberos plugin_utils._networking "
        "plugin_utils._preflight "
        "plugin_utils._rehearsal plugin_utils._survey plugin_utils._copying "
        "plugin_utils._report plugin_utils._bundle plugin_utils._conducting plugin_utils._trying",
        "",
    ),
    "doc_fragments": ("", ""),
}

#: Foreign library: the only file that knows it.
KNOWN_TO = {
    "pypsrp": "module_utils/_transport/via_pypsrp.py",
    "winrm": "module_utils/_transport/via_pywinrm.py",
    "ansible.executor": "plugin_utils/_peer.py",
}

FILES = sorted(path for path in PLUGINS.rglob("*.py") if path.name != "__init__.py")


def layers_of(file: Path) -> list[str]:
    """Every layer that FILE belongs to; one, where all is well."""
    place = file.relative_to(PLUGINS).with_suffix("").as_posix()
    return [layer for layer in MAY_IMPORT if f"{place}/".startswith(f"{layer}/")]


def imported(file: Path) -> Iterator[str]:
    """Every name that FILE imports, in full; a relative one keeps its dots."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{'.' * node.level}{node.module or ''}.{alias.name}" for alias in node.names)


def may_import(layer: str, name: str) -> bool:
    ours, others = MAY_IMPORT[layer]
    if name.startswith(OURS):
        allowed = [*ours.split(), layer.replace("/", ".").removeprefix("module_utils.")]
        name = name.removeprefix(OURS).removeprefix("module_utils.")
    else:
        allowed = [*others.split(), *(sys.stdlib_module_names - OUTSIDE)]
    return any(f"{name}.".startswith(f"{prefix}.") for prefix in allowed)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.relative_to(PLUGINS).as_posix())
def test_a_file_belongs_to_one_layer(file: Path) -> None:
    assert len(layers_of(file)) == 1


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.relative_to(PLUGINS).as_posix())
def test_a_file_imports_only_what_its_layer_may(file: Path) -> None:
    layer = layers_of(file)[0]

    forbidden = [name for name in imported(file) if not may_import(layer, name)]

    assert forbidden == []


@pytest.mark.parametrize("library", KNOWN_TO)
def test_a_library_is_known_to_one_file(library: str) -> None:
    knowing = {
        file.relative_to(PLUGINS).as_posix()
        for file in FILES
        if any(f"{name}.".startswith(f"{library}.") for name in imported(file))
    }

    assert knowing == {KNOWN_TO[library]}


@pytest.mark.parametrize("layer", MAY_IMPORT)
def test_a_layer_has_files(layer: str) -> None:
    assert any(layer in layers_of(file) for file in FILES)


def test_package_files_are_empty_so_that_an_import_names_the_file_where_the_thing_is_written() -> None:
    assert [path for path in PLUGINS.rglob("__init__.py") if path.stat().st_size] == []


def test_every_folder_of_plugins_is_a_package() -> None:
    folders = {path.parent for path in FILES}

    assert {folder for folder in folders if not (folder / "__init__.py").exists()} == set()


@pytest.mark.parametrize(
    ("layer", "name"),
    [
        ("module_utils/_wire", f"{OURS}module_utils._hyperv.states"),
        ("module_utils/_wire", "socket"),
        ("module_utils/_wire", ".names"),
        ("module_utils/_operations", "pypsrp.wsman.WSMan"),
        ("module_utils/_operations", f"{OURS}module_utils._wire.names"),
        ("plugin_utils/_peer", f"{OURS}plugin_utils._task"),
        ("module_utils/_transport", "ansible.plugins.action.ActionBase"),
        ("module_utils/_surface", "ansible.plugins.action.ActionBase"),
        ("plugin_utils/simulator", f"{OURS}module_utils._wire.cim"),
        ("action", f"{OURS}plugin_utils.simulator.world"),
        ("modules", f"{OURS}module_utils._operations.plan"),
    ],
)
def test_an_import_up_the_picture_is_refused(layer: str, name: str) -> None:
    assert not may_import(layer, name)
