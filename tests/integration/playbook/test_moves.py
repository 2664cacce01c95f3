# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Real ansible-playbook runs: virtual machines go over and come home, and a run with nothing to do does nothing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator import launch
from ansible_collections.hyperv.replica.tests.integration.playbook.conftest import SetStage
from ansible_collections.hyperv.replica.tests.integration.playbook.estates import (
    AWKWARD,
    FOREIGN,
    by_provider,
    replicated,
    two_sites,
)
from ansible_collections.hyperv.replica.tests.integration.playbook.stage import Run, Stage

WAYS = [
    ("psrp", "http", "ntlm"),
    ("winrm", "http", "ntlm"),
    ("psrp", "https", "basic"),
    ("winrm", "https", "basic"),
    ("psrp", "https", "certificate"),
    ("winrm", "https", "certificate"),
]


def steps(vm: dict[str, object], which: str) -> list[tuple[str, str]]:
    listed = vm[which]
    return [(step["host"], step["method"]) for step in listed if step["mutates"]] if isinstance(listed, list) else []


@pytest.mark.parametrize(("connection", "scheme", "auth"), WAYS)
def test_vms_go_over_and_come_home_by_either_strategy_and_a_second_run_changes_nothing(
    set_stage: SetStage, connection: str, scheme: str, auth: str
) -> None:
    stage = set_stage(two_sites(replicated("WEB01"), by_provider("PRV01")))
    stage.inventory(connection, scheme, auth)

    over = stage.failover("WEB01", "PRV01")
    there = [stage.runs_on(name) for name in ("WEB01", "PRV01")]
    home = stage.failback("WEB01", "PRV01")
    again = stage.failback("WEB01", "PRV01")

    assert over.outcomes == {"WEB01": "moved", "PRV01": "moved"}
    assert there == [["HV-B"], ["HV-B"]]
    assert home.outcomes == {"WEB01": "moved", "PRV01": "moved"}
    assert [vm["strategy"] for vm in home.result["vms"]] == ["reverse", "provider"]
    assert [stage.runs_on(name) for name in ("WEB01", "PRV01")] == [["HV-A"], ["HV-A"]]
    assert stage.lossless()
    assert again.outcomes == {"WEB01": "already_there", "PRV01": "already_there"}
    assert (again.result["changed"], again.changes) == (False, [])


def test_check_mode_prints_the_plan_that_the_real_run_performs_step_for_step(stage: Stage) -> None:
    for real_run in (stage.failover, stage.failback):
        check = real_run("WEB01", arguments=["--check", "--diff"])
        real = real_run("WEB01")

        planned = steps(check.vm, "plan")
        assert check.changes == []
        assert check.result["changed"] is True
        assert planned
        assert steps(real.vm, "plan") == planned
        assert steps(real.vm, "performed") == planned
        assert_in_order([method for _rest, method in planned], check.output)


def assert_in_order(words: list[str], text: str) -> None:
    at = 0
    for word in words:
        assert word in text[at:]
        at = text.index(word, at) + len(word)


def test_a_plan_by_provider_is_what_the_run_performs_too(set_stage: SetStage) -> None:
    stage = set_stage(two_sites(by_provider("PRV01")))
    stage.failover("PRV01")

    check = stage.failback("PRV01", arguments=["--check", "--diff"])
    real = stage.failback("PRV01")

    assert check.changes == []
    assert steps(real.vm, "performed") == steps(check.vm, "plan")


@pytest.fixture(scope="module")
def english(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[object]]:
    """What a round gives where both hosts speak English."""
    with launch.start(two_sites(replicated("WEB01")), rate=120.0, idle_timeout=300.0) as simulation:
        yield _round(Stage(tmp_path_factory.mktemp("english"), simulation))


@pytest.mark.parametrize(("home", "away"), [("de-DE", "fr-FR"), ("it-IT", "zh-TW"), ("ja-JP", "de-DE")])
def test_hosts_of_any_display_language_give_the_same_results(
    set_stage: SetStage, english: list[object], home: str, away: str
) -> None:
    estate = two_sites(replicated("WEB01"))
    for host, language in zip(estate["hosts"], (home, away), strict=True):
        host["language"] = language

    assert _round(set_stage(estate)) == english


def _round(stage: Stage) -> list[object]:
    return [_outline(stage.failover("WEB01")), _outline(stage.failback("WEB01"))]


def _outline(run: Run) -> list[object]:
    ends = [(end["state"], end["mode"], end["power"]) for end in run.vm["after"].values()]
    return [run.vm["outcome"], steps(run.vm, "performed"), ends]


def test_names_that_break_what_does_not_escape_them_go_the_whole_round(set_stage: SetStage) -> None:
    stage = set_stage(two_sites(replicated(AWKWARD), replicated(FOREIGN), language="de-DE"))

    over, home = stage.failover(AWKWARD, FOREIGN), stage.failback(AWKWARD, FOREIGN)

    assert over.outcomes == {AWKWARD: "moved", FOREIGN: "moved"}
    assert home.outcomes == {AWKWARD: "moved", FOREIGN: "moved"}
    assert [stage.runs_on(AWKWARD), stage.runs_on(FOREIGN)] == [["HV-A"], ["HV-A"]]
    assert stage.lossless()


@pytest.mark.parametrize("target", ["synced", "switched_off", "running", "protected"])
def test_each_state_is_reached_and_asked_again_it_is_already_there(stage: Stage, target: str) -> None:
    first = stage.failover("WEB01", state=target)
    again = stage.failover("WEB01", state=target)

    assert first.outcomes["WEB01"] == ("already_there" if target == "synced" else "moved")
    assert stage.runs_on("WEB01") == {"synced": ["HV-A"], "switched_off": []}.get(target, ["HV-B"])
    assert (again.outcomes["WEB01"], again.changes) == ("already_there", [])


def test_the_states_are_stations_of_one_way(stage: Stage) -> None:
    outcomes = [stage.failover("WEB01", state=target).outcomes["WEB01"] for target in ("switched_off", "protected")]

    assert outcomes == ["moved", "moved"]
    assert stage.runs_on("WEB01") == ["HV-B"]
    assert stage.lossless()


def test_an_unplanned_failover_says_what_it_lost_and_comes_home_without_losing_more(stage: Stage) -> None:
    stage.simulation.act("power_loss", host="HV-A")
    stage.simulation.advance(400)

    over = stage.failover(
        "WEB01",
        mode="unplanned",
        max_data_loss="30m",
        outage_began="from_last_replication",
        primary_confirmed_down="night shift by phone, INC1",
    )
    lost_there = stage.simulation.ledger()["lost"]
    stage.simulation.act("power_return", host="HV-A")
    stage.simulation.advance(120)
    home = stage.failback("WEB01", consent=["discard_old_primary_data", "turn_off_old_primary"], reason="drill")

    assert over.outcomes == {"WEB01": "moved"}
    assert over.vm["rpo_seconds"] is not None
    assert lost_there == 0
    assert home.outcomes == {"WEB01": "moved"}
    assert stage.runs_on("WEB01") == ["HV-A"]
    assert {loss["origin"] for loss in stage.simulation.ledger()["losses"]} <= {"HV-A"}


def test_expecting_the_source_to_run_makes_a_run_at_the_wrong_end_a_failure(stage: Stage) -> None:
    run = stage.failback("WEB01", expect_source_running=True)

    assert (run.status, run.error["kind"], run.changes) == ("failed", "source_not_running", [])
