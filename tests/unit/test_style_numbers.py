# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The numbers of the style, and the few words it forbids, held for every file."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from statistics import quantiles

import pytest

TREE = Path(__file__).resolve().parents[2]
PLUGINS = TREE / "plugins"

MOST_LINES_IN_A_FILE = 400
MOST_LINES_IN_A_FUNCTION = 50
USUAL_LINES_IN_A_FUNCTION = 10
NINE_IN_TEN_FUNCTIONS = 30
MOST_PARAMETERS = 6
MOST_LINES_IN_A_MODULES_MAIN = 10
MOST_LINES_IN_AN_ACTION = 20

LICENCE = """\
# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""
FORBIDDEN_NAMES = re.compile(r"(?:^|_)(?:utils?|common|helpers?|managers?)$")
NAMED_BY_ANSIBLE = {"module_utils", "plugin_utils"}
UNFINISHED = re.compile(r"\b(?:TODO|FIXME|XXX|NotImplementedError)\b")

Function = ast.FunctionDef | ast.AsyncFunctionDef


def python_files(*folders: str) -> list[Path]:
    """Every Python file below FOLDERS that is not empty."""
    found = (path for folder in folders for path in (TREE / folder).rglob("*.py"))
    return sorted(path for path in found if path.stat().st_size and "output" not in path.relative_to(TREE).parts)


EVERYWHERE = python_files("plugins", "tests")
IN_PLUGINS = python_files("plugins")


def place(file: Path) -> str:
    return file.relative_to(TREE).as_posix()


@cache
def tree_of(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"))


def functions(file: Path) -> Iterator[Function]:
    return (node for node in ast.walk(tree_of(file)) if isinstance(node, Function))


def lines_of(function: Function) -> int:
    """From ``def`` to the last line, without the docstring: a contract may be as long as it has to."""
    length = (function.end_lineno or function.lineno) - function.lineno + 1
    if ast.get_docstring(function, clean=False) is None:
        return length
    text = function.body[0]
    return length - ((text.end_lineno or text.lineno) - text.lineno + 1)


def parameters_of(function: Function) -> int:
    given = function.args
    count = len(given.posonlyargs) + len(given.args) + len(given.kwonlyargs)
    first = next(iter([*given.posonlyargs, *given.args]), None)
    return count - (first is not None and first.arg in {"self", "cls"})


each_file = pytest.mark.parametrize("file", EVERYWHERE, ids=place)
each_plugin_file = pytest.mark.parametrize("file", IN_PLUGINS, ids=place)


@each_file
def test_a_file_starts_with_the_licence(file: Path) -> None:
    text = file.read_text(encoding="utf-8").removeprefix("#!/usr/bin/python\n")

    assert text.startswith(LICENCE)


@each_file
def test_a_file_is_short_enough_to_be_read(file: Path) -> None:
    assert len(file.read_text(encoding="utf-8").splitlines()) <= MOST_LINES_IN_A_FILE


@each_file
def test_a_function_fits_on_a_screen(file: Path) -> None:
    long = {function.name: lines_of(function) for function in functions(file)}

    assert {name: lines for name, lines in long.items() if lines > MOST_LINES_IN_A_FUNCTION} == {}


@each_file
def test_a_file_is_named_after_what_is_in_it(file: Path) -> None:
    names = {*file.relative_to(TREE).with_suffix("").parts} - NAMED_BY_ANSIBLE

    assert [name for name in names if FORBIDDEN_NAMES.search(name)] == []


@each_file
def test_a_file_has_postponed_annotations(file: Path) -> None:
    assert "from __future__ import annotations\n" in file.read_text(encoding="utf-8")


@each_plugin_file
def test_a_plugin_never_asserts_since_python_may_leave_that_out(file: Path) -> None:
    assert [node.lineno for node in ast.walk(tree_of(file)) if isinstance(node, ast.Assert)] == []


@each_plugin_file
def test_a_plugin_has_nothing_unfinished(file: Path) -> None:
    assert UNFINISHED.findall(file.read_text(encoding="utf-8")) == []


@each_plugin_file
def test_a_function_takes_few_parameters(file: Path) -> None:
    many = {function.name: parameters_of(function) for function in functions(file)}

    assert {name: count for name, count in many.items() if count > MOST_PARAMETERS} == {}


@each_plugin_file
def test_what_is_public_has_a_docstring(file: Path) -> None:
    body = tree_of(file).body
    public = [
        node
        for node in body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and node.name[0] != "_"
    ]

    assert [node.name for node in public if not ast.get_docstring(node)] == []


def test_half_of_all_functions_have_ten_lines_at_most_and_nine_in_ten_thirty() -> None:
    lengths = [lines_of(function) for file in IN_PLUGINS for function in functions(file)]

    tenths = quantiles(lengths, n=10)

    assert (tenths[4] <= USUAL_LINES_IN_A_FUNCTION, tenths[8] <= NINE_IN_TEN_FUNCTIONS) == (True, True)


def test_a_modules_main_only_says_where_the_work_is_done() -> None:
    mains = {
        place(file): lines_of(function)
        for file in (PLUGINS / "modules").glob("*.py")
        for function in functions(file)
        if function.name == "main"
    }

    assert {file: lines for file, lines in mains.items() if lines > MOST_LINES_IN_A_MODULES_MAIN} == {}


def test_an_action_only_says_which_spec_and_which_plan() -> None:
    lengths = {
        place(file): max((lines_of(function) for function in functions(file)), default=0)
        for file in (PLUGINS / "action").glob("*.py")
    }

    assert {file: lines for file, lines in lengths.items() if lines > MOST_LINES_IN_AN_ACTION} == {}
