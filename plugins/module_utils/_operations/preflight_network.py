# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Preflight rules about networks: switches, VLANs, adapters, their MAC addresses, and the services of the guest."""

from __future__ import annotations

from typing import Final

from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.adapters import Adapter
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import End
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.states import (
    ComponentStatus,
    Power,
    ReplicationMode,
)
from ansible_collections.hyperv.replica.plugins.module_utils._operations.preflight import Rule, gates
from ansible_collections.hyperv.replica.plugins.module_utils._operations.preflight_view import (
    Finding,
    Unseen,
    View,
    failed,
    passed,
)

_NO_MAC: Final = ("", "000000000000")
_WELL: Final = (ComponentStatus.OK, ComponentStatus.DEGRADED)


def _adapters(view: View, end: End) -> tuple[Adapter, ...]:
    build, side = view.build(end), view.side(end)
    if not build.adapters_read:
        raise Unseen(side.host, build.unread.get("adapters", "its adapters were not read"))
    return side.adapters


def _twins(view: View) -> list[tuple[Adapter, Adapter | None]]:
    """Each adapter of the source with the destination's: of the same id, or of the same name."""
    here = list(_adapters(view, End.DESTINATION))
    twins: list[tuple[Adapter, Adapter | None]] = []
    for one in _adapters(view, End.SOURCE):
        same = [other for other in here if other.id.upper() == one.id.upper()]
        same = same or [other for other in here if other.name == one.name]
        twins.append((one, same[0] if same else None))
        if same:
            here.remove(same[0])
    return twins


def _switches(view: View) -> Finding:
    here = view.here
    for there, twin in _twins(view):
        if there.switch and (twin is None or not twin.switch):
            return failed(f"{there.name} is on {there.switch} at the source, and disconnected here", here.host)
        if twin and twin.switch and twin.switch not in here.networks.switches:
            return failed(f"{twin.name} is on {twin.switch}, which this host does not have", here.host)
    return passed("every adapter is connected as at the source", here.host)


def _vlans(view: View) -> Finding:
    here, there = view.build(End.DESTINATION), view.build(End.SOURCE)
    if here.vlans is None or there.vlans is None:
        bad = End.DESTINATION if here.vlans is None else End.SOURCE
        raise Unseen(view.side(bad).host, view.build(bad).unread.get("vlans", "VLANs were not read"))
    for one, twin in _twins(view):
        if twin is None or not (one.switch and twin.switch):
            continue
        wanted, found = there.vlans.get(one.id.upper(), ""), here.vlans.get(twin.id.upper(), "")
        if wanted != found:
            said = f"{one.name} has {wanted or 'no VLAN'} at the source and {found or 'no VLAN'} here"
            return failed(said, view.here.host)
    return passed("VLANs are the same", view.here.host)


def _adapter_drift(view: View) -> Finding:
    here, there = _adapters(view, End.DESTINATION), _adapters(view, End.SOURCE)
    if len(here) != len(there):
        return failed(f"{len(there)} adapters at the source, {len(here)} here", view.here.host)
    strangers = [one.name for one, twin in _twins(view) if twin is None]
    if strangers:
        return failed(f"not here: {', '.join(strangers)}", view.here.host)
    return passed(f"{len(here)} adapters at both ends", view.here.host)


def _mac_dynamic(view: View) -> Finding:
    host = view.here.host
    dynamic = [one.name for one in _adapters(view, End.DESTINATION) if one.dynamic_mac]
    if dynamic:
        return failed(f"the host chooses the MAC address of {', '.join(dynamic)}", host)
    return passed("every MAC address is static", host)


def _mac_duplicate(view: View) -> Finding:
    host, mine = view.here.host, {one.mac for one in _adapters(view, End.DESTINATION)} - {*_NO_MAC}
    for vm_id, other in view.whole.everything.get(End.DESTINATION, {}).items():
        twins = mine & {one.mac for one in other.adapters}
        if twins and vm_id != view.pair.vm_id and other.mode is not ReplicationMode.TEST_REPLICA:
            return failed(f"{other.vm_name} has the same MAC address: {', '.join(sorted(twins))}", host)
    return passed("no other VM of this host has one of its MAC addresses", host)


def _mac_pool(view: View) -> Finding:
    pools = []
    for end in End:
        site = view.site(end)
        if site.macs is None:
            raise Unseen(view.pair.at(end).host, site.unread.get("macs", "it does not tell its range"))
        pools.append(site.macs)
    (first, last), (other_first, other_last) = pools
    told = f"{first}-{last} here, {other_first}-{other_last} at the source"
    if first <= other_last and other_first <= last:
        return failed(told, view.pair.destination.host)
    return passed(told, view.pair.destination.host)


def _guest_services(view: View) -> Finding:
    there, here = view.there, view.here
    guest = there.guest
    if there.power is Power.RUNNING and (guest is None or guest.heartbeat not in _WELL):
        return failed("the guest is silent, so it cannot be asked to shut down", there.host)
    given = [one.name for one in here.adapters if one.failover is not None and one.failover.addresses]
    if given and guest is not None and guest.os_name and "windows" not in guest.os_name.casefold():
        return failed(f"{guest.os_name} may not take the failover addresses of {', '.join(given)}", here.host)
    return passed("the guest answers" if there.power is Power.RUNNING else "the guest is not running", there.host)


RULES: Final = (
    Rule(
        id="switches",
        asks="Every adapter that is connected at the source is connected at the destination, to a switch that exists.",
        gates=gates("- B W - B"),
        check=_switches,
        cause="A replica's adapters are disconnected until somebody connects them; the VM would run without a network",
        remedy="Connect the replica's adapters to their switch",
    ),
    Rule(
        id="vlans",
        asks="Adapters have the same VLAN at both ends.",
        gates=gates("- W W - W"),
        check=_vlans,
        cause="VLANs are not replicated",
        remedy="Set the VLAN of the replica's adapter, or waive this where the sites differ on purpose",
    ),
    Rule(
        id="adapter_drift",
        asks="Both copies have the same adapters.",
        gates=gates("W W W - W"),
        check=_adapter_drift,
        cause="Changes of a VM's hardware are not replicated",
        remedy="Give the replica the same adapters",
    ),
    Rule(
        id="mac_dynamic",
        asks="The replica's MAC addresses are static.",
        gates=gates("- W W - W"),
        check=_mac_dynamic,
        cause="A start on another host may give another address: Linux guests and DHCP reservations go by the old one",
        remedy="Make the MAC addresses static, and the same at both ends",
    ),
    Rule(
        id="mac_duplicate",
        asks="No other VM of the destination has one of its MAC addresses.",
        gates=gates("- B W - B"),
        check=_mac_duplicate,
        cause="Two machines of one network with the same address lose each other's packets",
        remedy="Give one of them another MAC address",
    ),
    Rule(
        id="mac_pool",
        asks="The hosts give MAC addresses from ranges that do not overlap.",
        gates=gates("- W W - W"),
        check=_mac_pool,
        cause="Both may give the same address to different VMs",
        remedy="Give each host a range of its own",
        of_hosts=True,
    ),
    Rule(
        id="guest_services",
        asks="The guest answers, and can apply failover addresses where there are any.",
        gates=gates("- W - - W"),
        check=_guest_services,
        cause="Integration services are off, old, or not able to do this in this guest",
        remedy="Repair the integration services, or let the guest's own means set its addresses",
    ),
)
