# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the numbers mean that a method returns: name, cause and remedy of each.

``facts`` knows them per method, since one number means different things to different methods. A non-zero return code
is not a SOAP fault: it comes in an ordinary answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from typing import Final, NamedTuple

from ansible_collections.hyperv.replica.plugins.module_utils._errors import JobFailed, MethodRefused
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.hints import HINTS
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import Job
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.states import JobState
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.systemcodes import explain_system_codes


class ReturnCode(IntEnum):
    """Of all methods of Msvm_ReplicationService and most of Msvm_ComputerSystem; Microsoft's page initiatefailback."""

    COMPLETED = 0
    JOB_STARTED = 4096
    FAILED = 32768
    ACCESS_DENIED = 32769
    NOT_SUPPORTED = 32770
    STATUS_UNKNOWN = 32771
    TIMEOUT = 32772
    INVALID_PARAMETER = 32773
    SYSTEM_IN_USE = 32774
    INVALID_STATE = 32775
    INCORRECT_DATA_TYPE = 32776
    SYSTEM_NOT_AVAILABLE = 32777
    OUT_OF_MEMORY = 32778
    FILE_NOT_FOUND = 32779


class ShutdownCode(IntEnum):
    """What InitiateShutdown and InitiateReboot return beside those; page msvm-shutdowncomponent-initiateshutdown."""

    NOT_READY = 32780
    MACHINE_LOCKED = 32781
    SHUTDOWN_IN_PROGRESS = 32782


class JobRequestCode(IntEnum):
    """Msvm_ConcreteJob.RequestStateChange; page requeststatechange-msvm-concretejob."""

    COMPLETED = 0
    NOT_SUPPORTED = 1
    UNKNOWN_ERROR = 2
    TIMEOUT = 3
    FAILED = 4
    INVALID_PARAMETER = 5
    IN_USE = 6
    TRANSITION_STARTED = 4096
    INVALID_STATE_TRANSITION = 4097
    TIMEOUT_NOT_SUPPORTED = 4098
    BUSY = 4099


class DestroyCode(IntEnum):
    """Msvm_VirtualSystemManagementService.DestroySystem; that method's page. From 32768 on as ``ReturnCode``."""

    COMPLETED = 0
    NOT_SUPPORTED = 1
    FAILED = 2
    TIMEOUT = 3
    INVALID_PARAMETER = 4
    INVALID_STATE = 5
    JOB_STARTED = 4096


class ServiceCode(IntEnum):
    """RequestStateChange, StartService and StopService of Msvm_ReplicationService; those methods' pages."""

    COMPLETED = 0
    NOT_SUPPORTED = 1


#: The calls that were accepted, done or started as a job.
ACCEPTED: Final = frozenset({ReturnCode.COMPLETED, ReturnCode.JOB_STARTED})


class CodeFacts(NamedTuple):
    """What is known of one number.

    Attributes:
        name: as the documentation names it.
        cause: why, as a sentence; empty where the name says it all.
        remedy: what an operator does about it.
        retryable: it may pass by itself; asking later can help.
    """

    name: str
    cause: str = ""
    remedy: str = ""
    retryable: bool = False


_DONE: Final = CodeFacts("Completed with No Error", "The call was carried out", "Nothing to do")
_STARTED: Final = CodeFacts(
    "Method Parameters Checked - Job Started",
    "The host carries it out as a job",
    "Wait for the job; it disappears about five minutes after it ends",
)

