# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.hyperv.replica.plugins.module_utils._errors import AccessRefused, PreconditionFailed
from ansible_collections.hyperv.replica.plugins.plugin_utils._tickets import TicketCache

PASSWORD = "Ticket-Secret-77"

#: Notes what it was given, and leaves a ticket where it was told to.
KINIT = """#!{python}
import json, os, pathlib, sys
told = dict(arguments=sys.argv[1:], secret=sys.stdin.readline(), environment=dict(os.environ))
with open({notes!r}, "a") as notes:
    notes.write(json.dumps(told) + "\\n")
if sys.argv[-1].startswith("nobody"):
    sys.exit("kinit: Client not found for password " + told["secret"])
kind, _, folder = os.environ["KRB5CCNAME"].partition(":")
pathlib.Path(folder, "tkt" + sys.argv[-1]).touch()
"""


class Kinit:
    """A kinit that writes down how it was called."""

    def __init__(self, folder: Path) -> None:
        self.notes = folder / "notes"
        self.program = folder / "kinit"
        self.program.write_text(KINIT.format(python=sys.executable, notes=str(self.notes)))
        self.program.chmod(0o700)

    def calls(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.notes.read_text().splitlines()]


@pytest.fixture
def kinit(tmp_path: Path) -> Kinit:
    return Kinit(tmp_path)


@pytest.fixture
def tickets(monkeypatch: pytest.MonkeyPatch) -> Iterator[TicketCache]:
    monkeypatch.setenv("KRB5CCNAME", "FILE:/somewhere/else")
    cache = TicketCache()
    cache.hold()
    yield cache
    cache.release()


def get(tickets: TicketCache, kinit: Kinit, principal: str, **more: Any) -> None:
    tickets.get("hv-a", principal, PASSWORD, command=str(kinit.program), **more)


def test_two_principals_get_one_ticket_each_in_one_collection(tickets: TicketCache, kinit: Kinit) -> None:
    for principal in ("a@CORP", "b@CORP", "a@CORP"):
        get(tickets, kinit, principal)

    calls = kinit.calls()
    assert [call["arguments"] for call in calls] == [["a@CORP"], ["b@CORP"]]
    assert len({call["environment"]["KRB5CCNAME"] for call in calls}) == 1


def test_the_password_goes_to_standard_input_and_nowhere_else(tickets: TicketCache, kinit: Kinit) -> None:
    get(tickets, kinit, "a@CORP", arguments=("-f",))

    (call,) = kinit.calls()
    assert call["secret"] == f"{PASSWORD}\n"
    assert call["arguments"] == ["-f", "a@CORP"]
    assert PASSWORD not in json.dumps(call["environment"])


def test_kinit_sees_only_the_variables_that_were_named(
    tickets: TicketCache, kinit: Kinit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KRB5_CONFIG", "/etc/other.conf")
    monkeypatch.setenv("A_SECRET", "x")

    get(tickets, kinit, "a@CORP", environment=("KRB5_CONFIG", "KRB5CCNAME"))

    seen = kinit.calls()[0]["environment"]
    assert seen["KRB5_CONFIG"] == "/etc/other.conf"
    assert seen["KRB5CCNAME"].startswith("DIR:")
    assert "A_SECRET" not in seen


def test_nobody_else_may_read_the_tickets_and_the_last_user_removes_them(tickets: TicketCache, kinit: Kinit) -> None:
    tickets.hold()
    get(tickets, kinit, "a@CORP")
    folder = Path(os.environ["KRB5CCNAME"].removeprefix("DIR:"))
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700

    tickets.release()
    assert folder.exists()
    tickets.release()

    assert not folder.exists()
    assert os.environ["KRB5CCNAME"] == "FILE:/somewhere/else"
    tickets.hold()


def test_a_refused_ticket_says_what_kinit_said_without_the_password(tickets: TicketCache, kinit: Kinit) -> None:
    with pytest.raises(AccessRefused) as raised:
        get(tickets, kinit, "nobody@CORP")

    assert "Client not found" in raised.value.cause
    assert PASSWORD not in str(raised.value)


def test_a_missing_kinit_is_named_with_what_to_install(tickets: TicketCache) -> None:
    with pytest.raises(PreconditionFailed, match="krb5-user"):
        tickets.get("hv-a", "a@CORP", PASSWORD, command="/no/such/kinit")
