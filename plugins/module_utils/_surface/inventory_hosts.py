# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The Hyper-V hosts that an inventory source names, each as options of a psrp connection."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from ansible_collections.hyperv.replica.plugins.module_utils._errors import PreconditionFailed
from ansible_collections.hyperv.replica.plugins.module_utils._surface.options import GetOption

#: Options of the source as a whole that a host may have of its own.
_OWN: Final = ("site", "port", "scheme", "user", "password", "auth")

#: Options of ansible.builtin.psrp by those of the inventory source; all others of psrp have their defaults.
_PSRP: Final[Mapping[str, str]] = {
    "remote_user": "user",
    "remote_password": "password",
    "auth": "auth",
    "port": "port",
    "protocol": "scheme",
    "ca_cert": "ca_cert",
    "message_encryption": "message_encryption",
    "certificate_pem": "certificate_pem",
    "certificate_key_pem": "certificate_key_pem",
    "connection_timeout": "connection_timeout",
    "ignore_proxy": "ignore_proxy",
}

#: Documented defaults of ansible.builtin.psrp for what the inventory source has no option for.
_DEFAULTS: Final[Mapping[str, Any]] = {
    "path": "wsman",
    "read_timeout": 30,
    "operation_timeout": 20,
    "max_envelope_size": 153600,
    "proxy": None,
    "credssp_auth_mechanism": "auto",
    "credssp_disable_tlsv1_2": False,
    "credssp_minimum_version": 2,
    "negotiate_send_cbt": True,
    "negotiate_delegate": None,
    "negotiate_hostname_override": None,
    "negotiate_service": "WSMAN",
    "certificate_key_password": None,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class InventoryHost:
    """One Hyper-V host to be asked.

    Attributes:
        name: what the source calls it.
        address: what it is reached by.
        site: where it stands; its own name where the source does not say.
        own: options that are only its own.
    """

    name: str
    address: str
    site: str
    own: Mapping[str, Any] = field(repr=False)

    @property
    def labels(self) -> frozenset[str]:
        """The first labels of its names, in lower case; a relationship names hosts by these or more."""
        return frozenset(name.partition(".")[0].casefold() for name in (self.name, self.address))


def inventory_hosts(entries: Sequence[object], fill: Callable[[object], Any]) -> list[InventoryHost]:
    """The hosts of an inventory source.

    Args:
        entries: names, or mappings with a name and options of their own.
        fill: gives the value of what may be a template.

    Raises:
        PreconditionFailed: an entry is neither, has no name, an unknown key, or the name of another one.
    """
    hosts = [_host(entry, fill) for entry in entries]
    names = [host.name for host in hosts]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise _bad(f"hosts names {', '.join(twice)} twice", "Name each host once")
    return hosts


def psrp_getter(host: InventoryHost, get_option: GetOption) -> GetOption:
    """The options of a psrp connection to the host, from those of the inventory source."""

    def get(name: str) -> Any:
        if name == "remote_addr":
            return host.address
        if name == "cert_validation":
            return "validate" if get_option("validate_certs") else "ignore"
        if name in _DEFAULTS:
            return _DEFAULTS[name]
        option = _PSRP[name]
        return host.own[option] if option in host.own else get_option(option)

    return get


def _host(entry: object, fill: Callable[[object], Any]) -> InventoryHost:
    given = {"name": entry} if isinstance(entry, str) else entry
    if not isinstance(given, Mapping) or not given.get("name"):
        raise _bad("hosts has an entry without a name", "Write a host name, or a mapping with a name")
    unknown = sorted(set(map(str, given)) - {"name", "address", *_OWN})
    if unknown:
        known = ", ".join(("name", "address", *_OWN))
        raise _bad(f"hosts[{given['name']}] has {', '.join(unknown)}", f"Known there are {known}")
    filled = {str(name): fill(value) for name, value in given.items()}
    name = str(filled["name"])
    return InventoryHost(
        name=name,
        address=str(filled.get("address") or name),
        site=str(filled.get("site") or name),
        own={key: filled[key] for key in _OWN if key in filled},
    )


def _bad(found: str, remedy: str) -> PreconditionFailed:
    return PreconditionFailed(found, kind="bad_option", remedy=remedy)
