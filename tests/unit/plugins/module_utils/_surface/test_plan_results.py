# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

from ansible_collections.hyperv.replica.plugins.module_utils._surface.plan_results import merged


def vm(outcome: str, method: str, at: str, **more: Any) -> dict[str, Any]:
    """What one task said of SQL01."""
    step = {"method": method, "started": f"2026-11-20T03:{at}:00Z", "ended": f"2026-11-20T03:{at}:30Z"}
    known = {"name": "SQL01", "outcome": outcome, "error": None, "changed": True, "warnings": [], "performed": [step]}
    empty = dict.fromkeys(("outage_began", "served_at", "recovered_at", "rpo_seconds", "rescue", "before", "now"))
    return {**empty, **known, **more}


def task(*vms: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"msg": "said", "vms": list(vms), "changed": True, "exchanges": {"hv-a": 5}, "records": [1], **more}


SWITCHED = vm("moved", "InitiateShutdown", "05", outage_began="2026-11-20T03:05:00Z", rpo_seconds=0.0, before="home")
STARTED = vm("moved", "RequestStateChange", "08", served_at="2026-11-20T03:09:00Z", before="off", now="runs on hv-b")


def test_two_tasks_read_as_one_that_did_it_all() -> None:
    whole = merged([task(SWITCHED), task(STARTED)])

    (told,) = whole["vms"]
    assert [step["method"] for step in told["performed"]] == ["InitiateShutdown", "RequestStateChange"]
    assert (told["before"], told["now"], told["outcome"]) == ("home", "runs on hv-b", "moved")
    assert (told["rpo_seconds"], told["rto_from_outage"], told["execution_seconds"]) == (0.0, 240.0, 210.0)
    assert (whole["failed"], whole["summary"], whole["exchanges"]) == (False, {"moved": 1}, {"hv-a": 10})


def test_a_failure_stays_one_whatever_comes_after_it() -> None:
    failed = vm("failed", "RequestStateChange", "08", error={"kind": "probe_failed"})
    back = vm("moved", "InitiateShutdown", "20", now="runs on hv-a")

    whole = merged([task(SWITCHED), task(failed), task(back)])

    (told,) = whole["vms"]
    assert whole["failed"]
    assert (told["outcome"], told["error"]["kind"], told["now"]) == ("failed", "probe_failed", "runs on hv-a")


def test_a_task_that_ended_before_it_could_say_anything_fails_the_whole() -> None:
    whole = merged([task(SWITCHED), {"failed": True, "msg": "a hook failed"}])

    assert whole["failed"]
    assert whole["messages"] == ["said", "a hook failed"]
