# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Base of the two actions that take down what a host is like, so that a simulator can be like it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from ansible_collections.hyperv.replica.plugins.module_utils._errors import TransportError
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.capture import capture
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.capture_clusters import capture_cluster
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import End
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.probing import probe
from ansible_collections.hyperv.replica.plugins.module_utils._surface.survey_specs import ESTATE_INFO, PROBE_INFO
from ansible_collections.hyperv.replica.plugins.plugin_utils._task import HostAction, Session, unreachable

_T = TypeVar("_T")


class ProbeAction(HostAction):
    """Finds out which undocumented behaviours a host has, as far as reading can tell."""

    spec = PROBE_INFO

    def work(self, session: Session) -> dict[str, Any]:
        """Give the switches that are known now, and what is open."""
        host = session.hosts[End.DESTINATION]
        findings = _asked(lambda: host.read(probe()))
        return {
            "changed": False,
            "switches": {found.switch: found.value for found in findings if found.value is not None},
            "evidence": {found.switch: found.evidence for found in findings},
            "unknown": [found.switch for found in findings if found.value is None],
            "exchanges": {host.name: host.exchanges},
        }


class EstateAction(HostAction):
    """Takes down what a host is and has, and the cluster it is a node of, in the words of an estate file."""

    spec = ESTATE_INFO

    def work(self, session: Session) -> dict[str, Any]:
        """Give the host as an entry of an estate."""
        host = session.hosts[End.DESTINATION]
        captured = _asked(lambda: host.read(capture()))
        captured["inventory_name"] = host.name
        clustered = _asked(lambda: host.read(capture_cluster()))
        return {
            "changed": False,
            "estate_host": captured,
            "estate_cluster": clustered,
            "exchanges": {host.name: host.exchanges},
        }


def _asked(ask: Callable[[], _T]) -> _T:
    """What the host answers; one that cannot be reached ends UNREACHABLE, since nothing was changed."""
    try:
        return ask()
    except TransportError as error:
        raise unreachable(error) from None  # core prints every cause it is given
