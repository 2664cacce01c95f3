# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Real ansible-playbook runs from and to failover clusters, which an inventory group ties together."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from ansible_collections.hyperv.replica.tests.integration.playbook.conftest import SetStage
from ansible_collections.hyperv.replica.tests.integration.playbook.estates import replicated
from ansible_collections.hyperv.replica.tests.integration.playbook.stage import Run, Stage

SIDES = {"a": ("hv-a1", "hv-a2"), "b": ("hv-b1", "hv-b2")}


def clusters(*vms: Mapping[str, Any]) -> dict[str, Any]:
    """Two clusters of two nodes each, between which these VMs replicate."""
    return {
        "schema_version": 1,
        "hosts": [
            {
                "name": name.upper(),
                "fqdn": f"{name}.example.test",
                "replica_server": {"authorize": [{"primary": f"hvr-{other}.example.test"}]},
            }
            for side, other in (("a", "b"), ("b", "a"))
            for name in SIDES[side]
        ],
        "clusters": [
            {
                "name": f"HVC-{side.upper()}",
                "fqdn": f"hvc-{side}.example.test",
                "broker": f"hvr-{side}.example.test",
                "nodes": [name.upper() for name in SIDES[side]],
            }
            for side in SIDES
        ],
        "replicated": list(vms) or [replicated("SQL01", primary="HV-A1", replica="HV-B2")],
    }


def tie(stage: Stage, groups: Mapping[str, Sequence[str]], *, without: Sequence[str] = (), **names: str) -> None:
    """Put hosts into groups with hyperv_cluster_name, and take some out of the inventory."""
    path = stage.folder / "inventory.json"
    inventory = json.loads(path.read_text(encoding="utf-8"))
    for variables in inventory["all"]["hosts"].values():
        del variables["hyperv_cluster_name"]
    for name in without:
        del inventory["all"]["hosts"][name]
    called = {"hvc_a": "HVC-A", "hvc_b": "hvc-b.example.test", **names}
    inventory["all"]["children"] = {
        group: {
            "hosts": {name: {} for name in hosts},
            "vars": {"hyperv_cluster_name": called[group]} if called.get(group) else {},
        }
        for group, hosts in groups.items()
    }
    path.write_text(json.dumps(inventory), encoding="utf-8")


@pytest.fixture
def tied(set_stage: SetStage) -> Stage:
    """Both clusters as groups of the inventory."""
    stage = set_stage(clusters())
    tie(stage, {"hvc_a": SIDES["a"], "hvc_b": SIDES["b"]})
    return stage


def asked(run: Run) -> set[str]:
    """The hosts that were asked anything."""
    return {str(entry["host"]).lower() for entry in run.sent if entry.get("host")}


@pytest.mark.parametrize("peer", ["hvc_a", "hv-a2", "auto"])
def test_a_vm_goes_over_and_comes_home_whichever_nodes_have_it(tied: Stage, peer: str) -> None:
    over = tied.task("hyperv_replica_failover", "hv-b1", ["SQL01"], peer=peer, mode="planned")
    assert over.outcomes == {"SQL01": "moved"}, over.output
    assert tied.runs_on("SQL01") == ["HV-B2"]
    assert tied.copy("hv-b2", "SQL01")["relationships"][0]["recovery"] == "hvr-a.example.test"
    tied.simulation.act("move_group", host="HV-B2", vm="SQL01", to="HV-B1")
    home = tied.task("hyperv_replica_failback", "hv-a2", ["SQL01"], peer="hvc_b")
    again = tied.task("hyperv_replica_failback", "hv-a2", ["SQL01"], peer="hvc_b")
    assert home.outcomes == {"SQL01": "moved"}, home.output
    assert tied.runs_on("SQL01") == ["HV-A1"]
    assert (again.outcomes, again.changes) == ({"SQL01": "already_there"}, [])
    assert tied.lossless()


def test_the_inventory_of_the_simulator_ties_its_clusters_together_by_itself(set_stage: SetStage) -> None:
    stage = set_stage(clusters())
    run = stage.task("hyperv_replica_info", "hv-b1", peer="hv-a2", gather=["state"])
    assert [(vm["here"]["host"], vm["there"]["host"]) for vm in run.result["vms"]] == [("hv-b2", "hv-a1")]
    assert asked(run) == {"hv-a1", "hv-a2", "hv-b1", "hv-b2"}


