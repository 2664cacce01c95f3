# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A task file and all that it brings in, each with a copy beside it whose tasks fail in the place of UNREACHABLE."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from glob import escape
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from ansible_collections.hyperv.replica.plugins.plugin_utils._outliving import outliving

#: A part of a name that is known when it runs.
_TEMPLATE: Final = re.compile(r"\{\{.*?\}\}|\{%.*?%\}")

_ENDINGS: Final = ("", ".yml", ".yaml", ".json")

#: As many files as one task file may lead to, so that a name that is all template copies no whole disk.
_MOST: Final = 200

#: The text of a file and how a changed text is written down again; nothing where it cannot be read.
Reader = Callable[[Path], "tuple[str, Callable[[str], str]] | None"]


@dataclass(slots=True)
class Copies:
    """What is to be written where, so that one task file outlives a host that cannot be reached."""

    mark: str
    read: Reader
    role_folders: Sequence[Path] = field(kw_only=True, default=())
    texts: dict[Path, str] = field(kw_only=True, default_factory=dict)

    def of(self, path: Path, folders: tuple[Path, ...] = (), *, in_role: bool = False) -> Path:
        """Its copy where there is one to write, else the file itself. FOLDERS: where its includes may lie as well."""
        copy = path.with_name(f"{self.mark}{path.name}")
        if copy in self.texts:
            return copy  # a file that includes itself
        found = self.read(path) if len(self.texts) < _MOST else None
        if found is None:
            return path
        text, sealed = found
        self.texts[copy] = ""
        self.texts[copy] = sealed(outliving(text, _From(self, (path.parent, *folders), in_role=in_role)))
        return copy

    def role(self, name: str) -> Path | None:
        """The folder of a role, found as Ansible finds it."""
        parts = name.split(".")
        if len(parts) > 2 and "/" not in name:
            return next(_in_collection(parts), None)
        return next((folder / name for folder in self.role_folders if (folder / name / "tasks").is_dir()), None)


@dataclass(frozen=True, slots=True)
class _From:
    """What one file brings in."""

    copies: Copies
    folders: tuple[Path, ...]
    in_role: bool = field(kw_only=True)

    def file(self, name: str) -> str:
        if _TEMPLATE.search(name):
            return self._any_of(name)
        if not name:
            return ""
        for folder in self.folders:
            if (folder / name).is_file():
                copy = self.copies.of(folder / name, self.folders, in_role=self.in_role)
                return str(copy)
        return ""

    def role(self, name: str, tasks_from: str) -> str:
        folder = None if not name or _TEMPLATE.search(name + tasks_from) else self.copies.role(name)
        for ending in _ENDINGS:
            path = (folder or Path()) / "tasks" / f"{tasks_from}{ending}"
            if folder is not None and path.is_file():
                copy = self.copies.of(path, (folder / "tasks",), in_role=True)
                return str(copy.relative_to(folder / "tasks"))
        return ""

    def _any_of(self, name: str) -> str:
        """A name that is known when it runs: each file that it may mean has a copy, and is taken where it has none."""
        pattern = "*".join(escape(part) for part in _TEMPLATE.split(name))
        pattern = "**/*.y*ml" if not pattern.strip("*") else pattern
        for folder in self.folders:
            for path in _matches(folder, pattern):
                self.copies.of(path, self.folders, in_role=self.in_role)
        said = "".join(_pieces(name))
        copies = [
            f"([{str(folder)!r}, ({said}) | dirname, {self.copies.mark!r} ~ (({said}) | basename)] | path_join)"
            for folder in self.folders
        ]
        return f"{{{{ [{', '.join(copies)}] | select('ansible.builtin.exists') | first | default({said}) }}}}"


def _pieces(name: str) -> Iterator[str]:
    """A text with templates in it as one expression."""
    last = 0
    for found in _TEMPLATE.finditer(name):
        yield f"{name[last : found.start()]!r} ~ ({found.group()[2:-2].strip()}) ~ "
        last = found.end()
    yield repr(name[last:])


def _matches(folder: Path, pattern: str) -> Iterable[Path]:
    """Without hidden files, which may be the copies of another run."""
    if pattern.startswith("/"):
        folder, pattern = Path("/"), pattern.lstrip("/")
    return [path for path in sorted(folder.glob(pattern)) if path.is_file() and not path.name.startswith(".")]


def _in_collection(parts: Sequence[str]) -> Iterator[Path]:
    try:
        spec = find_spec(f"ansible_collections.{parts[0]}.{parts[1]}")
    except (ImportError, ValueError):
        return
    for root in (spec.submodule_search_locations if spec is not None else None) or ():
        folder = Path(root).joinpath("roles", *parts[2:])
        if folder.is_dir():
            yield folder
