# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Everything that can go wrong, sorted by what the caller may do about it.

- HyperVReplicaError
    - WireError              the bytes are not the protocol we speak
    - TransportError
        - NotDelivered       the request never reached the host: repeat freely
        - OutcomeUnknown     it may have run: look at the host before repeating
        - AccessRefused      the host did not accept who we are
    - HostRefused            the host answered, and the answer is no
        - WsmanFault         said in the SOAP envelope
        - MethodRefused      said in a WMI return code
        - JobFailed          said later, by the job the method started
    - NotAsPlanned
        - PreconditionFailed no step is legal from what was seen; none was asked for
        - VerificationFailed it was asked for, and the result is not what was expected
        - TimedOut           the deadline passed; what runs on a host runs on

``kind`` is a word that playbooks may decide by, and part of the public API. Beside the default of each class these
are used where the situation is known: wrong_peer, peer_unreachable, connection_lost, primary_alive, split_brain,
consent_needed, changed_by_other, no_such_vm, ambiguous_name, not_in_sync, access_refused, data_loss, dependency,
source_not_running, unsupported, bad_option, bad_plan.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar


@dataclass(eq=False)
class HyperVReplicaError(Exception):
    """Base of every error this collection raises on purpose.

    Attributes:
        found: what was seen, as a phrase without a full stop; so are cause, remedy and next_move.
        kind: a word callers may decide by; part of the public API.
        host: the inventory name of the machine.
        vm: the virtual machine's name, or its GUID where no name is known.
        code: the number the host gave: a return code, a job's ErrorCode or a WSManFault code.
        cause: why, as far as the reference or the host says.
        remedy: what would make it right.
        next_move: what to do now.
        detail: the host's own words, in the host's language, unchanged.
    """

    default_kind: ClassVar[str] = "error"

    found: str
    kind: str = field(default="", kw_only=True)
    host: str = field(default="", kw_only=True)
    vm: str = field(default="", kw_only=True)
    code: int | None = field(default=None, kw_only=True)
    cause: str = field(default="", kw_only=True)
    remedy: str = field(default="", kw_only=True)
    next_move: str = field(default="", kw_only=True)
    detail: str = field(default="", kw_only=True)

    def __post_init__(self) -> None:
        self.kind = self.kind or self.default_kind

    def __str__(self) -> str:
        where = " on ".join(filter(None, (self.vm, self.host)))
        number = "" if self.code is None else f" ({self.code})"
        head = ": ".join(filter(None, (where, f"{self.found}{number}")))
        said = f"The host says: {self.detail}" if self.detail else ""
        parts = (head, said, self.cause, self.remedy, self.next_move)
        return " ".join(part if part.endswith((".", "!", "?", "。")) else f"{part}." for part in parts if part)


@dataclass(eq=False)
class WireError(HyperVReplicaError):
    """What came is not the protocol we speak, or larger than we accept."""

    default_kind: ClassVar[str] = "protocol"


@dataclass(eq=False)
class TransportError(HyperVReplicaError):
    """The request or its answer was lost between the controller and the host."""

    default_kind: ClassVar[str] = "connection_lost"


@dataclass(eq=False)
class NotDelivered(TransportError):
    """The host never saw the request: it may be sent again."""

    default_kind: ClassVar[str] = "not_delivered"


@dataclass(eq=False)
class OutcomeUnknown(TransportError):
    """The host may have carried the request out: look before anything is sent again."""

    default_kind: ClassVar[str] = "outcome_unknown"


@dataclass(eq=False)
class AccessRefused(TransportError):
    """The host did not accept who we are; nothing was carried out."""

    default_kind: ClassVar[str] = "access_refused"


@dataclass(eq=False)
class HostRefused(HyperVReplicaError):
    """The host answered, and the answer is no."""

    default_kind: ClassVar[str] = "refused"


@dataclass(eq=False)
class WsmanFault(HostRefused):
    """The refusal came as a SOAP fault.

    Attributes:
        subcode: local name of the fault's subcode, such as InvalidSelectors.
        hresult: the WMI error inside, such as 0x80041010, where the host gave one.
        form: name of the element that WMI's own error came in, such as ProviderFault or MSFT_WmiError.
    """

    default_kind: ClassVar[str] = "fault"

    subcode: str = field(default="", kw_only=True)
    hresult: int | None = field(default=None, kw_only=True)
    form: str = field(default="", kw_only=True)


@dataclass(eq=False)
class MethodRefused(HostRefused):
    """The refusal came as a WMI return code.

    Attributes:
        method: the WMI method that was called.
    """

    default_kind: ClassVar[str] = "refused"

    method: str = field(default="", kw_only=True)


@dataclass(eq=False)
class JobFailed(HostRefused):
    """The refusal came later, from the job that the method started.

    Attributes:
        method: the WMI method that was called.
        job_id: InstanceID of the Msvm_ConcreteJob.
    """

    default_kind: ClassVar[str] = "job_failed"

    method: str = field(default="", kw_only=True)
    job_id: str = field(default="", kw_only=True)


@dataclass(eq=False)
class NotAsPlanned(HyperVReplicaError):
    """Both hosts answered; what they show is not what was needed."""

    default_kind: ClassVar[str] = "not_as_planned"


@dataclass(eq=False)
class PreconditionFailed(NotAsPlanned):
    """No step is legal from what was seen; none was asked for.

    Attributes:
        consent: the consents that would make a path legal; empty where none would.
    """

    default_kind: ClassVar[str] = "precondition"

    consent: tuple[str, ...] = field(default=(), kw_only=True)


@dataclass(eq=False)
class VerificationFailed(NotAsPlanned):
    """It was asked for, and the state read afterwards is not what was expected."""

    default_kind: ClassVar[str] = "verification"


@dataclass(eq=False)
class TimedOut(NotAsPlanned):
    """The deadline passed. Nothing was cancelled: what runs on a host runs on."""

    default_kind: ClassVar[str] = "timed_out"
