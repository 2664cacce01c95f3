# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filters of the roles that verify and test a plan; each is documented in a file of its own name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from functools import wraps
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.hyperv.replica.plugins.module_utils._errors import PreconditionFailed
from ansible_collections.hyperv.replica.plugins.module_utils._surface.plain import plain
from ansible_collections.hyperv.replica.plugins.module_utils._surface.plan_calls import (
    Timing,
    copy_calls,
    stand_ins,
    task_probes,
    verdict_text,
    verify_calls,
    with_task_checks,
)


def _filter(name: str, work: Callable[..., Any]) -> Callable[..., Any]:
    """Plain values in, and words that an operator understands where they do not fit."""

    @wraps(work)
    def filtered(*given: Any, **more: Any) -> Any:
        try:
            return work(*plain(given), **plain(more))
        except PreconditionFailed as error:
            raise AnsibleFilterError(f"hyperv.replica.{name}: {error}") from None
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise AnsibleFilterError(f"hyperv.replica.{name} cannot read what it was given: {error!r}") from None

    return filtered


def _verify_calls(
    plan: Mapping[str, Any],
    vms: Any = (),
    *,
    at: str,
    within: Any = None,
    since: Mapping[str, Any] | None = None,
    rate: Any = 1.0,
) -> Any:
    timing = Timing(
        now=datetime.now(timezone.utc),
        within=None if within is None or float(within) < 0 else float(within),
        since=since or {},
        rate=float(rate),
    )
    return verify_calls(plan, vms, at, timing)


class FilterModule:
    """What Ansible looks for."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Each filter by its name."""
        given: dict[str, Callable[..., Any]] = {
            "copy_calls": copy_calls,
            "stand_ins": stand_ins,
            "task_probes": task_probes,
            "verdict_text": verdict_text,
            "verify_calls": _verify_calls,
            "with_task_checks": with_task_checks,
        }
        return {name: _filter(name, work) for name, work in given.items()}
