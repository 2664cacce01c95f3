# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""DNS messages as values, both directions: one question out, one reply in. Pure.

Numbers and layouts are those of RFC 1035 section 4, of RFC 3596 (AAAA) and RFC 2782 (SRV).
"""

from __future__ import annotations

import ipaddress
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

#: Types that can be asked for, with their numbers.
TYPES: Final = {"A": 1, "NS": 2, "CNAME": 5, "PTR": 12, "MX": 15, "TXT": 16, "AAAA": 28, "SRV": 33}

_INTERNET: Final = 1
_RECURSION_DESIRED: Final = 0x0100
_IS_REPLY: Final = 0x8000
_IS_TRUNCATED: Final = 0x0200
_MAX_NAME: Final = 255
_MAX_LABEL: Final = 63
#: How long a chain of aliases is followed, in whatever order it is told.
_MAX_ALIASES: Final = 16
_HEADER: Final = struct.Struct("!6H")
_RECORD: Final = struct.Struct("!HHIH")

#: RFC 1035 section 4.1.1 and RFC 2136 section 2.2.
_REFUSALS: Final = {
    1: "the server could not read the question (FORMERR)",
    2: "the server failed (SERVFAIL)",
    3: "there is no such name (NXDOMAIN)",
    4: "the server does not answer such questions (NOTIMP)",
    5: "the server refuses to answer (REFUSED)",
}


class Malformed(Exception):
    """A name that cannot be asked for, or a reply that is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked.

    Attributes:
        name: in lower case, without the last dot.
        identifier: 0 to 65535; a reply with another one is not ours.
    """

    name: str
    type: str
    identifier: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What came back.

    Attributes:
        answers: as texts, such as ``192.0.2.1`` or ``10 mail.example.test``.
        refusal: why there are none; empty where the server answered.
        truncated: ask again over TCP.
    """

    answers: tuple[str, ...] = ()
    refusal: str = ""
    truncated: bool = False


def question(name: str, type_: str, identifier: int) -> Question:
    """The question for a name as people write it.

    Raises:
        Malformed: no such name can be asked for.
    """
    written = name.strip().rstrip(".").lower()
    try:
        ascii_name = written if written.isascii() else written.encode("idna").decode("ascii")
    except UnicodeError:
        raise Malformed(f"{name!r} is no name") from None
    labels = ascii_name.split(".")
    if not ascii_name or any(not 0 < len(label) <= _MAX_LABEL for label in labels) or len(ascii_name) > _MAX_NAME - 2:
        raise Malformed(f"{name!r} is no name")
    return Question(name=ascii_name, type=type_, identifier=identifier)


def encoded(asked: Question) -> bytes:
    """The message that asks it."""
    header = _HEADER.pack(asked.identifier, _RECURSION_DESIRED, 1, 0, 0, 0)
    labels = b"".join(bytes([len(label)]) + label.encode("ascii") for label in asked.name.split("."))
    return header + labels + b"\0" + struct.pack("!HH", TYPES[asked.type], _INTERNET)


def answers_to(message: bytes, asked: Question) -> bool:
    """Whether the message claims to be the reply to this question; its contents may still be wrong."""
    return len(message) >= _HEADER.size and _HEADER.unpack_from(message)[0] == asked.identifier


def decoded(message: bytes, asked: Question) -> Reply:
    """Read the reply to a question.

    Raises:
        Malformed: it is cut off, points at itself, or answers something else.
    """
    try:
        return _Reader(message).reply(asked)
    except (struct.error, IndexError):
        raise Malformed("the reply is cut off") from None
    except UnicodeDecodeError:
        raise Malformed("the reply has a name that is none") from None


