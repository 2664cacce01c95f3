# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The border to Ansible: the same value in plain types, in both directions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime, timedelta, timezone
from enum import Enum, IntEnum
from typing import Any

from ansible_collections.hyperv.replica.plugins.module_utils._errors import (
    HyperVReplicaError,
    JobFailed,
    MethodRefused,
    PreconditionFailed,
    WsmanFault,
)
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.returncodes import facts


def plain(value: object) -> Any:
    """The same value in plain types; enumerations, times, dataclasses and our errors end here.

    A field that a dataclass hides from its repr is left out, and so is what cannot be shown to people.
    """
    match value:
        case None | bool():
            return value
        case HyperVReplicaError():
            return plain_error(value)
        case Enum() | int() | float() | str() | datetime() | timedelta():
            return _plain_scalar(value)
        case Mapping():
            return {str(plain(key)): plain(item) for key, item in value.items()}
        case set() | frozenset():
            return sorted((plain(item) for item in value), key=str)
        case list() | tuple():
            return [plain(item) for item in value]
    if is_dataclass(value):
        return {item.name: plain(getattr(value, item.name)) for item in fields(value) if item.repr}
    raise TypeError(f"no plain form for {type(value).__name__}")


def _plain_scalar(value: Enum | float | str | datetime | timedelta) -> Any:
    match value:
        case IntEnum():
            return {"number": int(value), "name": value.name}
        case Enum():
            return plain(value.value)
        case int():
            return int(value)
        case float():
            return float(value)
        case str():
            return str.__str__(value)  # a tagged string of newer ansible-core becomes an ordinary one
        case datetime():
            return _utc(value).isoformat()
    return value.total_seconds()


def _utc(value: datetime) -> datetime:
    """In UTC; a time without an offset is not ours to interpret."""
    if value.tzinfo is None:
        raise TypeError("a time without its offset from UTC reached a result")
    return value.astimezone(timezone.utc)


def plain_error(error: HyperVReplicaError) -> dict[str, Any]:
    """An error as the fields that playbooks may decide by; ``kind`` is stable, texts are for people."""
    return {
        "kind": error.kind,
        "code": error.code,
        "code_name": _code_name(error),
        "found": error.found,
        "cause": error.cause,
        "remedy": error.remedy,
        "next": error.next_move,
        "detail": error.detail,
        "host": error.host,
        "vm": error.vm,
        "consent": list(error.consent) if isinstance(error, PreconditionFailed) else [],
        "msg": str(error),
        **_of_refusal(error),
    }


def _code_name(error: HyperVReplicaError) -> str:
    if error.code is None or not isinstance(error, (MethodRefused, JobFailed)):
        return ""
    return facts(error.method, error.code).name


def _of_refusal(error: HyperVReplicaError) -> dict[str, Any]:
    """What only a refusal by the host has."""
    match error:
        case JobFailed():
            return {"method": error.method, "job_id": error.job_id}
        case MethodRefused():
            return {"method": error.method}
        case WsmanFault():
            return {"subcode": error.subcode, "hresult": error.hresult}
    return {}
