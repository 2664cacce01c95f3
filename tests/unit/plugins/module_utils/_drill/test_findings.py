# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the report says first of a drill, and what it found: preflight, clocks."""

from __future__ import annotations

from typing import Any

from ansible_collections.hyperv.replica.plugins.module_utils._drill.differences import differences
from ansible_collections.hyperv.replica.plugins.module_utils._drill.findings import preflight
from ansible_collections.hyperv.replica.plugins.module_utils._drill.html import page
from ansible_collections.hyperv.replica.plugins.module_utils._drill.lead import spoken
from ansible_collections.hyperv.replica.plugins.module_utils._drill.merge import merged
from ansible_collections.hyperv.replica.plugins.module_utils._drill.page import Table
from ansible_collections.hyperv.replica.plugins.module_utils._surface.evidence_surface import drill
from ansible_collections.hyperv.replica.tests.unit.plugins.module_utils._drill import drills

VM = drills.plan(1)["vms"][0]


def with_rules(*rules: dict[str, Any]) -> Any:
    stage = drills.stage("preflight", "preflight", 0, 9, [], results={"rules": list(rules)})
    return drill(drills.options(12) | {"stages": [stage]})


def rule(vm: str, **changed: Any) -> dict[str, Any]:
    usual = {"rule": "start_action", "vm": vm, "host": "hv-a", "result": "fail", "gate": "warn", "counts": "warn"}
    return {**usual, "cause": "", "remedy": "Set it to nothing", "found": "it would start", "waived": "", **changed}


def texts(table: Table) -> list[list[str]]:
    return [[cell.text for cell in row] for row in table.rows]


def section(name: str, **more: Any) -> Table:
    (table,) = [
        one for one in page(drill(drills.options(1) | more), merged([], []), [], "0" * 64).tables if one.id == name
    ]
    return table


def test_a_job_ends_with_where_things_are_now_and_not_with_where_they_were_when_it_failed() -> None:
    said = spoken(drill(drills.options(12, dead="SQL01", simulated_hosts=["hv-a", "hv-b"])))

    assert said.startswith("FAILED on SIMULATOR: SQL01 failed. 11 of 12 virtual machines had no failure.")
    assert "SQL01 (database), failover: it runs, but its probes are not green after 300 s" in said
    assert "Now: runs on hv-a, protected." in said
    assert "runs on hv-b" not in said
    assert "failover failed, 1 of 12 VMs; walk back passed, 12 VMs; verify at home again passed, 12 VMs." in said


def test_a_job_that_passed_says_so_and_how_long_it_took() -> None:
    said = spoken(drill(drills.options(1)))

    assert said.startswith("PASSED on REAL HOSTS: 1 virtual machine went through every stage without a failure.")
    assert "No data was lost." in said


def test_findings_that_are_alike_stand_in_one_line_that_names_each_machine() -> None:
    table = preflight(with_rules(*(rule(f"VM{number:02}") for number in range(14)), rule("VM99", found="it is paused")))

    assert [row[1] for row in texts(table)] == [
        f"{', '.join(f'VM{number:02}' for number in range(12))} and 2 more on hv-a",
        "VM99 on hv-a",
    ]


def test_what_blocks_comes_before_what_warns_and_what_does_not_count_here_is_folded_away() -> None:
    ignored = rule("B", rule="loss_limit", result="not_checked", gate="ignore", counts="ignore")
    blocking = rule("C", rule="storage", gate="block", counts="block")
    table = preflight(with_rules(ignored, rule("A"), blocking))

    assert [row[0] for row in texts(table)] == ["storage", "start_action"]
    assert [row[0].text for row in table.more] == ["loss_limit"]


def test_every_clock_that_was_seen_is_told_by_the_furthest_that_it_was_off() -> None:
    first = drills.stage("preflight", "preflight", 0, 9, [], results={"skew": [{"hv-a": 0.4, "hv-b": -3.0}]})
    later = drills.stage("failover", "failover", 10, 90, [drills.moved(VM, 12)], results={"skew": {"hv-b": -1.0}})

    assert texts(section("skew", stages=[first, later])) == [["hv-a", "0.4 s ahead"], ["hv-b", "3.0 s behind"]]
    assert texts(section("skew", stages=[first], skew={"hv-a": 9})) == [
        ["hv-a", "9.0 s ahead"],
        ["hv-b", "3.0 s behind"],
    ]


def test_the_report_of_a_rehearsal_says_why_its_clocks_run_away() -> None:
    stage = drills.stage("preflight", "preflight", 0, 9, [], results={"skew": {"hv-a": 400.0}})

    assert "60 times as fast" in section("skew", stages=[stage], simulated_rate=60.0).note
    assert section("skew", stages=[stage]).note == ""


def test_a_machine_that_was_protected_before_it_was_started_again_is_not_said_to_be_unprotected() -> None:
    failed: dict[str, Any] = {"outcome": "failed", "error": drills.DEAD, "rescue": "started_unprotected"}
    runs = [
        drills.moved(VM, 10, **failed, now="runs on hv-b, protected (replicates to hv-a)"),
        drills.moved(VM, 10, **failed, now="runs on hv-b, not protected (not replicating from here)"),
    ]
    found = differences(drill(drills.options(1) | {"stages": [drills.stage("failover", "failover", 0, 90, runs)]}))

    assert [text for _vm, _stage, text in found if text.startswith("rescued")] == [
        "rescued: started",
        "rescued: started unprotected",
    ]
