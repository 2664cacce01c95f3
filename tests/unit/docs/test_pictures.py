# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[3]


def _drawing() -> ModuleType:
    spec = importlib.util.spec_from_file_location("draw_paths", ROOT / "docs" / "tools" / "draw_paths.py")
    if spec is None or spec.loader is None:
        raise RuntimeError("docs/tools/draw_paths.py cannot be loaded")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


DRAWN: dict[str, str] = _drawing().pictures()


@pytest.mark.parametrize("name", sorted(DRAWN))
def test_a_picture_in_the_docs_is_what_the_code_does(name: str) -> None:
    kept = ROOT / "docs" / "docsite" / "rst" / "images" / name

    assert kept.read_text(encoding="utf-8") == DRAWN[name], (
        "run: python docs/tools/draw_paths.py docs/docsite/rst/images"
    )


def test_every_picture_is_shown_on_the_page() -> None:
    page = (ROOT / "docs" / "docsite" / "rst" / "paths.rst").read_text(encoding="utf-8")

    assert {name for name in DRAWN if f"images/{name}" in page} == set(DRAWN)
