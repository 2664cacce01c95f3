# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Verdict, report, JUnit and metrics of the same drills."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from xml.etree import ElementTree

import pytest
from junitparser import Error, Failure, JUnitXml, Skipped
from prometheus_client.parser import text_string_to_metric_families

from ansible_collections.hyperv.replica.plugins.module_utils._drill.differences import differences
from ansible_collections.hyperv.replica.plugins.module_utils._drill.html import page
from ansible_collections.hyperv.replica.plugins.module_utils._drill.junit import junit
from ansible_collections.hyperv.replica.plugins.module_utils._drill.merge import merged
from ansible_collections.hyperv.replica.plugins.module_utils._drill.page import Page
from ansible_collections.hyperv.replica.plugins.module_utils._drill.prometheus import prometheus
from ansible_collections.hyperv.replica.plugins.module_utils._drill.trend import summary
from ansible_collections.hyperv.replica.plugins.module_utils._drill.verdict import (
    downtimes,
    length,
    measured,
    reasons,
    verdict,
)
from ansible_collections.hyperv.replica.plugins.module_utils._surface.evidence_surface import drill
from ansible_collections.hyperv.replica.tests.unit.plugins.module_utils._drill import drills

ONE, TWELVE, MANY = (drill(drills.options(count)) for count in (1, 12, 300))
DEAD = drill(drills.options(12, dead="SQL01"))


def with_stages(*stages: dict[str, Any], **more: Any) -> Any:
    return drill(drills.options(1, **more) | {"stages": list(stages)})


VM = drills.plan(1)["vms"][0]


def failover(**changed: Any) -> dict[str, Any]:
    return drills.stage("failover", "failover", 0, 300, [drills.moved(VM, 10, **changed)])


def told(of: Any) -> Page:
    return page(of, merged([], []), [], "0" * 64)


@pytest.mark.parametrize("passed", [ONE, TWELVE, MANY])
def test_a_drill_in_which_nothing_failed_has_passed(passed: Any) -> None:
    assert (verdict(passed), reasons(passed)) == ("PASSED", ())


def test_a_drill_without_any_stage_has_not_passed() -> None:
    assert verdict(with_stages()) == "FAILED"


def test_the_dead_guest_is_the_reason_with_its_tier_what_it_cost_and_where_it_is_now() -> None:
    (reason,) = reasons(DEAD)

    assert (reason.vm, reason.tier, reason.stage) == ("SQL01", "database", "failover")
    assert "tcp 1433: no answer" in reason.why
    assert reason.cost == (
        "14 min 29 s without service in the whole drill, not given back to its users by this failover, no data lost"
    )
    assert reason.now == "runs on hv-a, protected"


def test_the_cause_comes_before_those_that_failed_because_of_it() -> None:
    after = {"kind": "dependency", "msg": "SQL01 is not recovered"}
    runs = [
        drills.moved(VM, 10, name="WEB01", outcome="failed", error=after),
        drills.moved(VM, 10, name="SQL01", outcome="failed", error=drills.DEAD),
    ]
    failed = with_stages(drills.stage("failover", "failover", 0, 300, runs, failed=True))

    assert [reason.vm for reason in reasons(failed)] == ["SQL01", "WEB01"]
    assert told(failed).lead.startswith("SQL01, and 1 because of it, failed.")
    assert [who for who, _why, _cost in told(failed).reasons] == ["SQL01 (directory), failover"]
    assert told(failed).more_reasons == "Because of it: WEB01."


def test_the_rto_ends_when_the_probes_are_green_and_not_when_the_machine_ran() -> None:
    (item,) = measured(with_stages(failover()))

    assert (item.rto, item.probed) == (126.0, True)


def test_the_rto_of_a_move_ends_with_the_verification_after_it() -> None:
    moved = failover(recovered_at=None)
    seen = drills.stage("verify", "verify", 301, 400, [drills.verified(VM, 350)])

    assert [(item.rto, item.probed) for item in measured(with_stages(moved, seen))] == [(336.0, True)]


