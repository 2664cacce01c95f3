# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is found around Kerberos, and what it is taken to mean."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from ansible_collections.hyperv.replica.plugins.module_utils._surface.kerberos import (
    Check,
    Configuration,
    Found,
    read_configuration,
    said,
    verdict,
)
from ansible_collections.hyperv.replica.plugins.module_utils._surface.kerberos_checks import judge

WELL = Found(
    connection="psrp",
    user="ops@EXAMPLE.TEST",
    host="hv-a.example.test",
    service="HTTP",
    files=("/etc/krb5.conf",),
    configuration=Configuration(rdns=False),
    addresses=("192.0.2.1",),
    reverse="hv-a.example.test",
    kdc={"dc1.example.test:88": True},
    skew=timedelta(seconds=2),
    asked=True,
)

WRITTEN = """
# what an administrator wrote
[libdefaults]
  default_realm = EXAMPLE.TEST
  rdns = no
  dns_lookup_kdc = false
[realms]
  EXAMPLE.TEST = {
    kdc = dc1.example.test
    kdc = dc2.example.test:8888
    admin_server = dc1.example.test
  }
  OTHER.TEST = {
    kdc = dc.other.test
  }
[domain_realm]
  .example.test = EXAMPLE.TEST
"""


def of(found: Found, name: str) -> Check:
    return next(check for check in judge(found) if check.check == name)


def test_a_configuration_is_read_as_far_as_it_matters() -> None:
    assert read_configuration(WRITTEN) == Configuration(
        default_realm="EXAMPLE.TEST",
        dns_lookup_kdc=False,
        rdns=False,
        kdcs={"EXAMPLE.TEST": ("dc1.example.test", "dc2.example.test:8888"), "OTHER.TEST": ("dc.other.test",)},
    )


def test_what_a_configuration_leaves_out_is_as_the_library_has_it() -> None:
    assert read_configuration("[libdefaults\nrubbish }{ =") == Configuration()


def test_all_is_well_where_everything_answers() -> None:
    checks = judge(WELL)

    assert verdict(checks) == "passed"
    assert said("hv-a", checks) == "hv-a: signing in by Kerberos works."


@pytest.mark.parametrize(
    ("change", "check", "result", "words"),
    [
        ({"missing": ("gssapi",), "extra": "pypsrp[kerberos]"}, "libraries", "FAIL", "pypsrp[kerberos]"),
        ({"user": "ops"}, "account", "FAIL", "user@REALM"),
        ({"addresses": ()}, "name", "FAIL", "resolv.conf"),
        ({"host": "hv-a"}, "name", "WARN", "fully qualified"),
        ({"host": "192.0.2.1", "is_address": True}, "name", "FAIL", "hostname_override"),
        ({"configuration": Configuration(dns_lookup_kdc=False)}, "configuration", "FAIL", "dns_lookup_kdc = true"),
        ({"kdc": {}}, "kdc", "FAIL", "name servers"),
        ({"kdc": {"dc1": False}}, "kdc", "FAIL", "port 88"),
        ({"kdc": {"dc1": False, "dc2": True}}, "kdc", "WARN", "Take it out"),
        ({"configuration": Configuration(), "reverse": "other.example.test"}, "reverse_name", "WARN", "rdns = false"),
        ({"configuration": Configuration(), "reverse": ""}, "reverse_name", "WARN", "rdns = false"),
        ({"skew": timedelta(seconds=-301)}, "clock", "FAIL", "time from the domain"),
        ({"refused": "Clock skew too great"}, "ticket", "FAIL", "time from the domain"),
        ({"refused": "Server not found in Kerberos database"}, "ticket", "FAIL", "setspn -L"),
        ({"refused": "KDC has no support for encryption type"}, "ticket", "FAIL", "AES"),
        ({"refused": "Client's credentials have been revoked"}, "ticket", "FAIL", "enabled"),
        ({"refused": "No credentials cache found"}, "ticket", "FAIL", "ansible_password"),
        ({"refused": "something new"}, "ticket", "FAIL", "KRB5_TRACE"),
    ],
)
def test_what_is_wrong_is_named_with_its_remedy(change: dict[str, object], check: str, result: str, words: str) -> None:
    seen = of(replace(WELL, **change), check)  # type: ignore[arg-type]

    assert seen.result == result
    assert words in seen.remedy


def test_a_reverse_name_does_not_matter_where_nobody_looks_it_up() -> None:
    assert of(replace(WELL, reverse="other.example.test"), "reverse_name").result == "PASS"


def test_a_clock_within_five_minutes_is_good_enough() -> None:
    assert of(replace(WELL, skew=timedelta(seconds=299)), "clock").result == "PASS"


def test_what_could_not_be_asked_is_said_and_no_failure() -> None:
    checks = judge(replace(WELL, asked=False, skew=None))

    assert {check.check for check in checks if check.result == "NOT_CHECKED"} == {"ticket", "clock"}
    assert verdict(checks) == "passed"
