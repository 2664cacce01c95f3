# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.hyperv.replica.plugins.module_utils._errors import PreconditionFailed
from ansible_collections.hyperv.replica.plugins.module_utils._surface.options import (
    LibraryOptions,
    endpoint_url,
    psrp_options,
    whole,
    winrm_options,
    yes_or_no,
)

#: The defaults of the two plugins, as their documentation gives them.
PSRP: dict[str, Any] = {
    "remote_addr": "hv-a.example",
    "remote_user": "CORP\\operator",
    "remote_password": "the-password",
    "port": None,
    "protocol": None,
    "path": "wsman",
    "auth": "negotiate",
    "cert_validation": "validate",
    "ca_cert": None,
    "connection_timeout": 30,
    "read_timeout": 30,
    "operation_timeout": 20,
    "message_encryption": "auto",
    "proxy": None,
    "ignore_proxy": False,
    "max_envelope_size": 153600,
    "reconnection_retries": 5,
    "certificate_pem": None,
    "certificate_key_pem": None,
    "credssp_auth_mechanism": "auto",
    "credssp_disable_tlsv1_2": False,
    "credssp_minimum_version": 2,
    "negotiate_delegate": None,
    "negotiate_hostname_override": None,
    "negotiate_send_cbt": True,
    "negotiate_service": "WSMAN",
}
WINRM: dict[str, Any] = {
    "remote_addr": "hv-a.example",
    "remote_user": "operator",
    "remote_password": "the-password",
    "port": 5986,
    "scheme": None,
    "path": "/wsman",
    "transport": None,
    "connection_timeout": None,
    "kerberos_command": "kinit",
    "kinit_args": None,
    "kinit_env_vars": [],
    "kerberos_mode": None,
    "_extras": {},
}


def known_only(options: dict[str, Any]) -> Callable[[str], Any]:
    """As a connection's get_option, which raises KeyError for what the plugin does not document."""
    return options.__getitem__


def psrp(**changed: Any) -> LibraryOptions:
    return psrp_options(known_only(PSRP | changed))


def winrm(_extras: dict[str, Any] | None = None, **changed: Any) -> LibraryOptions:
    extras = {f"ansible_winrm_{name}": value for name, value in (_extras or {}).items()}
    return winrm_options(known_only(WINRM | changed | {"_extras": extras}))


@pytest.mark.parametrize(
    ("port", "protocol", "endpoint"),
    [
        (None, None, "https://hv-a.example:5986/wsman"),
        (None, "http", "http://hv-a.example:5985/wsman"),
        (None, "https", "https://hv-a.example:5986/wsman"),
        (5985, None, "http://hv-a.example:5985/wsman"),
        ("5985", None, "http://hv-a.example:5985/wsman"),
        (443, None, "https://hv-a.example:443/wsman"),
        (5985, "https", "https://hv-a.example:5985/wsman"),
    ],
)
def test_psrp_finds_the_listener_as_the_connection_does(port: Any, protocol: str | None, endpoint: str) -> None:
    assert psrp(port=port, protocol=protocol).endpoint == endpoint


@pytest.mark.parametrize(
    ("port", "scheme", "endpoint"),
    [
        (5986, None, "https://hv-a.example:5986/wsman"),
        (5985, None, "http://hv-a.example:5985/wsman"),
        ("8080", "http", "http://hv-a.example:8080/wsman"),
    ],
)
def test_winrm_finds_the_listener_as_the_connection_does(port: Any, scheme: str | None, endpoint: str) -> None:
    assert winrm(port=port, scheme=scheme).endpoint == endpoint


def test_an_ipv6_address_gets_brackets() -> None:
    assert endpoint_url("https", "2001:DB8::0:1", 5986, "wsman") == "https://[2001:db8::1]:5986/wsman"


@pytest.mark.parametrize(
    ("validation", "ca_cert", "expected"),
    [("validate", None, True), ("validate", "/ca.pem", "/ca.pem"), ("ignore", "/ca.pem", False)],
)
def test_psrp_checks_certificates_unless_told_not_to(validation: str, ca_cert: str | None, expected: object) -> None:
    assert psrp(cert_validation=validation, ca_cert=ca_cert).arguments["cert_validation"] == expected


