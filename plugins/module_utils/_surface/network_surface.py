# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From the options of hyperv_replica_network to what each adapter shall say; what is no address is refused."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Mapping
from typing import Any

from ansible_collections.hyperv.replica.plugins.module_utils._errors import PreconditionFailed
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.adapters import FailoverAddresses
from ansible_collections.hyperv.replica.plugins.module_utils._operations.network import Wanted


def wanted_of(entry: Mapping[str, Any]) -> Wanted:
    """What one entry of ``adapters`` asks for."""
    given = entry["failover"]
    return Wanted(
        adapter=(entry["adapter"] or "").strip(),
        test_switch=entry["test_switch"],
        failover=None if given is None else _failover(given),
    )


def _failover(given: Mapping[str, Any]) -> FailoverAddresses:
    addresses = _read(given["addresses"], ipaddress.ip_interface, "addresses", "192.0.2.10/24")
    gateways = _read(given["gateways"], ipaddress.ip_address, "gateways", "192.0.2.1")
    dns = _read(given["dns"], ipaddress.ip_address, "dns", "192.0.2.53")
    if any("/" not in text for text in given["addresses"] or ()):
        raise _refusal("addresses without the length of their prefix", "192.0.2.10/24")
    if given["dhcp"] and (addresses or gateways):
        raise _refusal("dhcp with addresses or gateways", "one of them")
    if not given["dhcp"] and not addresses:
        raise _refusal("failover without addresses and without dhcp", "dhcp: true, or addresses")
    return FailoverAddresses(dhcp=given["dhcp"], addresses=addresses, gateways=gateways, dns=dns)


def _read(texts: list[str] | None, kind: Callable[[str], object], option: str, sample: str) -> tuple[str, ...]:
    try:
        return tuple(str(kind(text.strip())) for text in texts or ())
    except ValueError as error:
        raise _refusal(f"{option}: {error}", sample) from None


def _refusal(found: str, sample: str) -> PreconditionFailed:
    return PreconditionFailed(found, kind="bad_option", remedy=f"Write {sample}")
