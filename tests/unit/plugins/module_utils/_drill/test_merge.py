# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json

from ansible_collections.hyperv.replica.plugins.module_utils._drill.merge import Journal, merged
from ansible_collections.hyperv.replica.tests.unit.plugins.module_utils._drill.drills import record


def journal(*records: object, name: str = "run-1.jsonl", torn: str = "") -> Journal:
    return Journal(name, "".join(f"{json.dumps(line)}\n" for line in records).encode() + torn.encode())


ASKED, ANSWERED = record(80, "asking"), record(82, "answered", return_code=4096)
FINISHED = record(210, "finished")
OTHER = record(81, "asking", vm="WEB01", run_id="run-2", host="hv-b")


def test_a_record_that_came_with_a_result_and_in_a_journal_is_there_once() -> None:
    found = merged([ASKED, ANSWERED, FINISHED], [journal(ASKED, ANSWERED, FINISHED)])

    assert list(found.records) == [ASKED, ANSWERED, FINISHED]


def test_runs_on_several_hosts_are_put_in_the_order_of_time_and_host() -> None:
    same_time = record(80, "asking", vm="A", run_id="run-3", host="a-host")

    found = merged([FINISHED, OTHER, ASKED], [journal(same_time, name="run-3.jsonl")])

    assert [line["run_id"] for line in found.records] == ["run-3", "run-1", "run-2", "run-1"]


def test_times_are_compared_as_times_whatever_their_offset_and_fractions() -> None:
    late, early = {**ASKED, "at": "2026-11-20T03:00:01.5+01:00"}, {**ASKED, "at": "2026-11-20T02:00:01Z"}

    assert [line["at"] for line in merged([late, early], []).records] == [early["at"], late["at"]]


def test_a_run_that_left_only_a_journal_without_an_end_was_cut_off() -> None:
    found = merged([ASKED, FINISHED], [journal(ASKED, FINISHED), journal(OTHER, name="run-2.jsonl")])

    assert {run.run_id: (run.journal, run.reported, run.complete) for run in found.runs} == {
        "run-1": ("run-1.jsonl", True, True),
        "run-2": ("run-2.jsonl", False, False),
    }


def test_a_run_that_ended_before_its_result_was_heard_was_not_cut_off() -> None:
    assert [run.complete for run in merged([], [journal(ASKED, FINISHED)]).runs] == [True]


def test_the_torn_last_line_of_a_killed_run_is_kept_and_said_to_be_torn() -> None:
    found = merged([], [journal(ASKED, torn='{"run_id": "run-1", "at": "2026')])

    assert list(found.records) == [ASKED]
    assert [(line.journal, line.line, line.torn, line.text[:9]) for line in found.damaged] == [
        ("run-1.jsonl", 2, True, '{"run_id"')
    ]


def test_a_line_in_the_middle_that_is_no_record_does_not_hide_those_after_it() -> None:
    found = merged([], [journal(ASKED, "no record", FINISHED)])

    assert list(found.records) == [ASKED, FINISHED]
    assert [(line.line, line.torn) for line in found.damaged] == [(2, False)]


def test_bytes_that_are_no_text_and_records_without_a_time_are_kept_too() -> None:
    timeless = {**ASKED, "at": "yesterday"}

    found = merged([timeless, ANSWERED], [Journal("odd.jsonl", b"\xff\xfe\n\n")])

    assert list(found.records) == [ANSWERED, timeless]
    assert [line.journal for line in found.damaged] == ["odd.jsonl"]