def test_a_machine_that_runs_and_whose_verification_is_red_was_never_recovered() -> None:
    moved = failover(recovered_at=None)
    seen = drills.stage("verify", "verify", 301, 400, [drills.verified(VM, 350, good=False)], failed=True)

    (item,) = measured(with_stages(moved, seen))

    assert (item.rto, item.down, item.rto_missed) == (None, True, True)


def test_a_move_that_nobody_verified_ends_when_the_machine_ran_and_says_so() -> None:
    (item,) = measured(with_stages(failover(recovered_at=None)))

    assert (item.rto, item.probed, item.down) == (101.0, False, False)


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"recovered_at": drills.at(4000)}, "RTO missed: 66 min 26 s without service, the limit is 60 min"),
        ({"rpo_seconds": 901.0}, "RPO missed: 15 min 1 s of data lost, the limit is 15 min"),
    ],
)
def test_a_limit_that_was_missed_fails_a_drill_in_which_all_else_was_well(changed: dict[str, Any], why: str) -> None:
    assert [reason.why for reason in reasons(with_stages(failover(**changed)))] == [why]


def test_simulated_time_runs_faster_than_the_clock_and_limits_are_held_against_it() -> None:
    fast = with_stages(failover(), simulated_rate=60.0)

    assert [item.rto for item in measured(fast)] == [7560.0]
    assert verdict(fast) == "FAILED"


def test_what_the_caller_found_wrong_fails_the_drill_and_is_not_said_twice() -> None:
    said = with_stages(failover(), failures=["the auditor saw something else"])
    twice = drill(drills.options(12, dead="SQL01", failures=["failover: SQL01 failed"]))

    assert [reason.why for reason in reasons(said)] == ["the auditor saw something else"]
    assert len(reasons(twice)) == 1


def test_service_that_was_lost_in_one_move_and_came_back_in_the_next_is_counted_from_end_to_end() -> None:
    assert downtimes(DEAD)["SQL01"] == pytest.approx(869.0)
    assert downtimes(DEAD)["WEB01"] == pytest.approx(252.0)


def test_a_machine_that_was_stopped_half_way_is_down_to_the_end_and_its_later_move_does_not_hide_that() -> None:
    sent = drills.moved(VM, 10)["performed"][:5]
    half = {
        "performed": sent,
        "served_at": None,
        "recovered_at": None,
        "rescue": "stopped",
        "outcome": "failed",
        "error": drills.DEAD,
    }
    again = drills.moved(VM, 400)["performed"][:5]
    later = drills.moved(VM, 400, performed=again, served_at=None, recovered_at=None, outage_began=None)

    seen = with_stages(failover(**half), drills.stage("walk back", "walk_back", 390, 600, [later]))

    assert reasons(seen)[0].cost == "9 min 46 s without service, still without service at the end of the drill"
    assert [piece.look for piece in told(seen).timeline.groups[0].rows[0].bars] == ["work", *["down"] * 4]


def test_a_machine_that_was_rolled_back_has_its_service_again() -> None:
    undone = {
        "served_at": None,
        "recovered_at": None,
        "rescue": "rolled_back",
        "outcome": "failed",
        "error": drills.DEAD,
    }

    assert "still" not in reasons(with_stages(failover(**undone)))[0].cost


def test_what_preflight_blocks_fails_the_drill_unless_it_was_waived() -> None:
    rule = {**drills.RULES[1], "gate": "block"}
    blocked = with_stages(drills.stage("preflight", "preflight", 0, 9, [], results={"rules": [{**rule, "waived": ""}]}))
    waived = with_stages(drills.stage("preflight", "preflight", 0, 9, [], results={"rules": [rule]}))

    assert [reason.why for reason in reasons(blocked)] == ["iso_path: C:\\iso\\sql.iso"]
    assert verdict(waived) == "PASSED"
    assert [cell.text for cell in told(waived).first[1].rows[0]] == [
        "iso_path",
        "SQL01",
        "left in on purpose, CHG0042399",
    ]


