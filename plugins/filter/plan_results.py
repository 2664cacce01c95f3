# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter hyperv.replica.plan_results."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.hyperv.replica.plugins.module_utils._surface.plain import plain
from ansible_collections.hyperv.replica.plugins.module_utils._surface.plan_results import merged

DOCUMENTATION = r"""
name: plan_results
short_description: One result out of several tasks over one plan
version_added: 0.1.0
author:
  - The hyperv.replica authors (@hyperv-replica)
description:
  - Puts the results of several tasks with M(hyperv.replica.hyperv_replica_recovery_plan) together as if one task had
    done all of it. Each virtual machine has one entry, with all steps that were performed.
options:
  _input:
    description: The results, oldest first.
    type: list
    elements: dict
    required: true
"""

EXAMPLES = r"""
- name: Say what came of both tasks
  ansible.builtin.debug:
    msg: "{{ ([switched, started] | hyperv.replica.plan_results).summary }}"
"""

RETURN = r"""
_value:
  description: >-
    C(vms), C(messages), C(failed), C(changed), C(exchanges), C(skew), C(records), C(summary), C(schedule) and
    C(warnings), as the module returns them.
  type: dict
"""


def _merged(results: Any) -> dict[str, Any]:
    try:
        return merged([one for one in plain(results) if one])
    except (KeyError, TypeError, AttributeError) as error:
        raise AnsibleFilterError(f"hyperv.replica.plan_results cannot read what it was given: {error!r}") from None


class FilterModule:
    """What Ansible looks for."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """The filter by its name."""
        return {"plan_results": _merged}
