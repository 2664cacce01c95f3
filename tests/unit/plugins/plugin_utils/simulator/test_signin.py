# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who is let in, and what is never written down."""

from __future__ import annotations

import importlib.util
import stat
from pathlib import Path

import pytest
from cryptography import x509

from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.certificates import issue
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.signin import (
    Account,
    Policy,
    SignIn,
    SignInError,
    publish,
    require_kerberos,
)

ACCOUNT = Account(user="operator", password="one time", domains=["EXAMPLE"], suffixes=["example.test"])


def _offers(policy: Policy, *, secure: bool) -> tuple[str, ...]:
    return SignIn(ACCOUNT, policy, host="hv-a.example.test", secure=secure).offers()


def test_windows_offers_no_basic_over_http_and_no_bare_ntlm() -> None:
    assert _offers(Policy(), secure=False) == ("Negotiate",)
    assert _offers(Policy(), secure=True) == ("Negotiate", 'Basic realm="WSMAN"')
    assert _offers(Policy(basic=False, allow_unencrypted=True), secure=False) == ("Negotiate",)


def test_kerberos_is_offered_with_a_keytab_only(tmp_path: Path) -> None:
    assert _offers(Policy(keytab=tmp_path / "hosts.keytab"), secure=False) == ("Negotiate", "Kerberos")


@pytest.mark.parametrize("name", ["operator", "EXAMPLE\\operator", "operator@example.test", "Example\\OPERATOR"])
def test_every_form_of_the_name_is_admitted_with_the_password(name: str) -> None:
    assert ACCOUNT.admits(name, "one time")
    assert not ACCOUNT.admits(name, "one tim")


@pytest.mark.parametrize("name", ["", "stranger", "OTHER\\operator", "operator@other.test"])
def test_another_name_is_not_admitted(name: str) -> None:
    assert not ACCOUNT.admits(name, "one time")


@pytest.mark.parametrize(("user", "password"), [("", "x"), ("x", ""), ("a:b", "x"), ("a", "x:y"), ("a", "x\ny")])
def test_an_account_that_cannot_be_published_is_refused(user: str, password: str) -> None:
    with pytest.raises(SignInError):
        Account(user=user, password=password)


def test_a_password_shows_in_no_repr() -> None:
    assert "one time" not in repr(ACCOUNT)


def test_the_password_comes_to_no_file_where_the_system_has_files_in_memory(tmp_path: Path) -> None:
    publish(ACCOUNT, tmp_path)

    assert [*tmp_path.iterdir()] == []


def test_keys_are_readable_by_their_owner_alone(tmp_path: Path) -> None:
    issue(tmp_path, host_names=["hv-a.example.test"], client_name="operator")

    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}

    assert modes == dict.fromkeys(("ca.pem", "server.pem", "server.key", "client.pem", "client.key"), 0o600)


def test_the_certificate_is_valid_for_every_name_of_the_hosts(tmp_path: Path) -> None:
    paths = issue(tmp_path, host_names=["HV-A", "hv-a.example.test"], client_name="operator")

    certificate = x509.load_pem_x509_certificate(paths.server_cert.read_bytes())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value

    assert names.get_values_for_type(x509.DNSName) == ["localhost", "HV-A", "hv-a.example.test"]
    assert [str(address) for address in names.get_values_for_type(x509.IPAddress)] == ["127.0.0.1"]


def test_kerberos_without_its_library_or_keytab_is_refused_before_anybody_relies_on_it(tmp_path: Path) -> None:
    missing = "gssapi" if importlib.util.find_spec("gssapi") is None else "does not exist"

    with pytest.raises(SignInError, match=missing):
        require_kerberos(tmp_path / "absent.keytab")
