# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a host says in the language it was installed in. The wording is ours; the languages are those of Windows.

Each text stands once per language, in the order of ``LANGUAGES``.
"""

from __future__ import annotations

from typing import Final

from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.phrases import CAPTIONS, JOB_STATUS, JOBS
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.phrases_refused import ERRORS, FAULTS

LANGUAGES: Final = ("en-US", "de-DE", "fr-FR", "it-IT", "zh-TW", "ja-JP")


def caption(language: str, name: str) -> str:
    """A fixed caption or status word; the names are the keys of ``CAPTIONS``."""
    return _said(CAPTIONS[name], language)


def job_caption(language: str, job_type: int) -> str:
    """What a job of this type does, in a few words."""
    return _said(JOBS.get(job_type, JOBS[0]), language)


def job_status(language: str, name: str) -> str:
    """JobStatus of a job that is running, completed, failed or cancelled."""
    return _said(JOB_STATUS[name], language)


def error_text(language: str, code: int) -> str:
    """What goes with a return code or a job's ErrorCode."""
    return _said(ERRORS.get(code, ERRORS[32768]), language)


def fault_text(language: str, name: str) -> str:
    """The reason of a SOAP fault; the names are the keys of ``FAULTS``."""
    return _said(FAULTS[name], language)


def _said(texts: tuple[str, ...], language: str) -> str:
    return texts[LANGUAGES.index(language) if language in LANGUAGES else 0]
