# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether signing in by Kerberos can work, as a table: of the answers to each check the first that holds counts.

What the settings of krb5.conf mean and what they are when they are not there: MIT krb5 documentation, krb5.conf(5).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from ansible_collections.hyperv.replica.plugins.module_utils._surface.kerberos import (
    CLOCK_SKEW,
    FAIL,
    NOT_CHECKED,
    PASS,
    WARN,
    Check,
    Found,
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


@dataclass(frozen=True, slots=True)
class _Rule:
    """One answer to one check; of those of a check the first that holds is given.

    Attributes:
        holds: whether it is the answer.
        found: with ``cause`` and ``remedy``, a text with names of ``_words`` in braces.
    """

    check: str
    holds: Callable[[Found], bool]
    result: str
    found: str
    cause: str = ""
    remedy: str = ""


def _else(_found: Found) -> bool:
    return True


def _is_short(found: Found) -> bool:
    return "." not in found.host and found.host != "localhost"


def _finds_a_kdc(found: Found) -> bool:
    return bool(found.configuration.kdcs.get(found.realm)) or found.configuration.dns_lookup_kdc


def _leads_back(found: Found) -> bool:
    """Whether the library asks for a ticket for the name that is meant."""
    same = found.reverse.rstrip(".").lower() == found.host.lower()
    return same or not (found.configuration.rdns and found.configuration.canonicalizes)


#: Every check and its answers, the check that explains the others first.
_RULES: Final = (
    _Rule("libraries", lambda found: not found.missing, PASS, "what {connection} needs is installed"),
    _Rule(
        "libraries",
        _else,
        FAIL,
        "missing on the controller: {missing}",
        "Without them the connection cannot speak Kerberos",
        "Install {extra} in this execution environment; its build needs Kerberos' headers and a compiler",
    ),
    _Rule("account", lambda found: bool(found.realm), PASS, "{who} in realm {realm}"),
    _Rule(
        "account",
        _else,
        FAIL,
        "the account {user} names no realm, and krb5.conf has no default_realm",
        "Nobody can tell which KDC to ask",
        "Write the account as user@REALM, the realm in capitals",
    ),
    _Rule(
        "name",
        lambda found: found.is_address,
        FAIL,
        "the host is addressed as {host}, a number",
        "A ticket is for a name",
        "Set ansible_host to the host's fully qualified name, or give the connection's hostname_override",
    ),
    _Rule(
        "name",
        lambda found: not found.addresses,
        FAIL,
        "{address} does not resolve",
        "The execution environment asks another name server than you do, or none",
        "Check resolv.conf inside the execution environment",
    ),
    _Rule(
        "name",
        _is_short,
        WARN,
        "{address} is {addresses}; the ticket is for {host}",
        "A short name has to be completed, and not every library does it",
        "Set ansible_host to the fully qualified name",
    ),
    _Rule("name", _else, PASS, "{address} is {addresses}; the ticket is for {host}"),
    _Rule("configuration", _finds_a_kdc, PASS, "read: {files}; dns_lookup_kdc is {dns_lookup_kdc}"),
    _Rule(
        "configuration",
        _else,
        FAIL,
        "read: {files}; dns_lookup_kdc is {dns_lookup_kdc}, and no kdc is written down for {any_realm}",
        "The library has no way to find a KDC",
        "Mount a krb5.conf into the execution environment that has dns_lookup_kdc = true, or the realm's kdc",
    ),
    _Rule(
        "kdc",
        lambda found: not found.kdc,
        FAIL,
        "no KDC is known for {the_realm}",
        "Neither krb5.conf nor DNS (_kerberos._tcp) names one",
        "Let the execution environment ask the domain's own name servers, or write the kdc into krb5.conf",
    ),
    _Rule(
        "kdc",
        lambda found: not any(found.kdc.values()),
        FAIL,
        "no KDC accepts connections: {silent}",
        "A firewall between the execution environment and the domain controllers, or all of them are down",
        "Open TCP and UDP port 88 to the domain controllers",
    ),
    _Rule("kdc", lambda found: all(found.kdc.values()), PASS, "{kdcs}"),
    _Rule(
        "kdc",
        _else,
        WARN,
        "{kdcs}",
        "Each silent one costs a time-out, up to half a minute a task",
        "Take it out of krb5.conf or DNS, or make it answer",
    ),
    _Rule(
        "reverse_name",
        lambda found: not found.addresses or found.is_address,
        NOT_CHECKED,
        "there is no address to look up",
    ),
    _Rule("reverse_name", _leads_back, PASS, "{first} leads back to {back}; rdns is {rdns}"),
    _Rule(
        "reverse_name",
        lambda found: bool(found.reverse),
        WARN,
        "{first} leads back to {back}, not to {host}, and rdns is on",
        "The library asks for a ticket for the name that the address leads back to",
        "Set rdns = false in krb5.conf, or mend the reverse zone",
    ),
    _Rule(
        "reverse_name",
        _else,
        WARN,
        "{first} leads back to {back}, not to {host}, and rdns is on",
        "A reverse lookup that nobody answers delays every sign-in",
        "Set rdns = false in krb5.conf, or mend the reverse zone",
    ),
    _Rule("clock", lambda found: found.skew is None, NOT_CHECKED, "the host told no time"),
    _Rule(
        "clock",
        lambda found: found.skew is not None and abs(found.skew) < CLOCK_SKEW,
        PASS,
        "the host's clock is {skew} the controller's",
    ),
    _Rule(
        "clock",
        _else,
        FAIL,
        "the host's clock is {skew} the controller's",
        "Kerberos refuses more than {allowed} s",
        "Let both take the time from the domain",
    ),
    _Rule(
        "ticket",
        lambda found: not found.asked,
        NOT_CHECKED,
        "no ticket was asked for, since the libraries for it are missing",
    ),
    _Rule("ticket", lambda found: not found.refused, PASS, "a ticket for {principal} was given out"),
    _Rule("ticket", _else, FAIL, "no ticket for {principal}: {refused}", "{why}", "{then}"),
)


def judge(found: Found) -> tuple[Check, ...]:
    """Every check, the one that explains the others first."""
    words = _words(found)
    answers: dict[str, _Rule] = {}
    for rule in _RULES:
        if rule.check not in answers and rule.holds(found):
            answers[rule.check] = rule
    return tuple(
        Check(
            check=check,
            result=rule.result,
            found=rule.found.format_map(words),
            cause=rule.cause.format_map(words),
            remedy=rule.remedy.format_map(words),
        )
        for check, rule in answers.items()
    )


def _words(found: Found) -> dict[str, object]:
    """What the texts of the rules name."""
    seconds = found.skew.total_seconds() if found.skew else 0.0
    why, then = _refusal(found.refused)
    return {
        "connection": found.connection,
        "missing": ", ".join(found.missing),
        "extra": found.extra,
        "user": found.user,
        "who": found.user or "the tickets at hand",
        "realm": found.realm,
        "any_realm": found.realm or "any realm",
        "the_realm": found.realm or "the realm",
        "host": found.host,
        "address": found.address or found.host,
        "addresses": ", ".join(found.addresses),
        "first": next(iter(found.addresses), ""),
        "back": found.reverse or "no name",
        "files": ", ".join(found.files) or "no krb5.conf",
        "dns_lookup_kdc": found.configuration.dns_lookup_kdc,
        "rdns": found.configuration.rdns,
        "kdcs": ", ".join(f"{name} {'answers' if answers else 'is silent'}" for name, answers in found.kdc.items()),
        "silent": ", ".join(name for name, answers in found.kdc.items() if not answers),
        "skew": f"{abs(seconds):.0f} s {'ahead of' if seconds > 0 else 'behind'}",
        "allowed": f"{CLOCK_SKEW.total_seconds():.0f}",
        "principal": f"{found.service}/{found.host}",
        "refused": found.refused,
        "why": why,
        "then": then,
    }


def _refusal(text: str) -> tuple[str, str]:
    """What the words of a library mean, and what to do."""
    unusual = ("Kerberos gave no usual reason", "Read the words of the library; KRB5_TRACE=/dev/stderr tells more")
    return next(((cause, remedy) for said, cause, remedy in _REFUSALS if re.search(said, text.lower())), unusual)
