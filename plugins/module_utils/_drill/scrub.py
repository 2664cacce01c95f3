# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Secrets kept out of what is written down for years: by the names they stand under, by form, and by what they are."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from typing import Final

#: What stands where a secret stood.
LEFT_OUT: Final = "(left out)"

_SECRET_NAME: Final = re.compile(
    r"(?i)(?:^|[_-])(?:pass|password|passwd|passphrase|secret|token|api_?key|private_key|credentials?|authorization)$"
)
_USER_INFO: Final = re.compile(r"(?<=://)[^/\s@]+@")
_QUERY: Final = re.compile(r"(?i)([?&][\w-]*(?:token|secret|password|passwd|sig|signature|key)=)[^&#\s]+")

#: A shorter one would be found in half of all words; it is left out where it stands alone.
_SHORTEST_INSIDE: Final = 4


def is_secret_name(name: str) -> bool:
    """Whether what is called so is a secret."""
    return _SECRET_NAME.search(name) is not None


class Scrubber:
    """Takes secrets out of plain values; knows those that the connections of this play use."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        known = sorted({secret for secret in secrets if secret}, key=len, reverse=True)
        inside = [re.escape(secret) for secret in known if len(secret) >= _SHORTEST_INSIDE]
        self._alone = set(known)
        self._inside = re.compile("|".join(inside)) if inside else None

    def value(self, value: object, name: str = "") -> object:
        """The same value without secrets; NAME is what it is called where it stands."""
        match value:
            case Mapping():
                return {self.text(str(key)): self.value(item, str(key)) for key, item in value.items()}
            case list() | tuple():
                return [self.value(item, name) for item in value]
            case None | bool():
                return value
        if is_secret_name(name):
            return LEFT_OUT
        if isinstance(value, str):
            return self.text(value)
        finite = isinstance(value, int) or (isinstance(value, float) and math.isfinite(value))
        return value if finite else self.text(str(value))

    def text(self, text: str) -> str:
        """The same text without secrets, and without what cannot be written as UTF-8."""
        if text in self._alone:
            return LEFT_OUT
        found = text.encode("utf-8", "replace").decode()
        if self._inside is not None:
            found = self._inside.sub(LEFT_OUT, found)
        return _QUERY.sub(rf"\1{LEFT_OUT}", _USER_INFO.sub(f"{LEFT_OUT}@", found))
