# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From a task's options to a goal, once; what cannot be read is refused before any host is asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from ansible_collections.hyperv.replica.plugins.module_utils._errors import PreconditionFailed
from ansible_collections.hyperv.replica.plugins.module_utils._operations.goal import (
    Commit,
    CopyGoal,
    Goal,
    Network,
    OnFailure,
    PointChoice,
    Start,
    Strategy,
    Trials,
)
from ansible_collections.hyperv.replica.plugins.module_utils._operations.plan import Consent, Target
from ansible_collections.hyperv.replica.plugins.module_utils._values import duration, moment

Options = Mapping[str, Any]

FROM_LAST_REPLICATION = "from_last_replication"


def failback_goal(options: Options) -> Goal:
    """Home by reverse or by provider."""
    return Goal(
        target=Target(options["state"]),
        strategy=Strategy(options["strategy"]),
        on_failure=OnFailure(options["on_failure"]),
        recovery_point_identifier=options["recovery_point_identifier"],
        source_confirmed_off=options["source_confirmed_off"] or "",
        initiate_on_peer=options["initiate_on"] == "peer",
        **_move(options),
        **_common(options),
    )


def failover_goal(options: Options) -> Goal:
    """To the replica host, with or without its primary."""
    unplanned = options["mode"] == "unplanned"
    target = options["state"] or (Target.RUNNING if unplanned else Target.PROTECTED)
    if unplanned and Target(target).rank < Target.RUNNING.rank:
        raise PreconditionFailed(
            f"state: {Target(target).value} needs a primary that answers",
            kind="bad_option",
            remedy="Give state: running or protected with mode: unplanned",
        )
    _refuse_idle_trial(options, unplanned=unplanned)
    return Goal(
        target=Target(target),
        on_failure=OnFailure(options["on_failure"]),
        trials=Trials(
            within=timedelta(seconds=options["verify_within"]),
            fall_back=options["fall_back_to_older_points"],
            switches=_switches(options["verify_networks"], "verify_networks"),
        ),
        commit=Commit(options["commit"]) if unplanned else Commit.NEVER,
        point=_point(options) if unplanned else PointChoice(),
        primary_confirmed_down=options["primary_confirmed_down"] or "",
        **_move(options),
        **_common(options),
    )


def cancel_goal(options: Options) -> Goal:
    """Back to the primary."""
    return Goal(target=Target.SYNCED, start=Start(options["start_source"]), **_common(options))


def power_goal(options: Options) -> Goal:
    """On, off or saved where it is."""
    return Goal(
        target=Target.RUNNING,
        abandon_peer_copy=options["abandon_peer_copy"] or "",
        force_shutdown=options["force"],
        **_common(options),
    )


def test_failover_goal(options: Options) -> Goal:
    """A test copy as asked for; what contradicts itself is refused."""
    made = options["state"] == "present"
    asked = ("start", "probes", "network", "test_networks", "recovery_point_before")
    if not made and (odd := [name for name in asked if options[name]]):
        raise _contradiction(f"{', '.join(odd)} with state: absent", "Leave them out, or give state: present")
    if made and (options["stop_running"] or options["orphan_ids"]):
        raise _contradiction("stop_running or orphan_ids with state: present", "They belong to state: absent")
    if options["orphan_ids"] and options["orphans"] == "keep":
        raise _contradiction("orphan_ids without orphans: remove", "Say both, and these test copies are removed")
    if options["probes"] and not options["start"]:
        raise _contradiction("probes without start: true", "A test copy that is off answers nothing")
    before = options["recovery_point_before"]
    point = PointChoice(
        wanted=options["recovery_point"],
        before=None if before is None else moment(before, option="recovery_point_before"),
    )
    return Goal(
        target=Target.RUNNING,
        point=point,
        guest_timeout=timedelta(seconds=options["guest_timeout"]),
        copy=_copy(options),
    )


def _copy(options: Options) -> CopyGoal:
    named = options["test_networks"] or []
    return CopyGoal(
        network=Network.NAMED if named else Network(options["network"] or "isolated"),
        switches=_switches(named, "test_networks"),
        started=options["start"],
        answers=options["heartbeat"],
        stop_running=options["stop_running"],
    )


def _switches(named: Sequence[Options] | None, option: str) -> dict[str, str]:
    """Switch by adapter; the empty key stands for all others."""
    keys = [(network["adapter"] or "").strip() for network in named or ()]
    if len({key.casefold() for key in keys}) < len(keys):
        raise _contradiction(f"two {option} for one adapter", "Give each adapter once; at most one without adapter")
    return {key: network["switch"] for key, network in zip(keys, named or (), strict=True)}


def _refuse_idle_trial(options: Options, *, unplanned: bool) -> None:
    """Refuse what would have no effect, or never could be good, before any host is asked."""
    given = [name for name in ("fall_back_to_older_points", "verify_networks", "probes") if options[name]]
    verified = unplanned and options["commit"] == Commit.VERIFIED.value
    if given and not verified:
        raise _contradiction(
            f"{' and '.join(given)} without commit: verified", "They belong to mode: unplanned with commit: verified"
        )
    if not verified:
        return
    if options["start"] == Start.NEVER.value:
        raise _contradiction("commit: verified with start: never", "A VM that is off cannot be verified")
    if options["fall_back_to_older_points"] < 0:
        raise _contradiction("fall_back_to_older_points is negative", "Give 0 or more")
    asked = [
        kind for probe in options["probes"] or () for kind in ("tcp", "http", "dns") if probe.get(kind) is not None
    ]
    if asked and not options["verify_networks"] and not options["simulated_guests"]:
        raise _contradiction(
            f"a {asked[0]} probe of a VM that is connected to nothing",
            "Give in verify_networks a test switch that the controller reaches, or probe heartbeat and addresses only",
        )


def _contradiction(found: str, remedy: str) -> PreconditionFailed:
    return PreconditionFailed(found, kind="bad_option", remedy=remedy)


def _move(options: Options) -> dict[str, Any]:
    downtime = options["max_downtime"]
    return {
        "start": Start(options["start"]),
        "sync_timeout": timedelta(seconds=options["sync_timeout"]),
        "max_downtime": None if downtime is None else timedelta(seconds=downtime),
        "switched_off_within": timedelta(seconds=options["timeout"]),
        "expect_source_running": options["expect_source_running"],
        "fence_adapters": options["fence_adapters"],
    }


def _common(options: Options) -> dict[str, Any]:
    consent = frozenset(Consent(word) for word in options["consent"] or ())
    if consent and not (options["reason"] or "").strip():
        raise PreconditionFailed(
            "consent was given without a reason",
            kind="bad_option",
            remedy="Say who wants it and why with reason; it goes into the record",
        )
    return {
        "consent": consent,
        "reason": options["reason"] or "",
        "turn_off_guest": options["if_guest_stays_up"] == "turn_off",
        "guest_shutdown_timeout": timedelta(seconds=options["guest_shutdown_timeout"]),
        "guest_timeout": timedelta(seconds=options["guest_timeout"]),
    }


def _point(options: Options) -> PointChoice:
    began, before = options["outage_began"], options["recovery_point_before"]
    return PointChoice(
        wanted=options["recovery_point"],
        before=None if before is None else moment(before, option="recovery_point_before"),
        max_loss=duration(options["max_data_loss"], option="max_data_loss"),
        outage_began=None if began == FROM_LAST_REPLICATION else moment(began, option="outage_began"),
    )
