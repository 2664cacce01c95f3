# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Verifies the evidence bundle of a drill, and says what that proves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from ansible_collections.hyperv.replica.plugins.module_utils._drill.evidence import EVIDENCE, FILES
from ansible_collections.hyperv.replica.plugins.module_utils._drill.inspection import Inspection
from ansible_collections.hyperv.replica.plugins.module_utils._drill.journals import of_journals
from ansible_collections.hyperv.replica.plugins.module_utils._errors import HyperVReplicaError, PreconditionFailed
from ansible_collections.hyperv.replica.plugins.module_utils._surface.evidence_specs import REPORT_INFO
from ansible_collections.hyperv.replica.plugins.module_utils._surface.plain import plain
from ansible_collections.hyperv.replica.plugins.module_utils._surface.results import error_result
from ansible_collections.hyperv.replica.plugins.plugin_utils._anchors import (
    BROKEN,
    HOLDS,
    SIGNATURE,
    TIMESTAMP,
    Anchor,
    signature_anchor,
    timestamp_anchor,
)
from ansible_collections.hyperv.replica.plugins.plugin_utils._report import LocalAction, inspected, journals

#: What stands beside a bundle without being part of it.
_BESIDE: Final = {EVIDENCE, SIGNATURE, TIMESTAMP}

#: Findings that stand in the message; all are in the result.
_FIRST: Final = 3

_UNPROVEN: Final = "internally consistent, origin not proven"


class ReportInfoAction(LocalAction):
    """Says whether a bundle is as it was written, and what ties it to somebody or to a time."""

    def run(self, tmp: None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Verify; changes nothing."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        try:
            return result | self._verified(self.options(REPORT_INFO), task_vars or {})
        except HyperVReplicaError as error:
            return result | error_result(error)

    def _verified(self, options: dict[str, Any], task_vars: Mapping[str, Any]) -> dict[str, Any]:
        folder = self.at(options["path"], task_vars)
        if not (folder / EVIDENCE).is_file():
            raise PreconditionFailed(
                f"there is no {EVIDENCE} in {folder}", kind="no_bundle", remedy="Give the folder of a bundle as path"
            )
        found = inspected(folder)
        if options["journal_dir"]:
            read = {one.name: one.content for one in journals(self.at(options["journal_dir"], task_vars))}
            found = replace(found, findings=(*found.findings, *of_journals(found, read)))
        anchors = self._anchors(options, folder, found.head, task_vars)
        return _result(folder, found, anchors, options["fail_on"])

    def _anchors(self, options: dict[str, Any], folder: Path, head: str, task_vars: Mapping[str, Any]) -> list[Anchor]:
        """The anchors that were asked for, and those that lie in the folder."""

        def given(name: str, beside: str = "") -> Path | None:
            if options[name]:
                return self.at(options[name], task_vars)
            return folder / beside if beside and (folder / beside).is_file() else None

        anchors = [_head_anchor(head, options["expected_head"])] if options["expected_head"] else []
        key, stamp = given("public_key"), given("timestamp", TIMESTAMP)
        if key:
            anchors.append(signature_anchor(head, key, given("signature") or folder / SIGNATURE))
        if stamp:
            anchors.append(timestamp_anchor(head, stamp, given("timestamp_ca")))
        return anchors


def _head_anchor(head: str, expected: str) -> Anchor:
    anchor = Anchor("expected_head")
    if head != expected.strip().lower():
        return anchor.broken(f"the head is {head or 'not readable'}")
    anchor.verified = ["the bundle is the one whose head was recorded elsewhere"]
    anchor.not_verified = ["who recorded it, and when"]
    return anchor


def _result(folder: Path, found: Inspection, anchors: list[Anchor], fail_on: str) -> dict[str, Any]:
    intact, broken = not found.findings, [anchor for anchor in anchors if anchor.result == BROKEN]
    proof = _proof(intact, anchors)
    bad = {"fail": not intact or bool(broken), "warn": not intact or bool(broken) or not anchors, "never": False}
    drill: Mapping[str, Any] = next(iter(found.data("drill")), {})
    return {
        "changed": False,
        "failed": bad[fail_on],
        "msg": f"{folder}: {proof}{_where(found)}",
        "path": str(folder),
        "intact": intact,
        "proof": proof,
        "proven": intact and bool(anchors) and not broken,
        "findings": [{**plain(finding), "text": str(finding)} for finding in found.findings],
        "anchors": plain(anchors),
        "head": found.head,
        "entries": len(found.entries),
        "extra_files": _extra(folder, found),
        "drill": {name: drill.get(name) for name in ("id", "plan", "verdict", "where", "began", "ended", "summary")},
    }


def _proof(intact: bool, anchors: list[Anchor]) -> str:
    broken = [f"{anchor.anchor}: {anchor.found}" for anchor in anchors if anchor.result == BROKEN]
    if not intact:
        return "changed after it was written"
    if broken:
        return f"internally consistent, but not what its anchors are of: {'; '.join(broken)}"
    told = [text for anchor in anchors if anchor.result == HOLDS for text in anchor.verified]
    return f"internally consistent; {'; '.join(told)}" if told else _UNPROVEN


def _where(found: Inspection) -> str:
    """The first findings, for whoever reads no more than the message."""
    told = "; ".join(map(str, found.findings[:_FIRST]))
    rest = len(found.findings) - _FIRST
    return f". {told}{f'; and {rest} more' if rest > 0 else ''}" if told else ""


def _extra(folder: Path, found: Inspection) -> list[str]:
    """What lies in the folder and is no part of the bundle."""
    part = {name for data in found.data(FILES) for name in data} | _BESIDE
    return sorted(path.name for path in folder.iterdir() if path.name not in part)
