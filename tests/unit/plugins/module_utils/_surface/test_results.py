# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from enum import Enum

import pytest

from ansible_collections.hyperv.replica.plugins.module_utils._errors import MethodRefused, PreconditionFailed
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import (
    Absence,
    Absent,
    End,
    HostFacts,
    Pair,
    RecoveryPoint,
    Relationship,
    ReplicationSettings,
    Side,
)
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.states import (
    Power,
    ReplicationMode,
    ReplicationState,
    VirtualSystemType,
)
from ansible_collections.hyperv.replica.plugins.module_utils._operations.plan import (
    Loses,
    Method,
    Outcome,
    Performed,
    Step,
)
from ansible_collections.hyperv.replica.plugins.module_utils._surface.plain import plain
from ansible_collections.hyperv.replica.plugins.module_utils._surface.results import (
    error_result,
    run_result,
    side_result,
)
from ansible_collections.hyperv.replica.plugins.module_utils._surface.times import Run
from ansible_collections.hyperv.replica.plugins.module_utils._surface.words import where_now

VM = "8E2B4F6A-0000-4000-8000-000000000001"
NOON = datetime(2026, 11, 20, 12, 0, tzinfo=timezone.utc)


def side(host: str, power: Power, mode: ReplicationMode, state: ReplicationState) -> Side:
    relationship = Relationship(instance_id="1", state=state)
    settings = ReplicationSettings(instance_id="1", own={"Secret": "hidden"})
    facts = HostFacts(name=host, clock=NOON)
    return Side(
        host=host,
        vm_name="SQL01",
        vm_id=VM,
        power=power,
        mode=mode,
        facts=facts,
        relationship=relationship,
        settings=settings,
    )


SOURCE = side("hv-a", Power.RUNNING, ReplicationMode.PRIMARY, ReplicationState.REPLICATING)
REPLICA = side("hv-b", Power.OFF, ReplicationMode.REPLICA, ReplicationState.REPLICATING)
BEFORE = Pair(destination=REPLICA, source=SOURCE)
AFTER = Pair(
    destination=REPLICA.but(power=Power.RUNNING, mode=ReplicationMode.PRIMARY),
    source=SOURCE.but(power=Power.OFF, mode=ReplicationMode.REPLICA),
)
AWAY = Absent(host="hv-a", vm_id=VM, why=Absence.UNREACHABLE)
SHUT_DOWN = Step(host=End.SOURCE, method=Method.INITIATE_SHUTDOWN, why="the guest shuts down")
REVERSE = Step(
    host=End.DESTINATION,
    method=Method.REVERSE,
    arguments={"RecoveryServerPortNumber": 443},
    loses=Loses.RECOVERY_POINTS,
    can_be_undone=False,
    takes=timedelta(seconds=15),
    why="the direction is reversed",
)
START = Step(host=End.DESTINATION, method=Method.REQUEST_STATE_CHANGE, arguments={"RequestedState": 2}, why="started")


def performed(step: Step, begin: int, end: int, code: int = 0) -> Performed:
    started, ended = NOON + timedelta(seconds=begin), NOON + timedelta(seconds=end)
    host = BEFORE.at(step.host).host
    return Performed(step=step, host=host, started=started, ended=ended, return_code=code, job_id="J1")


MOVED = Outcome(
    before=BEFORE,
    after=AFTER,
    planned=(SHUT_DOWN, REVERSE, START),
    performed=(performed(SHUT_DOWN, 0, 20, 4096), performed(REVERSE, 20, 35), performed(START, 35, 40)),
)
PLANNED = Run(planned=True)


class Word(str, Enum):
    YES = "yes"


class Tagged(str):
    """What newer ansible-core hands over in place of a string."""


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Power.RUNNING, {"number": 2, "name": "RUNNING"}),
        (Word.YES, "yes"),
        (timedelta(minutes=2), 120.0),
        (datetime(2026, 11, 20, 13, 0, tzinfo=timezone(timedelta(hours=1))), "2026-11-20T12:00:00+00:00"),
        ((1, "a", None, True), [1, "a", None, True]),
        (frozenset({"b", "a"}), ["a", "b"]),
        ({Word.YES: (Power.OFF,)}, {"yes": [{"number": 3, "name": "OFF"}]}),
    ],
)
def test_rich_values_become_plain_ones(value: object, expected: object) -> None:
    assert plain(value) == expected


def test_a_tagged_string_becomes_an_ordinary_one() -> None:
    assert {type(value) for value in [plain(Tagged("x")), *plain({Tagged("x"): 1})]} == {str}


def test_a_time_without_an_offset_never_reaches_a_result() -> None:
    with pytest.raises(TypeError, match="offset"):
        plain(datetime(2026, 11, 20))


def test_an_object_without_a_plain_form_is_refused() -> None:
    with pytest.raises(TypeError, match="no plain form for object"):
        plain(object())


def test_what_a_dataclass_hides_from_its_repr_is_left_out() -> None:
    assert "own" not in plain(ReplicationSettings(instance_id="1", own={"a": "b"}))


