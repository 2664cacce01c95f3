# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.hyperv.replica.plugins.module_utils._drill.evidence import (
    EVIDENCE,
    Entry,
    Fact,
    chained,
    closed,
    evidence_text,
    head,
)
from ansible_collections.hyperv.replica.plugins.module_utils._drill.inspection import Finding, inspect

FACTS = (
    Fact("drill", {"id": "drill-1", "plan": 'Büro "A"', "rate": 1.0}),
    Fact("result", {"stage": "failover", "name": "SQL01", "rpo_seconds": 0.5, "error": None}),
    Fact("record", {"at": "2026-11-20T02:00:00+00:00", "event": "asking", "vm": "SQL01", "host": "hv-a"}),
    Fact("record", {"at": "2026-11-20T02:00:02+00:00", "event": "answered", "vm": "SQL01", "host": "hv-a"}),
)
TEXTS = {"report.html": "<h1>PASSED</h1>\n<p>SQL01</p>\n", "metrics.prom": "a 1\nb 2\n"}


def bundle(facts: Sequence[Fact] = FACTS) -> dict[str, bytes]:
    """Every file of a bundle by its name."""
    texts = {**TEXTS, EVIDENCE: evidence_text(closed(chained(facts), TEXTS))}
    return {name: text.encode() for name, text in texts.items()}


def findings(files: Mapping[str, bytes]) -> list[Finding]:
    others = {name: content for name, content in files.items() if name != EVIDENCE}
    return list(inspect(files[EVIDENCE], others).findings)


WHOLE = bundle()
PLACES = [(name, place) for name, content in WHOLE.items() for place in range(len(content))]


def test_an_untouched_bundle_shows_nothing_and_its_head_stands_for_it() -> None:
    seen = inspect(WHOLE[EVIDENCE], {name: WHOLE[name] for name in TEXTS})

    assert seen.findings == ()
    assert seen.head == head(closed(chained(FACTS), TEXTS))


def test_each_single_byte_that_is_changed_is_found_in_its_file_and_line() -> None:
    missed = []
    for name, place in PLACES:
        content = bytearray(WHOLE[name])
        content[place] ^= (0x01, 0x20, 0x80)[place % 3]
        line = WHOLE[name][:place].count(b"\n") + 1
        found = findings({**WHOLE, name: bytes(content)})
        # A line that is broken in two, or two made one, may be told of at either.
        if not any(one.file == name and one.line in (line, line + 1) for one in found):
            missed.append((name, place, line, [str(one) for one in found]))

    assert missed == []


@given(st.sampled_from(PLACES), st.binary(max_size=3))
def test_whatever_stands_in_place_of_a_byte_is_found_in_its_file(place: tuple[str, int], other: bytes) -> None:
    name, at = place
    content = WHOLE[name][:at] + other + WHOLE[name][at + 1 :]

    found = findings({**WHOLE, name: content})

    assert bool(found) == (content != WHOLE[name])
    assert all(one.file == name for one in found)


def test_a_changed_field_is_named_with_what_its_entry_is_about() -> None:
    changed = WHOLE[EVIDENCE].replace(b'"event":"answered"', b'"event":"refused!"')

    found = findings({**WHOLE, EVIDENCE: changed})

    assert [(one.line, one.entry, one.field) for one in found] == [(5, 3, "event")]
    assert "SQL01 hv-a refused!" in found[0].about


def test_a_changed_link_is_found_at_the_entry_whose_link_it_is() -> None:
    entries = closed(chained(FACTS), TEXTS)
    changed = evidence_text(entries).replace(f'"previous":"{entries[1].hash}"', f'"previous":"{"f" * 64}"')

    assert [(one.line, one.entry) for one in findings({**WHOLE, EVIDENCE: changed.encode()})] == [(4, 2)]


def rewritten(entries: Sequence[Entry]) -> list[Finding]:
    return findings({**WHOLE, EVIDENCE: evidence_text(entries).encode()})


@pytest.mark.parametrize("order", [(0, 1, 3, 4), (1, 0, 2, 3, 4), (0, 1, 2, 2, 3, 4)])
def test_entries_that_are_taken_out_moved_or_put_in_break_the_chain(order: tuple[int, ...]) -> None:
    entries = closed(chained(FACTS), TEXTS)

    found = rewritten([entries[place] for place in order])

    assert any("taken out, put in or moved" in one.found for one in found)


def test_a_chain_that_was_cut_short_is_found_though_each_of_its_entries_is_sound() -> None:
    found = rewritten(closed(chained(FACTS), TEXTS)[:-1])

    assert [one.found for one in found] == ["the entry that closes the chain is missing"]


def test_whoever_writes_the_whole_chain_anew_is_found_by_the_head_alone() -> None:
    forged = bundle([Fact("drill", {"id": "drill-1", "verdict": "PASSED"}), *FACTS[1:]])

    seen = inspect(forged[EVIDENCE], {name: forged[name] for name in TEXTS})

    assert seen.findings == ()
    assert seen.head != head(closed(chained(FACTS), TEXTS))


def test_a_missing_file_is_found() -> None:
    found = findings({name: content for name, content in WHOLE.items() if name != "metrics.prom"})

    assert [(one.file, one.found) for one in found] == [("metrics.prom", "the file is missing")]


def test_a_schema_that_this_release_does_not_know_is_said_to_be_that() -> None:
    changed = WHOLE[EVIDENCE].replace(b'"schema_version":1', b'"schema_version":2')

    assert "schema_version is 2" in findings({**WHOLE, EVIDENCE: changed})[0].found


@pytest.mark.parametrize(
    "content", [b"", b"\n", b"{}", b"[" * 100_000, b"\xff\xfe", b"a\nb\nc\nd\n", b'{"seq":NaN}\n' * 5]
)
def test_what_is_no_evidence_at_all_is_a_finding_and_no_crash(content: bytes) -> None:
    assert findings({**WHOLE, EVIDENCE: content})
