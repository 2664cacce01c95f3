# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Base of the action that asks whether a move may begin: one look at both hosts, then rule by rule."""

from __future__ import annotations

import ipaddress
import platform
from typing import Any
from urllib.parse import urlsplit

from ansible_collections.hyperv.replica.plugins.module_utils._errors import TransportError
from ansible_collections.hyperv.replica.plugins.module_utils._operations.looks import Looks
from ansible_collections.hyperv.replica.plugins.module_utils._operations.membership import refuse_strangers
from ansible_collections.hyperv.replica.plugins.module_utils._operations.preflight import judge
from ansible_collections.hyperv.replica.plugins.module_utils._operations.preflight_looks import (
    GATHERS,
    Seen,
    connection_tests,
    see,
    whole,
)
from ansible_collections.hyperv.replica.plugins.module_utils._operations.preflight_rules import RULES
from ansible_collections.hyperv.replica.plugins.module_utils._operations.preflight_view import Operation
from ansible_collections.hyperv.replica.plugins.module_utils._surface.preflight_surface import (
    PREFLIGHT,
    asked_of,
    preflight_result,
    waivers_of,
)
from ansible_collections.hyperv.replica.plugins.plugin_utils._task import (
    HostAction,
    Session,
    skews,
    unreachable,
)


class PreflightAction(HostAction):
    """Asserts that a move may begin, and that there is a way home; changes nothing."""

    spec = PREFLIGHT
    spans_clusters = True

    def work(self, session: Session) -> dict[str, Any]:
        """Look once, and give what each rule says."""
        options = session.options
        waivers = waivers_of(options)
        looks = Looks(session.start_crew(), GATHERS, patience_seconds=0, routes=session.routes)
        seen = _seen(session, looks)
        asked = asked_of(options, seen.pairs, needs=_needs(session), controller=_own_names())
        tests = connection_tests(looks, seen, Operation(options["operation"])) if options["connection_test"] else {}
        told = judge(whole(seen, asked, tests), RULES, waivers)
        return {
            **preflight_result(options, seen.pairs, told),
            "exchanges": {host.name: host.exchanges for host in session.hosts.values()},
            "skew": skews(looks.last()),
            "warnings": [*self.skew(looks.last()), *session.cluster_warnings(looks.last())],
        }


def _seen(session: Session, looks: Looks) -> Seen:
    try:
        seen = see(looks, session.options["vms"])
        for roll in session.rolls.values():
            refuse_strangers(roll, looks.last())
        return seen
    except TransportError as error:
        if error.host == session.name:
            raise unreachable(error) from None  # core prints every cause it is given
        raise


def _needs(session: Session) -> list[str]:
    """What the controller needs to reach these hosts: Kerberos where nothing else signs in, DNS for names."""
    kerberos = any(opened.needs_kerberos for opened in session.opened)
    names = any(not _is_address(urlsplit(opened.endpoint).hostname or "") for opened in session.opened)
    return [service for service, needed in (("kdc", kerberos), ("dns", names)) if needed]


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost"
    return True


def _own_names() -> list[str]:
    """What this machine calls itself; a VM of that name is where this run is."""
    node = platform.node()
    return [*dict.fromkeys(name for name in (node, node.partition(".")[0]) if name)]