def test_a_node_that_the_inventory_does_not_know_is_refused_and_never_connected_to(set_stage: SetStage) -> None:
    stage = set_stage(clusters())
    tie(stage, {"hvc_a": ["hv-a1"], "hvc_b": SIDES["b"]}, without=["hv-a2"])
    run = stage.task("hyperv_replica_failover", "hv-b1", ["SQL01"], peer="hvc_a", mode="planned")
    assert (run.status, run.error["kind"], run.changes) == ("failed", "unknown_node", [])
    assert "hv-a2.example.test" in run.error["msg"].lower()
    assert "hyperv_cluster_name" in run.error["remedy"]
    assert asked(run) == {"hv-a1", "hv-b1", "hv-b2"}


def test_a_node_that_no_group_ties_to_its_cluster_is_refused(set_stage: SetStage) -> None:
    stage = set_stage(clusters())
    tie(stage, {"hvc_b": SIDES["b"]})
    run = stage.task("hyperv_replica_failover", "hv-b1", ["SQL01"], peer="hv-a1", mode="planned")
    assert (run.error["kind"], run.changes) == ("unknown_node", [])
    assert "hv-a2" not in asked(run)


@pytest.mark.parametrize(
    ("name", "kind"), [("HVC-OTHER", "wrong_cluster"), ("", "bad_option")], ids=["another_name", "no_name"]
)
def test_a_group_has_to_name_the_cluster_of_its_hosts(set_stage: SetStage, name: str, kind: str) -> None:
    stage = set_stage(clusters())
    tie(stage, {"hvc_a": SIDES["a"], "hvc_b": SIDES["b"]}, hvc_a=name)
    run = stage.task("hyperv_replica_failover", "hv-b1", ["SQL01"], peer="hvc_a", mode="planned")
    assert (run.error["kind"], run.changes) == (kind, [])


def test_a_lost_node_does_not_stop_a_move_and_is_warned_of(tied: Stage) -> None:
    tied.simulation.act("power_loss", host="HV-A2")
    tied.simulation.advance(60)
    run = tied.task("hyperv_replica_failover", "hv-b1", ["SQL01"], peer="hvc_a", mode="planned")
    assert run.outcomes == {"SQL01": "moved"}, run.output
    assert any("hv-a2" in warning for warning in run.result["warnings"])
    assert tied.lossless()


def test_a_vm_that_is_no_role_of_its_cluster_is_refused(tied: Stage) -> None:
    tied.simulation.act("remove_group", host="HV-A1", vm="SQL01")
    run = tied.task("hyperv_replica_failover", "hv-b1", ["SQL01"], peer="hvc_a", mode="planned")
    assert (run.error["kind"], run.changes) == ("not_highly_available", [])


def test_info_shows_the_vms_of_all_nodes_and_the_cluster_on_request(tied: Stage) -> None:
    run = tied.task("hyperv_replica_info", "hv-b1", peer="hvc_a", gather=["state", "cluster"])
    assert [(vm["name"], vm["here"]["host"], vm["there"]["host"]) for vm in run.result["vms"]] == [
        ("SQL01", "hv-b2", "hv-a1")
    ]
    assert {name: host["cluster"]["broker"] for name, host in run.result["hosts"].items()} == {
        "hv-a1": "hvr-a.example.test",
        "hv-a2": "hvr-a.example.test",
        "hv-b1": "hvr-b.example.test",
        "hv-b2": "hvr-b.example.test",
    }


def test_a_test_copy_is_made_checked_and_removed_on_the_node_that_has_the_replica(tied: Stage) -> None:
    made = tied.task("hyperv_replica_test_failover", "hv-b1", ["SQL01"], state="present")
    assert made.outcomes == {"SQL01": "done"}, made.output
    hosts = tied.simulation.world()["hosts"]
    assert [name for name, host in hosts.items() for vm in host["vms"].values() if vm["test_of"]] == ["HV-B2"]
    gone = tied.task("hyperv_replica_test_failover", "hv-b1", ["SQL01"], state="absent")
    assert gone.outcomes == {"SQL01": "done"}, gone.output


def test_a_test_copy_whose_replica_has_moved_away_is_told_and_what_to_do(tied: Stage) -> None:
    tied.task("hyperv_replica_test_failover", "hv-b1", ["SQL01"], state="present")
    tied.simulation.act("move_group", host="HV-B2", vm="SQL01", to="HV-B1")
    refused = tied.task("hyperv_replica_test_failover", "hv-b1", ["SQL01"], state="present")
    assert (refused.error["kind"], refused.changes) == ("copy_left_behind", [])
    assert "hv-b2" in refused.error["msg"]
    tied.simulation.act("move_group", host="HV-B1", vm="SQL01", to="HV-B2")
    gone = tied.task("hyperv_replica_test_failover", "hv-b1", ["SQL01"], state="absent")
    assert gone.outcomes == {"SQL01": "done"}, gone.output


