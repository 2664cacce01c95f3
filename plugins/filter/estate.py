# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter hyperv.replica.estate."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.hyperv.replica.plugins.module_utils._surface.survey import estate

DOCUMENTATION = r"""
name: estate
short_description: One estate for the simulator out of several captured hosts
version_added: 0.1.0
author:
  - The hyperv.replica authors (@hyperv-replica)
description:
  - Puts hosts that M(hyperv.replica.hyperv_replica_estate_info) returned together into an estate file's content. A copy
    that is off tells nothing of its guest, and gets what another copy of the same virtual machine told.
options:
  _input:
    description: The C(estate_host) of each host.
    type: list
    elements: dict
    required: true
  name:
    description: What the estate is called.
    type: str
    default: captured
  clusters:
    description:
      - The C(estate_cluster) of each host. A cluster that several of them are nodes of is written once, with the nodes
        that were captured.
    type: list
    elements: dict
    default: []
  switches:
    description: The simulator's switches to be in force, such as those of C(hyperv.replica.profile).
    type: dict
"""

EXAMPLES = r"""
- name: Write an estate
  ansible.builtin.copy:
    content: "{{ [seen_a.estate_host, seen_b.estate_host] | hyperv.replica.estate(name='tonight') | to_nice_yaml }}"
    dest: estate.yml
    mode: "0600"
"""

RETURN = r"""
_value:
  description: What an estate file holds.
  type: dict
"""


def _estate(
    hosts: object,
    name: str = "captured",
    switches: Mapping[str, Any] | None = None,
    clusters: Sequence[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    if not isinstance(hosts, list) or not all(isinstance(host, Mapping) and host.get("name") for host in hosts):
        raise AnsibleFilterError("hyperv.replica.estate wants the estate_host of each host as a list")
    return estate(hosts, name, switches, clusters)


class FilterModule:
    """What Ansible looks for."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """The filter by its name."""
        return {"estate": _estate}
