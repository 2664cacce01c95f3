# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Real ansible-playbook runs in which a step fails after the users lost their VM; nothing ends in silence."""

from __future__ import annotations

import re
from typing import Any

import pytest

from ansible_collections.hyperv.replica.tests.integration.playbook.conftest import SetStage
from ansible_collections.hyperv.replica.tests.integration.playbook.estates import by_provider, replicated, two_sites
from ansible_collections.hyperv.replica.tests.integration.playbook.stage import Stage

AFTER_THE_SHUTDOWN: list[dict[str, Any]] = [
    {"kind": "return_code", "match": {"method": "RequestReplicationStateChangeEx"}, "code": 32773},
    {"kind": "fail_job", "match": {"method": "RequestReplicationStateChangeEx"}, "code": 32768},
    {"kind": "fail_job", "match": {"method": "InitiateFailover"}, "code": 32768},
    {"kind": "return_code", "match": {"method": "InitiateFailover"}, "code": 32773},
    {"kind": "fail_job", "match": {"method": "ReverseReplicationRelationship"}, "code": 32768},
]


@pytest.mark.parametrize("trouble", AFTER_THE_SHUTDOWN)
def test_roll_back_leaves_the_vm_running_at_the_source_as_before(stage: Stage, trouble: dict[str, Any]) -> None:
    stage.simulation.trouble({**trouble, "times": None})

    run = stage.failover("WEB01", on_failure="roll_back")

    assert (run.status, run.vm["rescue"]) == ("failed", "rolled_back"), run.output
    assert stage.runs_on("WEB01") == ["HV-A"]
    assert "runs on hv-a" in run.vm["now"]
    assert "rolled back" in run.result["msg"]
    assert stage.copy("hv-a", "WEB01")["relationships"][0]["state"]["name"] == "REPLICATING"
    assert stage.lossless()


def test_a_failback_that_fails_rolls_back_unless_told_otherwise(stage: Stage) -> None:
    stage.failover("WEB01")
    stage.simulation.trouble(AFTER_THE_SHUTDOWN[2])

    failed = stage.failback("WEB01")
    there = stage.runs_on("WEB01")
    again = stage.failback("WEB01")

    assert (failed.vm["rescue"], there) == ("rolled_back", ["HV-B"])
    assert again.outcomes == {"WEB01": "moved"}
    assert stage.lossless()


def test_start_unprotected_serves_at_the_destination_and_says_what_that_means(stage: Stage) -> None:
    stage.simulation.trouble({**AFTER_THE_SHUTDOWN[4], "times": None})

    run = stage.failover("WEB01", on_failure="start_unprotected")

    assert (run.status, run.vm["rescue"]) == ("failed", "started_unprotected"), run.output
    assert stage.runs_on("WEB01") == ["HV-B"]
    assert "not protected" in run.result["msg"]
    assert stage.lossless()


def test_stop_says_that_nobody_is_served(stage: Stage) -> None:
    stage.simulation.trouble(AFTER_THE_SHUTDOWN[2])

    run = stage.failover("WEB01", on_failure="stop")

    assert (run.status, run.vm["rescue"]) == ("failed", "stopped")
    assert stage.runs_on("WEB01") == []
    assert "off at both" in run.vm["now"].lower()
    assert run.vm["now"] in run.result["msg"]


def test_one_vm_that_fails_leaves_the_others_alone(stage: Stage) -> None:
    stage.simulation.trouble({**AFTER_THE_SHUTDOWN[2], "match": {"method": "InitiateFailover", "vm": "SQL01"}})

    run = stage.failover("WEB01", "SQL01", on_failure="roll_back")

    assert run.outcomes == {"WEB01": "moved", "SQL01": "failed"}
    assert [stage.runs_on(name) for name in ("WEB01", "SQL01")] == [["HV-B"], ["HV-A"]]
    assert run.result["summary"] == {"moved": 1, "already_there": 0, "failed": 1, "skipped": 0}


@pytest.mark.parametrize("code", [32770, 32773, 32775])
def test_a_refused_initiate_failback_of_the_built_in_provider_names_the_other_strategy(
    set_stage: SetStage, code: int
) -> None:
    stage = set_stage(two_sites(replicated("WEB01")), switches={"builtin_failback": str(code)})
    stage.failover("WEB01")
    stage.simulation.act("turn_off_vm", host="HV-B", vm="WEB01")

    run = stage.failback("WEB01", strategy="provider")

    assert (run.status, run.error["code"]) == ("failed", code), run.output
    assert "strategy: reverse" in run.error["msg"]


LETTERS = {"de-DE": "[äöüß]", "fr-FR": "[éèàê']", "it-IT": "[àèéìòù]", "zh-TW": "[一-鿿]", "ja-JP": "[ぁ-ヿ]"}


@pytest.mark.parametrize("language", LETTERS)
def test_the_words_of_a_failing_job_reach_the_operator_unbroken(set_stage: SetStage, language: str) -> None:
    stage = set_stage(two_sites(replicated("WEB01"), by_provider("測試"), language=language))
    stage.simulation.trouble({"kind": "fail_job", "match": {"method": "InitiateFailover"}, "code": 32773})

    run = stage.failover("WEB01", on_failure="roll_back")

    words = run.error["detail"]
    assert re.search(LETTERS[language], words), words
    assert words in run.result["msg"]
    assert words in run.output
    assert (run.error["kind"], run.error["code"]) == ("job_failed", 32773)
