# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filters that divide a plan over jobs; each is documented in a file of its own name."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.hyperv.replica.plugins.module_utils._errors import PreconditionFailed
from ansible_collections.hyperv.replica.plugins.module_utils._surface.awx import (
    awx_nodes,
    awx_templates,
    job_seconds,
    plan_part,
)
from ansible_collections.hyperv.replica.plugins.module_utils._surface.plain import plain


def _filter(work: Callable[..., Any]) -> Callable[..., Any]:
    """Plain values in, and words that an operator understands where they do not fit."""
    name = work.__name__

    @wraps(work)
    def filtered(*given: Any, **more: Any) -> Any:
        try:
            return work(*plain(given), **plain(more))
        except PreconditionFailed as error:
            raise AnsibleFilterError(f"hyperv.replica.{name}: {error}") from None
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise AnsibleFilterError(f"hyperv.replica.{name} cannot read what it was given: {error!r}") from None

    return filtered


class FilterModule:
    """What Ansible looks for."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """The filters by their names."""
        return {work.__name__: _filter(work) for work in (awx_nodes, awx_templates, job_seconds, plan_part)}
