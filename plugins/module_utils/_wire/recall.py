# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What was read out of an answer before, and stands in the next one unchanged, is not read again.

A poll shows hundreds of virtual machines of which a few have moved. Only what is the same to the last character counts
as unchanged, and only the last answer to a question is kept, so nothing here can be older than what the host said.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Callable, Hashable, Iterable
from typing import Generic, TypeVar

_Came = TypeVar("_Came")
_Read = TypeVar("_Read")


class Recall(Generic[_Came, _Read]):
    """By question, what came in the last answer to it and what was read out of that.

    Args:
        sign: the same for two that came if, and only if, the same is read out of them.
    """

    def __init__(self, sign: Callable[[_Came], Hashable]) -> None:
        self._sign = sign
        self._last: dict[str, dict[Hashable, tuple[_Came, _Read]]] = {}

    def each(self, question: str, came: Iterable[_Came], read: Callable[[_Came], _Read]) -> list[_Read]:
        """What is read out of each; an error that reading it raises is raised, and nothing is kept of this answer."""
        before = self._last.pop(question, {})
        now: dict[Hashable, tuple[_Came, _Read]] = {}
        found = []
        for one in came:
            mark = self._sign(one)
            known = before.get(mark) or (one, read(one))
            now[mark] = known
            found.append(known[1])
        self._last[question] = now
        return found


def content(element: ET.Element) -> Hashable:
    """Everything that an element holds: names, texts and attributes at every depth, in their order."""
    return tuple((inner.tag, inner.text, len(inner), *inner.attrib.items()) for inner in element.iter())
