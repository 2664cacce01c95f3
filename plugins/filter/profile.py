# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter hyperv.replica.profile."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.hyperv.replica.plugins.module_utils._surface.survey import profile

DOCUMENTATION = r"""
name: profile
short_description: One simulator profile out of what several hosts do
version_added: 0.1.0
author:
  - The hyperv.replica authors (@hyperv-replica)
description:
  - Puts the results of M(hyperv.replica.hyperv_replica_probe_info) together into a profile that the simulator loads
    with C(--profile). A switch on which hosts differ is listed under C(disputed) and is not in force.
options:
  _input:
    description: The result of each host, by the host's name.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Write a profile
  ansible.builtin.copy:
    content: "{{ {'hv-a': probed_a, 'hv-b': probed_b} | hyperv.replica.profile | to_nice_yaml }}"
    dest: profile.yml
    mode: "0644"
"""

RETURN = r"""
_value:
  description: The profile, with C(schema_version), C(hosts), C(switches), C(disputed) and C(unknown).
  type: dict
"""


def _profile(answers: object) -> dict[str, Any]:
    if not isinstance(answers, Mapping) or not all(isinstance(one, Mapping) for one in answers.values()):
        raise AnsibleFilterError("hyperv.replica.profile wants the results of hyperv_replica_probe_info by host")
    try:
        return profile(answers)
    except KeyError as missing:
        raise AnsibleFilterError(f"hyperv.replica.profile wants results that have {missing}") from None


class FilterModule:
    """What Ansible looks for."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """The filter by its name."""
        return {"profile": _profile}
