# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Real ansible-playbook runs: a failover that is tried before it is committed, and an old primary kept apart."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.hyperv.replica.tests.integration.playbook.conftest import SetStage
from ansible_collections.hyperv.replica.tests.integration.playbook.estates import replicated, two_sites
from ansible_collections.hyperv.replica.tests.integration.playbook.stage import Stage

UNPLANNED: dict[str, Any] = {
    "mode": "unplanned",
    "max_data_loss": "12h",
    "outage_began": "from_last_replication",
    "primary_confirmed_down": "night shift, INC-1",
}
VERIFIED: dict[str, Any] = {**UNPLANNED, "commit": "verified", "simulated_guests": True}


def outage(set_stage: SetStage) -> Stage:
    """HV-A is dark; WEB01 has recovery points at HV-B, where it would be connected to Production."""
    pair = replicated("WEB01", adapters=[{"switch": "Office"}], replica_switch="Production")
    estate = two_sites(pair)
    estate["hosts"][0]["switches"] = ["Office"]
    estate["hosts"][1]["switches"] = ["Production", "Trial"]
    stage = set_stage(estate)
    stage.simulation.advance(7800)
    stage.simulation.act("power_loss", host="HV-A")
    return stage


def test_it_is_committed_when_its_guest_is_good_and_says_what_the_try_cost(set_stage: SetStage) -> None:
    stage = outage(set_stage)
    probes = [{"vm": "WEB01", "tcp": 443}]

    run = stage.failover("WEB01", **VERIFIED, verify_networks=[{"switch": "Trial"}], probes=probes)
    again = stage.failover("WEB01", **VERIFIED)

    assert run.outcomes == {"WEB01": "moved"}, run.result["msg"]
    (tried,) = run.vm["facts"]["tries"]
    assert (tried["result"], tried["point"]) == ("passed", "latest")
    assert tried["seconds"] > 0
    assert run.changes[-2:] == ["CommitFailover", "ModifySystemSettings"]
    assert run.changes.count("ModifyResourceSettings") == 2
    assert again.outcomes == {"WEB01": "already_there"}


def test_a_dead_guest_is_not_committed_and_each_point_that_was_tried_is_told(set_stage: SetStage) -> None:
    stage = outage(set_stage)
    stage.simulation.act("stop_guest_answering", host="HV-B", vm="WEB01")

    run = stage.failover("WEB01", **VERIFIED, fall_back_to_older_points=1, verify_within=30)

    assert run.error["kind"] == "not_verified"
    tries = run.vm["facts"]["tries"]
    assert [tried["result"] for tried in tries] == ["failed", "not_verified"]
    assert "do not answer" in tries[0]["why"]
    assert tries[1]["rpo_seconds"] >= tries[0]["rpo_seconds"]
    assert "CommitFailover" not in run.changes
    assert stage.runs_on("WEB01") == ["HV-B"]


@pytest.mark.parametrize(
    ("given", "word"),
    [
        ({**UNPLANNED, "probes": [{"vm": "WEB01", "heartbeat": True}]}, "commit: verified"),
        ({**UNPLANNED, "commit": "verified", "probes": [{"vm": "WEB01", "tcp": 443}]}, "verify_networks"),
        ({**VERIFIED, "start": "never"}, "start: never"),
        ({**VERIFIED, "fall_back_to_older_points": -1}, "negative"),
    ],
)
def test_what_could_never_be_good_or_would_have_no_effect_is_refused_before_any_host_is_asked(
    stage: Stage, given: dict[str, Any], word: str
) -> None:
    run = stage.failover("WEB01", **given)

    assert (run.status, run.sent) == ("failed", [])
    assert word in run.result["msg"]


def test_an_old_primary_comes_home_from_behind_its_fence_as_it_was(set_stage: SetStage) -> None:
    stage = outage(set_stage)
    stage.failover("WEB01", **UNPLANNED)
    stage.simulation.act("power_return", host="HV-A")
    stage.simulation.advance(60)
    consent = ["turn_off_old_primary", "discard_old_primary_data", "resume_suspended", "resynchronize"]

    run = stage.failback("WEB01", fence_adapters=True, consent=consent, reason="CHG1")

    assert run.outcomes == {"WEB01": "moved"}, run.result["msg"]
    assert run.changes[:2] == ["ModifySystemSettings", "ModifyResourceSettings"]
    assert run.changes[-3:] == ["ModifyResourceSettings", "RequestStateChange", "ModifySystemSettings"]
    assert stage.runs_on("WEB01") == ["HV-A"]
