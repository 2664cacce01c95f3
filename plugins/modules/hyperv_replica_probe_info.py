#!/usr/bin/python
# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: hyperv_replica_probe_info
short_description: Find out which undocumented behaviours a Hyper-V host has
version_added: 0.1.0
author:
  - The hyperv.replica authors (@hyperv-replica)
description:
  - No public page settles some things that a client of Hyper-V sees. The simulator has a switch for each. This module
    finds out what a host does, as far as reading alone can tell, in the words of these switches.
  - Changes nothing. What can only be seen by changing something, such as how a step is refused, stays open.
  - The playbook C(hyperv.replica.probe) asks several hosts and writes a profile that the simulator loads.
options:
  timeout:
    description: Seconds for the whole task.
    type: int
    default: 300
extends_documentation_fragment:
  - hyperv.replica.attributes.looks
  - hyperv.replica.attributes.connection
seealso:
  - module: hyperv.replica.hyperv_replica_simulator
"""

EXAMPLES = r"""
- name: Ask one host
  hyperv.replica.hyperv_replica_probe_info:
  register: probed

- name: Rehearse on simulated hosts that do the same
  hyperv.replica.hyperv_replica_simulator:
    switches: "{{ probed.switches }}"
  delegate_to: localhost
"""

RETURN = r"""
switches:
  description: What the host does, by the simulator's switches. Only what was seen.
  returned: success
  type: dict
  sample: {wql: answered, null_outputs: absent}
evidence:
  description: For each switch that was asked about, what was seen, or why nothing could be.
  returned: success
  type: dict
  sample: {wql: queries with ' and with " were answered}
unknown:
  description: The switches that were asked about and stay open.
  returned: success
  type: list
  elements: str
  sample: [last_replication_time]
exchanges:
  description: HTTP requests after the sign-in, by host.
  returned: success
  type: dict
  sample: {hv-a: 11}
error:
  description: What went wrong, in the form that M(hyperv.replica.hyperv_replica_info) documents.
  returned: when the task failed
  type: dict
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.hyperv.replica.plugins.module_utils._surface.survey_specs import PROBE_INFO


def main() -> None:
    """Say where the work is done; the spec is here so that it is checked against the documentation."""
    module = AnsibleModule(**PROBE_INFO, supports_check_mode=True)
    module.fail_json(msg="hyperv_replica_probe_info works through its action plugin of the same name")


if __name__ == "__main__":
    main()
