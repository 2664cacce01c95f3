# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An unplanned failover on trial: started apart from the network, asked, then connected and committed; or undone.

Which point is tried, what its adapters were connected to, and which points were no good before, stands in the notes of
the copy, so that a run that was cut off is continued. The VM serves nobody until it is found good, so what it writes
until then is no one's; an older point is tried only as far as that was asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final, Protocol

from ansible_collections.hyperv.replica.plugins.module_utils._errors import PreconditionFailed, VerificationFailed
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.adapters import Adapter, is_called
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import Absent, End, Pair, RecoveryPoint, Side
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.states import (
    ComponentStatus,
    Power,
    ReplicationMode,
    ReplicationState,
)
from ansible_collections.hyperv.replica.plugins.module_utils._operations import (
    connecting,
    failover,
    guards,
    markers,
    steps,
)
from ansible_collections.hyperv.replica.plugins.module_utils._operations.goal import Trials
from ansible_collections.hyperv.replica.plugins.module_utils._operations.markers import Trial, Tried, trial_of
from ansible_collections.hyperv.replica.plugins.module_utils._operations.path import Leg, Task
from ansible_collections.hyperv.replica.plugins.module_utils._operations.plan import (
    Learned,
    Loses,
    Method,
    Shows,
    Step,
)

_S: Final = ReplicationState
_HERE: Final = End.DESTINATION
_REPLICA: Final = guards.RECEIVERS
_TRYING, _FALL_BACK, _GOOD = "trying", "fall_back", "good"


class Judge(Protocol):
    """Whether the guest of the VM at the destination is good; asked with every look while it is waited for."""

    @property
    def said(self) -> str:
        """What was not good when it was asked last."""

    def good(self, seen: Pair) -> bool:
        """Whether everything that was asked for is there."""


class Heartbeat:
    """The judge that nobody gave: the guest's integration services answer."""

    said = "its integration services do not answer"

    def good(self, seen: Pair) -> bool:
        """Whether they answer."""
        here = seen.destination
        guest = here.guest if isinstance(here, Side) else None
        return guest is not None and guest.heartbeat in (ComponentStatus.OK, ComponentStatus.DEGRADED)


def to_end(side: Side | Absent) -> bool:
    """Whether a trial still stands in the notes of a copy whose adapters were read."""
    return trial_of(side) is not None and isinstance(side, Side) and bool(side.settings_id) and _readable(side)


def _readable(side: Side) -> bool:
    """The adapters that the trial tells of were read, or it tells of none."""
    trial = trial_of(side)
    return trial is not None and (not trial.adapters or bool(side.adapters))


def refuse_networks(seen: Pair, trials: Trials) -> None:
    """Raise where the trial would meet production, or nothing at all; asked before it begins."""
    here = seen.destination
    if isinstance(here, Absent) or trial_of(here) is not None:
        return
    wanted = {switch for switch in trials.switches.values() if switch}
    strange = [key for key in filter(None, trials.switches) if not any(is_called(one, key) for one in here.adapters)]
    if strange:
        raise _refused(here, f"it has no adapter {', '.join(strange)}", "bad_option")
    if missing := sorted(wanted - here.networks.switches):
        raise _refused(here, f"this host has no switch {', '.join(missing)}", "bad_option")
    if production := sorted(wanted & here.networks.production):
        raise _refused(
            here,
            f"{', '.join(production)} is a switch that virtual machines of this host serve on",
            "production_network",
        )


def _refused(here: Side, found: str, kind: str) -> PreconditionFailed:
    remedy = "Give in verify_networks a switch that only trials and test copies use, or none"
    return PreconditionFailed(found, kind=kind, host=here.host, vm=here.vm_name, remedy=remedy)


def legs(trials: Trials, judge: Judge) -> tuple[Leg, ...]:
    """From a replica to a VM that was found good and is committed."""
    off = Shows(mode=_REPLICA, state=(_S.RECOVERED,), power=(Power.OFF, Power.SAVED))
    up = Shows(mode=_REPLICA, state=(_S.RECOVERED,), power=guards.UP)
    waiting = Shows(mode=_REPLICA, state=failover.FROM, power=(Power.OFF,))
    return (
        _leg(
            "which point is tried is noted",
            waiting,
            _is(None, _FALL_BACK),
            lambda s, t: _note_next(_side(s), t, trials),
        ),
        _leg("the destination takes over", waiting, _is(_TRYING), lambda s, t: _fail_over(_side(s))),
        _leg("a failover that was found is put on trial", off, _is(None), lambda s, t: _note_found(_side(s))),
        _leg(
            "an adapter is taken off the network",
            off,
            lambda s, t: _at(s, _TRYING) and bool(_to_isolate(_side(s), trials)),
            lambda s, t: _isolate(_side(s), trials),
        ),
        _leg(
            "the VM starts on trial", off, _is(_TRYING), lambda s, t: steps.start(_HERE, why="the VM starts on trial")
        ),
        _leg(
            "its guest is asked",
            up,
            lambda s, t: _asks(s, t) and not t.knows(Learned.RED),
            lambda s, t: _ask(trials),
        ),
        _leg("an older point is gone back to", up, _asks, lambda s, t: _give_up(s, t, trials, judge)),
        _leg("a VM that was no good is turned off", up, _is(_FALL_BACK), lambda s, t: _turn_off()),
        _leg("its failover is undone", off, _is(_FALL_BACK), lambda s, t: _revert()),
        _leg("that it is good is noted", up, _is(_TRYING), lambda s, t: _note_good(_side(s))),
        *ending_legs(lambda s, t: _at(s, _GOOD) or _final(s)),
        _leg(
            "the failover is committed",
            Shows(mode=_REPLICA, state=(_S.RECOVERED,), power=(Power.RUNNING,)),
            lambda s, t: t.knows(Learned.VERIFIED) or _at(s, _GOOD),
            lambda s, t: steps.commit(_HERE, why="the guest is good; the failover becomes final"),
        ),
        _forget_leg(Shows(), lambda s, t: _final(s)),
    )