class _Reader:
    """Reads one message from its beginning to its end."""

    def __init__(self, message: bytes) -> None:
        self._message, self._at = message, 0

    def reply(self, asked: Question) -> Reply:
        identifier, flags, questions, answers, _authority, _more = _HEADER.unpack_from(self._message)
        self._at = _HEADER.size
        if identifier != asked.identifier or not flags & _IS_REPLY or flags & 0x7800:
            raise Malformed("what came is no reply to the question")
        if flags & _IS_TRUNCATED:
            return Reply(truncated=True)
        code = flags & 0x000F
        if code:
            return Reply(refusal=_REFUSALS.get(code, f"the server answers with error {code}"))
        self._same_question(questions, asked)
        return self._of_interest([self._record() for _answer in range(answers)], asked)

    def _same_question(self, questions: int, asked: Question) -> None:
        if questions != 1:
            raise Malformed("the reply does not repeat the question")
        name = self._name()
        type_, class_ = struct.unpack_from("!HH", self._message, self._at)
        self._at += 4
        if (name, type_, class_) != (asked.name, TYPES[asked.type], _INTERNET):
            raise Malformed("the reply repeats another question")

    def _record(self) -> tuple[str, int, str]:
        owner = self._name()
        type_, class_, _ttl, length = _RECORD.unpack_from(self._message, self._at)
        self._at += _RECORD.size
        ends = self._at + length
        if ends > len(self._message):
            raise Malformed("the reply is cut off")
        read = _DATA.get(type_) if class_ == _INTERNET else None
        text = read(self, ends) if read else ""
        if read and self._at != ends:
            raise Malformed("a record of the reply is not as long as it says")
        self._at = ends
        return owner, type_ if read else 0, text

    def _of_interest(self, records: list[tuple[str, int, str]], asked: Question) -> Reply:
        """The records of the type that was asked for, at the name or at what it is an alias of."""
        names = {asked.name}
        for _hop in range(_MAX_ALIASES):
            names |= {text for owner, type_, text in records if type_ == TYPES["CNAME"] and owner in names}
        wanted = TYPES[asked.type]
        return Reply(answers=tuple(text for owner, type_, text in records if type_ == wanted and owner in names))

    def _name(self) -> str:
        """A name, whose compressed part must stand before it: so no name can point at itself."""
        labels: list[str] = []
        at, before, returns, size = self._at, self._at, None, 1
        while length := self._message[at]:
            if length & 0xC0 == 0xC0:
                target = struct.unpack_from("!H", self._message, at)[0] & 0x3FFF
                returns = at + 2 if returns is None else returns
                if target >= before:
                    raise Malformed("a name of the reply points at itself or ahead")
                at = before = target
                continue
            if length & 0xC0:
                raise Malformed("the reply has a label of an unknown kind")
            label = self._message[at + 1 : at + 1 + length]
            size += length + 1
            if len(label) < length or size > _MAX_NAME:
                raise Malformed("a name of the reply is cut off or too long")
            labels.append(label.decode("ascii").lower())
            at += length + 1
        self._at = at + 1 if returns is None else returns
        return ".".join(labels)

    def address(self, ends: int) -> str:
        packed = self._message[self._at : ends]
        self._at = ends
        if len(packed) not in (4, 16):
            raise Malformed("an address of the reply has the wrong length")
        return str(ipaddress.ip_address(packed))

    def name(self, _ends: int) -> str:
        return self._name()

    def preferred(self, _ends: int) -> str:
        return " ".join([*map(str, self._numbers(1)), self._name()])

    def service(self, _ends: int) -> str:
        return " ".join([*map(str, self._numbers(3)), self._name()])

    def text(self, ends: int) -> str:
        parts = []
        while self._at < ends:
            length = self._message[self._at]
            parts.append(self._message[self._at + 1 : self._at + 1 + length])
            self._at += length + 1
        return b"".join(parts).decode("utf-8", "replace")

    def _numbers(self, count: int) -> tuple[int, ...]:
        numbers = struct.unpack_from(f"!{count}H", self._message, self._at)
        self._at += 2 * count
        return numbers


_DATA: Final[dict[int, Callable[[_Reader, int], str]]] = {
    TYPES["A"]: _Reader.address,
    TYPES["AAAA"]: _Reader.address,
    TYPES["NS"]: _Reader.name,
    TYPES["CNAME"]: _Reader.name,
    TYPES["PTR"]: _Reader.name,
    TYPES["MX"]: _Reader.preferred,
    TYPES["SRV"]: _Reader.service,
    TYPES["TXT"]: _Reader.text,
}
