# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a preflight makes of its findings: gates per operation, waivers, silent hosts, moves under way, and its cost."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from ansible_collections.hyperv.replica.plugins.module_utils._errors import PreconditionFailed
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.states import JobType, StartAction
from ansible_collections.hyperv.replica.plugins.module_utils._operations.plan import Consent, Target
from ansible_collections.hyperv.replica.plugins.module_utils._operations.preflight import Gate, Waiver
from ansible_collections.hyperv.replica.plugins.module_utils._operations.preflight_rules import RULES
from ansible_collections.hyperv.replica.plugins.module_utils._operations.preflight_view import Operation
from ansible_collections.hyperv.replica.plugins.module_utils._operations.verification import Result
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.jobs import Work, start_job
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.machines import Checkpoint
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.volumes import Volume
from ansible_collections.hyperv.replica.tests.unit.plugins.module_utils._operations.estate_run import (
    PROVIDER,
    START,
    Site,
    guid,
    moved,
)
from ansible_collections.hyperv.replica.tests.unit.plugins.module_utils._operations.preflight_estate import (
    fit,
    fit_estate,
)
from ansible_collections.hyperv.replica.tests.unit.plugins.module_utils._operations.preflight_run import (
    GIB,
    Preflight,
    preflight,
)

#: The rules that may stop an unplanned failover: those of the replica's side (product: preflight).
REPLICA_SIDE = {
    "wrong_peer",
    "split_brain",
    "present",
    "clustered_role",
    "mode",
    "state",
    "loss_limit",
    "power",
    "startable_disks",
    "free_space",
    "memory",
}


#: Rules that are broken by what somebody does to the source alone.
SOURCE_SIDE = {
    "state_at_peer",
    "health",
    "resync",
    "paused_critical",
    "backup",
    "unreplicated_disks",
    "shared_disks",
    "checkpoints",
    "iso",
    "free_space_at_peer",
    "authorization_home",
    "replica_server_home",
    "connection_test",
    "processor_drift",
    "vtpm",
    "start_action",
    "clock",
}


def ruin_the_source(site: Site) -> None:
    """Break whatever a preflight could look at on A, short of a running VM."""
    copy, there = site.a(), site.world.hosts["A"]
    site.act("turn_off_vm", host="A", vm=guid(1))
    site.act("lose_tracking", host="A", vm=guid(1))
    copy.critical, copy.tpm = True, True
    start_job(site.world, there, copy, Work(job_type=JobType.BACKUP_VIRTUAL_MACHINE, seconds=3600))
    copy.checkpoints = [Checkpoint(guid=guid(900), name="old", created=START, backup=True)]
    copy.isos, copy.start_action, copy.processors = ["D:\\setup.iso"], StartAction.ALWAYS, 64
    copy.disks[0].shared = True
    copy.relationship.settings.included_disks = ["nothing"]
    there.volumes = [Volume(name="C:\\", size=GIB, free=0)]
    there.replica_server.entries.clear()
    there.clock_behind = 4000.0
    site.act("set_replica_server", host="A", enabled=False)
    site.act("set_reachable", host="A", reachable=False)


def test_everything_that_is_well_blocks_nothing() -> None:
    for operation in (Operation.TEST, Operation.PLANNED, Operation.SYNC, Operation.SWITCH):
        assert preflight(Site(fit_estate()), operation).blocking == set()


def test_a_dead_primary_does_not_stop_an_unplanned_failover() -> None:
    site = Site(fit_estate())
    site.act("power_loss", host="A")

    told = preflight(site, Operation.UNPLANNED)

    assert told.blocking == set()
    assert told.result("present_at_peer") is Result.NOT_CHECKED


def test_a_dead_primary_with_every_rule_of_its_side_failing_does_not_stop_an_unplanned_failover() -> None:
    site = Site(fit_estate())
    ruin_the_source(site)
    failing = {one.rule for one in preflight(site).told if one.result is Result.FAIL}

    told = preflight(site, Operation.UNPLANNED)

    assert failing >= SOURCE_SIDE
    assert told.blocking == set()


@pytest.mark.parametrize("reason", ["", "everybody agreed"])
def test_a_live_primary_always_stops_an_unplanned_failover(reason: str) -> None:
    consents = frozenset(Consent) if reason else frozenset()

    told = preflight(Site(fit_estate()), Operation.UNPLANNED, consent=consents)

    assert told.blocking == {"split_brain"}


def test_a_primary_that_sends_is_alive_though_it_does_not_answer_the_controller() -> None:
    site = Site(fit_estate())
    site.order("refuse_connection", match={"host": "A"}, times=None)
    began = START - timedelta(hours=1)

    assert "split_brain" in preflight(site, Operation.UNPLANNED, outage_began=began).blocking


def test_only_rules_of_the_replicas_side_block_an_unplanned_failover() -> None:
    assert {rule.id for rule in RULES if rule.gates[Operation.UNPLANNED] is Gate.BLOCK} == REPLICA_SIDE


def test_each_rule_says_what_it_does_to_each_operation() -> None:
    assert all(set(rule.gates) == set(Operation) for rule in RULES)
    assert len({rule.id for rule in RULES}) == len(RULES)


def test_what_could_not_be_checked_blocks_a_planned_move_and_warns_of_others() -> None:
    told = {
        operation: preflight(Site(fit_estate(fit(tpm=True))), operation).rule("vtpm").counts
        for operation in (Operation.PLANNED, Operation.SWITCH, Operation.UNPLANNED, Operation.TEST)
    }

    assert told == {
        Operation.PLANNED: Gate.BLOCK,
        Operation.SWITCH: Gate.BLOCK,
        Operation.UNPLANNED: Gate.WARN,
        Operation.TEST: Gate.WARN,
    }