#: Names: Microsoft's pages of Msvm_ReplicationService's methods; causes and remedies are ours.
STANDARD: Final[Mapping[int, CodeFacts]] = {
    0: _DONE,
    4096: _STARTED,
    32768: CodeFacts(
        "Failed",
        "The host gives no closer reason",
        "Read the job's error or the event log Microsoft-Windows-Hyper-V-VMMS-Admin of the host that was called; "
        "check network, storage and authentication between the two hosts",
    ),
    32769: CodeFacts(
        "Access Denied",
        "The account may not manage this virtual machine",
        "Use an account in Hyper-V Administrators or Administrators of that host, with an elevated or domain token",
    ),
    32770: CodeFacts(
        "Not Supported",
        "The host's version, the replication provider or the role of the virtual machine does not know this operation",
        "Use an operation that this provider and this version support",
    ),
    32771: CodeFacts(
        "Status is unknown",
        "The host does not know the state of the virtual machine",
        "Read the replication state on both hosts before trying again",
    ),
    32772: CodeFacts(
        "Timeout", "Something did not answer in time", "Check that the peer host is reachable and not overloaded", True
    ),
    32773: CodeFacts(
        "Invalid parameter",
        "A value was refused",
        "Check server name, port, authentication type, thumbprint, interval (30, 300, 900), history (0 to 24), and "
        "that the recovery point is still there",
    ),
    32774: CodeFacts(
        "System is in use",
        "Another operation is running on this virtual machine",
        "Wait for its job to end and repeat",
        True,
    ),
    32775: CodeFacts(
        "Invalid state for this operation",
        "Power state, replication mode or replication state does not allow this step",
        "Compare with the states that the step needs",
    ),
    32776: CodeFacts(
        "Incorrect data type",
        "A parameter or a property of an embedded instance has another CIM type on this host",
        "This is a fault of this collection: report it with the host's version",
    ),
    32777: CodeFacts(
        "System is not available",
        "The virtual machine or its storage is not available on this host",
        "Check that it is on this node and that its disks are reachable",
        True,
    ),
    32778: CodeFacts("Out of memory", "The host lacks memory", "Free memory on the host and repeat", True),
    32779: CodeFacts(
        "File not found",
        "A disk, an export folder or the file of a recovery point is missing",
        "Check the paths on that host",
    ),
}

_SHUTDOWN: Final[Mapping[int, CodeFacts]] = {
    **STANDARD,
    32780: CodeFacts(
        "The system is not ready",
        "The guest's integration services are not up",
        "Wait until the guest has booted, or turn it off",
        True,
    ),
    32781: CodeFacts(
        "The machine is locked and cannot be shut down without the force option",
        "A user's session is locked in the guest",
        "Repeat with force if unsaved work in the guest may be lost",
    ),
    32782: CodeFacts(
        "A system shutdown is in progress", "The guest is already shutting down", "Wait for it to finish", True
    ),
}

_JOB_REQUEST: Final[Mapping[int, CodeFacts]] = {
    0: _DONE,
    1: CodeFacts("Not Supported", "The job cannot be cancelled", "Let it finish"),
    2: CodeFacts("Unknown/Unspecified Error", "", "Read the job and the virtual machine's state again"),
    3: CodeFacts("Cannot complete within Timeout Period", "", "Repeat without a timeout"),
    4: CodeFacts("Failed", "The job may already be finished", "Read the job again"),
    5: CodeFacts("Invalid Parameter", "A job takes only 4 (terminate) and 5 (kill)", "Ask for one of these"),
    6: CodeFacts("In Use", "", "Repeat later", True),
    4096: CodeFacts("Method Parameters Checked - Transition Started", "", "Wait until the job has ended"),
    4097: CodeFacts("Invalid State Transition", "The job is past the point where it can be cancelled", "Let it finish"),
    4098: CodeFacts("Use of Timeout Parameter Not Supported", "", "Repeat without a timeout"),
    4099: CodeFacts("Busy", "", "Repeat later", True),
}

#: That vendor specific numbers read as in ``STANDARD`` is inferred.
_DESTROY: Final[Mapping[int, CodeFacts]] = {
    **STANDARD,
    1: CodeFacts("Not Supported", "This virtual machine cannot be removed this way", "Remove it on the host"),
    2: CodeFacts("Failed", "The host gives no closer reason", "Read the event log of the host"),
    3: CodeFacts("Timeout", "", "Repeat", True),
    4: CodeFacts(
        "Invalid Parameter", "The reference to the virtual machine is wrong or stale", "Look again and repeat"
    ),
    5: CodeFacts("Invalid State", "It is not off", "Turn the test copy off first"),
}

