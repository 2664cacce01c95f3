# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which classes a simulated host has, what their properties are, and which are derived from which."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

from ansible_collections.hyperv.replica.plugins.module_utils._wire import names
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.catalogue_cim import BASES, Table
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.catalogue_cimv2 import (
    COMPUTER,
    REGISTRY,
    SINGLETONS,
    STATIC,
)
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.catalogue_cluster import (
    CLUSTER,
    CLUSTERED_VMS,
    HYPERV_CLUSTER,
    MSCLUSTER,
)
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.catalogue_devices import DEVICE_LINKS, DEVICES
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.catalogue_replica import REPLICA, REPLICA_LINKS

TABLES: Final[dict[str, Table]] = {
    names.VIRTUALIZATION: {**BASES, **REPLICA, **REPLICA_LINKS, **DEVICES, **DEVICE_LINKS},
    names.CIMV2: {**COMPUTER, **REGISTRY},
    names.DEFAULT: REGISTRY,
    MSCLUSTER: CLUSTER,
    HYPERV_CLUSTER: CLUSTERED_VMS,
}
#: Namespaces that only a node of a cluster has.
OF_NODES: Final = frozenset({MSCLUSTER, HYPERV_CLUSTER})


@dataclass(frozen=True, slots=True)
class Property:
    """One property of a class; ``type`` is a CIM type, ``reference``, or ``object`` for an embedded object."""

    name: str
    type: str
    array: bool = False
    key: bool = False


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CimClass:
    """One class, with what it inherits.

    Attributes:
        namespace: with slashes, in lower case.
        chain: the class itself, then its superclasses, upwards.
        properties: by name in lower case, sorted by name.
        static: it has no instances, and its methods are asked of the class itself.
    """

    name: str
    namespace: str
    chain: tuple[str, ...]
    properties: Mapping[str, Property]
    singleton: bool = False
    static: bool = False

    @property
    def uri(self) -> str:
        """Its resource URI, which is the XML namespace of its instances."""
        return f"{names.WMI}/{self.namespace}/{self.name}"

    @property
    def keys(self) -> tuple[Property, ...]:
        """The properties that tell its instances apart."""
        return tuple(found for found in self.properties.values() if found.key)

    @property
    def association(self) -> bool:
        """Whether its instances link others."""
        return any(found.key and found.type == "reference" for found in self.properties.values())

    def is_a(self, name: str) -> bool:
        """Whether it is the class of this name or derived from it."""
        return name.casefold() in (ancestor.casefold() for ancestor in self.chain)

    def property(self, name: str) -> Property | None:
        """The property of this name, in any case."""
        return self.properties.get(name.casefold())


@dataclass(slots=True)
class Instance:
    """One instance as a host shows it now. Values: str, int, bool, datetime, timedelta, Ref, Instance, None, lists."""

    of: CimClass
    values: dict[str, Any] = field(default_factory=dict)

    def value(self, name: str) -> Any:
        """The value of a property, in any case; None where it is not set."""
        found = self.of.property(name)
        return None if found is None else self.values.get(found.name)


@cache
def find_class(namespace: str, name: str) -> CimClass | None:
    """The class of this name, in any case; None where the namespace has none."""
    table = TABLES.get(namespace.casefold(), {})
    known = _spellings(namespace.casefold()).get(name.casefold())
    if known is None:
        return None
    chain = tuple(_ancestors(table, known))
    properties: dict[str, Property] = {}
    for ancestor in reversed(chain):
        properties.update({found.name.casefold(): found for found in map(_read, table[ancestor][1].split())})
    return CimClass(
        name=known,
        namespace=namespace.casefold(),
        chain=chain,
        properties=dict(sorted(properties.items())),
        singleton=known.casefold() in SINGLETONS,
        static=known.casefold() in STATIC,
    )


def hyperv_class(name: str) -> CimClass:
    """The class of root/virtualization/v2 with this name, which has to exist."""
    found = find_class(names.VIRTUALIZATION, name)
    if found is None:
        raise KeyError(name)
    return found


@cache
def with_subclasses(of: CimClass) -> tuple[CimClass, ...]:
    """The class and all that are derived from it."""
    found = (find_class(of.namespace, name) for name in TABLES[of.namespace])
    return tuple(one for one in found if one is not None and one.is_a(of.name))


def namespace_exists(namespace: str) -> bool:
    """Whether the host has classes in this namespace."""
    return namespace.casefold() in TABLES


@cache
def _spellings(namespace: str) -> dict[str, str]:
    return {name.casefold(): name for name in TABLES.get(namespace, {})}


def _ancestors(table: Table, name: str) -> Iterator[str]:
    while name:
        yield name
        name = table[name][0]


def _read(text: str) -> Property:
    name, kind = text.split(":")
    return Property(name, kind.rstrip("[]*"), array="[]" in kind, key=kind.endswith("*"))
