# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Everything a host shows: instances by class, by keys, and by what they belong to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.catalogue import (
    TABLES,
    CimClass,
    Instance,
    find_class,
    with_subclasses,
)
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.catalogue_cluster import HYPERV_CLUSTER
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.elements import instance_ref
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.faults import (
    INVALID_CLASS,
    NOT_FOUND,
    invalid_query,
)
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.identities import Sight
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.links import LINKS
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.summary import summaries
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.values import Ref
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.views_cluster import (
    CLUSTER_LINKS,
    CLUSTER_VIEWS,
    CLUSTERED_VM_VIEWS,
)
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.views_computer import COMPUTER_VIEWS
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.views_devices import DEVICE_VIEWS
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.views_settings import SETTING_VIEWS
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.views_systems import SYSTEM_VIEWS, View
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.wql import ONLY_KEY, Related

VIEWS: Final[dict[str, View]] = {
    **SYSTEM_VIEWS,
    **SETTING_VIEWS,
    **DEVICE_VIEWS,
    **COMPUTER_VIEWS,
    **CLUSTER_VIEWS,
    **LINKS,
    **CLUSTER_LINKS,
    "Msvm_SummaryInformation": summaries,
}

#: What tells instances apart: class and keys, in lower case.
Identity = tuple[str, tuple[tuple[str, Any], ...]]


def instances(sight: Sight, of: CimClass, *, deep: bool = True) -> Iterator[Instance]:
    """The instances of a class and, when deep, of all classes derived from it, each as its actual class."""
    views = CLUSTERED_VM_VIEWS if of.namespace == HYPERV_CLUSTER else VIEWS
    for one in with_subclasses(of) if deep else (of,):
        view = views.get(one.name)
        for values in view(sight) if view else ():
            yield Instance(one, values)


def find(sight: Sight, of: CimClass, keys: Mapping[str, Any]) -> Instance | None:
    """The instance with these keys; keys that are not given do not count, unknown ones fit nothing."""
    return next((one for one in instances(sight, of) if _fits(one, keys)), None)


def identity(ref: Ref) -> Identity:
    """What two references to the same instance have in common."""
    keys = ((name.casefold(), _folded(value)) for name, value in ref.keys.items())
    return ref.class_name.casefold(), tuple(sorted(keys))


def related(sight: Sight, namespace: str, wanted: Related) -> Iterator[Instance]:
    """What ASSOCIATORS OF or REFERENCES OF gives.

    Raises:
        Fault: a class named does not exist (0x80041010), or the source does not (0x80041002).
    """
    source = identity(instance_ref(_source(sight, namespace, wanted.source)))
    result = _named(namespace, wanted.result_class)
    links = _links(namespace, wanted.result_class if wanted.references else wanted.assoc_class)
    seen: set[Identity] = set()
    for link, far in _ends(sight, links, source, wanted):
        if wanted.references:
            yield link
        elif identity(far) not in seen:
            seen.add(identity(far))
            of = find_class(namespace, far.class_name)
            if of is not None and (result is None or of.is_a(result.name)):
                yield from _at(sight, of, far)


def _ends(sight: Sight, links: list[CimClass], source: Identity, wanted: Related) -> Iterator[tuple[Instance, Ref]]:
    """Each association that holds the source in the role asked for, with what stands at its other end."""
    for of in links:
        for link in instances(sight, of, deep=False):
            roles = {name: value for name, value in link.values.items() if isinstance(value, Ref)}
            for near, ref in roles.items():
                if identity(ref) == source and wanted.role.casefold() in ("", near.casefold()):
                    yield from ((link, far) for name, far in roles.items() if name != near and _role(wanted, name))
                    break


def _role(wanted: Related, name: str) -> bool:
    return wanted.result_role.casefold() in ("", name.casefold())


def _at(sight: Sight, of: CimClass, ref: Ref) -> Iterator[Instance]:
    found = find(sight, of, ref.keys)
    if found is not None:
        yield found


def _source(sight: Sight, namespace: str, ref: Ref) -> Instance:
    of = _named(namespace, ref.class_name)
    found = None if of is None else find(sight, of, _named_keys(of, ref.keys))
    if found is None:
        raise invalid_query("the object does not exist", hresult=NOT_FOUND)
    return found


def _named_keys(of: CimClass, keys: Mapping[str, Any]) -> Mapping[str, Any]:
    """The keys of a path; the key of a class that has only one may come without its name."""
    if ONLY_KEY in keys and len(of.keys) == 1:
        return {of.keys[0].name: keys[ONLY_KEY]}
    return keys


def _named(namespace: str, name: str) -> CimClass | None:
    of = find_class(namespace, name) if name else None
    if name and of is None:
        raise invalid_query(f"there is no class {name}", hresult=INVALID_CLASS)
    return of


def _links(namespace: str, name: str) -> list[CimClass]:
    asked = _named(namespace, name)
    every = with_subclasses(asked) if asked else [find_class(namespace, known) for known in TABLES[namespace]]
    return [of for of in every if of is not None and (of.name in LINKS or of.name in CLUSTER_LINKS)]


def _fits(one: Instance, keys: Mapping[str, Any]) -> bool:
    return all(_equal(one.value(name), value) for name, value in keys.items())


def _equal(found: Any, wanted: Any) -> bool:
    return found is not None and bool(_folded(found) == _folded(wanted))


def _folded(value: Any) -> Any:
    return identity(value) if isinstance(value, Ref) else str(value).casefold()
