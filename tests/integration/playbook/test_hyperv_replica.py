# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""hyperv_replica as playbooks use it, against simulated hosts."""

from __future__ import annotations

from typing import Any

from ansible_collections.hyperv.replica.tests.integration.playbook.conftest import SetStage
from ansible_collections.hyperv.replica.tests.integration.playbook.estates import replicated, two_sites
from ansible_collections.hyperv.replica.tests.integration.playbook.stage import Stage

WANTED: dict[str, Any] = {
    "peer": "hv-b",
    "replica_server": "hv-b.example.test",
    "interval": 30,
    "recovery_history": 3,
    "first_copy": "existing",
    "consent": ["discard_old_primary_data"],
    "reason": "the copy is a leftover of this test",
}


def test_a_relationship_is_removed_and_made_anew_as_check_mode_says(stage: Stage) -> None:
    removed = stage.task("hyperv_replica", "hv-a", ["WEB01"], peer="hv-b", state="absent")
    planned = stage.task("hyperv_replica", "hv-a", ["WEB01"], arguments=["--check", "--diff"], **WANTED)
    done = stage.task("hyperv_replica", "hv-a", ["WEB01"], **WANTED)
    again = stage.task("hyperv_replica", "hv-a", ["WEB01"], **WANTED)

    assert removed.changes == ["RemoveReplicationRelationshipEx"] * 2, removed.output
    assert (planned.code, planned.changes) == (0, []), planned.output
    assert "WEB01: hv-a → hv-b:" in planned.output
    made = ["RequestReplicationStateChangeEx", "CreateReplicationRelationship", "StartReplication"]
    assert done.changes == made, done.output
    assert [step["method"] for step in planned.vm["plan"] if step["mutates"]] == made
    assert (done.vm["direction"], done.vm["now"]) == ("hv-a → hv-b", "runs on hv-a, protected (replicates to hv-b)")
    assert (done.vm["facts"]["settings"]["interval"], done.vm["after"]["receiver"]["mode"]["name"]) == (30, "REPLICA")
    assert (again.result["changed"], again.outcomes, again.changes) == (False, {"WEB01": "already_there"}, [])
    assert stage.simulation.ledger()["split_brains"] == []


def test_many_are_paused_without_a_peer_and_what_cannot_be_is_refused(stage: Stage) -> None:
    stage.inventory("winrm", "https", "basic")
    paused = stage.task("hyperv_replica", "hv-a", ["WEB01", "SQL01"], state="suspended")
    refused = stage.task("hyperv_replica", "hv-b", ["WEB01"], peer="hv-a", state="suspended")
    bad = stage.task("hyperv_replica", "hv-a", ["WEB01"], recovery_history=25)

    assert paused.outcomes == {"WEB01": "changed", "SQL01": "changed"}, paused.output
    assert paused.vm["direction"] == "hv-a"
    assert (refused.error["kind"], refused.changes) == ("wrong_end", [])
    assert (bad.status, bad.result["error"]["kind"]) == ("failed", "bad_option")


def test_a_replica_sends_further_to_a_third_host_and_stops_again(set_stage: SetStage) -> None:
    stage = set_stage(two_sites(replicated("WEB01"), more=("HV-C",)))
    further: dict[str, Any] = {"peer": "hv-c", "leg": "extended"}
    wanted = {**further, "replica_server": "hv-c.example.test", "interval": 900, "recovery_history": 5}

    planned = stage.task("hyperv_replica", "hv-b", ["WEB01"], arguments=["--check", "--diff"], **wanted)
    done = stage.task("hyperv_replica", "hv-b", ["WEB01"], **wanted)
    again = stage.task("hyperv_replica", "hv-b", ["WEB01"], **wanted)
    refused = stage.failover("WEB01")
    removed = stage.task("hyperv_replica", "hv-b", ["WEB01"], state="absent", **further)

    made = ["CreateReplicationRelationship", "StartReplication"]
    assert (planned.code, planned.changes) == (0, []), planned.output
    assert [step["method"] for step in planned.vm["plan"] if step["mutates"]] == made
    assert done.changes == made, done.output
    assert (done.vm["now"], done.vm["direction"]) == ("replicates further from hv-b to hv-c", "hv-b → hv-c")
    assert (done.vm["facts"]["settings"]["interval"], done.vm["after"]["sender"]["mode"]["name"]) == (900, "REPLICA")
    assert done.vm["after"]["sender"]["extended"]["state"]["name"] == "REPLICATING"
    assert (again.result["changed"], again.outcomes) == (False, {"WEB01": "already_there"})
    assert (refused.vm["error"]["kind"], refused.changes) == ("extended", []), refused.output
    assert removed.changes == ["RemoveReplicationRelationshipEx"] * 2, removed.output