@pytest.mark.parametrize("operation", list(Operation))
def test_a_peer_that_does_not_answer_is_told_of_on_each_of_its_rules(operation: Operation) -> None:
    site = Site(fit_estate())
    site.act("power_loss", host="A")

    told = preflight(site, operation)

    assert told.rule("authorization_home").host == "a"
    assert "does not answer" in told.rule("state_at_peer").found
    assert (told.blocking == set()) is (operation in (Operation.UNPLANNED, Operation.TEST))


def test_a_preflight_without_a_peer_checks_the_destination() -> None:
    told = preflight(Site(fit_estate()), Operation.TEST, ends=("B", None))

    assert told.result("startable_disks") is Result.PASS
    assert told.rule("wrong_peer").found == "no peer was given"


def test_a_host_that_refuses_a_class_leaves_its_rules_unchecked() -> None:
    site = Site(fit_estate())
    site.order("fault", match={"host": "B", "class_name": "Win32_Volume"}, times=None)

    told = preflight(site)

    assert told.result("free_space") is Result.NOT_CHECKED
    assert told.blocking == {"free_space"}


def test_a_waived_rule_does_not_count_and_keeps_its_reason() -> None:
    site = Site(fit_estate())
    site.b().adapters[0].switch = ""

    told = preflight(site, waive=[Waiver(rule="switches", reason="no network over there", vm="vm001")])

    assert told.blocking == set()
    assert (told.rule("switches").result, told.rule("switches").waived) == (Result.FAIL, "no network over there")


def test_a_waiver_counts_for_its_own_vm_only() -> None:
    site = Site(fit_estate(fit(), fit() | {"name": "VM002", "guid": guid(2)}))
    for number in (1, 2):
        site.b(number).adapters[0].switch = ""

    told = preflight(site, vms=[guid(1), guid(2)], waive=[Waiver(rule="switches", reason="r", vm=guid(2))])

    assert {one.vm for one in told.told if one.counts is Gate.BLOCK and one.rule == "switches"} == {"VM001"}


@pytest.mark.parametrize(
    ("waiver", "says"),
    [
        (Waiver(rule="switch", reason="r"), "no rule 'switch'"),
        (Waiver(rule="switches", reason="r", vm="VM002"), "'VM002', which is not among"),
        (Waiver(rule="split_brain", reason="r"), "cannot be waived"),
        (Waiver(rule="wrong_peer", reason="r"), "cannot be waived"),
        (Waiver(rule="memory", reason="r", vm="VM001"), "about the hosts"),
    ],
)
def test_a_waiver_that_cannot_be_meant_is_refused(waiver: Waiver, says: str) -> None:
    with pytest.raises(PreconditionFailed, match=says) as refused:
        preflight(Site(fit_estate()), waive=[waiver])

    assert refused.value.kind == "bad_option"


def test_a_consent_that_the_move_is_given_is_no_finding() -> None:
    site = Site(fit_estate())
    for name in ("A", "B"):
        site.act("suspend", host=name, vm=guid(1))

    asked: dict[str, Any] = {"consent": frozenset({Consent.RESUME_SUSPENDED})}

    assert {"state", "state_at_peer"} <= preflight(site).blocking
    assert not {"state", "state_at_peer"} & preflight(site, **asked).blocking


@pytest.mark.parametrize("target", [Target.SWITCHED_OFF, Target.RUNNING, Target.PROTECTED])
def test_a_move_that_was_begun_may_go_on(target: Target) -> None:
    site = Site(fit_estate())
    site.failover(moved(target))

    assert preflight(site).blocking == set()


@pytest.mark.parametrize("kill_at", range(30, 60, 3))
def test_a_move_that_was_killed_may_go_on(kill_at: int) -> None:
    site = Site(fit_estate())
    site.kill_at = kill_at
    site.failover()
    site.kill_at = None

    assert preflight(site).blocking == set()


@pytest.mark.parametrize("more", [{}, {"provider": PROVIDER}])
def test_the_way_home_after_a_planned_failover_may_begin(more: dict[str, str]) -> None:
    site = Site(fit_estate(fit(**more)))
    site.failover()

    assert preflight(site, ends=("A", "B")).blocking == set()


def test_the_way_home_after_an_unplanned_failover_may_begin() -> None:
    site = Site(fit_estate())
    site.act("power_loss", host="A")
    site.unplanned(moved(Target.RUNNING, primary_confirmed_down="test"))
    site.act("power_return", host="A")

    told = preflight(site, ends=("A", "B"))

    assert told.blocking == set()
    assert told.rule("start_action").host == "a"


def queries(told: Preflight) -> Counter[tuple[str, str]]:
    """How often each host was asked for each class; further pages are not counted."""
    asked = (one for one in told.requests if one.action.endswith("Enumerate"))
    return Counter((one.host, one.class_name) for one in asked)


@pytest.mark.parametrize("count", [40, 300])
def test_many_vms_take_as_many_queries_as_one(count: int) -> None:
    vms: list[dict[str, Any]] = [
        fit(adapters=[{"name": "NIC", "switch": "Production", "dynamic_mac": False}])
        | {"name": f"VM{number:03}", "guid": guid(number)}
        for number in range(1, count + 1)
    ]
    one, many = (preflight(Site(fit_estate(*chosen)), vms=[vm["guid"] for vm in chosen]) for chosen in (vms[:1], vms))

    assert queries(many) == queries(one)
    assert many.blocking == set()


def test_nothing_that_a_preflight_sends_changes_anything() -> None:
    told = preflight(Site(fit_estate()))

    assert not any(request.mutating for request in told.requests)
    assert [one.method for one in told.requests if one.method == "TestReplicationConnection"] == [
        "TestReplicationConnection"
    ]
