# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import Job
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.returncodes import (
    DestroyCode,
    JobRequestCode,
    ReturnCode,
    ShutdownCode,
    facts,
    job_failure,
    refusal,
)
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.states import JobState, JobType
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.systemcodes import (
    SYSTEM_CODES,
    CimStatus,
    explain_system_codes,
)

STANDARD = [0, 4096, *range(32768, 32780)]


def test_the_numbers_are_those_of_microsofts_pages() -> None:
    assert [int(code) for code in ReturnCode] == STANDARD
    assert [int(code) for code in ShutdownCode] == [32780, 32781, 32782]
    assert [int(code) for code in JobRequestCode] == [0, 1, 2, 3, 4, 5, 6, 4096, 4097, 4098, 4099]
    assert [int(code) for code in DestroyCode] == [0, 1, 2, 3, 4, 5, 4096]
    assert [int(code) for code in CimStatus] == list(range(1, 21))


def test_each_code_of_a_failback_has_a_message_of_its_own() -> None:
    told = [facts("InitiateFailback", code) for code in STANDARD]

    assert all(known.name and known.cause and known.remedy for known in told)
    assert len({known.cause for known in told}) == len({known.remedy for known in told}) == 14
    assert len({str(refusal("InitiateFailback", code, host="h", vm="v")) for code in STANDARD}) == 14


@pytest.mark.parametrize("code", [32770, 32773, 32775])
def test_a_failback_that_the_built_in_provider_refuses_names_the_other_way(code: int) -> None:
    assert "strategy: reverse" in facts("InitiateFailback", code).remedy


@pytest.mark.parametrize("method", ["InitiateFailover", "RequestStateChange", "CommitFailover", "NewerMethod"])
@pytest.mark.parametrize("code", STANDARD)
def test_each_code_of_each_method_has_a_name_and_a_remedy(method: str, code: int) -> None:
    known = facts(method, code)

    assert known.name
    assert known.remedy


@pytest.mark.parametrize("code", [32772, 32774, 32777, 32778])
def test_what_passes_by_itself_may_be_asked_again(code: int) -> None:
    assert facts("InitiateFailover", code).retryable
    assert not facts("InitiateFailover", 32775).retryable


@pytest.mark.parametrize(
    ("method", "code", "name"),
    [
        ("InitiateShutdown", 32781, "The machine is locked and cannot be shut down without the force option"),
        ("InitiateShutdown", 32775, "Invalid state for this operation"),
        ("DestroySystem", 5, "Invalid State"),
        ("DestroySystem", 32769, "Access Denied"),
        ("Msvm_ConcreteJob.RequestStateChange", 4097, "Invalid State Transition"),
        ("Msvm_ReplicationService.RequestStateChange", 1, "Not supported"),
        ("RequestStateChange", 4, "Unknown code 4"),
        ("CommitFailover", 32781, "Unknown code 32781"),
        ("CommitFailover", -1, "Unknown code -1"),
    ],
)
def test_one_number_means_what_its_method_says(method: str, code: int, name: str) -> None:
    assert facts(method, code).name == name


def test_a_refusal_says_where_what_why_and_what_now() -> None:
    error = refusal("RevertFailover", 32775, host="hv-b", vm="SQL01", detail="Fehler 0x8009030C")

    assert str(error).startswith("SQL01 on hv-b: RevertFailover was refused: Invalid state for this operation (32775).")
    assert "Fehler 0x8009030C" in str(error)
    assert "Kerberos" in error.remedy


def test_refusals_that_are_caught_by_their_kind_have_it() -> None:
    assert refusal("CommitFailover", 32769, host="", vm="").kind == "access_refused"
    assert refusal("InitiateFailback", 32770, host="", vm="").kind == "unsupported"
    assert refusal("CommitFailover", 32775, host="", vm="").kind == "refused"


def _job(state: JobState, code: int = 0, error: str = "") -> Job:
    return Job(id="J1", type=JobType.INITIATE_FAILBACK, state=state, error_code=code, error=error)


def test_a_failed_job_with_a_number_says_what_the_number_means_to_its_method() -> None:
    error = job_failure(_job(JobState.EXCEPTION, 32775, "失敗 12029"), "InitiateFailback", "hv-a", "SQL01")

    assert (error.code, error.job_id, error.detail, error.kind) == (32775, "J1", "失敗 12029", "job_failed")
    assert error.cause == facts("InitiateFailback", 32775).cause
    assert "firewall" in error.remedy


@pytest.mark.parametrize(
    ("state", "word"),
    [(JobState.TERMINATED, "cancelled"), (JobState.KILLED, "killed"), (JobState.EXCEPTION, "failed")],
)
def test_a_failed_job_without_a_number_says_how_it_ended(state: JobState, word: str) -> None:
    error = job_failure(_job(state), "InitiateFailback", "hv-a", "SQL01")

    assert word in error.cause
    assert error.code is None


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("Anmeldung verweigert (0x8009030C).", 0x8009030C),
        ("code -2146893044 gemeldet", 0x8009030C),
        ("エラー 12030", 0x2EFE),
        ("0x00002EE7", 0x2EE7),
    ],
)
def test_numbers_in_a_message_are_explained_in_any_language(text: str, number: int) -> None:
    assert explain_system_codes(text).startswith(f"0x{number:08X}: {SYSTEM_CODES[number].means}")


@pytest.mark.parametrize("text", ["", "nothing", "host:12030", "0x12345678", "v1.12030", "112030"])
def test_other_numbers_in_a_message_are_left_alone(text: str) -> None:
    assert explain_system_codes(text) == ""


def test_a_number_that_a_message_repeats_is_explained_once() -> None:
    assert explain_system_codes("0x00002EFE (12030) 0x2EFE").count("ended abnormally") == 1
