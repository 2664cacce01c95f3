# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whatever is asked for in whatever order: what has to hold all the same."""

from __future__ import annotations

import contextlib

from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.estate import from_estate, to_estate
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.switches import NUMBER, SWITCHES
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.values import MethodResult
from ansible_collections.hyperv.replica.tests.unit.plugins.plugin_utils.simulator.bench import (
    GUID,
    PROVIDER,
    VM,
    Bench,
    estate,
    pair,
)

METHODS = (
    "InitiateFailover",
    "RevertFailover",
    "CommitFailover",
    "Resynchronize",
    "TestReplicaSystem",
    "RemoveReplicationRelationship",
    "GetReplicationStatistics",
)
WITH_SETTINGS = (
    "ReverseReplicationRelationship",
    "InitiateFailback",
    "CreateReplicationRelationship",
    "ModifyReplicationSettings",
)
DEEDS = ("start_vm", "turn_off_vm", "stop_guest_answering")
CODES = {0, 4096, *range(32768, 32783)}

WHERE = st.sampled_from("AB")
MOVES = st.one_of(
    st.tuples(st.just("ask"), WHERE, st.sampled_from(METHODS)),
    st.tuples(st.just("send"), WHERE, st.sampled_from(WITH_SETTINGS)),
    st.tuples(st.just("copy"), WHERE, st.sampled_from([1, 2, 3])),
    st.tuples(st.just("state"), WHERE, st.sampled_from([1, 2, 3, 4, 7, 9])),
    st.tuples(st.just("power"), WHERE, st.sampled_from([2, 3, 6, 9, 11])),
    st.tuples(st.just("shutdown"), WHERE, st.just(0)),
    st.tuples(st.just("deed"), WHERE, st.sampled_from(DEEDS)),
    st.tuples(st.just("outage"), WHERE, st.just(0)),
    st.tuples(st.just("wait"), WHERE, st.sampled_from([1, 30, 400])),
)
SETTINGS_OF_SWITCHES = st.fixed_dictionaries(
    {}, optional={name: st.sampled_from([v for v in row.values if v != NUMBER]) for name, row in SWITCHES.items()}
)


@settings(max_examples=120, deadline=None)
@given(st.lists(MOVES, max_size=25), SETTINGS_OF_SWITCHES, st.booleans())
def test_every_order_of_requests_gets_a_known_answer_and_no_locked_copy_ever_runs(
    moves: list[tuple[str, str, object]], switches: dict[str, str], external: bool
) -> None:
    bench = Bench(estate(pair(provider=PROVIDER) if external else pair()), **switches)
    for kind, where, what in moves:
        answer = _do(bench, kind, where, what)
        bench.wait(1)

        assert answer is None or answer.return_value in CODES
        assert answer is None or (answer.return_value == 4096) is (answer.job is not None)
        _holds(bench)
    bench.wait(4000)
    written = to_estate(bench.world)
    assert to_estate(from_estate(written, start=bench.world.now, rate=0)).keys() == written.keys()


def _holds(bench: Bench) -> None:
    for host, copy in bench.world.every_vm():
        assert copy.relationships[0].index == 0
        locked = copy.mode == 2 and copy.state in (2, 3, 7, 8, 9, 10, 11, 12, 13)
        forced = copy.running_since is not None and copy.alive
        assert not (locked and forced), (host.name, copy.mode, copy.state)
        for job in host.jobs.values():
            assert 0 <= job.percent <= 100
            assert (job.ended is None) is job.running


def _do(bench: Bench, kind: str, where: str, what: object) -> MethodResult | None:
    there = bench.world.hosts[where]
    if kind == "outage":
        bench.world.act("power_loss", host=where)
        bench.wait(5)
        bench.world.act("power_return", host=where)
    elif kind == "deed":
        _deed(bench, where, str(what))
    elif kind == "wait":
        bench.wait(float(str(what)))
    elif kind == "send":
        arguments = {"ReplicationSettingData": bench.reversed_settings(where), "ComputerSystem": VM}
        return bench.ask(where, str(what), arguments)
    elif there.up:
        return _ask(bench, kind, where, what)
    return None


def _deed(bench: Bench, where: str, deed: str) -> None:
    with contextlib.suppress(ValueError):
        bench.world.act(deed, host=where, vm=GUID)


def _ask(bench: Bench, kind: str, where: str, what: object) -> MethodResult:
    number = int(what) if isinstance(what, int) else 0
    match kind:
        case "copy":
            more = {"InitialReplicationExportLocation": "E:\\"}
            return bench.ask(where, "StartReplication", {"InitialReplicationType": number, **more})
        case "state":
            return bench.request(where, number)
        case "power":
            return bench.power(where, number)
        case "shutdown":
            return bench.shutdown(where)
    return bench.ask(where, str(what))