@pytest.mark.parametrize("names", [("hvc_a", "hvc_b"), ("hv-a2", "hv-b1")], ids=["groups", "nodes"])
def test_a_plan_names_clusters_by_their_groups_or_by_any_of_their_nodes(
    set_stage: SetStage, names: tuple[str, str]
) -> None:
    vms = [replicated(f"VM{number}", primary=f"HV-A{number}", replica=f"HV-B{number}") for number in (1, 2)]
    stage = set_stage(clusters(*vms))
    tie(stage, {"hvc_a": SIDES["a"], "hvc_b": SIDES["b"]})
    listed = [{"name": vm["name"], "home": names[0], "recovery": names[1]} for vm in vms]
    plan = {"schema_version": 1, "name": "both", "vms": listed}

    def moved(to: str) -> Run:
        given: dict[str, Any] = {"plan": plan, "to": to, "simulated_guests": True}
        return stage.task("hyperv_replica_recovery_plan", "localhost", arguments=["-c", "local"], **given)

    over = moved("recovery")
    assert over.outcomes == {"VM1": "moved", "VM2": "moved"}, over.output
    assert [stage.runs_on("VM1"), stage.runs_on("VM2")] == [["HV-B1"], ["HV-B2"]]
    stage.simulation.act("move_group", host="HV-B1", vm="VM1", to="HV-B2")
    home = moved("home")
    assert home.outcomes == {"VM1": "moved", "VM2": "moved"}, home.output
    assert stage.lossless()


def test_a_plan_with_a_node_that_the_inventory_does_not_know_moves_nothing(set_stage: SetStage) -> None:
    stage = set_stage(clusters())
    tie(stage, {"hvc_a": ["hv-a1"], "hvc_b": SIDES["b"]}, without=["hv-a2"])
    plan = {"schema_version": 1, "name": "one", "vms": [{"name": "SQL01", "home": "hvc_a", "recovery": "hvc_b"}]}
    given: dict[str, Any] = {"plan": plan, "to": "recovery", "simulated_guests": True}
    run = stage.task("hyperv_replica_recovery_plan", "localhost", arguments=["-c", "local"], **given)
    assert (run.error["kind"], run.changes) == ("unknown_node", [])
    assert "hv-a2" not in asked(run)


def test_roles_take_a_plan_whose_hosts_are_groups(tied: Stage) -> None:
    plan = {"schema_version": 1, "name": "one", "vms": [{"name": "SQL01", "home": "hvc_a", "recovery": "hvc_b"}]}

    def role(name: str, **given: Any) -> Run:
        include = {"ansible.builtin.include_role": {"name": f"hyperv.replica.{name}"}}
        told = {f"{name}_{option}": value for option, value in given.items()}
        values = {"hyperv_replica_plan": plan, f"{name}_poll_interval": 0.05, **told}
        tied.play("localhost", [{"name": name, "vars": values, **include}])
        return tied.run("-c", "local")

    over = role("failover", mode="planned", expect_source_running=True)
    assert over.code == 0, over.output
    assert tied.runs_on("SQL01") == ["HV-B2"]
    home = role("failback")
    assert home.code == 0, home.output
    assert tied.runs_on("SQL01") == ["HV-A1"]
    assert tied.lossless()


def test_verify_power_and_cancel_know_the_nodes(tied: Stage) -> None:
    good = tied.task("hyperv_replica_verify", "hv-b1", ["SQL01"], peer="hvc_a", expect="replica_here", heartbeat=False)
    assert good.vm["verdict"] == "passed", good.output
    off = tied.task("hyperv_vm_power", "hv-a2", ["SQL01"], state="off", peer="hvc_b")
    assert off.status == "ok", off.output
    assert tied.runs_on("SQL01") == []
    prepared = tied.task(
        "hyperv_replica_failover", "hv-b1", ["SQL01"], peer="hvc_a", mode="planned", state="switched_off"
    )
    assert prepared.status == "ok", prepared.output
    back = tied.task("hyperv_replica_failover_cancel", "hv-b1", ["SQL01"], peer="hvc_a")
    assert back.status == "ok", back.output
    assert tied.copy("hv-a1", "SQL01")["relationships"][0]["state"]["number"] == 3