def test_what_differed_from_the_plan_is_told_and_nothing_where_nothing_did() -> None:
    other = failover(outcome="already_there", performed=[], rescue="rolled_back", execution_seconds=999.0)

    assert differences(TWELVE) == []
    assert [text for _vm, _stage, text in differences(with_stages(other))] == [
        "was there already and was not moved",
        "rescued: rolled back",
        "took 16 min 39 s, predicted were 2 min 30 s",
    ]


def test_a_step_that_was_not_planned_and_one_that_was_not_sent_are_told() -> None:
    moved = drills.moved(VM, 10)
    moved["performed"][3]["method"] = "RevertFailover"
    found = [
        text for _vm, _stage, text in differences(with_stages(drills.stage("failover", "failover", 0, 9, [moved])))
    ]

    assert found == ["not planned: RevertFailover on hv-b", "planned and not sent: InitiateFailover on hv-b"]


def test_a_machine_of_the_plan_that_no_stage_tells_of_is_named() -> None:
    found = differences(drill(drills.options(12) | {"stages": [failover()]}))

    assert ("DNS01", "", "in the plan, and in no stage") in found


def test_a_schedule_is_shown_predicted_beside_actual_in_the_site_s_time() -> None:
    row = {"name": "DC01", "tier": "directory", "predicted_seconds": 100.0, "predicted_rto_seconds": 90.0}
    row |= {"actual_seconds": 130.0, "actual_rto_seconds": 120.0}
    stage = failover()
    stage["results"]["schedule"] = {"way": "waves", "vms": [row]}

    seen = told(with_stages(stage, simulated_rate=10.0))
    (table,) = [table for table in seen.tables if table.id == "schedule"]

    assert [cell.text for cell in seen.time.rows[0]][2] == "100 s"
    assert [cell.text for cell in table.rows[0]] == [
        "DC01",
        "failover",
        "100 s",
        "2 min 10 s",
        "90 s",
        "2 min",
        "+30 s",
    ]


def test_a_duration_without_a_schedule_is_the_controllers_and_is_shown_in_the_site_s_time() -> None:
    seen = with_stages(failover(), simulated_rate=10.0)

    (table,) = [table for table in told(seen).tables if table.id == "schedule"]

    assert [cell.text for cell in table.rows[0]][4:6] == ["2 min 30 s", "27 min 30 s"]


def test_a_result_in_a_form_that_no_module_has_does_not_keep_the_report_from_being_written() -> None:
    odd: Sequence[dict[str, Any]] = (
        {},
        {"stage": None, "kind": 7, "began": "soon", "results": []},
        {
            "results": {
                "vms": [None, "x", {}, {"performed": "x", "plan": [1], "checks": {}, "error": "bad"}],
                "rules": [{}],
            }
        },
        {"results": {"vms": {}, "schedule": [{"vm": "a"}], "exchanges": [{"hv-a": "3"}, None], "records": "none"}},
    )

    seen = with_stages(*odd)

    assert told(seen).verdict
    assert junit(seen)
    assert prometheus(seen)


@pytest.mark.parametrize("of", [ONE, TWELVE, MANY, DEAD, with_stages()], ids=["one", "twelve", "many", "dead", "none"])
def test_junit_is_what_consumers_read_and_its_counts_are_true(of: Any) -> None:
    read = JUnitXml.fromstring(junit(of).encode())

    cases = [(suite, case) for suite in read for case in suite]
    kinds = {
        kind: sum(isinstance(one, kind) for _s, case in cases for one in case.result)
        for kind in (Failure, Error, Skipped)
    }
    assert (read.tests, read.failures, read.errors, read.skipped) == (len(cases), kinds[Failure], 0, kinds[Skipped])
    assert bool(read.failures) == (verdict(of) == "FAILED")
    assert len({(case.classname, case.name) for _suite, case in cases}) == len(cases)
    assert [suite.name for suite in read][: len(of.stages)] == [stage.stage for stage in of.stages]


