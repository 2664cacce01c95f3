# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Real ansible-playbook runs of a plan whose machines do not all fit into the memory of the hosts they go to."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.hyperv.replica.tests.integration.playbook.conftest import SetStage
from ansible_collections.hyperv.replica.tests.integration.playbook.estates import three_tiers, tiered_plan
from ansible_collections.hyperv.replica.tests.integration.playbook.stage import Run, Stage

#: DB1 and WEB1 go to HV-B and start with 4 GiB each; APP1, which WEB1 depends on, goes to HV-D and depends on DB1.
AT_HOME = {"DB1": ["HV-A"], "APP1": ["HV-C"], "WEB1": ["HV-A"]}


def staged(set_stage: SetStage, free: int) -> Stage:
    """Three VMs, and so many GiB free on HV-B; it needs 2 itself."""
    estate = three_tiers(tier_size=1)
    for host in estate["hosts"]:
        if host["name"] == "HV-B":
            host["memory"] = f"{2 + free} GiB"
    return set_stage(estate)


def moved(stage: Stage, *arguments: str, reserve: str = "0MiB", **options: Any) -> Run:
    """Run the module on the controller."""
    plan = tiered_plan(tier_size=1, limits={"memory_reserve": reserve})
    given = {"plan": plan, "to": "recovery", "simulated_guests": True, **options}
    return stage.task("hyperv_replica_recovery_plan", "localhost", arguments=["-c", "local", *arguments], **given)


def where(stage: Stage) -> dict[str, list[str]]:
    return {name: stage.runs_on(name) for name in AT_HOME}


def kinds(run: Run) -> dict[str, str]:
    return {vm["name"]: vm["error"]["kind"] for vm in run.result["vms"] if vm["error"]}


def test_one_that_never_fits_stops_the_plan_before_anything_is_changed_and_check_mode_says_so(
    set_stage: SetStage,
) -> None:
    stage = staged(set_stage, free=4)

    check = moved(stage, "--check")
    run = moved(stage)

    assert run.outcomes == {"DB1": "skipped", "APP1": "skipped", "WEB1": "failed"}
    assert check.outcomes == run.outcomes
    assert (run.status, check.changes, run.changes) == ("failed", [], [])
    assert where(stage) == AT_HOME
    error = {vm["name"]: vm["error"] for vm in run.result["vms"]}["WEB1"]
    assert (error["kind"], error["host"]) == ("no_memory", "hv-b")
    assert "starts with 4096 MiB of memory, and 0 MiB are free" in error["found"]
    assert "Nothing was changed" in run.result["msg"]


def test_where_the_plan_goes_on_without_it_all_others_move_and_it_serves_at_home(set_stage: SetStage) -> None:
    stage = staged(set_stage, free=4)

    run = moved(stage, on_vm_failure="continue")

    assert kinds(run) == {"WEB1": "no_memory"}
    assert where(stage) == {"DB1": ["HV-B"], "APP1": ["HV-D"], "WEB1": ["HV-A"]}
    assert stage.lossless()


def test_what_depends_on_it_stays_as_well(set_stage: SetStage) -> None:
    stage = staged(set_stage, free=6)

    check = moved(stage, "--check", reserve="4GiB", on_vm_failure="continue")
    run = moved(stage, reserve="4GiB", on_vm_failure="continue")

    assert kinds(run) == {"DB1": "no_memory", "APP1": "dependency", "WEB1": "dependency"}
    assert kinds(check) == kinds(run)
    assert run.changes == []
    assert where(stage) == AT_HOME


@pytest.mark.parametrize(("free", "failed"), [(8, {}), (4, {"WEB1": "no_memory"})])
def test_after_an_outage_the_reserve_warns_and_only_what_the_host_has_stops_anything(
    set_stage: SetStage, free: int, failed: dict[str, str]
) -> None:
    stage = staged(set_stage, free=free)
    for host in ("HV-A", "HV-C"):
        stage.simulation.act("power_loss", host=host)
    lost: dict[str, Any] = {
        "mode": "unplanned",
        "max_data_loss": "1h",
        "outage_began": "from_last_replication",
        "primary_confirmed_down": "the night shift, INC0099120",
    }

    run = moved(stage, reserve="1GiB", on_vm_failure="continue", **lost)

    assert kinds(run) == failed
    assert where(stage)["DB1"] == ["HV-B"]
    assert any("hv-b keeps 0 MiB of memory free" in line for line in run.result["warnings"])
