# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plain data of an estate file, read strictly: a wrong value or an unknown key is named with its path."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

_SIZE: Final = re.compile(r"(\d+(?:\.\d+)?)\s*([KMGT])iB")
_UNITS: Final = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}


class EstateError(ValueError):
    """The estate file says something that cannot be; the message begins with the path of the value."""


class Section:
    """A mapping of the file, with the path it stands at. ``end`` complains about keys nobody asked for.

    Attributes:
        now: the start of simulated time, from which ages are counted back.
    """

    def __init__(self, value: object, path: str, now: datetime) -> None:
        if not isinstance(value, Mapping):
            raise EstateError(f"{path}: a mapping is wanted here, not {_kind(value)}")
        self.path = path
        self.now = now
        self._values = {str(key): item for key, item in value.items()}
        self._asked: set[str] = set()

    def __contains__(self, key: str) -> bool:
        self._asked.add(key)
        return key in self._values

    def text(self, key: str, default: str | None = None) -> str:
        """A text; required, and not empty, when no default is given."""
        value = self.value(key, default)
        if not isinstance(value, str) or (default is None and not value):
            raise self.error(key, f"a text is wanted, not {_kind(value)}")
        return value

    def number(self, key: str, default: float | None = None) -> float:
        """A number, from 0; sizes may be written as ``64 GiB``."""
        value = self.value(key, default)
        if isinstance(value, str) and (found := _SIZE.fullmatch(value.strip())):
            return float(found[1]) * _UNITS[found[2]]
        if isinstance(value, bool) or not isinstance(value, (int, float)) or value < 0:
            raise self.error(key, f"a number from 0 is wanted, not {_kind(value)}")
        return value

    def flag(self, key: str, default: bool | None = None) -> bool:
        """True or false."""
        value = self.value(key, default)
        if not isinstance(value, bool):
            raise self.error(key, f"true or false is wanted, not {_kind(value)}")
        return value

    def texts(self, key: str, default: list[str] | None = None) -> list[str]:
        """A list of texts."""
        value = self.value(key, default)
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self.error(key, f"a list of texts is wanted, not {_kind(value)}")
        return list(value)

    def choice(self, key: str, choices: Mapping[str, Any], default: object = None) -> Any:
        """One of the names given, as what it stands for; a default is what a name stands for."""
        if key not in self and default is not None:
            return default
        name = str(self.value(key))
        if name not in choices:
            raise self.error(key, f"one of {', '.join(choices)} is wanted, not {name!r}")
        return choices[name]

    def mapping(self, key: str) -> Section | None:
        """A section of this one, if it is there."""
        return Section(self._values[key], f"{self.path}.{key}", self.now) if key in self else None

    def sections(self, key: str) -> list[Section]:
        """A list of sections; none when the key is absent."""
        value = self.value(key, [])
        if not isinstance(value, list):
            raise self.error(key, f"a list is wanted, not {_kind(value)}")
        return [Section(item, f"{self.path}.{key}[{place}]", self.now) for place, item in enumerate(value)]

    def counters(self, key: str) -> dict[str, int]:
        """Writes per origin."""
        section = self.mapping(key)
        return {} if section is None else {name: int(section.number(name)) for name in section.names()}

    def names(self) -> list[str]:
        """All keys there are."""
        return list(self._values)

    def value(self, key: str, default: object = None) -> object:
        """Whatever stands there.

        Raises:
            EstateError: nothing does, and there is no default.
        """
        if key not in self and default is None:
            raise self.error(key, "is missing")
        return self._values.get(key, default)

    def error(self, key: str, said: str) -> EstateError:
        """What is wrong with the value of a key."""
        return EstateError(f"{self.path}.{key}: {said}")

    def end(self) -> None:
        """Complain about keys nobody asked for."""
        if unknown := sorted(set(self._values) - self._asked):
            known = ", ".join(sorted(self._asked))
            raise self.error(", ".join(unknown), f"unknown here; known are {known}")


def _kind(value: object) -> str:
    if isinstance(value, (str, int, float)):
        return repr(value)
    return "nothing" if value is None else f"a {type(value).__name__}"
