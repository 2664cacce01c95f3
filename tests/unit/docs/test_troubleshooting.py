# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The page on troubleshooting names every kind of error and every number that the code knows, and no other."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from ansible_collections.hyperv.replica.plugins.module_utils import _errors
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv import returncodes
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.systemcodes import SYSTEM_CODES

FOLDERS = ("module_utils", "plugin_utils")
COLLECTION = Path(__file__).resolve().parents[3]
PAGE = (COLLECTION / "docs" / "docsite" / "rst" / "troubleshooting.rst").read_text(encoding="utf-8")
KINDS_TOLD = set(
    re.findall(r"``([a-z_]+)``", "".join(re.findall(r"^   \* - (``.*)$", PAGE.split("Return codes")[0], re.MULTILINE)))
) - {"kind"}

ERRORS = {
    name: one.default_kind
    for name, one in vars(_errors).items()
    if isinstance(one, type) and issubclass(one, _errors.HyperVReplicaError)
}


@cache
def sources() -> tuple[ast.Module, ...]:
    """What can make an error of the collection; the simulator has errors of its own."""
    files = [file for folder in FOLDERS for file in sorted((COLLECTION / "plugins" / folder).rglob("*.py"))]
    return tuple(ast.parse(file.read_text(encoding="utf-8")) for file in files if "simulator" not in file.parts)


@cache
def texts() -> frozenset[str]:
    """Every text constant of the code."""
    nodes = (node for tree in sources() for node in ast.walk(tree))
    return frozenset(node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str))


def words(node: ast.expr | None) -> set[str]:
    """The texts that an expression can come to: a constant, or either side of a choice."""
    if isinstance(node, ast.IfExp):
        return words(node.body) | words(node.orelse)
    return {node.value} if isinstance(node, ast.Constant) and isinstance(node.value, str) else set()


def makers(tree: ast.Module) -> dict[str, int]:
    """Functions of a file that take a kind and hand it to an error, and the place of that parameter."""
    found = {}
    for one in ast.walk(tree):
        if isinstance(one, ast.FunctionDef):
            names = [argument.arg for argument in (*one.args.args, *one.args.kwonlyargs)]
            if "kind" in names and any(name_of(call) in ERRORS for call in ast.walk(one) if isinstance(call, ast.Call)):
                found[one.name] = names.index("kind")
    return found


def name_of(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else ""


def used() -> set[str]:
    """Every kind that the code gives an error."""
    kinds = set(ERRORS.values())
    for tree in sources():
        own = makers(tree)
        for call in [one for one in ast.walk(tree) if isinstance(one, ast.Call)]:
            if name_of(call) in ERRORS or name_of(call) in own:
                kinds |= set().union(*(words(given.value) for given in call.keywords if given.arg == "kind"))
                kinds |= words(dict(enumerate(call.args)).get(own.get(name_of(call), -1)))
    return kinds - {""}  # the default of the class


def test_every_kind_of_error_is_told() -> None:
    assert used() - KINDS_TOLD == set()


@pytest.mark.parametrize("kind", sorted(KINDS_TOLD))
def test_every_kind_that_is_told_is_one_that_the_code_knows(kind: str) -> None:
    assert kind in texts()


@pytest.mark.parametrize(
    "number",
    sorted({code for table in (returncodes.STANDARD, *returncodes._TABLES.values()) for code in table}),
)
def test_every_return_code_is_told(number: int) -> None:
    assert re.search(rf"^(   \* - |     - )(.*, )?{number}(,.*)?$", PAGE, re.MULTILINE)


@pytest.mark.parametrize("number", SYSTEM_CODES)
def test_every_number_of_windows_is_told_with_its_remedy(number: int) -> None:
    assert f"0x{number:08X}\n     - {SYSTEM_CODES[number].means}\n     - {SYSTEM_CODES[number].remedy}\n" in PAGE
