# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Base of every action that talks to hosts: options in, UNREACHABLE or FAILED out, progress through Display.

This is where Ansible and sockets meet.
"""

from __future__ import annotations

import json
import os
import threading
import uuid
from abc import abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, Final

from ansible.errors import AnsibleAuthenticationFailure, AnsibleConnectionFailure
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ansible_collections.hyperv.replica.plugins.module_utils._errors import (
    AccessRefused,
    HyperVReplicaError,
    NotDelivered,
    PreconditionFailed,
    TimedOut,
    TransportError,
)
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.host import Host, Limits
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.looking import Gather, Look
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import End, Pair
from ansible_collections.hyperv.replica.plugins.module_utils._operations.clock import WallClock
from ansible_collections.hyperv.replica.plugins.module_utils._operations.crew import Crew
from ansible_collections.hyperv.replica.plugins.module_utils._operations.journal import Journal, Record
from ansible_collections.hyperv.replica.plugins.module_utils._operations.membership import VARIABLE, Roll, silent
from ansible_collections.hyperv.replica.plugins.module_utils._operations.routes import HostKey, Routes
from ansible_collections.hyperv.replica.plugins.module_utils._surface.plain import plain
from ansible_collections.hyperv.replica.plugins.module_utils._surface.results import error_result
from ansible_collections.hyperv.replica.plugins.plugin_utils._clusters import enrolled, nodes_of, refuse_one_cluster
from ansible_collections.hyperv.replica.plugins.plugin_utils._hosts import (
    Opened,
    open_host,
    refuse_one_machine,
    refuse_outside_rehearsal,
)
from ansible_collections.hyperv.replica.plugins.plugin_utils._peer import match_peer, peer_connection, task_host

#: Seconds between two lines about the same VM that differ in nothing but a percentage.
_LINE_PAUSE: Final = 5.0

#: A host whose clock is further from the controller's is warned of, for it makes every age doubtful.
_SKEW: Final = timedelta(seconds=60)

AUTO: Final = "auto"


@dataclass
class Session:
    """The hosts of one task, opened, and what a run over them needs.

    Attributes:
        renewed: the names of hosts whose next request signs in again.
    """

    options: dict[str, Any]
    clock: WallClock
    deadline: datetime
    journal: Journal
    hosts: dict[HostKey, Host] = field(default_factory=dict)
    rolls: dict[End, Roll] = field(default_factory=dict)
    opened: list[Opened] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)
    parent: int = field(default_factory=os.getppid)
    crew: Crew | None = None
    renewed: set[str] = field(default_factory=set)

    @property
    def name(self) -> str:
        """The inventory name of the task's host."""
        return self.hosts[End.DESTINATION].name

    @property
    def routes(self) -> Routes:
        """Where each end is looked for: on its one host, or on every node of its cluster."""
        return Routes(otherwise={end: tuple(self.rolls[end].hosts) if end in self.rolls else (end,) for end in End})

    def host_with(self, end: End, seen: Pair) -> Host:
        """The host of an end that showed a VM."""
        shown = seen.at(end).host
        return next((host for host in self.hosts.values() if host.name == shown), self.hosts[end])

    def cluster_warnings(self, looks: Mapping[HostKey, Look]) -> list[str]:
        """A line for each node of a cluster that does not answer while others do."""
        away = [name for roll in self.rolls.values() for name in silent(roll, looks)]
        return [f"the node {name} does not answer; the other nodes of its cluster do" for name in away]

    def start_crew(self) -> Crew:
        self.crew = Crew(self.hosts, self.clock, deadline=self.deadline, stop=self.stop)
        return self.crew

    def close(self) -> None:
        """Let no request out any more, and end the sessions."""
        self.stop.set()
        if self.crew is not None:
            self.crew.dismiss()
        for opened in self.opened:
            opened.close()


