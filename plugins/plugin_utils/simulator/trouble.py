# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Trouble that can be ordered: what it is, which request it strikes, and how often.

Kinds in ``CARRIED`` are carried out by whoever moves the bytes; those in ``STRUCK`` befall the world before a request
is executed; those in ``METHODS`` change what one method call comes to. Troubles are tried in the order they were added.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any, Final, Protocol

#: Carried out by the listener or the service, with the attributes of Trouble each one reads.
CARRIED: Final[dict[str, str]] = {
    "cut_before": "the connection is cut and nothing was executed",
    "cut_after": "the request is executed, then the connection is cut without an answer",
    "delay": "the answer comes ``seconds`` later, by the wall clock",
    "refuse_connection": "the host takes no connection",
    "unauthorized": "401 in mid-session",
    "fault": "a SOAP fault named by ``name`` (subcode), ``code`` and ``detail``; nothing was executed",
    "html": "a proxy's page with HTTP status ``status``; nothing was executed unless ``executed``",
    "quota": "the fault of an exceeded quota; nothing was executed",
}
#: Carried out by ``World.meet`` before execution, or ``seconds`` of simulated time later.
STRUCK: Final[dict[str, str]] = {
    "host_restart": "the host restarts",
    "power_loss": "the host loses power and stays off",
    "change": "somebody else does ``action`` with ``arguments``",
}
#: Carried out by the rules.
METHODS: Final[dict[str, str]] = {
    "fail_job": "the job the method starts ends in state 10 with ErrorCode ``code``",
    "stick_job": "the job stops moving at ``percent``",
    "return_code": "the method answers ``code`` and does nothing",
}
KINDS: Final = {**CARRIED, **STRUCK, **METHODS}

#: What a match may name. All but ``nth`` may hold the wildcards * and ?; ``vm`` is a name or a GUID.
MATCHABLE: Final = ("host", "action", "class_name", "method", "vm", "mutating", "nth")


class Facts(Protocol):
    """What a trouble can be matched by, beside the host; the service's RequestFacts has it."""

    @property
    def action(self) -> str:
        """The last part of the WS-Addressing action: Get, Enumerate, Pull, Release, Identify, or a method's name."""

    @property
    def class_name(self) -> str:
        """The class asked, where one is named."""

    @property
    def method(self) -> str:
        """The method invoked; empty otherwise."""

    @property
    def vm(self) -> str:
        """GUID of the VM concerned; empty where none is named."""

    @property
    def mutating(self) -> bool:
        """Whether the request changes something."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodFacts:
    """Facts of a method call where no request is at hand."""

    action: str
    class_name: str
    method: str
    vm: str
    mutating: bool = True


@dataclass(slots=True, kw_only=True)
class Trouble:
    """One ordered trouble.

    Attributes:
        match: every key has to fit; none fits all. ``nth``: strikes from the n-th fitting request on, counted from 1.
        times: how often it strikes; None for ever.
        seen: how many requests fitted so far; struck: how often it was carried out.
    """

    kind: str
    match: dict[str, Any] = field(default_factory=dict)
    times: int | None = 1
    seconds: float = 0.0
    percent: int = 50
    code: int = 32768
    name: str = ""
    detail: str = ""
    status: int = 502
    executed: bool = False
    action: str = ""
    arguments: dict[str, Any] = field(default_factory=dict)
    seen: int = 0
    struck: int = 0

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"there is no trouble {self.kind}; known are {', '.join(KINDS)}")
        if unknown := set(self.match) - set(MATCHABLE):
            raise ValueError(f"a trouble cannot match {', '.join(sorted(unknown))}; it can {', '.join(MATCHABLE)}")

    def fits(self, host: str, facts: Facts, vm_name: str = "") -> bool:
        """Whether the request is one it is meant for, however often it has struck."""
        found = {key: [str(getattr(facts, key))] for key in ("action", "class_name", "method", "vm", "mutating")}
        found |= {"host": [host], "vm": [facts.vm, vm_name]}
        return all(_fits(str(wanted), found[key]) for key, wanted in self.match.items() if key != "nth")

    def takes(self) -> bool:
        """Count a fitting request, and say whether it strikes this one."""
        self.seen += 1
        if self.seen < int(self.match.get("nth", 1)) or (self.times is not None and self.struck >= self.times):
            return False
        self.struck += 1
        return True

    def deed(self, host: str) -> tuple[str, dict[str, Any]]:
        """Name and arguments of the deed that a struck kind comes to."""
        if self.kind == "change":
            return self.action, self.arguments
        return self.kind, {"host": host}


class Troubles:
    """The ordered list. A match may name a VM by its name as well, once ``vm_name`` gives the name of a GUID."""

    def __init__(self, vm_name: Callable[[str], str] = str) -> None:
        self.vm_name = vm_name
        self._ordered: list[Trouble] = []

    def __iter__(self) -> Iterator[Trouble]:
        return iter(self._ordered)

    def add(self, order: Trouble | Mapping[str, Any]) -> Trouble:
        """Order trouble, as a value or as plain data with the attributes of Trouble."""
        trouble = order if isinstance(order, Trouble) else _from_plain(order)
        self._ordered.append(trouble)
        return trouble

    def clear(self) -> None:
        """Forget all orders; what was struck stays struck."""
        self._ordered.clear()

    def next_for(self, host: str, facts: Facts, kinds: Collection[str] = tuple(CARRIED)) -> Trouble | None:
        """The first trouble of these kinds that strikes this request; it counts as struck."""
        return next((trouble for trouble in self._fitting(host, facts, kinds) if trouble.takes()), None)

    def strike(self, host: str, facts: Facts) -> list[Trouble]:
        """All troubles that befall the world with this request; they count as struck."""
        return [trouble for trouble in self._fitting(host, facts, tuple(STRUCK)) if trouble.takes()]

    def _fitting(self, host: str, facts: Facts, kinds: Collection[str]) -> list[Trouble]:
        name = self.vm_name(facts.vm)
        return [trouble for trouble in self._ordered if trouble.kind in kinds and trouble.fits(host, facts, name)]


def _fits(wanted: str, found: Collection[str]) -> bool:
    return any(fnmatchcase(text.casefold(), wanted.casefold()) for text in found)


def _from_plain(order: Mapping[str, Any]) -> Trouble:
    known = set(Trouble.__dataclass_fields__) - {"seen", "struck"}
    if unknown := set(order) - known:
        raise ValueError(f"a trouble has no {', '.join(sorted(unknown))}; it has {', '.join(sorted(known))}")
    return Trouble(**order)
