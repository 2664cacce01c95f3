# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Connect a VM's adapters, disconnect them, and put them back exactly as they were."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.adapters import Adapter
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import End, Pair, Side
from ansible_collections.hyperv.replica.plugins.module_utils._operations.markers import Connections
from ansible_collections.hyperv.replica.plugins.module_utils._operations.plan import Method, Step

#: EnabledState of a connection (Microsoft's page msvm-ethernetportallocationsettingdata).
_CONNECTED: Final = 2
_DISCONNECTED: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectingStep(Step):
    """A step after which one adapter is connected to this, or to nothing.

    Attributes:
        adapter: as it was seen; resources: paths of what it is to be connected to, switch: the name of that.
    """

    adapter: Adapter
    resources: tuple[str, ...] = ()
    switch: str = ""

    def after(self, seen: Pair) -> Pair:
        seen = Step.after(self, seen)
        here = seen.at(self.host)
        if not isinstance(here, Side):
            return seen
        state = _CONNECTED if self.resources else _DISCONNECTED
        changed = replace(self.adapter, enabled=state, host_resource=self.resources, switch=self.switch)
        adapters = tuple(changed if one.id == self.adapter.id else one for one in here.adapters)
        return seen.replaced(self.host, here.but(adapters=adapters))

    def shown_by(self, seen: Pair) -> bool:
        here = seen.at(self.host)
        found = [one for one in here.adapters if one.id == self.adapter.id] if isinstance(here, Side) else []
        return bool(found) and is_connected_to(found[0], self.resources) and Step.shown_by(self, seen)


def connect(end: End, adapter: Adapter, resources: tuple[str, ...], *, why: str, switch: str = "") -> Step:
    """Connect an adapter to these paths; to nothing where there are none."""
    return ConnectingStep(
        host=end,
        method=Method.MODIFY_RESOURCE_SETTINGS,
        arguments={"InstanceID": adapter.id, "HostResource": resources},
        adapter=adapter,
        resources=resources,
        switch=(switch or resources[0]) if resources else "",
        takes=timedelta(seconds=2),
        limit=timedelta(seconds=120),
        why=f"{adapter.name}: {why}",
    )


def is_connected_to(adapter: Adapter, resources: tuple[str, ...]) -> bool:
    """Whether an adapter is connected to these paths, or to nothing."""
    if not resources:
        return not adapter.switch
    return bool(adapter.switch) and _folded(adapter.host_resource) == _folded(resources)


def _folded(paths: tuple[str, ...]) -> tuple[str, ...]:
    """Without the server's name, which one host writes in more than one way."""
    return tuple(path.casefold().partition("\\root\\")[2] or path.casefold() for path in paths)


def connections(side: Side) -> Connections:
    """What each connected adapter is connected to."""
    return {one.id: one.host_resource for one in side.adapters if one.switch and one.host_resource}


def to_put_back(side: Side, kept: Connections) -> list[tuple[Adapter, tuple[str, ...]]]:
    """Adapters that we disconnected and nobody has connected since, with what they were connected to."""
    return [(one, kept[one.id]) for one in side.adapters if one.id in kept and not one.switch]


def changed_since(side: Side, kept: Connections) -> list[str]:
    """What somebody else did to adapters that we disconnected, in words."""
    known = {one.id: one for one in side.adapters}
    gone = [
        f"an adapter that was connected to {_named(paths)} is gone" for key, paths in kept.items() if key not in known
    ]
    moved = [
        f"{known[key].name} was connected by somebody to {known[key].switch} and stays so"
        for key, paths in kept.items()
        if key in known and known[key].switch and not is_connected_to(known[key], paths)
    ]
    return gone + moved


def _named(paths: tuple[str, ...]) -> str:
    return ", ".join(paths)
