# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""hyperv_replica_server as playbooks use it, against simulated hosts."""

from __future__ import annotations

from typing import Any

from ansible_collections.hyperv.replica.tests.integration.playbook.stage import Stage

LISTED: dict[str, Any] = {
    "enabled": True,
    "authentication": "kerberos",
    "http_port": 8080,
    "entries": [{"primary": "hv-c.example.test", "storage": "E:\\Replica"}],
}


def test_check_mode_plans_what_the_run_does_and_a_second_run_does_nothing(stage: Stage) -> None:
    stage.inventory("winrm", "https", "basic")
    planned = stage.task("hyperv_replica_server", "hv-b", arguments=["--check", "--diff"], **LISTED)
    done = stage.task("hyperv_replica_server", "hv-b", **LISTED)
    again = stage.task("hyperv_replica_server", "hv-b", **LISTED)

    assert (planned.code, planned.changes, planned.result["outcome"]) == (0, [], "planned"), planned.output
    assert "AddAuthorizationEntry(AllowedPrimaryHostSystem=hv-c.example.test" in planned.output
    assert done.changes == ["ModifyServiceSettings", "AddAuthorizationEntry"]
    assert [step["method"] for step in done.result["performed"]] == [step["method"] for step in planned.result["plan"]]
    assert done.result["after"]["http_port"] == 8080
    assert (again.result["changed"], again.result["outcome"], again.changes) == (False, "already_there", [])


def test_a_refusal_is_a_failure_with_its_kind(stage: Stage) -> None:
    run = stage.task("hyperv_replica_server", "hv-b", certificate_subject="hv-b.example.test")

    assert (run.status, run.result["error"]["kind"], run.changes) == ("failed", "bad_option", [])
