# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The journals that a bundle was made of, held against it later."""

from __future__ import annotations

import json

import pytest

from ansible_collections.hyperv.replica.plugins.module_utils._drill.evidence import chained, closed, evidence_text
from ansible_collections.hyperv.replica.plugins.module_utils._drill.inspection import Inspection, inspect
from ansible_collections.hyperv.replica.plugins.module_utils._drill.journals import of_journals
from ansible_collections.hyperv.replica.plugins.module_utils._drill.merge import Journal, merged
from ansible_collections.hyperv.replica.plugins.module_utils._surface.evidence_facts import Material, facts
from ansible_collections.hyperv.replica.plugins.module_utils._surface.evidence_surface import drill
from ansible_collections.hyperv.replica.tests.unit.plugins.module_utils._drill import drills

RECORDS = [drills.record(number, event, host="hv-b") for number, event in enumerate(("asking", "answered", "finished"))]
CONTENT = "".join(f"{json.dumps(record)}\n" for record in RECORDS).encode()
NAME = "run-1.jsonl"


@pytest.fixture(scope="module")
def bundle() -> Inspection:
    """A bundle of a red drill of twelve machines and one journal, read back."""
    options = drills.options(12, dead="SQL01")
    noted = merged([], [Journal(NAME, CONTENT)])
    material = Material(drill=drill(options), plan=options["plan"], stages=options["stages"], merged=noted, earlier=())
    found = inspect(evidence_text(closed(chained(facts(material)), {})).encode(), {})
    assert not found.findings
    return found


def test_a_journal_that_is_as_it_was_has_nothing_to_tell_and_others_are_not_looked_at(bundle: Inspection) -> None:
    assert not list(of_journals(bundle, {NAME: CONTENT, "another.jsonl": b"whatever"}))


@pytest.mark.parametrize("place", range(0, len(CONTENT), 7))
def test_one_changed_byte_of_a_journal_is_found_in_its_line(bundle: Inspection, place: int) -> None:
    changed = bytearray(CONTENT)
    changed[place] ^= 1

    (finding,) = of_journals(bundle, {NAME: bytes(changed)})

    assert (finding.file, finding.line) == (NAME, CONTENT[:place].count(b"\n") + 1)


def test_the_record_in_the_changed_line_is_named(bundle: Inspection) -> None:
    changed = CONTENT.replace(b'"answered"', b'"answerex"')

    (finding,) = of_journals(bundle, {NAME: changed})

    about = f"record SQL01 hv-b answerex InitiateShutdown {drills.at(1)}"
    assert str(finding) == f"{NAME}, line 2 ({about}): changed after it was written"


def test_a_journal_that_grew_was_cut_or_is_gone_is_found(bundle: Inspection) -> None:
    (gone,) = of_journals(bundle, {})
    (grown,) = of_journals(bundle, {NAME: CONTENT + CONTENT[:10]})
    (cut,) = of_journals(bundle, {NAME: CONTENT[:-1]})

    assert str(gone) == f"{NAME}: the journal is missing"
    assert grown.line == 4
    assert cut.found == "the file had 4 lines and has 3"