def ending_legs(given: Callable[[Pair, Task], bool]) -> tuple[Leg, ...]:
    """Adapters that a trial has disconnected are put back."""
    return (
        _leg(
            "an adapter is connected again to what it was connected to before the trial",
            Shows(),
            lambda s, t: given(s, t) and to_end(s.destination) and bool(_to_reconnect(_side(s), t)),
            lambda s, t: _reconnect(_side(s), t),
        ),
    )


def leave_legs() -> tuple[Leg, ...]:
    """What a trial that is not gone on with has left: adapters, and the note."""
    return (*ending_legs(lambda s, t: True), _forget_leg(Shows(), lambda s, t: to_end(s.destination)))


def _forget_leg(shows: Shows, given: Callable[[Pair, Task], bool]) -> Leg:
    def build(seen: Pair, task: Task) -> Step:
        side = _side(seen)
        trial = trial_of(side)
        said = "".join(f"; {change}" for change in connecting.changed_since(side, trial.adapters if trial else {}))
        return _notes_step(markers.without(side.notes, markers.TRIAL), f"the note about the trial goes{said}")

    return _leg("the note about the trial goes", shows, lambda s, t: given(s, t) and to_end(s.destination), build)


def _leg(says: str, shows: Shows, given: Callable[[Pair, Task], bool], step: Callable[[Pair, Task], Step]) -> Leg:
    return Leg(says=says, destination=shows, given=given, step=step)


def _side(seen: Pair) -> Side:
    if isinstance(seen.destination, Absent):
        raise guards.absent(seen.destination, seen.vm_name)
    return seen.destination


def _is(*stages: str | None) -> Callable[[Pair, Task], bool]:
    return lambda seen, task: any(_at(seen, stage) for stage in stages)


def _at(seen: Pair, stage: str | None) -> bool:
    trial = trial_of(seen.destination)
    return (trial.stage if trial else None) == stage


def _final(seen: Pair) -> bool:
    """It is committed, or the primary already: there is nothing to try any more."""
    here = seen.destination
    return isinstance(here, Side) and (here.state is _S.COMMITTED or here.mode is ReplicationMode.PRIMARY)


def _asks(seen: Pair, task: Task) -> bool:
    """Whether it runs and was not found good yet; one that ran before anybody tried it is asked as it is."""
    return (_at(seen, _TRYING) or _at(seen, None)) and not task.knows(Learned.VERIFIED)


def _note_next(here: Side, task: Task, trials: Trials) -> Step:
    """The point that was chosen; after one that was no good, the next older one."""
    trial = trial_of(here)
    if trial is None:
        point, taken = failover.chosen_point(here, task.goal.point), failover.point_time(here, task.goal.point)
        fresh = Trial(stage=_TRYING, point=point or "", taken=_iso(taken), adapters=connecting.connections(here))
        return _note(here, fresh, "which recovery point is tried is noted, and what its adapters are connected to")
    older = next_older(here, task, trial, trials)
    if older is None:
        raise _not_good(here, trial, "no older recovery point is left")
    next_one = replace(trial, stage=_TRYING, point=older.id, taken=_iso(older.created))
    step = _note(here, next_one, f"the older recovery point of {older.created:%Y-%m-%d %H:%M:%SZ} is tried next")
    return replace(step, forgets=(Learned.RED,))


def _note_found(here: Side) -> Step:
    trial = Trial(stage=_TRYING, point="unknown", adapters=connecting.connections(here))
    return _note(
        here, trial, "it was failed over by an earlier run and not started; it is noted what it is connected to"
    )


def _note_good(here: Side) -> Step:
    trial = trial_of(here) or Trial(stage=_GOOD)
    return _note(
        here, replace(trial, stage=_GOOD), "that the guest is good is noted; it comes back to its network next"
    )


