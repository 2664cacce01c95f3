# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The replica server of a simulated host, set by whole runs."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import time, timedelta
from typing import Any

import pytest

from ansible_collections.hyperv.replica.plugins.module_utils._errors import HyperVReplicaError
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.server import ServerLook
from ansible_collections.hyperv.replica.plugins.module_utils._operations.journal import Journal
from ansible_collections.hyperv.replica.plugins.module_utils._operations.replica_server import (
    WantedEntry,
    WantedServer,
)
from ansible_collections.hyperv.replica.plugins.module_utils._operations.serving import ServerRun
from ansible_collections.hyperv.replica.plugins.module_utils._surface.server_surface import (
    server_result,
    wanted_server,
)
from ansible_collections.hyperv.replica.tests.unit.plugins.module_utils._hyperv.test_certificates import (
    BOTH,
    encoded,
    issued,
    thumbprint,
)
from ansible_collections.hyperv.replica.tests.unit.plugins.module_utils._operations.estate_run import (
    START,
    Run,
    SimulatedClock,
    Site,
    estate,
    guid,
    host,
)

#: Options of the module that were not given.
NOTHING: Mapping[str, Any] = {
    **dict.fromkeys(
        (
            "enabled",
            "authentication",
            "http_port",
            "https_port",
            "certificate_thumbprint",
            "certificate_subject",
            "monitoring_interval",
            "monitoring_start",
            "any_server",
            "default_storage",
            "entries",
            "vm_entries",
        )
    ),
    "certificate_days": 0,
    "purge": False,
}


class Server:
    """Host B of a simulated site, and runs that set how it receives replication."""

    def __init__(self, site: Site | None = None) -> None:
        self.site = site or Site()
        self.requests = Run()
        self.last: ServerRun | None = None

    @property
    def there(self) -> Any:
        return self.site.world.hosts["B"].replica_server

    @property
    def primaries(self) -> list[str]:
        return [entry.primary for entry in self.there.entries]

    def prepare(self, wanted: WantedServer | None = None, **more: Any) -> ServerRun:
        self.requests = Run()
        clock = SimulatedClock(self.site)
        opened = self.site._host("B", self.requests, clock)
        return ServerRun(
            host=opened,
            wanted=wanted or WantedServer(**more),
            clock=clock,
            deadline=clock.now() + timedelta(seconds=more.pop("timeout", 600)),
            stop=threading.Event(),
            journal=Journal("run"),
            seen=opened.look_at_server(),
        )

    def run(self, wanted: WantedServer | None = None, **more: Any) -> list[str]:
        """The methods that were sent and change something."""
        self.last = self.prepare(wanted, **more)
        self.last.go()
        return self.requests.mutations

    def look(self) -> ServerLook:
        return self.prepare().seen

    def refused(self, **more: Any) -> HyperVReplicaError:
        with pytest.raises(HyperVReplicaError) as caught:
            self.run(**more)
        assert self.requests.mutations == []
        return caught.value


@pytest.fixture
def server() -> Server:
    return Server()


def entry(primary: str, **more: Any) -> WantedEntry:
    return WantedEntry(primary=primary, **more)


WISHES: dict[str, dict[str, Any]] = {
    "ports": {"http_port": 8080, "https_port": 8443},
    "monitoring": {"monitoring_interval": 7200, "monitoring_start": time(3, 30)},
    "off": {"enabled": False},
    "everybody": {"any_server": True, "default_storage": "E:\\All"},
    "another": {"entries": (entry("*.example.org", storage="E:\\Other", trust_group="tg"),)},
    "moved": {"entries": (entry("A.example.test", storage="F:\\"),)},
    "nobody": {"entries": (entry("a.example.test", present=False),)},
    "others only": {"entries": (entry("hv-z.example.test", storage="E:\\"),), "purge": True},
}


@pytest.mark.parametrize("wish", WISHES, ids=lambda wish: wish)
def test_a_second_identical_run_sends_nothing(server: Server, wish: str) -> None:
    first = server.run(**WISHES[wish])
    second = server.run(**WISHES[wish])

    assert first != []
    assert second == []


@pytest.mark.parametrize("wish", WISHES, ids=lambda wish: wish)
def test_the_run_makes_the_calls_that_were_planned(server: Server, wish: str) -> None:
    planned = [change.method for change in server.prepare(**WISHES[wish]).planned()]

    assert server.run(**WISHES[wish]) == planned


