# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbooks probe and capture_estate: a second simulator does and shows what the first one does and shows."""

from __future__ import annotations

from typing import Any

import yaml

from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator import launch
from ansible_collections.hyperv.replica.tests.integration.playbook.conftest import SetStage
from ansible_collections.hyperv.replica.tests.integration.playbook.estates import replicated, two_sites
from ansible_collections.hyperv.replica.tests.integration.playbook.stage import Run, Stage

#: Every value here is other than the default, so that nothing is right by accident.
UNKNOWN = {
    "wql": "double_quotes_refused",
    "first_page": "one_item",
    "summary_information": "text",
    "wmi_errors": "msft_wmi_error",
    "null_outputs": "nil",
    "unreplicated_relationship": "state_0",
    "components_when_off": "absent",
    "never": "null",
    "included_disks": "embedded",
    "provider_key": "Name",
    "entry_instance_id": "null",
    "reference_selectors": "keys_and_namespace",
    "missing_keys": "not_found",
    "parameter_order": "mof",
    "winrm_configuration": "refused",
    "empty_items": "absent",
}


def estate() -> dict[str, Any]:
    """Two sites, each with a machine of its own that is off."""
    plain = two_sites(replicated("WEB01"), replicated("SQL01"))
    for number, host in enumerate(plain["hosts"]):
        host["vms"] = [{"name": f"LAB0{number}", "disks": [{"size": "1 GiB"}]}]
    return plain


def played(stage: Stage, name: str, *arguments: str) -> Run:
    """Run a playbook of the collection where the stage's play would be."""
    stage.write("play.yml", f"- ansible.builtin.import_playbook: hyperv.replica.{name}\n")
    return stage.run("-e", f"hyperv_replica_project_dir={stage.folder}", *arguments)


def test_a_profile_is_written_from_which_a_second_simulator_does_the_same(set_stage: SetStage) -> None:
    stage = set_stage(estate(), switches=UNKNOWN)

    run = played(stage, "probe")

    assert run.code == 0, run.output
    assert run.changes == []
    path = stage.folder / "hyperv_replica_profile.yml"
    profile = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert UNKNOWN.items() <= profile["switches"].items()
    assert profile["disputed"] == {}
    with launch.start(estate(), options=["--profile", str(path)]) as second:
        assert UNKNOWN.items() <= second.estate()["switches"].items()


def test_a_host_that_differs_makes_the_switch_disputed(set_stage: SetStage) -> None:
    stage, other = set_stage(estate(), switches={"null_outputs": "nil"}), set_stage(estate())
    there = other.simulation.access
    host = other.simulation.host("HV-B")
    stage.inventory(
        of={
            "hv-b": {
                "ansible_port": host["http_port"],
                "ansible_user": there["username"],
                "ansible_password": there["password"],
            }
        }
    )

    run = played(stage, "probe", "-e", "probe_file=other.yml")

    assert run.code == 0, run.output
    profile = yaml.safe_load((stage.folder / "other.yml").read_text(encoding="utf-8"))
    assert profile["disputed"] == {"null_outputs": {"hv-a": "nil", "hv-b": "absent"}}
    assert "null_outputs" not in profile["switches"]


def test_an_estate_is_written_from_which_a_second_simulator_shows_the_same(set_stage: SetStage) -> None:
    stage = set_stage(estate(), switches=UNKNOWN, rate=0)

    run = played(stage, "capture_estate", "-e", "capture_name=ours")

    assert run.code == 0, run.output
    assert run.changes == []
    path = stage.folder / "hyperv_replica_estate.yml"
    assert stage.simulation.access["password"] not in path.read_text(encoding="utf-8")
    captured = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert captured["name"] == "ours"
    again = set_stage(captured, rate=0)
    assert UNKNOWN.items() <= again.simulation.estate()["switches"].items()
    assert looked(again) == looked(stage)
    again.simulation.set_rate(120)
    assert again.failover("WEB01").outcomes == {"WEB01": "moved"}
    assert again.runs_on("WEB01") == ["HV-B"]


def looked(stage: Stage) -> list[dict[str, Any]]:
    """What both ends show, without what only a time can tell."""
    run = stage.task(
        "hyperv_replica_info", "hv-a", peer="hv-b", gather=["state", "settings", "points", "guest", "service"]
    )
    return [_timeless(vm) for vm in sorted(run.result["vms"], key=lambda vm: str(vm["id"]))]


def _timeless(value: Any) -> Any:
    times = (
        "last_replicated",
        "last_applied",
        "last_app_consistent",
        "created",
        "power_changed",
        "on_time",
        "age_seconds",
    )
    match value:
        case dict():
            return {name: _timeless(item) for name, item in value.items() if name not in times}
        case list():
            return [_timeless(item) for item in value]
    return value
