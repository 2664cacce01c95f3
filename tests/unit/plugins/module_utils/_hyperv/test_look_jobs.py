# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.looking import Gather
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.states import (
    JobState,
)
from ansible_collections.hyperv.replica.tests.unit.plugins.module_utils._hyperv.scripted_host import (
    SQL01,
    WEB01,
    Row,
    ScriptedHost,
    error_text,
    estate,
    open_host,
    reference,
    vm,
)


def _job(job_id: str, state: int = 4, **more: object) -> Row:
    return {"InstanceID": job_id, "JobType": 97, "JobState": state, "PercentComplete": 50, "ErrorCode": 0, **more}  # type: ignore[dict-item]


def _link(job_id: str, vm_id: str) -> Row:
    return {
        "AffectedElement": reference("Msvm_ComputerSystem", CreationClassName="Msvm_ComputerSystem", Name=vm_id),
        "AffectingElement": reference("Msvm_ConcreteJob", InstanceID=job_id),
    }


def test_jobs_are_linked_to_their_vm_by_the_association() -> None:
    rows = estate(
        vm(SQL01, "SQL01"),
        vm(WEB01, "WEB01"),
        Msvm_ConcreteJob=[_job("J1"), _job("J2", JobType=4711), _job("J3")],
        Msvm_AffectedJobElement=[_link("J1", SQL01), _link("J2", WEB01)],
    )

    sides = open_host(ScriptedHost(rows)).look([Gather.JOBS]).sides

    assert [job.id for job in sides[SQL01].jobs] == ["J1"]
    assert [job.type for job in sides[WEB01].jobs] == [4711]


def _failing() -> tuple[ScriptedHost, Row]:
    rows = estate(vm(SQL01, "SQL01"), Msvm_ConcreteJob=[], Msvm_AffectedJobElement=[])
    started: Row = {"Job": reference("Msvm_ConcreteJob", InstanceID="J1"), "ReturnValue": 4096}
    return ScriptedHost(
        rows,
        {
            "CommitFailover": [started],
            "GetErrorEx": [{"Errors": [error_text("Zugriff verweigert: 測試")], "ReturnValue": 0}],
        },
    ), started


def test_an_own_job_that_failed_is_asked_for_its_errors_once_though_no_association_links_it() -> None:
    script, _started = _failing()
    host = open_host(script)
    host.perform(host.look([]).sides[SQL01], "CommitFailover", {})
    script.rows["Msvm_ConcreteJob"] = [_job("J1", 10, ErrorCode=32775)]
    host.look([Gather.JOBS])

    job = host.look([Gather.JOBS]).sides[SQL01].jobs[0]

    assert (job.state, job.error, job.error_code) == (JobState.EXCEPTION, "Zugriff verweigert: 測試", 32775)
    assert len(script.called("GetErrorEx")) == 1


def test_a_failed_job_of_somebody_else_is_not_asked_for_its_errors() -> None:
    script, _started = _failing()
    script.rows["Msvm_ConcreteJob"] = [_job("J9", 10, ErrorDescription="kaputt")]
    script.rows["Msvm_AffectedJobElement"] = [_link("J9", SQL01)]

    job = open_host(script).look([Gather.JOBS]).sides[SQL01].jobs[0]

    assert (job.error, script.called("GetErrorEx")) == ("kaputt", [])


def test_an_own_job_of_another_class_is_found_in_that_class() -> None:
    script, started = _failing()
    script.answers["CommitFailover"] = [{**started, "Job": reference("Msvm_StorageJob", InstanceID="J1")}]
    script.rows["Msvm_StorageJob"] = [_job("J1")]
    host = open_host(script)
    begun = host.perform(host.look([]).sides[SQL01], "CommitFailover", {})

    jobs = host.look([Gather.JOBS]).sides[SQL01].jobs

    assert (begun.job_id, begun.job_class) == ("J1", "Msvm_StorageJob")
    assert [job.id for job in jobs] == ["J1"]