class HostAction(ActionBase):
    """Opens the task's host and its peer, and turns what goes wrong into what Ansible makes of it."""

    _supports_check_mode, _supports_async = True, False
    task_vars: Mapping[str, Any]
    spans_clusters: ClassVar[bool] = False
    spec: ClassVar[Mapping[str, Any]]

    def run(self, tmp: None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Validate the options, do the work, and give the result."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        options: dict[str, Any] = plain(self.validate_argument_spec(**self.spec)[1])
        session: Session | None = None
        self.task_vars = task_vars or {}
        try:
            session = self._open(options, self.task_vars)
            return result | self.work(session)
        except HyperVReplicaError as error:
            return result | error_result(error)
        finally:
            if session is not None:
                session.close()

    @abstractmethod
    def work(self, session: Session) -> dict[str, Any]:
        """Do what this action is for."""

    def _open(self, options: dict[str, Any], task_vars: dict[str, Any]) -> Session:
        session: Session = self.new_session(Session, options, WallClock())
        own = task_host(self, task_vars)
        home = open_host(own, self._connection)
        session.opened.append(home)
        session.hosts[End.DESTINATION] = self.host_of(home, session)
        cluster, here = self._nodes_of(own, task_vars)
        self._open_end(session, End.DESTINATION, cluster, here, task_vars)
        peer = self._peer_name(options.get("peer"), session, task_vars)
        if peer:
            cluster, there = self._nodes_of(peer, task_vars)
            refuse_one_cluster(here, there, own)
            self._open_end(session, End.SOURCE, cluster, there, task_vars)
        return session

    def _nodes_of(self, name: str, task_vars: dict[str, Any]) -> tuple[str, tuple[str, ...]]:
        """The hosts of an end: all nodes of a cluster where the action knows of clusters, else the one."""
        return nodes_of(self, name, task_vars) if self.spans_clusters else ("", (name,))

    def _open_end(
        self, session: Session, end: End, cluster: str, names: tuple[str, ...], task_vars: dict[str, Any]
    ) -> None:
        """Open the hosts of an end; the first goes by the end itself, further nodes by their names."""
        keys: dict[HostKey, str] = {end if place == 0 else name: name for place, name in enumerate(names)}
        for key, name in keys.items():
            if key in session.hosts:
                continue
            opened = open_host(name, peer_connection(self, name, task_vars))
            for known in session.opened:
                refuse_one_machine(known, opened)
            session.opened.append(opened)
            session.hosts[key] = self.host_of(opened, session)
        if self.spans_clusters:
            known_as = {key: enrolled(self, name, task_vars) for key, name in keys.items()}
            session.rolls[end] = Roll(cluster=cluster, hosts=known_as)

    def new_session(self, kind: type[Any], options: dict[str, Any], clock: WallClock) -> Any:
        """A session of this kind without a host."""
        run_id = str(uuid.uuid4())
        return kind(
            options=options,
            clock=clock,
            deadline=clock.now() + timedelta(seconds=options["timeout"]),
            journal=Journal(run_id, _journal_file(options.get("journal_dir"), run_id)),
        )

    def host_of(self, opened: Opened, session: Session) -> Host:
        """A host that is asked nothing once the task is over, and nothing in a rehearsal that it is no part of."""
        allowed = self.task_vars.get("hyperv_replica_rehearsal_endpoints", [])
        refuse_outside_rehearsal(opened, self._templar.template(allowed))
        return _host(opened, session)

    def _peer_name(self, wanted: str | None, session: Session, task_vars: dict[str, Any]) -> str:
        if wanted != AUTO:
            return wanted or ""
        nodes = [*session.hosts.values()]
        gather = {Gather.SETTINGS, Gather.CLUSTER} if len(nodes) > 1 else {Gather.SETTINGS}
        looks = [at_first(partial(node.look, gather), session.name) for node in nodes]
        names = dict.fromkeys(name for look in looks for name in _other_hosts(look, session.options.get("vms") or ()))
        return match_peer(self, [*names], task_vars, tied_by=VARIABLE)

    def skew(self, looks: Mapping[Any, Look]) -> list[str]:
        """A line for each host whose clock is not the controller's; in a rehearsal none is, and that is meant."""
        return [] if self.task_vars.get("hyperv_replica_rehearsal") else skew_warnings(looks)

    def progress(self, session: Session) -> Callable[[str, str, str], None]:
        """A function that shows a line about a VM: its key, what stands before the line, and the line."""
        wanted = str(session.options.get("progress", "never"))
        if wanted == "never" or self._task.no_log:
            return lambda key, head, line: None
        pause = _LINE_PAUSE if wanted == AUTO else _seconds(wanted)
        display, shown = Display(), dict[str, tuple[str, datetime]]()

        def show(key: str, head: str, line: str) -> None:
            words, now = line.partition(" (")[0], session.clock.now()
            before = shown.get(key)
            if before and before[0] == words and (now - before[1]).total_seconds() < pause:
                return
            shown[key] = (words, now)
            display.display(f"{head}: {line}")

        return show


def at_first(look: Callable[[], Look], home: str) -> Look:
    """Take a look; the task's own host that cannot be reached by it ends UNREACHABLE.

    Nothing was asked for yet, so nothing is lost by dropping the host from the play.
    """
    try:
        return look()
    except TransportError as error:
        raise unreachable(error) from None  # core prints every cause it is given


def unreachable(error: TransportError) -> AnsibleConnectionFailure:
    """What core takes as UNREACHABLE."""
    if isinstance(error, AccessRefused):
        return AnsibleAuthenticationFailure(str(error))
    return AnsibleConnectionFailure(str(error))


def skew_warnings(looks: Mapping[Any, Look]) -> list[str]:
    """A line for each host whose clock is not the controller's."""
    warnings = []
    for look in looks.values():
        clock, ours = look.facts.clock, look.seen_at
        if clock is not None and ours is not None and abs(clock - ours) > _SKEW:
            ahead = (clock - ours).total_seconds()
            warnings.append(
                f"the clock of {look.facts.name} is {abs(ahead):.0f} s {'ahead of' if ahead > 0 else 'behind'} "
                "the controller's; ages are taken on the host's own clock"
            )
    return warnings


def skews(looks: Mapping[Any, Look]) -> dict[str, float]:
    """How many seconds the clock of each host is ahead of the controller's, as far as it told the time."""
    return {
        look.facts.name: round((look.facts.clock - look.seen_at).total_seconds(), 1)
        for look in looks.values()
        if look.facts.clock is not None and look.seen_at is not None
    }


class _Gate:
    """A carrier that lets nothing out once the task is over, be it in the middle of a look."""

    def __init__(self, opened: Opened, session: Session) -> None:
        self._opened, self._session = opened, session

    def exchange(self, envelope: bytes, *, repeatable: bool) -> bytes:
        if self._session.stop.is_set():
            raise NotDelivered("the task is over", host=self._opened.name)
        if (
            os.getppid() != self._session.parent
        ):  # workers are no part of its process group: kill -9 does not reach them
            raise TimedOut("ansible-playbook is gone, and nothing is done without it", host=self._opened.name)
        if self._session.clock.now() >= self._session.deadline:
            raise TimedOut("the task's timeout has passed before this was sent", host=self._opened.name)
        if self._opened.name in self._session.renewed:
            self._session.renewed.discard(self._opened.name)
            self._opened.carrier.close()
        return self._opened.carrier.exchange(envelope, repeatable=repeatable)


def _host(opened: Opened, session: Session) -> Host:
    return Host(
        opened.name,
        _Gate(opened, session),
        endpoint=opened.endpoint,
        new_id=uuid.uuid4,
        now=session.clock.now,
        limits=Limits(operation_timeout=opened.operation_timeout, max_envelope_size=opened.max_envelope_size),
    )


def _other_hosts(look: Look, vms: tuple[str, ...] | list[str]) -> list[str]:
    """The host names that the relationships of these VMs know, without the host's own."""
    wanted = {name.strip("{} ").upper() for name in vms}
    names: dict[str, None] = {}
    for side in look.sides.values():
        if side.settings is None or (wanted and not {side.vm_id.upper(), side.vm_name.upper()} & wanted):
            continue
        settings = side.settings
        hosts = (settings.primary_host, settings.recovery_host)
        points = (settings.primary_connection_point, settings.recovery_connection_point)
        for name in filter(None, (*hosts, *points)):
            own = look.facts.cluster is not None and look.facts.cluster.answers_to(name)
            if not own and name.split(".", 1)[0].upper() != look.facts.computer_name.split(".", 1)[0].upper():
                names[name] = None
    return list(names)


def _journal_file(folder: str | None, run_id: str) -> Callable[[Record], None] | None:
    """Open the journal of a run; each record is on the disk before the function returns."""
    if not folder:
        return None
    path = Path(folder).expanduser() / f"{run_id}.jsonl"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    except OSError as error:
        raise PreconditionFailed(
            f"the journal {path} cannot be written: {error.strerror}",
            kind="bad_option",
            remedy="Give a journal_dir that the controller may write to",
        ) from None

    def write(record: Record) -> None:
        os.write(file, (json.dumps(plain(record), ensure_ascii=False) + "\n").encode())
        os.fsync(file)

    return write


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds < float("inf"):
        raise PreconditionFailed(
            f"progress is {text!r}", kind="bad_option", remedy="Give auto, never, or a number of seconds"
        )
    return seconds


def with_facts(outcome: Any, **facts: object) -> Any:
    """The outcome with facts that only the task knows."""
    return replace(outcome, facts={**outcome.facts, **facts})
