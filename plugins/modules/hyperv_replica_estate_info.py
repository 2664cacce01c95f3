#!/usr/bin/python
# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: hyperv_replica_estate_info
short_description: Take down what a Hyper-V host is and has, for the simulator to play
version_added: 0.1.0
author:
  - The hyperv.replica authors (@hyperv-replica)
description:
  - Reads a host and its virtual machines, and returns them as an entry of the simulator's estate file, so that a plan
    can be rehearsed against a copy of the own site.
  - Of a node of a failover cluster the cluster is taken down as well, with its broker and its roles, as far as the
    account may read it (C(Grant-ClusterAccess -ReadOnly)).
  - Changes nothing. One query for each class, whatever the number of virtual machines.
  - The playbook C(hyperv.replica.capture_estate) does so for several hosts and writes the file.
notes:
  - What no class of WMI shows is left to the defaults of the estate file. That is how much of a disk is used, how many
    writes a guest makes, what the recovery points of another replication provider are called, running jobs and the
    statistics of the replication.
  - What is returned holds names, addresses and notes of the virtual machines, and no credentials.
options:
  timeout:
    description: Seconds for the whole task.
    type: int
    default: 600
extends_documentation_fragment:
  - hyperv.replica.attributes.looks
  - hyperv.replica.attributes.connection
seealso:
  - module: hyperv.replica.hyperv_replica_simulator
"""

EXAMPLES = r"""
- name: Take down one host
  hyperv.replica.hyperv_replica_estate_info:
  register: captured

- name: Write an estate of one host
  ansible.builtin.copy:
    content: "{{ [captured.estate_host] | hyperv.replica.estate | to_nice_yaml }}"
    dest: estate.yml
    mode: "0600"
  delegate_to: localhost
"""

RETURN = r"""
estate_host:
  description: The host as an entry of C(hosts) in an estate file, whose guide is "The simulated estate".
  returned: success
  type: dict
estate_cluster:
  description:
    - The failover cluster that the host is a node of, with C(name), C(fqdn), C(broker), C(nodes) and C(groups) as an
      entry of C(clusters) in an estate file. C(all_told) is false where a role does not tell its virtual machine.
    - Empty where the host is no node, or the account may not read the cluster.
  returned: success
  type: dict
exchanges:
  description: HTTP requests after the sign-in, by host.
  returned: success
  type: dict
  sample: {hv-a: 23}
error:
  description: What went wrong, in the form that M(hyperv.replica.hyperv_replica_info) documents.
  returned: when the task failed
  type: dict
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.hyperv.replica.plugins.module_utils._surface.survey_specs import ESTATE_INFO


def main() -> None:
    """Say where the work is done; the spec is here so that it is checked against the documentation."""
    module = AnsibleModule(**ESTATE_INFO, supports_check_mode=True)
    module.fail_json(msg="hyperv_replica_estate_info works through its action plugin of the same name")


if __name__ == "__main__":
    main()
