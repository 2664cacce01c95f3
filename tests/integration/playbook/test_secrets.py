# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Real ansible-playbook runs that say as much as they can, and no password among it."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.hyperv.replica.tests.integration.playbook.stage import Run, Stage

LOUD = {"ANSIBLE_DEBUG": "1", "ANSIBLE_DISPLAY_TRACEBACK": "always", "ANSIBLE_DISPLAY_ARGS_TO_STDOUT": "1"}
WRONG = "Wr0ng-Secret-4711"


def loud(stage: Stage) -> None:
    stage.environment |= {**LOUD, "ANSIBLE_LOG_PATH": str(stage.folder / "ansible.log")}


def leaks(stage: Stage, run: Run, *folders: Path) -> list[str]:
    """Where a password stands, in any of its spellings."""
    places = {"output": run.output, "results": repr(run.tasks)}
    written = [path for folder in (stage.folder, *folders) for path in folder.rglob("*") if path.is_file()]
    for path in written:
        if path.name != "inventory.json" and "collections" not in path.parts:
            places[str(path)] = path.read_text(encoding="utf-8", errors="replace")
    spelled = [form for secret in (stage.simulation.password, WRONG) for form in spellings(stage, secret)]
    return [name for name, text in places.items() for form in spelled if form in text]


def spellings(stage: Stage, secret: str) -> list[str]:
    basic = base64.b64encode(f"{stage.simulation.username}:{secret}".encode()).decode()
    return [secret, basic, secret.encode("utf-16-le").hex()]


@pytest.mark.parametrize(
    ("connection", "scheme", "auth"),
    [("psrp", "http", "ntlm"), ("winrm", "https", "basic")],
)
@pytest.mark.parametrize("refused", ["", "hv-a", "hv-b"])
def test_no_password_is_said_or_written_whether_the_sign_in_works_or_not(
    stage: Stage, tmp_path: Path, connection: str, scheme: str, auth: str, refused: str
) -> None:
    loud(stage)
    stage.inventory(connection, scheme, auth, of={refused: {"ansible_password": WRONG}} if refused else None)
    journals = tmp_path / "journals"

    run = stage.failback("WEB01", journal_dir=str(journals), arguments=["-vvvvv"])

    assert run.status == {"": "ok", "hv-a": "unreachable", "hv-b": "failed"}[refused], run.output[-2000:]
    assert leaks(stage, run, journals) == []


TROUBLE: list[dict[str, Any]] = [
    {"kind": "unauthorized"},
    {"kind": "html", "status": 502},
    {"kind": "fault", "name": "InternalError", "code": 1726},
    {"kind": "cut_after", "match": {"method": "InitiateFailover"}},
]


@pytest.mark.parametrize("trouble", TROUBLE)
def test_no_password_is_said_or_written_when_the_module_fails(
    stage: Stage, tmp_path: Path, trouble: dict[str, Any]
) -> None:
    loud(stage)
    stage.simulation.trouble({**trouble, "times": 3})
    journals = tmp_path / "journals"

    run = stage.failover("WEB01", journal_dir=str(journals), arguments=["-vvvvv"], timeout=20)

    assert run.tasks
    assert leaks(stage, run, journals) == []
