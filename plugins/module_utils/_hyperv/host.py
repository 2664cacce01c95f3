# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One Hyper-V host over a carrier: look at its virtual machines, and make one call for one of them."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeVar
from uuid import UUID

from ansible_collections.hyperv.replica.plugins.module_utils._errors import HostRefused, HyperVReplicaError
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv import (
    calls,
    glancing,
    looking,
    looking_tests,
    schema,
    server,
)
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.asking import Memory
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.calls import Arguments, Started
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.glancing import Part
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.looking import Gather, Look
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import Side
from ansible_collections.hyperv.replica.plugins.module_utils._wire.carrier import Carrier, ask_identity, converse
from ansible_collections.hyperv.replica.plugins.module_utils._wire.cim import CimInstance
from ansible_collections.hyperv.replica.plugins.module_utils._wire.envelope import Identity, Settings, Talk
from ansible_collections.hyperv.replica.plugins.module_utils._wire.query import wsman_config

__all__ = ["Gather", "Host", "Look", "Started"]

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What the connection to a host was set to allow.

    Attributes:
        operation_timeout: seconds the host may work on one request.
        max_envelope_size: bytes of the largest answer it is asked for.
    """

    operation_timeout: int = 60
    max_envelope_size: int = 512000


class _Counting:
    """The carrier, and how often it was used."""

    def __init__(self, carrier: Carrier) -> None:
        self._carrier = carrier
        self.exchanges = 0

    def exchange(self, envelope: bytes, *, repeatable: bool) -> bytes:
        self.exchanges += 1
        return self._carrier.exchange(envelope, repeatable=repeatable)


class Host:
    """One host. Not safe for two threads: a connection signed in carries one exchange at a time.

    Nothing is retried here but what the protocol's own conversations do.
    """

    def __init__(
        self,
        name: str,
        carrier: Carrier,
        *,
        endpoint: str,
        new_id: Callable[[], UUID],
        now: Callable[[], datetime],
        limits: Limits | None = None,
    ) -> None:
        self.name = name
        self._carrier = _Counting(carrier)
        allowed = limits or Limits()
        self._settings = Settings(
            to=endpoint,
            max_envelope_size=allowed.max_envelope_size,
            operation_timeout=timedelta(seconds=allowed.operation_timeout),
        )
        self._new_id = new_id
        self._now = now
        self._memory = Memory()

    @property
    def exchanges(self) -> int:
        """How many requests were sent."""
        return self._carrier.exchanges

    def look(self, gather: Collection[Gather], vm_ids: Collection[str] | None = None) -> Look:
        """What the host shows of these VMs, or of all of them; the state always, and what is gathered beside it."""
        seen_at = self._now()
        return replace(self._talk(looking.look(self.name, gather, vm_ids, self._memory)), seen_at=seen_at)

    def glance(self, known: Look, parts: Collection[Part], vm_ids: Collection[str]) -> Look:
        """An earlier look with these parts of these VMs read anew; those of which it cannot tell are left out."""
        seen_at = self._now() if Part.CLOCK in parts else known.seen_at
        return replace(self._talk(glancing.glance(known, parts, vm_ids, self._memory)), seen_at=seen_at)

    def perform(self, side: Side, method: str, arguments: Arguments) -> Started:
        """Make one call for the VM; ``calls`` says which there are and what they take.

        Raises:
            MethodRefused: the host returned anything but 0 and 4096.
            OutcomeUnknown: it may have been carried out.
        """
        return self._talk(calls.perform(side, method, arguments, self._memory), vm=side.vm_name)

    def statistics(self, side: Side) -> tuple[schema.Statistics, ...]:
        """The VM's monitoring intervals; one exchange, or two the first time."""
        return self._talk(calls.statistics(side, self._memory), vm=side.vm_name)

    def look_at_server(self) -> server.ServerLook:
        """How the host receives replication."""
        return self._talk(server.look(self.name, self._memory))

    def change_server(self, method: str, arguments: Arguments) -> Started:
        """Make one call that changes how the host receives replication; ``server`` says which there are."""
        return self._talk(server.change(self.name, method, arguments, self._memory))

    def files_left(self, paths: Collection[str]) -> tuple[str, ...] | None:
        """Which of these files the host still has; None where it does not say."""
        return self._talk(looking_tests.files_left(paths))

    def file_sizes(self, paths: Collection[str]) -> dict[str, int | None]:
        """The size of each of these files in bytes; None where the host does not say."""
        return self._talk(looking_tests.file_sizes(paths))

    def job_errors(self, job_id: str) -> str:
        """What the host says of a job's failure, in its language; empty where it says nothing."""
        return self._talk(calls.job_errors(job_id, self._memory))

    def read(self, talk: Talk[_T]) -> _T:
        """Carry on a conversation that only reads, and give what it comes to."""
        return self._talk(talk)

    def config(self) -> CimInstance | None:
        """The limits of the WinRM service; None where this account may not read them."""
        try:
            return self._talk(wsman_config())
        except HostRefused:
            return None

    def identify(self) -> Identity:
        """Which WS-Management service answers."""
        return ask_identity(self._carrier, self.name)

    def _talk(self, talk: Talk[_T], vm: str = "") -> _T:
        try:
            return converse(self._carrier, talk, self._settings, self._new_id, self.name)
        except HyperVReplicaError as error:
            error.host = error.host or self.name
            error.vm = error.vm or vm
            raise
