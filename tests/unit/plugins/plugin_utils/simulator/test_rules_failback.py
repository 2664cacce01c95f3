# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""InitiateFailback, as a host's rules allow it."""

from __future__ import annotations

import pytest

from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.states import Power
from ansible_collections.hyperv.replica.tests.unit.plugins.plugin_utils.simulator.bench import (
    GUID,
    PROVIDER,
    Bench,
    estate,
    pair,
)


@pytest.mark.parametrize(("answer", "code"), [("32770", 32770), ("32773", 32773), ("32775", 32775)])
def test_the_built_in_provider_does_not_fail_back(answer: str, code: int) -> None:
    bench = Bench(builtin_failback=answer)
    bench.planned_failover()
    bench.reverse("B")

    result = bench.ask("A", "InitiateFailback", {"ReplicationSettingData": bench.settings("A")})

    assert (result.return_value, bench.states()) == (code, (3, 3))


def test_the_built_in_provider_may_refuse_a_failback_by_its_job() -> None:
    bench = Bench(builtin_failback="failed_job")

    result = bench.ask("B", "InitiateFailback", {"ReplicationSettingData": bench.settings("B")})

    assert result.return_value == 4096
    assert bench.done(result) == 32770


def test_an_external_provider_walks_from_13_to_14_and_the_data_is_home() -> None:
    bench = away_with_provider()
    written = bench.b.writes["B"]

    result = bench.ask("A", "InitiateFailback", {"ReplicationSettingData": bench.settings("A")})
    assert bench.a.state == 13
    assert bench.done(result) == 0

    assert bench.a.state == 14
    assert bench.a.writes["B"] == written
    assert bench.done(bench.ask("A", "CommitFailover")) == 0
    assert bench.done(bench.power("A", 2)) == 0
    assert bench.reverse("A") == 0
    assert (bench.modes(), bench.states()) == ((1, 2), (3, 3))
    assert bench.world.ledger.lost() == 0


@pytest.mark.parametrize(("switch", "code"), [("refused", 32775), ("not_needed", 0)])
def test_where_a_commit_in_14_is_no_way_to_6_the_vm_starts_from_14(switch: str, code: int) -> None:
    bench = away_with_provider(commit_in_14=switch)
    bench.done(bench.ask("A", "InitiateFailback", {"ReplicationSettingData": bench.settings("A")}))

    assert bench.done(bench.ask("A", "CommitFailover")) == code
    assert bench.a.state == 14
    assert bench.done(bench.power("A", 2)) == 0
    assert bench.reverse("A") == 0


def test_where_a_commit_in_14_is_accepted_the_vm_does_not_start_before_it() -> None:
    bench = away_with_provider()
    bench.done(bench.ask("A", "InitiateFailback", {"ReplicationSettingData": bench.settings("A")}))

    assert bench.power("A", 2).return_value == 32775


@pytest.mark.parametrize(("switch", "lost"), [("call_time", True), ("end", False)])
def test_what_the_running_peer_writes_after_the_call_may_be_lost(switch: str, lost: bool) -> None:
    bench = away_with_provider(off=False, provider_point=switch)
    result = bench.ask("A", "InitiateFailback", {"ReplicationSettingData": bench.settings("A")})
    bench.wait(5)
    bench.world.act("turn_off_vm", host="B", vm=GUID)
    bench.done(result)
    bench.done(bench.ask("A", "CommitFailover"))

    bench.reverse("A")
    bench.wait(600)

    assert (bench.world.ledger.lost() > 0) is lost


@pytest.mark.parametrize(("switch", "code"), [("any", 0), ("3", 0), ("5", 32775), ("6", 32775)])
def test_the_state_a_failback_is_accepted_from_is_a_switch(switch: str, code: int) -> None:
    bench = away_with_provider(provider_failback_from=switch)

    assert bench.done(bench.ask("A", "InitiateFailback", {"ReplicationSettingData": bench.settings("A")})) == code


def test_a_provider_knows_its_own_recovery_points_and_no_others() -> None:
    bench = away_with_provider()
    bench.a.provider_points["prv:1"] = [{"A": 7}]
    arguments = {"ReplicationSettingData": bench.settings("A"), "RecoveryPointIdentifier": "prv:2"}

    assert bench.ask("A", "InitiateFailback", arguments).return_value == 32773
    assert bench.done(bench.ask("A", "InitiateFailback", {**arguments, "RecoveryPointIdentifier": "prv:1"})) == 0
    assert bench.a.writes == {"A": 7}


def away_with_provider(*, off: bool = True, **switches: str) -> Bench:
    """An external provider's VM that was moved to B, ran there, and replicates to A."""
    bench = Bench(estate(pair(provider=PROVIDER)), **switches)
    bench.planned_failover()
    assert bench.reverse("B") == 0
    assert bench.done(bench.power("B", 2)) == 0
    bench.wait(1000)
    if off:
        bench.shutdown("B")
        bench.wait(60)
        assert bench.b.power is Power.OFF
    return bench
