# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From any sequence of 200 tasks and accidents: no second run changes anything, no plan differs from what is done,
and nothing is lost that was not consented to.

``HYPERV_REPLICA_SEQUENCES`` asks for more sequences than there is time for in continuous integration.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Collection
from typing import Any, Final

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ansible_collections.hyperv.replica.plugins.module_utils._errors import TimedOut
from ansible_collections.hyperv.replica.plugins.module_utils._operations.goal import OnFailure
from ansible_collections.hyperv.replica.plugins.module_utils._operations.plan import (
    Consent,
    Loses,
    Method,
    Step,
    Target,
)
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.switches import NUMBER, SWITCHES
from ansible_collections.hyperv.replica.tests.unit.plugins.module_utils._operations.estate_run import (
    Site,
    estate,
    host,
    vm,
)
from ansible_collections.hyperv.replica.tests.unit.plugins.module_utils._operations.play import Played, Task, play

LENGTH: Final = 200
SEQUENCES: Final = int(os.environ.get("HYPERV_REPLICA_SEQUENCES", "4"))

Move = tuple[str, Any]

EVERY_CONSENT: Final = {"consent": [one.value for one in Consent], "reason": "any sequence"}
consents = st.sampled_from([{}, EVERY_CONSENT])
relationship_consents = st.sampled_from(
    [{}, {"consent": ["resynchronize", "discard_old_primary_data"], "reason": "any sequence"}]
)
ends = st.sampled_from([("A", "B"), ("B", "A")])
UNPLANNED: Final = {
    "mode": "unplanned",
    "max_data_loss": "7d",
    "outage_began": "from_last_replication",
    "primary_confirmed_down": "by the sequence",
}
FAST: Final = {"guest_timeout": 120, "timeout": 6 * 3600}


def tasks(module: str, options: st.SearchStrategy[dict[str, Any]], *, peer: bool = True) -> st.SearchStrategy[Move]:
    def made(where: tuple[str, str], given: dict[str, Any]) -> Move:
        named = {"peer": where[1]} if peer else {}
        return "task", Task(module=module, home=where[0], away=where[1] if peer else None, options={**named, **given})

    return st.builds(made, ends, options)