def _give_up(seen: Pair, task: Task, trials: Trials, judge: Judge) -> Step:
    here, trial = _side(seen), trial_of(seen.destination)
    if trial is None:
        raise _not_good(here, Trial(stage=_TRYING), judge.said)
    failed = replace(trial, tried=(*trial.tried, Tried(point=trial.point, taken=trial.taken, why=judge.said)))
    if next_older(here, task, failed, trials) is None:
        raise _not_good(here, failed, judge.said)
    step = _note(
        here, replace(failed, stage=_FALL_BACK), f"this recovery point is no good ({judge.said}); an older one is"
    )
    return replace(step, forgets=(Learned.RED,))


def next_older(here: Side, task: Task, trial: Trial, trials: Trials) -> RecoveryPoint | None:
    """The next recovery point that may be tried: how many and how old is what was allowed."""
    if len(trial.tried) > trials.fall_back or not trial.taken:
        return None
    taken = datetime.fromisoformat(trial.taken)
    tried = {one.point.upper() for one in trial.tried}
    older = [one for one in here.points if one.created < taken and one.id.upper() not in tried]
    point = max(older, key=lambda one: one.created, default=None)
    allowed, began = task.goal.point.max_loss, task.goal.point.outage_began or here.last_replicated
    if point is None or (allowed is not None and began is not None and began - point.created > allowed):
        return None
    return point


def _not_good(here: Side, trial: Trial, why: str) -> VerificationFailed:
    count = len(trial.tried)
    earlier = "; ".join(f"{one.taken or one.point}: {one.why}" for one in trial.tried[:-1])
    return VerificationFailed(
        f"the guest was not found good: {why}" + (f"; {count} recovery points were tried" if count > 1 else ""),
        kind="not_verified",
        host=here.host,
        vm=here.vm_name,
        cause=f"Before it: {earlier}" if earlier else "",
        remedy="It runs apart from the network and is not committed: look at its console. Run this again to ask once "
        "more, allow fall_back_to_older_points and max_data_loss more, or undo it with hyperv_replica_failover_cancel",
    )


def _fail_over(here: Side) -> Step:
    trial = trial_of(here) or Trial(stage=_TRYING)
    step = steps.initiate_failover(
        _HERE,
        trial.point or None,
        loses=Loses.WRITES,
        why="the replica takes over on trial; what the primary wrote after the recovery point is not in it",
    )
    return replace(step, forgets=(Learned.RED,))


def _to_isolate(here: Side, trials: Trials) -> list[tuple[Adapter, str, tuple[str, ...]]]:
    wanted = [(one, _switch(one, trials)) for one in here.adapters]
    listed = [(one, switch, _paths(here, switch)) for one, switch in wanted]
    return [(one, switch, paths) for one, switch, paths in listed if not connecting.is_connected_to(one, paths)]


def _switch(adapter: Adapter, trials: Trials) -> str:
    named = next((trials.switches[key] for key in filter(None, trials.switches) if is_called(adapter, key)), None)
    return trials.switches.get("", "") if named is None else named


def _paths(here: Side, switch: str) -> tuple[str, ...]:
    return (here.networks.paths[switch],) if switch in here.networks.paths else ()


def _isolate(here: Side, trials: Trials) -> Step:
    adapter, switch, paths = _to_isolate(here, trials)[0]
    why = f"connected to {switch} for the trial" if paths else "disconnected for the trial"
    return connecting.connect(_HERE, adapter, paths, switch=switch, why=why)


def _to_reconnect(here: Side, task: Task) -> list[tuple[Adapter, tuple[str, ...]]]:
    """Every adapter that is not as it was noted; one that had no connection is to have none."""
    trial = trial_of(here)
    if trial is None:
        return []
    kept = [(one, trial.adapters.get(one.id, ())) for one in here.adapters]
    return [(one, paths) for one, paths in kept if not connecting.is_connected_to(one, paths)]


def _reconnect(here: Side, task: Task) -> Step:
    adapter, paths = _to_reconnect(here, task)[0]
    return connecting.connect(_HERE, adapter, paths, why="as it was before the trial")


def _ask(trials: Trials) -> Step:
    return Step(
        host=_HERE,
        method=Method.WAIT_UNTIL_GREEN,
        limit=trials.within,
        teaches=Learned.VERIFIED,
        why="the guest is asked whether it is good, apart from its network",
    )


def _turn_off() -> Step:
    return steps.turn_off(_HERE, why="it was no good, and what it wrote served nobody", loses=Loses.WRITES)


def _revert() -> Step:
    return replace(steps.revert(_HERE), teaches=None)


def _note(here: Side, trial: Trial, why: str) -> Step:
    return _notes_step((*markers.without(here.notes, markers.TRIAL), str(trial)), why)


def _notes_step(notes: tuple[str, ...], why: str) -> Step:
    return Step(
        host=_HERE,
        method=Method.MODIFY_SYSTEM_SETTINGS,
        arguments={"Notes": notes},
        sets={"notes": notes},
        takes=timedelta(seconds=2),
        limit=timedelta(seconds=120),
        why=why,
    )


def _iso(moment: datetime | None) -> str:
    return moment.isoformat() if moment else ""
