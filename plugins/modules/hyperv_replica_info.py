#!/usr/bin/python
# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: hyperv_replica_info
short_description: Read what Hyper-V hosts show of replicated virtual machines
version_added: 0.1.0
author:
  - The hyperv.replica authors (@hyperv-replica)
description:
  - Reads the task's host, or with O(peer) both ends. Changes nothing.
  - One query for each class and host, whatever the number of virtual machines.
options:
  vms:
    description: Names or GUIDs of the virtual machines to return. All of the host when not given.
    type: list
    elements: str
  peer:
    description:
      - Inventory name of the host at the other end, or V(auto) to find it by the names of the relationship.
      - An inventory group with C(hyperv_cluster_name) stands for all nodes of a failover cluster, and so does each of
        its hosts.
    type: str
  gather:
    description:
      - What to read. V(state) is power, mode, replication state, health and times. V(settings) is the settings of the
        relationship. V(points) are the recovery points. V(jobs) are running and lately finished jobs. V(service) is how
        the host receives replication. V(guest) is what the integration services tell of the guest. V(statistics) are
        those of the replication, and the only ones that cost an exchange for each virtual machine. V(cluster) is the
        failover cluster that a host is a node of, with its nodes, its Hyper-V Replica Broker and the roles of its
        virtual machines. V(test_copies) says which replicas have a test copy. V(memory) is the memory that each
        virtual machine starts with. V(limits) is what a host allows at the same time, WinRM operations of one user and
        transfers of replication, with the names of those that are assumed since the host does not tell them.
    type: list
    elements: str
    choices:
      [state, settings, points, jobs, service, guest, statistics, cluster, test_copies, memory, limits]
    default: [state]
  timeout:
    description: Seconds for the whole task.
    type: int
    default: 300
extends_documentation_fragment:
  - hyperv.replica.attributes.looks
  - hyperv.replica.attributes.connection
seealso:
  - module: hyperv.replica.hyperv_replica_verify
"""

EXAMPLES = r"""
- name: Everything that a host shows
  hyperv.replica.hyperv_replica_info:
  register: seen

- name: One line for each virtual machine
  ansible.builtin.debug:
    msg: "{{ item.name }}: {{ item.here.power.name }}, {{ item.here.mode.name }}, {{ item.here.state.name }}"
  loop: "{{ seen.vms }}"
  loop_control:
    label: "{{ item.name }}"

- name: Both ends of two virtual machines, with recovery points and what the guests say
  hyperv.replica.hyperv_replica_info:
    vms: [SQL01, WEB01]
    peer: hv-b
    gather: [state, settings, points, guest]
"""

RETURN = r"""
vms:
  description: One entry for each virtual machine.
  returned: always
  type: list
  elements: dict
  contains:
    name:
      description: Name of the virtual machine.
      type: str
      returned: always
      sample: SQL01
    id:
      description: Its GUID, which is the same on both hosts.
      type: str
      returned: always
      sample: 8E2B4F6A-7C1D-4E3B-9A54-0D2F6B8C1E90
    now:
      description: One line that says where the virtual machine is, or what is unknown.
      type: str
      returned: with O(peer)
      sample: runs on hv-b, protected (replicates to hv-a)
    next:
      description: >-
        What a person does next, taking the task's host for the home of the virtual machine; V(nothing) where all is
        well.
      type: str
      returned: with O(peer)
      sample: bring it home when the time has come (failback)
    age_seconds:
      description: Seconds since the last replication, on this host's own clock.
      type: float
      returned: always
    here:
      description: >-
        What the task's host shows. Among others C(power), C(mode), C(state) and C(health), each as C(number) and
        C(name), C(last_replicated), C(relationship), C(settings), C(jobs), C(points), C(guest) and C(test_copy).
        Of the leg to a third host, C(extended) and C(extended_settings).
      type: dict
      returned: always
    extended_statistics:
      description: The same as C(statistics), of the leg to a third host.
      type: list
      elements: dict
      returned: with O(gather=statistics)
    there:
      description: What the peer shows, in the same form; or C(host), C(why) and C(said) where nothing is known.
      type: dict
      returned: with O(peer)
hosts:
  description: >-
    What each host says of itself, by its inventory name. C(computer_name), C(clock), C(booted), C(replica_server) and
    C(cluster).
  returned: always
  type: dict
exchanges:
  description: HTTP requests after the sign-in, by host.
  returned: always
  type: dict
  sample: {hv-a: 3}
error:
  description: What went wrong before anything could be said of single virtual machines.
  returned: when the task failed as a whole
  type: dict
  contains:
    kind:
      description: >-
        A word that playbooks may decide by, such as V(wrong_peer), V(peer_unreachable), V(connection_lost),
        V(primary_alive), V(split_brain), V(consent_needed), V(changed_by_other), V(no_such_vm), V(ambiguous_name),
        V(not_in_sync), V(access_refused), V(data_loss), V(refused), V(job_failed), V(timed_out) or V(bad_option).
      type: str
      returned: always
    code:
      description: The number that the host gave, if any.
      type: int
      returned: always
    code_name:
      description: What Microsoft calls that number.
      type: str
      returned: always
    found:
      description: What was seen.
      type: str
      returned: always
    cause:
      description: Why, as far as it is known.
      type: str
      returned: always
    remedy:
      description: What would make it right.
      type: str
      returned: always
    next:
      description: What to do now.
      type: str
      returned: always
    detail:
      description: The host's own words, in the host's language.
      type: str
      returned: always
    host:
      description: Inventory name of the host.
      type: str
      returned: always
    vm:
      description: Name of the virtual machine.
      type: str
      returned: always
    consent:
      description: The consents that would make a path legal.
      type: list
      elements: str
      returned: always
    msg:
      description: All of it in one line.
      type: str
      returned: always
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.hyperv.replica.plugins.module_utils._surface.specs import INFO


def main() -> None:
    """Say where the work is done; the spec is here so that it is checked against the documentation."""
    module = AnsibleModule(**INFO, supports_check_mode=True)
    module.fail_json(msg="hyperv_replica_info works through its action plugin of the same name")


if __name__ == "__main__":
    main()
