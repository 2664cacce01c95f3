# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""New copies for machines of a plan: they count as transfers, and nobody is shut down before all of them are home."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from ansible_collections.hyperv.replica.plugins.module_utils._drill.occupancy import Occupancy
from ansible_collections.hyperv.replica.plugins.module_utils._drill.plan_reading import read_plan
from ansible_collections.hyperv.replica.plugins.module_utils._errors import PreconditionFailed
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.looking import Gather
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import End
from ansible_collections.hyperv.replica.plugins.module_utils._operations.crew import Crew
from ansible_collections.hyperv.replica.plugins.module_utils._operations.estimates import Estimate
from ansible_collections.hyperv.replica.plugins.module_utils._operations.goal import Strategy
from ansible_collections.hyperv.replica.plugins.module_utils._operations.looks import Looks
from ansible_collections.hyperv.replica.plugins.module_utils._operations.new_copy import NewCopy
from ansible_collections.hyperv.replica.plugins.module_utils._operations.operation import failback_of
from ansible_collections.hyperv.replica.plugins.module_utils._operations.plan import Method
from ansible_collections.hyperv.replica.plugins.module_utils._operations.relationship_settings import WantedRelationship
from ansible_collections.hyperv.replica.plugins.module_utils._operations.routes import Routes
from ansible_collections.hyperv.replica.plugins.module_utils._surface.plan_copies import (
    copies_of,
    first_copies,
    slow_copies,
)
from ansible_collections.hyperv.replica.tests.unit.plugins.module_utils._drill.conducted_run import Orchestra, asked
from ansible_collections.hyperv.replica.tests.unit.plugins.module_utils._drill.test_plan_reading import plan, vm
from ansible_collections.hyperv.replica.tests.unit.plugins.module_utils._operations.estate_run import Run, moved
from ansible_collections.hyperv.replica.tests.unit.plugins.module_utils._operations.fleet_run import fleet
from ansible_collections.hyperv.replica.tests.unit.plugins.module_utils._surface.test_plan_surface import options

GIB = 1 << 30
SERVERS = [{"home": "hv-a", "replica_server": "hv-a.example.test"}]


class Rebuilt(Orchestra):
    """All machines run on A; B, which is their home, was installed anew."""

    def __init__(self, vms: int) -> None:
        super().__init__(fleet(vms=vms, pairs=1))
        self.act("rebuild_host", host="B")
        self.act("open_replica_server", host="B", authorize="A")

    def looks(self, run: Run, routes: Routes) -> tuple[Crew, Looks]:
        crew, looks = super().looks(run, routes)
        looks.extra[End.SOURCE] |= frozenset({Gather.DISKS})
        return crew, looks


def test_first_copies_are_transfers_and_all_are_home_before_anybody_is_shut_down() -> None:
    site = Rebuilt(4)
    given = NewCopy(wanted=WantedRelationship.to_home("b.example.test"))

    run = site.conduct(
        site.members(),
        room=Occupancy(transfers={"A": 2, "B": 1}),
        goal=moved(strategy=Strategy.NEW_COPY),
        verb=lambda goal, seen: failback_of(goal, seen, given),
    )

    events = [(one.method, one.at) for one in run.journal.records if one.event == "asking"]
    begun = [at for method, at in events if method == Method.START_REPLICATION.value]
    stopped = [at for method, at in events if method == Method.INITIATE_SHUTDOWN.value]
    assert [outcome.error for outcome in run.outcomes.values()] == [None] * 4
    assert (site.sent["A"], site.received["B"]) == (1, 1)
    assert len(begun) == 4
    assert max(begun) < min(stopped)
    assert asked(run, Method.INITIATE_SHUTDOWN.value) == ["4", "3", "2", "1"]
    assert [site.runs_at(number) for number in range(1, 5)] == [["B"]] * 4
    assert (site.lost, site.split_brains) == (0, 0)


@pytest.mark.parametrize(("vms", "copied"), [(None, {"SQL01", "WEB01"}), (["WEB01"], {"WEB01"})])
def test_all_machines_of_a_task_or_the_named_ones_get_a_new_copy(vms: list[str] | None, copied: set[str]) -> None:
    whole = read_plan(plan(vm("SQL01"), vm("WEB01"), vm("APP01")))
    given = {**_given(), "vms": vms}
    asked_for = options(to="home", strategy="new_copy", new_copy=given)

    found = copies_of(whole, whole.only({"SQL01", "WEB01"}), asked_for)

    assert set(found) == copied
    assert {one.wanted.settings["RecoveryConnectionPoint"] for one in found.values()} == {"hv-a.example.test"}


@pytest.mark.parametrize(
    ("more", "given", "word"),
    [
        ({"to": "recovery"}, {}, "planned move home"),
        ({}, {"vms": ["SQL99"]}, "not in the plan: SQL99"),
        ({}, {"replica_servers": []}, "by which name replication reaches hv-a"),
        ({"strategy": "auto"}, {}, "strategy: auto"),
    ],
)
def test_new_copies_that_cannot_be_made_are_refused(more: dict[str, Any], given: dict[str, Any], word: str) -> None:
    whole = read_plan(plan(vm("SQL01")))
    asked_for = options(**{"to": "home", "strategy": "new_copy", "new_copy": {**_given(), **given}, **more})

    with pytest.raises(PreconditionFailed, match=word):
        copies_of(whole, whole, asked_for)


def test_what_the_first_copies_carry_together_is_said_and_warned_of_where_it_outlasts_the_task() -> None:
    copies = {"hv-b": {name: Estimate(size=GIB, bandwidth=GIB / 60, bandwidth_from="option") for name in ("A", "B")}}

    (line,) = first_copies(copies)
    (warning,) = slow_copies(copies, 100)

    assert "hv-b" in line
    assert "A, B: 2.0 GiB, about 2 min" in line
    assert "2 min together" in warning
    assert slow_copies(copies, 200) == []
    assert slow_copies({"hv-b": {"A": Estimate(size=GIB)}}, 1) == []
    assert timedelta(seconds=60) == copies["hv-b"]["A"].takes


def _given() -> dict[str, Any]:
    """The suboptions as the module has them, with a name for the home."""
    names = (
        "export_path import_path start_at assumed_bandwidth authentication port certificate_thumbprint interval "
        "recovery_history app_consistent_interval compression included_disks vms"
    )
    return {"first_copy": "network", "replica_servers": SERVERS, **dict.fromkeys(names.split())}