def test_junit_says_which_machine_failed_and_why_and_holds_what_xml_cannot() -> None:
    odd = with_stages(
        failover(name="\x01O'Brien <&\"", outcome="failed", error={"kind": "probe_failed", "msg": "\x00 dead"})
    )

    root = ElementTree.fromstring(junit(odd))

    failure = root.find("./testsuite/testcase/failure")
    assert failure is not None
    assert (failure.get("type"), failure.get("message")) == ("probe_failed", "\ufffd dead")


@pytest.mark.parametrize("of", [ONE, TWELVE, MANY, DEAD, with_stages()], ids=["one", "twelve", "many", "dead", "none"])
def test_metrics_are_what_prometheus_reads(of: Any) -> None:
    families = {family.name: family for family in text_string_to_metric_families(prometheus(of))}

    passed = families["hyperv_replica_drill_passed"].samples
    assert [sample.value for sample in passed] == [float(verdict(of) == "PASSED")]
    assert all(family.documentation and family.type == "gauge" for family in families.values())
    for family in families.values():
        labels = [tuple(sorted(sample.labels.items())) for sample in family.samples]
        assert len(set(labels)) == len(labels)


def test_metrics_tell_the_rto_of_each_machine_and_none_where_it_was_never_recovered() -> None:
    families = {family.name: family for family in text_string_to_metric_families(prometheus(DEAD))}

    rto = {
        (one.labels["vm"], one.labels["stage"]): one.value
        for one in families["hyperv_replica_drill_vm_rto_seconds"].samples
    }
    good = {
        (one.labels["vm"], one.labels["stage"]): one.value for one in families["hyperv_replica_drill_vm_good"].samples
    }
    assert rto[("DC01", "failover")] == 126.0
    assert ("SQL01", "failover") not in rto
    assert good[("SQL01", "failover")] == 0.0


def test_a_stage_that_ran_in_several_parts_has_passed_only_if_all_of_them_did() -> None:
    parts = with_stages(failover(), {**failover(), "failed": True, "said": "the host is away"}, failover())

    families = {family.name: family for family in text_string_to_metric_families(prometheus(parts))}

    assert [sample.value for sample in families["hyperv_replica_drill_stage_passed"].samples] == [0.0]


def test_a_label_may_hold_whatever_a_machine_is_called() -> None:
    name = 'a"b\\c\nd'
    families = text_string_to_metric_families(prometheus(with_stages(failover(name=name))))

    rto = next(family for family in families if family.name == "hyperv_replica_drill_vm_rto_seconds")
    assert [sample.labels["vm"] for sample in rto.samples] == [name]


def test_the_numbers_of_a_drill_are_those_of_its_worst_machine() -> None:
    seen = summary(DEAD)

    assert (seen.vms, seen.good, seen.moves, seen.worst_rto_seconds, seen.down_seconds) == (12, 11, 24, 126.0, 869.0)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (0.04, "0 s"),
        (9.96, "10 s"),
        (61, "61 s"),
        (126, "2 min 6 s"),
        (3600, "60 min"),
        (7260, "2 h 1 min"),
        (None, "unknown"),
    ],
)
def test_a_length_of_time_is_said_as_people_say_it(seconds: float | None, text: str) -> None:
    assert length(seconds) == text


def test_a_drill_under_awx_says_in_which_job_it_ran_and_where_awx_keeps_who_approved() -> None:
    job = {"id": "819", "name": "replica: report", "workflow_id": "812", "workflow_name": "drill as a workflow"}
    alone, node = with_stages(job={"id": "819", "schedule": ""}), with_stages(job=job, approvals=[])

    assert (
        dict(told(node).facts)["Ran in"] == "AWX workflow job 812 (drill as a workflow), AWX job 819 (replica: report)"
    )
    assert dict(told(node).facts)["Approved by"] == (
        "not said; who answered its approvals is kept by AWX with workflow job 812"
    )
    assert (alone.job, dict(told(alone).facts)["Ran in"]) == ({"id": "819"}, "AWX job 819")
    assert "AWX" not in dict(told(alone).facts)["Approved by"]
    assert "Ran in" not in dict(told(ONE).facts)
