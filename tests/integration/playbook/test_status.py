# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbook that says where everything is, as users run it."""

from __future__ import annotations

import json
from typing import Any

from ansible_collections.hyperv.replica.tests.integration.playbook.stage import Run, Stage


def status(stage: Stage, *vms: dict[str, Any]) -> Run:
    """Run the playbook with a plan of these machines."""
    written = [{"home": "hv-a", "recovery": "hv-b", **vm} for vm in vms]
    plan = {"schema_version": 1, "name": "accounting", "vms": written}
    stage.write("play.yml", "- ansible.builtin.import_playbook: hyperv.replica.status\n")
    return stage.run("-e", json.dumps({"hyperv_replica_plan": plan}))


def lines(run: Run) -> list[str]:
    """What was said, each line once."""
    said = (line.strip().removeprefix('"msg": "').rstrip('"') for line in run.output.splitlines() if '"msg"' in line)
    return list(said)


def test_each_machine_has_one_line_that_says_where_it_is_and_what_comes_next(stage: Stage) -> None:
    stage.failover("WEB01")

    run = status(stage, {"name": "SQL01"}, {"name": "WEB01"})

    sql, web = lines(run)
    assert sql.startswith("SQL01: runs on hv-a, protected (replicates to hv-b); last replication ")
    assert sql.endswith("; no test copy; next: nothing")
    assert web.startswith("WEB01: runs on hv-b, protected (replicates to hv-a)")
    assert web.endswith("next: bring it home when the time has come (failback)")
    assert run.changes == []


def test_a_test_copy_that_was_left_is_said(stage: Stage) -> None:
    stage.task("hyperv_replica_test_failover", "hv-b", ["WEB01"], state="present", network="isolated")

    (web,) = lines(status(stage, {"name": "WEB01"}))

    assert web.endswith("; has a test copy; next: remove its test copy on hv-b (cleanup)")


def test_of_a_home_that_is_away_the_recovery_host_says_what_it_holds(stage: Stage) -> None:
    stage.inventory(of={"hv-a": {"ansible_psrp_port": 9, "ansible_port": 9}})

    run = status(stage, {"name": "WEB01"})

    assert any("WEB01: unknown at home; on hv-b REPLICA, REPLICATING, OFF" in line for line in lines(run))
    assert run.changes == []