def mixed(*parts: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    return st.tuples(*parts).map(lambda found: {name: value for part in found for name, value in part.items()})


def one_of(name: str, *values: Any) -> st.SearchStrategy[dict[str, Any]]:
    return st.sampled_from([{} if value is None else {name: value} for value in values])


TASKS: Final = st.one_of(
    tasks(
        "failover",
        mixed(
            st.just({"mode": "planned", **FAST}),
            one_of("state", None, *(target.value for target in Target)),
            one_of("on_failure", *(choice.value for choice in OnFailure)),
            consents,
        ),
    ),
    tasks(
        "failover",
        mixed(
            st.just({**UNPLANNED, **FAST}),
            one_of("state", "running", "protected"),
            one_of("commit", "never", "now", "verified"),
            consents,
        ),
    ),
    tasks(
        "failback",
        mixed(
            st.just(FAST),
            one_of("state", None, *(target.value for target in Target)),
            one_of("strategy", "auto", "reverse", "provider"),
            one_of("on_failure", *(choice.value for choice in OnFailure)),
            consents,
        ),
    ),
    tasks("cancel", mixed(st.just(FAST), one_of("start_source", "always", "never"), consents)),
    tasks("power", mixed(one_of("state", "running", "off", "saved"), consents)),
    tasks(
        "relationship",
        mixed(
            one_of(
                "state",
                "present",
                "replicating",
                "suspended",
                "resynchronized",
                "resynchronization_cancelled",
                "first_copy_stopped",
            ),
            one_of("recovery_history", None, 0, 3),
            one_of("interval", None, 300, 900),
            one_of("compression", None, True, False),
            relationship_consents,
        ),
    ),
    tasks("test_failover", one_of("start", None, True).map(lambda more: {"state": "present", **more}), peer=False),
    tasks("test_failover", st.just({"state": "absent", "stop_running": True}), peer=False),
    tasks(
        "network",
        st.sampled_from(
            [
                {"adapters": [{"vm": "VM001", "test_switch": "Bubble"}]},
                {"adapters": [{"vm": "VM001", "failover": {"addresses": ["192.0.2.10/24"]}}]},
                {"adapters": [{"vm": "VM001", "failover": {"dhcp": True}}]},
            ]
        ),
        peer=False,
    ),
)
ACCIDENTS: Final = st.one_of(
    tasks("relationship", mixed(one_of("state", "absent"), st.sampled_from([{}, {"even_if_failed_over": True}]))),
    st.tuples(st.just("cut"), st.sampled_from(["cut_before", "cut_after", "refuse_connection", "html"])),
    st.tuples(st.just("kill"), st.integers(1, 60)),
    st.tuples(st.just("outage"), st.sampled_from(["A", "B"])),
    st.tuples(st.just("lose_power"), st.sampled_from(["A", "B"])),
    st.tuples(
        st.just("deed"),
        st.tuples(
            st.sampled_from(
                ["start_vm", "turn_off_vm", "save_vm", "suspend", "resume", "lose_tracking", "stop_guest_answering"]
            ),
            st.sampled_from(["A", "B"]),
        ),
    ),
    st.just(("cut_link", None)),
)
MOVES: Final = st.one_of(
    st.tuples(st.just("wait"), st.sampled_from([30, 400, 4000])),
    TASKS,
    TASKS,
    TASKS,
    TASKS,
    st.sampled_from([("restore", None), ("mend", None), ("restore", None)]),
    st.sampled_from([("restore", None), ("mend", None), ("restore", None)]),
    ACCIDENTS,
)
VALUES: Final = {
    name: st.sampled_from([value for value in switch.values if value != NUMBER]) for name, switch in SWITCHES.items()
}


@settings(
    max_examples=SEQUENCES,
    derandomize="HYPERV_REPLICA_SEQUENCES" not in os.environ,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
    print_blob=False,
)
@given(
    st.lists(MOVES, min_size=LENGTH, max_size=LENGTH),
    st.fixed_dictionaries({}, optional=VALUES),
)
def test_any_sequence_keeps_its_promises(moves: list[Move], switches: dict[str, str]) -> None:
    story = Story(switches)
    for move in moves:
        story.goes_on(move)


def _on_demand(step: Step, planned: Collection[Method]) -> bool:
    """A host may ask for more on the way, by what nobody has documented: the plan says so, or a consent by name."""
    return step.contingent or (bool(step.consent) and step.method not in planned)


class Story:
    """One sequence on one site, and what must hold after each move."""

    def __init__(self, switches: dict[str, str]) -> None:
        adapter = {"name": "LAN", "switch": "Production"}
        hosts = [host(name, other, switches=["Production", "Bubble"]) for name, other in (("A", "B"), ("B", "A"))]
        pair = vm(adapters=[adapter], replica_switch="Production", recovery_history=2)
        self.site = Site(estate(pair, hosts=hosts), **switches)
        self.site.poll = 60.0
        self.told: list[str] = []
        self.broken_for = 0

    def goes_on(self, move: Move) -> None:
        """What breaks is whole again after a few moves."""
        self.broken_for = 0 if self._calm() else self.broken_for + 1
        if self.broken_for > 3:
            self.mend(None)
        kind, what = move
        self.told.append(str(what if kind == "task" else move))
        if kind == "task":
            self.task(what)
        else:
            getattr(self, kind)(what)

    # -- accidents

    def wait(self, seconds: float) -> None:
        self.site.wait(seconds)

    def mend(self, _what: object) -> None:
        """Everything answers again, and what was ordered does not come."""
        self.site.world.trouble.clear()
        self.site.kill_at = None
        for name in self.site.world.hosts:
            self.site.act("power_return", host=name)
        self.site.act("connect", one="A", other="B")
        for name in ("A", "B"):
            self.deed(("let_guest_answer", name))
        self.site.wait(700)

    def restore(self, _what: object) -> None:
        """It runs somewhere and is protected there, as somebody would see to after all that."""
        self.mend(None)
        serving = self.site.runs_at() or ["A"]
        home, away = serving[0], "B" if serving[0] == "A" else "A"
        if len(serving) > 1:
            self.deed(("turn_off_vm", away))
        protect = Task(
            module="relationship",
            home=home,
            away=away,
            options={
                "peer": away,
                "replica_server": f"{away.lower()}.example.test",
                "first_copy": "existing",
                "consent": ["resynchronize", "discard_old_primary_data"],
                "reason": "any sequence",
            },
        )
        reverse = {"peer": away, **UNPLANNED, **FAST, "state": "protected", **EVERY_CONSENT}
        self.task(Task(module="failover", home=home, away=away, options=reverse))
        self.task(protect)
        self.task(Task(module="power", home=home, away=away, options={"peer": away, "state": "running"}))

    def cut(self, kind: str) -> None:
        self.site.order(kind, match={"mutating": True}, times=1)

    def kill(self, number: int) -> None:
        self.site.kill_at = number

    def lose_power(self, name: str) -> None:
        self.site.act("power_loss", host=name)

    def outage(self, name: str) -> None:
        self.site.act("power_loss", host=name)
        self.site.wait(60)
        self.site.act("power_return", host=name)
        self.site.wait(120)

    def cut_link(self, _what: object) -> None:
        self.site.act("disconnect", one="A", other="B")

    def deed(self, what: tuple[str, str]) -> None:
        name, where = what
        with contextlib.suppress(ValueError):  # somebody tries, and the host does not let him
            self.site.act(name, host=where, vm="VM001")
        self.site.wait(60)

    # -- tasks

    def task(self, task: Task) -> None:
        """In check mode, in earnest, and once more."""
        calm = self._calm()
        kill, self.site.kill_at = self.site.kill_at, None
        checked = play(self.site, task, check=True)
        assert checked.run.mutations == [], self._say("check mode sent", task, checked)
        lost, split = self.site.lost, self.site.split_brains
        self.site.kill_at = kill
        done = play(self.site, task)
        self.site.kill_at = None
        self._keeps_data(task, checked, done, self.site.lost - lost, self.site.split_brains - split)
        if not calm:
            self.site.world.trouble.clear()
            return
        self._does_what_was_planned(task, checked, done)
        if done.error is None and self._calm():
            again = play(self.site, task)
            assert again.run.mutations == [], self._say("a second run changed something", task, again)
            assert again.error is None, self._say("a second run failed", task, again)

    def _calm(self) -> bool:
        """Nothing is broken and nothing is ordered, so what is reached stays."""
        world = self.site.world
        hosts = [*world.hosts.values()]
        answers = all(copy.guest.answers for there in hosts for copy in there.vms.values())
        linked = world.linked(hosts[0], hosts[1])
        return linked and answers and not [*world.trouble] and self.site.kill_at is None

    def _keeps_data(self, task: Task, checked: Played, done: Played, lost: int, split: int) -> None:
        steps = [one.step for one in (done.run.one.performed if done.run.outcomes else ())]
        if done.run.killed and checked.run.outcomes:
            steps = [*checked.run.one.planned]
        if any(step.consent for step in steps):
            given = set(task.options.get("consent", ()))
            asked = {consent.value for step in steps for consent in step.consent}
            assert asked <= given, self._say(f"no consent to {asked - given}", task, done)
        destroys = any(step.loses in (Loses.WRITES, Loses.SAVED_STATE) for step in steps)
        assert destroys or lost == 0, self._say(f"{lost} writes are lost", task, done)
        started = "RequestStateChange" in done.run.executed
        assert not (started and split), self._say("two copies run", task, done)

    def _does_what_was_planned(self, task: Task, checked: Played, done: Played) -> None:
        if checked.error is not None:
            assert done.run.mutations == [], self._say(f"check mode said {checked.error}", task, done)
            return
        if done.error is not None:
            assert isinstance(done.error, TimedOut) or done.run.mutations, self._say("not foreseen", task, done)
            return
        planned = [step for step in checked.run.one.planned if step.method.mutates and not step.contingent]
        asked_for = {step.method for step in planned}
        performed = [
            one.step
            for one in done.run.one.performed
            if one.step.method.mutates and one.outcome in ("done", "unknown") and not _on_demand(one.step, asked_for)
        ]
        assert [(one.host, one.method) for one in performed] == [(one.host, one.method) for one in planned], self._say(
            f"planned were {[one.method.value for one in planned]}", task, done
        )

    def _say(self, what: str, task: Task, played: Played) -> str:
        shown = (
            self.site.shown()
            if all("VM001" in [v.name for v in h.vms.values()] for h in self.site.world.hosts.values())
            else ""
        )
        return "\n".join(
            [
                what,
                f"{task}",
                f"error: {played.error}",
                f"sent: {played.run.mutations}",
                f"now: {shown}",
                *self.told[-8:],
            ]
        )
