# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the operator asked for, beside the VMs: the same for every VM of a task."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum

from ansible_collections.hyperv.replica.plugins.module_utils._operations.plan import Consent, Target


class Start(str, Enum):
    """Whether the VM is started at the destination."""

    AS_SOURCE = "as_source"
    ALWAYS = "always"
    NEVER = "never"


class Commit(str, Enum):
    """When an unplanned failover is made final."""

    NEVER = "never"
    NOW = "now"
    VERIFIED = "verified"


class OnFailure(str, Enum):
    """What is done when a move fails after the VM was shut down."""

    ROLL_BACK = "roll_back"
    START_UNPROTECTED = "start_unprotected"
    STOP = "stop"


class Strategy(str, Enum):
    """How the data comes home."""

    AUTO = "auto"
    REVERSE = "reverse"
    PROVIDER = "provider"
    NEW_COPY = "new_copy"


@dataclass(frozen=True, slots=True, kw_only=True)
class PointChoice:
    """Which recovery point an unplanned failover goes to.

    Attributes:
        wanted: ``latest``, ``latest_app_consistent``, an InstanceID or a name.
        before: the newest point that is not younger; overrides nothing when None.
        max_loss: what may be lost, measured from outage to point.
        outage_began: None measures from the last replication.
    """

    wanted: str = "latest"
    before: datetime | None = None
    max_loss: timedelta | None = None
    outage_began: datetime | None = None


class Network(str, Enum):
    """What a test copy is connected to."""

    ISOLATED = "isolated"
    CONFIGURED = "configured"
    NAMED = "named"


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyGoal:
    """What a test copy shall be like.

    Attributes:
        switches: by name or MAC address of an adapter; the empty key stands for all others.
        answers: the guest of a started one has to answer.
        stop_running: a copy that runs may be turned off to be removed.
    """

    network: Network = Network.ISOLATED
    switches: Mapping[str, str] = field(default_factory=dict)
    started: bool = False
    answers: bool = True
    stop_running: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Trials:
    """How a failover is tried before it is committed.

    Attributes:
        within: how long a started guest may take to be good.
        fall_back: how many older recovery points may be tried.
        switches: by name or MAC address of an adapter, the empty key for all others: what it is connected to on trial.
    """

    within: timedelta = timedelta(seconds=300)
    fall_back: int = 0
    switches: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """Where a task's VMs shall end, and what may happen on the way.

    Attributes:
        guest_timeout: how long a started guest may take to answer; zero asks for no answer.
        rate: how many times as fast as the controller's clock the hosts' time runs; limits are by that clock.
        switched_off_within: a VM that went off this long before the run is taken as shut down by an earlier run.
        served_before: the caller knows whether the VM served when all began; what is seen tells it when None.
        primary_confirmed_down: who says so, how, and the ticket; counts only while the peer does not answer.
        source_confirmed_off: the same for a provider's failback without a peer.
        trials: how an unplanned failover is tried where it is committed only once it is verified.
        fence_adapters: an old primary is kept from the network too.
        initiate_on_peer: InitiateFailback is called on the source's VM.
    """

    target: Target
    consent: frozenset[Consent] = frozenset()
    start: Start = Start.AS_SOURCE
    commit: Commit = Commit.NEVER
    on_failure: OnFailure = OnFailure.STOP
    strategy: Strategy = Strategy.AUTO
    turn_off_guest: bool = False
    force_shutdown: bool = False
    guest_shutdown_timeout: timedelta = timedelta(seconds=300)
    guest_timeout: timedelta = timedelta(seconds=300)
    rate: float = 1.0
    sync_timeout: timedelta = timedelta(seconds=1800)
    max_downtime: timedelta | None = None
    switched_off_within: timedelta = timedelta(seconds=3600)
    served_before: bool | None = None
    expect_source_running: bool = False
    point: PointChoice = PointChoice()
    primary_confirmed_down: str = ""
    source_confirmed_off: str = ""
    recovery_point_identifier: str | None = None
    initiate_on_peer: bool = False
    abandon_peer_copy: str = ""
    fence_adapters: bool = False
    copy: CopyGoal = field(default_factory=CopyGoal)
    trials: Trials = field(default_factory=Trials)
    reason: str = ""
