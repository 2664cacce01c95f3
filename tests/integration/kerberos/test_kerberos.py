# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Signing in by Kerberos, with a KDC: both connections move a machine, and the check names what is wrong."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator import launch
from ansible_collections.hyperv.replica.tests.integration.kerberos.realm import (
    ACCOUNT,
    Realm,
    answering,
    free_port,
)
from ansible_collections.hyperv.replica.tests.integration.playbook.estates import two_sites
from ansible_collections.hyperv.replica.tests.integration.playbook.stage import Run, Stage

HOSTS = ("hv-a", "hv-b")


@pytest.fixture(scope="module")
def realm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Realm]:
    """A realm that knows both hosts, by the service names that the two connections ask for."""
    realm = Realm(tmp_path_factory.mktemp("realm"), free_port())
    realm.configure()
    realm.populate([f"{service}/{host}.example.test" for service in ("HTTP", "WSMAN") for host in HOSTS])
    with answering(realm):
        yield realm


@pytest.fixture
def stage(realm: Realm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    """Hosts that take nothing but what the realm vouches for, since the account of the simulator is not used."""
    realm.configure()
    for name, value in realm.environment.items():
        monkeypatch.setenv(name, value)
    with launch.start(two_sites(), rate=120.0, idle_timeout=300.0, options=["--keytab", str(realm.keytab)]) as running:
        stage = Stage(tmp_path / "project", running)
        stage.environment = dict(realm.environment)
        yield stage


def reach(stage: Stage, realm: Realm, connection: str, **more: Any) -> None:
    """Write the inventory for this connection."""
    ways: dict[str, dict[str, Any]] = {
        "psrp": {"ansible_psrp_auth": "kerberos", "ansible_psrp_negotiate_hostname_override": "{name}.example.test"},
        "winrm": {
            "ansible_winrm_transport": "kerberos",
            "ansible_winrm_kerberos_hostname_override": "{name}.example.test",
            "ansible_winrm_kinit_env_vars": ["KRB5_CONFIG"],
        },
    }
    by_name, hosts = ways[connection], dict[str, Any]()
    for name in HOSTS:
        named = {key: value.format(name=name) if isinstance(value, str) else value for key, value in by_name.items()}
        hosts[name] = {**named, "ansible_user": ACCOUNT, "ansible_password": realm.password, **more}
    stage.inventory(connection, of=hosts)


def check(stage: Stage) -> Run:
    stage.play("hv-a", [{"name": "check", "hyperv.replica.hyperv_krb5_info": {"timeout": 5}}])
    return stage.run()


def found(run: Run, name: str) -> dict[str, Any]:
    """The finding of this name."""
    told: dict[str, Any] = next(check for check in run.result["checks"] if check["check"] == name)
    return told


@pytest.mark.parametrize("connection", ["psrp", "winrm"])
def test_a_machine_moves_over_encrypted_messages_that_a_ticket_opened(
    stage: Stage, realm: Realm, connection: str
) -> None:
    reach(stage, realm, connection)

    run = stage.failover("WEB01")

    assert run.outcomes == {"WEB01": "moved"}, run.output
    assert stage.runs_on("WEB01") == ["HV-B"]
    assert {entry["principal"] for entry in run.sent if entry["principal"]} == {ACCOUNT}
    assert realm.password not in run.output
    assert realm.password not in json.dumps(run.tasks)


@pytest.mark.parametrize("connection", ["psrp", "winrm"])
def test_the_check_passes_where_signing_in_works(stage: Stage, realm: Realm, connection: str) -> None:
    reach(stage, realm, connection)

    run = check(stage)

    assert run.status == "ok", run.output
    results = {one["check"]: one["result"] for one in run.result["checks"]}
    assert results["ticket"] == "PASS"
    assert results["kdc"] == "PASS"
    assert results["libraries"] == "PASS"
    assert results["clock"] == "PASS"
    assert run.sent == [] or not any(entry["action"] for entry in run.sent if entry["executed"])


@pytest.mark.parametrize("connection", ["psrp", "winrm"])
def test_a_wrong_password_is_called_a_wrong_password(stage: Stage, realm: Realm, connection: str) -> None:
    reach(stage, realm, connection, ansible_password="not the password")

    run = check(stage)

    assert run.status == "failed"
    assert found(run, "ticket")["cause"] == "The password is wrong"
    assert "not the password" not in run.output


@pytest.mark.parametrize("connection", ["psrp", "winrm"])
@pytest.mark.parametrize("wrong", ["password", "host"])
def test_a_sign_in_that_fails_is_unreachable_and_says_what_kerberos_said(
    stage: Stage, realm: Realm, connection: str, wrong: str
) -> None:
    override = {"psrp": "ansible_psrp_negotiate_hostname_override", "winrm": "ansible_winrm_kerberos_hostname_override"}
    change = {"password": {"ansible_password": "wrong"}, "host": {override[connection]: "stranger.example.test"}}
    reach(stage, realm, connection, **change[wrong])

    run = stage.failover("WEB01")

    assert run.status == "unreachable", run.output
    assert {"password": "assword", "host": "not found in Kerberos database"}[wrong] in run.result["msg"] or (
        wrong == "password" and "reauthentication failed" in run.result["msg"]
    )
    assert run.changes == []


@pytest.mark.parametrize("connection", ["psrp", "winrm"])
def test_a_host_that_the_domain_does_not_know_by_this_name_is_told(stage: Stage, realm: Realm, connection: str) -> None:
    override = {"psrp": "ansible_psrp_negotiate_hostname_override", "winrm": "ansible_winrm_kerberos_hostname_override"}
    reach(stage, realm, connection, **{override[connection]: "stranger.example.test"})

    run = check(stage)

    assert "service principal names" in found(run, "ticket")["remedy"]


def test_a_kdc_that_nobody_reaches_is_told(stage: Stage, realm: Realm) -> None:
    reach(stage, realm, "psrp")
    elsewhere = Realm(stage.folder, free_port())
    elsewhere.configure()
    stage.environment = {"KRB5_CONFIG": str(stage.folder / "krb5.conf")}

    run = check(stage)

    assert found(run, "kdc")["result"] == "FAIL"
    assert "port 88" in found(run, "kdc")["remedy"]
    assert found(run, "ticket")["result"] == "FAIL"


def test_an_account_whose_password_expired_is_told(stage: Stage, realm: Realm) -> None:
    reach(stage, realm, "psrp", ansible_user="old@EXAMPLE.TEST")
    realm.ask(f"add_principal -pw {realm.password} -pwexpire yesterday old@EXAMPLE.TEST")

    assert found(check(stage), "ticket")["cause"] == "The password has expired"


def test_a_number_for_a_name_and_rdns_are_told(stage: Stage, realm: Realm) -> None:
    reach(stage, realm, "psrp", ansible_psrp_negotiate_hostname_override=None)
    realm.configure(rdns="true", dns_canonicalize_hostname="true")

    run = check(stage)

    assert found(run, "name")["result"] == "FAIL"
    assert "hostname_override" in found(run, "name")["remedy"]


def test_the_playbook_says_each_finding_and_how_it_ends(stage: Stage, realm: Realm) -> None:
    reach(stage, realm, "psrp")
    stage.write("play.yml", json.dumps([{"name": "Check", "import_playbook": "hyperv.replica.krb5_check"}]))

    run = stage.run()

    assert run.code == 0, run.output
    assert "ticket" in run.output
    assert "signing in by Kerberos works" in run.output