def test_the_librarys_own_resending_is_off_whatever_the_inventory_says() -> None:
    assert psrp(reconnection_retries=5).arguments["reconnection_retries"] == 0


def test_an_encrypted_client_key_is_read_where_the_connection_knows_the_option() -> None:
    assert "certificate_key_password" not in psrp().arguments
    assert psrp(certificate_key_password="k").arguments["certificate_key_password"] == "k"


def test_the_host_gives_up_before_we_stop_listening() -> None:
    assert psrp(operation_timeout=60, read_timeout=30).operation_timeout == 29
    assert winrm({"operation_timeout_sec": "70", "read_timeout_sec": "40"}).operation_timeout == 39


def test_winrms_connection_timeout_sets_both_timeouts() -> None:
    options = winrm({"read_timeout_sec": 5}, connection_timeout="45")

    assert (options.operation_timeout, options.arguments["read_timeout_sec"]) == (45, 55)


@pytest.mark.parametrize(
    ("transport", "user", "port", "expected"),
    [
        (None, "operator", 5986, ("ssl",)),
        (None, "operator", 5985, ("plaintext",)),
        (None, "operator@CORP.EXAMPLE", 5986, ("kerberos",)),
        ([None], "operator", 5986, ("ssl",)),
        (["kerberos", "ntlm"], "operator", 5986, ("kerberos", "ntlm")),
    ],
)
def test_winrm_signs_in_by_the_ways_the_connection_would_try(
    transport: Any, user: str, port: int, expected: tuple[str, ...]
) -> None:
    assert winrm(transport=transport, remote_user=user, port=port).transports == expected


def test_winrms_extras_are_read_as_an_inventory_holds_them() -> None:
    extras = {"server_cert_validation": "ignore", "send_cbt": "no", "kerberos_delegation": "yes", "unknown": 1}

    arguments = winrm(extras | {"service": "WSMAN", "ca_trust_path": "/ca.pem"}).arguments

    assert (arguments["server_cert_validation"], arguments["send_cbt"]) == ("ignore", False)
    assert (arguments["kerberos_delegation"], arguments["service"]) == (True, "WSMAN")
    assert arguments["ca_trust_path"] == "/ca.pem"
    assert "unknown" not in arguments


@pytest.mark.parametrize(
    ("mode", "password", "ours"),
    [(None, "p", True), (None, None, False), (None, "", False), ("managed", None, True), ("manual", "p", False)],
)
def test_a_ticket_is_ours_to_get_when_the_connection_would_get_it(
    mode: str | None, password: str | None, ours: bool
) -> None:
    options = winrm(transport=["kerberos"], remote_password=password, kerberos_mode=mode)

    assert (options.ticket is not None) is ours


@pytest.mark.parametrize(
    ("kinit_args", "delegation", "expected"),
    [(None, False, ()), (None, "true", ("-f",)), ("-l '1 h' -p", "true", ("-l", "1 h", "-p"))],
)
def test_kinit_gets_the_arguments_the_connection_would_give(
    kinit_args: str | None, delegation: object, expected: tuple[str, ...]
) -> None:
    options = winrm({"kerberos_delegation": delegation}, transport=["kerberos"], kinit_args=kinit_args)

    assert options.ticket is not None
    assert options.ticket.arguments == expected


@pytest.mark.parametrize("options", [psrp(), winrm(transport=["kerberos"])], ids=["psrp", "winrm"])
def test_no_password_shows_when_options_are_printed(options: LibraryOptions) -> None:
    assert "the-password" not in repr(options)


@pytest.mark.parametrize(
    ("value", "expected"), [("Yes", True), (0, False), (True, True), ("off", False), (None, False)]
)
def test_a_switch_is_read_from_whatever_an_inventory_holds(value: object, expected: bool) -> None:
    assert yes_or_no(value) is expected


def test_values_that_are_no_switch_and_no_number_are_refused() -> None:
    with pytest.raises(PreconditionFailed):
        yes_or_no("perhaps")
    with pytest.raises(PreconditionFailed, match="port"):
        whole("fifty", "port")
