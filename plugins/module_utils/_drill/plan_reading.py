# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Read a recovery plan from plain data; what is wrong with it is said at once and all of it, with its place."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Final, TypeVar

from ansible_collections.hyperv.replica.plugins.module_utils._drill.plan import (
    Adapter,
    Barrier,
    DnsProbe,
    Excluded,
    FailoverAddresses,
    HttpProbe,
    Network,
    OnVmFailure,
    Plan,
    PlanLimits,
    Probe,
    ProbeKind,
    Service,
    Tier,
    Vm,
)
from ansible_collections.hyperv.replica.plugins.module_utils._drill.plan_fields import PLAN, SCHEMA_VERSION
from ansible_collections.hyperv.replica.plugins.module_utils._drill.plan_rules import contradictions, unknown_hosts
from ansible_collections.hyperv.replica.plugins.module_utils._drill.shape import GUID_PATTERN, mistakes
from ansible_collections.hyperv.replica.plugins.module_utils._errors import PreconditionFailed
from ansible_collections.hyperv.replica.plugins.module_utils._values import duration, size

#: The tier of a plan that writes none.
_ONLY_TIER: Final = "all"

#: Status codes of a page that are good where none are written.
_GOOD: Final = (200,)

_T = TypeVar("_T")


def read_plan(data: object, hosts: Collection[str] | None = None) -> Plan:
    """Give the plan that is written.

    Args:
        data: plain values, as YAML or JSON give them; a null counts as left out.
        hosts: the names in the inventory; None where nobody knows them.

    Raises:
        PreconditionFailed: it cannot be followed; kind is ``bad_plan``, and every mistake is named with its place.
    """
    _refuse_other_versions(data)
    wrong = list(mistakes(data, PLAN))
    if wrong or not isinstance(data, Mapping):
        raise _refusal(wrong)
    plan = _plan(_Written(data))
    wrong = [*contradictions(plan), *unknown_hosts(plan, hosts)]
    if wrong:
        raise _refusal(wrong)
    return plan


def _refuse_other_versions(data: object) -> None:
    """A plan of another version may have other keys; they are not called mistakes."""
    version = data.get("schema_version") if isinstance(data, Mapping) else SCHEMA_VERSION
    if version is not None and (version != SCHEMA_VERSION or isinstance(version, bool)):
        raise PreconditionFailed(
            f"schema_version of the recovery plan is {version!r}",
            kind="bad_plan",
            cause=f"This release knows version {SCHEMA_VERSION} only",
            remedy=f"Write the plan as version {SCHEMA_VERSION} asks, or install a release that knows its version",
        )


def _refusal(wrong: Sequence[str]) -> PreconditionFailed:
    return PreconditionFailed(
        f"the recovery plan cannot be followed: {'; '.join(wrong)}",
        kind="bad_plan",
        remedy="Correct the plan; nothing was moved",
    )


class _Written:
    """What stands in a table, without the keys that hold nothing. Its shape is known to be right."""

    def __init__(self, table: object) -> None:
        items = table.items() if isinstance(table, Mapping) else ()
        self._given: dict[str, object] = {str(key): value for key, value in items if value is not None}

    def __contains__(self, key: str) -> bool:
        return key in self._given

    def text(self, key: str, default: str = "") -> str:
        return str(self._given.get(key, default)).strip()

    def flag(self, key: str, default: bool = False) -> bool:
        return bool(self._given.get(key, default))

    def whole(self, key: str) -> int | None:
        value = self._given.get(key)
        return value if isinstance(value, int) else None

    def duration(self, key: str) -> timedelta | None:
        return duration(self.text(key), option=key) if key in self else None

    def size(self, key: str) -> int | None:
        return size(self.text(key), option=key) if key in self else None

    def each(self, key: str, made: Callable[[object], _T]) -> tuple[_T, ...]:
        value = self._given.get(key)
        return tuple(made(one) for one in value) if isinstance(value, (list, tuple)) else ()

    def texts(self, key: str) -> tuple[str, ...]:
        return self.each(key, lambda one: str(one).strip())

    def table(self, key: str) -> _Written:
        return _Written(self._given.get(key))


