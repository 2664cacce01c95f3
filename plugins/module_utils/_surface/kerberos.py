# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What was found on the controller and around it of signing in by Kerberos, and what was made of it. Pure.

What the settings of krb5.conf mean and what they are when they are not there: MIT krb5 documentation, krb5.conf(5).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

#: Seconds that clocks may differ (krb5.conf(5), clockskew).
CLOCK_SKEW: Final = timedelta(seconds=300)

PASS, WARN, FAIL, NOT_CHECKED = "PASS", "WARN", "FAIL", "NOT_CHECKED"

KRB5: Final[Mapping[str, Any]] = {
    "argument_spec": {
        "fail_on": {"type": "str", "choices": ["fail", "warn", "never"], "default": "fail"},
        "timeout": {"type": "int", "default": 10},
    }
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One finding.

    Attributes:
        check: libraries, account, name, configuration, kdc, reverse_name, clock, ticket; part of the public API.
        result: PASS, WARN, FAIL or NOT_CHECKED.
        found: what was seen.
        cause: why that matters; empty where nothing is wrong.
        remedy: what would make it right.
    """

    check: str
    result: str
    found: str
    cause: str = ""
    remedy: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """What krb5.conf says, with the library's own defaults where it says nothing.

    Attributes:
        kdcs: by realm, as written.
    """

    default_realm: str = ""
    dns_lookup_kdc: bool = True
    rdns: bool = True
    canonicalizes: bool = True
    kdcs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What was gathered for one host.

    Attributes:
        connection: psrp or winrm.
        files: the configuration files that were read.
        host: the name that the ticket is for.
        address: what is connected to, where that is another name or a number; the host's own name when empty.
        addresses: what that resolves to; ``reverse``: what the first of them resolves back to.
        kdc: the servers tried for the realm, and for each whether it answers.
        skew: how far the host's clock is ahead of the controller's; None where it told no time.
        refused: why there was no service ticket; None where there was one, empty where none was asked for.
    """

    connection: str
    user: str
    host: str
    service: str
    address: str = ""
    missing: tuple[str, ...] = ()
    extra: str = ""
    files: tuple[str, ...] = ()
    configuration: Configuration = Configuration()
    addresses: tuple[str, ...] = ()
    reverse: str = ""
    is_address: bool = False
    kdc: Mapping[str, bool] = field(default_factory=dict)
    skew: timedelta | None = None
    asked: bool = False
    refused: str = ""

    @property
    def realm(self) -> str:
        """Of the account, or the configured default."""
        return self.user.partition("@")[2].upper() or self.configuration.default_realm


def read_configuration(text: str) -> Configuration:
    """Read the parts of a krb5.conf that matter here. What cannot be read counts as not there."""
    library, kdcs, section, realm = dict[str, str](), dict[str, list[str]](), "", ""
    for raw in text.splitlines():
        line = raw.split("#", 1)[0].split(";", 1)[0].strip()
        if line.startswith("["):
            section, realm = line.strip("[]* ").lower(), ""
        elif section == "realms" and line.endswith("{"):
            realm = line.partition("=")[0].strip()
        elif line.startswith("}"):
            realm = ""
        elif "=" in line:
            name, _is, value = (part.strip() for part in line.partition("="))
            if section == "libdefaults":
                library.setdefault(name, value)
            elif section == "realms" and realm and name == "kdc":
                kdcs.setdefault(realm, []).append(value)
    return Configuration(
        default_realm=library.get("default_realm", ""),
        dns_lookup_kdc=_yes(library.get("dns_lookup_kdc", "true")),
        rdns=_yes(library.get("rdns", "true")),
        canonicalizes=_yes(library.get("dns_canonicalize_hostname", "true")),
        kdcs={name: tuple(servers) for name, servers in kdcs.items()},
    )


def _yes(word: str) -> bool:
    return word.lower() in ("true", "yes", "on", "1", "y", "t")


def verdict(checks: tuple[Check, ...]) -> str:
    """passed, warned or failed."""
    results = {check.result for check in checks}
    return "failed" if FAIL in results else "warned" if WARN in results else "passed"


def said(host: str, checks: tuple[Check, ...]) -> str:
    """What an operator reads: the first thing that is wrong, or that nothing is."""
    wrong = [check for check in checks if check.result in (FAIL, WARN)]
    if not wrong:
        return f"{host}: signing in by Kerberos works."
    parts = [f"{check.check}: {check.found}. {check.cause}. {check.remedy}." for check in wrong]
    return f"{host}: {' '.join(parts)}"
