# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from ansible_collections.hyperv.replica.plugins.module_utils._wire.recall import Recall, content


class Reader:
    """Reads elements, and remembers which it really read."""

    def __init__(self) -> None:
        self.read: list[str] = []
        self._recall: Recall[ET.Element, object] = Recall(content)

    def answer(self, *documents: str, question: str = "class") -> list[object]:
        self.read = []
        return self._recall.each(question, map(ET.fromstring, documents), self._one)

    def _one(self, element: ET.Element) -> object:
        self.read.append(element.tag)
        if element.tag == "broken":
            raise ValueError("unreadable")
        return object()


def test_what_is_unchanged_is_read_once_and_what_is_new_or_changed_is_read() -> None:
    reader = Reader()
    first = reader.answer("<a>1</a>", "<b>1</b>")

    second = reader.answer("<a>1</a>", "<b>2</b>", "<c/>")

    assert reader.read == ["b", "c"]
    assert second[0] is first[0]
    assert second[1] is not first[1]


def test_only_the_last_answer_to_the_same_question_counts() -> None:
    reader = Reader()
    reader.answer("<a>1</a>")
    reader.answer("<a>2</a>")

    reader.answer("<a>1</a>")
    again = reader.read
    reader.answer("<a>1</a>", question="another class")

    assert (again, reader.read) == (["a"], ["a"])


@pytest.mark.parametrize(
    "other",
    [
        "<a><b>2</b></a>",
        "<a><b/></a>",
        "<a><b>1</b><b>1</b></a>",
        "<a><c>1</c></a>",
        '<a><b nil="true">1</b></a>',
        "<a/>",
    ],
)
def test_nothing_that_differs_counts_as_unchanged(other: str) -> None:
    assert content(ET.fromstring(other)) != content(ET.fromstring("<a><b>1</b></a>"))


def test_depth_counts_as_well() -> None:
    assert content(ET.fromstring("<a><b><c/></b></a>")) != content(ET.fromstring("<a><b/><c/></a>"))


def test_after_an_answer_that_could_not_be_read_everything_is_read_anew() -> None:
    reader = Reader()
    reader.answer("<a>1</a>")
    with pytest.raises(ValueError, match="unreadable"):
        reader.answer("<a>1</a>", "<broken/>")

    reader.answer("<a>1</a>")

    assert reader.read == ["a"]
