# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether the journals that a bundle was made of are as they were then, and if not, in which record. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from ansible_collections.hyperv.replica.plugins.module_utils._drill.evidence import JOURNAL, digest
from ansible_collections.hyperv.replica.plugins.module_utils._drill.inspection import (
    Finding,
    Inspection,
    about,
    of_file,
)


def of_journals(inspection: Inspection, journals: Mapping[str, bytes]) -> Iterator[Finding]:
    """Hold JOURNALS, by their names, against what the chain says of them; others are not looked at."""
    for held in inspection.data(JOURNAL):
        name = str(held.get("journal", ""))
        content = journals.get(name)
        if content is None:
            yield Finding(file=name, found="the journal is missing")
        elif held.get("sha256") != digest(content):
            finding = of_file(name, held, content)
            yield Finding(file=name, line=finding.line, found=finding.found, about=_record(content, finding.line))


def _record(content: bytes, line: int | None) -> str:
    """What the record in a line is about, as far as it can still be read."""
    lines = content.split(b"\n")
    if line is None or line > len(lines):
        return ""
    try:
        held = json.loads(lines[line - 1].decode())
    except (ValueError, RecursionError):
        return ""
    return about("record", held) if isinstance(held, dict) else ""