_SERVICE: Final[Mapping[int, CodeFacts]] = {
    0: _DONE,
    1: CodeFacts(
        "Not supported",
        "The replica service cannot be started or stopped over WMI",
        "Restart the VMMS service if it really is needed",
    ),
}

#: A method of one class as "Class.Method" where its name alone would not tell; others by their name.
_TABLES: Final[Mapping[str, Mapping[int, CodeFacts]]] = {
    "InitiateShutdown": _SHUTDOWN,
    "InitiateReboot": _SHUTDOWN,
    "Msvm_ConcreteJob.RequestStateChange": _JOB_REQUEST,
    "DestroySystem": _DESTROY,
    "Msvm_ReplicationService.RequestStateChange": _SERVICE,
    "StartService": _SERVICE,
    "StopService": _SERVICE,
}

_KINDS: Final[Mapping[int, str]] = {32769: "access_refused", 32770: "unsupported"}

#: Why a job ended, where it left no number; Microsoft's page msvm-concretejob.
_JOB_ENDS: Final[Mapping[JobState, CodeFacts]] = {
    JobState.TERMINATED: CodeFacts(
        "Terminated", "Somebody cancelled the operation", "Check the state on both hosts and repeat"
    ),
    JobState.KILLED: CodeFacts(
        "Killed", "The operation was killed; something may be left behind", "Check both hosts before repeating"
    ),
    JobState.EXCEPTION: CodeFacts(
        "Exception", "The job failed", "Read the event log Microsoft-Windows-Hyper-V-VMMS-Admin of that host"
    ),
}


def facts(method: str, code: int) -> CodeFacts:
    """Everything known of a number that a method returned; an unknown one is said to be unknown."""
    name = method.rpartition(".")[2]
    table = _TABLES.get(method) or _TABLES.get(name) or STANDARD
    known = table.get(code)
    if known is None:
        return CodeFacts(
            f"Unknown code {code}",
            f"No published page of {name or 'the method'} names this number",
            "Read the event log Microsoft-Windows-Hyper-V-VMMS-Admin of the host that was called",
        )
    hint = HINTS.get(name, {}).get(code)
    return known if hint is None or table is _JOB_REQUEST else known._replace(cause=hint.cause, remedy=hint.remedy)


def refusal(method: str, code: int, *, host: str, vm: str, detail: str = "") -> MethodRefused:
    """The error for a return code that is neither 0 nor 4096."""
    known = facts(method, code)
    return MethodRefused(
        f"{method} was refused: {known.name}",
        kind=_KINDS.get(code, ""),
        host=host,
        vm=vm,
        code=code,
        cause=known.cause,
        remedy=_together(known.remedy, explain_system_codes(detail)),
        detail=detail,
        method=method,
    )


def job_failure(job: Job, method: str, host: str, vm: str) -> JobFailed:
    """The error for a job that ended and did not succeed.

    That ErrorCode carries the numbers of ReturnValue is inferred; where it does not, the job's state speaks.
    """
    ended = _JOB_ENDS.get(job.state, CodeFacts(job.state.name))
    known = facts(method, job.error_code) if job.error_code else ended
    name = known.name if known is ended else f"{ended.name}, {known.name}"
    return JobFailed(
        f"the job of {method} failed: {name}",
        host=host,
        vm=vm,
        code=job.error_code or None,
        cause=known.cause,
        remedy=_together(known.remedy, explain_system_codes(job.error)),
        detail=job.error,
        method=method,
        job_id=job.id,
    )


def _together(remedy: str, explained: str) -> str:
    return ". ".join(filter(None, (remedy, explained)))
