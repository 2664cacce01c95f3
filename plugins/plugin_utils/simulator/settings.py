# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Embedded settings instances: text in, the values of our data out; what is not legal is refused."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final, NamedTuple
from xml.sax.saxutils import unescape

from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.states import BUILT_IN_PROVIDER
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.jobs import Refused
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.machines import ReplicationSettings
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.switches import Switches
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.values import Emb

Value = str | list[str] | None


class Property(NamedTuple):
    """Where a CIM property stands in ReplicationSettings, and how its text is read.

    Attributes:
        output: only the host sets it; a value sent is ignored.
    """

    field: str
    read: Callable[[Value], Any]
    output: bool = False


def as_text(value: Value) -> str:
    """A string property; null is empty."""
    if isinstance(value, list):
        raise Refused(32776)
    return value or ""


def as_texts(value: Value) -> list[str]:
    """A string array property; null is empty, a scalar is an array of one."""
    return [value] if isinstance(value, str) else list(value or ())


def as_number(value: Value) -> int:
    """An unsigned number."""
    text = as_text(value)
    if not text.isdecimal():
        raise Refused(32776)
    return int(text)


def as_bool(value: Value) -> bool:
    """A boolean, written true or false in any case."""
    text = as_text(value).casefold()
    if text not in ("true", "false"):
        raise Refused(32776)
    return text == "true"


def as_interval(value: Value) -> timedelta:
    """A CIM interval, ``ddddddddHHMMSS.mmmmmm:000`` (Microsoft's page date-and-time-format)."""
    found = _INTERVAL.fullmatch(as_text(value))
    if not found:
        raise Refused(32768)
    days, hours, minutes, seconds, micros = map(int, found.groups())
    return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds, microseconds=micros)


_INTERVAL: Final = re.compile(r"(\d{8})(\d\d)(\d\d)(\d\d)\.(\d{6}):000")
_GUID_AT_END: Final = re.compile(r"([0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12})\"?\}?\s*$")


def as_provider(value: Value) -> str:
    """GUID of the provider whose object path is given; empty stands for the built-in one."""
    text = as_text(value)
    found = _GUID_AT_END.search(text)
    if text and not found:
        raise Refused(32773)
    return found[1].upper() if found else BUILT_IN_PROVIDER


#: Own properties of Msvm_ReplicationSettingData (that class's page), in its order.
PROPERTIES: Final[dict[str, Property]] = {
    "AuthenticationType": Property("authentication_type", as_number),
    "CertificateThumbPrint": Property("certificate_thumbprint", as_text),
    "RootCertificateThumbPrint": Property("root_certificate_thumbprint", as_text, output=True),
    "CompressionEnabled": Property("compression_enabled", as_bool),
    "BypassProxyServer": Property("bypass_proxy_server", as_bool),
    "RecoveryConnectionPoint": Property("recovery_connection_point", as_text),
    "RecoveryHostSystem": Property("recovery_host_system", as_text, output=True),
    "PrimaryConnectionPoint": Property("primary_connection_point", as_text, output=True),
    "PrimaryHostSystem": Property("primary_host_system", as_text, output=True),
    "RecoveryServerPortNumber": Property("recovery_server_port", as_number),
    "ReplicateHostKvpItems": Property("replicate_host_kvp_items", as_bool),
    "ApplicationConsistentSnapshotInterval": Property("application_consistent_interval", as_number),
    "RecoveryHistory": Property("recovery_history", as_number),
    "IncludedDisks": Property("included_disks", as_texts),
    "AutoResynchronizeEnabled": Property("auto_resynchronize", as_bool),
    "AutoResynchronizeIntervalStart": Property("auto_resynchronize_start", as_interval),
    "AutoResynchronizeIntervalEnd": Property("auto_resynchronize_end", as_interval),
    "EnableWriteOrderPreservationAcrossDisks": Property("write_order_preservation", as_bool),
    "ReplicationProvider": Property("provider", as_provider),
    "AdditionalSettings": Property("additional_settings", as_text),
    "ReplicationInterval": Property("replication_interval", as_number),
}
#: Always taken, never changed.
IDENTITY: Final = frozenset({"InstanceID", "VirtualSystemIdentifier"})
#: Intervals a host knows (that class's page, ReplicationInterval).
INTERVALS: Final = (30, 300, 900)


def merged(known: ReplicationSettings, given: Emb, switches: Switches) -> ReplicationSettings:
    """The settings that follow from an embedded instance.

    Raises:
        Refused: 32773 for a value out of its range or an inherited property where those are refused, 32776 for a
            value of the wrong type, 32768 for an interval in another form.
    """
    if given.class_name.casefold() != "msvm_replicationsettingdata":
        raise Refused(32773, "return")
    inherited = set(given.properties) - set(PROPERTIES) - IDENTITY
    if inherited and switches.is_("inherited_setting_properties", "refuse"):
        raise Refused(32773, "job")
    start = known if switches.is_("absent_setting_properties", "keep") else _defaults_beside_outputs(known)
    values = {
        PROPERTIES[name].field: PROPERTIES[name].read(value)
        for name, value in given.properties.items()
        if name in PROPERTIES and not PROPERTIES[name].output and value is not None
    }
    if "included_disks" in values:
        values["included_disks"] = [_disk(text, switches["included_disks"]) for text in values["included_disks"]]
    settings = replace(start, **values)
    check(settings)
    return settings


def _disk(text: str, form: str) -> str:
    """InstanceID of a disk in the one form that the switch included_disks takes."""
    found = _DISK_FORMS[form].search(text)
    if found is None:
        raise Refused(32773, "return")
    return found[1].replace("\\\\", "\\") if form == "object_path" else unescape(found[1])


#: How each form holds the InstanceID; an id by itself is neither a path nor XML.
_DISK_FORMS: Final = {
    "instance_id": re.compile(r"^([^<=]*)$"),
    "object_path": re.compile(r'InstanceID="([^"]*)"$'),
    "embedded": re.compile(r'<PROPERTY NAME="InstanceID"[^>]*><VALUE>([^<]*)</VALUE>'),
}


def check(settings: ReplicationSettings) -> None:
    """Refuse values out of their ranges (Microsoft's page msvm-replicationsettingdata)."""
    legal = (
        settings.authentication_type in (1, 2)
        and settings.replication_interval in INTERVALS
        and 0 <= settings.recovery_history <= 24
        and 0 <= settings.application_consistent_interval <= 12
        and 0 < settings.recovery_server_port < 65536
        and settings.recovery_connection_point != ""
    )
    if not legal and settings.provider == BUILT_IN_PROVIDER:
        raise Refused(32773, "return")


def _defaults_beside_outputs(known: ReplicationSettings) -> ReplicationSettings:
    outputs = {row.field: getattr(known, row.field) for row in PROPERTIES.values() if row.output}
    return ReplicationSettings(**outputs)