def _plan(written: _Written) -> Plan:
    tiers = written.each("tiers", lambda one: _tier(_Written(one))) or (Tier(name=_ONLY_TIER),)
    limits = written.table("limits")
    return Plan(
        name=written.text("name"),
        description=written.text("description"),
        owner=written.text("owner"),
        vms=_linked(written.each("vms", lambda one: _vm(_Written(one), tiers[0].name))),
        tiers=tiers,
        barrier=Barrier(written.text("barrier", Barrier.PLAN.value)),
        limits=PlanLimits(
            concurrency=limits.whole("concurrency"),
            active_transfers=limits.whole("active_transfers"),
            winrm_operations=limits.whole("winrm_operations"),
            memory_reserve=limits.size("memory_reserve"),
        ),
        excluded=written.each("excluded", lambda one: _excluded(_Written(one))),
        provided_elsewhere=written.each("provided_elsewhere", Service),
    )


def _excluded(written: _Written) -> Excluded:
    return Excluded(written.text("name"), written.text("why"))


def _tier(written: _Written) -> Tier:
    return Tier(
        name=written.text("name"),
        before=written.texts("before"),
        after=written.texts("after"),
        pause_before=written.text("pause_before"),
        pause_after=written.text("pause_after"),
        on_vm_failure=OnVmFailure(written.text("on_vm_failure", OnVmFailure.STOP.value)),
        barrier=written.flag("barrier"),
    )


def _vm(written: _Written, first_tier: str) -> Vm:
    name, limits = written.text("name"), written.table("limits")
    vm_id = written.text("id") or (name if re.search(GUID_PATTERN, name) else "")
    return Vm(
        name=name or vm_id,
        id=vm_id.strip("{}").upper(),
        home=written.text("home"),
        recovery=written.text("recovery"),
        tier=written.text("tier", first_tier),
        depends_on=written.texts("depends_on"),
        start_delay=written.duration("start_delay") or timedelta(),
        provides=written.each("provides", Service),
        consistency_group=written.text("consistency_group"),
        rpo=limits.duration("rpo"),
        rto=limits.duration("rto"),
        probes=written.each("probes", lambda one: _probe(_Written(one))),
        probe_within=written.duration("probe_within"),
        network=_network(written.table("network")) if "network" in written else None,
    )


def _linked(vms: tuple[Vm, ...]) -> tuple[Vm, ...]:
    """Dependencies by the names that the machines have at their own place, whatever the case of their letters."""
    names = {key.casefold(): vm.name for vm in vms for key in (vm.name, vm.id) if key}
    return tuple(
        replace(vm, depends_on=tuple(dict.fromkeys(names.get(on.casefold(), on) for on in vm.depends_on))) for vm in vms
    )


def _probe(written: _Written) -> Probe:
    return Probe(
        kind=next(kind for kind in ProbeKind if kind.value in written),
        heartbeat=written.flag("heartbeat", True),
        addresses=written.texts("addresses"),
        tcp=written.whole("tcp") or 0,
        http=_http(written.table("http")) if "http" in written else None,
        dns=_dns(written.table("dns")) if "dns" in written else None,
        tasks=written.text("tasks"),
        address=written.text("address"),
        timeout=written.whole("timeout"),
    )


def _http(written: _Written) -> HttpProbe:
    status = written.each("status", lambda one: one if isinstance(one, int) else 0)
    return HttpProbe(
        url=written.text("url"),
        status=status or _GOOD,
        contains=written.text("contains"),
        validate_certs=written.flag("validate_certs", True),
        ca_path=written.text("ca_path"),
        certificate_days=written.whole("certificate_days"),
    )


def _dns(written: _Written) -> DnsProbe:
    return DnsProbe(
        name=written.text("name"),
        server=written.text("server"),
        type=written.text("type", "A"),
        expect=written.texts("expect"),
    )


def _network(written: _Written) -> Network:
    everywhere = (Adapter(test_switch=written.text("test_switch")),) if "test_switch" in written else ()
    return Network(
        test=written.text("test"),
        test_networks=written.each("test_networks", lambda one: _test_network(_Written(one))),
        adapters=everywhere + written.each("adapters", lambda one: _adapter(_Written(one))),
    )


def _test_network(written: _Written) -> tuple[str, str]:
    return written.text("adapter"), written.text("switch")


def _adapter(written: _Written) -> Adapter:
    addresses = written.table("failover")
    return Adapter(
        adapter=written.text("adapter"),
        test_switch=written.text("test_switch"),
        failover=FailoverAddresses(
            dhcp=addresses.flag("dhcp"),
            addresses=addresses.texts("addresses"),
            gateways=addresses.texts("gateways"),
            dns=addresses.texts("dns"),
        )
        if "failover" in written
        else None,
    )
