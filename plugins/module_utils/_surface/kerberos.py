# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether signing in by Kerberos can work, judged from what was found on the controller and around it. Pure.

What the settings of krb5.conf mean and what they are when they are not there: MIT krb5 documentation, krb5.conf(5).
"""

from __future__ import annotations

import re
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


def judge(found: Found) -> tuple[Check, ...]:
    """Every check, the one that explains the others first."""
    return (
        _libraries(found),
        _account(found),
        _name(found),
        _configuration(found),
        _kdc(found),
        _reverse(found),
        _clock(found),
        _ticket(found),
    )


def _libraries(found: Found) -> Check:
    if not found.missing:
        return Check(check="libraries", result=PASS, found=f"what {found.connection} needs is installed")
    return Check(
        check="libraries",
        result=FAIL,
        found=f"missing on the controller: {', '.join(found.missing)}",
        cause="Without them the connection cannot speak Kerberos",
        remedy=f"Install {found.extra} in this execution environment; its build needs Kerberos' headers and a compiler",
    )


def _account(found: Found) -> Check:
    if found.realm:
        return Check(
            check="account", result=PASS, found=f"{found.user or 'the tickets at hand'} in realm {found.realm}"
        )
    return Check(
        check="account",
        result=FAIL,
        found=f"the account {found.user} names no realm, and krb5.conf has no default_realm",
        cause="Nobody can tell which KDC to ask",
        remedy="Write the account as user@REALM, the realm in capitals",
    )


def _name(found: Found) -> Check:
    if found.is_address:
        return Check(
            check="name",
            result=FAIL,
            found=f"the host is addressed as {found.host}, a number",
            cause="A ticket is for a name",
            remedy="Set ansible_host to the host's fully qualified name, or give the connection's hostname_override",
        )
    if not found.addresses:
        return Check(
            check="name",
            result=FAIL,
            found=f"{found.address or found.host} does not resolve",
            cause="The execution environment asks another name server than you do, or none",
            remedy="Check resolv.conf inside the execution environment",
        )
    short = "." not in found.host and found.host != "localhost"
    return Check(
        check="name",
        result=WARN if short else PASS,
        found=f"{found.address or found.host} is {', '.join(found.addresses)}; the ticket is for {found.host}",
        cause="A short name has to be completed, and not every library does it" if short else "",
        remedy="Set ansible_host to the fully qualified name" if short else "",
    )


def _configuration(found: Found) -> Check:
    here = found.configuration
    told = f"read: {', '.join(found.files) or 'no krb5.conf'}; dns_lookup_kdc is {here.dns_lookup_kdc}"
    if here.kdcs.get(found.realm) or here.dns_lookup_kdc:
        return Check(check="configuration", result=PASS, found=told)
    return Check(
        check="configuration",
        result=FAIL,
        found=f"{told}, and no kdc is written down for {found.realm or 'any realm'}",
        cause="The library has no way to find a KDC",
        remedy="Mount a krb5.conf into the execution environment that has dns_lookup_kdc = true, or the realm's kdc",
    )


def _kdc(found: Found) -> Check:
    if not found.kdc:
        return Check(
            check="kdc",
            result=FAIL,
            found=f"no KDC is known for {found.realm or 'the realm'}",
            cause="Neither krb5.conf nor DNS (_kerberos._tcp) names one",
            remedy="Let the execution environment ask the domain's own name servers, or write the kdc into krb5.conf",
        )
    silent = [name for name, answers in found.kdc.items() if not answers]
    if len(silent) == len(found.kdc):
        return Check(
            check="kdc",
            result=FAIL,
            found=f"no KDC accepts connections: {', '.join(silent)}",
            cause="A firewall between the execution environment and the domain controllers, or all of them are down",
            remedy="Open TCP and UDP port 88 to the domain controllers",
        )
    return Check(
        check="kdc",
        result=WARN if silent else PASS,
        found=", ".join(f"{name} {'answers' if answers else 'is silent'}" for name, answers in found.kdc.items()),
        cause="Each silent one costs a time-out, up to half a minute a task" if silent else "",
        remedy="Take it out of krb5.conf or DNS, or make it answer" if silent else "",
    )


def _reverse(found: Found) -> Check:
    here = found.configuration
    if not found.addresses or found.is_address:
        return Check(check="reverse_name", result=NOT_CHECKED, found="there is no address to look up")
    same = found.reverse.rstrip(".").lower() == found.host.lower()
    told = f"{found.addresses[0]} leads back to {found.reverse or 'no name'}"
    if same or not (here.rdns and here.canonicalizes):
        return Check(check="reverse_name", result=PASS, found=f"{told}; rdns is {here.rdns}")
    return Check(
        check="reverse_name",
        result=WARN,
        found=f"{told}, not to {found.host}, and rdns is on",
        cause="The library asks for a ticket for the name that the address leads back to"
        if found.reverse
        else "A reverse lookup that nobody answers delays every sign-in",
        remedy="Set rdns = false in krb5.conf, or mend the reverse zone",
    )


def _clock(found: Found) -> Check:
    if found.skew is None:
        return Check(check="clock", result=NOT_CHECKED, found="the host told no time")
    seconds = found.skew.total_seconds()
    good = abs(found.skew) < CLOCK_SKEW
    return Check(
        check="clock",
        result=PASS if good else FAIL,
        found=f"the host's clock is {abs(seconds):.0f} s {'ahead of' if seconds > 0 else 'behind'} the controller's",
        cause="" if good else f"Kerberos refuses more than {CLOCK_SKEW.total_seconds():.0f} s",
        remedy="" if good else "Let both take the time from the domain",
    )


#: What libraries and KDCs say: what it means, and what to do. Texts of MIT krb5, which are not translated.
_REFUSALS: Final = (
    (
        r"not found in kerberos database|server_not_found|s_principal_unknown",
        "The domain has no such service or account name",
        "Check the account; for the host, look at its service principal names with setspn -L, and at rdns above",
    ),
    (
        r"clock skew",
        "The controller's clock and the KDC's differ by more than five minutes",
        "Let both take the time from the domain",
    ),
    (
        r"cannot contact any kdc|cannot find kdc|cannot resolve|unable to reach any kdc",
        "No KDC of the realm answered",
        "See the checks configuration and kdc",
    ),
    (
        r"preauthentication failed|decrypt integrity|password incorrect",
        "The password is wrong",
        "Check the credential; in AWX, that the template uses the right one",
    ),
    (r"password has expired|key has expired", "The password has expired", "Change it, then the credential"),
    (r"revoked|locked out", "The account is disabled or locked", "Have it enabled; look for whoever locks it"),
    (
        r"encryption type|enctype",
        "Controller and domain have no encryption type in common",
        "Allow AES for the account in the domain, and in krb5.conf's permitted_enctypes",
    ),
    (
        r"no credentials|credentials cache|matching credential",
        "There is no ticket, and no password to get one with",
        "Give ansible_password, or have a ticket made before (kerberos_mode: manual)",
    ),
)


def _ticket(found: Found) -> Check:
    principal = f"{found.service}/{found.host}"
    if not found.asked:
        return Check(
            check="ticket", result=NOT_CHECKED, found="no ticket was asked for, since the libraries for it are missing"
        )
    if not found.refused:
        return Check(check="ticket", result=PASS, found=f"a ticket for {principal} was given out")
    said = found.refused.lower()
    cause, remedy = next(
        ((cause, remedy) for text, cause, remedy in _REFUSALS if re.search(text, said)),
        ("Kerberos gave no usual reason", "Read the words of the library; KRB5_TRACE=/dev/stderr tells more"),
    )
    return Check(
        check="ticket", result=FAIL, found=f"no ticket for {principal}: {found.refused}", cause=cause, remedy=remedy
    )


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