def test_a_move_says_its_direction_what_it_lost_and_how_long_it_took() -> None:
    vm = run_result([MOVED], PLANNED)["vms"][0]

    assert (vm["direction"], vm["outcome"], vm["changed"]) == ("hv-a → hv-b", "moved", True)
    assert vm["rpo_seconds"] == 0.0
    assert (vm["rto_from_outage"], vm["execution_seconds"]) == (40.0, 40.0)
    assert vm["now"] == "runs on hv-b, protected (replicates to hv-a)"


def test_states_and_return_codes_carry_number_and_name() -> None:
    vm = run_result([MOVED], PLANNED)["vms"][0]

    assert vm["before"]["source"]["state"] == {"number": 3, "name": "REPLICATING"}
    assert vm["performed"][0]["return_code"]["number"] == 4096
    assert vm["performed"][0]["return_code"]["name"] != ""


def test_before_and_after_are_brief_and_the_whole_of_an_end_is_there_on_request() -> None:
    assert "settings" not in run_result([MOVED], PLANNED)["vms"][0]["before"]["source"]
    assert side_result(SOURCE, whole=True)["settings"]["interval"] == 300


def test_the_loss_of_an_unplanned_failover_is_measured_from_outage_to_point() -> None:
    point = RecoveryPoint(
        id="P1", name="p", kind=VirtualSystemType.POINT_STANDARD, created=NOON - timedelta(minutes=10)
    )
    began = NOON - timedelta(minutes=7)
    vm = run_result(
        [replace(MOVED, facts={"recovery_point": point})],
        Run(planned=False, outage_began=began, declared_at=NOON - timedelta(minutes=1)),
    )["vms"][0]

    assert vm["rpo_seconds"] == 180.0
    assert vm["point_age_seconds"] == 600.0
    assert vm["rto_from_outage"] == 7 * 60 + 40
    assert vm["rto_from_declaration"] == 60 + 40
    assert vm["recovery_point"]["id"] == "P1"


def test_a_vm_that_was_there_already_is_counted_apart_and_changes_nothing() -> None:
    result = run_result([Outcome(before=AFTER, after=AFTER, already_there=True)], PLANNED)

    assert result["summary"] == {"moved": 0, "already_there": 1, "failed": 0, "skipped": 0}
    assert (result["changed"], result["failed"], result["msg"]) == (False, False, "1 VM already there.")


def test_one_failed_vm_fails_the_task_and_its_error_and_place_stand_in_the_message() -> None:
    refused = MethodRefused("refused", code=32775, host="hv-b", vm="SQL01", method="InitiateFailover")
    result = run_result([MOVED, Outcome(before=BEFORE, after=BEFORE, error=refused, rescue="rolled_back")], PLANNED)

    assert result["failed"] is True
    assert result["msg"].startswith("1 VM moved, 1 VM failed. SQL01 on hv-b: refused (32775).")
    assert "Now: runs on hv-a, protected (replicates to hv-b) (rolled back)." in result["msg"]


def test_an_error_carries_the_fields_a_playbook_decides_by() -> None:
    error = PreconditionFailed("x", kind="consent_needed", consent=("resynchronize",), next_move="wait")

    told = error_result(error)

    assert (told["failed"], told["error"]["kind"], told["error"]["next"]) == (True, "consent_needed", "wait")
    assert told["error"]["consent"] == ["resynchronize"]


def test_check_mode_tells_the_plan_and_does_not_claim_that_anything_moved() -> None:
    result = run_result([replace(MOVED, after=BEFORE, performed=())], Run(planned=True, check_mode=True))

    assert (result["changed"], result["vms"][0]["outcome"]) == (True, "planned")
    assert result["vms"][0]["rpo_seconds"] is None


def test_the_diff_numbers_the_steps_with_host_method_arguments_and_loss() -> None:
    diff = run_result([MOVED], PLANNED)["diff"]

    assert diff["before"] == "SQL01: hv-a → hv-b: runs on hv-a, protected (replicates to hv-b)\n"
    assert diff["after"].splitlines()[0] == "SQL01: hv-a → hv-b:"
    assert diff["after"].splitlines()[2] == (
        "  2. hv-b: ReverseReplicationRelationship(RecoveryServerPortNumber=443): the direction is reversed; "
        "loses recovery points; cannot be undone; about 15 s"
    )


@pytest.mark.parametrize(
    ("seen", "line"),
    [
        (Pair(destination=REPLICA, source=AWAY), "OFF on hv-b; unknown on hv-a (unreachable)"),
        (Pair(destination=REPLICA, source=SOURCE.but(power=Power.OFF)), "off at both hv-b and hv-a"),
        (Pair(destination=REPLICA.but(power=Power.RUNNING), source=SOURCE), "RUNS ON BOTH hv-b AND hv-a"),
        (
            Pair(destination=AFTER.destination, source=AWAY),
            "runs on hv-b, sends to a replica; hv-a is unknown (unreachable)",
        ),
        (
            Pair(destination=REPLICA.but(power=Power.RUNNING, state=ReplicationState.RECOVERED), source=AWAY),
            "runs on hv-b, not protected (not replicating from here)",
        ),
    ],
)
def test_one_line_says_where_the_vm_is_now_and_what_is_unknown(seen: Pair, line: str) -> None:
    assert where_now(seen) == line


def test_a_result_is_plain_enough_for_json_and_hides_what_is_hidden() -> None:
    text = json.dumps([run_result([MOVED], PLANNED), side_result(SOURCE, whole=True)])

    assert "hidden" not in text
