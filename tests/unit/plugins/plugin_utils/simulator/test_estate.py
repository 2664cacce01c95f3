# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The estate file."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.estate import (
    from_estate,
    load_estate,
    to_estate,
)
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.languages import (
    LANGUAGES,
    caption,
    error_text,
    fault_text,
    job_caption,
)
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.phrases import CAPTIONS, JOBS
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.phrases_refused import ERRORS, FAULTS
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.section import EstateError
from ansible_collections.hyperv.replica.tests.unit.plugins.plugin_utils.simulator.bench import (
    GUID,
    PROVIDER,
    START,
    Bench,
    estate,
    pair,
)

REHEARSAL = Path(__file__).resolve().parents[5] / "playbooks" / "files" / "estates" / "rehearsal.yml"


def test_the_rehearsal_estate_is_two_healthy_sites_that_replicate() -> None:
    world = load_estate(REHEARSAL, rate=0)

    assert [host.language for host in world.hosts.values()] == ["en-US", "de-DE"]
    names = sorted(vm.name for vm in world.hosts["HV-A"].vms.values())
    assert names == sorted(["SQL01", "WEB01", "PRV01", "O'Brien <&\"\\ %_"])
    for _host, vm in world.every_vm():
        assert (vm.state, vm.relationship.health) == (3, 1)


@pytest.mark.parametrize("moved", [0, 1000])
def test_a_world_written_and_read_again_is_the_same(moved: float) -> None:
    bench = Bench(estate(pair(provider=PROVIDER, provider_points=[{"id": "x", "disks": [{"writes": {"A": 3}}]}])))
    bench.wait(moved)
    bench.ask("B", "InitiateFailover")
    bench.wait(10)
    written = to_estate(bench.world)

    again = from_estate(written, start=bench.world.now, rate=0)

    assert to_estate(again) == written
    assert again.hosts["B"].vms[GUID].before_failover == bench.b.before_failover


def test_the_same_seed_makes_the_same_world() -> None:
    plain = estate(pair(), pair(name="TWO", guid=""))

    one, same, other = (to_estate(from_estate(plain, start=START, rate=0, seed=seed)) for seed in (1, 1, 2))

    assert one == same != other


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"schema_version": 2}, "estate.schema_version"),
        ({"hosts": []}, "estate.hosts"),
        ({"colour": "red"}, "estate.colour"),
        ({"switches": {"refusal": "maybe"}}, "estate.switches"),
        ({"replicated": [pair(primary="C")]}, "estate.replicated[0].primary"),
        ({"replicated": [pair(replica="A")]}, "estate.replicated[0].replica"),
        ({"replicated": [pair(memory="lots")]}, "estate.replicated[0].memory"),
        ({"replicated": [pair(memory=True)]}, "estate.replicated[0].memory"),
        ({"replicated": [pair(power="on")]}, "estate.replicated[0].power"),
        ({"replicated": [pair(interval=60)]}, "estate.replicated[0].interval"),
        ({"replicated": [pair(guid="1")]}, "estate.replicated[0].guid"),
        ({"replicated": [pair(), pair()]}, "estate.replicated[1].guid"),
        ({"replicated": [pair(provider=GUID)]}, "estate.replicated[0].provider"),
        ({"replicated": [pair(disks=[{"sizes": 1}])]}, "estate.replicated[0].disks[0].sizes"),
        ({"replicated": [pair(guest="Linux")]}, "estate.replicated[0].guest"),
    ],
)
def test_what_cannot_be_is_refused_with_its_path(change: dict[str, object], path: str) -> None:
    with pytest.raises(EstateError) as refusal:
        from_estate(estate(pair()) | change, start=START)

    assert str(refusal.value).startswith(f"{path}: ")


def test_a_host_of_an_unknown_language_is_refused() -> None:
    plain = estate(pair())
    plain["hosts"][0]["language"] = "tlh"

    with pytest.raises(EstateError, match="estate.hosts.0..language"):
        from_estate(plain, start=START)


def test_a_file_that_is_no_yaml_is_refused_by_its_name(tmp_path: Path) -> None:
    file = tmp_path / "broken.yml"
    file.write_text("hosts: [", encoding="utf-8")

    with pytest.raises(EstateError, match=r"broken\.yml"):
        load_estate(file)


def test_one_copy_can_be_described_as_it_stands_in_the_middle_of_something() -> None:
    plain = estate()
    settings = {"recovery_connection_point": "b.example.test", "primary_connection_point": "a.example.test"}
    known = {"state": "recovered", "failed_over_type": "regular", "settings": settings}
    body = {"name": "SQL01", "guid": GUID, "mode": "replica", "disks": [{"writes": {"A": 9}}], "relationships": [known]}
    plain["hosts"][1]["vms"] = [{**body, "before_failover": [{"writes": {"A": 12}}]}]
    bench = Bench(plain)

    assert bench.done(bench.ask("B", "RevertFailover")) == 0

    assert bench.b.writes == {"A": 12}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_host_says_everything_in_its_language(language: str) -> None:
    texts = [*CAPTIONS.values(), *JOBS.values(), *ERRORS.values(), *FAULTS.values()]
    assert {len(columns) for columns in texts} == {len(LANGUAGES)}

    said = " ".join(
        [caption(language, "virtual_machine"), job_caption(language, 97), error_text(language, 32775)]
        + [fault_text(language, name) for name in FAULTS]
    )

    assert said.isascii() is (language == "en-US") or language == "it-IT"


def test_a_deed_nobody_knows_is_refused_with_those_there_are() -> None:
    bench = Bench()

    with pytest.raises(ValueError, match="power_loss"):
        bench.world.act("explode", host="A")
    with pytest.raises(ValueError, match="no host C"):
        bench.world.act("power_loss", host="C")
    with pytest.raises(ValueError, match="no VMs WEB01"):
        bench.world.act("start_vm", host="A", vm="WEB01")