def test_a_plan_asks_for_nothing_that_changes_anything(server: Server) -> None:
    server.prepare(http_port=8080).planned()

    assert server.requests.mutations == []


def test_settings_that_are_not_given_stay_as_they_are(server: Server) -> None:
    before = (server.there.allowed_authentication, server.there.monitoring_start, server.there.https_port)

    server.run(http_port=8080)

    assert server.there.http_port == 8080
    assert (server.there.allowed_authentication, server.there.monitoring_start, server.there.https_port) == before


def test_the_start_of_monitoring_is_set_to_the_minute(server: Server) -> None:
    server.run(monitoring_start=time(3, 30))

    assert server.there.monitoring_start == timedelta(hours=3, minutes=30)


def test_one_call_sets_all_settings_that_differ(server: Server) -> None:
    assert server.run(http_port=81, https_port=444, monitoring_interval=3600) == ["ModifyServiceSettings"]


def test_entries_that_are_not_listed_stay_unless_purged(server: Server) -> None:
    server.run(entries=(entry("hv-z.example.test", storage="E:\\"),))
    assert server.primaries == ["a.example.test", "hv-z.example.test"]

    server.run(entries=(entry("hv-z.example.test"),), purge=True)
    assert server.primaries == ["hv-z.example.test"]


def test_purging_spares_the_entry_of_every_server(server: Server) -> None:
    server.run(any_server=True, default_storage="E:\\")

    server.run(entries=(entry("a.example.test"),), purge=True)

    assert server.primaries == ["a.example.test", "*"]


def test_every_server_is_dismissed_before_single_ones_are_let_in(server: Server) -> None:
    server.run(any_server=True, default_storage="E:\\")

    sent = server.run(any_server=False, entries=(entry("hv-z.example.test", storage="E:\\"),))

    assert sent == ["RemoveAuthorizationEntry", "AddAuthorizationEntry"]


def test_an_entry_keeps_what_is_not_given(server: Server) -> None:
    server.run(entries=(entry("hv-z.example.test", storage="E:\\", trust_group="one"),))

    server.run(entries=(entry("HV-Z.example.test", trust_group="two"),))

    assert [(e.storage, e.trust_group) for e in server.there.entries if "hv-z" in e.primary] == [("E:\\", "two")]


def test_a_new_entry_without_a_folder_is_refused(server: Server) -> None:
    assert server.refused(entries=(entry("hv-z.example.test"),)).kind == "bad_option"


def test_a_vm_is_bound_to_an_entry_each_time(server: Server) -> None:
    wanted: dict[str, Any] = {"bindings": {guid(1): "a.example.test"}}

    assert server.run(**wanted) == ["SetAuthorizationEntry"]
    assert server.run(**wanted) == ["SetAuthorizationEntry"]
    assert server.site.b().authorized == "a.example.test"


def test_a_change_of_which_the_answer_was_lost_is_looked_for_and_not_sent_again(server: Server) -> None:
    server.site.order("cut_after", match={"method": "AddAuthorizationEntry"}, times=1)

    sent = server.run(entries=(entry("hv-z.example.test", storage="E:\\"),))

    assert sent == ["AddAuthorizationEntry"]
    assert server.last
    assert [made.outcome for made in server.last.made] == ["unknown"]
    assert "hv-z.example.test" in server.primaries


def test_a_change_that_was_cut_before_it_was_carried_out_is_asked_for_anew(server: Server) -> None:
    server.site.order("cut_before", match={"method": "AddAuthorizationEntry"}, times=1)

    server.run(entries=(entry("hv-z.example.test", storage="E:\\"),))

    assert server.requests.executed == ["AddAuthorizationEntry"]
    assert "hv-z.example.test" in server.primaries


def test_a_job_that_fails_says_so_in_the_hosts_words(server: Server) -> None:
    server.site.order("fail_job", match={"method": "ModifyServiceSettings"}, times=1)

    with pytest.raises(HyperVReplicaError) as caught:
        server.run(http_port=81)

    assert caught.value.kind == "job_failed"
    assert server.last
    assert [made.outcome for made in server.last.made] == ["failed"]


def test_without_a_way_to_authenticate_nothing_is_enabled() -> None:
    bare = {"name": "B", "fqdn": "b.example.test", "memory": "4 TiB"}
    server = Server(Site(estate(hosts=[host("A", "B"), bare], replicated=[])))

    assert "authenticate" in server.refused(enabled=True).found


