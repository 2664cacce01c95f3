# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Probes as people write them, asked: one at a time, or those of many VMs at the same time with a bound.

A probe is a mapping with the keys that the option ``probes`` has; which of them is given says what is asked. What a
look at the host answers (heartbeat, addresses) is taken from the look, everything else is asked from the controller.
"""

from __future__ import annotations

import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import Guest, Pair, Side
from ansible_collections.hyperv.replica.plugins.module_utils._operations.verification import (
    Check,
    Result,
    addresses_check,
    heartbeat_check,
)
from ansible_collections.hyperv.replica.plugins.module_utils._probes.dns import probe_dns
from ansible_collections.hyperv.replica.plugins.module_utils._probes.http import Page, probe_http
from ansible_collections.hyperv.replica.plugins.module_utils._probes.tcp import ProbeResult, probe_tcp

Probe = Mapping[str, Any]
#: A VM's GUID, and the place of the probe among its probes.
Key = tuple[str, int]

#: Seconds that a probe gets beside its own timeout, for what no timeout holds for: the system's resolver.
_GRACE: Final = 2.0

#: Seconds for one answer where a probe does not say.
_TIMEOUT: Final = 5.0


def probed(probe: Probe, seen: Pair, *, simulated: bool = False) -> Check:
    """What one probe of the VM at the destination comes to. Raises nothing; takes its timeout, but for resolvers.

    Args:
        simulated: nothing is sent, since no network leads to a simulated guest: it is as good as its heartbeat.
    """
    kind = kind_of(probe)
    guest = _guest(seen)
    if kind in _SEEN:
        return _SEEN[kind](probe, guest)
    wanted = _wanted(probe, guest)
    if simulated:
        beat = heartbeat_check(guest)
        return Check(check=kind, result=beat.result, found=f"simulated, its guest: {beat.found}", wanted=wanted)
    answer = _ASKED[kind](probe, guest)
    return Check(check=kind, result=Result.PASS if answer.ok else Result.FAIL, found=answer.detail, wanted=wanted)


def kind_of(probe: Probe) -> str:
    """What is asked: ``heartbeat``, ``addresses``, ``tcp``, ``http`` or ``dns``."""
    return next(kind for kind in (*_SEEN, *_ASKED) if probe.get(kind) is not None)


def is_seen(probe: Probe) -> bool:
    """Whether a look at the host answers it."""
    return kind_of(probe) in _SEEN


def limit(probe: Probe) -> float:
    """After how many seconds nobody waits for its answer any more."""
    return _timeout(probe) + _GRACE


@dataclass(frozen=True, slots=True, kw_only=True)
class _Question:
    key: Key
    ask: Callable[[], Check]
    probe: Probe


class Prober:
    """Asks probes at the same time, at most so many at once, and never waits for one beyond its limit.

    Each runs in a daemon thread of its own, so that one that hangs in the system's resolver holds nothing up.
    """

    def __init__(self, at_most: int) -> None:
        self._free = max(1, at_most)
        self._waiting: deque[_Question] = deque()
        self._out: dict[int, tuple[_Question, float]] = {}
        self._answers: queue.SimpleQueue[tuple[int, Check]] = queue.SimpleQueue()
        self._number = 0

    @property
    def busy(self) -> bool:
        """Whether there is something whose answer was not given yet."""
        return bool(self._waiting or self._out)

    def ask(self, key: Key, probe: Probe, seen: Pair, *, simulated: bool = False) -> None:
        """Ask a probe as soon as there is room; its answer comes under KEY."""
        self._waiting.append(_Question(key=key, ask=lambda: probed(probe, seen, simulated=simulated), probe=probe))
        self._start()

    def answers(self, wait: float) -> list[tuple[Key, Check]]:
        """What is answered or has passed its limit; waits at most so many seconds for the first one."""
        until = time.monotonic() + wait
        while True:
            came = self._came() + self._overdue()
            self._start()
            left = until - time.monotonic()
            if came or left <= 0:
                return came
            self._await(left)

    def _start(self) -> None:
        while self._waiting and len(self._out) < self._free:
            question = self._waiting.popleft()
            self._number += 1
            self._out[self._number] = (question, time.monotonic() + limit(question.probe))
            threading.Thread(target=self._work, args=(self._number, question), daemon=True).start()

    def _work(self, number: int, question: _Question) -> None:
        try:
            check = question.ask()
        except Exception as error:  # noqa: BLE001 - whatever it is, the VM is not green, and somebody waits for a word
            check = _failed(question.probe, f"the probe broke: {type(error).__name__}: {error}")
        self._answers.put((number, check))

    def _came(self) -> list[tuple[Key, Check]]:
        came = []
        while not self._answers.empty():
            number, check = self._answers.get()
            known = self._out.pop(number, None)
            if known is not None:  # else it came after its limit
                came.append((known[0].key, check))
        return came

    def _overdue(self) -> list[tuple[Key, Check]]:
        now = time.monotonic()
        late = [number for number, (_question, ends) in self._out.items() if ends <= now]
        gone = [self._out.pop(number)[0] for number in late]
        return [
            (question.key, _failed(question.probe, f"no answer within {limit(question.probe):g} seconds"))
            for question in gone
        ]

    def _await(self, left: float) -> None:
        """Sleep until an answer comes, a limit passes or the time is over."""
        ends = min([ends for _question, ends in self._out.values()], default=time.monotonic() + left)
        try:
            answer = self._answers.get(timeout=max(0.0, min(left, ends - time.monotonic())))
        except queue.Empty:
            return
        self._answers.put(answer)


def _failed(probe: Probe, found: str) -> Check:
    return Check(check=kind_of(probe), result=Result.FAIL, found=found, wanted=_wanted(probe, None))


def _guest(seen: Pair) -> Guest | None:
    here = seen.destination
    return here.guest if isinstance(here, Side) else None


def _timeout(probe: Probe) -> float:
    return float(probe.get("timeout") or _TIMEOUT)


def _address(probe: Probe, guest: Guest | None) -> str:
    return probe.get("address") or (guest.addresses[0] if guest and guest.addresses else "")


def _wanted(probe: Probe, guest: Guest | None) -> str:
    match kind_of(probe):
        case "http":
            return str(probe["http"]["url"])
        case "dns":
            asked = probe["dns"]
            answers = ", ".join(asked.get("expect") or ()) or "an answer"
            return f"{asked['name']} {asked.get('type') or 'A'}: {answers}"
        case "tcp":
            return f"{_address(probe, guest) or 'the guest'} port {probe['tcp']}"
    return kind_of(probe)


def _ask_tcp(probe: Probe, guest: Guest | None) -> ProbeResult:
    address = _address(probe, guest)
    if not address:
        return ProbeResult(False, "the guest tells no address", 0.0)
    return probe_tcp(address, probe["tcp"], _timeout(probe))


def _ask_http(probe: Probe, _guest: Guest | None) -> ProbeResult:
    web = probe["http"]
    validate = web.get("validate_certs")
    wanted = Page(
        status=web.get("status") or (200,),
        contains=web.get("contains") or "",
        validate=True if validate is None else validate,
        ca_path=web.get("ca_path"),
        address=probe.get("address") or "",
        certificate_days=web.get("certificate_days"),
    )
    return probe_http(web["url"], wanted, timeout=_timeout(probe))


def _ask_dns(probe: Probe, _guest: Guest | None) -> ProbeResult:
    name = probe["dns"]
    return probe_dns(
        name["name"],
        type_=name.get("type") or "A",
        server=name.get("server") or "",
        expect=name.get("expect") or (),
        timeout=_timeout(probe),
    )


#: ``heartbeat: false`` says that this VM shows none.
_UNASKED: Final = Check(check="heartbeat", result=Result.PASS, found="not asked for", wanted="nothing")

_SEEN: Final[dict[str, Callable[[Probe, Guest | None], Check]]] = {
    "heartbeat": lambda probe, guest: heartbeat_check(guest) if probe["heartbeat"] else _UNASKED,
    "addresses": lambda probe, guest: addresses_check(guest, tuple(probe["addresses"])),
}
_ASKED: Final[dict[str, Callable[[Probe, Guest | None], ProbeResult]]] = {
    "tcp": _ask_tcp,
    "http": _ask_http,
    "dns": _ask_dns,
}