class TestCertificates:
    """The listener's certificate, from what the host lists."""

    @pytest.fixture
    def listed(self, server: Server) -> dict[str, str]:
        begins = START - timedelta(days=10)
        made = {
            "old": issued("b.example.test", begins=begins, days=20),
            "new": issued("B", also=["b.example.test"], begins=begins, days=200),
            "over": issued("b.example.test", begins=begins, days=5),
            "server only": issued("b.example.test", begins=begins, days=900, uses=BOTH[:1]),
            "other": issued("c.example.test", begins=begins, days=900),
        }
        server.site.world.hosts["B"].certificates = [encoded(one) for one in made.values()] + ["rubbish"]
        return {name: thumbprint(one) for name, one in made.items()}

    def test_of_those_that_can_be_used_the_one_that_lasts_longest_is_taken(
        self, server: Server, listed: dict[str, str]
    ) -> None:
        server.run(authentication=2, subject="B.example.test")

        assert server.there.certificate_thumbprint == listed["new"]
        assert server.run(authentication=2, subject="B.example.test") == []

    def test_a_thumbprint_is_taken_as_people_copy_it(self, server: Server, listed: dict[str, str]) -> None:
        spaced = " ".join(listed["old"].lower()[n : n + 2] for n in range(0, 40, 2))

        server.run(authentication=3, thumbprint=spaced)

        assert server.there.certificate_thumbprint == listed["old"]

    @pytest.mark.parametrize(("name", "why"), [("over", "in force"), ("server only", "client and server")])
    def test_a_certificate_that_cannot_be_used_is_refused(
        self, server: Server, listed: dict[str, str], name: str, why: str
    ) -> None:
        assert why in server.refused(authentication=2, thumbprint=listed[name]).found

    def test_one_that_ends_too_soon_is_refused(self, server: Server, listed: dict[str, str]) -> None:
        trouble = server.refused(authentication=2, thumbprint=listed["old"], lasting=timedelta(days=30))

        assert "runs out" in trouble.found

    def test_one_that_is_not_there_is_refused_with_those_that_are(self, server: Server, listed: dict[str, str]) -> None:
        trouble = server.refused(authentication=2, thumbprint="AB" * 20)

        assert all(one in trouble.remedy for one in listed.values())

    def test_the_names_that_are_not_there_are_said(self, server: Server, listed: dict[str, str]) -> None:
        assert "hv-q" in server.refused(authentication=2, subject="hv-q.example.test").found

    def test_authentication_by_certificate_needs_one(self, server: Server) -> None:
        assert "certificate" in server.refused(authentication=2).found

    def test_the_result_lists_them(self, server: Server, listed: dict[str, str]) -> None:
        run = server.prepare()

        result = server_result(run, run.seen, (), False)

        assert [one["thumbprint"] for one in result["certificates"]] == [*listed.values()]
        assert [one["usable"] for one in result["certificates"]] == [True, True, True, False, True]


class TestOptions:
    """From what people write to what is wanted."""

    def test_vms_are_named_as_the_host_knows_them(self, server: Server) -> None:
        given = {**NOTHING, "vm_entries": [{"vm": "vm001", "primary": "a.example.test"}]}

        assert wanted_server(given, server.look()).bindings == {guid(1): "a.example.test"}

    @pytest.mark.parametrize(
        "given",
        [
            {"http_port": 0},
            {"https_port": 65536},
            {"monitoring_interval": 60},
            {"monitoring_start": "25:00"},
            {"entries": [{"primary": "*", "storage": None, "trust_group": None, "state": "present"}]},
            {"vm_entries": [{"vm": "nobody", "primary": "a"}]},
        ],
        ids=str,
    )
    def test_what_cannot_be_is_refused(self, server: Server, given: dict[str, Any]) -> None:
        with pytest.raises(HyperVReplicaError) as caught:
            wanted_server({**NOTHING, **given}, server.look())

        assert caught.value.kind in ("bad_option", "no_such_vm")

    def test_check_mode_reports_the_plan_as_the_change(self, server: Server) -> None:
        run = server.prepare(http_port=8080)

        result = server_result(run, run.seen, run.planned(), True)

        assert (result["changed"], result["outcome"]) == (True, "planned")
        assert "HttpPort=8080" in result["diff"]["after"]
        assert "http_port: 80" in result["diff"]["before"]
